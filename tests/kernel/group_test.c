// SPDX-License-Identifier: MIT
/*
 * Groups: what a group holds, what it is told that it lost or missed, to the
 * event; who may own it; and that it outlives its readers, killed ones too.
 *
 * All of it with one CPU's ring and events whose sizes are known, so that the
 * ring's own rules, told once more in struct model, say what must come out.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "device.h"

#define LOST_SIZE	(sizeof(struct evring_rec) + sizeof(struct evring_lost))
#define MANY		20000	/* events: more than several rings hold */

FIXTURE(group) {
	struct evring *ev;
};

FIXTURE_SETUP(group)
{
	groups_drop();
	ASSERT_EQ(0, pin(0));
	/* No loss is still to be told. */
	ASSERT_EQ(0, emit(1, 0));
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
}

FIXTURE_TEARDOWN(group)
{
	evring_close(self->ev);
	groups_drop();
}

static struct evring_ring_page page(void)
{
	return ring_get(LANE_CRITICAL, 0);
}

static int join(struct evring *ev, const char *name, uint32_t policy, uint32_t start)
{
	struct evring_group group = {
		.name = name,
		.lanes = CRITICAL,
		.policy = policy,
		.start = start,
	};

	return evring_join(ev, &group);
}

static struct evring *joined(const char *name, uint32_t policy, uint32_t start)
{
	struct evring *ev;

	if (evring_open(&ev, NULL) || join(ev, name, policy, start))
		abort();
	return ev;
}

/* What a reader has met of CPU 0's ring */
struct tally {
	uint64_t read;
	uint64_t lost;		/* as lost records say */
	uint64_t lost_records;
	uint64_t missed;
	uint64_t bad;		/* not whole, or not in order */
	uint64_t first_pos;
	uint64_t next_seq;
	uint64_t next_count;
	bool begun;
};

static void tally_event(struct tally *tally, const struct evring_event *event)
{
	const struct torture_event *e = event->payload;

	if (tally->begun && event->rec->seq != tally->next_seq + event->missed)
		tally->bad++;
	if (!tally->begun)
		tally->first_pos = event->pos;
	tally->next_seq = event->next_seq;
	tally->missed += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST) {
		tally->lost += ((const struct evring_lost *)event->payload)->count;
		tally->lost_records++;
		tally->begun = true;
		return;
	}
	if (!torture_whole(event) || (tally->begun && e->count < tally->next_count))
		tally->bad++;
	tally->next_count = e->count + 1;
	tally->read++;
	tally->begun = true;
}

/* Read what there is on CPU 0, up to @max events. Returns 0 or -errno. */
static int tally_some(struct evring *ev, struct tally *tally, uint64_t max)
{
	struct evring_event event;
	int ret = 0;

	while (max && (ret = evring_next(ev, &event)) > 0) {
		if (event.cpu)
			continue;
		tally_event(tally, &event);
		max--;
	}
	return ret < 0 ? ret : 0;
}

static int tally_all(struct evring *ev, struct tally *tally)
{
	return tally_some(ev, tally, UINT64_MAX);
}

/* The ring's rules, for events of one size after another on an open segment */
struct model {
	uint64_t segment;
	uint64_t data;
	uint64_t pos;		/* head */
	uint64_t hold;		/* lowest position that is held */
	bool closed;
	uint64_t fit;
	uint64_t lost;
};

static struct model model_now(uint64_t hold)
{
	struct evring_ring_page now = page();

	return (struct model){
		.segment = now.segment_size, .data = now.data_size, .pos = now.head, .hold = hold,
	};
}

static void model_emit(struct model *m, uint64_t n, uint64_t size)
{
	uint64_t next, floor;

	while (n--) {
		next = (m->pos + m->segment - 1) / m->segment * m->segment;
		if (!m->closed && size <= next - m->pos) {
			m->pos += size;
			m->fit++;
			continue;
		}
		floor = next + m->segment > m->data ? next + m->segment - m->data : 0;
		m->pos = next;
		m->closed = floor > m->hold;
		if (m->closed) {
			m->lost++;
		} else {
			m->pos += size;
			m->fit++;
		}
	}
}

