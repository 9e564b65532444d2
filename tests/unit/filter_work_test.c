/* SPDX-License-Identifier: MIT */
/*
 * How much work a filter makes for one event: it runs in hooks, with preemption off, over
 * bytes that a process chooses; and the user who attaches a hook chooses the program, as far as
 * the verifier takes it. Bytes that the C library looks at count by 16, as steps do.
 */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"
#include "../harness/work.h"

#include <stdio.h>

static unsigned long bytes_looked;

static void *look_memchr(const void *s, int c, size_t n)
{
	char *at = memchr(s, c, n);

	bytes_looked += at ? (size_t)(at - (const char *)s) + 1 : n;
	return at;
}

static int look_memcmp(const void *a, const void *b, size_t n)
{
	bytes_looked += n;
	return memcmp(a, b, n);
}

static size_t look_strnlen(const char *s, size_t max)
{
	size_t n = strnlen(s, max);

	bytes_looked += n;
	return n;
}

#define memchr(s, c, n) look_memchr(s, c, n)
#define memcmp(a, b, n) look_memcmp(a, b, n)
#define strnlen(s, max) look_strnlen(s, max)

#include "../../user/libevring/program.c"

static struct evring_type *type;

/* As many instructions and operands as there can be */
struct most {
	struct evring_program program;
	struct evring_insn insns[EVRING_INSNS_MAX];
	char pool[EVRING_POOL_MAX];
	char text[8];
};

/* Each instruction is @insn, and leads to the next one by each of its results. */
static void most_make(struct most *m, struct evring_insn insn)
{
	m->program = (struct evring_program){
		.magic = EVRING_PROGRAM_MAGIC, .len = sizeof(*m), .size = sizeof(m->program),
		.version = type->version,
		.insns = { offsetof(struct most, insns), sizeof(insn), EVRING_INSNS_MAX, 0 },
		.pool = { offsetof(struct most, pool), 1, EVRING_POOL_MAX, 0 },
		.text = { offsetof(struct most, text), 1, 1, 0 },
	};
	memset(m->text, 0, sizeof(m->text));
	if (!insn.element)
		insn.element = EVRING_ELEMENT_ANY;
	for (uint16_t i = 0; i < EVRING_INSNS_MAX; i++) {
		insn.yes = insn.no = i + 1 < EVRING_INSNS_MAX ? i + 1 : EVRING_INSN_REJECT;
		m->insns[i] = insn;
	}
}

/* The pool is full of this operand, of @len bytes, and of @bits if it is a net's. */
static uint16_t most_operands(struct most *m, const char *operand, size_t len, uint16_t bits)
{
	uint16_t head = bits ? bits : (uint16_t)len, nr = 0;
	char *at = m->pool;

	memset(m->pool, 0, sizeof(m->pool));
	for (; at + sizeof(head) + len <= m->pool + sizeof(m->pool); nr++) {
		memcpy(at, &head, sizeof(head));
		memcpy(at + sizeof(head), operand, len);
		at += sizeof(head) + len;
	}
	return nr;
}

/* The work of one run: no more than its steps allow, and it ends soon behind the last one. */
static unsigned long work_of(const struct most *m, const struct sample_event *e)
{
	int steps = EVRING_PROGRAM_STEPS;

	if (!CHECK(!evring_program_verify(m, sizeof(*m), type->version, type->size)))
		return 0;
	work_blocks = bytes_looked = 0;
	evring_program_spend(&m->program, &e->rec, &e->fixed, e->len, &steps);
	check(steps > -EVRING_POOL_MAX, "op %u: %d steps are left", m->insns[0].op, steps);
	return work_blocks + bytes_looked / 16;
}

/* All that the event refers to is the text, again and again. */
static void event_make(struct sample_event *e, const char *text, size_t text_len, size_t len)
{
	static char texts[SAMPLE_TAIL];

	for (size_t i = 0; i < len; i++)
		texts[i] = text[i % text_len];
	memset(e, 0, sizeof(*e));
	memset(&e->fixed, 'a', sizeof(e->fixed));
	sample_put(e, &e->fixed.argv, texts, len);
}

