/* SPDX-License-Identifier: MIT */
/* See host.h. */
#include "host.h"

#include "config.h"
#include "filters.h"
#include "memory.h"
#include "names.h"
#include "problem.h"
#include "sets.h"
#include "template.h"
#include "transform.h"

#include <stdlib.h>
#include <string.h>

bool host_identity(const struct evring *ev, const struct config *cfg, struct evring_host *host,
		   char *why, size_t len)
{
	int ret = evring_host(ev, host);
	bool machine = host->machine_id[0];
	char error[200];

	if (cfg->machine_id)
		snprintf(host->machine_id, sizeof(host->machine_id), "%s", cfg->machine_id);
	if (host->machine_id[0] && host->boot_id[0] && (!ret || !machine))
		return true;
	snprintf(why, len, "%s%s", evring_host_error(host, ret, error, sizeof(error)),
		 host->machine_id[0] ? "" : ", or set the key \"machine.id\"");
	return false;
}

static size_t sample_value(const void *arg, const struct piece *piece, char *buf, size_t len)
{
	const struct evring_host *host = arg;
	const char *text = "a";		/* a type's and a lane's name can be in a topic's */
	size_t n;

	if (piece->what == VAR_HOST)
		text = host->name;
	else if (piece->what == VAR_MACHINE)
		text = host->machine_id;
	n = strlen(text);
	n = n < len ? n : len;
	memcpy(buf, text, n);
	return n;
}

void topic_check(const struct config *cfg, const struct evring_host *host,
		 struct problems *problems)
{
	char name[TOPIC_MAX + 1];
	size_t len = template_expand(cfg->topic, sample_value, host, name, sizeof(name));

	if (!topic_name_ok(name, len))
		problem(problems, "key \"topic\": ${host} is the name of this host, \"%s\", "
			"which no topic can have; allowed: letters, digits, . _ - (hostnamectl "
			"set-hostname changes it), or ${machine} in its place", host->name);
}

void host_check(const struct config *cfg, struct problems *problems)
{
	struct evring_host host;
	char why[300];

	if (host_identity(NULL, cfg, &host, why, sizeof(why)))
		topic_check(cfg, &host, problems);
	else
		problem(problems, "%s", why);
}

/*
 * The device
 */

static bool matches_hook(struct evring *ev, int nr, const char *glob)
{
	const struct evring_type *type;
	int i;

	for (i = 0; i < nr; i++) {
		type = evring_type(ev, (unsigned int)i);
		if (is_hook(type) && hook_matches(glob, type->name))
			return true;
	}
	return false;
}

static void no_such_set(unsigned int entry, struct problems *problems)
{
	char *list = hook_set_list();

	problem(problems, "key \"hooks\": entry %u is no set of hooks; the sets are: %s", entry,
		list);
	free(list);
}

static void no_such_hook(struct evring *ev, unsigned int entry, struct problems *problems)
{
	char *list = hook_list(ev);

	problem(problems, "key \"hooks\": entry %u matches no hook; there are: %s", entry, list);
	free(list);
}

void hooks_check(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	int nr = evring_types(ev);
	unsigned int i;

	if (nr < 0)
		problem(problems, "the types of events cannot be read: %s", strerror(-nr));
	for (i = 0; nr >= 0 && cfg->hooks[i]; i++) {
		if (is_set(cfg->hooks[i]) && !hook_set(cfg->hooks[i]))
			no_such_set(i + 1, problems);
		else if (!matches_hook(ev, nr, cfg->hooks[i]))
			no_such_hook(ev, i + 1, problems);
	}
}

static bool some_type_has(struct evring *ev, int nr, const char *field)
{
	const struct evring_type *type;
	int i;

	for (i = 0; i < nr; i++) {
		type = evring_type(ev, (unsigned int)i);
		if (type && evring_field(type, field))
			return true;
	}
	return false;
}

void key_check(struct evring *ev, const struct config *cfg, struct problems *problems)
{
	char field[EVRING_NAME_MAX + 1];
	int nr = evring_types(ev);
	size_t i;

	for (i = 0; i < cfg->key->nr; i++) {
		const struct piece *piece = &cfg->key->pieces[i];

		if (piece->what != VAR_FIELD)
			continue;
		snprintf(field, sizeof(field), "%.*s", (int)piece->len, piece->text);
		if (!some_type_has(ev, nr, field))
			problem(problems,
				"key \"key\": variable %zu is a field that no type has, so it is "
				"empty in all keys; allowed: fields that evring types lists", i + 1);
	}
}

bool device_check(const struct config *cfg, struct problems *problems, int *error)
{
	struct evring *ev;

	*error = evring_open(&ev, cfg->device);
	if (*error)
		return false;
	hooks_check(ev, cfg, problems);
	filters_check(ev, cfg, problems);
	key_check(ev, cfg, problems);
	transforms_filters(ev, cfg, problems);
	transforms_fields(ev, cfg, problems);
	evring_close(ev);
	return true;
}
