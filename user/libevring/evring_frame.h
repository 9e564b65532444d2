/* SPDX-License-Identifier: MIT */
/*
 * Frames: many records in one Kafka message, as evringd packs them where
 * value.format is raw and pack.bytes is set (header evring.frame: raw/1). A
 * frame says all that is needed to read it: whose events, of which types, on
 * which clock.
 *
 *	+--------+-----+--------+--------+---   ---+-----+--------+---   ---+-------+
 *	| struct | run | record | record |   ...   | run | record |   ...   | types |
 *	| frame  |     |        |        |         |     |        |         |       |
 *	+--------+-----+--------+--------+---   ---+-----+--------+---   ---+-------+
 *
 * All of it in the byte order of the host that wrote it (evringd runs on
 * little-endian hosts alone), each part 8-byte aligned within the frame.
 * Records are as in <linux/evring.h>; there are no pads.
 */
#ifndef EVRING_FRAME_H
#define EVRING_FRAME_H

#include <linux/evring.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define EVRING_FRAME_MAGIC	0x46525645u	/* "EVRF" */
#define EVRING_FRAME_VERSION	1

/* The beginning. Positions and lengths are bytes. */
struct evring_frame {
	uint32_t magic;
	uint16_t version;
	uint16_t size;			/* of this structure: the first run begins there */
	uint32_t len;			/* of the whole frame */
	uint32_t types;			/* where the types are: up to the end */
	uint32_t events;		/* records, lost records too */
	uint32_t reserved;		/* 0 */
	char machine_id[32];		/* hex digits */
	char boot_id[32];		/* hex digits */
	struct evring_clock clock;	/* of the records' time stamps; its seq is 0 */
};

/* Before the records of one ring */
struct evring_frame_run {
	uint16_t lane;
	uint16_t cpu;
	uint32_t len;			/* bytes of its records, this structure not included */
};

struct evring_frame_type {
	uint32_t id;			/* struct evring_rec.type */
	uint32_t version;		/* of the schema */
	char name[EVRING_NAME_MAX];
};

/* A walk through one frame; evring_frame_open() fills it. */
struct evring_frame_reader {
	const char *buf;		/* the caller's, at any address */
	struct evring_frame frame;	/* a copy */
	uint32_t pos;			/* of the next record or run */
	uint32_t run_end;
	uint32_t events;		/* read so far */
	uint16_t lane;			/* of the run */
	uint16_t cpu;
};

struct evring_frame_event {
	struct evring_rec rec;		/* a copy */
	const void *payload;		/* in the frame, at any address */
	uint32_t payload_len;
	uint16_t lane;
	uint16_t cpu;
	struct evring_frame_type type;	/* a copy; no name: the frame does not tell */
};

/*
 * Look at a message's value. Nothing in it is trusted: whatever it says lies
 * within @len bytes, or is refused. No device is needed, nothing is allocated.
 * -EBADMSG: this is no frame. -EPROTO: of a version that this library does not
 * know.
 */
int evring_frame_open(struct evring_frame_reader *reader, const void *buf, size_t len);

/* The next event. Returns 1, or 0 after the last one. -EBADMSG: what follows is no event. */
int evring_frame_next(struct evring_frame_reader *reader, struct evring_frame_event *event);

/* CLOCK_REALTIME of a record, nanoseconds since 1970-01-01 UTC. */
uint64_t evring_frame_realtime(const struct evring_frame_reader *reader,
			       const struct evring_rec *rec);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* EVRING_FRAME_H */