#define AT(_member) .offset = offsetof(struct sample, _member)
#define REFERS	AT(argv), .size = sizeof(struct evring_str)
#define FIXED	.offset = 0, .size = sizeof(struct sample)

/* The fields that a question can be asked of; the verifier takes a kind that is not the type's. */
static const struct evring_insn of_number[] = {
	{ .kind = EVRING_KIND_U32, AT(uid), .size = 4 },
	{ .kind = EVRING_KIND_S8, AT(tiny), .size = 1 },
	{ .kind = EVRING_KIND_U8, FIXED }, { .kind = EVRING_KIND_S64, FIXED },
	{ .kind = EVRING_KIND_U8S, REFERS }, { .kind = EVRING_KIND_S32S, REFERS },
	{ .kind = EVRING_KIND_U64S, REFERS }, { .kind = EVRING_KIND_U8S, REFERS, .element = 9000 },
	{ .kind = EVRING_KIND_U32, .flags = EVRING_INSN_HEADER, .size = 4,
	  .offset = offsetof(struct evring_rec, pid) },
}, of_text[] = {
	{ .kind = EVRING_KIND_TEXT, REFERS }, { .kind = EVRING_KIND_TEXTS, REFERS },
	{ .kind = EVRING_KIND_BYTES, REFERS }, { .kind = EVRING_KIND_TEXTS, REFERS, .element = 4000 },
	{ .kind = EVRING_KIND_CHARS, FIXED }, { .kind = EVRING_KIND_FIXED, FIXED },
};

#define NR(_array) (sizeof(_array) / sizeof(*(_array)))

static unsigned long most_seen;
static unsigned int undecided_ops;

static void see(const struct most *m, const struct sample_event *e)
{
	unsigned long work = work_of(m, e);

	if (work > most_seen)
		most_seen = work;
	if (work >= EVRING_PROGRAM_STEPS)
		undecided_ops |= 1u << m->insns[0].op;
}

/* So much work may stand for a step, or for an instruction: some lines of C */
#define WORK_A_STEP	32ul

static void the_most_is_bounded(const char *what)
{
	printf("# %s: at most %lu, %.1f a step\n", what, most_seen,
	       (double)most_seen / EVRING_PROGRAM_STEPS);
	CHECK(most_seen < WORK_A_STEP * EVRING_PROGRAM_STEPS);
}

static void questions_to_numbers_are_bounded(void)
{
	static struct sample_event e;
	static struct most m;

	most_seen = 0;
	event_make(&e, "a", 1, SAMPLE_TAIL);
	for (size_t i = 0; i < NR(of_number); i++) {
		for (uint8_t op = EVRING_OP_RANGE; op <= EVRING_OP_RANGES; op++) {
			struct evring_insn insn = of_number[i];

			insn.op = op;
			if (op == EVRING_OP_RANGES)
				insn.count = EVRING_POOL_MAX / (2 * sizeof(uint64_t));
			most_make(&m, insn);
			memset(m.pool, 0, sizeof(m.pool));
			see(&m, &e);
		}
	}
	the_most_is_bounded("numbers");
}

/* One field's number takes no steps: the number of instructions bounds that. */
static void what_takes_no_steps_is_bounded_by_the_instructions(void)
{
	static struct sample_event e;
	static struct most m;
	unsigned long work;

	event_make(&e, "a", 1, 100);
	for (size_t i = 0; i < NR(of_number); i++) {
		if (of_number[i].kind & EVRING_KIND_VAR ||
		    of_number[i].size != EVRING_KIND_SIZE(of_number[i].kind))
			continue;
		most_make(&m, of_number[i]);
		work = work_of(&m, &e);
		printf("# kind %x: %.1f an instruction\n", of_number[i].kind,
		       (double)work / EVRING_INSNS_MAX);
		check(work && work < 2 * WORK_A_STEP * EVRING_INSNS_MAX, "kind %x: %lu", of_number[i].kind, work);
	}
}

static void ask_texts(struct most *m, const char *operand, size_t len, const struct sample_event *e)
{
	for (size_t i = 0; i < NR(of_text); i++) {
		for (uint8_t op = EVRING_OP_EQUAL; op <= EVRING_OP_NET; op++) {
			struct evring_insn insn = of_text[i];

			if (op == EVRING_OP_NET && insn.kind != EVRING_KIND_FIXED)
				continue;
			insn.op = op;
			insn.count = most_operands(m, operand, len,
						   op == EVRING_OP_NET ? (uint16_t)(8 * len) : 0);
			most_make(m, insn);
			see(m, e);
		}
	}
}

