// SPDX-License-Identifier: GPL-2.0-only
/* Names: of lanes, types and groups. */
#include <linux/ctype.h>
#include <linux/string.h>
#include <linux/evring.h>

#include "name.h"

/*
 * [A-Za-z0-9._-]+, NUL-terminated within EVRING_NAME_MAX bytes. Not "." or "..": topics and
 * files are named so, and can have neither.
 */
bool evring_name_valid(const char *name)
{
	unsigned int i;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (i = 0; i < EVRING_NAME_MAX && name[i]; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && !strchr("._-", name[i])))
			return false;
	return i > 0 && i < EVRING_NAME_MAX;
}