static uint64_t type_lost(struct evring *ev)
{
	if (evring_types(ev) < 0)
		abort();
	return evring_type_by_name(ev, TORTURE_TYPE)->lost;
}

static void expect_hold(struct __test_metadata *_metadata, unsigned int filler)
{
	struct evring *ev = joined("hold", EVRING_HOLD, EVRING_LATEST);
	struct evring_ring_page before = page(), after;
	struct model model = model_now(before.head);
	uint64_t full = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL), lost = type_lost(ev);
	struct tally tally = { 0 };

	model_emit(&model, MANY, torture_size(filler));
	ASSERT_GT(model.lost, 0);
	ASSERT_EQ(0, emit(MANY, filler));
	after = page();
	EXPECT_EQ(model.pos, after.head);
	EXPECT_EQ(MANY, after.seq - before.seq);
	EXPECT_EQ(model.lost, lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL) - full);
	EXPECT_EQ(model.lost, type_lost(ev) - lost);

	ASSERT_EQ(0, tally_all(ev, &tally));
	EXPECT_EQ(model.fit, tally.read);
	EXPECT_EQ(0, tally.lost_records);
	ASSERT_EQ(0, evring_commit(ev));
	ASSERT_EQ(0, emit(1, filler));
	ASSERT_EQ(0, tally_all(ev, &tally));
	EXPECT_EQ(model.fit + 1, tally.read);
	EXPECT_EQ(1, tally.lost_records);
	EXPECT_EQ(model.lost, tally.lost);
	EXPECT_EQ(0, tally.missed);
	EXPECT_EQ(0, tally.bad);
	ASSERT_EQ(0, evring_commit(ev));
	evring_close(ev);
	groups_drop();
}

TEST_F_TIMEOUT(group, a_full_ring_keeps_what_fits_and_counts_the_rest_exactly, 300)
{
	static const unsigned int fillers[] = { 0, 1, 8, 100, 999, 4000 };
	unsigned int i;

	for (i = 0; i < sizeof(fillers) / sizeof(*fillers); i++)
		expect_hold(_metadata, fillers[i]);
}

TEST_F(group, each_loss_is_told_where_it_happened)
{
	struct tally tally = { 0 };
	struct evring_event event;
	const struct evring_lost *lost;
	uint64_t last = 0;
	int round, ret;

	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_LATEST));
	for (round = 1; round <= 5; round++) {
		struct model model = model_now(page().head);

		model_emit(&model, MANY, torture_size(500));
		ASSERT_EQ(0, emit(MANY, 500));
		ASSERT_EQ(0, tally_all(self->ev, &tally));
		ASSERT_EQ(0, evring_commit(self->ev));
		ASSERT_EQ(0, emit(1, 500));
		ret = evring_next(self->ev, &event);
		ASSERT_EQ(1, ret);
		ASSERT_EQ(EVRING_TYPE_LOST, event.rec->type);
		lost = event.payload;
		EXPECT_EQ(model.lost, lost->count);
		EXPECT_EQ(tally.next_seq, event.rec->seq);
		EXPECT_EQ(event.rec->seq + lost->count, event.next_seq);
		EXPECT_LE(last, lost->first);
		EXPECT_LE(lost->first, lost->last);
		EXPECT_LE(lost->last, event.rec->time);
		EXPECT_STREQ("evring.lost", event.type->name);
		last = event.rec->time;
		tally_event(&tally, &event);
		ASSERT_EQ(0, tally_all(self->ev, &tally));
		ASSERT_EQ(0, evring_commit(self->ev));
	}
	EXPECT_EQ(5, tally.lost_records);
	EXPECT_EQ(0, tally.bad);
}

