/* SPDX-License-Identifier: MIT */
/*
 * An event as JSON. The layout is in evring-json(7).
 *
 * This runs once for each event that goes to Kafka, so it neither allocates
 * nor calls printf: each put_*() appends to the caller's buffer and returns
 * the new end. Room is checked once for the head and once for each field,
 * against the most that it can take (evring_json_max() is the sum of these);
 * nothing below that level looks at it again.
 *
 * Appending is done in whole 8-byte words where that is faster, so up to 7
 * bytes after the new end may be overwritten: TAIL_MAX has room for them.
 *
 * The record is not trusted: its offsets and lengths may come from a publisher
 * that lies. The type is: evring_type_parse() has checked it.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "evring.h"
#include "internal.h"
#include "utf8.h"

/* The most that one thing can take; a field's own is in struct evring_field */
#define HEAD_MAX	EVRING_JSON_HEAD
#define BYTE_MAX	EVRING_JSON_BYTE
#define TAIL_MAX	32	/* an empty list of fields, the closing brace, the scribbled bytes */

#define ONES		0x0101010101010101ULL
#define HIGHS		0x8080808080808080ULL

#define put_literal(p, s)	put_bytes((p), "" s, sizeof(s) - 1)

static inline char *put_bytes(char *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* Eight bytes, the first one in the lowest bits on any machine. */
static inline uint64_t load_word(const void *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	return le64toh(word);
}

/* @n < 8 bytes likewise, zeroes behind them. Reads nothing else. */
static inline uint64_t load_part(const void *from, size_t n)
{
	const uint8_t *s = from;
	uint32_t lo, hi;

	if (n >= 4) {
		memcpy(&lo, s, 4);
		memcpy(&hi, s + n - 4, 4);
		return le32toh(lo) | (uint64_t)le32toh(hi) << (8 * (n - 4));
	}
	if (!n)
		return 0;
	return s[0] | (uint64_t)s[n / 2] << (8 * (n / 2)) | (uint64_t)s[n - 1] << (8 * (n - 1));
}

static inline void store_word(char *p, uint64_t word)
{
	word = htole64(word);
	memcpy(p, &word, sizeof(word));
}

/*
 * Numbers
 */

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

/* How many digits @v has in base 10. */
static inline unsigned int count_digits(uint64_t v)
{
	static const uint64_t powers[20] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
		1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
		10000000000000000000U,
	};
	/* bits * log10(2), which is at most one too many */
	unsigned int n = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return n + 1 - (v < powers[n]);
}

static inline char *put_pair(char *p, unsigned int v)
{
	return put_bytes(p, &pairs[2 * v], 2);
}

/* Eight digits, with leading zeroes: pairs that need not wait for each other. */
static inline char *put_eight(char *p, uint32_t v)
{
	put_pair(p, v / 1000000);
	put_pair(p + 2, v / 10000 % 100);
	put_pair(p + 4, v / 100 % 100);
	put_pair(p + 6, v % 100);
	return p + 8;
}

static inline char *put_u64(char *p, uint64_t v)
{
	char *end = p + count_digits(v);
	char *at = end;
	uint32_t rest;

	for (; v >= 100000000; v /= 100000000) {
		at -= 8;
		put_eight(at, v % 100000000);
	}
	for (rest = v; rest >= 10; rest /= 100) {
		at -= 2;
		put_pair(at, rest % 100);
	}
	if (at > p)
		*p = '0' + rest;
	return end;
}

static inline char *put_s64(char *p, int64_t v)
{
	if (v >= 0)
		return put_u64(p, v);
	*p++ = '-';
	return put_u64(p, -(uint64_t)v);
}

static char *put_hex_number(char *p, uint64_t v)
{
	unsigned int digit = (67 - __builtin_clzll(v | 1)) / 4;

	p = put_literal(p, "\"0x");
	while (digit--)
		*p++ = hex_digits[v >> (4 * digit) & 0xf];
	*p++ = '"';
	return p;
}

/*
 * "2026-11-22T13:05:10.123456789Z". The date is arithmetic on eras of 400
 * years whose years begin in March, so that the leap day is the last one.
 */
