/* SPDX-License-Identifier: MIT */
/* Taking a CPU offline and online. */
#ifndef EVRING_TEST_CPU_H
#define EVRING_TEST_CPU_H

#include "testing.h"

/* 0 or the errno. */
static inline int cpu_online(unsigned int cpu, bool online)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	ret = write(fd, online ? "1" : "0", 1) == 1 ? 0 : errno;
	close(fd);
	return ret;
}

#endif /* EVRING_TEST_CPU_H */
