/* SPDX-License-Identifier: MIT */
/*
 * libevring against the module, both in this process: each test has a module of
 * its own, in a child. Time stands still where a test does not want it to go on,
 * so that "at the flush time" is a sharp word. The last tests are random: bytes
 * of a seed are a program that the module and a model of it play (tests/fuzz).
 *
 *	device_test [SEED [PROGRAMS]]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "model.h"
#include "play.h"
#include "sim.h"

#define CRITICAL	(1u << LANE_CRITICAL)
#define BULK		(1u << LANE_BULK)
#define APP		(1u << LANE_APP)
#define SEGMENT		4096u
#define RING		(4 * SEGMENT)
#define PAYLOAD		32u		/* of most events: 64 bytes with the header */
#define IN_SEGMENT	(SEGMENT / (PAYLOAD + 32))
#define IN_RING		(4 * IN_SEGMENT)
#define MS		1000000ull
#define TICK		(4 * MS)	/* of the simulation */

/*
 * TSan knows no fences: who reads what may be overwritten meanwhile, and then
 * looks whether it was, is a race to it. So does ring_walk() for groups too, as
 * what they hold comes behind it. Nor does the kernel stop a ring to copy its
 * counters; with the groups it copies a clock that it then replaces.
 */
#ifdef __SANITIZE_THREAD__
#define COPIES	false
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:call_ring\nrace:ring_walk\nrace:evring_groups_snapshot\n";
}
#else
#define COPIES	true
#endif

#define CHECK(what)	check(__LINE__, #what, what)

static unsigned int failures;
static uint64_t seed;
static unsigned long programs = COPIES ? 2000 : 50;

static bool check(int line, const char *what, bool good)
{
	if (!good && failures++ < 20)
		printf("# line %d: does not hold: %s\n", line, what);
	return good;
}

/* Emitting: event n of a ring is filled as event n of the model is */

static uint64_t counts[LANES];

static void fill(void *room, uint32_t len, void *arg)
{
	model_fill(room, len, *(const uint64_t *)arg);
}

static bool emit_len(unsigned int lane, unsigned int cpu, uint32_t len)
{
	uint64_t count = counts[lane]++;

	sim_be(cpu);
	return sim_event_emit(lane, len, false, fill, &count);
}

/* Returns how many were not lost. */
static unsigned int emit(unsigned int lane, unsigned int cpu, unsigned int n)
{
	unsigned int made = 0;

	while (n--)
		made += emit_len(lane, cpu, PAYLOAD);
	return made;
}

static struct evring *session(void)
{
	struct evring *ev = NULL;

	if (!CHECK(!evring_open(&ev, NULL)))
		exit(1);
	return ev;
}

static int join(struct evring *ev, const char *name, uint32_t policy, uint32_t start)
{
	const struct evring_group group = {
		.name = name, .lanes = BULK, .policy = policy, .start = start,
	};

	return evring_join(ev, &group);
}

static struct evring *member(const char *name, uint32_t policy)
{
	struct evring *ev = session();

	CHECK(!join(ev, name, policy, EVRING_EARLIEST));
	return ev;
}

static struct evring *tap(uint64_t lanes, uint32_t start)
{
	struct evring *ev = session();

	CHECK(!evring_tap(ev, lanes, start));
	return ev;
}

/* Reads events that are all as they were filled. Returns how many. */
static unsigned int read_all(struct evring *ev, unsigned int max, uint64_t *first)
{
	struct model_rec is = { .type = EVRING_TYPE_FIRST };
	struct evring_event e;
	unsigned int n;
	int ret = 1;

	for (n = 0; n < max && (ret = evring_next(ev, &e)) > 0; n++) {
		memcpy(&is.count, e.payload, sizeof(is.count));
		is.len = e.payload_len + (uint32_t)sizeof(*e.rec);
		is.seq = e.rec->seq;
		if (!CHECK(e.payload_len >= 16 && model_same(&is, e.rec)))
			break;
		if (!n && first)
			*first = is.count;
	}
	CHECK(ret >= 0);
	return n;
}

static int call(const struct evring *ev, unsigned long request, void *arg)
{
	return ioctl(evring_fd(ev), request, arg) < 0 ? -errno : 0;
}

