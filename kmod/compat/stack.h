/* SPDX-License-Identifier: GPL-2.0-only */
/* Variables that a kernel with CONFIG_INIT_STACK_ALL_ZERO must not clear: see their use. */
#ifndef _KMOD_COMPAT_STACK_H
#define _KMOD_COMPAT_STACK_H

/* Where a kernel has a name for it (7.0), it is the same attribute. */
#if __has_attribute(__uninitialized__)
#define evring_uninitialized	__attribute__((__uninitialized__))
#else
#define evring_uninitialized
#endif

#endif /* _KMOD_COMPAT_STACK_H */
