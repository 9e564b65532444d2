/* SPDX-License-Identifier: MIT */
/*
 * evring-consume: read events back from Kafka, from the beginning, and account
 * for every one of them. Exit status 0: no hole; 1: there is one, or something
 * else is wrong, as headers that are not their value's; 2: wrong usage.
 */
#include "ledger.h"

#include <ctype.h>
#include <errno.h>
#include <evring_frame.h>
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <linux/evring.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define LOOK_NS (NS_PER_S / 2)		/* how often to look for new topics */
#define ID_MAX 256

static const char usage[] =
	"usage: evring-consume --brokers B --topics ^REGEX|LIST [OPTION]...\n"
	"Read events from the beginning of Kafka's topics and account for each.\n"
	"\n"
	"  --count N            wait for N distinct events; fewer are a failure\n"
	"  --expect-quiet-ms N  stop once nothing has come for so long (after the first)\n"
	"  --timeout S          stop in any case (default 60; 0: never)\n"
	"  --show N             print the first N events, a line each\n"
	"  --follow             print all, until SIGINT\n"
	"  --json               summary as JSON\n"
	"  --from-zero          what lies before a ring's first event is missing, too\n"
	"  --emitted FILE       what `evring status --json --rings` says: all of it must come\n"
	"  --strict             duplicates and reorderings are failures, too\n"
	"  --property K=V       a property for librdkafka\n";

enum {
	OPT_BROKERS = 1, OPT_TOPICS, OPT_COUNT, OPT_QUIET, OPT_TIMEOUT, OPT_SHOW, OPT_FOLLOW,
	OPT_JSON, OPT_ZERO, OPT_EMITTED, OPT_STRICT, OPT_PROPERTY, OPT_HELP,
};

static const struct option options[] = {
	{ "brokers",		required_argument,	NULL, OPT_BROKERS },
	{ "topics",		required_argument,	NULL, OPT_TOPICS },
	{ "count",		required_argument,	NULL, OPT_COUNT },
	{ "expect-quiet-ms",	required_argument,	NULL, OPT_QUIET },
	{ "timeout",		required_argument,	NULL, OPT_TIMEOUT },
	{ "show",		required_argument,	NULL, OPT_SHOW },
	{ "follow",		no_argument,		NULL, OPT_FOLLOW },
	{ "json",		no_argument,		NULL, OPT_JSON },
	{ "from-zero",		no_argument,		NULL, OPT_ZERO },
	{ "emitted",		required_argument,	NULL, OPT_EMITTED },
	{ "strict",		no_argument,		NULL, OPT_STRICT },
	{ "property",		required_argument,	NULL, OPT_PROPERTY },
	{ "help",		no_argument,		NULL, OPT_HELP },
	{ NULL,			0,			NULL, 0 },
};

struct consumer {
	rd_kafka_conf_t *conf;
	const char *topics, *emitted;
	uint64_t count, quiet_ms, timeout_s, show;
	bool follow, json, from_zero, strict;

	rd_kafka_t *rk;
	regex_t regex;
	rd_kafka_topic_partition_list_t *assigned;	/* .offset: its end is reached */
	struct ledger *ledger;
	int64_t last_ns;		/* when the last message came; 0: none has */
};

static volatile sig_atomic_t interrupted;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "evring-consume: %s: %s\n", what, why);
	exit(1);
}

static void on_signal(int number)
{
	interrupted = number;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * Topics: assigned by hand, partition by partition, so that no rebalance and
 * no group comes between.
 */

static bool wanted(const struct consumer *c, const char *topic)
{
	size_t len = strlen(topic), n;
	const char *list = c->topics;

	if (*list == '^')
		return !regexec(&c->regex, topic, 0, NULL, 0);
	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (n == len && !memcmp(list, topic, n))
			return true;
		if (!list[n])
			return false;
	}
}

static void add_partitions(struct consumer *c, const rd_kafka_metadata_topic_t *topic,
			   rd_kafka_topic_partition_list_t *new)
{
	int i;

	for (i = 0; i < topic->partition_cnt; i++) {
		int32_t id = topic->partitions[i].id;

		if (rd_kafka_topic_partition_list_find(c->assigned, topic->topic, id))
			continue;
		rd_kafka_topic_partition_list_add(c->assigned, topic->topic, id)->offset = false;
		rd_kafka_topic_partition_list_add(new, topic->topic, id)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	}
}

