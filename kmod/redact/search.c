// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/* Common to all parts of a search: to leave bytes out, and to ask for a rule's condition. */
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

/* Where there are too many, the text between two of them is hidden, too. */
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
 * Conditions
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
