/* SPDX-License-Identifier: MIT */
/*
 * Has the device's part of publishing measured by evring_bench.ko, which finds this
 * process's descriptors and type by a parameter:
 *
 *	evring-publisher MODULE PARAMETERS
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "evring.h"

#define PAYLOAD	64u

static int fail(const char *what, int err)
{
	fprintf(stderr, "evring-publisher: %s: %s\n", what, strerror(err));
	return 1;
}

static int insert(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, params, 0))
		return fail(path, errno);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct evring_field fields[] = {
		{ .name = "bytes", .kind = EVRING_KIND_U8, .offset = 0, .size = PAYLOAD },
	};
	const struct evring_type *type, like = {
		.name = "published.bytes", .version = 1, .size = PAYLOAD, .fields = fields, .nr_fields = 1,
	};
	struct evring_publisher *pub;
	char params[256];
	int ret, null;

	if (argc != 3) {
		fprintf(stderr, "Usage: evring-publisher MODULE PARAMETERS\n");
		return 2;
	}
	ret = evring_publisher_open(&pub, NULL, 0);
	if (ret)
		return fail("/dev/evring", -ret);
	ret = evring_type_register(pub, &like, 0, &type);
	if (ret)
		return fail(like.name, -ret);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0)
		return fail("/dev/null", errno);
	snprintf(params, sizeof(params), "%s publish=%d,%d,%u,%u", argv[2], evring_publisher_fd(pub),
		 null, type->id, type->generation);
	ret = insert(argv[1], params);
	close(null);
	evring_publisher_close(pub);
	return ret;
}
