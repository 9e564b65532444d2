/* SPDX-License-Identifier: MIT */
/* evring redact: the rules that keep secrets out of events. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "memory.h"
#include "text.h"

static const char help[] =
	"Usage: evring redact [--json | --rules] [TYPE]\n"
	"       evring redact add RULE...\n"
	"       evring redact remove RULE...\n"
	"       evring redact load FILE\n"
	"       evring redact reset [TYPE]\n"
	"       evring redact off TYPE\n"
	"       evring redact check RULE\n"
	"       evring redact try TYPE.FIELD [--] TEXT...\n"
	"The kernel leaves secrets out of events before anybody can read these. List the rules\n"
	"by which it finds them; change them, which needs CAP_SYS_ADMIN and holds for all\n"
	"events from then on; or try them. evring-redact(7) has the language.\n"
	"\n"
	"  add      one rule more\n"
	"  remove   a rule, as the list has it\n"
	"  load     the rules of a file, in place of all others of their types\n"
	"  reset    the rules that the module was loaded with\n"
	"  off      no rules: secrets are in the events\n"
	"  check    is this a rule? If not, say where, and what would be right\n"
	"  try      show how these texts would be in an event\n"
	"\n"
	"  --json   the list as one JSON array\n"
	"  --rules  the list as a file that 'load' takes\n"
	"  --help   this text\n";

#define FILE_MAX	(256 * 1024)

/* How the list is printed */
enum form { AS_TABLE, AS_JSON, AS_RULES };

/*
 * Rules
 */

/* The type that a rule is for, in @name; false: it names none. */
static bool rule_type(const char *rule, char name[EVRING_NAME_MAX])
{
	size_t len = strcspn(rule, ": \t");
	const char *dot = memrchr(rule, '.', len);

	if (!dot || dot == rule || (size_t)(dot - rule) >= EVRING_NAME_MAX)
		return false;
	memcpy(name, rule, (size_t)(dot - rule));
	name[dot - rule] = '\0';
	return true;
}

static const struct evring_type *find_type(struct evring *ev, const char *name)
{
	const struct evring_type *type = evring_type_by_name(ev, name);

	if (!type)
		fprintf(stderr, "evring: there is no type '%s': 'evring types' lists them\n", name);
	return type;
}

/* The type of a rule, NULL: there is none, which was said. */
static const struct evring_type *find_rule_type(struct evring *ev, const char *rule)
{
	char name[EVRING_NAME_MAX];

	if (rule_type(rule, name))
		return find_type(ev, name);
	fprintf(stderr, "evring: '%s' is no rule: one begins with a type and a field, as in "
		"process.exec.argv:\n", rule);
	return NULL;
}