TEST_F(group, a_follower_that_has_read_counts_what_it_missed_exactly)
{
	struct tally tally = { 0 };
	struct evring_ring_page now;

	ASSERT_EQ(0, join(self->ev, "group", EVRING_FOLLOW, EVRING_LATEST));
	ASSERT_EQ(0, emit(1, 0));
	ASSERT_EQ(0, tally_all(self->ev, &tally));
	ASSERT_EQ(1, tally.read);
	ASSERT_EQ(0, emit(MANY, 40));
	ASSERT_EQ(0, tally_all(self->ev, &tally));
	EXPECT_LT(0, tally.missed);
	EXPECT_EQ(MANY + 1, tally.read + tally.missed);
	EXPECT_EQ(0, tally.lost);
	EXPECT_EQ(0, tally.bad);
	ASSERT_EQ(0, evring_commit(self->ev));
	EXPECT_EQ(tally.missed, cursor_get("group", LANE_CRITICAL, 0).missed);
	now = page();
	EXPECT_EQ(now.head, cursor_get("group", LANE_CRITICAL, 0).pos);
	EXPECT_EQ(now.seq, cursor_get("group", LANE_CRITICAL, 0).seq);
}

TEST_F(group, a_follower_that_has_not_read_yet_counts_what_it_missed_too)
{
	struct tally tally = { 0 };

	ASSERT_EQ(0, join(self->ev, "group", EVRING_FOLLOW, EVRING_LATEST));
	ASSERT_EQ(0, emit(MANY, 40));
	ASSERT_EQ(0, tally_all(self->ev, &tally));
	EXPECT_LT(0, tally.missed);
	EXPECT_EQ(MANY, tally.read + tally.missed);
	EXPECT_EQ(0, tally.bad);
}

TEST_F(group, a_holder_keeps_the_events_for_a_follower_too)
{
	struct evring *holder = joined("holder", EVRING_HOLD, EVRING_LATEST);
	struct tally held = { 0 }, followed = { 0 };

	ASSERT_EQ(0, join(self->ev, "follower", EVRING_FOLLOW, EVRING_LATEST));
	ASSERT_EQ(0, emit(1, 40));
	ASSERT_EQ(0, tally_all(self->ev, &followed));
	ASSERT_EQ(0, emit(MANY, 40));
	ASSERT_EQ(0, tally_all(holder, &held));
	ASSERT_EQ(0, evring_commit(holder));
	ASSERT_EQ(0, emit(1, 40));
	ASSERT_EQ(0, tally_all(holder, &held));
	ASSERT_EQ(0, tally_all(self->ev, &followed));
	EXPECT_EQ(MANY + 2, held.read + held.lost);
	/* What the holder had committed went a segment at a time, and was told. */
	EXPECT_EQ(MANY + 2, followed.read + followed.lost + followed.missed);
	EXPECT_EQ(held.lost, followed.lost);
	EXPECT_LT(followed.missed, held.read / 4);
	EXPECT_EQ(0, held.missed);
	EXPECT_EQ(0, held.bad + followed.bad);
	evring_close(holder);
}

TEST_F(group, the_slowest_of_two_holders_holds)
{
	struct evring *slow = joined("slow", EVRING_HOLD, EVRING_LATEST);
	struct tally one = { 0 }, two = { 0 };
	struct model model = model_now(page().head);

	ASSERT_EQ(0, join(self->ev, "fast", EVRING_HOLD, EVRING_LATEST));
	model_emit(&model, 100, torture_size(40));
	ASSERT_EQ(0, emit(100, 40));
	ASSERT_EQ(0, tally_all(self->ev, &one));
	ASSERT_EQ(0, evring_commit(self->ev));
	model_emit(&model, MANY, torture_size(40));
	ASSERT_EQ(0, emit(MANY, 40));
	ASSERT_EQ(0, tally_all(self->ev, &one));
	ASSERT_EQ(0, tally_all(slow, &two));
	EXPECT_EQ(model.fit, one.read);
	EXPECT_EQ(model.fit, two.read);
	/* Once it leaves for good nothing holds but the fast one. */
	evring_close(slow);
	ASSERT_EQ(0, evring_drop(self->ev, "slow"));
	ASSERT_EQ(0, evring_commit(self->ev));
	ASSERT_EQ(0, emit(100, 40));
	ASSERT_EQ(0, tally_all(self->ev, &one));
	EXPECT_EQ(model.fit + 100, one.read);
	EXPECT_EQ(model.lost, one.lost);
	EXPECT_EQ(0, one.bad + two.bad);
}

