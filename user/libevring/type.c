/* SPDX-License-Identifier: MIT */
/* Types: the kernel's descriptions, fetched once and kept by id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* A description and its fields in one piece */
struct described {
	struct evring_type type;
	struct evring_field fields[];
};

static void type_fill(struct described *d, const struct evring_type_info *info)
{
	d->type.id = info->id;
	d->type.flags = info->flags;
	d->type.version = info->version;
	d->type.lane = info->lane;
	d->type.size = info->size;
	/* A later kernel may have more than there is room for. */
	d->type.nr_fields = info->nr_fields < EVRING_FIELDS_MAX ? info->nr_fields :
								  EVRING_FIELDS_MAX;
	d->type.lost = info->lost;
	d->type.fields = d->fields;
	memcpy(d->type.name, info->name, sizeof(d->type.name));
	d->type.name[sizeof(d->type.name) - 1] = '\0';
}

/* Append the type with the next id. -ENOENT: there is none. */
static int type_fetch(struct evring *ev)
{
	struct evring_type_info info = { .id = ev->nr_types, .nr_fields = EVRING_FIELDS_MAX };
	struct evring_type **types;
	struct described *d;
	int ret;

	d = calloc(1, sizeof(*d) + EVRING_FIELDS_MAX * sizeof(*d->fields));
	if (!d)
		return -ENOMEM;
	info.fields = (uintptr_t)d->fields;
	ret = evring_ioctl(ev, EVRING_IOC_TYPE, &info);
	if (ret)
		goto err;
	types = realloc(ev->types, (ev->nr_types + 1) * sizeof(*types));
	if (!types) {
		ret = -ENOMEM;
		goto err;
	}
	type_fill(d, &info);
	ev->types = types;
	ev->types[ev->nr_types++] = &d->type;
	return 0;
err:
	free(d);
	return ret;
}

/* What of a known type can change: its flags, its losses, and new fields at the end. */
static int type_update(struct evring *ev, struct evring_type *type)
{
	struct described *d = (struct described *)type;
	struct evring_type_info info = {
		.id = type->id,
		.nr_fields = EVRING_FIELDS_MAX,
		.fields = (uintptr_t)d->fields,
	};
	int ret = evring_ioctl(ev, EVRING_IOC_TYPE, &info);

	if (!ret)
		type_fill(d, &info);
	return ret;
}

int evring_types(struct evring *ev)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ev->nr_types && !ret; i++)
		ret = type_update(ev, ev->types[i]);
	while (!ret)
		ret = type_fetch(ev);
	return ret == -ENOENT ? (int)ev->nr_types : ret;
}

const struct evring_type *evring_type(struct evring *ev, unsigned int id)
{
	while (id >= ev->nr_types)
		if (type_fetch(ev))
			return NULL;
	return ev->types[id];
}

const struct evring_type *evring_type_by_name(struct evring *ev, const char *name)
{
	const struct evring_type *best = NULL;
	unsigned int i;

	for (i = 0; i < ev->nr_types; i++)
		if (!strcmp(ev->types[i]->name, name) &&
		    (!best || ev->types[i]->version > best->version))
			best = ev->types[i];
	return best;
}

const struct evring_field *evring_field(const struct evring_type *type, const char *name)
{
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++)
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

void types_free(struct evring *ev)
{
	unsigned int i;

	for (i = 0; i < ev->nr_types; i++)
		free(ev->types[i]);
	free(ev->types);
}
