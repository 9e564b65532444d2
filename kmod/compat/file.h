/* SPDX-License-Identifier: GPL-2.0-only */
/* A reference to a file that another task may let go. */
#ifndef _KMOD_COMPAT_FILE_H
#define _KMOD_COMPAT_FILE_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>

/* NULL: there is none any more. fput() it. */
static inline struct file *evring_get_file(struct file __rcu **place)
{
	struct file *file;

	rcu_read_lock();
#ifdef EVRING_HAVE_FILE_RCU
	file = get_file_rcu(place);
#else
	/* Freed by RCU, and never another file before that. */
	file = rcu_dereference(*place);
	if (file && !get_file_rcu(file))
		file = NULL;
#endif
	rcu_read_unlock();
	return file;
}

#endif /* _KMOD_COMPAT_FILE_H */
