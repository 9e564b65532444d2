// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers that found no room on a ring, and which of them a commit wakes.
 *
 * A ring is entered by segments, so a commit makes room only where the position that
 * is held leaves a segment, or where nothing is held any more. Such a commit is a
 * change; the others wake nobody. That is enough for a user who has used up his part
 * of the ring, too: as long as bytes of his are held another commit must come.
 *
 * A blocking writer waits for the ring that was full, in the line of its user, in the
 * order of attempts. A change wakes some writers of each line, and each one that was
 * woken wakes the next one of its line once it has tried, with room or without. So a user
 * whose writers do not get to run holds up his own alone. The chain ends where the next
 * one's record has no room, or where it has tried since the last change: so each writer
 * is woken at most once a change, and few in vain. It cannot end too soon. A record that
 * has no room, though it is no longer than half a segment, means that bytes are held, and
 * their commit is the next change; so does an attempt in vain after the last change.
 *
 * A writer that was told EAGAIN is on a list, and a change that leaves a quarter of
 * the ring free takes it off and wakes its pollers: once for each EAGAIN. Blocking writers
 * may take all room before it is a quarter, so after a few changes any will do.
 */
#include <linux/completion.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "publish.h"
#include "ring.h"
#include "room.h"

#define WRITERS_WOKEN	4	/* of a line, by a change; each of them goes on with one */
#define LINES_WOKEN	16	/* without a pause */
#define POLLERS_WOKEN	64	/* likewise */
#define PASSED_OVER	4	/* changes that leave too little, for a poller */

/* A writer that waits, on its stack */
struct waiting {
	struct list_head list;
	u32 size;
	u64 changes;
	struct completion woken;
};

static DEFINE_SPINLOCK(room_lock);	/* the lists of all rooms */

void evring_room_init(struct evring_room *room)
{
	room->changes = 0;
	INIT_LIST_HEAD(&room->lines);
	INIT_LIST_HEAD(&room->pollers);
}

void evring_room_line_init(struct evring_room_line *line)
{
	INIT_LIST_HEAD(&line->lines);
	INIT_LIST_HEAD(&line->writers);
}

/* Before an attempt to put @size bytes on @ring, for the user of @line there */
void evring_room_look(struct evring_full *full, struct evring_ring *ring,
		      struct evring_room_line *line, u32 size)
{
	full->ring = ring;
	full->line = line;
	full->size = size;
	/* acquire: pairs with smp_store_release() in evring_room_made() */
	full->changes = smp_load_acquire(&ring->room.changes);
}

/* Bytes that a writer may still put there: the segment in which the hold lies stays. */
static u64 room_left(const struct evring_ring *ring)
{
	u64 hold = READ_ONCE(ring->hold), head = READ_ONCE(ring->page->head), end;

	if (hold == U64_MAX)
		return U64_MAX;
	end = (hold & ~((u64)ring->segment_size - 1)) + ring->data_size;
	return end > head ? end - head : 0;
}

static void line_add(struct evring_room *room, struct evring_room_line *line,
		     struct waiting *waiting)
{
	lockdep_assert_held(&room_lock);
	if (list_empty(&line->writers)) {
		line->changes = READ_ONCE(room->changes);
		list_add_tail(&line->lines, &room->lines);
	}
	list_add_tail(&waiting->list, &line->writers);
}

static void line_del(struct evring_room_line *line, struct waiting *waiting)
{
	lockdep_assert_held(&room_lock);
	list_del_init(&waiting->list);
	if (list_empty(&line->writers))
		list_del_init(&line->lines);
}

static void wake_writers(struct evring_ring *ring, struct evring_room_line *line,
			 unsigned int nr)
{
	struct waiting *waiting;

	lockdep_assert_held(&room_lock);
	while (nr-- && !list_empty(&line->writers)) {
		waiting = list_first_entry(&line->writers, struct waiting, list);
		if (waiting->changes == READ_ONCE(ring->room.changes) ||
		    waiting->size > room_left(ring))
			return;
		line_del(line, waiting);
		/* It takes the lock before it goes, so it is there until we have let go of that. */
		complete(&waiting->woken);
	}
}

/*
 * Wake the first writers of up to @nr lines. A line that had its turn at this change goes to the
 * back. Returns whether there may be more lines.
 */
static bool wake_lines(struct evring_ring *ring, unsigned int nr)
{
	struct evring_room *room = &ring->room;
	struct evring_room_line *line;

	lockdep_assert_held(&room_lock);
	for (; nr; nr--) {
		if (list_empty(&room->lines))
			return false;
		line = list_first_entry(&room->lines, struct evring_room_line, lines);
		if (line->changes == READ_ONCE(room->changes))
			return false;
		line->changes = READ_ONCE(room->changes);
		list_move_tail(&line->lines, &room->lines);
		wake_writers(ring, line, WRITERS_WOKEN);
	}
	return true;
}

