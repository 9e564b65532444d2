/* SPDX-License-Identifier: MIT */
/* Loading and unloading the modules that are under test. */
#ifndef EVRING_TEST_KMODULE_H
#define EVRING_TEST_KMODULE_H

#include <sys/syscall.h>

#include "testing.h"

#define KMOD_DIR	"/evring/kmod/"

/* 0 or the errno. */
static inline int module_load(const char *name, const char *params)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), KMOD_DIR "%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	return ret;
}

/* 0 or the errno; waits for nothing. */
static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

#endif /* EVRING_TEST_KMODULE_H */
