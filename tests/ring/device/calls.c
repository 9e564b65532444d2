/* SPDX-License-Identifier: MIT */
/* The calls themselves: wrong arguments are refused, and a commit works both ways. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static void sessions_are_limited(void)
{
	struct evring *evs[4], *none;
	unsigned int i;

	*sim_param_sessions_max() = 3;
	for (i = 0; i < 3; i++)
		evs[i] = session();
	CHECK(evring_open(&none, NULL) == -EMFILE);
	/* One user's sessions are not another's. */
	sim_uid = 1000;
	evs[3] = session();
	evring_close(evs[0]);
	sim_uid = 0;
	evs[0] = session();
	CHECK(evring_open(&none, NULL) == -EMFILE);
	for (i = 0; i < 4; i++)
		evring_close(evs[i]);
}

static int map_errno(const struct evring *ev, size_t len, int prot, int flags, uint64_t offset)
{
	void *map = mmap(NULL, len, prot, flags, evring_fd(ev), (off_t)offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, len);
	return 0;
}

/* By the meta page's table, as a newer module's ring page can be longer */
static size_t map_size_of(struct evring *ev, unsigned int lane)
{
	static char page[1 << 16];
	const struct evring_meta *meta = (const void *)page;
	struct evring_lane_info info = { .map_size = 0 };

	if (evring_meta_read(ev, page, sizeof(page)) > 0)
		memcpy(&info, page + meta->lanes.offset + lane * meta->lanes.stride, sizeof(info));
	return info.map_size;
}

static void maps_read_only(void)
{
	struct evring *ev = session();
	const uint64_t ring = EVRING_MMAP_RING(LANE_BULK, 1);
	const size_t len = map_size_of(ev, LANE_BULK), meta = evring_meta(ev)->map_size;
	unsigned int bit;

	CHECK(!map_errno(ev, len, PROT_READ, MAP_SHARED, ring));
	CHECK(!map_errno(ev, meta, PROT_READ, MAP_SHARED, EVRING_MMAP_META));
	CHECK(map_errno(ev, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring) == EPERM);
	CHECK(map_errno(ev, len, PROT_WRITE, MAP_SHARED, ring) == EPERM);
	CHECK(map_errno(ev, len, PROT_READ | PROT_EXEC, MAP_SHARED, ring) == EPERM);
	CHECK(map_errno(ev, meta, PROT_WRITE, MAP_SHARED, EVRING_MMAP_META) == EPERM);
	CHECK(map_errno(ev, len, PROT_READ, MAP_PRIVATE, ring) == EINVAL);
	CHECK(map_errno(ev, len - 4096, PROT_READ, MAP_SHARED, ring) == EINVAL);
	CHECK(map_errno(ev, len + 4096, PROT_READ, MAP_SHARED, ring) == EINVAL);
	CHECK(map_errno(ev, 4096, PROT_READ, MAP_SHARED, ring) == EINVAL);
	CHECK(map_errno(ev, meta + 4096, PROT_READ, MAP_SHARED, EVRING_MMAP_META) == EINVAL);
	CHECK(map_errno(ev, len, PROT_READ, MAP_SHARED, EVRING_MMAP_RING(0, 2)) == ENXIO);
	CHECK(map_errno(ev, len, PROT_READ, MAP_SHARED, EVRING_MMAP_RING(3, 0)) == ENXIO);
	CHECK(map_errno(ev, len, PROT_READ, MAP_SHARED, EVRING_MMAP_RING(255, 0xfffff)) == ENXIO);
	for (bit = 12; bit < 32; bit++)
		CHECK(map_errno(ev, len, PROT_READ, MAP_SHARED, ring | 1ull << bit) == EINVAL);
	for (bit = 61; bit < 63; bit++)
		CHECK(map_errno(ev, len, PROT_READ, MAP_SHARED, ring | 1ull << bit) == EINVAL);
	evring_close(ev);
}