static bool readable(const struct evring *ev)
{
	struct pollfd pollfd = { .fd = evring_fd(ev), .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLIN;
}

/* A copy of one ring's page, good until the next call. Each thread has its own. */
static const struct evring_ring_page *page(struct evring *ev, unsigned int lane, unsigned int cpu)
{
	static __thread uint64_t copy[PAGE_ROOM / 8];

	CHECK(evring_ring_read(ev, lane, cpu, copy, sizeof(copy)) > 0);
	return (const void *)copy;
}

/* One of the groups, as it is now; so is its time. */
static const struct evring_group_info *group_info(struct evring *ev, unsigned int group)
{
	static __thread uint64_t copy[PAGE_ROOM / 8];

	CHECK(evring_meta_read(ev, copy, sizeof(copy)) > 0);
	return meta_group((const void *)copy, group);
}

static void *unmapped(void)
{
	void *map = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return map;
}

/*
 * The tests
 */

static void opens(void)
{
	struct evring *ev = session();
	struct evring_event e;
	uint64_t copy[PAGE_ROOM / 8];

	CHECK(evring_meta(ev)->version == EVRING_ABI_VERSION);
	CHECK(evring_meta(ev)->nr_cpus == 2 && evring_meta(ev)->nr_rings == 6);
	CHECK(evring_meta(ev)->segment_size == SEGMENT);
	CHECK(evring_meta(ev)->record_max == SEGMENT / 2);
	CHECK(evring_meta_read(ev, copy, sizeof(copy)) <= (ssize_t)evring_meta(ev)->map_size);
	CHECK(!memcmp(copy, evring_meta(ev), knows(evring_meta, module)));
	CHECK(!evring_lacks(ev, EVRING_FEATURE_READ | EVRING_FEATURE_URING));
	CHECK(evring_lacks(ev, 1ull << 63 | EVRING_FEATURE_READ) == 1ull << 63);
	CHECK(!strcmp(evring_meta(ev)->module, evring_version()));
	CHECK(evring_lanes(ev) == LANES && evring_lane_by_name(ev, "bulk") == LANE_BULK);
	CHECK(evring_lane_by_name(ev, "bul") == -EINVAL && !evring_lane_name(ev, LANES));
	CHECK(evring_next(ev, &e) == -EPERM && evring_leave(ev) == -EPERM);
	CHECK(evring_commit(ev) == -EPERM && evring_wait(ev, 0) == -EPERM);
	CHECK(!evring_tap(ev, EVRING_LANES_ALL, EVRING_EARLIEST));
	CHECK(evring_rings(ev) == 6 && !evring_next(ev, &e));
	CHECK(evring_tap(ev, BULK, EVRING_LATEST) == -EALREADY);
	CHECK(join(ev, "g", EVRING_HOLD, EVRING_LATEST) == -EALREADY);
	CHECK(!evring_leave(ev) && evring_tap(ev, 0, 0) == -EINVAL);
	CHECK(evring_tap(ev, 8, 0) == -EINVAL && evring_tap(ev, BULK, 2) == -EINVAL);
	evring_close(ev);
	CHECK(evring_open(&ev, "/no/such/device") == -ENOENT);
	evring_close(NULL);
}

static void describes(void)
{
	struct evring *ev = session();
	const struct evring_type *type = evring_type_by_name(ev, "sim.bulk");
	const struct evring_field *text = type ? evring_field(type, "text") : NULL;
	struct evring_event e = { 0 };
	uint64_t number;
	const char *str;
	size_t len;

	CHECK(evring_types(ev) == EVRING_TYPE_FIRST + LANES);
	CHECK(!strcmp(evring_type(ev, EVRING_TYPE_LOST)->name, "evring.lost"));
	CHECK(!evring_type(ev, EVRING_TYPE_FIRST + LANES) && !evring_type(ev, ~0u));
	CHECK(!evring_type_by_name(ev, "sim.nothing"));
	if (!CHECK(type && text))
		return;
	CHECK(type->lane == LANE_BULK && type->version == 1 && type->nr_fields == 2);
	CHECK(type->size == 16 && !type->flags && !type->lost && !type->common_size);
	CHECK(!strcmp(type->own_lane, "bulk") && !strcmp(type->doc, "an event of a test"));
	CHECK(text->kind == EVRING_KIND_TEXT && text->offset == 8 && text->size == 4);
	CHECK(!evring_field(type, "tex"));
	CHECK(!evring_tap(ev, BULK, EVRING_EARLIEST));
	emit_len(LANE_BULK, 0, 21);
	CHECK(evring_next(ev, &e) == 1 && e.type == type);
	CHECK(!evring_get_number(&e, evring_field(type, "count"), &number) && number == 0);
	CHECK(!evring_get_string(&e, text, &str, &len) && len == 5 && str[0] == 16);
	CHECK(evring_get_number(&e, text, &number) == -EINVAL);
	evring_close(ev);
}

static void taps_in_order(void)
{
	struct evring *ev = tap(EVRING_LANES_ALL, EVRING_EARLIEST), *late;
	struct evring_event e;
	uint64_t time = 0;
	unsigned int i;

	for (i = 0; i < 300; i++)
		emit_len(i * 7 % 3, i * 5 % 4 / 2, 16 + i % 100);
	late = tap(EVRING_LANES_ALL, EVRING_LATEST);
	for (i = 0; i < 300; i++) {
		if (!CHECK(evring_next(ev, &e) == 1))
			break;
		/* In the order in which they were emitted */
		CHECK(e.lane == i * 7 % 3 && e.cpu == i * 5 % 4 / 2);
		CHECK(e.payload_len == 16 + i % 100 && e.rec->time > time && !e.missed);
		CHECK(e.type && e.type->lane == e.lane && e.ring < evring_rings(ev));
		time = e.rec->time;
	}
	CHECK(!evring_next(ev, &e) && !evring_next(late, &e));
	emit(LANE_APP, 1, 1);
	CHECK(evring_next(ev, &e) == 1 && evring_next(late, &e) == 1 && !e.missed);
	evring_close(ev);
	evring_close(late);
}

static void comes_back(void)
{
	struct evring *ev = member("g", EVRING_HOLD), *other = session();
	uint64_t first = 0;

	emit(LANE_BULK, 0, 100);
	CHECK(read_all(ev, 40, NULL) == 40 && !evring_commit(ev));
	CHECK(read_all(ev, 10, NULL) == 10);
	CHECK(join(other, "g", EVRING_HOLD, EVRING_LATEST) == -EBUSY);
	CHECK(!evring_leave(ev) && evring_commit(ev) == -EPERM);
	/* What was read and not committed comes again; its start is for a new group. */
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

/* What a JOIN may not change if it fails: the group, and where it stands */
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

#define HOUR	(3600 * 1000 * MS)

/* The wall times of all events, from the first on. Returns how many. */
static unsigned int walls(uint64_t *to, unsigned int max)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	struct evring_event e;
	unsigned int n;

	for (n = 0; n < max && evring_next(ev, &e) > 0; n++) {
		to[n] = evring_realtime(ev, &e);
		CHECK(evring_clock_to_wall(ev, evring_boottime(ev, &e)) == to[n]);
	}
	evring_close(ev);
	return n;
}

/* An event has the wall time of when it was, whenever and however often it is read. */
static void same_wall_time(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	uint64_t first[32], again[32];
	int64_t wall = sim_clock();
	struct evring_event e;
	unsigned int i, step;

	emit(LANE_BULK, 0, 8);
	CHECK(walls(first, 32) == 8);
	for (step = 1; step < 4; step++) {
		wall += step % 2 ? (int64_t)HOUR : -3 * (int64_t)HOUR;
		sim_clock_set(wall);
		emit(LANE_BULK, 0, 8);
		CHECK(walls(again, 32) == 8 * (step + 1));
		CHECK(!memcmp(first, again, 8 * step * sizeof(*first)));
		memcpy(first, again, sizeof(first));
		sim_advance(10000 * MS);
	}
	for (i = 0; i < 32; i++) {
		CHECK(evring_next(ev, &e) == 1 && evring_realtime(ev, &e) == first[i]);
		if (i / 8 == 3)
			CHECK(first[i] - evring_boottime(ev, &e) == (uint64_t)wall);
	}
	CHECK(first[8] - first[7] > HOUR && first[8] - first[7] < HOUR + 1000 * MS);
	/* More steps than are kept: what is older goes by the oldest, and nothing breaks. */
	for (i = 0; i < 3 * CLOCK_PAST; i++)
		sim_clock_set(wall + i + 1);
	CHECK(walls(again, 32) == 32 && again[31] - first[31] <= 2 * CLOCK_PAST + 1);
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

/* What a group missed before it began to hold: with one event, whoever takes it how. */
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

/* The copy stays whatever the ring does, until the next call. */
static void tap_overtaken(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	struct model_rec is = { .type = EVRING_TYPE_FIRST, .len = PAYLOAD + 32 };
	struct evring_event e;

	emit(LANE_BULK, 0, 5);
	CHECK(evring_next(ev, &e) == 1 && evring_next(ev, &e) == 1);
	emit(LANE_BULK, 0, 2 * IN_RING);
	is.seq = 1;
	is.count = 1;
	CHECK(model_same(&is, e.rec));
	CHECK(evring_next(ev, &e) == 1 && e.missed == e.rec->seq - 2 && e.missed > IN_RING);
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
	/* Taken up again it holds again, and knows what it missed. */
	CHECK(!evring_join(ev, &group) && !info->flags);
	CHECK(sim_held(LANE_BULK, 0) == SEGMENT);
	CHECK(read_all(ev, IN_SEGMENT, NULL) == IN_SEGMENT);
	CHECK(page(ev, LANE_BULK, 0)->tail == SEGMENT);
	evring_close(ev);
}

static void wakes(void)
{
	struct evring *ev = tap(BULK | APP, EVRING_EARLIEST), *other = tap(BULK, EVRING_EARLIEST);

	CHECK(readable(ev));
	CHECK(!evring_arm(ev, 0, 0) && !readable(ev) && readable(other));
	emit(LANE_CRITICAL, 0, 10);
	sim_advance(100 * MS);
	CHECK(!readable(ev));
	emit(LANE_APP, 1, 1);
	CHECK(!readable(ev));		/* never within the emit itself */
	sim_advance(0);
	CHECK(readable(ev) && read_all(ev, 10, NULL) == 1);
	/* Armed anew it sleeps anew; two that are armed are both woken. */
	CHECK(!evring_arm(ev, 0, 0) && !readable(ev) && !evring_arm(other, 0, 0));
	emit(LANE_BULK, 0, 1);
	CHECK(evring_arm(ev, 0, 0) == 1);
	sim_advance(0);
	CHECK(readable(ev) && readable(other));
	CHECK(page(ev, LANE_BULK, 0)->wakeups == 1);
	emit(LANE_BULK, 0, 5);
	sim_advance(TICK);
	CHECK(page(ev, LANE_BULK, 0)->wakeups == 1);
	CHECK(evring_wait(ev, 0) == 1);
	CHECK(read_all(ev, 100, NULL) == 6 && evring_wait(ev, 0) == 0);
	evring_close(ev);
	evring_close(other);
}

/* More than are told in the interrupt itself */
static void rates(void)
{
	static const unsigned int wrong[] = { 1, 1000, 100000000, UINT32_MAX };
	struct sim_boot boot = { .cpus = 1, .tsc = true, .lane_kib = { 256, 256, 256 } };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		boot.tsc_rate = wrong[i];
		CHECK(sim_boot(&boot) == -EINVAL);
	}
	boot.tsc_rate = 0;	/* as it is */
	CHECK(!sim_boot(&boot));
	sim_shutdown();
}

#define CROWD	300

static void wakes_a_crowd(void)
{
	struct evring *evs[CROWD];
	unsigned int i, woken = 0;

	for (i = 0; i < CROWD; i++) {
		evs[i] = tap(i % 3 ? BULK : APP, EVRING_EARLIEST);
		CHECK(!evring_arm(evs[i], i % 2 ? SEGMENT : 0, i % 2 ? 1000 : 0));
	}
	emit(LANE_BULK, 0, 1);
	sim_advance(0);
	for (i = 0; i < CROWD; i++)
		CHECK(readable(evs[i]) == (i % 3 && i % 2 == 0));
	emit(LANE_BULK, 1, 2 * IN_SEGMENT);
	emit(LANE_APP, 1, 1);
	sim_advance(0);
	for (i = 0; i < CROWD; i++)
		CHECK(readable(evs[i]) == (i % 3 || i % 2 == 0));
	sim_advance(1000 * MS + TICK);
	for (i = 0; i < CROWD; i++)
		woken += readable(evs[i]);
	CHECK(woken == CROWD);
	for (i = 0; i < CROWD; i++)
		evring_close(evs[i]);
}

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

static void watermark(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);

	CHECK(!evring_arm(ev, 2 * SEGMENT, 50));
	sim_advance(1000 * MS);
	CHECK(!readable(ev));		/* there is no first event yet */
	emit(LANE_BULK, 0, 1);
	sim_advance(0);
	CHECK(!readable(ev));
	sim_advance(49 * MS);
	CHECK(!readable(ev));
	sim_advance(MS + TICK);
	CHECK(readable(ev) && read_all(ev, 10, NULL) == 1);
	/* The bytes come first: looked at where a segment is entered, so one late at most */
	CHECK(!evring_arm(ev, 2 * SEGMENT, 60000));
	emit(LANE_BULK, 0, 2 * IN_SEGMENT - 1);
	sim_advance(0);
	CHECK(!readable(ev));
	emit(LANE_BULK, 0, IN_SEGMENT + 1);
	sim_advance(0);
	CHECK(readable(ev));
	evring_close(ev);
}

