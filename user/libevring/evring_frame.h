/* SPDX-License-Identifier: MIT */
/*
 * Frames: many records in one Kafka message, as evringd packs them where
 * value.format is raw and pack.bytes is set (header evring.frame: raw/1). A
 * frame is readable by itself: it has the types of its records, the names of
 * their lanes, the host and the clock.
 *
 *	+--------+-----+--------+---   ---+-----+--------+---   ---+-------+-------+
 *	| struct | run | record |   ...   | run | record |   ...   | lanes | types |
 *	| frame  |     |        |         |     |        |         |       |       |
 *	+--------+-----+--------+---   ---+-----+--------+---   ---+-------+-------+
 *
 * All of it in the byte order of the host that wrote it, which the magic number
 * tells: a reader of the other order refuses it. Each part is 8-byte aligned
 * within the frame. Records are as in <linux/evring.h>; there are no pads.
 */
#ifndef EVRING_FRAME_H
#define EVRING_FRAME_H

#include <evring.h>
#include <linux/evring.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define EVRING_FRAME_MAGIC	0x46525645u	/* "EVRF" on a little-endian host */
#define EVRING_FRAME_VERSION	1

/* The beginning. Positions and lengths are bytes. */
struct evring_frame {
	uint32_t magic;
	uint16_t version;
	uint16_t size;			/* of this structure: the first run begins there */
	uint32_t len;			/* of the whole frame */
	uint32_t records_end;		/* runs and records end there */
	uint32_t events;		/* records, lost records too */
	uint32_t seq_bits;		/* bits of evring_rec.seq that the writer uses */
	struct evring_table lanes;	/* struct evring_frame_lane */
	uint32_t types;			/* where they begin: up to the end */
	uint32_t nr_types;
	char machine_id[32];		/* hex digits */
	char boot_id[32];		/* hex digits */
	struct evring_line clock;	/* of the records' time stamps */
};

/* Before the records of one ring */
struct evring_frame_run {
	uint64_t seq;			/* the first record's number, all 64 bits */
	uint32_t len;			/* bytes of its records, this structure not included */
	uint32_t cpu;
	uint16_t lane;
	uint16_t reserved[3];		/* 0 */
};

struct evring_frame_lane {
	uint16_t lane;
	uint16_t reserved[3];		/* 0 */
	char name[EVRING_NAME_MAX];
};

/* Before a struct evring_block */
struct evring_frame_type {
	uint32_t id;			/* struct evring_rec.type */
	uint32_t len;			/* bytes of the block */
};

/* A walk through one frame, between evring_frame_open() and evring_frame_close(). */
struct evring_frame_reader {
	const char *buf;		/* the caller's, at any address */
	struct evring_frame frame;	/* a copy */
	uint32_t pos;			/* of the next record or run */
	uint32_t run_end;
	uint32_t events;		/* read so far */
	uint32_t cpu;			/* of the run */
	uint16_t lane;
	uint64_t seq;			/* expected next */
	struct evring_rec rec;		/* a copy of the event's */
	struct evring_type **types;	/* of the frame */
};

/*
 * Look at a message's value, and parse its types. Nothing in it is trusted:
 * all that it refers to is within @len bytes, or it is refused. No device is needed.
 * -EBADMSG: this is no frame. -EPROTO: of a version that this library does not
 * know, or of a host of the other byte order. -ENOMEM.
 */
int evring_frame_open(struct evring_frame_reader *reader, const void *buf, size_t len);

/*
 * The next event, as evring_next() gives them: its record is the reader's, good
 * until the next call, its payload is in the frame at any address (so take its
 * fields by evring_get_number() and evring_get_string()); ring, pos and next are
 * 0. Returns 1, or 0 after the last one. -EBADMSG: the next bytes are no event.
 */
int evring_frame_next(struct evring_frame_reader *reader, struct evring_event *event);

/* Free the types. Fine after an evring_frame_open() that failed. */
void evring_frame_close(struct evring_frame_reader *reader);

/* Name of a lane of this frame; NULL: it does not say. @name: room for it. */
const char *evring_frame_lane_name(const struct evring_frame_reader *reader, unsigned int lane,
				   char name[EVRING_NAME_MAX]);

/* CLOCK_REALTIME of a record, nanoseconds since 1970-01-01 UTC. */
uint64_t evring_frame_realtime(const struct evring_frame_reader *reader,
			       const struct evring_rec *rec);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* EVRING_FRAME_H */
