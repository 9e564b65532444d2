// SPDX-License-Identifier: MIT
/*
 * A group holds its events, and counts lost and missed ones exactly; it outlives its
 * readers, killed ones too.
 */
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "group.h"

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

/* @watermark and a flush time: it waits for more than the ring has room for. */
static void expect_quiet(struct __test_metadata *_metadata, uint32_t watermark, uint32_t flush_ms)
{
	struct evring_arm arg = {
		.lanes = CRITICAL, .watermark = watermark, .flush_ms = flush_ms,
	};
	struct evring *ev = joined("quiet", EVRING_HOLD, EVRING_LATEST);
	struct pollfd pollfd = { .events = POLLIN };
	struct evring_ring_page full;

	pollfd.fd = session_open(O_RDONLY);
	ASSERT_LE(0, pollfd.fd);
	if (watermark)
		ASSERT_EQ(0, call(pollfd.fd, EVRING_IOC_ARM, &arg));
	ASSERT_EQ(0, emit(MANY, 500));
	if (!watermark)
		ASSERT_EQ(0, call(pollfd.fd, EVRING_IOC_ARM, &arg));
	usleep(100000);
	full = page();
	ASSERT_EQ(0, emit(MANY, 500));
	EXPECT_EQ(full.head, page().head);
	EXPECT_EQ(full.seq + MANY, page().seq);
	EXPECT_EQ(0, poll(&pollfd, 1, 100));
	EXPECT_EQ(full.wakeups, page().wakeups);
	close(pollfd.fd);
	evring_close(ev);
	groups_drop();
}

TEST_F(group, an_event_that_is_lost_wakes_nobody)
{
	expect_quiet(_metadata, 0, 0);
	expect_quiet(_metadata, 1 << 30, 60000);
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
	/* The holder's committed events went a segment at a time, and were counted. */
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
	/* A new reader repeats the events that were not committed; then it goes on. */
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

/* Is half of a ring unread? Then the readers that are killed come too late for more. */
static bool half_full(void)
{
	struct evring_ring_page ring;
	unsigned int cpu;

	for (cpu = 0; cpu < LEDGER_CPUS; cpu++) {
		ring = ring_get(LANE_CRITICAL, cpu);
		if (ring.head - cursor_get("killed", LANE_CRITICAL, cpu).pos > ring.data_size / 2)
			return true;
	}
	return false;
}

/* Emit a little on both CPUs for @ms, as long as there is room; returns how much. */
static uint64_t emit_for(int64_t ms)
{
	int64_t end = now_ms() + ms;
	uint64_t n = 0;

	do {
		if (half_full())
			break;
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
		/* Events that come while nobody reads are kept for the next reader. */
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
