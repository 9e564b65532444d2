/* SPDX-License-Identifier: MIT */
/* A block becomes the type that it describes; one that lies is refused. */
#include "../harness/block.h"
#include "../harness/tap.h"

#include <errno.h>
#include <evring.h>
#include <stdbool.h>
#include <stdlib.h>

static struct block make(void)
{
	struct block b;

	block_begin(&b, "some.event", 64);
	block_field(&b, "count", EVRING_KIND_U64, EVRING_FORMAT_NONE, 0, 8);
	block_field(&b, "text", EVRING_KIND_TEXT, EVRING_FORMAT_PATH, 8, 4);
	block_field(&b, "what", EVRING_KIND_U32, EVRING_FORMAT_ENUM, 12, 4);
	block_field(&b, "ids", EVRING_KIND_U16, EVRING_FORMAT_NONE, 16, 8);
	return b;
}

/* A field that is called as another one's second key keeps it, wherever it stands. */
static bool tells_clashes(void)
{
	static const struct evring_value bits[] = { { 1, "one", "" } };
	static const struct evring_field fields[] = {
		{ .name = "a_number", .kind = EVRING_KIND_U8, .size = 1 },
		{ .name = "a", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_ENUM, .size = 1 },
		{ .name = "b", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_FLAGS, .size = 1 },
		{ .name = "b_name", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_ERRNO, .size = 1 },
		{ .name = "c", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_SIGNAL, .size = 1 },
		{ .name = "c_name", .kind = EVRING_KIND_TEXT, .size = 4 },
		{ .name = "d", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_ENUM, .size = 2 },
		{ .name = "e", .kind = EVRING_KIND_BOOL, .format = EVRING_FORMAT_ENUM, .size = 1 },
		{ .name = "f", .kind = EVRING_KIND_U32S, .format = EVRING_FORMAT_FLAGS, .size = 4 },
		{ .name = "g", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_HEX, .size = 1 },
		{ .name = "h", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_HEX, .size = 1,
		  .values = bits, .nr_values = 1 },
		{ .name = "i", .kind = EVRING_KIND_U8, .format = EVRING_FORMAT_CAPS, .size = 1,
		  .values = bits, .nr_values = 1 },
		{ .name = "i_names", .kind = EVRING_KIND_U8, .size = 1 },
		{ .name = "j", .kind = EVRING_KIND_U8, .size = 1, .values = bits, .nr_values = 1 },
		{ .name = "k", .kind = EVRING_KIND_U64, .format = EVRING_FORMAT_TIME, .size = 8 },
		{ .name = "k_ns", .kind = EVRING_KIND_U8, .size = 1 },
		{ .name = "l_hex", .kind = EVRING_KIND_TEXT, .size = 4 },
		{ .name = "l", .kind = EVRING_KIND_TEXT, .size = 4 },
		{ .name = "m", .kind = EVRING_KIND_U64, .format = EVRING_FORMAT_TIME, .size = 8 },
	};
	static const char beside[] = "b,b_name,c_name,h,l_hex,m,";
	struct evring_type *type;
	char found[64] = "";
	uint32_t i;

	if (evring_type_build(&type, &(struct evring_type){
		.version = 1, .size = 8, .nr_fields = sizeof(fields) / sizeof(*fields),
		.fields = fields, .name = "t", .doc = "", .own_lane = "" }))
		return false;
	for (i = 0; i < type->nr_fields; i++)
		if (type->fields[i].beside)
			strcat(strcat(found, type->fields[i].name), ",");
	evring_type_free(type);
	return !strcmp(found, beside);
}

/* In a buffer of its own, at an odd address, so that ASan sees a byte too far. */
static int parse(const void *from, size_t len, struct evring_type **type)
{
	char *buf = malloc(len + 1);
	int ret;

	if (!buf)
		abort();
	memcpy(buf + 1, from, len);
	ret = evring_type_parse(type, buf + 1, len);
	free(buf);
	return ret;
}

static int parse_only(const void *from, size_t len)
{
	struct evring_type *type = NULL;
	int ret = parse(from, len, &type);

	evring_type_free(type);
	return ret;
}

