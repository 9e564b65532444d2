/* SPDX-License-Identifier: MIT */
/*
 * libevring: read the events of this host from /dev/evring.
 *
 * One handle is one session of the device: it reads as a tap or as the owner
 * of one group. A handle is not thread-safe; use one per thread. Functions
 * return 0 or a positive number for success and -errno for failure, and never
 * print. Reading costs no system call while there is something to read.
 *
 *	struct evring *ev;
 *	struct evring_event e;
 *	int ret = evring_open(&ev, NULL);
 *
 *	if (!ret)
 *		ret = evring_tap(ev, EVRING_LANES_ALL, EVRING_LATEST);
 *	while (ret >= 0) {
 *		while ((ret = evring_next(ev, &e)) > 0)
 *			handle(&e);
 *		if (!ret)
 *			ret = evring_wait(ev, -1);
 *	}
 *
 * The layout of rings and records, and what a group is, are told in
 * <linux/evring.h>.
 */
#ifndef EVRING_H
#define EVRING_H

#include <linux/evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct evring;

/*
 * The session
 */

/*
 * Open @path, NULL for EVRING_DEVICE. On success *@ev is the caller's, to give
 * to evring_close(). -ENOENT: the module is not loaded. -EACCES: no permission.
 * -EPROTO: the module speaks an ABI that this library does not know.
 */
int evring_open(struct evring **ev, const char *path);

/*
 * Unmap and close. A group is left, not dropped: its position stays. NULL is
 * fine. A child of fork() has no mapping and must not use the handle at all; it
 * keeps the session, and so the group, until it execs or ends.
 */
void evring_close(struct evring *ev);

/* The file descriptor: for poll(), ioctl() and io_uring. Stays the handle's. */
int evring_fd(const struct evring *ev);

/* The live meta page, read-only, valid until evring_close(). */
const struct evring_meta *evring_meta(const struct evring *ev);

/* A consistent copy of the meta page. */
int evring_meta_read(struct evring *ev, struct evring_meta *meta);

/* A copy of one ring's page. -ENXIO: no such ring. */
int evring_ring_read(struct evring *ev, unsigned int lane, unsigned int cpu,
		     struct evring_ring_page *page);

/* "critical", "bulk", "app"; NULL for any other number. */
const char *evring_lane_name(unsigned int lane);

/* Number of a lane's name, -EINVAL for any other string. */
int evring_lane_by_name(const char *name);

/*
 * Types
 */

/* One event type. The handle's, valid until evring_close(). May grow at the end. */
struct evring_type {
	uint32_t id;
	uint32_t flags;			/* EVRING_TYPE_F_*, as of the last look */
	uint32_t version;
	uint32_t lane;
	uint32_t size;			/* bytes of the payload's fixed part */
	uint32_t nr_fields;
	uint64_t lost;			/* as of the last look */
	const struct evring_field *fields;
	char name[EVRING_NAME_MAX];
};

/* Look at the kernel's list of types again. Returns how many there are. */
int evring_types(struct evring *ev);

/* Type @id (0 to evring_types() - 1), NULL if there is none. Asks the kernel
 * when it meets an id for the first time. */
const struct evring_type *evring_type(struct evring *ev, unsigned int id);

/* The newest version of a type by its name, NULL if there is none. */
const struct evring_type *evring_type_by_name(struct evring *ev, const char *name);

/* A type's field by its name, NULL if there is none. */
const struct evring_field *evring_field(const struct evring_type *type, const char *name);

/*
 * Attach, detach or ask for (EVRING_HOOK_*) one hook. Returns enum evring_hook_state, what it
 * is now. -EOPNOTSUPP: this kernel has not what it would be attached to.
 */
int evring_hook(struct evring *ev, const char *name, unsigned int op);

/* Forget a group that nobody owns. Needs CAP_SYS_ADMIN. -ENOENT, -EBUSY. */
int evring_drop(struct evring *ev, const char *name);

/*
 * Reading
 */

