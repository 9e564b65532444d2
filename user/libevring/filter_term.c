/* SPDX-License-Identifier: MIT */
/* A term becomes an instruction, if its test fits the field. */
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"

/* The fields of each record's header; a type's own field of that name comes first. */
static const struct evring_field header_fields[] = {
	{
		.name = "pid", .unit = "", .doc = "", .kind = EVRING_KIND_U32,
		.format = EVRING_FORMAT_PID, .offset = offsetof(struct evring_rec, pid), .size = 4,
	}, {
		.name = "tid", .unit = "", .doc = "", .kind = EVRING_KIND_U32,
		.format = EVRING_FORMAT_PID, .offset = offsetof(struct evring_rec, tid), .size = 4,
	},
};

#define NR_HEADER_FIELDS	(sizeof(header_fields) / sizeof(*header_fields))

static const struct evring_field *find_field(struct compiler *c, const struct token *token,
					     struct evring_insn *insn)
{
	const struct evring_type *type = c->type;
	struct near near;
	uint32_t i;

	for (i = 0; i < type->nr_fields; i++)
		if (token_is(token, type->fields[i].name))
			return &type->fields[i];
	for (i = 0; i < NR_HEADER_FIELDS; i++)
		if (token_is(token, header_fields[i].name)) {
			insn->flags |= EVRING_INSN_HEADER;
			return &header_fields[i];
		}
	near_begin(&near, token);
	for (i = 0; i < type->nr_fields; i++)
		near_look(&near, type->fields[i].name);
	for (i = 0; i < NR_HEADER_FIELDS; i++)
		near_look(&near, header_fields[i].name);
	if (near.name)
		filter_fail(c, token, "no field '%.*s' in %s: did you mean '%s'?",
			    (int)token->len, token->at, type->name, near.name);
	filter_fail(c, token, "no field '%.*s' in %s: 'evring types %s' lists them",
		    (int)token->len, token->at, type->name, type->name);
}

/* The tests that a field allows */
enum class { NUMBER, TEXT, ADDRESS };

static enum class field_class(struct compiler *c, const struct evring_field *field,
			      const struct token *token)
{
	switch (field->kind) {
	case EVRING_KIND_CHARS: case EVRING_KIND_TEXT: case EVRING_KIND_TEXTS:
	case EVRING_KIND_BYTES:
		return TEXT;
	case EVRING_KIND_FIXED:
		if ((field->format == EVRING_FORMAT_IP && field->size == 16) ||
		    (field->format == EVRING_FORMAT_MAC && field->size == 6) ||
		    (field->format == EVRING_FORMAT_UUID && field->size == 16))
			return ADDRESS;
		return TEXT;
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
	case EVRING_KIND_BOOL:
	case EVRING_KIND_U8S: case EVRING_KIND_U16S: case EVRING_KIND_U32S:
	case EVRING_KIND_U64S: case EVRING_KIND_S8S: case EVRING_KIND_S16S:
	case EVRING_KIND_S32S: case EVRING_KIND_S64S:
		return NUMBER;
	default:
		filter_fail(c, token, "'%s' is of a kind that this version does not know",
			    field->name);
	}
}

static void set_element(struct compiler *c, const struct evring_field *field,
			const struct token *token, struct evring_insn *insn)
{
	bool several = field->kind == EVRING_KIND_TEXTS ||
		       (field->kind & EVRING_KIND_VAR && field->kind != EVRING_KIND_TEXT &&
			field->kind != EVRING_KIND_BYTES) ||
		       (!(field->kind & EVRING_KIND_VAR) && field->kind != EVRING_KIND_CHARS &&
			field->kind != EVRING_KIND_FIXED &&
			field->size != EVRING_KIND_SIZE(field->kind));
	unsigned long element;
	char *end;

	insn->element = EVRING_ELEMENT_ANY;
	if (token->kind == TOKEN_END)
		return;
	element = strtoul(token->at, &end, 10);
	if (end != token->at + token->len || *token->at == '-' || *token->at == '+' ||
	    element >= EVRING_ELEMENT_ANY)
		filter_fail(c, token, "an element's number is from 0 to %d",
			    EVRING_ELEMENT_ANY - 1);
	if (!several)
		filter_fail(c, token, "'%s' is one value, not several: leave out the brackets",
			    field->name);
	insn->element = (uint16_t)element;
}

/* Room for @len bytes in the pool */
static unsigned char *pool_add(struct compiler *c, const struct token *token, const void *from,
			       size_t len)
{
	unsigned char *at = c->pool + c->pool_len;

	if (sizeof(c->pool) - c->pool_len < len)
		filter_fail(c, token, "too long: texts and lists of an expression take up to %d bytes",
			    EVRING_POOL_MAX);
	if (from)
		memcpy(at, from, len);
	c->pool_len += (unsigned int)len;
	return at;
}

/* "'<'" of a question, as it stands there */
static int question_len(const struct node *node)
{
	return (int)node->question.len;
}

