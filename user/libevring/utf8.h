/* SPDX-License-Identifier: MIT */
/* utf8: texts of the kernel are bytes, and those of JSON, Avro and Protobuf are UTF-8. */
#ifndef EVRING_UTF8_H
#define EVRING_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length of the UTF-8 sequence at @s, or minus the length of an invalid one: the
 * longest start of any sequence, as Unicode recommends, so that all decoders agree
 * on the number of U+FFFD.
 */
static inline int utf8_decode(const uint8_t *s, size_t n)
{
	uint8_t lo = 0x80, hi = 0xbf;
	int more;

	if (*s < 0x80)
		return 1;
	if (*s < 0xc2 || *s > 0xf4)
		return -1;
	more = *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
	if (*s == 0xe0)
		lo = 0xa0;	/* below: overlong */
	else if (*s == 0xed)
		hi = 0x9f;	/* above: surrogates */
	else if (*s == 0xf0)
		lo = 0x90;	/* below: overlong */
	else if (*s == 0xf4)
		hi = 0x8f;	/* above: beyond U+10FFFF */
	for (int i = 1; i <= more; i++) {
		if ((size_t)i >= n || s[i] < lo || s[i] > hi)
			return -i;
		lo = 0x80;
		hi = 0xbf;
	}
	return more + 1;
}

#endif /* EVRING_UTF8_H */