/* A broker that is away is no failure: it may come. */
static void look_for_topics(struct consumer *c)
{
	rd_kafka_topic_partition_list_t *new;
	const struct rd_kafka_metadata *md;
	rd_kafka_error_t *error = NULL;
	int i;

	if (rd_kafka_metadata(c->rk, 1, NULL, &md, 1000))
		return;
	new = rd_kafka_topic_partition_list_new(8);
	for (i = 0; i < md->topic_cnt; i++)
		if (wanted(c, md->topics[i].topic))
			add_partitions(c, &md->topics[i], new);
	rd_kafka_metadata_destroy(md);
	if (new->cnt)
		error = rd_kafka_incremental_assign(c->rk, new);
	if (error)
		die("assign", rd_kafka_error_string(error));
	rd_kafka_topic_partition_list_destroy(new);
}

/*
 * Events as lines of text
 */

/* Events hold what users typed: no control character reaches the terminal. */
static void print_text(const char *text)
{
	for (; *text; text++)
		putchar(iscntrl((unsigned char)*text) ? '?' : *text);
}

static void print_argv(const json_t *argv)
{
	const json_t *word;
	size_t i;

	json_array_foreach(argv, i, word) {
		putchar(' ');
		print_text(json_is_string(word) ? json_string_value(word) : "?");
	}
}

