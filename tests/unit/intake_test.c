/* SPDX-License-Identifier: MIT */
/* Events from the ring to the sender, whose producer refuses each message at once. */
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "filters.h"
#include "internal.h"
#include "pack.h"
#include "producer.h"
#include "running.h"
#include "sending.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct producer *fake_open(const struct config *cfg, size_t batch_bytes, int fd, char *why,
				  size_t len)
{
	(void)cfg, (void)batch_bytes, (void)fd, (void)why, (void)len;
	return calloc(1, sizeof(struct producer));
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
	(void)producer, (void)handle, (void)topic, (void)out;
	return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

static void fake_poll(struct producer *producer, const struct producer_calls *calls)
{
	(void)producer, (void)calls;
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

static const struct producer_ops fake_ops = {
	.open = fake_open, .close = fake_close, .release = fake_release, .produce = fake_produce,
	.poll = fake_poll, .message_max = fake_message_max, .failed = fake_failed,
};

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };

/* A task without a device: the event that it holds back is the next one. */
struct bench {
	struct evring ev;
	struct config *cfg;
	struct stats stats;
	struct task task;
};

static struct bench *bench_open(const char *settings)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct task *t = &b->task;
	const struct sender_calls calls = { .acked = task_acked, .refused = task_refused, .arg = t };
	struct problems problems = { .file = "test" };
	char text[1024];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s \"topic\": \"t.${type}\", "
		 "\"errors.tolerance\": \"all\", \"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}",
		 settings);
	b->cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	if (!b->cfg || problems.nr)
		exit(1);
	b->cfg->batch = 1;
	b->ev.live = &meta;
	b->ev.clock.now = (struct evring_clock){ .mult = 1u << 20, .shift = 20 };
	b->ev.lanes_known = lanes;
	b->ev.nr_lanes = LANES;
	t->cfg = b->cfg;
	t->phase = PHASE_RUN;
	t->stats = &b->stats;
	t->source = (struct source){ .ev = &b->ev, .cfg = b->cfg, .filters = filters_new(b->cfg) };
	memset(t->source.host.machine_id, 'a', 32);
	memset(t->source.host.boot_id, 'b', 32);
	t->sender = sender_open(b->cfg, &fake_ops, &calls);
	sender_turn(t->sender, true);
	encoder_open(&t->encoder, b->cfg, &t->source, t->sender);
	t->deliveries = deliveries_new(0, 0);
	t->packs = packs_new(&t->encoder);
	t->reading = true;
	return b;
}

static void bench_close(struct bench *b)
{
	struct task *t = &b->task;

	packs_free(t->packs);
	encoder_close(&t->encoder);
	sender_close(t->sender);
	deliveries_free(t->deliveries);
	filters_free(t->source.filters);
	stats_free(&b->stats);
	config_free(b->cfg);
	free(t->trace);
	free(b);
}

/* Event @seq of the ring app/3 comes. */
static void pump(struct bench *b, uint64_t seq, const struct evring_type *type)
{
	const struct evring_rec rec = { .len = sizeof(rec), .type = (uint16_t)type->id, .seq = seq };

	b->task.held = (struct evring_event){
		.rec = &rec, .payload = &rec + 1, .type = type, .seq = seq, .lane = LANE_APP,
		.cpu = 3, .ring = 1, .next = 64 * seq, .next_seq = seq + 1,
	};
	b->task.has_held = true;
	task_pump(&b->task);
}

/* It declares event @seq alone, and tells @why. */
static bool declares(const struct outgoing *out, uint64_t seq, const char *why)
{
	json_int_t first = 0, last = 0;
	const char *reason = "none";
	json_t *event = out ? json_loadb(out->value, out->len, 0, NULL) : NULL;
	bool good;

	good = event && !json_unpack(event, "{s:{s:I, s:I, s:s}}", "data", "first_seq", &first,
				     "last_seq", &last, "reason", &reason) &&
	       (uint64_t)first == seq && (uint64_t)last == seq && strstr(reason, why);
	check(good, "events %lld to %lld: %s", (long long)first, (long long)last, reason);
	json_decref(event);
	return good;
}

/* The declaration of the pack's event takes the encoder's memory, where the reason was. */
static void reason_stays(void)
{
	const struct evring_type good = { .id = 9, .version = 1, .name = "some.event" };
	const struct evring_type odd = { .id = 10, .version = 1, .name = "odd/event" };
	struct bench *b = bench_open("\"pack.bytes\": \"4000\",");
	const struct outgoing *out;

	pump(b, 41, &good);
	CHECK(!b->task.counts.rejected);
	pump(b, 42, &odd);
	CHECK(b->task.counts.rejected == 2 && b->task.counts.read == 2);
	out = sender_topic(b->task.sender, "t.evring.rejected")->first;
	CHECK(declares(out, 41, "size too large"));
	CHECK(declares(out ? out->next : NULL, 42, "\"t.odd/event\" for odd/event"));
	bench_close(b);
}

int main(void)
{
	test_case(reason_stays, "an event that no topic can take, behind a pack that is refused: "
		  "both are declared, each with its reason");
	return tap_end();
}
