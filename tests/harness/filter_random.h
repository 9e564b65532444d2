/* SPDX-License-Identifier: MIT */
/*
 * Random expressions over a type's fields, and an evaluator of them over events of which
 * the test knows what is in them. It shares no line with the code under test: numbers are
 * 128 bits wide, globs are fnmatch()'s, addresses are compared bit by bit.
 */
#ifndef EVRING_TESTS_FILTER_RANDOM_H
#define EVRING_TESTS_FILTER_RANDOM_H

#include <arpa/inet.h>
#include <evring.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

typedef __int128 wide;

/*
 * An event, as the test knows it
 */

#define FACT_NUMBERS	16
#define FACT_ARRAYS	2
#define FACT_ELEMENTS	4
#define FACT_TEXTS	4
#define FACT_ARGS	4
#define FACT_TEXT	32

struct fact_number {
	const char *name;
	unsigned int bits;
	bool has_sign;
};

/* The fields of its type that are asked for; NULL: it has none such, or no more of them */
struct fact_fields {
	struct fact_number numbers[FACT_NUMBERS + 1];
	struct fact_number arrays[FACT_ARRAYS + 1];
	const char *texts[FACT_TEXTS + 1];
	const char *args, *flag, *addr;
};

/* What is in them, in the same order */
struct facts {
	wide numbers[FACT_NUMBERS];
	wide arrays[FACT_ARRAYS][FACT_ELEMENTS];
	unsigned int counts[FACT_ARRAYS];
	char texts[FACT_TEXTS][FACT_TEXT];
	char args[FACT_ARGS][FACT_TEXT];
	unsigned int nr_args;
	bool flag;
	uint8_t addr[16];
};

static inline wide bits_min(unsigned int bits, bool has_sign)
{
	return has_sign ? -((wide)1 << (bits - 1)) : 0;
}

static inline wide bits_max(unsigned int bits, bool has_sign)
{
	return ((wide)1 << (bits - has_sign)) - 1;
}

/* Mostly those that meet: small ones, and the ends */
static inline wide random_number(unsigned int bits, bool has_sign)
{
	wide min = bits_min(bits, has_sign), max = bits_max(bits, has_sign);

	switch (random_below(8)) {
	case 0:
		return min + random_below(2);
	case 1:
		return max - random_below(2);
	case 2:
		return min + (wide)(random_next() & (uint64_t)(max - min));
	case 3:
		return has_sign ? -(wide)random_below(5) : random_below(5);
	default:
		return random_below(5);
	}
}

static inline void random_text(char *to, unsigned int max)
{
	static const char letters[] = "aab/*[\\]?-";
	unsigned int i, len = random_below(max + 1);

	for (i = 0; i < len; i++)
		to[i] = letters[random_below(random_below(4) ? 4 : sizeof(letters) - 1)];
	to[len] = '\0';
}

/* An address of IPv4 or IPv6 that nets of say_nets() hold at times */
static inline void random_address(uint8_t addr[16])
{
	unsigned int i;

	memset(addr, 0, 16);
	if (random_below(2))
		addr[10] = addr[11] = 0xff;
	for (i = 12; i < 16; i++)
		addr[i] = (uint8_t)(random_below(2) ? 10 : random_next());
}

/*
 * An expression
 */

enum guess_kind { AND, OR, NOT, NUMBERS, ARRAYS, TEXTS, ARGS, FLAG, ADDRESS, GUESS_KINDS };

struct guess {
	enum guess_kind kind;
	struct guess *left, *right;
	unsigned int field;
	int element;			/* -1: any */
	const char *op;
	unsigned int count;
	wide low[4], high[4];
	char texts[4][16];
	uint8_t nets[4][16];
	unsigned int prefixes[4];
};

