/* SPDX-License-Identifier: MIT */
/* Events as JSON: the layout, numbers and formats; fields that are unknown, outside or lost. */
#include "json.h"

static void test_whole_event(void)
{
	static const char expected[] =
		"{\"type\":\"process.exec\",\"version\":3,"
		"\"time\":\"2023-11-14T22:13:24.123456789Z\",\"time_ns\":1700000004123456789,"
		"\"boottime_ns\":4123456789,\"host\":\"a\\\"b\\\\\xef\xbf\xbd\","
		"\"machine_id\":\"0123456789abcdef0123456789abcdef\","
		"\"boot_id\":\"fedcba9876543210fedcba9876543210\",\"lane\":\"critical\","
		"\"cpu\":4294967295,\"seq\":18446744073709551615,\"context\":\"hardirq\","
		"\"pid\":4294967295,\"tid\":0,"
		"\"data\":{\"uid\":1000,\"path\":\"/bin/ls\",\"argv\":[\"ls\",\"-l\",\"\"]}}";
	static const uint8_t payload[] = "\xe8\3\0\0\x0c\0\7\0\x13\0\7\0/bin/lsls\0-l\0";
	struct evring_host odd = host;
	struct fixture f;
	char buf[4096];
	ssize_t ret;

	strcpy(odd.name, "a\"b\\\xff");
	fixture_init(&f, payload, sizeof(payload));
	f.type.name = "process.exec";
	f.type.version = 3;
	f.rec.flags = EVRING_REC_HARDIRQ;
	f.rec.time = 1123456789;
	f.event.seq = UINT64_MAX;
	f.rec.pid = -1;
	f.rec.tid = 0;
	f.event.cpu = UINT32_MAX;
	add_field(&f, "uid", EVRING_KIND_U32, 0, 0, 4);
	add_field(&f, "path", EVRING_KIND_TEXT, 0, 4, 4);
	add_field(&f, "argv", EVRING_KIND_TEXTS, 0, 8, 4);
	ret = evring_json(NULL, &odd, &f.event, buf, sizeof(buf));
	check(ret == sizeof(expected) - 1 && !memcmp(buf, expected, ret), "got %.*s",
	      (int)(ret < 0 ? 0 : ret), buf);
	free(f.payload);
}

static void test_head(void)
{
	static const char *const contexts[] = { "task", "softirq", "hardirq", "nmi" };
	struct fixture f;
	char *text;
	json_t *json;

	fixture_init(&f, "", 0);
	for (unsigned int i = 0; i < 4; i++) {
		f.rec.flags = i | 0xfff0;
		f.event.lane = i;
		text = render_in(&f, fixture_max(&f));
		json = parse(text);
		check(!strcmp(json_string_value(json_object_get(json, "context")), contexts[i]),
		      "context %u", i);
		check(!strcmp(json_string_value(json_object_get(json, "lane")),
			      i < 3 ? evring_lane_name(NULL, i) : "unknown:3"), "lane %u", i);
		json_decref(json);
		free(text);
	}
	free(f.payload);
}

static void test_numbers(void)
{
	static const uint8_t ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	static const uint8_t low[8] = { 0, 0, 0, 0x80, 0, 0, 0, 0x80 };
	struct fixture f;

	fixture_init(&f, ones, sizeof(ones));
	add_field(&f, "a", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "b", EVRING_KIND_U16, 0, 1, 2);
	add_field(&f, "c", EVRING_KIND_U32, 0, 3, 4);
	add_field(&f, "e", EVRING_KIND_S32, 0, 1, 4);
	add_field(&f, "f", EVRING_KIND_S64, 0, 0, 8);
	add_field(&f, "g", EVRING_KIND_BOOL, 0, 7, 1);
	expect_data(&f, "{\"a\":255,\"b\":65535,\"c\":4294967295,\"e\":-1,\"f\":-1,\"g\":true}");

	fixture_init(&f, low, sizeof(low));
	add_field(&f, "a", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "b", EVRING_KIND_S32, 0, 0, 4);
	add_field(&f, "c", EVRING_KIND_S64, 0, 0, 8);
	add_field(&f, "d", EVRING_KIND_BOOL, 0, 0, 1);
	expect_data(&f, "{\"a\":0,\"b\":-2147483648,\"c\":-9223372034707292160,\"d\":false}");
}

