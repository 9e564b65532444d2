/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
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
 * A session is one open file of /dev/evring. Its calls:
 *
 *	open		O_RDONLY or O_RDWR: taps and joins groups. EMFILE: the user has
 *			as many sessions as the module's sessions_max allows. O_WRONLY:
 *			publishes and sees nothing of others (EVRING_PUBLISH_DEVICE can
 *			be opened in no other way); O_RDWR: does both
 *	META		how long the meta page is, and of which version
 *	mmap		the meta page, then the rings; all of it read-only
 *	JOIN		take a group (or none: then the session is a tap)
 *	read the rings	plain loads, no system call
 *	COMMIT		this group needs nothing below this position any more
 *	ARM, poll	when there is nothing to read
 *	REGISTER	make a type known; write: publish events, see Publishing
 *
 * One ring, as mmap'd at EVRING_MMAP_RING(lane, cpu):
 *
 *	+-----------+---------+---------+---     ---+---------+
 *	| ring page | segment | segment |    ...    | segment |
 *	|           |    0    |    1    |           |   n-1   |
 *	+-----------+---------+---------+---     ---+---------+
 *	            ^ data_offset: records.. pad
 *
 * Position p lies at byte (p mod data_size) of the data area. The ring keeps
 * tail <= p < head. head moves record by record (its store is a release: load
 * it with acquire, and everything below it is complete); tail moves a segment
 * at a time, *before* the segment is overwritten. A tap or a group that follows
 * may fall behind tail: it copies a record first and then checks that tail has
 * not passed it. A group that holds need not: the ring drops new events rather
 * than overwrite records that such a group has not committed.
 *
 * No loss is silent. Each record has a sequence number; every attempt to emit
 * on a ring takes one, the failed attempts too. A record of type
 * EVRING_TYPE_LOST stands in the stream for the attempts that found no room:
 * it covers `count` sequence numbers from its own on. So on one ring
 *
 *	next record's seq = this one's seq + the numbers that this one covers
 *
 * with 0 covered by EVRING_TYPE_PAD, `count` by EVRING_TYPE_LOST, and 1 by
 * everything else. Where that does not hold, the reader was overtaken and the
 * difference is the exact number of events that it missed.
 *
 * How this grows. The version changes only where a layout breaks. All else is
 * added so that an old program works on a new module and the other way round:
 *
 *  - A call's argument carries its own size, in the call's number. The
 *    kernel takes members that the program does not know as 0; members that the
 *    kernel does not know must be 0, else E2BIG. The answer is cut to the size
 *    that the caller knows.
 *  - The meta page and the ring pages begin with their size, and tell where each
 *    of their tables is, how far apart its elements are, and how many there are.
 *    Readers must go by these, and take members beyond a size or a stride as 0.
 *  - Something new that a program has to ask for first is a bit of features.
 *
 * Reserved members, and flag bits without a name, must be 0; the
 * kernel refuses anything else with EINVAL. All numbers are in the byte order of
 * the host.
 */
#ifndef _UAPI_LINUX_EVRING_H
#define _UAPI_LINUX_EVRING_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EVRING_DEVICE		"/dev/evring"
#define EVRING_PUBLISH_DEVICE	"/dev/evring-publish"
#define EVRING_ABI_VERSION	1

/*
 * Limits that a program may build on. How many lanes, groups and types there
 * are is the kernel's affair: the meta page and the calls tell.
 */
#define EVRING_NAME_MAX		128	/* bytes of any name, its NUL included */
#define EVRING_WHY_MAX		128	/* bytes of any reason, likewise */
#define EVRING_COMMIT_MAX	65536	/* entries of one commit */
#define EVRING_FLUSH_MS_MAX	60000
#define EVRING_ABANDON_MS_MAX	2147483647
#define EVRING_BLOCK_MAX	65536	/* bytes of a block that is registered */

/* A set of lanes is a __u64, a bit for each lane's number. */
#define EVRING_LANES_ALL	(~0ULL)	/* all that there are */

/* Abilities of a module: struct evring_meta.features */
#define EVRING_FEATURE_READ	(1ULL << 0)	/* taps and groups */
#define EVRING_FEATURE_URING	(1ULL << 1)	/* EVRING_CMD_COMMIT */
#define EVRING_FEATURE_HOOKS	(1ULL << 2)	/* EVRING_IOC_HOOK, with owners and lanes */
#define EVRING_FEATURE_FILTERS	(1ULL << 3)	/* evring_hook.filter, EVRING_IOC_FILTER */
#define EVRING_FEATURE_LIMITS	(1ULL << 4)	/* evring_hook.limits */
#define EVRING_FEATURE_PUBLISH	(1ULL << 5)	/* EVRING_IOC_REGISTER, write, EVRING_CMD_PUBLISH */
#define EVRING_FEATURE_SNAPSHOT	(1ULL << 6)	/* EVRING_HOOK_F_SNAPSHOT */
#define EVRING_FEATURE_REDACT	(1ULL << 7)	/* EVRING_IOC_REDACT, EVRING_REC_REDACTED */
#define EVRING_FEATURE_GIVE	(1ULL << 8)	/* EVRING_IOC_GIVE, evring_hook.has */

/*
 * Records
 */

/**
 * struct evring_rec - header of every record; 8-byte aligned; never grows
 * @len: bytes of header and payload; the next record is at ALIGN(len, 8).
 *	The bytes between are 0
 * @type: type id; below EVRING_TYPE_FIRST one of the types below
 * @flags: EVRING_REC_*
 * @time: raw time stamp, see struct evring_clock; in order on a ring,
 *	unless the clock itself goes back (a suspend resets the TSC)
 * @seq: number of the attempt on this ring, from 0. The writer uses the lowest
 *	evring_meta.seq_bits of it; evring_ring_page.seq_base tells the others
 * @pid: process (thread group) id in the initial pid namespace; of the
 *	interrupted task where @flags does not say EVRING_REC_TASK
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

/*
 * struct evring_rec.flags: secrets were left out of the event's texts, and
 * EVRING_REDACTED_MARK stands in the place of each. The last 8 bytes of the payload,
 * unaligned, say in which fields: a __u64 with a bit for each field's number in the
 * type's list, the highest one for all from 63 on. (The mark is missing where the
 * event would have been too long with it.)
 */
#define EVRING_REC_REDACTED	0x0004
#define EVRING_REDACTED_MARK	"[redacted]"

/* struct evring_rec.type: the ids that mean the same on every host */
#define EVRING_TYPE_PAD		0	/* fills the tail of a segment; covers no seq */
#define EVRING_TYPE_DISCARD	1	/* reserved, then given up; covers one seq */
#define EVRING_TYPE_LOST	2	/* struct evring_lost; covers count seqs */
#define EVRING_TYPE_FIRST	3	/* ids from here on are given out at run time */

/**
 * struct evring_lost - payload of EVRING_TYPE_LOST
 * @count: attempts that got no record: the record's seq up to seq + count - 1
 * @first: raw time stamp of the first of them
 * @last: raw time stamp of the last of them
 * @causes: why, a bit for each enum evring_lost_cause
 * @type: the type of all of them; EVRING_TYPE_PAD: they were of several
 * @reserved: 0
 */
struct evring_lost {
	__u64	count;
	__u64	first;
	__u64	last;
	__u32	causes;
	__u16	type;
	__u16	reserved;
};

