/* SPDX-License-Identifier: MIT */
/* See connectors.h and keeping.h. */
#include "keeping.h"

#include "check.h"
#include "config.h"
#include "host.h"
#include "log.h"
#include "memory.h"
#include "problem.h"
#include "stats.h"

#include <errno.h>
#include <evring.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

struct entry *entries_find(const struct connectors *cs, const char *name)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (!strcmp(connector_name(cs->entries[i]->connector), name))
			return cs->entries[i];
	return NULL;
}

struct entry *connectors_find(const struct connectors *cs, const char *name)
{
	struct entry *entry = entries_find(cs, name);

	return entry && !entry->removing ? entry : NULL;
}

const char *connectors_going(const struct connectors *cs, const char *name, const char *group)
{
	const struct config *cfg;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		cfg = connector_config(cs->entries[i]->connector);
		if (cs->entries[i]->removing &&
		    (!strcmp(connector_name(cs->entries[i]->connector), name) ||
		     (cfg && group && !strcmp(cfg->group, group))))
			return connector_name(cs->entries[i]->connector);
	}
	return NULL;
}

static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

static int level_configured(const struct entry *entry)
{
	const struct config *cfg = connector_config(entry->connector);

	return cfg ? levels[cfg->log_level] : LOG_INFO;
}

static int level_of(const struct entry *entry)
{
	return entry->log.level ? entry->log.level : level_configured(entry);
}

/* Each connector has a level; the process's own lines have the least important of these. */
static int level_of_process(const struct connectors *cs)
{
	int level = cs->nr ? LOG_ERR : LOG_INFO;
	size_t i;

	if (cs->log.level)
		return cs->log.level;
	for (i = 0; i < cs->nr; i++)
		if (level_configured(cs->entries[i]) > level)
			level = level_configured(cs->entries[i]);
	return level;
}

void entries_level(const struct connectors *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		log_level_of(connector_name(cs->entries[i]->connector), level_of(cs->entries[i]));
	log_level(level_of_process(cs));
}

int connectors_level(const struct connectors *cs, const struct entry *entry, uint64_t *changed_ms)
{
	*changed_ms = entry ? entry->log.changed_ms : cs->log.changed_ms;
	return entry ? level_of(entry) : level_of_process(cs);
}

void connectors_set_level(struct connectors *cs, struct entry *entry, int level)
{
	struct logger logger = { .level = level };
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	logger.changed_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (entry) {
		entry->log = logger;
	} else {
		cs->log = logger;
		for (i = 0; i < cs->nr; i++)
			cs->entries[i]->log = logger;
	}
	entries_level(cs);
}

struct entry *entry_insert(struct connectors *cs, struct connector *connector,
			   const char *path)
{
	struct entry *entry = xzalloc(sizeof(*entry));
	size_t i;

	entry->connector = connector;
	entry->path = xstrdup(path);
	entry->seen = true;
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
	entries_level(cs);
	return entry;
}

void connectors_add(struct connectors *cs, struct config *cfg, const char *file)
{
	entry_insert(cs, connector_new(cfg, file, cs->loop, cs->folder), file);
}

/*
 * Configurations
 */

/* Another connector with this group: one that stays, or one with which the group is dropped */
static const struct entry *holder(const struct connectors *cs, const struct config *cfg, bool stays)
{
	const struct config *other;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		const struct entry *entry = cs->entries[i];

		other = connector_config(entry->connector);
		if (other && strcmp(other->name, cfg->name) && !strcmp(other->group, cfg->group) &&
		    (stays ? !entry->removing : entry->drop))
			return entry;
	}
	return NULL;
}

bool group_is_dropped(const struct connectors *cs, const struct config *cfg,
		      struct problems *problems)
{
	const struct entry *dropping = holder(cs, cfg, false);

	if (dropping)
		problem(problems, "key \"group.id\": \"%s\" is dropped, as connector %s is being "
			"removed; a file of the folder is read again then", cfg->group,
			connector_name(dropping->connector));
	return dropping;
}

void group_is_taken(const struct config *cfg, const char *name, struct problems *problems)
{
	problem(problems, "key \"group.id\": \"%s\" is the group of connector %s too; "
		"a group has one reader", cfg->group, name);
}

struct config *definition_config(const struct definition *def, struct problems *problems)
{
	struct config *cfg = config_new(def->name, def->settings, problems);
	int error;

	if (!problems->nr)
		host_check(cfg, problems);
	/* If the device is away, the start checks the rest. */
	if (!problems->nr)
		device_check(cfg, problems, &error);
	return cfg;
}

/* A group has one owner. One whose connector is gone has none soon, and is waited for. */
struct config *connectors_check(struct connectors *cs, const struct definition *def,
				struct problems *problems)
{
	struct config *cfg = definition_config(def, problems);
	const struct entry *other;