static void check_digits(uint64_t v)
{
	char expected[64], *text;
	struct fixture f;

	fixture_init(&f, &v, sizeof(v));
	add_field(&f, "n", EVRING_KIND_U64, 0, 0, 8);
	snprintf(expected, sizeof(expected), "\"data\":{\"n\":%llu}}", (unsigned long long)v);
	text = render_in(&f, fixture_max(&f));
	check(text && strstr(text, expected), "%s", expected);
	free(text);
	free(f.payload);
}

static void test_digits(void)
{
	uint64_t power = 1;

	check_digits(0);
	for (unsigned int i = 0; i < 20; i++, power *= 10) {
		for (uint64_t v = power - 2; v != power + 3; v++)
			check_digits(v);
		check_digits(power * 9);
	}
	for (unsigned int i = 0; i < 64; i++) {
		check_digits(1ULL << i);
		check_digits((1ULL << i) - 1);
	}
	check_digits(~0ULL);
}

static void test_formats(void)
{
	static const uint64_t v[2] = { 0xdeadbeef12ULL, 0 };
	static const uint8_t ones[4] = { 255, 255, 255, 255 };
	struct fixture f;

	fixture_init(&f, v, sizeof(v));
	add_field(&f, "hex", EVRING_KIND_U64, EVRING_FORMAT_HEX, 0, 8);
	add_field(&f, "byte", EVRING_KIND_U8, EVRING_FORMAT_HEX, 0, 1);
	add_field(&f, "zero", EVRING_KIND_U64, EVRING_FORMAT_HEX, 8, 8);
	add_field(&f, "took", EVRING_KIND_U64, EVRING_FORMAT_DURATION, 0, 8);
	add_field(&f, "start", EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 8, 8);
	add_field(&f, "new", EVRING_KIND_U8, NEW_FORMAT, 0, 1);
	expect_data(&f, "{\"hex\":\"0xdeadbeef12\",\"byte\":\"0x12\",\"zero\":\"0x0\","
		    "\"took_ns\":956397711122,\"start\":\"2023-11-14T22:13:20.000000000Z\","
		    "\"start_ns\":1700000000000000000,\"new\":18}");

	fixture_init(&f, ones, sizeof(ones));
	add_field(&f, "s", EVRING_KIND_S32, EVRING_FORMAT_HEX, 0, 4);
	add_field(&f, "d", EVRING_KIND_S32, EVRING_FORMAT_DURATION, 0, 4);
	expect_data(&f, "{\"s\":\"0xffffffff\",\"d_ns\":-1}");
}

/* Addresses, ids, names of numbers */
static void test_named_formats(void)
{
	static const struct evring_value values[] = {
		{ 0, "zero", "" }, { 5, "f\"ive", "" }, { 0x100, "big", "" },
	};
	static const uint8_t bytes[48] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xa4, 0x81, 0, 0, 5, 0, 0x80, 0, 0x0d, 1, 0, 0,
	};
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "v4", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 0, 16);
	add_field(&f, "v6", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 16, 16);
	add_field(&f, "mac", EVRING_KIND_FIXED, EVRING_FORMAT_MAC, 12, 6);
	add_field(&f, "uuid", EVRING_KIND_FIXED, EVRING_FORMAT_UUID, 16, 16);
	add_field(&f, "raw", EVRING_KIND_FIXED, 0, 10, 3);
	add_field(&f, "odd", EVRING_KIND_FIXED, EVRING_FORMAT_IP, 12, 4);
	expect_data(&f, "{\"v4\":\"192.0.2.1\",\"v6\":\"2001:db8::1\","
		    "\"mac\":\"c0:00:02:01:20:01\","
		    "\"uuid\":\"20010db8-0000-0000-0000-000000000001\","
		    "\"raw_hex\":\"ffffc0\",\"odd_hex\":\"c0000201\"}");

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "mode", EVRING_KIND_U16, EVRING_FORMAT_MODE, 32, 2);
	add_field(&f, "none", EVRING_KIND_U16, EVRING_FORMAT_MODE, 0, 2);
	add_field(&f, "dev", EVRING_KIND_U32, EVRING_FORMAT_DEV, 36, 4);
	add_field(&f, "caps", EVRING_KIND_U32, EVRING_FORMAT_CAPS, 36, 4);
	add_field(&f, "port", EVRING_KIND_U16, EVRING_FORMAT_PORT, 36, 2);
	add_field(&f, "enum", EVRING_KIND_U16, EVRING_FORMAT_ENUM, 36, 2);
	name_values(&f, values, 3);
	add_field(&f, "other", EVRING_KIND_U16, EVRING_FORMAT_ENUM, 32, 2);
	name_values(&f, values, 3);
	add_field(&f, "flags", EVRING_KIND_U16, EVRING_FORMAT_FLAGS, 40, 2);
	name_values(&f, values, 3);
	add_field(&f, "clear", EVRING_KIND_U16, EVRING_FORMAT_FLAGS, 0, 2);
	name_values(&f, values, 3);
	add_field(&f, "wall", EVRING_KIND_U64, EVRING_FORMAT_TIME, 0, 8);
	expect_data(&f, "{\"mode\":\"0100644\",\"none\":\"0\",\"dev\":\"8:5\","
		    "\"caps\":\"0x800005\",\"port\":5,\"enum\":\"f\\\"ive\",\"enum_number\":5,"
		    "\"other\":\"33188\",\"other_number\":33188,"
		    "\"flags\":[\"f\\\"ive\",\"big\",\"0x8\"],\"flags_number\":269,"
		    "\"clear\":[],\"clear_number\":0,"
		    "\"wall\":\"1970-01-01T00:00:00.000000000Z\",\"wall_ns\":0}");
}