static bool is_common(const char *name)
{
	static const char *const names[] = {
		"uid", "euid", "gid", "loginuid", "sessionid", "pidns", "mntns", "cgroup",
		"start_time", "start_time_ns", "comm", "path", "argv",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void print_fields(json_t *data)
{
	const char *name;
	json_t *value;
	char *text;

	json_object_foreach(data, name, value) {
		if (is_common(name))
			continue;
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		printf(" %s=", name);
		print_text(text ? text : "?");
		free(text);
	}
}

static void print_event(json_t *event)
{
	const char *type = "?", *time = "?", *comm = "", *path = NULL;
	json_t *data = json_object_get(event, "data");
	json_int_t pid = 0;

	json_unpack(event, "{s?s, s?s, s?I}", "type", &type, "time", &time, "pid", &pid);
	json_unpack(data, "{s?s, s?s}", "comm", &comm, "path", &path);
	/* 2026-11-22T13:05:10.123456789Z */
	printf("%.15s %-13s %7" JSON_INTEGER_FORMAT " ", strlen(time) > 11 ? time + 11 : time,
	       type, pid);
	print_text(comm);
	if (path) {
		printf("  ");
		print_text(path);
		printf(" :");
		print_argv(json_object_get(data, "argv"));
	} else {
		print_fields(data);
	}
	putchar('\n');
	fflush(stdout);
}

/*
 * Messages
 */

/* The header as a string; false: there is none. */
static bool header(const rd_kafka_headers_t *headers, const char *name, char *buf, size_t room)
{
	const void *value;
	size_t len;

	if (!headers || rd_kafka_header_get_last(headers, name, &value, &len) || len >= room)
		return false;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return strlen(buf) == len;
}

/* Who an event is, as its value or its headers tell. */
struct identity {
	char ring[ID_MAX], type[ID_MAX];
	uint64_t seq;
};

/* "ring/seq" */
static bool read_id(const rd_kafka_headers_t *headers, struct identity *who)
{
	char *slash, *end;

	if (!header(headers, "evring.id", who->ring, sizeof(who->ring)))
		return false;
	slash = strrchr(who->ring, '/');
	if (!slash || !isdigit((unsigned char)slash[1]))
		return false;
	*slash = '\0';
	errno = 0;
	who->seq = strtoull(slash + 1, &end, 10);
	return !errno && !*end;
}

static bool same_event(const struct identity *a, const struct identity *b)
{
	return a->seq == b->seq && !strcmp(a->ring, b->ring);
}

static bool is_type(const char *type, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(type, name, len) && type[len] == '/';
}

/* False: it is an event. */
static bool is_declaration(const char *type, enum declared *kind)
{
	static const char *const names[NR_DECLARED] = {
		[DECLARED_LOST] = "evring.lost",
		[DECLARED_MISSED] = "evring.missed",
		[DECLARED_REJECTED] = "evring.rejected",
	};
	int i;

	for (i = 0; i < NR_DECLARED && !is_type(type, names[i]); i++)
		;
	*kind = i < NR_DECLARED ? (enum declared)i : DECLARED_LOST;
	return i < NR_DECLARED;
}

/* evringd's own declarations tell the range, the kernel's starts at the record's number. */
static bool covers(struct arrival *arrival, uint64_t first, uint64_t last, uint64_t count)
{
	arrival->covers = count;
	return count && (arrival->kind == DECLARED_LOST ||
			 (first == arrival->seq && last == first + count - 1));
}

static bool read_data(struct arrival *arrival, const json_t *event)
{
	json_t *data = json_object_get(event, "data");
	json_int_t first = 0, last = 0, count = 0;

	arrival->covers = 0;
	if (!is_declaration(arrival->type, &arrival->kind))
		return true;
	return !json_unpack(data, "{s:I, s?I, s?I}", "count", &count, "first_seq", &first,
			    "last_seq", &last) && count > 0 &&
	       covers(arrival, (uint64_t)first, (uint64_t)last, (uint64_t)count);
}

/* A record's payload. */
static bool read_payload(struct arrival *arrival, const void *payload, size_t len)
{
	uint64_t words[3];	/* of a lost record: count, times; else: first, last, count */

	arrival->covers = 0;
	if (!is_declaration(arrival->type, &arrival->kind))
		return true;
	if (len < sizeof(words))
		return false;
	memcpy(words, payload, sizeof(words));
	return covers(arrival, words[0], words[1],
		      words[arrival->kind == DECLARED_LOST ? 0 : 2]);
}

/* An event is in the ledger, and shown if that is wanted. */
static bool enter(struct consumer *c, struct arrival *arrival, int64_t time_ns, int64_t received_ns,
		  json_t *event)
{
	arrival->latency_ns = received_ns - time_ns;
	if (!ledger_add(c->ledger, arrival))
		return false;
	if (event && (c->follow || c->show)) {
		print_event(event);
		c->show -= c->show > 0;
	}
	return true;
}

static void mismatch(struct consumer *c, const rd_kafka_message_t *msg,
		     const struct identity *head, const struct identity *value)
{
	ledger_mismatch(c->ledger);
	fprintf(stderr, "evring-consume: %s [%d] at %lld: its headers say %s/%llu %s, its value "
		"%s/%llu %s\n", rd_kafka_topic_name(msg->rkt), msg->partition,
		(long long)msg->offset, head->ring, (unsigned long long)head->seq, head->type,
		value->ring, (unsigned long long)value->seq, value->type);
}

/* JSON tells who it is. */
static bool json_identity(json_t *event, struct identity *who, int64_t *time_ns)
{
	const char *machine, *boot, *lane, *name;
	json_int_t cpu, seq, version, time;

	if (json_unpack(event, "{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "machine_id", &machine,
			"boot_id", &boot, "lane", &lane, "cpu", &cpu, "seq", &seq, "type", &name,
			"version", &version, "time_ns", &time))
		return false;
	snprintf(who->ring, sizeof(who->ring), "%.64s/%.64s/%.64s/%lld", machine, boot, lane,
		 (long long)cpu);
	snprintf(who->type, sizeof(who->type), "%.128s/%lld", name, (long long)version);
	who->seq = (uint64_t)seq;
	*time_ns = time;
	return true;
}

/*
 * value.format raw: the record itself. Its time stamp is raw, too: Kafka's is
 * taken; and of the type it knows no name but the number.
 */
static bool record_identity(const rd_kafka_message_t *msg, struct identity *who, int64_t *time_ns)
{
	rd_kafka_timestamp_type_t kind;
	struct evring_rec rec;

	if (msg->len < sizeof(rec))
		return false;
	memcpy(&rec, msg->payload, sizeof(rec));
	*time_ns = rd_kafka_message_timestamp(msg, &kind) * 1000000;
	who->seq = rec.seq;
	if ((rec.type == EVRING_TYPE_LOST) != is_type(who->type, "evring.lost"))
		strcpy(who->type, "?");
	return rec.len == msg->len;
}

/* One event a message. The headers say who it is; so does the value, and it is believed. */
static bool take_one(struct consumer *c, const rd_kafka_message_t *msg,
		     const rd_kafka_headers_t *headers, struct arrival *arrival,
		     int64_t received_ns)
{
	struct identity head, who;
	int64_t time_ns = 0;
	json_t *event;
	bool ok;

	if (!read_id(headers, &head) ||
	    !header(headers, "evring.type", head.type, sizeof(head.type)))
		return false;
	who = head;
	event = json_loadb(msg->payload, msg->len, JSON_REJECT_DUPLICATES, NULL);
	ok = event ? json_identity(event, &who, &time_ns) : record_identity(msg, &who, &time_ns);
	if (ok && (!same_event(&head, &who) || strcmp(head.type, who.type) ||
		   rd_kafka_header_cnt(headers) != 2))
		mismatch(c, msg, &head, &who);
	arrival->ring = who.ring;
	arrival->type = who.type;
	arrival->seq = who.seq;
	ok = ok && (event ? read_data(arrival, event) :
			    read_payload(arrival, (const char *)msg->payload +
					 sizeof(struct evring_rec),
					 msg->len - sizeof(struct evring_rec)));
	ok = ok && enter(c, arrival, time_ns, received_ns, event);
	json_decref(event);
	return ok;
}

/* @who: the event that it tells. */
static bool take_line(struct consumer *c, const char *line, size_t len, struct arrival *arrival,
		      int64_t received_ns, struct identity *who)
{
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	int64_t time_ns = 0;
	bool ok = event && json_identity(event, who, &time_ns);

	if (ok) {
		arrival->ring = who->ring;
		arrival->type = who->type;
		arrival->seq = who->seq;
		ok = read_data(arrival, event) &&
		     enter(c, arrival, time_ns, received_ns, event);
	}
	json_decref(event);
	return ok;
}

/* A pack's header is its first event's. */
static void check_head(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, const struct identity *who)
{
	struct identity head = { .type = "" };

	if (headers && (!read_id(headers, &head) || !same_event(&head, who) ||
			rd_kafka_header_cnt(headers) != 2))
		mismatch(c, msg, &head, who);
}

static bool take_lines(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, struct arrival *arrival,
		       int64_t received_ns)
{
	const char *line = msg->payload, *end = line + msg->len, *newline;
	struct identity who;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		if (!take_line(c, line, (size_t)(newline - line), arrival, received_ns, &who))
			return false;
		if (line == msg->payload)
			check_head(c, msg, headers, &who);
	}
	return true;
}

static bool take_frame_event(struct consumer *c, const struct evring_frame_reader *reader,
			     const struct evring_event *event, struct arrival *arrival,
			     int64_t received_ns, struct identity *who)
{
	char lane[EVRING_NAME_MAX];

	if (!event->type || !evring_frame_lane_name(reader, event->lane, lane))
		return false;
	snprintf(who->ring, sizeof(who->ring), "%.32s/%.32s/%s/%u", reader->frame.machine_id,
		 reader->frame.boot_id, lane, event->cpu);
	snprintf(who->type, sizeof(who->type), "%s/%u", event->type->name, event->type->version);
	who->seq = event->seq;
	arrival->ring = who->ring;
	arrival->type = who->type;
	arrival->seq = who->seq;
	return read_payload(arrival, event->payload, event->payload_len) &&
	       enter(c, arrival, (int64_t)evring_frame_realtime(reader, event->rec), received_ns,
		     NULL);
}

static bool take_frame(struct consumer *c, const rd_kafka_message_t *msg,
		       const rd_kafka_headers_t *headers, struct arrival *arrival,
		       int64_t received_ns)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	struct identity who;
	bool first = true;
	int ret;

	if (evring_frame_open(&reader, msg->payload, msg->len))
		return false;
	for (; (ret = evring_frame_next(&reader, &event)) > 0; first = false) {
		if (!take_frame_event(c, &reader, &event, arrival, received_ns, &who))
			break;
		if (first)
			check_head(c, msg, headers, &who);
	}
	evring_frame_close(&reader);
	return !ret;
}

