// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * An event without its secrets. The bytes behind a cut move, so each reference to the
 * tail is corrected, of the fields that have no rules as well.
 */
#include "redact.h"

__u32 evring_redact_len(__u32 len, const struct evring_cuts *cuts, __u32 mark)
{
	__u32 i;

	for (i = 0; i < cuts->nr; i++)
		len = len - (cuts->cut[i].to - cuts->cut[i].from) + mark;
	return len + EVRING_TRAILER_LEN;
}

/*
 * Where a position is afterwards. Within a cut it is one of the mark's ends: a text that
 * begins or ends in another one's secret has the mark, too.
 */
static __u32 place(const struct evring_cuts *cuts, __u32 mark, __u32 at, bool is_end)
{
	__u32 i, moved = at;

	for (i = 0; i < cuts->nr; i++) {
		const struct evring_cut *cut = &cuts->cut[i];

		if (at <= cut->from)
			break;
		if (at < cut->to)
			return moved - (at - cut->from) + (is_end ? mark : 0);
		moved = moved - (cut->to - cut->from) + mark;
	}
	return moved;
}

static bool is_cut(const struct evring_cuts *cuts, __u32 from, __u32 to)
{
	__u32 i;

	for (i = 0; i < cuts->nr; i++)
		if (cuts->cut[i].from < to && cuts->cut[i].to > from)
			return true;
	return false;
}

/* A reference that does not lead into the tail was of no use, and is of none now. */
static bool correct(struct evring_str *str, const struct evring_redact_event *event,
		    const struct evring_cuts *cuts, __u32 mark)
{
	__u32 from = str->offset, to = from + str->len;
	bool changed;

	if (from < event->data_size || to > event->len || from == to) {
		*str = (struct evring_str){ 0 };
		return false;
	}
	changed = is_cut(cuts, from, to);
	from = place(cuts, mark, from, false);
	to = place(cuts, mark, to, true);
	str->offset = (__u16)from;
	str->len = (__u16)(to - from);
	return changed;
}

void evring_redact_copy(char *to, const struct evring_redact_event *event,
			const struct evring_cuts *cuts, __u32 mark,
			const struct evring_var *vars, __u32 nr)
{
	const char *from = event->payload;
	__u64 fields = 0;
	char *at = to;
	__u32 done = 0, i;

	for (i = 0; i < cuts->nr; i++) {
		memcpy(at, from + done, cuts->cut[i].from - done);
		at += cuts->cut[i].from - done;
		memcpy(at, EVRING_REDACTED_MARK, mark);
		at += mark;
		done = cuts->cut[i].to;
	}
	memcpy(at, from + done, event->len - done);
	at += event->len - done;
	for (i = 0; i < nr; i++) {
		struct evring_str str;

		memcpy(&str, to + vars[i].offset, sizeof(str));
		if (correct(&str, event, cuts, mark))
			fields |= 1ULL << (vars[i].field < 63 ? vars[i].field : 63);
		memcpy(to + vars[i].offset, &str, sizeof(str));
	}
	memcpy(at, &fields, sizeof(fields));
}
