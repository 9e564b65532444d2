/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * evring: a Kafka-shaped log inside the kernel, read through /dev/evring.
 *
 * The words are Kafka's. A *lane* is a topic: a set of rings with one purpose,
 * size and policy. A *ring* is a partition: one CPU's ring of one lane. A
 * *position* is an offset: a 64-bit count of bytes since the ring was made,
 * which never wraps in practice. A *segment* is a fixed slice of a ring that
 * no record crosses. A *group* is a consumer group: a named cursor that lives
 * in the kernel and outlives the process that reads. A *type* is a schema.
 *
 * What a session (one open file of /dev/evring) does:
 *
 *	open		read permission taps and joins groups. EMFILE: the user has as
 *			many sessions as the module's sessions_max allows
 *	mmap		the meta page, then the rings; all of it read-only
 *	JOIN		take a group (or none: then the session is a tap)
 *	read the rings	plain loads, no system call
 *	COMMIT		what is below this the ring may forget, for this group
 *	ARM, poll	when there is nothing to read
 *
 * One ring, as mmap'd at EVRING_MMAP_RING(lane, cpu):
 *
 *	+-----------+---------+---------+---     ---+---------+
 *	| ring page | segment | segment |    ...    | segment |
 *	| (1 page)  |    0    |    1    |           |   n-1   |
 *	+-----------+---------+---------+---     ---+---------+
 *	              records.. pad
 *
 * Position p lies at byte (p mod data_size) of the data area. The ring keeps
 * tail <= p < head. head moves record by record (its store is a release: load
 * it with acquire, and everything below it is complete); tail moves a segment
 * at a time, *before* the segment is overwritten. Who may fall behind tail
 * (a tap, a group that follows) copies a record first and then checks that
 * tail has not passed it; a group that holds need not: the ring drops new
 * events rather than to overwrite what such a group has not committed.
 *
 * No loss is silent. Each record has a sequence number; every attempt to emit
 * on a ring takes one, the failed attempts too. A record of type
 * EVRING_TYPE_LOST stands in the stream for the attempts that found no room:
 * it covers `count` sequence numbers from its own on. So on one ring
 *
 *	next record's seq = this one's seq + what this one covers
 *
 * with 0 covered by EVRING_TYPE_PAD, `count` by EVRING_TYPE_LOST, and 1 by
 * everything else. Where that does not hold, the reader was overtaken and the
 * difference is the exact number of events that it missed.
 *
 * Structures grow at the end: their first member says how long they are, the
 * kernel's idea of the length is in the meta page or in the ioctl's number.
 * Whatever is called reserved, and every flag bit without a name, must be 0;
 * the kernel refuses anything else with EINVAL before it looks further.
 */
#ifndef _UAPI_LINUX_EVRING_H
#define _UAPI_LINUX_EVRING_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EVRING_DEVICE		"/dev/evring"
#define EVRING_ABI_VERSION	1

#define EVRING_NAME_MAX		32	/* bytes of a name, its NUL included */
#define EVRING_GROUPS_MAX	16	/* groups on one host */
#define EVRING_FIELDS_MAX	64	/* fields of one type */
#define EVRING_TYPES_MAX	1024	/* types on one host, id 0 to 1023 */
#define EVRING_COMMIT_MAX	65536	/* entries of one commit */

/**
 * enum evring_lane - what a ring is for
 * @EVRING_LANE_CRITICAL: rare and must survive: exec, module load, credentials
 * @EVRING_LANE_BULK: files, sockets, block I/O
 * @EVRING_LANE_APP: what applications publish
 * @EVRING_LANES: how many there are
 */
enum evring_lane {
	EVRING_LANE_CRITICAL	= 0,
	EVRING_LANE_BULK	= 1,
	EVRING_LANE_APP		= 2,
	EVRING_LANES		= 3,
};

#define EVRING_LANES_ALL	((1U << EVRING_LANES) - 1)

/*
 * Records
 */

/**
 * struct evring_rec - header of every record; 8-byte aligned
 * @len: bytes of header and payload; the next record is at ALIGN(len, 8).
 *	The bytes between are 0
 * @type: type id; below EVRING_TYPE_FIRST one of the types below
 * @flags: EVRING_REC_*
 * @time: raw time stamp, see struct evring_clock; in order on a ring, but for
 *	what the clock itself does wrong (a TSC reset by a suspend)
 * @seq: number of the attempt on this ring, from 0; 48 bits
 * @pid: process (thread group) id in the initial pid namespace; of whatever
 *	task was interrupted where @flags does not say EVRING_REC_TASK
 * @tid: thread id, likewise
 *
 * Of an EVRING_TYPE_PAD record only @len and @type are there: it can be as
 * short as 8 bytes.
 */
