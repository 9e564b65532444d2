/* SPDX-License-Identifier: MIT */
/* attach: evringd --attach, which has the right to attach hooks, for an evringd without it. */
#ifndef ATTACH_H
#define ATTACH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Attach the hooks that connectors ask for, for their groups, which are made if there are none,
 * and give the groups to @uid. The connectors are those of the files, or of the @folder; one that
 * is to be STOPPED is left as it is. Returns an exit status: of one that cannot be had, while the
 * others are.
 */
int attach_hooks(char *const *files, size_t nr, const char *folder, uid_t uid);

#endif /* ATTACH_H */
