/* SPDX-License-Identifier: GPL-2.0-only */
/* user.c: users, their sessions and their share of the rings. */
#ifndef _KMOD_USER_H
#define _KMOD_USER_H

#include <linux/uidgid.h>
#include "room.h"

struct evring_ring;
struct evring_user;

#define EVRING_USAGE_SLICES	16

/**
 * struct evring_usage - a user's share of one ring; but for @line written on its CPU alone
 * @bound: upper bound of the bytes that are held
 * @slice: number of the slice that @bytes is of, counted from position 0
 * @bytes: published by the user in that slice
 * @line: his writers that wait for room there
 */
struct evring_usage {
	u64 bound;
	u64 slice[EVRING_USAGE_SLICES];
	u32 bytes[EVRING_USAGE_SLICES];
	struct evring_room_line line;
};

struct evring_user *evring_user_get(void);
void evring_user_put(struct evring_user *user);
kuid_t evring_user_uid(const struct evring_user *user);
kuid_t evring_payer(void);
struct evring_usage *evring_user_usage(const struct evring_user *user, u32 lane);
int evring_user_prepare(struct evring_user *user, u32 lane);
bool evring_user_may(struct evring_usage *usage, const struct evring_ring *ring, u32 size);
void evring_user_took(struct evring_usage *usage, const struct evring_ring *ring, u64 end,
		      u32 size);
u64 evring_user_part(u64 data_size);
unsigned int evring_user_slice(u64 data_size, u32 segment_size);
int evring_users_init(void);
void evring_users_exit(void);

#endif /* _KMOD_USER_H */
