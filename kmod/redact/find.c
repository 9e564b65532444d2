// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Where the secrets of an event are. The rules were verified (verify.c); the event is
 * whatever its process wants, so work is bounded by steps: what is left then is
 * hidden as a whole, as what was not looked at may be a secret.
 */
#include "text.h"

enum { COND_UNKNOWN, COND_HOLDS, COND_FAILS };

/*
 * Cuts
 */

static void cuts_remove(struct evring_cuts *cuts, __u32 i)
{
	memmove(&cuts->cut[i], &cuts->cut[i + 1], (cuts->nr - i - 1) * sizeof(*cuts->cut));
	cuts->nr--;
}

/* Number @i has grown: it takes in those behind it that it touches. */
static void cuts_join(struct evring_cuts *cuts, __u32 i)
{
	while (i + 1 < cuts->nr && cuts->cut[i + 1].from <= cuts->cut[i].to) {
		if (cuts->cut[i + 1].to > cuts->cut[i].to)
			cuts->cut[i].to = cuts->cut[i + 1].to;
		cuts_remove(cuts, i + 1);
	}
}

/* Where there are too many, what is between two of them is hidden, too. */
static void cuts_add(struct evring_cuts *cuts, __u32 from, __u32 to)
{
	__u32 i = cuts->nr;

	/* Most come behind the others. */
	while (i && cuts->cut[i - 1].to >= from)
		i--;
	if (i < cuts->nr && cuts->cut[i].from <= to) {
		if (from < cuts->cut[i].from)
			cuts->cut[i].from = from;
		if (to > cuts->cut[i].to)
			cuts->cut[i].to = to;
		cuts_join(cuts, i);
		return;
	}
	if (cuts->nr < EVRING_CUTS_MAX) {
		memmove(&cuts->cut[i + 1], &cuts->cut[i], (cuts->nr - i) * sizeof(*cuts->cut));
		cuts->cut[i] = (struct evring_cut){ from, to };
		cuts->nr++;
		return;
	}
	cuts->hidden = true;
	if (i)
		cuts->cut[i - 1].to = to;
	else
		cuts->cut[0].from = from;
}

/* From and to are positions in the text. */
void evring_search_hide(struct evring_search *search, __u32 from, __u32 to)
{
	const struct evring_seen_text *text = &search->text;

	if (from < text->lead)
		from = text->lead;
	search->steps--;
	if (from < to)
		cuts_add(search->cuts, text->at + from - text->lead, text->at + to - text->lead);
}

/*
 * A field
 */

static bool cond_holds(struct evring_search *search, __u32 i)
{
	const struct evring_table *table = &search->rules->conds;
	const char *base = (const char *)search->rules;
	const struct evring_redact_cond *cond = (const void *)(base + table->offset +
							       i * table->stride);
	const struct evring_redact_event *event = search->event;
	enum evring_verdict verdict;

	if (search->conds[i] == COND_UNKNOWN) {
		/* Where the program comes to no end, the rule holds. */
		verdict = evring_program_spend((const void *)(base + cond->offset), event->rec,
					       event->payload, event->len, &search->steps);
		search->conds[i] = verdict == EVRING_UNWANTED ? COND_FAILS : COND_HOLDS;
	}
	return search->conds[i] == COND_HOLDS;
}

bool evring_search_holds(struct evring_search *search, const struct evring_redact_rule *rule)
{
	return !rule->cond || cond_holds(search, rule->cond - 1u);
}

bool evring_search_any(struct evring_search *search)
{
	__u32 i;

	for (i = search->first; i < search->end; i++)
		if (evring_search_holds(search, search_rule(search, i)))
			return true;
	return false;
}

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
