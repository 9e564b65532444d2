// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/* Lines become rules: one for each kind of secret in a line, and for each field. */
#include "build.h"

#define ROUND8(n)	(((__u32)(n) + 7) & ~7u)

static const struct evring_block_field *field_at(const struct evring_block *type, __u32 i)
{
	return (const void *)((const char *)type + type->fields.offset + i * type->fields.stride);
}

static const char *field_name(const struct evring_block *type, __u32 i)
{
	return (const char *)type + type->strings.offset + field_at(type, i)->name;
}

int evring_build_field(const struct evring_block *type, const char *name, size_t len)
{
	const char *other;
	__u32 i;

	for (i = 0; i < type->fields.count; i++) {
		other = field_name(type, i);
		if (strlen(other) == len && !memcmp(other, name, len))
			return (int)i;
	}
	return -1;
}

/* The field that has the end of a text too long for this one; -1: there is none. */
static int end_field(const struct evring_block *type, __u32 field)
{
	const char *name = field_name(type, field), *other;
	size_t len = strlen(name);
	__u32 i;

	for (i = 0; i < type->fields.count; i++) {
		other = field_name(type, i);
		if (strlen(other) == len + 4 && !memcmp(other, name, len) &&
		    !memcmp(other + len, "_end", 4) &&
		    field_at(type, i)->kind == field_at(type, field)->kind)
			return (int)i;
	}
	return -1;
}

/* Behind all rules for fields that are not behind this one */
static int rule_add(struct evring_build *build, struct evring_redact_rule rule, __u32 field)
{
	const struct evring_block_field *of = field_at(build->type, field);
	__u32 i = build->nr_rules;

	if (i == EVRING_REDACT_RULES_MAX)
		return -E2BIG;
	rule.kind = of->kind;
	rule.offset = of->offset;
	rule.field = (__u16)field;
	for (; i && build->rules[i - 1].offset > rule.offset; i--)
		build->rules[i] = build->rules[i - 1];
	build->rules[i] = rule;
	build->nr_rules++;
	return 0;
}

static int operand_add(struct evring_build *build, struct evring_redact_rule *rule,
		       const struct evring_build_item *item)
{
	__u16 len = (__u16)item->len;

	if (item->len > 255 || build->pool_len + sizeof(len) + len > sizeof(build->pool))
		return -E2BIG;
	memcpy(build->pool + build->pool_len, &len, sizeof(len));
	memcpy(build->pool + build->pool_len + sizeof(len), item->operand, len);
	build->pool_len += (__u32)sizeof(len) + len;
	if (!rule->count)
		rule->first = (__u8)item->operand[0];
	else if (rule->first != (__u8)item->operand[0])
		rule->first = 0;
	rule->count++;
	return 0;
}

/* All items of a line that say the same of their operands are one rule. */
static int op_add(struct evring_build *build, const struct evring_build_line *line,
		  enum evring_redact_op op, __u16 cond)
{
	struct evring_redact_rule rule = { .op = (__u8)op, .cond = cond };
	int end = end_field(build->type, line->field), ret = 0;
	bool any = false;
	__u32 i;

	for (i = 0; i < line->nr && !ret; i++) {
		if (line->items[i].op != op)
			continue;
		any = true;
		if (!line->items[i].operand)
			continue;
		if (!rule.count)
			rule.pool = build->pool_len;
		ret = operand_add(build, &rule, &line->items[i]);
	}
	if (ret || !any)
		return ret;
	if ((op != EVRING_REDACT_AFTER && op != EVRING_REDACT_PREFIX) ||
	    (op == EVRING_REDACT_AFTER && (rule.first == '*' || rule.first == '?')))
		rule.first = 0;
	ret = rule_add(build, rule, line->field);
	return ret || end < 0 ? ret : rule_add(build, rule, (__u32)end);
}

static int cond_add(struct evring_build *build, const struct evring_program *cond)
{
	if (build->nr_conds == EVRING_REDACT_CONDS_MAX ||
	    build->programs_len + cond->len > sizeof(build->programs))
		return -E2BIG;
	memcpy((char *)build->programs + build->programs_len, cond, cond->len);
	build->conds[build->nr_conds++] = (struct evring_redact_cond){
		.offset = build->programs_len, .len = cond->len,
	};
	build->programs_len += cond->len;
	return 0;
}

int evring_build_add(struct evring_build *build, const struct evring_build_line *line)
{
	__u16 cond = 0;
	int op, ret = 0;

	/* A newline behind it, and the NUL */
	if (build->text_len + line->text_len + 2 > sizeof(build->text))
		return -E2BIG;
	memcpy(build->text + build->text_len, line->text, line->text_len);
	build->text_len += line->text_len;
	build->text[build->text_len++] = '\n';
	if (line->cond) {
		ret = cond_add(build, line->cond);
		cond = (__u16)build->nr_conds;
	}
	for (op = EVRING_REDACT_ALL; op <= EVRING_REDACT_URL && !ret; op++)
		ret = op_add(build, line, (enum evring_redact_op)op, cond);
	return ret;
}

static struct evring_table table_make(__u32 offset, size_t stride, __u32 count)
{
	return (struct evring_table){ .offset = offset, .stride = (__u32)stride, .count = count };
}

/* Where the parts are */
static struct evring_redaction parts(const struct evring_build *build)
{
	struct evring_redaction head = {
		.magic = EVRING_REDACTION_MAGIC, .size = sizeof(head),
		.version = build->type->version,
	};
	__u32 at = sizeof(head);

	head.rules = table_make(at, sizeof(*build->rules), build->nr_rules);
	at += build->nr_rules * (__u32)sizeof(*build->rules);
	head.conds = table_make(at, sizeof(*build->conds), build->nr_conds);
	at += build->nr_conds * (__u32)sizeof(*build->conds) + build->programs_len;
	head.pool = table_make(at, 1, build->pool_len);
	at += build->pool_len;
	head.text = table_make(at, 1, build->text_len + 1);
	head.len = ROUND8(at + head.text.count);
	return head;
}

__u32 evring_build_len(const struct evring_build *build)
{
	return parts(build).len;
}

void evring_build_make(const struct evring_build *build, struct evring_redaction *to)
{
	const struct evring_redaction head = parts(build);
	__u32 programs = head.conds.offset + build->nr_conds * (__u32)sizeof(*build->conds), i;
	char *base = (char *)to;
	struct evring_redact_cond *conds = (void *)(base + head.conds.offset);

	memset(to, 0, head.len);
	*to = head;
	memcpy(base + head.rules.offset, build->rules, build->nr_rules * sizeof(*build->rules));
	for (i = 0; i < build->nr_conds; i++) {
		conds[i] = build->conds[i];
		conds[i].offset += programs;
	}
	memcpy(base + programs, build->programs, build->programs_len);
	memcpy(base + head.pool.offset, build->pool, build->pool_len);
	memcpy(base + head.text.offset, build->text, build->text_len);
}
