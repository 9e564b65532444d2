/* SPDX-License-Identifier: MIT */
/* A task's events, from the ring to the sender: see running.h. */
#include "running.h"

#include "cloudevent.h"
#include "config.h"
#include "delivery.h"
#include "memory.h"
#include "outgoing.h"
#include "pack.h"
#include "sender.h"
#include "template.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

bool task_hand_over(struct task *t)
{
	t->pending = !sender_produce(t->sender, &t->msg);
	return !t->pending;
}

static void count(struct task *t, const struct evring_event *event)
{
	struct evring_lost lost;

	t->counts.read++;
	t->counts.missed += event->missed;
	if (event->rec->type == EVRING_TYPE_LOST && event->payload_len >= sizeof(lost)) {
		memcpy(&lost, event->payload, sizeof(lost));
		t->counts.lost += lost.count;
	}
}

/*
 * False: there is none, or none that came before the stop. Events that a group
 * which follows has missed come as one event before the next one.
 */
static bool next_event(struct task *t, struct evring_event *event)
{
	int ret;

	if (t->has_held) {
		*event = t->held;
		t->has_held = false;
		return true;
	}
	if (t->has_after) {
		*event = t->after;
		t->has_after = false;
		return true;
	}
	ret = source_next(&t->source, event);
	if (ret < 0)
		task_fail(t, STATUS_FAILED, "%s: next event: %s", t->cfg->device, strerror(-ret));
	if (ret <= 0)
		return false;
	if (t->stopping && evring_boottime(t->source.ev, event) > t->until_ns)
		return false;
	if (event->missed) {
		declare_missed(&t->missed_before, event);
		t->after = *event;
		t->after.missed = 0;
		t->has_after = true;
		*event = t->missed_before.event;
	}
	return true;
}

/*
 * An event that cannot be written as configured; Kafka has not seen it. @bare: it is declared
 * without its content, as it has no topic, or a value that a transform would have masked.
 */
static void unwritable(struct task *t, const struct evring_event *event, bool bare,
		       const char *why)
{
	const struct route *route = t->msg.route;
	/* A pack's message is made when it is full. */
	bool known = !t->cfg->pack_bytes && !bare;
	struct outgoing out = {
		.delivery = t->msg.delivery, .order = t->msg.delivery->order,
		.key = t->cfg->key->nr ? t->msg.key : NULL, .key_len = t->msg.key_len,
		.partition = -1,
		.timestamp = known && t->cfg->timestamp == TIMESTAMP_EVENT ? t->msg.timestamp : 0,
	};
	const struct refusal refusal = {
		.delivery = t->msg.delivery, .topic = route ? route->topic : NULL,
		.name = route ? route->name : "", .out = &out, .event = event, .why = why,
		.bare = bare,
	};

	if (known)
		out.headers = message_headers(t->cfg, &t->msg);
	task_refused(t, &refusal);
	if (out.headers)
		rd_kafka_headers_destroy(out.headers);
}

/* The event becomes a message, or is declared. */
static void take(struct task *t, const struct evring_event *event)
{
	count(t, event);
	deliveries_time(t->deliveries, stats_time(evring_boottime(t->source.ev, event)));
}

/*
 * An event that is no message yet. @made: as transforms have made it; NULL: they could not. It is
 * refused as one is that Kafka has refused.
 */
static void declare(struct task *t, const struct evring_event *event,
		    const struct evring_event *made, const char *why)
{
	const struct evring_event *known = made ? made : event;

	take(t, event);
	encode_key(&t->encoder, known, &t->msg);
	if (made)
		encode_envelope(&t->encoder, known, &t->msg);
	t->msg.delivery = delivery_begin(t->deliveries, 0);
	delivery_push(t->deliveries, t->msg.delivery, event, 0, 0);
	unwritable(t, known, !made, why);
}

enum ready { READY, UNWANTED, UNFIT, LATER };

/* It is the next one again. */
static void hold(struct task *t, const struct evring_event *event)
{
	t->held = *event;
	t->has_held = true;
}

/* It can never be sent. As for a refusal of Kafka's, errors.tolerance decides. */
static enum ready judge(struct task *t, const char *why)
{
	if (t->cfg->tolerance == TOLERATE_ALL && !t->encoder.broken)
		return UNFIT;
	task_give_up(t, STATUS_FAILED, "%s", t->encoder.broken ? t->encoder.broken : why);
	return LATER;
}

