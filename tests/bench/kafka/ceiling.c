/* SPDX-License-Identifier: MIT */
/*
 * ceiling: what librdkafka alone can do, with evringd's properties and its way
 * of taking delivery reports, and nothing of evringd's own work.
 *
 * One thread produces from static memory, without a copy, at most so many
 * messages in flight. The clock runs from the first message to the last
 * acknowledgement; connection and metadata come before it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

static const char usage[] =
	"usage: ceiling --brokers LIST [OPTION]...\n"
	"How fast librdkafka produces to the topic; prints samples, a JSON line each.\n"
	"\n"
	"  --topic NAME         (default: bench)\n"
	"  --messages N         how many (default: 1000000)\n"
	"  --size BYTES         of a value (default: 64)\n"
	"  --lines FILE         values are the lines of FILE, in turn\n"
	"  --events N           how many events one message stands for (default: 1)\n"
	"  --key BYTES          of the key, always the same one (default: 32; 0: none)\n"
	"  --partition N        no key and no partitioner: this partition\n"
	"  --memo               librdkafka's own partitioner, asked once for as long as the key\n"
	"                       is the same\n"
	"  --call WHICH         batch | produce | va: rd_kafka_produce_batch (default),\n"
	"                       rd_kafka_produce or rd_kafka_produceva\n"
	"  --timestamp          with a time stamp, as evringd (va alone)\n"
	"  --headers            with evringd's two headers (va alone)\n"
	"  --batch N            messages between two looks at the reports (default: 1024)\n"
	"  --inflight N         bound on messages without an acknowledgement (default: 100000)\n"
	"  --rate N             a second; each value begins with its time as in evringd's JSON\n"
	"  --idle SECONDS       connect, and send nothing\n"
	"  --who TEXT, --case TEXT\n"
	"                       of the samples\n"
	"  -X PROPERTY=VALUE    librdkafka's, after evringd's defaults\n";

enum call { CALL_BATCH, CALL_PRODUCE, CALL_VA };

struct line {
	char *text;
	size_t len;
};

struct bench {
	rd_kafka_conf_t *conf;
	const char *topic, *who, *name, *file;
	uint64_t messages, size, events, key_len, batch, inflight, rate, idle_s;
	int64_t partition;
	enum call call;
	bool timestamp, headers, memo;

	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	rd_kafka_queue_t *queue;
	rd_kafka_message_t *msgs;	/* one batch */
	char *values;			/* with a rate one for each message in flight, else one */
	struct line *lines;
	uint64_t nr_lines;
	char *key;
	int fd;				/* readable: there are reports */
	uint64_t sent, acked;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "ceiling: %s: %s\n", what, why);
	exit(1);
}

static void *alloc(size_t size)
{
	void *mem = calloc(1, size ? size : 1);

	if (!mem)
		die("calloc", strerror(errno));
	return mem;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Of all threads, librdkafka's among them. */
static int64_t cpu_ns(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * NS_PER_S +
	       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
}

/*
 * Delivery reports
 */

static void take_event(struct bench *b, rd_kafka_event_t *event)
{
	const rd_kafka_message_t *report;

	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_DR:
		while ((report = rd_kafka_event_message_next(event))) {
			if (report->err)
				die("delivery", rd_kafka_err2str(report->err));
			b->acked++;
		}
		break;
	case RD_KAFKA_EVENT_ERROR:
		fprintf(stderr, "ceiling: %s\n", rd_kafka_event_error_string(event));
		break;
	default:
		break;
	}
	rd_kafka_event_destroy(event);
}

static void take_reports(struct bench *b)
{
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(b->queue, 0)))
		take_event(b, event);
}

static void wait_ns(const struct bench *b, int64_t ns)
{
	const struct timespec timeout = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	struct pollfd pfd = { .fd = b->fd, .events = POLLIN };
	eventfd_t value;

	if (ppoll(&pfd, 1, ns < 0 ? NULL : &timeout, NULL) < 0)
		die("poll", strerror(errno));
	if (pfd.revents)
		eventfd_read(b->fd, &value);
}

static void wait_until_acked(struct bench *b, uint64_t acked)
{
	for (take_reports(b); b->acked < acked; take_reports(b))
		wait_ns(b, -1);
}

