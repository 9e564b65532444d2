// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Run a filter's program over one event. The program was verified (verify.c), the event
 * was not: so each reference is checked against the payload's length. Work is bounded
 * by steps, as the task that causes an event chooses its bytes.
 */
#include "filter.h"

struct run {
	const struct evring_rec *rec;
	const char *payload;
	__u32 len;
	int steps;
};

/* Some bytes of an event */
struct span {
	const char *s;
	__u32 len;
};

/* About as long as a comparison of @len bytes takes */
static void spend(struct run *run, __u32 len)
{
	run->steps -= 1 + (int)(len / 16);
}

/* A number of any alignment. A memcpy() would be a call in a kernel without builtins. */
struct loose16 {
	__u16 x;
} __attribute__((packed, may_alias));

struct loose32 {
	__u32 x;
} __attribute__((packed, may_alias));

struct loose64 {
	__u64 x;
} __attribute__((packed, may_alias));

static __u16 load16(const char *at)
{
	return ((const struct loose16 *)at)->x;
}

static __u32 load32(const char *at)
{
	return ((const struct loose32 *)at)->x;
}

static __u64 load64(const char *at)
{
	return ((const struct loose64 *)at)->x;
}

static __u64 number_at(const char *at, unsigned int kind)
{
	bool has_sign = ((kind >> 8) & 0x7f) == EVRING_KIND_S8 >> 8;

	switch (EVRING_KIND_SIZE(kind)) {
	case 1:
		return has_sign ? (__u64)(__s64)*(const signed char *)at :
				  *(const unsigned char *)at;
	case 2:
		return has_sign ? (__u64)(__s16)load16(at) : load16(at);
	case 4:
		return has_sign ? (__u64)(__s32)load32(at) : load32(at);
	default:
		return load64(at);
	}
}

/* The field's fixed part; NULL: the payload is too short to have it. */
static const char *fixed_part(const struct run *run, const struct evring_insn *insn)
{
	if (insn->flags & EVRING_INSN_HEADER)
		return (const char *)run->rec + insn->offset;
	if ((__u32)insn->offset + insn->size > run->len)
		return NULL;
	return run->payload + insn->offset;
}

/* The field's bytes, or those that it refers to */
static struct span field_bytes(const struct run *run, const struct evring_insn *insn)
{
	struct span bytes = { .s = fixed_part(run, insn), .len = insn->size };
	__u16 offset;

	if (!bytes.s) {
		bytes.len = 0;
		return bytes;
	}
	if (insn->kind == EVRING_KIND_CHARS)
		bytes.len = strnlen(bytes.s, insn->size);
	if (!(insn->kind & EVRING_KIND_VAR))
		return bytes;
	offset = load16(bytes.s + offsetof(struct evring_str, offset));
	bytes.len = load16(bytes.s + offsetof(struct evring_str, len));
	if (offset + bytes.len > run->len)
		bytes.len = 0;
	bytes.s = bytes.len ? run->payload + offset : run->payload;
	return bytes;
}

/* Numbers */

static bool is_between(__u64 x, __u64 a, __u64 b)
{
	/* With or without a sign: how far x is above a is no more than b is. */
	return x - a <= b - a;
}

static bool is_in_ranges(struct run *run, const struct evring_insn *insn, const char *pool, __u64 x)
{
	unsigned int i;

	for (i = 0; i < insn->count; i++, pool += 2 * sizeof(x)) {
		if (is_between(x, load64(pool), load64(pool + sizeof(x)))) {
			spend(run, 16 * i);
			return true;
		}
	}
	spend(run, 16 * i);
	return false;
}

static bool number_holds(struct run *run, const struct evring_insn *insn, const char *pool, __u64 x)
{
	switch (insn->op) {
	case EVRING_OP_RANGE:
		return is_between(x, insn->a, insn->b);
	case EVRING_OP_MASK:
		return (x & insn->a) == insn->b;
	case EVRING_OP_ANY_BIT:
		return x & insn->a;
	default:
		return is_in_ranges(run, insn, pool, x);
	}
}

static bool numbers_hold(struct run *run, const struct evring_insn *insn, const char *pool)
{
	unsigned int size = EVRING_KIND_SIZE(insn->kind);
	struct span bytes = field_bytes(run, insn);
	__u32 i = 0, count = bytes.len / size;

	if (insn->element != EVRING_ELEMENT_ANY) {
		i = insn->element;
		if (i < count)
			count = i + 1;
	}
	for (; i < count && run->steps > 0; i++, run->steps--)
		if (number_holds(run, insn, pool, number_at(bytes.s + i * size, insn->kind)))
			return true;
	return false;
}

