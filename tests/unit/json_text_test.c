/* SPDX-License-Identifier: MIT */
/* Texts in JSON: any byte and any character survives. */
#include "json.h"

static void test_chars(void)
{
	struct fixture f;

	fixture_init(&f, "abcdefgh\0x", 10);
	add_field(&f, "full", EVRING_KIND_CHARS, 0, 0, 8);
	add_field(&f, "ended", EVRING_KIND_CHARS, 0, 6, 4);
	add_field(&f, "empty", EVRING_KIND_CHARS, 0, 8, 2);
	add_field(&f, "none", EVRING_KIND_CHARS, 0, 10, 0);
	expect_data(&f, "{\"full\":\"abcdefgh\",\"ended\":\"gh\",\"empty\":\"\",\"none\":\"\"}");

	fixture_init(&f, "a\xff\0b", 4);
	add_field(&f, "s", EVRING_KIND_CHARS, 0, 0, 4);
	expect_data(&f, "{\"s\":\"a\xef\xbf\xbd\",\"s_hex\":\"61ff\"}");
}

static void test_every_byte(void)
{
	for (unsigned int c = 0; c < 256; c++) {
		uint8_t byte = c;
		struct fixture f;
		json_t *data, *hex;

		string_fixture(&f, EVRING_KIND_TEXT, &byte, 1);
		data = render_data(&f);
		hex = json_object_get(data, "s_hex");
		check(is_kept(data, "s", &byte, 1), "byte %#x", c);
		check(!hex == (c < 0x80), "byte %#x: s_hex", c);
		check(!hex || is_string(json_object_get(data, "s"), "\xef\xbf\xbd", 3),
		      "byte %#x is no U+FFFD", c);
		json_decref(data);
		free(f.payload);
	}
}

static void test_escapes(void)
{
	static const char bytes[] =
		"\0\1\7\b\t\n\v\f\r\x1f \"/\\\x7f\xc2\x80\xc2\x9f\xc2\xa0";
	struct fixture f;

	string_fixture(&f, EVRING_KIND_TEXT, bytes, sizeof(bytes) - 1);
	expect_data(&f, "{\"s\":\"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f \\\"/\\\\"
		    "\\u007f\\u0080\\u009f\xc2\xa0\"}");
}

/* Runs of clean bytes are copied in words: a special one at each place of each length. */
static void test_runs(void)
{
	static const char *const specials[] = { "\"", "\x1f", "\x7f", "\xc3\xa4", "\xff", "\\" };
	uint8_t bytes[64];

	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) {
			const char *special = specials[(len + at) % 6];
			struct fixture f;
			json_t *data;

			for (size_t i = 0; i < len; i++)
				bytes[i] = 'a' + i % 26;
			if (at < len)
				memcpy(bytes + at, special, strlen(special));
			string_fixture(&f, EVRING_KIND_TEXT, bytes, len);
			data = render_data(&f);
			check(is_kept(data, "s", bytes, len), "length %zu, special at %zu", len,
			      at);
			json_decref(data);
			free(f.payload);
		}
	}
}

#define R "\xef\xbf\xbd"

