/* SPDX-License-Identifier: MIT */
/* text: bytes and numbers made readable. */
#ifndef EVRING_TEXT_H
#define EVRING_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

/* text.c */

#define HUMAN_MAX	32

/* "64 KiB", "1.5 MiB"; "350 ms", "4.2 s", "3 h 12 min". Return @buf. */
char *human_size(char buf[HUMAN_MAX], uint64_t bytes);
char *human_duration(char buf[HUMAN_MAX], uint64_t ns);

/*
 * Each byte of a control character, or of one that reorders the line, becomes @by: the text
 * stays one line, and as long as it is.
 */
void make_printable(char *text, char by);

/*
 * How many of @text's @len bytes to keep, @max at the most, so that no UTF-8 character at the
 * end is cut.
 */
size_t whole_characters(const char *text, size_t len, size_t max);

/* quote.c: bytes of a record, as a shell reads them back and no terminal obeys them */

void quote_string(FILE *out, const char *s, size_t n);
void quote_strings(FILE *out, const char *s, size_t n);

#endif /* EVRING_TEXT_H */
