// SPDX-License-Identifier: MIT
/*
 * Each call with everything that it must refuse: bad pointers, sizes, flags, names,
 * numbers, and callers without permission.
 */
#include <grp.h>
#include <sys/syscall.h>

#include "../harness/block.h"
#include "device.h"

#define NOBODY		65534
#define EVRING_GID	900	/* in the guest's /etc/group */
#define GROUP		"ioctl"

static const struct evring_describe ok_type = { .id = EVRING_TYPE_LOST };
static const struct evring_meta_read ok_meta;
static const struct evring_hook ok_hook = { .name = "process.fork", .op = EVRING_HOOK_QUERY };
static const struct evring_join ok_join = { .name = GROUP, .lanes = CRITICAL };
static const struct evring_arm ok_arm = { .lanes = CRITICAL };
static const struct evring_drop ok_drop = { .name = "ioctl-absent" };
static const struct evring_give ok_give = { .name = "ioctl-absent" };
static const struct evring_filter_read ok_filter = { .name = "process.fork" };
static const struct evring_redact ok_redact = { .name = "process.exec" };
static const struct evring_register ok_register = { .len = sizeof(struct evring_block) };
static const struct evring_unregister ok_unregister = { .id = UINT32_MAX };
static const struct evring_commit ok_commit = {
	.nr = 1, .entry_size = sizeof(struct evring_commit_entry),
};
static const struct evring_ring_read ok_ring;

enum {
	META, RING, TYPE, HOOK, JOIN, COMMIT, ARM, DROP, FILTER, REDACT, GIVE, REGISTER,
	UNREGISTER, CALLS,
};

/* A call, with an argument that there is nothing wrong with */
static const struct good {
	unsigned long request;
	const void *arg;
	size_t size;
	size_t first;		/* its size as ABI 1 began */
	bool out;
	int ret;
} calls[CALLS] = {
	[META] = { EVRING_IOC_META, &ok_meta, sizeof(ok_meta),
		 knows(evring_meta_read, len), true, 0 },
	[RING] = { EVRING_IOC_RING, &ok_ring, sizeof(ok_ring),
		 knows(evring_ring_read, reserved), true, 0 },
	[TYPE] = { EVRING_IOC_DESCRIBE, &ok_type, sizeof(ok_type),
		 knows(evring_describe, lost), true, 0 },
	[HOOK] = { EVRING_IOC_HOOK, &ok_hook, sizeof(ok_hook),
		 knows(evring_hook, filters), true, 0 },
	[JOIN] = { EVRING_IOC_JOIN, &ok_join, sizeof(ok_join),
		 knows(evring_join, created), true, 0 },
	[COMMIT] = { EVRING_IOC_COMMIT, &ok_commit, sizeof(ok_commit),
		 knows(evring_commit, reserved), false, -EFAULT },
	[ARM] = { EVRING_IOC_ARM, &ok_arm, sizeof(ok_arm),
		 knows(evring_arm, reserved), false, 0 },
	[DROP] = { EVRING_IOC_DROP, &ok_drop, sizeof(ok_drop),
		 knows(evring_drop, reserved), false, -ENOENT },
	[FILTER] = { EVRING_IOC_FILTER, &ok_filter, sizeof(ok_filter),
		   knows(evring_filter_read, len), true, 0 },
	[REDACT] = { EVRING_IOC_REDACT, &ok_redact, sizeof(ok_redact),
		   knows(evring_redact, hidden), true, 0 },
	[GIVE] = { EVRING_IOC_GIVE, &ok_give, sizeof(ok_give),
		 knows(evring_give, flags), false, -ENOENT },
	[REGISTER] = { EVRING_IOC_REGISTER, &ok_register, sizeof(ok_register),
		     knows(evring_register, reserved), true, -EFAULT },
	[UNREGISTER] = { EVRING_IOC_UNREGISTER, &ok_unregister, sizeof(ok_unregister),
		       knows(evring_unregister, reserved), false, -ENOENT },
};

FIXTURE(session) {
	int fd;
	size_t page;
	char *room;		/* two pages, and one that is not there */
};

