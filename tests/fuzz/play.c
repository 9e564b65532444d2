/* SPDX-License-Identifier: MIT */
/* Plays a program of bytes on the module and on the model. See play.h. */
#include "play.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "internal.h"
#include "model.h"
#include "sim.h"

#define SESSIONS	5
#define KEPT_MAX	64
#define NESTED_MAX	3
#define SEQ_MASK	((1ull << MODEL_SEQ_BITS) - 1)

enum state { CLOSED, IDLE, TAP, GROUP, RAW };

/* Where a session stands on one ring: no event below @pos is still to come */
struct at {
	uint64_t pos, next, missed;
};

/* An event of a group that holds, not committed yet: it must stay as it is. */
struct kept {
	const struct evring_rec *rec;
	struct model_rec is;
};

struct session {
	struct evring *ev;
	enum state state;
	bool hold;
	bool armed, due;	/* woken at the next event; which has come */
	uint32_t lanes;
	unsigned int group;
	uint64_t time;
	struct at at[LANES][MODEL_CPUS];
	struct kept kept[KEPT_MAX];
	unsigned int nr_kept;
};

static struct {
	const uint8_t *next, *end;
	struct model model;
	struct session sessions[SESSIONS];
	struct evring *watch;	/* sees all rings, and does nothing */
	unsigned int depth;	/* emits, one in the other */
	uint64_t emitted;	/* to see whether something came between */
	char *unmapped;		/* an address that leads nowhere */
	struct played *played;
} p;

void (*hooked_point)(void);

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

/* libevring's time is the simulation's. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t now = clock == CLOCK_BOOTTIME ? sim_now() : 0;

	if (!now)
		return __real_clock_gettime(clock, ts);
	ts->tv_sec = (time_t)(now / 1000000000);
	ts->tv_nsec = (long)(now % 1000000000);
	return 0;
}

static unsigned int byte(void)
{
	return p.next < p.end ? *p.next++ : 0;
}

static unsigned int below(unsigned int bound)
{
	return byte() % bound;
}

static uint64_t word(void)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < 8; i++)
		n = n << 8 | byte();
	return n;
}

/*
 * Emitting
 */

struct emission {
	uint64_t count;
	unsigned int lane, cpu;
};

static void emit(unsigned int lane, unsigned int cpu, unsigned int how);

/* Filled, and perhaps interrupted by more of the same. */
static void fill(void *room, uint32_t len, void *arg)
{
	const struct emission *e = arg;
	unsigned int how;

	model_fill(room, len, e->count);
	if (p.depth >= NESTED_MAX)
		return;
	for (how = byte(); how & 1; how = byte())
		emit(how & 2 ? below(LANES) : e->lane, e->cpu, how >> 2);
}

static uint32_t length(unsigned int how)
{
	switch (how % 8) {
	case 0:
		return 16;
	case 1:
		return 2016;			/* the longest */
	case 2:
		return 16 + 8 * below(256);	/* up to 2056: too long */
	case 3:
		return 1000 + below(64);
	default:
		return 16 + below(200);
	}
}

static void emit(unsigned int lane, unsigned int cpu, unsigned int how)
{
	uint32_t len = length(how);
	bool discard = how / 8 % 4 == 3, made;
	struct emission e = { p.model.events, lane, cpu };
	struct model_slot slot = model_reserve(&p.model, lane, cpu, len);
	unsigned int i;

	p.depth++;
	p.emitted++;
	sim_be(cpu);
	made = sim_event_emit(lane, len, discard, fill, &e);
	MUST(made == slot.made);
	if (made)
		model_end(&slot, discard);
	p.depth--;
	p.played->emits++;
	p.played->lost += !made;
	/* A loss is no event yet, and a reservation that was taken back never will be. */
	for (i = 0; made && !discard && i < SESSIONS; i++)
		if (p.sessions[i].armed && p.sessions[i].lanes & 1u << lane)
			p.sessions[i].due = true;
}

