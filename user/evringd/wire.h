/* SPDX-License-Identifier: MIT */
/* wire: what the encoders of typed formats share: varints, bounds, Confluent's wire format. */
#ifndef WIRE_H
#define WIRE_H

#include "converter.h"

#include <string.h>

/* Behind the last field: what was left out, an empty list, the end */
#define WIRE_TAIL	64u
/*
 * Each value takes less than it does in JSON with its key, so that evring_json_max() is
 * their bound, too: a union's branch, a tag or a length is shorter than quotes and a key,
 * a varint is no longer than its digits or than 8 bytes for each of the record's.
 */
#define WIRE_LONGEST	(EVRING_JSON_HEAD + 8192 + EVRING_JSON_BYTE * RECORD_LONGEST)

size_t wire_bound(const struct evring_event *event);
size_t wire_bound_ever(const struct evring_event *event);

/*
 * The magic byte 0, the schema's id in network order, and for Protobuf the path to the
 * message, which is the first one: "0". Nothing, if @id is negative. Free it.
 */
char *wire_head(int32_t id, size_t extra, size_t *len);

static inline char *put_bytes(char *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

static inline char *put_varint(char *p, uint64_t number)
{
	while (number >= 0x80) {
		*p++ = (char)(number | 0x80);
		number >>= 7;
	}
	*p++ = (char)number;
	return p;
}

#endif /* WIRE_H */
