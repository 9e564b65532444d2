/* SPDX-License-Identifier: MIT */
/*
 * Rules at random, over arguments at random: the result is that of a judge that shares
 * no line with the code, and looks at arguments of letters, dashes and '='.
 */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"

#include <stdio.h>

#define ROUNDS	60000
#define ARGS	12
#define ITEMS	6

enum verb { AFTER, PREFIX, VALUE, ALL, VERBS };

struct item {
	enum verb verb;
	char word[16];
};

static uint64_t state = 88172645463325252ull;
static unsigned int secrets, plains;

static unsigned int below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 16) % n;
}

/* Of few letters, so that it is met often */
static void random_word(char *to, unsigned int len, const char *letters)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		to[i] = letters[below((unsigned int)strlen(letters))];
	to[i] = '\0';
}

/* By recursion, where the code goes back */
static bool like(const char *s, const char *glob, bool any_case)
{
	char a = *s, b = *glob;

	if (!b)
		return !a;
	if (b == '*')
		return like(s, glob + 1, any_case) || (a && like(s + 1, glob, any_case));
	if (any_case && a >= 'A' && a <= 'Z')
		a = (char)(a + 32);
	if (any_case && b >= 'A' && b <= 'Z')
		b = (char)(b + 32);
	return a && (b == '?' || a == b) && like(s + 1, glob + 1, any_case);
}

/* How much of an argument stays; *@next: the one behind it is a secret */
static size_t stays(const struct item *items, unsigned int nr, const char *arg, bool *next)
{
	size_t len = strlen(arg), keep = len, name = strcspn(arg, "=");
	char head[64];

	snprintf(head, sizeof(head), "%.*s", (int)name, arg);
	for (unsigned int i = 0; i < nr; i++) {
		const char *word = items[i].word;
		size_t limit = len, word_len = strlen(word);

		if (items[i].verb == ALL)
			limit = 0;
		if (items[i].verb == PREFIX && len > word_len && !strncmp(arg, word, word_len))
			limit = word_len;
		/* Behind the first '=' too, but for an option */
		if (items[i].verb == PREFIX && *word != '-' && name < len &&
		    len - name - 1 > word_len && !strncmp(arg + name + 1, word, word_len) &&
		    name + 1 + word_len < limit)
			limit = name + 1 + word_len;
		if (items[i].verb == VALUE && name && name < len && like(head, word, true))
			limit = name + 1;
		if (items[i].verb == AFTER && name && like(head, word, false)) {
			if (name < len)
				limit = name + 1;
			else
				*next = true;
		}
		if (limit < keep)
			keep = limit;
	}
	return keep;
}

static void judge(const struct item *items, unsigned int nr, char args[][16], unsigned int nr_args,
		  char *to)
{
	bool next = false;

	*to = '\0';
	for (unsigned int i = 0; i < nr_args; i++) {
		bool is_next = next;
		size_t keep;

		next = false;
		keep = stays(items, nr, args[i], &next);
		if (is_next)
			keep = 0;
		to += sprintf(to, "%s%.*s%s", i ? "|" : "", (int)keep, args[i],
			      keep < strlen(args[i]) ? EVRING_REDACTED_MARK : "");
		secrets += keep < strlen(args[i]);
		plains += keep == strlen(args[i]);
	}
}

static void item_print(char *to, const struct item *item)
{
	static const char *const forms[] = { "after %s", "%s*", "%s=", "all" };

	sprintf(to, forms[item->verb], item->word);
}

static unsigned int make_rule(struct item *items, char *line)
{
	unsigned int nr = 1 + below(ITEMS), i;

	line += sprintf(line, "file.open.argv: ");
	for (i = 0; i < nr; i++) {
		/* All of it seldom, as nothing else shows then */
		items[i].verb = below(40) ? below(ALL) : ALL;
		random_word(items[i].word, 1 + below(4),
			    items[i].verb == PREFIX ? "ab-" : "aAb-*?");
		if (i)
			line += sprintf(line, "%s", below(2) ? ", " : ";");
		item_print(line, &items[i]);
		line += strlen(line);
	}
	return nr;
}

static bool play(const struct evring_type *type)
{
	char line[512], args[ARGS][16], want[1024], got[1024];
	struct sample_event e = { .rec.type = EVRING_TYPE_FIRST };
	struct evring_event event = { .rec = &e.rec, .payload = &e.fixed, .type = type };
	unsigned int nr_args = below(ARGS + 1), i;
	struct evring_filter_error error;
	struct evring_rules *rules;
	struct item items[ITEMS];
	char payload[4096], texts[512] = "";
	size_t len = 0, n;
	ssize_t ret;
	const char *s;

	for (i = 0; i < nr_args; i++) {
		random_word(args[i], below(7), "aAab--=");
		len += (size_t)sprintf(texts + len, "%s", args[i]) + 1;
	}
	sample_put(&e, &e.fixed.argv, texts, len ? len - 1 : 0);
	event.payload_len = e.len;
	if (evring_rules_new(&rules, type))
		return false;
	n = make_rule(items, line);
	if (evring_rules_add(rules, line, &error)) {
		printf("# %s: column %u: %s\n", line, error.column, error.text);
		return false;
	}
	judge(items, (unsigned int)n, args, nr_args, want);
	ret = evring_rules_apply(rules, &event, payload, sizeof(payload));
	evring_rules_free(rules);
	if (ret > 0) {
		event.payload = payload;
		event.payload_len = (uint32_t)ret;
	}
	if (ret < 0 || evring_get_string(&event, evring_field(type, "argv"), &s, &n))
		return false;
	for (i = 0; i < n; i++)
		got[i] = s[i] ? s[i] : '|';
	got[n] = '\0';
	if (!strcmp(got, want))
		return true;
	printf("# %s: '%s', not '%s'\n", line, got, want);
	return false;
}

int main(void)
{
	struct evring_type *type = sample_type();
	unsigned int i, wrong = 0;

	for (i = 0; i < ROUNDS && wrong < 10; i++)
		wrong += !play(type);
	evring_type_free(type);
	ok(!wrong, "rules at random leave out what they should");
	ok(secrets > 20000 && plains > 20000, "some arguments are secrets, others not");
	printf("# %u rules, %u secrets, %u other arguments\n", i, secrets, plains);
	return tap_end();
}
