/* SPDX-License-Identifier: MIT */
/*
 * value.format=avro and protobuf: an event is one datum, or one message, of its type's
 * schema, written by its plan.
 */
#include "typed.h"

#include "schemas.h"

#include <errno.h>

#define HIGHS		0x8080808080808080ULL

/* Bytes kept for the length of "data"; most have between 128 and 16,383. */
#define DATA_LENGTH	2

/*
 * Values
 */

INLINE char *put_lead(char *p, const struct plan_lead *lead)
{
	memcpy(p, lead->bytes, sizeof(lead->bytes));
	return p + lead->len;
}

INLINE char *put_plan_text(char *p, const struct plan_text *text)
{
	if (text->len > PLAN_SLACK)
		return put_bytes(p, text->bytes, text->len);
	memcpy(p, text->bytes, PLAN_SLACK);
	return p + text->len;
}

/*
 * Any column, as it is in its cell
 */

/* NULL: there may not be room. */
static char *put_column(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
			const struct plan_format *format)
{
	const struct schema_column *column = op->column;
	struct cell cell;
	size_t len, more;

	if (op->enters) {
		len = cells_enter(cells, column->field);
		more = op->careful || column->field->kind & EVRING_KIND_VAR ? len : 0;
		if ((size_t)(limit - p) < op->left + EVRING_JSON_BYTE * more)
			return NULL;
	}
	if (cell_is_idle(cells, column))
		return put_lead(p, &op->null);
	cell_field(cells, column, &cell);
	return p + format->put(p, cells, column, &cell);
}

/*
 * Columns with an operation of their own
 */

INLINE char *put_hex(char *p, uint64_t number, bool avro)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int nr = (67 - (unsigned int)__builtin_clzll(number | 1)) / 4;

	p = put_len(p, nr + 2, avro);
	*p++ = '0';
	*p++ = 'x';
	while (nr--)
		*p++ = digits[number >> (4 * nr) & 0xf];
	return p;
}

/* NULL: it has no name. */
INLINE const struct plan_name *find_name(const struct plan_op *op, uint64_t number)
{
	uint32_t i;

	/* Most enums begin at 0 and have no gaps. */
	if (number < op->nr_names && op->names[number].value == number)
		return &op->names[number];
	for (i = 0; i < op->nr_names; i++)
		if (op->names[i].value == number)
			return &op->names[i];
	return NULL;
}

INLINE char *put_enum(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
		      const struct plan_format *format, uint64_t number)
{
	const struct plan_name *name = find_name(op, number);

	return name ? put_plan_text(p, &name->text) : put_column(p, limit, cells, op, format);
}

INLINE char *put_flags(char *p, const struct plan_op *op, uint64_t bits, bool avro)
{
	const struct plan_name *name = op->names, *end = name + op->nr_names;

	if (avro)
		p = put_lead(p, &op->lead);
	for (; bits && name < end; name++) {
		if ((bits & name->value) != name->value)
			continue;
		p = put_plan_text(p, &name->text);
		bits &= ~name->value;
	}
	if (bits && avro)
		*p++ = ONE_ELEMENT;
	else if (bits)
		p = put_lead(p, &op->lead);
	if (bits)
		p = put_hex(p, bits, avro);
	if (avro)
		*p++ = 0;
	return p;
}

/* Most are 0 and have none. */
INLINE char *put_number_name(char *p, const struct plan_op *op, uint64_t number, bool avro)
{
	char name[EVRING_NUMBER_NAME];
	size_t len = number ? evring_number_name(op->column->field, number, name) : 0;

	if (!len)
		return put_lead(p, &op->null);
	return put_bytes(put_len(put_lead(p, &op->lead), len, avro), name, len);
}

INLINE char *put_times(char *p, const struct plan_op *op, uint64_t wall, bool avro)
{
	p = put_time(put_lead(p, &op->lead), wall, avro);
	return put_number(put_lead(p, &op->beside), wall, avro);
}

/* All of @text's bytes; those above ASCII set a high bit of the returned word. */
INLINE uint64_t copy_text(char *to, const char *text, size_t len)
{
	uint64_t word, seen = 0;
	size_t i;

	if (len < sizeof(word)) {
		for (i = 0; i < len; i++) {
			to[i] = text[i];
			seen |= (uint8_t)text[i];
		}
		return seen;
	}
	for (i = 0; i < len - sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		memcpy(to + i, &word, sizeof(word));
		seen |= word;
	}
	memcpy(&word, text + len - sizeof(word), sizeof(word));
	memcpy(to + len - sizeof(word), &word, sizeof(word));
	return seen | word;
}