FIXTURE_SETUP(session)
{
	groups_drop();
	self->fd = session_open(O_RDWR);
	ASSERT_GE(self->fd, 0);
	self->page = (size_t)sysconf(_SC_PAGESIZE);
	self->room = mmap(NULL, 3 * self->page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->room);
	ASSERT_EQ(0, munmap(self->room + 2 * self->page, self->page));
}

FIXTURE_TEARDOWN(session)
{
	close(self->fd);
	munmap(self->room, 2 * self->page);
	groups_drop();
}

static int join(int fd, const char *name, uint32_t lanes)
{
	struct evring_join arg = { .lanes = lanes };

	strcpy(arg.name, name);
	return call(fd, EVRING_IOC_JOIN, &arg);
}

static void put(char *to, const struct good *good)
{
	memcpy(to, good->arg, good->size);
}

TEST_F(session, a_good_argument_is_taken)
{
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		put(self->room, &calls[i]);
		EXPECT_EQ(calls[i].ret, call(self->fd, calls[i].request, self->room)) {
			TH_LOG("request %lx", calls[i].request);
		}
	}
}

TEST_F(session, a_pointer_to_nothing_is_refused)
{
	char *end = self->room + 2 * self->page;
	char *kernel = (char *)0xffff888000000000;
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		EXPECT_EQ(-EFAULT, call(self->fd, calls[i].request, NULL));
		EXPECT_EQ(-EFAULT, call(self->fd, calls[i].request, end));
		EXPECT_EQ(-EFAULT, call(self->fd, calls[i].request, kernel));
		EXPECT_EQ(-EFAULT, call(self->fd, calls[i].request, (char *)-1));
		/* The last byte is not there. */
		put(end - calls[i].size, &calls[i]);
		memmove(end - calls[i].size + 1, end - calls[i].size, calls[i].size - 1);
		EXPECT_EQ(-EFAULT, call(self->fd, calls[i].request,
					end - calls[i].size + 1)) {
			TH_LOG("request %lx", calls[i].request);
		}
	}
	EXPECT_EQ(-EPERM, call(self->fd, EVRING_IOC_LEAVE, NULL));
}

TEST_F(session, an_answer_into_read_only_memory_is_refused)
{
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		int expected = calls[i].out ? -EFAULT : calls[i].ret;

		put(self->room, &calls[i]);
		ASSERT_EQ(0, mprotect(self->room, self->page, PROT_READ));
		EXPECT_EQ(expected, call(self->fd, calls[i].request, self->room)) {
			TH_LOG("request %lx", calls[i].request);
		}
		ASSERT_EQ(0, mprotect(self->room, self->page, PROT_READ | PROT_WRITE));
	}
}