/*
 * Producing. Each returns how many messages librdkafka took.
 */

/* Room for a whole batch that stays as it is until its reports are there. */
static char *slot(const struct bench *b, uint64_t nr)
{
	return b->values + nr % (b->inflight + b->batch) * (b->size + 1);
}

static struct line value(const struct bench *b, uint64_t nr)
{
	if (b->lines)
		return b->lines[nr % b->nr_lines];
	return (struct line) { b->rate ? slot(b, nr) : b->values, b->size };
}

static uint64_t produce_batch(struct bench *b, uint64_t n)
{
	uint64_t i, taken;

	for (i = 0; i < n; i++) {
		struct line v = value(b, b->sent + i);

		b->msgs[i] = (rd_kafka_message_t) {
			.payload = v.text, .len = v.len,
			.key = b->key, .key_len = b->key_len, ._private = b,
		};
	}
	taken = (uint64_t)rd_kafka_produce_batch(b->rkt, (int32_t)b->partition, 0, b->msgs, (int)n);
	/* It takes them in order, and none behind the first that has no room. */
	if (taken < n && b->msgs[taken].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
		die("produce_batch", rd_kafka_err2str(b->msgs[taken].err));
	return taken;
}

static uint64_t produce_one_by_one(struct bench *b, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		struct line v = value(b, b->sent + i);

		if (!rd_kafka_produce(b->rkt, (int32_t)b->partition, 0, v.text, v.len, b->key,
				      b->key_len, b))
			continue;
		if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		die("produce", rd_kafka_err2str(rd_kafka_last_error()));
	}
	return i;
}

/* "machine/boot/lane/cpu/seq", made as cheaply as evringd makes it. */
static ssize_t put_id(char *id, uint64_t seq)
{
	static const char prefix[] = "0123456789abcdef0123456789abcdef/"
				     "0123456789abcdef0123456789abcdef/app/0/";
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + seq % 10);
		seq /= 10;
	} while (seq);
	memcpy(id, prefix, sizeof(prefix) - 1);
	memcpy(id + sizeof(prefix) - 1, digits + n, sizeof(digits) - n);
	return (ssize_t)(sizeof(prefix) - 1 + sizeof(digits) - n);
}

/* As evringd's kafka.c. */
static rd_kafka_resp_err_t produceva(struct bench *b, uint64_t nr, int64_t time_ms)
{
	struct line v = value(b, nr);
	char id[96];
	rd_kafka_vu_t vus[8] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = b->rkt },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = v.text, .size = v.len } },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = b },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)b->partition },
	};
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_error_t *error;
	size_t n = 4;

	if (b->key)
		vus[n++] = (rd_kafka_vu_t) { .vtype = RD_KAFKA_VTYPE_KEY,
					     .u.mem = { .ptr = b->key, .size = b->key_len } };
	if (b->timestamp)
		vus[n++] = (rd_kafka_vu_t) { .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = time_ms };
	if (b->headers) {
		vus[n++] = (rd_kafka_vu_t) { .vtype = RD_KAFKA_VTYPE_HEADER,
					     .u.header = { "evring.id", id, put_id(id, nr) } };
		vus[n++] = (rd_kafka_vu_t) { .vtype = RD_KAFKA_VTYPE_HEADER,
					     .u.header = { "evring.type", "process.exec/1", 14 } };
	}
	error = rd_kafka_produceva(b->rk, vus, n);
	if (error) {
		code = rd_kafka_error_code(error);
		rd_kafka_error_destroy(error);
	}
	return code;
}

static uint64_t produce_va(struct bench *b, uint64_t n)
{
	int64_t time_ms = b->timestamp ? now(CLOCK_REALTIME) / 1000000 : 0;
	rd_kafka_resp_err_t err;
	uint64_t i;

	for (i = 0; i < n; i++) {
		err = produceva(b, b->sent + i, time_ms);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		if (err)
			die("produceva", rd_kafka_err2str(err));
	}
	return i;
}

