// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/* Where the values in a text begin and end. Each scan takes steps of the search. */
#include "text.h"

#define BLANK	EVRING_BYTE_BLANK
#define QUOTE	EVRING_BYTE_QUOTE
#define DIVIDER	EVRING_BYTE_DIVIDER
#define END	EVRING_BYTE_END

const __u8 evring_byte_class[256] = {
	[' '] = BLANK | DIVIDER | END, ['\t'] = BLANK | DIVIDER | END,
	['\n'] = BLANK | DIVIDER | END, ['\r'] = BLANK | DIVIDER | END,
	['"'] = QUOTE | DIVIDER, ['\''] = QUOTE | DIVIDER, ['`'] = QUOTE | DIVIDER,
	[';'] = DIVIDER | END, ['|'] = DIVIDER | END, ['&'] = DIVIDER | END,
	[')'] = DIVIDER | END, ['<'] = DIVIDER | END, ['>'] = DIVIDER | END,
	['('] = DIVIDER, ['?'] = DIVIDER, ['{'] = DIVIDER, ['}'] = DIVIDER, ['['] = DIVIDER,
	[']'] = DIVIDER, [','] = DIVIDER, ['\\'] = DIVIDER,
	['='] = EVRING_BYTE_EQUAL, [':'] = EVRING_BYTE_COLON,
};

/* Behind the next @quote; where the first one was @escaped by a backslash, so is this one. */
static __u32 behind_quote(const char *s, __u32 at, __u32 end, char quote, bool escaped)
{
	for (; at < end; at++) {
		if (s[at] == quote)
			return at + 1;
		if (s[at] == '\\' && !escaped && quote != '\'')
			at++;
	}
	return end;
}

/* Pieces in quotes and without, side by side. @was_quoted: one in quotes ends at @at. */
static __u32 pieces_end(const char *s, __u32 at, __u32 end, bool was_quoted)
{
	while (at < end) {
		if (evring_is_quote(s[at])) {
			at = behind_quote(s, at + 1, end, s[at], at && s[at - 1] == '\\');
			was_quoted = true;
			continue;
		}
		if (evring_is_end(s[at]) || (was_quoted && evring_is_divider(s[at])))
			break;
		was_quoted = false;
		/* In a script; one before a quote is a document's. */
		at += s[at] == '\\' && end - at > 1 && evring_is_end(s[at + 1]) ? 2 : 1;
	}
	return at;
}

/* Where the value ends that begins at @at */
__u32 evring_value_end(struct evring_search *search, __u32 at, __u32 end)
{
	__u32 to = pieces_end(search->text.s, at, end, false);

	search->steps -= 1 + (int)((to - at) / 4);
	return to;
}

/*
 * Where the value begins whose name ends at @at, with quotes and blanks before one of
 * @marks; 0: no value follows.
 */
__u32 evring_value_begin(struct evring_search *search, __u32 at, __u32 end, const char *marks)
{
	__u32 limit = end - at > 16 ? at + 16 : end, from;
	const char *s = search->text.s;

	while (at < limit && (evring_is_quote(s[at]) || evring_is_blank(s[at]) || s[at] == '\\'))
		at++;
	if (at == limit || (s[at] != marks[0] && s[at] != marks[1]))
		return 0;
	from = ++at;
	while (at < end && (evring_is_blank(s[at]) || s[at] == '\\'))
		at++;
	search->steps -= (int)((at - from) / 4);
	return at;
}

/*
 * The text from the gap to @to may be the end of a sign, and a value follows. If it is
 * longer than a name, the search for words finds the sign: only a name's end is compared.
 */
static __u32 behind_sign(const char *s, __u32 gap, __u32 to, __u32 end)
{
	if (to - gap > EVRING_NAME_BYTES)
		return to;
	while (to < end && (evring_is_blank(s[to]) || s[to] == '\\' || s[to] == ':' ||
			    s[to] == '=' || s[to] == ','))
		to++;
	return pieces_end(s, to, end, false);
}

/*
 * How far a value may go on behind a gap, whose own sign and quotes nobody has seen. It
 * may have no quotes; then a URL's password has all but blanks. It may have any of the
 * quotes, if there is one that ends it. And a header has the rest of its line.
 */
__u32 evring_gap_end(struct evring_search *search, __u32 gap, __u32 end)
{
	static const char quotes[] = { '"', '\'', '`' };
	const char *s = search->text.s, *newline;
	__u32 to = gap, furthest, i;

	while (to < end && !evring_is_blank(s[to]))
		to++;
	furthest = behind_sign(s, gap, to, end);
	for (i = 0; i < sizeof(quotes); i++) {
		if (!memchr(s + gap, quotes[i], end - gap))
			continue;
		/* In the gap there may be a backslash that escapes its first byte. */
		to = behind_quote(s, gap + 1, end, quotes[i], false);
		to = behind_sign(s, gap, pieces_end(s, to, end, true), end);
		if (to > furthest)
			furthest = to;
	}
	newline = memchr(s + gap, '\n', end - gap);
	if (newline && s + furthest < newline)
		furthest = (__u32)(newline - s);
	search->steps -= (int)(end - gap);
	return furthest;
}
