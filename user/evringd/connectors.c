/* SPDX-License-Identifier: MIT */
/* See connectors.h. */
#include "connectors.h"

#include "check.h"
#include "config.h"
#include "host.h"
#include "log.h"
#include "memory.h"
#include "problem.h"
#include "stats.h"

#include <dirent.h>
#include <errno.h>
#include <evring.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTORS_MAX 1024

struct connectors {
	struct loop *loop;
	char *folder;
	struct entry **entries;		/* of a folder by name, else as on the command line */
	size_t nr;
};

struct connectors *connectors_new(struct loop *loop, const char *folder)
{
	struct connectors *cs = xzalloc(sizeof(*cs));

	cs->loop = loop;
	cs->folder = folder ? xstrdup(folder) : NULL;
	return cs;
}

static void entry_free(struct entry *entry)
{
	connector_free(entry->connector);
	definition_free(&entry->def);
	free(entry->path);
	free(entry);
}

void connectors_free(struct connectors *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		entry_free(cs->entries[i]);
	free(cs->entries);
	free(cs->folder);
	free(cs);
}

/*
 * Names
 */

size_t connectors_nr(const struct connectors *cs)
{
	return cs->nr;
}

struct entry *connectors_at(const struct connectors *cs, size_t i)
{
	return cs->entries[i];
}

static struct entry *find(const struct connectors *cs, const char *name)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (!strcmp(connector_name(cs->entries[i]->connector), name))
			return cs->entries[i];
	return NULL;
}

struct entry *connectors_find(const struct connectors *cs, const char *name)
{
	struct entry *entry = find(cs, name);

	return entry && !entry->removing ? entry : NULL;
}

bool connectors_going(const struct connectors *cs, const char *name)
{
	const struct entry *entry = find(cs, name);

	return entry && entry->removing;
}

/* The least important level that a connector asks for is the process's. */
static void set_level(const struct connectors *cs)
{
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	const struct config *cfg;
	uint64_t level = 0;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		cfg = connector_config(cs->entries[i]->connector);
		level = cfg && cfg->log_level > level ? cfg->log_level : level;
	}
	log_level(cs->nr ? levels[level] : LOG_INFO);
}

static struct entry *insert(struct connectors *cs, struct connector *connector, const char *path)
{
	struct entry *entry = xzalloc(sizeof(*entry));
	size_t i;

	entry->connector = connector;
	entry->path = xstrdup(path);
	cs->entries = xgrow(cs->entries, cs->nr, cs->nr + 1, sizeof(struct entry *));
	for (i = cs->nr++; i && cs->folder; i--) {
		if (strcmp(connector_name(cs->entries[i - 1]->connector),
			   connector_name(connector)) < 0)
			break;
		cs->entries[i] = cs->entries[i - 1];
	}
	cs->entries[i] = entry;
	if (cs->nr > 1 || cs->folder)
		log_contexts();
	set_level(cs);
	return entry;
}

void connectors_add(struct connectors *cs, struct config *cfg, const char *file)
{
	insert(cs, connector_new(cfg, file, cs->loop, cs->folder), file);
}

/*
 * Configurations
 */

/* A group has one owner. */
static void check_group(const struct connectors *cs, const struct config *cfg,
			struct problems *problems)
{
	const struct config *other;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		other = connector_config(cs->entries[i]->connector);
		if (other && strcmp(other->name, cfg->name) && !strcmp(other->group, cfg->group))
			problem(problems, "key \"group.id\": \"%s\" is the group of connector %s too; "
				"a group has one reader", other->group, other->name);
	}
}

struct config *connectors_check(struct connectors *cs, const struct definition *def,
				struct problems *problems)
{
	struct config *cfg = config_new(def->name, def->settings, problems);
	int error;

	if (!problems->nr)
		host_check(cfg, problems);
	if (!problems->nr)
		check_group(cs, cfg, problems);
	/* If the device is away, the start checks the rest. */
	if (!problems->nr)
		device_check(cfg, problems, &error);
	return cfg;
}

static void tell_warnings(const struct config *cfg, const char *file)
{
	struct problems warnings = { .file = file };

	kafka_warn(cfg, &warnings);
	problems_warn(&warnings);
}

static enum connector_state target_of(const struct definition *def)
{
	enum connector_state target;

	return def->state && connector_state_by_name(def->state, &target) ? target :
	       CONNECTOR_RUNNING;
}

