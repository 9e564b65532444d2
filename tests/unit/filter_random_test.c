/* SPDX-License-Identifier: MIT */
/* Random expressions over random events: the program means the same as the expression. */
#include "../harness/filter_random.h"
#include "../harness/tap.h"

#include "../../kmod/filter/filter.h"

#define EXPRESSIONS	60000
#define EVENTS		8	/* of each expression */
#define NODES		40

static unsigned int verdicts[2];

/* How many verdicts are other than they should be */
static unsigned int play(const struct evring_type *type)
{
	struct guess guesses[NODES], *root;
	struct writer w = { .len = 0 };
	unsigned int left = NODES, wrong = 0, i;
	struct evring_filter_error error;
	struct evring_filter *filter;
	struct sample_event e;
	struct evring_event event;
	struct facts facts;
	bool got, want;

	root = guess_make(&w, guesses, &left, 1 + random_below(5));
	if (evring_filter_compile(&filter, type, w.text, &error)) {
		printf("# %s\n# column %u: %s\n", w.text, error.column, error.text);
		return 1;
	}
	if (evring_program_verify(evring_filter_program(filter),
				  evring_filter_program(filter)->len, type->version, type->size)) {
		printf("# %s\n# is refused\n", w.text);
		wrong++;
	}
	for (i = 0; i < EVENTS; i++) {
		random_facts(&facts);
		facts_event(&facts, &e);
		event = sample_event(&e, type);
		got = evring_filter_match(filter, &event);
		want = guess_says(root, &facts);
		verdicts[want]++;
		if (got == want)
			continue;
		wrong++;
		printf("# %s\n# path '%s' comm '%s': %d, not %d\n", w.text, facts.texts[TEXT_PATH],
		       facts.texts[TEXT_COMM], got, want);
	}
	evring_filter_free(filter);
	return wrong;
}

int main(void)
{
	struct evring_type *type = sample_type();
	unsigned int i, wrong = 0;

	for (i = 0; i < EXPRESSIONS && wrong < 10; i++)
		wrong += play(type);
	evring_type_free(type);
	ok(!wrong, "random expressions mean what the evaluator of the test computes");
	/* Else the test would show little. */
	ok(verdicts[0] > verdicts[1] / 9 && verdicts[1] > verdicts[0] / 9,
	   "of some events it is so, of others not");
	printf("# %u expressions, %u events, so of %u\n", i, verdicts[0] + verdicts[1], verdicts[1]);
	return tap_end();
}
