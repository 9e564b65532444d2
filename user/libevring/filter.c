/* SPDX-License-Identifier: MIT */
/*
 * A filter: an expression, compiled to the program that the kernel takes as well.
 *
 * Instructions are made from the last one to the first: so where a term leads to
 * is known when it is made, and each jump goes forward.
 */
#include <errno.h>
#include <stdlib.h>

#include "filter.h"

#define ALIGN8(n)	(((size_t)(n) + 7) & ~(size_t)7)

struct evring_filter {
	size_t len;
	struct evring_program program;	/* and all of its parts */
};

/* Where to go: how many instructions there are from there to the end, or an end. */
typedef unsigned int label;

#define LABEL_ACCEPT	((label)EVRING_INSN_ACCEPT)
#define LABEL_REJECT	((label)EVRING_INSN_REJECT)

static label term_make(struct compiler *c, const struct node *node, label yes, label no)
{
	struct evring_insn insn;
	bool opposite;

	if (c->nr_insns == EVRING_INSNS_MAX)
		filter_fail(c, &node->field, "too long: an expression has at most %d terms",
			    EVRING_INSNS_MAX);
	opposite = term_compile(c, node, &insn);
	insn.yes = (uint16_t)(opposite ? no : yes);
	insn.no = (uint16_t)(opposite ? yes : no);
	c->insns[c->nr_insns++] = insn;
	return c->nr_insns;
}

/* The program of a tree that ends at @yes or @no. Returns where it begins. */
static label tree_make(struct compiler *c, unsigned int number, label yes, label no)
{
	const struct node *node = &c->nodes[number];
	label right;

	switch (node->kind) {
	case NODE_NOT:
		return tree_make(c, node->left, no, yes);
	case NODE_AND:
		right = tree_make(c, node->right, yes, no);
		return tree_make(c, node->left, right, no);
	case NODE_OR:
		right = tree_make(c, node->right, yes, no);
		return tree_make(c, node->left, yes, right);
	default:
		return term_make(c, node, yes, no);
	}
}

static uint16_t jump(const struct compiler *c, uint16_t to)
{
	if (to == EVRING_INSN_ACCEPT || to == EVRING_INSN_REJECT)
		return to;
	return (uint16_t)(c->nr_insns - to);
}

static struct evring_filter *filter_make(const struct compiler *c)
{
	size_t insns = c->nr_insns * sizeof(*c->insns), text = strlen(c->text) + 1;
	size_t len = ALIGN8(sizeof(struct evring_program) + insns + c->pool_len + text);
	struct evring_filter *filter = calloc(1, offsetof(struct evring_filter, program) + len);
	struct evring_program *program;
	struct evring_insn *to;
	unsigned int i;

	if (!filter)
		return NULL;
	filter->len = len;
	program = &filter->program;
	program->magic = EVRING_PROGRAM_MAGIC;
	program->len = (uint32_t)len;
	program->size = sizeof(*program);
	program->version = c->type->version;
	program->insns.offset = sizeof(*program);
	program->insns.stride = sizeof(*to);
	program->insns.count = c->nr_insns;
	program->pool.offset = program->insns.offset + (uint32_t)insns;
	program->pool.stride = 1;
	program->pool.count = c->pool_len;
	program->text.offset = program->pool.offset + c->pool_len;
	program->text.stride = 1;
	program->text.count = (uint32_t)text;
	to = (struct evring_insn *)(program + 1);
	for (i = 0; i < c->nr_insns; i++) {
		to[i] = c->insns[c->nr_insns - 1 - i];
		to[i].yes = jump(c, to[i].yes);
		to[i].no = jump(c, to[i].no);
	}
	memcpy((char *)program + program->pool.offset, c->pool, c->pool_len);
	memcpy((char *)program + program->text.offset, c->text, text);
	return filter;
}

/* False: it is wrong, and c->error says how. */
static bool compile(struct compiler *c)
{
	struct token start = { .at = c->text };

	if (setjmp(c->failed))
		return false;
	if (strlen(c->text) >= EVRING_TEXT_MAX)
		filter_fail(c, &start, "too long: an expression has at most %d bytes",
			    EVRING_TEXT_MAX - 1);
	tree_make(c, filter_parse(c), LABEL_ACCEPT, LABEL_REJECT);
	return true;
}

int evring_filter_compile(struct evring_filter **filter, const struct evring_type *type,
			  const char *expression, struct evring_filter_error *error)
{
	struct evring_filter_error unused = { 0 };
	struct compiler *c = calloc(1, sizeof(*c));
	int ret = 0;

	if (!c)
		return -ENOMEM;
	c->type = type;
	c->text = expression;
	c->error = error ? error : &unused;
	*c->error = unused;
	if (!compile(c)) {
		ret = -EINVAL;
	} else {
		*filter = filter_make(c);
		if (!*filter)
			ret = -ENOMEM;
	}
	free(c);
	return ret;
}

void evring_filter_free(struct evring_filter *filter)
{
	free(filter);
}

const struct evring_program *evring_filter_program(const struct evring_filter *filter)
{
	return &filter->program;
}

bool evring_filter_match(const struct evring_filter *filter, const struct evring_event *event)
{
	return evring_program_run(&filter->program, event->rec, event->payload,
				  event->payload_len) != EVRING_UNWANTED;
}