/* With headers they say what the value is, without them the value does. */
static bool take(struct consumer *c, const rd_kafka_message_t *msg, int64_t received_ns)
{
	struct arrival arrival = {
		.topic = rd_kafka_topic_name(msg->rkt), .partition = msg->partition,
	};
	const uint32_t magic = EVRING_FRAME_MAGIC;
	rd_kafka_headers_t *headers = NULL;
	char frame[16] = "";

	rd_kafka_message_headers(msg, &headers);
	if (headers && !header(headers, "evring.frame", frame, sizeof(frame)))
		return take_one(c, msg, headers, &arrival, received_ns);
	if (!headers)
		strcpy(frame, msg->len > sizeof(magic) && !memcmp(msg->payload, &magic, sizeof(magic)) ?
			      "raw/1" : "jsonl/1");
	if (!strcmp(frame, "raw/1"))
		return take_frame(c, msg, headers, &arrival, received_ns);
	return !strcmp(frame, "jsonl/1") &&
	       take_lines(c, msg, headers, &arrival, received_ns);
}

static void set_at_end(struct consumer *c, const rd_kafka_message_t *msg, bool at_end)
{
	rd_kafka_topic_partition_t *part;

	part = rd_kafka_topic_partition_list_find(c->assigned, rd_kafka_topic_name(msg->rkt),
						  msg->partition);
	if (part)
		part->offset = at_end;
}

