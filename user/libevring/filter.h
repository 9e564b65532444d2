/* SPDX-License-Identifier: MIT */
/*
 * How an expression becomes a program: text, tokens, tree, instructions.
 *
 *	expression = and { "||" and }
 *	and        = not { "&&" not }
 *	not        = "!" not | "(" expression ")" | term
 *	term       = field [ "[" number "]" ] [ question ]
 *	question   = ("==" | "!=" | "<" | "<=" | ">" | ">=") value
 *	           | "in" ( value | "(" value { "," value } ")" )
 *	           | "&" mask [ ("==" | "!=") mask ]
 *	           | ("~" | "!~" | "startswith" | "endswith" | "contains") texts
 *	value      = word [ ".." word ] | string
 *	mask       = word { "|" word } | "(" mask ")"
 *	texts      = string | "(" string { "," string } ")"
 *
 * A word stands without quotes: a number, a name, an address. Its meaning depends on
 * the field.
 */
#ifndef EVRING_FILTER_H
#define EVRING_FILTER_H

#include <setjmp.h>

#include "../../kmod/filter/filter.h"
#include "internal.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,		/* in quotes, which are part of it */
	TOKEN_OPEN,		/* ( */
	TOKEN_CLOSE,		/* ) */
	TOKEN_BRACKET,		/* [ */
	TOKEN_UNBRACKET,	/* ] */
	TOKEN_COMMA,
	TOKEN_RANGE,		/* .. */
	TOKEN_BAR,		/* | */
	TOKEN_MASK,		/* & */
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_EQUAL,
	TOKEN_UNEQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_MORE,
	TOKEN_MORE_EQUAL,
	TOKEN_GLOB,		/* ~ */
	TOKEN_NO_GLOB,		/* !~ */
	/* Words where a question is expected */
	TOKEN_IN,
	TOKEN_STARTS,
	TOKEN_ENDS,
	TOKEN_CONTAINS,
};

/* A piece of the expression */
struct token {
	enum token_kind kind;
	const char *at;
	unsigned int len;
};

/* One value of a term: a token, or two with ".." between */
struct operand {
	struct token from;
	struct token to;	/* TOKEN_END: there is no range */
};

enum node_kind { NODE_TERM, NODE_NOT, NODE_AND, NODE_OR };

/* Of the tree. Children are numbers of nodes. */
struct node {
	enum node_kind kind;
	unsigned int left, right;
	/* NODE_TERM */
	struct token field;
	struct token element;		/* TOKEN_END: none */
	struct token question;		/* TOKEN_END: none */
	struct token mask_question;	/* behind "& mask": == or != */
	unsigned int first, count;	/* operands: of the question, or the mask's words */
	unsigned int more;		/* operands behind them: the mask's value */
};

#define NODES_MAX	(2 * EVRING_INSNS_MAX + 128)
#define OPERANDS_MAX	1024
#define DEPTH_MAX	64	/* of parentheses and "!" */

/* The state of a compilation */
struct compiler {
	const struct evring_type *type;
	const char *text;
	struct evring_filter_error *error;
	jmp_buf failed;			/* where filter_fail() goes */
	struct token token;		/* the next one */
	unsigned int depth;
	struct node nodes[NODES_MAX];
	unsigned int nr_nodes;
	struct operand operands[OPERANDS_MAX];
	unsigned int nr_operands;
	struct evring_insn insns[EVRING_INSNS_MAX];	/* the last one first */
	unsigned int nr_insns;
	unsigned char pool[EVRING_POOL_MAX];
	unsigned int pool_len;
};

/* filter_error.c: end the compilation with an error. Does not return. */
__attribute__((noreturn, format(printf, 3, 4)))
void filter_fail(struct compiler *c, const struct token *token, const char *format, ...);

/* Of several names, each given to near_look(), the one that a token is a misspelling of */
struct near {
	const char *s;
	unsigned int len;
	unsigned int distance;	/* of the best one so far */
	const char *name;	/* NULL: none is near */
};

void near_begin(struct near *near, const struct token *token);
void near_look(struct near *near, const char *name);

/* filter_lex.c: text to tokens */

void lex_next(struct compiler *c);
bool token_is(const struct token *token, const char *word);
/* The bytes of a string in quotes, at most @room; -1: more. */
int string_bytes(struct compiler *c, const struct token *token, unsigned char *to, size_t room);

/* filter_parse.c: tokens to a tree; returns its root */

unsigned int filter_parse(struct compiler *c);

/* filter_value.c: words become values of a field */

/* The range of numbers that a value stands for, @low to @high. */
void value_range(struct compiler *c, const struct evring_field *field,
		 const struct operand *operand, __u64 *low, __u64 *high);
/* The numbers on one side of a value: @kind is TOKEN_LESS to TOKEN_MORE_EQUAL. */
void value_beyond(struct compiler *c, const struct evring_field *field, enum token_kind kind,
		  const struct token *token, __u64 *low, __u64 *high);
/* One number, or several names whose bits are joined. */
uint64_t value_mask(struct compiler *c, const struct evring_field *field, unsigned int first,
		    unsigned int count);
/* An address, with a prefix or not: returns how many bits it has in @bytes. */
unsigned int value_bits(struct compiler *c, const struct evring_field *field,
			const struct token *token, unsigned char bytes[16]);

/* filter_term.c: a term to an instruction, but for its jumps. True: it is the term's opposite. */

bool term_compile(struct compiler *c, const struct node *node, struct evring_insn *insn);

#endif /* EVRING_FILTER_H */