static void op_emit(void)
{
	unsigned int lane = below(LANES), cpu = below(p.model.cpus), n = 1 + below(32);
	unsigned int how = byte();

	while (n--)
		emit(lane, cpu, how);
}

/* In the middle of libevring's reading */
static void interfere(void)
{
	unsigned int what = byte(), n = what < 28 ? 1 : 4;

	if (!what || what >= 32 || p.depth)
		return;
	while (n--)
		emit(what % LANES, what % p.model.cpus, what);
}

/*
 * Reading
 */

static struct session *session(enum state state)
{
	unsigned int first = byte(), i;

	for (i = 0; i < SESSIONS; i++) {
		struct session *s = &p.sessions[(first + i) % SESSIONS];

		if (s->state == state)
			return s;
	}
	return NULL;
}

static const struct evring_ring_page *page_of(unsigned int lane, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < p.watch->nr_rings; i++)
		if (p.watch->rings[i].lane == lane && p.watch->rings[i].cpu == cpu)
			return p.watch->rings[i].page;
	abort();
}

static void each_ring(void (*fn)(struct session *s, unsigned int lane, unsigned int cpu),
		      struct session *s)
{
	unsigned int lane, cpu;

	for (lane = 0; lane < LANES; lane++)
		for (cpu = 0; cpu < p.model.cpus && s->lanes & 1u << lane; cpu++)
			fn(s, lane, cpu);
}

/* All from index @from to @to was overwritten: else it must not have been left out. */
static void must_be_gone(const struct model_ring *ring, size_t from, size_t to)
{
	for (; from < to; from++)
		MUST(ring->recs[from].pos < ring->tail);
}

static void keep(struct session *s, const struct evring_rec *rec, const struct model_rec *is)
{
	if (s->hold && s->nr_kept < KEPT_MAX)
		s->kept[s->nr_kept++] = (struct kept){ rec, *is };
}

static void check_kept(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_kept; i++)
		MUST(model_same(&s->kept[i].is, s->kept[i].rec));
}

/* The event is the next one on its ring, with the count of missed ones before it. */
static void check_event(struct session *s, unsigned int lane, unsigned int cpu, uint64_t pos,
			const struct evring_rec *rec, uint64_t missed)
{
	const struct model_ring *ring = &p.model.rings[lane][cpu];
	struct at *at = &s->at[lane][cpu];
	size_t i = model_find(ring, pos);
	const struct model_rec *is = &ring->recs[i];
	bool first = at->next == EVRING_SEQ_NONE;

	MUST(s->lanes & 1u << lane && cpu < p.model.cpus);
	MUST(pos >= at->pos && i < ring->nr && is->pos == pos);
	must_be_gone(ring, model_find(ring, at->pos), i);
	MUST(model_same(is, rec));
	MUST(missed == (at->next == EVRING_SEQ_NONE ? 0 :
			(is->seq - at->next) & SEQ_MASK));
	MUST(rec->time >= s->time);
	s->time = rec->time;
	keep(s, rec, is);
	at->pos = pos + ((is->len + 7) & ~7u);
	at->next += missed + is->covers;
	if (first)
		at->next = is->seq + is->covers;
	at->missed += missed;
	p.played->read++;
	p.played->missed += missed;
}

static void check_next(struct session *s, const struct evring_event *e)
{
	check_event(s, e->lane, e->cpu, e->pos, e->rec, e->missed);
	MUST(e->next == s->at[e->lane][e->cpu].pos);
	MUST(e->next_seq == s->at[e->lane][e->cpu].next);
	MUST(e->payload == e->rec + 1);
	MUST(e->payload_len == (e->rec->type == EVRING_TYPE_DISCARD ? 0 :
				e->rec->len - (uint32_t)sizeof(*e->rec)));
	MUST(e->type && e->type->id == e->rec->type && e->ring < evring_rings(s->ev));
}

