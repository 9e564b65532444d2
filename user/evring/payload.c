/* SPDX-License-Identifier: MIT */
/* See payload.h. */
#include "payload.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static bool __attribute__((format(printf, 2, 3))) wrong(struct payload *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, sizeof(p->error), format, args);
	va_end(args);
	return false;
}

void payload_begin(struct payload *p, const struct evring_type *type)
{
	p->type = type;
	p->len = type->size - type->common_size;
	p->bytes = xzalloc(p->len + 1);
	p->error[0] = '\0';
}

void payload_free(struct payload *p)
{
	free(p->bytes);
	p->bytes = NULL;
}

static bool is_own(const struct payload *p, const struct evring_field *field)
{
	return field->offset >= p->type->common_size;
}

/* The field, if it is one that an application fills */
static const struct evring_field *field_find(struct payload *p, const char *name)
{
	const struct evring_field *field = evring_field(p->type, name);
	size_t at;

	if (field && is_own(p, field))
		return field;
	if (field) {
		wrong(p, "%s is the kernel's: it identifies the publisher", name);
		return NULL;
	}
	wrong(p, "%s has no field '%s'; it has", p->type->name, name);
	for (uint32_t i = 0; i < p->type->nr_fields; i++) {
		at = strlen(p->error);
		if (is_own(p, &p->type->fields[i]))
			snprintf(p->error + at, sizeof(p->error) - at, " %s",
				 p->type->fields[i].name);
	}
	return NULL;
}

static char *fixed_part(struct payload *p, const struct evring_field *field)
{
	return p->bytes + field->offset - p->type->common_size;
}

/* Append the bytes that a field of no fixed length refers to. */
static bool tail_put(struct payload *p, const struct evring_field *field, const void *data,
		     size_t len)
{
	struct evring_str str = { .offset = (uint16_t)p->len, .len = (uint16_t)len };

	if (p->len + len > UINT16_MAX)
		return wrong(p, "%s: the event is longer than one can be", field->name);
	p->bytes = xgrow(p->bytes, p->len, p->len + len + 1, 1);
	if (len)
		memcpy(p->bytes + p->len, data, len);
	p->len += len;
	memcpy(fixed_part(p, field), &str, sizeof(str));
	return true;
}

static bool is_signed(unsigned int kind)
{
	return (kind & 0xff00 & ~EVRING_KIND_VAR) == (EVRING_KIND_S8 & 0xff00);
}

/* One element of a kind; the host's order of bytes puts the lowest ones first, or last. */
static void number_store(void *to, unsigned int size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	memcpy(to, size == 1 ? (const void *)&u8 : size == 2 ? (const void *)&u16 :
		   size == 4 ? (const void *)&u32 : (const void *)&value, size);
}

static bool number_fits(struct payload *p, const struct evring_field *field, bool negative,
			uint64_t value)
{
	unsigned int bits = 8 * EVRING_KIND_SIZE(field->kind);
	uint64_t max = field->kind == EVRING_KIND_BOOL ? 1 : ~0ull >> (64 - bits);

	if (!is_signed(field->kind)) {
		if (!negative && value <= max)
			return true;
		return wrong(p, "%s is a whole number from 0 to %" PRIu64, field->name, max);
	}
	max >>= 1;
	if (negative ? -value <= max + 1 : value <= max)
		return true;
	return wrong(p, "%s is a whole number from -%" PRIu64 " to %" PRIu64, field->name, max + 1,
		     max);
}

static bool number_put(struct payload *p, const struct evring_field *field, void *to,
		       bool negative, uint64_t value)
{
	if (!number_fits(p, field, negative, value))
		return false;
	number_store(to, EVRING_KIND_SIZE(field->kind), value);
	return true;
}

/* A number in words of @len bytes: base 10, 0x… or 0… */
static bool number_parse(const char *text, size_t len, bool *negative, uint64_t *value)
{
	char buf[32], *end;

	if (!len || len >= sizeof(buf) || !strchr("-0123456789", text[0]))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	errno = 0;
	*negative = buf[0] == '-';
	*value = *negative ? (uint64_t)strtoll(buf, &end, 0) : strtoull(buf, &end, 0);
	return !errno && !*end && end != buf;
}