/* Why an attempt failed; index of the table evring_ring_page.lost */
enum evring_lost_cause {
	EVRING_LOST_FULL	= 0,	/* a group holds the segment that comes next */
	EVRING_LOST_NESTED	= 1,	/* NMI while a segment was entered; endless nesting; no place to redact */
	EVRING_LOST_TOOBIG	= 2,	/* longer than record_max */
	EVRING_LOST_PROBE	= 3,	/* the kernel did not call the hook's probe */
	EVRING_LOST_SAMPLED	= 4,	/* each owner that wants it takes a sample only */
	EVRING_LOST_RATE	= 5,	/* more a second than an owner that wants it takes */
};

/*
 * Types
 *
 * A type is described by one block of bytes that stands for itself: the kernel
 * gives it out (EVRING_IOC_DESCRIBE), and the same bytes go with the frames that
 * evringd sends. Positions in it count from its first byte.
 *
 *	+--------------+--------+----------------+--------+---------+
 *	| evring_block | fields | tables of names| values | strings |
 *	+--------------+--------+----------------+--------+---------+
 *
 * A name, unit or doc is the position of a string in @strings, 0 the empty one;
 * strings end in a NUL.
 */

/**
 * struct evring_table - where some equal elements are
 * @offset: of the first one, from the start of the page or block, bytes
 * @stride: from one to the next, bytes: may be more than the reader knows, or less
 * @count: how many
 * @reserved: 0
 */
struct evring_table {
	__u32	offset;
	__u32	stride;
	__u32	count;
	__u32	reserved;
};

/**
 * struct evring_block - how a type is described
 * @magic: EVRING_BLOCK_MAGIC
 * @len: bytes of the whole block, a multiple of 8
 * @size: bytes of this structure
 * @version: of the schema; within one version fields are only appended
 * @common_size: bytes at the start of the payload that are struct evring_common,
 *	as the kernel that wrote them knew it; 0: it does not start so
 * @data_size: bytes of the payload's fixed part
 * @name: "family.event"
 * @doc: one line
 * @lane: name of the lane that the type asks for
 * @reserved: 0
 * @fields: struct evring_block_field, in the order of declaration
 * @tables: struct evring_block_names
 * @values: struct evring_block_value, of all tables
 * @strings: bytes; the first and the last one are NUL
 */
struct evring_block {
	__u32	magic;
	__u32	len;
	__u32	size;
	__u32	version;
	__u32	common_size;
	__u32	data_size;
	__u32	name;
	__u32	doc;
	__u32	lane;
	__u32	reserved;
	struct evring_table fields;
	struct evring_table tables;
	struct evring_table values;
	struct evring_table strings;
};

#define EVRING_BLOCK_MAGIC	0x54525645u	/* "EVRT" on a little-endian host */

/**
 * struct evring_block_field - one field of a type
 * @name: [a-z][a-z0-9_]*
 * @unit: "ns", "bytes"; empty: none
 * @doc: one line
 * @kind: enum evring_kind: how it lies in memory
 * @format: enum evring_format: how it is meant
 * @offset: from the start of the payload, bytes
 * @size: bytes of the fixed part. A kind with a size of its own may be there
 *	several times, one behind another: then it is an array
 * @names: EVRING_FORMAT_ENUM and EVRING_FORMAT_FLAGS: table number plus 1;
 *	EVRING_FORMAT_HEX and EVRING_FORMAT_CAPS: likewise, or 0; else 0
 * @reserved: 0
 */
struct evring_block_field {
	__u32	name;
	__u32	unit;
	__u32	doc;
	__u16	kind;
	__u16	format;
	__u16	offset;
	__u16	size;
	__u16	names;
	__u16	reserved;
};

/**
 * struct evring_block_names - the names of a field's values
 * @name: of the table
 * @first: number of its first value in evring_block.values
 * @count: how many follow
 * @reserved: 0
 */
struct evring_block_names {
	__u32	name;
	__u32	first;
	__u32	count;
	__u32	reserved;
};

/* The name of one value, or of one bit of a set of flags */
struct evring_block_value {
	__u64	value;
	__u32	name;
	__u32	doc;
};

/**
 * struct evring_str - bytes of variable length, in the record's tail
 * @offset: from the start of the payload, bytes
 * @len: bytes; no NUL at the end is counted or promised
 */
struct evring_str {
	__u16	offset;
	__u16	len;
};

/*
 * How a field lies in memory. The lowest byte is the size of one element, so
 * that a reader steps over a kind that it does not know. With EVRING_KIND_VAR
 * the fixed part is a struct evring_str, and the elements are in the tail.
 */
#define EVRING_KIND_SIZE(kind)	((kind) & 0xff)
#define EVRING_KIND_VAR		0x8000

enum evring_kind {
	EVRING_KIND_U8		= 0x0101,
	EVRING_KIND_U16		= 0x0102,
	EVRING_KIND_U32		= 0x0104,
	EVRING_KIND_U64		= 0x0108,
	EVRING_KIND_S8		= 0x0201,
	EVRING_KIND_S16		= 0x0202,
	EVRING_KIND_S32		= 0x0204,
	EVRING_KIND_S64		= 0x0208,
	EVRING_KIND_BOOL	= 0x0301,	/* 0 or 1 */
	EVRING_KIND_CHARS	= 0x0401,	/* char[size], up to the first NUL */
	EVRING_KIND_FIXED	= 0x0501,	/* size bytes, for a format: an address, an id */
	EVRING_KIND_U8S		= EVRING_KIND_VAR | EVRING_KIND_U8,	/* arrays of numbers */
	EVRING_KIND_U16S	= EVRING_KIND_VAR | EVRING_KIND_U16,
	EVRING_KIND_U32S	= EVRING_KIND_VAR | EVRING_KIND_U32,
	EVRING_KIND_U64S	= EVRING_KIND_VAR | EVRING_KIND_U64,
	EVRING_KIND_S8S		= EVRING_KIND_VAR | EVRING_KIND_S8,
	EVRING_KIND_S16S	= EVRING_KIND_VAR | EVRING_KIND_S16,
	EVRING_KIND_S32S	= EVRING_KIND_VAR | EVRING_KIND_S32,
	EVRING_KIND_S64S	= EVRING_KIND_VAR | EVRING_KIND_S64,
	EVRING_KIND_TEXT	= EVRING_KIND_VAR | EVRING_KIND_CHARS,
	EVRING_KIND_BYTES	= EVRING_KIND_VAR | EVRING_KIND_FIXED,
	EVRING_KIND_TEXTS	= EVRING_KIND_VAR | 0x0601,	/* texts with NULs between */
};

/* How to print a field; take an unknown format as EVRING_FORMAT_NONE. */
enum evring_format {
	EVRING_FORMAT_NONE	= 0,
	EVRING_FORMAT_HEX	= 1,	/* bits: print in base 16 */
	EVRING_FORMAT_DURATION	= 2,	/* nanoseconds */
	EVRING_FORMAT_BOOTTIME	= 3,	/* nanoseconds of CLOCK_BOOTTIME */
	EVRING_FORMAT_TIME	= 4,	/* nanoseconds of CLOCK_REALTIME */
	EVRING_FORMAT_RAWTIME	= 5,	/* a raw time stamp, as evring_rec.time */
	EVRING_FORMAT_PATH	= 6,	/* of a file: any bytes but NUL */
	EVRING_FORMAT_IP	= 7,	/* FIXED, 16 bytes: IPv6, or IPv4 mapped into it */
	EVRING_FORMAT_PORT	= 8,	/* host byte order */
	EVRING_FORMAT_MAC	= 9,	/* FIXED, 6 bytes */
	EVRING_FORMAT_UUID	= 10,	/* FIXED, 16 bytes, in the order in which it is written */
	EVRING_FORMAT_DEV	= 11,	/* a device number: major << 20 | minor */
	EVRING_FORMAT_MODE	= 12,	/* of a file: print in base 8 */
	EVRING_FORMAT_ERRNO	= 13,
	EVRING_FORMAT_SIGNAL	= 14,
	EVRING_FORMAT_UID	= 15,	/* in the initial user namespace */
	EVRING_FORMAT_GID	= 16,	/* likewise */
	EVRING_FORMAT_PID	= 17,	/* in the initial pid namespace */
	EVRING_FORMAT_CAPS	= 18,	/* a set of capabilities, a bit each */
	EVRING_FORMAT_ENUM	= 19,	/* one of a table's values */
	EVRING_FORMAT_FLAGS	= 20,	/* a set of a table's values */
	EVRING_FORMAT_TYPE	= 21,	/* id of a type of events, 0: none */
};