/* How to join a group; zero every member that you do not set. */
struct evring_group {
	const char *name;	/* [A-Za-z0-9._-]+, shorter than EVRING_NAME_MAX */
	uint32_t lanes;		/* bit mask of lanes */
	uint32_t policy;	/* EVRING_HOLD or EVRING_FOLLOW */
	uint32_t start;		/* EVRING_EARLIEST or EVRING_LATEST, if the group is new */
	uint32_t abandon_ms;	/* hold so long without an owner; 0: for ever */
};

/*
 * Own a group and read from its committed positions. -EBUSY: it has a live
 * owner. -EALREADY: this handle reads already.
 */
int evring_join(struct evring *ev, const struct evring_group *group);

/* Read along and hold nothing back. @start: EVRING_EARLIEST or EVRING_LATEST. */
int evring_tap(struct evring *ev, uint32_t lanes, uint32_t start);

/* Give the group back; its position stays. The handle can join or tap anew. */
int evring_leave(struct evring *ev);

/*
 * One event. Of a group that holds, @rec points into the ring and stays valid
 * until the event is committed. Of a tap or a group that follows it points to
 * a copy that is valid until the next evring_next().
 */
struct evring_event {
	const struct evring_rec *rec;	/* header: type, flags, raw time, seq, pid, tid */
	const void *payload;
	uint32_t payload_len;
	uint16_t lane;
	uint16_t cpu;
	uint32_t ring;			/* 0 .. evring_rings() - 1: for state per ring */
	const struct evring_type *type;	/* NULL: the kernel does not know it either */
	uint64_t pos;			/* where it lies */
	uint64_t next;			/* where the next one lies: commit this */
	uint64_t next_seq;		/* the next one's seq, if none is missed: commit this */
	uint64_t missed;		/* events overwritten unread just before this one */
};

/*
 * The next event: in order of position on one ring, of time across rings.
 * EVRING_TYPE_LOST records are events too (type "evring.lost"), and so are
 * EVRING_TYPE_DISCARD ("evring.discard", without a payload), as each has its
 * place in the ring's sequence. Returns 1, or 0 when there is nothing now.
 * -EBADMSG: a ring holds what is no record.
 */
int evring_next(struct evring *ev, struct evring_event *event);

/*
 * A run: events of one ring that nothing on another ring comes between. For who
 * reads millions a second: walking along a run costs no call and no copy.
 *
 *	while (evring_next_run(ev, &run) > 0)
 *		while ((rec = evring_run_next(run)))
 *			handle(run->ring, rec);
 *
 * The handle's, valid until the next call with the handle, and its members are
 * for reading alone. An event that was not taken comes again with the next run.
 */
struct evring_run {
	const struct evring_rec *rec;	/* the next event, if there is one */
	const struct evring_rec *last;	/* the one before it; NULL: none was taken */
	const void *end;		/* no event begins here or later */
	uint64_t limit;			/* nor is one of the run stamped (raw) after this */
	const struct evring_rec *first;	/* the run's first event ... */
	uint64_t pos;			/* ... and where it lies */
	uint64_t missed;		/* events overwritten unread just before it */
	uint32_t room;			/* longest payload that can be */
	uint32_t ring;			/* 0 .. evring_rings() - 1 */
	uint16_t lane;
	uint16_t cpu;
};

/*
 * The next run of a group that holds. Returns 1, or 0 when there is nothing
 * now. -EPERM: this handle is no such group's. -EBADMSG as evring_next().
 * evring_next() takes events of the same run, one by one.
 */
int evring_next_run(struct evring *ev, struct evring_run **run);

/* evring_run_next()'s rarer half. */
const struct evring_rec *evring_run_builtin(const struct evring_run *run);

/* The run's next event, in the ring until it is committed. NULL: that was the last one. */
static inline const struct evring_rec *evring_run_next(struct evring_run *run)
{
	const struct evring_rec *rec = run->rec;
	const char *next;

	/* What is left may be less than a record: a pad can be 8 bytes long. */
	if ((uintptr_t)rec + sizeof(*rec) > (uintptr_t)run->end || rec->time > run->limit)
		return NULL;
	next = (const char *)rec + (((size_t)rec->len + 7) & ~(size_t)7);
	if (rec->len - (uint32_t)sizeof(*rec) > run->room || next > (const char *)run->end)
		return NULL;
	if (__builtin_expect(rec->type < EVRING_TYPE_FIRST, 0) && !evring_run_builtin(run))
		return NULL;
	/* A record's place is known from the one before it alone: no hardware looks so far. */
	__builtin_prefetch(next + 512);
	run->last = rec;
	run->rec = (const struct evring_rec *)next;
	return rec;
}

