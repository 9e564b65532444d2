/* SPDX-License-Identifier: MIT */
/* A connector's filters of hooks: which events it passes over. */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"

#include "config.h"
#include "filters.h"

static struct property filter_list[] = {
	{ (char *)"process.exec", (char *)"uid == 1", NULL },
	{ (char *)"file.open", (char *)"uid == 1000 && path ~ \"/etc/*\"", NULL },
};

static const struct config cfg = { .filters = filter_list, .nr_filters = 2 };
static const struct config none = { 0 };

static struct sample_event make(uint32_t uid, const char *path)
{
	struct sample_event e = { .fixed = { .uid = uid } };

	sample_put(&e, &e.fixed.path, path, strlen(path));
	return e;
}

static bool wants(struct filters *filters, const struct evring_type *type, uint32_t uid,
		  const char *path)
{
	struct sample_event e = make(uid, path);
	struct evring_event event = sample_event(&e, type);

	return filters_want(filters, &event);
}

static void by_type(void)
{
	struct evring_type *type = sample_type();
	struct filters *filters = filters_new(&cfg);

	CHECK(wants(filters, type, 1000, "/etc/passwd"));
	CHECK(!wants(filters, type, 1000, "/usr/bin/env"));
	CHECK(!wants(filters, type, 1, "/etc/passwd"));
	/* One that nobody knows, as losses are */
	CHECK(wants(filters, NULL, 1, "/usr"));
	CHECK(filters_of(filters, type) && filters_of(filters, type) == filters_of(filters, type));
	filters_free(filters);
	evring_type_free(type);
}

static void without(void)
{
	struct evring_type *type = sample_type();
	struct filters *filters = filters_new(&none);

	CHECK(!filters_of(filters, type) && wants(filters, type, 0, "/"));
	filters_free(filters);
	filters_free(NULL);
	evring_type_free(type);
}

/* The id comes to another type, and to one that has not the fields. */
static void another_type(void)
{
	struct evring_field fields[] = { sample_fields[1] };
	const struct evring_type like = {
		.id = 7, .version = 3, .name = "file.open", .size = sizeof(struct sample),
		.fields = fields, .nr_fields = 1,
	};
	struct evring_type *old = sample_type(), *other = NULL;
	struct filters *filters = filters_new(&cfg);

	CHECK(!wants(filters, old, 1, "/"));
	CHECK(!evring_type_build(&other, &like) && wants(filters, other, 1, "/"));
	CHECK(!wants(filters, old, 1, "/"));
	filters_free(filters);
	evring_type_free(old);
	evring_type_free(other);
}

int main(void)
{
	test_case(by_type, "a filter is of the type that its key names");
	test_case(without, "without filters all events are wanted");
	test_case(another_type, "a filter that cannot be asked of a type lets its events pass");
	return tap_end();
}
