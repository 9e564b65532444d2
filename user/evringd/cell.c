/* SPDX-License-Identifier: MIT */
/* See cell.h. The values are those of evring-json(7). */
#include "cell.h"

#include "names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <utf8.h>

#define HIGHS 0x8080808080808080ULL

/*
 * Texts
 */

bool cell_is_utf8(const char *text, size_t len)
{
	uint64_t word;
	int n;

	while (len) {
		if (len >= sizeof(word)) {
			memcpy(&word, text, sizeof(word));
			if (!(word & HIGHS)) {
				text += sizeof(word);
				len -= sizeof(word);
				continue;
			}
		}
		n = utf8_decode((const uint8_t *)text, len);
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

size_t cell_clean_len(const char *text, size_t len)
{
	size_t sum = 0;
	int n;

	for (; len; len -= (size_t)n, text += n) {
		n = utf8_decode((const uint8_t *)text, len);
		sum += n < 0 ? 3 : (size_t)n;
		n = n < 0 ? -n : n;
	}
	return sum;
}

char *cell_put_clean(char *to, const char *text, size_t len)
{
	int n;

	for (; len; len -= (size_t)n, text += n) {
		n = utf8_decode((const uint8_t *)text, len);
		if (n < 0) {
			n = -n;
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
		} else {
			memcpy(to, text, (size_t)n);
			to += n;
		}
	}
	return to;
}

static const char digits[] = "0123456789abcdef";

char *cell_put_hex(char *to, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		*to++ = digits[(uint8_t)bytes[i] >> 4];
		*to++ = digits[bytes[i] & 0xf];
	}
	return to;
}

static void set_text(struct cell *cell, const char *text, size_t len)
{
	cell->state = CELL_TEXT;
	cell->form = FORM_PLAIN;
	cell->text = text;
	cell->len = len;
}

void cell_string(struct cell *cell, const char *text)
{
	set_text(cell, text, strlen(text));
	if (!cell_is_utf8(text, cell->len))
		cell->form = FORM_CLEAN;
}

static void set_number(struct cell *cell, uint64_t number)
{
	cell->state = CELL_NUMBER;
	cell->number = number;
}

/* Digits in a base that is a power of two, without those in front that are 0 */
static void set_digits(struct cell *cell, const char *prefix, uint64_t number, unsigned int shift)
{
	unsigned int nr = (63 - (unsigned int)__builtin_clzll(number | 1)) / shift + 1;
	char *to = stpcpy(cell->room, prefix);

	while (nr--)
		*to++ = digits[number >> (shift * nr) & ((1u << shift) - 1)];
	set_text(cell, cell->room, (size_t)(to - cell->room));
}

static char *put_decimal(char *to, uint64_t number)
{
	char text[20];
	size_t n = sizeof(text);

	do {
		text[--n] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(to, text + n, sizeof(text) - n);
	return to + sizeof(text) - n;
}

static void set_decimal(struct cell *cell, uint64_t number, bool is_signed)
{
	char *to = cell->room;

	if (is_signed && (int64_t)number < 0) {
		*to++ = '-';
		number = -number;
	}
	to = put_decimal(to, number);
	set_text(cell, cell->room, (size_t)(to - cell->room));
}

/*
 * The envelope
 */

static void set_type(struct cell *cell, const struct evring_event *event)
{
	int len;

	if (event->type) {
		set_text(cell, event->type->name, strlen(event->type->name));
		return;
	}
	len = snprintf(cell->room, sizeof(cell->room), "unknown:%u", event->rec->type);
	set_text(cell, cell->room, (size_t)len);
}

static void set_lane(struct cell *cell, const struct evring *ev, unsigned int lane)
{
	const char *name = evring_lane_name(ev, lane);
	int len;

	if (name) {
		set_text(cell, name, strlen(name));
		return;
	}
	len = snprintf(cell->room, sizeof(cell->room), "unknown:%u", lane);
	set_text(cell, cell->room, (size_t)len);
}

/* The names of the fields that secrets were left out of; most events have none. */
static void set_redacted(struct cells *cells, struct cell *cell)
{
	const struct evring_event *event = cells->event;

	cell->state = CELL_NULL;
	if (!event->type || !(event->rec->flags & EVRING_REC_REDACTED))
		return;
	cell->state = CELL_LIST;
	cells->part = PART_REDACTED;
	cells->bits = evring_redacted(event);
	cells->next = 0;
}

void cell_envelope(struct cells *cells, const struct schema_column *column, struct cell *cell)
{
	static const char contexts[4][8] = { "task", "softirq", "hardirq", "nmi" };
	const struct evring_event *event = cells->event;
	const struct source *src = cells->src;

	switch (column->part) {
	case PART_TYPE:
		set_type(cell, event);
		break;
	case PART_VERSION:
		set_number(cell, event->type ? event->type->version : 0);
		break;
	case PART_TIME:
		cells->wall = evring_realtime(src->ev, event);
		set_number(cell, cells->wall);
		break;
	case PART_TIME_NS:
		set_number(cell, cells->wall);
		break;
	case PART_BOOTTIME:
		set_number(cell, evring_boottime(src->ev, event));
		break;
	case PART_HOST:
		cell_string(cell, src->host.name);
		break;
	case PART_MACHINE:
		cell_string(cell, src->host.machine_id);
		break;
	case PART_BOOT:
		cell_string(cell, src->host.boot_id);
		break;
	case PART_LANE:
		set_lane(cell, src->ev, event->lane);
		break;
	case PART_CPU:
		set_number(cell, event->cpu);
		break;
	case PART_SEQ:
		set_number(cell, event->seq);
		break;
	case PART_CONTEXT:
		cell_string(cell, contexts[event->rec->flags & EVRING_REC_CONTEXT]);
		break;
	case PART_PID:
		set_number(cell, event->rec->pid);
		break;
	case PART_TID:
		set_number(cell, event->rec->tid);
		break;
	case PART_REDACTED:
		set_redacted(cells, cell);
		break;
	default:
		cell->state = CELL_NULL;
	}
}

/*
 * Fields
 */

static uint64_t load(const char *at, unsigned int kind)
{
	return cell_load(at, EVRING_KIND_SIZE(kind),
			 (kind & 0x7f00) == (EVRING_KIND_S8 & 0x7f00));
}

static bool is_signed_field(const struct evring_field *field)
{
	return (field->kind & 0x7f00) == (EVRING_KIND_S8 & 0x7f00);
}

/* The bits of a number that has fewer than 64, for base 16 */
static uint64_t bits_of(const struct evring_field *field, uint64_t number)
{
	unsigned int size = EVRING_KIND_SIZE(field->kind);

	return size < 8 ? number & ((1ULL << (8 * size)) - 1) : number;
}

size_t cells_enter(struct cells *cells, const struct evring_field *field)
{
	const struct evring_event *event = cells->event;
	struct evring_str str;

	cells->field = field;
	cells->found = false;
	cells->dirty = false;
	cells->len = 0;
	/* Of an unknown type there are bytes. */
	if (!event->type) {
		cells->at = event->payload;
		cells->len = event->payload_len;
		cells->found = true;
		return cells->len;
	}
	if (field->offset + (size_t)field->size > event->payload_len)
		return 0;
	cells->at = (const char *)event->payload + field->offset;
	cells->len = field->size;
	if (field->kind == EVRING_KIND_CHARS) {
		cells->len = strnlen(cells->at, field->size);
	} else if (field->kind & EVRING_KIND_VAR) {
		memcpy(&str, cells->at, sizeof(str));
		cells->len = 0;
		if ((size_t)str.offset + str.len > event->payload_len)
			return 0;
		cells->at = (const char *)event->payload + str.offset;
		cells->len = str.len;
	}
	cells->found = true;
	return cells->len;
}

static void set_enum(struct cell *cell, const struct evring_field *field, uint64_t number)
{
	uint32_t i;

	for (i = 0; i < field->nr_values; i++) {
		if (field->values[i].value == number) {
			cell_string(cell, field->values[i].name);
			return;
		}
	}
	set_decimal(cell, number, is_signed_field(field));
}

static void set_number_name(struct cell *cell, const struct evring_field *field, uint64_t number)
{
	const size_t len = evring_number_name(field, number, cell->room);

	if (len)
		set_text(cell, cell->room, len);
}

/* The name of a type that this host has, its id's digits if we do not know it */
static void set_type_id(struct cell *cell, struct evring *ev, uint64_t id)
{
	const struct evring_type *type;

	if (!id) {
		cell->state = CELL_NULL;
		return;
	}
	type = id <= UINT16_MAX ? evring_type(ev, (unsigned int)id) : NULL;
	if (type)
		cell_string(cell, type->name);
	else
		set_decimal(cell, id, false);
}

static void set_dev(struct cell *cell, uint64_t number)
{
	char *to = put_decimal(cell->room, number >> 20);

	*to++ = ':';
	to = put_decimal(to, number & 0xfffff);
	set_text(cell, cell->room, (size_t)(to - cell->room));
}

static uint64_t raw_to_wall(const struct cells *cells, uint64_t raw)
{
	struct evring_rec rec = { .time = raw };
	const struct evring_event event = { .rec = &rec };

	return evring_realtime(cells->src->ev, &event);
}

static void set_of_number(struct cells *cells, const struct schema_column *column,
			  struct cell *cell)
{
	const struct evring_field *field = cells->field;
	uint64_t number = load(cells->at, field->kind);

	switch (column->part) {
	case PART_BOOL:
		set_number(cell, !!number);
		break;
	case PART_HEX_NUMBER:
		set_digits(cell, "0x", bits_of(field, number), 4);
		break;
	case PART_MODE:
		number = bits_of(field, number);
		set_digits(cell, number ? "0" : "", number, 3);
		break;
	case PART_DEV:
		set_dev(cell, number);
		break;
	case PART_ENUM:
		set_enum(cell, field, number);
		break;
	case PART_NUMBER_NAME:
		set_number_name(cell, field, number);
		break;
	case PART_TYPE_ID:
		set_type_id(cell, cells->src->ev, number);
		break;
	case PART_WALL:
	case PART_BOOT_WALL:
		cells->bits = column->part == PART_WALL ? number :
			      evring_clock_to_wall(cells->src->ev, number);
		set_number(cell, cells->bits);
		break;
	case PART_WALL_NS:
		set_number(cell, cells->bits);
		break;
	case PART_RAW_NS:
		set_number(cell, raw_to_wall(cells, number));
		break;
	default:
		set_number(cell, number);
	}
}

/* A MAC address or a UUID: groups of digits */
static void set_groups(struct cell *cell, const char *bytes, size_t len, unsigned int ends, char by)
{
	char *to = cell->room;
	size_t i;

	for (i = 0; i < len; i++) {
		to = cell_put_hex(to, bytes + i, 1);
		if (ends & 1u << i)
			*to++ = by;
	}
	set_text(cell, cell->room, (size_t)(to - cell->room));
}

static void set_ip(struct cell *cell, const char *bytes)
{
	static const char mapped[12] = { [10] = (char)0xff, [11] = (char)0xff };
	bool v4 = !memcmp(bytes, mapped, sizeof(mapped));

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + sizeof(mapped) : bytes, cell->room,
		  sizeof(cell->room));
	set_text(cell, cell->room, strlen(cell->room));
}

static void set_list(struct cells *cells, const struct schema_column *column, struct cell *cell)
{
	cell->state = CELL_LIST;
	cells->part = column->part;
	cells->next = 0;
	if (column->part == PART_FLAGS)
		cells->bits = bits_of(cells->field, load(cells->at, cells->field->kind));
	else if (column->part == PART_TEXTS)
		cells->dirty = !cell_is_utf8(cells->at, cells->len);
}

static void set_text_of(struct cells *cells, struct cell *cell)
{
	set_text(cell, cells->at, cells->len);
	cells->dirty = !cell_is_utf8(cells->at, cells->len);
	cell->form = cells->dirty ? FORM_CLEAN : FORM_PLAIN;
}

void cell_field(struct cells *cells, const struct schema_column *column, struct cell *cell)
{
	cell->state = CELL_NULL;
	if (!cells->found)
		return;
	switch (column->part) {
	case PART_NULL:
		break;
	case PART_TEXT:
		set_text_of(cells, cell);
		break;
	case PART_TEXT_HEX:
		if (!cells->dirty)
			break;
		if (column->array) {
			set_list(cells, column, cell);
			break;
		}
		set_text(cell, cells->at, cells->len);
		cell->form = FORM_HEX;
		break;
	case PART_BYTES_HEX:
		set_text(cell, cells->at, cells->len);
		cell->form = FORM_HEX;
		break;
	case PART_TEXTS: case PART_FLAGS: case PART_NUMBERS: case PART_HEXES:
		set_list(cells, column, cell);
		break;
	case PART_IP:
		set_ip(cell, cells->at);
		break;
	case PART_MAC:
		set_groups(cell, cells->at, 6, 0x1f, ':');
		break;
	case PART_UUID:
		set_groups(cell, cells->at, 16, 1u << 3 | 1u << 5 | 1u << 7 | 1u << 9, '-');
		break;
	default:
		set_of_number(cells, column, cell);
	}
}

/*
 * Lists
 */

static bool next_text(struct cells *cells, struct cell *cell)
{
	const char *at = cells->at + cells->next, *nul;
	size_t left = cells->len - cells->next, len;

	if (cells->next >= cells->len)
		return false;
	nul = memchr(at, '\0', left);
	len = nul ? (size_t)(nul - at) : left;
	cells->next += (uint32_t)len + 1;
	set_text(cell, at, len);
	if (cells->part == PART_TEXT_HEX)
		cell->form = FORM_HEX;
	else if (cells->dirty && !cell_is_utf8(at, len))
		cell->form = FORM_CLEAN;
	return true;
}

static bool next_flag(struct cells *cells, struct cell *cell)
{
	const struct evring_field *field = cells->field;
	uint64_t value;

	while (cells->bits && cells->next < field->nr_values) {
		const struct evring_value *flag = &field->values[cells->next++];

		value = flag->value;
		if (!value || (cells->bits & value) != value)
			continue;
		cells->bits &= ~value;
		cell_string(cell, flag->name);
		return true;
	}
	if (!cells->bits)
		return false;
	set_digits(cell, "0x", cells->bits, 4);
	cells->bits = 0;
	return true;
}

static bool next_number(struct cells *cells, struct cell *cell)
{
	const size_t size = EVRING_KIND_SIZE(cells->field->kind);
	uint64_t number;

	if (cells->next + size > cells->len)
		return false;
	number = load(cells->at + cells->next, cells->field->kind);
	cells->next += (uint32_t)size;
	if (cells->part == PART_HEXES)
		set_digits(cell, "0x", bits_of(cells->field, number), 4);
	else
		set_number(cell, number);
	return true;
}

static bool next_redacted(struct cells *cells, struct cell *cell)
{
	const struct evring_type *type = cells->event->type;
	const struct evring_field *field;

	while (cells->next < type->nr_fields) {
		field = &type->fields[cells->next];
		if (cells->bits >> (cells->next < 63 ? cells->next : 63) & 1) {
			cells->next++;
			set_text(cell, field->name, field->name_len);
			return true;
		}
		cells->next++;
	}
	return false;
}

bool cell_element(struct cells *cells, struct cell *cell)
{
	switch (cells->part) {
	case PART_TEXTS:
	case PART_TEXT_HEX:
		return next_text(cells, cell);
	case PART_FLAGS:
		return next_flag(cells, cell);
	case PART_REDACTED:
		return next_redacted(cells, cell);
	default:
		return next_number(cells, cell);
	}
}