/* Rings that this handle reads; grows as CPUs come online. */
unsigned int evring_rings(const struct evring *ev);

/*
 * Ask the kernel to make evring_fd() readable at the next event, or with a
 * @watermark (bytes) once so much has come or @flush_ms after the first event.
 * Returns 1 if there is something to read already: do not wait. 0: now poll().
 */
int evring_arm(struct evring *ev, uint32_t watermark, uint32_t flush_ms);

/* Arm, and wait up to @timeout_ms (-1: for ever). Returns 1 if there may be something, 0 when
 * the time is over. -EINTR: a signal. */
int evring_wait(struct evring *ev, int timeout_ms);

/* Commit all that evring_next() has returned. One system call. -EPERM: not a group. */
int evring_commit(struct evring *ev);

/* Commit these positions, one entry a ring (build them from event.next and .next_seq). For who
 * acknowledges later than he reads; the same array can go through io_uring instead. */
int evring_commit_at(struct evring *ev, const struct evring_commit_entry *entries,
		     unsigned int nr);

/*
 * What is in an event
 */

/* CLOCK_BOOTTIME of the event, nanoseconds. */
uint64_t evring_boottime(const struct evring *ev, const struct evring_event *event);

/* CLOCK_REALTIME of the event, nanoseconds since 1970-01-01 UTC. */
uint64_t evring_realtime(const struct evring *ev, const struct evring_event *event);

/* CLOCK_REALTIME as it was when CLOCK_BOOTTIME was @boottime_ns: for fields that tell such a time */
uint64_t evring_clock_to_wall(const struct evring *ev, uint64_t boottime_ns);

/* The line from raw time stamps to these that holds for @raw; its seq is 0. */
void evring_clock(const struct evring *ev, uint64_t raw, struct evring_clock *clock);

/* A number (any kind of U, S or BOOL; signed ones as their two's complement). -EINVAL: the field
 * is no number. -EBADMSG: it lies outside of the record. */
int evring_get_number(const struct evring_event *event, const struct evring_field *field,
		      uint64_t *value);

/* A string (CHARS, STR or STRV): points into the event, no NUL at the end. -EINVAL, -EBADMSG. */
int evring_get_string(const struct evring_event *event, const struct evring_field *field,
		      const char **str, size_t *len);

/* Who this host is, for the events' identity; each string NUL-terminated. */
struct evring_host {
	char machine_id[33];	/* 32 hex digits */
	char boot_id[33];	/* 32 hex digits */
	char name[65];		/* host name */
};

/*
 * Read /etc/machine-id, the kernel's boot id and the host name. -errno of the first of them
 * that there is not: that one is empty, and evring_host_error() has words for it.
 */
int evring_host(struct evring_host *host);

/* Which file, what is wrong with it and what makes it right, in @buf. Returns @buf. */
const char *evring_host_error(const struct evring_host *host, int error, char *buf, size_t len);

/*
 * The event as one JSON object on one line, without a newline and without a
 * NUL, into @buf. Its layout is in evring-json(7). Returns its length in
 * bytes. -ENOSPC: @len is too small, and nothing beyond @len was written.
 *
 * EVRING_JSON_MAX() of the event's payload_len and type->nr_fields (0 if the
 * type is NULL) is always enough, unless the strings of a record overlap:
 * no hook's do, but an application's may. Then retry with more room, which
 * need not be more than EVRING_JSON_MAX(payload_len * nr_fields, nr_fields).
 */
ssize_t evring_json(const struct evring *ev, const struct evring_host *host,
		    const struct evring_event *event, char *buf, size_t len);

/*
 * What the head takes, each field at most, and each byte of the payload: six
 * bytes of "\u0001" and two in base 16, where another byte is no UTF-8.
 */
#define EVRING_JSON_MAX(payload_len, nr_fields) \
	(1280ul + 128ul * (nr_fields) + 8ul * (payload_len))

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* EVRING_H */
