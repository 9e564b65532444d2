/* SPDX-License-Identifier: MIT */
/* Groups: owner, position, holding, missed events, end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static void comes_back(void)
{
	struct evring *ev = member("g", EVRING_HOLD), *other = session();
	uint64_t first = 0;

	emit(LANE_BULK, 0, 100);
	CHECK(read_all(ev, 40, NULL) == 40 && !evring_commit(ev));
	CHECK(read_all(ev, 10, NULL) == 10);
	CHECK(join(other, "g", EVRING_HOLD, EVRING_LATEST) == -EBUSY);
	CHECK(!evring_leave(ev) && evring_commit(ev) == -EPERM);
	/* Events that were not committed come again; the start is for new groups alone. */
	CHECK(!join(other, "g", EVRING_HOLD, EVRING_LATEST));
	CHECK(read_all(other, 20, &first) == 20 && first == 40 && !evring_commit(other));
	evring_close(other);
	CHECK(!join(ev, "g", EVRING_HOLD, EVRING_LATEST));
	CHECK(read_all(ev, 1000, &first) == 40 && first == 60);
	evring_close(ev);
}

/* One owner at a time, however they come and go. */
static void one_owner(void)
{
	struct evring *evs[5];
	unsigned int i, round, owner = 0;

	for (i = 0; i < 5; i++)
		evs[i] = session();
	CHECK(!join(evs[0], "g", EVRING_HOLD, EVRING_EARLIEST));
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 5; i++)
			CHECK(join(evs[i], "g", EVRING_FOLLOW, EVRING_EARLIEST) ==
			      (i == owner ? -EALREADY : -EBUSY));
		if (round % 2) {
			evring_close(evs[owner]);
			evs[owner] = session();
		} else {
			CHECK(!evring_leave(evs[owner]));
		}
		owner = (owner + 2) % 5;
		CHECK(!join(evs[owner], "g", round % 3 ? EVRING_HOLD : EVRING_FOLLOW,
			    EVRING_EARLIEST));
	}
	CHECK(group_info(evs[owner], 0)->generation == 21);
	CHECK(group_info(evs[owner], 0)->owner == (uint32_t)getpid());
	for (i = 0; i < 5; i++)
		evring_close(evs[i]);
}

/* The state that a failed JOIN must not change: the group, and its positions */
struct standing {
	struct evring_group_info info;
	struct evring_cursor cursors[2];
	uint64_t held[2];
};

static struct standing standing(struct evring *ev)
{
	struct standing now = { .info = *group_info(ev, 0) };
	unsigned int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		now.cursors[cpu] = *page_cursor(page(ev, LANE_BULK, cpu), 0);
		now.held[cpu] = sim_held(LANE_BULK, cpu);
	}
	return now;
}

/* Its argument can be read, and not be written. */
static int join_unwritable(struct evring *ev, const char *name, uint32_t policy, uint32_t lanes)
{
	struct evring_join join = { .policy = policy, .lanes = lanes };
	void *room = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (!CHECK(room != MAP_FAILED))
		return 0;
	strcpy(join.name, name);
	memcpy(room, &join, sizeof(join));
	mprotect(room, 4096, PROT_READ);
	ret = ioctl(evring_fd(ev), EVRING_IOC_JOIN, room) ? -errno : 0;
	munmap(room, 4096);
	return ret;
}

