/* SPDX-License-Identifier: MIT */
/* The sender and failed batches, with a producer that fails as it is told. */
#include "../harness/tap.h"

#include "evringd.h"
#include "sending.h"
#include "verdict.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLYING_MAX 32

/* A producer, and the cluster behind it */
struct fake {
	struct producer producer;
	size_t batch_bytes;
	unsigned int nr;
	struct flight {
		struct topic_handle *handle;
		struct outgoing *out;
	} flying[FLYING_MAX];
};

/* How a batch of the topic ends: the code of each message */
static int (*judge)(const struct topic *topic, const struct flight *batch, unsigned int nr,
		    unsigned int i);

static struct producer *fake_open(const struct config *cfg, size_t batch_bytes, int fd, char *why,
				  size_t len)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	(void)cfg, (void)fd, (void)why, (void)len;
	fake->batch_bytes = batch_bytes;
	return &fake->producer;
}

static void fake_close(struct producer *producer)
{
	free(producer);
}

static void fake_release(struct topic_handle *handle)
{
	(void)handle;
}

static rd_kafka_resp_err_t fake_produce(struct producer *producer, struct topic_handle *handle,
					const char *topic, const struct outgoing *out)
{
	struct fake *fake = (struct fake *)producer;

	(void)topic;
	if (fake->nr == FLYING_MAX)
		return RD_KAFKA_RESP_ERR__QUEUE_FULL;
	fake->flying[fake->nr++] = (struct flight){ handle, (struct outgoing *)out };
	return 0;
}

/* A message's value is its number, of which the last bit is its partition. */
static unsigned int number(const struct flight *flight)
{
	return *(const unsigned char *)flight->out->value;
}

static unsigned int partition(const struct flight *flight)
{
	return number(flight) & 1;
}

/* By partition, in their order */
static void take(struct fake *fake, struct flight *all)
{
	unsigned int i, odd = 1, nr = 0;

	do {
		for (i = 0; i < fake->nr; i++)
			if (partition(&fake->flying[i]) == odd)
				all[nr++] = fake->flying[i];
	} while (odd--);
	fake->nr = 0;
}

/* As many messages of one partition as go into a batch */
static unsigned int batch_of(const struct fake *fake, const struct flight *first, unsigned int left)
{
	size_t bytes = first->out->len;
	unsigned int n = 1;

	while (n < left && first[n].handle == first->handle &&
	       partition(&first[n]) == partition(first) &&
	       (!fake->batch_bytes || bytes + first[n].out->len <= fake->batch_bytes))
		bytes += first[n++].out->len;
	return n;
}

static void fake_poll(struct producer *producer, const struct producer_calls *calls)
{
	struct fake *fake = (struct fake *)producer;
	struct flight all[FLYING_MAX];
	unsigned int nr = fake->nr, at, n, i;
	int codes[FLYING_MAX];

	take(fake, all);
	for (at = 0; at < nr; at += n) {
		n = batch_of(fake, &all[at], nr - at);
		for (i = 0; i < n; i++)
			codes[i] = judge((struct topic *)all[at].handle, &all[at], n, i);
		for (i = 0; i < n; i++) {
			const struct flight *flight = &all[at + i];
			const struct report report = {
				.topic = flight->handle, .delivery = flight->out->delivery,
				.code = codes[i], .len = flight->out->len,
				.out = flight->out, .message = flight->out,
			};

			calls->report(calls->arg, &report);
		}
		calls->batch_done(calls->arg);
	}
}

static uint64_t fake_flying(const struct producer *producer)
{
	return ((const struct fake *)producer)->nr;
}

static struct outgoing *fake_message(const struct report *report)
{
	return (struct outgoing *)report->message;
}

static void fake_forget(const struct report *report)
{
	outgoing_free((struct outgoing *)report->message);
}

static size_t fake_message_max(const struct producer *producer)
{
	(void)producer;
	return 1000000;
}

static bool fake_failed(const struct producer *producer, char *why, size_t len)
{
	(void)producer, (void)why, (void)len;
	return false;
}

static void fake_purge(struct producer *producer, bool inflight)
{
	(void)producer, (void)inflight;
}

/* There is no answer: letters are sent all the same. */
static bool fake_make_topic(struct producer *producer, struct topic_handle *handle,
			    const char *topic, const struct plan *plan, char *why, size_t len)
{
	(void)producer, (void)handle, (void)topic, (void)plan, (void)why, (void)len;
	return true;
}

