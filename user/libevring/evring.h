/* SPDX-License-Identifier: MIT */
/*
 * libevring: read the events of this host from /dev/evring, and publish there.
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
 * <linux/evring.h> documents the layout of rings and records, and groups.
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
 * -EPROTO: the module speaks an ABI whose layouts this library does not know.
 * -ENOTTY: it is another device.
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

/*
 * The start of the module's meta page, as it is now: members that an older module
 * does not have are 0. The handle's, good until the next call of this function.
 */
const struct evring_meta *evring_meta(struct evring *ev);

/*
 * Of @features (EVRING_FEATURE_*) those that the module lacks: a program that
 * needs one ends here and says so.
 */
uint64_t evring_lacks(struct evring *ev, uint64_t features);

/* "read", "uring", "hooks", "filters", "limits", "publish", "snapshot",
 * "redact", "give"; else NULL. */
const char *evring_feature_name(uint64_t feature);

/* Version of this library, as "0.1.0"; the module's is in evring_meta()->module. */
const char *evring_version(void);

/*
 * A copy of the whole meta page, or of one ring's page, into @buf: as much as
 * @len has room for. Returns how many bytes there are, 0 of them copied where
 * @len is. -ENXIO: no such ring.
 */
ssize_t evring_meta_read(struct evring *ev, void *buf, size_t len);
ssize_t evring_ring_read(struct evring *ev, unsigned int lane, unsigned int cpu, void *buf,
			 size_t len);

/*
 * Read such a copy. A page and its tables may be longer or shorter than
 * this program knows: @size bytes are filled, those that the page lacks with 0.
 * evring_table_get() returns false where there is no element @i.
 */
void evring_page_get(const void *page, size_t len, void *to, size_t size);
bool evring_table_get(const void *page, size_t len, const struct evring_table *table,
		      unsigned int i, void *to, size_t size);

/* All 64 bits of a record's number, of which it has @bits; @near is less than half of their
 * range away from it. */
static inline uint64_t evring_seq_near(uint64_t near, uint64_t seq, unsigned int bits)
{
	unsigned int shift = 64 - bits;

	return near + (uint64_t)((int64_t)((seq - near) << shift) >> shift);
}

/* Lanes that there are: their numbers are below this. */
unsigned int evring_lanes(const struct evring *ev);

/* A lane's name; NULL: there is none of that number. */
const char *evring_lane_name(const struct evring *ev, unsigned int lane);

/* Number of a lane, -EINVAL for any other string. */
int evring_lane_by_name(const struct evring *ev, const char *name);

/* Can a group, lane or type have this name? [A-Za-z0-9._-]+ but "." and "..", short of EVRING_NAME_MAX */
bool evring_name_ok(const char *name);

/* Names of causes of losses, kinds and formats; NULL: not known. */
const char *evring_lost_cause_name(unsigned int cause);
const char *evring_kind_name(unsigned int kind);
const char *evring_format_name(unsigned int format);

/* The other way round; -EINVAL: there is none of that name. */
int evring_kind_by_name(const char *name);
int evring_format_by_name(const char *name);

/*
 * Types
 */

/* The name of one number, or of one bit, of a field */
struct evring_value {
	uint64_t value;
	const char *name;
	const char *doc;
};

/* One field of a type; strings are never NULL. May grow at the end. */
struct evring_field {
	const char *name;
	const char *unit;
	const char *doc;
	const struct evring_value *values;	/* of formats ENUM and FLAGS */
	uint32_t nr_values;
	uint32_t name_len;
	uint16_t kind;				/* enum evring_kind */
	uint16_t format;			/* enum evring_format */
	uint16_t offset;			/* in the payload, bytes */
	uint16_t size;				/* bytes of its fixed part */
	uint32_t json_max;			/* bytes that it adds to evring_json_max() */
	/*
	 * JSON has a second key for it: the number of its name in NAME_number, the name of its
	 * number in NAME_name, the names of its bits in NAME_names, its time in NAME_ns, or its
	 * bytes in NAME_hex.
	 */
	bool beside;
	bool bare;	/* its only key would be NAME_ns or NAME_hex, which is another field: it is NAME */
};

