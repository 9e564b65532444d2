/* SPDX-License-Identifier: MIT */
/* See accept.h. */
#include "accept.h"

#include <string.h>
#include <strings.h>

/* "0.25" as 250, in any locale; a text that is no number is 0. */
static unsigned int thousandths(const char *text)
{
	unsigned int value = *text == '1' ? 1000 : 0, unit = 100;

	if (*text < '0' || *text > '1')
		return 0;
	if (*++text == '.')
		while (*++text >= '0' && *text <= '9') {
			value += (unsigned int)(*text - '0') * unit;
			unit /= 10;
		}
	return value > 1000 ? 1000 : value;
}

/* The parameter q of one element, which ends before @end */
static unsigned int quality(const char *element, const char *end)
{
	const char *at;

	for (at = element; at < end; at++) {
		if (*at != ';')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (at + 2 <= end && (*at == 'q' || *at == 'Q') && at[1] == '=')
			return thousandths(at + 2);
		at--;
	}
	return 1000;
}

/* The highest of all elements of this type; 0: it is not named. */
static unsigned int quality_of(const char *accept, const char *type)
{
	size_t len = strlen(type);
	unsigned int best = 0, q;
	const char *end;

	for (; *accept; accept = end + (*end == ',')) {
		end = accept + strcspn(accept, ",");
		accept += strspn(accept, " \t");
		if (strncasecmp(accept, type, len) || !strchr("; \t,", accept[len]))
			continue;
		q = quality(accept, end);
		best = q > best ? q : best;
	}
	return best;
}

bool accept_prefers(const char *accept, const char *type, const char *other)
{
	unsigned int q = accept ? quality_of(accept, type) : 0;

	return q && q >= quality_of(accept, other);
}
