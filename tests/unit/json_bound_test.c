/* SPDX-License-Identifier: MIT */
/* How long JSON gets: within evring_json_max(), and never beyond the buffer. */
#include "json.h"

/* A buffer that is too short is refused, and never written beyond. */
static void test_no_room(void)
{
	static const uint8_t payload[] = "\x08\0\x0c\0\x08\0\x0c\0\1\2\3\xff\0\0\0\0\0\0\0";
	unsigned int fits = 0;
	struct fixture f;
	char *text;

	fixture_init(&f, payload, sizeof(payload));
	add_field(&f, "str", EVRING_KIND_TEXT, 0, 0, 4);
	add_field(&f, "strv", EVRING_KIND_TEXTS, 0, 4, 4);
	for (size_t len = 0; len < 2 * fixture_max(&f); len++) {
		text = render_in(&f, len);
		check(text || !fits, "%zu bytes are too few, but %u were enough", len, fits);
		if (text && !fits)
			fits = len;
		free(text);
	}
	check(fits, "never room");
	f.event.type = NULL;
	for (size_t len = 0; len < 2 * fixture_max(&f); len++)
		free(render_in(&f, len));
	free(f.payload);
}

/* The random tests' numbers: xorshift64*, the same ones in each run */
static uint64_t random_state = 88172645463325252ULL;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ULL >> 32) % n;
}

static uint8_t random_byte(unsigned int flavour)
{
	static const uint8_t nasty[] = "\0\0\1\x1f\"\\\xff\xc2\x80\x9f\xe2\x82\xac\xf0\x9f\x7f";

	switch (flavour) {
	case 0:
		return random_below(256);
	case 1:
		return nasty[random_below(sizeof(nasty) - 1)];
	case 2:
		return random_below(40) ? 1 : 0xff;	/* the longest: "\u0001" and hex */
	case 3:
		return random_below(2) ? 0 : 0xff;	/* many short strings */
	default:
		return ' ' + random_below(95);
	}
}

/* Names that an application may choose, of numbers that fit a field or do not */
static const struct evring_value any_values[] = {
	{ 0, "", "" }, { ~0ULL, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", "" },
	{ 1, "\xff\xc2\x80\"\\\n", "" }, { 0x20, "\xc3\xa4", "" }, { 0x20, "twice", "" },
	{ 1ULL << 63, "high", "" }, { 0xff, "all", "" }, { 0x01010101, "some", "" },
};

/* Every third field may be called as the second key of the one before it. */
static void random_name(const struct fixture *f, unsigned int i, char name[EVRING_NAME_MAX])
{
	static const char *const suffixes[] = { "", "_of_many_that_are_random", "_number", "_name",
						"_names" };

	snprintf(name, EVRING_NAME_MAX, "f%u%s", i, suffixes[random_below(2)]);
	if (i % 3 == 2 && random_below(2))
		snprintf(name, EVRING_NAME_MAX, "%.24s%s", f->names[i - 1],
			 suffixes[2 + random_below(3)]);
}

/*
 * A record with random fields of all kinds. Its strings share no byte, unless
 * @hostile: then their offsets and lengths are as they fall.
 */
static void random_fixture(struct fixture *f, bool hostile)
{
	static const uint16_t kinds[] = {
		EVRING_KIND_U8, EVRING_KIND_U16, EVRING_KIND_U32, EVRING_KIND_U64, EVRING_KIND_S8,
		EVRING_KIND_S16, EVRING_KIND_S32, EVRING_KIND_S64, EVRING_KIND_BOOL,
		EVRING_KIND_CHARS, EVRING_KIND_FIXED, EVRING_KIND_TEXT, EVRING_KIND_TEXTS,
		EVRING_KIND_BYTES, EVRING_KIND_U8S, EVRING_KIND_U32S, EVRING_KIND_S64S,
		EVRING_KIND_S16S, NEW_KIND,
	};
	unsigned int nr = random_below(FIELDS_MAX + 1);
	unsigned int fixed = 8 * nr, flavour = random_below(5);
	unsigned int len = fixed + random_below(random_below(8) ? 64 : 4096), at = fixed;
	uint8_t *payload = must(malloc(len + 1));
	char name[EVRING_NAME_MAX];

	for (unsigned int i = 0; i < len; i++)
		payload[i] = random_byte(flavour);
	fixture_init(f, payload, len);
	free(payload);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int kind = kinds[random_below(sizeof(kinds) / sizeof(*kinds))];
		struct evring_str str = { .offset = at, .len = random_below(len - at + 1) };

		random_name(f, i, name);
		/* Of some kinds that is several. */
		add_field(f, name, kind, random_below(EVRING_FORMAT_TYPE + 2),
			  hostile ? random_below(len + 8) : 8 * i,
			  kind & EVRING_KIND_VAR ? 4 :
			  random_below(2) ? EVRING_KIND_SIZE(kind) : 8);
		name_values(f, any_values, random_below(sizeof(any_values) / sizeof(*any_values) + 1));
		if (hostile || !(kind & EVRING_KIND_VAR))
			continue;
		at += str.len;
		memcpy(f->payload + 8 * i, &str, sizeof(str));
	}
}