/* A name has its number beside it, of any value. */
static void test_numbers_beside(void)
{
	static const struct evring_value values[] = {
		{ ~0ULL, "none", "" }, { 1ULL << 63, "high", "" },
	};
	static const uint8_t ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct fixture f;

	fixture_init(&f, ones, sizeof(ones));
	add_field(&f, "a", EVRING_KIND_S32, EVRING_FORMAT_ENUM, 0, 4);
	name_values(&f, values, 2);
	add_field(&f, "b", EVRING_KIND_U64, EVRING_FORMAT_ENUM, 0, 8);
	add_field(&f, "c", EVRING_KIND_S8, EVRING_FORMAT_FLAGS, 0, 1);
	add_field(&f, "d", EVRING_KIND_U64, EVRING_FORMAT_FLAGS, 0, 8);
	name_values(&f, values + 1, 1);
	add_field(&f, "e", EVRING_KIND_U8, EVRING_FORMAT_ENUM, 0, 2);
	add_field(&f, "f", EVRING_KIND_BOOL, EVRING_FORMAT_ENUM, 0, 1);
	add_field(&f, "g", EVRING_KIND_U16, EVRING_FORMAT_ENUM, 7, 2);
	expect_data(&f, "{\"a\":\"none\",\"a_number\":-1,\"b\":\"18446744073709551615\","
		    "\"b_number\":18446744073709551615,\"c\":[\"0xff\"],\"c_number\":-1,"
		    "\"d\":[\"high\",\"0x7fffffffffffffff\"],"
		    "\"d_number\":18446744073709551615,\"e\":[255,255],\"f\":true,\"g\":null}");
}

/* An errno or a signal has its name beside it, if it has one. */
static void test_names_beside(void)
{
	static const int32_t v[] = { -13, 0, 13, 9, -512, -4000, 64, INT32_MIN };
	struct fixture f;

	fixture_init(&f, v, sizeof(v));
	add_field(&f, "refused", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 0, 4);
	add_field(&f, "good", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 4, 4);
	add_field(&f, "some", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 8, 4);
	add_field(&f, "error", EVRING_KIND_U32, EVRING_FORMAT_ERRNO, 8, 4);
	add_field(&f, "killed", EVRING_KIND_U32, EVRING_FORMAT_SIGNAL, 12, 4);
	add_field(&f, "interrupted", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 16, 4);
	expect_data(&f, "{\"refused\":-13,\"refused_name\":\"EACCES\",\"good\":0,\"some\":13,"
		    "\"error\":13,\"error_name\":\"EACCES\","
		    "\"killed\":9,\"killed_name\":\"SIGKILL\","
		    "\"interrupted\":-512,\"interrupted_name\":\"ERESTARTSYS\"}");

	fixture_init(&f, v, sizeof(v));
	add_field(&f, "odd", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 20, 4);
	add_field(&f, "least", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 28, 4);
	add_field(&f, "realtime", EVRING_KIND_U32, EVRING_FORMAT_SIGNAL, 24, 4);
	add_field(&f, "none", EVRING_KIND_U32, EVRING_FORMAT_SIGNAL, 4, 4);
	add_field(&f, "minus", EVRING_KIND_S32, EVRING_FORMAT_SIGNAL, 0, 4);
	add_field(&f, "two", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 0, 8);
	add_field(&f, "gone", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, 32, 4);
	expect_data(&f, "{\"odd\":-4000,\"least\":-2147483648,\"realtime\":64,\"none\":0,"
		    "\"minus\":-13,\"two\":[-13,0],\"gone\":null}");
}

