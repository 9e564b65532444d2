/* SPDX-License-Identifier: GPL-2.0-only */
/* env.c: the variables of an environment that were asked for. */
#ifndef _KMOD_HOOKS_ENV_H
#define _KMOD_HOOKS_ENV_H

#include <linux/types.h>

u32 evring_env(char *to, u32 room, unsigned long from, unsigned long end, bool *cut);

#endif /* _KMOD_HOOKS_ENV_H */
