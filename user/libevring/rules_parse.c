/* SPDX-License-Identifier: MIT */
/*
 * A line of rules:
 *
 *	line = type "." field ":" item { ("," | ";") item } [ "if" expression ]
 *	item = "after" glob | "header" word | "url" | "all" | word "*" | glob "="
 *
 * The expression is a filter's. A word ends at a blank, a comma or a semicolon, or it
 * stands in quotes. Behind the "=" there may be three dots.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"
#include "rules.h"

#define OPERAND_MAX	255

/* A piece of the line, and its meaning */
struct piece {
	const char *at;
	unsigned int len;		/* in the line */
	unsigned int text_len;
	char text[OPERAND_MAX + 1];	/* without quotes */
	bool quoted;
};

struct parser {
	struct evring_rules *rules;
	const char *line;
	const char *at;
	struct evring_filter_error *error;
	jmp_buf failed;
	struct evring_build_item items[EVRING_BUILD_ITEMS_MAX];
	char operands[EVRING_REDACT_POOL_MAX];
	unsigned int nr_items, used;
	uint32_t field;
	bool has_cond;
};

__attribute__((noreturn, format(printf, 4, 5)))
static void rules_fail(struct parser *p, const char *at, unsigned int len, const char *format, ...)
{
	struct evring_filter_error *error = p->error;
	va_list args;

	error->column = (unsigned int)(at - p->line) + 1;
	error->len = len ? len : 1;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	longjmp(p->failed, 1);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_space(struct parser *p)
{
	while (is_space(*p->at))
		p->at++;
}

static void piece_put(struct parser *p, struct piece *piece, char c)
{
	if (piece->text_len == OPERAND_MAX)
		rules_fail(p, piece->at, 1, "too long: a word has at most %d bytes", OPERAND_MAX);
	piece->text[piece->text_len++] = c;
}

static void take_quoted(struct parser *p, struct piece *piece)
{
	char quote = *p->at++;

	piece->quoted = true;
	for (; *p->at != quote; p->at++) {
		if (*p->at == '\\' && p->at[1])
			p->at++;
		if (!*p->at)
			rules_fail(p, piece->at, 1, "this text does not end: there is no other %c",
				   quote);
		piece_put(p, piece, *p->at);
	}
	p->at++;
}

/* The next word, up to a blank or one of @stops; without any byte where there is none. */
static struct piece take_word(struct parser *p, const char *stops)
{
	struct piece piece = { .at = NULL };

	skip_space(p);
	piece.at = p->at;
	while (*p->at && !is_space(*p->at) && !strchr(stops, *p->at)) {
		if (*p->at == '"' || *p->at == '\'')
			take_quoted(p, &piece);
		else
			piece_put(p, &piece, *p->at++);
	}
	piece.text[piece.text_len] = '\0';
	piece.len = (unsigned int)(p->at - piece.at);
	return piece;
}

static bool piece_is(const struct piece *piece, const char *word)
{
	return !piece->quoted && !strcmp(piece->text, word);
}

/*
 * type.field:
 */

__attribute__((noreturn))
static void no_field(struct parser *p, const char *name)
{
	const struct evring_type *type = p->rules->type;
	struct token token = { .at = name, .len = (unsigned int)strcspn(name, ": \t") };
	struct near near;

	near_begin(&near, &token);
	for (uint32_t i = 0; i < type->nr_fields; i++)
		near_look(&near, type->fields[i].name);
	if (near.name)
		rules_fail(p, name, token.len, "no field '%.*s' in %s: did you mean '%s'?",
			   (int)token.len, name, type->name, near.name);
	rules_fail(p, name, token.len, "no field '%.*s' in %s: 'evring types %s' lists them",
		   (int)token.len, name, type->name, type->name);
}

static uint32_t parse_field(struct parser *p)
{
	const struct evring_type *type = p->rules->type;
	struct piece piece = take_word(p, ":");
	size_t type_len = strlen(type->name);
	const struct evring_field *field;
	const char *name;

	if (!strchr(piece.text, '.') || piece.quoted)
		rules_fail(p, piece.at, piece.len,
			   "a rule begins with a type and a field, as in process.exec.argv:");
	if (strncmp(piece.text, type->name, type_len) || piece.text[type_len] != '.')
		rules_fail(p, piece.at, piece.len, "this is a rule for another type than %s",
			   type->name);
	name = piece.at + type_len + 1;
	field = evring_field(type, piece.text + type_len + 1);
	if (!field)
		no_field(p, name);
	if (field->kind != EVRING_KIND_TEXT && field->kind != EVRING_KIND_TEXTS)
		rules_fail(p, name, (unsigned int)strlen(field->name),
			   "'%s' is no text of variable length: there can be no secret in it",
			   field->name);
	skip_space(p);
	if (*p->at != ':')
		rules_fail(p, p->at, 1, "':' is expected here, behind the field");
	p->at++;
	return (uint32_t)(field - type->fields);
}

/*
 * Items
 */

static void item_add(struct parser *p, const struct piece *piece, enum evring_redact_op op,
		     unsigned int len)
{
	struct evring_build_item *item = &p->items[p->nr_items];

	if (p->nr_items == EVRING_BUILD_ITEMS_MAX || p->used + len > sizeof(p->operands))
		rules_fail(p, piece->at, piece->len, "too much in one line");
	*item = (struct evring_build_item){ .op = op };
	if (op != EVRING_REDACT_ALL && op != EVRING_REDACT_URL) {
		memcpy(p->operands + p->used, piece->text, len);
		item->operand = p->operands + p->used;
		item->len = len;
		p->used += len;
	}
	p->nr_items++;
}

/* The operand of "after" and "header" */
static struct piece take_operand(struct parser *p, const struct piece *verb, const char *example)
{
	struct piece piece = take_word(p, ",;");

	if (!piece.text_len)
		rules_fail(p, verb->at, verb->len, "'%s' is followed by a name, as in '%s %s'",
			   verb->text, verb->text, example);
	return piece;
}

static void parse_after(struct parser *p, const struct piece *verb)
{
	struct piece piece = take_operand(p, verb, "--password");

	if (memchr(piece.text, '=', piece.text_len))
		rules_fail(p, piece.at, piece.len,
			   "the name of an option has no '=': the text after one is found, too");
	item_add(p, &piece, EVRING_REDACT_AFTER, piece.text_len);
}

static void parse_header(struct parser *p, const struct piece *verb)
{
	struct piece piece = take_operand(p, verb, "authorization");
	unsigned int len = piece.text_len;

	if (len > 1 && piece.text[len - 1] == ':')
		len--;
	if (strpbrk(piece.text, "*?"))
		rules_fail(p, piece.at, piece.len, "the name of a header is no pattern");
	item_add(p, &piece, EVRING_REDACT_HEADER, len);
}

/* Without the dots that may stand behind a '=' */
static unsigned int dots_off(const struct piece *piece)
{
	static const char *const dots[] = { "\xe2\x80\xa6", "..." };
	unsigned int len = piece->text_len;

	for (size_t i = 0; i < sizeof(dots) / sizeof(*dots); i++) {
		size_t n = strlen(dots[i]);

		if (len > n && piece->text[len - n - 1] == '=' &&
		    !memcmp(piece->text + len - n, dots[i], n))
			return len - (unsigned int)n;
	}
	return len;
}

static void parse_pattern(struct parser *p, const struct piece *piece)
{
	unsigned int len = dots_off(piece);

	if (len > 1 && piece->text[len - 1] == '=') {
		if (memchr(piece->text, '=', len - 1))
			rules_fail(p, piece->at, piece->len, "a name has no '=' in it");
		item_add(p, piece, EVRING_REDACT_VALUE, len - 1);
		return;
	}
	if (len > 1 && piece->text[len - 1] == '*') {
		if (strcspn(piece->text, "*?") != len - 1)
			rules_fail(p, piece->at, piece->len,
				   "a prefix is meant as it is: '*' stands at its end alone");
		item_add(p, piece, EVRING_REDACT_PREFIX, len - 1);
		return;
	}
	if (*piece->text == '-')
		rules_fail(p, piece->at, piece->len,
			   "an option alone is no rule: did you mean 'after %s' or '%s*'?",
			   piece->text, piece->text);
	rules_fail(p, piece->at, piece->len,
		   "'%s' is no rule: there are 'after OPTION', 'PREFIX*', 'NAME=', 'header NAME', "
		   "'url' and 'all'", piece->text);
}

static void parse_item(struct parser *p)
{
	struct piece piece = take_word(p, ",;");

	if (!piece.len)
		rules_fail(p, piece.at, 1, "a rule is expected here, as 'after --password'");
	if (piece_is(&piece, "after"))
		parse_after(p, &piece);
	else if (piece_is(&piece, "header"))
		parse_header(p, &piece);
	else if (piece_is(&piece, "url"))
		item_add(p, &piece, EVRING_REDACT_URL, 0);
	else if (piece_is(&piece, "all"))
		item_add(p, &piece, EVRING_REDACT_ALL, 0);
	else
		parse_pattern(p, &piece);
}

/* Items up to the end or "if". True: there is an "if", and p->at is behind it. */
static bool parse_items(struct parser *p)
{
	struct piece piece;

	for (;;) {
		parse_item(p);
		skip_space(p);
		if (!*p->at)
			return false;
		if (*p->at == ',' || *p->at == ';') {
			p->at++;
			continue;
		}
		piece = take_word(p, ",;");
		if (piece_is(&piece, "if"))
			return true;
		rules_fail(p, piece.at, piece.len, "',', 'if' or the end is expected here, not '%s'",
			   piece.text);
	}
}

/*
 * Lines
 */

/* The condition; its errors are in it, and it is in the line. */
static struct evring_filter *parse_cond(struct parser *p, int *ret)
{
	struct evring_filter *filter = NULL;

	skip_space(p);
	*ret = evring_filter_compile(&filter, p->rules->type, p->at, p->error);
	if (*ret == -EINVAL)
		p->error->column += (unsigned int)(p->at - p->line);
	return filter;
}

/* All but the condition. False: it is wrong, and p->error says how. */
static bool parse_rule(struct parser *p)
{
	if (setjmp(p->failed))
		return false;
	if (strpbrk(p->line, "\r\n"))
		rules_fail(p, strpbrk(p->line, "\r\n"), 1, "one rule is one line");
	p->field = parse_field(p);
	p->has_cond = parse_items(p);
	return true;
}

static int parse_line(struct parser *p)
{
	struct evring_build_line line = { .items = p->items, .text = p->line };
	struct evring_filter *filter = NULL;
	int ret = 0;

	if (!parse_rule(p))
		return -EINVAL;
	if (p->has_cond)
		filter = parse_cond(p, &ret);
	if (ret)
		return ret;
	line.field = p->field;
	line.nr = p->nr_items;
	line.text_len = (uint32_t)strlen(p->line);
	line.cond = filter ? evring_filter_program(filter) : NULL;
	ret = evring_build_add(&p->rules->build, &line);
	evring_filter_free(filter);
	return ret;
}

int rules_parse(struct evring_rules *rules, const char *line, struct evring_filter_error *error)
{
	struct evring_filter_error unused = { 0 };
	struct parser *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return -ENOMEM;
	p->rules = rules;
	p->line = line;
	p->at = line;
	p->error = error ? error : &unused;
	*p->error = unused;
	ret = parse_line(p);
	free(p);
	return ret;
}