static const struct producer_ops fake_ops = {
	.open = fake_open, .close = fake_close, .release = fake_release, .produce = fake_produce,
	.poll = fake_poll, .flying = fake_flying, .message = fake_message, .forget = fake_forget,
	.message_max = fake_message_max, .failed = fake_failed, .purge = fake_purge,
	.make_topic = fake_make_topic,
};

/* A sender and its reports: bits of the messages */
struct bench {
	struct config *cfg;
	struct sender *sender;
	struct deliveries *ds;
	const struct delivery *sent[FLYING_MAX];
	unsigned int nr, acked, refused;
};

static unsigned int bit_of(const struct bench *b, const struct delivery *delivery)
{
	unsigned int i;

	for (i = 0; i < b->nr && b->sent[i] != delivery; i++)
		;
	return 1u << i;
}

static void on_acked(void *arg, struct delivery *delivery, const struct outgoing *letter)
{
	struct bench *b = arg;

	(void)letter;
	b->acked |= bit_of(b, delivery);
}

static void on_refused(void *arg, const struct refusal *refusal)
{
	struct bench *b = arg;

	b->refused |= bit_of(b, refusal->delivery);
}

static struct bench *bench_open(const char *settings)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct sender_calls calls = { .acked = on_acked, .refused = on_refused, .arg = b };
	struct problems problems = { .file = "test" };
	char text[1024];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s \"topic\": \"t\", "
		 "\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}", settings);
	b->cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	if (!b->cfg || problems.nr)
		exit(1);
	b->sender = sender_open(b->cfg, &fake_ops, &calls);
	b->ds = deliveries_new(0, 0);
	return b;
}

static void bench_close(struct bench *b)
{
	struct fake *fake = (struct fake *)b->sender->producer;

	while (fake && fake->nr)
		outgoing_free(fake->flying[--fake->nr].out);
	sender_close(b->sender);
	deliveries_free(b->ds);
	config_free(b->cfg);
	free(b);
}

enum kind { EVENT, LETTER, DECLARATION };

/* The next message */
static void put(struct bench *b, const char *topic, enum kind kind)
{
	const struct evring_event event = { .next = b->nr + 1, .next_seq = b->nr + 1 };
	struct delivery *delivery = delivery_begin(b->ds, 0);
	const char value = (char)b->nr;
	const struct outgoing out = {
		.delivery = delivery, .order = delivery->order, .value = &value, .len = 1,
		.partition = -1, .letter = kind == LETTER, .declaration = kind == DECLARATION,
	};

	delivery_push(b->ds, delivery, &event, 0, 0);
	b->sent[b->nr++] = delivery;
	sender_enqueue(b->sender, sender_topic(b->sender, topic), outgoing_new(&out, true));
}

/* Until these have been acknowledged or refused, or a time that is enough */
static void turn_until(struct bench *b, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < 300 && ((b->acked | b->refused) & bits) != bits; i++) {
		sender_turn(b->sender, true);
		usleep(2000);
	}
}

/*
 * KIP-467
 */

static unsigned int poison;		/* a bit each */

/* librdkafka >= 2.4: the culprit has its batch's code, all others have that of their own. */
static int judge_poison(const struct topic *topic, const struct flight *batch, unsigned int nr,
			unsigned int i)
{
	unsigned int n;

	(void)topic;
	if (poison >> number(&batch[i]) & 1)
		return RD_KAFKA_RESP_ERR_INVALID_RECORD;
	for (n = 0; n < nr; n++)
		if (poison >> number(&batch[n]) & 1)
			return FAULT_CODE_OTHERS;
	return 0;
}

static void culprits(unsigned int bits, const char *name)
{
	struct bench *b = bench_open("\"errors.retry.timeout\": \"1\",");
	int i;

	judge = judge_poison;
	poison = bits;
	for (i = 0; i < 9; i++)
		put(b, "t", EVENT);
	turn_until(b, 0x1ff);
	if (b->refused != bits || b->acked != (0x1ff & ~bits))
		printf("# acknowledged %x, refused %x\n", b->acked, b->refused);
	ok(b->refused == bits && b->acked == (0x1ff & ~bits), name);
	bench_close(b);
}

/*
 * The moment's clock
 */

static bool bad_moment;
static int dead_code;

/* Topic "dead" fails with dead_code; all others only in a bad moment, once. */
static int judge_moment(const struct topic *topic, const struct flight *batch, unsigned int nr,
			unsigned int i)
{
	bool bad = bad_moment;

	(void)batch;
	if (!strcmp(topic->name, "dead"))
		return dead_code;
	if (i + 1 == nr)
		bad_moment = false;
	return bad ? RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS : 0;
}

