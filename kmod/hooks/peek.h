/* SPDX-License-Identifier: GPL-2.0-only */
/* peek.c: reads of current's memory, as far as it is present. */
#ifndef _KMOD_HOOKS_PEEK_H
#define _KMOD_HOOKS_PEEK_H

#include <linux/types.h>

u32 evring_peek(char *to, unsigned long from, u32 len);
u32 evring_peek_string(char *to, unsigned long from, u32 room);

#endif /* _KMOD_HOOKS_PEEK_H */
