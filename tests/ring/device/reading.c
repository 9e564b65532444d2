/* SPDX-License-Identifier: MIT */
/* Sessions, types and taps: the events, their order, their times. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

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
	CHECK(type->size == 16 && type->flags == EVRING_TYPE_F_HOOK && !type->lost && !type->common_size);
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
	/* More steps than are kept: older events go by the oldest step, and nothing breaks. */
	for (i = 0; i < 3 * CLOCK_PAST; i++)
		sim_clock_set(wall + i + 1);
	CHECK(walls(again, 32) == 32 && again[31] - first[31] <= 2 * CLOCK_PAST + 1);
	evring_close(ev);
}

/* The copy stays until the next call, also if the ring overwrites the event. */
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

/* The next event of a type that came has this one's name, and in JSON this piece. */
static bool next_is(struct evring *ev, const char *name, uint32_t generation, const char *piece)
{
	const struct evring_host host = { .name = "host" };
	struct evring_event e;
	char json[4096];
	ssize_t len;

	do {
		if (!CHECK(evring_next(ev, &e) == 1) || !CHECK(e.type))
			return false;
	} while (!strcmp(e.type->name, "sim.bulk"));
	len = evring_json(ev, &host, &e, json, sizeof(json) - 1);
	if (!CHECK(len > 0))
		return false;
	json[len] = '\0';
	return !strcmp(e.type->name, name) && e.type->generation == generation &&
	       strstr(json, name) && strstr(json, piece);
}

/* All ids are given out; the one of a type whose last event has gone is another's then. */
static void id_comes_back(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST), *late;
	struct evring_event_type *type = sim_type_come("old.type", "before");
	const struct evring_type *old;
	unsigned int i, id;
	char name[32];

	sim_be(0);
	CHECK(type && sim_type_emit(type, 71));
	CHECK(next_is(ev, "old.type", 0, "\"before\":71"));
	old = evring_type_by_name(ev, "old.type");
	if (!CHECK(old))
		return;
	id = old->id;
	evring_type_hold(old);
	sim_type_go(type);
	for (i = id + 1; i < TYPES_MAX; i++) {
		snprintf(name, sizeof(name), "filler.t%u", i);
		CHECK(sim_type_come(name, "number"));
	}
	/* Its event is still there for a reader that comes later. */
	CHECK(!sim_type_come("new.type", "after"));
	late = tap(BULK, EVRING_EARLIEST);
	CHECK(next_is(late, "old.type", 0, "\"before\":71"));
	emit(LANE_BULK, 0, 2 * IN_RING);
	type = sim_type_come("new.type", "after");
	CHECK(type && sim_type_emit(type, 72));
	CHECK(next_is(ev, "new.type", 1, "\"after\":72"));
	evring_close(late);
	late = tap(BULK, EVRING_LATEST);
	CHECK(sim_type_emit(type, 73));
	CHECK(next_is(late, "new.type", 1, "\"after\":73"));
	/* A handle that knew the old one is told; a holder still has it. */
	CHECK(evring_types(ev) == TYPES_MAX && evring_type(ev, id) != old);
	CHECK(!strcmp(evring_type(ev, id)->name, "new.type"));
	CHECK(!strcmp(old->name, "old.type") && evring_field(old, "before"));
	evring_type_free(old);
	evring_close(ev);
	evring_close(late);
}

/* What is behind an older event's fields is its tail, not the field that was appended since. */
static void grown_beside(void)
{
	struct evring *ev = tap(BULK, EVRING_EARLIEST);
	struct evring_event_type *type = sim_grown_come(1);
	const struct evring_type *seen;
	unsigned int id;

	sim_be(0);
	CHECK(type && sim_grown_emit(type, 2, 71) && evring_types(ev) > 0);
	seen = evring_type_by_name(ev, "sim.grown");
	if (!CHECK(seen))
		return;
	id = seen->id;
	CHECK(!sim_grown_come(2));
	sim_type_go(type);
	type = sim_grown_come(2);
	CHECK(type && sim_grown_emit(type, 2, 72));
	CHECK(next_is(ev, "sim.grown", 0, "\"data\":{\"first\":71}"));
	CHECK(next_is(ev, "sim.grown", 0, "\"data\":{\"first\":72,\"second\":1072}"));
	CHECK(evring_types(ev) > 0);
	seen = evring_type_by_name(ev, "sim.grown");
	CHECK(seen && seen->id != id && seen->nr_fields == 2);
	sim_type_go(type);
	/* The older module is back. */
	CHECK(sim_grown_come(1) && evring_types(ev) > 0);
	seen = evring_type_by_name(ev, "sim.grown");
	CHECK(seen && seen->id == id && seen->nr_fields == 1);
	evring_close(ev);
}

const struct test reading_tests[] = {
	{ opens, STEPPED, "a session opens, knows the ABI, and has nothing to read" },
	{ describes, STEPPED, "types are described as they were declared" },
	{ taps_in_order, STEPPED, "a tap reads all events, in the order of time" },
	{ same_wall_time, STEPPED, "an event has the same wall time whenever it is read" },
	{ rates, NONE, "a rate that the TSC does not have is refused" },
	{ tap_overtaken, STEPPED, "a tap's event stays; missed ones are counted" },
	{ too_long, STEPPED, "an event too long for a record is lost in its place" },
	{ loads_again, STEPPED, "a module that is loaded again knows nothing" },
	{ many_rings, ALL_CPUS, "256 rings are one stream in the order of time" },
	{ id_comes_back, STEPPED, "an id that is another type's now is told as that type's" },
	{ grown_beside, STEPPED, "a type that came back with a field more is one of its own" },
	{ NULL, NONE, NULL },
};
