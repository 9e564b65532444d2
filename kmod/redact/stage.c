// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of a type that has rules. Readers map the ring, and can read an event while it
 * is written: so such an event is captured beside the ring, in memory that nobody maps,
 * and goes into the ring without its secrets (evring_land()). Filters and readers see
 * it as it is in the ring.
 *
 * Preemption is off from reserve to submit, and RCU keeps the rules that long: an event
 * is judged by those that it met when it was reserved.
 */
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../lane.h"
#include "../ring.h"
#include "../type.h"
#include "rules.h"
#include "stage.h"

#define LEVELS	2	/* an event that interrupts another one */

/**
 * struct evring_stage - where one event is until it is in the ring
 * @type: of it
 * @rules: that it is judged by
 * @event: it, for the search
 * @cuts: its secrets
 * @try: without room it is no loss: evring_try_reserve()
 * @rec: a header, as far as filters ask for it
 * @payload: as it is captured
 */
struct evring_stage {
	struct evring_event_type *type;
	const struct evring_redact_rules *rules;
	struct evring_redact_event event;
	struct evring_cuts cuts;
	bool try;
	struct evring_rec rec;
	char payload[] __aligned(8);
};

struct stages {
	unsigned int level;
	struct evring_stage *stage[LEVELS];
};

static struct stages __percpu *stages;

static size_t stage_size(void)
{
	return sizeof(struct evring_stage) + evring_record_max();
}

int evring_stages_init(void)
{
	stages = alloc_percpu(struct stages);
	return stages ? 0 : -ENOMEM;
}

/* After the last event */
void evring_stages_exit(void)
{
	unsigned int level;
	int cpu;

	if (!stages)
		return;
	for_each_possible_cpu(cpu)
		for (level = 0; level < LEVELS; level++)
			kvfree_sensitive(per_cpu_ptr(stages, cpu)->stage[level], stage_size());
	free_percpu(stages);
	stages = NULL;
}

/*
 * Before @cpu comes online. False: without memory, it has less than it should. Its events
 * that have rules are lost then, and counted. May sleep.
 */
bool evring_stage_add_cpu(unsigned int cpu)
{
	struct stages *own = per_cpu_ptr(stages, cpu);
	unsigned int level;

	for (level = 0; level < LEVELS; level++) {
		if (!own->stage[level])
			own->stage[level] = kvmalloc_node(stage_size(), GFP_KERNEL,
							  cpu_to_node(cpu));
		if (!own->stage[level])
			return false;
	}
	return true;
}

static struct evring_stage *stage_get(void)
{
	struct stages *own = this_cpu_ptr(stages);
	unsigned int level = own->level;

	if (level == LEVELS || !own->stage[level])
		return NULL;
	/* A context that comes in between puts the level back before we go on. */
	WRITE_ONCE(own->level, level + 1);
	barrier();	/* it is ours before it is written */
	return own->stage[level];
}

static void stage_put(void)
{
	struct stages *own = this_cpu_ptr(stages);

	barrier();	/* it is read before it is another context's */
	WRITE_ONCE(own->level, own->level - 1);
}

/* Without a stage the event is lost: a secret must not get in for lack of memory. */
static void *stage_refuse(struct evring_event_type *type, bool try, enum evring_lost_cause cause)
{
	if (!try)
		evring_lose(type, 1, cause);
	preempt_enable_notrace();
	return NULL;
}

/* Room in the ring itself, for a type that has no rules, or an event that is in order now */
static void *stage_none(struct evring_slot *slot, struct evring_event_type *type, u32 len, bool try)
{
	struct evring_ring *ring = this_cpu_read(*type->rings);

	if (!try)
		return evring_reserve_now(slot, type, len);
	return ring ? evring_try_reserve_now(slot, ring, type, len) : NULL;
}

/*
 * evring_reserve(), or evring_try_reserve(), of a type that has rules. Preemption is off,
 * and stays off if this returns room. Context: any.
 */