TEST_F(session, a_join_that_could_not_answer_owns_nothing)
{
	put(self->room, &calls[JOIN]);
	ASSERT_EQ(0, mprotect(self->room, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->fd, EVRING_IOC_JOIN, self->room));
	EXPECT_EQ(-EPERM, call(self->fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(0, join(self->fd, GROUP, CRITICAL));
	EXPECT_EQ(0, call(self->fd, EVRING_IOC_LEAVE, NULL));
}

TEST_F(session, a_call_that_is_not_known_is_refused)
{
	unsigned int nr, i;

	for (nr = _IOC_NR(EVRING_IOC_GIVE) + 1; nr < 256; nr++) {
		EXPECT_EQ(-ENOTTY, call(self->fd, _IO(EVRING_IOC_MAGIC, nr), self->room));
		EXPECT_EQ(-ENOTTY, call(self->fd, _IOC(_IOC_WRITE, EVRING_IOC_MAGIC, nr, 16),
					self->room));
	}
	for (i = 0; i < CALLS; i++) {
		unsigned long request = calls[i].request;
		unsigned int dir = _IOC_DIR(request), size = _IOC_SIZE(request);

		put(self->room, &calls[i]);
		nr = _IOC_NR(request);
		/* Shorter than it ever was */
		EXPECT_EQ(-EINVAL, call(self->fd, _IOC(dir, EVRING_IOC_MAGIC, nr, calls[i].first - 1),
					self->room));
		EXPECT_EQ(-EINVAL, call(self->fd, _IOC(dir, EVRING_IOC_MAGIC, nr, 0), NULL));
		EXPECT_EQ(-ENOTTY, call(self->fd, _IOC(dir, 0xEC, nr, size), self->room));
	}
	EXPECT_EQ(-ENOTTY, call(self->fd, 0x5401 /* TCGETS */, self->room));
}

/* How much longer than ours an argument of the module may be: not at all, unless it is newer. */
static unsigned int module_knows_more(void)
{
	struct evring_meta meta;

	meta_get(&meta);
	return meta.size > sizeof(meta) ? 64 : 0;
}

TEST_F(session, a_longer_argument_is_taken_while_its_end_is_zero)
{
	unsigned int more = module_knows_more(), i, by;

	for (i = 0; i < CALLS; i++) {
		unsigned long request = calls[i].request;
		size_t size = calls[i].size + more;

		for (by = 1; by <= 4096; by *= 4) {
			request = _IOC(_IOC_DIR(request), EVRING_IOC_MAGIC, _IOC_NR(request),
				       size + by);
			memset(self->room, 0, 2 * self->page);
			put(self->room, &calls[i]);
			self->room[size + by - 1] = 1;
			EXPECT_EQ(-E2BIG, call(self->fd, request, self->room)) {
				TH_LOG("request %lx", request);
			}
			self->room[size + by - 1] = 0;
			self->room[size + by] = 1;	/* is beyond it */
			EXPECT_EQ(calls[i].ret, call(self->fd, request, self->room)) {
				TH_LOG("request %lx", request);
			}
			if (i == JOIN)
				EXPECT_EQ(0, call(self->fd, EVRING_IOC_LEAVE, NULL));
		}
	}
}

/* Bits of a call's argument that must be 0 */
static const struct reserved {
	unsigned int call;
	size_t offset;
	unsigned int from, to;		/* bits */
} reserved[] = {
	{ META, offsetof(struct evring_meta_read, len), 0, 32 },
	{ RING, offsetof(struct evring_ring_read, len), 0, 32 },
	{ RING, offsetof(struct evring_ring_read, reserved), 0, 16 },
	{ TYPE, offsetof(struct evring_describe, flags), 0, 32 },
	{ TYPE, offsetof(struct evring_describe, len), 0, 128 },
	{ TYPE, offsetof(struct evring_describe, lost), 0, 192 },
	{ HOOK, offsetof(struct evring_hook, filter), 0, 128 },
	{ HOOK, offsetof(struct evring_hook, op), 2, 32 },
	{ HOOK, offsetof(struct evring_hook, flags), 0, 32 },
	{ HOOK, offsetof(struct evring_hook, lane), 0, 128 },
	{ HOOK, offsetof(struct evring_hook, snapshot), 0, 128 },
	{ HOOK, offsetof(struct evring_hook, why), 0, 8 * EVRING_WHY_MAX },
	{ JOIN, offsetof(struct evring_join, flags), 0, 32 },
	{ JOIN, offsetof(struct evring_join, policy), 1, 32 },
	{ JOIN, offsetof(struct evring_join, start), 1, 32 },
	{ JOIN, offsetof(struct evring_join, lanes), LANES, 64 },
	{ JOIN, offsetof(struct evring_join, group), 0, 32 },
	{ JOIN, offsetof(struct evring_join, created), 0, 32 },
	{ COMMIT, offsetof(struct evring_commit, flags), 0, 64 },
	{ ARM, offsetof(struct evring_arm, lanes), LANES, 64 },
	{ ARM, offsetof(struct evring_arm, flags), 0, 32 },
	{ ARM, offsetof(struct evring_arm, reserved), 0, 32 },
	{ DROP, offsetof(struct evring_drop, flags), 0, 64 },
	{ GIVE, offsetof(struct evring_give, flags), 0, 32 },
	{ FILTER, offsetof(struct evring_filter_read, len), 0, 224 },
	{ REDACT, offsetof(struct evring_redact, op), 2, 32 },
	{ REDACT, offsetof(struct evring_redact, flags), 1, 32 },
	{ REDACT, offsetof(struct evring_redact, len), 0, 32 },
	{ REDACT, offsetof(struct evring_redact, generation), 0, 32 },
	{ REDACT, offsetof(struct evring_redact, reserved), 0, 32 },
	{ REDACT, offsetof(struct evring_redact, redacted), 0, 128 },
	{ REGISTER, offsetof(struct evring_register, flags), 2, 32 },
	{ REGISTER, offsetof(struct evring_register, id), 0, 96 },
	{ REGISTER, offsetof(struct evring_register, lane), 0, 32 },
	{ UNREGISTER, offsetof(struct evring_unregister, flags), 0, 64 },
};

TEST_F(session, each_reserved_bit_is_refused)
{
	unsigned int i, bit;

	for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		const struct reserved *r = &reserved[i];

		for (bit = r->from; bit < r->to; bit++) {
			put(self->room, &calls[r->call]);
			self->room[r->offset + bit / 8] ^= (char)(1 << bit % 8);
			EXPECT_EQ(-EINVAL, call(self->fd, calls[r->call].request, self->room)) {
				TH_LOG("request %lx offset %zu bit %u", calls[r->call].request,
				       r->offset, bit);
			}
		}
	}
	EXPECT_EQ(-1, group_find(GROUP));
}

TEST_F(session, a_value_that_means_nothing_is_refused)
{
	struct evring_join no_lane = ok_join;
	const struct evring_arm arms[] = {
		{ .lanes = 0 },
		{ .lanes = CRITICAL, .watermark = 1 },
		{ .lanes = CRITICAL, .flush_ms = 1 },
		{ .lanes = CRITICAL, .watermark = 1, .flush_ms = 60001 },
		{ .lanes = CRITICAL, .watermark = 1, .flush_ms = UINT32_MAX },
	};
	struct evring_hook op = ok_hook;
	unsigned int i;

	no_lane.lanes = 0;
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_JOIN, &no_lane));
	op.op = EVRING_HOOK_DETACH + 1;
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_HOOK, &op));
	for (i = 0; i < sizeof(arms) / sizeof(*arms); i++)
		EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_ARM, &arms[i]));
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_LEAVE, self->room));
}