/**
 * struct evring_common - first fields of every event that a task causes
 * @uid: real user id, initial user namespace
 * @euid: effective user id
 * @gid: real group id
 * @loginuid: audit's login uid, 4294967295 when not set
 * @sessionid: audit's session id, 4294967295 when not set
 * @pidns: inode number of the task's pid namespace
 * @mntns: inode number of its mount namespace, 0 once it has left that
 * @reserved: 0
 * @cgroup: id of the task's cgroup (v2): the inode number of its folder
 * @start_time: CLOCK_BOOTTIME when the process began, nanoseconds: with its pid
 *	that is one process for ever
 * @comm: the task's name
 *
 * How much of it a payload starts with is evring_block.common_size; its members
 * are in the type's list of fields all the same.
 */
struct evring_common {
	__u32	uid;
	__u32	euid;
	__u32	gid;
	__u32	loginuid;
	__u32	sessionid;
	__u32	pidns;
	__u32	mntns;
	__u32	reserved;
	__u64	cgroup;
	__u64	start_time;
	char	comm[16];
};

/**
 * struct evring_describe - EVRING_IOC_DESCRIBE: describe a type
 * @id: in: of the type
 * @flags: in: 0; out: EVRING_TYPE_F_*
 * @block: in: address for the block, may be 0 if @room is
 * @room: in: bytes at @block
 * @len: out: bytes of the block; nothing was copied where this is above @room
 * @generation: out: counts the types that had this id
 * @lane: out: where its events go now
 * @reserved: 0
 * @lost: out: events of this type that got no room, all causes, all CPUs
 * @filtered: out: events that no owner of their hook wanted: they are nowhere
 * @undecided: out: events that are wanted because a filter came to no end with them
 * @uid: out: EVRING_TYPE_F_APP: its owner, in the initial user namespace; else 0
 * @reserved1: 0
 *
 * Any session; EPERM: one that is open for writing alone knows its user's types
 * only. ENOENT: no such id, and none above it either: ids are given out without
 * holes. A type stays describable after its module or its last publisher has
 * gone; once no ring holds an event of it, its id may come back under another
 * generation.
 */
struct evring_describe {
	__u32	id;
	__u32	flags;
	__u64	block;
	__u32	room;
	__u32	len;
	__u32	generation;
	__u16	lane;
	__u16	reserved;
	__u64	lost;
	__u64	filtered;
	__u64	undecided;
	__u32	uid;
	__u32	reserved1;
};

#define EVRING_TYPE_F_HOOK	0x1	/* emitted by a hook: EVRING_IOC_HOOK knows it */
#define EVRING_TYPE_F_ATTACHED	0x2	/* ... which is attached now */
#define EVRING_TYPE_F_GONE	0x4	/* its module, or its last publisher, has gone */
#define EVRING_TYPE_F_DISARMED	0x8	/* EVRING_TYPE_F_HOOK: see EVRING_HOOK_DISARMED */
#define EVRING_TYPE_F_ABSENT	0x10	/* EVRING_TYPE_F_HOOK: see EVRING_HOOK_ABSENT */
#define EVRING_TYPE_F_APP	0x20	/* applications of one user publish it */

/*
 * Filters
 *
 * A program decides whether an event is wanted. It is a list of instructions, each a
 * test of one field of a type, with the number of the next instruction for yes and for
 * no. That is always a later one, so each program ends. libevring makes programs from
 * expressions (evring_filter_compile()); the kernel verifies every byte. Like a type, a
 * program is one block of bytes; positions count from its first byte.
 *
 *	+----------------+-------+------+------+
 *	| evring_program | insns | pool | text |
 *	+----------------+-------+------+------+
 *
 * A number that lies behind the end of a short payload is 0, a text or an array
 * there is empty, and so is one that is not within its payload.
 *
 * A program that has done EVRING_PROGRAM_STEPS steps is ended, and the event is
 * wanted. The programs of all owners of a hook share the steps of an event. A step is a
 * comparison, or about 16 bytes of one, or one byte that a glob compares.
 */

/**
 * struct evring_program - a filter
 * @magic: EVRING_PROGRAM_MAGIC
 * @len: bytes of the whole block, a multiple of 8
 * @size: bytes of this structure
 * @version: of the type's schema that the program was made for
 * @insns: struct evring_insn, 1 to EVRING_INSNS_MAX of them; the first one begins
 * @pool: bytes: the operands that an instruction has no room for
 * @text: bytes: the expression, for EVRING_IOC_FILTER to show; the last byte is NUL, and
 *	no other
 */
struct evring_program {
	__u32	magic;
	__u32	len;
	__u32	size;
	__u32	version;
	struct evring_table insns;
	struct evring_table pool;
	struct evring_table text;
};

#define EVRING_PROGRAM_MAGIC	0x50525645u	/* "EVRP" on a little-endian host */
#define EVRING_PROGRAM_MAX	16384		/* bytes of a program */
#define EVRING_PROGRAM_STEPS	32768
#define EVRING_INSNS_MAX	128
#define EVRING_POOL_MAX		4096		/* bytes */
#define EVRING_TEXT_MAX		4096		/* bytes, the NUL included */

/**
 * struct evring_insn - a question to one field, and where it leads
 * @op: enum evring_op
 * @flags: EVRING_INSN_*
 * @kind: enum evring_kind of the field
 * @offset: of the field, from the start of the payload; with EVRING_INSN_HEADER
 *	from the start of the record
 * @size: of the field's fixed part
 * @yes: number of the next instruction where this one holds: one behind this one,
 *	or EVRING_INSN_ACCEPT or EVRING_INSN_REJECT
 * @no: likewise where it does not hold
 * @element: of an array or of texts, which one: from 0; EVRING_ELEMENT_ANY: it
 *	holds if it does for one of them. Else EVRING_ELEMENT_ANY
 * @count: how many operands are in the pool: it holds if it does for one of them
 * @pool: where the first one is, bytes from the start of the pool
 * @reserved: 0
 * @a: see enum evring_op; 0 of those that have operands in the pool
 * @b: likewise
 */
struct evring_insn {
	__u8	op;
	__u8	flags;
	__u16	kind;
	__u16	offset;
	__u16	size;
	__u16	yes;
	__u16	no;
	__u16	element;
	__u16	count;
	__u32	pool;
	__u32	reserved;
	__u64	a;
	__u64	b;
};

#define EVRING_INSN_HEADER	0x1	/* evring_rec.pid or evring_rec.tid, kind U32 */

#define EVRING_INSN_ACCEPT	0xffff
#define EVRING_INSN_REJECT	0xfffe
#define EVRING_ELEMENT_ANY	0xffff