/* Its names are of bits: a number has any of them, and else one at the most. */
static inline bool evring_field_has_bits(const struct evring_field *field)
{
	return field->format == EVRING_FORMAT_FLAGS ||
	       (field->nr_values && (field->format == EVRING_FORMAT_HEX ||
				     field->format == EVRING_FORMAT_CAPS));
}

/*
 * The name of an errno or a signal, "EACCES" or "SIGKILL", by the field's format. Of numbers
 * with a sign those below 0 are an errno, as calls return them. Returns its length; 0: no name.
 */
#define EVRING_NUMBER_NAME	32

size_t evring_number_name(const struct evring_field *field, uint64_t number,
			  char name[EVRING_NUMBER_NAME]);

/*
 * One type of events. An id can come to another type, and a type can get more fields:
 * that is another structure then. Of a handle, the old one is freed by the call that
 * finds the new one (evring_types(), evring_arm(), evring_wait(), evring_next() and
 * evring_next_run(), also if they fail), all others by evring_close(), unless somebody
 * holds them. May grow at the end.
 */
struct evring_type {
	uint32_t id;
	uint32_t generation;		/* types that had the id before */
	uint32_t flags;			/* EVRING_TYPE_F_*, as of the last look */
	uint32_t version;
	uint32_t lane;			/* where its events go, as of the last look */
	uint32_t size;			/* bytes of the payload's fixed part */
	uint32_t common_size;		/* of that, struct evring_common; 0: none */
	uint32_t nr_fields;
	uint64_t lost;			/* as of the last look */
	const struct evring_field *fields;
	const char *name;
	const char *doc;
	const char *own_lane;		/* the lane that it asks for */
	const void *block;		/* struct evring_block: all of this as bytes */
	uint32_t block_len;
	uint32_t json_max;		/* its part of evring_json_max() */
	uint64_t filtered;		/* events that no owner of the hook wanted, as of the last look */
	uint64_t undecided;		/* events that a filter came to no end with, and let pass */
	uint32_t uid;			/* EVRING_TYPE_F_APP: of its owner */
};

/*
 * A type of a block of bytes (struct evring_block), for example from a frame;
 * give it to evring_type_free(). Nothing in it is trusted: all that it refers to is
 * within @len bytes, or it is refused. -EBADMSG: this is no block. -EPROTO: of a host
 * of the other byte order. Its id, lane and losses are 0.
 */
int evring_type_parse(struct evring_type **type, const void *block, size_t len);

/*
 * Hold a type, however it was got, until as many calls of evring_type_free(): for a
 * caller that keeps it longer than the event that it came with. Not thread-safe, as a
 * handle is not. Returns @type; NULL is fine for both.
 */
const struct evring_type *evring_type_hold(const struct evring_type *type);
void evring_type_free(const struct evring_type *type);

/*
 * The same of a type that was put together by hand: @like with its id, version,
 * size, common_size, name and fields (doc, unit and own_lane may be NULL). -EINVAL:
 * it is no type that could be.
 */
int evring_type_build(struct evring_type **type, const struct evring_type *like);

/* Look at the kernel's list of types again. Returns how many there are. */
int evring_types(struct evring *ev);

/* Type @id (0 to evring_types() - 1), NULL if there is none. Asks the kernel
 * when it meets an id for the first time. */
const struct evring_type *evring_type(struct evring *ev, unsigned int id);

/* The newest version of a type by its name, NULL if there is none. Of several schemas of that
 * version, one that is registered. */
const struct evring_type *evring_type_by_name(struct evring *ev, const char *name);

/* A type's field by its name, NULL if there is none. */
const struct evring_field *evring_field(const struct evring_type *type, const char *name);

/*
 * Attach a hook for a group, or for the administrator where @group is NULL: it
 * stays until each that it was attached for has detached it, or was dropped.
 * @lane: where its events are to go, -1 for their own lane. Needs CAP_PERFMON or
 * CAP_SYS_ADMIN. Returns its enum evring_hook_state: EVRING_HOOK_ABSENT if it waits
 * for a module. -ENOENT: no such hook or group. -EBUSY: another owner has it in
 * another lane. -EOPNOTSUPP: not on this kernel; evring_hook_why() tells the reason.
 */