static int rules_add(struct evring_rules *rules, const char *line)
{
	struct evring_filter_error error;
	int ret = evring_rules_add(rules, line, &error);

	if (ret == -EINVAL)
		expression_print_error("rule", line, &error);
	else if (ret == -E2BIG)
		fputs("evring: these are more rules than a type can have\n", stderr);
	else if (ret)
		fail(ret, "cannot add a rule");
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

static struct evring_rules *rules_new(const struct evring_type *type)
{
	struct evring_rules *rules = NULL;
	int ret = evring_rules_new(&rules, type);

	if (ret)
		fail(ret, "cannot make rules");
	return rules;
}

/* Add each line of @text but @but (NULL: none); *@found: there was such a line. */
static int rules_add_lines(struct evring_rules *rules, char *text, const char *but, bool *found)
{
	char *line, *rest = text;
	int ret = EXIT_SUCCESS;

	while (!ret && (line = strsep(&rest, "\n"))) {
		if (but && !strcmp(line, but))
			*found = true;
		else if (*line)
			ret = rules_add(rules, line);
	}
	return ret;
}

static int fail_to_get(int ret, const char *type)
{
	if (ret != -EOPNOTSUPP)
		return fail(ret, "cannot read the rules of %s", type);
	fprintf(stderr, "evring: %s is not the type of a hook, and has no rules: its author leaves secrets out\n",
		type);
	return EXIT_FAILURE;
}

static int fail_to_set(int ret, const char *type)
{
	if (ret != -EPERM)
		return fail(ret, "cannot change the rules of %s", type);
	fprintf(stderr, "evring: cannot change the rules of %s: this needs CAP_SYS_ADMIN (use sudo)\n",
		type);
	return EXIT_FAILURE;
}

static struct evring_redact_state *state_get(struct evring *ev, const char *type, bool own)
{
	struct evring_redact_state *state = xzalloc(sizeof(*state));
	int ret = evring_redact_get(ev, type, own, state);

	if (!ret)
		return state;
	free(state);
	fail_to_get(ret, type);
	return NULL;
}

/*
 * Changes: read, change, write; done again if somebody else has changed the rules meanwhile
 */

enum change { ADD, REMOVE };

/* -ESTALE: once more. Else an EXIT_*. */
static int change_once(struct evring *ev, const struct evring_type *type, const char *rule,
		       enum change change)
{
	struct evring_redact_state *state = state_get(ev, type->name, false);
	struct evring_rules *rules = state ? rules_new(type) : NULL;
	bool found = false;
	int ret = EXIT_FAILURE;

	if (rules)
		ret = rules_add_lines(rules, state->text, rule, &found);
	if (rules && !ret && change == ADD)
		ret = rules_add(rules, rule);
	if (rules && !ret && change == REMOVE && !found) {
		fprintf(stderr, "evring: there is no such rule: '%s'\n", rule);
		ret = EXIT_FAILURE;
	}
	if (rules && !ret)
		ret = evring_redact_set(ev, type->name, rules, state->generation);
	if (ret < 0 && ret != -ESTALE)
		ret = fail_to_set(ret, type->name);
	evring_rules_free(rules);
	free(state);
	return ret;
}

static int change_all(struct evring *ev, int nr, char **list, enum change change)
{
	int ret = EXIT_SUCCESS;

	for (int i = 0; i < nr && !ret; i++) {
		const struct evring_type *type = find_rule_type(ev, list[i]);

		if (!type)
			return EXIT_FAILURE;
		do {
			ret = change_once(ev, type, list[i], change);
		} while (ret == -ESTALE);
	}
	return ret;
}

/* Only a type with rules of the module's own is worth a word. */
static bool has_rules(struct evring *ev, const struct evring_type *type)
{
	struct evring_redact_state *state = xzalloc(sizeof(*state));
	bool has = !evring_redact_get(ev, type->name, false, state) &&
		   (*state->text || !state->is_own);

	free(state);
	return has;
}

static int reset_one(struct evring *ev, const char *type)
{
	int ret = evring_redact_reset(ev, type, 0);

	return ret ? fail_to_set(ret, type) : EXIT_SUCCESS;
}

static int reset(struct evring *ev, const char *name)
{
	int nr = evring_types(ev), ret = EXIT_SUCCESS;

	if (name)
		return find_type(ev, name) ? reset_one(ev, name) : EXIT_FAILURE;
	for (int id = 0; id < nr && !ret; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);

		if (type && type->flags & EVRING_TYPE_F_HOOK && has_rules(ev, type))
			ret = reset_one(ev, type->name);
	}
	return ret;
}

static int off(struct evring *ev, const char *name)
{
	int ret;

	if (!find_type(ev, name))
		return EXIT_FAILURE;
	ret = evring_redact_set(ev, name, NULL, 0);
	if (ret)
		return fail_to_set(ret, name);
	fprintf(stderr, "evring: %s has no rules now: secrets are in its events\n", name);
	return EXIT_SUCCESS;
}

/*
 * A file: rules, one a line; "TYPE: default" stands for the module's own
 */

struct loading {
	struct evring *ev;
	const char *file;
	unsigned int line;
	unsigned int nr;
	struct evring_rules *rules[64];
	const char *types[64];
};

static int loading_fail(const struct loading *loading, const char *what)
{
	fprintf(stderr, "evring: %s, line %u: %s\n", loading->file, loading->line, what);
	return EXIT_FAILURE;
}

/* The rules of a type so far; NULL: it failed, and that was said. */
static struct evring_rules *loading_rules(struct loading *loading, const char *name)
{
	const struct evring_type *type;