static char *put_time(char *p, uint64_t wall_ns)
{
	uint64_t seconds = wall_ns / 1000000000;
	uint32_t ns = wall_ns % 1000000000;
	uint32_t second = seconds % 86400;
	uint32_t days = seconds / 86400 + 719468;	/* since 0000-03-01 */
	uint32_t era_day = days % 146097;
	uint32_t era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	uint32_t day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	uint32_t month = (5 * day + 2) / 153;		/* from March */
	uint32_t year = 400 * (days / 146097) + era_year + (month >= 10);

	*p++ = '"';
	p = put_pair(p, year / 100);
	p = put_pair(p, year % 100);
	*p++ = '-';
	p = put_pair(p, month < 10 ? month + 3 : month - 9);
	*p++ = '-';
	p = put_pair(p, day - (153 * month + 2) / 5 + 1);
	*p++ = 'T';
	p = put_pair(p, second / 3600);
	*p++ = ':';
	p = put_pair(p, second / 60 % 60);
	*p++ = ':';
	p = put_pair(p, second % 60);
	*p++ = '.';
	p = put_eight(p, ns / 10);
	*p++ = '0' + ns % 10;
	return put_literal(p, "Z\"");
}

/*
 * Text
 */

/* A name that needs no escape; up to seven bytes behind it are there to be read (block.c). */
static inline char *put_name(char *p, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i += 8)
		store_word(p + i, load_word(name + i));
	return p + len;
}

/*
 * The high bit of each byte of @word that does not go into a JSON string as it
 * is: control characters and '"' (which are those up to ' ' once bit 1 is
 * flipped), '\\', DEL, bytes above ASCII. A borrow or a carry makes false hits,
 * but only behind a true one.
 */
static inline uint64_t find_special(uint64_t word)
{
	uint64_t control = (word ^ ONES * 2) - ONES * (' ' + 1);
	uint64_t backslash = (word ^ ONES * '\\') - ONES;

	return (control | backslash | (word + ONES) | word) & HIGHS;
}

static char *put_control(char *p, uint8_t c)
{
	static const char letters[] = "btn\0fr";

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = c;
	} else if (c >= '\b' && c <= '\r' && c != '\v') {
		*p++ = letters[c - '\b'];
	} else {
		p = put_literal(p, "u00");
		*p++ = hex_digits[c >> 4];
		*p++ = hex_digits[c & 0xf];
	}
	return p;
}

/*
 * The character at @s, which is not clean; returns how many bytes it has. The
 * control characters from U+0080 on are escaped too: a terminal obeys them.
 */