/* Bytes that are no UTF-8, and the column beside, which has them in base 16 */
static char *put_dirty(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
		       const struct plan_format *format)
{
	struct plan_op beside = { .column = op->column + 1 };

	p = put_column(p, limit, cells, op, format);
	return p ? put_column(p, limit, cells, &beside, format) : NULL;
}

INLINE char *put_text(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
		      const struct plan_format *format, const char *text, size_t len, bool avro)
{
	char *end;

	if ((size_t)(limit - p) < op->left + EVRING_JSON_BYTE * len)
		return NULL;
	end = put_len(put_lead(p, &op->lead), len, avro);
	if (copy_text(end, text, len) & HIGHS && !cell_is_utf8(text, len))
		return put_dirty(p, limit, cells, op, format);
	return put_lead(end + len, &op->idle);
}

INLINE char *put_texts(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
		       const struct plan_format *format, const char *text, size_t len, bool avro)
{
	const char *at = text, *end = text + len, *nul;
	char *start = p;
	uint64_t seen = 0;
	size_t n;

	if ((size_t)(limit - p) < op->left + EVRING_JSON_BYTE * len)
		return NULL;
	if (avro)
		p = put_lead(p, &op->lead);
	for (; at < end; at += n + 1) {
		nul = memchr(at, '\0', (size_t)(end - at));
		n = (size_t)((nul ? nul : end) - at);
		if (avro)
			*p++ = ONE_ELEMENT;
		else
			p = put_lead(p, &op->lead);
		p = put_len(p, n, avro);
		seen |= copy_text(p, at, n);
		p += n;
	}
	if (avro)
		*p++ = 0;
	if (seen & HIGHS && !cell_is_utf8(text, len))
		return put_dirty(start, limit, cells, op, format);
	return put_lead(p, &op->idle);
}

INLINE char *put_string(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
			const struct plan_format *format, const char *at, bool avro)
{
	const struct evring_event *event = cells->event;
	const char *payload = event->payload;
	struct evring_str str;

	memcpy(&str, at, sizeof(str));
	if ((size_t)str.offset + str.len > event->payload_len)
		return put_lead(p, &op->null);
	if (op->what == PLAN_TEXT)
		return put_text(p, limit, cells, op, format, payload + str.offset, str.len,
				avro);
	return put_texts(p, limit, cells, op, format, payload + str.offset, str.len,
				avro);
}

/* The number of a field of 1, 2, 4 or 8 bytes */
INLINE uint64_t number_at(const struct plan_op *op, const char *at)
{
	return cell_load(at, op->size, op->column->is_signed);
}

INLINE char *put_op(char *p, const char *limit, struct cells *cells, const struct plan_op *op,
		    const struct plan_format *format, bool avro)
{
	const char *at = (const char *)cells->event->payload + op->offset;

	switch (op->what) {
	case PLAN_U8: case PLAN_U16: case PLAN_U32: case PLAN_U64:
		return put_number(put_lead(p, &op->lead),
				  cell_load(at, 1u << (op->what - PLAN_U8), false), avro);
	case PLAN_S8: case PLAN_S16: case PLAN_S32: case PLAN_S64:
		return put_zigzag(put_lead(p, &op->lead),
				  cell_load(at, 1u << (op->what - PLAN_S8), true));
	case PLAN_BOOL:
		p = put_lead(p, &op->lead);
		*p++ = !!*at;
		return p;
	case PLAN_HEX:
		return put_hex(put_lead(p, &op->lead), cell_load(at, op->size, false), avro);
	case PLAN_ENUM:
		return put_enum(p, limit, cells, op, format, number_at(op, at));
	case PLAN_FLAGS:
		return put_flags(p, op, cell_load(at, op->size, false), avro);
	case PLAN_NAME:
		return put_number_name(p, op, number_at(op, at), avro);
	case PLAN_WALL:
		return put_times(p, op, number_at(op, at), avro);
	case PLAN_BOOT_WALL:
		return put_times(p, op, evring_clock_to_wall(cells->src->ev, number_at(op, at)),
				 avro);
	case PLAN_CHARS:
		return put_text(p, limit, cells, op, format, at, strnlen(at, op->size),
				avro);
	case PLAN_TEXT: case PLAN_TEXTS:
		return put_string(p, limit, cells, op, format, at, avro);
	default:
		return put_column(p, limit, cells, op, format);
	}
}

/*
 * The event
 */

/* NULL: there may not be room. */
INLINE char *put_fields(char *p, const char *limit, struct cells *cells, const struct plan *plan,
			const struct plan_format *format, bool avro)
{
	const bool whole = cells->event->type && cells->event->payload_len >= plan->fixed;
	const struct plan_op *op = whole ? plan->ops : plan->careful;
	const struct plan_op *end = op + (whole ? plan->nr_ops : plan->nr_careful);

	if (whole && (size_t)(limit - p) < plan->room)
		return NULL;
	for (; p && op < end; op++)
		p = whole ? put_op(p, limit, cells, op, format, avro) :
			    put_column(p, limit, cells, op, format);
	return p;
}