static void join_fails(void)
{
	const struct evring_group group = {
		.name = "g", .lanes = BULK, .abandon_ms = 1000, .policy = EVRING_FOLLOW,
	};
	struct evring *ev = session(), *other = session();
	struct standing before, after;

	CHECK(!evring_join(ev, &group) && emit(LANE_BULK, 0, 5) == 5);
	CHECK(read_all(ev, 3, NULL) == 3 && !evring_commit(ev) && !evring_leave(ev));
	before = standing(ev);
	CHECK(join_unwritable(other, "g", EVRING_HOLD, CRITICAL) == -EFAULT);
	after = standing(ev);
	CHECK(!memcmp(&before, &after, sizeof(before)));
	CHECK(after.info.policy == EVRING_FOLLOW && after.held[0] == UINT64_MAX);
	CHECK(join_unwritable(other, "h", EVRING_HOLD, BULK) == -EFAULT);
	CHECK(!group_info(ev, 1)->name[0]);
	/* Nothing is left of the claims, and the time without an owner goes on. */
	sim_advance(1001 * MS + 2 * TICK);
	CHECK(group_info(ev, 0)->flags == EVRING_GROUP_ABANDONED);
	CHECK(!join(other, "h", EVRING_HOLD, EVRING_EARLIEST) && !evring_join(ev, &group));
	evring_close(ev);
	evring_close(other);
}

/* The second of two rings has no room: the first one must not be held by nobody. */
static void join_unmapped(void)
{
	struct evring *ev = session(), *other = tap(BULK, EVRING_EARLIEST);

	sim_mappings_left = 1;
	CHECK(join(ev, "new", EVRING_HOLD, EVRING_EARLIEST) == -ENOMEM);
	sim_mappings_left = ~0u;
	CHECK(!*group_info(other, 0)->name);
	CHECK(sim_held(LANE_BULK, 0) == UINT64_MAX && sim_held(LANE_BULK, 1) == UINT64_MAX);
	CHECK(!join(ev, "new", EVRING_HOLD, EVRING_EARLIEST));
	CHECK(evring_rings(ev) == 2 && sim_held(LANE_BULK, 1) == 0);
	emit(LANE_BULK, 1, 3);
	CHECK(read_all(ev, 10, NULL) == 3);
	evring_close(ev);
	evring_close(other);
}

static struct evring *mover;
static unsigned int copies;

/* Between the two halves of a commit of 32 entries: another group. */
static void move_over(void)
{
	if (++copies != 1 + 16 + 1)	/* the struct, 16 entries, the first of 16 more */
		return;
	sim_copying = NULL;
	CHECK(!ioctl(evring_fd(mover), EVRING_IOC_LEAVE, 0));
	CHECK(!join(mover, "h", EVRING_HOLD, EVRING_EARLIEST));
}

static void commit_is_one_groups(void)
{
	struct evring_commit_entry entries[32] = { 0 };
	struct evring_commit commit = {
		.entries = (uintptr_t)entries, .nr = 32, .entry_size = sizeof(*entries),
	};
	struct evring *ev = mover = session();
	unsigned int i;

	CHECK(!ioctl(evring_fd(ev), EVRING_IOC_JOIN,
		     &(struct evring_join){ .name = "g", .lanes = BULK }));
	CHECK(emit(LANE_BULK, 0, 32) == 32);
	for (i = 0; i < 32; i++) {
		entries[i].pos = 64 * (i + 1);
		entries[i].lane = LANE_BULK;
	}
	sim_copying = move_over;
	CHECK(ioctl(evring_fd(ev), EVRING_IOC_COMMIT, &commit) && errno == EPERM);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 0)->pos == 16 * 64);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 1)->pos == 0);
	evring_close(ev);
}

static void hold_drops(void)
{
	struct evring *ev = member("g", EVRING_HOLD);
	struct evring_event e;
	const struct evring_lost *lost;
	const struct evring_ring_page *now;

	CHECK(emit(LANE_BULK, 0, IN_RING + 77) == IN_RING);
	now = page(ev, LANE_BULK, 0);
	CHECK(page_lost(now, EVRING_LOST_FULL) == 77 && now->seq == IN_RING + 77 && !now->tail);
	/* A ring is full on its own. */
	CHECK(emit(LANE_BULK, 1, 5) == 5);
	CHECK(read_all(ev, IN_SEGMENT, NULL) == IN_SEGMENT && !evring_commit(ev));
	CHECK(emit(LANE_BULK, 0, 1) == 1);
	CHECK(read_all(ev, IN_RING - IN_SEGMENT + 5, NULL) == IN_RING - IN_SEGMENT + 5);
	CHECK(evring_next(ev, &e) == 1 && e.rec->type == EVRING_TYPE_LOST && !e.missed);
	lost = e.payload;
	CHECK(lost->count == 77 && e.rec->seq == IN_RING && e.next_seq == IN_RING + 77);
	CHECK(lost->first < lost->last && lost->last < e.rec->time);
	CHECK(lost->causes == 1u << EVRING_LOST_FULL);
	CHECK(lost->type == evring_type_by_name(ev, "sim.bulk")->id);
	CHECK(e.type && !strcmp(e.type->name, "evring.lost"));
	CHECK(read_all(ev, 10, NULL) == 1 && !evring_commit(ev));
	CHECK(evring_types(ev) > 0 && evring_type_by_name(ev, "sim.bulk")->lost == 77);
	evring_close(ev);
}

