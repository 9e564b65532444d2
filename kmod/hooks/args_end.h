/* SPDX-License-Identifier: GPL-2.0-only */
/* args_end.c: the end of arguments that are too long for an event. */
#ifndef _KMOD_HOOKS_ARGS_END_H
#define _KMOD_HOOKS_ARGS_END_H

#include <linux/types.h>

#define EVRING_ARGS_END_BYTES	1024	/* of it, at most */
#define EVRING_ARGS_END_ROOM	2048	/* for that and the lead */

/**
 * struct evring_args_end - the bytes that were read of the end
 * @lead: bytes before it, which redaction reads and no event has
 * @gap: of the lead, the first byte that others are missing before; 0: none are
 * @len: bytes of the end itself, behind the lead; 0: it is not to be read
 */
struct evring_args_end {
	u32 lead;
	u32 gap;
	u32 len;
};

struct evring_args_end evring_args_end(char *room, unsigned long first, unsigned long end, u32 len);

#endif /* _KMOD_HOOKS_ARGS_END_H */
