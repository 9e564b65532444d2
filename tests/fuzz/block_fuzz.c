/* SPDX-License-Identifier: MIT */
/*
 * Blocks of types, of any origin: the bits of the first byte put members of the head
 * right, the rest is the block. Each part of the parsed type lies within the block.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evring.h"

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "block_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* Else hardly any input would come past the head. */
static void put_right(char *buf, size_t len, unsigned int what)
{
	struct evring_block head;

	if (len < sizeof(head))
		return;
	memcpy(&head, buf, sizeof(head));
	if (what & 1) {
		head.magic = EVRING_BLOCK_MAGIC;
		head.len = (uint32_t)len;
		head.size = sizeof(head);
		head.version |= 1;
	}
	if (what & 2) {
		head.data_size &= UINT16_MAX;
		head.common_size = 0;
		head.strings.stride = 1;
		head.strings.offset = sizeof(head);
		head.strings.count = (uint32_t)(len - sizeof(head));
		buf[len - 1] = '\0';
	}
	if (what & 4) {
		head.fields.offset %= (uint32_t)len;
		head.fields.stride = sizeof(struct evring_block_field);
		head.fields.count %= 8;
		head.values.count %= 8;
		head.tables.count %= 4;
	}
	memcpy(buf, &head, sizeof(head));
}

static void check(const struct evring_type *type)
{
	uint32_t i, j;

	MUST(evring_name_ok(type->name) && type->doc && type->own_lane);
	for (i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];

		MUST(strlen(field->name) == field->name_len && field->name_len);
		MUST((uint32_t)field->offset + field->size <= type->size && field->unit);
		MUST(evring_field(type, field->name) == field);
		for (j = 0; j < field->nr_values; j++)
			MUST(strlen(field->values[j].name) < EVRING_NAME_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evring_type *type = NULL;
	char *buf;
	int ret;

	if (!size)
		return 0;
	buf = malloc(size);
	memcpy(buf, data + 1, size - 1);
	put_right(buf, size - 1, data[0]);
	ret = evring_type_parse(&type, buf, size - 1);
	MUST(!ret || ret == -EBADMSG || ret == -EPROTO);
	if (!ret)
		check(type);
	free(buf);
	evring_type_free(type);
	return 0;
}
