/* SPDX-License-Identifier: MIT */
/* The library's map: shared by its files, in the order in which an event flows. */
#ifndef EVRING_INTERNAL_H
#define EVRING_INTERNAL_H

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "evring.h"

/* session.c: the device and its meta page */

/* How the handle reads */
enum mode {
	MODE_NONE,
	MODE_TAP,	/* nothing is held: copy, then check */
	MODE_FOLLOW,	/* a group that holds nothing: the same */
	MODE_HOLD,	/* a group whose events stay put until committed */
};

/* As far as ABI 1 began: any page has that much, any element too. */
#define META_MIN	offsetofend(struct evring_meta, module)
#define RING_PAGE_MIN	offsetofend(struct evring_ring_page, reserved3)
#define CLOCK_MIN	offsetofend(struct evring_clock, wall_ns)
#define CURSOR_MIN	offsetofend(struct evring_cursor, missed)
#define LOST_MIN	offsetofend(struct evring_lost, reserved)

#define offsetofend(type, member) \
	(offsetof(type, member) + sizeof(((type *)0)->member))

struct lane {
	char name[EVRING_NAME_MAX];
	uint64_t map_size;
};

/* The lines from raw time stamps to nanoseconds */
struct clock {
	struct evring_clock now;
	uint32_t nr_past;
	struct evring_clock_line *past;	/* as many as the kernel keeps */
};

struct evring {
	int fd;
	const struct evring_meta *live;	/* mapped; its first META_MIN bytes are there */
	size_t meta_len;
	struct evring_meta meta;	/* evring_meta()'s answer */
	const struct evring_clock *live_clock;
	size_t clock_len;		/* as far as both sides know it */
	struct evring_table past;	/* of the lines that hold no more */
	struct clock clock;		/* as of the last snapshot */
	struct evring_clock_line *past_spare;	/* where the next one is put together */
	struct lane *lanes_known;
	unsigned int nr_lanes;
	unsigned int seq_bits;

	struct evring_type **types;	/* by id; each allocated on its own, as users hold them */
	unsigned int nr_types;
	uint32_t types_seq;		/* live->types_seq when we last looked at all of them */

	enum mode mode;
	uint64_t lanes;
	uint32_t start;			/* of a tap */
	uint32_t group;			/* index of the group */
	bool made;			/* ... which the last join has made */
	struct ring *rings;		/* by event.ring */
	bool *mapped;			/* by lane and CPU */
	unsigned int nr_rings;
	unsigned int seen_rings;	/* meta->nr_rings when we last looked for new ones */
	struct ring **heap;		/* rings with something to read, oldest event first */
	unsigned int nr_heap;
	uint64_t watermark;		/* raw time before the heads were read */
	int error;			/* the next evring_next() returns it, if not 0 */
	struct evring_run run;		/* of the ring on top of the heap, while @running */
	bool running;
	char *copy;			/* the event, where the ring may change under us */
};