struct evring_rec {
	__u32	len;
	__u16	type;
	__u16	flags;
	__u64	time;
	__u64	seq;
	__u32	pid;
	__u32	tid;
};

/* struct evring_rec.flags: the context that emitted (two bits) */
#define EVRING_REC_CONTEXT	0x0003
#define EVRING_REC_TASK		0x0000
#define EVRING_REC_SOFTIRQ	0x0001
#define EVRING_REC_HARDIRQ	0x0002
#define EVRING_REC_NMI		0x0003

/* struct evring_rec.type: the ids that mean the same on every host */
#define EVRING_TYPE_PAD		0	/* fills the tail of a segment; covers no seq */
#define EVRING_TYPE_DISCARD	1	/* reserved, then given up; covers one seq */
#define EVRING_TYPE_LOST	2	/* struct evring_lost; covers count seqs */
#define EVRING_TYPE_FIRST	3	/* ids from here on are given out at run time */

#define EVRING_SEQ_BITS		48
#define EVRING_SEQ_MASK		((1ULL << EVRING_SEQ_BITS) - 1)

/**
 * struct evring_lost - payload of EVRING_TYPE_LOST
 * @count: attempts that got no record: the record's seq up to seq + count - 1
 * @first: raw time stamp of the first of them
 * @last: raw time stamp of the last of them
 */
struct evring_lost {
	__u64	count;
	__u64	first;
	__u64	last;
};

/* Why an attempt failed; index of evring_ring_page.lost[] */
enum evring_lost_cause {
	EVRING_LOST_FULL	= 0,	/* a group holds the segment that comes next */
	EVRING_LOST_NESTED	= 1,	/* NMI while a segment was entered; endless nesting */
	EVRING_LOST_TOOBIG	= 2,	/* longer than record_max */
	EVRING_LOST_CAUSES	= 3,
};

/*
 * Types
 */

/**
 * struct evring_str - a variable-length field, in the record's tail
 * @offset: from the start of the payload, bytes
 * @len: bytes; no NUL at the end is counted or promised
 */
struct evring_str {
	__u16	offset;
	__u16	len;
};

/* What a field is */
enum evring_kind {
	EVRING_KIND_U8		= 1,
	EVRING_KIND_U16		= 2,
	EVRING_KIND_U32		= 3,
	EVRING_KIND_U64		= 4,
	EVRING_KIND_S32		= 5,
	EVRING_KIND_S64		= 6,
	EVRING_KIND_BOOL	= 7,	/* a __u8, 0 or 1 */
	EVRING_KIND_CHARS	= 8,	/* char[size], up to the first NUL */
	EVRING_KIND_STR		= 9,	/* struct evring_str: text or bytes */
	EVRING_KIND_STRV	= 10,	/* struct evring_str: strings with NULs between */
	EVRING_KINDS,
};

/* How a number is meant; a hint for who prints it */
enum evring_format {
	EVRING_FORMAT_NONE	= 0,
	EVRING_FORMAT_HEX	= 1,	/* bits: print in base 16 */
	EVRING_FORMAT_DURATION	= 2,	/* nanoseconds */
	EVRING_FORMAT_BOOTTIME	= 3,	/* nanoseconds of CLOCK_BOOTTIME */
	EVRING_FORMATS,
};

/**
 * struct evring_field - one field of a type
 * @name: [a-z][a-z0-9_]*, NUL-terminated
 * @kind: enum evring_kind
 * @format: enum evring_format
 * @offset: from the start of the payload, bytes
 * @size: bytes of the fixed part (4 for STR and STRV)
 */
struct evring_field {
	char	name[EVRING_NAME_MAX];
	__u16	kind;
	__u16	format;
	__u16	offset;
	__u16	size;
};

/**
 * struct evring_common - first fields of every event that a task causes
 * @uid: real user id, initial user namespace
 * @euid: effective user id
 * @loginuid: audit's login uid, 4294967295 when not set
 * @pidns: inode number of the task's pid namespace
 * @cgroup: id of the task's cgroup (v2): the inode number of its folder
 * @comm: the task's name
 *
 * Types whose payload starts with it say EVRING_TYPE_F_COMMON; its members are
 * in the type's list of fields all the same.
 */
