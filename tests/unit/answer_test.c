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

int main(void)
{
	test_case(counts_by_message, "a message counts its own events, and a letter is none");
	return tap_end();
}
