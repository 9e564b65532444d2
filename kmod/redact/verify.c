// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Are they rules that evring_redact_find() may go by? They may be an attacker's:
 * evring_redact_find() trusts only the members that are verified here.
 */
#include "redact.h"

/* Sizes of the first version; bytes beyond must be 0. */
#define HEAD_MIN	(offsetof(struct evring_redaction, text) + sizeof(struct evring_table))
#define RULE_MIN	(offsetof(struct evring_redact_rule, pool) + sizeof(__u32))
#define COND_MIN	(offsetof(struct evring_redact_cond, len) + sizeof(__u32))

/* The rules under verification */
struct rules_look {
	const char *base;
	const struct evring_redaction *head;
	const char *pool;
	const struct evring_block *type;
};

static bool rest_is_zero(const char *at, size_t from, size_t to)
{
	for (; from < to; from++)
		if (at[from])
			return false;
	return true;
}

static bool rules_table_ok(const struct evring_redaction *head, const struct evring_table *table,
			   __u32 align)
{
	return !table->reserved && table->stride && table->offset % align == 0 &&
	       table->stride % align == 0 && table->offset >= head->size &&
	       table->offset <= head->len &&
	       (__u64)table->stride * table->count <= head->len - table->offset;
}

static int rules_head_verify(const struct rules_look *look, size_t len)
{
	const struct evring_redaction *head = look->head;
	const char *text;

	if (len < HEAD_MIN || head->magic != EVRING_REDACTION_MAGIC || head->len != len ||
	    len % 8 || head->size < HEAD_MIN || head->size > len)
		return -EINVAL;
	if (!rest_is_zero(look->base, HEAD_MIN, head->size) ||
	    head->rules.count > EVRING_REDACT_RULES_MAX ||
	    head->conds.count > EVRING_REDACT_CONDS_MAX ||
	    head->pool.count > EVRING_REDACT_POOL_MAX ||
	    head->text.count > EVRING_REDACT_TEXT_MAX)
		return -E2BIG;
	if (!head->rules.count || head->rules.stride < RULE_MIN || head->conds.stride < COND_MIN ||
	    !head->text.count || head->pool.stride != 1 || head->text.stride != 1 ||
	    !rules_table_ok(head, &head->rules, 8) || !rules_table_ok(head, &head->conds, 8) ||
	    !rules_table_ok(head, &head->pool, 1) || !rules_table_ok(head, &head->text, 1))
		return -EINVAL;
	text = look->base + head->text.offset;
	return strnlen(text, head->text.count) == head->text.count - 1 ? 0 : -EINVAL;
}

static int cond_verify(const struct rules_look *look, __u32 i)
{
	const struct evring_table *table = &look->head->conds;
	const char *at = look->base + table->offset + i * table->stride;
	const struct evring_redact_cond *cond = (const void *)at;

	if (!rest_is_zero(at, COND_MIN, table->stride))
		return -E2BIG;
	if (cond->offset % 8 || cond->offset < look->head->size ||
	    cond->offset > look->head->len || cond->len > look->head->len - cond->offset)
		return -EINVAL;
	return evring_program_verify(look->base + cond->offset, cond->len, look->type->version,
				     look->type->data_size);
}

static bool rule_field_ok(const struct rules_look *look, const struct evring_redact_rule *rule)
{
	const struct evring_table *fields = &look->type->fields;
	const struct evring_block_field *field;

	if (rule->field >= fields->count)
		return false;
	field = (const void *)((const char *)look->type + fields->offset +
			       rule->field * fields->stride);
	return field->kind == rule->kind && field->offset == rule->offset &&
	       (rule->kind == EVRING_KIND_TEXT || rule->kind == EVRING_KIND_TEXTS);
}

/* At least one byte each; and the first one of each if the rule says so */
static bool rule_operands_ok(const struct rules_look *look, const struct evring_redact_rule *rule)
{
	__u32 at = rule->pool, end = look->head->pool.count;
	unsigned int i;
	__u16 len;

	for (i = 0; i < rule->count; i++) {
		if (at > end || end - at < sizeof(len))
			return false;
		memcpy(&len, look->pool + at, sizeof(len));
		at += sizeof(len);
		if (!len || len > end - at)
			return false;
		if (rule->first && rule->first != (__u8)look->pool[at])
			return false;
		at += len;
	}
	return true;
}

static bool rule_op_ok(const struct rules_look *look, const struct evring_redact_rule *rule)
{
	switch (rule->op) {
	case EVRING_REDACT_ALL:
	case EVRING_REDACT_URL:
		return !rule->count && !rule->pool && !rule->first;
	case EVRING_REDACT_AFTER:
		/* A byte that a glob takes as any */
		return rule->count && rule->first != '*' && rule->first != '?' &&
		       rule_operands_ok(look, rule);
	case EVRING_REDACT_PREFIX:
		return rule->count && rule_operands_ok(look, rule);
	case EVRING_REDACT_VALUE:
	case EVRING_REDACT_HEADER:
		return rule->count && !rule->first && rule_operands_ok(look, rule);
	default:
		return false;
	}
}

/* Rules for one field stand together: they are in the order of the fields' offsets. */
static int rule_verify(const struct rules_look *look, __u32 i, __u32 *offset)
{
	const struct evring_table *table = &look->head->rules;
	const char *at = look->base + table->offset + i * table->stride;
	const struct evring_redact_rule *rule = (const void *)at;

	if (!rest_is_zero(at, RULE_MIN, table->stride))
		return -E2BIG;
	if (rule->offset < *offset || rule->cond > look->head->conds.count ||
	    !rule_field_ok(look, rule) || !rule_op_ok(look, rule))
		return -EINVAL;
	*offset = rule->offset;
	return 0;
}

int evring_redaction_verify(const void *block, size_t len, const struct evring_block *type)
{
	struct rules_look look = { .base = block, .head = block, .type = type };
	__u32 i, offset = 0;
	int ret;

	if (len > EVRING_REDACTION_MAX)
		return -E2BIG;
	ret = rules_head_verify(&look, len);
	if (ret)
		return ret;
	if (look.head->version != type->version)
		return -ESTALE;
	look.pool = look.base + look.head->pool.offset;
	for (i = 0; i < look.head->conds.count && !ret; i++)
		ret = cond_verify(&look, i);
	for (i = 0; i < look.head->rules.count && !ret; i++)
		ret = rule_verify(&look, i, &offset);
	return ret;
}
