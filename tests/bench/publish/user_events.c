// SPDX-License-Identifier: MIT
#include "user_events.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TRACEFS	"/sys/kernel/tracing"

/* As in <linux/user_events.h> from 6.4 on, which Debian 12 does not have */
struct user_reg {
	uint32_t size;
	uint8_t enable_bit;
	uint8_t enable_size;
	uint16_t flags;
	uint64_t enable_addr;
	uint64_t name_args;
	uint32_t write_index;		/* the kernel's answer */
} __attribute__((packed));

#define DIAG_IOCSREG	_IOWR('*', 0, struct user_reg *)

static int enable(const char *name)
{
	char path[256];
	int fd, ret = 0;

	snprintf(path, sizeof(path), TRACEFS "/events/user_events/%s/enable", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

int user_event_open(struct user_event *event, const char *name, const char *fields)
{
	struct user_reg reg = {
		.size = sizeof(reg), .enable_size = sizeof(event->enabled),
		.enable_addr = (uintptr_t)&event->enabled,
	};
	char command[256];
	int ret;

	snprintf(command, sizeof(command), "%s %s", name, fields);
	reg.name_args = (uintptr_t)command;
	event->enabled = 0;
	event->fd = open(TRACEFS "/user_events_data", O_RDWR | O_CLOEXEC);
	if (event->fd < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	ret = ioctl(event->fd, DIAG_IOCSREG, &reg) ? -errno : enable(name);
	if (!ret && !event->enabled)
		ret = -ENODATA;		/* it was told before enable()'s write returned */
	if (ret)
		close(event->fd);
	event->index = reg.write_index;
	return ret;
}

/* The events that a ring has, and has overwritten, by its stats */
static long count_of(const char *path)
{
	long sum = 0, one;
	char line[256];
	FILE *stats = fopen(path, "re");

	if (!stats)
		return -errno;
	while (fgets(line, sizeof(line), stats))
		if (sscanf(line, "entries: %ld", &one) == 1 || sscanf(line, "overrun: %ld", &one) == 1)
			sum += one;
	fclose(stats);
	return sum;
}

long user_event_count(void)
{
	glob_t rings;
	long sum = 0;
	size_t i;

	if (glob(TRACEFS "/per_cpu/cpu*/stats", 0, NULL, &rings))
		return -ENOENT;
	for (i = 0; i < rings.gl_pathc && sum >= 0; i++) {
		long one = count_of(rings.gl_pathv[i]);

		sum = one < 0 ? one : sum + one;
	}
	globfree(&rings);
	return sum;
}