/*
 * Numbers
 */

static void number_list(struct compiler *c, const struct node *node,
			const struct evring_field *field, struct evring_insn *insn)
{
	const struct operand *operand = &c->operands[node->first];
	__u64 range[2];
	unsigned int i;

	if (node->count == 1) {
		insn->op = EVRING_OP_RANGE;
		value_range(c, field, operand, &range[0], &range[1]);
		insn->a = range[0];
		insn->b = range[1];
		return;
	}
	insn->op = EVRING_OP_RANGES;
	insn->pool = c->pool_len;
	insn->count = (uint16_t)node->count;
	for (i = 0; i < node->count; i++) {
		value_range(c, field, &operand[i], &range[0], &range[1]);
		pool_add(c, &operand[i].from, range, sizeof(range));
	}
}

/* Returns whether it is the opposite. */
static bool number_masked(struct compiler *c, const struct node *node,
			  const struct evring_field *field, struct evring_insn *insn)
{
	insn->a = value_mask(c, field, node->first, node->count);
	if (!insn->a)
		filter_fail(c, &c->operands[node->first].from,
			    "never: this is 0 and has no bit: ask '%s == %.*s'", field->name,
			    (int)c->operands[node->first].from.len,
			    c->operands[node->first].from.at);
	if (node->mask_question.kind == TOKEN_END) {
		insn->op = EVRING_OP_ANY_BIT;
		return false;
	}
	insn->op = EVRING_OP_MASK;
	insn->b = value_mask(c, field, node->first + node->count, node->more);
	if (insn->b & ~insn->a)
		filter_fail(c, &c->operands[node->first + node->count].from,
			    "never: this has bits that are not in what is left of '%.*s'",
			    (int)node->mask_question.len, node->mask_question.at);
	return node->mask_question.kind == TOKEN_UNEQUAL;
}

static bool number_compile(struct compiler *c, const struct node *node,
			   const struct evring_field *field, struct evring_insn *insn)
{
	const struct token *question = &node->question;

	insn->op = EVRING_OP_RANGE;
	switch (question->kind) {
	case TOKEN_END:
		if (field->kind != EVRING_KIND_BOOL)
			filter_fail(c, &node->field, "'%s' is a number: compare it, as in '%s != 0'",
				    field->name, field->name);
		insn->a = 1;
		insn->b = UINT8_MAX;
		return false;
	case TOKEN_EQUAL: case TOKEN_UNEQUAL:
		insn->a = value_mask(c, field, node->first, node->count);
		insn->b = insn->a;
		return question->kind == TOKEN_UNEQUAL;
	case TOKEN_LESS: case TOKEN_LESS_EQUAL: case TOKEN_MORE: case TOKEN_MORE_EQUAL:
		if (node->count > 1 || c->operands[node->first].to.kind != TOKEN_END)
			filter_fail(c, &c->operands[node->first].from,
				    "one number is expected behind '%.*s'", question_len(node),
				    question->at);
		value_beyond(c, field, question->kind, &c->operands[node->first].from, &insn->a,
			     &insn->b);
		return false;
	case TOKEN_IN:
		number_list(c, node, field, insn);
		return false;
	case TOKEN_MASK:
		return number_masked(c, node, field, insn);
	default:
		filter_fail(c, question, "'%s' is a number: '%.*s' is for texts", field->name,
			    question_len(node), question->at);
	}
}

/*
 * Texts
 */

/* Refuse a backslash at the end and classes, which this glob would take literally. */
static void check_glob(struct compiler *c, const struct token *token, const unsigned char *s,
		       size_t len)
{
	size_t i, j;

	for (i = 0; i < len; i++) {
		if (s[i] == '\\') {
			if (++i == len)
				filter_fail(c, token, "this pattern ends in a backslash");
			continue;
		}
		if (s[i] != '[')
			continue;
		j = i + 1;
		if (j < len && (s[j] == '!' || s[j] == '^'))
			j++;
		if (j < len && s[j] == ']')
			j++;
		for (; j < len && s[j] != ']'; j++) {
			if (s[j] == '[' && j + 1 < len && s[j + 1] == ':')
				filter_fail(c, token, "there are no classes like [:alpha:]");
			if (s[j] == '\\')
				j++;
		}
		if (j >= len)
			filter_fail(c, token, "this pattern's '[' has no ']': the character is \\\\[");
		i = j;
	}
}