/* Silence means nothing while a partition is still to be read. */
static bool all_at_end(const struct consumer *c)
{
	int i;

	for (i = 0; i < c->assigned->cnt; i++)
		if (!c->assigned->elems[i].offset)
			return false;
	return true;
}

static void on_message(struct consumer *c, const rd_kafka_message_t *msg)
{
	int64_t received_ns = now(CLOCK_REALTIME);

	if (msg->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		set_at_end(c, msg, true);
		return;
	}
	if (msg->err) {
		/* librdkafka goes on by itself, and the summary tells what was missed. */
		fprintf(stderr, "evring-consume: %s\n", rd_kafka_message_errstr(msg));
		return;
	}
	set_at_end(c, msg, false);
	c->last_ns = now(CLOCK_MONOTONIC);
	if (take(c, msg, received_ns))
		return;
	ledger_foreign(c->ledger);
	fprintf(stderr, "evring-consume: %s [%d] at %lld: no event\n",
		rd_kafka_topic_name(msg->rkt), msg->partition, (long long)msg->offset);
}

static bool finished(const struct consumer *c, int64_t start_ns)
{
	bool complete = !c->count || ledger_distinct(c->ledger) >= c->count;
	int64_t ns = now(CLOCK_MONOTONIC);

	if (interrupted || (c->timeout_s && ns - start_ns >= (int64_t)c->timeout_s * NS_PER_S))
		return true;
	if (c->quiet_ms)
		return complete && c->last_ns && all_at_end(c) &&
		       ns - c->last_ns >= (int64_t)c->quiet_ms * 1000000;
	return c->count && complete;
}

static void consume(struct consumer *c)
{
	int64_t start_ns = now(CLOCK_MONOTONIC), looked_ns = 0;
	rd_kafka_message_t *msg;

	while (!finished(c, start_ns)) {
		if (now(CLOCK_MONOTONIC) - looked_ns >= LOOK_NS) {
			look_for_topics(c);
			looked_ns = now(CLOCK_MONOTONIC);
		}
		msg = rd_kafka_consumer_poll(c->rk, 50);
		if (!msg)
			continue;
		on_message(c, msg);
		rd_kafka_message_destroy(msg);
	}
}

static void expect_emitted(struct consumer *c)
{
	json_t *status = json_load_file(c->emitted, 0, NULL), *rings, *ring;
	size_t i, nr;

	rings = json_object_get(status, "rings");
	nr = json_array_size(rings);
	if (!nr)
		die(c->emitted, "is not what `evring status --json --rings` prints");
	for (i = 0; i < nr; i++) {
		ring = json_array_get(rings, i);
		ledger_expect(c->ledger, json_string_value(json_object_get(ring, "lane")),
			      (int)json_integer_value(json_object_get(ring, "cpu")),
			      (uint64_t)json_integer_value(json_object_get(ring, "emitted")));
	}
	json_decref(status);
}