int evring_attach(struct evring *ev, const char *hook, const char *group, int lane);

struct evring_filter;

/* How to attach a hook; zero every member that you do not set. May grow at the end. */
struct evring_attachment {
	const char *hook;
	const char *group;			/* NULL: the administrator */
	const char *lane;			/* NULL: the events' own */
	const struct evring_filter *filter;	/* NULL: all events */
	const struct evring_limits *limits;	/* NULL: none; its size is the library's affair */
};

/*
 * The same with a filter, limits and a lane. If the owner has the hook already, they
 * replace its old ones: each event is judged by the old filter or by the new one. -ENOSYS:
 * the module knows no filters, or no limits. -ESTALE: the filter is for another version
 * of the type. -ENXIO: no such lane.
 */
int evring_attach_with(struct evring *ev, const struct evring_attachment *how);

/*
 * Attach process.state, @how->hook, and have it tell of each process that runs already:
 * of those that began before the snapshot does. It goes on when this has returned.
 * Attach process.fork before, and none is missed. *@number: of the snapshot, as its
 * events have it. -ENOSYS: the module knows no snapshots. -EINVAL: not of this hook.
 */
int evring_snapshot(struct evring *ev, const struct evring_attachment *how, uint32_t *number);

/*
 * Has the snapshot ended? 0: not yet. 1: *@told: the processes that the last one that has
 * ended found, before filters.
 */
int evring_snapshot_ended(struct evring *ev, const char *hook, uint32_t number, uint32_t *told);

/*
 * The filter of one owner of a hook, as an expression, in @text. Returns its length,
 * 0: it wants all events, or is no owner. -ENOENT: no such hook or group.
 */
int evring_hook_filter(struct evring *ev, const char *hook, const char *group,
		       char text[EVRING_TEXT_MAX]);

/* And its limits: *@limits has a size of 0 if there are none. */
int evring_hook_limits(struct evring *ev, const char *hook, const char *group,
		       struct evring_limits *limits);

/* How many of a hook's owners have a filter. */
int evring_hook_filters(struct evring *ev, const char *hook);

/* Returns its state then: attached, if it has other owners. */
int evring_detach(struct evring *ev, const char *hook, const char *group);

/* Its enum evring_hook_state now. */
int evring_hook_state(struct evring *ev, const char *hook);

/*
 * Why it is absent or disarmed, or which part of it this kernel lacks: a line in
 * @why, cut to @room; empty if there is nothing to tell. Returns its state.
 */
int evring_hook_why(struct evring *ev, const char *hook, char *why, size_t room);

/* How many have it attached. */
int evring_owners(struct evring *ev, const char *hook);

/*
 * EVRING_HAS_* of an owner, as in evring_attach(): whether it has attached the hook, and
 * asked for a snapshot since. 0 of a module that lacks EVRING_FEATURE_GIVE.
 */
int evring_has(struct evring *ev, const char *hook, const char *group);

/*
 * Would evring_attach_with() change nothing? 1: the owner has the hook, with this filter,
 * these limits, in this lane. Any program may ask, but one that may not attach. 0, -errno.
 */
int evring_attached(struct evring *ev, const struct evring_attachment *how);

/*
 * Forget a group that nobody owns, and detach its hooks. Needs CAP_PERFMON or
 * CAP_SYS_ADMIN, or that it was given to the caller's user. -ENOENT, -EBUSY.
 */
int evring_drop(struct evring *ev, const char *name);

/*
 * The group belongs to the user from now on, whose processes need no capability to read
 * it, to detach its hooks and to drop it; others cannot join it. Needs CAP_PERFMON or
 * CAP_SYS_ADMIN. -ENOENT: no such group. -EBUSY: a process is joining it at this moment.
 * -ENOSYS: the module cannot.
 */
int evring_give(struct evring *ev, const char *name, uint32_t uid);

/*
 * Reading
 */

/* How to join a group; zero every member that you do not set. */
struct evring_group {
	const char *name;	/* [A-Za-z0-9._-]+, shorter than EVRING_NAME_MAX */
	uint64_t lanes;		/* a bit for each lane's number; EVRING_LANES_ALL */
	uint32_t policy;	/* EVRING_HOLD or EVRING_FOLLOW */
	uint32_t start;		/* EVRING_EARLIEST or EVRING_LATEST, if the group is new */
	uint32_t abandon_ms;	/* hold so long without an owner; 0: for ever */
};

