/* SPDX-License-Identifier: MIT */
/*
 * The folder as it is now: see keeping.h. All files are judged before any connector changes, so
 * that one may take the group that another one leaves, or both each other's, whatever their names.
 */
#include "keeping.h"

#include "config.h"
#include "folder.h"
#include "log.h"
#include "memory.h"
#include "problem.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>

/* A file; one with problems is refused. */
struct candidate {
	struct folder_file *file;
	struct config *cfg;
	struct entry *entry;		/* the connector that goes on without it, or NULL */
};

static struct entry *find_path(const struct connectors *cs, const char *path)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (!cs->entries[i]->removing && !strcmp(cs->entries[i]->path, path))
			return cs->entries[i];
	return NULL;
}

/* One whose file was moved over another one's goes before that one, which has none any more. */
static struct entry *entry_of(const struct connectors *cs, const struct folder_file *file)
{
	struct entry *entry = file->def.name ? entries_find(cs, file->def.name) : NULL;

	if (entry && !entry->removing && !strcmp(entry->path, file->path))
		return entry;
	return find_path(cs, file->path);
}

/* A connector that runs keeps its configuration; a new one is FAILED, so that it is seen. */
static void refuse(struct connectors *cs, const struct candidate *candidate)
{
	const struct folder_file *file = candidate->file;
	const struct problems *problems = &file->problems;
	struct entry *entry = candidate->entry;
	char *name = folder_name_of(file->path);
	const char *known = file->def.name;
	size_t i;

	for (i = 0; i < problems->nr; i++)
		log_line(LOG_ERR, "%s: %s", file->path, problems->lines[i]);
	if (!known || !definition_name_ok(known) || entries_find(cs, known))
		known = name;
	if (entry && connector_config(entry->connector)) {
		log_line(LOG_ERR, "%s: its connector %s goes on as it was configured before",
			 file->path, connector_name(entry->connector));
		connector_stats(entry->connector)->reloads[RELOAD_FAILED]++;
	} else if (!entry && !entries_find(cs, known) && definition_name_ok(known)) {
		entry = entry_insert(cs, connector_new_failed(known, file->path,
							      problems->lines[0], cs->loop),
				     file->path);
	}
	if (entry) {
		connector_refuse(entry->connector, problems->lines[0]);
		entry->def.stamp = file->def.stamp;
		entry->refused = true;
		entry->seen = true;
	}
	free(name);
}

/* The first file of a new name has it. */
static const char *path_of_name(const struct folder *folder, const struct folder_file *file)
{
	const struct folder_file *other;

	for (other = folder->files; other < file; other++)
		if (other->def.name && !strcmp(other->def.name, file->def.name))
			return other->path;
	return file->path;
}

static void look_at_name(struct connectors *cs, const struct folder *folder,
			 struct folder_file *file)
{
	const char *name = file->def.name;
	const struct entry *same = entries_find(cs, name);
	const char *path = same ? same->path : path_of_name(folder, file);

	cs->again |= same && same->removing;
	folder_check_name(file);
	if (same && same->removing)
		problem(&file->problems, "key \"name\": connector %s is being removed; the folder is "
			"read again then", name);
	else if (strcmp(path, file->path))
		problem(&file->problems, "key \"name\": \"%s\" is the connector of %s too", name, path);
}

/* But for its group, which others' files can be about */
static void judge(struct connectors *cs, const struct folder *folder, struct candidate *candidate)
{
	struct folder_file *file = candidate->file;

	candidate->entry = entry_of(cs, file);
	if (!file->problems.nr)
		look_at_name(cs, folder, file);
	if (!file->problems.nr)
		candidate->cfg = definition_config(&file->def, &file->problems);
	if (!file->problems.nr)
		cs->again |= group_is_dropped(cs, candidate->cfg, &file->problems);
}

/*
 * Groups
 */

/* Its configuration as things are, with @refused; NULL: it has none. */
static const struct config *config_as(const struct candidate *candidate, bool refused)
{
	if (!refused)
		return candidate->cfg;
	return candidate->entry ? connector_config(candidate->entry->connector) : NULL;
}

static bool has_group(const struct candidate *candidate, bool refused, const char *group)
{
	const struct config *cfg = config_as(candidate, refused);

	return cfg && !strcmp(cfg->group, group);
}

/* Both want the group: one that stays with it has it, or the first one. */
static bool goes_before(const struct candidate *one, const struct candidate *other,
			const char *group)
{
	bool stays = has_group(one, true, group);

	if (one->file->problems.nr || stays != has_group(other, true, group))
		return stays;
	return one < other;
}

