/* SPDX-License-Identifier: MIT */
/* See text.h. */
#include "text.h"

#include <string.h>

char *human_size(char buf[HUMAN_MAX], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double number = (double)bytes;
	unsigned int unit = 0;

	while (number >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		number /= 1024;
		unit++;
	}
	snprintf(buf, HUMAN_MAX, "%.*f %s", number < 100 && number != (double)(uint64_t)number,
		 number, units[unit]);
	return buf;
}

char *human_duration(char buf[HUMAN_MAX], uint64_t ns)
{
	uint64_t minutes = ns / 60000000000;

	if (ns < 1000)
		snprintf(buf, HUMAN_MAX, "%u ns", (unsigned int)ns);
	else if (ns < 1000000)
		snprintf(buf, HUMAN_MAX, "%.4g us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, HUMAN_MAX, "%.4g ms", (double)ns / 1e6);
	else if (minutes < 2)
		snprintf(buf, HUMAN_MAX, "%.4g s", (double)ns / 1e9);
	else if (minutes < 120)
		snprintf(buf, HUMAN_MAX, "%u min", (unsigned int)minutes);
	else if (minutes < 48 * 60)
		snprintf(buf, HUMAN_MAX, "%u h %u min", (unsigned int)minutes / 60,
			 (unsigned int)minutes % 60);
	else
		snprintf(buf, HUMAN_MAX, "%u d %u h", (unsigned int)(minutes / 1440),
			 (unsigned int)(minutes / 60 % 24));
	return buf;
}

/* Bytes at @s, a string, that a terminal might obey: a control character, or one for bidi */
static size_t obeyed(const unsigned char *s)
{
	if (s[0] < ' ' || s[0] == 0x7f)
		return 1;
	/* U+0080 to U+009F: CSI is one */
	if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
		return 2;
	/* U+202A to U+202E, U+2066 to U+2069 */
	if (s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
			     (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)))
		return 3;
	return 0;
}

void make_printable(char *text, char by)
{
	size_t len;

	while (*text) {
		len = obeyed((const unsigned char *)text);
		memset(text, by, len);
		text += len ? len : 1;
	}
}

size_t whole_characters(const char *text, size_t len, size_t max)
{
	size_t end = len < max ? len : max;

	/* A character has three bytes behind its first one at the most. */
	while (end && end < len && max - end < 3 && (text[end] & 0xc0) == 0x80)
		end--;
	return end;
}