/* There was nothing: no ring has an event for it that is still there. */
static void check_drained(struct session *s, unsigned int lane, unsigned int cpu)
{
	const struct model_ring *ring = &p.model.rings[lane][cpu];

	must_be_gone(ring, model_find(ring, s->at[lane][cpu].pos), ring->nr);
}

static void read_events(struct session *s, unsigned int n)
{
	struct evring_event e;
	uint64_t before;
	int ret;

	while (n--) {
		before = p.emitted;
		ret = evring_next(s->ev, &e);
		MUST(ret == 0 || ret == 1);
		if (ret) {
			check_next(s, &e);
			continue;
		}
		if (before == p.emitted)
			each_ring(check_drained, s);
		return;
	}
}

/* Of none only the run is asked for: it must come again. */
static void read_runs(struct session *s, unsigned int n)
{
	const struct evring_rec *rec;
	uint64_t before, missed, pos;
	struct evring_run *run;
	int ret;

	do {
		before = p.emitted;
		ret = evring_next_run(s->ev, &run);
		MUST(ret == 0 || ret == 1);
		if (!ret && before == p.emitted)
			each_ring(check_drained, s);
		if (!ret)
			return;
		missed = run->missed;
		for (; n && (rec = evring_run_next(run)); n--) {
			pos = run->pos + (uint64_t)((const char *)rec - (const char *)run->first);
			check_event(s, run->lane, run->cpu, pos, rec, missed);
			missed = 0;
		}
	} while (n);
}

static void op_read(void)
{
	enum state state = below(2) ? TAP : GROUP;
	struct session *s = session(state);
	unsigned int n = byte();

	if (!s)
		return;
	if (n & 0x40)
		hooked_point = interfere;
	if (s->hold && n & 0x80)
		read_runs(s, n % 0x40);
	else
		read_events(s, n % 0x40);
	hooked_point = NULL;
}

/*
 * Sessions and groups
 */

static void op_open(void)
{
	struct session *s = session(CLOSED);

	if (!s)
		return;
	memset(s, 0, sizeof(*s));
	MUST(!evring_open(&s->ev, NULL));
	s->state = below(4) ? IDLE : RAW;
}

static void begin_tap(struct session *s, unsigned int lane, unsigned int cpu)
{
	const struct model_ring *ring = &p.model.rings[lane][cpu];

	s->at[lane][cpu].pos = ring->tail;
	s->at[lane][cpu].next = model_seq_at(ring, ring->tail);
}

static void begin_late(struct session *s, unsigned int lane, unsigned int cpu)
{
	const struct model_ring *ring = &p.model.rings[lane][cpu];

	s->at[lane][cpu].pos = ring->head;
	s->at[lane][cpu].next = model_seq_at(ring, ring->head);
}

static void begin_group(struct session *s, unsigned int lane, unsigned int cpu)
{
	const struct model_cursor *cursor = &p.model.groups[s->group].cursors[lane][cpu];
	const struct model_ring *ring = &p.model.rings[lane][cpu];
	uint64_t pos = cursor->pos < ring->tail ? ring->tail : cursor->pos;

	s->at[lane][cpu].pos = cursor->pos;
	s->at[lane][cpu].next = cursor->seq == EVRING_SEQ_NONE ? model_seq_at(ring, pos) :
								 cursor->seq;
}

static void begin(struct session *s, enum state state, uint32_t lanes)
{
	s->state = state;
	s->lanes = lanes;
	s->hold = false;
	s->time = 0;
	s->nr_kept = 0;
	s->armed = false;
	memset(s->at, 0, sizeof(s->at));
}

static void op_tap(void)
{
	struct session *s = session(IDLE);
	uint32_t lanes = 1 + below((1u << LANES) - 1), start = below(2);

	if (!s)
		return;
	MUST(!evring_tap(s->ev, lanes, start));
	begin(s, TAP, lanes);
	each_ring(start == EVRING_LATEST ? begin_late : begin_tap, s);
}