/* Returns whether there may be more. */
static bool wake_pollers(struct evring_ring *ring, unsigned int nr)
{
	struct evring_room *room = &ring->room;
	struct evring_writer *writer;
	u64 changes;

	lockdep_assert_held(&room_lock);
	for (; nr; nr--) {
		if (list_empty(&room->pollers))
			return false;
		writer = list_first_entry(&room->pollers, struct evring_writer, polls);
		changes = READ_ONCE(room->changes) - writer->changes;
		if (!changes || (changes < PASSED_OVER && room_left(ring) < ring->data_size / 4))
			return false;
		list_del_init(&writer->polls);
		wake_up_interruptible_poll(&writer->wait, EPOLLOUT | EPOLLWRNORM);
	}
	return true;
}

/* A writer of @line that was woken for the room on @ring has tried: now another one may. */
void evring_room_pass(struct evring_ring *ring, struct evring_room_line *line)
{
	spin_lock(&room_lock);
	wake_writers(ring, line, 1);
	spin_unlock(&room_lock);
}

/*
 * Wait until there may be room after the attempt @full; evring_room_pass() must follow
 * the next attempt. -ERESTARTSYS: a signal came.
 */
int evring_room_await(const struct evring_full *full)
{
	struct evring_room *room = &full->ring->room;
	struct waiting waiting = { .size = full->size, .changes = full->changes };
	int ret = 0;

	init_completion(&waiting.woken);
	spin_lock(&room_lock);
	line_add(room, full->line, &waiting);
	spin_unlock(&room_lock);
	smp_mb();	/* on the list before the look: pairs with smp_mb() in evring_room_made() */
	if (READ_ONCE(room->changes) == full->changes)
		ret = wait_for_completion_interruptible(&waiting.woken);
	else if (signal_pending(current))
		ret = -ERESTARTSYS;
	spin_lock(&room_lock);
	if (!list_empty(&waiting.list))
		line_del(full->line, &waiting);
	else if (ret)
		wake_writers(full->ring, full->line, 1);	/* it was woken, and does not try */
	spin_unlock(&room_lock);
	return ret;
}

/* The hold of @ring has gone up from @before. Under groups_lock; may sleep. */
void evring_room_made(struct evring_ring *ring, u64 before)
{
	struct evring_room *room = &ring->room;
	const u64 hold = READ_ONCE(ring->hold);
	bool more;

	if (hold / ring->segment_size == before / ring->segment_size &&
	    hold < READ_ONCE(ring->page->head))
		return;
	/* release: a writer that sees the change sees the hold, in evring_room_look() */
	smp_store_release(&room->changes, room->changes + 1);
	/*
	 * The change before the look at the lists: pairs with smp_mb() in
	 * evring_room_await() and evring_room_note()
	 */
	smp_mb();
	if (list_empty(&room->lines) && list_empty(&room->pollers))
		return;
	do {
		spin_lock(&room_lock);
		more = wake_lines(ring, LINES_WOKEN);
		spin_unlock(&room_lock);
		cond_resched();
	} while (more);
	do {
		spin_lock(&room_lock);
		more = wake_pollers(ring, POLLERS_WOKEN);
		spin_unlock(&room_lock);
		cond_resched();
	} while (more);
}

/* A writer was told EAGAIN: poll() waits for room on that ring. */
void evring_room_note(struct evring_writer *writer, const struct evring_full *full)
{
	struct evring_room *room = &full->ring->room;

	/* A writer that tries again and again does not keep others from the lock. */
	if (READ_ONCE(writer->full) == full->ring && !list_empty(&writer->polls))
		return;
	spin_lock(&room_lock);
	WRITE_ONCE(writer->full, full->ring);
	writer->changes = full->changes;
	list_move_tail(&writer->polls, &room->pollers);
	spin_unlock(&room_lock);
	smp_mb();	/* on the list before the look: pairs with smp_mb() in evring_room_made() */
	if (READ_ONCE(room->changes) == full->changes)
		return;
	evring_room_found(writer);
}

/* There is room again, or a later event has found some: its pollers go on. */
void evring_room_found(struct evring_writer *writer)
{
	evring_room_forget(writer);
	wake_up_interruptible_poll(&writer->wait, EPOLLOUT | EPOLLWRNORM);
}

/* Nobody polls it any more, or it is told. */
void evring_room_forget(struct evring_writer *writer)
{
	spin_lock(&room_lock);
	list_del_init(&writer->polls);
	spin_unlock(&room_lock);
}
