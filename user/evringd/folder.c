/* SPDX-License-Identifier: MIT */
/* See folder.h. */
#include "folder.h"

#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_file_of_ours(const struct dirent *found)
{
	size_t len = strlen(found->d_name);

	return *found->d_name != '.' && len > 5 && !strcmp(found->d_name + len - 5, ".json");
}

static void load(struct folder_file *file, char *path)
{
	file->path = path;
	file->problems = (struct problems){ .file = path };
	definition_load(&file->def, path, &file->problems);
}

void folder_of(struct folder *folder, char *const *paths, size_t nr)
{
	size_t i;

	folder->files = xgrow(NULL, 0, nr, sizeof(*folder->files));
	folder->nr = nr;
	for (i = 0; i < nr; i++)
		load(&folder->files[i], xstrdup(paths[i]));
}

int folder_read(struct folder *folder, const char *path)
{
	struct dirent **found = NULL;
	int nr = scandir(path, &found, is_file_of_ours, alphasort), i;

	if (nr < 0)
		return -errno;
	folder->files = xgrow(NULL, 0, (size_t)nr, sizeof(*folder->files));
	folder->nr = (size_t)nr;
	for (i = 0; i < nr; i++) {
		load(&folder->files[i], xprintf("%s/%s", path, found[i]->d_name));
		free(found[i]);
	}
	free(found);
	return 0;
}

void folder_free(struct folder *folder)
{
	size_t i;

	for (i = 0; i < folder->nr; i++) {
		definition_free(&folder->files[i].def);
		problems_free(&folder->files[i].problems);
		free(folder->files[i].path);
	}
	free(folder->files);
}

void folder_check_name(struct folder_file *file)
{
	if (file->def.name && !definition_name_ok(file->def.name))
		problem(&file->problems, "key \"name\": cannot be a file's name; allowed: A-Z a-z 0-9 "
			". _ -, not \".\" at the beginning");
}

char *folder_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = xstrdup(slash ? slash + 1 : path);

	name[strlen(name) - strlen(".json")] = '\0';
	return name;
}