struct writer {
	const struct evring_type *type;
	const struct fact_fields *fields;
	char text[4096];
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static inline void say(struct writer *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	w->len += (size_t)vsnprintf(w->text + w->len, sizeof(w->text) - w->len, format, args);
	va_end(args);
	if (w->len >= sizeof(w->text))
		abort();
}

/* A name that stands for the number, if one is chosen */
static inline bool say_name(struct writer *w, const struct evring_field *field, wide n)
{
	const char *error = n < 0 && n > -200 ? strerrorname_np((int)-n) : NULL;
	unsigned int i;

	if (!field || random_below(3) == 0)
		return false;
	for (i = 0; i < field->nr_values; i++)
		if ((wide)field->values[i].value == n) {
			say(w, "%s", field->values[i].name);
			return true;
		}
	if (field->format != EVRING_FORMAT_ERRNO || !error)
		return false;
	say(w, random_below(2) ? "%s" : "-%s", error);
	return true;
}

static inline void say_number(struct writer *w, const struct evring_field *field, wide n)
{
	if (say_name(w, field, n))
		return;
	if (n < 0)
		say(w, "-%llu", (unsigned long long)-n);
	else
		say(w, random_below(4) ? "%llu" : "0x%llx", (unsigned long long)n);
}

/* Names of some of its bits, and the others as a number */
static inline void say_mask(struct writer *w, const struct evring_field *field, wide mask)
{
	uint64_t left = (uint64_t)mask, value;
	const char *bar = "";
	unsigned int i;

	say(w, "(");
	for (i = 0; field && i < field->nr_values; i++) {
		value = field->values[i].value;
		if (!value || (left & value) != value || !random_below(3))
			continue;
		say(w, "%s%s", bar, field->values[i].name);
		left &= ~value;
		bar = "|";
	}
	if (left || !*bar)
		say(w, random_below(2) ? "%s%llu" : "%s0x%llx", bar, (unsigned long long)left);
	say(w, ")");
}

/* One of those that have a name, at times */
static inline wide guess_number(const struct fact_number *number, const struct evring_field *field)
{
	if (field && field->nr_values && random_below(2))
		return (wide)field->values[random_below(field->nr_values)].value &
		       bits_max(number->bits, false);
	if (field && field->format == EVRING_FORMAT_ERRNO && number->has_sign && random_below(2))
		return -(wide)random_below(14);
	return random_number(number->bits, number->has_sign);
}

static inline void say_text(struct writer *w, const char *s)
{
	say(w, "\"");
	for (; *s; s++)
		say(w, *s == '\\' ? "\\%c" : random_below(9) ? "%c" : "\\x%02x", *s);
	say(w, "\"");
}

static inline const char *pick(const char *const *ops, unsigned int n)
{
	return ops[random_below(n)];
}

/* The numbers of a question. A test that can never be true is refused: none is made. */
static inline void guess_numbers(struct guess *g, const struct fact_number *number,
				 const struct evring_field *field)
{
	unsigned int i;

	for (i = 0; i < g->count; i++) {
		g->low[i] = guess_number(number, field);
		g->high[i] = random_below(2) ? guess_number(number, field) : g->low[i];
		if (g->high[i] < g->low[i])
			g->high[i] = g->low[i];
	}
	if (!strcmp(g->op, "<") && g->low[0] == bits_min(number->bits, number->has_sign))
		g->low[0]++;
	if (!strcmp(g->op, ">") && g->low[0] == bits_max(number->bits, number->has_sign))
		g->low[0]--;
	if (*g->op == '&') {
		g->low[0] |= 1;
		g->high[0] &= g->low[0];
	}
}

static inline void say_masked(struct writer *w, const struct guess *g,
			      const struct evring_field *field)
{
	say(w, " & ");
	say_mask(w, field, g->low[0]);
	if (!g->op[1])
		return;
	say(w, " %s ", g->op + 1);
	say_mask(w, field, g->high[0]);
}

static inline void say_numbers(struct writer *w, struct guess *g, const struct fact_number *number)
{
	static const char *const ops[] = {
		"==", "!=", "<", "<=", ">", ">=", "in", "&", "&==", "&!=",
	};
	const struct evring_field *field = evring_field(w->type, number->name);
	bool list;
	unsigned int i;

	g->op = pick(ops, number->has_sign ? 7 : 10);
	list = !strcmp(g->op, "in");
	g->count = list ? 1 + random_below(4) : 1;
	guess_numbers(g, number, field);
	if (*g->op == '&') {
		say_masked(w, g, field);
		return;
	}
	say(w, " %s %s", g->op, list ? "(" : "");
	for (i = 0; i < g->count; i++) {
		say(w, i ? ", " : "");
		say_number(w, field, g->low[i]);
		if (list && g->high[i] != g->low[i]) {
			say(w, "..");
			say_number(w, field, g->high[i]);
		}
	}
	say(w, list ? ")" : "");
}

static inline void random_pattern(char *to)
{
	static const char *const parts[] = {
		"*", "*", "?", "a", "b", "/", "[ab]", "[!a]", "[^b/]", "[a-b]", "\\*", "\\[",
		"[]a]", "[!]]", "[a-]", "[*?]", "[\\]b]", "\\\\", "-",
	};
	unsigned int i, n = random_below(5);

	*to = '\0';
	for (i = 0; i < n && strlen(to) < 10; i++)
		strcat(to, parts[random_below(sizeof(parts) / sizeof(*parts))]);
}

static inline void say_texts(struct writer *w, struct guess *g)
{
	static const char *const ops[] = {
		"==", "!=", "in", "~", "!~", "startswith", "endswith", "contains",
	};
	bool list;
	unsigned int i;

	g->op = pick(ops, 8);
	list = strcmp(g->op, "==") && strcmp(g->op, "!=") && random_below(2);
	g->count = list ? 1 + random_below(4) : 1;
	say(w, " %s %s", g->op, list ? "(" : "");
	for (i = 0; i < g->count; i++) {
		if (strchr(g->op, '~')) {
			random_pattern(g->texts[i]);
		} else {
			random_text(g->texts[i], 3);
			if (!*g->texts[i] && strchr("sec", *g->op))
				strcpy(g->texts[i], "a");
		}
		say(w, i ? ", " : "");
		say_text(w, g->texts[i]);
	}
	say(w, list ? ")" : "");
}

static inline void say_nets(struct writer *w, struct guess *g)
{
	char text[INET6_ADDRSTRLEN];
	unsigned int i, bit;
	bool v4;

	g->count = 1 + random_below(3);
	say(w, "%s in (", w->fields->addr);
	for (i = 0; i < g->count; i++) {
		v4 = random_below(2);
		memset(g->nets[i], 0, 16);
		if (v4)
			g->nets[i][10] = g->nets[i][11] = 0xff;
		memset(g->nets[i] + 12, 10, 4);
		g->prefixes[i] = v4 ? 96 + random_below(33) : random_below(129);
		for (bit = g->prefixes[i]; bit < 128; bit++)
			g->nets[i][bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
		inet_ntop(v4 ? AF_INET : AF_INET6, g->nets[i] + (v4 ? 12 : 0), text, sizeof(text));
		say(w, "%s%s/%u", i ? ", " : "", text, g->prefixes[i] - (v4 ? 96 : 0));
	}
	say(w, ")");
}

static inline void say_element(struct writer *w, struct guess *g)
{
	g->element = (int)random_below(6) - 2;
	if (g->element < 0)
		g->element = -1;
	else
		say(w, "[%d]", g->element);
}

static inline bool fields_have(const struct fact_fields *fields, enum guess_kind kind)
{
	switch (kind) {
	case NUMBERS:
		return fields->numbers[0].name;
	case ARRAYS:
		return fields->arrays[0].name;
	case TEXTS:
		return fields->texts[0];
	case ARGS:
		return fields->args;
	case FLAG:
		return fields->flag;
	default:
		return fields->addr;
	}
}

/* One of a list's, whose end is a NULL */
static inline unsigned int pick_number(const struct fact_number *numbers)
{
	unsigned int n = 0;

	while (numbers[n].name)
		n++;
	return random_below(n);
}

static inline unsigned int pick_text(const char *const *texts)
{
	unsigned int n = 0;

	while (texts[n])
		n++;
	return random_below(n);
}

static inline void guess_term(struct writer *w, struct guess *g)
{
	const struct fact_fields *fields = w->fields;

	do {
		g->kind = NUMBERS + (enum guess_kind)random_below(GUESS_KINDS - NUMBERS);
	} while (!fields_have(fields, g->kind));
	switch (g->kind) {
	case NUMBERS:
		g->field = pick_number(fields->numbers);
		say(w, "%s", fields->numbers[g->field].name);
		say_numbers(w, g, &fields->numbers[g->field]);
		break;
	case ARRAYS:
		g->field = pick_number(fields->arrays);
		say(w, "%s", fields->arrays[g->field].name);
		say_element(w, g);
		say_numbers(w, g, &fields->arrays[g->field]);
		break;
	case TEXTS:
		g->field = pick_text(fields->texts);
		say(w, "%s", fields->texts[g->field]);
		say_texts(w, g);
		break;
	case ARGS:
		say(w, "%s", fields->args);
		say_element(w, g);
		say_texts(w, g);
		break;
	case FLAG:
		say(w, "%s", fields->flag);
		break;
	default:
		say_nets(w, g);
	}
}

/* A tree of at most @*left nodes of @guesses */
static inline struct guess *guess_make(struct writer *w, struct guess *guesses, unsigned int *left,
				       unsigned int depth)
{
	struct guess *g = &guesses[--*left];

	memset(g, 0, sizeof(*g));
	if (!depth || *left < 4 || !random_below(3)) {
		guess_term(w, g);
		return g;
	}
	g->kind = AND + (enum guess_kind)random_below(3);
	say(w, g->kind == NOT ? "!(" : "(");
	g->left = guess_make(w, guesses, left, depth - 1);
	if (g->kind != NOT && *left) {
		say(w, g->kind == AND ? ") && (" : ") || (");
		g->right = guess_make(w, guesses, left, depth - 1);
	}
	say(w, ")");
	return g;
}

/*
 * The evaluator
 */

static inline bool number_says(const struct guess *g, wide x)
{
	unsigned int i;

	if (!strcmp(g->op, "=="))
		return x == g->low[0];
	if (!strcmp(g->op, "<"))
		return x < g->low[0];
	if (!strcmp(g->op, "<="))
		return x <= g->low[0];
	if (!strcmp(g->op, ">"))
		return x > g->low[0];
	if (!strcmp(g->op, ">="))
		return x >= g->low[0];
	if (!strcmp(g->op, "&"))
		return (x & g->low[0]) != 0;
	if (!strcmp(g->op, "&=="))
		return (x & g->low[0]) == g->high[0];
	for (i = 0; i < g->count; i++)
		if (x >= g->low[i] && x <= g->high[i])
			return true;
	return false;
}

/* "!=" is the opposite of "==", of several numbers too. */
static inline bool numbers_say(const struct guess *g, const wide *x, unsigned int count)
{
	struct guess equal = *g;
	unsigned int i;

	if (!strcmp(g->op, "!=") || !strcmp(g->op, "&!=")) {
		equal.op = *g->op == '&' ? "&==" : "==";
		return !numbers_say(&equal, x, count);
	}
	for (i = 0; i < count; i++)
		if ((g->element < 0 || (unsigned int)g->element == i) && number_says(g, x[i]))
			return true;
	return false;
}

static inline bool text_says(const char *op, const char *s, const char *want)
{
	size_t len = strlen(s), want_len = strlen(want);

	switch (*op) {
	case '=': case 'i':
		return !strcmp(s, want);
	case '~':
		return !fnmatch(want, s, 0);
	case 's':
		return !strncmp(s, want, want_len);
	case 'e':
		return len >= want_len && !strcmp(s + len - want_len, want);
	default:
		return strstr(s, want);
	}
}

static inline bool texts_say(const struct guess *g, const char (*texts)[FACT_TEXT], unsigned int count)
{
	bool opposite = *g->op == '!';
	const char *op = !strcmp(g->op, "!=") ? "==" : !strcmp(g->op, "!~") ? "~" : g->op;
	unsigned int i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < g->count; j++)
			if ((g->element < 0 || (unsigned int)g->element == i) &&
			    text_says(op, texts[i], g->texts[j]))
				return !opposite;
	return opposite;
}

static inline bool nets_say(const struct guess *g, const uint8_t *addr)
{
	unsigned int i, bit;

	for (i = 0; i < g->count; i++) {
		for (bit = 0; bit < g->prefixes[i]; bit++)
			if ((addr[bit / 8] ^ g->nets[i][bit / 8]) & 0x80 >> bit % 8)
				break;
		if (bit == g->prefixes[i])
			return true;
	}
	return false;
}

static inline bool guess_says(const struct guess *g, const struct facts *f)
{
	struct guess any = *g;

	switch (g->kind) {
	case AND:
		return guess_says(g->left, f) && (!g->right || guess_says(g->right, f));
	case OR:
		return guess_says(g->left, f) || (g->right && guess_says(g->right, f));
	case NOT:
		return !guess_says(g->left, f);
	case NUMBERS:
		any.element = -1;
		return numbers_say(&any, &f->numbers[g->field], 1);
	case ARRAYS:
		return numbers_say(g, f->arrays[g->field], f->counts[g->field]);
	case TEXTS:
		any.element = -1;
		return texts_say(&any, &f->texts[g->field], 1);
	case ARGS:
		return texts_say(g, f->args, f->nr_args);
	case FLAG:
		return f->flag;
	default:
		return nets_say(g, f->addr);
	}
}

#endif /* EVRING_TESTS_FILTER_RANDOM_H */