/* Nothing of a text field may be missing in the parsed JSON. */
static void check_texts(const struct fixture *f, json_t *data)
{
	for (unsigned int i = 0; i < f->type.nr_fields; i++) {
		const struct evring_field *field = &f->fields[i];
		const uint8_t *s = f->payload + field->offset;
		struct evring_str str;

		if (field->kind == EVRING_KIND_CHARS)
			check(is_kept(data, field->name, s, strnlen((const char *)s, field->size)),
			      "chars");
		if (field->kind != EVRING_KIND_TEXT)
			continue;
		memcpy(&str, s, sizeof(str));
		check(is_kept(data, field->name, f->payload + str.offset, str.len), "string");
	}
}

static void test_bound(void)
{
	for (unsigned int i = 0; i < 20000 && !tap_unmet; i++) {
		struct fixture f;
		char *text;
		json_t *json;

		random_fixture(&f, false);
		text = render_in(&f, fixture_max(&f));
		/* not parsed: a U64 above jansson's largest integer */
		json = text ? json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
					 JSON_DECODE_INT_AS_REAL, NULL) : NULL;
		check(json, "round %u: %s", i, text ? text : "no room within evring_json_max()");
		if (json)
			check_texts(&f, json_object_get(json, "data"));
		json_decref(json);
		free(text);
		free(f.payload);
	}
}

/* The longest there is: every field and each byte at its worst. */
static void test_bound_worst(void)
{
	char longest[EVRING_NAME_MAX];
	uint8_t payload[8 * FIELDS_MAX];
	struct evring_host odd;
	struct fixture f;
	char *buf;

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(&odd, 1, sizeof(odd));
	memset(payload, 0xff, sizeof(payload));
	fixture_init(&f, payload, sizeof(payload));
	memset(&f.rec, 0xff, sizeof(f.rec));
	memset(&f.type.version, 0xff, sizeof(f.type.version));
	f.type.name = longest;
	f.event.lane = 0xffff;
	f.event.cpu = UINT32_MAX;
	f.event.seq = UINT64_MAX;
	for (unsigned int i = 0; i < FIELDS_MAX; i++)
		add_field(&f, longest, EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 8 * i, 8);
	buf = must(malloc(fixture_max(&f)));
	check(evring_json(NULL, &odd, &f.event, buf, fixture_max(&f)) > 0, "numbers");
	free(buf);
	for (unsigned int i = 0; i < FIELDS_MAX; i++) {
		f.fields[i].kind = EVRING_KIND_CHARS;
		f.fields[i].size = 8;
		set_max(&f, &f.fields[i]);
		memset(f.payload + 8 * i, 1, 7);
	}
	buf = must(malloc(fixture_max(&f)));
	check(evring_json(NULL, &odd, &f.event, buf, fixture_max(&f)) > 0, "texts");
	free(buf);
	free(f.payload);
}

/* Each name of 64 fields is written, and each number beside them is the longest. */
static void test_bound_flags(void)
{
	static const unsigned int formats[] = {
		EVRING_FORMAT_ENUM, EVRING_FORMAT_FLAGS, EVRING_FORMAT_CAPS,
	};
	static char names[63][EVRING_NAME_MAX];
	struct evring_value values[63];
	char longest[EVRING_NAME_MAX];
	uint8_t payload[8 * FIELDS_MAX];
	struct fixture f;
	char *text;

	memset(payload, 0xff, sizeof(payload));
	fixture_init(&f, payload, sizeof(payload));
	for (unsigned int i = 0; i < 63; i++) {
		memset(names[i], 1, sizeof(names[i]) - 1);
		values[i] = (struct evring_value){ 1ULL << i, names[i], "" };
	}
	for (unsigned int i = 0; i < FIELDS_MAX; i++) {
		snprintf(longest, sizeof(longest), "f%u%0120u", i, 0u);
		add_field(&f, longest, EVRING_KIND_U64, formats[i % 3], 8 * i, 8);
		name_values(&f, values, 63);
	}
	for (unsigned int i = 0; i < FIELDS_MAX; i += 3)
		memcpy(f.payload + 8 * i, &values[62].value, sizeof(values[62].value));
	text = render_in(&f, fixture_max(&f));
	json_decref(parse(text));
	check(text && strstr(text, "_number\":18446744073709551615,"), "numbers");
	free(text);
	free(f.payload);
}

static void test_hostile(void)
{
	for (unsigned int i = 0; i < 20000 && !tap_unmet; i++) {
		struct fixture f;
		char *text;

		random_fixture(&f, true);
		free(render_in(&f, fixture_max(&f)));
		/* with room for strings that overlap, as evring.h says */
		text = render_in(&f, evring_json_max_ever(&f.event));
		check(text, "round %u: no room", i);
		free(text);
		free(f.payload);
	}
}

int main(void)
{
	test_case(test_no_room, "a short buffer is refused");
	test_case(test_bound, "random records fit in evring_json_max() and survive");
	test_case(test_bound_worst, "the longest event fits in evring_json_max()");
	test_case(test_bound_flags, "so does the longest one of names and numbers");
	test_case(test_hostile, "hostile records are harmless");
	return tap_end();
}
