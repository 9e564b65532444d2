/* SPDX-License-Identifier: MIT */
/* Random expressions over random events: the program means the same as the expression. */
#include "../harness/filter_random.h"
#include "../harness/filter_sample.h"
#include "../harness/tap.h"

#include "../../kmod/filter/filter.h"

#define EXPRESSIONS	60000
#define EVENTS		8	/* of each expression */
#define NODES		40

static unsigned int verdicts[2];

enum { ARRAY_TRIO, ARRAY_GROUPS, NR_ARRAYS };
enum { TEXT_COMM, TEXT_PATH, TEXT_BLOB, NR_TEXTS };

static const struct fact_fields fields = {
	.numbers = {
		{ "uid", 32, false }, { "small", 8, false }, { "tiny", 8, true },
		{ "port", 16, false }, { "result", 32, true }, { "flags", 32, false },
		{ "mode", 16, false }, { "took", 64, false }, { "size", 64, false },
		{ "delta", 64, true }, { "level", 16, true }, { "dev", 32, false },
		{ "pid", 32, false }, { "tid", 32, false }, { "what", 32, false },
	},
	.arrays = { [ARRAY_TRIO] = { "trio", 16, false }, [ARRAY_GROUPS] = { "groups", 32, false } },
	.texts = { [TEXT_COMM] = "comm", [TEXT_PATH] = "path", [TEXT_BLOB] = "blob" },
	.args = "argv", .flag = "created", .addr = "addr",
};

static void random_facts(struct facts *f)
{
	unsigned int i, j;

	memset(f, 0, sizeof(*f));
	for (i = 0; fields.numbers[i].name; i++)
		f->numbers[i] = random_number(fields.numbers[i].bits, fields.numbers[i].has_sign);
	f->counts[ARRAY_TRIO] = 3;
	f->counts[ARRAY_GROUPS] = random_below(FACT_ELEMENTS + 1);
	for (i = 0; i < NR_ARRAYS; i++)
		for (j = 0; j < f->counts[i]; j++)
			f->arrays[i][j] = random_number(fields.arrays[i].bits, false);
	for (i = 0; i < NR_TEXTS; i++)
		random_text(f->texts[i], 8);
	f->nr_args = random_below(FACT_ARGS + 1);
	for (i = 0; i < f->nr_args; i++)
		random_text(f->args[i], 4);
	f->flag = random_below(2);
	random_address(f->addr);
}

static void facts_event(const struct facts *f, struct sample_event *e)
{
	uint32_t groups[4] = { 0 };
	char argv[64];
	size_t len = 0;
	unsigned int i;

	memset(e, 0, sizeof(*e));
	e->fixed.uid = (uint32_t)f->numbers[0];
	e->fixed.small = (uint8_t)f->numbers[1];
	e->fixed.tiny = (int8_t)f->numbers[2];
	e->fixed.port = (uint16_t)f->numbers[3];
	e->fixed.result = (int32_t)f->numbers[4];
	e->fixed.flags = (uint32_t)f->numbers[5];
	e->fixed.mode = (uint16_t)f->numbers[6];
	e->fixed.took = (uint64_t)f->numbers[7];
	e->fixed.size = (uint64_t)f->numbers[8];
	e->fixed.delta = (int64_t)f->numbers[9];
	e->fixed.level = (int16_t)f->numbers[10];
	e->fixed.dev = (uint32_t)f->numbers[11];
	e->rec.pid = (uint32_t)f->numbers[12];
	e->rec.tid = (uint32_t)f->numbers[13];
	e->fixed.what = (uint32_t)f->numbers[14];
	e->fixed.created = f->flag;
	for (i = 0; i < 3; i++)
		e->fixed.trio[i] = (uint16_t)f->arrays[ARRAY_TRIO][i];
	for (i = 0; i < f->counts[ARRAY_GROUPS]; i++)
		groups[i] = (uint32_t)f->arrays[ARRAY_GROUPS][i];
	memcpy(e->fixed.comm, f->texts[TEXT_COMM], strlen(f->texts[TEXT_COMM]));
	memcpy(e->fixed.addr, f->addr, 16);
	sample_put(e, &e->fixed.path, f->texts[TEXT_PATH], strlen(f->texts[TEXT_PATH]));
	sample_put(e, &e->fixed.blob, f->texts[TEXT_BLOB], strlen(f->texts[TEXT_BLOB]));
	for (i = 0; i < f->nr_args; i++)
		len = (size_t)(stpcpy(argv + len, f->args[i]) + 1 - argv);
	/* The last one's NUL can be left out, if it is not all that tells of it. */
	if (f->nr_args && *f->args[f->nr_args - 1] && random_below(2))
		len--;
	sample_put(e, &e->fixed.argv, argv, len);
	sample_put(e, &e->fixed.groups, groups, 4 * f->counts[ARRAY_GROUPS]);
}

/* How many verdicts are other than they should be */
static unsigned int play(const struct evring_type *type)
{
	struct guess guesses[NODES], *root;
	struct writer w = { .type = type, .fields = &fields };
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
