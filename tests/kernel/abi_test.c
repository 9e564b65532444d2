// SPDX-License-Identifier: MIT
/*
 * The ABI: kmod/abi.c freezes the layout as this compiles; the pages of the running
 * kernel have to agree with it, and the descriptions of its types to be sane.
 */
#include "../../kmod/abi.c"
#include "device.h"

#include <ctype.h>

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

TEST(the_meta_page_describes_the_kernel_that_wrote_it)
{
	static const char *const lanes[LANES] = { "critical", "bulk", "app" };
	const struct evring_clock *clock;
	struct evring_meta meta;
	unsigned int lane;

	meta_get(&meta);
	EXPECT_LE(sizeof(meta), meta.size);	/* a newer module has more */
	EXPECT_EQ(LANES, meta.lanes.count);
	EXPECT_LE(GROUPS_MAX, meta.groups.count);
	EXPECT_EQ(1, meta.clocks.count);
	EXPECT_EQ(EVRING_FEATURE_READ | EVRING_FEATURE_URING | EVRING_FEATURE_HOOKS |
		  EVRING_FEATURE_FILTERS | EVRING_FEATURE_LIMITS |
		  EVRING_FEATURE_PUBLISH | EVRING_FEATURE_SNAPSHOT |
		  EVRING_FEATURE_REDACT | EVRING_FEATURE_GIVE, meta.features);
	EXPECT_STREQ(evring_version(), meta.module);
	EXPECT_EQ(48, meta.seq_bits);
	EXPECT_EQ(EVRING_ABI_VERSION, meta.version);
	EXPECT_EQ(0, meta.map_size % sysconf(_SC_PAGESIZE));
	EXPECT_GE(meta.nr_cpus, sysconf(_SC_NPROCESSORS_CONF));
	EXPECT_TRUE(power_of_two(meta.segment_size));
	EXPECT_LE(meta.record_max, meta.segment_size / 2);
	EXPECT_EQ(0, meta.record_max % 8);
	EXPECT_EQ(0, meta.groups_seq % 2);
	clock = page_at(meta_whole(), &meta.clocks, 0);
	EXPECT_EQ(0, clock->seq % 2);
	EXPECT_LE(clock->source, EVRING_CLOCK_TSC);
	for (lane = 0; lane < LANES; lane++) {
		const struct evring_lane_info *info = meta_lane(meta_whole(), lane);

		EXPECT_STREQ(lanes[lane], info->name);
		EXPECT_TRUE(power_of_two(info->data_size));
		EXPECT_GE(info->data_size, meta.segment_size);
		EXPECT_EQ(0, info->flags | info->reserved);
	}
}

