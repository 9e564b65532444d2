// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/* The secrets that are found in a text as a whole: of headers, and of URLs. */
#include "text.h"

/* Where @want is in @s, letters of any case; @len: nowhere */
static __u32 find_any_case(struct evring_search *search, const char *s, __u32 len, const char *want,
			   __u32 want_len)
{
	int steps = 4 * search->steps;
	__u32 at, i = 0;

	for (at = 0; at + want_len <= len && steps > 0; at++) {
		for (i = 0; i < want_len && evring_lower(s[at + i]) == evring_lower(want[i]); i++)
			;
		if (i == want_len)
			break;
		steps -= 1 + (int)i;
	}
	search->steps = steps / 4 - 1;
	return i == want_len ? at : len;
}

/* Behind the header's name at @at: up to a quote or the end of the line; returns its end. */
static __u32 look_line(struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s;
	__u32 from = evring_value_begin(search, at, end, "::"), to;

	if (!from)
		return at;
	/* In a document it is in quotes of its own. */
	if (from < end && evring_is_quote(s[from]))
		from++;
	for (to = from; to < end && s[to] != '"' && s[to] != '\'' && s[to] != '\n' &&
	     s[to] != '\r'; to++)
		;
	search->steps -= (int)((to - from) / 4);
	evring_search_hide(search, from, to);
	return to;
}

/* Authorization: SECRET */
static void look_header(struct evring_search *search, const struct evring_redact_rule *rule,
			__u32 at, __u32 end)
{
	const char *pool = search->pool + rule->pool, *want, *s = search->text.s;
	unsigned int i;
	__u32 found;
	__u16 len;

	for (i = 0; i < rule->count; i++) {
		want = evring_redact_operand(&pool, &len);
		for (found = at; search->steps > 0;) {
			found += find_any_case(search, s + found, end - found, want, len);
			if (found >= end)
				break;
			found = look_line(search, found + len, end);
		}
	}
}

static bool all_digits(const char *s, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

static bool ends_word(const char *s, __u32 at, __u32 end)
{
	return at == end || evring_is_blank(s[at]) || evring_is_divider(s[at]);
}

/*
 * The user, the password and the host begin at @at. A quote may be in the password, too. A
 * password that has a '/' as it is ends at the last '@' of the word; but a port is no
 * password. Returns where another one may be.
 */
static __u32 look_authority(struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s;
	__u32 to, slash = 0, colon = 0, sign = 0;

	for (to = at; to < end && !evring_is_blank(s[to]); to++) {
		if (evring_is_quote(s[to]) && (sign || ends_word(s, to + 1, end)))
			break;
		if (s[to] == ':' && !colon)
			colon = to + 1;
		if (s[to] == '@')
			sign = to;
		if ((s[to] == '/' || s[to] == '?' || s[to] == '#') && !slash) {
			slash = to;
			/* user:pass@host, or a host without a port */
			if (!colon || sign > colon)
				break;
		}
	}
	search->steps -= (int)((to - at) / 2);
	if (!colon || (slash && colon > slash))
		return at;
	/* There was more: whether a '@' was in it is not known. */
	if (!sign && !slash && to == end && end == search->text.len && search->text.open)
		sign = end;
	/* Without one the rest of the word has no password. */
	if (!sign)
		return to;
	if (sign < colon || (slash && sign > slash && all_digits(s + colon, slash - colon)))
		return at;
	evring_search_hide(search, colon, sign);
	return sign;
}

static void look_urls(struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s, *colon;

	while (at < end && search->steps > 0) {
		colon = memchr(s + at, ':', end - at);
		search->steps -= 1 + (int)(((colon ? (__u32)(colon - s) : end) - at) / 64);
		if (!colon)
			return;
		at = (__u32)(colon - s) + 1;
		if (end - at >= 2 && s[at] == '/' && s[at + 1] == '/')
			at = look_authority(search, at + 2, end);
	}
}

/* The rules of a text as a whole, whose bytes are of these classes */
void evring_search_whole(struct evring_search *search, __u32 at, __u32 end, __u8 seen)
{
	__u8 ops = search->index->ops & 1 << EVRING_REDACT_ALL;
	__u32 i;

	if (seen & EVRING_BYTE_COLON)
		ops |= search->index->ops & (1 << EVRING_REDACT_HEADER | 1 << EVRING_REDACT_URL);
	for (i = search->first; ops && i < search->end && search->steps > 0; i++) {
		const struct evring_redact_rule *rule = search_rule(search, i);

		search->steps--;
		if (!(ops >> rule->op & 1) || !evring_search_holds(search, rule))
			continue;
		if (rule->op == EVRING_REDACT_HEADER)
			look_header(search, rule, at, end);
		else if (rule->op == EVRING_REDACT_URL)
			look_urls(search, at, end);
		else
			evring_search_hide(search, at, end);
	}
}