TEST_F(group, earliest_starts_at_what_the_ring_keeps_and_latest_after_it)
{
	struct evring *latest;
	struct tally all = { 0 }, none = { 0 };
	struct evring_ring_page now;

	ASSERT_EQ(0, emit(MANY, 40));
	now = page();
	ASSERT_EQ(0, join(self->ev, "earliest", EVRING_HOLD, EVRING_EARLIEST));
	latest = joined("latest", EVRING_HOLD, EVRING_LATEST);
	EXPECT_EQ(now.tail, cursor_get("earliest", LANE_CRITICAL, 0).pos);
	EXPECT_EQ(now.head, cursor_get("latest", LANE_CRITICAL, 0).pos);
	ASSERT_EQ(0, emit(1, 0));
	ASSERT_EQ(0, tally_all(self->ev, &all));
	ASSERT_EQ(0, tally_all(latest, &none));
	EXPECT_EQ(now.tail, all.first_pos);
	EXPECT_EQ(now.seq + 1, all.next_seq);
	EXPECT_LT(1000, all.read);
	EXPECT_EQ(1, none.read);
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

TEST_F(group, what_one_commits_is_no_other_groups_affair)
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

#define ABANDON_MS	3000

static void abandon(struct __test_metadata *_metadata, struct evring *ev, uint32_t policy)
{
	struct evring_group group = {
		.name = "group", .lanes = CRITICAL, .policy = EVRING_HOLD, .start = EVRING_LATEST,
		.abandon_ms = ABANDON_MS,
	};
	struct tally tally = { 0 };
	uint64_t seq, lost;
	bool abandoned, full;
	int64_t left;

	ASSERT_EQ(0, evring_join(ev, &group));
	ASSERT_EQ(0, emit(10, 0));
	ASSERT_EQ(0, tally_all(ev, &tally));
	ASSERT_EQ(0, evring_commit(ev));
	seq = page().seq;
	lost = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL);
	left = now_ms();
	ASSERT_EQ(0, evring_leave(ev));
	ASSERT_EQ(0, emit(MANY, 40));
	abandoned = group_get("group").flags & EVRING_GROUP_ABANDONED;
	full = lost < lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL);
	if (now_ms() - left < ABANDON_MS) {	/* on a machine that is not too slow */
		EXPECT_FALSE(abandoned);
		EXPECT_TRUE(full);
	}

	EXPECT_TRUE(in_time(group_get("group").flags & EVRING_GROUP_ABANDONED));
	lost = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL);
	ASSERT_EQ(0, emit(MANY, 48));
	EXPECT_EQ(lost, lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL));
	EXPECT_LT(cursor_get("group", LANE_CRITICAL, 0).pos, page().tail);

	group.policy = policy;
	ASSERT_EQ(0, evring_join(ev, &group));
	EXPECT_EQ(0, group_get("group").flags);
	ASSERT_EQ(0, tally_all(ev, &tally));
	EXPECT_LT(0, tally.missed);
	EXPECT_EQ(page().seq - seq, tally.read - 10 + tally.lost + tally.missed);
	EXPECT_EQ(0, tally.bad);
	EXPECT_EQ(0, evring_commit(ev));
}

TEST_F(group, an_abandoned_one_that_holds_again_is_told_what_it_missed)
{
	abandon(_metadata, self->ev, EVRING_HOLD);
}

