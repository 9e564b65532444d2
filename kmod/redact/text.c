// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Where the secrets of one text are: the words and values in it, and the rules that
 * say which of them are secrets.
 */
#include "text.h"

/*
 * Characters
 */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* What words of a script, a query or a document are divided by */
static bool is_divider(char c)
{
	switch (c) {
	case ';': case '|': case '&': case '(': case ')': case '<': case '>': case '?':
	case '{': case '}': case '[': case ']': case ',': case '\\':
		return true;
	default:
		return is_blank(c) || is_quote(c);
	}
}

/* What ends a value that has no quotes; a password may have commas and brackets. */
static bool is_end(char c)
{
	return is_blank(c) || c == ';' || c == '|' || c == '&' || c == ')' || c == '<' || c == '>';
}

/* Behind the quote that ends what begins at @at with one; a backslash hides one */
static __u32 behind_quote(const char *s, __u32 at, __u32 end)
{
	bool escaped = at && s[at - 1] == '\\';
	char quote = s[at++];

	for (; at < end; at++) {
		if (s[at] == quote)
			return at + 1;
		/* Where the first one was written with a backslash, so is the last. */
		if (s[at] == '\\' && !escaped && quote != '\'')
			at++;
	}
	return end;
}

/* Where a value that begins at @at ends: pieces in quotes and without, side by side */
static __u32 value_end(const char *s, __u32 at, __u32 end)
{
	bool was_quoted = false;

	while (at < end) {
		if (is_quote(s[at])) {
			at = behind_quote(s, at, end);
			was_quoted = true;
			continue;
		}
		if (is_end(s[at]) || (was_quoted && is_divider(s[at])))
			break;
		was_quoted = false;
		at++;
	}
	return at < end ? at : end;
}

/* How a name ends that a value follows: quotes, blanks, then one of @marks; 0: not so */
static __u32 value_begin(const char *s, __u32 at, __u32 end, const char *marks)
{
	__u32 limit = end - at > 16 ? at + 16 : end;

	while (at < limit && (is_quote(s[at]) || is_blank(s[at]) || s[at] == '\\'))
		at++;
	if (at == limit || (s[at] != marks[0] && s[at] != marks[1]))
		return 0;
	for (at++; at < end && (is_blank(s[at]) || s[at] == '\\'); at++)
		;
	return at;
}

/*
 * Operands
 */

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

/* Of what is longer than a name is, its end is looked at: a blob must not use up the steps. */
#define NAME_BYTES	128

/* Is it a name that the rule has? */
static bool name_matches(struct evring_search *search, const struct evring_redact_rule *rule,
			 const char *s, __u32 len, bool any_case)
{
	const char *at = search->pool + rule->pool, *glob;
	unsigned int i;
	__u16 glob_len;

	if (len > NAME_BYTES) {
		s += len - NAME_BYTES;
		len = NAME_BYTES;
	}
	for (i = 0; i < rule->count; i++) {
		glob = operand(&at, &glob_len);
		search->steps--;
		if (glob_matches(search, s, len, glob, glob_len, any_case))
			return true;
	}
	return false;
}

/* How many bytes of it are a prefix that the rule has, the shortest one; 0: there is none. */
static __u32 prefix_len(struct evring_search *search, const struct evring_redact_rule *rule,
			const char *s, __u32 len)
{
	const char *at = search->pool + rule->pool, *prefix;
	__u32 shortest = 0;
	unsigned int i;
	__u16 prefix_len;

	for (i = 0; i < rule->count; i++) {
		prefix = operand(&at, &prefix_len);
		search->steps--;
		if (prefix_len < len && (!shortest || prefix_len < shortest) &&
		    !memcmp(s, prefix, prefix_len))
			shortest = prefix_len;
	}
	return shortest;
}

/* Where @want is in @s, letters of any case; @len: nowhere */
static __u32 find_any_case(struct evring_search *search, const char *s, __u32 len, const char *want,
			   __u32 want_len)
{
	__u32 at, i;

	search->steps -= 1 + (int)(len / 8);
	for (at = 0; at + want_len <= len; at++) {
		for (i = 0; i < want_len && lower(s[at + i]) == lower(want[i]); i++)
			;
		search->steps -= (int)(i / 8);
		if (i == want_len)
			return at;
		if (search->steps <= 0)
			break;
	}
	return len;
}

/*
 * One word, or a text as one
 */

struct word {
	__u32 at, end;
	__u32 limit;	/* of the text that it is in */
	bool whole;	/* it is that text: a value has all of the rest, blanks too */
};

static void leave_out_value(struct evring_search *search, const struct word *word, __u32 from)
{
	evring_search_hide(search, from, word->whole ? word->end :
						       value_end(search->text.s, from, word->limit));
}

/* Where the name in it ends: before its first '=', or all of it */
static __u32 name_len(const struct evring_search *search, const struct word *word)
{
	const char *s = search->text.s + word->at;
	const char *equal = memchr(s, '=', word->end - word->at);

	return equal ? (__u32)(equal - s) : word->end - word->at;
}