static size_t put_special(char **p, const uint8_t *s, size_t n, bool *bad)
{
	int len;

	if (*s < 0x80) {
		*p = put_control(*p, *s);
		return 1;
	}
	len = utf8_decode(s, n);
	if (len < 0) {
		*p = put_literal(*p, "\xef\xbf\xbd");
		*bad = true;
		return -len;
	}
	if (len == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		*p = put_control(*p, s[1]);
	else
		*p = put_bytes(*p, s, len);
	return len;
}

/*
 * A JSON string; *@bad becomes true if @s was not UTF-8. Clean text takes
 * well predicted branches, not counts that the next load would have to wait for.
 */
static inline char *put_string(char *p, const char *s, size_t n, bool *bad)
{
	*p++ = '"';
	while (n) {
		uint64_t word = n >= 8 ? load_word(s) : load_part(s, n);
		uint64_t special = find_special(word);
		size_t len = n < 8 ? n : 8;

		if (n < 8)
			special &= (1ULL << (8 * n)) - 1;
		store_word(p, word);
		if (special) {
			char *at = p + __builtin_ctzll(special) / 8;

			len = at - p;
			len += put_special(&at, (const uint8_t *)s + len, n - len, bad);
			p = at;
		} else {
			p += len;
		}
		s += len;
		n -= len;
	}
	*p++ = '"';
	return p;
}

static char *put_hex(char *p, const char *s, size_t n)
{
	*p++ = '"';
	for (size_t i = 0; i < n; i++) {
		*p++ = hex_digits[(uint8_t)s[i] >> 4];
		*p++ = hex_digits[s[i] & 0xf];
	}
	*p++ = '"';
	return p;
}

/* Strings that each end in a NUL, but for the last, as an array. */
static char *put_array(char *p, const char *s, size_t n, bool hex, bool *bad)
{
	const char *end = s + n;

	*p++ = '[';
	while (s < end) {
		const char *nul = memchr(s, '\0', end - s);
		size_t len = (nul ? nul : end) - s;

		p = hex ? put_hex(p, s, len) : put_string(p, s, len, bad);
		*p++ = ',';
		s += len + 1;
	}
	if (p[-1] == ',')
		p--;
	*p++ = ']';
	return p;
}

/*
 * Fields. Each ends with a comma; the last one's becomes the brace.
 */

static inline char *put_key(char *p, const struct evring_field *field, const char *suffix)
{
	*p++ = '"';
	p = put_name(p, field->name, field->name_len);
	p = put_bytes(p, suffix, strlen(suffix));
	return put_literal(p, "\":");
}

/* The only key of a value that is not written as it is */
static inline char *put_own_key(char *p, const struct evring_field *field, const char *suffix)
{
	return put_key(p, field, field->bare ? "" : suffix);
}

static char *put_plain(char *p, const struct evring_field *field, uint64_t v)
{
	return kind_signed(field->kind) ? put_s64(p, (int64_t)v) : put_u64(p, v);
}

/* The bits of a number, of fewer than 64 bits and perhaps negative, for base 16 */
static uint64_t hex_bits(const struct evring_field *field, uint64_t v)
{
	unsigned int size = EVRING_KIND_SIZE(field->kind);

	return size < 8 ? v & ((1ULL << (8 * size)) - 1) : v;
}

static char *put_mode(char *p, uint64_t v)
{
	unsigned int digit = (66 - __builtin_clzll(v | 1)) / 3;

	p = put_literal(p, "\"0");
	while (digit-- && v)
		*p++ = '0' + (v >> (3 * digit) & 7);
	*p++ = '"';
	return p;
}

static char *put_dev(char *p, uint64_t v)
{
	*p++ = '"';
	p = put_u64(p, v >> 20);
	*p++ = ':';
	p = put_u64(p, v & 0xfffff);
	*p++ = '"';
	return p;
}

static char *put_value_name(char *p, const char *name)
{
	bool bad;

	return put_string(p, name, strlen(name), &bad);
}

/* The name of a number; its digits, as a string too, if it has none: a column has one type. */
static char *put_enum(char *p, const struct evring_field *field, uint64_t v)
{
	for (uint32_t i = 0; i < field->nr_values; i++)
		if (field->values[i].value == v)
			return put_value_name(p, field->values[i].name);
	*p++ = '"';
	p = put_plain(p, field, v);
	*p++ = '"';
	return p;
}

/* The names of all bits that have one, and the others as a number */
static char *put_flags(char *p, const struct evring_field *field, uint64_t v)
{
	*p++ = '[';
	for (uint32_t i = 0; v && i < field->nr_values; i++) {
		uint64_t value = field->values[i].value;

		if (!value || (v & value) != value)
			continue;
		p = put_value_name(p, field->values[i].name);
		*p++ = ',';
		v &= ~value;
	}
	if (v) {
		p = put_hex_number(p, v);
		*p++ = ',';
	}
	if (p[-1] == ',')
		p--;
	*p++ = ']';
	return p;
}

/* The number of a name or of names, which are only those that the type knows */
static char *put_number_beside(char *p, const struct evring_field *field, uint64_t v)
{
	if (!field->beside)
		return p;
	*p++ = ',';
	return put_plain(put_key(p, field, "_number"), field, v);
}

/* The names of the bits of a number in base 16 */
static char *put_names_beside(char *p, const struct evring_field *field, uint64_t v)
{
	if (!field->beside)
		return p;
	*p++ = ',';
	return put_flags(put_key(p, field, "_names"), field, v);
}

/* The name of an errno or a signal; most are 0 and have none. */
static char *put_name_beside(char *p, const struct evring_field *field, uint64_t v)
{
	char name[EVRING_NUMBER_NAME];
	size_t len;

	if (!v || !field->beside)
		return p;
	len = evring_number_name(field, v, name);
	if (!len)
		return p;
	*p++ = ',';
	p = put_key(p, field, "_name");
	*p++ = '"';
	p = put_bytes(p, name, len);
	*p++ = '"';
	return p;
}

/* The name of a type that this host has, its id's digits if we do not know it; null: none. */
static char *put_type_id(char *p, const struct evring *ev, uint64_t id)
{
	if (!id)
		return put_literal(p, "null");
	if (!ev || id >= ev->nr_types) {
		*p++ = '"';
		p = put_u64(p, id);
		*p++ = '"';
		return p;
	}
	return put_value_name(p, ev->types[id]->name);
}

/* A time as a date and as a number */
static char *put_times(char *p, const struct evring_field *field, uint64_t wall)
{
	p = put_key(p, field, "");
	p = put_time(p, wall);
	if (!field->beside)
		return p;
	*p++ = ',';
	p = put_key(p, field, "_ns");
	return put_u64(p, wall);
}

static char *put_number(char *p, const struct evring *ev, const struct evring_field *field,
			uint64_t v)
{
	switch (field->format) {
	case EVRING_FORMAT_HEX:
	case EVRING_FORMAT_CAPS:
		v = hex_bits(field, v);
		return put_names_beside(put_hex_number(put_key(p, field, ""), v), field, v);
	case EVRING_FORMAT_BOOTTIME:
		return put_times(p, field, evring_clock_to_wall(ev, v));
	case EVRING_FORMAT_TIME:
		return put_times(p, field, v);
	case EVRING_FORMAT_RAWTIME:
		return put_u64(put_own_key(p, field, "_ns"), evring_raw_to_wall(ev, v));
	case EVRING_FORMAT_DURATION:
		return put_plain(put_own_key(p, field, "_ns"), field, v);
	case EVRING_FORMAT_MODE:
		return put_mode(put_key(p, field, ""), hex_bits(field, v));
	case EVRING_FORMAT_DEV:
		return put_dev(put_key(p, field, ""), v);
	case EVRING_FORMAT_ENUM:
		return put_number_beside(put_enum(put_key(p, field, ""), field, v), field, v);
	case EVRING_FORMAT_FLAGS:
		p = put_flags(put_key(p, field, ""), field, hex_bits(field, v));
		return put_number_beside(p, field, v);
	case EVRING_FORMAT_ERRNO:
	case EVRING_FORMAT_SIGNAL:
		return put_name_beside(put_plain(put_key(p, field, ""), field, v), field, v);
	case EVRING_FORMAT_TYPE:
		return put_type_id(put_key(p, field, ""), ev, v);
	default:
		return put_plain(put_key(p, field, ""), field, v);
	}
}

/* Several numbers, or bools: without the names of their values. */
static char *put_numbers(char *p, const struct evring_field *field, const char *s, size_t n)
{
	size_t size = EVRING_KIND_SIZE(field->kind);
	bool hex = field->format == EVRING_FORMAT_HEX || field->format == EVRING_FORMAT_CAPS;

	p = put_own_key(p, field, field->format == EVRING_FORMAT_DURATION ? "_ns" : "");
	*p++ = '[';
	for (; n >= size; n -= size, s += size) {
		uint64_t v = number_load(s, field->kind);

		p = hex ? put_hex_number(p, hex_bits(field, v)) : put_plain(p, field, v);
		*p++ = ',';
	}
	if (p[-1] == ',')
		p--;
	*p++ = ']';
	return p;
}

/* Of a group of hex digits between @by: a MAC address, a UUID */
static char *put_hex_groups(char *p, const char *s, size_t n, const uint8_t *groups, char by)
{
	size_t left = *groups;

	*p++ = '"';
	for (size_t i = 0; i < n; i++) {
		if (!left--) {
			*p++ = by;
			left = *++groups - 1u;
		}
		*p++ = hex_digits[(uint8_t)s[i] >> 4];
		*p++ = hex_digits[s[i] & 0xf];
	}
	*p++ = '"';
	return p;
}

static char *put_ip(char *p, const char *s)
{
	static const char mapped[12] = { [10] = (char)0xff, [11] = (char)0xff };
	bool v4 = !memcmp(s, mapped, sizeof(mapped));

	*p = '"';
	/* At most 45 characters and a NUL */
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? s + sizeof(mapped) : s, p + 1, INET6_ADDRSTRLEN);
	p += 1 + strlen(p + 1);
	*p++ = '"';
	return p;
}