TEST_F(group, an_abandoned_one_that_follows_is_told_what_it_missed)
{
	abandon(_metadata, self->ev, EVRING_FOLLOW);
}

TEST_F(group, one_that_is_joined_in_time_is_not_abandoned)
{
	struct evring_group group = {
		.name = "group", .lanes = CRITICAL, .start = EVRING_LATEST,
		.abandon_ms = ABANDON_MS,
	};
	uint32_t flags;
	int i;

	for (i = 0; i < 3; i++) {
		int64_t left;

		ASSERT_EQ(0, evring_join(self->ev, &group));
		left = now_ms();
		ASSERT_EQ(0, evring_leave(self->ev));
		usleep(ABANDON_MS / 2 * 1000);
		flags = group_get("group").flags;
		EXPECT_TRUE(!flags || now_ms() - left >= ABANDON_MS);
	}
	ASSERT_EQ(0, evring_join(self->ev, &group));
	usleep(ABANDON_MS * 1500);
	EXPECT_EQ(0, group_get("group").flags);
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

TEST_F(group, sixteen_are_the_most_there_can_be)
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
	struct evring *honest = joined("honest", EVRING_HOLD, EVRING_LATEST);
	struct evring_commit_entry lie = { .lane = LANE_CRITICAL };
	struct tally tally = { 0 }, next = { 0 };
	uint64_t pos = page().head;
	unsigned int off;

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

TEST_F(group, a_group_of_one_lane_holds_no_other)
{
	struct evring_group group = { .name = "bulk", .lanes = BULK, .start = EVRING_LATEST };
	uint64_t lost = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL), tail = page().tail;

	ASSERT_EQ(0, evring_join(self->ev, &group));
	ASSERT_EQ(0, emit(MANY, 40));
	EXPECT_EQ(lost, lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL));
	EXPECT_LT(tail, page().tail);
	ASSERT_EQ(0, emit_lane(MANY, 1000, LANE_BULK));
	EXPECT_NE(0, lost_get(LANE_BULK, 0, EVRING_LOST_FULL));
}

TEST_F(group, a_flood_in_one_lane_evicts_nothing_from_another)
{
	struct evring_ring_page before, after;
	struct tally tally = { 0 };

	ASSERT_EQ(0, emit(20, 0));
	before = page();
	ASSERT_EQ(0, emit_lane(MANY, 1000, LANE_BULK));
	ASSERT_EQ(0, emit_lane(MANY, 1000, LANE_APP));
	EXPECT_LT(0, ring_get(LANE_BULK, 0).tail);
	EXPECT_LT(0, ring_get(LANE_APP, 0).tail);
	after = page();
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	ASSERT_EQ(0, join(self->ev, "group", EVRING_HOLD, EVRING_EARLIEST));
	ASSERT_EQ(0, tally_all(self->ev, &tally));
	EXPECT_LE(20, tally.read);
	EXPECT_EQ(before.seq, tally.next_seq);
	EXPECT_EQ(0, tally.bad);
}

/*
 * kill -9 in the middle. The readers write down what they do where it outlives
 * them; each in turn checks that it goes on where the one before had committed.
 */
#define KILLS		20
#define LEDGER_CPUS	2

struct ledger {
	uint64_t next[LEDGER_CPUS];	/* count after the last one that was read */
	uint64_t first[LEDGER_CPUS];	/* the first one ever */
	uint64_t said[LEDGER_CPUS];	/* position of the last commit, begun ... */
	uint64_t done[LEDGER_CPUS];	/* ... and done */
	uint64_t read;
	uint64_t again;			/* read by more than one reader */
	uint64_t wrong;			/* anything that must not be */
	bool begun[LEDGER_CPUS];
};

