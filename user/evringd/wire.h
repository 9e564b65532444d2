/* SPDX-License-Identifier: MIT */
/* wire: common to the encoders of typed formats: varints, bounds, Confluent's wire format. */
#ifndef WIRE_H
#define WIRE_H

#include "converter.h"

#include <endian.h>
#include <string.h>

/* Behind the last field: the column "redacted", an empty list, the end */
#define WIRE_TAIL	64u
/*
 * Each value takes less than it does in JSON with its key, so that evring_json_max() is
 * their bound, too: a union's branch, a tag or a length is shorter than quotes and a key, and
 * a varint with the tag of its element than 8 bytes for each of the record's. For that
 * numbers with a sign are zigzag in Protobuf, too: else the element -1 would take 11.
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

/* 56 bits as eight groups of seven, each in a byte */
static inline uint64_t spread_groups(uint64_t number)
{
	number = (number & 0x000000000fffffff) | (number & 0x00fffffff0000000) << 4;
	number = (number & 0x00003fff00003fff) | (number & 0x0fffc0000fffc000) << 2;
	return (number & 0x007f007f007f007f) | (number & 0x3f803f803f803f80) << 1;
}

/* Up to seven bytes behind the new end may be overwritten: WIRE_TAIL has room for them. */
static inline char *put_varint(char *p, uint64_t number)
{
	uint64_t groups, rest;
	unsigned int nr;

	if (number < 0x80) {
		*p++ = (char)number;
		return p;
	}
	/* Times are long: a loop would take nine or ten turns for each. */
	groups = htole64(spread_groups(number) | 0x8080808080808080);
	memcpy(p, &groups, sizeof(groups));
	rest = number >> 56;
	if (!rest) {
		nr = (70 - (unsigned int)__builtin_clzll(number)) / 7;
		p[nr - 1] &= 0x7f;
		return p + nr;
	}
	p += sizeof(groups);
	if (rest >= 0x80) {
		*p++ = (char)(rest | 0x80);
		rest >>= 7;
	}
	*p++ = (char)rest;
	return p;
}

#endif /* WIRE_H */
