/* SPDX-License-Identifier: MIT */
/*
 * Groups on one CPU's ring, with events whose sizes are known: struct model has the
 * ring's rules once more, and so the expected result.
 */
#ifndef EVRING_TEST_GROUP_H
#define EVRING_TEST_GROUP_H

#include "device.h"

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

static inline struct evring_ring_page page(void)
{
	return ring_get(LANE_CRITICAL, 0);
}

static inline int join(struct evring *ev, const char *name, uint32_t policy, uint32_t start)
{
	struct evring_group group = {
		.name = name,
		.lanes = CRITICAL,
		.policy = policy,
		.start = start,
	};

	return evring_join(ev, &group);
}

static inline struct evring *joined(const char *name, uint32_t policy, uint32_t start)
{
	struct evring *ev;

	if (evring_open(&ev, NULL) || join(ev, name, policy, start))
		abort();
	return ev;
}

/* A reader's count of CPU 0's ring */
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

static inline void tally_event(struct tally *tally, const struct evring_event *event)
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

/* Read the events of CPU 0, up to @max. Returns 0 or -errno. */
static inline int tally_some(struct evring *ev, struct tally *tally, uint64_t max)
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

static inline int tally_all(struct evring *ev, struct tally *tally)
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

static inline struct model model_now(uint64_t hold)
{
	struct evring_ring_page now = page();

	return (struct model){
		.segment = now.segment_size, .data = now.data_size, .pos = now.head, .hold = hold,
	};
}

static inline void model_emit(struct model *m, uint64_t n, uint64_t size)
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

#endif /* EVRING_TEST_GROUP_H */
