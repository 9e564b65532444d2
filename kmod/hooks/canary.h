/* SPDX-License-Identifier: GPL-2.0-only */
/* canary.c: are kprobes switched off? */
#ifndef _KMOD_HOOKS_CANARY_H
#define _KMOD_HOOKS_CANARY_H

#include <linux/types.h>

void evring_canary_get(void);
void evring_canary_put(void);
bool evring_canary_sings(bool ftrace);

#endif /* _KMOD_HOOKS_CANARY_H */