/* The value that is called so, or the number itself */
static bool name_parse(const struct evring_field *field, const char *text, size_t len,
		       bool *negative, uint64_t *value)
{
	*negative = false;
	for (uint32_t i = 0; i < field->nr_values; i++) {
		if (strlen(field->values[i].name) != len ||
		    strncmp(field->values[i].name, text, len))
			continue;
		*value = field->values[i].value;
		return true;
	}
	return number_parse(text, len, negative, value);
}

static bool names_wrong(struct payload *p, const struct evring_field *field, const char *text)
{
	size_t at;

	wrong(p, "%s=%.64s: it is one of", field->name, text);
	for (uint32_t i = 0; i < field->nr_values; i++) {
		at = strlen(p->error);
		snprintf(p->error + at, sizeof(p->error) - at, " %s", field->values[i].name);
	}
	return false;
}

/* "read|write" */
static bool flags_parse(struct payload *p, const struct evring_field *field, const char *text,
			uint64_t *value)
{
	const char *at, *end;
	bool negative;
	uint64_t one;

	*value = 0;
	for (at = text; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '|');
		if (!name_parse(field, at, (size_t)(end - at), &negative, &one) || negative)
			return names_wrong(p, field, text);
		*value |= one;
	}
	return true;
}

static bool number_set(struct payload *p, const struct evring_field *field, const char *text)
{
	void *to = fixed_part(p, field);
	bool negative = false;
	uint64_t value;

	if (evring_field_has_bits(field))
		return flags_parse(p, field, text, &value) && number_put(p, field, to, false, value);
	if (field->kind == EVRING_KIND_BOOL && (!strcmp(text, "true") || !strcmp(text, "false")))
		return number_put(p, field, to, false, text[0] == 't');
	if (name_parse(field, text, strlen(text), &negative, &value))
		return number_put(p, field, to, negative, value);
	if (field->nr_values)
		return names_wrong(p, field, text);
	number_fits(p, field, true, is_signed(field->kind) ? 1ull << 63 : 1);
	return wrong(p, "%s=%.64s: not a whole number", field->name, text);
}

/* Bytes in base 16, dashes and colons left out: a uuid, a mac */
static bool hex_parse(const char *text, uint8_t *to, size_t size)
{
	size_t digits = 0;
	char pair[3] = "";

	for (; *text; text++) {
		if (*text == '-' || *text == ':')
			continue;
		if (!isxdigit((unsigned char)*text) || digits == 2 * size)
			return false;
		pair[digits % 2] = *text;
		if (digits++ % 2)
			*to++ = (uint8_t)strtoul(pair, NULL, 16);
	}
	return digits == 2 * size;
}

static bool fixed_set(struct payload *p, const struct evring_field *field, const char *text)
{
	uint8_t *to = (uint8_t *)fixed_part(p, field);
	struct in_addr v4;

	if (field->format == EVRING_FORMAT_IP && field->size == 16) {
		if (inet_pton(AF_INET, text, &v4) == 1) {
			memset(to, 0, 10);
			memset(to + 10, 0xff, 2);
			memcpy(to + 12, &v4, sizeof(v4));
			return true;
		}
		if (inet_pton(AF_INET6, text, to) == 1)
			return true;
		return wrong(p, "%s=%.64s: not an address", field->name, text);
	}
	if (hex_parse(text, to, field->size))
		return true;
	return wrong(p, "%s=%.64s: not %u bytes in base 16", field->name, text, field->size);
}

static bool chars_set(struct payload *p, const struct evring_field *field, const char *text)
{
	size_t len = strlen(text);

	if (len > field->size)
		return wrong(p, "%s: longer than %u bytes", field->name, field->size);
	memset(fixed_part(p, field), 0, field->size);
	memcpy(fixed_part(p, field), text, len);
	return true;
}

