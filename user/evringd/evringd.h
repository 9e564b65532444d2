/* SPDX-License-Identifier: MIT */
/*
 * evringd's map: one block per file, in the order in which an event flows.
 *
 *	main		options, and the way from the file to the worker
 *	config, keys	the connector's file
 *	provider	${file:PATH:KEY} in their values
 *	property, check	kafka.* -> librdkafka's configuration, and what it must not be
 *	worker		one turn: acknowledged, commit, read, produce, wait
 *	loop		io_uring: what wakes the worker
 *	host		what it needs of this host
 *	source		the group's events, from /dev/evring
 *	encode		event -> message: topic, key, value, headers
 *	pack		events of one key -> one message
 *	template	"host.${type}"
 *	declare		what is not delivered, as a message of its own
 *	delivery	what is on its way, and the acknowledged prefix of each ring
 *	sender		message -> producer, again until it is acknowledged: sender.h
 *	topic, batch,	... its parts: sending.h
 *	failure
 *	producer	-> librdkafka -> delivery report: producer.h
 *	outgoing	messages that wait for it
 *	verdict		whose fault a failed delivery is
 *	split		a pack that is refused, in halves
 *	commit		the prefix -> the kernel
 *	watch		losses, rings that fill, groups that nobody reads: the log
 *
 * log, memory and others that the evring tool needs too are in user/common.
 *
 * One thread runs all of it. librdkafka's threads call the log, and the
 * callbacks and the partitioner of producer.c.
 */
#ifndef EVRINGD_H
#define EVRINGD_H

#include "log.h"
#include "memory.h"

#include <evring.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* evringd's exit status */
enum {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* at run time */
	STATUS_MISUSED	= 2,	/* command line or configuration */
	STATUS_REFUSED	= 3,	/* Kafka refuses an event, and that is not tolerated */
};

/* config.c: {"name": ..., "config": {...}} */

/* What is wrong with a configuration, line by line. Zero it but for @file. */
struct problems {
	const char *file;
	char **lines;
	size_t nr;
};

__attribute__((format(printf, 2, 3))) void problem(struct problems *list, const char *fmt, ...);
void problems_print(const struct problems *list, FILE *to);
/* To the log, as warnings, and gone. */
void problems_warn(struct problems *list);
void problems_free(struct problems *list);

#define KAFKA_PREFIX "kafka."

/* One kafka.* key, without the prefix */
struct property {
	char *name;
	char *value;
	char *written;			/* in the file: what may be printed of it, if at all */
};

/* Numbers are 64 bits wide, so that one parser fits all of them. */
struct config {
	char *name;
	char *group;
	uint64_t start;			/* enum evring_start */
	uint64_t policy;		/* enum evring_policy */
	uint64_t abandon_ms;
	char **lanes;			/* names, NULL at the end */
	char **hooks;			/* globs, NULL at the end */
	struct template *topic;
	struct template *key;		/* of no piece: messages have no key */
	uint64_t format;		/* enum value_format */
	uint64_t headers;		/* enum headers */
	uint64_t timestamp;		/* enum timestamp */
	uint64_t pack_bytes;		/* 0: an event a message */
	uint64_t watermark;
	uint64_t flush_ms;
	uint64_t batch;
	uint64_t inflight_bytes;
	uint64_t inflight_events;
	uint64_t tolerance;		/* enum tolerance */
	uint64_t retry_timeout_ms;	/* UINT64_MAX: for ever */
	uint64_t retry_delay_ms;
	uint64_t accept;		/* enum accept */
	uint64_t shutdown_ms;
	uint64_t log_level;		/* index into error, warning, info, debug */
	char *machine_id;		/* NULL: the host's own */
	char *device;
	struct property *kafka;
	size_t nr_kafka;
};

enum value_format { VALUE_JSON, VALUE_RAW };
enum headers { HEADERS_ALL, HEADERS_NONE };
enum timestamp { TIMESTAMP_EVENT, TIMESTAMP_SEND };
enum tolerance { TOLERATE_NONE, TOLERATE_ALL };
/* What is promised and may be done without: bits, in the order of delivery.accept's words */
enum accept { ACCEPT_LOSS = 1, ACCEPT_REORDERING = 2 };

/* NULL, or a configuration that is as good as the @problems are none. */
struct config *config_load(const char *path, struct problems *problems);
/* The same of a text in memory. */
struct config *config_parse(const char *text, size_t len, struct problems *problems);
void config_free(struct config *cfg);

/* keys.c: the keys are declared here and nowhere else */

