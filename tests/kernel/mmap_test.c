// SPDX-License-Identifier: MIT
/*
 * A mapping is for reading alone, by the process that made it. A process that could write
 * there could lie to all the others.
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "device.h"
#include "kmodule.h"

FIXTURE(mapping) {
	int fd;
	size_t page;
	size_t len;
	off_t offset;
	const struct evring_ring_page *ring;
};

FIXTURE_SETUP(mapping)
{
	self->fd = session_open(O_RDWR);
	ASSERT_GE(self->fd, 0);
	self->page = (size_t)sysconf(_SC_PAGESIZE);
	self->len = ring_len(LANE_CRITICAL);
	self->offset = (off_t)EVRING_MMAP_RING(LANE_CRITICAL, 0);
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, emit(10, 64));
	self->ring = mmap(NULL, self->len, PROT_READ, MAP_SHARED, self->fd, self->offset);
	ASSERT_NE(MAP_FAILED, self->ring);
}

FIXTURE_TEARDOWN(mapping)
{
	munmap((void *)self->ring, self->len);
	close(self->fd);
}

/* 0, or the errno that mmap() failed with */
static int map_errno(int fd, size_t len, int prot, int flags, uint64_t offset)
{
	void *map = mmap(NULL, len, prot, flags, fd, (off_t)offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, len);
	return 0;
}

TEST_F(mapping, a_writable_mapping_is_refused)
{
	int rdonly = session_open(O_RDONLY), prot = PROT_READ | PROT_WRITE;
	uint64_t ring = (uint64_t)self->offset;

	EXPECT_EQ(EPERM, map_errno(self->fd, self->len, prot, MAP_SHARED, ring));
	EXPECT_EQ(EPERM, map_errno(self->fd, self->len, PROT_WRITE, MAP_SHARED, ring));
	EXPECT_EQ(EPERM, map_errno(self->fd, self->page, prot, MAP_SHARED, EVRING_MMAP_META));
	/* Without write permission on the descriptor the kernel's core says no. */
	EXPECT_EQ(EACCES, map_errno(rdonly, self->len, prot, MAP_SHARED, ring));
	EXPECT_EQ(EACCES, map_errno(rdonly, self->page, prot, MAP_SHARED, EVRING_MMAP_META));
	close(rdonly);
}

TEST_F(mapping, an_executable_mapping_is_refused)
{
	int prot = PROT_READ | PROT_EXEC;
	uint64_t ring = (uint64_t)self->offset;

	EXPECT_EQ(EPERM, map_errno(self->fd, self->len, prot, MAP_SHARED, ring));
	EXPECT_EQ(EPERM, map_errno(self->fd, self->len, PROT_EXEC, MAP_SHARED, ring));
	EXPECT_EQ(EPERM, map_errno(self->fd, self->page, prot, MAP_SHARED, EVRING_MMAP_META));
}

TEST_F(mapping, a_private_mapping_is_refused)
{
	int rdonly = session_open(O_RDONLY), prot = PROT_READ | PROT_WRITE;
	uint64_t ring = (uint64_t)self->offset;

	EXPECT_EQ(EINVAL, map_errno(self->fd, self->len, PROT_READ, MAP_PRIVATE, ring));
	EXPECT_EQ(EINVAL, map_errno(rdonly, self->len, PROT_READ, MAP_PRIVATE, ring));
	EXPECT_EQ(EPERM, map_errno(rdonly, self->len, prot, MAP_PRIVATE, ring));
	EXPECT_EQ(EINVAL, map_errno(self->fd, self->page, PROT_READ, MAP_PRIVATE,
				    EVRING_MMAP_META));
	close(rdonly);
}

