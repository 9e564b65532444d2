/* SPDX-License-Identifier: MIT */
/* Filters: events that no owner of a hook wants take no place in the ring. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/filter_attach.h"
#include "device.h"

#define HOOK	"sim.bulk"

static int attach(struct evring *ev, const char *group, const char *expression)
{
	const struct evring_attachment how = { .hook = HOOK, .group = group };

	return attach_expression(ev, how, expression);
}

/* The counts of the events that come now, as a set of bits; -1: one came twice. */
static uint64_t came(struct evring *ev)
{
	struct evring_event event;
	uint64_t set = 0, count;

	while (evring_next(ev, &event) > 0) {
		memcpy(&count, event.payload, sizeof(count));
		if (!CHECK(event.rec->type >= EVRING_TYPE_FIRST && count < 64 && !(set >> count & 1)))
			return ~0ull;
		set |= 1ull << count;
	}
	return set;
}

static void rejects_leave_nothing(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	const struct evring_type *type;

	CHECK(attach(ev, NULL, "count in (3, 5..7)") == EVRING_HOOK_ATTACHED);
	CHECK(emit(LANE_BULK, 1, 10) == 10);
	CHECK(came(ev) == (1ull << 3 | 7ull << 5));
	/* No number was used up, and no bytes either. */
	CHECK(page(ev, LANE_BULK, 1)->seq == 4);
	CHECK(page(ev, LANE_BULK, 1)->head == 4 * (PAYLOAD + 32));
	CHECK(!page(ev, LANE_BULK, 1)->discarded);
	CHECK(evring_types(ev) > 0);
	type = evring_type_by_name(ev, HOOK);
	CHECK(type->filtered == 6 && !type->undecided && !type->lost);
	evring_close(ev);
}

static void any_owner_is_enough(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST), *group = member("g", EVRING_FOLLOW);

	CHECK(attach(ev, NULL, "count == 1") == EVRING_HOOK_ATTACHED);
	CHECK(attach(ev, "g", "count == 2") == EVRING_HOOK_ATTACHED);
	CHECK(evring_hook_filters(ev, HOOK) == 2);
	emit(LANE_BULK, 0, 4);
	CHECK(came(ev) == (1 << 1 | 1 << 2));
	/* One that wants all */
	CHECK(attach(ev, "g", NULL) == EVRING_HOOK_ATTACHED);
	emit(LANE_BULK, 0, 2);
	CHECK(came(ev) == (1 << 4 | 1 << 5));
	/* One owner goes, and the other one's filter is left. */
	CHECK(!evring_leave(group) && !evring_drop(ev, "g"));
	emit(LANE_BULK, 0, 2);
	CHECK(!came(ev));
	CHECK(evring_detach(ev, HOOK, NULL) == EVRING_HOOK_DETACHED);
	evring_close(group);
	evring_close(ev);
}

static void is_read_back(void)
{
	struct evring *ev = session();
	char text[EVRING_TEXT_MAX];

	CHECK(!evring_hook_filter(ev, HOOK, NULL, text) && !*text);
	CHECK(evring_hook_filter(ev, "no.such", NULL, text) == -ENOENT);
	CHECK(evring_hook_filter(ev, HOOK, "nobody", text) == -ENOENT);
	CHECK(attach(ev, NULL, "text ~ \"a*\"") == EVRING_HOOK_ATTACHED);
	CHECK(evring_hook_filter(ev, HOOK, NULL, text) == 11 && !strcmp(text, "text ~ \"a*\""));
	evring_close(ev);
}

static int attach_program(struct evring *ev, const void *program)
{
	struct evring_hook hook = {
		.name = HOOK, .op = EVRING_HOOK_ATTACH, .filter = (uintptr_t)program,
	};

	return call(ev, EVRING_IOC_HOOK, &hook);
}

static void refuses_what_is_no_program(void)
{
	struct evring *ev = session();
	struct evring_program *program;
	char *bad = unmapped();

	CHECK(evring_types(ev) > 0);
	program = program_copy(evring_type_by_name(ev, HOOK), "count == 1");
	CHECK(attach_program(ev, bad) == -EFAULT);
	CHECK(attach_program(ev, (void *)-8) == -EFAULT);
	program->version++;
	CHECK(attach_program(ev, program) == -ESTALE);
	program->version--;
	program->len = EVRING_PROGRAM_MAX + 8;
	CHECK(attach_program(ev, program) == -E2BIG);
	program->len = 8;
	CHECK(attach_program(ev, program) == -EINVAL);
	free(program);
	evring_close(ev);
}