/* The connector that keeps it from its group, or NULL */
static const char *in_the_way(const struct candidate *all, size_t nr,
			      const struct candidate *candidate)
{
	const char *group = candidate->cfg->group;
	size_t i;

	for (i = 0; i < nr; i++) {
		bool refused = all[i].file->problems.nr;

		if (&all[i] != candidate && has_group(&all[i], refused, group) &&
		    goes_before(&all[i], candidate, group))
			return config_as(&all[i], refused)->name;
	}
	return NULL;
}

/* One that is refused stays with its group, which another one may want: so until all is well. */
static void judge_groups(struct candidate *all, size_t nr)
{
	const char *other;
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < nr; i++) {
			if (all[i].file->problems.nr)
				continue;
			other = in_the_way(all, nr, &all[i]);
			if (other)
				group_is_taken(all[i].cfg, other, &all[i].file->problems);
			again = again || other;
		}
	}
}

/*
 * The connectors
 */

/* Takes over the candidate's configuration. */
static void take(struct connectors *cs, struct candidate *candidate)
{
	struct folder_file *file = candidate->file;
	const char *name = file->problems.nr ? NULL : file->def.name;

	if (cs->nr >= CONNECTORS_MAX && !find_path(cs, file->path) &&
	    !(name && entries_find(cs, name))) {
		log_line(LOG_ERR, "%s: is left out, there are %d connectors already", file->path,
			 CONNECTORS_MAX);
		config_free(candidate->cfg);
	} else if (file->problems.nr) {
		refuse(cs, candidate);
		config_free(candidate->cfg);
	} else {
		entry_apply(cs, &file->def, candidate->cfg, file->path)->seen = true;
	}
}

static void move(struct entry *entry, const char *path)
{
	log_context(connector_name(entry->connector));
	info("its file %s is %s now", entry->path, path);
	log_context(NULL);
	free(entry->path);
	entry->path = xstrdup(path);
	connector_move(entry->connector, path);
}

/*
 * Mark the connectors that still have a file, before any file is judged. A file is matched to a
 * connector by the name in it, so it may have moved; by its path if no name can be read.
 */
static void claim(struct connectors *cs, const struct folder *folder)
{
	struct entry *entry;
	size_t i;

	for (i = 0; i < folder->nr; i++) {
		const struct folder_file *file = &folder->files[i];

		entry = file->def.name ? entries_find(cs, file->def.name) : NULL;
		if (!file->def.name)
			entry = find_path(cs, file->path);
		else if (entry && strcmp(entry->path, file->path))
			entry = NULL;
		if (entry)
			entry->seen = true;
	}
	for (i = 0; i < folder->nr; i++) {
		const struct folder_file *file = &folder->files[i];

		entry = file->def.name ? entries_find(cs, file->def.name) : NULL;
		if (!entry || entry->seen || entry->removing)
			continue;
		move(entry, file->path);
		entry->seen = true;
	}
}

/* Its position is too dear to be forgotten by a file that was moved. */
static void forget(struct entry *entry)
{
	const struct config *cfg = connector_config(entry->connector);

	entry->removing = true;
	log_context(connector_name(entry->connector));
	info("%s is gone: stops; group %s keeps its position and its hooks until evring groups drop",
	     entry->path, cfg ? cfg->group : "(none)");
	connector_leave(entry->connector, "its file is gone");
	log_context(NULL);
}

static void take_all(struct connectors *cs, struct folder *folder)
{
	struct candidate *all = xgrow(NULL, 0, folder->nr, sizeof(*all));
	size_t i;

	for (i = 0; i < folder->nr; i++) {
		all[i].file = &folder->files[i];
		judge(cs, folder, &all[i]);
	}
	judge_groups(all, folder->nr);
	for (i = 0; i < folder->nr; i++)
		take(cs, &all[i]);
	free(all);
}

void connectors_reload(struct connectors *cs)
{
	struct folder folder;
	size_t i;
	int ret = folder_read(&folder, cs->folder);

	if (ret) {
		log_line(LOG_ERR, "%s: %s: its connectors stay as they are", cs->folder,
			 strerror(-ret));
		return;
	}
	cs->again = false;
	for (i = 0; i < cs->nr; i++)
		cs->entries[i]->seen = false;
	claim(cs, &folder);
	take_all(cs, &folder);
	folder_free(&folder);
	for (i = 0; i < cs->nr; i++)
		if (!cs->entries[i]->seen && !cs->entries[i]->removing)
			forget(cs->entries[i]);
	entries_level(cs);
}