static char *put_fixed(char *p, const struct evring_field *field, const char *s, size_t n)
{
	static const uint8_t mac[] = { 1, 1, 1, 1, 1, 1 }, uuid[] = { 4, 2, 2, 2, 6 };

	if (!field_is_notation(field))
		return put_hex(put_own_key(p, field, "_hex"), s, n);
	p = put_key(p, field, "");
	if (field->format == EVRING_FORMAT_IP)
		return put_ip(p, s);
	if (field->format == EVRING_FORMAT_MAC)
		return put_hex_groups(p, s, n, mac, ':');
	return put_hex_groups(p, s, n, uuid, '-');
}

static char *put_text(char *p, const struct evring_field *field, const char *s, size_t n)
{
	bool is_array = field->kind == EVRING_KIND_TEXTS;
	bool bad = false;

	p = put_key(p, field, "");
	p = is_array ? put_array(p, s, n, false, &bad) : put_string(p, s, n, &bad);
	if (bad && field->beside) {
		*p++ = ',';
		p = put_key(p, field, "_hex");
		p = is_array ? put_array(p, s, n, true, NULL) : put_hex(p, s, n);
	}
	return p;
}

/* Where the bytes of a field are. false: not all of them in the record. */
static inline bool locate(const struct evring_event *event, const struct evring_field *field,
			  const char **s, size_t *n)
{
	struct evring_str str;

	if (field->offset + (size_t)field->size > event->payload_len)
		return false;
	*s = (const char *)event->payload + field->offset;
	*n = field->size;
	if (field->kind == EVRING_KIND_CHARS) {
		*n = strnlen(*s, field->size);
	} else if (field->kind & EVRING_KIND_VAR) {
		memcpy(&str, *s, sizeof(str));
		if ((size_t)str.offset + str.len > event->payload_len)
			return false;
		*s = (const char *)event->payload + str.offset;
		*n = str.len;
	}
	return true;
}

