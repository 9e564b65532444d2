// SPDX-License-Identifier: MIT
/* Groups: their start, their position, their owner, and slots that are used again. */
#include <pthread.h>

#include "group.h"
#include "stalled.h"

TEST_F(group, earliest_leaves_a_quarter_of_a_full_ring_free_and_latest_all)
{
	struct evring *latest;
	struct tally all = { 0 }, none = { 0 };
	struct evring_ring_page now;
	uint64_t start, full = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL), n;

	ASSERT_EQ(0, emit(MANY, 40));
	now = page();
	ASSERT_EQ(0, join(self->ev, "earliest", EVRING_HOLD, EVRING_EARLIEST));
	latest = joined("latest", EVRING_HOLD, EVRING_LATEST);
	start = cursor_get("earliest", LANE_CRITICAL, 0).pos;
	EXPECT_LT(now.tail, start);
	EXPECT_EQ(0, start % now.segment_size);
	EXPECT_GT(now.head - now.data_size / 4 * 3 + now.segment_size, start);
	EXPECT_EQ(now.head, cursor_get("latest", LANE_CRITICAL, 0).pos);
	n = now.data_size / 5 / torture_size(0);
	ASSERT_EQ(0, emit(n, 0));
	EXPECT_EQ(full, lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL));
	ASSERT_EQ(0, tally_all(self->ev, &all));
	ASSERT_EQ(0, tally_all(latest, &none));
	EXPECT_EQ(start, all.first_pos);
	EXPECT_EQ(now.seq + n, all.next_seq);
	EXPECT_LT(1000, all.read);
	EXPECT_EQ(n, none.read);
	EXPECT_EQ(now.head, none.first_pos);
	EXPECT_EQ(0, all.bad + none.bad);
	evring_close(latest);
}

