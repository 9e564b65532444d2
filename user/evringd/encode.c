/* SPDX-License-Identifier: MIT */
/* See encode.h. */
#include "encode.h"

#include "config.h"
#include "converter.h"
#include "declare.h"
#include "delivery.h"
#include "memory.h"
#include "names.h"
#include "schemas.h"
#include "sender.h"
#include "template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOPICS_BESIDE_MAX 10000

/* Where the variables of a template are looked up */
struct context {
	const struct encoder *enc;
	const struct evring_event *event;
};

static char *put_text(char *to, const char *text)
{
	return stpcpy(to, text);
}

static char *put_number(char *to, uint64_t number)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(to, digits + n, sizeof(digits) - n);
	return to + sizeof(digits) - n;
}

static const char *type_name(const struct evring_event *event)
{
	if (event->type)
		return event->type->name;
	return event->rec->type == EVRING_TYPE_LOST ? "evring.lost" : "unknown";
}

static size_t cut_text(const char *text, size_t n, char *buf, size_t len)
{
	n = n < len ? n : len;
	memcpy(buf, text, n);
	return n;
}

static size_t cut_number(uint64_t number, char *buf, size_t len)
{
	char text[20];

	return cut_text(text, (size_t)(put_number(text, number) - text), buf, len);
}

/* A field that the event does not have is empty. */
static size_t field_value(const struct evring_event *event, const char *name, char *buf, size_t len)
{
	const struct evring_field *field = event->type ? evring_field(event->type, name) : NULL;
	const char *text;
	uint64_t number;
	size_t n;

	if (!field)
		return 0;
	if (!evring_get_string(event, field, &text, &n))
		return cut_text(text, n, buf, len);
	if (evring_get_number(event, field, &number))
		return 0;
	if (field->kind >= EVRING_KIND_S8 && field->kind <= EVRING_KIND_S64 &&
	    (int64_t)number < 0 && len) {
		*buf = '-';
		return 1 + cut_number(-number, buf + 1, len - 1);
	}
	return cut_number(number, buf, len);
}

static size_t variable_value(const void *arg, const struct piece *piece, char *buf, size_t len)
{
	const struct context *ctx = arg;
	const struct evring_event *event = ctx->event;
	const struct evring_host *host = &ctx->enc->src->host;
	const char *text = "";

	switch (piece->what) {
	case VAR_TEXT:
		text = piece->text;
		break;
	case VAR_TYPE:
		text = type_name(event);
		break;
	case VAR_LANE:
		text = lane_name(ctx->enc->src->ev, event->lane);
		break;
	case VAR_HOST:
		text = host->name;
		break;
	case VAR_MACHINE:
		text = host->machine_id;
		break;
	case VAR_BOOT:
		text = host->boot_id;
		break;
	case VAR_CPU:
		return cut_number(event->cpu, buf, len);
	case VAR_PID:
		return cut_number(event->rec->pid, buf, len);
	case VAR_TID:
		return cut_number(event->rec->tid, buf, len);
	case VAR_FIELD:
		return field_value(event, piece->text, buf, len);
	}
	return cut_text(text, strlen(text), buf, len);
}

static void constant_key(struct encoder *enc)
{
	const struct template *key = enc->cfg->key;
	const struct context ctx = { .enc = enc };
	size_t i;

	for (i = 0; i < key->nr; i++)
		if (!(TEMPLATE_CONSTANT & 1u << key->pieces[i].what))
			return;
	enc->key = xalloc(MESSAGE_KEY_MAX);
	enc->key_len = template_expand(key, variable_value, &ctx, enc->key, MESSAGE_KEY_MAX);
}

void encoder_open(struct encoder *enc, const struct config *cfg, const struct source *src,
		  struct sender *sender)
{
	char *end = enc->prefix;

	enc->cfg = cfg;
	enc->src = src;
	enc->sender = sender;
	enc->converter = converter_of(cfg);
	end = put_text(end, src->host.machine_id);
	end = put_text(end, "/");
	end = put_text(end, src->host.boot_id);
	end = put_text(end, "/");
	enc->prefix_len = (size_t)(end - enc->prefix);
	constant_key(enc);
	enc->transforms = transforms_new(cfg, src);
	if (enc->transforms && src->schemas) {
		transforms_on_forget(enc->transforms, schemas_forget_type, src->schemas);
		schemas_on_number(src->schemas, transforms_places, enc->transforms);
	}
	enc->made_extras = &enc->extras[0];
	enc->sent_extras = &enc->extras[1];
}

