/* SPDX-License-Identifier: MIT */
/* Kafka's answers to a task's messages: see running.h. */
#include "running.h"

#include "config.h"
#include "converter.h"
#include "delivery.h"
#include "letter.h"
#include "memory.h"
#include "outgoing.h"
#include "sender.h"
#include "stats.h"
#include "text.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#define CONTENTS_MAX 1024	/* bytes of a value that are logged */

/* Parts of a delivery count one by one, as some may never be acknowledged. */
void task_acked(void *arg, struct delivery *delivery, const struct outgoing *out)
{
	struct task *t = arg;
	uint64_t all = delivery_ack(t->deliveries, delivery);

	if (!out || !out->letter) {
		t->counts.delivered += out && out->events ? out->events : all;
		return;
	}
	t->counts.letters++;
	if (out->refusal)
		out->refusal->letters++;
}

/* The key and the value, as a shell reads them back */
static void log_contents(const struct outgoing *out)
{
	size_t len, cut = out->len < CONTENTS_MAX ? out->len : CONTENTS_MAX;
	char *text;
	FILE *to = stream_begin(&text, &len);

	fprintf(to, "key ");
	quote_string(to, out->key ? out->key : "", out->key ? out->key_len : 0);
	fprintf(to, ", value (%zu bytes) ", out->len);
	quote_string(to, out->value ? out->value : "", cut);
	stream_end(to);
	warn("the event that is refused: %s%s", text, cut < out->len ? "..." : "");
	free(text);
}

/* Without errors.log.enable some of them are enough. */
static bool log_passes(struct task *t)
{
	unsigned int held;

	if (t->cfg->errors_log)
		return true;
	if (!ratelimit_pass(&t->refusals, &held))
		return false;
	if (held)
		warn("%u refusals left out", held);
	return true;
}

/* An event may be refused before it has one. */
static const char *topic_of(const struct refusal *refusal)
{
	return *refusal->name ? refusal->name : "(none)";
}

static void log_refusal(struct task *t, const struct refusal *refusal, bool tolerated)
{
	const char *letters = refusal->letters;
	struct identity who = { .id = "" };

	t->counts.rejected++;
	if (!log_passes(t))
		return;
	refusal_identity(&t->encoder, t->deliveries, refusal, &who);
	warn("an event for topic %s is refused: %s%s%s%s (%s%s%s)", topic_of(refusal), refusal->why,
	     tolerated ? "; it is declared as evring.rejected" : "",
	     letters ? ", and goes to the dead-letter topic " : "", letters ? letters : "",
	     who.type, *who.type ? " " : "", who.id);
	if (t->cfg->errors_contents)
		log_contents(refusal->out);
}

/* The event keeps its place, so that nothing from it on is ever committed. */
static void keep(struct task *t, struct delivery *delivery)
{
	if (!delivery->refused)
		t->given_up += delivery_events(delivery);
	delivery->refused = true;
}

static void letter_refused(struct task *t, const struct refusal *refusal)
{
	struct identity who;

	refusal_identity(&t->encoder, t->deliveries, refusal, &who);
	log_line(LOG_ERR, "the dead-letter topic %s refuses an event, too: %s; it is declared as "
		 "evring.rejected, and nowhere else (%s)", refusal->name, refusal->why, who.id);
	delivery_ack(t->deliveries, refusal->delivery);
}

/* The sender has cut what it could: a declaration of this as one event would hide the others. */
static bool is_pack(const struct outgoing *out)
{
	return (out->events ? out->events : delivery_events(out->delivery)) > 1;
}

void task_refused(void *arg, const struct refusal *refusal)
{
	struct task *t = arg;
	bool tolerated = t->cfg->tolerance == TOLERATE_ALL;
	struct refusal counted = *refusal;
	struct outgoing *letter = NULL;

	/* Its messages are given up anyway. */
	if (t->phase >= PHASE_CLOSE)
		return;
	/* Its declaration is on its way, and all that the topics can be told. */
	if (refusal->out && refusal->out->letter) {
		letter_refused(t, refusal);
		return;
	}
	/* A declaration was refused: there is nothing to send in its place. */
	if (refusal->out && refusal->out->declaration) {
		keep(t, refusal->delivery);
		task_give_up(t, STATUS_REFUSED, "topic %s refuses a declaration of type "
			     "evring.rejected: %s", topic_of(refusal), refusal->why);
		return;
	}
	if (refusal->out && is_pack(refusal->out)) {
		keep(t, refusal->delivery);
		task_give_up(t, STATUS_REFUSED, "topic %s refuses a pack, and its events cannot be told "
			     "apart: %s", topic_of(refusal), refusal->why);
		return;
	}
	if (tolerated && !refusal->bare)
		counted.letters = t->cfg->letters;
	counted.stats = stats_refused(t->stats, refusal->name,
				      refusal->code ? rd_kafka_err2name(refusal->code) :
						      "unwritable", 1);
	log_refusal(t, &counted, tolerated);
	if (!tolerated) {
		keep(t, refusal->delivery);
		task_give_up(t, STATUS_REFUSED, "an event for topic %s is refused, and "
			     "errors.tolerance is none: %s", topic_of(refusal), refusal->why);
		return;
	}
	/* Written first, as the declaration takes the encoder's memory; sent if there is one. */
	if (counted.letters)
		letter = letter_new(&t->encoder, t->deliveries, &counted);
	if (declare_rejected(&t->encoder, t->deliveries, &counted)) {
		if (letter)
			letter_send(&t->encoder, t->deliveries, letter);
		return;
	}
	if (letter)
		outgoing_free(letter);
	keep(t, refusal->delivery);
	task_give_up(t, STATUS_FAILED, "%s", t->encoder.broken);
}
