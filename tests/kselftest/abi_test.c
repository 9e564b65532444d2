// SPDX-License-Identifier: MIT
/*
 * The ABI: kmod/abi.c freezes the layout as this compiles; what the running
 * kernel says of itself has to agree, and what it says of its types to be sane.
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
	struct evring_meta meta;
	unsigned int lane;

	meta_get(&meta);
	EXPECT_EQ(sizeof(meta), meta.size);
	EXPECT_EQ(EVRING_ABI_VERSION, meta.version);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), meta.page_size);
	EXPECT_EQ(EVRING_LANES, meta.nr_lanes);
	EXPECT_GE(meta.nr_cpus, sysconf(_SC_NPROCESSORS_CONF));
	EXPECT_TRUE(power_of_two(meta.segment_size));
	EXPECT_LE(meta.record_max, meta.segment_size / 2);
	EXPECT_EQ(0, meta.record_max % 8);
	EXPECT_EQ(0, meta.reserved);
	EXPECT_EQ(0, meta.groups_seq % 2);
	EXPECT_EQ(0, meta.clock.seq % 2);
	EXPECT_LE(meta.clock.source, EVRING_CLOCK_TSC);
	for (lane = 0; lane < 8; lane++) {
		if (lane >= EVRING_LANES) {
			EXPECT_EQ(0, meta.lane_size[lane]);
			continue;
		}
		EXPECT_TRUE(power_of_two(meta.lane_size[lane]));
		EXPECT_GE(meta.lane_size[lane], meta.segment_size);
	}
}

TEST(the_meta_page_counts_the_rings_and_their_memory)
{
	struct evring_ring_info info;
	struct evring_meta meta;
	uint64_t memory = 0;
	uint32_t rings = 0;
	int fd, ret;

	meta_get(&meta);
	fd = session_open(O_RDONLY);
	ASSERT_GE(fd, 0);
	memset(&info, 0, sizeof(info));
	for (info.lane = 0; info.lane < meta.nr_lanes; info.lane++) {
		for (info.cpu = 0; info.cpu < meta.nr_cpus; info.cpu++) {
			ret = call(fd, EVRING_IOC_RING, &info);
			if (ret == -ENXIO)
				continue;
			ASSERT_EQ(0, ret);
			rings++;
			memory += meta.page_size + meta.lane_size[info.lane];
		}
	}
	close(fd);
	EXPECT_EQ(rings, meta.nr_rings);
	EXPECT_EQ(memory, meta.memory);
	EXPECT_GE(rings, EVRING_LANES * sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(a_ring_page_describes_its_ring)
{
	struct evring_ring_page page;
	struct evring_meta meta;
	unsigned int lane, i;

	meta_get(&meta);
	for (lane = 0; lane < EVRING_LANES; lane++) {
		page = ring_get(lane, 1);
		EXPECT_EQ(sizeof(page), page.size);
		EXPECT_EQ(lane, page.lane);
		EXPECT_EQ(1, page.cpu);
		EXPECT_EQ(0, page.reserved0);
		EXPECT_EQ(meta.page_size, page.data_offset);
		EXPECT_EQ(meta.lane_size[lane], page.data_size);
		EXPECT_EQ(meta.segment_size, page.segment_size);
		EXPECT_LE(page.tail, page.head);
		EXPECT_LE(page.head - page.tail, page.data_size);
		EXPECT_EQ(0, page.tail % page.segment_size);
		for (i = 0; i < 3; i++)
			EXPECT_EQ(0, page.reserved1[i]);
		for (i = 0; i < 6; i++)
			EXPECT_EQ(0, page.reserved2[i]);
		for (i = 0; i < 2; i++)
			EXPECT_EQ(0, page.reserved3[i]);
	}
}

TEST(each_calls_number_is_what_it_always_was)
{
	EXPECT_EQ(0x8CA0EB00, EVRING_IOC_META);
	EXPECT_EQ(0xC248EB01, EVRING_IOC_RING);
	EXPECT_EQ(0xC058EB02, EVRING_IOC_TYPE);
	EXPECT_EQ(0xC028EB03, EVRING_IOC_HOOK);
	EXPECT_EQ(0xC040EB04, EVRING_IOC_JOIN);
	EXPECT_EQ(0x0000EB05, EVRING_IOC_LEAVE);
	EXPECT_EQ(0x4010EB06, EVRING_IOC_COMMIT);
	EXPECT_EQ(0x4010EB07, EVRING_IOC_ARM);
	EXPECT_EQ(0x4020EB08, EVRING_IOC_DROP);
	EXPECT_EQ(0x4010EB06, EVRING_CMD_COMMIT);
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
	EXPECT_EQ(sizeof(struct evring_lost), lost->size);
	EXPECT_EQ(3, lost->nr_fields);
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
		EXPECT_LT(type->lane, EVRING_LANES);
		EXPECT_LE(type->nr_fields, EVRING_FIELDS_MAX);
		EXPECT_NE(NULL, strchr(type->name, '.'));
		for (c = type->name; *c; c++)
			EXPECT_TRUE(islower(*c) || isdigit(*c) || strchr("._-", *c));
	}
}

static const uint16_t kind_sizes[EVRING_KINDS] = {
	[EVRING_KIND_U8] = 1, [EVRING_KIND_BOOL] = 1, [EVRING_KIND_U16] = 2,
	[EVRING_KIND_U32] = 4, [EVRING_KIND_S32] = 4,
	[EVRING_KIND_U64] = 8, [EVRING_KIND_S64] = 8,
	[EVRING_KIND_STR] = 4, [EVRING_KIND_STRV] = 4,
};

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
			EXPECT_GT(field->kind, 0);
			EXPECT_LT(field->kind, EVRING_KINDS);
			EXPECT_LT(field->format, EVRING_FORMATS);
			EXPECT_LE(field->offset + field->size, type->size);
			EXPECT_NE(NULL, memchr(field->name, 0, sizeof(field->name)));
			EXPECT_TRUE(islower(field->name[0]));
			if (field->kind == EVRING_KIND_CHARS)
				continue;
			EXPECT_EQ(kind_sizes[field->kind], field->size);
			/* A struct evring_str is two words of two bytes. */
			align = field->kind >= EVRING_KIND_STR ? 2 : field->size;
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
	COMMON(uid, U32), COMMON(euid, U32), COMMON(loginuid, U32),
	COMMON(pidns, U32), COMMON(cgroup, U64), COMMON(comm, CHARS),
};

