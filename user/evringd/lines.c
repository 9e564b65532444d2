/* SPDX-License-Identifier: MIT */
/* See lines.h. */
#include "lines.h"

#include "memory.h"
#include "schemas.h"
#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void scratch_room(struct scratch *scratch, size_t room)
{
	if (room <= scratch->room)
		return;
	free(scratch->buf);
	scratch->buf = xalloc(room);
	scratch->room = room;
}

/* A line is a fraction of its bound, so its length is known only once it is written. */
int lines_prepare(const struct source *src, const struct evring_event *event,
		  struct scratch *scratch)
{
	const struct converter *converter = converter_of(src->cfg);
	const size_t more = schemas_head_len(src->schemas, event);
	ssize_t len;

	scratch_room(scratch, more + converter->bound(event) + 1);
	len = converter->encode(src, event, scratch->buf, scratch->room - 1);
	if (len == -ENOSPC) {
		scratch_room(scratch, more + converter->bound_ever(event) + 1);
		len = converter->encode(src, event, scratch->buf, scratch->room - 1);
	}
	if (len < 0)
		return (int)len;
	scratch->buf[len] = '\n';
	scratch->used = (size_t)len + 1;
	return 0;
}

size_t lines_need(const struct evring_event *event, const struct scratch *scratch)
{
	(void)event;
	return scratch->used;
}

bool lines_put(const struct source *src, struct pack *pack, const struct evring_event *event,
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

/* Jansson's integers have a sign: of a number that is too large for them, 0 is enough here. */
static char *spare_number(char *at, const char *end)
{
	char *begin = at;
	size_t nr;

	while (at < end && isdigit((unsigned char)*at))
		at++;
	nr = (size_t)(at - begin);
	if (nr > 19 || (nr == 19 && memcmp(begin, "9223372036854775807", nr) > 0)) {
		memset(begin, ' ', nr);
		*begin = '0';
	}
	return at;
}

static void spare_numbers(char *at, const char *end)
{
	bool in_text = false;

	while (at < end) {
		if (!in_text && isdigit((unsigned char)*at)) {
			at = spare_number(at, end);
			continue;
		}
		if (*at == '"')
			in_text = !in_text;
		at += in_text && *at == '\\' ? 2 : 1;
	}
}

json_t *lines_first(const void *value, size_t len)
{
	const char *newline = memchr(value, '\n', len);
	json_t *event;
	char *line;

	if (!newline)
		return NULL;
	len = (size_t)(newline - (const char *)value);
	line = xalloc(len + 1);
	memcpy(line, value, len);
	spare_numbers(line, line + len);
	event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	free(line);
	return event;
}

void lines_type(struct identity *who, const char *type, const json_t *version)
{
	if (json_is_integer(version))
		snprintf(who->type, sizeof(who->type), "%.127s/%lld", type,
			 (long long)json_integer_value(version));
	else
		strcpy(who->type, "unknown/0");
}

void lines_covers(struct identity *who, const char *type, const json_t *fields)
{
	json_int_t count = json_integer_value(json_object_get(fields, "count"));

	if (count > 0 && (!strcmp(type, "evring.lost") || !strcmp(type, "evring.missed")))
		who->covers = (uint64_t)count;
}

bool lines_identity(const void *value, size_t len, struct identity *who)
{
	const char *machine, *boot, *lane, *type;
	json_t *event = lines_first(value, len), *data = json_object_get(event, "data");
	json_int_t cpu, seq, time_ns;
	bool ok;

	ok = event && !json_unpack(event, "{s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "machine_id",
				   &machine, "boot_id", &boot, "lane", &lane, "cpu", &cpu, "seq",
				   &seq, "type", &type, "time_ns", &time_ns);
	if (ok) {
		snprintf(who->id, sizeof(who->id), "%.32s/%.32s/%.127s/%lld/%lld", machine, boot,
			 lane, (long long)cpu, (long long)seq);
		lines_type(who, type, json_object_get(event, "version"));
		lines_covers(who, type, data ? data : event);
		who->seq = (uint64_t)seq;
		who->timestamp = time_ns / 1000000;
	}
	json_decref(event);
	return ok;
}

bool lines_cut(const void *value, size_t len, struct cut *cut)
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
		.events = { (uint32_t)(lines / 2), (uint32_t)(lines - lines / 2) },
	};
	return true;
}