static const char *const bad_names[] = {
	"", " ", "a b", "a/b", "a\n", "*", "a\x7f", "\xc3\xa4", "a:b", "..%n", ".", "..",
	NAME_127 "7",	/* 128 and no NUL */
};

static void put_name(char *to, const char *name)
{
	memset(to, 0, EVRING_NAME_MAX);
	memcpy(to, name, strlen(name));
}

TEST_F(session, a_bad_name_is_refused)
{
	struct evring_join join_arg = ok_join;
	struct evring_hook hook_arg = ok_hook;
	struct evring_drop drop_arg = ok_drop;
	struct evring_give give_arg = ok_give;
	unsigned int i;

	for (i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++) {
		put_name(join_arg.name, bad_names[i]);
		put_name(hook_arg.name, bad_names[i]);
		put_name(drop_arg.name, bad_names[i]);
		put_name(give_arg.name, bad_names[i]);
		EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_JOIN, &join_arg));
		EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_HOOK, &hook_arg));
		EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_GIVE, &give_arg));
		EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_DROP, &drop_arg)) {
			TH_LOG("name '%s'", bad_names[i]);
		}
	}
}

TEST_F(session, bytes_behind_a_names_nul_must_be_nul_too)
{
	struct evring_join join_arg = ok_join;
	struct evring_hook hook_arg = ok_hook;
	struct evring_drop drop_arg = ok_drop;

	join_arg.name[EVRING_NAME_MAX - 1] = 'x';
	hook_arg.name[EVRING_NAME_MAX - 1] = 'x';
	drop_arg.name[EVRING_NAME_MAX - 1] = 'x';
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_JOIN, &join_arg));
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_HOOK, &hook_arg));
	EXPECT_EQ(-EINVAL, call(self->fd, EVRING_IOC_DROP, &drop_arg));
}