static void produce(struct bench *b, uint64_t n)
{
	switch (b->call) {
	case CALL_BATCH:
		b->sent += produce_batch(b, n);
		break;
	case CALL_PRODUCE:
		b->sent += produce_one_by_one(b, n);
		break;
	case CALL_VA:
		b->sent += produce_va(b, n);
		break;
	}
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The last message's acknowledgement ends it. */
static void produce_all(struct bench *b, uint64_t messages)
{
	uint64_t last = b->sent + messages, room, before;

	while (b->sent < last) {
		room = at_most(b->inflight - (b->sent - b->acked), last - b->sent);
		before = b->sent;
		produce(b, at_most(room, b->batch));
		take_reports(b);
		if (b->sent == before && b->acked < b->sent)
			wait_ns(b, -1);
	}
	wait_until_acked(b, last);
}

/* Each event is stamped when it is due to happen, however late it is sent. */
static void stamp(struct bench *b, uint64_t nr, int64_t time_ns)
{
	char text[48];
	int len = snprintf(text, sizeof(text), "{\"time_ns\":%" PRId64 ",\"pad\":\"", time_ns);

	memcpy(slot(b, nr), text, at_most((uint64_t)len, b->size));
}

static void produce_at_rate(struct bench *b, uint64_t messages)
{
	int64_t start = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME), passed;
	uint64_t first = b->sent, due, i, n;

	while (b->sent - first < messages) {
		passed = now(CLOCK_MONOTONIC) - start;
		due = (uint64_t)passed * b->rate / NS_PER_S;
		n = at_most(at_most(due, messages) - (b->sent - first), b->batch);
		n = at_most(n, b->inflight - (b->sent - b->acked));
		for (i = 0; i < n; i++)
			stamp(b, b->sent + i, wall +
			      (int64_t)((b->sent - first + i) * NS_PER_S / b->rate));
		if (n)
			produce(b, n);
		take_reports(b);
		wait_ns(b, 1000000);
	}
	wait_until_acked(b, first + messages);
}

/*
 * Samples
 */

static void sample(const struct bench *b, const char *metric, double x)
{
	printf("{\"part\": \"evringd\", \"env\": \"sim\", \"who\": \"%s\", \"case\": \"%s\", "
	       "\"metric\": \"%s\", \"value\": %.6g}\n", b->who, b->name, metric, x);
}

static void measure(struct bench *b)
{
	int64_t cpu = cpu_ns(), start = now(CLOCK_MONOTONIC), ns;
	double events = (double)b->messages * (double)b->events;

	if (b->rate)
		produce_at_rate(b, b->messages);
	else
		produce_all(b, b->messages);
	ns = now(CLOCK_MONOTONIC) - start;
	cpu = cpu_ns() - cpu;
	/* Then it is the pace that takes the time, and latency.c that measures. */
	if (b->rate)
		return;
	sample(b, "events/s", events * NS_PER_S / (double)ns);
	sample(b, "CPU ns/event", (double)cpu / events);
}

/*
 * Start
 */

