/* SPDX-License-Identifier: MIT */
/* user: names of users, from the host's name service, which may be slow. */
#ifndef EVRING_USER_H
#define EVRING_USER_H

#include <stdint.h>

#define USER_NAME_MAX	64

/*
 * Copy the user's name into @name, or the number if there is none. A name service that
 * does not answer soon keeps no caller waiting: the number it is until it has answered.
 */
void user_name(uint32_t uid, char name[USER_NAME_MAX]);

#endif /* EVRING_USER_H */
