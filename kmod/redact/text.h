/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* find.c: an event and its fields; text.c: one text under the rules of its field. */
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
	__u32 at;	/* of the field's bytes in the payload */
	bool open;
};

struct evring_search {
	const struct evring_redaction *rules;
	const struct evring_redact_event *event;
	struct evring_cuts *cuts;
	const char *pool;
	int steps;
	__u8 conds[EVRING_REDACT_CONDS_MAX];	/* as far as they are known */

	/* The field's rules that hold, and its text */
	__u32 first, end;
	__u64 holds[EVRING_REDACT_RULES_MAX / 64];
	struct evring_seen_text text;
	bool after;	/* the next text is a secret */
};

static inline const struct evring_redact_rule *search_rule(const struct evring_search *search,
							    __u32 i)
{
	const struct evring_table *table = &search->rules->rules;

	return (const void *)((const char *)search->rules + table->offset + i * table->stride);
}

/* find.c: leave out the text's bytes from one position to another */
void evring_search_hide(struct evring_search *search, __u32 from, __u32 to);

/* text.c: one of the field's texts, which has these positions */
void evring_search_text(struct evring_search *search, __u32 at, __u32 end);

#endif /* _KMOD_REDACT_TEXT_H */