static bool field_set_text(struct payload *p, const struct evring_field *field, const char *text)
{
	switch (field->kind) {
	case EVRING_KIND_TEXT:
	case EVRING_KIND_BYTES:
	case EVRING_KIND_TEXTS:
		return tail_put(p, field, text, strlen(text));
	case EVRING_KIND_CHARS:
		return chars_set(p, field, text);
	case EVRING_KIND_FIXED:
		return fixed_set(p, field, text);
	default:
		if (!(field->kind & EVRING_KIND_VAR) &&
		    field->size == EVRING_KIND_SIZE(field->kind))
			return number_set(p, field, text);
		return wrong(p, "%s is an array: give it as JSON, [1,2]", field->name);
	}
}

static bool element_put(struct payload *p, const struct evring_field *field, void *to,
			const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong(p, "%s is an array of whole numbers", field->name);
	return number_put(p, field, to, number < 0, (uint64_t)number);
}

static bool numbers_set(struct payload *p, const struct evring_field *field, const json_t *array)
{
	size_t size = EVRING_KIND_SIZE(field->kind), nr = json_array_size(array), i;
	bool var = field->kind & EVRING_KIND_VAR, good = true;
	char *numbers;

	if (!var && nr * size > field->size)
		return wrong(p, "%s has room for %zu numbers", field->name, field->size / size);
	numbers = xzalloc(nr * size + 1);
	for (i = 0; i < nr && good; i++)
		good = element_put(p, field, numbers + i * size, json_array_get(array, i));
	if (good && var)
		good = tail_put(p, field, numbers, nr * size);
	else if (good)
		memcpy(fixed_part(p, field), numbers, nr * size);
	free(numbers);
	return good;
}

/* Texts with NULs between */
static bool texts_set(struct payload *p, const struct evring_field *field, const json_t *array)
{
	size_t len, i, nr = json_array_size(array);
	char *text;
	FILE *out = stream_begin(&text, &len);
	bool good = true;

	for (i = 0; i < nr && good; i++) {
		const char *one = json_string_value(json_array_get(array, i));

		good = one || wrong(p, "%s is an array of texts", field->name);
		if (one)
			fprintf(out, "%s%c", one, '\0');
	}
	stream_end(out);
	good = good && tail_put(p, field, text, len ? len - 1 : 0);
	free(text);
	return good;
}

static bool takes_array(const struct evring_field *field)
{
	return field->kind != EVRING_KIND_TEXT && field->kind != EVRING_KIND_BYTES &&
	       field->kind != EVRING_KIND_CHARS && field->kind != EVRING_KIND_FIXED;
}

static bool field_set_json(struct payload *p, const struct evring_field *field,
			   const json_t *value)
{
	char number[32];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return field_set_text(p, field, json_string_value(value));
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return field_set_text(p, field, number);
	case JSON_TRUE:
	case JSON_FALSE:
		return field_set_text(p, field, json_is_true(value) ? "true" : "false");
	case JSON_NULL:
		return true;
	case JSON_ARRAY:
		if (field->kind == EVRING_KIND_TEXTS)
			return texts_set(p, field, value);
		return takes_array(field) ? numbers_set(p, field, value) :
					    wrong(p, "%s is no array", field->name);
	default:
		return wrong(p, "%s is no object and has no fraction", field->name);
	}
}

bool payload_set_text(struct payload *p, const char *name, const char *text)
{
	const struct evring_field *field = field_find(p, name);
	json_t *array;
	bool good;

	if (!field)
		return false;
	array = text[0] == '[' && takes_array(field) ? json_loads(text, 0, NULL) : NULL;
	if (!array)
		return field_set_text(p, field, text);
	good = field_set_json(p, field, array);
	json_decref(array);
	return good;
}

bool payload_set_json(struct payload *p, const char *name, const json_t *value)
{
	const struct evring_field *field = field_find(p, name);

	return field && field_set_json(p, field, value);
}