/* A program that is accepted runs, and reads only the event and itself (ASan checks). */
static void spoilt_programs_do_no_harm(void)
{
	static const char *const expressions[] = {
		"count in (1, 5..9) && text ~ (\"*[a-z]*\", \"?x\") || pid == 0",
		"text contains \"a\" || text startswith (\"b\", \"cc\") || count & 1 == 0",
	};
	struct evring *ev = session();
	struct evring_program *program;
	uint64_t random = 88172645463325252ull;
	unsigned int i, j, taken = 0, rounds = COPIES ? 20000 : 500;

	CHECK(evring_types(ev) > 0);
	for (i = 0; i < rounds; i++) {
		program = program_copy(evring_type_by_name(ev, HOOK), expressions[i % 2]);
		for (j = 0; j < 1 + i % 3; j++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			((uint8_t *)program)[8 + (random >> 8) % (program->len - 8)] ^=
				(uint8_t)(1u << (random & 7));
		}
		taken += !attach_program(ev, program);
		free(program);
		emit(LANE_BULK, 0, 1);
	}
	CHECK(taken && taken < rounds);
	evring_close(ev);
}

/*
 * Limits
 */

static int limit(struct evring *ev, const char *group, const char *expression,
		 struct evring_limits limits)
{
	const struct evring_attachment how = { .hook = HOOK, .group = group, .limits = &limits };

	return attach_expression(ev, how, expression);
}

/* The events that come, and the lost ones, by their causes */
struct tally {
	unsigned int events;
	uint64_t lost[16];
	uint64_t next;		/* number of the next record on the ring */
};

static void take(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	struct evring_lost lost;
	unsigned int cause;

	while (evring_next(ev, &event) > 0) {
		/* Each number is an event's or is told as lost, once. */
		CHECK(event.seq == tally->next && !event.missed);
		tally->next = event.next_seq;
		if (event.rec->type != EVRING_TYPE_LOST) {
			tally->events++;
			continue;
		}
		memcpy(&lost, event.payload, sizeof(lost));
		for (cause = 0; cause < 16; cause++)
			if (lost.causes == 1u << cause)
				tally->lost[cause] += lost.count;
	}
}

static void samples_are_told(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	struct tally tally = { 0 };

	CHECK(limit(ev, NULL, "count != 5", (struct evring_limits){ .sample = 10 }) ==
	      EVRING_HOOK_ATTACHED);
	emit(LANE_BULK, 0, 1001);
	CHECK(evring_types(ev) > 0);	/* a query makes the hook tell the rest */
	CHECK(evring_hook_state(ev, HOOK) == EVRING_HOOK_ATTACHED);
	take(ev, &tally);
	CHECK(tally.events == 100 && tally.lost[EVRING_LOST_SAMPLED] == 900);
	CHECK(tally.next == 1000 && page(ev, LANE_BULK, 0)->seq == 1000);
	CHECK(evring_types(ev) > 0 && evring_type_by_name(ev, HOOK)->filtered == 1 &&
	      evring_type_by_name(ev, HOOK)->lost == 900);
	evring_close(ev);
}

static void rates_are_kept(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	struct tally tally = { 0 };
	unsigned int i;

	/* Ten at once, and then one each 10 ms */
	CHECK(limit(ev, NULL, NULL, (struct evring_limits){ .rate = 100, .burst = 10 }) ==
	      EVRING_HOOK_ATTACHED);
	emit(LANE_BULK, 0, 50);
	for (i = 0; i < 100; i++) {
		sim_advance(10 * MS);
		emit(LANE_BULK, 0, 2);
	}
	CHECK(evring_hook_state(ev, HOOK) == EVRING_HOOK_ATTACHED);
	take(ev, &tally);
	/* A stepped clock goes on a little with each look at it. */
	CHECK(tally.events >= 109 && tally.events <= 111);
	CHECK(tally.events + tally.lost[EVRING_LOST_RATE] == 250 && tally.next == 250);
	/* After a second without any, there is a burst again, and no more. */
	sim_advance(1000 * MS);
	tally.events = 0;
	emit(LANE_BULK, 0, 50);
	CHECK(evring_hook_state(ev, HOOK) == EVRING_HOOK_ATTACHED);
	take(ev, &tally);
	CHECK(tally.events == 10);
	evring_close(ev);
}