TEST(the_meta_page_counts_the_rings_and_their_memory)
{
	struct evring_meta meta;
	uint64_t memory = 0;
	uint32_t rings = 0, cpu;
	uint16_t lane;
	int fd, ret;

	meta_get(&meta);
	fd = session_open(O_RDONLY);
	ASSERT_GE(fd, 0);
	for (lane = 0; lane < meta.lanes.count; lane++) {
		for (cpu = 0; cpu < meta.nr_cpus; cpu++) {
			struct evring_ring_read arg = { .cpu = cpu, .lane = lane };

			ret = call(fd, EVRING_IOC_RING, &arg);
			if (ret == -ENXIO)
				continue;
			ASSERT_EQ(0, ret);
			rings++;
			memory += ring_len(lane);
		}
	}
	close(fd);
	EXPECT_EQ(rings, meta.nr_rings);
	EXPECT_EQ(memory, meta.memory);
	EXPECT_GE(rings, LANES * sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(a_ring_page_describes_its_ring)
{
	struct evring_ring_page page;
	struct evring_meta meta;
	unsigned int lane, i;

	meta_get(&meta);
	for (lane = 0; lane < LANES; lane++) {
		page = ring_get(lane, 1);
		EXPECT_LE(sizeof(page), page.size);
		EXPECT_EQ(lane, page.lane);
		EXPECT_EQ(1, page.cpu);
		EXPECT_EQ(0, page.reserved0);
		EXPECT_EQ(EVRING_ABI_VERSION, page.version);
		EXPECT_EQ(ring_len(lane), page.data_offset + page.data_size);
		EXPECT_LE(3, page.lost.count);
		EXPECT_EQ(meta.groups.count, page.cursors.count);
		EXPECT_EQ(ring_size(lane), page.data_size);
		EXPECT_EQ(meta.segment_size, page.segment_size);
		EXPECT_LE(page.tail, page.head);
		EXPECT_LE(page.head - page.tail, page.data_size);
		EXPECT_EQ(0, page.tail % page.segment_size);
		for (i = 0; i < 6; i++)
			EXPECT_EQ(0, page.reserved1[i]);
		for (i = 0; i < 6; i++)
			EXPECT_EQ(0, page.reserved2[i]);
		EXPECT_GE(page.data_size, page.held_max);
		for (i = 0; i < 3; i++)
			EXPECT_EQ(0, page.reserved3[i]);
	}
}

/* A call's number with the size that its argument had as ABI 1 began */
#define FIRST(_request, _struct, _last)							\
	_IOC(_IOC_DIR(_request), _IOC_TYPE(_request), _IOC_NR(_request), knows(_struct, _last))

TEST(each_calls_number_is_what_it_always_was)
{
	EXPECT_EQ(0xC010EB00, FIRST(EVRING_IOC_META, evring_meta_read, len));
	EXPECT_EQ(0xC018EB01, FIRST(EVRING_IOC_RING, evring_ring_read, reserved));
	EXPECT_EQ(0xC028EB02, FIRST(EVRING_IOC_DESCRIBE, evring_describe, lost));
	EXPECT_EQ(0xC128EB03, FIRST(EVRING_IOC_HOOK, evring_hook, filters));
	EXPECT_EQ(0xC0A0EB04, FIRST(EVRING_IOC_JOIN, evring_join, created));
	EXPECT_EQ(0x0000EB05, EVRING_IOC_LEAVE);
	EXPECT_EQ(0x4018EB06, FIRST(EVRING_IOC_COMMIT, evring_commit, reserved));
	EXPECT_EQ(0x4018EB07, FIRST(EVRING_IOC_ARM, evring_arm, reserved));
	EXPECT_EQ(0x4088EB08, FIRST(EVRING_IOC_DROP, evring_drop, reserved));
	EXPECT_EQ(0xC110EB09, FIRST(EVRING_IOC_FILTER, evring_filter_read, len));
	EXPECT_EQ(0xC030EB0A, FIRST(EVRING_IOC_REGISTER, evring_register, reserved));
	EXPECT_EQ(0x4010EB0B, FIRST(EVRING_IOC_UNREGISTER, evring_unregister, reserved));
	EXPECT_EQ(0xC0B8EB0D, FIRST(EVRING_IOC_REDACT, evring_redact, hidden));
	EXPECT_EQ(0x4088EB0E, FIRST(EVRING_IOC_GIVE, evring_give, flags));
	EXPECT_EQ(6, EVRING_CMD_COMMIT);
	EXPECT_EQ(12, EVRING_CMD_PUBLISH);
}

TEST(an_offset_of_mmap_is_what_it_always_was)
{
	EXPECT_EQ(0, EVRING_MMAP_META);
	EXPECT_EQ(0x1000000000000000, EVRING_MMAP_RING(0, 0));
	EXPECT_EQ(0x1020000500000000, EVRING_MMAP_RING(2, 5));
	EXPECT_EQ(0x1fffffff00000000, EVRING_MMAP_RING(0xff, 0xfffff));
}

FIXTURE(types) {
	struct evring *ev;
	int nr;
};

FIXTURE_SETUP(types)
{
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	self->nr = evring_types(self->ev);
	ASSERT_GT(self->nr, EVRING_TYPE_FIRST);
}

FIXTURE_TEARDOWN(types)
{
	evring_close(self->ev);
}

TEST_F(types, the_first_ids_are_pad_discard_and_lost)
{
	const struct evring_type *lost = evring_type(self->ev, EVRING_TYPE_LOST);

	EXPECT_STREQ("evring.pad", evring_type(self->ev, EVRING_TYPE_PAD)->name);
	EXPECT_STREQ("evring.discard", evring_type(self->ev, EVRING_TYPE_DISCARD)->name);
	EXPECT_STREQ("evring.lost", lost->name);
	EXPECT_LE(sizeof(struct evring_lost), lost->size);
	EXPECT_LE(5, lost->nr_fields);
	EXPECT_LE(3, evring_field(lost, "causes")->nr_values);
}

TEST_F(types, every_type_has_a_name_a_version_and_a_lane)
{
	const struct evring_type *type;
	const char *c;
	int id;

	for (id = 0; id < self->nr; id++) {
		type = evring_type(self->ev, (unsigned int)id);
		ASSERT_NE(NULL, type);
		EXPECT_EQ(id, type->id);
		EXPECT_NE(0, type->version);
		EXPECT_LT(type->lane, LANES);
		EXPECT_NE(0, strlen(type->doc));
		EXPECT_EQ(type->block_len, ((const struct evring_block *)type->block)->len);
		EXPECT_NE(NULL, strchr(type->name, '.'));
		for (c = type->name; *c; c++)
			EXPECT_TRUE(islower(*c) || isdigit(*c) || strchr("._-", *c));
	}
}

TEST_F(types, every_field_is_aligned_and_lies_inside_of_its_type)
{
	const struct evring_field *field;
	const struct evring_type *type;
	unsigned int i, align;
	int id;

	for (id = 0; id < self->nr; id++) {
		type = evring_type(self->ev, (unsigned int)id);
		for (i = 0; i < type->nr_fields; i++) {
			field = &type->fields[i];
			EXPECT_NE(NULL, evring_kind_name(field->kind));
			EXPECT_NE(NULL, evring_format_name(field->format));
			EXPECT_NE(0, strlen(field->doc));
			EXPECT_LE(field->offset + field->size, type->size);
			EXPECT_TRUE(islower(field->name[0]));
			if (field->kind == EVRING_KIND_CHARS)
				continue;
			/* A struct evring_str is two words of two bytes. */
			align = field->kind & EVRING_KIND_VAR ? 2 : EVRING_KIND_SIZE(field->kind);
			EXPECT_EQ(0, field->offset % align);
		}
	}
}

TEST_F(types, no_two_fields_overlap_or_share_a_name)
{
	const struct evring_field *a, *b;
	const struct evring_type *type;
	unsigned int i, j;
	int id;

	for (id = 0; id < self->nr; id++) {
		type = evring_type(self->ev, (unsigned int)id);
		for (i = 0; i < type->nr_fields; i++) {
			for (j = 0; j < i; j++) {
				a = &type->fields[i];
				b = &type->fields[j];
				EXPECT_STRNE(a->name, b->name);
				EXPECT_TRUE(a->offset >= b->offset + b->size ||
					    b->offset >= a->offset + a->size);
			}
		}
	}
}

/* A member of a payload, as version 1 of its type has it */
struct member {
	const char *type;
	const char *name;
	unsigned int kind;
	unsigned int offset;
	unsigned int size;
};

#define COMMON(_member, _kind)								\
	{ NULL, #_member, EVRING_KIND_##_kind, offsetof(struct evring_common, _member),	\
	  sizeof(((struct evring_common *)0)->_member) }

static const struct member common_members[] = {
	COMMON(uid, U32), COMMON(euid, U32), COMMON(gid, U32), COMMON(loginuid, U32),
	COMMON(sessionid, U32), COMMON(pidns, U32), COMMON(mntns, U32), COMMON(cgroup, U64),
	COMMON(start_time, U64), COMMON(comm, CHARS),
};

#define MEMBER(_type, _name, _kind, _offset, _size)	\
	{ _type, _name, EVRING_KIND_##_kind, _offset, _size }

static const struct member process_members[] = {
	MEMBER("process.fork", "ppid", U32, 64, 4),
	MEMBER("process.fork", "child_pid", U32, 68, 4),
	MEMBER("process.fork", "child_pidns", U32, 72, 4),
	MEMBER("process.fork", "child_ns_pid", U32, 76, 4),
	MEMBER("process.fork", "clone_flags", U64, 80, 8),
	MEMBER("process.fork", "child_start_time", U64, 88, 8),
	MEMBER("process.exec", "ppid", U32, 64, 4),
	MEMBER("process.exec", "egid", U32, 68, 4),
	MEMBER("process.exec", "old_tid", U32, 72, 4),
	MEMBER("process.exec", "path", TEXT, 76, 4),
	MEMBER("process.exec", "argv", TEXTS, 80, 4),
	MEMBER("process.exec", "argv_len", U32, 84, 4),
	MEMBER("process.exec", "argv_truncated", BOOL, 88, 1),
	MEMBER("process.exec", "path_given_truncated", BOOL, 89, 1),
	MEMBER("process.exec", "path_flags", U16, 90, 2),
	MEMBER("process.exec", "path_given", TEXT, 92, 4),
	MEMBER("process.exec", "interpreter", TEXT, 96, 4),
	MEMBER("process.exec", "argv_end", TEXTS, 100, 4),
	MEMBER("process.exec", "cwd", TEXT, 104, 4),
	MEMBER("process.exec", "tty", TEXT, 108, 4),
	MEMBER("process.exec", "parent_comm", TEXT, 112, 4),
	MEMBER("process.exec", "parent_start_time", U64, 120, 8),
	MEMBER("process.exec", "sid", U32, 128, 4),
	MEMBER("process.exec", "pgid", U32, 132, 4),
	MEMBER("process.exec", "result", S32, 136, 4),
	MEMBER("process.exec", "interpreter_flags", U16, 140, 2),
	MEMBER("process.exec", "cwd_flags", U16, 142, 2),
	MEMBER("process.exec", "cap_permitted", U64, 144, 8),
	MEMBER("process.exec", "cap_effective", U64, 152, 8),
	MEMBER("process.exec", "cap_inheritable", U64, 160, 8),
	MEMBER("process.exec", "inode", U64, 168, 8),
	MEMBER("process.exec", "mtime", U64, 176, 8),
	MEMBER("process.exec", "ctime", U64, 184, 8),
	MEMBER("process.exec", "dev", U32, 192, 4),
	MEMBER("process.exec", "file_uid", U32, 196, 4),
	MEMBER("process.exec", "nlink", U32, 200, 4),
	MEMBER("process.exec", "mode", U16, 204, 2),
	MEMBER("process.exec", "secureexec", BOOL, 206, 1),
	MEMBER("process.exec", "is_memfd", BOOL, 207, 1),
	MEMBER("process.exec", "is_deleted", BOOL, 208, 1),
	MEMBER("process.exec", "is_upper_layer", BOOL, 209, 1),
	MEMBER("process.exit", "ppid", U32, 64, 4),
	MEMBER("process.exit", "exit_code", U32, 68, 4),
	MEMBER("process.exit", "signal", U32, 72, 4),
	MEMBER("process.exit", "core_dumped", BOOL, 76, 1),
	MEMBER("process.exit", "user_time", U64, 80, 8),
	MEMBER("process.exit", "system_time", U64, 88, 8),
	MEMBER("process.exit", "max_rss", U64, 96, 8),
};

static void expect_member(struct __test_metadata *_metadata, const struct evring_type *type,
			  const struct member *member)
{
	const struct evring_field *field = evring_field(type, member->name);

	ASSERT_NE(NULL, field) {
		TH_LOG("%s has no field %s", type->name, member->name);
	}
	EXPECT_EQ(member->kind, field->kind);
	EXPECT_EQ(member->offset, field->offset);
	EXPECT_EQ(member->size, field->size);
}

TEST_F(types, types_that_declare_the_common_part_start_with_it)
{
	const struct evring_type *type;
	unsigned int i, found = 0;
	int id;

	for (id = 0; id < self->nr; id++) {
		type = evring_type(self->ev, (unsigned int)id);
		if (!type->common_size)
			continue;
		EXPECT_EQ(sizeof(struct evring_common), type->common_size);
		found++;
		for (i = 0; i < sizeof(common_members) / sizeof(*common_members); i++)
			expect_member(_metadata, type, &common_members[i]);
	}
	EXPECT_GE(found, 3);
}

TEST_F(types, the_fields_of_a_version_stay_where_they_are)
{
	const struct evring_type *type;
	unsigned int i;

	for (i = 0; i < sizeof(process_members) / sizeof(*process_members); i++) {
		type = evring_type_by_name(self->ev, process_members[i].type);
		ASSERT_NE(NULL, type);
		EXPECT_EQ(1, type->version);
		EXPECT_EQ(LANE_CRITICAL, type->lane);
		EXPECT_NE(0, type->common_size);
		EXPECT_TRUE(type->flags & EVRING_TYPE_F_HOOK);
		expect_member(_metadata, type, &process_members[i]);
	}
}

TEST_HARNESS_MAIN