	for (unsigned int i = 0; i < loading->nr; i++)
		if (!strcmp(loading->types[i], name))
			return loading->rules[i];
	type = evring_type_by_name(loading->ev, name);
	if (!type)
		loading_fail(loading, "there is no such type: 'evring types' lists them");
	else if (loading->nr == ARRAY_SIZE(loading->rules))
		loading_fail(loading, "rules for too many types");
	if (!type || loading->nr == ARRAY_SIZE(loading->rules))
		return NULL;
	loading->types[loading->nr] = type->name;
	loading->rules[loading->nr] = rules_new(type);
	return loading->rules[loading->nr++];
}

/* The type of a line "TYPE: default" */
static bool is_default(const char *line, char name[EVRING_NAME_MAX])
{
	size_t len = strcspn(line, ": \t");
	const char *rest = line + len + strspn(line + len, " \t");

	if (len >= EVRING_NAME_MAX || *rest != ':')
		return false;
	rest += 1 + strspn(rest + 1, " \t");
	if (strcmp(rest, "default"))
		return false;
	memcpy(name, line, len);
	name[len] = '\0';
	return true;
}

static int load_default(struct loading *loading, const char *name)
{
	struct evring_rules *rules = loading_rules(loading, name);
	struct evring_redact_state *own = rules ? state_get(loading->ev, name, true) : NULL;
	int ret = own ? rules_add_lines(rules, own->text, NULL, NULL) : EXIT_FAILURE;

	free(own);
	return ret;
}

static int load_line(struct loading *loading, char *line)
{
	char name[EVRING_NAME_MAX];
	struct evring_rules *rules;

	line += strspn(line, " \t");
	for (size_t len = strlen(line); len && strchr(" \t\r", line[len - 1]); len--)
		line[len - 1] = '\0';
	if (!*line || *line == '#')
		return EXIT_SUCCESS;
	if (is_default(line, name))
		return load_default(loading, name);
	if (!rule_type(line, name))
		return loading_fail(loading, "a rule begins with a type and a field");
	rules = loading_rules(loading, name);
	if (!rules)
		return EXIT_FAILURE;
	return rules_add(rules, line) ? loading_fail(loading, "see above") : EXIT_SUCCESS;
}

/* All of the file is looked at before anything is changed. */
static int load(struct evring *ev, const char *file)
{
	struct loading loading = { .ev = ev, .file = file };
	char *text = xzalloc(FILE_MAX), *rest = text, *line;
	int ret = file_read(file, text, FILE_MAX) < 0 ? fail(-errno, "cannot read %s", file) :
							EXIT_SUCCESS;

	while (!ret && (line = strsep(&rest, "\n"))) {
		loading.line++;
		ret = load_line(&loading, line);
	}
	for (unsigned int i = 0; i < loading.nr && !ret; i++) {
		ret = evring_redact_set(ev, loading.types[i], loading.rules[i], 0);
		if (ret)
			ret = fail_to_set(ret, loading.types[i]);
	}
	for (unsigned int i = 0; i < loading.nr; i++)
		evring_rules_free(loading.rules[i]);
	free(text);
	return ret;
}

/*
 * Trying rules
 */

static int check(struct evring *ev, const char *rule)
{
	const struct evring_type *type = find_rule_type(ev, rule);
	struct evring_rules *rules = type ? rules_new(type) : NULL;
	int ret = rules ? rules_add(rules, rule) : EXIT_FAILURE;
	const struct evring_redaction *block = ret ? NULL : evring_rules_block(rules);

	if (block)
		printf("%s: %u rule%s, %u bytes of operands\n", type->name, block->rules.count,
		       block->rules.count == 1 ? "" : "s", block->pool.count);
	evring_rules_free(rules);
	return ret;
}

/* An event with these texts in one field; where it has a path, that is the first of them. */
struct trial {
	struct evring_rec rec;
	char *payload;
	size_t len;
};

static void trial_put(struct trial *trial, const struct evring_field *field, const char *text,
		      size_t len)
{
	struct evring_str str = { .offset = (uint16_t)trial->len, .len = (uint16_t)len };

	memcpy(trial->payload + trial->len, text, len);
	memcpy(trial->payload + field->offset, &str, sizeof(str));
	trial->len += len;
}

