/* SPDX-License-Identifier: GPL-2.0-only */
/* device.c: /dev/evring. */
#ifndef _KMOD_DEVICE_H
#define _KMOD_DEVICE_H

#include <linux/types.h>

int evring_device_init(void);
void evring_device_exit(void);

#endif /* _KMOD_DEVICE_H */