static void follow_misses(void)
{
	struct evring *ev = member("g", EVRING_FOLLOW);
	struct evring_event e;
	unsigned int n, i;

	CHECK(emit(LANE_BULK, 0, 10) == 10 && read_all(ev, 4, NULL) == 4);
	CHECK(emit(LANE_BULK, 0, 3 * IN_RING) == 3 * IN_RING);
	CHECK(evring_next(ev, &e) == 1);
	n = IN_RING - IN_SEGMENT + 10;	/* kept: the segments behind the one being written */
	CHECK(e.rec->seq == 10 + 3 * IN_RING - n && e.missed == e.rec->seq - 4);
	for (i = 1; i < n; i++)
		CHECK(evring_next(ev, &e) == 1 && !e.missed);
	CHECK(!evring_next(ev, &e) && !evring_commit(ev));
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 0)->missed == 10 + 3 * IN_RING - n - 4);
	evring_close(ev);
	/* And over a restart: from the commit on, exactly */
	CHECK(emit(LANE_BULK, 0, 2 * IN_RING) == 2 * IN_RING);
	ev = member("g", EVRING_FOLLOW);
	CHECK(evring_next(ev, &e) == 1 && e.missed == e.rec->seq - (10 + 3 * IN_RING));
	CHECK(e.missed > IN_RING && page(ev, LANE_BULK, 0)->tail == e.pos);
	evring_close(ev);
}

/* The count of missed events, from before the group held, comes with one event, by any call. */
static void missed_once(void)
{
	struct evring *ev = member("g", EVRING_FOLLOW);
	struct evring_event e;
	struct evring_run *run;
	uint64_t missed;

	emit(LANE_BULK, 0, 1);
	CHECK(read_all(ev, 1, NULL) == 1 && !evring_commit(ev) && !evring_leave(ev));
	emit(LANE_BULK, 0, 2 * IN_RING);
	CHECK(!join(ev, "g", EVRING_HOLD, EVRING_EARLIEST));
	CHECK(evring_next_run(ev, &run) == 1);
	missed = run->first->seq - 1;
	CHECK(missed && run->missed == missed);
	/* Not taken: nothing is missed yet, and the next reader is told. */
	CHECK(!evring_commit(ev) && !evring_leave(ev));
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 0)->missed == 0);
	CHECK(!join(ev, "g", EVRING_HOLD, EVRING_EARLIEST));
	CHECK(evring_next_run(ev, &run) == 1 && run->missed == missed && evring_run_next(run));
	CHECK(evring_next(ev, &e) == 1 && e.rec->seq == missed + 2 && !e.missed);
	CHECK(!evring_commit(ev));
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 0)->missed == missed);
	evring_close(ev);
}

static bool held_max(struct evring *ev, uint64_t bytes)
{
	return page(ev, LANE_BULK, 0)->held_max == bytes;
}