static inline int evring_ioctl(const struct evring *ev, unsigned long request, void *arg)
{
	int ret = ioctl(ev->fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/* A set of lanes that a caller wants, of those that there are; -EINVAL. */
int lanes_resolve(const struct evring *ev, uint64_t *lanes);

/* ring.c: one mapped ring */

struct ring {
	const struct evring_ring_page *page;
	const char *data;
	size_t map_len;
	uint64_t mask;
	uint64_t segment;	/* bytes */
	uint32_t record_max;	/* bytes; only a pad can be longer */
	uint64_t pos;		/* of the next event */
	uint64_t head;		/* as of the last snapshot */
	uint64_t seq;		/* expected next, all 64 bits; NONE if anything will do */
	uint64_t time;		/* raw, of the event at pos */
	uint64_t committed;	/* position */
	uint64_t missed;	/* since the last commit */
	uint32_t cpu;
	uint16_t lane;
	unsigned int seq_bits;
	bool stable;		/* the bytes between pos and head cannot change */
};

int ring_map(const struct evring *ev, struct ring *ring, unsigned int lane, unsigned int cpu);
void ring_unmap(struct ring *ring);
void ring_place(struct ring *ring, uint64_t pos, uint64_t seq);
int ring_peek(struct ring *ring);
bool ring_take(struct ring *ring, char *copy, struct evring_event *event);
uint64_t rec_covers(const struct evring_rec *rec);
uint64_t ring_seq(const struct ring *ring, uint64_t seq);
const struct evring_cursor *ring_cursor(const struct ring *ring, unsigned int group);

/* run.c: the ring on top, as far as no other one comes between */

int run_next(struct evring *ev);
void run_end(struct evring *ev);
void run_reset(struct evring *ev);

/* The number at @at, signed ones as their two's complement in 64 bits. It need not be aligned. */
static inline uint64_t number_load(const void *at, unsigned int kind)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (kind & ~EVRING_KIND_VAR) {
	case EVRING_KIND_U8:
	case EVRING_KIND_BOOL:
		return *(const uint8_t *)at;
	case EVRING_KIND_S8:
		return (uint64_t)*(const int8_t *)at;
	case EVRING_KIND_U16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case EVRING_KIND_S16:
		memcpy(&u16, at, sizeof(u16));
		return (uint64_t)(int16_t)u16;
	case EVRING_KIND_U32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case EVRING_KIND_S32:
		memcpy(&u32, at, sizeof(u32));
		return (uint64_t)(int32_t)u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

static inline bool kind_signed(unsigned int kind)
{
	return ((kind & ~EVRING_KIND_VAR) & 0xff00) == (EVRING_KIND_S8 & 0xff00);
}

/* evring_redacted() and evring_field_redacted() */
static inline uint64_t redacted_fields(const struct evring_event *event)
{
	uint64_t fields;

	if (!(event->rec->flags & EVRING_REC_REDACTED) || event->payload_len < sizeof(fields) ||
	    event->rec->type < EVRING_TYPE_FIRST)
		return 0;
	memcpy(&fields, (const char *)event->payload + event->payload_len - sizeof(fields),
	       sizeof(fields));
	return fields;
}

static inline bool is_redacted(uint64_t fields, uint32_t i)
{
	return fields >> (i < 63 ? i : 63) & 1;
}

/* clock.c: raw time stamps */

void clock_refresh(struct evring *ev);
uint64_t clock_now(const struct evring *ev);
uint64_t evring_raw_to_boot(const struct evring *ev, uint64_t raw);
uint64_t evring_raw_to_wall(const struct evring *ev, uint64_t raw);

/* reader.c: all rings together */

int reader_map(struct evring *ev, enum mode mode, uint64_t lanes);
int reader_begin(struct evring *ev);
void reader_stop(struct evring *ev);
int reader_snapshot(struct evring *ev);
int reader_ready(struct evring *ev);
int heap_step(struct evring *ev);

/* block.c: types as bytes */

/* The field's part of evring_json_max() */
uint64_t field_json_max(const struct evring_field *field);
/* The suffix for the name of a field whose value is not written as it is; "" for most */
const char *field_suffix(const struct evring_field *field);
/* Which keys JSON has for the field, among these */
void field_set_keys(struct evring_field *field, const struct evring_field *fields, uint32_t nr);

/* An address or an id, which has a notation of its own */
static inline bool field_is_notation(const struct evring_field *field)
{
	if (field->kind != EVRING_KIND_FIXED)
		return false;
	return (field->format == EVRING_FORMAT_IP && field->size == 16) ||
	       (field->format == EVRING_FORMAT_MAC && field->size == 6) ||
	       (field->format == EVRING_FORMAT_UUID && field->size == 16);
}

/* names.c */

/* The kernel's own errnos, from the first to the last one that has a name */
#define ERESTARTSYS	512u
#define ENOTSUPP	524u
#define EIOCBQUEUED	529u
#define ERRNO_LAST	EIOCBQUEUED

/* host.c */

/* 32 hex digits, dashes left out. -ENODATA: the file is empty; -EINVAL: it has something else. */
int host_read_id(const char *path, char id[33]);
void host_add_load(struct evring_host *host, uint32_t loaded);

/* type.c */

int type_describe(int fd, uint32_t id, struct evring_describe *info, void **block);
/* Is it this type, which is up to date then? */
bool type_again(struct evring_type *type, const struct evring_describe *info, const void *block);
int type_new(const struct evring_describe *info, const void *block, struct evring_type **type);
void types_free(struct evring *ev);
/* Fetch the types that have changed since the last look. */
int types_update(struct evring *ev);

/*
 * Loads of words that the kernel stores with release, and of words that it may be
 * storing right now. By the compiler's builtins, as C11's atomics need other types.
 */
#define load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define load_once(p)	__atomic_load_n(p, __ATOMIC_RELAXED)
#define read_fence()	__atomic_thread_fence(__ATOMIC_ACQUIRE)

/* @len bytes, a multiple of 8, which the kernel may be writing: no member crosses two words. */
static inline void load_words(void *to, const void *from, size_t len)
{
	typedef uint64_t __attribute__((may_alias)) word;
	size_t i;

	for (i = 0; i < len / sizeof(word); i++)
		((word *)to)[i] = load_once(&((const word *)from)[i]);
}

#endif /* EVRING_INTERNAL_H */
