/* SPDX-License-Identifier: MIT */
/*
 * How much work it is to find secrets: it is done in hooks, with preemption off, over
 * texts that a process chooses.
 */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"
#include "../harness/work.h"

#include <stdio.h>

#include "../../user/libevring/redaction.c"

static struct evring_type *type;

static struct evring_rules *rules_of(const char *const *lines, size_t nr)
{
	struct evring_rules *rules = NULL;

	if (evring_rules_new(&rules, type))
		abort();
	for (size_t i = 0; i < nr; i++)
		if (evring_rules_add(rules, lines[i], NULL))
			abort();
	return rules;
}

/* Over so many bytes of a text that repeats */
static unsigned long work_of(struct evring_rules *rules, const char *text, size_t len)
{
	const struct evring_redaction *block = evring_rules_block(rules);
	struct sample_event e = { .len = 0 };
	struct evring_redact_event event = {
		.rec = &e.rec, .payload = &e.fixed, .data_size = type->size,
	};
	struct evring_redact_index index;
	struct evring_cuts cuts;
	char texts[SAMPLE_TAIL];
	unsigned long before;

	for (size_t i = 0; i < len; i++)
		texts[i] = text[i % strlen(text)];
	sample_put(&e, &e.fixed.argv, texts, len);
	event.len = e.len;
	evring_redact_index(block, &index);
	before = work_blocks;
	evring_redact_find(block, &index, &event, &cuts);
	return work_blocks - before;
}

#define ARGV	"file.open.argv: "

static const struct {
	const char *rule, *text;
} nasty[] = {
	{ ARGV "pwd=", "pwd=a," },		{ ARGV "pwd=", "pwd=\"," },
	{ ARGV "pwd=", "pwd=," },		{ ARGV "pwd=", "pwd: a," },
	{ ARGV "pwd=", "a pwd=a," },		{ ARGV "pwd=", "pwd='\\" },
	{ ARGV "after -p", "-p=a," },		{ ARGV "after -p", "-p,'" },
	{ ARGV "after -p", "-p     \\" },	{ ARGV "pw*", "pwa," },
	{ ARGV "ab*", "a://ab," },		{ ARGV "ab*", "a://" },
	{ ARGV "header cookie", "cookie:" },	{ ARGV "header cookie", "cookie:a\n" },
	{ ARGV "header cookie", "cookie: \\" },	{ ARGV "url", "://a" },
	{ ARGV "url", "://a:b@" },		{ ARGV "url", "://a:b@ " },
};

/* Eight times the text is some eight times the work, and not sixty-four. */
static void work_grows_with_the_text(void)
{
	for (size_t i = 0; i < sizeof(nasty) / sizeof(*nasty); i++) {
		const char *line = nasty[i].rule;
		struct evring_rules *rules = rules_of(&line, 1);
		unsigned long small = work_of(rules, nasty[i].text, 1024);
		unsigned long large = work_of(rules, nasty[i].text, 8192);

		check(large < 12 * small, "%s: %s: %lu blocks, then %lu", line, nasty[i].text,
		      small, large);
		evring_rules_free(rules);
	}
}

/* Steps are honest: with any text, one stands for so much work and no more. */
static void work_is_bounded_by_the_steps(void)
{
	static const char letters[] = "aab=:/@,;'\"\\ -p\n";
	const char *lines[EVRING_REDACT_RULES_MAX];
	struct evring_rules *rules;
	unsigned long most = 0, n;
	unsigned int nr = 0, i, k;
	char text[40];

	/* As many rules as there can be, and some that match */
	for (i = 0; i < 20; i++) {
		lines[nr++] = ARGV "after -p, after -*a, *a*=, b=, ab*, a*";
		lines[nr++] = ARGV "header a, url";
	}
	rules = rules_of(lines, nr);
	for (i = 0; i < sizeof(nasty) / sizeof(*nasty); i++) {
		n = work_of(rules, nasty[i].text, SAMPLE_TAIL);
		most = n > most ? n : most;
	}
	srand(1);
	for (i = 0; i < 300; i++) {
		unsigned int len = 1 + (unsigned int)rand() % (sizeof(text) - 1);

		for (k = 0; k < len; k++)
			text[k] = letters[(unsigned int)rand() % (sizeof(letters) - 1)];
		text[len] = '\0';
		n = work_of(rules, text, SAMPLE_TAIL);
		most = n > most ? n : most;
	}
	evring_rules_free(rules);
	printf("# at most %lu basic blocks, %.1f a step\n", most,
	       (double)most / EVRING_REDACT_STEPS);
	CHECK(most < 32ul * EVRING_REDACT_STEPS);
}

int main(void)
{
	type = sample_type();
	test_case(work_grows_with_the_text, "work grows with the text");
	test_case(work_is_bounded_by_the_steps, "work is bounded by the steps");
	evring_type_free(type);
	return tap_end();
}