static void set(rd_kafka_conf_t *conf, const char *property, const char *text)
{
	char error[256];

	if (rd_kafka_conf_set(conf, property, text, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		die(property, error);
}

/* evringd's: see its kafka.c. */
static rd_kafka_conf_t *new_conf(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "client.id", "evringd");
	set(conf, "enable.idempotence", "true");
	set(conf, "acks", "all");
	set(conf, "message.timeout.ms", "0");
	set(conf, "linger.ms", "5");
	set(conf, "queue.buffering.max.messages", "100000");
	set(conf, "queue.buffering.max.kbytes", "1048576");
	return conf;
}

static void set_property(struct bench *b, char *property)
{
	char *equals = strchr(property, '=');

	if (!equals)
		die(property, "is not PROPERTY=VALUE");
	*equals = '\0';
	set(b->conf, property, equals + 1);
}

/* The key is a hash's input for each message otherwise, of which zlib's CRC is the larger half. */
static int32_t memo_partitioner(const rd_kafka_topic_t *rkt, const void *key, size_t len,
				int32_t nr, void *topic_opaque, void *opaque)
{
	static char last[64];
	static size_t last_len;
	static int32_t last_nr, partition;

	if (nr != last_nr || len != last_len || memcmp(key, last, len)) {
		partition = rd_kafka_msg_partitioner_consistent_random(rkt, key, len, nr,
								       topic_opaque, opaque);
		last_nr = nr;
		last_len = len <= sizeof(last) ? len : 0;
		memcpy(last, key, last_len);
	}
	return partition;
}

static rd_kafka_topic_t *new_topic(const struct bench *b)
{
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(b->rk);

	if (b->memo)
		rd_kafka_topic_conf_set_partitioner_cb(conf, memo_partitioner);
	return rd_kafka_topic_new(b->rk, b->topic, conf);
}

static void open_producer(struct bench *b)
{
	const uint64_t one = 1;
	char error[512];

	rd_kafka_conf_set_events(b->conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
	b->rk = rd_kafka_new(RD_KAFKA_PRODUCER, b->conf, error, sizeof(error));
	if (!b->rk)
		die("no producer", error);
	b->rkt = new_topic(b);
	if (!b->rkt)
		die(b->topic, rd_kafka_err2str(rd_kafka_last_error()));
	b->queue = rd_kafka_queue_get_main(b->rk);
	b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->fd < 0)
		die("eventfd", strerror(errno));
	rd_kafka_queue_io_event_enable(b->queue, b->fd, &one, sizeof(one));
}

/* The whole file, cut into lines. */
static void read_lines(struct bench *b)
{
	FILE *file = fopen(b->file, "r");
	struct line line;
	size_t room;
	ssize_t len;

	if (!file)
		die(b->file, strerror(errno));
	for (;;) {
		line.text = NULL;
		room = 0;
		len = getline(&line.text, &room, file);
		if (len <= 0)
			break;
		line.len = (size_t)len - (line.text[len - 1] == '\n');
		b->lines = realloc(b->lines, (b->nr_lines + 1) * sizeof(*b->lines));
		if (!b->lines)
			die("realloc", strerror(errno));
		b->lines[b->nr_lines++] = line;
	}
	free(line.text);
	fclose(file);
	if (!b->nr_lines)
		die(b->file, "has no line");
}

static void make_values(struct bench *b)
{
	size_t slots = b->rate ? b->inflight + b->batch : 1, i;

	if (b->file)
		read_lines(b);
	b->msgs = alloc(b->batch * sizeof(*b->msgs));
	/* One byte more: snprintf() ends its text with a NUL. */
	b->values = alloc(slots * (b->size + 1));
	memset(b->values, 'x', slots * (b->size + 1));
	for (i = 0; b->rate && b->size > 1 && i < slots; i++)
		memcpy(b->values + (i + 1) * (b->size + 1) - 3, "\"}", 2);
	if (b->partition == RD_KAFKA_PARTITION_UA && b->key_len) {
		b->key = alloc(b->key_len);
		memset(b->key, 'k', b->key_len);
	} else {
		b->key_len = 0;
	}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end || n > 1ULL << 40)
		die(text, "is not a number that can be");
	return n;
}

static enum call call(const char *text)
{
	if (!strcmp(text, "batch"))
		return CALL_BATCH;
	if (!strcmp(text, "produce"))
		return CALL_PRODUCE;
	if (!strcmp(text, "va"))
		return CALL_VA;
	die(text, "is not batch, produce or va");
	return CALL_BATCH;
}

enum {
	OPT_BROKERS = 256, OPT_TOPIC, OPT_MESSAGES, OPT_SIZE, OPT_LINES, OPT_EVENTS, OPT_KEY,
	OPT_PARTITION, OPT_MEMO, OPT_CALL, OPT_TIMESTAMP, OPT_HEADERS, OPT_BATCH, OPT_INFLIGHT,
	OPT_RATE, OPT_IDLE, OPT_WHO, OPT_CASE, OPT_HELP,
};