static void ledger_event(struct ledger *ledger, const struct evring_event *event, bool *first)
{
	const struct torture_event *e = event->payload;
	unsigned int cpu = event->cpu;

	if (!torture_whole(event) || event->missed || event->pos < ledger->done[cpu])
		ledger->wrong++;
	/* A new reader repeats what was not committed; after that it goes on. */
	if (!ledger->begun[cpu])
		ledger->first[cpu] = e->count;
	else if (first[cpu] ? e->count > ledger->next[cpu] : e->count != ledger->next[cpu])
		ledger->wrong++;
	if (ledger->begun[cpu] && e->count < ledger->next[cpu])
		ledger->again += ledger->next[cpu] - e->count;
	ledger->begun[cpu] = true;
	ledger->next[cpu] = e->count + 1;
	ledger->read++;
	first[cpu] = false;
}

static void ledger_commit(struct ledger *ledger, struct evring *ev, const uint64_t *pos)
{
	memcpy(ledger->said, pos, sizeof(ledger->said));
	if (evring_commit(ev))
		ledger->wrong++;
	memcpy(ledger->done, pos, sizeof(ledger->done));
}

/* Read until killed, or until there is nothing more. */
static void ledger_read(struct ledger *ledger, bool for_ever)
{
	struct evring *ev = joined("killed", EVRING_HOLD, EVRING_LATEST);
	bool first[LEDGER_CPUS] = { true, true };
	uint64_t pos[LEDGER_CPUS];
	struct evring_event event;
	unsigned int n = 0, cpu;

	for (cpu = 0; cpu < LEDGER_CPUS; cpu++) {
		pos[cpu] = cursor_get("killed", LANE_CRITICAL, cpu).pos;
		if (pos[cpu] != ledger->done[cpu] && pos[cpu] != ledger->said[cpu])
			ledger->wrong++;
		ledger->done[cpu] = ledger->said[cpu] = pos[cpu];
	}
	for (;;) {
		while (evring_next(ev, &event) > 0) {
			ledger_event(ledger, &event, first);
			pos[event.cpu] = event.next;
			if (++n % 40 == 0)
				ledger_commit(ledger, ev, pos);
		}
		if (!for_ever)
			break;
		evring_wait(ev, 10);
	}
	ledger_commit(ledger, ev, pos);
	evring_close(ev);
}

/* Emit a little on both CPUs for @ms; returns how much. */
static uint64_t emit_for(int64_t ms)
{
	int64_t end = now_ms() + ms;
	uint64_t n = 0;

	do {
		if (pin((int)(n / 10 % LEDGER_CPUS)) || emit(10, 20))
			abort();
		n += 10;
		usleep(500);
	} while (now_ms() < end);
	return n;
}

TEST_F_TIMEOUT(group, after_kill_9_the_next_reader_goes_on_at_the_commit_and_misses_nothing, 300)
{
	struct ledger *ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int round, cpu, seed = (unsigned int)now_ms();
	uint64_t emitted = 0;
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, ledger);
	evring_close(joined("killed", EVRING_HOLD, EVRING_LATEST));
	for (cpu = 0; cpu < LEDGER_CPUS; cpu++)
		ledger->said[cpu] = cursor_get("killed", LANE_CRITICAL, cpu).pos;
	for (round = 0; round < KILLS; round++) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ledger_read(ledger, true);
		}
		emitted += emit_for(20 + rand_r(&seed) % 60);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(SIGKILL, status);
		/* What comes while nobody reads is kept for the next one. */
		emitted += emit_for(1);
	}
	ledger_read(ledger, false);
	note("emitted %llu, read %llu, of these again %llu", (unsigned long long)emitted,
	       (unsigned long long)ledger->read, (unsigned long long)ledger->again);
	EXPECT_EQ(0, ledger->wrong);
	EXPECT_EQ(emitted, ledger->next[0] - ledger->first[0] + ledger->next[1] - ledger->first[1]);
	EXPECT_EQ(emitted + ledger->again, ledger->read);
}

TEST_HARNESS_MAIN