	if (problems->nr || group_is_dropped(cs, cfg, problems))
		return cfg;
	other = holder(cs, cfg, true);
	if (other)
		group_is_taken(cfg, connector_name(other->connector), problems);
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

struct entry *entry_apply(struct connectors *cs, struct definition *def, struct config *cfg,
			  const char *path)
{
	struct entry *entry = entries_find(cs, def->name);
	const char *how = NULL;

	log_context(log_name(def->name));
	tell_warnings(cfg, path);
	if (!entry)
		entry = entry_insert(cs, connector_new(cfg, path, cs->loop, true), path);
	else
		how = connector_configure(entry->connector, cfg);
	if (how && strcmp(how, "unchanged"))
		info("%s", how);
	connector_ask(entry->connector, target_of(def));
	definition_free(&entry->def);
	entry->def = *def;
	entry->refused = false;
	*def = (struct definition){ 0 };
	entries_level(cs);
	log_context(NULL);
	return entry;
}

/*
 * Changes
 */

int connectors_put(struct connectors *cs, struct definition *def, struct config *cfg)
{
	const struct stamp none = { 0 };
	struct entry *entry = entries_find(cs, def->name);
	char *path;
	int ret;

	if (!cs->folder)
		return -EROFS;
	if (!entry && cs->nr >= CONNECTORS_MAX)
		return -ENOSPC;
	path = entry ? xstrdup(entry->path) : xprintf("%s/%s.json", cs->folder, def->name);
	if (!entry && !access(path, F_OK))
		ret = -EEXIST;
	else
		ret = definition_write(def, path, entry ? &entry->def.stamp : &none);
	if (!ret)
		entry_apply(cs, def, cfg, path);
	free(path);
	return ret;
}

int connectors_ask(struct connectors *cs, struct entry *entry, enum connector_state target)
{
	struct definition new = entry->def;
	int ret = 0;

	new.state = (char *)connector_state_name(target);
	if (cs->folder && new.settings)
		ret = entry->refused ? -EBADMSG :
		      definition_write(&new, entry->path, &entry->def.stamp);
	if (ret)
		return ret;
	entry->def.stamp = new.stamp;
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
	int ret;

	if (!cs->folder)
		return -EROFS;
	if (!access(entry->path, F_OK) && !stamp_holds(&entry->def.stamp, entry->path))
		return -ESTALE;
	ret = definition_remove(entry->path);
	if (ret)
		return ret;
	entry->removing = true;
	entry->drop = connector_config(entry->connector);
	log_context(connector_name(entry->connector));
	if (!entry->drop)
		warn("DELETE: its configuration cannot be used, so its group is not known, and stays if "
		     "there is one: evring groups lists it, evring groups drop drops it");
	connector_leave(entry->connector, "DELETE");
	log_context(NULL);
	return 0;
}

static void keeps_group(const struct config *cfg, const char *why)
{
	warn("group %s: is not dropped, and its hooks stay: %s; evring groups drop %s does it",
	     cfg->group, why, cfg->group);
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
		keeps_group(cfg, strerror(-ret));
	else
		info("removed; group %s is dropped, and its hooks are detached", cfg->group);
}

/* True: the folder was read again, so connectors can have something to do at once. */
static bool remove_gone(struct connectors *cs)
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
		if (entry->drop)
			drop_group(connector_config(entry->connector));
		log_context(NULL);
		entry_free(entry);
	}
	if (kept == cs->nr)
		return false;
	cs->nr = kept;
	entries_level(cs);
	if (!cs->again || cs->ending)
		return false;
	connectors_reload(cs);
	return true;
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
	return remove_gone(cs) || more;
}

void connectors_stop(struct connectors *cs, const char *why)
{
	const bool second = cs->ending;
	size_t i;

	cs->ending = true;
	for (i = 0; i < cs->nr; i++) {
		/* It stops already, and to stop it again would end its wait; DELETE waits for nothing. */
		if (cs->entries[i]->removing && !cs->entries[i]->drop && !second)
			continue;
		log_context(connector_name(cs->entries[i]->connector));
		connector_stop(cs->entries[i]->connector, why);
	}
	log_context(NULL);
}

bool connectors_ending(const struct connectors *cs)
{
	return cs->ending;
}

bool connectors_dropping(const struct connectors *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++)
		if (cs->entries[i]->drop)
			return true;
	return false;
}

void connectors_keep_groups(struct connectors *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		const struct entry *entry = cs->entries[i];

		if (!entry->drop)
			continue;
		log_context(connector_name(entry->connector));
		keeps_group(connector_config(entry->connector), "librdkafka keeps its events");
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