TEST_F(mapping, mprotect_makes_it_neither_writable_nor_executable)
{
	int fds[2] = { session_open(O_RDWR), session_open(O_RDONLY) }, i;
	void *map;

	for (i = 0; i < 4; i++) {
		size_t len = i < 2 ? self->len : meta_whole()->map_size;
		off_t offset = i < 2 ? self->offset : EVRING_MMAP_META;

		map = mmap(NULL, len, PROT_READ, MAP_SHARED, fds[i % 2], offset);
		ASSERT_NE(MAP_FAILED, map);
		EXPECT_EQ(-1, mprotect(map, len, PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(map, self->page, PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(map, len, PROT_READ | PROT_EXEC));
		EXPECT_EQ(EACCES, errno);
		/* Not through a detour, either. */
		EXPECT_EQ(0, mprotect(map, len, PROT_NONE));
		EXPECT_EQ(-1, mprotect(map, len, PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(0, mprotect(map, len, PROT_READ));
		munmap(map, len);
	}
	close(fds[0]);
	close(fds[1]);
}

TEST_F(mapping, an_offset_that_names_no_ring_is_refused)
{
	uint64_t ring = (uint64_t)self->offset;
	struct evring_meta meta;
	const struct {
		uint64_t offset;
		int error;
	} bad[] = {
		{ EVRING_MMAP_RING(LANES, 0), ENXIO },
		{ EVRING_MMAP_RING(0xff, 0), ENXIO },
		{ EVRING_MMAP_RING(0, 4095), ENXIO },
		{ EVRING_MMAP_RING(0, 0xfffff), ENXIO },
		{ EVRING_MMAP_RING(0xff, 0xfffff), ENXIO },
		{ ring + self->page, EINVAL },
		{ ring + self->len, EINVAL },
		{ ring | 1ULL << 31, EINVAL },
		{ ring | 1ULL << 61, EINVAL },
		{ ring | 1ULL << 62, EINVAL },
		{ ring | 1ULL << 63, EINVAL },
		{ EVRING_MMAP_META, EINVAL },	/* is shorter */
		{ EVRING_MMAP_META + self->page, EINVAL },
		{ 1ULL << 32, EINVAL },
		{ 1ULL << 59, EINVAL },
		{ 0x7ffffffffffff000, EINVAL },
	};
	unsigned int i;

	meta_get(&meta);
	EXPECT_EQ(ENXIO, map_errno(self->fd, self->len, PROT_READ, MAP_SHARED,
				   EVRING_MMAP_RING(0, meta.nr_cpus)));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(bad[i].error, map_errno(self->fd, self->len, PROT_READ, MAP_SHARED,
						  bad[i].offset)) {
			TH_LOG("offset %llx", (unsigned long long)bad[i].offset);
		}
	}
}

TEST_F(mapping, a_length_other_than_the_whole_is_refused)
{
	size_t page = self->page, len = self->len, meta = meta_whole()->map_size;
	const size_t bad[] = { 0, 1, page, 2 * page, len / 2, len - page, len + 1, len + page,
			       2 * len };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(EINVAL, map_errno(self->fd, bad[i], PROT_READ, MAP_SHARED,
					    (uint64_t)self->offset)) {
			TH_LOG("length %zu", bad[i]);
		}
	}
	EXPECT_EQ(EINVAL, map_errno(self->fd, 0, PROT_READ, MAP_SHARED, EVRING_MMAP_META));
	EXPECT_EQ(EINVAL, map_errno(self->fd, meta - page, PROT_READ, MAP_SHARED, EVRING_MMAP_META));
	EXPECT_EQ(EINVAL, map_errno(self->fd, meta + page, PROT_READ, MAP_SHARED, EVRING_MMAP_META));
	EXPECT_EQ(0, map_errno(self->fd, meta, PROT_READ, MAP_SHARED, EVRING_MMAP_META));
}

TEST_F(mapping, it_can_be_moved_but_neither_grown_nor_doubled_nor_turned)
{
	void *map = (void *)self->ring, *moved;
	uint64_t head = self->ring->head;

	EXPECT_EQ(MAP_FAILED, mremap(map, self->len, self->len + self->page, 0));
	EXPECT_EQ(MAP_FAILED, mremap(map, self->len, self->len + self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(map, self->len, 2 * self->len, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(map, 0, self->len, MREMAP_MAYMOVE));

	moved = mmap(NULL, self->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	ASSERT_EQ(moved, mremap(map, self->len, self->len, MREMAP_MAYMOVE | MREMAP_FIXED, moved));
	self->ring = moved;
	EXPECT_EQ(head, self->ring->head);
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_LT(head, self->ring->head);
	EXPECT_EQ(-1, mprotect(moved, self->len, PROT_READ | PROT_WRITE));
	/* Refused as any other offset is; by then the page has been unmapped. */
	EXPECT_EQ(-1, syscall(SYS_remap_file_pages, moved, self->page, 0, 1, 0));
	EXPECT_EQ(EINVAL, errno);
}

static void read_ring(void *ring)
{
	volatile const struct evring_ring_page *page = ring;

	_exit(page->head == 0);
}

TEST_F(mapping, a_child_of_fork_does_not_have_it)
{
	int status = in_child(read_ring, (void *)self->ring);

	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

TEST_F(mapping, it_outlives_the_descriptor_and_shows_new_events)
{
	uint64_t head = self->ring->head, seq = self->ring->seq;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, emit(3, 0));
	EXPECT_EQ(seq + 3, self->ring->seq);
	EXPECT_EQ(head + 3 * torture_size(0), self->ring->head);
}

/* The torture module would keep evring there, too: out with it. */
TEST_F(mapping, it_keeps_the_module_loaded)
{
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, module_unload("evring_torture"));
	EXPECT_EQ(EWOULDBLOCK, module_unload("evring"));
	EXPECT_EQ(0, module_load("evring_torture", ""));
	EXPECT_NE(0, self->ring->head);
}

TEST_F(mapping, proc_self_mem_does_not_write_it)
{
	struct evring_ring_page before = *self->ring;
	int mem = open("/proc/self/mem", O_RDWR);
	char byte = 0x55;

	ASSERT_GE(mem, 0);
	EXPECT_EQ(-1, pwrite(mem, &byte, 1, (off_t)(uintptr_t)&self->ring->head));
	EXPECT_EQ(-1, pwrite(mem, &byte, 1, (off_t)((uintptr_t)self->ring + self->page)));
	EXPECT_EQ(0, memcmp(&before, (void *)self->ring, sizeof(before)));
	close(mem);
}

TEST_F(mapping, no_system_call_writes_it_for_us)
{
	void *at = (void *)&self->ring->head;
	uint64_t head = self->ring->head, lie = 0;
	struct iovec from = { &lie, sizeof(lie) }, to = { at, sizeof(lie) };
	int zero = open("/dev/zero", O_RDONLY), tube[2];

	EXPECT_EQ(-1, process_vm_writev(getpid(), &from, 1, &to, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(zero, at, sizeof(lie)));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(sizeof(lie), write(tube[1], &lie, sizeof(lie)));
	EXPECT_EQ(-1, read(tube[0], at, sizeof(lie)));
	EXPECT_EQ(EFAULT, errno);
	/* (As ABI 1 began: of a longer argument the end would have to be 0.) */
	EXPECT_EQ(-EFAULT, call(self->fd, _IOC(_IOC_READ | _IOC_WRITE, EVRING_IOC_MAGIC,
					       _IOC_NR(EVRING_IOC_META), knows(evring_meta_read, len)),
				self->ring));
	EXPECT_EQ(head, self->ring->head);
	close(zero);
	close(tube[0]);
	close(tube[1]);
}

/* The pipe's reader can only read a page that was given to the pipe. */
TEST_F(mapping, a_page_that_was_spliced_away_stays_the_rings)
{
	struct iovec page = { (void *)self->ring, self->page };
	uint64_t head = self->ring->head;
	int tube[2], file = open("/tmp/spliced", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char byte = 0x55;

	ASSERT_GE(file, 0);
	ASSERT_EQ(0, pipe(tube));
	if (vmsplice(tube[1], &page, 1, SPLICE_F_GIFT) > 0)
		splice(tube[0], NULL, file, NULL, self->page, SPLICE_F_MOVE);
	EXPECT_EQ(1, pwrite(file, &byte, 1, offsetof(struct evring_ring_page, head)));
	EXPECT_EQ(head, self->ring->head);
	close(file);
	close(tube[0]);
	close(tube[1]);
	unlink("/tmp/spliced");
}

struct traced {
	off_t offset;
	size_t len;
	int tell;
};

/* Map the ring, say where, and stand still. */
static void be_traced(void *arg)
{
	const struct traced *traced = arg;
	int fd = session_open(O_RDWR);
	void *map = mmap(NULL, traced->len, PROT_READ, MAP_SHARED, fd, traced->offset);

	if (map == MAP_FAILED || ptrace(PTRACE_TRACEME, 0, NULL, NULL) ||
	    write(traced->tell, &map, sizeof(map)) != sizeof(map))
		_exit(1);
	raise(SIGSTOP);
	_exit(0);
}

TEST_F(mapping, a_debugger_does_not_write_it)
{
	struct traced traced = { .offset = self->offset, .len = self->len };
	uint64_t head = self->ring->head;
	char *map, word[8] = { 0 };
	struct iovec from = { word, sizeof(word) }, to;
	int tube[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(tube));
	traced.tell = tube[1];
	pid = fork();
	if (!pid)
		be_traced(&traced);
	ASSERT_EQ(sizeof(map), read(tube[0], &map, sizeof(map)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));

	map += offsetof(struct evring_ring_page, head);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, map, NULL));
	to = (struct iovec){ map, sizeof(word) };
	EXPECT_EQ(-1, process_vm_writev(pid, &from, 1, &to, 1, 0));
	EXPECT_EQ(head, self->ring->head);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* KiB of this process by name, as /proc/self/status has it */
static long status_kib(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	size_t len = strlen(name);
	char line[128];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = atol(line + len + 1);
	if (!file || kib < 0)
		abort();
	fclose(file);
	return kib;
}

/* The rings are the module's memory: the OOM killer must not count them for a reader. */
TEST_F(mapping, it_is_not_the_readers_memory)
{
	const volatile char *ring;
	long before, after;
	unsigned char sum = 0;
	size_t i;

	munmap((void *)self->ring, self->len);
	before = status_kib("VmRSS");
	self->ring = mmap(NULL, self->len, PROT_READ, MAP_SHARED, self->fd, self->offset);
	ASSERT_NE(MAP_FAILED, self->ring);
	ring = (const volatile char *)self->ring;
	for (i = 0; i < self->len; i += self->page)
		sum += ring[i];
	after = status_kib("VmRSS");
	note("VmRSS: %ld KiB, %ld with a ring of %zu KiB mapped (%u)", before, after,
	     self->len >> 10, sum);
	EXPECT_LT(after - before, (long)(self->len >> 10) / 2);
}

/* As a daemon does with a record: hand the ring's own memory to a system call. */
TEST_F(mapping, it_can_be_written_and_sent_from)
{
	const char *data = (const char *)self->ring + self->page;
	struct iovec iov = { (void *)data, 512 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char copy[512];
	int pair[2], file = open("/tmp/written", O_RDWR | O_CREAT | O_TRUNC, 0600);

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	EXPECT_EQ(512, sendmsg(pair[0], &msg, 0));
	EXPECT_EQ(512, read(pair[1], copy, 512));
	EXPECT_EQ(0, memcmp(copy, data, 512));
	memset(copy, 0, sizeof(copy));
	EXPECT_EQ(512, write(file, data, 512));
	EXPECT_EQ(512, pread(file, copy, 512, 0));
	EXPECT_EQ(0, memcmp(copy, data, 512));
	close(pair[0]);
	close(pair[1]);
	close(file);
	unlink("/tmp/written");
}

static void advise_and_read(void *arg)
{
	int *args = arg;
	size_t len = ring_len(LANE_CRITICAL);
	int fd = session_open(O_RDWR);
	const struct evring_ring_page *ring;

	ring = mmap(NULL, len, PROT_READ, MAP_SHARED, fd,
		    (off_t)EVRING_MMAP_RING(LANE_CRITICAL, 0));
	if (ring == MAP_FAILED)
		_exit(2);
	args[1] = madvise((void *)ring, len, args[0]) ? errno : 0;
	_exit(ring->size < knows(evring_ring_page, reserved3) || ring->head % 8);
}

TEST_F(mapping, no_advice_does_harm)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_REMOVE, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_DOFORK,
		MADV_DODUMP, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_WIPEONFORK, MADV_WILLNEED,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	struct evring_ring_page before = *self->ring;
	unsigned int i;
	int status;

	for (i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		int args[2] = { advices[i] };

		status = in_child(advise_and_read, args);
		/* A mapping that is zapped stays empty: no other page comes in its place. */
		if (WIFSIGNALED(status)) {
			EXPECT_EQ(SIGBUS, WTERMSIG(status));
		} else {
			EXPECT_EQ(0, status);
		}
		EXPECT_EQ(0, memcmp(&before, (void *)self->ring, sizeof(before))) {
			TH_LOG("after madvise %d", advices[i]);
		}
	}
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_EQ(before.seq + 1, self->ring->seq);
}

TEST_F(mapping, a_part_can_be_unmapped_and_the_rest_stays_true)
{
	uint64_t head = self->ring->head;

	ASSERT_EQ(0, munmap((char *)self->ring + 2 * self->page, self->page));
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_LT(head, self->ring->head);
	EXPECT_EQ(-1, mprotect((void *)self->ring, self->page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
}

TEST_HARNESS_MAIN