/*
 * Own a group and read from its committed positions. -EBUSY: it has a live
 * owner. -EALREADY: this handle reads already.
 */
int evring_join(struct evring *ev, const struct evring_group *group);

/* Has the last evring_join() that succeeded made the group? Else it was there before. */
bool evring_made(const struct evring *ev);

/* Read along and hold nothing back. @start: EVRING_EARLIEST or EVRING_LATEST. */
int evring_tap(struct evring *ev, uint64_t lanes, uint32_t start);

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
	uint32_t cpu;
	uint16_t lane;
	uint32_t ring;			/* 0 .. evring_rings() - 1: for state per ring */
	const struct evring_type *type;	/* NULL: the kernel does not know it either */
	uint64_t seq;			/* its number, all 64 bits */
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
 * -EBADMSG: there is no valid record at the position in a ring.
 */
int evring_next(struct evring *ev, struct evring_event *event);

/*
 * A run: successive events of one ring, with none of another ring between them.
 * For readers of millions a second: walking along a run costs no call and no copy.
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
	uint32_t cpu;
	uint16_t lane;
	uint64_t seq;			/* the first event's number, all 64 bits */
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

	/* Less than a record may be left: a pad can be 8 bytes long. */
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

/* Commit these positions, one entry a ring (build them from event.next and .next_seq). For readers
 * that acknowledge later than they read; the same array can go through io_uring instead. */
int evring_commit_at(struct evring *ev, const struct evring_commit_entry *entries,
		     unsigned int nr);

/*
 * Publishing
 *
 *	struct evring_publisher *pub;
 *	const struct evring_type *type;
 *	int ret = evring_publisher_open(&pub, NULL, 0);
 *
 *	if (!ret)
 *		ret = evring_type_register(pub, &user_registered, 0, &type);
 *	if (!ret)
 *		ret = evring_publish(pub, type, &event, sizeof(event));
 *
 * A payload has the type's fields behind the common part. The kernel adds the common
 * part, which identifies the publisher. Positions in the payload (struct evring_str)
 * count from its own first byte. A publisher is not thread-safe; use one per thread.
 */

struct evring_publisher;

/*
 * Open @path for writing alone; NULL for EVRING_PUBLISH_DEVICE, or EVRING_DEVICE
 * if the former cannot be opened. @flags: 0, or O_NONBLOCK: if there is no room
 * publishing fails with -EAGAIN and does not wait. -ENOENT: the module is not loaded.
 * -EACCES.
 */
int evring_publisher_open(struct evring_publisher **pub, const char *path, int flags);

/* Close, which unregisters the publisher's types but for kept ones. NULL is fine. */
void evring_publisher_close(struct evring_publisher *pub);

/* The file descriptor: for poll() and io_uring. Stays the publisher's. */
int evring_publisher_fd(const struct evring_publisher *pub);

/* Why evring_type_register() failed, as the module says it; "" if it said nothing. */
const char *evring_publisher_error(const struct evring_publisher *pub);

/*
 * Make a type known, or register one that there is: @like as evring_type_build()
 * takes it, without a common part (common_size is 0). @flags: EVRING_REGISTER_F_KEEP.
 * *@type is the publisher's, as the kernel describes it, common part included.
 * -EINVAL: it is no type that could be. -EPERM: the name is the kernel's or another
 * user's. -EEXIST: it clashes with the same version. -EDQUOT, -ENOSPC: too many.
 */
int evring_type_register(struct evring_publisher *pub, const struct evring_type *like,
			 uint32_t flags, const struct evring_type **type);

/* It is not registered any more, and EVRING_REGISTER_F_KEEP is taken back. */
int evring_type_unregister(struct evring_publisher *pub, const struct evring_type *type);

/* A registered type of this user: its newest version and that one's longest schema. -ENOENT. */
int evring_publisher_type(struct evring_publisher *pub, const char *name,
			  const struct evring_type **type);

