/* SPDX-License-Identifier: MIT */
/*
 * The device as the ABI has it, with no library between. The helpers here cannot fail on
 * a host that works: if one does, the test ends.
 */
#ifndef EVRING_TEST_DEVICE_H
#define EVRING_TEST_DEVICE_H

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "testing.h"

#define CRITICAL	(1u << LANE_CRITICAL)
#define BULK		(1u << LANE_BULK)
#define APP		(1u << LANE_APP)

/* A remark in the output; the harness ends tests with _exit(). */
#define note(_fmt, ...) do {				\
	printf("# " _fmt "\n", ##__VA_ARGS__);		\
	fflush(stdout);					\
} while (0)

/* As long as a name can be: EVRING_NAME_MAX with its NUL */
#define NAME_64		"a123456789012345678901234567890123456789012345678901234567890123"
#define NAME_127	NAME_64 \
			"456789012345678901234567890123456789012345678901234567890123456"

#define ALIGN8(n)	(((uint64_t)(n) + 7) & ~7ULL)

/* A descriptor, or -errno. */
static inline int session_open(int flags)
{
	int fd = open(EVRING_DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ioctl()'s result, or -errno. */
static inline int call(int fd, unsigned long request, const void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/* The start of the meta page */
static inline void meta_get(struct evring_meta *meta)
{
	struct evring_meta_read arg = { .to = (uintptr_t)meta, .room = sizeof(*meta) };
	int fd = session_open(O_RDONLY);

	if (fd < 0 || call(fd, EVRING_IOC_META, &arg))
		abort();
	close(fd);
}

/* All of the meta page, good until the next call */
static inline const struct evring_meta *meta_whole(void)
{
	static uint64_t copy[PAGE_ROOM / 8];
	struct evring_meta_read arg = { .to = (uintptr_t)copy, .room = sizeof(copy) };
	int fd = session_open(O_RDONLY);

	if (fd < 0 || call(fd, EVRING_IOC_META, &arg) || arg.len > sizeof(copy))
		abort();
	close(fd);
	return (const void *)copy;
}

/* All of a ring's page, good until the next call */
static inline const struct evring_ring_page *ring_whole(unsigned int lane, unsigned int cpu)
{
	static uint64_t copy[PAGE_ROOM / 8];
	struct evring_ring_read arg = {
		.to = (uintptr_t)copy, .room = sizeof(copy), .cpu = cpu, .lane = (uint16_t)lane,
	};
	int fd = session_open(O_RDONLY);

	if (fd < 0 || call(fd, EVRING_IOC_RING, &arg) || arg.len > sizeof(copy))
		abort();
	close(fd);
	return (const void *)copy;
}

/* The start of a ring's page */
static inline struct evring_ring_page ring_get(unsigned int lane, unsigned int cpu)
{
	return *ring_whole(lane, cpu);
}

/* Attempts on a ring that failed for one cause */
static inline uint64_t lost_get(unsigned int lane, unsigned int cpu, unsigned int cause)
{
	return page_lost(ring_whole(lane, cpu), cause);
}

/* Bytes of a ring's data area */
static inline uint64_t ring_size(unsigned int lane)
{
	return meta_lane(meta_whole(), lane)->data_size;
}

/* Bytes of a ring's mapping */
static inline size_t ring_len(unsigned int lane)
{
	return (size_t)meta_lane(meta_whole(), lane)->map_size;
}

/* A group's place, -1 if there is none. */
static inline int group_find(const char *name)
{
	const struct evring_meta *meta = meta_whole();
	unsigned int i;

	for (i = 0; i < meta->groups.count; i++)
		if (!strcmp(meta_group(meta, i)->name, name))
			return (int)i;
	return -1;
}

static inline struct evring_group_info group_get(const char *name)
{
	int i = group_find(name);

	if (i < 0)
		abort();
	return *meta_group(meta_whole(), (unsigned int)i);
}

/* Where group @name is on one ring */
static inline struct evring_cursor cursor_get(const char *name, unsigned int lane,
					      unsigned int cpu)
{
	int i = group_find(name);

	if (i < 0)
		abort();
	return *page_cursor(ring_whole(lane, cpu), (unsigned int)i);
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

/* Drop the groups that earlier tests left behind, so that they hold nothing. */
static inline void groups_drop(void)
{
	struct evring_group_info group;
	unsigned int i;

	for (i = 0; i < meta_whole()->groups.count; i++) {
		group = *meta_group(meta_whole(), i);
		if (group.name[0] && !group.owner)
			group_drop(group.name);
	}
}

/* Start @fn in a child. */
static inline pid_t child_start(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	if (pid < 0)
		abort();
	return pid;
}

/* Run @fn in a child. Returns its wait status. */
static inline int in_child(void (*fn)(void *arg), void *arg)
{
	pid_t pid = child_start(fn, arg);
	int status;

	if (waitpid(pid, &status, 0) != pid)
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
