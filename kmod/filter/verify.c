// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Verify a program for the evaluator. The program may be an attacker's; the evaluator
 * relies on the checks here alone.
 */
#include "filter.h"

/* The structures as ABI 1 began; all bytes beyond must be 0. */
#define PROGRAM_MIN	(offsetof(struct evring_program, text) + sizeof(struct evring_table))
#define INSN_MIN	(offsetof(struct evring_insn, b) + sizeof(__u64))

/* The program under verification */
struct look {
	const char *base;
	const struct evring_program *program;
	const char *pool;
	__u32 data_size;	/* of the type's fixed part */
};

static bool all_zero(const char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (at[i])
			return false;
	return true;
}

static bool table_ok(const struct evring_program *program, const struct evring_table *table,
		     __u32 align)
{
	return !table->reserved && table->stride && table->offset % align == 0 &&
	       table->stride % align == 0 && table->offset >= program->size &&
	       table->offset <= program->len &&
	       (__u64)table->stride * table->count <= program->len - table->offset;
}

static int head_verify(const struct look *look, size_t len)
{
	const struct evring_program *program = look->program;
	const char *text;

	if (len < PROGRAM_MIN || program->magic != EVRING_PROGRAM_MAGIC || program->len != len ||
	    len % 8 || program->size < PROGRAM_MIN || program->size > len)
		return -EINVAL;
	if (!all_zero(look->base + PROGRAM_MIN, program->size - PROGRAM_MIN) ||
	    program->insns.count > EVRING_INSNS_MAX || program->pool.count > EVRING_POOL_MAX ||
	    program->text.count > EVRING_TEXT_MAX)
		return -E2BIG;
	if (!program->insns.count || program->insns.stride < INSN_MIN || !program->text.count ||
	    program->pool.stride != 1 || program->text.stride != 1 ||
	    !table_ok(program, &program->insns, 8) || !table_ok(program, &program->pool, 1) ||
	    !table_ok(program, &program->text, 1))
		return -EINVAL;
	text = look->base + program->text.offset;
	if (strnlen(text, program->text.count) != program->text.count - 1)
		return -EINVAL;
	return 0;
}

static bool kind_is_number(unsigned int kind)
{
	switch (kind) {
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
	case EVRING_KIND_BOOL:
	case EVRING_KIND_U8S: case EVRING_KIND_U16S: case EVRING_KIND_U32S:
	case EVRING_KIND_U64S: case EVRING_KIND_S8S: case EVRING_KIND_S16S:
	case EVRING_KIND_S32S: case EVRING_KIND_S64S:
		return true;
	default:
		return false;
	}
}

static bool kind_is_text(unsigned int kind)
{
	switch (kind) {
	case EVRING_KIND_CHARS: case EVRING_KIND_FIXED: case EVRING_KIND_TEXT:
	case EVRING_KIND_BYTES: case EVRING_KIND_TEXTS:
		return true;
	default:
		return false;
	}
}

/* Is the field within the fixed part, which each event of the type has? */
static bool field_ok(const struct look *look, const struct evring_insn *insn)
{
	unsigned int size = EVRING_KIND_SIZE(insn->kind);

	if (insn->flags & EVRING_INSN_HEADER)
		return insn->kind == EVRING_KIND_U32 && insn->size == sizeof(__u32) &&
		       (insn->offset == offsetof(struct evring_rec, pid) ||
			insn->offset == offsetof(struct evring_rec, tid));
	if ((__u32)insn->offset + insn->size > look->data_size)
		return false;
	if (insn->kind & EVRING_KIND_VAR)
		return insn->size == sizeof(struct evring_str);
	return insn->size && insn->size % size == 0;
}

static bool jump_ok(const struct look *look, __u32 from, __u16 to)
{
	return to == EVRING_INSN_ACCEPT || to == EVRING_INSN_REJECT ||
	       (to > from && to < look->program->insns.count);
}

/* Operands with their length before them */
static bool operands_ok(const struct look *look, const struct evring_insn *insn)
{
	__u32 at = insn->pool, end = look->program->pool.count, bytes;
	unsigned int i, last;
	__u16 len;

	for (i = 0; i < insn->count; i++) {
		if (at > end || end - at < sizeof(len))
			return false;
		memcpy(&len, look->pool + at, sizeof(len));
		at += sizeof(len);
		bytes = insn->op == EVRING_OP_NET ? (len + 7u) / 8 : len;
		if (bytes > end - at)
			return false;
		if (insn->op == EVRING_OP_NET && len % 8) {
			last = (unsigned char)look->pool[at + bytes - 1];
			if (last & (0xffu >> len % 8))
				return false;
		}
		at += bytes;
	}
	return true;
}

static bool ranges_ok(const struct look *look, const struct evring_insn *insn)
{
	__u32 end = look->program->pool.count;

	return insn->pool <= end && insn->count <= (end - insn->pool) / (2 * sizeof(__u64));
}

static bool op_ok(const struct look *look, const struct evring_insn *insn)
{
	switch (insn->op) {
	case EVRING_OP_RANGE:
	case EVRING_OP_MASK:
		return kind_is_number(insn->kind) && !insn->count && !insn->pool;
	case EVRING_OP_ANY_BIT:
		return kind_is_number(insn->kind) && !insn->count && !insn->pool && !insn->b;
	case EVRING_OP_RANGES:
		return kind_is_number(insn->kind) && insn->count && !insn->a && !insn->b &&
		       ranges_ok(look, insn);
	case EVRING_OP_EQUAL:
	case EVRING_OP_PREFIX:
	case EVRING_OP_SUFFIX:
	case EVRING_OP_CONTAINS:
	case EVRING_OP_GLOB:
		return kind_is_text(insn->kind) && insn->count && !insn->a && !insn->b &&
		       operands_ok(look, insn);
	case EVRING_OP_NET:
		return insn->kind == EVRING_KIND_FIXED && insn->count && !insn->a && !insn->b &&
		       operands_ok(look, insn);
	default:
		return false;
	}
}

static int insn_verify(const struct look *look, __u32 i)
{
	const struct evring_table *table = &look->program->insns;
	const char *at = look->base + table->offset + i * table->stride;
	const struct evring_insn *insn = (const void *)at;

	if (!all_zero(at + INSN_MIN, table->stride - INSN_MIN))
		return -E2BIG;
	if (insn->flags & ~EVRING_INSN_HEADER || insn->reserved || !op_ok(look, insn) ||
	    !field_ok(look, insn) || !jump_ok(look, i, insn->yes) || !jump_ok(look, i, insn->no))
		return -EINVAL;
	return 0;
}

int evring_program_verify(const void *block, size_t len, __u32 version, __u32 data_size)
{
	struct look look = { .base = block, .program = block, .data_size = data_size };
	int ret;
	__u32 i;

	if (len > EVRING_PROGRAM_MAX)
		return -E2BIG;
	ret = head_verify(&look, len);
	if (ret)
		return ret;
	if (look.program->version != version)
		return -ESTALE;
	look.pool = look.base + look.program->pool.offset;
	for (i = 0; i < look.program->insns.count && !ret; i++)
		ret = insn_verify(&look, i);
	return ret;
}
