/* SPDX-License-Identifier: GPL-2.0-only */
/* who.c: fields about tasks that are not in the common part. */
#ifndef _KMOD_HOOKS_WHO_H
#define _KMOD_HOOKS_WHO_H

#include <linux/sched.h>
#include <linux/tty.h>

#include "file.h"

#define EVRING_TTY_BYTES	sizeof_field(struct tty_struct, name)

/* A process, as it was when it was asked for */
struct evring_who {
	u32 pid;
	u64 start_time;
	char comm[TASK_COMM_LEN];
};

u32 evring_parent_pid(struct task_struct *task);
void evring_who(struct evring_who *who, struct task_struct *task);
void evring_who_parent(struct evring_who *who, struct task_struct *task);
void evring_tty(char name[EVRING_TTY_BYTES], const struct task_struct *task);

static inline struct evring_text evring_text_of(const char *str)
{
	return (struct evring_text){ .at = str, .len = strlen(str) };
}

#endif /* _KMOD_HOOKS_WHO_H */
