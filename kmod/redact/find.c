// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Where the secrets of an event are. The rules were verified (verify.c). The process
 * chooses the bytes of the event, so steps bound the work: text that is left when they
 * are used up may have a secret, and is hidden as a whole.
 */
#include "text.h"

/* False: the event has no such text. */
static bool find_text(const struct evring_search *search, const struct evring_redact_rule *rule,
		      struct evring_seen_text *text)
{
	const struct evring_redact_event *event = search->event;
	struct evring_str str;
	__u32 i;

	if ((__u32)rule->offset + sizeof(str) > event->len)
		return false;
	memcpy(&str, (const char *)event->payload + rule->offset, sizeof(str));
	if (!str.len || str.offset < event->data_size || (__u32)str.offset + str.len > event->len)
		return false;
	*text = (struct evring_seen_text){
		.s = (const char *)event->payload + str.offset, .len = str.len, .at = str.offset,
	};
	for (i = 0; i < event->nr_edges; i++) {
		const struct evring_edge *edge = &event->edges[i];

		if (edge->offset != rule->offset)
			continue;
		text->open = edge->open;
		text->lead = edge->lead;
		text->gap = edge->gap;
		text->len += edge->lead;
		if (edge->lead)
			text->s = edge->text;
	}
	return true;
}

static void look_field(struct evring_search *search)
{
	const struct evring_redact_rule *rule = search_rule(search, search->first);
	const bool is_list = rule->kind == EVRING_KIND_TEXTS;
	const struct evring_seen_text *text = &search->text;
	__u32 at, end;
	__u8 seen;

	if (!find_text(search, rule, &search->text))
		return;
	search->after = false;
	search->value_end = 0;
	for (at = 0; at < text->len; at = end + 1) {
		seen = 0;
		for (end = at; end < text->len && (text->s[end] || !is_list); end++)
			seen |= evring_byte_class[(__u8)text->s[end]];
		if (search->steps > 0)
			evring_search_text(search, at, end, seen);
		if (search->steps > 0)
			continue;
		if (!evring_search_any(search))
			return;
		search->cuts->hidden = true;
		evring_search_hide(search, at, text->len);
		return;
	}
}

/* The rules of one field stand together. */
void evring_redact_find(const struct evring_redaction *rules,
			const struct evring_redact_index *index,
			const struct evring_redact_event *event, struct evring_cuts *cuts)
{
	struct evring_search search = {
		.rules = rules, .index = index, .event = event, .cuts = cuts,
		.steps = EVRING_REDACT_STEPS, .pool = (const char *)rules + rules->pool.offset,
	};
	const __u32 count = rules->rules.count;
	__u16 offset;
	__u32 i;

	cuts->nr = 0;
	cuts->hidden = false;
	for (i = 0; i < count;) {
		search.first = i;
		offset = search_rule(&search, i)->offset;
		while (i < count && search_rule(&search, i)->offset == offset)
			i++;
		search.end = i;
		look_field(&search);
	}
}
