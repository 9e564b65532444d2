/* SPDX-License-Identifier: MIT */
/* An expression's tree, by recursive descent; the first error ends the parse. */
#include <stdio.h>

#include "filter.h"

static unsigned int parse_or(struct compiler *c);

static unsigned int node_new(struct compiler *c, enum node_kind kind, const struct token *token)
{
	if (c->nr_nodes == NODES_MAX)
		filter_fail(c, token, "too long: an expression has at most %d terms",
			    EVRING_INSNS_MAX);
	c->nodes[c->nr_nodes] = (struct node){ .kind = kind };
	return c->nr_nodes++;
}

static struct token take(struct compiler *c)
{
	struct token token = c->token;

	lex_next(c);
	return token;
}

/* "'&'", or "the end" */
static const char *called(const struct token *token, char buf[48])
{
	if (token->kind == TOKEN_END)
		return "the end";
	snprintf(buf, 48, "'%.*s'", token->len > 40 ? 40 : (int)token->len, token->at);
	return buf;
}

/* As other languages have it */
static void no_and_or(struct compiler *c)
{
	if (token_is(&c->token, "and"))
		filter_fail(c, &c->token, "'and' means nothing: it is '&&'");
	if (token_is(&c->token, "or"))
		filter_fail(c, &c->token, "'or' means nothing: it is '||'");
}

static void expect(struct compiler *c, enum token_kind kind, const char *want)
{
	char buf[48];

	if (c->token.kind != kind) {
		no_and_or(c);
		filter_fail(c, &c->token, "%s is expected here, not %s", want,
			    called(&c->token, buf));
	}
	lex_next(c);
}

static void add_operand(struct compiler *c, struct node *node, const struct operand *operand)
{
	if (c->nr_operands == OPERANDS_MAX)
		filter_fail(c, &operand->from, "too many values: an expression has at most %d",
			    OPERANDS_MAX);
	if (!node->count++)
		node->first = c->nr_operands;
	c->operands[c->nr_operands++] = *operand;
}

static void parse_value(struct compiler *c, struct node *node)
{
	struct operand operand = { .to.kind = TOKEN_END };
	char buf[48];

	if (c->token.kind != TOKEN_WORD && c->token.kind != TOKEN_STRING)
		filter_fail(c, &c->token, "a value is expected here, not %s",
			    called(&c->token, buf));
	operand.from = take(c);
	if (c->token.kind == TOKEN_RANGE) {
		lex_next(c);
		if (c->token.kind != TOKEN_WORD)
			filter_fail(c, &c->token, "a range ends in a number, not in %s",
				    called(&c->token, buf));
		operand.to = take(c);
	}
	add_operand(c, node, &operand);
}

/* One value, or several in parentheses */
static void parse_values(struct compiler *c, struct node *node)
{
	if (c->token.kind != TOKEN_OPEN) {
		parse_value(c, node);
		return;
	}
	do {
		lex_next(c);
		parse_value(c, node);
	} while (c->token.kind == TOKEN_COMMA);
	expect(c, TOKEN_CLOSE, "',' or ')'");
}

/* Names with bars between, in parentheses or not */
static void parse_mask(struct compiler *c, struct node *node)
{
	bool open = c->token.kind == TOKEN_OPEN;
	struct operand operand = { .to.kind = TOKEN_END };
	char buf[48];

	if (open)
		lex_next(c);
	for (;;) {
		if (c->token.kind != TOKEN_WORD)
			filter_fail(c, &c->token, "a number or a name is expected here, not %s",
				    called(&c->token, buf));
		operand.from = take(c);
		add_operand(c, node, &operand);
		if (c->token.kind != TOKEN_BAR)
			break;
		lex_next(c);
	}
	if (open)
		expect(c, TOKEN_CLOSE, "'|' or ')'");
}

/* flags & O_CREAT, flags & O_ACCMODE == O_WRONLY */
static void parse_masked(struct compiler *c, struct node *node)
{
	unsigned int count;

	parse_mask(c, node);
	if (c->token.kind != TOKEN_EQUAL && c->token.kind != TOKEN_UNEQUAL)
		return;
	node->mask_question = take(c);
	count = node->count;
	parse_mask(c, node);
	node->more = node->count - count;
	node->count = count;
}

static enum token_kind question_word(const struct token *token)
{
	if (token_is(token, "in"))
		return TOKEN_IN;
	if (token_is(token, "startswith"))
		return TOKEN_STARTS;
	if (token_is(token, "endswith"))
		return TOKEN_ENDS;
	return token_is(token, "contains") ? TOKEN_CONTAINS : TOKEN_WORD;
}

