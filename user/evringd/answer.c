/* SPDX-License-Identifier: MIT */
/* Kafka's answers to a task's messages: see running.h. */
#include "running.h"

#include "config.h"
#include "delivery.h"
#include "outgoing.h"
#include "sender.h"

#include <librdkafka/rdkafka.h>

void task_acked(void *arg, struct delivery *delivery)
{
	struct task *t = arg;

	t->counts.delivered += delivery_ack(t->deliveries, delivery);
}

static void log_refusal(struct task *t, const char *topic, const char *why, bool declared)
{
	unsigned int held;

	t->counts.rejected++;
	if (!ratelimit_pass(&t->refusals, &held))
		return;
	if (held)
		warn("%u refusals left out", held);
	warn("an event for topic %s is refused: %s%s", topic, why,
	     declared ? "; it is declared as evring.rejected" : "");
}

/* Not tolerated, the event keeps its place, so that nothing from it on is ever committed. */
static void give_up(struct task *t, const struct refusal *refusal)
{
	struct delivery *delivery = refusal->delivery;

	if (!delivery->refused)
		t->given_up += delivery_events(delivery);
	delivery->refused = true;
	task_set_trace(t, STATUS_REFUSED, "an event for topic %s is refused, and errors.tolerance is "
		  "none: %s", refusal->name, refusal->why);
	if (!t->stopping)
		task_begin_stop(t, "errors.tolerance is none", false);
	t->reading = false;
}

void task_refused(void *arg, const struct refusal *refusal)
{
	struct task *t = arg;
	bool tolerated = t->cfg->tolerance == TOLERATE_ALL;

	/* Its messages are given up anyway. */
	if (t->phase >= PHASE_CLOSE)
		return;
	/* It came in place of an event; nothing comes in its own place. */
	if (refusal->out && refusal->out->declaration) {
		warn("topic %s refuses a declaration of type evring.rejected: %s", refusal->name,
		     refusal->why);
		delivery_ack(t->deliveries, refusal->delivery);
		return;
	}
	stats_refused(t->stats, refusal->name, refusal->code ? rd_kafka_err2name(refusal->code) :
							       "unwritable", 1);
	log_refusal(t, refusal->name, refusal->why, tolerated);
	if (!tolerated)
		give_up(t, refusal);
	else if (!declare_rejected(&t->encoder, t->deliveries, refusal))
		task_fail(t, STATUS_FAILED, "%s", t->encoder.broken);
}
