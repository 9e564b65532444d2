/* SPDX-License-Identifier: MIT */
/* See attach.h. */
#include "attach.h"

#include "config.h"
#include "folder.h"
#include "log.h"
#include "memory.h"
#include "permit.h"
#include "problem.h"
#include "source.h"
#include "task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES 10

/*
 * The group is made here, or was the user's before: others' readers would lose their filters
 * and their right to it. 0, -errno; -EEXIST: it is such a one.
 */
static int take_group(struct source *src, uid_t uid)
{
	int ret = source_right(src);

	/* Before the join, which would change its lanes and policy */
	if (!ret)
		ret = source_given(src, uid);
	if (ret < 0)
		return ret;
	ret = source_join(src);
	if (!ret && evring_made(src->ev))
		return evring_give(src->ev, src->cfg->group, uid);
	if (ret && ret != -EBUSY)
		return ret;
	/* Somebody reads it; or it has come meanwhile. */
	ret = source_given(src, uid);
	if (!ret)
		return -EBUSY;
	return ret < 0 ? ret : 0;
}

static void tell(const struct source *src, uid_t uid, int error, char *why, size_t len)
{
	const char *group = src->cfg->group;

	if (error == -EEXIST)
		snprintf(why, len, "group %s: is there, and was not given to user %u, so it stays as it "
			 "is: choose another \"group.id\"; or, if it is evringd's own, end its reader, "
			 "and \"evring groups drop %s\" before this runs again", group, uid, group);
	else
		snprintf(why, len, "group %s: %s%s", group,
			 error == -ENOSYS ? "the module is too old to give it to a user" :
			 error == -EBUSY ? "another process is making it" : strerror(-error),
			 error == -EPERM ? ": that needs CAP_PERFMON" : "");
}

static bool attach(struct source *src, uid_t uid, char *why, size_t len)
{
	int ret = take_group(src, uid);

	if (!ret && !source_attach(src, NULL, why, len))
		return false;
	/* Where it has a reader the user can have dropped it, and another program have made it. */
	if (!ret)
		ret = source_given(src, uid);
	if (ret > 0)
		return true;
	tell(src, uid, ret ? ret : -ENOENT, why, len);
	return false;
}

/* A file of the run, and its connector: NULL where nothing can be made of it */
struct attached {
	struct folder_file *file;
	struct config *cfg;
};

/* evringd runs the first one of those that share a group, so the others change none of its filters. */
static void check(struct attached *files, size_t nr)
{
	struct folder_file *file = files[nr].file;
	struct problems *problems = &file->problems;
	struct config *cfg;
	size_t i;

	if (problems->nr)
		return;
	cfg = files[nr].cfg = config_of_source(file->def.name, file->def.settings, problems);
	if (!problems->nr)
		permit_root(cfg, file->path, problems);
	for (i = 0; i < nr && !problems->nr; i++)
		if (!files[i].file->problems.nr)
			config_apart(cfg, files[i].cfg, files[i].file->path, problems);
}

static int attach_for(struct source *src, const struct config *cfg, uid_t uid,
		      struct problems *problems)
{
	char why[500];

	if (!source_open(src, cfg, why, sizeof(why))) {
		log_line(LOG_ERR, "%s: %s", src->file, why);
		return STATUS_FAILED;
	}
	source_check(src, problems);
	if (problems->nr)
		return STATUS_MISUSED;
	if (!attach(src, uid, why, sizeof(why))) {
		log_line(LOG_ERR, "%s: %s", src->file, why);
		return STATUS_FAILED;
	}
	info("%s: the hooks of group %s, which is user %u's, are attached", src->file, cfg->group, uid);
	return STATUS_OK;
}

static int attach_file(struct attached *files, size_t nr, uid_t uid)
{
	struct folder_file *file = files[nr].file;
	struct problems *problems = &file->problems;
	struct source src = { .file = file->path };
	int status = STATUS_OK;
	size_t i;

	check(files, nr);
	/* Its group keeps the hooks that it has, and gets others when it is to run. */
	if (!problems->nr && strcmp(file->def.state, "STOPPED")) {
		status = attach_for(&src, files[nr].cfg, uid, problems);
		source_close(&src);
	}
	for (i = 0; i < problems->nr; i++)
		log_line(LOG_ERR, "%s: %s", file->path, problems->lines[i]);
	return i ? STATUS_MISUSED : status;
}

static int attach_folder(struct folder *folder, uid_t uid)
{
	struct attached *files = xgrow(NULL, 0, folder->nr, sizeof(*files));
	int status = STATUS_OK, one;
	size_t i;

	for (i = 0; i < folder->nr; i++) {
		files[i].file = &folder->files[i];
		one = attach_file(files, i, uid);
		status = status == STATUS_OK ? one : status;
	}
	for (i = 0; i < folder->nr; i++)
		config_free(files[i].cfg);
	free(files);
	folder_free(folder);
	return status;
}

/*
 * evringd replaces files while this runs. The unit that started it for one file may have missed
 * the next one, so look once more.
 */
static int attach_until_quiet(const char *path, uid_t uid)
{
	struct stat before, now;
	unsigned int tries = 0;
	struct folder folder;
	int status, ret;

	do {
		ret = stat(path, &before) ? -errno : folder_read(&folder, path);
		if (ret) {
			log_line(LOG_ERR, "%s: %s", path, strerror(-ret));
			return STATUS_FAILED;
		}
		status = attach_folder(&folder, uid);
	} while (!stat(path, &now) && memcmp(&now.st_mtim, &before.st_mtim, sizeof(now.st_mtim)) &&
		 ++tries < TRIES);
	return status;
}

int attach_hooks(char *const *files, size_t nr, const char *folder, uid_t uid)
{
	struct folder list;

	if (folder)
		return attach_until_quiet(folder, uid);
	folder_of(&list, files, nr);
	return attach_folder(&list, uid);
}
