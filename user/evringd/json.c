/* SPDX-License-Identifier: MIT */
/* value.format=json: an event is an object, a pack is lines of objects ("jsonl/1"). */
#include "converter.h"

#include "memory.h"
#include "pack.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * Lines
 */

static void scratch_room(struct scratch *scratch, size_t room)
{
	if (room <= scratch->room)
		return;
	free(scratch->buf);
	scratch->buf = xalloc(room);
	scratch->room = room;
}

/* A line is a fraction of its bound, so its length is known only once it is written. */
static int line_prepare(const struct source *src, const struct evring_event *event,
			struct scratch *scratch)
{
	ssize_t len;

	scratch_room(scratch, evring_json_max(event) + 1);
	len = json_encode(src, event, scratch->buf, scratch->room - 1);
	if (len == -ENOSPC) {
		scratch_room(scratch, evring_json_max_ever(event) + 1);
		len = json_encode(src, event, scratch->buf, scratch->room - 1);
	}
	if (len < 0)
		return (int)len;
	scratch->buf[len] = '\n';
	scratch->used = (size_t)len + 1;
	return 0;
}

static size_t line_need(const struct evring_event *event, const struct scratch *scratch)
{
	(void)event;
	return scratch->used;
}

static bool line_put(const struct source *src, struct pack *pack, const struct evring_event *event,
		     const struct scratch *scratch)
{
	(void)src;
	(void)event;
	if (scratch->used > pack->room - pack->used)
		return false;
	memcpy(pack_value(pack) + pack->used, scratch->buf, scratch->used);
	pack->used += scratch->used;
	return true;
}

/*
 * Read back
 */

static bool line_identity(const char *line, size_t len, struct identity *who)
{
	const char *machine, *boot, *lane, *type;
	json_t *event = json_loadb(line, len, 0, NULL);
	json_int_t cpu, seq, version, time_ns;
	bool ok;

	ok = event && !json_unpack(event, "{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "machine_id",
				   &machine, "boot_id", &boot, "lane", &lane, "cpu", &cpu, "seq",
				   &seq, "type", &type, "version", &version, "time_ns", &time_ns);
	if (ok) {
		snprintf(who->id, sizeof(who->id), "%.32s/%.32s/%.127s/%lld/%lld", machine, boot,
			 lane, (long long)cpu, (long long)seq);
		snprintf(who->type, sizeof(who->type), "%.127s/%lld", type, (long long)version);
		who->seq = (uint64_t)seq;
		who->timestamp = time_ns / 1000000;
	}
	json_decref(event);
	return ok;
}

static bool lines_identity(const void *value, size_t len, struct identity *who)
{
	const char *end = memchr(value, '\n', len);

	return end && line_identity(value, (size_t)(end - (const char *)value), who);
}

static bool lines_cut(const void *value, size_t len, struct cut *cut)
{
	const char *start = value, *end = start + len, *at, *newline;
	size_t lines = 0, half;

	for (at = start; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
		lines++;
	if (lines < 2 || at != end)
		return false;
	for (at = start, half = lines / 2; half; half--)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	*cut = (struct cut){
		.values = { start, at },
		.lens = { (size_t)(at - start), (size_t)(end - at) },
		.events = (uint32_t)(lines / 2),
	};
	return true;
}

const struct converter converter_json = {
	.frame = "jsonl/1",
	.content_type = "application/json",
	.longest = EVRING_JSON_HEAD + FIELDS_LONGEST + EVRING_JSON_BYTE * RECORD_LONGEST,
	.bound = json_bound,
	.bound_ever = json_bound_ever,
	.encode = json_encode,
	.prepare = line_prepare,
	.need = line_need,
	.put = line_put,
	.identity = lines_identity,
	.cut = lines_cut,
};
