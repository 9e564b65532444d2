/* SPDX-License-Identifier: MIT */
/* sets: named lists of hooks, which stand where a glob of hooks can. */
#ifndef EVRING_SETS_H
#define EVRING_SETS_H

#include <stdbool.h>

/* "@security" */
bool is_set(const char *pattern);
/* The globs of a set, NULL at the end; NULL: there is no set of this name. */
const char *const *hook_set(const char *name);
/* "@security, @audit, ..."; the caller frees it. */
char *hook_set_list(void);
/* Does @pattern, the name of a set or a glob, mean the hook @name? */
bool hook_matches(const char *pattern, const char *name);

#endif /* EVRING_SETS_H */