struct route *route_hold(const struct route *route)
{
	struct route *held = (struct route *)route;

	held->users++;
	return held;
}

void route_free(struct route *route)
{
	if (!route || --route->users)
		return;
	sender_topic_release(route->topic);
	free(route);
}

/* The encoder's share in a route and in those beside it */
static void free_routes(struct encoder *enc, struct route *route)
{
	struct route *beside;

	while (route && (beside = route->beside)) {
		route->beside = beside->beside;
		enc->nr_beside--;
		route_free(beside);
	}
	route_free(route);
}

void encoder_close(struct encoder *enc)
{
	size_t i;

	for (i = 0; i < enc->nr_routes; i++)
		free_routes(enc, enc->routes[i]);
	transforms_free(enc->transforms);
	extras_free(&enc->extras[0]);
	extras_free(&enc->extras[1]);
	extras_free(&enc->looked);
	free(enc->routes);
	free(enc->key);
	free(enc->broken);
	free(enc->unfit);
}

/* Takes @why over. */
static void set_unfit(struct encoder *enc, char *why)
{
	free(enc->unfit);
	enc->unfit = why;
}

/* NULL: no topic can have that name. */
static struct route *new_route(struct encoder *enc, const struct evring_event *event)
{
	const struct context ctx = { .enc = enc, .event = event };
	struct route *route;
	char name[TOPIC_MAX + 2];
	size_t len;

	len = template_expand(enc->cfg->topic, variable_value, &ctx, name, sizeof(name) - 1);
	name[len] = '\0';
	if (!topic_name_ok(name, len)) {
		set_unfit(enc, xprintf("topic \"%s\" for %s: no topic can have that name", name,
				       type_name(event)));
		return NULL;
	}
	route = xzalloc(sizeof(*route));
	route->users = 1;
	memcpy(route->name, name, len + 1);
	route->name_len = len;
	route->generation = event->type ? event->type->generation : 0;
	route->topic = sender_topic_hold(sender_topic(enc->sender, name));
	route->type_len = (size_t)snprintf(route->type, sizeof(route->type), "%s/%u",
					   type_name(event),
					   event->type ? event->type->version : 0);
	return route;
}

/*
 * Type and lane decide all variables of the topic's template. No event is left of the type that
 * had the id before.
 */
static struct route *route_of(struct encoder *enc, const struct evring_event *event)
{
	uint32_t generation = event->type ? event->type->generation : 0;
	unsigned int type = event->rec->type;
	struct route *route;
	size_t index;

	/* The declarations' ids are the highest; theirs come first, the kernel's behind them. */
	type = type >= TYPE_REJECTED ? type - TYPE_REJECTED : type + 0x10000 - TYPE_REJECTED;
	index = (size_t)type * evring_lanes(enc->src->ev) + event->lane;

	if (index >= enc->nr_routes) {
		enc->routes = xgrow(enc->routes, enc->nr_routes, index + 1, sizeof(*enc->routes));
		enc->nr_routes = index + 1;
	}
	route = enc->routes[index];
	if (route && route->generation == generation)
		return route;
	route = new_route(enc, event);
	if (!route)
		return NULL;
	free_routes(enc, enc->routes[index]);
	enc->routes[index] = route;
	return route;
}

/* machine/boot/lane/cpu/seq: the same event has the same one, however often it is sent. */
size_t encode_id(const struct encoder *enc, const struct evring_event *event, char *to)
{
	char *end = to + enc->prefix_len;

	memcpy(to, enc->prefix, enc->prefix_len);
	end = put_text(end, lane_name(enc->src->ev, event->lane));
	*end++ = '/';
	end = put_number(end, event->cpu);
	*end++ = '/';
	end = put_number(end, event->seq);
	return (size_t)(end - to);
}

/* A group that holds keeps the record where it is until the commit: Kafka gets it from the ring. */
static int encode_in_ring(struct deliveries *ds, const struct evring_event *event,
			  struct message *msg)
{
	msg->delivery = delivery_begin(ds, 0);
	msg->value = event->rec;
	msg->value_len = event->rec->len;
	delivery_push(ds, msg->delivery, event, 0, event->rec->len);
	return 0;
}

