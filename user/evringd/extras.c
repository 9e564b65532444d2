/* SPDX-License-Identifier: MIT */
/* See extras.h. */
#include "extras.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const own[] = {
	"evring.id", "evring.type", "evring.frame", "content-type", "ce_specversion", "ce_id",
	"ce_source", "ce_type", "ce_time",
};

#define NR_OWN (sizeof(own) / sizeof(own[0]))

int own_header(const char *name)
{
	size_t i;

	for (i = 0; i < NR_OWN; i++)
		if (!strcmp(own[i], name))
			return (int)i;
	return -1;
}

void extras_reset(struct extras *extras)
{
	extras->nr = 0;
	extras->dropped = 0;
	extras->used = 0;
}

void extras_free(struct extras *extras)
{
	free(extras->text);
	*extras = (struct extras){ .text = NULL };
}

char *extras_begin(struct extras *extras)
{
	if (extras->nr == EXTRAS_MAX)
		return NULL;
	if (extras->room - extras->used < EXTRA_LONGEST) {
		extras->room = extras->used + EXTRA_LONGEST;
		extras->text = must(realloc(extras->text, extras->room));
	}
	return extras->text + extras->used;
}

void extras_end(struct extras *extras, const char *name, size_t len)
{
	extras->list[extras->nr++] = (struct extra){ .name = name, .at = extras->used, .len = len };
	extras->used += len;
}

void extras_drop(struct extras *extras, const char *name)
{
	unsigned int i, left = 0;
	int number = own_header(name);

	if (number >= 0)
		extras->dropped |= 1u << number;
	for (i = 0; i < extras->nr; i++)
		if (strcmp(extras->list[i].name, name))
			extras->list[left++] = extras->list[i];
	extras->nr = left;
}

bool extras_have(const struct extras *extras, const char *name)
{
	unsigned int i;

	for (i = 0; i < extras->nr; i++)
		if (!strcmp(extras->list[i].name, name))
			return true;
	return false;
}

bool extras_dropped(const struct extras *extras, const char *name)
{
	int number = extras && extras->dropped ? own_header(name) : -1;

	return number >= 0 && extras->dropped & 1u << number;
}