/* Without a query, later events tell the losses. */
static void losses_are_told_in_time(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST);
	struct tally tally = { 0 };

	CHECK(limit(ev, NULL, NULL, (struct evring_limits){ .rate = 1, .burst = 1 }) ==
	      EVRING_HOOK_ATTACHED);
	sim_advance(1000 * MS);
	emit(LANE_BULK, 0, 5);
	sim_advance(200 * MS);
	emit(LANE_BULK, 0, 1);
	take(ev, &tally);
	CHECK(tally.events == 1 && tally.lost[EVRING_LOST_RATE] == 5);
	/* And if there are very many */
	emit(LANE_BULK, 0, 5000);
	take(ev, &tally);
	CHECK(tally.lost[EVRING_LOST_RATE] >= 5 + 4096);
	evring_close(ev);
}

static void limits_are_an_owners(void)
{
	struct evring *ev = tap(BULK, EVRING_LATEST), *group = member("g", EVRING_FOLLOW);
	struct evring_limits limits;
	struct tally tally = { 0 };

	CHECK(limit(ev, NULL, NULL, (struct evring_limits){ .sample = 1000 }) ==
	      EVRING_HOOK_ATTACHED);
	CHECK(attach(ev, "g", "count & 1 == 0") == EVRING_HOOK_ATTACHED);
	CHECK(!evring_hook_limits(ev, HOOK, NULL, &limits) && limits.sample == 1000);
	CHECK(!evring_hook_limits(ev, HOOK, "g", &limits) && !limits.size);
	emit(LANE_BULK, 0, 100);
	CHECK(evring_hook_state(ev, HOOK) == EVRING_HOOK_ATTACHED);
	take(ev, &tally);
	/* All that the group wants; and of the others the sample, which is the first of them */
	CHECK(tally.events == 51 && tally.lost[EVRING_LOST_SAMPLED] == 49);
	evring_close(group);
	evring_close(ev);
}

static void refuses_limits(void)
{
	static const struct evring_limits bad[] = {
		{ .rate = 1 }, { .burst = 1 }, { .rate = EVRING_RATE_MAX + 1, .burst = 1 },
		{ .rate = 1, .burst = EVRING_BURST_MAX + 1 }, { .sample = EVRING_SAMPLE_MAX + 1 },
		{ .per = EVRING_PER_UID }, { .rate = 1, .burst = 1, .per = 3 },
		{ .sample = 2, .reserved = 1 },
		/* This type has no common part, and so no user. */
		{ .rate = 1, .burst = 1, .per = EVRING_PER_UID },
	};
	struct evring *ev = session();
	struct evring_hook hook = { .name = HOOK, .op = EVRING_HOOK_ATTACH };
	struct { struct evring_limits limits; uint64_t more[16]; } longer = {
		.limits = { .size = sizeof(longer), .sample = 2 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(limit(ev, NULL, NULL, bad[i]) == -EINVAL);
	hook.limits = (uintptr_t)unmapped();
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -EFAULT);
	hook.limits = (uintptr_t)&longer;
	CHECK(!call(ev, EVRING_IOC_HOOK, &hook));
	longer.more[15] = 1;
	hook = (struct evring_hook){
		.name = HOOK, .op = EVRING_HOOK_ATTACH, .limits = (uintptr_t)&longer,
	};
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -E2BIG);
	longer.limits.size = 8;
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -EINVAL);
	hook.op = EVRING_HOOK_QUERY;
	CHECK(call(ev, EVRING_IOC_HOOK, &hook) == -EINVAL);
	evring_close(ev);
}

const struct test filters_tests[] = {
	{ rejects_leave_nothing, STEPPED, "an event that nobody wants leaves nothing in the ring" },
	{ any_owner_is_enough, STEPPED, "an event that one owner wants is there" },
	{ is_read_back, STEPPED, "a filter can be read back" },
	{ refuses_what_is_no_program, STEPPED, "an invalid program is refused" },
	{ samples_are_told, STEPPED, "a sample is taken, and the others are told as lost" },
	{ rates_are_kept, STEPPED, "so many a second, and a burst, and the others are lost" },
	{ losses_are_told_in_time, STEPPED, "suppressed events are told while events go on" },
	{ limits_are_an_owners, STEPPED, "an owner's limits apply to the events it wants alone" },
	{ refuses_limits, STEPPED, "limits that are none are refused" },
	{ spoilt_programs_do_no_harm, STEPPED, "programs spoilt at random do no harm" },
	{ NULL, NONE, NULL },
};
