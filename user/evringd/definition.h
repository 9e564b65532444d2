/* SPDX-License-Identifier: MIT */
/*
 * definition: a connector as its file has it, in one of Kafka Connect's shapes:
 *
 *	{"name": ..., "config": {...}[, "initial_state": "STOPPED"]}
 *	{...}				the keys alone; the name is a key or the file's
 *
 * Files are replaced as a whole: a reader, and a start after a crash, find the old one
 * or the new one.
 */
#ifndef DEFINITION_H
#define DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct json_t;
struct problems;

/* By which a file is known again; all of it 0: there is none. */
struct stamp {
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct definition {
	char *name;			/* NULL: that is a problem */
	struct json_t *settings;	/* keys -> values, as they are written; NULL: a problem */
	char *state;			/* RUNNING, PAUSED or STOPPED */
	struct stamp stamp;		/* of the file that was read or written */
};

/* The first problem of a text that is no JSON ends it; else all are told. @file: whence a name */
void definition_parse(struct definition *def, const char *text, size_t len, const char *file,
		      struct problems *problems);
/* The same of a JSON value, of which it keeps a copy */
void definition_of(struct definition *def, const struct json_t *root, const char *file,
		   struct problems *problems);
void definition_load(struct definition *def, const char *path, struct problems *problems);
/*
 * Atomically. 0 or -errno, then the old file is there; -ESTALE: the file is not the one of stamp
 * @last, so somebody else has changed it; -ELOOP: it is a symbolic link. Sets @def->stamp. A
 * warning tells that a power failure may bring the old one back.
 */
int definition_write(struct definition *def, const char *path, const struct stamp *last);
/* For good, with the same warning. 0, also if there is no such file, or -errno. */
int definition_remove(const char *path);
/* Is it still that file? */
bool stamp_holds(const struct stamp *stamp, const char *path);
/* Can a connector of this name have a file? It has no folder in it, and is not hidden. */
bool definition_name_ok(const char *name);
void definition_free(struct definition *def);

/* The kind of a value, in words: "a string" */
const char *json_kind(const struct json_t *value);
/* A scalar as the string that it would be in quotes, as in Kafka Connect; else NULL. Free it. */
char *json_text(const struct json_t *value);
/* Parse a text. NULL: it is no JSON; the problem quotes none of it. */
struct json_t *json_read(const char *text, size_t len, struct problems *problems);

#endif /* DEFINITION_H */