/* Publish one event. -EAGAIN, -EINTR, -EINVAL, -EMSGSIZE, -ENOENT, -ESTALE: see evring(4). */
int evring_publish(struct evring_publisher *pub, const struct evring_type *type,
		   const void *payload, size_t len);

/* One of several events */
struct evring_out {
	const struct evring_type *type;
	const void *payload;
	size_t len;
};

/*
 * Publish several with as few system calls as can be. Returns how many were: the
 * next one's errno is got by publishing it again. -errno: the first one's.
 */
ssize_t evring_publish_many(struct evring_publisher *pub, const struct evring_out *events,
			    size_t nr);

/*
 * One event into @buf as the device takes it: put one behind another, these are
 * for one write(), IORING_OP_WRITE or EVRING_CMD_PUBLISH. Returns its bytes, a
 * multiple of 8; 0: @room is too small, and nothing was put there.
 */
size_t evring_pub_put(void *buf, size_t room, const struct evring_type *type,
		      const void *payload, size_t len);

/*
 * The contents of an event
 */

/* CLOCK_BOOTTIME of the event, nanoseconds. */
uint64_t evring_boottime(const struct evring *ev, const struct evring_event *event);

/* CLOCK_REALTIME of the event, nanoseconds since 1970-01-01 UTC. */
uint64_t evring_realtime(const struct evring *ev, const struct evring_event *event);

/* CLOCK_REALTIME as it was when CLOCK_BOOTTIME was @boottime_ns: for fields that tell such a time */
uint64_t evring_clock_to_wall(const struct evring *ev, uint64_t boottime_ns);

/* A line from raw time stamps to these, as struct evring_clock says; it never grows. */
struct evring_line {
	uint32_t source;
	uint32_t mult;
	uint32_t shift;
	uint32_t reserved;	/* 0 */
	uint64_t base;
	uint64_t boot_ns;
	int64_t wall_ns;
};

/* The line that holds for @raw. */
void evring_clock(const struct evring *ev, uint64_t raw, struct evring_line *line);

/* A number (one of a kind U, S or BOOL; signed ones as their two's complement). -EINVAL: the field
 * is no single number. -EBADMSG: it lies outside of the record. */
int evring_get_number(const struct evring_event *event, const struct evring_field *field,
		      uint64_t *value);

/* The bytes of CHARS, FIXED and of all that is in the record's tail: they point into the event,
 * with no NUL at the end. -EINVAL: it is a number or several. -EBADMSG. */
int evring_get_string(const struct evring_event *event, const struct evring_field *field,
		      const char **str, size_t *len);

/*
 * Filters
 */

/* An expression over the fields of one type: see evring-filter(7). */
struct evring_filter;

/* An error in an expression. May grow at the end. */
struct evring_filter_error {
	unsigned int column;		/* where, in bytes from 1; 0: nothing is wrong */
	unsigned int len;		/* how many bytes of it */
	char text[256];			/* the error, and the words allowed there */
};

/*
 * Compile an expression. On success *@filter is the caller's, to give to
 * evring_filter_free(); it needs the type no more. -EINVAL: the expression is wrong,
 * and @error (may be NULL) says how.
 */
int evring_filter_compile(struct evring_filter **filter, const struct evring_type *type,
			  const char *expression, struct evring_filter_error *error);

/* NULL is fine. */
void evring_filter_free(struct evring_filter *filter);

/*
 * Does the filter want this event, which is of its type? No byte of the event is trusted.
 */
bool evring_filter_match(const struct evring_filter *filter, const struct evring_event *event);

/* The program, in the kernel's form. It belongs to the filter. */
const struct evring_program *evring_filter_program(const struct evring_filter *filter);

/*
 * Redaction
 */

/* Lines of rules for one type, by which secrets are found in its texts: evring-redact(7). */
struct evring_rules;

/*
 * No rules yet, for this type, which they hold. *@rules is the caller's, to give to
 * evring_rules_free(), to which NULL is fine.
 */
int evring_rules_new(struct evring_rules **rules, const struct evring_type *type);
void evring_rules_free(struct evring_rules *rules);

/*
 * Add a line. -EINVAL: it is wrong, and @error (may be NULL) says how. -E2BIG: these
 * are more rules than a type can have, and are of no use any more.
 */
