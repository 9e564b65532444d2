/* SPDX-License-Identifier: MIT */
/*
 * The device as the ABI has it, with no library between. What is asked for here
 * is there on every host that works: where it is not, the test ends.
 */
#ifndef EVRING_TEST_DEVICE_H
#define EVRING_TEST_DEVICE_H

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "testing.h"

#define CRITICAL	(1u << EVRING_LANE_CRITICAL)
#define BULK		(1u << EVRING_LANE_BULK)
#define APP		(1u << EVRING_LANE_APP)

/* A remark in the output; the harness ends tests with _exit(). */
#define note(_fmt, ...) do {				\
	printf("# " _fmt "\n", ##__VA_ARGS__);		\
	fflush(stdout);					\
} while (0)

#define ALIGN8(n)	(((uint64_t)(n) + 7) & ~7ULL)

/* A descriptor, or -errno. */
static inline int session_open(int flags)
{
	int fd = open(EVRING_DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* What ioctl() returned, or -errno. */
static inline int call(int fd, unsigned long request, const void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static inline void meta_get(struct evring_meta *meta)
{
	int fd = session_open(O_RDONLY);

	if (fd < 0 || call(fd, EVRING_IOC_META, meta))
		abort();
	close(fd);
}

static inline struct evring_ring_page ring_get(unsigned int lane, unsigned int cpu)
{
	struct evring_ring_info info = { .lane = lane, .cpu = cpu };
	int fd = session_open(O_RDONLY);

	if (fd < 0 || call(fd, EVRING_IOC_RING, &info))
		abort();
	close(fd);
	return info.page;
}

/* Bytes of a ring's mapping */
static inline size_t ring_len(unsigned int lane)
{
	struct evring_meta meta;

	meta_get(&meta);
	return meta.page_size + (size_t)meta.lane_size[lane];
}

/* A group's index, -1 if there is none. */
static inline int group_find(const char *name)
{
	struct evring_meta meta;
	int i;

	meta_get(&meta);
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		if (!strcmp(meta.groups[i].name, name))
			return i;
	return -1;
}

static inline struct evring_group_info group_get(const char *name)
{
	struct evring_meta meta;
	int i = group_find(name);

	if (i < 0)
		abort();
	meta_get(&meta);
	return meta.groups[i];
}

/* Where group @name is on one ring */
static inline struct evring_cursor cursor_get(const char *name, unsigned int lane,
					      unsigned int cpu)
{
	int i = group_find(name);

	if (i < 0)
		abort();
	return ring_get(lane, cpu).cursors[i];
}

static inline int group_drop(const char *name)
{
	struct evring_drop drop = { 0 };
	int fd = session_open(O_RDONLY), ret;

	if (fd < 0)
		abort();
	strcpy(drop.name, name);
	ret = call(fd, EVRING_IOC_DROP, &drop);
	close(fd);
	return ret;
}

/* What tests before this one left behind holds nothing back. */
static inline void groups_drop(void)
{
	struct evring_meta meta;
	int i;

	meta_get(&meta);
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		if (meta.groups[i].name[0] && !meta.groups[i].owner)
			group_drop(meta.groups[i].name);
}

/* Run @fn in a child. Returns its wait status. */
static inline int in_child(void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

/* CLOCK_MONOTONIC, milliseconds */
static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Whether @_condition comes true, sooner or later */
#define in_time(_condition) ({					\
	int64_t _end = now_ms() + SOON_MS;			\
								\
	while (!(_condition) && now_ms() < _end)		\
		usleep(1000);					\
	_condition;						\
})

#endif /* EVRING_TEST_DEVICE_H */