static void text_operand(struct compiler *c, const struct evring_field *field,
			 const struct operand *operand, struct evring_insn *insn)
{
	const struct token *token = &operand->from;
	unsigned char *count, *s;
	uint16_t len16;
	int len;

	if (token->kind != TOKEN_STRING)
		filter_fail(c, token, "'%s' is a text, which stands in quotes: \"%.*s\"",
			    field->name, (int)token->len, token->at);
	if (operand->to.kind != TOKEN_END)
		filter_fail(c, &operand->to, "a range is of numbers");
	count = pool_add(c, token, NULL, sizeof(len16));
	s = c->pool + c->pool_len;
	len = string_bytes(c, token, s, sizeof(c->pool) - c->pool_len);
	pool_add(c, token, NULL, len < 0 ? sizeof(c->pool) : (size_t)len);
	len16 = (uint16_t)len;
	memcpy(count, &len16, sizeof(len16));
	if (insn->op == EVRING_OP_GLOB)
		check_glob(c, token, s, (size_t)len);
	else if (!len && insn->op != EVRING_OP_EQUAL)
		filter_fail(c, token, "always: the empty text is in each");
	if (insn->op == EVRING_OP_EQUAL && !(field->kind & EVRING_KIND_VAR) && len > field->size)
		filter_fail(c, token, "never: '%s' has at most %u bytes", field->name,
			    field->size);
}

static void text_list(struct compiler *c, const struct node *node,
		      const struct evring_field *field, struct evring_insn *insn)
{
	unsigned int i;

	insn->pool = c->pool_len;
	insn->count = (uint16_t)node->count;
	for (i = 0; i < node->count; i++)
		text_operand(c, field, &c->operands[node->first + i], insn);
}

static bool text_compile(struct compiler *c, const struct node *node,
			 const struct evring_field *field, struct evring_insn *insn)
{
	const struct token *question = &node->question;
	bool opposite = false;

	switch (question->kind) {
	case TOKEN_EQUAL: case TOKEN_UNEQUAL:
		if (node->count > 1)
			filter_fail(c, &c->operands[node->first + 1].from,
				    "one text is expected behind '%.*s': several stand behind 'in'",
				    question_len(node), question->at);
		opposite = question->kind == TOKEN_UNEQUAL;
		insn->op = EVRING_OP_EQUAL;
		break;
	case TOKEN_IN:
		insn->op = EVRING_OP_EQUAL;
		break;
	case TOKEN_GLOB: case TOKEN_NO_GLOB:
		opposite = question->kind == TOKEN_NO_GLOB;
		insn->op = EVRING_OP_GLOB;
		break;
	case TOKEN_STARTS:
		insn->op = EVRING_OP_PREFIX;
		break;
	case TOKEN_ENDS:
		insn->op = EVRING_OP_SUFFIX;
		break;
	case TOKEN_CONTAINS:
		insn->op = EVRING_OP_CONTAINS;
		break;
	case TOKEN_END:
		filter_fail(c, &node->field, "'%s' is a text: compare it, as in '%s != \"\"'",
			    field->name, field->name);
	default:
		filter_fail(c, question, "'%s' is a text: '%.*s' is for numbers", field->name,
			    question_len(node), question->at);
	}
	text_list(c, node, field, insn);
	return opposite;
}

/*
 * Addresses
 */

static void address_operand(struct compiler *c, const struct evring_field *field,
			    const struct operand *operand)
{
	unsigned char bytes[16];
	uint16_t bits;

	if (operand->to.kind != TOKEN_END)
		filter_fail(c, &operand->to, "a range is of numbers: addresses have prefixes");
	bits = (uint16_t)value_bits(c, field, &operand->from, bytes);
	pool_add(c, &operand->from, &bits, sizeof(bits));
	pool_add(c, &operand->from, bytes, (bits + 7u) / 8);
}

static bool address_compile(struct compiler *c, const struct node *node,
			    const struct evring_field *field, struct evring_insn *insn)
{
	const struct token *question = &node->question;
	unsigned int i;

	insn->op = EVRING_OP_NET;
	insn->pool = c->pool_len;
	insn->count = (uint16_t)node->count;
	switch (question->kind) {
	case TOKEN_EQUAL: case TOKEN_UNEQUAL: case TOKEN_IN:
		if (node->count > 1 && question->kind != TOKEN_IN)
			filter_fail(c, &c->operands[node->first + 1].from,
				    "one address is expected behind '%.*s': several stand behind 'in'",
				    question_len(node), question->at);
		for (i = 0; i < node->count; i++)
			address_operand(c, field, &c->operands[node->first + i]);
		return question->kind == TOKEN_UNEQUAL;
	case TOKEN_END:
		filter_fail(c, &node->field, "'%s' is an address: compare it, with == or in",
			    field->name);
	default:
		filter_fail(c, question, "'%s' is an address: there are ==, != and in, not '%.*s'",
			    field->name, question_len(node), question->at);
	}
}

bool term_compile(struct compiler *c, const struct node *node, struct evring_insn *insn)
{
	const struct evring_field *field;

	*insn = (struct evring_insn){ 0 };
	field = find_field(c, &node->field, insn);
	insn->kind = field->kind;
	insn->offset = field->offset;
	insn->size = field->size;
	set_element(c, field, &node->element, insn);
	switch (field_class(c, field, &node->field)) {
	case NUMBER:
		return number_compile(c, node, field, insn);
	case TEXT:
		return text_compile(c, node, field, insn);
	default:
		return address_compile(c, node, field, insn);
	}
}