/* Killed while armed, marked, or both: nobody is woken that is not there. */
static void killed_waiting(void)
{
	struct evring *ev;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ev = tap(BULK, EVRING_LATEST);
		CHECK(!evring_arm(ev, i & 1 ? SEGMENT : 0, i & 1 ? 1000 : 0));
		emit(LANE_BULK, 0, 1);
		if (i & 2)
			sim_advance(0);
		evring_close(ev);
		emit(LANE_BULK, 0, 2 * IN_SEGMENT);
		sim_advance(2000 * MS);
	}
}

static int map_errno(const struct evring *ev, size_t len, int prot, int flags, uint64_t offset)
{
	void *map = mmap(NULL, len, prot, flags, evring_fd(ev), (off_t)offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, len);
	return 0;
}

static void maps_read_only(void)
{
	struct evring *ev = session();
	const uint64_t ring = EVRING_MMAP_RING(LANE_BULK, 1);
	const size_t len = SEGMENT + RING, meta = evring_meta(ev)->map_size;
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
	/* Each reserved word, and each that means something, with what means nothing */
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
	CHECK(call(ev, _IO(EVRING_IOC_MAGIC, 9), NULL) == -ENOTTY);
	/* Shorter than any caller's can be */
	CHECK(call(ev, _IOC(_IOC_READ, EVRING_IOC_MAGIC, 0, 8), &arm) == -EINVAL);
	evring_close(ev);
}

