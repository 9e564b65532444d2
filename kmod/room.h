/* SPDX-License-Identifier: GPL-2.0-only */
/* room.c: writers that found no room on a ring, and which of them a commit wakes. */
#ifndef _KMOD_ROOM_H
#define _KMOD_ROOM_H

#include <linux/list.h>
#include <linux/types.h>

struct evring_writer;
struct evring_ring;

/**
 * struct evring_room - the writers that wait for room on a ring
 * @changes: how often a commit has made room that a writer can count on
 * @lines: struct evring_room_line: those of users with blocking writers that wait
 * @pollers: struct evring_writer: those whose poll() is to wait
 *
 * @changes is written under groups_lock, the lists under room_lock.
 */
struct evring_room {
	u64 changes;
	struct list_head lines;
	struct list_head pollers;
};

/**
 * struct evring_room_line - one user's blocking writers that wait for room on a ring
 * @lines: of the room, while there are some
 * @writers: struct waiting, in the order in which they found no room
 * @changes: the room's when some of them were woken last, or when the line came
 *
 * Under room_lock.
 */
struct evring_room_line {
	struct list_head lines;
	struct list_head writers;
	u64 changes;
};

/**
 * struct evring_full - an attempt that found no room
 * @ring: where
 * @line: of the user there
 * @size: bytes of the record
 * @changes: the room's, before the attempt
 */
struct evring_full {
	struct evring_ring *ring;
	struct evring_room_line *line;
	u32 size;
	u64 changes;
};

void evring_room_init(struct evring_room *room);
void evring_room_line_init(struct evring_room_line *line);
void evring_room_look(struct evring_full *full, struct evring_ring *ring,
		      struct evring_room_line *line, u32 size);
int evring_room_await(const struct evring_full *full);
void evring_room_pass(struct evring_ring *ring, struct evring_room_line *line);
void evring_room_made(struct evring_ring *ring, u64 before);
void evring_room_note(struct evring_writer *writer, const struct evring_full *full);
void evring_room_found(struct evring_writer *writer);
void evring_room_forget(struct evring_writer *writer);

#endif /* _KMOD_ROOM_H */