/* Takes over @def and @cfg. */
static void apply(struct connectors *cs, struct definition *def, struct config *cfg,
		  const char *path)
{
	struct entry *entry = find(cs, def->name);
	const char *how = NULL;

	log_context(log_name(def->name));
	tell_warnings(cfg, path);
	if (!entry)
		entry = insert(cs, connector_new(cfg, path, cs->loop, true), path);
	else
		how = connector_configure(entry->connector, cfg);
	if (how && strcmp(how, "unchanged"))
		info("%s", how);
	connector_ask(entry->connector, target_of(def));
	definition_free(&entry->def);
	entry->def = *def;
	*def = (struct definition){ 0 };
	set_level(cs);
	log_context(NULL);
}

/*
 * The folder
 */

static int is_file_of_ours(const struct dirent *found)
{
	size_t len = strlen(found->d_name);

	return *found->d_name != '.' && len > 5 && !strcmp(found->d_name + len - 5, ".json");
}

static struct entry *find_path(const struct connectors *cs, const char *path)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (!strcmp(cs->entries[i]->path, path))
			return cs->entries[i];
	return NULL;
}

/* A connector that runs keeps its configuration; a new one is FAILED, so that it is seen. */
static void refuse(struct connectors *cs, const char *name, const char *path,
		   const struct problems *problems)
{
	struct entry *entry = find_path(cs, path);
	size_t i;

	for (i = 0; i < problems->nr; i++)
		log_line(LOG_ERR, "%s: %s", path, problems->lines[i]);
	if (entry && connector_config(entry->connector)) {
		log_line(LOG_ERR, "%s: its connector %s goes on as it was configured before", path,
			 connector_name(entry->connector));
		connector_stats(entry->connector)->reloads[RELOAD_FAILED]++;
		entry->seen = true;
		return;
	}
	if (!entry && (find(cs, name) || !definition_name_ok(name)))
		return;
	if (entry)
		entry->seen = true;
	else
		insert(cs, connector_new_failed(name, path, problems->lines[0], cs->loop),
		       path)->seen = true;
}

/* The name of a file that says none */
static char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = xstrdup(slash ? slash + 1 : path);

	name[strlen(name) - strlen(".json")] = '\0';
	return name;
}

static void look_at_name(const struct connectors *cs, const struct definition *def,
			 const char *path, struct problems *problems)
{
	const struct entry *same = def->name ? find(cs, def->name) : NULL;

	if (def->name && !definition_name_ok(def->name))
		problem(problems, "key \"name\": cannot be a file's name; allowed: A-Z a-z 0-9 . _ -, "
			"not \".\" at the beginning");
	else if (same && same->removing)
		problem(problems, "key \"name\": connector %s is being removed; reload again later",
			def->name);
	else if (same && strcmp(same->path, path))
		problem(problems, "key \"name\": \"%s\" is the connector of %s too", def->name,
			same->path);
}

