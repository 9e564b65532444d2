/* SPDX-License-Identifier: MIT */
/*
 * The lists of values in a rule's filter, and acts with one of the values in place: a file of
 * that name, a process so called, and so on.
 */
#ifndef EVRING_TEST_RULES_LIST_H
#define EVRING_TEST_RULES_LIST_H

#include "rules_deed.h"

#define LIST_MAX	48	/* values */
#define NAMES		"/tmp/names/"
#define OPT		"/srv/opt"	/* programs that have another name for the one who runs them */

struct list {
	char field[32], op[16];
	char values[LIST_MAX][64];	/* of a range its ends; of a pattern texts that it matches */
	unsigned int nr;
};

/*
 * A text that a pattern matches, the @nr-th: a set of characters has one for each of them.
 * False: there are no more.
 */
static inline bool pattern_text(const char *pattern, unsigned int nr, char *to)
{
	const char *path = strchr(pattern, '/'), *at;
	bool has_set = false;

	for (at = pattern; *at; at++) {
		if (*at == '*') {
			to += sprintf(to, at == pattern && path ? "/srv/v" : "v");
		} else if (*at == '[' && at[1] == '!') {
			*to++ = 'v';
			at = strchr(at, ']');
		} else if (*at == '[') {
			has_set = true;
			if (at + 1 + nr >= strchr(at, ']'))
				return false;
			*to++ = at[1 + nr];
			at = strchr(at, ']');
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return has_set || !nr;
}

static inline void list_add(struct list *list, const char *value)
{
	if (list->nr == LIST_MAX || strlen(value) >= sizeof(list->values[0]))
		abort();
	strcpy(list->values[list->nr++], value);
}

/* One word of the list, which a comma, a bar or the end follows: its quotes are off. */
static inline void list_value(struct list *list, char *word, bool quoted)
{
	char *range = quoted ? NULL : strstr(word, ".."), text[64];
	unsigned int i;

	if (range) {
		*range = '\0';
		list_add(list, word);
		list_add(list, range + 2);
	} else if (strcmp(list->op, "~")) {
		list_add(list, word);
	} else {
		for (i = 0; pattern_text(word, i, text); i++)
			list_add(list, text);
	}
}

/* What is between the parentheses. Returns where they end. */
static inline const char *list_values(struct list *list, const char *at)
{
	char word[64];
	bool quoted;
	size_t n;

	list->nr = 0;
	do {
		at += strspn(at, " ,|");
		quoted = *at == '"';
		at += quoted;
		n = strcspn(at, quoted ? "\"" : " ,|)");
		if (n >= sizeof(word))
			abort();
		memcpy(word, at, n);
		word[n] = '\0';
		at += n + quoted;
		list_value(list, word, quoted);
		at += strspn(at, " ");
	} while (*at != ')');
	return at;
}

static inline bool is_list_op(const char *word)
{
	return !strcmp(word, "in") || !strcmp(word, "~") || !strcmp(word, "&") ||
	       !strcmp(word, "startswith") || !strcmp(word, "endswith") ||
	       !strcmp(word, "contains");
}

/* The next list of a filter from *@at on: FIELD OPERATOR (VALUES). False: no more. */
static inline bool list_next(struct list *list, const char **at)
{
	char words[2][64] = { "", "" };
	const char *s = *at;
	size_t n;

	for (; *s; s += n) {
		n = 1;
		if (*s == '"') {
			n = (size_t)(strchr(s + 1, '"') + 1 - s);
			strcpy(words[1], "\"");
		} else if (*s == '(' && is_list_op(words[1])) {
			/* One that did not fit would be no field's name, and its list would fail. */
			snprintf(list->field, sizeof(list->field), "%.*s",
				 (int)sizeof(list->field) - 1, words[0]);
			snprintf(list->op, sizeof(list->op), "%.*s", (int)sizeof(list->op) - 1,
				 words[1]);
			*at = list_values(list, s + 1);
			return true;
		} else if (!strchr(" ()", *s)) {
			n = strcspn(s, " ()\"");
			strcpy(words[0], words[1]);
			snprintf(words[1], sizeof(words[1]), "%.*s", (int)n, s);
		}
	}
	*at = s;
	return false;
}

/*
 * Values in their places; NULL: one that is in no list
 */

static inline int number_of(const char *value)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{ "O_WRONLY", O_WRONLY }, { "O_RDWR", O_RDWR }, { "AF_INET", AF_INET },
		{ "AF_INET6", AF_INET6 }, { "PTRACE_ATTACH", PTRACE_ATTACH },
		{ "PTRACE_SEIZE", PTRACE_SEIZE }, { "set", TIME_SET }, { "adjust", TIME_ADJUST },
		{ "-EACCES", -EACCES }, { "-EPERM", -EPERM }, { "-EINPROGRESS", -EINPROGRESS },
	};
	unsigned int i;
	char *end;
	long number;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].name, value))
			return names[i].number;
	number = strtol(value, &end, 10);
	if (!*value || *end) {
		note("%s is no number, and no name that is known here", value);
		abort();
	}
	return (int)number;
}

