/* SPDX-License-Identifier: MIT */
/* outgoing: a message on its way to the producer, or one that waits for it. */
#ifndef OUTGOING_H
#define OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delivery;
struct refusal_stats;
struct rd_kafka_headers_s;

struct outgoing {
	struct outgoing *next;
	struct delivery *delivery;
	const void *value;		/* stays where it is until the report; with @copy: in @room */
	size_t len;
	const void *key;		/* NULL: none */
	size_t key_len;
	int64_t timestamp;		/* ms since 1970; 0: the time of sending */
	struct rd_kafka_headers_s *headers;	/* NULL: none; the message's own */
	uint64_t order;			/* the delivery's */
	uintptr_t place;		/* among those of one order: where the value lies or lay */
	struct refusal_stats *refusal;	/* of a letter: where its refusal is counted, or NULL */
	int32_t partition;		/* where it was refused; -1: none */
	uint32_t events;		/* so many of its delivery's; 0: all of them, or a letter */
	bool copy;			/* @value is in @room */
	bool declaration;		/* of an event that was refused */
	bool letter;			/* such an event itself, for the dead-letter topic */
	bool suspect;			/* it was refused when it was alone, or the pack that it is of */
	char room[];			/* the key and, with @copy, the value */
};

/* It is the producer's until the report, which has it. */
static inline bool outgoing_stays(const struct outgoing *out)
{
	return out->copy || out->events;
}

/* A copy of @from with its key, and with its value if @copy. Takes the headers over. */
struct outgoing *outgoing_new(const struct outgoing *from, bool copy);
void outgoing_free(struct outgoing *out);
/* Memory that it takes, with its headers, but without a value that lies elsewhere */
size_t outgoing_bytes(const struct outgoing *out);
/* By order, and by place among those of one order. */
bool outgoing_before(const struct outgoing *a, const struct outgoing *b);
/* By outgoing_before(), and stable. */
struct outgoing *outgoing_sort(struct outgoing *list);

#endif /* OUTGOING_H */