static void name_group(char name[EVRING_NAME_MAX])
{
	unsigned int n = byte();

	memset(name, 0, EVRING_NAME_MAX);
	/* Few names, so that sessions meet; now and then one of many. */
	snprintf(name, EVRING_NAME_MAX, "g%u", n < 240 ? n % 3 : n);
}

static uint32_t patience(void)
{
	static const uint32_t ms[] = { 0, 0, 50, 1000, INT32_MAX };

	return ms[below(5)];
}

static void op_join(void)
{
	struct session *s = session(IDLE);
	struct evring_join join = { .policy = below(2), .start = below(2) };
	struct evring_group group;
	int ret;

	name_group(join.name);
	join.lanes = 1 + below((1u << LANES) - 1);
	join.abandon_ms = patience();
	if (!s)
		return;
	group = (struct evring_group) {
		.name = join.name, .policy = join.policy, .start = join.start,
		.lanes = join.lanes, .abandon_ms = join.abandon_ms,
	};
	ret = evring_join(s->ev, &group);
	MUST(ret == model_join(&p.model, s, &join, &s->group));
	p.played->refused += ret < 0;
	if (ret)
		return;
	p.played->joins++;
	begin(s, GROUP, join.lanes);
	s->hold = join.policy == EVRING_HOLD;
	each_ring(begin_group, s);
}

/* Adopt the cursor that evring_commit() has set on one ring, if it is right. */
static void committed(struct session *s, unsigned int lane, unsigned int cpu)
{
	const struct evring_cursor *new = page_cursor(page_of(lane, cpu), s->group);
	struct model_cursor *old = &p.model.groups[s->group].cursors[lane][cpu];
	const struct model_ring *ring = &p.model.rings[lane][cpu];
	struct at *at = &s->at[lane][cpu];
	uint64_t missed = at->missed;

	MUST(new->pos >= at->pos && new->pos <= ring->head);
	must_be_gone(ring, model_find(ring, at->pos), model_find(ring, new->pos));
	MUST(new->missed == old->missed + missed);
	MUST(new->seq == at->next || (new->pos == old->pos && new->seq == old->seq));
	*old = (struct model_cursor){ new->pos, new->seq, new->missed };
	at->missed -= missed;
}

static void op_commit(void)
{
	struct session *s = session(GROUP);

	if (!s)
		return;
	check_kept(s);
	s->nr_kept = 0;
	MUST(!evring_commit(s->ev));
	each_ring(committed, s);
	p.played->commits++;
}

static void op_leave(void)
{
	struct session *s = session(below(2) ? TAP : GROUP);

	if (!s)
		return;
	check_kept(s);
	s->nr_kept = 0;
	MUST(!evring_leave(s->ev));
	if (s->state == GROUP)
		MUST(!model_leave(&p.model, s, sim_now()));
	s->state = IDLE;
	s->armed = false;
}

/* As kill -9 does it: nobody leaves first. */
static void op_close(void)
{
	struct session *s = &p.sessions[below(SESSIONS)];

	if (s->state == CLOSED)
		return;
	check_kept(s);
	evring_close(s->ev);
	model_leave(&p.model, s, sim_now());
	s->state = CLOSED;
}

static void op_drop(void)
{
	char name[EVRING_NAME_MAX];
	struct session *s;

	name_group(name);
	sim_capable = below(8) != 0;
	s = session(IDLE);
	if (s)
		MUST(evring_drop(s->ev, name) ==
		     (sim_capable ? model_drop(&p.model, name) : -EPERM));
	sim_capable = true;
}

static void op_time(void)
{
	static const uint64_t ms[] = { 0, 1, 20, 300, 5000 };
	unsigned int i;

	sim_advance(ms[below(5)] * 1000000);
	for (i = 0; i < SESSIONS; i++) {
		struct session *s = &p.sessions[i];
		struct pollfd pollfd = { .events = POLLIN };

		/* Woken, if something came since it was armed */
		if (s->state == CLOSED || !s->armed || !s->due)
			continue;
		pollfd.fd = evring_fd(s->ev);
		MUST(poll(&pollfd, 1, 0) == 1);
		s->armed = false;
	}
}

