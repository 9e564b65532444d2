/* SPDX-License-Identifier: MIT */
/*
 * topics: Kafka's topics, read from a start to where each partition ends at that moment.
 *
 * Partitions are assigned by hand. No consumer group comes between, nothing is committed, and
 * nobody else sees that somebody reads.
 */
#ifndef EVRING_TOPICS_H
#define EVRING_TOPICS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOPICS_EARLIEST	(-1)

struct partition {
	char *topic;
	int32_t id;
	int64_t low, start, end;	/* offsets: the first that is kept; of these it reads */
	bool begun;			/* a message is left, if it is cut */
	bool done;
};

/* Retention has deleted messages before its start, which --from may have wanted, too. */
static inline bool partition_is_cut(const struct partition *p)
{
	return p->low > 0 && p->start == p->low;
}

/* ... and all behind it: nothing is left that tells of a ring. */
static inline bool partition_is_emptied(const struct partition *p)
{
	return p->low > 0 && p->low == p->end;
}

struct topics {
	rd_kafka_t *rk;
	struct partition *list;
	size_t nr, nr_done;
	size_t recent;			/* most messages are of the last one's partition */
	unsigned int timeout_s;		/* given up when Kafka tells nothing for so long */
	uint64_t messages, wanted;	/* read so far, and about how many there are */
	char reason[256];		/* why Kafka does not answer, as far as it is known */
};

/* Has the user had enough? */
typedef bool topics_enough(void);
typedef void topics_fn(const rd_kafka_message_t *message, unsigned int partition, void *arg);

/* Takes @conf. False: it was said why not. */
bool topics_open(struct topics *topics, rd_kafka_conf_t *conf, unsigned int timeout_s);
/*
 * Find the partitions of the topics, of which "^..." is a regular expression, and their ends.
 * @from_ms: since 1970, where to start, or TOPICS_EARLIEST.
 */
bool topics_find(struct topics *topics, char **names, int nr, int64_t from_ms);
/* Read the first message of each partition that is cut. */
bool topics_read_first(struct topics *topics, topics_fn *fn, void *arg, topics_enough *enough);
/* Read them to their ends, telling on a terminal how far it is. */
bool topics_read(struct topics *topics, topics_fn *fn, void *arg, topics_enough *enough);
/* Read the messages that came since, for @seconds or until it is enough. */
bool topics_read_on(struct topics *topics, unsigned int seconds, topics_fn *fn, void *arg,
		    topics_enough *enough);
void topics_close(struct topics *topics);

#endif /* EVRING_TOPICS_H */
