/* SPDX-License-Identifier: GPL-2.0-only */
/* block.c: a type as bytes. */
#ifndef _KMOD_BLOCK_H
#define _KMOD_BLOCK_H

#include <linux/evring.h>

struct evring_block *evring_block_make(const struct evring_type_desc *desc);
size_t evring_block_room(const struct evring_type_desc *desc);
const char *evring_block_name(const struct evring_block *block);
const char *evring_block_differs(const struct evring_block *a, const struct evring_block *b,
				 const char **field);
bool evring_block_extends(const struct evring_block *block, const struct evring_block *old);
bool evring_block_same(const struct evring_block *a, const struct evring_block *b);

#endif /* _KMOD_BLOCK_H */