void keys_print(FILE *to);
/* Give a zeroed configuration its defaults. */
void keys_default(struct config *cfg);
/* Set one key's member, or say what is wrong with the value. */
void keys_set(struct config *cfg, const char *name, const char *value, struct problems *problems);
void keys_free(struct config *cfg);
/* The next word of a comma list without the blanks around it; NULL: that was the last. */
const char *next_word(const char **list, size_t *len);

/* provider.c: ${file:PATH:KEY} and the like */

/*
 * A copy of a value with what its references stand for, NULL if one stands for nothing. In a
 * @template what is escaped stays escaped.
 */
char *provider_resolve(const char *text, bool template, char *why, size_t size);
/* A copy of @key's value in a Java properties file. NULL: @why is a constant text. */
char *properties_find(const char *text, size_t len, const char *key, const char **why);

/* property.c */

struct rd_kafka_conf_s;

/* What librdkafka calls it first, if @name is an alias; else @name. */
const char *property_name(const char *name);
/* The first that the file has of this property, by any of its names; or NULL. */
const struct property *property_find(const struct config *cfg, const char *name);
/* All properties, evringd's own included. On @trial nothing is run, loaded or connected to. */
struct rd_kafka_conf_s *property_conf(const struct config *cfg, bool trial,
				      struct problems *problems);
/* A copy of librdkafka's @text without any property's value. */
char *property_hide(const struct config *cfg, const char *text);
/* As they are written in the file. */
const char *kafka_brokers(const struct config *cfg);

/* check.c */

/* Tries the kafka.* properties, all of them. */
void kafka_check(const struct config *cfg, struct problems *problems);
/* What is allowed and should be known */
void kafka_warn(const struct config *cfg, struct problems *warnings);

/* worker.c */

/* Runs until a signal or a failure ends it. Returns evringd's exit status. */
int worker_run(const struct config *cfg, struct problems *problems);

/* loop.c: io_uring; all that can go wrong in it is fatal() */

struct loop;

/* Whatever is submitted starts with this; it stays put until its last done(). */
struct loop_op {
	void (*done)(struct loop_op *op, int res, unsigned int flags);
};

/* A file descriptor whose ready() is called whenever it has become readable. */
struct loop_watch {
	struct loop_op op;
	struct loop *loop;
	const char *what;		/* for the log */
	int fd;
	void (*ready)(void *arg);	/* NULL: to wake up is all */
	void *arg;
};

struct loop_timer {
	struct loop_op op;
	struct { int64_t sec; long long nsec; } time;
	void (*expired)(void *arg);
	void *arg;
};

struct loop *loop_open(void);
void loop_close(struct loop *loop);
/* Set @what, @fd, @ready and @arg before. */
void loop_watch(struct loop *loop, struct loop_watch *watch);
/* Set @expired and @arg before. */
void loop_timer(struct loop *loop, struct loop_timer *timer, uint64_t ms);
/* IORING_OP_URING_CMD with a @payload of 16 bytes. Set @op->done before. */
void loop_command(struct loop *loop, struct loop_op *op, int fd, uint32_t cmd, const void *payload);
/* Submit, wait for something if @wait, and call what is done. */
void loop_turn(struct loop *loop, bool wait);

/* host.c */

/* Who this host is; false: @why tells what it lacks. */
bool host_identity(const struct config *cfg, struct evring_host *host, char *why, size_t len);
/* A host's name that no topic can have, where the topic has it, is a problem. */
void topic_check(const struct config *cfg, const struct evring_host *host,
		 struct problems *problems);
/* Both, of this host */
void host_check(const struct config *cfg, struct problems *problems);
/* A glob without a match is a problem. */
void hooks_check(struct evring *ev, const struct config *cfg, struct problems *problems);
/* A field that no type has is a problem; a module that has one may yet come. */
void key_check(struct evring *ev, const struct config *cfg, struct problems *problems);
/* Both. False: there is no device that can be opened; *@error is -errno. */
bool device_check(const struct config *cfg, struct problems *problems, int *error);

/* source.c */

struct source {
	const struct config *cfg;
	struct evring *ev;
	struct evring_host host;
	uint64_t lanes;			/* a bit each */
};

void source_open(struct source *src, const struct config *cfg);
/* Look for the lanes and hooks that the configuration wants; one that is not there is a problem. */
void source_check(struct source *src, struct problems *problems);
/* False: one of @signals came while the group had another owner. */
bool source_join(struct source *src, const sigset_t *signals);
/* Attach the hooks, on behalf of the group that was joined. */
void source_attach(struct source *src);
/* True: here is the next event. False: there is none now. */
bool source_next(struct source *src, struct evring_event *event);
/* True: armed, so wait. False: something has come, read on. */
bool source_arm(struct source *src);
void source_close(struct source *src);

