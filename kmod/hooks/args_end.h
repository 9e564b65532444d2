/* SPDX-License-Identifier: GPL-2.0-only */
/* args_end.c: the end of arguments that are too long for an event. */
#ifndef _KMOD_HOOKS_ARGS_END_H
#define _KMOD_HOOKS_ARGS_END_H

#include <linux/types.h>

#define EVRING_ARGS_END_BYTES	1024	/* of it, at most */
#define EVRING_ARGS_END_ROOM	2048	/* for that and the lead */

u32 evring_args_end(char *room, unsigned long first, unsigned long end, u32 len, u32 *lead);

#endif /* _KMOD_HOOKS_ARGS_END_H */