/*
 * The test that an instruction makes. x is the number, as 64 bits with its sign; s is
 * the text or the bytes. Operands in the pool stand one behind another, unaligned. An
 * operand is a __u16 length and so many bytes; of RANGES it is two __u64; of NET the
 * __u16 counts bits, and the rest of their last byte is 0.
 */
enum evring_op {
	EVRING_OP_RANGE		= 0,	/* a <= x <= b */
	EVRING_OP_MASK		= 1,	/* (x & a) == b */
	EVRING_OP_ANY_BIT	= 2,	/* (x & a) != 0; b is 0 */
	EVRING_OP_RANGES	= 3,	/* as RANGE, with the operand's two numbers */
	EVRING_OP_EQUAL		= 4,	/* s is the operand */
	EVRING_OP_PREFIX	= 5,	/* s begins with it */
	EVRING_OP_SUFFIX	= 6,	/* s ends with it */
	EVRING_OP_CONTAINS	= 7,	/* it is somewhere in s */
	EVRING_OP_GLOB		= 8,	/* s as a whole matches it: * ? [a-z] [!a-z] and \ */
	EVRING_OP_NET		= 9,	/* the first bits of s, of kind FIXED, are these */
};

/*
 * Redaction
 *
 * Rules say which parts of a type's texts are secrets. The kernel leaves these out
 * before a byte of the event is in the ring, so no mapping, filter or consumer has
 * them. libevring makes the rules from lines of text (evring_rules_add()). The kernel
 * gets them in this form, and verifies all of it. Like a type it is one block of bytes;
 * positions count from its first byte.
 *
 *	+------------------+-------+-------+----------+------+------+
 *	| evring_redaction | rules | conds | programs | pool | text |
 *	+------------------+-------+-------+----------+------+------+
 *
 * The work on one event is bounded by EVRING_REDACT_STEPS. Texts that were not searched
 * by then are left out as a whole, and counted (evring_redact.hidden).
 */

/**
 * struct evring_redaction - the rules for one type
 * @magic: EVRING_REDACTION_MAGIC
 * @len: bytes of the whole block, a multiple of 8
 * @size: bytes of this structure
 * @version: of the type's schema that they were made for
 * @rules: struct evring_redact_rule, 1 to EVRING_REDACT_RULES_MAX of them
 * @conds: struct evring_redact_cond, at most EVRING_REDACT_CONDS_MAX
 * @pool: bytes: the operands
 * @text: bytes: the lines that the rules were made of, each with a newline behind it;
 *	the last byte is NUL, and no other
 */
struct evring_redaction {
	__u32	magic;
	__u32	len;
	__u32	size;
	__u32	version;
	struct evring_table rules;
	struct evring_table conds;
	struct evring_table pool;
	struct evring_table text;
};

#define EVRING_REDACTION_MAGIC		0x52525645u	/* "EVRR" on a little-endian host */
#define EVRING_REDACTION_MAX		65536		/* bytes of a block */
#define EVRING_REDACT_RULES_MAX		128
#define EVRING_REDACT_CONDS_MAX		32
#define EVRING_REDACT_POOL_MAX		8192		/* bytes */
#define EVRING_REDACT_TEXT_MAX		16384		/* bytes, the NUL included */
#define EVRING_REDACT_STEPS		65536

/**
 * struct evring_redact_rule - where in one field a secret is
 * @op: enum evring_redact_op
 * @first: the byte that all operands begin with; 0: they differ
 * @kind: of the field: EVRING_KIND_TEXT or EVRING_KIND_TEXTS
 * @offset: of the field, from the start of the payload
 * @field: its number in the type's list
 * @cond: number plus 1 of the condition under which it holds; 0: always
 * @count: operands: the rule holds for each of them
 * @pool: where the first one is, bytes from the start of the pool: a __u16, and so many
 *	bytes, one operand behind another, unaligned
 */
struct evring_redact_rule {
	__u8	op;
	__u8	first;
	__u16	kind;
	__u16	offset;
	__u16	field;
	__u16	cond;
	__u16	count;
	__u32	pool;
};

/* A filter (struct evring_program) for the same type, in the same block */
struct evring_redact_cond {
	__u32	offset;
	__u32	len;
};

/*
 * Where a secret is in a text; in each of them, of an EVRING_KIND_TEXTS. Each word of a
 * text is searched like a text of its own, too: a script is an argument with words.
 */
enum evring_redact_op {
	EVRING_REDACT_ALL	= 0,	/* the text; no operand */
	EVRING_REDACT_AFTER	= 1,	/* the text after an option, whose name the operand globs */
	EVRING_REDACT_PREFIX	= 2,	/* the rest of a word that begins with the operand */
	EVRING_REDACT_VALUE	= 3,	/* the text after name= ; a glob, letters of any case */
	EVRING_REDACT_HEADER	= 4,	/* the text after name: ; letters of any case */
	EVRING_REDACT_URL	= 5,	/* a password: scheme://user:password@; no operand */
};

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
 * A time stamp older than @base belongs to a line in evring_meta.past.
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

#define EVRING_CLOCK_BOOTTIME	0	/* raw is CLOCK_BOOTTIME in ns */
#define EVRING_CLOCK_TSC	1	/* raw is x86's time stamp counter */

/**
 * struct evring_lane_info - one lane, in the meta page; its number is its place
 * @name: as the module's parameter says
 * @data_size: bytes of each ring's data area, a power of two
 * @map_size: bytes of each ring's mapping
 * @flags: 0
 * @reserved: 0
 */
struct evring_lane_info {
	char	name[EVRING_NAME_MAX];
	__u64	data_size;
	__u64	map_size;
	__u32	flags;
	__u32	reserved;
};

/* How the kernel goes on when a ring is full of records that a group has not committed */
enum evring_policy {
	EVRING_HOLD		= 0,	/* new events are dropped and counted */
	EVRING_FOLLOW		= 1,	/* old segments are overwritten */
};

/*
 * Where a new group starts (Kafka's auto.offset.reset). On a ring that has overwritten
 * records, a group that is to hold leaves the oldest ones out until a quarter of the ring is
 * free for new records, except those that another group holds.
 */
enum evring_start {
	EVRING_EARLIEST		= 0,	/* the oldest that the ring keeps */
	EVRING_LATEST		= 1,	/* events from now on */
};

/**
 * struct evring_group_info - one group, in the meta page
 * @name: empty: the place is free
 * @lanes: the lanes that it reads
 * @left_ns: CLOCK_BOOTTIME when the last owner left, 0: it has an owner or
 *	never had one
 * @policy: enum evring_policy
 * @abandon_ms: how long it goes on holding without an owner; 0: for ever
 * @flags: EVRING_GROUP_*
 * @owner: process id of the session that has it, 0: nobody
 * @generation: counts the JOINs that succeeded
 * @uid: with EVRING_GROUP_GIVEN: the user that it was given to; else 0
 */
struct evring_group_info {
	char	name[EVRING_NAME_MAX];
	__u64	lanes;
	__u64	left_ns;
	__u32	policy;
	__u32	abandon_ms;
	__u32	flags;
	__u32	owner;
	__u32	generation;
	__u32	uid;
};

#define EVRING_GROUP_ABANDONED	0x1	/* its time ran out: it holds nothing now */
#define EVRING_GROUP_GIVEN	0x2	/* it belongs to a user: EVRING_IOC_GIVE */