static void test_invalid_utf8(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "a\x80z", "a" R "z" },			/* continuation alone */
		{ "\xbf\xbf", R R },
		{ "\xc0\xaf", R R },				/* overlong */
		{ "\xc1\xbf", R R },
		{ "\xe0\x80\xaf", R R R },
		{ "\xe0\x9f\xbf", R R R },
		{ "\xf0\x80\x80\xaf", R R R R },
		{ "\xf0\x8f\xbf\xbf", R R R R },
		{ "\xed\xa0\x80", R R R },			/* surrogates */
		{ "\xed\xbf\xbf", R R R },
		{ "\xf4\x90\x80\x80", R R R R },		/* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", R R R R },
		{ "\xfe\xff", R R },
		{ "\xc3", R },					/* cut at the end */
		{ "\xe2\x82", R },
		{ "\xf0\x9f\x98", R },
		{ "\xf0\x9f", R },
		{ "\xe2\x82z", R "z" },				/* cut in the middle */
		{ "\xf0\x9f\x98\"", R "\"" },
		{ "\xe2\xe2\x82\xac", R "\xe2\x82\xac" },
		{ "\xc3\xc3\xa4", R "\xc3\xa4" },
		{ "\xf8\x88\x80\x80\x80", R R R R R },		/* five bytes */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].bytes);
		struct fixture f;
		json_t *data;

		string_fixture(&f, EVRING_KIND_TEXT, cases[i].bytes, len);
		data = render_data(&f);
		check(is_string(json_object_get(data, "s"), cases[i].text, strlen(cases[i].text)),
		      "case %zu: text", i);
		check(is_hex(json_object_get(data, "s_hex"), (const uint8_t *)cases[i].bytes, len),
		      "case %zu: hex", i);
		json_decref(data);
		free(f.payload);
	}
}

static size_t encode_utf8(uint8_t *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = 0xc0 | c >> 6;
		p[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		p[0] = 0xe0 | c >> 12;
		p[1] = 0x80 | (c >> 6 & 0x3f);
		p[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	p[0] = 0xf0 | c >> 18;
	p[1] = 0x80 | (c >> 12 & 0x3f);
	p[2] = 0x80 | (c >> 6 & 0x3f);
	p[3] = 0x80 | (c & 0x3f);
	return 4;
}

static void test_every_character(void)
{
	uint8_t bytes[4 * 4096];

	for (uint32_t c = 0; c < 0x110000; ) {
		size_t len = 0;
		struct fixture f;
		json_t *data;

		do {
			if (c < 0xd800 || c > 0xdfff)
				len += encode_utf8(bytes + len, c);
		} while (++c % 4096);
		string_fixture(&f, EVRING_KIND_TEXT, bytes, len);
		data = render_data(&f);
		check(is_string(json_object_get(data, "s"), bytes, len), "before U+%X", c);
		check(!json_object_get(data, "s_hex"), "before U+%X: s_hex", c);
		json_decref(data);
		free(f.payload);
	}
}

static void test_strv(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *data;
	} cases[] = {
		{ "", 0, "{\"s\":[]}" },
		{ "\0", 1, "{\"s\":[\"\"]}" },
		{ "\0\0", 2, "{\"s\":[\"\",\"\"]}" },
		{ "a", 1, "{\"s\":[\"a\"]}" },
		{ "a\0", 2, "{\"s\":[\"a\"]}" },
		{ "a\0b", 3, "{\"s\":[\"a\",\"b\"]}" },
		{ "a\0b\0", 4, "{\"s\":[\"a\",\"b\"]}" },
		{ "a\0\0,\0", 5, "{\"s\":[\"a\",\"\",\",\"]}" },
		{ "a\0\xff\0", 4, "{\"s\":[\"a\",\"" R "\"],\"s_hex\":[\"61\",\"ff\"]}" },
		/* a character that the NUL cuts is not completed by the next string */
		{ "\xc3\0\xa4", 3, "{\"s\":[\"" R "\",\"" R "\"],\"s_hex\":[\"c3\",\"a4\"]}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;

		string_fixture(&f, EVRING_KIND_TEXTS, cases[i].bytes, cases[i].len);
		expect_data(&f, cases[i].data);
	}
}

int main(void)
{
	test_case(test_chars, "character arrays end at the first NUL or at their size");
	test_case(test_every_byte, "each byte alone survives");
	test_case(test_escapes, "control characters, quotes and backslashes are escaped");
	test_case(test_runs, "a special byte at every place of a run");
	test_case(test_invalid_utf8, "invalid UTF-8 becomes U+FFFD, its bytes stay beside it");
	test_case(test_every_character, "every Unicode character survives");
	test_case(test_strv, "lists of strings");
	return tap_end();
}