static bool reads_back(void)
{
	const struct block b = make();
	struct evring_type *type = NULL;
	const struct evring_field *what;
	bool good;

	if (parse(&b, sizeof(b), &type))
		return false;
	what = evring_field(type, "what");
	good = !strcmp(type->name, "some.event") && !strcmp(type->doc, "of a test") &&
	       !strcmp(type->own_lane, "bulk") && type->version == 3 && type->size == 64 &&
	       type->nr_fields == 4 && type->block_len == sizeof(b) &&
	       !memcmp(type->block, &b, sizeof(b)) && what && what->nr_values == 2 &&
	       what->values[1].value == 2 && !strcmp(what->values[1].name, "two") &&
	       what->offset == 12 && what->name_len == 4 && !*what->unit &&
	       evring_field(type, "text")->format == EVRING_FORMAT_PATH &&
	       !evring_field(type, "count")->nr_values;
	evring_type_free(type);
	return good;
}

/* Elements farther apart than we know: the bytes between are a later version's. */
static bool wider_strides(void)
{
	struct block b = make();
	struct evring_type *type = NULL;
	bool good;

	b.head.fields.stride *= 2;
	b.head.fields.count = 2;
	b.fields[2] = b.fields[1];
	memset(&b.fields[1], 0xff, sizeof(b.fields[1]));
	if (parse(&b, sizeof(b), &type))
		return false;
	good = type->nr_fields == 2 && !strcmp(type->fields[1].name, "text");
	evring_type_free(type);
	return good;
}

static bool refuses(size_t offset, const void *value, size_t len, int want)
{
	struct block b = make();

	memcpy((char *)&b + offset, value, len);
	return parse_only(&b, sizeof(b)) == want;
}

#define REFUSES(type, member, value)						\
	({ const type value_ = (value);						\
	   refuses(offsetof(struct block, member), &value_, sizeof(value_), -EBADMSG); })

static bool cut_short(void)
{
	struct block b = make();
	size_t len;

	for (len = 0; len < b.head.strings.offset + b.head.strings.count; len++) {
		b.head.len = (uint32_t)len;
		if (parse_only(&b, len) != -EBADMSG)
			return false;
	}
	return true;
}

static bool same_name_twice(void)
{
	struct block b = make();

	b.fields[3].name = b.fields[0].name;
	return parse_only(&b, sizeof(b)) == -EBADMSG;
}

static bool other_order(void)
{
	struct block b = make();

	b.head.magic = __builtin_bswap32(b.head.magic);
	return parse_only(&b, sizeof(b)) == -EPROTO;
}

static bool bad_strings(void)
{
	struct block b = make();
	bool good;

	strcpy(b.strings + b.fields[0].name, "Count");
	good = parse_only(&b, sizeof(b)) == -EBADMSG;
	b = make();
	strcpy(b.strings + b.head.name, "some\"name");
	good = good && parse_only(&b, sizeof(b)) == -EBADMSG;
	b = make();
	b.head.strings.count--;		/* and no NUL at the end */
	return good && parse_only(&b, sizeof(b)) == -EBADMSG;
}

/* Nothing but the sanitizers' silence is asked for. */
static bool random_bits(void)
{
	unsigned int round, i, state = 12345;

	for (round = 0; round < 200000; round++) {
		struct block b = make();

		for (i = 0; i < 1 + round % 4; i++) {
			state = state * 1664525 + 1013904223;
			((unsigned char *)&b)[(state >> 8) % (sizeof(b) - BLOCK_STRINGS / 2)] ^=
				(unsigned char)(1u << (state & 7));
		}
		parse_only(&b, sizeof(b));
	}
	return true;
}

#define WIDE_FIELDS	300
#define WIDE_VALUES	3648

