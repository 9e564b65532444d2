/* SPDX-License-Identifier: MIT */
/* value.format=json: an event is an object, a pack is lines of objects ("jsonl/1"). */
#include "converter.h"
#include "lines.h"
#include "source.h"

#define FIELDS_LONGEST 8192u	/* the keys of 64 fields, say */

static size_t json_bound(const struct evring_event *event)
{
	return evring_json_max(event);
}

/* If its texts overlap: no hook writes such a record, but another module can. */
static size_t json_bound_ever(const struct evring_event *event)
{
	return evring_json_max_ever(event);
}

static ssize_t json_encode(const struct source *src, const struct evring_event *event, char *to,
			   size_t room)
{
	return evring_json(src->ev, &src->host, event, to, room);
}

const struct converter converter_json = {
	.frame = LINES_FRAME,
	.content_type = "application/json",
	.longest = EVRING_JSON_HEAD + FIELDS_LONGEST + EVRING_JSON_BYTE * RECORD_LONGEST,
	.bound = json_bound,
	.bound_ever = json_bound_ever,
	.encode = json_encode,
	.prepare = lines_prepare,
	.need = lines_need,
	.put = lines_put,
	.identity = lines_identity,
	.cut = lines_cut,
};