struct evring_common {
	__u32	uid;
	__u32	euid;
	__u32	loginuid;
	__u32	pidns;
	__u64	cgroup;
	char	comm[16];
};

/**
 * struct evring_type_info - EVRING_IOC_TYPE: describe a type
 * @id: in: which; out: the same
 * @flags: in: 0; out: EVRING_TYPE_F_*
 * @name: out: "family.event"
 * @version: out: of the schema; within one version fields are only appended
 * @lane: out: where its events go
 * @size: out: bytes of the payload's fixed part
 * @nr_fields: in: room at @fields, entries; out: how many the type has
 * @fields: in: address of struct evring_field[], may be 0 if @nr_fields is;
 *	filled up to the smaller of the two numbers
 * @lost: out: events of this type that got no room, all causes, all CPUs
 * @reserved: 0
 *
 * Any session. ENOENT: no such id, and none above it either (ids are given out
 * without holes, and a type stays describable after its module has gone).
 */
struct evring_type_info {
	__u32	id;
	__u32	flags;
	char	name[EVRING_NAME_MAX];
	__u32	version;
	__u32	lane;
	__u32	size;
	__u32	nr_fields;
	__u64	fields;
	__u64	lost;
	__u64	reserved[2];
};

#define EVRING_TYPE_F_COMMON	0x1	/* payload starts with struct evring_common */
#define EVRING_TYPE_F_HOOK	0x2	/* emitted by a hook: EVRING_IOC_HOOK knows it */
#define EVRING_TYPE_F_ATTACHED	0x4	/* ... which is attached now */
#define EVRING_TYPE_F_GONE	0x8	/* its module has gone */
#define EVRING_TYPE_F_DISARMED	0x10	/* EVRING_TYPE_F_HOOK: see EVRING_HOOK_DISARMED */
#define EVRING_TYPE_F_ABSENT	0x20	/* EVRING_TYPE_F_HOOK: see EVRING_HOOK_ABSENT */

/*
 * The meta page, mmap'd at EVRING_MMAP_META. Written by the kernel alone.
 */

/**
 * struct evring_clock - from raw time stamps to nanoseconds: the line of now
 * @seq: odd while the kernel writes the other members, or evring_meta.past: read
 *	it, read them, read it again, and start over if it was odd or has changed
 * @source: EVRING_CLOCK_*
 * @mult: see below
 * @shift: see below; the same for all lines
 * @base: the raw time stamp since when this line holds
 * @boot_ns: CLOCK_BOOTTIME at @base, nanoseconds
 * @wall_ns: CLOCK_REALTIME minus CLOCK_BOOTTIME, nanoseconds, exact
 *
 *	boottime = boot_ns + (((s128)(raw - base) * mult) >> shift)
 *	realtime = boottime + wall_ns
 *
 * A line holds for the time stamps from its base up to the next line's, and for
 * ever: an event has the same time whenever it is read. There is a new one where
 * the wall clock is set (at that moment), where the line has come away from
 * CLOCK_BOOTTIME by more than 20 us (bent there, not cut), and after a suspend.
 * What is older than @base belongs to a line in evring_meta.past.
 *
 * Read the heads first and the clock after them: then it covers all that is
 * below the heads.
 */
struct evring_clock {
	__u32	seq;
	__u32	source;
	__u32	mult;
	__u32	shift;
	__u64	base;
	__u64	boot_ns;
	__s64	wall_ns;
};

/**
 * struct evring_clock_line - a line that held until the next one's base
 * @base: as in struct evring_clock
 * @boot_ns: likewise
 * @wall_ns: likewise
 * @mult: likewise
 * @reserved: 0
 */
struct evring_clock_line {
	__u64	base;
	__u64	boot_ns;
	__s64	wall_ns;
	__u32	mult;
	__u32	reserved;
};

#define EVRING_CLOCK_PAST	64	/* lines that are kept */

#define EVRING_CLOCK_BOOTTIME	0	/* raw is CLOCK_BOOTTIME in ns */
#define EVRING_CLOCK_TSC	1	/* raw is x86's time stamp counter */

/* What happens when a ring is full of what a group has not committed */
enum evring_policy {
	EVRING_HOLD		= 0,	/* new events are dropped and counted */
	EVRING_FOLLOW		= 1,	/* old segments are overwritten */
};

