// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of arguments that are too long for an event, as they lie in the process. It
 * can begin with a secret whose sign is not in it (the value of --password), so a lead
 * is read as well: redaction looks at it, and no event has it.
 */
#include <linux/binfmts.h>
#include <linux/build_bug.h>
#include <linux/minmax.h>

#include "args_end.h"
#include "peek.h"

#define PIECE_BYTES	256	/* of each of the lead's three pieces, at most */
#define CHUNK_BYTES	128	/* looked through at once for where an argument begins */

static_assert(3 * PIECE_BYTES + EVRING_ARGS_END_BYTES + CHUNK_BYTES <= EVRING_ARGS_END_ROOM);

/* The start of the argument that the byte before @at belongs to; 0: memory is not present */
static unsigned long argument_start(unsigned long first, unsigned long at, char *chunk)
{
	unsigned long limit = at - first > MAX_ARG_STRLEN ? at - MAX_ARG_STRLEN : first;
	u32 len, i;

	while (at > limit) {
		len = min_t(unsigned long, at - limit, CHUNK_BYTES);
		at -= len;
		if (evring_peek(chunk, at, len) != len)
			return 0;
		for (i = len; i--;)
			if (!chunk[i])
				return at + i + 1;
	}
	return limit;
}

/* Append the bytes from @from to @to, at most the last PIECE_BYTES. */
static bool piece_add(char *room, u32 *used, unsigned long from, unsigned long to)
{
	u32 len = min_t(unsigned long, to - from, PIECE_BYTES);
	bool good = evring_peek(room + *used, to - len, len) == len;

	*used += len;
	return good;
}

/*
 * The arguments before the cut; and of the one that is cut in two its beginning and the bytes
 * next to the cut, with a gap between them if it is long.
 */
static bool lead_read(char *room, struct evring_args_end *to, unsigned long first,
		      unsigned long at)
{
	unsigned long start = argument_start(first, at, room + EVRING_ARGS_END_ROOM - CHUNK_BYTES);
	unsigned long head = min(at, start + PIECE_BYTES);

	if (!start || !piece_add(room, &to->lead, first, start) ||
	    !piece_add(room, &to->lead, start, head))
		return false;
	if (at - head > PIECE_BYTES) {
		to->gap = to->lead;
		head = at - PIECE_BYTES;
	}
	return piece_add(room, &to->lead, head, at);
}

/*
 * The last @len bytes before @end of the arguments that begin at @first, into @room
 * behind a lead. Never sleeps; looks through as much as one argument can have, where
 * one is that long.
 */
struct evring_args_end evring_args_end(char *room, unsigned long first, unsigned long end, u32 len)
{
	struct evring_args_end to = { };

	if (len && lead_read(room, &to, first, end - len) &&
	    evring_peek(room + to.lead, end - len, len) == len)
		to.len = len;
	return to;
}