static void refuses_pointers(void)
{
	const unsigned long calls[] = {
		EVRING_IOC_META, EVRING_IOC_RING, EVRING_IOC_DESCRIBE, EVRING_IOC_HOOK,
		EVRING_IOC_JOIN, EVRING_IOC_COMMIT, EVRING_IOC_ARM, EVRING_IOC_DROP,
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
	/* What comes before a bad entry stays taken. */
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

static void too_long(void)
{
	struct evring *ev = member("g", EVRING_HOLD);
	struct evring_event e;

	CHECK(emit_len(LANE_BULK, 0, SEGMENT / 2 - 32));
	CHECK(!emit_len(LANE_BULK, 0, SEGMENT / 2 - 31));
	CHECK(!emit_len(LANE_BULK, 0, UINT32_MAX - 8));
	CHECK(emit_len(LANE_BULK, 0, 16));
	CHECK(read_all(ev, 1, NULL) == 1);
	CHECK(evring_next(ev, &e) == 1 && e.rec->type == EVRING_TYPE_LOST && e.rec->seq == 1);
	CHECK(evring_next(ev, &e) == 1 && e.rec->type == EVRING_TYPE_LOST && e.rec->seq == 2);
	CHECK(read_all(ev, 2, NULL) == 1);
	CHECK(page_lost(page(ev, LANE_BULK, 0), EVRING_LOST_TOOBIG) == 2);
	evring_close(ev);
}

/* The module again, after it has gone: nothing is left of it. */
static void loads_again(void)
{
	const struct sim_boot boot = {
		.cpus = 3, .segment_kib = 8, .lane_kib = { 32, 64, 128 }, .stepped = true,
	};
	struct evring *ev = member("g", EVRING_HOLD);

	emit(LANE_BULK, 0, 10);
	CHECK(!evring_arm(ev, 0, 0) || read_all(ev, 10, NULL) == 10);
	evring_close(ev);
	sim_shutdown();
	CHECK(sim_boot(&(struct sim_boot){ .cpus = 1, .lane_kib = { 3 } }) == -EINVAL);
	CHECK(!sim_boot(&boot) && !sim_events_start());
	ev = tap(EVRING_LANES_ALL, EVRING_EARLIEST);
	CHECK(evring_rings(ev) == 9 && meta_lane(ev->live, 2)->data_size == 128 << 10);
	CHECK(!group_info(ev, 0)->name[0] && !read_all(ev, 1, NULL));
	CHECK(page(ev, LANE_BULK, 0)->head == 0 && sim_held(1, 0) == UINT64_MAX);
	evring_close(ev);
}

#define MANY 256

static void many_rings(void)
{
	struct evring *ev = member("g", EVRING_HOLD), *other = tap(BULK, EVRING_EARLIEST);
	struct evring_event e;
	uint64_t time = 0;
	unsigned int i, n;

	CHECK(evring_rings(ev) == MANY);
	for (i = 0; i < 20 * MANY; i++)
		emit(LANE_BULK, i * 97 % MANY, 1);
	for (i = 0; i < 20 * MANY; i++) {
		if (!CHECK(evring_next(i % 2 ? ev : other, &e) == 1))
			break;
		CHECK(e.cpu == i / 2 * 97 % MANY && e.rec->seq == i / 2 / MANY);
		CHECK(e.rec->time >= time);
		time = e.rec->time;
	}
	n = read_all(ev, 100000, NULL) + 10 * MANY;
	CHECK(n == 20 * MANY && !evring_commit(ev));
	for (i = 0; i < MANY; i++)
		CHECK(sim_held(LANE_BULK, i) == 20 * 64);
	evring_close(ev);
	evring_close(other);
}

/*
 * In real time, with threads that are CPUs
 */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *emit_later(void *unused)
{
	usleep(30000);
	emit(LANE_BULK, 0, 1);
	return unused;
}

static void waits_in_time(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	struct pollfd pollfd = { .fd = evring_fd(ev), .events = POLLIN };
	pthread_t thread;
	uint64_t start = now_ns();

	CHECK(!evring_wait(ev, 20) && now_ns() - start >= 20 * MS);
	start = now_ns();
	CHECK(!pthread_create(&thread, NULL, emit_later, NULL));
	CHECK(evring_wait(ev, 20000) == 1);
	CHECK(now_ns() - start >= 30 * MS && now_ns() - start < 10000 * MS);
	pthread_join(thread, NULL);
	CHECK(read_all(ev, 2, NULL) == 1);
	/* With a watermark that is not reached: the flush time after the first event, to a tick */
	start = now_ns();
	CHECK(!evring_arm(ev, 1 << 20, 100));
	CHECK(!pthread_create(&thread, NULL, emit_later, NULL));
	CHECK(poll(&pollfd, 1, 20000) == 1);
	start = now_ns() - start;
	CHECK(start >= 130 * MS - TICK && start < 10000 * MS);
	pthread_join(thread, NULL);
	evring_close(ev);
}

#define PRODUCERS	3
#define EACH		20000u

static struct {
	unsigned int working;
	bool stop;
	uint64_t made[PRODUCERS], lost[PRODUCERS];
} threads;

static void *produce(void *arg)
{
	unsigned int cpu = (unsigned int)(uintptr_t)arg;
	uint64_t random = seed + cpu + 1, count;
	bool discard, made;
	unsigned int i;

	sim_be(cpu);
	for (i = 0; i < EACH; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		count = i;
		discard = random >> 60 == 3;
		made = sim_event_emit(LANE_BULK, 16 + (uint32_t)(random >> 56), discard,
				      fill, &count);
		threads.made[cpu] += made && !discard;
		threads.lost[cpu] += !made;
		if (!made || random >> 54 == 1)
			usleep(100);
	}
	__atomic_sub_fetch(&threads.working, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Reads, commits, leaves and comes back, and has everything exactly once. */
static void *consume(void *arg)
{
	uint64_t read[PRODUCERS] = { 0 }, lost[PRODUCERS] = { 0 }, next[PRODUCERS] = { 0 };
	struct evring *ev = member(arg, EVRING_HOLD);
	bool working = true;
	struct evring_event e;
	unsigned int n = 0, i;
	int ret;

	for (;;) {
		ret = evring_next(ev, &e);
		if (ret < 0)
			break;
		if (ret) {
			CHECK(!e.missed && e.rec->seq == next[e.cpu]);
			next[e.cpu] = e.next_seq;
			if (e.rec->type == EVRING_TYPE_LOST)
				lost[e.cpu] += ((const struct evring_lost *)e.payload)->count;
			else
				read[e.cpu]++;
		}
		if (ret && ++n % 500)
			continue;
		CHECK(!evring_commit(ev));
		if (n % 2000 == 0) {
			evring_close(ev);
			ev = member(arg, EVRING_HOLD);
		}
		if (ret)
			continue;
		if (!working)
			break;
		working = __atomic_load_n(&threads.working, __ATOMIC_ACQUIRE);
		evring_wait(ev, 1);
	}
	CHECK(!ret);
	for (i = 0; i < PRODUCERS; i++) {
		const struct evring_ring_page *last = page(ev, LANE_BULK, i);

		CHECK(read[i] == threads.made[i]);
		CHECK(next[i] == read[i] + lost[i] && last->seq - next[i] ==
		      threads.lost[i] - lost[i]);
	}
	evring_close(ev);
	return NULL;
}

/* What others may do meanwhile: look, follow, tap, arm, join and drop. */
static void *meddle(void *arg)
{
	const struct evring_group group = {
		.name = "meddler", .lanes = BULK, .abandon_ms = 1, .start = EVRING_LATEST,
		.policy = COPIES ? EVRING_FOLLOW : EVRING_HOLD,
	};
	struct evring *ev = session();
	struct evring_meta meta;
	struct evring_event e;
	unsigned int i;

	(void)arg;
	while (!__atomic_load_n(&threads.stop, __ATOMIC_ACQUIRE)) {
		CHECK(evring_meta_read(ev, &meta, sizeof(meta)) > 0 && evring_types(ev) > 0);
		page(ev, LANE_BULK, 0);
		CHECK(!evring_join(ev, &group));
		for (i = 0; i < 200 && evring_next(ev, &e) > 0; i++)
			;
		CHECK(!evring_commit(ev) && evring_arm(ev, 4096, 1) >= 0 && !evring_leave(ev));
		CHECK(!evring_drop(ev, group.name));
		CHECK(!COPIES || !evring_tap(ev, BULK, EVRING_EARLIEST));
		for (i = 0; COPIES && i < 200 && evring_next(ev, &e) > 0; i++)
			;
		CHECK(!COPIES || (evring_wait(ev, 1) >= 0 && !evring_leave(ev)));
		usleep(500);
	}
	evring_close(ev);
	return NULL;
}

static void in_parallel(void)
{
	static const char *const names[] = { "a", "b" };
	pthread_t producers[PRODUCERS], readers[2], meddler;
	struct evring *evs[2];
	unsigned int i;

	/* The groups are there before there is anything to read. */
	for (i = 0; i < 2; i++)
		evs[i] = member(names[i], EVRING_HOLD);
	for (i = 0; i < 2; i++)
		evring_close(evs[i]);
	threads.working = PRODUCERS;
	for (i = 0; i < PRODUCERS; i++)
		CHECK(!pthread_create(&producers[i], NULL, produce, (void *)(uintptr_t)i));
	for (i = 0; i < 2; i++)
		CHECK(!pthread_create(&readers[i], NULL, consume, (void *)names[i]));
	CHECK(!pthread_create(&meddler, NULL, meddle, NULL));
	for (i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	for (i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	__atomic_store_n(&threads.stop, true, __ATOMIC_RELEASE);
	pthread_join(meddler, NULL);
}

/* One that waits for the other, again and again: no wake-up may get lost. */
static void *ping(void *arg)
{
	struct evring *ev = tap(APP, EVRING_LATEST);
	unsigned int i;

	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2000; i++) {
		while (!read_all(ev, 1, NULL))
			if (!CHECK(evring_wait(ev, 10000) == 1))
				goto out;
		emit(LANE_BULK, 1, 1);
	}
out:
	evring_close(ev);
	return NULL;
}

static void ping_pong(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	bool ready = false;
	pthread_t thread;
	unsigned int i;

	CHECK(!pthread_create(&thread, NULL, ping, &ready));
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		usleep(100);
	for (i = 0; i < 2000; i++) {
		emit(LANE_APP, 0, 1);
		while (!read_all(ev, 1, NULL))
			if (!CHECK(evring_wait(ev, 10000) == 1))
				goto out;
	}
out:
	pthread_join(thread, NULL);
	evring_close(ev);
}

/*
 * Random programs
 */

static uint8_t draw(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(*random >> 56);
}

#define PROGRAMS_TOLD 500	/* a line each */

static uint64_t *playing;	/* the program's seed; main() tells it if the child dies */

/* Small numbers often: they are what opcodes and names are. */
static void play_seed(uint64_t random, struct played *played)
{
	uint8_t program[3000];
	size_t n;

	*playing = random;
	for (n = 0; n < sizeof(program); n++)
		program[n] = draw(&random) & (draw(&random) & 1 ? 0x1f : 0xff);
	play(program, sizeof(program), played);
}

/* They failed once: a run and evring_next() both told what was missed. */
static void found_programs(void)
{
	static const uint64_t seeds[] = { 21147, 11000341, 12004686 };
	struct played played = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		play_seed(seeds[i], &played);
	CHECK(played.missed);
}

static void random_programs(void)
{
	struct played played = { 0 };
	unsigned long i;

	for (i = 0; i < programs; i++) {
		if (i % PROGRAMS_TOLD == 0)
			printf("# programs of seed %llu and up\n", (unsigned long long)(seed + i));
		play_seed(seed + i, &played);
	}
	printf("# %llu emits (%llu lost), %llu read, %llu missed, %llu joins, %llu commits, "
	       "%llu refused, %llu abandoned\n", (unsigned long long)played.emits,
	       (unsigned long long)played.lost, (unsigned long long)played.read,
	       (unsigned long long)played.missed, (unsigned long long)played.joins,
	       (unsigned long long)played.commits, (unsigned long long)played.refused,
	       (unsigned long long)played.abandoned);
	/* One program alone may do none of these. */
	CHECK(programs < 50 ||
	      (played.lost && played.missed && played.joins && played.refused));
}

/*
 * The tests, each in a child
 */

enum module { STEPPED, REAL, ALL_CPUS, NONE };

static const struct test {
	void (*run)(void);
	enum module module;
	const char *name;
} tests[] = {
	{ opens, STEPPED, "a session opens, knows the ABI, and has nothing to read" },
	{ describes, STEPPED, "types are described as they were declared" },
	{ taps_in_order, STEPPED, "a tap reads what was emitted, in the order of time" },
	{ comes_back, STEPPED, "a group that leaves comes back to where it committed" },
	{ one_owner, STEPPED, "a group has one owner at a time" },
	{ join_fails, STEPPED, "a JOIN that fails leaves everything as it was" },
	{ commit_is_one_groups, STEPPED, "a commit never lands in another group" },
	{ same_wall_time, STEPPED, "an event has the same wall time whenever it is read" },
	{ rates, NONE, "a rate that the TSC does not have is refused" },
	{ hold_drops, STEPPED, "hold: a full ring drops, and tells exactly how many" },
	{ follow_misses, STEPPED, "follow: what was overwritten is counted exactly" },
	{ missed_once, STEPPED, "what was missed is told once, by the event or by the run" },
	{ tap_overtaken, STEPPED, "a tap's event stays; what it missed is counted" },
	{ drops, STEPPED, "a dropped group holds nothing, and is forgotten" },
	{ abandons, STEPPED, "a group without an owner holds for abandon_ms, and no longer" },
	{ wakes, STEPPED, "who is armed is woken by the first event of its lanes" },
	{ wakes_a_crowd, STEPPED, "hundreds who wait are each woken, by what they asked for" },
	{ sessions_are_limited, STEPPED, "a user has at most sessions_max sessions" },
	{ watermark, STEPPED, "a watermark wakes by bytes, or by the flush time" },
	{ killed_waiting, STEPPED, "who dies while it waits is waited for by nobody" },
	{ maps_read_only, STEPPED, "a mapping is whole, shared and read-only, or refused" },
	{ refuses_arguments, STEPPED, "an argument that means nothing is refused" },
	{ refuses_pointers, STEPPED, "a pointer that leads nowhere is refused" },
	{ without_capability, STEPPED, "hooks and dropping need a capability, reading none" },
	{ commits, STEPPED, "a commit takes what can be, by ioctl and by io_uring" },
	{ many_groups, STEPPED, "there are 64 groups, and the lowest cursor holds" },
	{ too_long, STEPPED, "what is too long for a record is lost in its place" },
	{ loads_again, STEPPED, "a module that is loaded again knows nothing" },
	{ many_rings, ALL_CPUS, "256 rings are one stream in the order of time" },
	{ waits_in_time, REAL, "waiting ends with the first event, and not before" },
	{ ping_pong, REAL, "no wake-up is lost between two who wait for each other" },
	{ in_parallel, REAL, "producers, groups and others in parallel: each event once" },
	{ found_programs, NONE, "the programs that found a fault find none any more" },
	{ random_programs, NONE, "random programs: the module does what the model says" },
};

static void run(const struct test *test)
{
	struct sim_boot boot = {
		.cpus = test->module == ALL_CPUS ? MANY : test->module == REAL ? PRODUCERS : 2,
		.segment_kib = 4, .lane_kib = { 16, 16, 16 }, .stepped = test->module != REAL,
	};

	alarm(240);
	if (test->module == NONE) {
		test->run();
	} else if (CHECK(!sim_boot(&boot)) && CHECK(!sim_events_start())) {
		test->run();
		sim_shutdown();
	}
	exit(failures != 0);
}

int main(int argc, char **argv)
{
	unsigned int i, failed = 0;
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	if (argc > 2)
		programs = strtoul(argv[2], NULL, 0);
	printf("# seed %llu\n", (unsigned long long)seed);
	playing = mmap(NULL, sizeof(*playing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (playing == MAP_FAILED)
		return 2;
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		*playing = 0;
		pid = fork();
		if (!pid)
			run(&tests[i]);
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 2;
		failed += status != 0;
		if (status && *playing)
			printf("# this program alone: %s %llu 1\n", argv[0],
			       (unsigned long long)*playing);
		printf("%sok %u - %s\n", status ? "not " : "", i + 1, tests[i].name);
	}
	printf("1..%u\n", i);
	return failed != 0;
}
