/* SPDX-License-Identifier: MIT */
/* See jsontext.h. */
#include "jsontext.h"

#include <string.h>
#include <utf8.h>

#define SECOND	1000000000ull
#define DAY	86400u

#define HIGHS	0x8080808080808080ULL
#define ONES	0x0101010101010101ULL

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

char *json_decimal(char *p, uint64_t number, bool is_signed)
{
	char text[JSON_NUMBER];
	size_t n = sizeof(text);

	if (is_signed && (int64_t)number < 0) {
		*p++ = '-';
		number = -number;
	}
	for (; number >= 100; number /= 100) {
		n -= 2;
		memcpy(text + n, &pairs[2 * (number % 100)], 2);
	}
	n -= 2;
	memcpy(text + n, &pairs[2 * number], 2);
	n += number < 10;
	memcpy(p, text + n, sizeof(text) - n);
	return p + sizeof(text) - n;
}

static char *put_digits(char *p, uint32_t number, unsigned int nr)
{
	unsigned int i;

	for (i = nr; i--; number /= 10)
		p[i] = (char)('0' + number % 10);
	return p + nr;
}

/* Eras of 400 years whose years begin in March, so that the leap day is the last one */
static char *put_date(char *p, uint32_t days)
{
	uint32_t day, year, month, era_day;

	days += 719468;		/* since 0000-03-01 */
	era_day = days % 146097;
	year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	day = era_day - (365 * year + year / 4 - year / 100);
	month = (5 * day + 2) / 153;
	year += 400 * (days / 146097) + (month >= 10);
	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_digits(p, month < 10 ? month + 3 : month - 9, 2);
	*p++ = '-';
	return put_digits(p, day - (153 * month + 2) / 5 + 1, 2);
}

char *json_time(char *p, uint64_t ns)
{
	const uint64_t seconds = ns / SECOND;
	const uint32_t second = (uint32_t)(seconds % DAY);

	*p++ = '"';
	p = put_date(p, (uint32_t)(seconds / DAY));
	*p++ = 'T';
	p = put_digits(p, second / 3600, 2);
	*p++ = ':';
	p = put_digits(p, second / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, second % 60, 2);
	*p++ = '.';
	p = put_digits(p, (uint32_t)(ns % SECOND), 9);
	*p++ = 'Z';
	*p++ = '"';
	return p;
}

/*
 * Texts
 */

static char *put_control(char *p, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = (char)c;
		return p;
	}
	memcpy(p, "u00", 3);
	p[3] = digits[c >> 4];
	p[4] = digits[c & 0xf];
	return p + 5;
}

/* A character that is no ASCII. The control characters from U+0080 on are escaped, too. */
static size_t put_special(char **p, const uint8_t *text, size_t len)
{
	int n = utf8_decode(text, len);

	if (n < 0) {
		memcpy(*p, "\xef\xbf\xbd", 3);
		*p += 3;
		return (size_t)-n;
	}
	if (n == 2 && text[0] == 0xc2 && text[1] < 0xa0) {
		*p = put_control(*p, text[1]);
		return 2;
	}
	memcpy(*p, text, (size_t)n);
	*p += n;
	return (size_t)n;
}

/* Not 0: there may be a byte among these eight that does not stand for itself. */
static uint64_t find_special(uint64_t word)
{
	uint64_t control = (word ^ ONES * 2) - ONES * (' ' + 1);
	uint64_t backslash = (word ^ ONES * '\\') - ONES;

	return (control | backslash | (word + ONES) | word) & HIGHS;
}

char *json_escape(char *p, const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + len;
	uint64_t word;

	while (at < end) {
		if (end - at >= (ptrdiff_t)sizeof(word)) {
			memcpy(&word, at, sizeof(word));
			if (!find_special(word)) {
				memcpy(p, &word, sizeof(word));
				at += sizeof(word);
				p += sizeof(word);
				continue;
			}
		}
		if (*at >= 0x80) {
			at += put_special(&p, at, (size_t)(end - at));
		} else if (*at < ' ' || *at == '"' || *at == '\\' || *at == 0x7f) {
			p = put_control(p, *at++);
		} else {
			*p++ = (char)*at++;
		}
	}
	return p;
}