static void no_question(struct compiler *c)
{
	static const char *const words[] = { "in", "startswith", "endswith", "contains" };
	const struct token *token = &c->token;
	struct near near;
	unsigned int i;
	char buf[48];

	no_and_or(c);
	near_begin(&near, token);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		near_look(&near, words[i]);
	if (near.name)
		filter_fail(c, token, "there is no operator %s: did you mean '%s'?",
			    called(token, buf), near.name);
	filter_fail(c, token, "an operator is expected here, not %s", called(token, buf));
}

static void parse_question(struct compiler *c, struct node *node)
{
	enum token_kind kind = c->token.kind;

	if (kind == TOKEN_WORD)
		kind = question_word(&c->token);
	switch (kind) {
	case TOKEN_EQUAL: case TOKEN_UNEQUAL: case TOKEN_LESS: case TOKEN_LESS_EQUAL:
	case TOKEN_MORE: case TOKEN_MORE_EQUAL:
		node->question = take(c);
		/* Several names with bars, as a set of flags is written; else one value */
		if (c->token.kind == TOKEN_OPEN)
			parse_mask(c, node);
		else
			parse_value(c, node);
		while (c->token.kind == TOKEN_BAR) {
			lex_next(c);
			parse_value(c, node);
		}
		return;
	case TOKEN_IN: case TOKEN_STARTS: case TOKEN_ENDS: case TOKEN_CONTAINS:
	case TOKEN_GLOB: case TOKEN_NO_GLOB:
		node->question = take(c);
		node->question.kind = kind;
		parse_values(c, node);
		return;
	case TOKEN_MASK:
		node->question = take(c);
		parse_masked(c, node);
		return;
	case TOKEN_WORD: case TOKEN_STRING:
		no_question(c);
		return;
	default:	/* alone: it is true or not */
		return;
	}
}

static unsigned int parse_term(struct compiler *c)
{
	struct node node = { .kind = NODE_TERM };
	unsigned int number;
	char buf[48];

	if (c->token.kind != TOKEN_WORD)
		filter_fail(c, &c->token, "a field is expected here, not %s",
			    called(&c->token, buf));
	number = node_new(c, NODE_TERM, &c->token);
	node.field = take(c);
	if (c->token.kind == TOKEN_BRACKET) {
		lex_next(c);
		if (c->token.kind != TOKEN_WORD)
			filter_fail(c, &c->token, "a number is expected here, not %s",
				    called(&c->token, buf));
		node.element = take(c);
		expect(c, TOKEN_UNBRACKET, "']'");
	}
	parse_question(c, &node);
	c->nodes[number] = node;
	return number;
}

static unsigned int parse_not(struct compiler *c)
{
	unsigned int number, left;

	if (++c->depth > DEPTH_MAX)
		filter_fail(c, &c->token, "too deep: at most %d parentheses within each other",
			    DEPTH_MAX);
	if (c->token.kind == TOKEN_NOT) {
		number = node_new(c, NODE_NOT, &c->token);
		lex_next(c);
		left = parse_not(c);
		c->nodes[number].left = left;
	} else if (c->token.kind == TOKEN_OPEN) {
		lex_next(c);
		number = parse_or(c);
		expect(c, TOKEN_CLOSE, "')'");
	} else {
		number = parse_term(c);
	}
	c->depth--;
	return number;
}

/* Operands with one operator between them: a chain that leans to the left */
static unsigned int parse_chain(struct compiler *c, enum token_kind token, enum node_kind kind,
				unsigned int (*operand)(struct compiler *c))
{
	unsigned int left = operand(c), number, right;

	while (c->token.kind == token) {
		number = node_new(c, kind, &c->token);
		lex_next(c);
		right = operand(c);
		c->nodes[number].left = left;
		c->nodes[number].right = right;
		left = number;
	}
	return left;
}

static unsigned int parse_and(struct compiler *c)
{
	return parse_chain(c, TOKEN_AND, NODE_AND, parse_not);
}

static unsigned int parse_or(struct compiler *c)
{
	return parse_chain(c, TOKEN_OR, NODE_OR, parse_and);
}

unsigned int filter_parse(struct compiler *c)
{
	unsigned int root;
	char buf[48];

	c->token = (struct token){ .at = c->text };
	lex_next(c);
	if (c->token.kind == TOKEN_END)
		filter_fail(c, &c->token, "there is no expression");
	root = parse_or(c);
	if (c->token.kind == TOKEN_WORD)
		no_question(c);
	if (c->token.kind != TOKEN_END)
		filter_fail(c, &c->token, "'&&', '||' or the end is expected here, not %s",
			    called(&c->token, buf));
	return root;
}