/* Bits in base 16 have the names beside them that the type has for them; a first name is it. */
static void test_bits_beside(void)
{
	static const struct evring_value values[] = {
		{ 0x7, "ALL", "" }, { 1, "CAP_CHOWN", "" }, { 2, "CAP_KILL", "" },
		{ 4, "CAP_BPF", "" },
	};
	static const uint8_t sets[] = { 7, 0, 5, 0x85, 0x87 };
	struct fixture f;

	fixture_init(&f, sets, sizeof(sets));
	add_field(&f, "full", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 0, 1);
	name_values(&f, values, 4);
	add_field(&f, "empty", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 1, 1);
	name_values(&f, values, 4);
	add_field(&f, "some", EVRING_KIND_U8, EVRING_FORMAT_HEX, 2, 1);
	name_values(&f, values, 4);
	add_field(&f, "newer", EVRING_KIND_S8, EVRING_FORMAT_CAPS, 3, 1);
	name_values(&f, values, 4);
	add_field(&f, "beyond", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 4, 1);
	name_values(&f, values, 4);
	add_field(&f, "plain", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 0, 1);
	add_field(&f, "two", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 0, 2);
	name_values(&f, values, 4);
	add_field(&f, "gone", EVRING_KIND_U8, EVRING_FORMAT_CAPS, 5, 1);
	name_values(&f, values, 4);
	expect_data(&f, "{\"full\":\"0x7\",\"full_names\":[\"ALL\"],"
		    "\"empty\":\"0x0\",\"empty_names\":[],"
		    "\"some\":\"0x5\",\"some_names\":[\"CAP_CHOWN\",\"CAP_BPF\"],"
		    "\"newer\":\"0x85\",\"newer_names\":[\"CAP_CHOWN\",\"CAP_BPF\",\"0x80\"],"
		    "\"beyond\":\"0x87\",\"beyond_names\":[\"ALL\",\"0x80\"],"
		    "\"plain\":\"0x7\",\"two\":[\"0x7\",\"0x0\"],\"gone\":null}");
}

/* A field that is called as the key beside is that key: none is there twice. */
static void test_clashes(void)
{
	static const uint8_t bytes[] = { 9, 1, 2, 3 };
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "kind_number", EVRING_KIND_U8, 0, 1, 1);
	add_field(&f, "kind", EVRING_KIND_U8, EVRING_FORMAT_ENUM, 0, 1);
	add_field(&f, "signal", EVRING_KIND_U8, EVRING_FORMAT_SIGNAL, 0, 1);
	add_field(&f, "signal_name", EVRING_KIND_FIXED, 0, 2, 2);
	add_field(&f, "kind_number_number", EVRING_KIND_U8, EVRING_FORMAT_ENUM, 0, 1);
	add_field(&f, "signal_number", EVRING_KIND_U8, EVRING_FORMAT_SIGNAL, 0, 1);
	expect_data(&f, "{\"kind_number\":1,\"kind\":\"9\",\"signal\":9,"
		    "\"signal_name_hex\":\"0203\",\"kind_number_number\":\"9\","
		    "\"kind_number_number_number\":9,"
		    "\"signal_number\":9,\"signal_number_name\":\"SIGKILL\"}");
}