static void refuses_arguments(void)
{
	static const char *const names[] = {
		"", " ", "a b", "a/b", "\xc3\xa4",
	};
	struct evring *ev = session();
	const struct evring_join good = { .name = "g", .lanes = BULK };
	struct evring_join join_arg;
	struct evring_hook hook = { .name = "process.exec" };
	struct evring_drop drop = { 0 };
	struct evring_arm arm = { .lanes = BULK };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		join_arg = good;
		strcpy(join_arg.name, names[i]);
		memcpy(drop.name, join_arg.name, sizeof(drop.name));
		CHECK(call(ev, EVRING_IOC_JOIN, &join_arg) == -EINVAL);
		CHECK(call(ev, EVRING_IOC_DROP, &drop) == -EINVAL);
	}
	/* Each reserved word, and each other word with a value that has no meaning */
	for (i = EVRING_NAME_MAX; i < knows(evring_join, created); i += 4) {
		join_arg = good;
		*(uint32_t *)((char *)&join_arg + i) = 0x80000008;
		CHECK(call(ev, EVRING_IOC_JOIN, &join_arg) == -EINVAL);
	}
	join_arg = good;
	memset(join_arg.name, 'x', sizeof(join_arg.name));
	CHECK(call(ev, EVRING_IOC_JOIN, &join_arg) == -EINVAL);
	join_arg = good;
	join_arg.name[EVRING_NAME_MAX - 1] = 'x';
	CHECK(call(ev, EVRING_IOC_JOIN, &join_arg) == -EINVAL);
	join_arg = good;
	join_arg.lanes = 0;
	CHECK(call(ev, EVRING_IOC_JOIN, &join_arg) == -EINVAL);
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -ENOENT);
	hook.op = EVRING_HOOK_DETACH + 1;
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -EINVAL);
	arm.watermark = 1;
	CHECK(call(ev, EVRING_IOC_ARM, &arm) == -EINVAL);
	arm.flush_ms = 60001;
	CHECK(call(ev, EVRING_IOC_ARM, &arm) == -EINVAL);
	arm = (struct evring_arm){ .lanes = 8 };
	CHECK(call(ev, EVRING_IOC_ARM, &arm) == -EINVAL);
	CHECK(call(ev, EVRING_IOC_LEAVE, &arm) == -EINVAL);
	CHECK(call(ev, _IO(EVRING_IOC_MAGIC, 12), NULL) == -ENOTTY);
	CHECK(call(ev, _IO(EVRING_IOC_MAGIC, 15), NULL) == -ENOTTY);
	/* Shorter than any caller's can be */
	CHECK(call(ev, _IOC(_IOC_READ, EVRING_IOC_MAGIC, 0, 8), &arm) == -EINVAL);
	evring_close(ev);
}

static void refuses_pointers(void)
{
	const unsigned long calls[] = {
		EVRING_IOC_META, EVRING_IOC_RING, EVRING_IOC_DESCRIBE, EVRING_IOC_HOOK,
		EVRING_IOC_JOIN, EVRING_IOC_COMMIT, EVRING_IOC_ARM, EVRING_IOC_DROP,
		EVRING_IOC_FILTER, EVRING_IOC_GIVE,
	};
	struct evring *ev = session();
	struct evring_describe info = { .id = EVRING_TYPE_LOST, .room = 4096 };
	struct evring_join *locked = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bad = unmapped();
	unsigned int i;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		CHECK(call(ev, calls[i], NULL) == -EFAULT);
		CHECK(call(ev, calls[i], bad) == -EFAULT);
		CHECK(call(ev, calls[i], (void *)-8) == -EFAULT);
	}
	info.block = (uintptr_t)bad;
	CHECK(call(ev, EVRING_IOC_DESCRIBE, &info) == -EFAULT);
	info.room = 0;
	CHECK(!call(ev, EVRING_IOC_DESCRIBE, &info) && info.len > 0);
	info = (struct evring_describe){ .id = EVRING_TYPE_LOST, .reserved = 1 };
	CHECK(call(ev, EVRING_IOC_DESCRIBE, &info) == -EINVAL);
	/* A join whose answer cannot be written has not been. */
	strcpy(locked->name, "g");
	locked->lanes = BULK;
	mprotect(locked, 4096, PROT_READ);
	CHECK(call(ev, EVRING_IOC_JOIN, locked) == -EFAULT);
	CHECK(call(ev, EVRING_IOC_LEAVE, NULL) == -EPERM);
	CHECK(!group_info(ev, 0)->name[0]);
	CHECK(sim_held(LANE_BULK, 0) == UINT64_MAX);
	evring_close(ev);
}