/* Texts with NULs between, as a field has them; free() it. */
static char *join(int nr, char **texts, size_t *len)
{
	char *text;
	FILE *out = stream_begin(&text, len);

	for (int i = 0; i < nr; i++)
		fprintf(out, "%s%c", texts[i], '\0');
	stream_end(out);
	if (*len)
		--*len;
	return text;
}

static int trial_print(struct evring_rules *rules, const struct evring_type *type,
		       const struct evring_field *field, const struct trial *trial)
{
	struct evring_event event = {
		.rec = &trial->rec, .payload = trial->payload, .payload_len = (uint32_t)trial->len,
		.type = type,
	};
	char *to = xzalloc(3 * UINT16_MAX);
	ssize_t len = evring_rules_apply(rules, &event, to, (size_t)3 * UINT16_MAX);
	const char *s = NULL;
	size_t n = 0;

	if (len > 0) {
		event.payload = to;
		event.payload_len = (uint32_t)len;
	}
	if (len < 0 || evring_get_string(&event, field, &s, &n)) {
		free(to);
		return fail(len < 0 ? (int)len : -EBADMSG, "cannot apply the rules");
	}
	if (field->kind == EVRING_KIND_TEXTS)
		quote_strings(stdout, s, n);
	else
		quote_string(stdout, s, n);
	putchar('\n');
	free(to);
	return EXIT_SUCCESS;
}

static int try_texts(struct evring_rules *rules, const struct evring_type *type,
		     const struct evring_field *field, int nr, char **texts)
{
	const struct evring_field *path = evring_field(type, "path");
	size_t len;
	char *text = join(nr, texts, &len);
	struct trial trial = { .rec.type = EVRING_TYPE_FIRST, .len = type->size };
	int ret = EXIT_FAILURE;

	if (len + strlen(*texts) + type->size > UINT16_MAX) {
		fputs("evring: longer than an event can be\n", stderr);
	} else {
		trial.payload = xzalloc(type->size + len + strlen(*texts));
		if (path && path != field && path->kind == EVRING_KIND_TEXT)
			trial_put(&trial, path, *texts, strlen(*texts));
		trial_put(&trial, field, text, len);
		ret = trial_print(rules, type, field, &trial);
		free(trial.payload);
	}
	free(text);
	return ret;
}

/* As the rules of now would have it */
static int try(struct evring *ev, const char *name, int nr, char **texts)
{
	const struct evring_type *type = find_rule_type(ev, name);
	const struct evring_field *field = type ? evring_field(type, strrchr(name, '.') + 1) : NULL;
	struct evring_redact_state *state;
	struct evring_rules *rules;
	int ret = EXIT_FAILURE;

	if (!type)
		return EXIT_FAILURE;
	if (!field || (field->kind != EVRING_KIND_TEXT && field->kind != EVRING_KIND_TEXTS)) {
		fprintf(stderr, "evring: '%s' is no text that can have secrets\n", name);
		return EXIT_FAILURE;
	}
	state = state_get(ev, type->name, false);
	rules = state ? rules_new(type) : NULL;
	if (rules)
		ret = rules_add_lines(rules, state->text, NULL, NULL);
	if (!ret)
		ret = try_texts(rules, type, field, nr, texts);
	evring_rules_free(rules);
	free(state);
	return ret;
}

/*
 * The list
 */

struct rule_row {
	const char *type;
	const char *from;
	const char *rule;
};

#define RULE_COLUMN(member, kind, head) COLUMN(struct rule_row, member, kind, head)

static const struct column columns[] = {
	RULE_COLUMN(type, TEXT, "TYPE"),
	RULE_COLUMN(from, TEXT, "FROM"),
	RULE_COLUMN(rule, TEXT, "RULE"),
	{ 0 },
};