#define MEMBER(_type, _name, _kind, _offset, _size)	\
	{ _type, _name, EVRING_KIND_##_kind, _offset, _size }

static const struct member process_members[] = {
	MEMBER("process.fork", "ppid", U32, 40, 4),
	MEMBER("process.fork", "child_pid", U32, 44, 4),
	MEMBER("process.fork", "child_pidns", U32, 48, 4),
	MEMBER("process.fork", "child_ns_pid", U32, 52, 4),
	MEMBER("process.fork", "clone_flags", U64, 56, 8),
	MEMBER("process.exec", "ppid", U32, 40, 4),
	MEMBER("process.exec", "gid", U32, 44, 4),
	MEMBER("process.exec", "egid", U32, 48, 4),
	MEMBER("process.exec", "old_tid", U32, 52, 4),
	MEMBER("process.exec", "path", STR, 56, 4),
	MEMBER("process.exec", "argv", STRV, 60, 4),
	MEMBER("process.exec", "argv_len", U32, 64, 4),
	MEMBER("process.exec", "argv_truncated", BOOL, 68, 1),
	MEMBER("process.exit", "ppid", U32, 40, 4),
	MEMBER("process.exit", "exit_code", U32, 44, 4),
	MEMBER("process.exit", "signal", U32, 48, 4),
	MEMBER("process.exit", "core_dumped", BOOL, 52, 1),
	MEMBER("process.exit", "start_time", U64, 56, 8),
	MEMBER("process.exit", "user_time", U64, 64, 8),
	MEMBER("process.exit", "system_time", U64, 72, 8),
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

TEST_F(types, what_says_so_starts_with_the_common_part)
{
	const struct evring_type *type;
	unsigned int i, found = 0;
	int id;

	for (id = 0; id < self->nr; id++) {
		type = evring_type(self->ev, (unsigned int)id);
		if (!(type->flags & EVRING_TYPE_F_COMMON))
			continue;
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
		EXPECT_EQ(EVRING_LANE_CRITICAL, type->lane);
		EXPECT_EQ(EVRING_TYPE_F_COMMON | EVRING_TYPE_F_HOOK,
			  type->flags & (EVRING_TYPE_F_COMMON | EVRING_TYPE_F_HOOK));
		expect_member(_metadata, type, &process_members[i]);
	}
}

TEST_HARNESS_MAIN