static void without_capability(void)
{
	struct evring *ev = member("g", EVRING_HOLD);

	sim_capable = false;
	CHECK(evring_attach(ev, "process.exec", NULL, -1) == -EPERM);
	CHECK(evring_detach(ev, "process.exec", NULL) == -EPERM);
	CHECK(evring_owners(ev, "process.exec") == -ENOENT);
	CHECK(evring_drop(ev, "g") == -EPERM && evring_drop(ev, "h") == -EPERM);
	/* To read, to commit and to wait it takes none. */
	emit(LANE_BULK, 0, 3);
	CHECK(read_all(ev, 10, NULL) == 3 && !evring_commit(ev) && !evring_wait(ev, 0));
	evring_close(ev);
}

typedef int committer(struct evring *ev, const struct evring_commit *commit);

static int by_ioctl(struct evring *ev, const struct evring_commit *commit)
{
	return call(ev, EVRING_IOC_COMMIT, (void *)commit);
}

static int by_uring(struct evring *ev, const struct evring_commit *commit)
{
	const struct evring_uring_cmd cmd = { .arg = (uintptr_t)commit, .size = sizeof(*commit) };

	return sim_uring_cmd(evring_fd(ev), EVRING_CMD_COMMIT, &cmd);
}

static int commit_one(committer *how, struct evring *ev, uint64_t pos, unsigned int lane,
		      unsigned int cpu)
{
	const struct evring_commit_entry entry = {
		.pos = pos, .seq = pos / 64, .lane = (uint16_t)lane, .cpu = cpu,
	};
	const struct evring_commit commit = {
		.entries = (uintptr_t)&entry, .nr = 1, .entry_size = sizeof(entry),
	};

	return how(ev, &commit);
}

