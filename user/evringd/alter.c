/* SPDX-License-Identifier: MIT */
/*
 * PATCH .../offsets: a group goes on at a later position: see resource.h. Not at an earlier one,
 * as its events may be overwritten, and not within an event. The events between are
 * declared as evring.missed: the cursor keeps the number that it expected.
 */
#include "resource.h"

#include "config.h"
#include "host.h"
#include "log.h"
#include "memory.h"
#include "snapshot.h"

#include <errno.h>
#include <evring.h>
#include <stdlib.h>
#include <string.h>

/* One ring's new position */
struct place {
	uint64_t pos, next_seq;		/* EVRING_SEQ_NONE: none was given */
	uint64_t old_pos, old_seq;
	const char *lane_name;
	uint32_t cpu;
	uint16_t lane;
	bool reached;
	bool passed;			/* without having been reached */
};

struct alteration {
	struct call *call;
	const struct config *cfg;
	struct evring *ev;
	struct evring_host host;
	struct snapshot snap;
	int group;
	struct place *places;
	size_t nr;
};

static bool is_text(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && !strcmp(text, wanted);
}

/* Not negative; false: it is another kind of value. */
static bool number_of(const json_t *object, const char *key, uint64_t *number)
{
	const json_t *value = json_object_get(object, key);

	*number = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

/* The ring of @place, where the group is now */
static const char *find_ring(const struct alteration *alter, struct place *place)
{
	unsigned int i;
	size_t k;

	for (k = 0; k < alter->nr; k++)
		if (alter->places[k].lane == place->lane && alter->places[k].cpu == place->cpu)
			return "is there twice";
	for (i = 0; i < alter->snap.nr_rings; i++) {
		const struct ring_view *ring = &alter->snap.rings[i];

		if (ring->page.lane != place->lane || ring->page.cpu != place->cpu ||
		    (unsigned int)alter->group >= ring->nr_cursors ||
		    !(alter->snap.groups[alter->group].lanes & 1ull << place->lane))
			continue;
		place->old_pos = ring->cursors[alter->group].pos;
		place->old_seq = ring->cursors[alter->group].seq;
		place->reached = place->pos == place->old_pos;
		if (place->pos > ring->page.head)
			return "is beyond the ring's head: no event ends there";
		return place->pos < place->old_pos ?
		       "is before the committed position: events there may be overwritten" : NULL;
	}
	return "is of a ring that the group does not read";
}

/* NULL: it is in the list; else the error. */
static const char *add_place(struct alteration *alter, const json_t *one)
{
	const json_t *partition = json_object_get(one, "partition");
	const json_t *offset = json_object_get(one, "offset");
	const char *lane = json_string_value(json_object_get(partition, "lane"));
	struct place place = { .next_seq = EVRING_SEQ_NONE };
	uint64_t cpu = 0;
	const char *wrong;

	if (!lane || evring_lane_by_name(alter->ev, lane) < 0 ||
	    !number_of(partition, "cpu", &cpu) || cpu > UINT32_MAX)
		return "has no partition {\"machine_id\", \"boot_id\", \"lane\", \"cpu\"} of this host";
	if (!is_text(partition, "machine_id", alter->host.machine_id) ||
	    !is_text(partition, "boot_id", alter->host.boot_id))
		return "is of another machine, or of another boot, whose rings are gone";
	if (json_is_null(offset))
		return "has no offset: a single ring is not reset, DELETE resets all of them";
	if (!number_of(offset, "pos", &place.pos))
		return "has no offset {\"pos\", \"seq\"}";
	if (json_is_integer(json_object_get(offset, "seq")))
		number_of(offset, "seq", &place.next_seq);
	place.lane = (uint16_t)evring_lane_by_name(alter->ev, lane);
	place.lane_name = evring_lane_name(alter->ev, place.lane);
	place.cpu = (uint32_t)cpu;
	wrong = find_ring(alter, &place);
	if (wrong)
		return wrong;
	alter->places = xgrow(alter->places, alter->nr, alter->nr + 1, sizeof(place));
	alter->places[alter->nr++] = place;
	return NULL;
}

static bool read_places(struct alteration *alter, const json_t *body)
{
	const json_t *list = json_object_get(body, "offsets");
	const char *wrong;
	size_t i;

	if (!json_array_size(list) || json_array_size(list) > EVRING_COMMIT_MAX) {
		reply_error(alter->call, 400, "Partitions / offsets need to be provided for an alter "
			    "offsets request");
		return false;
	}
	for (i = 0; i < json_array_size(list); i++) {
		wrong = add_place(alter, json_array_get(list, i));
		if (!wrong)
			continue;
		reply_error(alter->call, 400, "Offset %zu cannot be altered: it %s", i + 1, wrong);
		return false;
	}
	return true;
}

static size_t places_left(const struct alteration *alter)
{
	size_t left = 0, i;

	for (i = 0; i < alter->nr; i++)
		left += !alter->places[i].reached && !alter->places[i].passed;
	return left;
}

/* Is this the place's last event, and has it the number that was given? True: no later one is. */
static bool look_at_event(struct place *place, const struct evring_event *event)
{
	if (place->reached || place->passed)
		return false;
	if (place->old_seq == EVRING_SEQ_NONE)
		place->old_seq = event->seq;
	if (event->next < place->pos)
		return false;
	place->reached = event->next == place->pos &&
			 (place->next_seq == EVRING_SEQ_NONE || place->next_seq == event->next_seq);
	place->passed = !place->reached;
	if (place->reached)
		place->next_seq = event->next_seq;
	return true;
}

/* NULL: the request has none of this ring. */
static struct place *place_of(const struct alteration *alter, const struct evring_event *event)
{
	size_t i;

	for (i = 0; i < alter->nr; i++)
		if (alter->places[i].lane == event->lane && alter->places[i].cpu == event->cpu)
			return &alter->places[i];
	return NULL;
}

/*
 * Each position must be where an event ends: so all up to there are read, and none behind the
 * last of them, which are below the heads of a moment ago: others wait for this.
 */
static bool find_places(struct alteration *alter)
{
	size_t left = places_left(alter), i;
	struct evring_event event;
	struct place *place;

	while (left && evring_next(alter->ev, &event) > 0) {
		place = place_of(alter, &event);
		left -= place && look_at_event(place, &event);
	}
	for (i = 0; i < alter->nr; i++) {
		if (alter->places[i].reached)
			continue;
		reply_error(alter->call, 400, "Offset %zu cannot be altered: no event ends at that "
			    "position with that seq", i + 1);
		return false;
	}
	return true;
}

static int commit_places(struct alteration *alter)
{
	struct evring_commit_entry *entries = xgrow(NULL, 0, alter->nr, sizeof(*entries));
	int ret;
	size_t i;

	for (i = 0; i < alter->nr; i++) {
		const struct place *place = &alter->places[i];

		entries[i] = (struct evring_commit_entry){
			.pos = place->pos, .seq = place->old_seq, .cpu = place->cpu,
			.lane = place->lane,
		};
	}
	ret = evring_commit_at(alter->ev, entries, (unsigned int)alter->nr);
	for (i = 0; i < alter->nr && !ret; i++) {
		const struct place *place = &alter->places[i];

		if (place->pos != place->old_pos)
			warn("PATCH: lane %s, cpu %u: %llu events are skipped; the stream declares them "
			     "as evring.missed", place->lane_name, place->cpu,
			     (unsigned long long)(place->next_seq - place->old_seq));
	}
	free(entries);
	return ret;
}

/* As the group is, but for its owner */
static int join(struct alteration *alter)
{
	const struct evring_group_info *info = &alter->snap.groups[alter->group];
	const struct evring_group group = {
		.name = alter->cfg->group, .lanes = info->lanes, .policy = info->policy,
		.abandon_ms = info->abandon_ms,
	};

	return evring_join(alter->ev, &group);
}

static void alter(struct alteration *alter, const json_t *body)
{
	int ret;

	alter->group = snapshot_group(&alter->snap, alter->cfg->group);
	if (alter->group < 0) {
		reply_error(alter->call, 400, "The group %s has no position yet", alter->cfg->group);
		return;
	}
	if (!read_places(alter, body))
		return;
	ret = join(alter);
	if (!ret && !find_places(alter))
		return;
	if (!ret)
		ret = commit_places(alter);
	if (ret)
		reply_error(alter->call, ret == -EBUSY ? 409 : 500, "The group %s: %s",
			    alter->cfg->group, strerror(-ret));
	else
		reply(alter->call, 200, json_pack("{s:s}", "message",
			"The offsets for this connector have been altered successfully"));
}

void patch_offsets(struct call *call)
{
	struct alteration how = { .call = call };
	json_t *body;

	if (!call_is_stopped(call))
		return;
	body = call_body(call);
	if (!body)
		return;
	how.cfg = connector_config(call->entry->connector);
	how.ev = how.cfg ? call_device(call, how.cfg, &how.snap, &how.host) : NULL;
	log_context(connector_name(call->entry->connector));
	if (how.ev)
		alter(&how, body);
	else if (!how.cfg)
		reply_error(call, 500, "Connector %s has no configuration that can be used",
			    call->name);
	log_context(NULL);
	if (how.ev) {
		snapshot_free(&how.snap);
		evring_close(how.ev);
	}
	free(how.places);
	json_decref(body);
}
