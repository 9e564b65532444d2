/* SPDX-License-Identifier: MIT */
/* See split.h. Rare: Kafka has refused a pack although nothing else was in the request. */
#include "split.h"

#include "config.h"
#include "converter.h"
#include "outgoing.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

bool pack_identity(const struct config *cfg, const struct outgoing *out, struct identity *who)
{
	who->covers = 1;
	if (!cfg->pack_bytes || !converter_of(cfg)->identity(out->value, out->len, who))
		return false;
	/* Not trusted: there are not so many numbers. */
	if (!who->covers || who->covers - 1 > UINT64_MAX - who->seq)
		who->covers = 1;
	return true;
}

/* Each half tells its first event: the first half's is that of the whole. */
static rd_kafka_headers_t *half_headers(const struct config *cfg, const struct outgoing *half,
					const struct identity *who)
{
	rd_kafka_headers_t *headers;

	if (!half->headers)
		return NULL;
	if (!who)
		return rd_kafka_headers_copy(half->headers);
	headers = rd_kafka_headers_new(2);
	rd_kafka_header_add(headers, "evring.id", -1, who->id, -1);
	rd_kafka_header_add(headers, "evring.frame", -1, converter_of(cfg)->frame, -1);
	return headers;
}

static struct outgoing *make_half(const struct config *cfg, const struct outgoing *out,
				  const struct cut *cut, unsigned int i)
{
	struct outgoing half = *out;
	struct identity who;
	bool known;

	half.value = cut->values[i];
	half.len = cut->lens[i];
	half.events = cut->events[i];
	/*
	 * One event alone is tried twice, as any other. A half of many is cut again at once: a large
	 * pack comes down to its events with one producer for each cut, not two.
	 */
	half.suspect = out->suspect && half.events > 1;
	/* A pack has fewer events than bytes: so places stay in order down to the last one. */
	half.place += i ? cut->events[0] : 0;
	known = i && pack_identity(cfg, &half, &who);
	if (known && half.timestamp)
		half.timestamp = who.timestamp;
	half.headers = half_headers(cfg, &half, known ? &who : NULL);
	return outgoing_new(&half, cut->room || out->copy);
}

bool split_pack(const struct config *cfg, const struct outgoing *out, struct outgoing *halves[2])
{
	struct cut cut;
	unsigned int i;

	if (!cfg->pack_bytes || !converter_of(cfg)->cut(out->value, out->len, &cut))
		return false;
	for (i = 0; i < 2; i++)
		halves[i] = make_half(cfg, out, &cut, i);
	free(cut.room);
	return true;
}
