/* SPDX-License-Identifier: GPL-2.0-only */
/* ioctl.c: the calls of /dev/evring, each with the size that its caller knows. */
#ifndef _KMOD_IOCTL_H
#define _KMOD_IOCTL_H

#include <linux/evring.h>
#include "session.h"

long evring_session_ioctl(struct evring_session *session, unsigned int cmd, unsigned long arg);
bool evring_session_command_known(u32 op);
int evring_session_command(struct evring_session *session, u32 op,
			   const struct evring_uring_cmd *cmd, bool nonblock, bool again);

#endif /* _KMOD_IOCTL_H */