/*
 * *@made: the event as it is to be written. Until the schema registry has told the id of its
 * schema the event is kept back, and those behind it stay in the ring. UNFIT: *@why tells.
 */
static enum ready prepare(struct task *t, const struct evring_event *event,
			  const struct evring_event **made, const char **why)
{
	const char *text = NULL;

	if (t->encoder.transforms)
		transforms_see(t->encoder.transforms, event);
	if (!source_wants(&t->source, event))
		return UNWANTED;
	*made = encoder_transform(&t->encoder, event);
	*why = t->encoder.unfit;
	if (!*made && !*why)
		return UNWANTED;
	switch (*made ? encode_look(&t->encoder, *made, why) :
			encode_look_rejected(&t->encoder, event, &text)) {
	case SCHEMAS_WAIT:
		hold(t, event);
		return LATER;
	case SCHEMAS_GIVEN_UP:
		task_give_up(t, STATUS_FAILED, "%s", *made ? *why : text);
		return LATER;
	case SCHEMAS_REFUSED:
		return judge(t, *why);
	default:
		return *made ? READY : judge(t, *why);
	}
}

/* False: go on later. */
static bool ship(struct task *t, const struct evring_event *event)
{
	bool closed = false;
	int error;

	if (t->packs)
		closed = pack_add(t->packs, t->deliveries, event, &t->msg, &error);
	else
		error = encode(&t->encoder, t->deliveries, event, &t->msg);
	if (!error)
		return (t->packs && !closed) || task_hand_over(t);
	unwritable(t, event, false, strerror(-error));
	return true;
}

/* Send all that is kept back. False: there is no room for some of it. */
static bool flush(struct task *t)
{
	while (t->packs && pack_close(t->packs, t->deliveries, &t->msg))
		if (!task_hand_over(t))
			return false;
	return sender_flush(t->sender);
}

/*
 * An event that is UNFIT: its declaration goes by itself, once the messages before it have gone.
 * False: there is no room for some of them, and the event is the next one again.
 */
static bool refuse(struct task *t, const struct evring_event *event,
		   const struct evring_event *made, const char *why)
{
	/*
	 * It is the encoder's, and gone with the next declaration: that of this event, or of one in
	 * a pack that Kafka refuses now. So is @made; but an event that is made and UNFIT is of a
	 * format with a schema registry, and those have no packs.
	 */
	char *text = xstrdup(why);
	bool room = flush(t);

	if (room)
		declare(t, event, made, text);
	else
		hold(t, event);
	free(text);
	return room;
}

/* Nothing is left to read. True: something has come before the device was armed. */
static bool arm(struct task *t)
{
	int ret = source_arm(&t->source);

	if (ret < 0)
		task_fail(t, STATUS_FAILED, "%s: arm: %s", t->cfg->device, strerror(-ret));
	return ret > 0;
}

/* The connector does not want the event: it is done, and needs no message. */
static void skip(struct task *t, const struct evring_event *event)
{
	count(t, event);
	delivery_skip(t->deliveries, event);
	t->counts.unwanted++;
}

bool task_pump(struct task *t)
{
	const struct evring_event *made = NULL;
	const char *why = NULL;
	struct evring_event event;
	enum ready ready;
	uint64_t n;

	for (n = 0; n < t->cfg->batch && t->reading && !t->paused; n++) {
		if (deliveries_full(t->deliveries))
			break;
		if (!next_event(t, &event)) {
			t->reading = !t->stopping;
			return flush(t) && t->reading && !t->expired && arm(t);
		}
		ready = prepare(t, &event, &made, &why);
		if (ready == UNFIT) {
			if (!refuse(t, &event, made, why))
				return false;
			continue;
		}
		if (ready == LATER) {
			sender_flush(t->sender);
			return false;
		}
		if (ready == UNWANTED) {
			skip(t, &event);
			continue;
		}
		take(t, &event);
		if (!ship(t, made))
			return false;
	}
	if (n == t->cfg->batch)
		return t->packs || sender_flush(t->sender);
	flush(t);
	return false;
}