static void op_arm(void)
{
	struct session *s = session(below(2) ? TAP : GROUP);
	int ret;

	if (!s)
		return;
	ret = evring_arm(s->ev, 0, 0);
	MUST(ret == 0 || ret == 1);
	s->armed = !ret;
	s->due = false;
	if (!ret)
		each_ring(check_drained, s);
}

/*
 * Calls that libevring does not make
 */

static int call(const struct session *s, unsigned long request, void *arg)
{
	return ioctl(evring_fd(s->ev), request, arg) < 0 ? -errno : 0;
}

/* Any byte of a name, or behind it, may be wrong. */
static void spoil(void *arg, size_t size)
{
	unsigned int n = below(4);

	while (n--)
		((uint8_t *)arg)[below((unsigned int)size)] ^= (uint8_t)byte();
}

static void op_raw_join(void)
{
	struct session *s = session(RAW);
	struct evring_join join = { .policy = below(2), .start = below(2), .lanes = byte() };
	struct evring_join asked;
	unsigned int index;
	int ret;

	name_group(join.name);
	join.abandon_ms = patience();
	spoil(&join, knows(evring_join, created));
	asked = join;
	if (!s)
		return;
	MUST(call(s, EVRING_IOC_JOIN, p.unmapped) == -EFAULT);
	ret = call(s, EVRING_IOC_JOIN, &join);
	MUST(ret == model_join(&p.model, s, &asked, &index));
	p.played->refused += ret < 0;
	p.played->joins += !ret;
	if (!ret)
		MUST(join.group == index);
}

static uint64_t raw_pos(unsigned int lane, unsigned int cpu)
{
	const struct model_ring *ring = &p.model.rings[lane % LANES][cpu % p.model.cpus];

	switch (below(6)) {
	case 0:
		return word();
	case 1:
		return ring->head + 8 * below(3);
	case 2:
		return ring->tail - 8 * below(3);
	case 3:
		return ring->tail + 8 * (uint64_t)byte();
	default:
		return ring->nr ? ring->recs[byte() * ring->nr / 256].pos : 0;
	}
}

/* Entries that are right, nearly right, and anything but. */
static void op_raw_commit(void)
{
	struct session *s = session(RAW);
	struct evring_commit_entry entries[20];
	struct evring_commit commit = {
		.entries = (uintptr_t)entries, .nr = below(21), .entry_size = sizeof(*entries),
	};
	const struct evring_uring_cmd cmd = { .arg = (uintptr_t)&commit, .size = sizeof(commit) };
	int expected = 0, ret;
	unsigned int i;

	for (i = 0; i < commit.nr; i++) {
		struct evring_commit_entry *entry = &entries[i];

		memset(entry, 0, sizeof(*entry));
		entry->lane = (uint16_t)below(LANES + 1);
		entry->cpu = below(p.model.cpus + 1);
		entry->pos = raw_pos(entry->lane, entry->cpu);
		entry->seq = below(2) ? word() : EVRING_SEQ_NONE;
		entry->missed = byte();
	}
	if (!below(16))
		commit.flags = byte();
	if (!below(16))
		commit.entries = (uintptr_t)p.unmapped;
	if (!s)
		return;
	if (commit.flags || !commit.nr)
		expected = -EINVAL;
	else if (commit.entries == (uintptr_t)p.unmapped)
		expected = -EFAULT;
	for (i = 0; i < commit.nr && !expected; i++)
		expected = model_commit(&p.model, s, &entries[i]);
	ret = below(2) ? call(s, EVRING_IOC_COMMIT, &commit) :
			 sim_uring_cmd(evring_fd(s->ev), EVRING_CMD_COMMIT, &cmd);
	MUST(ret == expected);
	p.played->refused += ret < 0;
	p.played->commits += !ret;
}