TEST_F(session, the_longest_name_there_can_be_is_a_name)
{
	const char *name = NAME_127;

	ASSERT_EQ(EVRING_NAME_MAX - 1, strlen(name));
	EXPECT_EQ(0, join(self->fd, name, CRITICAL));
	EXPECT_EQ(0, call(self->fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(0, group_drop(name));
	EXPECT_EQ(-ENOENT, group_drop(name));
}

/* A type with a field, and how registering it ends */
static int register_named(int fd, const char *type, const char *field)
{
	struct evring_register arg = { .len = sizeof(struct block) };
	struct block block;

	block_begin(&block, type, 4);
	block_field(&block, field, EVRING_KIND_U32, EVRING_FORMAT_NONE, 0, 4);
	arg.block = (uintptr_t)&block;
	return call(fd, EVRING_IOC_REGISTER, &arg);
}

TEST_F(session, types_and_fields_have_names_as_long)
{
	EXPECT_EQ(0, register_named(self->fd, NAME_127, NAME_127));
	EXPECT_EQ(-EINVAL, register_named(self->fd, NAME_127 "x", "field"));
	EXPECT_EQ(-EINVAL, register_named(self->fd, "ioctl.type", NAME_127 "x"));
	EXPECT_EQ(0, register_named(self->fd, "ioctl.type", "field"));
}

TEST_F(session, a_hook_that_is_not_there_is_not_found)
{
	struct evring_hook hook = { .name = "process", .op = EVRING_HOOK_ATTACH };

	EXPECT_EQ(-ENOENT, call(self->fd, EVRING_IOC_HOOK, &hook));
	/* Torture's type is not a hook's. */
	strcpy(hook.name, TORTURE_TYPE);
	EXPECT_EQ(-ENOENT, call(self->fd, EVRING_IOC_HOOK, &hook));
}

TEST_F(session, a_ring_that_is_not_there_is_not_found)
{
	const uint32_t bad[][2] = {
		{ LANES, 0 }, { UINT16_MAX, 0 }, { 0, 4096 }, { 0, UINT32_MAX },
		{ UINT16_MAX, UINT32_MAX }, { 0, 0x80000000 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct evring_ring_read arg = { .lane = (uint16_t)bad[i][0], .cpu = bad[i][1] };

		EXPECT_EQ(-ENXIO, call(self->fd, EVRING_IOC_RING, &arg));
	}
}

TEST_F(session, a_type_is_described_where_there_is_room)
{
	struct evring_block *block = (void *)self->room;
	struct evring_describe info = ok_type;
	uint32_t len;

	ASSERT_EQ(0, call(self->fd, EVRING_IOC_DESCRIBE, &info));
	len = info.len;
	ASSERT_LT(sizeof(*block), len);

	memset(self->room, 0xaa, self->page);
	info = ok_type;
	info.block = (uintptr_t)block;
	info.room = len - 1;
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_DESCRIBE, &info));
	EXPECT_EQ(len, info.len);
	EXPECT_EQ(0xaaaaaaaa, block->magic);

	info = ok_type;
	info.block = (uintptr_t)block;
	info.room = len;
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_DESCRIBE, &info));
	EXPECT_EQ(EVRING_BLOCK_MAGIC, block->magic);
	EXPECT_EQ(len, block->len);
	EXPECT_EQ(5, block->fields.count);
	EXPECT_STREQ("evring.lost", self->room + block->strings.offset + block->name);
	EXPECT_EQ((char)0xaa, self->room[len]);

	info = ok_type;
	info.room = UINT32_MAX;
	EXPECT_EQ(-EFAULT, call(self->fd, EVRING_IOC_DESCRIBE, &info));
	info = ok_type;
	info.room = UINT32_MAX;
	info.block = (uintptr_t)(self->room + 2 * self->page - 8);
	EXPECT_EQ(-EFAULT, call(self->fd, EVRING_IOC_DESCRIBE, &info));
}

