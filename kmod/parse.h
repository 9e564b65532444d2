/* SPDX-License-Identifier: GPL-2.0-only */
/* parse.c: a block from user space becomes a description. */
#ifndef _KMOD_PARSE_H
#define _KMOD_PARSE_H

#include <linux/evring.h>
#include "app.h"

#define EVRING_APP_LANE	"app"	/* of a type that names no lane */

/**
 * struct evring_parse - a block on its way to a description
 * @bytes: of the block
 * @head: its first structure
 * @desc: the result
 * @fields: of @desc
 * @names: of the fields, as many as the block has tables
 * @values: of the names
 * @reason: why it is refused
 */
struct evring_parse {
	const char *bytes;
	struct evring_block head;
	struct evring_type_desc desc;
	struct evring_field_desc *fields;
	struct evring_names_desc *names;
	struct evring_value_desc *values;
	struct evring_reason *reason;
};

int evring_parse_block(struct evring_parse *p, size_t len);
void evring_parse_free(struct evring_parse *p);

#endif /* _KMOD_PARSE_H */