static void op_raw_other(void)
{
	struct session *s = session(RAW);
	struct evring_arm arm = { .lanes = byte(), .watermark = byte(), .flush_ms = byte() };
	struct evring_drop drop;
	const struct evring_uring_cmd cmd = { 0 };
	unsigned long request = word() & UINT32_MAX;
	bool ok;

	memset(&drop, 0, sizeof(drop));
	name_group(drop.name);
	spoil(&drop, knows(evring_drop, reserved));
	spoil(&arm, knows(evring_arm, reserved));
	if (!s)
		return;
	ok = !arm.flags && !arm.reserved && arm.lanes &&
	     (arm.lanes == EVRING_LANES_ALL || !(arm.lanes >> LANES)) && arm.flush_ms <= 60000 &&
	     !arm.watermark == !arm.flush_ms;
	MUST(call(s, EVRING_IOC_ARM, &arm) == (ok ? 0 : -EINVAL));
	MUST(call(s, EVRING_IOC_DROP, &drop) == (drop.flags || drop.reserved ? -EINVAL : model_drop(&p.model, drop.name)));
	if (below(2))
		MUST(call(s, EVRING_IOC_LEAVE, NULL) == model_leave(&p.model, s, sim_now()));
	else
		MUST(call(s, EVRING_IOC_LEAVE, p.unmapped) == -EINVAL);
	if (_IOC_TYPE(request) != EVRING_IOC_MAGIC) {
		MUST(call(s, request, p.unmapped) == -ENOTTY);
		MUST(sim_uring_cmd(evring_fd(s->ev), (uint32_t)request | 256, &cmd) ==
		     -EOPNOTSUPP);
	}
}

/*
 * The whole
 */

static void check(void)
{
	uint64_t now = sim_now();
	unsigned int i;

	model_check_groups(&p.model, p.watch->live, now);
	for (i = 0; i < p.watch->nr_rings; i++) {
		const struct ring *ring = &p.watch->rings[i];

		model_check_ring(&p.model, ring->lane, ring->cpu, ring->page,
				 sim_held(ring->lane, ring->cpu));
	}
}

static void (*const ops[])(void) = {
	op_emit, op_emit, op_emit, op_open, op_open, op_tap, op_join, op_join, op_read, op_read,
	op_read, op_commit, op_commit, op_leave, op_close, op_drop, op_time, op_arm, op_raw_join,
	op_raw_commit, op_raw_other,
};

static void start(const uint8_t *program, size_t len)
{
	struct sim_boot boot = { .segment_kib = MODEL_SEGMENT / 1024, .stepped = true };
	unsigned int lane;

	p.next = program;
	p.end = program + len;
	boot.cpus = 1 + below(MODEL_CPUS);
	for (lane = 0; lane < LANES; lane++)
		boot.lane_kib[lane] = 16u << below(2);
	MUST(!sim_boot(&boot) && !sim_events_start());
	model_init(&p.model, boot.cpus, boot.lane_kib);
	MUST(!evring_open(&p.watch, NULL) && !evring_tap(p.watch, EVRING_LANES_ALL, 0));
	if (!p.unmapped)
		p.unmapped = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(p.unmapped != MAP_FAILED);
}

void play(const uint8_t *program, size_t len, struct played *played)
{
	unsigned int i;

	p.played = played;
	start(program, len);
	while (p.next < p.end) {
		ops[below(sizeof(ops) / sizeof(*ops))]();
		check();
	}
	for (i = 0; i < p.watch->nr_rings; i++) {
		const struct ring *ring = &p.watch->rings[i];

		model_check_data(&p.model.rings[ring->lane][ring->cpu], ring->data);
	}
	for (i = 0; i < GROUPS_MAX; i++)
		played->abandoned += p.model.groups[i].abandoned;
	for (i = 0; i < SESSIONS; i++) {
		if (p.sessions[i].state != CLOSED)
			evring_close(p.sessions[i].ev);
		p.sessions[i].state = CLOSED;
	}
	evring_close(p.watch);
	model_free(&p.model);
	sim_shutdown();
}
