// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Where the secrets of one text are: its words, their names and values, and the rules
 * that say which of them are secrets.
 */
#include "text.h"

/*
 * Operands
 */

/* Does all of the @len bytes match? '*' is any bytes, '?' one. One way back suffices. */
static bool glob_matches(struct evring_search *search, const char *s, __u32 len, const char *glob,
			 __u32 glob_len, bool any_case)
{
	__u32 i = 0, g = 0, star = 0, back = 0;
	bool has_star = false;
	char last;

	/* Most names end otherwise. */
	if (glob_len && len) {
		last = glob[glob_len - 1];
		if (last != '*' && last != '?' && last != s[len - 1] &&
		    !(any_case && evring_lower(last) == evring_lower(s[len - 1])))
			return false;
	}
	while (i < len) {
		if (--search->steps <= 0)
			return false;
		if (g < glob_len && glob[g] == '*') {
			has_star = true;
			star = ++g;
			back = i;
		} else if (g < glob_len && (glob[g] == '?' || glob[g] == s[i] ||
					    (any_case && evring_lower(glob[g]) == evring_lower(s[i])))) {
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
		glob = evring_redact_operand(&at, &glob_len);
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
		prefix = evring_redact_operand(&at, &prefix_len);
		search->steps--;
		if (prefix_len < len && (!shortest || prefix_len < shortest) &&
		    !(inside && *prefix == '-') && !memcmp(s, prefix, prefix_len))
			shortest = prefix_len;
	}
	return shortest;
}

/*
 * One word, or a text as one
 */

struct word {
	__u32 at, end;
	__u32 limit;	/* of the text that it is in */
	bool whole;	/* it is that text: a value has all of the rest, blanks too */
	__u8 seen;	/* classes of its bytes */
	__u32 name;	/* bytes before its first '=', or all of it; 0: a script's beginning */
	__u32 key;	/* bytes before the first '=' or ':' */
	__u32 value;	/* behind that; 0: none follows */
	__u32 user;	/* in a URL, up to its '@'; 0: there is none */
	__u32 user_end;
};

/* A secret that begins in a value that was left out ends with that value, at the latest. */
static void leave_out_value(struct evring_search *search, const struct word *word, __u32 from)
{
	__u32 to = word->end;

	if (!word->whole) {
		if (from >= search->value && from < search->value_end)
			return;
		to = evring_value_end(search, from, word->limit);
		/* The quotes behind a word may end there: a value among them is looked at, too. */
		if (from != word->end) {
			search->value = from;
			search->value_end = to;
		}
	}
	evring_search_hide(search, from, to);
}

/* scheme://user@ or scheme://user:password@ */
static void find_url_user(const struct evring_seen_text *text, struct word *word)
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

static bool has_divider(const char *s, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++)
		if (evring_is_divider(s[i]))
			return true;
	return false;
}

/* name=value; in a document also name: value, "name": "value", name = value */
static void find_value(struct evring_search *search, struct word *word)
{
	const char *s = search->text.s + word->at, *colon = NULL;

	word->value = word->at + word->name + 1;
	if (word->value <= word->end)
		return;
	/* A word that is the text can have no value behind it. */
	word->value = 0;
	if (word->whole)
		return;
	if (word->seen & EVRING_BYTE_COLON)
		colon = memchr(s, ':', word->name);
	if (colon)
		word->key = (__u32)(colon - s);
	word->value = evring_value_begin(search, word->at + word->key, word->limit, ":=");
}

/* @has_words: these are looked at as well */
static void find_parts(struct evring_search *search, struct word *word, bool has_words)
{
	const char *s = search->text.s + word->at, *equal = NULL;

	word->name = word->end - word->at;
	if (word->seen & EVRING_BYTE_EQUAL)
		equal = memchr(s, '=', word->name);
	if (equal)
		word->name = (__u32)(equal - s);
	word->key = word->name;
	word->value = 0;
	word->user = 0;
	if (word->seen & EVRING_BYTE_COLON && !has_words)
		find_url_user(&search->text, word);
	if (word->whole && word->seen & EVRING_BYTE_DIVIDER && has_divider(s, word->name))
		word->name = 0;
	else
		find_value(search, word);
}

/* May a name match an operand of this operation? */
static __u8 name_ops(const struct evring_redact_index *index, const char *s, __u32 len,
		     enum evring_redact_op op)
{
	__u32 from = len > EVRING_NAME_BYTES ? len - EVRING_NAME_BYTES : 0;

	if (!len)
		return 0;
	return index->first[(__u8)s[from]] & index->last[(__u8)s[len - 1]] & 1 << op;
}

/* May the text at @at match a prefix, and have a byte more? */
static __u8 prefix_ops(const struct evring_search *search, __u32 at, __u32 end)
{
	const char *s = search->text.s + at;

	if (end - at < 2)
		return 0;
	return search->index->first[(__u8)s[0]] & search->index->second[(__u8)s[1]] &
	       1 << EVRING_REDACT_PREFIX;
}

