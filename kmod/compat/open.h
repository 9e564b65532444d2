/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The start of struct open_flags, with which a file is opened. It is private to fs/ and
 * the same on each kernel from 4.19 to 7.3.
 */
#ifndef _KMOD_COMPAT_OPEN_H
#define _KMOD_COMPAT_OPEN_H

#include <linux/namei.h>
#include <linux/types.h>

struct evring_open_flags {
	int open_flag;
	umode_t mode;
	int acc_mode;
	int intent;
	int lookup_flags;
};

#endif /* _KMOD_COMPAT_OPEN_H */