/* ... also beside times and texts; a value that has no other key is under its plain name. */
static void test_clashes_of_values(void)
{
	static const uint8_t bytes[] = { 5, 0, 0, 0, 16, 0, 2, 0, 18, 0, 1, 0, 0, 0, 0, 0, '/', 0xff, 'x', 0 };
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "a", EVRING_KIND_U8, EVRING_FORMAT_DURATION, 0, 1);
	add_field(&f, "a_ns", EVRING_KIND_U8, EVRING_FORMAT_DURATION, 0, 1);
	add_field(&f, "t", EVRING_KIND_U8, EVRING_FORMAT_TIME, 0, 1);
	add_field(&f, "t_ns", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "path", EVRING_KIND_TEXT, 0, 4, 4);
	add_field(&f, "path_hex", EVRING_KIND_TEXT, 0, 8, 4);
	add_field(&f, "raw", EVRING_KIND_FIXED, 0, 16, 2);
	add_field(&f, "raw_hex", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "new", NEW_KIND, 0, 16, 2);
	add_field(&f, "new_hex", EVRING_KIND_U8, 0, 0, 1);
	add_field(&f, "out", EVRING_KIND_FIXED, 0, 100, 2);
	add_field(&f, "out_hex", EVRING_KIND_U8, 0, 0, 1);
	expect_data(&f, "{\"a\":5,\"a_ns_ns\":5,\"t\":\"1970-01-01T00:00:00.000000005Z\",\"t_ns\":5,"
		    "\"path\":\"/\xef\xbf\xbd\",\"path_hex\":\"x\",\"raw\":\"2fff\",\"raw_hex\":5,"
		    "\"new\":null,\"new_hex\":5,\"out\":null,\"out_hex\":5}");
}

static void test_arrays(void)
{
	static const uint8_t bytes[] = { 4, 0, 8, 0, 1, 0, 0, 0, 255, 255, 255, 255 };
	struct fixture f;

	fixture_init(&f, bytes, sizeof(bytes));
	add_field(&f, "u32s", EVRING_KIND_U32S, 0, 0, 4);
	add_field(&f, "s32s", EVRING_KIND_S32S, 0, 0, 4);
	add_field(&f, "u16s", EVRING_KIND_U16S, EVRING_FORMAT_HEX, 0, 4);
	add_field(&f, "s16s", EVRING_KIND_S16S, 0, 0, 4);
	add_field(&f, "s8s", EVRING_KIND_S8S, 0, 0, 4);
	add_field(&f, "fixed", EVRING_KIND_U8, 0, 4, 3);
	add_field(&f, "took", EVRING_KIND_S8, EVRING_FORMAT_DURATION, 8, 2);
	add_field(&f, "bytes", EVRING_KIND_BYTES, 0, 0, 4);
	expect_data(&f, "{\"u32s\":[1,4294967295],\"s32s\":[1,-1],"
		    "\"u16s\":[\"0x1\",\"0x0\",\"0xffff\",\"0xffff\"],\"s16s\":[1,0,-1,-1],"
		    "\"s8s\":[1,0,0,0,-1,-1,-1,-1],\"fixed\":[1,0,0],"
		    "\"took_ns\":[-1,-1],\"bytes_hex\":\"01000000ffffffff\"}");
}

/* Each day that 64 bits of nanoseconds reach, against the C library. */
static void test_dates(void)
{
	char expected[40], *text;
	struct fixture f;

	fixture_init(&f, "", 0);
	for (uint64_t day = 0; day < 213503; day++) {
		time_t seconds = day * 86400 + day % 86400;
		struct tm tm;

		f.rec.time = seconds * 1000000000ULL + day % 1000000000 - WALL_NS - RAW_NS;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "\"time\":\"%Y-%m-%dT%H:%M:%S.", &tm);
		text = render_in(&f, fixture_max(&f));
		check(text && strstr(text, expected), "%s: %s", expected, text);
		free(text);
		if (tap_unmet)
			break;
	}
	free(f.payload);
}

static void test_outside(void)
{
	static const struct evring_str strs[] = {
		{ 0, 17 }, { 16, 1 }, { 17, 0 }, { 0xffff, 0xffff }, { 0xffff, 1 }, { 1, 0xffff },
	};
	uint8_t payload[16] = { 0 };
	struct fixture f;

	fixture_init(&f, payload, sizeof(payload));
	add_field(&f, "a", EVRING_KIND_U8, 0, 16, 1);
	add_field(&f, "b", EVRING_KIND_U16, EVRING_FORMAT_HEX, 15, 2);
	add_field(&f, "c", EVRING_KIND_U32, 0, 13, 4);
	add_field(&f, "d", EVRING_KIND_U64, EVRING_FORMAT_BOOTTIME, 9, 8);
	add_field(&f, "e", EVRING_KIND_S32, 0, 0xffff, 4);
	add_field(&f, "f", EVRING_KIND_S64, EVRING_FORMAT_DURATION, 16, 8);
	add_field(&f, "g", EVRING_KIND_BOOL, 0, 16, 1);
	add_field(&f, "h", EVRING_KIND_CHARS, 0, 8, 9);
	add_field(&f, "i", EVRING_KIND_TEXT, 0, 13, 4);
	add_field(&f, "j", EVRING_KIND_TEXTS, 0, 0xffff, 4);
	add_field(&f, "k", 1, 0, 0, 17);
	add_field(&f, "l", NEW_KIND, 0, 0xffff, 0xffff);
	expect_data(&f, "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f_ns\":null,"
		    "\"g\":null,\"h\":null,\"i\":null,\"j\":null,\"k\":null,\"l\":null}");

	for (size_t i = 0; i < sizeof(strs) / sizeof(*strs); i++) {
		memcpy(payload, &strs[i], sizeof(strs[i]));
		fixture_init(&f, payload, sizeof(payload));
		add_field(&f, "s", EVRING_KIND_TEXT, 0, 0, 4);
		add_field(&f, "v", EVRING_KIND_TEXTS, 0, 0, 4);
		expect_data(&f, "{\"s\":null,\"v\":null}");
	}
}

