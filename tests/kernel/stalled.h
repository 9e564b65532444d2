/* SPDX-License-Identifier: MIT */
/*
 * A join whose answer does not get back to the program: its page waits for us. It has
 * asked whether it may have the group, and does not have it yet.
 */
#ifndef EVRING_TEST_STALLED_H
#define EVRING_TEST_STALLED_H

#include <linux/evring.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct stalled {
	int fd;
	struct evring_join *join;
	int uffd;
	int result;
};

static inline void *stalled_joins(void *arg)
{
	struct stalled *stalled = arg;

	stalled->result = ioctl(stalled->fd, EVRING_IOC_JOIN, stalled->join) ? -errno : 0;
	return NULL;
}

/* Writing to the page waits from now on. False: the kernel does not have that. */
static inline bool page_protect(struct stalled *stalled, bool protect)
{
	struct uffdio_writeprotect change = {
		.range = { (uintptr_t)stalled->join, (uint64_t)sysconf(_SC_PAGESIZE) },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return !ioctl(stalled->uffd, UFFDIO_WRITEPROTECT, &change);
}

static inline bool page_stalls(struct stalled *stalled)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register range = {
		.range = { (uintptr_t)stalled->join, (uint64_t)sysconf(_SC_PAGESIZE) },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	stalled->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	return stalled->uffd >= 0 && !ioctl(stalled->uffd, UFFDIO_API, &api) &&
	       !ioctl(stalled->uffd, UFFDIO_REGISTER, &range) && page_protect(stalled, true);
}

#endif /* EVRING_TEST_STALLED_H */