int evring_rules_add(struct evring_rules *rules, const char *line,
		     struct evring_filter_error *error);

/* The rules, in the kernel's form, until the next line. NULL: there is no line, or no memory. */
const struct evring_redaction *evring_rules_block(struct evring_rules *rules);

/*
 * The payload of an event of this type as the kernel would have published it, at @to.
 * Returns its length, 0: nothing in it is a secret. -ENOSPC: @room is too small.
 */
ssize_t evring_rules_apply(struct evring_rules *rules, const struct evring_event *event,
			   void *to, size_t room);

/* The kernel's rules for one type. May grow at the end. */
struct evring_redact_state {
	uint32_t generation;		/* counts the changes */
	bool is_own;			/* they are those that the module was loaded with */
	uint64_t redacted;		/* events that something was left out of */
	uint64_t hidden;		/* events that were too much work: more than had to be */
	char text[EVRING_REDACT_TEXT_MAX];	/* the lines, each with a newline behind it */
};

/*
 * The rules; with @own, the lines that the module would be loaded with. -ENOENT: no
 * such type. -EOPNOTSUPP: it is no hook's, and has none. -ENOSYS: the module knows no rules.
 */
int evring_redact_get(struct evring *ev, const char *type, bool own,
		      struct evring_redact_state *state);

/*
 * Replace them, as a whole; by none where @rules is NULL or has no line. When this
 * returns, all events are judged by the new ones. Needs CAP_SYS_ADMIN. -ESTALE: they are of
 * another @generation than that by now (0: of any); or another version of the type's.
 */
int evring_redact_set(struct evring *ev, const char *type, struct evring_rules *rules,
		      uint32_t generation);

/* The same with the module's own. */
int evring_redact_reset(struct evring *ev, const char *type, uint32_t generation);

/*
 * Of an event, from which fields secrets were left out: a bit for each field's number,
 * the highest one for all from 63 on. Read with evring_field_redacted().
 */
uint64_t evring_redacted(const struct evring_event *event);
bool evring_field_redacted(const struct evring_event *event, const struct evring_field *field);

/*
 * The identity of this host, which is a part of its events'; NUL-terminated strings. A module
 * that is loaded again in the same boot numbers its events anew, so @boot_id has 24 digits
 * of the kernel's boot id and 8 of evring_meta.loaded.
 */
struct evring_host {
	char machine_id[33];	/* 32 hex digits */
	char boot_id[33];	/* 32 hex digits */
	char name[65];		/* host name */
};

/*
 * Read /etc/machine-id, the kernel's boot id and the host name. -errno of the first of them
 * that there is not: that one is empty, and evring_host_error() has words for it. @ev is the
 * device whose events are to be identified; NULL: of none, and @boot_id is the kernel's.
 */
int evring_host(const struct evring *ev, struct evring_host *host);

/* The file, the error and its remedy, in @buf. Returns @buf. */
const char *evring_host_error(const struct evring_host *host, int error, char *buf, size_t len);

/*
 * The event as one JSON object on one line, without a newline and without a
 * NUL, into @buf. Its layout is in evring-json(7). Returns its length in
 * bytes. -ENOSPC: @len is too small, and nothing beyond @len was written.
 *
 * evring_json_max() is always enough, unless the texts of a record overlap: no
 * hook's do, but an application's may. Then retry with more room, which need not
 * be more than evring_json_max_ever().
 */
ssize_t evring_json(const struct evring *ev, const struct evring_host *host,
		    const struct evring_event *event, char *buf, size_t len);

/*
 * The head, each field at most, and each byte of the payload: six bytes of
 * "\u0001" and two in base 16, where another byte is no UTF-8.
 */
#define EVRING_JSON_HEAD	1680ul
#define EVRING_JSON_BYTE	8ul

static inline size_t evring_json_max(const struct evring_event *event)
{
	return EVRING_JSON_HEAD + (event->type ? event->type->json_max : 0) +
	       EVRING_JSON_BYTE * event->payload_len;
}

static inline size_t evring_json_max_ever(const struct evring_event *event)
{
	size_t fields = event->type ? event->type->nr_fields : 0;

	return evring_json_max(event) + EVRING_JSON_BYTE * event->payload_len * fields;
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* EVRING_H */