TEST_F(group, it_has_one_live_owner)
{
	struct evring *second;

	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(-EALREADY, join(self->ev, "other", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(getpid(), group_get("group").owner);
	EXPECT_EQ(1, group_get("group").generation);
	EXPECT_EQ(0, group_get("group").left_ns);
	ASSERT_EQ(0, evring_open(&second, NULL));
	EXPECT_EQ(-EBUSY, join(second, "group", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(-EBUSY, evring_drop(second, "group"));
	EXPECT_EQ(0, join(second, "other", EVRING_HOLD, EVRING_LATEST));
	ASSERT_EQ(0, evring_leave(self->ev));
	EXPECT_EQ(0, group_get("group").owner);
	EXPECT_NE(0, group_get("group").left_ns);
	ASSERT_EQ(0, evring_leave(second));
	EXPECT_EQ(0, join(second, "group", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(2, group_get("group").generation);
	evring_close(second);
}

/* As long as it liked, with no owner to be seen, and no timeout. */
TEST_F(group, nobody_keeps_others_from_it_by_not_taking_the_answer)
{
	struct stalled stalled = {
		.fd = session_open(O_RDONLY),
		.join = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	struct uffd_msg message;
	pthread_t thread;

	ASSERT_NE(MAP_FAILED, stalled.join);
	*stalled.join = (struct evring_join){ .name = "group", .lanes = CRITICAL };
	if (!page_stalls(&stalled))
		SKIP(return, "this kernel's userfaultfd cannot protect a page from being written");
	ASSERT_EQ(0, pthread_create(&thread, NULL, stalled_joins, &stalled));
	ASSERT_EQ(sizeof(message), read(stalled.uffd, &message, sizeof(message)));
	EXPECT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(getpid(), group_get("group").owner);
	ASSERT_TRUE(page_protect(&stalled, false));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EBUSY, stalled.result);
	close(stalled.uffd);
	close(stalled.fd);
}

TEST_F(group, a_session_that_has_a_group_gets_no_second_one)
{
	struct evring_join arg = { .name = "group", .lanes = CRITICAL };
	int fd = session_open(O_RDONLY);

	ASSERT_EQ(0, call(fd, EVRING_IOC_JOIN, &arg));
	EXPECT_EQ(1, arg.created);
	EXPECT_EQ(group_find("group"), arg.group);
	arg = (struct evring_join){ .name = "other", .lanes = CRITICAL };
	EXPECT_EQ(-EALREADY, call(fd, EVRING_IOC_JOIN, &arg));
	EXPECT_EQ(-1, group_find("other"));
	close(fd);
}

TEST_F(group, a_commit_moves_no_other_groups_cursor)
{
	struct evring *other = joined("other", EVRING_HOLD, EVRING_LATEST);
	struct tally one = { 0 }, two = { 0 };
	uint64_t pos = page().head;

	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	ASSERT_EQ(0, emit(50, 0));
	ASSERT_EQ(0, tally_all(self->ev, &one));
	ASSERT_EQ(0, evring_commit(self->ev));
	EXPECT_EQ(page().head, cursor_get("group", LANE_CRITICAL, 0).pos);
	EXPECT_EQ(pos, cursor_get("other", LANE_CRITICAL, 0).pos);
	ASSERT_EQ(0, tally_all(other, &two));
	EXPECT_EQ(50, one.read);
	EXPECT_EQ(50, two.read);
	evring_close(other);
}

TEST_F(group, a_rejoin_goes_on_where_the_last_commit_was)
{
	struct tally tally = { 0 }, again = { 0 };
	uint64_t pos;

	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	ASSERT_EQ(0, emit(100, 0));
	ASSERT_EQ(0, tally_some(self->ev, &tally, 30));
	ASSERT_EQ(0, evring_commit(self->ev));
	pos = cursor_get("group", LANE_CRITICAL, 0).pos;
	ASSERT_EQ(0, tally_some(self->ev, &tally, 20));
	ASSERT_EQ(0, evring_leave(self->ev));
	ASSERT_EQ(0, emit(100, 0));
	/* The start is for groups that are new. */
	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	ASSERT_EQ(0, tally_all(self->ev, &again));
	EXPECT_EQ(pos, again.first_pos);
	EXPECT_EQ(170, again.read);
	EXPECT_EQ(0, again.missed + again.bad);
}

TEST_F(group, a_rejoin_changes_policy_lanes_and_time)
{
	struct evring_group group = {
		.name = "group", .lanes = CRITICAL, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};
	struct evring_group_info info;
	uint64_t pos, bulk;

	ASSERT_EQ(0, emit_lane(10, 0, LANE_BULK));
	ASSERT_EQ(0, evring_join(self->ev, &group));
	pos = cursor_get("group", LANE_CRITICAL, 0).pos;
	ASSERT_EQ(0, evring_leave(self->ev));
	ASSERT_EQ(0, emit(10, 0));
	group.lanes = CRITICAL | BULK;
	group.policy = EVRING_FOLLOW;
	group.abandon_ms = 5000;
	ASSERT_EQ(0, evring_join(self->ev, &group));
	info = group_get("group");
	EXPECT_EQ(EVRING_FOLLOW, info.policy);
	EXPECT_EQ(CRITICAL | BULK, info.lanes);
	EXPECT_EQ(5000, info.abandon_ms);
	EXPECT_EQ(2, info.generation);
	bulk = ring_get(LANE_BULK, 0).head;
	EXPECT_EQ(pos, cursor_get("group", LANE_CRITICAL, 0).pos);
	EXPECT_EQ(bulk, cursor_get("group", LANE_BULK, 0).pos);
	/* Following, it holds nothing any more. */
	ASSERT_EQ(0, emit(MANY, 40));
	EXPECT_LT(pos, page().tail);
}

TEST_F(group, a_new_group_in_an_old_ones_slot_inherits_nothing)
{
	struct evring_group group = {
		.name = "old", .lanes = CRITICAL, .start = EVRING_LATEST, .abandon_ms = 200,
	};
	struct tally tally = { 0 };
	struct evring_cursor cursor;
	int slot;

	ASSERT_EQ(0, evring_join(self->ev, &group));
	slot = group_find("old");
	ASSERT_EQ(0, emit(10, 0));
	ASSERT_EQ(0, tally_all(self->ev, &tally));
	ASSERT_EQ(0, evring_commit(self->ev));
	ASSERT_EQ(0, evring_leave(self->ev));
	ASSERT_EQ(0, evring_drop(self->ev, "old"));
	EXPECT_EQ(-1, group_find("old"));
	EXPECT_EQ(-ENOENT, evring_drop(self->ev, "old"));
	group = (struct evring_group){ .name = "new", .lanes = CRITICAL, .start = EVRING_LATEST };
	ASSERT_EQ(0, evring_join(self->ev, &group));
	EXPECT_EQ(slot, group_find("new"));
	cursor = cursor_get("new", LANE_CRITICAL, 0);
	EXPECT_EQ(page().head, cursor.pos);
	EXPECT_EQ(EVRING_SEQ_NONE, cursor.seq);
	EXPECT_EQ(0, cursor.missed);
	EXPECT_EQ(1, group_get("new").generation);
	/* Not the old one's time, either. */
	ASSERT_EQ(0, evring_leave(self->ev));
	usleep(400000);
	EXPECT_EQ(0, group_get("new").flags);
}

TEST_F(group, there_are_no_more_groups_than_the_limit)
{
	char name[EVRING_NAME_MAX];
	int i;

	for (i = 0; i < GROUPS_MAX; i++) {
		snprintf(name, sizeof(name), "group-%d", i);
		ASSERT_EQ(0, join(self->ev, name, EVRING_HOLD, EVRING_LATEST));
		ASSERT_EQ(0, evring_leave(self->ev));
	}
	EXPECT_EQ(-ENOSPC, join(self->ev, "one-more", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(0, join(self->ev, "group-7", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(0, evring_leave(self->ev));
	EXPECT_EQ(0, evring_drop(self->ev, "group-3"));
	EXPECT_EQ(0, join(self->ev, "one-more", EVRING_HOLD, EVRING_LATEST));
	EXPECT_EQ(3, group_find("one-more"));
}

TEST_F(group, a_lie_about_a_position_harms_the_liar_alone)
{
	struct evring_commit_entry lie = { .lane = LANE_CRITICAL };
	struct tally tally = { 0 }, next = { 0 };
	struct evring *honest;
	unsigned int off;
	uint64_t pos;

	/* The first twelve events are to be in one segment. */
	while (page().head % page().segment_size > page().segment_size / 2)
		ASSERT_EQ(0, emit(1, 200));
	honest = joined("honest", EVRING_HOLD, EVRING_LATEST);
	pos = page().head;
	ASSERT_EQ(0, join(self->ev, "liar", EVRING_HOLD, EVRING_LATEST));
	ASSERT_EQ(0, emit(100, 200));
	for (off = 8; off < torture_size(200); off += 8) {
		struct evring_event event;

		lie.pos = pos + 10 * torture_size(200) + off;
		lie.seq = off;
		ASSERT_EQ(0, evring_commit_at(self->ev, &lie, 1));
		ASSERT_EQ(0, evring_leave(self->ev));
		ASSERT_EQ(0, join(self->ev, "liar", EVRING_HOLD, EVRING_LATEST));
		/* Its next reader recovers at the first record after it. */
		ASSERT_EQ(1, evring_next(self->ev, &event));
		EXPECT_EQ(pos + 11 * torture_size(200), event.pos);
		EXPECT_TRUE(torture_whole(&event));
	}
	memset(&next, 0, sizeof(next));
	ASSERT_EQ(0, tally_all(self->ev, &next));
	EXPECT_EQ(100 - 12, next.read);
	EXPECT_EQ(0, next.bad);
	ASSERT_EQ(0, tally_all(honest, &tally));
	EXPECT_EQ(100, tally.read);
	EXPECT_EQ(0, tally.bad + tally.missed + tally.lost);
	evring_close(honest);
}

TEST_HARNESS_MAIN