static void add_rows(struct table *table, const char *type,
		     const struct evring_redact_state *state, json_t *list, bool plain)
{
	char *text = xstrdup(state->text), *rest = text, *line;
	struct rule_row row = { .type = type, .from = state->is_own ? "module" : "administrator" };

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		json_array_append_new(list, json_utf8(line));
		if (plain)
			puts(line);
		make_printable(line, ' ');
		row.rule = line;
		table_row(table, &row);
	}
	if (!*state->text) {
		row.rule = "off: secrets are in the events";
		table_row(table, &row);
	}
	free(text);
}

static void add_type(struct table *table, json_t *array, const char *type,
		     const struct evring_redact_state *state, enum form form)
{
	json_t *list = json_array();

	add_rows(table, type, state, list, form == AS_RULES);
	json_array_append_new(array, json_pack("{s:s, s:b, s:I, s:I, s:I, s:o}", "type", type,
					       "default", state->is_own, "generation",
					       (json_int_t)state->generation, "redacted",
					       (json_int_t)state->redacted, "hidden",
					       (json_int_t)state->hidden, "rules", list));
}

/* All types of hooks that have rules, or could have some of the module's own; or one type */
static int list(struct evring *ev, const char *only, enum form form)
{
	struct evring_redact_state *state = xzalloc(sizeof(*state));
	struct table *table = table_new(columns, 0);
	json_t *array = json_array();
	int nr = evring_types(ev), ret = 0;

	for (int id = 0; id < nr && !ret; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);

		if (!type || !(type->flags & EVRING_TYPE_F_HOOK) ||
		    (only && strcmp(only, type->name)))
			continue;
		ret = evring_redact_get(ev, type->name, false, state);
		if (!ret && (only || *state->text || !state->is_own))
			add_type(table, array, type->name, state, form);
	}
	free(state);
	if (form == AS_RULES || ret) {
		table_free(table);
		json_decref(array);
	} else {
		report_print(table, array, form == AS_JSON);
	}
	return ret ? fail(ret, "cannot read the rules") : EXIT_SUCCESS;
}

/*
 * The command line
 */

static int wrong(const char *what)
{
	fprintf(stderr, "evring: %s\n", what);
	return try_help("redact");
}

static int run(struct evring *ev, int nr, char **words)
{
	const char *verb = words[0];

	if (!strcmp(verb, "add") || !strcmp(verb, "remove"))
		return nr > 1 ? change_all(ev, nr - 1, words + 1, *verb == 'a' ? ADD : REMOVE) :
				wrong("'redact add' and 'redact remove' take rules");
	if (!strcmp(verb, "reset"))
		return nr <= 2 ? reset(ev, words[1]) : wrong("'redact reset' takes one type or none");
	if (!strcmp(verb, "off"))
		return nr == 2 ? off(ev, words[1]) : wrong("'redact off' takes a type");
	if (!strcmp(verb, "load"))
		return nr == 2 ? load(ev, words[1]) : wrong("'redact load' takes a file");
	if (!strcmp(verb, "check"))
		return nr == 2 ? check(ev, words[1]) : wrong("'redact check' takes a rule");
	if (!strcmp(verb, "try") && nr > 2 && !strcmp(words[2], "--")) {
		words[2] = words[1];
		words++;
		nr--;
	}
	if (!strcmp(verb, "try"))
		return nr > 2 ? try(ev, words[1], nr - 2, words + 2) :
				wrong("'redact try' takes a type's field, and texts");
	if (nr > 1)
		return wrong("this takes one type, or a verb as 'add'");
	return find_type(ev, verb) ? list(ev, verb, AS_TABLE) : EXIT_FAILURE;
}

int cmd_redact(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "rules", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	enum form form = AS_TABLE;
	struct evring *ev;
	int option, ret;

	/* "+": a text may look like an option. */
	while ((option = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option != 'j' && option != 'r')
			return try_help("redact");
		form = option == 'j' ? AS_JSON : AS_RULES;
	}
	if (form != AS_TABLE && argc - optind > 1)
		return wrong("a list is of all types, or of one");
	ev = open_device(cli);
	if (!ev)
		return EXIT_FAILURE;
	if (optind == argc || form != AS_TABLE)
		ret = list(ev, argv[optind], form);
	else
		ret = run(ev, argc - optind, argv + optind);
	evring_close(ev);
	return ret;
}
