/* SPDX-License-Identifier: MIT */
/* Rows as JSON: see columns.h. */
#include "columns.h"

#include "memory.h"
#include "names.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

json_t *json_utf8(const char *text)
{
	size_t left = strlen(text), len;
	char *clean;
	FILE *to = stream_begin(&clean, &len);
	json_t *json;

	while (left) {
		int n = utf8_decode((const uint8_t *)text, left);

		if (n > 0)
			fwrite(text, 1, (size_t)n, to);
		else
			fputs("\xef\xbf\xbd", to);
		text += abs(n);
		left -= (size_t)abs(n);
	}
	stream_end(to);
	json = must(json_string(clean));
	free(clean);
	return json;
}

static json_t *number_json(uint64_t number)
{
	return number == COLUMN_NONE ? json_null() : json_integer((json_int_t)number);
}

static json_t *causes_json(const struct causes *causes)
{
	json_t *json = json_object();

	for (unsigned int i = 0; i < causes->nr; i++)
		json_object_set_new(json, cause_name(i), number_json(causes->lost[i]));
	return json;
}

static json_t *member_json(const struct column *column, const void *row)
{
	const void *member = (const char *)row + column->offset;

	switch (column->kind) {
	case COLUMN_TEXT:
		return json_utf8(*(const char *const *)member);
	case COLUMN_FLAG:
		return json_boolean(*(const bool *)member);
	case COLUMN_COUNT:
	case COLUMN_FAULT:
	case COLUMN_BYTES:
	case COLUMN_DURATION:
		return number_json(*(const uint64_t *)member);
	case COLUMN_WORDS:
	case COLUMN_ROWS:
		return json_incref(*(json_t *const *)member);
	case COLUMN_CAUSES:
		return causes_json(member);
	}
	return NULL;
}

static bool is_array(const struct column *column)
{
	return column->kind == COLUMN_WORDS || column->kind == COLUMN_ROWS;
}

json_t *columns_json(const struct column *columns, const void *row)
{
	json_t *json = json_object(), *member;

	for (; columns->key; columns++) {
		member = member_json(columns, row);
		if (!member && is_array(columns))
			continue;
		if (json_object_set_new(json, columns->key, member))
			must(NULL);
	}
	return json;
}

void columns_release(const struct column *columns, const void *row)
{
	for (; columns->key; columns++)
		if (is_array(columns))
			json_decref(*(json_t *const *)((const char *)row + columns->offset));
}

void json_add(json_t *object, const char *key, uint64_t number)
{
	number += (uint64_t)json_integer_value(json_object_get(object, key));
	if (json_object_set_new(object, key, json_integer((json_int_t)number)))
		must(NULL);
}

void json_print(json_t *json)
{
	if (json_dumpf(must(json), stdout, JSON_COMPACT | JSON_ENSURE_ASCII) && !ferror(stdout))
		must(NULL);
	putchar('\n');
	json_decref(json);
}