/* A path from the root of the acts, in a text that is good until the third call from here */
static inline char *in_root(const char *folder, const char *name)
{
	static char texts[3][256];
	static unsigned int next;
	char *text = texts[next++ % 3];

	snprintf(text, sizeof(texts[0]), ROOT "%s%s", folder, name);
	return text;
}

/* As the acts have it */
static inline const char *from_root(const char *path)
{
	return path + strlen(ROOT);
}

static inline void folders_make(char *path)
{
	char *slash;

	for (slash = strchr(path + strlen(ROOT "/"), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			abort();
		*slash = '/';
	}
}

static inline void link_make(const char *to, const char *path)
{
	unlink(path);
	if (symlink(to, path))
		abort();
}

/* A program is run by this name, and has another. */
static inline void put_program_name(struct act *act, const char *value)
{
	char *path = in_root(NAMES, value ?: "none");

	link_make("/bin/true", path);
	act->path = from_root(path);
}

/* A program has this end of its path, and is run by another name. */
static inline void put_program(struct act *act, const char *value)
{
	char *path = in_root(OPT, value ?: "/none"), *name = in_root(NAMES, "none");

	folders_make(path);
	if (link(ROOT "/bin/true", path) && errno != EEXIST)
		abort();
	link_make(from_root(path), name);
	act->path = from_root(name);
}

static inline void put_comm(struct act *act, const char *value)
{
	act->comm = value ?: "none";
}

static inline void put_parent(struct act *act, const char *value)
{
	act->parent = value ?: "none";
}

/* Of the way to it, where the act has one, the same is kept. */
static inline void put_file(struct act *act, const char *value)
{
	const char *way = strstr(act->path, "/../..");
	char *path = in_root("", value ?: "/srv/none");
	static char whole[256];

	folders_make(path);
	if (access(path, F_OK))
		deed_file(path, "");
	snprintf(whole, sizeof(whole), "%.*s%s",
		 way ? (int)(way - act->path + strlen("/../..")) : 0, act->path, from_root(path));
	act->path = whole;
}

static inline void put_new_path(struct act *act, const char *value)
{
	char *path = in_root("", value ?: "/srv/none");

	folders_make(path);
	act->to = from_root(path);
}

static inline void put_target(struct act *act, const char *value)
{
	act->path = value ?: "/none";
}

static inline void put_argument(struct act *act, const char *value)
{
	memset(act->argv, 0, sizeof(act->argv));
	act->argv[0] = value ?: "none";
}

static inline void put_uid(struct act *act, const char *value)
{
	act->uid = (uid_t)strtoul(value ?: "1000", NULL, 10);
}

static inline void put_loginuid(struct act *act, const char *value)
{
	act->login = true;
	act->loginuid = (uid_t)strtoul(value ?: "999", NULL, 10);
}

static inline void put_port(struct act *act, const char *value)
{
	act->number = number_of(value ?: "7");
}

static inline void put_flags(struct act *act, const char *value)
{
	act->number = value ? number_of(value) : O_RDONLY;
}

static inline void put_request(struct act *act, const char *value)
{
	act->fn = value ? do_seize : do_traceme;
	act->number = value ? number_of(value) : 0;
}

static inline void put_family(struct act *act, const char *value)
{
	act->fn = value ? do_redirect : do_redirect_unix;
	act->number = value ? number_of(value) : 0;
}

static inline void put_operation(struct act *act, const char *value)
{
	act->number = value ? number_of(value) : TIME_ZONE;
}

/* How the acts of a rule end as a value says; the last one of each is no value's. */
static inline void put_result(struct act *act, const char *value)
{
	static const struct {
		int (*of)(const struct act *act);
		struct act act;
	} ends[] = {
		{ do_open, { .fn = do_open, .path = "/bin/closed", .uid = 1000, .fails = EACCES } },
		{ do_open, { .fn = do_open, .path = "/srv/release_agent", .number = O_NOATIME,
			     .uid = 1000, .fails = EPERM } },
		{ do_open, { .fn = do_open, .path = "/bin/none", .uid = 1000, .fails = ENOENT } },
		{ do_truncate, { .fn = do_truncate, .path = "/etc/hosts", .uid = 1000, .fails = EACCES } },
		{ do_truncate, { .fn = do_truncate_sealed, .uid = 1000, .fails = EPERM } },
		{ do_truncate, { .fn = do_truncate, .path = "/etc/other" } },
		{ do_exec, { .fn = do_exec, .path = "/bin/closed", .uid = 1000, .fails = EACCES } },
		{ do_exec, { .fn = do_exec_incapable, .path = "/bin/capable", .fails = EPERM } },
		{ do_exec, { .fn = do_exec, .path = "/bin/none", .uid = 1000, .fails = ENOENT } },
		{ do_connect, { .fails = 0 } },
		{ do_connect, { .fails = EINPROGRESS } },
		{ do_connect, { .fails = ECONNREFUSED } },
	};
	unsigned int i, last = 0;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (ends[i].of != act->fn)
			continue;
		last = i;
		if (value && -ends[i].act.fails == number_of(value))
			break;
	}
	if (i == sizeof(ends) / sizeof(*ends) && value)
		abort();
	act->fails = ends[last].act.fails;
	if (!ends[last].act.fn)
		return;
	act->fn = ends[last].act.fn;
	act->path = ends[last].act.path;
	act->number = ends[last].act.number;
	act->uid = ends[last].act.uid;
}

