/* SPDX-License-Identifier: MIT */
/* See pack.h. */
#include "pack.h"

#include "config.h"
#include "converter.h"
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With more keys than this at a time, the oldest pack is closed as it is. */
#define OPEN_MAX 64

struct packs {
	struct encoder *enc;
	const struct converter *converter;
	struct pack *open[OPEN_MAX];		/* the oldest first */
	unsigned int nr_open;
	struct pack *spare;
	struct route *closed;			/* held: of the message that was closed last */
	struct scratch scratch;
};

struct packs *packs_new(struct encoder *enc)
{
	struct packs *packs = xzalloc(sizeof(*packs));

	packs->enc = enc;
	packs->converter = enc->converter;
	return packs;
}

static void pack_free(struct packs *packs, struct pack *pack)
{
	if (pack && packs->converter->release)
		packs->converter->release(pack);
	if (pack)
		route_free(pack->route);
	free(pack);
}

void packs_free(struct packs *packs)
{
	if (!packs)
		return;
	while (packs->nr_open)
		pack_free(packs, packs->open[--packs->nr_open]);
	pack_free(packs, packs->spare);
	route_free(packs->closed);
	free(packs->scratch.buf);
	free(packs);
}

static unsigned int find(const struct packs *packs, const struct message *msg)
{
	unsigned int i;

	for (i = 0; i < packs->nr_open; i++) {
		const struct message *m = &packs->open[i]->msg;

		if (m->route->topic == msg->route->topic && m->key_len == msg->key_len &&
		    !memcmp(m->key, msg->key, msg->key_len))
			break;
	}
	return i;
}

static void close_at(struct packs *packs, struct deliveries *ds, unsigned int at,
		     struct message *msg)
{
	struct pack *pack = packs->open[at];

	packs->nr_open--;
	memmove(&packs->open[at], &packs->open[at + 1],
		(packs->nr_open - at) * sizeof(packs->open[0]));
	if (packs->converter->end)
		packs->converter->end(packs->enc->src, pack);
	delivery_shrink(ds, pack->msg.delivery, pack->room, pack->used);
	message_copy(msg, &pack->msg);
	msg->value = pack_value(pack);
	msg->value_len = pack->used;
	/* It has been handed over before another one is closed. */
	route_free(packs->closed);
	packs->closed = pack->route;
	pack->route = NULL;
	pack_free(packs, packs->spare);
	packs->spare = pack;
}

static struct pack *open_new(struct packs *packs, struct deliveries *ds,
			     const struct evring_event *event, const struct message *msg,
			     size_t need)
{
	size_t room = packs->enc->cfg->pack_bytes;
	struct pack *pack = packs->spare;

	if (!pack)
		pack = xzalloc(sizeof(*pack) + packs->converter->state);
	packs->spare = NULL;
	packs->open[packs->nr_open++] = pack;
	pack->room = need > room ? need : room;
	pack->used = 0;
	pack->events = 0;
	message_copy(&pack->msg, msg);
	pack->route = route_hold(msg->route);
	pack->begun_ns = (int64_t)evring_realtime(packs->enc->src->ev, event);
	encode_envelope(packs->enc, event, &pack->msg);
	pack->msg.frame = packs->converter->frame;
	pack->msg.delivery = delivery_begin(ds, pack->room);
	delivery_push(ds, pack->msg.delivery, event, pack->room, 0);
	if (packs->converter->begin)
		packs->converter->begin(packs->enc->src, pack, event);
	return pack;
}

/* The event's text was written before its pack was known: converter->prepare(). */
static int unwritable(struct deliveries *ds, const struct evring_event *event, struct message *msg,
		      int error)
{
	msg->delivery = delivery_begin(ds, 0);
	delivery_push(ds, msg->delivery, event, 0, 0);
	return error;
}

static void add_new(struct packs *packs, struct deliveries *ds, const struct evring_event *event,
		    const struct message *msg)
{
	const struct converter *converter = packs->converter;
	size_t need = converter->need(event, &packs->scratch);
	struct pack *pack = open_new(packs, ds, event, msg, need);

	/* It has the room that the event needs, and was begun with it. */
	converter->put(packs->enc->src, pack, event, &packs->scratch);
	pack->events = 1;
}

static bool is_of_its_time(const struct pack *pack, const struct evring *ev,
			   const struct evring_event *event)
{
	return llabs((int64_t)evring_realtime(ev, event) - pack->begun_ns) <= PACK_SPAN_NS;
}

bool pack_add(struct packs *packs, struct deliveries *ds, const struct evring_event *event,
	      struct message *msg, int *error)
{
	const struct converter *converter = packs->converter;
	const struct source *src = packs->enc->src;
	struct message closed;
	struct pack *pack;
	unsigned int at;

	*error = converter->prepare ? converter->prepare(src, event, &packs->scratch) : 0;
	if (!encode_key(packs->enc, event, msg))
		*error = -EINVAL;
	else if (*error)
		*error = unwritable(ds, event, msg, *error);
	if (*error)
		return false;
	at = find(packs, msg);
	pack = at < packs->nr_open ? packs->open[at] : NULL;
	if (pack && is_of_its_time(pack, src->ev, event) &&
	    converter->put(src, pack, event, &packs->scratch)) {
		delivery_join(ds, pack->msg.delivery, event);
		pack->events++;
		return false;
	}
	if (!pack && packs->nr_open < OPEN_MAX) {
		add_new(packs, ds, event, msg);
		return false;
	}
	close_at(packs, ds, pack ? at : 0, &closed);
	add_new(packs, ds, event, msg);
	message_copy(msg, &closed);
	return true;
}

bool pack_close(struct packs *packs, struct deliveries *ds, struct message *msg)
{
	if (!packs->nr_open)
		return false;
	close_at(packs, ds, 0, msg);
	return true;
}
