/* SPDX-License-Identifier: MIT */
/*
 * A model of the rings and groups: a second, simpler account of the module. The caller
 * of the module keeps it, and compares it with the module afterwards.
 */
#ifndef EVRING_MODEL_H
#define EVRING_MODEL_H

#include <linux/evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/defaults.h"
#include "../harness/pages.h"

#define MODEL_CPUS	3
#define MODEL_SEGMENT	4096u
#define MODEL_CAUSES	3u
#define MODEL_SEQ_BITS	48
#define MODEL_NONE	UINT64_MAX

/* Ends the process: an expectation does not hold. */
#define MUST(what) \
	((what) ? (void)0 : model_failed(__FILE__, __LINE__, #what))
__attribute__((noreturn)) void model_failed(const char *file, int line, const char *what);

/* One record as it must lie in a ring */
struct model_rec {
	uint64_t pos, seq, covers;
	uint64_t count;			/* an event's: which one of all it is */
	uint32_t causes;		/* of EVRING_TYPE_LOST */
	uint32_t len;			/* header included */
	uint16_t type;			/* EVRING_TYPE_FIRST for any event */
};

struct model_ring {
	uint64_t size;			/* of the data area */
	uint64_t base, taken;		/* of the current segment; bytes */
	uint64_t seq, tail, head;	/* head: as published */
	uint64_t closed_seq;
	uint64_t lost[MODEL_CAUSES], discarded;
	bool closed;
	unsigned int nest;
	struct model_rec *recs;		/* all that ever were, by position */
	size_t nr, room;
};

/* A reservation. @made: there is one. */
struct model_slot {
	struct model_ring *ring;
	uint64_t base, taken, seq;	/* after it */
	size_t rec;
	bool made;
};

struct model_cursor {
	uint64_t pos, seq, missed;
};

struct model_group {
	char name[EVRING_NAME_MAX];	/* empty: there is none */
	uint32_t policy, abandon_ms, generation;
	uint64_t lanes;
	const void *owner;
	bool abandoned;
	uint64_t left_ns;
	struct model_cursor cursors[LANES][MODEL_CPUS];
};

struct model {
	unsigned int cpus;
	uint64_t events;		/* count of the next one */
	struct model_ring rings[LANES][MODEL_CPUS];
	struct model_group groups[GROUPS_MAX];
};

void model_init(struct model *m, unsigned int cpus, const unsigned int lane_kib[LANES]);
void model_free(struct model *m);

/* The lowest position that a group holds; MODEL_NONE: none does. */
uint64_t model_hold(const struct model *m, unsigned int lane, unsigned int cpu);

/* An emit of @payload_len bytes begins; its reservation, if it has one. */
struct model_slot model_reserve(struct model *m, unsigned int lane, unsigned int cpu,
				uint32_t payload_len);
/* It ends, in the reverse order of beginning. */
void model_end(struct model_slot *slot, bool discard);

/* The first record at or after @pos, as an index; ring->nr: none. */
size_t model_find(const struct model_ring *ring, uint64_t pos);
/* The number that a reader expects at @pos if it starts there and knows no other. */
uint64_t model_seq_at(const struct model_ring *ring, uint64_t pos);

/* The bytes of event @count. */
void model_fill(void *payload, uint32_t len, uint64_t count);
/* Is @rec, whose payload is @payload_len bytes, the record @is? */
bool model_same(const struct model_rec *is, const struct evring_rec *rec);

struct model_group *model_group_find(struct model *m, const char *name);
/* Returns the result that EVRING_IOC_JOIN must have; the group's index in *@index. */
int model_join(struct model *m, const void *owner, const struct evring_join *join,
	       unsigned int *index);
/* One entry of a commit by @owner; returns the result that it must have. */
int model_commit(struct model *m, const void *owner, const struct evring_commit_entry *entry);
int model_leave(struct model *m, const void *owner, uint64_t now);
int model_drop(struct model *m, const char *name);
struct model_group *model_owned(struct model *m, const void *owner);

/* Is the module as the model says? @page of a ring, @meta of the device. */
void model_check_ring(const struct model *m, unsigned int lane, unsigned int cpu,
		      const struct evring_ring_page *page, uint64_t held);
void model_check_groups(struct model *m, const struct evring_meta *meta, uint64_t now);
/* Does the ring hold exactly its records, from tail to head? */
void model_check_data(const struct model_ring *ring, const char *data);

#endif /* EVRING_MODEL_H */
