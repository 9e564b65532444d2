/* SPDX-License-Identifier: MIT */
/* The rules of <linux/evring.h> and docs/explanation/design.md, as plainly as they can be written. */
#include "model.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REC_SIZE	((uint32_t)sizeof(struct evring_rec))
/* The module's, which may be of another ABI than ours (tests/env/grown.mk) */
#ifndef LOST_GROWN
#define LOST_GROWN	0
#endif
#define LOST_SIZE	(REC_SIZE + (uint32_t)sizeof(struct evring_lost) + LOST_GROWN)
#define RECORD_MAX	(MODEL_SEGMENT / 2)
#define NS_PER_MS	1000000ull
#define TICK_NS		(4 * NS_PER_MS)		/* of the simulation */

void model_failed(const char *file, int line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

static uint64_t align8(uint64_t n)
{
	return (n + 7) & ~7ull;
}

void model_init(struct model *m, unsigned int cpus, const unsigned int lane_kib[LANES])
{
	unsigned int lane, cpu;

	memset(m, 0, sizeof(*m));
	m->cpus = cpus;
	for (lane = 0; lane < LANES; lane++)
		for (cpu = 0; cpu < cpus; cpu++)
			m->rings[lane][cpu].size = lane_kib[lane] * 1024ull;
}

void model_free(struct model *m)
{
	unsigned int lane, cpu;

	for (lane = 0; lane < LANES; lane++)
		for (cpu = 0; cpu < m->cpus; cpu++)
			free(m->rings[lane][cpu].recs);
}

/*
 * The ring
 */

static bool holds(const struct model_group *group, unsigned int lane)
{
	return group->name[0] && group->policy == EVRING_HOLD && group->lanes & 1u << lane &&
	       !group->abandoned;
}

uint64_t model_hold(const struct model *m, unsigned int lane, unsigned int cpu)
{
	uint64_t hold = MODEL_NONE;
	unsigned int i;

	for (i = 0; i < GROUPS_MAX; i++)
		if (holds(&m->groups[i], lane) && m->groups[i].cursors[lane][cpu].pos < hold)
			hold = m->groups[i].cursors[lane][cpu].pos;
	return hold;
}

/* @covers numbers from @seq on, behind the records that are taken */
static void put(struct model_ring *ring, uint16_t type, uint32_t len, uint64_t seq,
		uint64_t covers, uint64_t count)
{
	if (ring->nr == ring->room) {
		ring->room = ring->room ? 2 * ring->room : 64;
		ring->recs = realloc(ring->recs, ring->room * sizeof(*ring->recs));
		MUST(ring->recs);
	}
	ring->recs[ring->nr++] = (struct model_rec) {
		.pos = ring->base + ring->taken, .seq = seq, .covers = covers, .count = count,
		.len = len, .type = type, .causes = 1u << EVRING_LOST_FULL,
	};
	ring->taken += align8(len);
}

static bool enter(struct model_ring *ring, uint64_t hold)
{
	uint64_t next = ring->base + MODEL_SEGMENT, floor = next + MODEL_SEGMENT - ring->size;

	if (!ring->closed)
		ring->closed_seq = ring->seq;
	ring->closed = true;
	if (next + MODEL_SEGMENT > ring->size) {
		if (floor > ring->head || floor > hold)
			return false;
		ring->tail = floor;
	}
	ring->base = next;
	ring->taken = 0;
	ring->closed = false;
	if (ring->seq != ring->closed_seq)
		put(ring, EVRING_TYPE_LOST, LOST_SIZE, ring->closed_seq,
		    ring->seq - ring->closed_seq, 0);
	return true;
}

static bool room_for(struct model_ring *ring, uint32_t len, uint64_t hold)
{
	if (!ring->closed && ring->taken + align8(len) <= MODEL_SEGMENT)
		return true;
	if (enter(ring, hold))
		return true;
	ring->lost[EVRING_LOST_FULL]++;
	ring->seq++;
	return false;
}

static void publish(struct model_ring *ring)
{
	if (--ring->nest)
		return;
	ring->head = ring->base + (ring->closed ? MODEL_SEGMENT : ring->taken);
}

struct model_slot model_reserve(struct model *m, unsigned int lane, unsigned int cpu,
				uint32_t payload_len)
{
	struct model_ring *ring = &m->rings[lane][cpu];
	uint64_t hold = model_hold(m, lane, cpu);
	struct model_slot slot = { .ring = ring };

	ring->nest++;
	if (payload_len + REC_SIZE > RECORD_MAX) {
		if (room_for(ring, LOST_SIZE, hold)) {
			put(ring, EVRING_TYPE_LOST, LOST_SIZE, ring->seq++, 1, 0);
			ring->recs[ring->nr - 1].causes = 1u << EVRING_LOST_TOOBIG;
			ring->lost[EVRING_LOST_TOOBIG]++;
		}
	} else if (room_for(ring, payload_len + REC_SIZE, hold)) {
		slot.rec = ring->nr;
		put(ring, EVRING_TYPE_FIRST, payload_len + REC_SIZE, ring->seq++, 1, m->events);
		slot.made = true;
	}
	m->events++;
	slot.base = ring->base;
	slot.taken = ring->taken;
	slot.seq = ring->seq;
	if (!slot.made)
		publish(ring);
	return slot;
}

void model_end(struct model_slot *slot, bool discard)
{
	struct model_ring *ring = slot->ring;
	struct model_rec *rec = &ring->recs[slot->rec];

	if (discard && ring->base == slot->base && ring->taken == slot->taken &&
	    ring->seq == slot->seq && !ring->closed) {
		/* Nothing came behind it: taken back, its number too */
		ring->taken -= align8(rec->len);
		ring->seq--;
		ring->nr--;
	} else if (discard) {
		rec->type = EVRING_TYPE_DISCARD;
		ring->discarded++;
	}
	publish(ring);
}

size_t model_find(const struct model_ring *ring, uint64_t pos)
{
	size_t from = 0, to = ring->nr, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (ring->recs[middle].pos < pos)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

uint64_t model_seq_at(const struct model_ring *ring, uint64_t pos)
{
	size_t i = model_find(ring, pos);

	if (!pos)
		return 0;
	/* Of the record before it, if the ring still has that one */
	if (i && ring->recs[i - 1].pos >= ring->tail)
		return ring->recs[i - 1].seq + ring->recs[i - 1].covers;
	return i < ring->nr ? ring->recs[i].seq : MODEL_NONE;
}

/* A str field in the middle of fields that only @count decides */
void model_fill(void *payload, uint32_t len, uint64_t count)
{
	const struct evring_str text = { 16, (uint16_t)(len - 16) };
	uint8_t *bytes = payload;
	uint32_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(count * 31 + i);
	memcpy(bytes, &count, sizeof(count));
	memcpy(bytes + 8, &text, sizeof(text));
}

/* All events of the model are of one type, with any id; there are no NMIs. */
static bool lost_same(const struct model_rec *is, const struct evring_lost *lost)
{
	return lost->count == is->covers && lost->causes == is->causes &&
	       lost->type >= EVRING_TYPE_FIRST && !lost->reserved;
}

bool model_same(const struct model_rec *is, const struct evring_rec *rec)
{
	static uint8_t expected[RECORD_MAX];
	uint32_t len = rec->len - REC_SIZE;

	if (rec->len != is->len || rec->seq != is->seq)
		return false;
	if (is->type < EVRING_TYPE_FIRST && rec->type != is->type)
		return false;
	if (is->type == EVRING_TYPE_LOST)
		return lost_same(is, (const void *)(rec + 1));
	if (is->type == EVRING_TYPE_DISCARD)
		return true;
	model_fill(expected, len, is->count);
	return rec->type >= EVRING_TYPE_FIRST && !memcmp(expected, rec + 1, len);
}

/*
 * Groups
 */

struct model_group *model_group_find(struct model *m, const char *name)
{
	unsigned int i;

	for (i = 0; i < GROUPS_MAX; i++)
		if (m->groups[i].name[0] && !strcmp(m->groups[i].name, name))
			return &m->groups[i];
	return NULL;
}

struct model_group *model_owned(struct model *m, const void *owner)
{
	unsigned int i;

	for (i = 0; i < GROUPS_MAX; i++)
		if (m->groups[i].name[0] && m->groups[i].owner == owner)
			return &m->groups[i];
	return NULL;
}

static bool name_ok(const char name[EVRING_NAME_MAX])
{
	size_t len = strnlen(name, EVRING_NAME_MAX), i;

	if (!len || len == EVRING_NAME_MAX || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (i = 0; i < EVRING_NAME_MAX; i++)
		if (i < len ? !isalnum((unsigned char)name[i]) && name[i] != '.' &&
			      name[i] != '_' && name[i] != '-' : name[i] != '\0')
			return false;
	return true;
}

static struct model_group *make(struct model *m, const char *name)
{
	unsigned int i, lane, cpu;

	for (i = 0; i < GROUPS_MAX && m->groups[i].name[0]; i++)
		;
	if (i == GROUPS_MAX)
		return NULL;
	memset(&m->groups[i], 0, sizeof(m->groups[i]));
	strcpy(m->groups[i].name, name);
	for (lane = 0; lane < LANES; lane++)
		for (cpu = 0; cpu < m->cpus; cpu++)
			m->groups[i].cursors[lane][cpu].seq = EVRING_SEQ_NONE;
	return &m->groups[i];
}

/*
 * The first segment's start behind which lie three quarters of the ring at the most, or that
 * of the first one that is held; and no such thing before anything is overwritten
 */
static uint64_t earliest(const struct model_ring *ring, uint64_t hold)
{
	uint64_t start = ring->tail;

	while (ring->tail && ring->head - start > ring->size / 4 * 3 &&
	       (hold == MODEL_NONE || start + MODEL_SEGMENT <= hold))
		start += MODEL_SEGMENT;
	return start;
}

static void place(struct model *m, struct model_group *group, uint64_t lanes,
		  const struct evring_join *join)
{
	unsigned int lane, cpu;

	for (lane = 0; lane < LANES; lane++) {
		for (cpu = 0; cpu < m->cpus && lanes & 1u << lane; cpu++) {
			const struct model_ring *ring = &m->rings[lane][cpu];
			uint64_t pos = join->policy == EVRING_FOLLOW ? ring->tail :
				       earliest(ring, model_hold(m, lane, cpu));

			group->cursors[lane][cpu] = (struct model_cursor) {
				.pos = join->start == EVRING_LATEST ? ring->head : pos,
				.seq = EVRING_SEQ_NONE,
			};
		}
	}
}

/* Records that overtook the group before it began to hold are gone. */
static void hold_begin(struct model *m, struct model_group *group, uint64_t lanes)
{
	unsigned int lane, cpu;

	for (lane = 0; lane < LANES; lane++) {
		for (cpu = 0; cpu < m->cpus && lanes & 1u << lane; cpu++) {
			struct model_cursor *cursor = &group->cursors[lane][cpu];
			uint64_t tail = m->rings[lane][cpu].tail;

			cursor->pos = cursor->pos < tail ? tail : cursor->pos;
		}
	}
}

int model_join(struct model *m, const void *owner, const struct evring_join *join,
	       unsigned int *index)
{
	uint64_t held = 0, all = (1u << LANES) - 1;
	uint64_t lanes = join->lanes & all;
	struct model_group *group;
	uint32_t lane;

	if (join->flags || join->group || join->created ||
	    !name_ok(join->name) || join->policy > EVRING_FOLLOW || join->start > EVRING_LATEST ||
	    !join->lanes || (join->lanes != EVRING_LANES_ALL && join->lanes >> LANES) || join->abandon_ms > INT32_MAX)
		return -EINVAL;
	if (model_owned(m, owner))
		return -EALREADY;
	group = model_group_find(m, join->name);
	if (group && group->owner)
		return -EBUSY;
	if (!group)
		group = make(m, join->name);
	if (!group)
		return -ENOSPC;
	for (lane = 0; lane < LANES; lane++)
		held |= holds(group, lane) ? 1u << lane : 0;
	place(m, group, lanes & ~group->lanes, join);
	group->policy = join->policy;
	group->lanes = lanes;
	group->abandon_ms = join->abandon_ms;
	group->abandoned = false;
	group->generation++;
	group->owner = owner;
	if (join->policy == EVRING_HOLD)
		hold_begin(m, group, lanes & ~held);
	*index = (unsigned int)(group - m->groups);
	return 0;
}

int model_commit(struct model *m, const void *owner, const struct evring_commit_entry *entry)
{
	struct model_group *group = model_owned(m, owner);
	struct model_cursor *cursor;

	if (!group)
		return -EPERM;
	if (entry->lane >= LANES || entry->cpu >= m->cpus)
		return -ENXIO;
	if (!(group->lanes & 1u << entry->lane) || entry->pos % 8 || entry->reserved)
		return -EINVAL;
	cursor = &group->cursors[entry->lane][entry->cpu];
	if (entry->pos < cursor->pos || entry->pos > m->rings[entry->lane][entry->cpu].head)
		return -ERANGE;
	cursor->pos = entry->pos;
	cursor->seq = entry->seq;
	cursor->missed += entry->missed;
	return 0;
}

int model_leave(struct model *m, const void *owner, uint64_t now)
{
	struct model_group *group = model_owned(m, owner);

	if (!group)
		return -EPERM;
	group->owner = NULL;
	group->left_ns = now;
	return 0;
}

int model_drop(struct model *m, const char *name)
{
	struct model_group *group;

	if (!name_ok(name))
		return -EINVAL;
	group = model_group_find(m, name);
	if (!group)
		return -ENOENT;
	if (group->owner)
		return -EBUSY;
	memset(group, 0, sizeof(*group));
	return 0;
}

/*
 * The module against the model
 */

void model_check_ring(const struct model *m, unsigned int lane, unsigned int cpu,
		      const struct evring_ring_page *page, uint64_t held)
{
	const struct model_ring *ring = &m->rings[lane][cpu];
	unsigned int i;

	MUST(page->head == ring->head);
	MUST(page->seq == ring->seq);
	MUST(page->tail == ring->tail);
	MUST(page->tail <= page->head && page->head - page->tail <= ring->size);
	MUST(page->discarded == ring->discarded);
	for (i = 0; i < MODEL_CAUSES; i++)
		MUST(page_lost(page, i) == ring->lost[i]);
	MUST(held == model_hold(m, lane, cpu));
	for (i = 0; i < GROUPS_MAX; i++) {
		const struct model_cursor *is = &m->groups[i].cursors[lane][cpu];

		if (!m->groups[i].name[0])
			continue;
		MUST(page_cursor(page, i)->pos == is->pos);
		MUST(page_cursor(page, i)->seq == is->seq);
		MUST(page_cursor(page, i)->missed == is->missed);
		MUST(is->pos <= page->head);
	}
}

/* When its time ran out is for a timer, which comes some ticks later, never earlier. */
static void check_abandoned(struct model_group *group, uint32_t flags, uint64_t now)
{
	uint64_t whole = group->abandon_ms * NS_PER_MS, since = now - group->left_ns;
	bool abandoned = flags & EVRING_GROUP_ABANDONED;

	MUST(!(flags & ~(uint32_t)EVRING_GROUP_ABANDONED));
	if (group->owner || !group->abandon_ms || group->abandoned) {
		MUST(abandoned == group->abandoned);
		return;
	}
	MUST(!abandoned || since >= whole);
	MUST(abandoned || since < whole + 4 * TICK_NS);
	group->abandoned = abandoned;
}

void model_check_groups(struct model *m, const struct evring_meta *meta, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < GROUPS_MAX; i++) {
		const struct evring_group_info *info = meta_group(meta, i);
		struct model_group *group = &m->groups[i];

		MUST(!strncmp(info->name, group->name, EVRING_NAME_MAX));
		if (!group->name[0])
			continue;
		check_abandoned(group, info->flags, now);
		MUST(info->policy == group->policy && info->lanes == group->lanes);
		MUST(info->abandon_ms == group->abandon_ms);
		MUST(info->generation == group->generation);
		MUST(!info->owner == !group->owner);
		MUST(!group->owner || !info->left_ns);
	}
}

void model_check_data(const struct model_ring *ring, const char *data)
{
	size_t i = model_find(ring, ring->tail);
	uint64_t pos = ring->tail, seq = i < ring->nr ? ring->recs[i].seq : ring->seq;
	const struct evring_rec *rec;

	while (pos < ring->head) {
		rec = (const void *)(data + (pos & (ring->size - 1)));
		MUST(pos / MODEL_SEGMENT == (pos + align8(rec->len) - 1) / MODEL_SEGMENT);
		if (rec->type != EVRING_TYPE_PAD) {
			MUST(i < ring->nr && ring->recs[i].pos == pos);
			MUST(rec->seq == seq && model_same(&ring->recs[i], rec));
			seq += ring->recs[i++].covers;
		}
		pos += align8(rec->len);
	}
	MUST(pos == ring->head && i == ring->nr);
	/* Losses that are not told yet are of the time since the segment was closed. */
	MUST(seq == (ring->closed ? ring->closed_seq : ring->seq));
}