static int encode_value(struct encoder *enc, struct deliveries *ds,
			const struct evring_event *event, struct message *msg)
{
	const struct converter *converter = enc->converter;
	size_t head = schemas_head_len(enc->src->schemas, event);
	size_t room = head + converter->bound(event);
	ssize_t len;

	msg->delivery = delivery_begin(ds, room);
	len = converter->encode(enc->src, event, msg->delivery->value, room);
	if (len == -ENOSPC) {
		room = head + converter->bound_ever(event);
		msg->delivery = delivery_begin(ds, room);
		len = converter->encode(enc->src, event, msg->delivery->value, room);
	}
	msg->value = msg->delivery->value;
	msg->value_len = len < 0 ? 0 : (size_t)len;
	delivery_push(ds, msg->delivery, event, msg->value_len, 0);
	return len < 0 ? (int)len : 0;
}

/*
 * The least recently used route of those that transforms made. Not one that a pack holds, nor
 * that of the last message, which may still wait for room.
 */
static struct route **oldest_beside(struct encoder *enc, size_t *index)
{
	struct route **found = NULL, **at;
	size_t i;

	for (i = 0; i < enc->nr_routes; i++) {
		for (at = enc->routes[i] ? &enc->routes[i]->beside : NULL; at && *at;
		     at = &(*at)->beside) {
			if ((*at)->users > 1 || *at == enc->sent_route ||
			    (found && (*found)->used <= (*at)->used))
				continue;
			found = at;
			*index = i;
		}
	}
	return found;
}

/* Events make topics' names, such as a new one each day: topics that are not used go. */
static void drop_oldest_beside(struct encoder *enc)
{
	size_t index = 0, lanes = evring_lanes(enc->src->ev);
	struct route **at = oldest_beside(enc, &index), *oldest;
	unsigned int id;

	/* No more than packs.open are held, which are fewer than there may be. */
	if (!at)
		return;
	oldest = *at;
	*at = oldest->beside;
	enc->nr_beside--;
	/* That of declarations must be there whenever an event is refused. */
	id = (unsigned int)(index / lanes + TYPE_REJECTED) % 0x10000;
	if (id != TYPE_REJECTED)
		schemas_forget(enc->src->schemas, id, (unsigned int)(index % lanes), oldest->name);
	route_free(oldest);
}

static const struct route *route_beside(struct encoder *enc, struct route *route,
					const struct transformed *made)
{
	struct route **at, *new;

	if (made->topic_len == route->name_len && !memcmp(made->topic, route->name, route->name_len))
		return route;
	for (at = &route->beside; (new = *at); at = &new->beside) {
		if (strcmp(new->name, made->topic))
			continue;
		/* The next event will go there, too. */
		*at = new->beside;
		new->beside = route->beside;
		route->beside = new;
		new->used = ++enc->beside_used;
		return new;
	}
	if (enc->nr_beside >= TOPICS_BESIDE_MAX)
		drop_oldest_beside(enc);
	enc->nr_beside++;
	new = xalloc(sizeof(*new));
	*new = *route;
	new->users = 1;
	new->beside = route->beside;
	new->used = ++enc->beside_used;
	memcpy(new->name, made->topic, made->topic_len + 1);
	new->name_len = made->topic_len;
	new->topic = sender_topic_hold(sender_topic(enc->sender, new->name));
	route->beside = new;
	return new;
}

static void begin(struct transformed *made, const struct route *route, struct extras *extras)
{
	made->extras = extras;
	made->topic_len = route->name_len;
	memcpy(made->topic, route->name, route->name_len + 1);
}

const struct evring_event *encoder_transform(struct encoder *enc, const struct evring_event *event)
{
	struct transformed *made = &enc->made;
	struct route *route;

	if (enc->unfit)
		set_unfit(enc, NULL);
	made->event = NULL;
	route = route_of(enc, event);
	if (!route || !enc->transforms)
		return route ? event : NULL;
	begin(made, route, enc->made_extras);
	switch (transforms_apply(enc->transforms, event, made)) {
	case TRANSFORM_DROP:
		return NULL;
	case TRANSFORM_FAIL:
		made->event = NULL;
		set_unfit(enc, xstrdup(transforms_broken(enc->transforms)));
		return NULL;
	case TRANSFORM_PASS:
		break;
	}
	enc->made_route = route_beside(enc, route, made);
	return made->event;
}