static bool has_divider(const char *s, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++)
		if (is_divider(s[i]))
			return true;
	return false;
}

/* --password SECRET, --password=SECRET */
static void look_after(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word, __u32 name)
{
	const char *s = search->text.s;
	__u32 at = word->at + name;

	if (!name_matches(search, rule, s + word->at, name, false))
		return;
	if (at < word->end) {
		leave_out_value(search, word, at + 1);
		return;
	}
	if (word->whole) {
		search->after = true;
		return;
	}
	while (at < word->limit && (is_blank(s[at]) || is_quote(s[at]) || s[at] == '\\' ||
				    s[at] == ','))
		at++;
	/* In quotes, as in a list of arguments, the first one is back there. */
	if (at > word->end && at < word->limit && is_quote(s[at - 1]))
		at--;
	leave_out_value(search, word, at);
}

/* PASSWORD=SECRET; in a document also "password": "SECRET" */
static void look_value(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word, __u32 name)
{
	const char *s = search->text.s + word->at, *colon = NULL;
	__u32 from;

	if (word->at + name == word->end)
		colon = memchr(s, ':', name);
	if (colon)
		name = (__u32)(colon - s);
	if (!name || !name_matches(search, rule, s, name, true))
		return;
	if (word->at + name < word->end && !colon)
		from = word->at + name + 1;
	else
		from = value_begin(search->text.s, word->at + name, word->limit, ":=");
	if (from)
		leave_out_value(search, word, from);
}

static void look_word(struct evring_search *search, const struct word *word)
{
	const char *s = search->text.s + word->at;
	__u32 len = word->end - word->at, name = name_len(search, word), prefix, i;
	bool is_name = name && !(word->whole && has_divider(s, name));

	for (i = search->first; i < search->end && search->steps > 0; i++) {
		const struct evring_redact_rule *rule = search_rule(search, i);

		if (!(search->holds[i / 64] >> i % 64 & 1) || !len ||
		    (rule->first && rule->first != (__u8)*s))
			continue;
		search->steps--;
		if (rule->op == EVRING_REDACT_AFTER && is_name)
			look_after(search, rule, word, name);
		/* A word that is the text can have no value behind it. */
		if (rule->op == EVRING_REDACT_VALUE && is_name && !(word->whole && name == len))
			look_value(search, rule, word, name);
		if (rule->op != EVRING_REDACT_PREFIX)
			continue;
		prefix = prefix_len(search, rule, s, len);
		if (prefix)
			leave_out_value(search, word, word->at + prefix);
	}
}

/* The words of a text that is a script, or has several for another reason */
static void look_words(struct evring_search *search, __u32 at, __u32 end)
{
	struct word word = { .limit = end };
	const char *s = search->text.s;

	while (at < end && search->steps > 0) {
		while (at < end && is_divider(s[at]))
			at++;
		word.at = at;
		while (at < end && !is_divider(s[at]))
			at++;
		word.end = at;
		search->steps -= 1 + (int)((word.end - word.at) / 16);
		if (word.at < word.end)
			look_word(search, &word);
	}
}

/*
 * A text as a whole
 */

/* Authorization: SECRET, up to a quote or the end of the line */
static void look_header(struct evring_search *search, const struct evring_redact_rule *rule,
			__u32 at, __u32 end)
{
	const char *pool = search->pool + rule->pool, *want, *s = search->text.s;
	__u32 found, from, to;
	unsigned int i;
	__u16 len;

	if (!memchr(s + at, ':', end - at))
		return;
	for (i = 0; i < rule->count; i++) {
		want = operand(&pool, &len);
		for (found = at; search->steps > 0; found += len) {
			found += find_any_case(search, s + found, end - found, want, len);
			if (found >= end)
				break;
			from = value_begin(s, found + len, end, "::");
			if (!from)
				continue;
			/* In a document it is in quotes of its own. */
			if (from < end && is_quote(s[from]))
				from++;
			for (to = from; to < end && s[to] != '"' && s[to] != '\'' &&
			     s[to] != '\n' && s[to] != '\r'; to++)
				;
			evring_search_hide(search, from, to);
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
 * ends at the last '@' of the word; but what is a port is none.
 */
static void look_authority(struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s;
	__u32 to, slash = 0, colon = 0, sign = 0;

	for (to = at; to < end && !is_blank(s[to]) && !is_quote(s[to]); to++) {
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
	search->steps -= (int)((to - at) / 8);
	if (!colon || (slash && colon > slash))
		return;
	/* There was more: whether a '@' was in it is not known. */
	if (!sign && !slash && to == end && end == search->text.len && search->text.open)
		sign = end;
	if (sign < colon || (slash && sign > slash && all_digits(s + colon, slash - colon)))
		return;
	evring_search_hide(search, colon, sign);
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
			look_authority(search, at + 2, end);
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

	if (search->after)
		evring_search_hide(search, at, end);
	search->after = false;
	search->steps -= 1 + (int)((end - at) / 16);
	look_word(search, &word);
	if (has_divider(search->text.s + at, end - at))
		look_words(search, at, end);
	look_whole(search, at, end);
}