static void test_unknown(void)
{
	struct fixture f;
	char *text;

	fixture_init(&f, "\x00\xab\xff", 3);
	f.event.type = NULL;
	text = render_in(&f, fixture_max(&f));
	check(text && strstr(text, "{\"type\":\"unknown:7\",\"version\":null,\"time\":"),
	      "type: %s", text);
	free(text);
	expect_data(&f, "{\"hex\":\"00abff\"}");

	fixture_init(&f, "\x00\xab\xff", 3);
	add_field(&f, "zero", 1, 0, 0, 2);
	add_field(&f, "newer", NEW_KIND, EVRING_FORMAT_HEX, 1, 2);
	add_field(&f, "newest", NEW_KIND, 0, 3, 0);
	expect_data(&f, "{\"zero\":null,\"zero_hex\":\"00ab\","
		    "\"newer\":null,\"newer_hex\":\"abff\","
		    "\"newest\":null,\"newest_hex\":\"\"}");

	fixture_init(&f, "", 0);
	expect_data(&f, "{}");
}

static void test_lost(void)
{
	static const struct evring_value causes[] = {
		{ 1, "full", "" }, { 2, "nested", "" }, { 4, "toobig", "" },
	};
	struct evring_lost lost = {
		.count = 3, .first = 1000000000, .last = 2000000000, .causes = 5, .type = 9,
	};
	struct fixture f;

	fixture_init(&f, &lost, sizeof(lost));
	f.rec.type = EVRING_TYPE_LOST;
	add_field(&f, "count", EVRING_KIND_U64, 0, 0, 8);
	add_field(&f, "first", EVRING_KIND_U64, EVRING_FORMAT_RAWTIME, 8, 8);
	add_field(&f, "last", EVRING_KIND_U64, EVRING_FORMAT_RAWTIME, 16, 8);
	add_field(&f, "causes", EVRING_KIND_U32, EVRING_FORMAT_FLAGS, 24, 4);
	name_values(&f, causes, 3);
	add_field(&f, "type", EVRING_KIND_U16, EVRING_FORMAT_TYPE, 28, 2);
	add_field(&f, "none", EVRING_KIND_U16, EVRING_FORMAT_TYPE, 30, 2);
	expect_data(&f, "{\"count\":3,\"first_ns\":1700000004000000000,"
		    "\"last_ns\":1700000005000000000,\"causes\":[\"full\",\"toobig\"],"
		    "\"causes_number\":5,\"type\":\"9\",\"none\":null}");
}

int main(void)
{
	test_case(test_whole_event, "an event has the documented layout");
	test_case(test_head, "contexts and lanes are named");
	test_case(test_numbers, "numbers of every kind, lowest and highest");
	test_case(test_digits, "digits of numbers around each power of ten and of two");
	test_case(test_formats, "every format");
	test_case(test_named_formats, "addresses, ids, modes, names of numbers and of flags");
	test_case(test_numbers_beside, "a name's number is beside it");
	test_case(test_names_beside, "the name of an errno or a signal is beside it");
	test_case(test_bits_beside, "the names of bits are beside them, the first that has them");
	test_case(test_clashes, "a field that is called as a key beside another is that key");
	test_case(test_clashes_of_values, "... of times, texts and bytes, too");
	test_case(test_arrays, "arrays of numbers");
	test_case(test_dates, "dates of every day until 2554");
	test_case(test_outside, "fields outside of the record are null");
	test_case(test_unknown, "unknown types and kinds keep their bytes");
	test_case(test_lost, "times of lost records are converted");
	return tap_end();
}
