/* SPDX-License-Identifier: MIT */
/*
 * plan: a type's columns (schema.h) as operations, for Avro and Protobuf. It is made once for a
 * type and a lane. Text that all their events share is bytes then, and no column's kind is
 * looked up for each event.
 */
#ifndef PLAN_H
#define PLAN_H

#include "cell.h"

#include <stdint.h>

struct written;

/* Bytes behind each text of a plan that can be read, so that short ones are copied as one word */
#define PLAN_SLACK	16u

enum plan_what {
	PLAN_U8, PLAN_U16, PLAN_U32, PLAN_U64, PLAN_S8, PLAN_S16, PLAN_S32, PLAN_S64, PLAN_BOOL,
	PLAN_HEX,		/* a number in base 16 */
	PLAN_ENUM, PLAN_FLAGS,
	PLAN_NAME,		/* of an errno or a signal */
	PLAN_WALL, PLAN_BOOT_WALL,	/* a time, and the column beside with its nanoseconds */
	PLAN_CHARS, PLAN_TEXT, PLAN_TEXTS,	/* and the column beside, if that is null */
	PLAN_COLUMN,		/* any other column, as cell_field() has it */
};

/* The bytes before a value: a union's branch or a tag */
struct plan_lead {
	char bytes[4];
	uint8_t len;
};

struct plan_text {
	const char *bytes;
	size_t len;
};

/* The name of a value, as it is written, with all that stands before it */
struct plan_name {
	uint64_t value;
	struct plan_text text;
};

struct plan_op {
	uint8_t what;
	bool enters;			/* PLAN_COLUMN: the first one of its field */
	bool careful;			/* the payload may lack it: its bytes are not in @left */
	uint16_t offset, size;
	struct plan_lead lead, beside;	/* of the column, and of the one beside */
	struct plan_lead idle;		/* instead of the column beside, if that is null */
	struct plan_lead null;		/* instead of all of it */
	/* Most bytes that it and those behind it take, beside 8 for each byte of a text */
	size_t left;
	const struct schema_column *column;
	struct plan_name *names;	/* of an enum without duplicates */
	uint32_t nr_names;
};

enum { PLAN_TIME, PLAN_TIME_NS, PLAN_BOOTTIME, PLAN_CPU, PLAN_SEQ, PLAN_PID, PLAN_TID, PLAN_LEADS };

struct plan {
	const struct schema *schema;
	uint32_t fixed;			/* bytes of a payload that has all fixed parts */
	size_t room;			/* as @left of the first one */
	size_t nr_ops, nr_careful;
	struct plan_op *ops;		/* for events whose payload has @fixed bytes */
	struct plan_op *careful;	/* for all others: a PLAN_COLUMN for each column */
	struct plan_text front;		/* up to the version */
	struct plan_text middle;	/* from the host to the lane */
	struct plan_text contexts[4];
	struct plan_lead leads[PLAN_LEADS];
	struct plan_lead no_redacted;
	const struct schema_column *redacted, *data;	/* @data: NULL, if it is flat */
	char *bytes;			/* all texts */
};

/* The differences between the formats */
struct plan_format {
	void (*lead)(struct plan_lead *lead, const struct schema_column *column);
	/* Of an element of a list */
	void (*element)(struct plan_lead *lead, const struct schema_column *column);
	/* A column without a value */
	struct plan_lead null;
	unsigned int shift;		/* of the length before a text */
	/* Any column. Returns how many bytes it takes. */
	size_t (*put)(char *to, struct cells *cells, const struct schema_column *column,
		      struct cell *cell);
};

struct plan *plan_new(const struct plan_format *format, const struct source *src,
		      const struct written *written, unsigned int lane);
void plan_free(void *plan);

#endif /* PLAN_H */