#define TEN(_s)		_s _s _s _s _s _s _s _s _s _s
#define HUNDRED(_s)	TEN(TEN(_s))

static const struct {
	const char *operand, *text;
	size_t text_len;		/* 0: strlen() of it */
} nasty[] = {
	{ "", "a", 0 }, { "", "", 1 }, { "", "a", 2 },
	{ "b", "a", 0 }, { TEN("a") "b", "a", 0 }, { "a" TEN("b"), "a", 0 },
	{ HUNDRED(TEN("a")) "b", "a", 0 }, { HUNDRED(TEN("a")) "b", "a", 2 },
	{ "*" TEN("a") "b", "a", 0 }, { "*" TEN("a") "b", TEN("a") "c", 0 },
	{ "*b", "a", 0 }, { "*" HUNDRED("a") "b", HUNDRED("a"), 0 },
	{ TEN("*a") "*b", "a", 0 }, { HUNDRED("*"), "a", 0 }, { HUNDRED("*?") "b", "a", 0 },
	{ "*[b-z]*", "a", 0 }, { "*" TEN("[a]") "b", "a", 0 }, { "*" TEN("[!b]") "b", "a", 0 },
	{ "*[" HUNDRED("b-c") "]", "a", 0 }, { "*[" HUNDRED(TEN("b")) "]", "a", 0 },
	{ "*" HUNDRED("["), "a", 0 }, { "*" HUNDRED("["), "[", 0 }, { "*[]" HUNDRED("\\]"), "[", 0 },
	{ HUNDRED("\\*"), "*", 0 }, { "*\\" HUNDRED("*"), "*", 0 }, { "*a*" TEN("?") "b", "a", 0 },
};

static void questions_to_texts_are_bounded(void)
{
	static struct sample_event e;
	static struct most m;

	most_seen = 0;
	for (size_t i = 0; i < NR(nasty); i++) {
		event_make(&e, nasty[i].text,
			   nasty[i].text_len ? nasty[i].text_len : strlen(nasty[i].text), SAMPLE_TAIL);
		ask_texts(&m, nasty[i].operand, strlen(nasty[i].operand), &e);
	}
	the_most_is_bounded("texts");
	/* Else these would not be nasty. */
	CHECK(undecided_ops & 1u << EVRING_OP_CONTAINS && undecided_ops & 1u << EVRING_OP_GLOB &&
	      undecided_ops & 1u << EVRING_OP_EQUAL);
}

static size_t random_text(char *to, size_t most, const char *letters, size_t nr)
{
	size_t len = 1 + (size_t)rand() % most;

	for (size_t i = 0; i < len; i++)
		to[i] = letters[(size_t)rand() % nr];
	return len;
}

static void random_questions_are_bounded(void)
{
	static const size_t lengths[] = { 6, 40, EVRING_POOL_MAX - sizeof(uint16_t) };
	static char operand[EVRING_POOL_MAX], text[64];
	static struct sample_event e;
	static struct most m;
	size_t len;

	most_seen = 0;
	srand(1);
	for (unsigned int i = 0; i < 80; i++) {
		len = random_text(text, sizeof(text), "aaaabc[]\\\0", 10);
		event_make(&e, text, len, SAMPLE_TAIL);
		len = random_text(operand, lengths[i % NR(lengths)], "aaaaab**?[]-!\\", 14);
		ask_texts(&m, operand, len, &e);
	}
	the_most_is_bounded("random");
}

int main(void)
{
	type = sample_type();
	test_case(questions_to_numbers_are_bounded, "the most work with numbers is bounded by the steps");
	test_case(what_takes_no_steps_is_bounded_by_the_instructions,
		  "what takes no steps is bounded by the instructions");
	test_case(questions_to_texts_are_bounded, "the most work with texts is bounded by the steps");
	test_case(random_questions_are_bounded, "so is that of random patterns and texts");
	evring_type_free(type);
	return tap_end();
}