static bool number_test(struct run *run, const struct evring_insn *insn, const char *pool)
{
	const char *at;

	if (insn->kind & EVRING_KIND_VAR || insn->size != EVRING_KIND_SIZE(insn->kind))
		return numbers_hold(run, insn, pool);
	at = fixed_part(run, insn);
	return number_holds(run, insn, pool, at ? number_at(at, insn->kind) : 0);
}

/*
 * The common case of it: a number of 32 or 64 bits without a sign, as ids and flags
 * are. False: it is another one.
 */
static inline bool number_test_fast(const char *payload, __u32 len,
				    const struct evring_insn *insn, bool *yes)
{
	const char *at = payload + insn->offset;
	__u64 x;

	if (insn->op > EVRING_OP_ANY_BIT || insn->flags ||
	    (__u32)insn->offset + insn->size > len)
		return false;
	if (insn->kind == EVRING_KIND_U32 && insn->size == sizeof(__u32))
		x = load32(at);
	else if (insn->kind == EVRING_KIND_U64 && insn->size == sizeof(x))
		x = load64(at);
	else
		return false;
	if (insn->op == EVRING_OP_RANGE)
		*yes = is_between(x, insn->a, insn->b);
	else if (insn->op == EVRING_OP_MASK)
		*yes = (x & insn->a) == insn->b;
	else
		*yes = x & insn->a;
	return true;
}

/* Texts */

static bool contains(struct run *run, struct span text, struct span want)
{
	const char *at;

	if (!want.len)
		return true;
	while (text.len >= want.len && run->steps > 0) {
		at = memchr(text.s, *want.s, text.len - want.len + 1);
		if (!at) {
			spend(run, text.len);
			return false;
		}
		spend(run, at - text.s + want.len);
		if (!memcmp(at, want.s, want.len))
			return true;
		text.len -= at + 1 - text.s;
		text.s = at + 1;
	}
	return false;
}

/* A character of a set in brackets, which a backslash may stand before; NULL: there is none. */
static const char *set_char(const char *p, const char *end, unsigned char *c)
{
	if (p < end && *p == '\\')
		p++;
	if (p >= end)
		return NULL;
	*c = *p;
	return p + 1;
}

/*
 * Does @c match the set whose bracket is before @p? Returns the end of the set, or
 * NULL if it has no end and so is no set.
 */
static const char *set_match(struct run *run, const char *p, const char *end, unsigned char c,
			     bool *matches)
{
	bool negated = p < end && (*p == '!' || *p == '^');
	unsigned char low, high;
	bool found = false, first = true;

	for (p += negated; p && p < end && (first || *p != ']'); first = false) {
		run->steps--;
		p = set_char(p, end, &low);
		high = low;
		if (p && p + 1 < end && *p == '-' && p[1] != ']')
			p = set_char(p + 1, end, &high);
		if (p && c >= low && c <= high)
			found = true;
	}
	*matches = found != negated;
	return p && p < end ? p + 1 : NULL;
}

/* Match @c with the pattern's first part, which is no star: the part's end, else NULL. */
static const char *one_match(struct run *run, const char *p, const char *end, unsigned char c)
{
	const char *behind;
	bool matches;

	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		behind = set_match(run, p + 1, end, c, &matches);
		if (behind)
			return matches ? behind : NULL;
	}
	if (*p == '\\' && p + 1 < end)
		p++;
	return (unsigned char)*p == c ? p + 1 : NULL;
}

/*
 * The first byte of the text from @s on at which the pattern behind a star may match;
 * NULL: there is none.
 */
static const char *behind_star(struct run *run, const char *p, const char *p_end, const char *s,
			       const char *s_end)
{
	const char *found;

	if (p == p_end || *p == '*' || *p == '?' || *p == '[' || *p == '\\')
		return s;
	found = memchr(s, *p, (size_t)(s_end - s));
	run->steps -= (int)(((found ? found : s_end) - s) / 8);
	return found;
}

/*
 * Where nothing matches behind a star, it takes one more byte: only the last star
 * need be tried again, so there is one way back and no recursion.
 */
static bool glob(struct run *run, struct span text, struct span pattern)
{
	const char *s = text.s, *s_end = s + text.len, *back = NULL;
	const char *p = pattern.s, *p_end = p + pattern.len, *star = NULL, *next;

	while (s < s_end) {
		if (--run->steps <= 0)
			return false;
		if (p < p_end && *p == '*') {
			star = ++p;
			if (p == p_end)
				return true;
			s = behind_star(run, p, p_end, s, s_end);
			if (!s)
				return false;
			back = s;
			continue;
		}
		next = p < p_end ? one_match(run, p, p_end, *s) : NULL;
		if (next) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = behind_star(run, p, p_end, back + 1, s_end);
			if (!s)
				return false;
			back = s;
		} else {
			return false;
		}
	}
	for (; p < p_end && *p == '*'; p++)
		run->steps--;
	return p == p_end;
}

