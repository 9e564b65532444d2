/* SPDX-License-Identifier: MIT */
/* Deeds with files: by 32-bit calls, as another user, in a child. */
#ifndef EVRING_TEST_FILE_DEED_H
#define EVRING_TEST_FILE_DEED_H

#include <grp.h>
#include <liburing.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "told.h"

#define DIR_PATH	"/tmp/evring-file"

/* A folder of the tests' own, and the current one */
static inline void deed_folder(void)
{
	/* A test that failed may have left it mounted. */
	while (!umount2(DIR_PATH "/bound", MNT_DETACH))
		;
	if (system("rm -rf " DIR_PATH) || mkdir(DIR_PATH, 0777) || chmod(DIR_PATH, 0777) ||
	    chdir(DIR_PATH))
		abort();
}

static inline void deed_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, content, strlen(content)) < 0 || close(fd))
		abort();
}

static inline void deed_read_past(struct evring *ev)
{
	free(told_read(ev, "file.", -1));
}

/* Hooks attached from the setup to the teardown of a test */
static inline void deed_hooks(struct evring *ev, const char *const *names, unsigned int op)
{
	for (; *names; names++)
		if (hook_op(ev, *names, op) != (op == EVRING_HOOK_ATTACH)) {
			printf("# %s is not attached\n", *names);
			abort();
		}
}

static inline uint64_t deed_dev(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		abort();
	return (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
}

static inline uint64_t deed_inode(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		abort();
	return st.st_ino;
}

/* Of a namespace: its file is behind a link. */
static inline uint64_t ns_inode(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		abort();
	return st.st_ino;
}

/* Run @fn in a child, to its end; its result is the exit status, -1 if it ended otherwise. */
static inline pid_t deed_child(int (*fn)(void *arg), void *arg, int *status)
{
	pid_t pid;
	int ret;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &ret, 0) != pid)
		abort();
	if (status)
		*status = WIFEXITED(ret) ? WEXITSTATUS(ret) : -1;
	return pid;
}

/* The same, and read the events of it. */
static inline struct told *deed_in_child(struct evring *ev, const char *name,
					 int (*fn)(void *arg), void *arg, int *status)
{
	deed_read_past(ev);
	return told_read(ev, name, deed_child(fn, arg, status));
}

static inline void deed_as_nobody(void)
{
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		abort();
}

/*
 * For a fixture: an empty folder, and a session that reads @lanes from here on, with
 * @hooks (a NULL behind the last one) attached.
 */
static inline struct evring *deed_open(const char *const *hooks, uint32_t lanes)
{
	struct evring *ev;

	groups_drop();
	deed_folder();
	if (evring_open(&ev, NULL))
		abort();
	deed_hooks(ev, hooks, EVRING_HOOK_ATTACH);
	if (evring_tap(ev, lanes, EVRING_LATEST))
		abort();
	return ev;
}

static inline void deed_close(struct evring *ev, const char *const *hooks)
{
	deed_hooks(ev, hooks, EVRING_HOOK_DETACH);
	evring_close(ev);
}

/* Memory that a child shares: it notes its own values there. */
static inline void *deed_shared(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		abort();
	return shared;
}

/* Has this kernel an operation of io_uring? If not, it is said. */
static inline bool deed_uring_has(int op, const char *name)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	bool has;

	if (!probe)
		abort();
	has = io_uring_opcode_supported(probe, op);
	io_uring_free_probe(probe);
	if (!has)
		note("not on this kernel: %s of io_uring", name);
	return has;
}

/* 0, or -errno, of one io_uring operation; the result of it */
static inline int deed_uring(void (*prep)(struct io_uring_sqe *sqe, void *arg), void *arg)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int ret;

	if (io_uring_queue_init(4, &ring, 0))
		abort();
	prep(io_uring_get_sqe(&ring), arg);
	if (io_uring_submit(&ring) != 1 || io_uring_wait_cqe(&ring, &cqe))
		abort();
	ret = cqe->res;
	io_uring_queue_exit(&ring);
	return ret;
}

#ifdef __x86_64__
static sigjmp_buf deed_no_ia32;

static inline void deed_segv(int signal)
{
	siglongjmp(deed_no_ia32, 1);
}

/* Memory that a 32-bit call can name */
static inline void *deed_low(size_t len)
{
	void *low = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		abort();
	return low;
}

/* A call of the 32-bit ABI; -ENOSYS where the kernel has none of these. */
static inline long deed_call32(long nr, long a, long b, long c, long d, long e)
{
	void (*before)(int) = signal(SIGSEGV, deed_segv);
	long ret = -ENOSYS;

	if (!sigsetjmp(deed_no_ia32, 1))
		asm volatile("int $0x80"
			     : "=a" (ret)
			     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
			     : "memory", "r8", "r9", "r10", "r11");
	signal(SIGSEGV, before);
	return (int)ret;
}
#endif

#endif /* EVRING_TEST_FILE_DEED_H */
