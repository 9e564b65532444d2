// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Where the secrets of one text are: the words and values in it, and the rules that
 * say which of them are secrets.
 */
#include "text.h"

/*
 * Operands
 */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does all of the @len bytes match? '*' is any bytes, '?' one. One way back suffices. */
static bool glob_matches(struct evring_search *search, const char *s, __u32 len, const char *glob,
			 __u32 glob_len, bool any_case)
{
	__u32 i = 0, g = 0, star = 0, back = 0;
	bool has_star = false;

	while (i < len) {
		if (--search->steps <= 0)
			return false;
		if (g < glob_len && glob[g] == '*') {
			has_star = true;
			star = ++g;
			back = i;
		} else if (g < glob_len && (glob[g] == '?' || glob[g] == s[i] ||
					    (any_case && lower(glob[g]) == lower(s[i])))) {
			g++;
			i++;
		} else if (has_star) {
			g = star;
			i = ++back;
		} else {
			return false;
		}
	}
	while (g < glob_len && glob[g] == '*')
		g++;
	return g == glob_len;
}

/* The next operand, at *@at, which is moved behind it */
static const char *operand(const char **at, __u16 *len)
{
	const char *bytes;

	memcpy(len, *at, sizeof(*len));
	bytes = *at + sizeof(*len);
	*at = bytes + *len;
	return bytes;
}

/* Is it a name that the rule has? */
static bool name_matches(struct evring_search *search, const struct evring_redact_rule *rule,
			 const char *s, __u32 len, bool any_case)
{
	const char *at = search->pool + rule->pool, *glob;
	unsigned int i;
	__u16 glob_len;

	if (len > EVRING_NAME_BYTES) {
		s += len - EVRING_NAME_BYTES;
		len = EVRING_NAME_BYTES;
	}
	for (i = 0; i < rule->count; i++) {
		glob = operand(&at, &glob_len);
		search->steps--;
		if (glob_matches(search, s, len, glob, glob_len, any_case))
			return true;
	}
	return false;
}

/*
 * How many bytes of it are a prefix that the rule has, the shortest one; 0: there is none.
 * @inside: it does not begin a word, as an option does.
 */
static __u32 prefix_len(struct evring_search *search, const struct evring_redact_rule *rule,
			const char *s, __u32 len, bool inside)
{
	const char *at = search->pool + rule->pool, *prefix;
	__u32 shortest = 0;
	unsigned int i;
	__u16 prefix_len;

	for (i = 0; i < rule->count; i++) {
		prefix = operand(&at, &prefix_len);
		search->steps--;
		if (prefix_len < len && (!shortest || prefix_len < shortest) &&
		    !(inside && *prefix == '-') && !memcmp(s, prefix, prefix_len))
			shortest = prefix_len;
	}
	return shortest;
}

/* Where @want is in @s, letters of any case; @len: nowhere */
static __u32 find_any_case(struct evring_search *search, const char *s, __u32 len, const char *want,
			   __u32 want_len)
{
	int steps = 4 * search->steps;
	__u32 at, i = 0;

	for (at = 0; at + want_len <= len && steps > 0; at++) {
		for (i = 0; i < want_len && lower(s[at + i]) == lower(want[i]); i++)
			;
		if (i == want_len)
			break;
		steps -= 1 + (int)i;
	}
	search->steps = steps / 4 - 1;
	return i == want_len ? at : len;
}

/*
 * One word, or a text as one
 */

struct word {
	__u32 at, end;
	__u32 limit;	/* of the text that it is in */
	bool whole;	/* it is that text: a value has all of the rest, blanks too */
	__u32 name;	/* bytes before its first '=', or all of it */
	__u32 user;	/* in a URL, up to its '@'; 0: there is none */
	__u32 user_end;
};

/* What begins in a value that was left out ends with it, at the latest. */
static void leave_out_value(struct evring_search *search, const struct word *word, __u32 from)
{
	__u32 to = word->end;

	if (!word->whole) {
		if (from >= search->value && from < search->value_end)
			return;
		to = evring_value_end(search, from, word->limit);
		search->value = from;
		search->value_end = to;
	}
	evring_search_hide(search, from, to);
}

/* scheme://user@ or scheme://user:password@ */
static void find_user(const struct evring_seen_text *text, struct word *word)
{
	const char *s = text->s, *colon;
	__u32 at = word->at, to;

	while ((colon = memchr(s + at, ':', word->end - at))) {
		at = (__u32)(colon - s) + 1;
		if (word->end - at < 2 || s[at] != '/' || s[at + 1] != '/')
			continue;
		at += 2;
		for (to = at; to < word->end && s[to] != '@' && s[to] != '/' && s[to] != '#'; to++)
			;
		/* There was more: whether a '@' was in it is not known. */
		if (to < word->end ? s[to] == '@' : text->open && to == text->len) {
			word->user = at;
			word->user_end = to;
			return;
		}
	}
}

static void find_parts(struct evring_search *search, struct word *word, bool has_words)
{
	const char *s = search->text.s + word->at;
	__u32 len = word->end - word->at;
	const char *equal = memchr(s, '=', len);

	word->name = equal ? (__u32)(equal - s) : len;
	word->user = 0;
	if (!has_words)
		find_user(&search->text, word);
}

static bool has_divider(const char *s, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++)
		if (evring_is_divider(s[i]))
			return true;
	return false;
}