/* A high-water mark, as of each segment that is entered, or is not as there is no room */
static void hold_marks(void)
{
	struct evring *ev;

	CHECK(emit(LANE_BULK, 0, 2 * IN_RING) == 2 * IN_RING);
	ev = session();
	CHECK(!join(ev, "g", EVRING_HOLD, EVRING_LATEST));
	CHECK(emit(LANE_BULK, 0, IN_SEGMENT) == IN_SEGMENT && held_max(ev, 0));
	CHECK(emit(LANE_BULK, 0, 1) == 1 && held_max(ev, SEGMENT));
	CHECK(read_all(ev, IN_SEGMENT + 1, NULL) == IN_SEGMENT + 1 && !evring_commit(ev));
	CHECK(emit(LANE_BULK, 0, IN_SEGMENT) == IN_SEGMENT && held_max(ev, SEGMENT));
	/* The held part begins in the middle of a segment, all of which cannot be overwritten. */
	CHECK(emit(LANE_BULK, 0, IN_RING) == IN_RING - IN_SEGMENT - 1 && held_max(ev, RING));
	CHECK(read_all(ev, IN_RING - 1, NULL) == IN_RING - 1 && !evring_commit(ev));
	CHECK(emit(LANE_BULK, 0, 2 * IN_SEGMENT) == 2 * IN_SEGMENT && held_max(ev, RING));
	evring_close(ev);
}

/* A ring that has gone round is full of events that all have read. A new group takes part of it. */
static void start_leaves_room(void)
{
	struct evring *ev, *other;
	struct evring_event e;
	uint64_t start;

	CHECK(emit(LANE_BULK, 0, 2 * IN_RING + 10) == 2 * IN_RING + 10);
	ev = member("g", EVRING_HOLD);
	start = page_cursor(page(ev, LANE_BULK, 0), 0)->pos;
	CHECK(start == 6 * SEGMENT && sim_held(LANE_BULK, 0) == start);
	CHECK(emit(LANE_BULK, 0, IN_SEGMENT) == IN_SEGMENT);
	CHECK(emit(LANE_BULK, 0, IN_SEGMENT) == IN_SEGMENT - 10);
	/* Where another group holds records, the next one holds them, too. */
	other = member("h", EVRING_HOLD);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 1)->pos == start);
	CHECK(read_all(other, IN_RING, NULL) == IN_RING && !evring_next(other, &e));
	evring_close(other);
	/* One that holds nothing takes nothing from others. */
	CHECK(!evring_leave(ev) && !evring_drop(ev, "g") && !evring_drop(ev, "h"));
	CHECK(emit(LANE_BULK, 0, 2 * IN_RING) == 2 * IN_RING);
	other = member("f", EVRING_FOLLOW);
	CHECK(page_cursor(page(ev, LANE_BULK, 0), 0)->pos == page(ev, LANE_BULK, 0)->tail);
	evring_close(other);
	evring_close(ev);
}

/* All since boot, for as long as it is all there */
static void start_has_boot(void)
{
	struct evring *ev;

	CHECK(emit(LANE_BULK, 0, IN_RING) == IN_RING);
	ev = member("g", EVRING_HOLD);
	CHECK(sim_held(LANE_BULK, 0) == 0 && read_all(ev, IN_RING, NULL) == IN_RING);
	evring_close(ev);
}

static void drops(void)
{
	struct evring *ev = member("g", EVRING_HOLD), *other = session();

	CHECK(emit(LANE_BULK, 0, IN_RING + 1) == IN_RING);
	CHECK(evring_drop(other, "g") == -EBUSY && evring_drop(other, "h") == -ENOENT);
	CHECK(!evring_leave(ev) && emit(LANE_BULK, 0, 1) == 0);
	sim_capable = false;
	CHECK(evring_drop(other, "g") == -EPERM);
	sim_capable = true;
	CHECK(sim_held(LANE_BULK, 0) == 0);
	CHECK(!evring_drop(other, "g") && evring_drop(other, "g") == -ENOENT);
	CHECK(sim_held(LANE_BULK, 0) == UINT64_MAX && emit(LANE_BULK, 0, 1) == 1);
	/* A new one of that name knows nothing of the old one. */
	CHECK(!join(ev, "g", EVRING_HOLD, EVRING_LATEST) && !read_all(ev, 1, NULL));
	evring_close(ev);
	evring_close(other);
}