/**
 * struct evring_meta - start of the meta page, which may be several pages long
 * @size: bytes of this structure
 * @version: EVRING_ABI_VERSION of the kernel
 * @features: EVRING_FEATURE_*
 * @map_size: bytes of the meta page's mapping
 * @segment_size: bytes
 * @record_max: longest record, bytes, header included
 * @seq_bits: how many bits of evring_rec.seq the writer uses
 * @nr_cpus: CPU numbers are below this
 * @nr_rings: rings that exist; grows as CPUs come online, never shrinks
 * @types_seq: counts changes of types: new ones, gone ones, other lanes
 * @groups_seq: as evring_clock.seq, for @groups
 * @memory: bytes that all rings take together, ring pages included
 * @lanes: struct evring_lane_info
 * @clocks: struct evring_clock; the first one is of evring_rec.time
 * @groups: struct evring_group_info; their positions are in the ring pages
 * @past: struct evring_clock_line: the last ones of the lines that hold no more:
 *	number n is element n % @past.count. The oldest one holds for all time stamps
 *	before it, too
 * @nr_past: how many there were, all-time
 * @loaded: CLOCK_BOOTTIME when the module was loaded, milliseconds, their low 32 bits: the
 *	numbers of all rings begin at 0 then, so it is a part of an event's identity
 * @module: version of the module, a text
 */
struct evring_meta {
	__u32	size;
	__u32	version;
	__u64	features;
	__u32	map_size;
	__u32	segment_size;
	__u32	record_max;
	__u32	seq_bits;
	__u32	nr_cpus;
	__u32	nr_rings;
	__u32	types_seq;
	__u32	groups_seq;
	__u64	memory;
	struct evring_table lanes;
	struct evring_table clocks;
	struct evring_table groups;
	struct evring_table past;
	__u32	nr_past;
	__u32	loaded;
	char	module[32];
};

/**
 * struct evring_cursor - where one group is on one ring
 * @pos: committed position: the group has no need of anything below it
 * @seq: sequence number behind the last committed event, as the group's
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
 * struct evring_ring_page - start of a mapped ring
 * @size: bytes of this structure
 * @version: EVRING_ABI_VERSION of the kernel
 * @features: 0
 * @cpu: of this ring
 * @lane: of this ring
 * @reserved0: 0
 * @data_offset: of the data area in this mapping, bytes
 * @data_size: bytes, a power of two
 * @segment_size: bytes, a power of two
 * @lost: __u64: failed attempts by enum evring_lost_cause
 * @cursors: struct evring_cursor by index in evring_meta.groups
 * @reserved1: 0
 * @head: everything below is complete. Load with acquire
 * @seq: attempts so far, as of @head; as many bits as evring_rec.seq has
 * @reserved2: 0
 * @tail: oldest position that is kept; always the start of a segment
 * @seq_base: number of the first attempt in the current segment, all 64 bits:
 *	that of any record in the ring is the one next to it (less than half of
 *	the range of seq_bits away) with the record's bits
 * @discarded: records that were reserved, given up, and could not be taken back, as
 *	another context had emitted meanwhile: an empty one is in their place
 * @wakeups: how often an emit on this ring raised a wake-up
 * @held_max: high-water mark: the most bytes that groups have held where the ring entered
 *	a segment; @data_size if there was no room for one
 * @reserved3: 0
 *
 * Its own cache lines, by writer: @head and @seq the ring's CPU on each
 * publish; @tail to @held_max, and the table of losses, the ring's CPU where it
 * enters a segment, or loses or discards an event, and @wakeups also another CPU when
 * that one has gone; the cursors a COMMIT. Written by the kernel alone.
 */
struct evring_ring_page {
	__u32	size;
	__u32	version;
	__u64	features;
	__u32	cpu;
	__u16	lane;
	__u16	reserved0;
	__u64	data_offset;
	__u64	data_size;
	__u64	segment_size;
	struct evring_table lost;
	struct evring_table cursors;
	__u64	reserved1[6];

	__u64	head;
	__u64	seq;
	__u64	reserved2[6];

	__u64	tail;
	__u64	seq_base;
	__u64	discarded;
	__u64	wakeups;
	__u64	held_max;
	__u64	reserved3[3];
};

/*
 * mmap: PROT_READ, MAP_SHARED, the whole object and nothing else: map_size bytes
 * of the meta page, or of the ring as its lane says. EPERM: writable or
 * executable was asked for (EACCES of a descriptor that is open for reading
 * alone, and of mprotect); EINVAL: any other offset or length, or a private
 * mapping; ENXIO: no such ring (yet). A mapping keeps its session, and so the
 * module, until it is unmapped; a child of fork() does not get it (MADV_DONTFORK
 * is set).
 *
 * The memory is the module's (evring_meta.memory), not the reader's: it is in
 * nobody's RSS. Calls that copy from it work (write, send); calls that pin its
 * pages fail with EFAULT: O_DIRECT, vmsplice, MSG_ZEROCOPY, buffers registered
 * with io_uring, process_vm_readv, and a debugger's look.
 *
 * In a ring's offset the lane has 8 bits and the CPU 20; the bits below are 0, and
 * so are those above but for bit 60. A larger lane or CPU can give the offset
 * of another ring.
 */
#define EVRING_MMAP_META	0ULL
#define EVRING_MMAP_RING(lane, cpu)					\
	((1ULL << 60) | ((__u64)(lane) << 52) | ((__u64)(cpu) << 32))

/*
 * Calls. EACCES: the session is open for writing alone, and the call is not one
 * of DESCRIBE, REGISTER and UNREGISTER; or it is open for reading alone, and the
 * call is one of the last two. EOPNOTSUPP: a 32-bit program, which could
 * not map a ring, on a session that is open for reading; one that is open for
 * writing alone has its calls, with the same structures.
 */

/**
 * struct evring_meta_read - EVRING_IOC_META: the meta page without mmap
 * @to: address for a copy
 * @room: bytes at @to: as much as there is room for is copied
 * @len: out: bytes that there are
 *
 * The groups are as they were at one moment, the clock likewise.
 */
struct evring_meta_read {
	__u64	to;
	__u32	room;
	__u32	len;
};

/**
 * struct evring_ring_read - EVRING_IOC_RING: one ring's page without mmap
 * @to: as in struct evring_meta_read
 * @room: likewise
 * @len: likewise
 * @cpu: which ring
 * @lane: which ring
 * @reserved: 0
 *
 * A session that reads. ENXIO: no such ring (yet).
 */
struct evring_ring_read {
	__u64	to;
	__u32	room;
	__u32	len;
	__u32	cpu;
	__u16	lane;
	__u16	reserved;
};

/**
 * struct evring_join - EVRING_IOC_JOIN: become the owner of a group
 * @name: [A-Za-z0-9._-]+ but "." and "..", NUL-terminated and NUL-padded; made if there is none
 * @lanes: at least one
 * @flags: 0
 * @policy: enum evring_policy
 * @start: enum evring_start, for a new group and for lanes new to it
 * @abandon_ms: as in struct evring_group_info, at most EVRING_ABANDON_MS_MAX
 * @group: out: place in evring_meta.groups and evring_ring_page.cursors
 * @created: out: 1 if there was none of this name
 *
 * @policy, @lanes and @abandon_ms replace those of an existing group. The
 * cursors of an existing group stay where they are. Where it begins to hold,
 * one that was overtaken meanwhile moves to the ring's tail, with the sequence
 * number that it had: the difference is the number of missed events. From then on
 * the records at the cursor stay, even if tail is past it: a writer that gave way to the group
 * at that moment does not put tail back. Where it follows, an overtaken cursor
 * stays below tail.
 *
 * Hooks of events that the owner's work would go on making (files, sockets) leave its
 * process out, if it has CAP_PERFMON or CAP_SYS_ADMIN and so could detach them, or if
 * the group was given to its user (EVRING_IOC_GIVE).
 *
 * All or nothing: a call that fails, with EFAULT too, leaves the group as it was.
 * EBUSY: the group has an owner. EPERM: it was given to another user, and the caller
 * has neither capability. EALREADY: this session has a group. ENOSPC: no place for a
 * group is free. EINVAL: as always. May sleep.
 */
