/* SPDX-License-Identifier: MIT */
/*
 * Container: container_id, container_runtime and the container's names, of the event's
 * cgroup, by its path.
 *
 * The id of a cgroup is its file handle, which opens without a search, but needs
 * CAP_DAC_READ_SEARCH. Without that all cgroups are looked through, at most once in two
 * seconds, when an id is not known, and all that are there are known then. An id is never
 * another cgroup's, so its entry stays, until there are so many that all are forgotten. A
 * cgroup that is gone when it is looked for first has no container.
 */
#include "transforming.h"

#include "log.h"
#include "shape.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 4096u			/* of the table, by cgroup */
#define FOLDERS_MAX 20000		/* that one search looks at */
#define KNOWN_MAX 20000			/* beyond, the next search or look forgets all */
#define DEPTH_MAX 32
#define SEARCH_NS 2000000000ULL
#define ID_LEN CONTAINER_ID_LEN		/* hex digits */
#define FILEID_KERNFS 0xfe
/* Names can change; one that is not known yet may come. */
#define NAME_NS 60000000000ULL
#define NO_NAME_NS 5000000000ULL

struct known {
	struct known *next;		/* of the same slot */
	uint64_t cgroup;
	const char *runtime;		/* NULL: it is in no container */
	char id[ID_LEN + 1];
	struct container_name *name;	/* NULL: it is not known */
	uint64_t named;			/* CLOCK_MONOTONIC, of the last look; 0: none */
};

struct containers {
	int mount;			/* the cgroups' file system, -1: none */
	bool handles;			/* they can be opened by id */
	struct ratelimit shortages;
	uint64_t searched;		/* CLOCK_MONOTONIC; 0: never */
	struct known *known[SLOTS];
	unsigned int nr;
};

static const char *const no_options[] = { NULL };
/* cgroups of version 2, alone or beside those of version 1 */
static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

/*
 * Paths
 */

/* Names of a cgroup that a runtime gives: before and behind the id */
static const struct {
	const char *before, *behind, *runtime;
} names[] = {
	{ "docker-", ".scope", "docker" },
	{ "cri-containerd-", ".scope", "containerd" },
	{ "crio-", ".scope", "cri-o" },
	{ "libpod-", ".scope", "podman" },
	{ "nerdctl-", ".scope", "containerd" },
	{ "", "", NULL },		/* the id alone: the folder above tells */
};

static bool is_id(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && isxdigit((unsigned char)text[i]); i++)
		;
	return len == ID_LEN && i == len;
}

static const char *runtime_above(const char *path)
{
	if (strstr(path, "/docker/"))
		return "docker";
	if (strstr(path, "/libpod_parent/"))
		return "podman";
	return strstr(path, "kubepods") ? "kubernetes" : "unknown";
}

static const char *runtime_of(const char *path, const char *name, size_t len, char *id)
{
	size_t i, before, behind;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		before = strlen(names[i].before);
		behind = strlen(names[i].behind);
		if (len != before + ID_LEN + behind || strncmp(name, names[i].before, before) ||
		    strncmp(name + before + ID_LEN, names[i].behind, behind) ||
		    !is_id(name + before, ID_LEN))
			continue;
		memcpy(id, name + before, ID_LEN);
		id[ID_LEN] = '\0';
		return names[i].runtime ? names[i].runtime : runtime_above(path);
	}
	return NULL;
}

/* The innermost folder that is a container's */
const char *container_of_path(const char *path, char id[CONTAINER_ID_LEN + 1])
{
	const char *end = path + strlen(path), *name, *runtime;

	while (end > path) {
		for (name = end; name > path && name[-1] != '/'; name--)
			;
		runtime = runtime_of(path, name, (size_t)(end - name), id);
		if (runtime)
			return runtime;
		end = name > path ? name - 1 : path;
	}
	return NULL;
}

/*
 * Cgroups
 */

static struct known **slot_of(struct containers *c, uint64_t cgroup)
{
	return &c->known[(cgroup ^ cgroup >> 12) % SLOTS];
}

static struct known *known_of(struct containers *c, uint64_t cgroup)
{
	struct known *known = *slot_of(c, cgroup);