/* Where a new group starts (Kafka's auto.offset.reset) */
enum evring_start {
	EVRING_EARLIEST		= 0,	/* all that the ring still keeps */
	EVRING_LATEST		= 1,	/* what comes from now on */
};

/**
 * struct evring_group_info - one group, in the meta page and EVRING_IOC_GROUP
 * @name: empty: the slot is free
 * @policy: enum evring_policy
 * @lanes: bit mask of the lanes that it reads
 * @abandon_ms: how long it goes on holding without an owner; 0: for ever
 * @flags: EVRING_GROUP_*
 * @owner: process id of the session that has it, 0: nobody
 * @generation: counts the JOINs that succeeded
 * @left_ns: CLOCK_BOOTTIME when the last owner left, 0: it has an owner or
 *	never had one
 */
struct evring_group_info {
	char	name[EVRING_NAME_MAX];
	__u32	policy;
	__u32	lanes;
	__u32	abandon_ms;
	__u32	flags;
	__u32	owner;
	__u32	generation;
	__u64	left_ns;
};

#define EVRING_GROUP_ABANDONED	0x1	/* its time ran out: it holds nothing now */

/**
 * struct evring_meta - the meta page
 * @size: sizeof(struct evring_meta) of the kernel
 * @version: EVRING_ABI_VERSION of the kernel
 * @page_size: bytes; the ring page is this long
 * @nr_lanes: EVRING_LANES of the kernel
 * @nr_cpus: CPU numbers are below this
 * @segment_size: bytes
 * @record_max: longest record, bytes, header included
 * @nr_rings: rings that exist; grows as CPUs come online, never shrinks
 * @lane_size: bytes of one ring's data area, by lane; a power of two
 * @memory: bytes that all rings take together, ring pages included
 * @groups_seq: as evring_clock.seq, for @groups
 * @reserved: 0
 * @clock: how to read time stamps
 * @groups: the groups; their positions are in the ring pages
 * @nr_past: lines of the clock that hold no more, all-time
 * @reserved1: 0
 * @past: the last ones of them: number n is in past[n % EVRING_CLOCK_PAST]. What
 *	is older than the oldest goes by the oldest
 */
struct evring_meta {
	__u32	size;
	__u32	version;
	__u32	page_size;
	__u32	nr_lanes;
	__u32	nr_cpus;
	__u32	segment_size;
	__u32	record_max;
	__u32	nr_rings;
	__u64	lane_size[8];
	__u64	memory;
	__u32	groups_seq;
	__u32	reserved;
	struct evring_clock	clock;
	struct evring_group_info groups[EVRING_GROUPS_MAX];
	__u32	nr_past;
	__u32	reserved1;
	struct evring_clock_line past[EVRING_CLOCK_PAST];
};

/**
 * struct evring_cursor - where one group is on one ring
 * @pos: committed position: the group has no need of anything below it
 * @seq: sequence number that follows what was committed, as the group's
 *	reader said; EVRING_SEQ_NONE before its first commit
 * @missed: events that were overwritten before the group read them, as the
 *	group's readers said; all-time
 */
struct evring_cursor {
	__u64	pos;
	__u64	seq;
	__u64	missed;
};

#define EVRING_SEQ_NONE		(~0ULL)

/**
 * struct evring_ring_page - first page of a mapped ring
 * @size: sizeof(struct evring_ring_page) of the kernel
 * @lane: which lane
 * @cpu: whose ring
 * @data_offset: of the data area in this mapping, bytes
 * @data_size: bytes, a power of two
 * @segment_size: bytes, a power of two
 * @head: everything below is complete. Load with acquire
 * @seq: attempts so far, as of @head
 * @tail: oldest position that is kept; always the start of a segment
 * @lost: failed attempts by enum evring_lost_cause
 * @discarded: records that were reserved and then given up
 * @wakeups: how often an emit on this ring raised a wake-up
 * @cursors: by index in evring_meta.groups
 *
 * Its own cache lines, by who writes: @head and @seq the ring's CPU on each
 * publish; @tail to @wakeups the ring's CPU where it enters a segment or loses
 * an event; @cursors whoever commits. Written by the kernel alone.
 */
struct evring_ring_page {
	__u32	size;
	__u32	lane;
	__u32	cpu;
	__u32	reserved0;
	__u64	data_offset;
	__u64	data_size;
	__u64	segment_size;
	__u64	reserved1[3];

	__u64	head;
	__u64	seq;
	__u64	reserved2[6];