static char *put_located(char *p, const struct evring *ev, const struct evring_field *field,
			 const char *s, size_t n)
{
	switch (field->kind) {
	case EVRING_KIND_BOOL:
		if (n != 1)
			return put_numbers(p, field, s, n);
		p = put_key(p, field, "");
		return *s ? put_literal(p, "true") : put_literal(p, "false");
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
		if (n != EVRING_KIND_SIZE(field->kind))
			return put_numbers(p, field, s, n);
		return put_number(p, ev, field, number_load(s, field->kind));
	case EVRING_KIND_U8S: case EVRING_KIND_U16S: case EVRING_KIND_U32S:
	case EVRING_KIND_U64S: case EVRING_KIND_S8S: case EVRING_KIND_S16S:
	case EVRING_KIND_S32S: case EVRING_KIND_S64S:
		return put_numbers(p, field, s, n);
	case EVRING_KIND_CHARS: case EVRING_KIND_TEXT: case EVRING_KIND_TEXTS:
		return put_text(p, field, s, n);
	case EVRING_KIND_FIXED: case EVRING_KIND_BYTES:
		return put_fixed(p, field, s, n);
	default:	/* of a newer kernel: its bytes */
		p = put_literal(put_key(p, field, ""), "null");
		if (!field->beside)
			return p;
		*p++ = ',';
		return put_hex(put_key(p, field, "_hex"), s, n);
	}
}

/* NULL: there may not be room up to @limit. */
static inline char *put_field(char *p, const char *limit, const struct evring *ev,
			      const struct evring_event *event, const struct evring_field *field)
{
	const char *s = NULL;
	size_t n = 0;
	bool found = locate(event, field, &s, &n);

	if ((size_t)(limit - p) < field->json_max + BYTE_MAX * n)
		return NULL;
	if (found)
		p = put_located(p, ev, field, s, n);
	else
		p = put_literal(put_own_key(p, field, field_suffix(field)), "null");
	*p++ = ',';
	return p;
}

/*
 * The event
 */

static char *put_type(char *p, const struct evring_event *event)
{
	p = put_literal(p, "{\"type\":\"");
	if (event->type) {
		p = put_bytes(p, event->type->name, strlen(event->type->name));
		p = put_literal(p, "\",\"version\":");
		return put_u64(p, event->type->version);
	}
	p = put_literal(p, "unknown:");
	p = put_u64(p, event->rec->type);
	return put_literal(p, "\",\"version\":null");
}