static int report(struct consumer *c)
{
	struct totals totals;
	bool ok;
	json_t *json;

	if (c->emitted)
		expect_emitted(c);
	totals = ledger_totals(c->ledger, c->from_zero);
	ok = !totals.lost && !totals.foreign && !totals.conflicts && !totals.mismatches &&
	     totals.distinct >= c->count;

	if (c->strict)
		ok = ok && !totals.duplicates && !totals.reordered;
	if (c->json) {
		json = ledger_json(c->ledger, c->from_zero);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else {
		ledger_print(c->ledger, c->from_zero, stdout);
	}
	if (totals.distinct < c->count)
		fprintf(stderr, "evring-consume: %llu distinct events came, not %llu\n",
			(unsigned long long)totals.distinct, (unsigned long long)c->count);
	return !ok;
}

/*
 * Start
 */

static void set(struct consumer *c, const char *name, const char *value)
{
	char error[256];

	if (rd_kafka_conf_set(c->conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die(name, error);
}

static void set_property(struct consumer *c, char *property)
{
	char *equals = strchr(property, '=');

	if (!equals)
		die(property, "is not K=V");
	*equals = '\0';
	set(c, property, equals + 1);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n > 1ULL << 40)
		die(text, "is not a number that can be");
	return n;
}

static void set_option(struct consumer *c, int option, char *value)
{
	switch (option) {
	case OPT_BROKERS:
		set(c, "bootstrap.servers", value);
		break;
	case OPT_TOPICS:
		c->topics = value;
		break;
	case OPT_COUNT:
		c->count = number(value);
		break;
	case OPT_QUIET:
		c->quiet_ms = number(value);
		break;
	case OPT_TIMEOUT:
		c->timeout_s = number(value);
		break;
	case OPT_SHOW:
		c->show = number(value);
		break;
	case OPT_FOLLOW:
		c->follow = true;
		c->timeout_s = 0;
		break;
	case OPT_JSON:
		c->json = true;
		break;
	case OPT_ZERO:
		c->from_zero = true;
		break;
	case OPT_EMITTED:
		c->emitted = value;
		break;
	case OPT_STRICT:
		c->strict = true;
		break;
	case OPT_PROPERTY:
		set_property(c, value);
		break;
	}
}

static void set_up(struct consumer *c)
{
	const struct sigaction action = { .sa_handler = on_signal };
	char error[256];

	if (*c->topics == '^' && regcomp(&c->regex, c->topics, REG_EXTENDED | REG_NOSUB))
		die(c->topics, "is not a regular expression");
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		die("sigaction", strerror(errno));
	c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, c->conf, error, sizeof(error));
	if (!c->rk)
		die("librdkafka", error);
	rd_kafka_poll_set_consumer(c->rk);
	c->assigned = rd_kafka_topic_partition_list_new(16);
	c->ledger = ledger_new();
}

static void tear_down(struct consumer *c)
{
	rd_kafka_consumer_close(c->rk);
	rd_kafka_topic_partition_list_destroy(c->assigned);
	rd_kafka_destroy(c->rk);
	ledger_free(c->ledger);
	if (*c->topics == '^')
		regfree(&c->regex);
}

static int misused(struct consumer *c, bool wrong)
{
	rd_kafka_conf_destroy(c->conf);
	fputs(usage, wrong ? stderr : stdout);
	return wrong ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct consumer c = { .conf = rd_kafka_conf_new(), .timeout_s = 60 };
	size_t brokers = 0;
	int option, status;

	set(&c, "group.id", "evring-consume");
	set(&c, "enable.auto.commit", "false");
	set(&c, "enable.partition.eof", "true");
	set(&c, "fetch.wait.max.ms", "10");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?' || option == OPT_HELP)
			return misused(&c, option == '?');
		set_option(&c, option, optarg);
	}
	if (optind != argc || !c.topics || !*c.topics ||
	    rd_kafka_conf_get(c.conf, "bootstrap.servers", NULL, &brokers) || brokers < 2)
		return misused(&c, true);
	set_up(&c);
	consume(&c);
	status = report(&c);
	tear_down(&c);
	return status;
}
