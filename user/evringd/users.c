/* SPDX-License-Identifier: MIT */
/*
 * UserNames: beside each field that is a user's or a group's id, a field with its name:
 * uid_name of uid. The names are those of /etc/passwd and /etc/group, which are read
 * again when they have changed: a name server could keep the loop waiting.
 */
#include "transforming.h"

#include "log.h"
#include "shape.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_LONGEST 64
#define LOOK_NS 1000000000ULL		/* how often to look whether a file has changed */
#define IDS_MAX 1000000			/* of a file; more are not read */

struct name {
	uint32_t id;
	char name[NAME_LONGEST];
};

/* One file's names, by id */
struct book {
	const char *path;
	struct name *names;
	size_t nr;
	struct timespec changed;
	uint64_t looked;
};

struct users {
	struct book passwd, group;
};

static const char *const no_options[] = { NULL };

static void book_add(struct book *book, uint32_t id, const char *name)
{
	if (book->nr == IDS_MAX || strlen(name) >= NAME_LONGEST)
		return;
	/* Room grows by the double. */
	if (!(book->nr & (book->nr - 1)))
		book->names = xgrow(book->names, book->nr, book->nr ? 2 * book->nr : 1,
				    sizeof(*book->names));
	book->names[book->nr].id = id;
	strcpy(book->names[book->nr++].name, name);
}

static int by_id(const void *a, const void *b)
{
	const struct name *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static void book_read(struct book *book, bool groups)
{
	FILE *file = fopen(book->path, "re");
	struct passwd *pw;
	struct group *gr;

	book->nr = 0;
	if (!file) {
		warn("%s: %m: ids in it stay without a name", book->path);
		return;
	}
	while (!groups && (pw = fgetpwent(file)))
		book_add(book, pw->pw_uid, pw->pw_name);
	while (groups && (gr = fgetgrent(file)))
		book_add(book, gr->gr_gid, gr->gr_name);
	fclose(file);
	qsort(book->names, book->nr, sizeof(*book->names), by_id);
}

static void book_look(struct book *book, bool groups)
{
	struct timespec now;
	struct stat st = { 0 };
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (book->looked && ns - book->looked < LOOK_NS)
		return;
	if (!stat(book->path, &st) && book->looked &&
	    !memcmp(&st.st_mtim, &book->changed, sizeof(st.st_mtim))) {
		book->looked = ns;
		return;
	}
	if (!book->looked || st.st_ino)
		book_read(book, groups);
	book->looked = ns;
	book->changed = st.st_mtim;
}

static const char *id_text(struct transform *t, const struct draft_field *field,
			   const struct evring_event *event, size_t *len)
{
	struct users *users = t->own;
	bool groups = field->of->format == EVRING_FORMAT_GID;
	struct book *book = groups ? &users->group : &users->passwd;
	const struct name *name;
	struct name wanted;
	uint64_t id;

	if (evring_get_number(event, field->of, &id))
		return NULL;
	book_look(book, groups);
	wanted.id = (uint32_t)id;
	name = book->nr ? bsearch(&wanted, book->names, book->nr, sizeof(wanted), by_id) : NULL;
	*len = name ? strlen(name->name) : 0;
	return name ? name->name : NULL;
}

static void users_reshape(struct transform *t, struct draft *draft)
{
	const struct evring_type *type = draft->type;
	char name[EVRING_NAME_MAX + 8];
	struct draft_field *field;
	uint32_t i;

	for (i = 0; i < type->nr_fields && i < PLACES_OF_ONE; i++) {
		const struct evring_field *of = &type->fields[i];

		if ((of->format != EVRING_FORMAT_UID && of->format != EVRING_FORMAT_GID) ||
		    of->size != EVRING_KIND_SIZE(of->kind) || of->kind & EVRING_KIND_VAR)
			continue;
		snprintf(name, sizeof(name), "%s_name", of->name);
		/* The event's own fields are not overwritten. */
		field = field_name_fits(name) && !draft_find(draft, name) ?
			draft_add(draft, t, i, name, EVRING_KIND_TEXT) : NULL;
		if (!field)
			continue;
		field->of = of;
		field->text = id_text;
	}
}

static bool users_parse(struct transform *t, const struct options *options)
{
	struct users *users = xzalloc(sizeof(*users));

	(void)options;
	users->passwd.path = "/etc/passwd";
	users->group.path = "/etc/group";
	t->own = users;
	return true;
}

static void users_release(struct transform *t)
{
	struct users *users = t->own;

	free(users->passwd.names);
	free(users->group.names);
	free(users);
}

const struct transform_kind user_names = {
	"UserNames", .options = no_options, .local = true, .adds = true, .parse = users_parse,
	.reshape = users_reshape, .release = users_release,
};