static char *put_lane(char *p, const struct evring *ev, unsigned int lane)
{
	const char *name = evring_lane_name(ev, lane);

	p = put_literal(p, ",\"lane\":\"");
	if (name)
		p = put_bytes(p, name, strlen(name));
	else
		p = put_u64(put_literal(p, "unknown:"), lane);
	*p++ = '"';
	return p;
}

/* All that comes before the first field; at most HEAD_MAX - TAIL_MAX bytes. */
static char *put_head(char *p, const struct evring *ev, const struct evring_host *host,
		      const struct evring_event *event)
{
	static const char contexts[4][8] = { "task", "softirq", "hardirq", "nmi" };
	const struct evring_rec *rec = event->rec;
	uint64_t wall = evring_realtime(ev, event);
	const char *context = contexts[rec->flags & EVRING_REC_CONTEXT];
	bool bad;

	p = put_type(p, event);
	p = put_literal(p, ",\"time\":");
	p = put_time(p, wall);
	p = put_literal(p, ",\"time_ns\":");
	p = put_u64(p, wall);
	p = put_literal(p, ",\"boottime_ns\":");
	p = put_u64(p, evring_boottime(ev, event));
	p = put_literal(p, ",\"host\":");
	p = put_string(p, host->name, strnlen(host->name, sizeof(host->name)), &bad);
	p = put_literal(p, ",\"machine_id\":");
	p = put_string(p, host->machine_id, strnlen(host->machine_id, 32), &bad);
	p = put_literal(p, ",\"boot_id\":");
	p = put_string(p, host->boot_id, strnlen(host->boot_id, 32), &bad);
	p = put_lane(p, ev, event->lane);
	p = put_literal(p, ",\"cpu\":");
	p = put_u64(p, event->cpu);
	p = put_literal(p, ",\"seq\":");
	p = put_u64(p, event->seq);
	p = put_literal(p, ",\"context\":\"");
	p = put_bytes(p, context, strlen(context));
	p = put_literal(p, "\",\"pid\":");
	p = put_u64(p, rec->pid);
	p = put_literal(p, ",\"tid\":");
	p = put_u64(p, rec->tid);
	return put_literal(p, ",\"data\":{");
}

/* The fields that secrets were left out of; behind the fields, as few events have it. */
static char *put_redacted(char *p, const char *limit, const struct evring_event *event)
{
	const struct evring_type *type = event->type;
	uint64_t fields = redacted_fields(event);
	size_t most = 0;

	for (uint32_t i = 0; i < type->nr_fields; i++)
		if (is_redacted(fields, i))
			most += type->fields[i].name_len + 3;
	if ((size_t)(limit - p) < most)
		return NULL;
	p = put_literal(p, ",\"redacted\":[");
	for (uint32_t i = 0; i < type->nr_fields; i++) {
		if (!is_redacted(fields, i))
			continue;
		*p++ = '"';
		p = put_bytes(p, type->fields[i].name, type->fields[i].name_len);
		p = put_literal(p, "\",");
	}
	if (p[-1] == ',')
		p--;
	*p++ = ']';
	return p;
}

ssize_t evring_json(const struct evring *ev, const struct evring_host *host,
		    const struct evring_event *event, char *buf, size_t len)
{
	const struct evring_type *type = event->type;
	const char *limit;
	char *p;

	if (len < HEAD_MAX)
		return -ENOSPC;
	limit = buf + len - TAIL_MAX;
	p = put_head(buf, ev, host, event);
	if (!type) {
		if ((size_t)(limit - p) < TAIL_MAX + 2 * (size_t)event->payload_len)
			return -ENOSPC;
		p = put_literal(p, "\"hex\":");
		p = put_hex(p, event->payload, event->payload_len);
		*p++ = ',';
	}
	for (uint32_t i = 0; type && i < type->nr_fields; i++) {
		p = put_field(p, limit, ev, event, &type->fields[i]);
		if (!p)
			return -ENOSPC;
	}
	if (p[-1] == ',')
		p--;
	*p++ = '}';
	if (type && event->rec->flags & EVRING_REC_REDACTED) {
		p = put_redacted(p, limit, event);
		if (!p)
			return -ENOSPC;
	}
	*p++ = '}';
	return p - buf;
}