static bool bits_equal(struct span bytes, struct span want, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (bytes.len * 8 < bits || memcmp(bytes.s, want.s, whole))
		return false;
	return !rest || !(((unsigned char)bytes.s[whole] ^ (unsigned char)want.s[whole]) >>
			  (8 - rest));
}

static bool text_holds_one(struct run *run, unsigned int op, struct span text, struct span want)
{
	switch (op) {
	case EVRING_OP_CONTAINS:
		return contains(run, text, want);
	case EVRING_OP_GLOB:
		return glob(run, text, want);
	}
	spend(run, want.len);
	if (text.len < want.len)
		return false;
	switch (op) {
	case EVRING_OP_EQUAL:
		return text.len == want.len && !memcmp(text.s, want.s, want.len);
	case EVRING_OP_PREFIX:
		return !memcmp(text.s, want.s, want.len);
	default:
		return !memcmp(text.s + text.len - want.len, want.s, want.len);
	}
}

/* One text, any of the operands */
static bool text_holds(struct run *run, const struct evring_insn *insn, const char *pool,
		       struct span text)
{
	struct span want;
	unsigned int i;
	__u16 len;

	for (i = 0; i < insn->count && --run->steps > 0; i++) {
		len = load16(pool);
		want.s = pool + sizeof(len);
		want.len = insn->op == EVRING_OP_NET ? (len + 7u) / 8 : len;
		if (insn->op == EVRING_OP_NET) {
			spend(run, want.len);
			if (bits_equal(text, want, len))
				return true;
		} else if (text_holds_one(run, insn->op, text, want)) {
			return true;
		}
		pool = want.s + want.len;
	}
	return false;
}

/* Texts with NULs between: one of them, or any */
static bool texts_hold(struct run *run, const struct evring_insn *insn, const char *pool,
		       struct span texts)
{
	unsigned int i;

	for (i = 0; texts.len && run->steps > 0; i++) {
		const char *nul = memchr(texts.s, '\0', texts.len);
		struct span text = { texts.s, nul ? (__u32)(nul - texts.s) : texts.len };
		__u32 taken = text.len + !!nul;

		spend(run, taken);
		if ((insn->element == EVRING_ELEMENT_ANY || insn->element == i) &&
		    text_holds(run, insn, pool, text))
			return true;
		if (insn->element == i)
			return false;
		texts.s += taken;
		texts.len -= taken;
	}
	return false;
}

static bool text_test(struct run *run, const struct evring_insn *insn, const char *pool)
{
	struct span bytes = field_bytes(run, insn);

	/* A field that is absent is empty, and its address may be NULL. */
	if (!bytes.s)
		bytes.s = run->payload;
	if (insn->kind == EVRING_KIND_TEXTS)
		return texts_hold(run, insn, pool, bytes);
	return text_holds(run, insn, pool, bytes);
}

/* Out of line, so that the registers are the fast test's. */
static noinline bool any_test(struct run *run, const struct evring_insn *insn,
			      const char *pool)
{
	if (insn->op <= EVRING_OP_RANGES)
		return number_test(run, insn, pool + insn->pool);
	return text_test(run, insn, pool + insn->pool);
}

static enum evring_verdict program_run(const struct evring_program *program, struct run *run)
{
	const char *insns = (const char *)program + program->insns.offset, *at = insns;
	const char *pool = (const char *)program + program->pool.offset;
	const __u32 count = program->insns.count, stride = program->insns.stride;
	const char *const payload = run->payload;
	const __u32 len = run->len;
	const struct evring_insn *insn;
	__u32 i = 0, to;
	bool yes;

	/* Each step is to a later instruction, or out: that was verified. */
	for (;;) {
		insn = (const void *)at;
		if (!number_test_fast(payload, len, insn, &yes)) {
			yes = any_test(run, insn, pool);
			if (run->steps <= 0)
				return EVRING_UNDECIDED;
		}
		to = yes ? insn->yes : insn->no;
		/* Most go on with the next one, which a processor then looks at ahead. */
		if (to == i + 1)
			at += stride;
		else if (to < count)
			at = insns + to * stride;
		else
			return to == EVRING_INSN_ACCEPT ? EVRING_WANTED : EVRING_UNWANTED;
		i = to;
	}
}

enum evring_verdict evring_program_spend(const struct evring_program *program,
					 const struct evring_rec *rec, const void *payload,
					 __u32 len, int *steps)
{
	struct run run = { .rec = rec, .payload = payload, .len = len, .steps = *steps };
	enum evring_verdict verdict = program_run(program, &run);

	*steps = run.steps;
	return verdict;
}
