/* SPDX-License-Identifier: MIT */
/* folder: the connectors' files, as a look at them finds them. */
#ifndef FOLDER_H
#define FOLDER_H

#include "definition.h"
#include "problem.h"

#include <stddef.h>

struct folder_file {
	char *path;
	struct definition def;
	struct problems problems;	/* of reading it */
};

struct folder {
	struct folder_file *files;	/* in the order of their names */
	size_t nr;
};

/* These files, with problems that one has. Give it to folder_free(). */
void folder_of(struct folder *folder, char *const *paths, size_t nr);
/* Each *.json that does not begin with a dot. 0 or -errno; on success give it to folder_free(). */
int folder_read(struct folder *folder, const char *path);
void folder_free(struct folder *folder);
/* REST writes a file of that name. */
void folder_check_name(struct folder_file *file);
/* The name of a connector whose file says none. Free it. */
char *folder_name_of(const char *path);

#endif /* FOLDER_H */
