/* SPDX-License-Identifier: MIT */
/* A session: the open device and its meta page. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int evring_ioctl(const struct evring *ev, unsigned long request, void *arg)
{
	int ret = ioctl(ev->fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static int session_map(struct evring *ev)
{
	void *map;

	ev->meta_len = (size_t)sysconf(_SC_PAGESIZE);
	map = mmap(NULL, ev->meta_len, PROT_READ, MAP_SHARED, ev->fd, EVRING_MMAP_META);
	if (map == MAP_FAILED)
		return -errno;
	ev->meta = map;
	/* Another version, or an older kernel with less in its page than we read. */
	if (ev->meta->version != EVRING_ABI_VERSION || ev->meta->size < sizeof(*ev->meta))
		return -EPROTO;
	ev->copy = malloc(ev->meta->record_max);
	return ev->copy ? 0 : -ENOMEM;
}

int evring_open(struct evring **evp, const char *path)
{
	struct evring *ev = calloc(1, sizeof(*ev));
	int ret;

	if (!ev)
		return -ENOMEM;
	ev->fd = open(path ? path : EVRING_DEVICE, O_RDONLY | O_CLOEXEC);
	if (ev->fd < 0) {
		ret = -errno;
		free(ev);
		return ret;
	}
	ret = session_map(ev);
	if (!ret)
		ret = evring_types(ev);
	if (ret < 0) {
		evring_close(ev);
		return ret;
	}
	clock_refresh(ev);
	*evp = ev;
	return 0;
}

void evring_close(struct evring *ev)
{
	if (!ev)
		return;
	reader_stop(ev);
	types_free(ev);
	if (ev->meta)
		munmap((void *)ev->meta, ev->meta_len);
	close(ev->fd);
	free(ev->copy);
	free(ev);
}

int evring_fd(const struct evring *ev)
{
	return ev->fd;
}

const struct evring_meta *evring_meta(const struct evring *ev)
{
	return ev->meta;
}

int evring_meta_read(struct evring *ev, struct evring_meta *meta)
{
	return evring_ioctl(ev, EVRING_IOC_META, meta);
}

int evring_ring_read(struct evring *ev, unsigned int lane, unsigned int cpu,
		     struct evring_ring_page *page)
{
	struct evring_ring_info info = { .lane = lane, .cpu = cpu };
	int ret = evring_ioctl(ev, EVRING_IOC_RING, &info);

	if (!ret)
		*page = info.page;
	return ret;
}

static const char *const lane_names[EVRING_LANES] = {
	[EVRING_LANE_CRITICAL] = "critical",
	[EVRING_LANE_BULK] = "bulk",
	[EVRING_LANE_APP] = "app",
};

const char *evring_lane_name(unsigned int lane)
{
	return lane < EVRING_LANES ? lane_names[lane] : NULL;
}

int evring_lane_by_name(const char *name)
{
	int lane;

	for (lane = 0; lane < EVRING_LANES; lane++)
		if (!strcmp(lane_names[lane], name))
			return lane;
	return -EINVAL;
}

int evring_hook(struct evring *ev, const char *name, unsigned int op)
{
	struct evring_hook hook = { .op = op };
	int ret;

	if (strlen(name) >= sizeof(hook.name))
		return -ENOENT;
	strcpy(hook.name, name);
	ret = evring_ioctl(ev, EVRING_IOC_HOOK, &hook);
	return ret < 0 ? ret : (int)hook.state;
}

int evring_drop(struct evring *ev, const char *name)
{
	struct evring_drop drop = { 0 };

	if (strlen(name) >= sizeof(drop.name))
		return -ENOENT;
	strcpy(drop.name, name);
	return evring_ioctl(ev, EVRING_IOC_DROP, &drop);
}