/* template.c */

enum variable {
	VAR_TEXT,		/* not a variable */
	VAR_TYPE, VAR_LANE, VAR_HOST, VAR_MACHINE, VAR_BOOT, VAR_CPU, VAR_PID, VAR_TID,
	VAR_FIELD,		/* any other name: a field of the event */
};

#define TEMPLATE_TOPIC \
	(1u << VAR_TYPE | 1u << VAR_LANE | 1u << VAR_HOST | 1u << VAR_MACHINE)
#define TEMPLATE_ANY (~0u)
/* What does not change while evringd runs */
#define TEMPLATE_CONSTANT \
	(1u << VAR_TEXT | 1u << VAR_HOST | 1u << VAR_MACHINE | 1u << VAR_BOOT)

struct piece {
	enum variable what;
	size_t len;
	char text[EVRING_NAME_MAX];	/* the text, or the field's name */
};

struct template {
	char *text;			/* as it is written in the file, for the log */
	size_t nr;
	struct piece *pieces;
};

/* @allowed: bits by enum variable. NULL: @why tells. */
struct template *template_parse(const char *text, unsigned int allowed, char *why, size_t len);
void template_free(struct template *tmpl);
/* Writes a variable's value to @buf, cut at @len; returns its length. */
typedef size_t template_value(const void *arg, const struct piece *piece, char *buf, size_t len);
/* Returns the length of what is in @buf; there is no NUL at its end. */
size_t template_expand(const struct template *tmpl, template_value *value, const void *arg,
		       char *buf, size_t len);

#define TOPIC_MAX 249			/* Kafka's own bound */

bool topic_name_ok(const char *name, size_t len);
/* NULL, or why this template could give what is no name of a topic. */
const char *topic_template_wrong(const struct template *tmpl);

/* delivery.c */

/*
 * An event that Kafka has not acknowledged, or that waits for one before it on
 * its ring; or several that follow each other on it, in one message. Lies in a
 * chunk, directly before its value. A cache line: one is written per event.
 */
struct delivery {
	struct delivery *next;		/* on its ring, by position */
	struct delivery *with;		/* the next one in the same message, on another ring */
	uint64_t pos;			/* commit this, once this one and all before are acked */
	uint64_t seq;			/* ... and this */
	uint64_t missed;		/* just before these */
	uint32_t ring;
	uint32_t elsewhere;		/* bytes of its value that lie in the ring */
	uint32_t events;
	uint32_t order;			/* of its message; goes round, see order_before() */
	uint32_t parts;			/* messages that must be acked for it; 0: acked */
	bool refused;			/* and not tolerated: it will never be acked */
	_Alignas(8) char value[];	/* frames are written into it */
};

/* Which of two messages was made first; there are never 2^31 of them at a time. */
static inline bool order_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

struct deliveries;

/*
 * No more is to be pushed once so much memory, or so many events, are held; 0:
 * no bound. What lies elsewhere (in the ring) counts as memory too.
 */
struct deliveries *deliveries_new(uint64_t max_bytes, uint64_t max_events);
void deliveries_free(struct deliveries *ds);
bool deliveries_full(const struct deliveries *ds);
/* Order of the oldest message that is not acknowledged; false: there is none. */
bool deliveries_oldest(const struct deliveries *ds, uint32_t *order);
/* How many have no acknowledgement; how many are not committed. */
uint64_t deliveries_unacked(const struct deliveries *ds);
uint64_t deliveries_held(const struct deliveries *ds);
/* Bytes of all chunks, the spare ones too, and of what lies elsewhere. */
uint64_t deliveries_memory(const struct deliveries *ds);

/* Room for a value of @room bytes; gone with the next delivery_begin() unless it is pushed. */
struct delivery *delivery_begin(struct deliveries *ds, size_t room);
/* It is the last on its ring now. @used: bytes of its value; @extra: bytes that lie elsewhere. */
void delivery_push(struct deliveries *ds, struct delivery *delivery,
		   const struct evring_event *event, size_t used, size_t extra);
/* The event goes into the message of @head, whose room is pushed already. */
void delivery_join(struct deliveries *ds, struct delivery *head, const struct evring_event *event);
/* Of the value's @room, as it was pushed, so much was @used. */
void delivery_shrink(struct deliveries *ds, struct delivery *delivery, size_t room, size_t used);
/* One more message is sent for it: all of them must be acked. */
void delivery_split(struct delivery *delivery);
/*
 * Kafka has one of its messages. Once it has all of them, so are all that are
 * @with it: returns how many events these are, else 0.
 */