/* Each of the fields has the same table of names. */
static int parse_wide(uint32_t fields)
{
	static struct {
		struct evring_block head;
		struct evring_block_field fields[WIDE_FIELDS];
		struct evring_block_names names[1];
		struct evring_block_value values[WIDE_VALUES];
		char strings[2048];
	} b;
	struct evring_type *type;
	struct block small;
	uint32_t i;
	int ret;

	memset(&b, 0, sizeof(b));
	block_begin(&small, "wide", WIDE_FIELDS);
	block_field(&small, "x", EVRING_KIND_U8, EVRING_FORMAT_ENUM, 0, 1);
	b.head = small.head;
	memcpy(b.strings, small.strings, sizeof(small.strings));
	b.head.len = sizeof(b);
	b.head.fields.offset = (uint32_t)((char *)b.fields - (char *)&b);
	b.head.fields.count = fields;
	b.head.tables.offset = (uint32_t)((char *)b.names - (char *)&b);
	b.head.values.offset = (uint32_t)((char *)b.values - (char *)&b);
	b.head.values.count = WIDE_VALUES;
	b.head.strings.offset = (uint32_t)(b.strings - (char *)&b);
	b.names[0] = (struct evring_block_names){ .name = small.names[0].name, .count = WIDE_VALUES };
	for (i = 0; i < WIDE_VALUES; i++)
		b.values[i] = (struct evring_block_value){ .value = i, .name = small.values[0].name };
	for (i = 0; i < fields; i++) {
		b.fields[i] = small.fields[0];
		b.fields[i].offset = (uint16_t)i;
		b.fields[i].names = 1;
		b.fields[i].name = b.head.strings.count;
		b.head.strings.count += (uint32_t)sprintf(b.strings + b.head.strings.count, "f%u", i) + 1;
	}
	ret = evring_type_parse(&type, &b, sizeof(b));
	if (!ret)
		evring_type_free(type);
	return ret;
}

int main(void)
{
	ok(reads_back(), "a block is read back: name, fields, names of numbers");
	ok(tells_clashes(), "no key of JSON is told twice");
	ok(wider_strides(), "strides are the block's own");
	ok(other_order(), "a block of the other byte order is told apart");
	ok(REFUSES(uint32_t, head.magic, 1), "another magic number");
	ok(REFUSES(uint32_t, head.len, 8), "a length that is not the block's");
	ok(REFUSES(uint32_t, head.size, 96), "a head that is too short");
	ok(REFUSES(uint32_t, head.version, 0), "no version");
	ok(REFUSES(uint32_t, head.data_size, 23), "a field outside of the payload");
	ok(REFUSES(uint32_t, head.common_size, 65), "a common part outside of the payload");
	ok(REFUSES(uint32_t, head.name, 0xfffffff0), "a name outside of the strings");
	ok(REFUSES(uint32_t, head.fields.count, 0x20000000), "more fields than there is room for");
	ok(REFUSES(uint32_t, head.fields.stride, 16), "fields that are too short");
	ok(REFUSES(uint32_t, head.fields.offset, 0xffffff00), "fields outside of the block");
	ok(REFUSES(uint32_t, head.values.count, 1), "a table of names that ends too late");
	ok(REFUSES(uint32_t, head.strings.stride, 2), "strings that are not bytes");
	ok(REFUSES(uint32_t, head.strings.count, 0), "no strings");
	ok(REFUSES(uint16_t, fields[0].kind, 0x0100), "a kind without a size");
	ok(REFUSES(uint16_t, fields[0].size, 7), "a size that its kind cannot have");
	ok(REFUSES(uint16_t, fields[1].size, 8), "a reference that is too long");
	ok(REFUSES(uint16_t, fields[0].offset, 0xfff8), "a position that overflows");
	ok(REFUSES(uint16_t, fields[2].names, 2), "a table that is not there");
	ok(REFUSES(uint32_t, names[0].first, 0xffffffff), "a table that begins nowhere");
	ok(REFUSES(uint32_t, values[1].name, 0xffff), "a number's name outside of the strings");
	ok(same_name_twice(), "two fields of one name");
	ok(bad_strings(), "names that are none, or do not end");
	ok(cut_short(), "cut short anywhere");
	ok(!parse_wide(256), "as many names of as many fields as a block that is registered can have");
	ok(parse_wide(WIDE_FIELDS) == -EBADMSG, "a table of names that too many fields have");
	ok(random_bits(), "bits flipped at random: nothing outside of the block is read");
	return tap_end();
}