/* A message of topic "dead" has failed for the moment, twice. */
static struct bench *dead_begin(const char *settings, enum kind kind)
{
	struct bench *b = bench_open(settings);

	judge = judge_moment;
	bad_moment = false;
	dead_code = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
	put(b, "dead", kind);
	sender_turn(b->sender, true);
	sender_turn(b->sender, true);
	return b;
}

/*
 * A message of topic "dead" fails for the moment, and then for its topic, for ever. Others go on,
 * and a bad moment that comes after errors.retry.timeout is a new one.
 */
static void clock_goes_on(const char *settings, enum kind kind, const char *name)
{
	struct bench *b = dead_begin(settings, kind);

	dead_code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	usleep(150000);
	sender_turn(b->sender, true);
	sender_turn(b->sender, true);
	put(b, "t", EVENT);
	turn_until(b, 1u << 1);
	usleep(500000);
	bad_moment = true;
	put(b, "t", EVENT);
	turn_until(b, 1u << 2);
	if (b->acked != 6)
		printf("# acknowledged %x, refused %x\n", b->acked, b->refused);
	ok(b->acked == 6 && !(b->refused & 6), name);
	bench_close(b);
}

/*
 * A message of topic "dead" fails for the moment for longer than errors.retry.timeout, and
 * another topic's event fails once: for that event it is the first time.
 */
static void clock_is_apart(enum kind kind, bool silent, const char *name)
{
	struct bench *b = dead_begin("\"errors.retry.timeout\": \"400\",", kind);
	unsigned int last;

	if (!silent) {
		usleep(150000);
		put(b, "t", EVENT);
		turn_until(b, 2);
	}
	usleep(500000);
	bad_moment = true;
	put(b, "t", EVENT);
	last = 1u << (b->nr - 1);
	turn_until(b, last);
	if (!(b->acked & last))
		printf("# acknowledged %x, refused %x\n", b->acked, b->refused);
	ok((b->acked & last) && !(b->refused & last), name);
	bench_close(b);
}

/*
 * After errors.retry.timeout
 */

#define NR_DEAD 16

static unsigned int sends;
static char gone[NR_DEAD + 1];	/* what was refused, in that order */

static int judge_dead(const struct topic *topic, const struct flight *batch, unsigned int nr,
		      unsigned int i)
{
	(void)topic, (void)batch, (void)nr;
	sends += !i;
	return dead_code;
}

static void on_gone(void *arg, const struct refusal *refusal)
{
	size_t nr = strlen(gone);

	(void)arg;
	if (nr < NR_DEAD && refusal->out->len == 2)
		gone[nr] = *(const char *)refusal->out->value;
}

/* Lines, one a message or all in one */
static void put_lines(struct bench *b, bool pack)
{
	const struct evring_event event = { .next = 1, .next_seq = 1 };
	struct delivery *delivery;
	char lines[2 * NR_DEAD];
	unsigned int i;

	for (i = 0; i < NR_DEAD; i++)
		memcpy(&lines[2 * i], (char []){ (char)('a' + i), '\n' }, 2);
	for (i = 0; i < NR_DEAD; i += pack ? NR_DEAD : 1) {
		struct outgoing out = { .value = &lines[2 * i], .len = pack ? sizeof(lines) : 2 };

		delivery = delivery_begin(b->ds, 0);
		delivery_push(b->ds, delivery, &event, 0, 0);
		out.delivery = delivery;
		out.order = delivery->order;
		sender_enqueue(b->sender, sender_topic(b->sender, "t"), outgoing_new(&out, true));
	}
}

/* One try and a pause for each of them would let the ring overflow. */
static void all_at_once(int code, bool pack, bool behind, const char *name)
{
	struct bench *b = bench_open("\"errors.retry.timeout\": \"50\", "
				     "\"pack.bytes\": \"4000\",");
	const struct outgoing *left;
	unsigned int i;

	judge = judge_dead;
	dead_code = code;
	sends = 0;
	memset(gone, 0, sizeof(gone));
	b->sender->calls.refused = on_gone;
	if (behind)
		put(b, "t", DECLARATION);
	put_lines(b, pack);
	for (i = 0; i < 200 && strlen(gone) < NR_DEAD; i++) {
		sender_turn(b->sender, true);
		usleep(2000);
	}
	left = sender_topic(b->sender, "t")->first;
	if (sends != 2 || strcmp(gone, "abcdefghijklmnop"))
		printf("# %u sends, refused: %s\n", sends, gone);
	ok(sends == 2 && !strcmp(gone, "abcdefghijklmnop") &&
	   (behind ? left && left->declaration && !left->next : !left), name);
	bench_close(b);
}

