/* SPDX-License-Identifier: MIT */
/* Publishing: types of this user, and their events on the way to the device. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define ALIGN8(n)	(((size_t)(n) + 7) & ~(size_t)7)
#define MANY		64	/* events of one writev() */
#define PARTS		3	/* header, payload, padding */

struct evring_publisher {
	int fd;
	struct evring_type **types;	/* all that users may have seen */
	unsigned int nr_types;
	char error[256];
};

/* The second node is for users that may not read; an older module has only the first. */
static int device_open(const char *path, int flags)
{
	int mode = O_WRONLY | O_CLOEXEC | flags, fd;

	if (path)
		return open(path, mode);
	fd = open(EVRING_PUBLISH_DEVICE, mode);
	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		fd = open(EVRING_DEVICE, mode);
	return fd;
}

int evring_publisher_open(struct evring_publisher **pubp, const char *path, int flags)
{
	struct evring_publisher *pub;
	int ret;

	if (flags & ~O_NONBLOCK)
		return -EINVAL;
	pub = calloc(1, sizeof(*pub));
	if (!pub)
		return -ENOMEM;
	pub->fd = device_open(path, flags);
	if (pub->fd < 0) {
		ret = -errno;
		free(pub);
		return ret;
	}
	*pubp = pub;
	return 0;
}

void evring_publisher_close(struct evring_publisher *pub)
{
	if (!pub)
		return;
	close(pub->fd);
	while (pub->nr_types)
		evring_type_free(pub->types[--pub->nr_types]);
	free(pub->types);
	free(pub);
}

int evring_publisher_fd(const struct evring_publisher *pub)
{
	return pub->fd;
}

const char *evring_publisher_error(const struct evring_publisher *pub)
{
	return pub->error;
}

static int type_add(struct evring_publisher *pub, const struct evring_describe *info,
		    const void *block)
{
	struct evring_type **more = realloc(pub->types, (pub->nr_types + 1) * sizeof(*more));
	int ret;

	if (!more)
		return -ENOMEM;
	pub->types = more;
	ret = type_new(info, block, &more[pub->nr_types]);
	if (!ret)
		pub->nr_types++;
	return ret;
}

/* Fetch type @id from the kernel; it stays until the publisher is closed, however often. */
static int type_get(struct evring_publisher *pub, uint32_t id, const struct evring_type **type)
{
	struct evring_describe info;
	unsigned int i = 0;
	void *block;
	int ret = type_describe(pub->fd, id, &info, &block);

	if (ret)
		return ret;
	while (i < pub->nr_types && !type_again(pub->types[i], &info, block))
		i++;
	if (i == pub->nr_types)
		ret = type_add(pub, &info, block);
	free(block);
	if (!ret)
		*type = pub->types[i];
	return ret;
}

int evring_type_register(struct evring_publisher *pub, const struct evring_type *like,
			 uint32_t flags, const struct evring_type **type)
{
	struct evring_register arg = {
		.text = (uintptr_t)pub->error, .room = sizeof(pub->error), .flags = flags,
	};
	struct evring_type *built;
	int ret = evring_type_build(&built, like);

	strcpy(pub->error, ret == -EINVAL ? "a name, kind, size or offset is wrong" : "");
	if (ret)
		return ret;
	arg.block = (uintptr_t)built->block;
	arg.len = built->block_len;
	ret = ioctl(pub->fd, EVRING_IOC_REGISTER, &arg) < 0 ? -errno : 0;
	evring_type_free(built);
	return ret ? ret : type_get(pub, arg.id, type);
}

int evring_type_unregister(struct evring_publisher *pub, const struct evring_type *type)
{
	struct evring_unregister arg = { .id = type->id, .generation = type->generation };

	return ioctl(pub->fd, EVRING_IOC_UNREGISTER, &arg) < 0 ? -errno : 0;
}

