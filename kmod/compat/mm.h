/* SPDX-License-Identifier: GPL-2.0-only */
/* vm_flags_set() and vm_flags_clear(), which came with 6.3. */
#ifndef _KMOD_COMPAT_MM_H
#define _KMOD_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif
#endif /* _KMOD_COMPAT_MM_H */
