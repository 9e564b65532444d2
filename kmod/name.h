/* SPDX-License-Identifier: GPL-2.0-only */
/* name.c: names of lanes, types and groups. */
#ifndef _KMOD_NAME_H
#define _KMOD_NAME_H

#include <linux/types.h>

bool evring_name_valid(const char *name);

#endif /* _KMOD_NAME_H */
