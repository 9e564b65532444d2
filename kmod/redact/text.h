/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * find.c: an event and its fields; text.c: one text under its field's rules, and its
 * words; whole.c: headers and URLs; value.c: values; search.c: cuts and conditions.
 */
#ifndef _KMOD_REDACT_TEXT_H
#define _KMOD_REDACT_TEXT_H

#include "redact.h"

/*
 * A text that is looked at. Positions count from its lead's first byte; the field's own
 * bytes begin behind the lead.
 */
struct evring_seen_text {
	const char *s;
	__u32 len;
	__u32 lead;
	__u32 gap;	/* bytes are missing before this one; 0: none are */
	__u32 at;	/* of the field's bytes in the payload */
	bool open;
};

struct evring_search {
	const struct evring_redaction *rules;
	const struct evring_redact_index *index;
	const struct evring_redact_event *event;
	struct evring_cuts *cuts;
	const char *pool;
	int steps;
	__u8 conds[EVRING_REDACT_CONDS_MAX];	/* as far as they are known */

	/* The field's rules, and its text */
	__u32 first, end;
	struct evring_seen_text text;
	bool after;	/* the next text is a secret */

	/* The value in it that was left out last */
	__u32 value, value_end;
};

/* Of a longer name only the end is compared: a blob must not use up the steps. */
#define EVRING_NAME_BYTES	128

static inline const struct evring_redact_rule *search_rule(const struct evring_search *search,
							    __u32 i)
{
	const struct evring_table *table = &search->rules->rules;

	return (const void *)((const char *)search->rules + table->offset + i * table->stride);
}

/* search.c: leave out the text's bytes from one position to another */
void evring_search_hide(struct evring_search *search, __u32 from, __u32 to);

/*
 * search.c: does the rule's condition hold? It is asked only where the rule would leave
 * something out.
 */
bool evring_search_holds(struct evring_search *search, const struct evring_redact_rule *rule);
/* search.c: does any of the field's rules hold? */
bool evring_search_any(struct evring_search *search);

/* text.c: one of the field's texts, which has these positions, and bytes of these classes */
void evring_search_text(struct evring_search *search, __u32 at, __u32 end, __u8 seen);

/* whole.c */
void evring_search_whole(struct evring_search *search, __u32 at, __u32 end, __u8 seen);

/* index.c: the next operand of a rule, at *@at, which is moved behind it */
const char *evring_redact_operand(const char **at, __u16 *len);

/* value.c */

#define EVRING_BYTE_BLANK	1
#define EVRING_BYTE_QUOTE	2
#define EVRING_BYTE_DIVIDER	4	/* between words of a script, a query or a document */
#define EVRING_BYTE_END		8	/* of a value without quotes, which may have , and ] */
#define EVRING_BYTE_EQUAL	16
#define EVRING_BYTE_COLON	32

extern const __u8 evring_byte_class[256];

static inline bool evring_is_blank(char c)
{
	return evring_byte_class[(__u8)c] & EVRING_BYTE_BLANK;
}

static inline bool evring_is_quote(char c)
{
	return evring_byte_class[(__u8)c] & EVRING_BYTE_QUOTE;
}

static inline bool evring_is_divider(char c)
{
	return evring_byte_class[(__u8)c] & EVRING_BYTE_DIVIDER;
}

static inline bool evring_is_end(char c)
{
	return evring_byte_class[(__u8)c] & EVRING_BYTE_END;
}

static inline char evring_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

__u32 evring_value_end(struct evring_search *search, __u32 at, __u32 end);
__u32 evring_value_begin(struct evring_search *search, __u32 at, __u32 end, const char *marks);
__u32 evring_gap_end(struct evring_search *search, __u32 gap, __u32 end);

#endif /* _KMOD_REDACT_TEXT_H */