/*
 * A pack with an event that the broker refuses
 */

static unsigned int told;	/* events, of the messages that were acknowledged */
static unsigned int judged;	/* how often a message was refused */
static unsigned int alone;	/* ... the event alone */
static unsigned int alone_max;	/* then it is taken */

static int judge_line(const struct topic *topic, const struct flight *batch, unsigned int nr,
		      unsigned int i)
{
	bool is_alone = nr == 1 && batch[i].out->len == 2;

	(void)topic;
	if (!memchr(batch[i].out->value, 'c', batch[i].out->len) ||
	    (is_alone && alone == alone_max))
		return 0;
	judged++;
	alone += is_alone;
	return RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

static void on_part(void *arg, struct delivery *delivery, const struct outgoing *out)
{
	(void)arg, (void)delivery;
	told += out ? out->events : 0;
}

/* A pack of 16 events; the third is refused so often, once it is alone. */
static struct bench *send_pack(struct stats *stats, unsigned int refusals)
{
	struct bench *b = bench_open("\"pack.bytes\": \"4000\",");
	unsigned int i;

	judge = judge_line;
	told = judged = alone = 0;
	alone_max = refusals;
	memset(gone, 0, sizeof(gone));
	b->sender->calls.refused = on_gone;
	b->sender->calls.acked = on_part;
	b->sender->calls.stats = stats;
	put_lines(b, true);
	for (i = 0; i < 100; i++)
		sender_turn(b->sender, true);
	return b;
}

/* As any other event, and so that a request that fails by chance is no verdict on it. */
static void alone_twice(void)
{
	struct bench *b = send_pack(NULL, UINT_MAX);

	CHECK(!strcmp(gone, "c") && told == 15);
	check(alone == 2, "refused alone %u times", alone);
	/* The pack twice, its halves of 8, 4 and 2 events once. */
	check(judged == 2 + 3 + 2, "refused %u times", judged);
	bench_close(b);
	b = send_pack(NULL, 1);
	check(!*gone && told == NR_DEAD, "refused: %s; told %u", gone, told);
	bench_close(b);
}

static void mates_are_counted(void)
{
	struct stats stats = { 0 };
	struct bench *b = send_pack(&stats, UINT_MAX);

	if (told != 15 || stats.topics->events != 15)
		printf("# refused: %s; told %u, %llu of the topic\n", gone, told,
		       (unsigned long long)stats.topics->events);
	ok(!strcmp(gone, "c") && told == 15 && stats.topics->events == 15,
	   "the mates of an event that is refused count, each when it has arrived");
	bench_close(b);
	stats_free(&stats);
}

static void all_of(int code, const char *whose)
{
	char name[128];

	snprintf(name, sizeof(name), "errors.retry.timeout: %s, all that wait are refused", whose);
	all_at_once(code, false, false, name);
	all_at_once(code, true, false, "... all events of a pack");
	all_at_once(code, false, true, "... and those behind a declaration, which waits");
}

int main(void)
{
	culprits(1 << 3, "KIP-467: a culprit in a batch, alone, is refused");
	culprits(1 << 3 | 1 << 4, "... and in each of two partitions");
	culprits(1 << 7 | 1 << 8, "... at the ends of their batches");
	clock_goes_on("\"errors.tolerance\": \"all\", \"errors.deadletterqueue.topic.name\": \"dead\", "
		      "\"errors.retry.timeout\": \"400\",", LETTER,
		      "a dead letter that does not arrive leaves the moment's clock alone");
	clock_goes_on("\"errors.retry.timeout\": \"400\",", EVENT,
		      "so does a message whose topic fails");
	clock_is_apart(DECLARATION, false, "so does a declaration that does not arrive");
	clock_is_apart(DECLARATION, true, "... if nothing else was sent meanwhile");
	clock_is_apart(LETTER, true, "... and so does a dead letter");
	clock_is_apart(EVENT, true, "one topic's event that is late is not another's");
	all_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "a topic that is not there");
	all_of(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, "a moment that does not pass");
	mates_are_counted();
	test_case(alone_twice, "an event of a pack is refused once it has failed alone twice");
	return tap_end();
}
