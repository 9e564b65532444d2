/* SPDX-License-Identifier: MIT */
/* A type's block, put together for a test, which may then spoil it. */
#ifndef EVRING_TESTS_BLOCK_H
#define EVRING_TESTS_BLOCK_H

#include <linux/evring.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_STRINGS	2048
#define BLOCK_FIELDS	16

/* As a structure it is aligned, and its parts are where a test finds them. */
struct block {
	struct evring_block head;
	struct evring_block_field fields[BLOCK_FIELDS];
	struct evring_block_names names[1];
	struct evring_block_value values[2];
	char strings[BLOCK_STRINGS];
};

static inline uint32_t block_string(struct block *b, const char *s)
{
	uint32_t at = b->head.strings.count;

	strcpy(b->strings + at, s);
	b->head.strings.count += (uint32_t)strlen(s) + 1;
	return at;
}

/* A type without fields, but with a table of two names: "one" is 1, "two" is 2. */
static inline void block_begin(struct block *b, const char *name, uint32_t data_size)
{
	memset(b, 0, sizeof(*b));
	b->head = (struct evring_block){
		.magic = EVRING_BLOCK_MAGIC, .len = sizeof(*b), .size = sizeof(b->head),
		.version = 3, .data_size = data_size,
		.fields = { .offset = offsetof(struct block, fields),
			    .stride = sizeof(b->fields[0]) },
		.tables = { .offset = offsetof(struct block, names),
			    .stride = sizeof(b->names[0]), .count = 1 },
		.values = { .offset = offsetof(struct block, values),
			    .stride = sizeof(b->values[0]), .count = 2 },
		.strings = { .offset = offsetof(struct block, strings), .stride = 1, .count = 1 },
	};
	b->head.name = block_string(b, name);
	b->head.doc = block_string(b, "of a test");
	b->head.lane = block_string(b, "bulk");
	b->names[0] = (struct evring_block_names){ .name = block_string(b, "n"), .count = 2 };
	b->values[0] = (struct evring_block_value){ .value = 1, .name = block_string(b, "one") };
	b->values[1] = (struct evring_block_value){ .value = 2, .name = block_string(b, "two") };
}

static inline void block_field(struct block *b, const char *name, unsigned int kind,
			       unsigned int format, unsigned int offset, unsigned int size)
{
	b->fields[b->head.fields.count++] = (struct evring_block_field){
		.name = block_string(b, name), .kind = (uint16_t)kind, .format = (uint16_t)format,
		.offset = (uint16_t)offset, .size = (uint16_t)size,
		.names = format == EVRING_FORMAT_ENUM || format == EVRING_FORMAT_FLAGS,
	};
}

#endif /* EVRING_TESTS_BLOCK_H */
