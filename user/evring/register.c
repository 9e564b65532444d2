/* SPDX-License-Identifier: MIT */
/* evring types register, unregister: types that applications of this user publish. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char *open_hint(int err)
{
	if (err == EACCES)
		return ": add yourself to the group evring-publish or use sudo";
	return err == ENOENT ? ": is the module loaded? (modprobe evring)" : "";
}

struct evring_publisher *open_publisher(const struct cli *cli)
{
	struct evring_publisher *pub = NULL;
	int ret = evring_publisher_open(&pub, cli->device, 0);

	if (ret >= 0)
		return pub;
	fprintf(stderr, "evring: cannot open %s for writing: %s%s\n",
		cli->device ? cli->device : EVRING_PUBLISH_DEVICE, strerror(-ret), open_hint(-ret));
	return NULL;
}

/* The module knows better than an errno why. */
static int fail_to_register(const struct evring_publisher *pub, const char *name, int err)
{
	const char *why = evring_publisher_error(pub);

	fflush(stdout);
	fprintf(stderr, "evring: cannot register %s: %s\n", name, *why ? why : strerror(-err));
	return EXIT_FAILURE;
}

struct registering {
	struct evring_publisher *pub;
	json_t *array;		/* of the registered types; NULL: print lines */
};

static int register_one(const struct evring_type *like, void *arg)
{
	const struct registering *reg = arg;
	const struct evring_type *type;
	int ret = evring_type_register(reg->pub, like, EVRING_REGISTER_F_KEEP, &type);

	if (ret)
		return fail_to_register(reg->pub, like->name, ret);
	if (reg->array)
		json_array_append_new(reg->array, type_json(type, type->own_lane));
	else
		printf("%s: version %u, id %u, generation %u, lane %s\n", type->name, type->version,
		       type->id, type->generation, type->own_lane);
	return EXIT_SUCCESS;
}

int types_register(const struct cli *cli, const char *file, bool json)
{
	struct registering reg = { .pub = open_publisher(cli) };
	int ret;

	if (!reg.pub)
		return EXIT_FAILURE;
	if (json)
		reg.array = json_array();
	ret = types_in_file(file, register_one, &reg);
	if (json && !ret)
		json_print(reg.array);
	else
		json_decref(reg.array);
	evring_publisher_close(reg.pub);
	return ret;
}

static int unregister_one(struct evring_publisher *pub, const struct evring_type *type)
{
	const struct evring_type *left;
	int ret = evring_type_unregister(pub, type);

	if (ret)
		return fail(ret, "cannot unregister %s", type->name);
	ret = evring_publisher_type(pub, type->name, &left);
	if (!ret && left->id == type->id) {
		fprintf(stderr, "evring: a program that runs has registered %s, version %u: it stays "
			"until that one ends\n", type->name, type->version);
		return EXIT_FAILURE;
	}
	printf("%s: version %u, id %u: not registered any more\n", type->name, type->version,
	       type->id);
	return EXIT_SUCCESS;
}

/* All that are registered under this name: each version, each schema. */
int types_unregister(const struct cli *cli, const char *name)
{
	struct evring_publisher *pub = open_publisher(cli);
	const struct evring_type *type;
	bool is_found = false;
	int ret = EXIT_SUCCESS;

	if (!pub)
		return EXIT_FAILURE;
	while (!ret && !evring_publisher_type(pub, name, &type)) {
		is_found = true;
		ret = unregister_one(pub, type);
	}
	evring_publisher_close(pub);
	if (is_found)
		return ret;
	fprintf(stderr, "evring: you have no type '%s' registered\n", name);
	return EXIT_FAILURE;
}