	__u64	tail;
	__u64	lost[EVRING_LOST_CAUSES];
	__u64	discarded;
	__u64	wakeups;
	__u64	reserved3[2];

	struct evring_cursor cursors[EVRING_GROUPS_MAX];
};

/*
 * mmap: PROT_READ, MAP_SHARED, the whole object and nothing else. EPERM:
 * writable or executable was asked for (EACCES of a descriptor that is open for
 * reading alone, and of mprotect); EINVAL: any other offset or length, or a
 * private mapping; ENXIO: no such ring (yet). A mapping keeps its session, and
 * so the module, until it is unmapped; a child of fork() does not get it
 * (MADV_DONTFORK is set).
 *
 * The memory is the module's (evring_meta.memory), not the reader's: it is in
 * nobody's RSS. Calls that copy from it work (write, send); what would pin its
 * pages fails with EFAULT: O_DIRECT, vmsplice, MSG_ZEROCOPY, buffers registered
 * with io_uring, process_vm_readv, and a debugger's look.
 */
#define EVRING_MMAP_META	0ULL
#define EVRING_MMAP_RING(lane, cpu)					\
	((1ULL << 60) | ((__u64)(lane) << 52) | ((__u64)(cpu) << 32))

/*
 * Calls
 */

/**
 * struct evring_join - EVRING_IOC_JOIN: become the owner of a group
 * @name: [A-Za-z0-9._-]+, NUL-terminated and NUL-padded; made if there is none
 * @flags: 0
 * @policy: enum evring_policy
 * @start: enum evring_start, for a new group and for lanes new to it
 * @lanes: bit mask, at least one
 * @abandon_ms: as in struct evring_group_info, at most 2147483647
 * @group: out: index in evring_meta.groups and evring_ring_page.cursors
 * @created: out: 1 if there was none of this name
 * @reserved: 0
 *
 * @policy, @lanes and @abandon_ms replace what an existing group had. The
 * cursors of an existing group stay where they are. Where it begins to hold,
 * one that was overtaken meanwhile moves to the ring's tail, with the sequence
 * number that it had: that tells what was missed. From then on what is at the
 * cursor is there, even if tail is past it: a writer that gave way to the group
 * at that moment does not put tail back. Where it follows, an overtaken cursor
 * stays below tail.
 *
 * All or nothing: a call that fails, with EFAULT too, leaves the group as it was.
 * EBUSY: the group has an owner. EALREADY: this session has a group. ENOSPC:
 * all EVRING_GROUPS_MAX groups exist. EINVAL: as always. May sleep.
 */
struct evring_join {
	char	name[EVRING_NAME_MAX];
	__u32	flags;
	__u32	policy;
	__u32	start;
	__u32	lanes;
	__u32	abandon_ms;
	__u32	group;
	__u32	created;
	__u32	reserved;
};

/**
 * struct evring_commit_entry - one ring's part of a commit
 * @pos: new committed position: not below the old one, not above head, a
 *	multiple of 8. That it is the start of a record is the reader's affair:
 *	whoever lies here misleads the group's next reader and nobody else
 * @seq: sequence number that is expected at @pos: of what follows the last
 *	record that was read
 * @missed: events that were overwritten unread since the last commit
 * @lane: which ring
 * @cpu: which ring
 */
struct evring_commit_entry {
	__u64	pos;
	__u64	seq;
	__u32	missed;
	__u16	lane;
	__u16	cpu;
};

/**
 * struct evring_commit - EVRING_IOC_COMMIT, and payload of EVRING_CMD_COMMIT
 * @entries: address of struct evring_commit_entry[]
 * @nr: how many, 1 to EVRING_COMMIT_MAX
 * @flags: 0
 *
 * Entries are taken in order. Returns 0 if all were, else the first bad one's
 * errno: those before it stay taken, as the cursors in the ring pages tell (of
 * those close before an address that cannot be read, some may not be).
 * The same through io_uring: IORING_OP_URING_CMD with cmd_op EVRING_CMD_COMMIT
 * and this struct in sqe->cmd; completed inline, with the same result.
 *
 * EPERM: the session has no group, or has left the one that it had when the call
 * began: no entry lands in another group. ENXIO: no such ring. ERANGE: @pos is below
 * the committed position or above head. EINVAL: a lane that the group does not
 * read, @pos not a multiple of 8, or as always. EFAULT.
 */
