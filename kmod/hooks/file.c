// SPDX-License-Identifier: GPL-2.0-only
/* Common to the events of files: texts that share a record, paths as they were given. */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/sched.h>

#include "../redact/redact.h"
#include "file.h"

#define TRIES_MAX	3

/*
 * The length of an event that has these texts behind @fixed bytes. If they do not fit
 * into a record they are cut: each text may take an equal share of the room, and the
 * room that the texts before it left over. Room stays for redaction's marks, so that
 * an event is not lost because it has a secret that is short.
 */
u32 evring_texts_fit(struct evring_text *texts, unsigned int nr, u32 fixed)
{
	u32 whole = fixed, room = evring_record_max() - EVRING_TRAILER_LEN - fixed, rest, i;

	for (i = 0; i < nr; i++)
		whole += texts[i].len;
	if (whole - fixed <= room)
		return whole;
	for (i = 0, whole = fixed; i < nr; i++) {
		rest = room / (nr - i);
		if (texts[i].len > rest) {
			texts[i].at += texts[i].len - rest;
			texts[i].len = rest;
			texts[i].cut = true;
		}
		whole += texts[i].len;
		room -= texts[i].len;
	}
	return whole;
}

/* @end: where the payload's texts end so far */
struct evring_str evring_text_put(void *payload, u32 *end, const struct evring_text *text)
{
	struct evring_str str = evring_str(*end, text->len);

	memcpy((char *)payload + *end, text->at, text->len);
	*end += text->len;
	return str;
}

/* Under RCU, which keeps the folder that chdir() of another thread may leave. */
static bool current_folder(struct path *folder)
{
	const struct fs_struct *fs = current->fs;
	unsigned int tries = 0;

	if (!fs)
		return false;
	do {
		folder->mnt = READ_ONCE(fs->pwd.mnt);
		folder->dentry = READ_ONCE(fs->pwd.dentry);
		if (folder->mnt == READ_ONCE(fs->pwd.mnt) &&
		    folder->dentry == READ_ONCE(fs->pwd.dentry))
			return true;
	} while (++tries < TRIES_MAX);
	return false;
}

/* The path of the folder that a relative path starts from, at the end of the buffer */
static struct evring_path_text folder_text(int dfd, const struct path *base, char *buf, u32 size)
{
	struct evring_path_text text = { .at = buf + size, .flags = EVRING_PATH_CUT };
	struct path folder;
	struct file *file;

	if (base)
		return evring_path(base, buf, size);
	if (dfd == AT_FDCWD) {
		rcu_read_lock();
		if (current_folder(&folder))
			text = evring_path(&folder, buf, size);
		rcu_read_unlock();
		return text;
	}
	file = fget_raw(dfd);
	if (!file)
		return text;
	text = evring_path(&file->f_path, buf, size);
	fput(file);	/* sleeps for nobody: the last one is left to a task's work */
	return text;
}

/* The current folder. Context: task, preemption off. */
struct evring_path_text evring_path_cwd(char *buf, u32 size)
{
	return folder_text(AT_FDCWD, NULL, buf, size);
}

/**
 * evring_path_given() - a path that the kernel did not resolve, made absolute
 * @dfd: descriptor of a folder, or AT_FDCWD
 * @base: NULL, or the folder itself
 * @given: the path that the caller gave, in kernel memory
 * @buf: room for the text
 * @size: of @buf
 *
 * No link is followed and no ".." taken away. Context: task, preemption off.
 */
struct evring_path_text evring_path_given(int dfd, const struct path *base, const char *given,
					  char *buf, u32 size)
{
	struct evring_path_text text = { .at = given, .len = strnlen(given, PATH_MAX) };
	u32 len = text.len, room = size - len - 1;

	if (!len) {
		text = folder_text(dfd, base, buf, size);
	} else if (given[0] != '/' && (size < len + 1 || room < 64)) {
		text.flags = EVRING_PATH_CUT;
	} else if (given[0] != '/') {
		text = folder_text(dfd, base, buf, room);
		buf[room] = '/';
		/* The root's own path ends in a slash. */
		room -= text.len == 1 && text.at[0] == '/';
		memcpy(buf + room + 1, given, len);
		text.len = buf + room + 1 + len - text.at;
	}
	text.flags |= EVRING_PATH_GIVEN;
	return text;
}