TEST_F(session, type_ids_have_no_hole_and_an_end)
{
	struct evring_describe info;
	uint32_t id, nr;

	for (nr = 0;; nr++) {
		info = (struct evring_describe){ .id = nr };
		if (call(self->fd, EVRING_IOC_DESCRIBE, &info))
			break;
	}
	EXPECT_GT(nr, EVRING_TYPE_FIRST);
	for (id = nr; id < 2 * TYPES_MAX; id++) {
		info = (struct evring_describe){ .id = id };
		EXPECT_EQ(-ENOENT, call(self->fd, EVRING_IOC_DESCRIBE, &info));
	}
	info = (struct evring_describe){ .id = UINT32_MAX };
	EXPECT_EQ(-ENOENT, call(self->fd, EVRING_IOC_DESCRIBE, &info));
}

TEST_F(session, the_meta_call_gives_the_meta_page_as_far_as_there_is_room)
{
	struct evring_meta_read arg = { .to = (uintptr_t)self->room, .room = 16 };
	size_t len = meta_whole()->map_size, groups = meta_whole()->groups.offset;
	char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, self->fd, EVRING_MMAP_META);

	ASSERT_NE(MAP_FAILED, map);
	memset(self->room, 0xaa, 32);
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_META, &arg));
	EXPECT_LE(arg.len, len);
	EXPECT_EQ(0, memcmp(map, self->room, 16));
	EXPECT_EQ((char)0xaa, self->room[16]);
	EXPECT_EQ(0, memcmp(map, meta_whole(), sizeof(struct evring_meta)));
	EXPECT_EQ(0, memcmp(map + groups, (const char *)meta_whole() + groups, arg.len - groups));
	munmap(map, len);
}

FIXTURE(commit) {
	int fd;
	uint64_t pos[2];	/* where the group begins */
	uint64_t head[2];
};

FIXTURE_SETUP(commit)
{
	struct evring_join arg = ok_join;
	int cpu;

	groups_drop();
	self->fd = session_open(O_RDONLY);
	ASSERT_GE(self->fd, 0);
	arg.start = EVRING_LATEST;
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_JOIN, &arg));
	for (cpu = 0; cpu < 2; cpu++) {
		ASSERT_EQ(0, pin(cpu));
		ASSERT_EQ(0, emit(4, 0));
		self->pos[cpu] = cursor_get(GROUP, LANE_CRITICAL, (unsigned int)cpu).pos;
		self->head[cpu] = ring_get(LANE_CRITICAL, (unsigned int)cpu).head;
		ASSERT_GE(self->head[cpu], self->pos[cpu] + 4 * torture_size(0));
	}
}

FIXTURE_TEARDOWN(commit)
{
	close(self->fd);
	groups_drop();
}

static int commit(int fd, const struct evring_commit_entry *entries, uint32_t nr)
{
	struct evring_commit arg = {
		.entries = (uintptr_t)entries, .nr = nr,
		.entry_size = sizeof(struct evring_commit_entry),
	};

	return call(fd, EVRING_IOC_COMMIT, &arg);
}

static int commit_pos(int fd, uint64_t pos)
{
	struct evring_commit_entry entry = { .pos = pos };

	return commit(fd, &entry, 1);
}

static uint64_t committed(int cpu)
{
	return cursor_get(GROUP, LANE_CRITICAL, (unsigned int)cpu).pos;
}

TEST_F(commit, it_moves_the_cursor_and_adds_missed_events)
{
	struct evring_commit_entry entry = { .pos = self->head[0], .seq = 77, .missed = 5 };
	struct evring_cursor cursor;

	EXPECT_EQ(EVRING_SEQ_NONE, cursor_get(GROUP, LANE_CRITICAL, 0).seq);
	ASSERT_EQ(0, commit(self->fd, &entry, 1));
	ASSERT_EQ(0, commit(self->fd, &entry, 1));
	cursor = cursor_get(GROUP, LANE_CRITICAL, 0);
	EXPECT_EQ(self->head[0], cursor.pos);
	EXPECT_EQ(77, cursor.seq);
	EXPECT_EQ(10, cursor.missed);
	EXPECT_EQ(self->pos[1], committed(1));
}

