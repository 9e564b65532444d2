/* SPDX-License-Identifier: MIT */
/* See letter.h. */
#include "letter.h"

#include "config.h"
#include "converter.h"
#include "declare.h"
#include "delivery.h"
#include "encode.h"
#include "memory.h"
#include "outgoing.h"
#include "sender.h"
#include "verdict.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

static void add(rd_kafka_headers_t *headers, const char *name, const char *value)
{
	char whole[64];

	snprintf(whole, sizeof(whole), LETTER_PREFIX "%s", name);
	if (*value)
		rd_kafka_header_add(headers, whole, -1, value, -1);
}

static void add_context(rd_kafka_headers_t *headers, const struct config *cfg,
			const struct refusal *refusal, const struct identity *who)
{
	char partition[16] = "";

	if (refusal->out->partition >= 0)
		snprintf(partition, sizeof(partition), "%d", (int)refusal->out->partition);
	add(headers, "topic", refusal->name);
	add(headers, "partition", partition);
	add(headers, "connector.name", cfg->name);
	add(headers, "task.id", "0");
	add(headers, "stage", refusal->event ? LETTER_UNWRITTEN : "KAFKA_PRODUCE");
	add(headers, "class.name", refusal->event ? "evringd.converter" : "evringd.sender");
	add(headers, "exception.class.name",
	    refusal->event ? "org.apache.kafka.connect.errors.DataException" :
			     fault_exception(refusal->code));
	add(headers, "exception.message", refusal->why);
	add(headers, "evring.id", who->id);
	add(headers, "evring.type", who->type);
}

/*
 * The value that could not be written: as JSON, which takes any event. Its headers
 * are those that it would have had.
 */
static char *write_again(const struct encoder *enc, const struct evring_event *event,
			 struct outgoing *out)
{
	size_t room = converter_json.bound_ever(event);
	char *value = xalloc(room);
	ssize_t len = converter_json.encode(enc->src, event, value, room);

	out->value = value;
	out->len = len > 0 ? (size_t)len : 0;
	return value;
}

struct outgoing *letter_new(struct encoder *enc, struct deliveries *ds,
			    const struct refusal *refusal)
{
	struct outgoing out = *refusal->out, *letter;
	struct identity who;
	char *value = NULL;

	refusal_identity(enc, ds, refusal, &who);
	if (refusal->event)
		value = write_again(enc, refusal->event, &out);
	out.letter = true;
	out.events = 0;
	out.refusal = refusal->stats;
	out.suspect = false;
	out.headers = refusal->out->headers ? rd_kafka_headers_copy(refusal->out->headers) :
					      rd_kafka_headers_new(10);
	if (enc->cfg->letter_context)
		add_context(out.headers, enc->cfg, refusal, &who);
	letter = outgoing_new(&out, true);
	free(value);
	return letter;
}

void letter_send(struct encoder *enc, struct deliveries *ds, struct outgoing *letter)
{
	delivery_more(ds, letter->delivery, outgoing_bytes(letter));
	delivery_split(letter->delivery);
	sender_enqueue(enc->sender, sender_topic(enc->sender, enc->cfg->letters), letter);
}
