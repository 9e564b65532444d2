/* SPDX-License-Identifier: MIT */
/*
 * jsontext: JSON as it is appended to a buffer. Nothing is allocated, and the caller has the
 * room: six bytes for each of a text (two of one in base 16), JSON_NUMBER and JSON_TIME.
 */
#ifndef JSONTEXT_H
#define JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_NUMBER	20u
#define JSON_TIME	32u

char *json_decimal(char *p, uint64_t number, bool is_signed);
/* "2026-11-22T13:05:10.123456789Z", with quotes */
char *json_time(char *p, uint64_t ns);
/* The text between quotes; U+FFFD for bytes that are no UTF-8 */
char *json_escape(char *p, const char *text, size_t len);

#endif /* JSONTEXT_H */
