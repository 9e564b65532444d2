/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a record, quoted as a shell reads them back: bare if nothing in them
 * is special, else in '...', else in $'...'. Characters that the locale cannot
 * print, or that reorder the line, are written as \xHH, so that no process can
 * send escape sequences to the terminal of the user who watches it.
 */
#include "text.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

enum quoting { BARE, QUOTED, ESCAPED };

/* Bytes of the character at @s; *@printable: whether a terminal may get it. */
static size_t next_char(const char *s, size_t n, bool *printable)
{
	unsigned char c = *s;
	mbstate_t state;
	wchar_t wide;
	size_t len;

	*printable = c >= ' ' && c < 0x7f;
	if (c < 0x80)
		return 1;
	memset(&state, 0, sizeof(state));
	len = mbrtowc(&wide, s, n, &state);
	if (len == 0 || len > n)	/* invalid, or cut */
		return 1;
	*printable = iswprint(wide) && !(wide >= 0x202a && wide <= 0x202e) &&
		     !(wide >= 0x2066 && wide <= 0x2069);
	return len;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_-./:,+@%=", c)) || (unsigned char)c >= 0x80;
}

static enum quoting quoting_of(const char *s, size_t n)
{
	enum quoting quoting = n ? BARE : QUOTED;
	bool printable;

	while (n) {
		size_t len = next_char(s, n, &printable);

		if (!printable || *s == '\'')
			return ESCAPED;
		if (!is_bare(*s))
			quoting = QUOTED;
		s += len;
		n -= len;
	}
	return quoting;
}

static void escape(FILE *out, const char *s, size_t len)
{
	static const char letters[] = "abtnvfr";
	unsigned char c = *s;

	if (c >= '\a' && c <= '\r') {
		fprintf(out, "\\%c", letters[c - '\a']);
		return;
	}
	while (len--)
		fprintf(out, "\\x%02x", (unsigned char)*s++);
}

static void escape_string(FILE *out, const char *s, size_t n)
{
	bool printable;

	fputs("$'", out);
	while (n) {
		size_t len = next_char(s, n, &printable);

		if (!printable) {
			escape(out, s, len);
		} else {
			if (*s == '\'' || *s == '\\')
				putc('\\', out);
			fwrite(s, 1, len, out);
		}
		s += len;
		n -= len;
	}
	putc('\'', out);
}

void quote_string(FILE *out, const char *s, size_t n)
{
	switch (quoting_of(s, n)) {
	case BARE:
		fwrite(s, 1, n, out);
		break;
	case QUOTED:
		fprintf(out, "'%.*s'", (int)n, s);
		break;
	case ESCAPED:
		escape_string(out, s, n);
		break;
	}
}

/* Strings that each end in a NUL, but for the last, as the words of a command. */
void quote_strings(FILE *out, const char *s, size_t n)
{
	const char *end = s + n;
	const char *blank = "";

	while (s < end) {
		size_t len = strnlen(s, end - s);

		fputs(blank, out);
		quote_string(out, s, len);
		s += len + 1;
		blank = " ";
	}
}
