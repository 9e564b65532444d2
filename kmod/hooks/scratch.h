/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.c: buffers for texts of unknown length. */
#ifndef _KMOD_HOOKS_SCRATCH_H
#define _KMOD_HOOKS_SCRATCH_H

#define EVRING_SCRATCH_BYTES	10240	/* two paths, and the end of arguments */

int evring_scratch_init(void);
void evring_scratch_exit(void);
void *evring_scratch_get(void);
void evring_scratch_put(void);

#endif /* _KMOD_HOOKS_SCRATCH_H */