static void commits_by(committer *how, const char *name)
{
	struct evring *ev = member(name, EVRING_HOLD), *other = session();
	struct evring_commit_entry entries[3] = { { .pos = 0 } };
	struct evring_commit commit = {
		.entries = (uintptr_t)entries, .nr = 3, .entry_size = sizeof(*entries),
	};
	unsigned int group = group_info(ev, 0)->name[1] == name[1] ? 0 : 1, i;
	uint64_t head = page(ev, LANE_BULK, 0)->head;

	CHECK(!commit_one(how, ev, 128, LANE_BULK, 0));
	CHECK(commit_one(how, ev, 120, LANE_BULK, 0) == -ERANGE);
	CHECK(commit_one(how, ev, head + 8, LANE_BULK, 0) == -ERANGE);
	CHECK(commit_one(how, ev, UINT64_MAX - 7, LANE_BULK, 0) == -ERANGE);
	for (i = 1; i < 8; i++)
		CHECK(commit_one(how, ev, 128 + i, LANE_BULK, 0) == -EINVAL);
	CHECK(commit_one(how, ev, 0, LANE_APP, 0) == -EINVAL);
	CHECK(commit_one(how, ev, 0, LANES, 0) == -ENXIO);
	CHECK(commit_one(how, ev, 0, LANE_BULK, 2) == -ENXIO);
	CHECK(commit_one(how, ev, 0, UINT16_MAX, UINT16_MAX) == -ENXIO);
	CHECK(commit_one(how, other, 128, LANE_BULK, 0) == -EPERM);
	/* Entries before a bad one stay committed. */
	for (i = 0; i < 3; i++)
		entries[i] = (struct evring_commit_entry) {
			.pos = i == 1 ? 4 : 192 + i * 64, .seq = 7, .missed = 3,
			.lane = LANE_BULK,
		};
	CHECK(how(ev, &commit) == -EINVAL);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), group)->pos == 192);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), group)->seq == 7);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), group)->missed == 3);
	commit.flags = 1;
	CHECK(how(ev, &commit) == -EINVAL);
	commit = (struct evring_commit){
		.entries = (uintptr_t)entries, .entry_size = sizeof(*entries),
	};
	CHECK(how(ev, &commit) == -EINVAL);
	commit.nr = EVRING_COMMIT_MAX + 1;
	CHECK(how(ev, &commit) == -EINVAL);
	commit = (struct evring_commit){
		.entries = (uintptr_t)unmapped(), .nr = 1, .entry_size = sizeof(*entries),
	};
	CHECK(how(ev, &commit) == -EFAULT);
	CHECK(!commit_one(how, ev, head, LANE_BULK, 0));
	evring_close(ev);
	evring_close(other);
}

static void commits(void)
{
	struct evring *ev = session();

	emit(LANE_BULK, 0, 20);
	emit(LANE_BULK, 1, 20);
	commits_by(by_ioctl, "g1");
	commits_by(by_uring, "g2");
	CHECK(sim_uring_cmd(evring_fd(ev), _IOC_NR(EVRING_IOC_JOIN),
			    &(struct evring_uring_cmd){ 0 }) == -EOPNOTSUPP);
	CHECK(sim_uring_cmd(evring_fd(ev), EVRING_CMD_COMMIT,
			    &(struct evring_uring_cmd){ .flags = 1 }) == -EINVAL);
	evring_close(ev);
}

static int by_uring_inline(struct evring *ev, const struct evring_commit *commit)
{
	const struct evring_uring_cmd cmd = { .arg = (uintptr_t)commit, .size = sizeof(*commit) };

	return sim_uring_cmd_inline(evring_fd(ev), EVRING_CMD_COMMIT, &cmd);
}

static uint64_t committed(struct evring *ev)
{
	return page_cursor(page(ev, LANE_BULK, 0), 0)->pos;
}

/* A submitter does not wait for a lock: a worker does. */
static void commits_without_sleep(void)
{
	struct evring *ev = member("g1", EVRING_HOLD);

	emit(LANE_BULK, 0, 20);
	CHECK(!commit_one(by_uring_inline, ev, 64, LANE_BULK, 0) && committed(ev) == 64);
	sim_contended = true;
	CHECK(commit_one(by_uring_inline, ev, 128, LANE_BULK, 0) == -EAGAIN && committed(ev) == 64);
	CHECK(!commit_one(by_uring, ev, 128, LANE_BULK, 0) && committed(ev) == 128);
	sim_contended = false;
	evring_close(ev);
}

const struct test calls_tests[] = {
	{ sessions_are_limited, STEPPED, "a user has at most sessions_max sessions" },
	{ maps_read_only, STEPPED, "a mapping is whole, shared and read-only, or refused" },
	{ refuses_arguments, STEPPED, "an argument that means nothing is refused" },
	{ refuses_pointers, STEPPED, "a pointer that leads nowhere is refused" },
	{ without_capability, STEPPED, "hooks and dropping need a capability, reading none" },
	{ commits, STEPPED, "a commit takes the valid entries, by ioctl and by io_uring" },
	{ commits_without_sleep, STEPPED, "a commit in a submitter waits for no lock" },
	{ NULL, NONE, NULL },
};
