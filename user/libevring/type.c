/* SPDX-License-Identifier: MIT */
/* Types: the kernel's descriptions, fetched once and kept by id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define BLOCK_ROOM	4096u	/* enough for most types; the kernel tells the length */

/* The kernel's description of type @id; free() its block. */
int type_describe(int fd, uint32_t id, struct evring_describe *info, void **block)
{
	uint32_t room = BLOCK_ROOM;
	void *buf;
	int ret;

	for (;;) {
		buf = malloc(room);
		if (!buf)
			return -ENOMEM;
		*info = (struct evring_describe){
			.id = id, .block = (uintptr_t)buf, .room = room,
		};
		ret = ioctl(fd, EVRING_IOC_DESCRIBE, info) < 0 ? -errno : 0;
		if (!ret && info->len <= room)
			break;
		free(buf);
		if (ret)
			return ret;
		room = info->len;
	}
	*block = buf;
	return 0;
}

static void type_state(struct evring_type *type, const struct evring_describe *info)
{
	type->id = info->id;
	type->generation = info->generation;
	type->flags = info->flags;
	type->lane = info->lane;
	type->lost = info->lost;
	type->filtered = info->filtered;
	type->undecided = info->undecided;
	type->uid = info->uid;
}

bool type_again(struct evring_type *type, const struct evring_describe *info, const void *block)
{
	if (info->id != type->id || info->generation != type->generation ||
	    info->len != type->block_len || memcmp(block, type->block, info->len))
		return false;
	type_state(type, info);
	return true;
}

/* An array of pointers with room for one more */
static int grow(struct evring_type ***array, unsigned int nr)
{
	struct evring_type **more = realloc(*array, (nr + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

/* The kernel's block as a type. */
int type_new(const struct evring_describe *info, const void *block, struct evring_type **type)
{
	int ret = evring_type_parse(type, block, info->len);

	if (!ret)
		type_state(*type, info);
	return ret == -EBADMSG ? -EPROTO : ret;
}

/* Append the type with the next id. -ENOENT: there is none. */
static int type_fetch(struct evring *ev)
{
	struct evring_describe info;
	void *block;
	int ret = grow(&ev->types, ev->nr_types);

	if (!ret)
		ret = type_describe(ev->fd, ev->nr_types, &info, &block);
	if (ret)
		return ret;
	ret = type_new(&info, block, &ev->types[ev->nr_types]);
	free(block);
	if (!ret)
		ev->nr_types++;
	return ret;
}

/*
 * A known type, looked at again. Where its id has another one now, or it has more
 * fields, that is another structure, and the old one is its holders' alone. It may not
 * stay: a publisher that registers types again and again would have readers keep them all.
 */
static int type_look(struct evring *ev, uint32_t id)
{
	struct evring_type *old = ev->types[id];
	struct evring_describe info;
	void *block;
	int ret = type_describe(ev->fd, id, &info, &block);

	if (ret)
		return ret;
	if (type_again(old, &info, block)) {
		free(block);
		return 0;
	}
	ret = type_new(&info, block, &ev->types[id]);
	free(block);
	if (!ret)
		evring_type_free(old);
	return ret;
}

int evring_types(struct evring *ev)
{
	/* acquire: changes after this load are seen by the next look */
	uint32_t seq = load_acquire(&ev->live->types_seq);
	unsigned int i, nr = ev->nr_types;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = type_look(ev, i);
	while (!ret)
		ret = type_fetch(ev);
	if (ret != -ENOENT)
		return ret;
	ev->types_seq = seq;
	return (int)ev->nr_types;
}

int types_update(struct evring *ev)
{
	int ret = 0;

	if (load_acquire(&ev->live->types_seq) != ev->types_seq)
		ret = evring_types(ev);
	return ret < 0 ? ret : 0;
}

const struct evring_type *evring_type(struct evring *ev, unsigned int id)
{
	while (id >= ev->nr_types)
		if (type_fetch(ev))
			return NULL;
	return ev->types[id];
}

/* Of one version there can be several, one for each schema: not one that has gone, then. */
static bool type_newer(const struct evring_type *type, const struct evring_type *than)
{
	if (type->version != than->version)
		return type->version > than->version;
	return than->flags & EVRING_TYPE_F_GONE && !(type->flags & EVRING_TYPE_F_GONE);
}

const struct evring_type *evring_type_by_name(struct evring *ev, const char *name)
{
	const struct evring_type *best = NULL;
	unsigned int i;

	for (i = 0; i < ev->nr_types; i++)
		if (!strcmp(ev->types[i]->name, name) &&
		    (!best || type_newer(ev->types[i], best)))
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
	while (ev->nr_types)
		evring_type_free(ev->types[--ev->nr_types]);
	free(ev->types);
}
