/* SPDX-License-Identifier: MIT */
/* split: a pack that is refused as a whole becomes two packs. */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>

struct config;
struct identity;
struct outgoing;

/* The first event of a pack. False: this is no pack, or it cannot be read. */
bool pack_identity(const struct config *cfg, const struct outgoing *out, struct identity *who);

/*
 * Two messages with a half of the events each, for sender_enqueue(). False: it
 * is one event, or cannot be read. The value of @out must stay where it is,
 * unless it is a copy.
 */
bool split_pack(const struct config *cfg, const struct outgoing *out, struct outgoing *halves[2]);

#endif /* SPLIT_H */
