/* SPDX-License-Identifier: GPL-2.0-only */
/* file.c: the parts that are common to the events of files. */
#ifndef _KMOD_HOOKS_FILE_H
#define _KMOD_HOOKS_FILE_H

#include <linux/evring.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "path.h"

/* A text on its way into an event; one that does not fit loses its front. */
struct evring_text {
	const char *at;
	u32 len;
	bool cut;
};

/* A path as the caller gave it: in kernel memory, NUL-terminated */
static inline struct evring_text evring_text_given(const char *given)
{
	return (struct evring_text){ .at = given, .len = strnlen(given, PATH_MAX) };
}

/* A text that a call has kept in @room bytes, NUL-terminated */
static inline struct evring_text evring_text_kept(const char *kept, u32 room)
{
	return (struct evring_text){ .at = kept, .len = strnlen(kept, room) };
}

static inline struct evring_text evring_text_path(const struct evring_path_text *path)
{
	return (struct evring_text){ .at = path->at, .len = path->len };
}

/* The path of a file, in the memory of a call until that returns; and the path's flags */
static inline struct evring_text evring_text_file(const struct file *file, char *room, u32 size,
						  u32 *flags)
{
	struct evring_path_text path = evring_path(&file->f_path, room, size);

	*flags = path.flags;
	return evring_text_path(&path);
}

u32 evring_texts_fit(struct evring_text *texts, unsigned int nr, u32 fixed);
struct evring_str evring_text_put(void *payload, u32 *end, const struct evring_text *text);

struct evring_path_text evring_path_cwd(char *buf, u32 size);
struct evring_path_text evring_path_given(int dfd, const struct path *base, const char *given,
					  char *buf, u32 size);

#endif /* _KMOD_HOOKS_FILE_H */