static void abandons(void)
{
	const struct evring_group group = { .name = "g", .lanes = BULK, .abandon_ms = 1000 };
	struct evring *ev = session();
	const struct evring_group_info *info;

	CHECK(!evring_join(ev, &group));
	emit(LANE_BULK, 0, IN_RING);
	sim_advance(5000 * MS);
	info = meta_group(ev->live, 0);
	CHECK(!info->flags && !info->left_ns);
	CHECK(!evring_leave(ev) && info->left_ns);
	sim_advance(900 * MS);
	CHECK(!info->flags && !emit(LANE_BULK, 0, 1));
	/* An owner, be it for a moment, begins it anew. */
	CHECK(!evring_join(ev, &group) && !evring_leave(ev));
	sim_advance(999 * MS);
	CHECK(!info->flags && !emit(LANE_BULK, 0, 1));
	sim_advance(MS + 2 * TICK);
	CHECK(info->flags == EVRING_GROUP_ABANDONED && sim_held(LANE_BULK, 0) == UINT64_MAX);
	CHECK(emit(LANE_BULK, 0, 1) == 1);
	/* Taken up again it holds again, and knows the events that it missed. */
	CHECK(!evring_join(ev, &group) && !info->flags);
	CHECK(sim_held(LANE_BULK, 0) == SEGMENT);
	CHECK(read_all(ev, IN_SEGMENT, NULL) == IN_SEGMENT);
	CHECK(page(ev, LANE_BULK, 0)->tail == SEGMENT);
	evring_close(ev);
}

static void many_groups(void)
{
	struct evring *evs[GROUPS_MAX + 1];
	char name[EVRING_NAME_MAX];
	unsigned int i;

	for (i = 0; i <= GROUPS_MAX; i++) {
		evs[i] = session();
		snprintf(name, sizeof(name), "%0127u", i);
		CHECK(join(evs[i], name, EVRING_HOLD, EVRING_EARLIEST) ==
		      (i < GROUPS_MAX ? 0 : -ENOSPC));
	}
	/* The lowest of all cursors holds. */
	emit(LANE_BULK, 0, GROUPS_MAX);
	for (i = 0; i < GROUPS_MAX; i++) {
		CHECK(read_all(evs[i], i + 1, NULL) == i + 1 && !evring_commit(evs[i]));
		CHECK(sim_held(LANE_BULK, 0) == (i < GROUPS_MAX - 1 ? 0 : 64));
	}
	for (i = 0; i <= GROUPS_MAX; i++)
		evring_close(evs[i]);
}

const struct test groups_tests[] = {
	{ comes_back, STEPPED, "a group that leaves comes back to where it committed" },
	{ one_owner, STEPPED, "a group has one owner at a time" },
	{ join_fails, STEPPED, "a JOIN that fails leaves everything as it was" },
	{ join_unmapped, STEPPED, "a JOIN whose rings cannot be mapped leaves no group behind" },
	{ commit_is_one_groups, STEPPED, "a commit never lands in another group" },
	{ hold_drops, STEPPED, "hold: a full ring drops, and tells exactly how many" },
	{ follow_misses, STEPPED, "follow: overwritten events are counted exactly" },
	{ hold_marks, STEPPED, "hold: the most that was held of a ring is known" },
	{ start_leaves_room, STEPPED, "earliest: a quarter of a ring that has gone round stays free" },
	{ start_has_boot, STEPPED, "earliest: a ring that has not gone round has all since boot" },
	{ missed_once, STEPPED, "missed events are told once, by the event or by the run" },
	{ drops, STEPPED, "a dropped group holds nothing, and is forgotten" },
	{ abandons, STEPPED, "a group without an owner holds for abandon_ms, and no longer" },
	{ many_groups, STEPPED, "there are 64 groups, and the lowest cursor holds" },
	{ NULL, NONE, NULL },
};