void *evring_stage(struct evring_slot *slot, struct evring_event_type *type, u32 len, bool try)
{
	const struct evring_redact_rules *rules = rcu_dereference_sched(type->rules);
	struct evring_stage *stage;
	void *room;

	slot->stage = NULL;
	if (!rules) {
		/* They went this moment. */
		room = stage_none(slot, type, len, try);
		preempt_enable_notrace();
		return room;
	}
	if (len > evring_record_max())
		return stage_refuse(type, try, EVRING_LOST_TOOBIG);
	stage = stage_get();
	if (!stage)
		return stage_refuse(type, try, EVRING_LOST_NESTED);
	stage->try = try;
	/* Bytes that another event left here were not redacted. */
	memset(stage->payload, 0, len);
	stage->type = type;
	stage->rules = rules;
	stage->event = (struct evring_redact_event){
		.rec = &stage->rec, .payload = stage->payload, .len = len,
		.data_size = type->block->data_size,
	};
	stage->rec = (struct evring_rec){
		.len = sizeof(struct evring_rec) + len, .type = type->id,
		.flags = evring_context(),
		.pid = evring_current_pid(), .tid = evring_current_tid(),
	};
	slot->stage = stage;
	slot->rec = &stage->rec;
	return stage->payload;
}

/*
 * The text beyond the bytes of a field, which has not all of its text. A reservation
 * that is not staged needs no edge. The caller keeps the edge's text until submit.
 */
void evring_stage_edge(struct evring_slot *slot, const struct evring_edge *edge)
{
	struct evring_stage *stage = slot->stage;

	if (stage && !WARN_ON_ONCE(stage->event.nr_edges == EVRING_EDGES_MAX))
		stage->event.edges[stage->event.nr_edges++] = *edge;
}

/* Drop it: it was nowhere. */
void evring_unstage(struct evring_slot *slot)
{
	slot->stage = NULL;
	stage_put();
	preempt_enable_notrace();
}

/* Room for the event as it will be; marks need some, and give way */
static char *stage_reserve(struct evring_slot *slot, struct evring_stage *stage, u32 *mark)
{
	u32 len = stage->event.len;

	*mark = EVRING_MARK_LEN;
	if (stage->cuts.nr) {
		len = evring_redact_len(stage->event.len, &stage->cuts, *mark);
		if (len > evring_record_max())
			*mark = 0;
		len = evring_redact_len(stage->event.len, &stage->cuts, *mark);
	}
	return stage_none(slot, stage->type, len, stage->try);
}

/*
 * Put a staged event into the ring, without its secrets: from here on it is a
 * reservation as any. False: it is lost, which was counted (of evring_try_reserve():
 * there is no room), and the slot has ended.
 */
bool evring_land(struct evring_slot *slot)
{
	struct evring_stage *stage = slot->stage;
	char *to;
	u32 mark;

	evring_redact_find(&stage->rules->rules, &stage->rules->index, &stage->event,
			   &stage->cuts);
	to = stage_reserve(slot, stage, &mark);
	/* They may be another process's than the one that runs. */
	if (to) {
		slot->rec->pid = stage->rec.pid;
		slot->rec->tid = stage->rec.tid;
	}
	if (to && stage->cuts.nr) {
		slot->rec->flags |= EVRING_REC_REDACTED;
		evring_redact_copy(to, &stage->event, &stage->cuts, mark, stage->rules->vars,
				   stage->rules->nr_vars);
	} else if (to) {
		memcpy(to, stage->payload, stage->event.len);
	}
	if (to && stage->cuts.nr)
		this_cpu_inc(stage->type->redacted->events);
	if (to && stage->cuts.hidden)
		this_cpu_inc(stage->type->redacted->hidden);
	/* The reservation has preemption off by itself. */
	evring_unstage(slot);
	return to;
}