	while (known && known->cgroup != cgroup)
		known = known->next;
	return known;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void forget_all(struct containers *c)
{
	struct known *known;
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		while ((known = c->known[i])) {
			c->known[i] = known->next;
			free(known->name);
			free(known);
		}
	}
	c->nr = 0;
}

static void make_room(struct containers *c)
{
	if (c->nr > KNOWN_MAX)
		forget_all(c);
}

/* It is not known yet. */
static struct known *remember(struct containers *c, uint64_t cgroup, const char *path)
{
	struct known **slot = slot_of(c, cgroup), *known = xzalloc(sizeof(*known));

	known->cgroup = cgroup;
	known->runtime = container_of_path(path, known->id);
	known->next = *slot;
	*slot = known;
	c->nr++;
	return known;
}

/* 0: it is known now, if only that it is gone. -errno: it cannot be opened so. */
static int by_handle(struct containers *c, uint64_t cgroup, struct known **known)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(cgroup)];
	} u = { .handle = { .handle_bytes = sizeof(cgroup), .handle_type = FILEID_KERNFS } };
	char link[32], path[4096];
	ssize_t len;
	int fd;

	memcpy(u.room + offsetof(struct file_handle, f_handle), &cgroup, sizeof(cgroup));
	fd = open_by_handle_at(c->mount, &u.handle, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno != ESTALE && errno != ENOENT)
		return -errno;
	make_room(c);
	if (fd < 0) {
		*known = remember(c, cgroup, "");
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	*known = remember(c, cgroup, path);
	return 0;
}

static void search(struct containers *c, int folder, char *path, size_t len, unsigned int depth,
		   unsigned int *left)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	struct stat st;
	size_t n;
	int fd;

	if (!dir) {
		close(folder);
		return;
	}
	while (*left && (entry = readdir(dir))) {
		n = strlen(entry->d_name);
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || len + n + 2 > 4096)
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		--*left;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, n + 1);
		if (!fstat(fd, &st) && !known_of(c, st.st_ino))
			remember(c, st.st_ino, path);
		if (depth < DEPTH_MAX)
			search(c, fd, path, len + 1 + n, depth + 1, left);
		else
			close(fd);
		path[len] = '\0';
	}
	closedir(dir);
}

