/* SPDX-License-Identifier: MIT */
/* typed: the common code of Avro and Protobuf. They differ in @avro, which the compiler knows. */
#ifndef TYPED_H
#define TYPED_H

#include "cell.h"
#include "plan.h"
#include "wire.h"

#define INLINE static inline __attribute__((always_inline))

/* Avro: one element of a list, as a block of its own, so that nobody need count them first */
#define ONE_ELEMENT	2

/* Protobuf: kinds of a field on the wire */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

extern const struct plan_format format_avro, format_protobuf;

/* See struct converter. */
ssize_t avro_encode(const struct source *src, const struct evring_event *event, char *to,
		    size_t room);
ssize_t protobuf_encode(const struct source *src, const struct evring_event *event, char *to,
			size_t room);

/* google.protobuf.Timestamp */
char *put_timestamp(char *p, uint64_t ns);
/* A field's number and its kind on the wire */
char *put_tag(char *p, const struct schema_column *column);

/* Avro: all numbers are; Protobuf: sint32 and sint64. A small negative one is short, too. */
INLINE char *put_zigzag(char *p, uint64_t number)
{
	return put_varint(p, number << 1 ^ -(number >> 63));
}

INLINE char *put_number(char *p, uint64_t number, bool avro)
{
	return avro ? put_zigzag(p, number) : put_varint(p, number);
}

INLINE char *put_len(char *p, size_t len, bool avro)
{
	return put_varint(p, avro ? len << 1 : len);
}

INLINE char *put_time(char *p, uint64_t ns, bool avro)
{
	return avro ? put_number(p, ns / 1000000, true) : put_timestamp(p, ns);
}

/* A cell's value, without a branch or a tag; the cell is no list. */
INLINE char *put_value(char *p, const struct schema_column *column, const struct cell *cell,
		       bool avro)
{
	if (cell->state == CELL_TEXT)
		return cell_put(put_len(p, cell_len(cell), avro), cell);
	if (column->kind == SCHEMA_TIME)
		return put_time(p, cell->number, avro);
	if (schema_is_signed(column))
		return put_zigzag(p, cell->number);
	if (column->kind != SCHEMA_BOOL)
		return put_number(p, cell->number, avro);
	*p++ = (char)cell->number;
	return p;
}

#endif /* TYPED_H */