static const struct option options[] = {
	{ "brokers",	required_argument,	NULL, OPT_BROKERS },
	{ "topic",	required_argument,	NULL, OPT_TOPIC },
	{ "messages",	required_argument,	NULL, OPT_MESSAGES },
	{ "size",	required_argument,	NULL, OPT_SIZE },
	{ "lines",	required_argument,	NULL, OPT_LINES },
	{ "events",	required_argument,	NULL, OPT_EVENTS },
	{ "key",	required_argument,	NULL, OPT_KEY },
	{ "partition",	required_argument,	NULL, OPT_PARTITION },
	{ "memo",	no_argument,		NULL, OPT_MEMO },
	{ "call",	required_argument,	NULL, OPT_CALL },
	{ "timestamp",	no_argument,		NULL, OPT_TIMESTAMP },
	{ "headers",	no_argument,		NULL, OPT_HEADERS },
	{ "batch",	required_argument,	NULL, OPT_BATCH },
	{ "inflight",	required_argument,	NULL, OPT_INFLIGHT },
	{ "rate",	required_argument,	NULL, OPT_RATE },
	{ "idle",	required_argument,	NULL, OPT_IDLE },
	{ "who",	required_argument,	NULL, OPT_WHO },
	{ "case",	required_argument,	NULL, OPT_CASE },
	{ "help",	no_argument,		NULL, OPT_HELP },
	{ NULL,		0,			NULL, 0 },
};

static void set_number(struct bench *b, int option, const char *text)
{
	switch (option) {
	case OPT_MESSAGES:
		b->messages = number(text);
		break;
	case OPT_SIZE:
		b->size = number(text);
		break;
	case OPT_EVENTS:
		b->events = number(text);
		break;
	case OPT_KEY:
		b->key_len = number(text);
		break;
	case OPT_PARTITION:
		b->partition = (int64_t)number(text);
		break;
	case OPT_BATCH:
		b->batch = number(text);
		break;
	case OPT_INFLIGHT:
		b->inflight = number(text);
		break;
	case OPT_RATE:
		b->rate = number(text);
		break;
	case OPT_IDLE:
		b->idle_s = number(text);
		break;
	}
}

static void set_option(struct bench *b, int option, char *text)
{
	switch (option) {
	case OPT_BROKERS:
		set(b->conf, "bootstrap.servers", text);
		break;
	case OPT_TOPIC:
		b->topic = text;
		break;
	case OPT_LINES:
		b->file = text;
		break;
	case OPT_CALL:
		b->call = call(text);
		break;
	case OPT_MEMO:
		b->memo = true;
		break;
	case OPT_TIMESTAMP:
		b->timestamp = true;
		break;
	case OPT_HEADERS:
		b->headers = true;
		break;
	case OPT_WHO:
		b->who = text;
		break;
	case OPT_CASE:
		b->name = text;
		break;
	case 'X':
		set_property(b, text);
		break;
	default:
		set_number(b, option, text);
	}
}

static bool misused(const struct bench *b, int nr_left)
{
	size_t brokers = 0;

	return nr_left || rd_kafka_conf_get(b->conf, "bootstrap.servers", NULL, &brokers) ||
	       brokers < 2 || !b->batch || b->batch > INT32_MAX || !b->inflight || !b->events ||
	       (b->rate && b->file) || ((b->timestamp || b->headers) && b->call != CALL_VA);
}

int main(int argc, char **argv)
{
	struct bench b = {
		.conf = new_conf(), .topic = "bench", .who = "librdkafka ceiling",
		.name = "ceiling", .messages = 1000000, .size = 64, .events = 1, .key_len = 32,
		.batch = 1024, .inflight = 100000, .partition = RD_KAFKA_PARTITION_UA,
	};
	int option;

	while ((option = getopt_long(argc, argv, "X:", options, NULL)) != -1) {
		if (option == '?' || option == OPT_HELP) {
			fputs(usage, option == '?' ? stderr : stdout);
			return option == '?' ? 2 : 0;
		}
		set_option(&b, option, optarg);
	}
	if (misused(&b, argc - optind)) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	make_values(&b);
	open_producer(&b);
	if (b.idle_s) {
		sleep((unsigned int)b.idle_s);
	} else {
		/* The first one pays for the connection and the topic's metadata. */
		if (b.rate)
			stamp(&b, 0, now(CLOCK_REALTIME));
		produce_all(&b, 1);
		measure(&b);
	}
	rd_kafka_topic_destroy(b.rkt);
	rd_kafka_queue_destroy(b.queue);
	rd_kafka_destroy(b.rk);
	return 0;
}