static void search_all(struct containers *c)
{
	unsigned int left = FOLDERS_MAX;
	char path[4096] = "";
	uint64_t ns = now_ns();
	int fd;

	if (c->searched && ns - c->searched < SEARCH_NS)
		return;
	c->searched = ns;
	make_room(c);
	fd = openat(c->mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		search(c, fd, path, 0, 0, &left);
	if (!left)
		warn("Container: more than %d cgroups; those beyond have no container", FOLDERS_MAX);
}

/* All others stay: a permission that is missing, or a filter of system calls. */
static bool passes(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* In a shortage a search would find nothing either. */
static void handle_failed(struct containers *c, int error)
{
	unsigned int held;

	if (!passes(error)) {
		c->handles = false;
		warn("Container: cgroups cannot be opened by their ids: %s (that needs "
		     "CAP_DAC_READ_SEARCH): all of them are looked through instead",
		     strerror(error));
	} else if (ratelimit_pass(&c->shortages, &held)) {
		warn("Container: a cgroup cannot be opened now: %s: the container of some events "
		     "is not told", strerror(error));
	}
}

/* NULL: that is not known, or it is in none. */
static struct known *find(struct containers *c, uint64_t cgroup)
{
	struct known *known = known_of(c, cgroup);
	int ret;

	if (!cgroup || c->mount < 0)
		return NULL;
	if (!known && c->handles) {
		ret = by_handle(c, cgroup, &known);
		if (ret)
			handle_failed(c, -ret);
	}
	if (!known && !c->handles) {
		search_all(c);
		known = known_of(c, cgroup);
	}
	return known && known->runtime ? known : NULL;
}

static struct known *container_of_event(struct transform *t, const struct draft_field *field,
					      const struct evring_event *event)
{
	uint64_t cgroup;

	return evring_get_number(event, field->of, &cgroup) ? NULL : find(t->own, cgroup);
}

static const char *container_id(struct transform *t, const struct draft_field *field,
				const struct evring_event *event, size_t *len)
{
	const struct known *known = container_of_event(t, field, event);

	*len = ID_LEN;
	return known ? known->id : NULL;
}

static const char *container_runtime(struct transform *t, const struct draft_field *field,
				     const struct evring_event *event, size_t *len)
{
	const struct known *known = container_of_event(t, field, event);

	*len = known ? strlen(known->runtime) : 0;
	return known ? known->runtime : NULL;
}

/* NULL: that is not known. */
static const struct container_name *name_of_event(struct transform *t,
						  const struct draft_field *field,
						  const struct evring_event *event)
{
	struct known *known = container_of_event(t, field, event);
	struct container_name name;
	uint64_t ns;

	if (!known)
		return NULL;
	ns = now_ns();
	if (known->named && ns - known->named < (known->name ? NAME_NS : NO_NAME_NS))
		return known->name;
	known->named = ns;
	if (!container_name_find("", known->id, &name))
		return known->name;
	free(known->name);
	known->name = memcpy(xalloc(sizeof(name)), &name, sizeof(name));
	return known->name;
}

static const char *name_text(const char *text, size_t *len)
{
	*len = text ? strlen(text) : 0;
	return *len ? text : NULL;
}

static const char *container_name(struct transform *t, const struct draft_field *field,
				  const struct evring_event *event, size_t *len)
{
	const struct container_name *name = name_of_event(t, field, event);

	return name_text(name ? name->name : NULL, len);
}

static const char *pod_name(struct transform *t, const struct draft_field *field,
			    const struct evring_event *event, size_t *len)
{
	const struct container_name *name = name_of_event(t, field, event);

	return name_text(name ? name->pod : NULL, len);
}

static const char *pod_namespace(struct transform *t, const struct draft_field *field,
				 const struct evring_event *event, size_t *len)
{
	const struct container_name *name = name_of_event(t, field, event);

	return name_text(name ? name->space : NULL, len);
}

static void add(struct transform *t, struct draft *draft, unsigned int number, const char *name,
		field_text *text, const struct evring_field *of)
{
	struct draft_field *field = draft_find(draft, name) ? NULL :
				    draft_add(draft, t, number, name, EVRING_KIND_TEXT);

	if (!field)
		return;
	field->of = of;
	field->text = text;
}

/* Of types whose events a task causes */
static void container_reshape(struct transform *t, struct draft *draft)
{
	const struct evring_field *of = evring_field(draft->type, "cgroup");

	if (!of || of->kind != EVRING_KIND_U64 || of->size != sizeof(uint64_t))
		return;
	add(t, draft, 0, "container_id", container_id, of);
	add(t, draft, 1, "container_runtime", container_runtime, of);
	add(t, draft, 2, "container_name", container_name, of);
	add(t, draft, 3, "pod_name", pod_name, of);
	add(t, draft, 4, "pod_namespace", pod_namespace, of);
}

struct containers *containers_new(const char *mount, bool handles)
{
	struct containers *c = xzalloc(sizeof(*c));

	c->mount = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c->handles = handles;
	return c;
}

void containers_free(struct containers *c)
{
	if (c->mount >= 0)
		close(c->mount);
	forget_all(c);
	free(c);
}

const char *containers_find(struct containers *c, uint64_t cgroup)
{
	const struct known *known = find(c, cgroup);

	return known ? known->id : NULL;
}

static bool container_parse(struct transform *t, const struct options *options)
{
	struct containers *c = containers_new(mounts[0], true);
	size_t i;

	(void)options;
	for (i = 1; i < sizeof(mounts) / sizeof(mounts[0]) && c->mount < 0; i++)
		c->mount = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->own = c;
	t->body_bytes = 6 * sizeof(uint64_t) + CONTAINER_ID_LEN + 3 * CONTAINER_NAME_MAX;
	return true;
}

static void container_release(struct transform *t)
{
	containers_free(t->own);
}

const struct transform_kind container = {
	"Container", .options = no_options, .local = true, .adds = true, .parse = container_parse,
	.reshape = container_reshape, .release = container_release,
};
