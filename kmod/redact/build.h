/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* build.c: a struct evring_redaction, line by line; the module's own and libevring's. */
#ifndef _KMOD_REDACT_BUILD_H
#define _KMOD_REDACT_BUILD_H

#include "redact.h"

#define EVRING_BUILD_PROGRAMS_MAX	32768	/* bytes of all conditions */
#define EVRING_BUILD_ITEMS_MAX		256	/* of one line */

/* An item of a line: an op, and its operand if it has one */
struct evring_build_item {
	enum evring_redact_op op;
	const char *operand;
	__u32 len;
};

/**
 * struct evring_build_line - one line
 * @field: number of the field
 * @nr: of @items
 * @items: each marks a kind of secret in the field
 * @cond: under which condition, NULL: always
 * @text: the line itself
 * @text_len: of it
 */
struct evring_build_line {
	__u32 field;
	__u32 nr;
	const struct evring_build_item *items;
	const struct evring_program *cond;
	const char *text;
	__u32 text_len;
};

/* Large: not for a stack. All but @type begins as 0. */
struct evring_build {
	const struct evring_block *type;
	__u32 nr_rules, nr_conds, programs_len, pool_len, text_len;
	struct evring_redact_rule rules[EVRING_REDACT_RULES_MAX];
	struct evring_redact_cond conds[EVRING_REDACT_CONDS_MAX];	/* in @programs */
	__u64 programs[EVRING_BUILD_PROGRAMS_MAX / sizeof(__u64)];
	char pool[EVRING_REDACT_POOL_MAX];
	char text[EVRING_REDACT_TEXT_MAX];
};

/* The number of a field, -1: the type has none of that name. */
int evring_build_field(const struct evring_block *type, const char *name, size_t len);

/* Add a line. -E2BIG: it is too much, and the build is of no use any more. */
int evring_build_add(struct evring_build *build, const struct evring_build_line *line);

/* Bytes of the block that it comes to; and the block itself, into as many bytes. */
__u32 evring_build_len(const struct evring_build *build);
void evring_build_make(const struct evring_build *build, struct evring_redaction *to);

#endif /* _KMOD_REDACT_BUILD_H */