struct evring_commit {
	__u64	entries;
	__u32	nr;
	__u32	flags;
};

/**
 * struct evring_arm - EVRING_IOC_ARM: ask to be woken
 * @lanes: bit mask: which lanes to wait for, at least one
 * @flags: 0
 * @watermark: wake once so many bytes have come, or @flush_ms after the first
 *	event; 0: wake at the first event. Looked at as segments are entered:
 *	what rings have in the segments that they write now may not count yet
 * @flush_ms: 1 to 60000 where there is a @watermark, else 0
 *
 * The order that loses no wake-up: read until there is nothing; ARM; look at
 * the heads once more; poll() only if there is still nothing. A session that
 * is not armed polls as readable. Once woken it is disarmed.
 */
struct evring_arm {
	__u32	lanes;
	__u32	flags;
	__u32	watermark;
	__u32	flush_ms;
};

/**
 * struct evring_hook - EVRING_IOC_HOOK: attach or detach a hook
 * @name: the type's name, NUL-terminated and NUL-padded
 * @op: EVRING_HOOK_*
 * @state: in: 0; out: enum evring_hook_state, as it is now
 *
 * Needs CAP_SYS_ADMIN, but for EVRING_HOOK_QUERY. Attached is attached: the
 * hook stays so when the session closes, so that what happens between two runs
 * of a daemon is in the ring. Idempotent. ENOENT: no such hook. EOPNOTSUPP: this
 * kernel has not what it is attached to. May sleep.
 */
struct evring_hook {
	char	name[EVRING_NAME_MAX];
	__u32	op;
	__u32	state;
};

/**
 * enum evring_hook_state - does it emit?
 * @EVRING_HOOK_DETACHED: nobody has attached it
 * @EVRING_HOOK_ATTACHED: it emits
 * @EVRING_HOOK_DISARMED: it is attached, but what it is attached to is switched
 *	off: nothing comes until that is switched on
 * @EVRING_HOOK_ABSENT: this kernel has not what it would be attached to
 *
 * A hook that does not emit is never called attached.
 */
enum evring_hook_state {
	EVRING_HOOK_DETACHED	= 0,
	EVRING_HOOK_ATTACHED	= 1,
	EVRING_HOOK_DISARMED	= 2,
	EVRING_HOOK_ABSENT	= 3,
};

#define EVRING_HOOK_QUERY	0
#define EVRING_HOOK_ATTACH	1
#define EVRING_HOOK_DETACH	2

/**
 * struct evring_drop - EVRING_IOC_DROP: forget a group that nobody owns
 * @name: NUL-terminated and NUL-padded
 *
 * Needs CAP_SYS_ADMIN. EBUSY: it has an owner. ENOENT.
 */
struct evring_drop {
	char	name[EVRING_NAME_MAX];
};

/**
 * struct evring_ring_info - EVRING_IOC_RING: one ring's page without mmap
 * @lane: in
 * @cpu: in
 * @page: out
 *
 * Any session. ENXIO: no such ring (yet).
 */
struct evring_ring_info {
	__u32	lane;
	__u32	cpu;
	struct evring_ring_page page;
};

#define EVRING_IOC_MAGIC	0xEB
#define EVRING_IOC_META		_IOR(EVRING_IOC_MAGIC, 0, struct evring_meta)
#define EVRING_IOC_RING		_IOWR(EVRING_IOC_MAGIC, 1, struct evring_ring_info)
#define EVRING_IOC_TYPE		_IOWR(EVRING_IOC_MAGIC, 2, struct evring_type_info)
#define EVRING_IOC_HOOK		_IOWR(EVRING_IOC_MAGIC, 3, struct evring_hook)
#define EVRING_IOC_JOIN		_IOWR(EVRING_IOC_MAGIC, 4, struct evring_join)
#define EVRING_IOC_LEAVE	_IO(EVRING_IOC_MAGIC, 5)
#define EVRING_IOC_COMMIT	_IOW(EVRING_IOC_MAGIC, 6, struct evring_commit)
#define EVRING_IOC_ARM		_IOW(EVRING_IOC_MAGIC, 7, struct evring_arm)
#define EVRING_IOC_DROP		_IOW(EVRING_IOC_MAGIC, 8, struct evring_drop)

/* cmd_op of IORING_OP_URING_CMD */
#define EVRING_CMD_COMMIT	EVRING_IOC_COMMIT

#endif /* _UAPI_LINUX_EVRING_H */