struct evring_join {
	char	name[EVRING_NAME_MAX];
	__u64	lanes;
	__u32	flags;
	__u32	policy;
	__u32	start;
	__u32	abandon_ms;
	__u32	group;
	__u32	created;
};

/**
 * struct evring_commit_entry - one ring's part of a commit
 * @pos: new committed position: not below the old one, not above head, a
 *	multiple of 8. That it is the start of a record is the reader's affair:
 *	a lie here misleads the group's next reader and nobody else
 * @seq: sequence number that is expected at @pos, all 64 bits: of the record
 *	behind the last one that was read
 * @missed: events that were overwritten unread since the last commit
 * @cpu: which ring
 * @lane: which ring
 * @reserved: 0
 */
struct evring_commit_entry {
	__u64	pos;
	__u64	seq;
	__u64	missed;
	__u32	cpu;
	__u16	lane;
	__u16	reserved;
};

/**
 * struct evring_commit - EVRING_IOC_COMMIT and EVRING_CMD_COMMIT
 * @entries: address of struct evring_commit_entry[]
 * @nr: how many, 1 to EVRING_COMMIT_MAX
 * @entry_size: sizeof(struct evring_commit_entry) of the caller
 * @flags: 0
 * @reserved: 0
 *
 * Entries are taken in order. Returns 0 if all were, else the first bad one's
 * errno: those before it stay taken, as the cursors in the ring pages tell (of
 * those close before an address that cannot be read, some may not be).
 *
 * EPERM: the session has no group, or has left the one that it had when the call
 * began: no entry lands in another group. ENXIO: no such ring. ERANGE: @pos is below
 * the committed position or above head. EINVAL: a lane that the group does not
 * read, @pos not a multiple of 8, or as always. E2BIG: an entry has something
 * that this kernel does not know. EFAULT.
 */
struct evring_commit {
	__u64	entries;
	__u32	nr;
	__u32	entry_size;
	__u32	flags;
	__u32	reserved;
};

/**
 * struct evring_arm - EVRING_IOC_ARM: ask to be woken
 * @lanes: which lanes to wait for, at least one
 * @flags: 0
 * @watermark: wake once so many bytes have come, or @flush_ms after the first
 *	event; 0: wake at the first event. Looked at as segments are entered:
 *	bytes in the segment that a ring is writing may not count yet
 * @flush_ms: 1 to EVRING_FLUSH_MS_MAX where there is a @watermark, else 0
 * @reserved: 0
 *
 * The order that loses no wake-up: read until there is nothing; ARM; look at
 * the heads once more; poll() only if there is still nothing. A session that
 * is not armed polls as readable. Once woken it is disarmed.
 */
struct evring_arm {
	__u64	lanes;
	__u32	flags;
	__u32	watermark;
	__u32	flush_ms;
	__u32	reserved;
};

/**
 * struct evring_limits - how many of its wanted events an owner takes
 * @size: bytes of this structure, as the caller knows it
 * @per: enum evring_limit_per: the events that share a @rate
 * @sample: take one of so many events, on each CPU; 0 and 1: all of them
 * @rate: events a second, up to EVRING_RATE_MAX, after the sample was taken; 0: any
 *	number
 * @burst: so many at once, 1 to EVRING_BURST_MAX where there is a @rate, else 0
 * @reserved: 0
 *
 * An event that its owners want, but for their limits, is lost: it takes a number, and
 * an EVRING_TYPE_LOST tells of it and others with EVRING_LOST_SAMPLED or
 * EVRING_LOST_RATE, some tenths of a second later at most if events go on, else when
 * somebody looks at the hook. Rates per user or cgroup are kept for 256 of them at a
 * time; further ones share one.
 */
struct evring_limits {
	__u32	size;
	__u32	per;
	__u32	sample;
	__u32	rate;
	__u32	burst;
	__u32	reserved;
};

/* The events that share a rate. UID and CGROUP: of types that have the common part */
enum evring_limit_per {
	EVRING_PER_TYPE		= 0,
	EVRING_PER_UID		= 1,
	EVRING_PER_CGROUP	= 2,
};

#define EVRING_SAMPLE_MAX	1000000000
#define EVRING_RATE_MAX		1000000
#define EVRING_BURST_MAX	1000000

/**
 * struct evring_hook - EVRING_IOC_HOOK: attach or detach a hook
 * @name: the type's name, NUL-terminated and NUL-padded
 * @group: the owner: a group's name; empty: the administrator
 * @filter: of EVRING_HOOK_ATTACH: address of a struct evring_program, which decides
 *	which events this owner wants; 0: all of them
 * @limits: of EVRING_HOOK_ATTACH: address of a struct evring_limits, of the events
 *	that this owner wants; 0: none
 * @op: EVRING_HOOK_*
 * @flags: EVRING_HOOK_F_*
 * @lane: in: with EVRING_HOOK_F_LANE, where the events are to go; out: where
 *	they go
 * @reserved: 0
 * @owners: out: how many have it attached, the administrator counts as one
 * @state: in: 0; out: enum evring_hook_state, as it is now
 * @filters: out: how many of its owners have a filter
 * @why: in: 0; out: a line that says why the hook is absent or disarmed, which part
 *	of it this kernel lacks, or why it could not be attached; else empty
 * @snapshot: in: 0; out: of EVRING_HOOK_F_SNAPSHOT: number of the snapshot; else, of
 *	process.state, the last one that has ended, 0: none has
 * @told: in: 0; out: of process.state: how many processes the last snapshot that has
 *	ended found, before filters
 * @has: in: 0; out: EVRING_HAS_*, of the owner that @group says
 * @reserved1: 0
 *
 * A hook has owners: the groups for which it was attached, and the administrator.
 * It is attached as long as it has one: EVRING_HOOK_DETACH takes @group from the
 * owners, and so does EVRING_IOC_DROP. It stays attached when the session
 * closes, so that events between two runs of a daemon are in the ring.
 * Idempotent.
 *
 * An event is emitted if one of the owners wants it; else it takes no place in the
 * ring, and evring_describe.filtered counts it. (Where another event came on top of it
 * meanwhile, it leaves an EVRING_TYPE_DISCARD behind.) EVRING_HOOK_ATTACH replaces the
 * owner's filter; if the call has none, the owner has none from then on. Each event is
 * judged by the old filters or by the new ones, never by a mixture.
 *
 * process.state tells of the processes that run already. It emits where an owner asks
 * for that by EVRING_HOOK_F_SNAPSHOT, and nothing else: one event for each process
 * that began before the snapshot did, in the background. An owner that has attached
 * process.fork before misses none. The call does not wait; EVRING_HOOK_QUERY tells which
 * snapshot has ended. Snapshots are numbered from 1; all calls before one has begun get
 * the same.
 *
 * To attach and to detach needs CAP_PERFMON or CAP_SYS_ADMIN; but the user that a group
 * was given to may detach its hooks. ENOENT: no such hook, or no such group. ENXIO: no
 * such lane. EBUSY: another owner has it in another lane. EOPNOTSUPP: this kernel has
 * nothing to attach it to (EVRING_HOOK_QUERY says why). A hook whose point is in a module
 * that is not loaded can be attached: it is absent until the module comes. Of a filter:
 * EINVAL: it is no program for this type; ESTALE: it is for another version of it; E2BIG:
 * it is larger than this kernel takes, or has members that this kernel does not know;
 * EFAULT. Of limits: the same, but ESTALE. May sleep.
 */