TEST_F(commit, a_position_that_cannot_be_is_refused)
{
	uint64_t pos = self->pos[0] + torture_size(0), head = self->head[0];
	unsigned int i;

	ASSERT_EQ(0, commit_pos(self->fd, pos));
	EXPECT_EQ(-ERANGE, commit_pos(self->fd, pos - 8));
	EXPECT_EQ(-ERANGE, commit_pos(self->fd, 0));
	EXPECT_EQ(-ERANGE, commit_pos(self->fd, head + 8));
	EXPECT_EQ(-ERANGE, commit_pos(self->fd, UINT64_MAX - 7));
	EXPECT_EQ(-ERANGE, commit_pos(self->fd, 1ULL << 63));
	for (i = 1; i < 8; i++)
		EXPECT_EQ(-EINVAL, commit_pos(self->fd, pos + i));
	EXPECT_EQ(pos, committed(0));
	EXPECT_EQ(0, commit_pos(self->fd, head));
}

TEST_F(commit, a_ring_that_is_not_the_groups_is_refused)
{
	struct evring_commit_entry entry = { .lane = LANE_BULK };

	EXPECT_EQ(-EINVAL, commit(self->fd, &entry, 1));
	entry.lane = LANES;
	EXPECT_EQ(-ENXIO, commit(self->fd, &entry, 1));
	entry.lane = UINT16_MAX;
	EXPECT_EQ(-ENXIO, commit(self->fd, &entry, 1));
	entry = (struct evring_commit_entry){ .cpu = 4095 };
	EXPECT_EQ(-ENXIO, commit(self->fd, &entry, 1));
	entry.cpu = UINT16_MAX;
	EXPECT_EQ(-ENXIO, commit(self->fd, &entry, 1));
}

TEST_F(commit, none_or_too_many_entries_are_refused)
{
	struct evring_commit_entry *entries = calloc(EVRING_COMMIT_MAX, sizeof(*entries));
	unsigned int i;

	for (i = 0; i < EVRING_COMMIT_MAX; i++)
		entries[i].pos = self->head[0];
	EXPECT_EQ(-EINVAL, commit(self->fd, entries, 0));
	EXPECT_EQ(-EINVAL, commit(self->fd, entries, EVRING_COMMIT_MAX + 1));
	EXPECT_EQ(-EINVAL, commit(self->fd, entries, UINT32_MAX));
	EXPECT_EQ(self->pos[0], committed(0));
	EXPECT_EQ(0, commit(self->fd, entries, EVRING_COMMIT_MAX));
	EXPECT_EQ(self->head[0], committed(0));
	free(entries);
}

TEST_F(commit, entries_before_a_bad_one_stay_committed)
{
	uint64_t size = torture_size(0);
	struct evring_commit_entry entries[] = {
		{ .pos = self->pos[0] + size },
		{ .pos = self->pos[1] + size, .cpu = 1 },
		{ .pos = self->head[0] + 8 },
		{ .pos = self->pos[1] + 2 * size, .cpu = 1 },
	};

	EXPECT_EQ(-ERANGE, commit(self->fd, entries, 4));
	EXPECT_EQ(self->pos[0] + size, committed(0));
	EXPECT_EQ(self->pos[1] + size, committed(1));
	entries[2].cpu = 4095;
	EXPECT_EQ(-ENXIO, commit(self->fd, entries, 4));
	EXPECT_EQ(self->pos[1] + size, committed(1));
}

TEST_F(commit, entries_before_a_bad_pointer_are_whole_or_not_committed)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), entry = sizeof(struct evring_commit_entry);
	char *room = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct evring_commit_entry *entries = (void *)(room + page - 64 * entry);
	uint64_t cursor;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, room);
	ASSERT_EQ(0, munmap(room + page, page));
	for (i = 0; i < 64; i++)
		entries[i].pos = self->pos[0] + (i + 1 < 4 ? i + 1 : 4) * torture_size(0);
	EXPECT_EQ(-EFAULT, commit(self->fd, (void *)room + page, 1));
	EXPECT_EQ(self->pos[0], committed(0));
	EXPECT_EQ(-EFAULT, commit(self->fd, NULL, 1));
	EXPECT_EQ(-EFAULT, commit(self->fd, (void *)0xffff888000000000, 1));
	EXPECT_EQ(-EFAULT, commit(self->fd, (void *)-8, 2));
	EXPECT_EQ(-EFAULT, commit(self->fd, entries, 65));
	cursor = committed(0) - self->pos[0];
	EXPECT_EQ(0, cursor % torture_size(0));
	EXPECT_EQ(0, commit(self->fd, entries + 63, 1));
	munmap(room, page);
}