/* Of an event that transforms have made, they know the route, and the key is as it was. */
static bool is_made(const struct encoder *enc, const struct evring_event *event)
{
	return enc->transforms && event == enc->made.event;
}

static enum schemas_state look_rejected(struct encoder *enc, const struct evring_event *event,
					const char **why)
{
	const struct evring_rec rec = { .type = TYPE_REJECTED };
	const struct evring_event rejected = {
		.rec = &rec, .type = declared_type(TYPE_REJECTED), .lane = event->lane,
	};
	struct transformed made;
	const struct route *route;
	char *unfit = enc->unfit;

	/* route_of() may set enc->unfit for the declaration: keep what it says of the event. */
	enc->unfit = NULL;
	route = route_of(enc, &rejected);
	set_unfit(enc, unfit);
	if (!route)
		return SCHEMAS_READY;
	begin(&made, route, &enc->looked);
	if (enc->transforms)
		transforms_apply(enc->transforms, &rejected, &made);
	return schemas_look(enc->src->schemas, rejected.type, event->lane, made.topic, why);
}

enum schemas_state encode_look_rejected(struct encoder *enc, const struct evring_event *event,
					const char **why)
{
	enum schemas_state state;

	if (!enc->cfg->registry_url || enc->cfg->tolerance != TOLERATE_ALL)
		return SCHEMAS_READY;
	state = look_rejected(enc, event, why);
	if (state == SCHEMAS_REFUSED && !enc->broken)
		enc->broken = xstrdup(*why);
	return state;
}

enum schemas_state encode_look(struct encoder *enc, const struct evring_event *event,
			       const char **why)
{
	/* If the answer about the event is no, it can be declared then. */
	enum schemas_state state = encode_look_rejected(enc, event, why);
	const struct route *route;

	if (!enc->cfg->registry_url || state != SCHEMAS_READY)
		return state;
	route = is_made(enc, event) ? enc->made_route : route_of(enc, event);
	return route ? schemas_look(enc->src->schemas, event->type, event->lane, route->name, why) :
		       SCHEMAS_READY;
}

bool encode_key(struct encoder *enc, const struct evring_event *event, struct message *msg)
{
	bool made = is_made(enc, event);
	const struct context ctx = { .enc = enc, .event = made ? enc->made.before : event };

	msg->extras = made && extras_any(enc->made_extras) ? enc->made_extras : NULL;
	msg->route = made ? enc->made_route : route_of(enc, event);
	if (enc->key) {
		msg->key = enc->key;
		msg->key_len = enc->key_len;
	} else {
		msg->key = msg->key_room;
		msg->key_len = template_expand(enc->cfg->key, variable_value, &ctx,
					       msg->key_room, sizeof(msg->key_room));
	}
	return msg->route;
}

void message_copy(struct message *to, const struct message *from)
{
	*to = *from;
	if (from->key == from->key_room)
		to->key = to->key_room;
}

void encode_envelope(struct encoder *enc, const struct evring_event *event, struct message *msg)
{
	msg->frame = NULL;
	if (enc->cfg->timestamp == TIMESTAMP_EVENT || enc->cfg->headers == HEADERS_CLOUDEVENTS)
		msg->timestamp = (int64_t)(evring_realtime(enc->src->ev, event) / 1000000);
	if (enc->cfg->headers != HEADERS_NONE)
		msg->id_len = encode_id(enc, event, msg->id);
}

/* The message may wait while a declaration has headers of its own. */
static void keep_extras(struct encoder *enc, struct message *msg)
{
	struct extras *sent = enc->sent_extras;

	if (!msg->extras)
		return;
	enc->sent_extras = enc->made_extras;
	enc->made_extras = sent;
}

int encode(struct encoder *enc, struct deliveries *ds, const struct evring_event *event,
	   struct message *msg)
{
	if (!encode_key(enc, event, msg))
		return -EINVAL;
	keep_extras(enc, msg);
	enc->sent_route = msg->route;
	encode_envelope(enc, event, msg);
	/* A declaration lies in no ring: the next one is written over it. */
	if (enc->converter->in_ring && enc->cfg->policy == EVRING_HOLD &&
	    event->rec->type < TYPE_REJECTED)
		return encode_in_ring(ds, event, msg);
	return encode_value(enc, ds, event, msg);
}