struct evring_hook {
	char	name[EVRING_NAME_MAX];
	char	group[EVRING_NAME_MAX];
	__u64	filter;
	__u64	limits;
	__u32	op;
	__u32	flags;
	__u16	lane;
	__u16	reserved;
	__u32	owners;
	__u32	state;
	__u32	filters;
	char	why[EVRING_WHY_MAX];
	__u32	snapshot;
	__u32	told;
	__u32	has;
	__u32	reserved1;
};

#define EVRING_HAS_HOOK		0x1	/* it has attached the hook */
#define EVRING_HAS_SNAPSHOT	0x2	/* and asked for a snapshot since */

/**
 * enum evring_hook_state - does it emit?
 * @EVRING_HOOK_DETACHED: nobody has attached it
 * @EVRING_HOOK_ATTACHED: it emits
 * @EVRING_HOOK_DISARMED: it is attached, but its tracepoint or function probe is
 *	switched off: no event comes until that is switched on
 * @EVRING_HOOK_ABSENT: this kernel has no tracepoint or function to attach it to
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

#define EVRING_HOOK_F_LANE	0x1	/* EVRING_HOOK_ATTACH: into this lane */
#define EVRING_HOOK_F_SNAPSHOT	0x2	/* EVRING_HOOK_ATTACH: of process.state; else EINVAL */

/**
 * struct evring_filter_read - EVRING_IOC_FILTER: filter and limits of one owner of a hook
 * @name: of the hook, as in struct evring_hook
 * @group: the owner, likewise
 * @to: address for the program: as much as there is room for is copied
 * @room: bytes at @to
 * @len: out: bytes of the whole program; 0: no filter, or @group is no owner
 * @limits: out: its limits; its size is 0 if there are none. Stays the last member, as
 *	it grows
 *
 * A session that reads. ENOENT: no such hook, or no such group. May sleep.
 */
struct evring_filter_read {
	char	name[EVRING_NAME_MAX];
	char	group[EVRING_NAME_MAX];
	__u64	to;
	__u32	room;
	__u32	len;
	struct evring_limits limits;
};

/**
 * struct evring_redact - EVRING_IOC_REDACT: the rules for one type
 * @name: of the type, NUL-terminated and NUL-padded
 * @rules: of EVRING_REDACT_SET: address of a struct evring_redaction; 0: no rules
 * @to: of EVRING_REDACT_QUERY: address for the rules: as much as there is room for
 * @room: bytes at @to
 * @len: out: bytes of the rules that the type has now, 0: none; of EVRING_REDACT_QUERY
 *	with EVRING_REDACT_F_DEFAULT of those
 * @op: EVRING_REDACT_*
 * @flags: in: EVRING_REDACT_F_DEFAULT of EVRING_REDACT_QUERY: the module's own rules,
 *	not those of now; out: EVRING_REDACT_F_*
 * @generation: in: of a change: it is refused with ESTALE if the rules are of another
 *	one; 0: they may be of any. Out: counts the changes, from 1
 * @reserved: 0
 * @redacted: out: events of which something was left out
 * @hidden: out: events that were too much work: more was left out than had to be
 *
 * Only types of hooks have rules. An application, or another module, leaves secrets out
 * of its events itself. Each event is judged by all of
 * the old rules or all of the new ones; when the call returns no event is judged by
 * the old ones any more.
 *
 * A change needs CAP_SYS_ADMIN: rules hold for all readers. ENOENT: no such type.
 * EOPNOTSUPP: it is no hook's. EINVAL: these are no rules for this type. ESTALE: they
 * are for another version of it, or see @generation. E2BIG: they are larger than this
 * kernel takes, or have something that it does not know. EFAULT, ENOMEM. May sleep.
 */
struct evring_redact {
	char	name[EVRING_NAME_MAX];
	__u64	rules;
	__u64	to;
	__u32	room;
	__u32	len;
	__u32	op;
	__u32	flags;
	__u32	generation;
	__u32	reserved;
	__u64	redacted;
	__u64	hidden;
};

#define EVRING_REDACT_QUERY	0
#define EVRING_REDACT_SET	1
#define EVRING_REDACT_RESET	2	/* to the module's own rules */

#define EVRING_REDACT_F_DEFAULT	0x1	/* they are the module's own */

/**
 * struct evring_drop - EVRING_IOC_DROP: forget a group that nobody owns
 * @name: NUL-terminated and NUL-padded
 * @flags: 0
 * @reserved: 0
 *
 * Its hooks go with it, but for those that have other owners. Needs CAP_PERFMON
 * or CAP_SYS_ADMIN, or that the group was given to the caller's user. EBUSY: it has an
 * owner. ENOENT.
 */
struct evring_drop {
	char	name[EVRING_NAME_MAX];
	__u32	flags;
	__u32	reserved;
};

/**
 * struct evring_give - EVRING_IOC_GIVE: a group belongs to a user from now on
 * @name: NUL-terminated and NUL-padded
 * @uid: the user, in the caller's user namespace
 * @flags: 0
 *
 * So a daemon needs no capability: one that has it makes the group, attaches the hooks
 * for it, and gives it to the daemon's user. Then processes with that effective user id
 *  - may join it, and no others but those with CAP_PERFMON or CAP_SYS_ADMIN;
 *  - are left out, as its owner, by the hooks that leave owners out (EVRING_IOC_JOIN);
 *  - may detach its hooks (EVRING_IOC_HOOK), and drop it.
 * It holds at once, for an owner that the group has, too; another user's owner stays
 * until it leaves. It goes when the group is dropped.
 *
 * Needs CAP_PERFMON or CAP_SYS_ADMIN. ENOENT: no such group. EBUSY: a process is joining
 * it at this moment: try again. EINVAL: no such user in this namespace, or as always. May
 * sleep.
 */
struct evring_give {
	char	name[EVRING_NAME_MAX];
	__u32	uid;
	__u32	flags;
};

/*
 * Publishing
 *
 * A program writes a sequence of events to a session that is open for writing: each
 * is a struct evring_pub and a payload, and begins at a multiple of 8. The payload has
 * the fields *behind* the type's common part: positions in it count from its own first
 * byte. The kernel puts the common part in front, which identifies the publisher, makes
 * the record and its header, and corrects the references to the tail. A program cannot
 * publish under another identity.
 *
 *	+------------+---------+-----+------------+---------+---
 *	| evring_pub | payload | pad | evring_pub | payload |
 *	+------------+---------+-----+------------+---------+---
 *
 * Each event is published whole or not at all, and in order. write() returns the
 * bytes of the events that are published, padding included. If that is less than the
 * caller wrote, the next event was refused and the events behind it were not
 * examined: writing the rest returns the errno. So -1 means that nothing was
 * published. The same holds for writev(), whose vectors may end anywhere, and
 * for io_uring: IORING_OP_WRITE, IORING_OP_WRITEV and EVRING_CMD_PUBLISH.
 *
 *	EINVAL		no such header, reserved bytes or padding that are not 0, a
 *			payload shorter than the type's fixed part, a reference that
 *			leads out of the tail or to part of an element
 *	EMSGSIZE	longer than payload_max
 *	ENOENT		no such type, or nobody has registered it any more
 *	ESTALE		the id is another type's by now: register it again
 *	EPERM		the type is the kernel's, or another user's; or the caller is
 *			another user than the opener of the device, and the opener had
 *			neither CAP_PERFMON nor CAP_SYS_ADMIN
 *	EAGAIN		no room (of a blocking session: it waits, see below)
 *	EFAULT
 *
 * No room: a group holds the segment that comes next, or the user's events that a group
 * still holds fill the module's user_percent of this CPU's ring. Then a blocking
 * writer waits until a group commits; a signal ends the wait (EINTR,
 * or a restart). A non-blocking one gets EAGAIN, after which poll() says POLLOUT
 * once a commit has let go of a segment or of all that was held and a quarter of the
 * ring is free, or a later event of the session has found room. An event that was not
 * published takes no seq and is no loss: the caller knows of it.
 */

