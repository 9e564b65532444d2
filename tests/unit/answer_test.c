/* SPDX-License-Identifier: MIT */
/* Kafka's answers to a task's messages: what they count, and what they end. */
#include "../harness/tap.h"

#include "evringd.h"
#include "running.h"

#include <stdlib.h>
#include <string.h>

/* A task that has one pack of three events on its way */
struct bench {
	struct config *cfg;
	struct task task;
	struct delivery *pack;
};

static void bench_open(struct bench *b, const char *tolerance)
{
	struct problems problems = { .file = "test" };
	struct evring_event event = { .next = 64, .next_seq = 1 };
	char text[512];
	int i;

	memset(b, 0, sizeof(*b));
	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {\"topic\": \"t\", "
		 "\"pack.bytes\": \"4000\", \"errors.tolerance\": \"%s\", "
		 "\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}", tolerance);
	b->cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stderr);
	if (!b->cfg || problems.nr)
		exit(1);
	b->task.cfg = b->cfg;
	b->task.phase = PHASE_RUN;
	b->task.stopping = true;
	b->task.deliveries = deliveries_new(0, 0);
	b->pack = delivery_begin(b->task.deliveries, 0);
	delivery_push(b->task.deliveries, b->pack, &event, 0, 0);
	for (i = 0; i < 2; i++)
		delivery_join(b->task.deliveries, b->pack, &event);
}

static void bench_close(struct bench *b)
{
	deliveries_free(b->task.deliveries);
	free(b->task.trace);
	config_free(b->cfg);
}

static void counts_by_message(void)
{
	struct refusal_stats refusal = { 0 };
	const struct outgoing mates = { .events = 2 }, declaration = { .events = 1 };
	const struct outgoing letter = { .letter = true, .refusal = &refusal };
	struct bench b;

	bench_open(&b, "all");
	task_acked(&b.task, b.pack, NULL);
	CHECK(b.task.counts.delivered == 3 && !deliveries_unacked(b.task.deliveries));
	bench_close(&b);

	bench_open(&b, "all");
	delivery_split(b.pack);
	delivery_split(b.pack);
	task_acked(&b.task, b.pack, &mates);
	check(b.task.counts.delivered == 2, "%llu, not 2",
	      (unsigned long long)b.task.counts.delivered);
	CHECK(deliveries_unacked(b.task.deliveries) == 3);
	task_acked(&b.task, b.pack, &declaration);
	CHECK(b.task.counts.delivered == 3 && deliveries_unacked(b.task.deliveries) == 3);
	task_acked(&b.task, b.pack, &letter);
	CHECK(b.task.counts.delivered == 3 && !deliveries_unacked(b.task.deliveries));
	CHECK(b.task.counts.letters == 1 && refusal.letters == 1);
	bench_close(&b);
}

/* @events: of a half, or 0 */
static void pack_is_refused(uint32_t events)
{
	struct outgoing out = { .value = "no lines", .len = 8, .events = events };
	struct refusal refusal = { .name = "t", .out = &out, .code = 10, .why = "it is odd" };
	struct bench b;

	bench_open(&b, "all");
	out.delivery = b.pack;
	refusal.delivery = b.pack;
	task_refused(&b.task, &refusal);
	CHECK(b.task.given_up == 3 && b.pack->refused);
	CHECK(!b.task.counts.rejected && deliveries_unacked(b.task.deliveries) == 3);
	check(b.task.status == STATUS_REFUSED && b.task.trace, "status %d", b.task.status);
	bench_close(&b);
}

/* What is in it cannot be told one by one. */
static void no_pack_is_declared(void)
{
	pack_is_refused(0);
	pack_is_refused(2);
}

int main(void)
{
	test_case(counts_by_message, "a message counts its own events, and a letter is none");
	test_case(no_pack_is_declared, "a pack that cannot be cut is not declared as one event");
	return tap_end();
}