uint64_t delivery_ack(struct deliveries *ds, struct delivery *delivery);
/* How many these are. */
uint64_t delivery_events(const struct delivery *delivery);
/* Whose ring it is on. */
void delivery_place(const struct deliveries *ds, const struct delivery *delivery, uint16_t *lane,
		    uint32_t *cpu);
/*
 * Take what can be committed: one entry for each ring whose prefix has grown,
 * @max at the most. *@events: how many events that are.
 */
unsigned int deliveries_take(struct deliveries *ds, struct evring_commit_entry *entries,
			     unsigned int max, uint64_t *events);

/* encode.c */

#define MESSAGE_KEY_MAX 1024
#define MESSAGE_ID_MAX 256	/* machine, boot, lane of 127 bytes, cpu, seq */

/* What goes to Kafka. The value lies in the delivery or in the ring. */
struct message {
	struct delivery *delivery;
	const struct route *route;
	const char *frame;		/* header evring.frame of a pack; else NULL */
	const void *value;
	size_t value_len;
	int64_t timestamp;		/* ms since 1970 */
	const char *key;		/* the encoder's, or @key_room */
	size_t key_len;
	size_t id_len;
	char key_room[MESSAGE_KEY_MAX];
	char id[MESSAGE_ID_MAX];	/* header evring.id */
};

/* What all messages of one type and lane share */
struct route {
	struct topic *topic;
	size_t type_len;
	char type[EVRING_NAME_MAX + 12];	/* header evring.type: "process.exec/1" */
};

struct encoder {
	const struct config *cfg;
	const struct source *src;
	struct sender *sender;
	struct route **routes;		/* by type id and lane */
	size_t nr_routes;
	size_t key_len;
	char *key;			/* if it is the same for all events; else NULL */
	size_t prefix_len;
	char prefix[2 * sizeof(((struct evring_host *)0)->boot_id) + 1];
};

void encoder_open(struct encoder *enc, const struct config *cfg, const struct source *src,
		  struct sender *sender);
void encoder_close(struct encoder *enc);
/* Pushes a delivery in any case. -errno: the event cannot be written as configured. */
int encode(struct encoder *enc, struct deliveries *ds, const struct evring_event *event,
	   struct message *msg);
/* Topic and key; and what else belongs to a message but is not its value. */
void encode_key(struct encoder *enc, const struct evring_event *event, struct message *msg);
void encode_envelope(struct encoder *enc, const struct evring_event *event, struct message *msg);
void message_copy(struct message *to, const struct message *from);

/* pack.c */

#define PACK_BYTES_MAX 900000		/* below librdkafka's own message.max.bytes */

struct packs;

struct packs *packs_new(struct encoder *enc);
void packs_free(struct packs *packs);
/*
 * Put an event into the open pack of its topic and key. True: another pack had
 * to be closed for it, and is @msg now. Pushes a delivery in any case. *@error:
 * -errno, the event cannot be written as configured, and its delivery is @msg's.
 */
bool pack_add(struct packs *packs, struct deliveries *ds, const struct evring_event *event,
	      struct message *msg, int *error);
/* Close any pack. False: none is open. */
bool pack_close(struct packs *packs, struct deliveries *ds, struct message *msg);


/* watch.c */

struct watch;

/* Looks at the whole module, whoever reads it. */
struct watch *watch_new(struct evring *ev);
void watch_free(struct watch *watch);
/* Log what has changed: losses, rings that fill, groups that hold and have no owner. */
void watch_look(struct watch *watch);

/* commit.c */

struct committer {
	struct loop_op op;
	struct loop *loop;
	struct evring *ev;
	struct evring_commit_entry *entries;	/* stay put while busy, as does this: */
	struct evring_commit commit;
	unsigned int room;
	unsigned int nr;
	uint64_t events;		/* in the entries */
	uint64_t committed;		/* events, all-time */
	bool busy;
	bool by_ioctl;			/* the kernel has no such command */
};

void commit_open(struct committer *com, struct loop *loop, struct evring *ev);
/* Send what can be committed, unless a commit is under way. */
void commit_start(struct committer *com, struct deliveries *ds);
/* The same, and be done with it when it returns. */
void commit_now(struct committer *com, struct deliveries *ds);
void commit_close(struct committer *com);

#endif /* EVRINGD_H */