/**
 * struct evring_pub - the header of each event that is written
 * @len: bytes of this structure and of the payload
 * @type: id of the type
 * @flags: 0
 * @generation: of the id
 * @reserved: 0
 */
struct evring_pub {
	__u32	len;
	__u16	type;
	__u16	flags;
	__u32	generation;
	__u32	reserved;
};

/**
 * struct evring_register - EVRING_IOC_REGISTER: make a type known, to publish it
 * @block: address of a struct evring_block
 * @text: address for a line that says why the block was refused, 0: none
 * @len: bytes at @block, at most EVRING_BLOCK_MAX
 * @room: bytes at @text, its NUL included
 * @flags: EVRING_REGISTER_F_*
 * @uid: EVRING_REGISTER_F_UID: the user that the type is registered for; else 0
 * @id: out
 * @generation: out: of the id
 * @payload_max: out: longest payload that can be written, bytes
 * @lane: out: where its events go
 * @reserved: 0
 *
 * The block is copied once, and every byte is verified. Its description of the common
 * part (the first common_size bytes of its payload and the fields in there) is
 * replaced by the kernel's own. Its texts are printable ASCII. It may name the lane
 * "app", or none, which is the same; another lane needs CAP_PERFMON or CAP_SYS_ADMIN.
 *
 * A type belongs to the user who opened the device. It is registered as long as a
 * session that has registered it is open, or for as long as the module is loaded
 * with EVRING_REGISTER_F_KEEP. Meanwhile any session of that user can publish it.
 * The same type can be registered many times.
 *
 * Of one name and version, one schema is the beginning of the other: fields are
 * only appended (Schema Registry's BACKWARD). Each has an id of its own, as each
 * payload is read by the schema that it was written by. A newer version is free.
 *
 *	EINVAL		no such block, flags, or reserved bytes; @text has the reason
 *	EPERM		the name's family ("family.event") is one of the kernel's, or
 *			the name another user's; a flag or lane that needs a capability
 *	EEXIST		it clashes with the same version: @text names the field
 *	EDQUOT		the user has types_max types. Those that are not registered any
 *			more count until no ring holds an event of theirs
 *	ENOSPC		applications have all ids that there are for them
 *	ENXIO		no such lane
 *	E2BIG		@len, or the module's description would be too long; or as always
 *	EFAULT, ENOMEM
 */
struct evring_register {
	__u64	block;
	__u64	text;
	__u32	len;
	__u32	room;
	__u32	flags;
	__u32	uid;
	__u32	id;
	__u32	generation;
	__u32	payload_max;
	__u16	lane;
	__u16	reserved;
};

#define EVRING_REGISTER_F_KEEP	0x1	/* until UNREGISTER, not until close */
#define EVRING_REGISTER_F_UID	0x2	/* for @uid; needs CAP_PERFMON or CAP_SYS_ADMIN */

/**
 * struct evring_unregister - EVRING_IOC_UNREGISTER: this session is done with a type
 * @id: of the type
 * @generation: of the id
 * @flags: 0
 * @reserved: 0
 *
 * Undoes this session's registration of the type, and EVRING_REGISTER_F_KEEP of any
 * session. The type goes with the last session that has registered it. For its user,
 * or with CAP_PERFMON or CAP_SYS_ADMIN. ENOENT, ESTALE, EPERM.
 */
struct evring_unregister {
	__u32	id;
	__u32	generation;
	__u32	flags;
	__u32	reserved;
};

/**
 * struct evring_publish - EVRING_CMD_PUBLISH: the arguments that write() would have
 * @events: address
 * @len: bytes
 * @flags: 0
 * @done: in: bytes at @events that are not to be published, as they are already;
 *	out: the same, with those that were published now
 * @reserved: 0
 *
 * Returns 0 if @done is @len then, else the errno of the event at @done. Where
 * there is no room io_uring hands it to a worker, which goes on at @done and waits
 * if the session is a blocking one.
 */
struct evring_publish {
	__u64	events;
	__u32	len;
	__u32	flags;
	__u32	done;
	__u32	reserved;
};

/*
 * The number of a call says its size, which may be another one than the
 * kernel's: it is told apart by its lowest byte alone.
 */
#define EVRING_IOC_MAGIC	0xEB
#define EVRING_IOC_META		_IOWR(EVRING_IOC_MAGIC, 0, struct evring_meta_read)
#define EVRING_IOC_RING		_IOWR(EVRING_IOC_MAGIC, 1, struct evring_ring_read)
#define EVRING_IOC_DESCRIBE	_IOWR(EVRING_IOC_MAGIC, 2, struct evring_describe)
#define EVRING_IOC_HOOK		_IOWR(EVRING_IOC_MAGIC, 3, struct evring_hook)
#define EVRING_IOC_JOIN		_IOWR(EVRING_IOC_MAGIC, 4, struct evring_join)
#define EVRING_IOC_LEAVE	_IO(EVRING_IOC_MAGIC, 5)
#define EVRING_IOC_COMMIT	_IOW(EVRING_IOC_MAGIC, 6, struct evring_commit)
#define EVRING_IOC_ARM		_IOW(EVRING_IOC_MAGIC, 7, struct evring_arm)
#define EVRING_IOC_DROP		_IOW(EVRING_IOC_MAGIC, 8, struct evring_drop)
#define EVRING_IOC_FILTER	_IOWR(EVRING_IOC_MAGIC, 9, struct evring_filter_read)
#define EVRING_IOC_REGISTER	_IOWR(EVRING_IOC_MAGIC, 10, struct evring_register)
#define EVRING_IOC_UNREGISTER	_IOW(EVRING_IOC_MAGIC, 11, struct evring_unregister)
/* 12 is EVRING_CMD_PUBLISH. */
#define EVRING_IOC_REDACT	_IOWR(EVRING_IOC_MAGIC, 13, struct evring_redact)
#define EVRING_IOC_GIVE		_IOW(EVRING_IOC_MAGIC, 14, struct evring_give)

/**
 * struct evring_uring_cmd - sqe->cmd of IORING_OP_URING_CMD
 * @arg: address of the command's structure, which stays there until completion
 * @size: its bytes, of the caller
 * @flags: 0
 *
 * cmd_op is EVRING_CMD_*. The completion has the ioctl's result. Nearly all are completed
 * inline. If a lock is held, or there is no room, a worker of io_uring goes on: so the next
 * commit of a session waits for the completion, or is linked (IOSQE_IO_LINK), and whoever
 * closes the io_uring before may have cancelled it.
 */
struct evring_uring_cmd {
	__u64	arg;
	__u32	size;
	__u32	flags;
};

#define EVRING_CMD_COMMIT	6	/* struct evring_commit */
#define EVRING_CMD_PUBLISH	12	/* struct evring_publish */

#endif /* _UAPI_LINUX_EVRING_H */