/* The length stands before the fields, and is known behind them. */
INLINE char *put_nested(char *p, const char *limit, struct cells *cells, const struct plan *plan,
			const struct plan_format *format)
{
	char *length = put_tag(p, plan->data), *begin = length + DATA_LENGTH, *end;
	char room[16];
	size_t len, width;

	end = put_fields(begin, limit, cells, plan, format, false);
	if (!end)
		return NULL;
	len = (size_t)(end - begin);
	width = (size_t)(put_varint(room, len) - room);
	if (width != DATA_LENGTH)
		memmove(length + width, begin, len);
	memcpy(length, room, width);
	return length + width + len;
}

INLINE char *put_redacted(char *p, struct cells *cells, const struct plan *plan,
			  const struct plan_format *format)
{
	struct cell cell;

	if (!(cells->event->rec->flags & EVRING_REC_REDACTED))
		return put_lead(p, &plan->no_redacted);
	cell_envelope(cells, plan->redacted, &cell);
	return p + format->put(p, cells, plan->redacted, &cell);
}

/* Of a type that is not known, its name is in each event. */
static char *put_unknown(char *p, struct cells *cells, const struct written *written,
			 const struct plan_format *format)
{
	const struct schema *schema = written->schema;
	struct cell cell;
	size_t i;

	p = put_bytes(p, written->head, written->head_len);
	for (i = 0; i < schema->nr_envelope; i++) {
		const struct schema_column *column = &schema->envelope[i];

		if (column->part == PART_DATA || column->part == PART_REDACTED)
			continue;
		cell_envelope(cells, column, &cell);
		p += format->put(p, cells, column, &cell);
	}
	return p;
}

INLINE char *put_envelope(char *p, const struct source *src, const struct evring_event *event,
			  const struct plan *plan, bool avro)
{
	const struct evring_rec *rec = event->rec;
	const uint64_t wall = evring_realtime(src->ev, event);

	p = put_bytes(p, plan->front.bytes, plan->front.len);
	p = put_time(put_lead(p, &plan->leads[PLAN_TIME]), wall, avro);
	p = put_number(put_lead(p, &plan->leads[PLAN_TIME_NS]), wall, avro);
	p = put_number(put_lead(p, &plan->leads[PLAN_BOOTTIME]), evring_boottime(src->ev, event),
		       avro);
	p = put_bytes(p, plan->middle.bytes, plan->middle.len);
	p = put_number(put_lead(p, &plan->leads[PLAN_CPU]), event->cpu, avro);
	p = put_number(put_lead(p, &plan->leads[PLAN_SEQ]), event->seq, avro);
	p = put_plan_text(p, &plan->contexts[rec->flags & EVRING_REC_CONTEXT]);
	p = put_number(put_lead(p, &plan->leads[PLAN_PID]), rec->pid, avro);
	return put_number(put_lead(p, &plan->leads[PLAN_TID]), rec->tid, avro);
}

/* Flat, the fields are the last columns. NULL: there may not be room. */
INLINE char *put_columns(char *p, const char *limit, struct cells *cells, const struct plan *plan,
			 const struct plan_format *format, bool avro)
{
	if (!plan->data)
		return put_fields(put_redacted(p, cells, plan, format), limit, cells, plan, format,
				  avro);
	p = avro ? put_fields(p, limit, cells, plan, format, avro) :
		   put_nested(p, limit, cells, plan, format);
	return p ? put_redacted(p, cells, plan, format) : NULL;
}

INLINE ssize_t encode(const struct source *src, const struct evring_event *event, char *to,
		      size_t room, const struct plan_format *format, bool avro)
{
	const struct written *written = schemas_find(src->schemas, event);
	struct cells cells = { .src = src, .event = event };
	const char *limit = to + room - WIRE_TAIL;
	char *p = to;

	if (!written)
		return -EAGAIN;
	if (room < written->head_len + EVRING_JSON_HEAD + WIRE_TAIL)
		return -ENOSPC;
	if (event->type)
		p = put_envelope(p, src, event, written->plan, avro);
	else
		p = put_unknown(p, &cells, written, format);
	p = put_columns(p, limit, &cells, written->plan, format, avro);
	return p ? p - to : -ENOSPC;
}

ssize_t avro_encode(const struct source *src, const struct evring_event *event, char *to,
		    size_t room)
{
	return encode(src, event, to, room, &format_avro, true);
}

ssize_t protobuf_encode(const struct source *src, const struct evring_event *event, char *to,
			size_t room)
{
	return encode(src, event, to, room, &format_protobuf, false);
}
