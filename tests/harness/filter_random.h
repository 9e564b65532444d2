/* SPDX-License-Identifier: MIT */
/*
 * Random expressions and events, and an evaluator of the ones over the others. It shares
 * no line with the code under test: numbers are 128 bits wide,
 * globs are fnmatch()'s, addresses are compared bit by bit.
 */
#ifndef EVRING_TESTS_FILTER_RANDOM_H
#define EVRING_TESTS_FILTER_RANDOM_H

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>

#include "filter_sample.h"
#include "random.h"

typedef __int128 wide;

/*
 * An event, as the test knows it
 */

#define FACT_NUMBERS	14
#define FACT_ARGS	4

enum { ARRAY_TRIO, ARRAY_GROUPS, NR_ARRAYS };
enum { TEXT_COMM, TEXT_PATH, TEXT_BLOB, NR_TEXTS };

struct facts {
	wide numbers[FACT_NUMBERS];
	wide arrays[NR_ARRAYS][4];
	unsigned int counts[NR_ARRAYS];
	char texts[NR_TEXTS][12];
	char args[FACT_ARGS][12];
	unsigned int nr_args;
	bool created;
	uint8_t addr[16];
};

static const struct {
	const char *name;
	unsigned int bits;
	bool has_sign;
} fact_numbers[FACT_NUMBERS] = {
	{ "uid", 32, false }, { "small", 8, false }, { "tiny", 8, true }, { "port", 16, false },
	{ "result", 32, true }, { "flags", 32, false }, { "mode", 16, false },
	{ "took", 64, false }, { "size", 64, false }, { "delta", 64, true },
	{ "level", 16, true }, { "dev", 32, false }, { "pid", 32, false }, { "tid", 32, false },
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

static inline void random_facts(struct facts *f)
{
	static const unsigned int array_bits[] = { 16, 32 };
	unsigned int i, j;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < FACT_NUMBERS; i++)
		f->numbers[i] = random_number(fact_numbers[i].bits, fact_numbers[i].has_sign);
	f->counts[ARRAY_TRIO] = 3;
	f->counts[ARRAY_GROUPS] = random_below(5);
	for (i = 0; i < NR_ARRAYS; i++)
		for (j = 0; j < f->counts[i]; j++)
			f->arrays[i][j] = random_number(array_bits[i], false);
	for (i = 0; i < NR_TEXTS; i++)
		random_text(f->texts[i], 8);
	f->nr_args = random_below(FACT_ARGS + 1);
	for (i = 0; i < f->nr_args; i++)
		random_text(f->args[i], 4);
	f->created = random_below(2);
	if (random_below(2))
		f->addr[10] = f->addr[11] = 0xff;
	for (i = 12; i < 16; i++)
		f->addr[i] = (uint8_t)(random_below(2) ? 10 : random_next());
}

static inline void facts_event(const struct facts *f, struct sample_event *e)
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
	e->fixed.created = f->created;
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

/*
 * An expression
 */

enum guess_kind { AND, OR, NOT, NUMBERS, ARRAYS, TEXTS, ARGS, CREATED, ADDRESS };

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

static inline void say_number(struct writer *w, wide n)
{
	if (n < 0)
		say(w, "-%llu", (unsigned long long)-n);
	else
		say(w, random_below(4) ? "%llu" : "0x%llx", (unsigned long long)n);
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

static inline void say_numbers(struct writer *w, struct guess *g, unsigned int bits, bool has_sign)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=", "in", "&", "&==" };
	unsigned int i;

	g->op = pick(ops, has_sign ? 7 : 9);
	g->count = strcmp(g->op, "in") ? 1 : 1 + random_below(4);
	for (i = 0; i < g->count; i++) {
		g->low[i] = random_number(bits, has_sign);
		g->high[i] = random_below(2) ? random_number(bits, has_sign) : g->low[i];
		if (g->high[i] < g->low[i])
			g->high[i] = g->low[i];
	}
	/* A test that can never be true is refused. */
	if (!strcmp(g->op, "<") && g->low[0] == bits_min(bits, has_sign))
		g->low[0]++;
	if (!strcmp(g->op, ">") && g->low[0] == bits_max(bits, has_sign))
		g->low[0]--;
	if (*g->op == '&') {
		g->low[0] |= 1;
		g->high[0] &= g->low[0];
	}
	say(w, " %s ", *g->op == '&' ? "&" : g->op);
	if (!strcmp(g->op, "in"))
		say(w, "(");
	for (i = 0; i < g->count; i++) {
		say(w, i ? ", " : "");
		say_number(w, g->low[i]);
		if (!strcmp(g->op, "in") && g->high[i] != g->low[i]) {
			say(w, "..");
			say_number(w, g->high[i]);
		}
	}
	say(w, !strcmp(g->op, "in") ? ")" : "");
	if (!strcmp(g->op, "&==")) {
		say(w, " == ");
		say_number(w, g->high[0]);
	}
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
	say(w, "addr in (");
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

static inline void guess_term(struct writer *w, struct guess *g)
{
	static const char *const arrays[] = { "trio", "groups" };
	static const char *const texts[] = { "comm", "path", "blob" };

	g->kind = NUMBERS + (enum guess_kind)random_below(6);
	switch (g->kind) {
	case NUMBERS:
		g->field = random_below(FACT_NUMBERS);
		say(w, "%s", fact_numbers[g->field].name);
		say_numbers(w, g, fact_numbers[g->field].bits, fact_numbers[g->field].has_sign);
		break;
	case ARRAYS:
		g->field = random_below(NR_ARRAYS);
		say(w, "%s", arrays[g->field]);
		say_element(w, g);
		say_numbers(w, g, g->field == ARRAY_TRIO ? 16 : 32, false);
		break;
	case TEXTS:
		g->field = random_below(NR_TEXTS);
		say(w, "%s", texts[g->field]);
		say_texts(w, g);
		break;
	case ARGS:
		say(w, "argv");
		say_element(w, g);
		say_texts(w, g);
		break;
	case CREATED:
		say(w, "created");
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

	if (!strcmp(g->op, "!=")) {
		equal.op = "==";
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

static inline bool texts_say(const struct guess *g, const char (*texts)[12], unsigned int count)
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
	case CREATED:
		return f->created;
	default:
		return nets_say(g, f->addr);
	}
}

#endif /* EVRING_TESTS_FILTER_RANDOM_H */