/* --password SECRET, --password=SECRET */
static void look_after(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word)
{
	const char *s = search->text.s;
	__u32 at = word->at + word->name;

	if (!word->name || (rule->first && rule->first != (__u8)s[word->at]) ||
	    !name_matches(search, rule, s + word->at, word->name, false))
		return;
	if (at < word->end) {
		leave_out_value(search, word, at + 1);
		return;
	}
	if (word->whole) {
		search->after = true;
		return;
	}
	while (at < word->limit && (evring_is_blank(s[at]) || evring_is_quote(s[at]) || s[at] == '\\' ||
				    s[at] == ','))
		at++;
	search->steps -= (int)((at - word->end) / 4);
	/* In quotes, as in a list of arguments, the first one is back there. */
	if (at > word->end && at < word->limit && evring_is_quote(s[at - 1]))
		at--;
	leave_out_value(search, word, at);
}

/* PASSWORD=SECRET; in a document also "password": "SECRET" */
static void look_value(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word)
{
	const char *s = search->text.s + word->at, *colon = NULL;
	__u32 name = word->name, from;

	if (word->at + name == word->end) {
		/* A word that is the text can have no value behind it. */
		if (word->whole)
			return;
		colon = memchr(s, ':', name);
	}
	if (colon)
		name = (__u32)(colon - s);
	if (!name || !name_matches(search, rule, s, name, true))
		return;
	if (word->at + name < word->end && !colon)
		from = word->at + name + 1;
	else
		from = evring_value_begin(search, word->at + name, word->limit, ":=");
	if (from)
		leave_out_value(search, word, from);
}

/* What begins as the rule says, at @at; it ends at @to, or as a value does if that is 0. */
static void look_prefix(struct evring_search *search, const struct evring_redact_rule *rule,
			const struct word *word, __u32 at, __u32 to)
{
	__u32 prefix;

	if (at >= word->end || (rule->first && rule->first != (__u8)search->text.s[at]))
		return;
	prefix = prefix_len(search, rule, search->text.s + at, (to ? to : word->end) - at,
			    at > word->at);
	if (prefix && to)
		evring_search_hide(search, at + prefix, to);
	else if (prefix)
		leave_out_value(search, word, at + prefix);
}

static void look_prefixes(struct evring_search *search, const struct evring_redact_rule *rule,
			  const struct word *word, bool is_simple)
{
	look_prefix(search, rule, word, word->at, 0);
	if (is_simple)
		look_prefix(search, rule, word, word->at + word->name + 1, 0);
	if (word->user)
		look_prefix(search, rule, word, word->user, word->user_end);
}

/* @has_words: these are looked at as well */
static void look_word(struct evring_search *search, struct word *word, bool has_words)
{
	const char *s = search->text.s + word->at;
	bool is_simple;
	__u32 i;

	if (word->at == word->end)
		return;
	find_parts(search, word, has_words);
	is_simple = !word->whole || !has_divider(s, word->name);
	search->steps -= 1 + (int)((word->end - word->at) / 4);
	for (i = search->first; i < search->end && search->steps > 0; i++) {
		const struct evring_redact_rule *rule = search_rule(search, i);

		if (!(search->holds[i / 64] >> i % 64 & 1))
			continue;
		search->steps--;
		if (rule->op == EVRING_REDACT_PREFIX)
			look_prefixes(search, rule, word, is_simple);
		else if (rule->op == EVRING_REDACT_AFTER && is_simple)
			look_after(search, rule, word);
		else if (rule->op == EVRING_REDACT_VALUE && is_simple)
			look_value(search, rule, word);
	}
}

/* The words of a text that is a script, or has several for another reason */
static void look_words(struct evring_search *search, __u32 at, __u32 end)
{
	struct word word = { .limit = end };
	const char *s = search->text.s;
	const __u32 gap = search->text.gap;

	while (at < end && search->steps > 0) {
		while (at < end && evring_is_divider(s[at]))
			at++;
		word.at = at;
		while (at < end && !evring_is_divider(s[at]) && (at != gap || at == word.at))
			at++;
		word.end = at;
		look_word(search, &word, false);
	}
}

/*
 * A text as a whole
 */

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

	if (!memchr(s + at, ':', end - at))
		return;
	for (i = 0; i < rule->count; i++) {
		want = operand(&pool, &len);
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

/*
 * The user, the password and the host begin at @at. A password that has a '/' as it is
 * ends at the last '@' of the word; but what is a port is none. Returns where another
 * one may be.
 */
static __u32 look_authority(struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s;
	__u32 to, slash = 0, colon = 0, sign = 0;

	for (to = at; to < end && !evring_is_blank(s[to]) && !evring_is_quote(s[to]); to++) {
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

static void look_whole(struct evring_search *search, __u32 at, __u32 end)
{
	__u32 i;

	for (i = search->first; i < search->end && search->steps > 0; i++) {
		const struct evring_redact_rule *rule = search_rule(search, i);

		if (!(search->holds[i / 64] >> i % 64 & 1))
			continue;
		if (rule->op == EVRING_REDACT_HEADER)
			look_header(search, rule, at, end);
		else if (rule->op == EVRING_REDACT_URL)
			look_urls(search, at, end);
		else if (rule->op == EVRING_REDACT_ALL)
			evring_search_hide(search, at, end);
	}
}

/* One of the field's texts */
void evring_search_text(struct evring_search *search, __u32 at, __u32 end)
{
	struct word word = { .at = at, .end = end, .limit = end, .whole = true };
	const __u32 gap = search->text.gap;
	bool has_words = has_divider(search->text.s + at, end - at) || (gap > at && gap < end);

	if (search->after)
		evring_search_hide(search, at, end);
	search->after = false;
	search->steps -= 1 + (int)((end - at) / 16);
	look_word(search, &word, has_words);
	if (has_words)
		look_words(search, at, end);
	look_whole(search, at, end);
	if (gap > at && gap < end)
		evring_search_hide(search, gap, evring_gap_end(search, gap, end));
}