TEST_F(commit, only_the_groups_owner_commits)
{
	int other = session_open(O_RDONLY);

	EXPECT_EQ(-EPERM, commit_pos(other, self->head[0]));
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(-EPERM, commit_pos(self->fd, self->head[0]));
	EXPECT_EQ(-EPERM, call(self->fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(0, join(other, GROUP, CRITICAL));
	EXPECT_EQ(-EPERM, commit_pos(self->fd, self->head[0]));
	EXPECT_EQ(0, commit_pos(other, self->head[0]));
	close(other);
}

TEST(calls_that_the_device_does_not_have_fail_properly)
{
	int fd = session_open(O_RDWR), rdonly = session_open(O_RDONLY);
	char byte = 0;

	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(rdonly, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, pread(fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, fsync(fd));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	close(rdonly);
}

static void as(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		abort();
}

static void open_as_nobody(void *unused)
{
	as(NOBODY, NOBODY);
	_exit(session_open(O_RDONLY) != -EACCES || session_open(O_RDWR) != -EACCES);
}

TEST(open_without_permission_is_refused)
{
	EXPECT_EQ(0, in_child(open_as_nobody, NULL));
}

/* The calls of a session that the caller may not make, one bit each */
static int forbidden(int fd)
{
	struct evring_hook hook = ok_hook;
	int bits = 0;

	hook.op = EVRING_HOOK_ATTACH;
	bits |= (call(fd, EVRING_IOC_HOOK, &hook) == -EPERM) << 0;
	hook = ok_hook;
	hook.op = EVRING_HOOK_DETACH;
	bits |= (call(fd, EVRING_IOC_HOOK, &hook) == -EPERM) << 1;
	hook = ok_hook;
	bits |= (call(fd, EVRING_IOC_HOOK, &hook) != 0) << 2;
	bits |= (call(fd, EVRING_IOC_DROP, &ok_drop) == -EPERM) << 3;
	bits |= (join(fd, GROUP, CRITICAL) != 0) << 4;
	bits |= (call(fd, EVRING_IOC_ARM, &ok_arm) != 0) << 5;
	bits |= (call(fd, EVRING_IOC_GIVE, &ok_give) == -EPERM) << 6;
	return bits;
}

static void call_as_member(void *unused)
{
	as(NOBODY, EVRING_GID);
	_exit(forbidden(session_open(O_RDONLY)));
}

TEST(a_member_of_the_group_reads_but_attaches_drops_and_gives_nothing)
{
	int status = in_child(call_as_member, NULL);

	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(1 << 0 | 1 << 1 | 1 << 3 | 1 << 6, WEXITSTATUS(status));
	groups_drop();
}

static void call_in_own_namespace(void *unused)
{
	int fd = session_open(O_RDONLY);

	as(NOBODY, EVRING_GID);
	if (unshare(CLONE_NEWUSER))
		_exit(64);
	_exit(forbidden(fd));
}

TEST(to_be_root_of_ones_own_user_namespace_does_not_help)
{
	int status = in_child(call_in_own_namespace, NULL);

	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(1 << 0 | 1 << 1 | 1 << 3 | 1 << 6, WEXITSTATUS(status));
	groups_drop();
}

#ifdef __x86_64__
/* ioctl() as a 32-bit program calls it */
static int call32(int fd, unsigned int request, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54L), "b" ((long)fd), "c" ((long)request), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

TEST_F(session, a_32_bit_program_is_refused_whatever_it_calls)
{
	char *low = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, low);
	for (i = 0; i < CALLS; i++) {
		put(low, &calls[i]);
		EXPECT_EQ(-EOPNOTSUPP, call32(self->fd, calls[i].request, low));
	}
	EXPECT_EQ(-EOPNOTSUPP, call32(self->fd, EVRING_IOC_LEAVE, NULL));
	munmap(low, self->page);
}
#endif

TEST_HARNESS_MAIN