/* The act with another value of a list's field; false: it is not known how. */
static inline bool act_put(struct act *act, const char *event, const struct list *list,
			   const char *value)
{
	static const struct {
		const char *event, *field;	/* of any event, if NULL */
		void (*put)(struct act *act, const char *value);
	} puts[] = {
		{ "process.exec", "comm", put_program_name }, { "process.exec", "path", put_program },
		{ NULL, "comm", put_comm }, { NULL, "path", put_file },
		{ NULL, "new_path", put_new_path }, { NULL, "target", put_target },
		{ NULL, "parent_comm", put_parent }, { NULL, "argv", put_argument },
		{ NULL, "uid", put_uid }, { NULL, "loginuid", put_loginuid },
		{ NULL, "given_port", put_port }, { NULL, "remote_port", put_port },
		{ NULL, "flags", put_flags }, { NULL, "request", put_request },
		{ NULL, "family", put_family }, { NULL, "operation", put_operation },
		{ NULL, "result", put_result },
	};
	unsigned int i;

	for (i = 0; i < sizeof(puts) / sizeof(*puts); i++)
		if (!strcmp(puts[i].field, list->field) &&
		    (!puts[i].event || !strcmp(puts[i].event, event))) {
			puts[i].put(act, value);
			return true;
		}
	return false;
}

#endif /* EVRING_TEST_RULES_LIST_H */
