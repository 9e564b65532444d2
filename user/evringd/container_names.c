/* SPDX-License-Identifier: MIT */
/*
 * A container's name, by its id, from files that runtimes leave on the host; no runtime is
 * asked. The files:
 *
 *	/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log	Kubernetes: the names of links
 *	/var/lib/docker/containers/ID/config.v2.json		Docker: root's alone
 *	/var/lib/containers/storage/overlay-containers/containers.json, and of containers that
 *	go with their end /run/containers/storage/overlay-containers/volatile-containers.json:
 *	Podman and CRI-O, root's alone
 *
 * Nothing in them is trusted: a container's user may choose its name.
 */
#include "transforming.h"

#include "file.h"

#include <ctype.h>
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>

#define ID_LEN CONTAINER_ID_LEN
#define LINKS_MAX 20000			/* of one look */
#define DOCKER_MAX (256u << 10)		/* bytes of a file */
#define STORAGE_MAX (4u << 20)

/* False: it is empty or too long. */
static bool take(char to[CONTAINER_NAME_MAX], const char *from, size_t len)
{
	if (!len || len >= CONTAINER_NAME_MAX)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* The three of Kubernetes' names, of characters that they can have */
static bool take_pod(struct container_name *name, const char *parts[3], const size_t lens[3])
{
	struct container_name found = { .name = "" };
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < lens[i]; k++)
			if (!isalnum((unsigned char)parts[i][k]) && !strchr(".-", parts[i][k]))
				return false;
	if (!take(found.name, parts[0], lens[0]) || !take(found.pod, parts[1], lens[1]) ||
	    !take(found.space, parts[2], lens[2]))
		return false;
	*name = found;
	return true;
}

/* POD_NAMESPACE_CONTAINER-ID.log */
static bool of_link(const char *link, const char *id, struct container_name *name)
{
	size_t len = strlen(link), tail = 1 + ID_LEN + 4;
	const char *space = strchr(link, '_'), *middle, *end;

	if (len <= tail || link[len - tail] != '-' || strcmp(link + len - 4, ".log") ||
	    strncmp(link + len - tail + 1, id, ID_LEN) || !space)
		return false;
	end = link + len - tail;
	middle = memchr(space + 1, '_', (size_t)(end - space));
	if (!middle || middle >= end)
		return false;
	return take_pod(name, (const char *[]){ middle + 1, link, space + 1 },
			(const size_t []){ (size_t)(end - middle - 1), (size_t)(space - link),
					   (size_t)(middle - space - 1) });
}

static bool of_kubernetes(const char *root, const char *id, struct container_name *name)
{
	char *path = xprintf("%s/var/log/containers", root);
	DIR *dir = opendir(path);
	unsigned int left = LINKS_MAX;
	struct dirent *entry;
	bool found = false;

	free(path);
	if (!dir)
		return false;
	while (!found && left-- && (entry = readdir(dir)))
		found = of_link(entry->d_name, id, name);
	closedir(dir);
	return found;
}

/* "k8s_CONTAINER_POD_NAMESPACE_UID_N", as the kubelet has other runtimes call it */
static bool of_kubelet(const char *text, struct container_name *name)
{
	const char *parts[3], *at = text + 4, *end;
	size_t lens[3], i;

	if (strncmp(text, "k8s_", 4))
		return false;
	for (i = 0; i < 3; i++) {
		end = strchr(at, '_');
		if (!end)
			return false;
		parts[i] = at;
		lens[i] = (size_t)(end - at);
		at = end + 1;
	}
	return take_pod(name, parts, lens);
}

static bool of_text(const char *text, struct container_name *name)
{
	if (!text)
		return false;
	return of_kubelet(text, name) || take(name->name, text, strlen(text));
}

/* NULL: it is not there, not for evringd, too long, or no JSON. */
static json_t *read_json(char *path, size_t room)
{
	char *text = xalloc(room);
	ssize_t len = file_read_regular(path, text, room);
	json_t *json = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;

	free(text);
	free(path);
	return json;
}

static bool of_docker(const char *root, const char *id, struct container_name *name)
{
	json_t *json = read_json(xprintf("%s/var/lib/docker/containers/%s/config.v2.json", root, id),
				 DOCKER_MAX);
	const char *text = json_string_value(json_object_get(json, "Name"));
	bool found = of_text(text && *text == '/' ? text + 1 : text, name);

	json_decref(json);
	return found;
}

static bool of_storage(char *path, const char *id, struct container_name *name)
{
	json_t *json = read_json(path, STORAGE_MAX), *one;
	bool found = false;
	const char *text;
	size_t i;

	json_array_foreach(json, i, one) {
		text = json_string_value(json_object_get(one, "id"));
		if (!text || strcmp(text, id))
			continue;
		text = json_string_value(json_array_get(json_object_get(one, "names"), 0));
		found = of_text(text, name);
		break;
	}
	json_decref(json);
	return found;
}

bool container_name_find(const char *root, const char *id, struct container_name *name)
{
	static const char folder[] = "containers/storage/overlay-containers";

	*name = (struct container_name){ .name = "" };
	return of_kubernetes(root, id, name) || of_docker(root, id, name) ||
	       of_storage(xprintf("%s/var/lib/%s/containers.json", root, folder), id, name) ||
	       of_storage(xprintf("%s/run/%s/volatile-containers.json", root, folder), id, name);
}