/* The operations whose operands may match in the word, as bits */
static __u8 word_ops(const struct evring_search *search, const struct word *word)
{
	const struct evring_redact_index *index = search->index;
	const char *s = search->text.s + word->at;
	__u8 ops = name_ops(index, s, word->name, EVRING_REDACT_AFTER);

	ops |= prefix_ops(search, word->at, word->end);
	if (word->value)
		ops |= name_ops(index, s, word->key, EVRING_REDACT_VALUE);
	if (word->seen & EVRING_BYTE_EQUAL && word->value && word->value < word->end)
		ops |= prefix_ops(search, word->value, word->end);
	if (word->user)
		ops |= prefix_ops(search, word->user, word->user_end);
	return ops;
}

/* --password SECRET, --password=SECRET */
static void look_after(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word)
{
	const char *s = search->text.s;
	__u32 at = word->at + word->name;

	if ((rule->first && rule->first != (__u8)s[word->at]) ||
	    !name_matches(search, rule, s + word->at, word->name, false) ||
	    !evring_search_holds(search, rule))
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

/* PASSWORD=SECRET */
static void look_value(struct evring_search *search, const struct evring_redact_rule *rule,
		       const struct word *word)
{
	if (name_matches(search, rule, search->text.s + word->at, word->key, true) &&
	    evring_search_holds(search, rule))
		leave_out_value(search, word, word->value);
}

/* Does the word go on in quotes that begin behind it? */
static bool goes_on(const struct evring_search *search, const struct word *word)
{
	const char *s = search->text.s;
	__u32 at = word->end;

	if (!word->whole && at + 1 < word->limit && s[at] == '\\')
		at++;
	return !word->whole && at < word->limit && evring_is_quote(s[at]) &&
	       !(word->at && s[word->at - 1] == s[at]);
}

/* A secret at @at with the rule's prefix; it ends at @to, or as a value does if that is 0. */
static void look_prefix(struct evring_search *search, const struct evring_redact_rule *rule,
			const struct word *word, __u32 at, __u32 to)
{
	__u32 prefix;

	if (at >= word->end || (rule->first && rule->first != (__u8)search->text.s[at]))
		return;
	/* -p'SECRET' */
	prefix = prefix_len(search, rule, search->text.s + at,
			    to ? to - at : word->end - at + goes_on(search, word), at > word->at);
	if (!prefix || !evring_search_holds(search, rule))
		return;
	if (to)
		evring_search_hide(search, at + prefix, to);
	else
		leave_out_value(search, word, at + prefix);
}

static void look_prefixes(struct evring_search *search, const struct evring_redact_rule *rule,
			  const struct word *word)
{
	look_prefix(search, rule, word, word->at, 0);
	if (word->seen & EVRING_BYTE_EQUAL && word->value)
		look_prefix(search, rule, word, word->value, 0);
	if (word->user)
		look_prefix(search, rule, word, word->user, word->user_end);
}

static void look_word(struct evring_search *search, struct word *word, bool has_words)
{
	__u32 i;
	__u8 ops;

	if (word->at == word->end)
		return;
	search->steps -= 1 + (int)((word->end - word->at) / 4);
	find_parts(search, word, has_words);
	ops = word_ops(search, word);
	for (i = search->first; ops && i < search->end && search->steps > 0; i++) {
		const struct evring_redact_rule *rule = search_rule(search, i);

		search->steps--;
		if (!(ops >> rule->op & 1))
			continue;
		if (rule->op == EVRING_REDACT_PREFIX)
			look_prefixes(search, rule, word);
		else if (rule->op == EVRING_REDACT_AFTER)
			look_after(search, rule, word);
		else
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
		word.seen = 0;
		while (at < end && !evring_is_divider(s[at]) && (at != gap || at == word.at))
			word.seen |= evring_byte_class[(__u8)s[at++]];
		word.end = at;
		look_word(search, &word, false);
	}
}

/* One of the field's texts */
void evring_search_text(struct evring_search *search, __u32 at, __u32 end, __u8 seen)
{
	struct word word = { .at = at, .end = end, .limit = end, .whole = true, .seen = seen };
	const __u32 gap = search->text.gap;
	bool has_gap = gap > at && gap < end;
	bool has_words = seen & EVRING_BYTE_DIVIDER || has_gap;

	if (search->after)
		evring_search_hide(search, at, end);
	search->after = false;
	search->steps -= 1 + (int)((end - at) / 16);
	look_word(search, &word, has_words);
	if (has_words)
		look_words(search, at, end);
	evring_search_whole(search, at, end, seen);
	if (has_gap && evring_search_any(search))
		evring_search_hide(search, gap, evring_gap_end(search, gap, end));
}