static void load(struct connectors *cs, const char *path)
{
	struct problems problems = { .file = path };
	char *name = file_name(path);
	struct config *cfg = NULL;
	struct definition def;

	definition_load(&def, path, &problems);
	if (!problems.nr)
		look_at_name(cs, &def, path, &problems);
	if (!problems.nr)
		cfg = connectors_check(cs, &def, &problems);
	if (problems.nr) {
		refuse(cs, name, path, &problems);
		config_free(cfg);
	} else {
		free(name);
		name = xstrdup(def.name);
		apply(cs, &def, cfg, path);
		find(cs, name)->seen = true;
	}
	definition_free(&def);
	problems_free(&problems);
	free(name);
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

void connectors_reload(struct connectors *cs)
{
	struct dirent **found = NULL;
	char *path;
	int nr = scandir(cs->folder, &found, is_file_of_ours, alphasort), i;
	size_t k;

	if (nr < 0) {
		log_line(LOG_ERR, "%s: %s: its connectors stay as they are", cs->folder,
			 strerror(errno));
		return;
	}
	for (k = 0; k < cs->nr; k++)
		cs->entries[k]->seen = false;
	for (i = 0; i < nr; i++) {
		path = xprintf("%s/%s", cs->folder, found[i]->d_name);
		if (cs->nr < CONNECTORS_MAX || find_path(cs, path))
			load(cs, path);
		else
			log_line(LOG_ERR, "%s: is left out, there are %d connectors already", path,
				 CONNECTORS_MAX);
		free(path);
		free(found[i]);
	}
	free(found);
	for (k = 0; k < cs->nr; k++)
		if (!cs->entries[k]->seen && !cs->entries[k]->removing)
			forget(cs->entries[k]);
	set_level(cs);
}

/*
 * Changes
 */

int connectors_put(struct connectors *cs, struct definition *def, struct config *cfg)
{
	struct entry *entry = find(cs, def->name);
	char *path;
	int ret;

	if (!cs->folder)
		return -EROFS;
	if (!entry && cs->nr >= CONNECTORS_MAX)
		return -ENOSPC;
	path = entry ? xstrdup(entry->path) : xprintf("%s/%s.json", cs->folder, def->name);
	ret = !entry && !access(path, F_OK) ? -EEXIST : definition_write(def, path);
	if (!ret)
		apply(cs, def, cfg, path);
	free(path);
	return ret;
}

int connectors_ask(struct connectors *cs, struct entry *entry, enum connector_state target)
{
	struct definition new = entry->def;
	int ret = 0;

	new.state = (char *)connector_state_name(target);
	if (cs->folder && new.settings)
		ret = definition_write(&new, entry->path);
	if (ret)
		return ret;
	if (entry->def.state) {
		free(entry->def.state);
		entry->def.state = xstrdup(new.state);
	}
	log_context(connector_name(entry->connector));
	connector_ask(entry->connector, target);
	log_context(NULL);
	return 0;
}

int connectors_remove(struct connectors *cs, struct entry *entry)
{
	if (!cs->folder)
		return -EROFS;
	if (unlink(entry->path) && errno != ENOENT)
		return -errno;
	entry->removing = true;
	entry->drop = true;
	log_context(connector_name(entry->connector));
	connector_leave(entry->connector, "DELETE");
	log_context(NULL);
	return 0;
}

/* A group that was never made is none to drop. */
static void drop_group(const struct config *cfg)
{
	struct evring *ev;
	int ret = evring_open(&ev, cfg->device);

	if (!ret) {
		ret = evring_drop(ev, cfg->group);
		evring_close(ev);
	}
	if (ret < 0 && ret != -ENOENT)
		warn("group %s: is not dropped, and its hooks stay: %s; evring groups drop %s does it",
		     cfg->group, strerror(-ret), cfg->group);
	else
		info("removed; group %s is dropped, and its hooks are detached", cfg->group);
}

static void remove_gone(struct connectors *cs)
{
	size_t i, kept = 0;

	for (i = 0; i < cs->nr; i++) {
		struct entry *entry = cs->entries[i];

		if (!entry->removing || !connector_released(entry->connector) ||
		    !connector_idle(entry->connector)) {
			cs->entries[kept++] = entry;
			continue;
		}
		log_context(connector_name(entry->connector));
		if (entry->drop && connector_config(entry->connector))
			drop_group(connector_config(entry->connector));
		log_context(NULL);
		entry_free(entry);
	}
	if (kept == cs->nr)
		return;
	cs->nr = kept;
	set_level(cs);
}

/*
 * All of them
 */

bool connectors_turn(struct connectors *cs)
{
	bool more = false;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		struct connector *connector = cs->entries[i]->connector;

		if (!connector_ready(connector))
			continue;
		log_context(connector_name(connector));
		connector_turn(connector);
		more = more || connector_ready(connector);
	}
	log_context(NULL);
	remove_gone(cs);
	return more;
}

void connectors_stop(struct connectors *cs, const char *why)
{
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		log_context(connector_name(cs->entries[i]->connector));
		connector_stop(cs->entries[i]->connector, why);
	}
	log_context(NULL);
}

void connectors_tell(const struct connectors *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		log_context(connector_name(cs->entries[i]->connector));
		connector_tell(cs->entries[i]->connector, "so far", cs->nr > 1 || cs->folder);
	}
	log_context(NULL);
}

static bool all(const struct connectors *cs, bool (*is)(const struct connector *connector))
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (!is(cs->entries[i]->connector))
			return false;
	return true;
}

bool connectors_done(const struct connectors *cs)
{
	return all(cs, connector_done);
}

bool connectors_released(const struct connectors *cs)
{
	return all(cs, connector_released);
}

int connectors_status(const struct connectors *cs)
{
	int status = STATUS_OK, one;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		one = connector_status(cs->entries[i]->connector);
		if (one && status && one != status)
			return STATUS_FAILED;
		status = one ? one : status;
	}
	return status;
}