static bool is_newer(const struct evring_type *type, const struct evring_type *than)
{
	if (!than || type->version != than->version)
		return !than || type->version > than->version;
	return type->nr_fields > than->nr_fields;
}

int evring_publisher_type(struct evring_publisher *pub, const char *name,
			  const struct evring_type **type)
{
	const struct evring_type *best = NULL, *one;
	uint32_t id;
	int ret;

	for (id = 0; ; id++) {
		ret = type_get(pub, id, &one);
		if (ret == -ENOENT)
			break;
		if (ret == -EPERM)
			continue;	/* another one's */
		if (ret)
			return ret;
		/* Of a descriptor that can read, too, all others' types are here. */
		if (one->flags & EVRING_TYPE_F_APP && !(one->flags & EVRING_TYPE_F_GONE) &&
		    !strcmp(one->name, name) && is_newer(one, best))
			best = one;
	}
	if (!best)
		return -ENOENT;
	*type = best;
	return 0;
}

static struct evring_pub pub_make(const struct evring_type *type, size_t len)
{
	/* A length above UINT32_MAX is too long for the device, too, which refuses it. */
	return (struct evring_pub){
		.len = len < UINT32_MAX - sizeof(struct evring_pub) ?
		       (uint32_t)(sizeof(struct evring_pub) + len) : UINT32_MAX,
		.type = (uint16_t)type->id,
		.generation = type->generation,
	};
}

static size_t event_size(const struct evring_out *out)
{
	return sizeof(struct evring_pub) + ALIGN8(out->len);
}

/* Up to MANY of them in one call. Returns how many were published, -errno: none. */
static ssize_t publish_some(struct evring_publisher *pub, const struct evring_out *events,
			    size_t nr)
{
	static const uint64_t zero;
	struct evring_pub heads[MANY];
	struct iovec iov[MANY * PARTS];
	size_t i, left;
	ssize_t done;

	for (i = 0; i < nr; i++) {
		struct iovec *parts = &iov[i * PARTS];

		heads[i] = pub_make(events[i].type, events[i].len);
		parts[0] = (struct iovec){ &heads[i], sizeof(heads[i]) };
		parts[1] = (struct iovec){ (void *)events[i].payload, events[i].len };
		parts[2] = (struct iovec){ (void *)&zero, ALIGN8(events[i].len) - events[i].len };
	}
	done = writev(pub->fd, iov, (int)(nr * PARTS));
	if (done < 0)
		return -errno;
	for (i = 0, left = (size_t)done; i < nr && left >= event_size(&events[i]); i++)
		left -= event_size(&events[i]);
	return (ssize_t)i;
}

ssize_t evring_publish_many(struct evring_publisher *pub, const struct evring_out *events,
			    size_t nr)
{
	size_t done = 0, some;
	ssize_t ret;

	while (done < nr) {
		some = nr - done < MANY ? nr - done : MANY;
		ret = publish_some(pub, events + done, some);
		if (ret < 0)
			return done ? (ssize_t)done : ret;
		done += (size_t)ret;
		if ((size_t)ret < some)
			break;
	}
	return (ssize_t)done;
}

int evring_publish(struct evring_publisher *pub, const struct evring_type *type,
		   const void *payload, size_t len)
{
	const struct evring_out out = { type, payload, len };
	ssize_t ret = publish_some(pub, &out, 1);

	return ret < 0 ? (int)ret : 0;
}

size_t evring_pub_put(void *buf, size_t room, const struct evring_type *type,
		      const void *payload, size_t len)
{
	const struct evring_out out = { type, payload, len };
	const struct evring_pub head = pub_make(type, len);
	size_t size = event_size(&out);

	if (len > UINT32_MAX - sizeof(head) || size > room)
		return 0;
	memcpy(buf, &head, sizeof(head));
	if (len)
		memcpy((char *)buf + sizeof(head), payload, len);
	memset((char *)buf + sizeof(head) + len, 0, size - sizeof(head) - len);
	return size;
}
