/* SPDX-License-Identifier: MIT */
/* A session: the open device and its meta page. */
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

#define DEVICE_MINOR 251	/* as kmod/device.c registers it, unless that is taken */

/* Of another layout, or with less in it than the first of this ABI had */
static int meta_check(const struct evring_meta *meta, size_t len)
{
	if (len < META_MIN || meta->version != EVRING_ABI_VERSION || meta->size < META_MIN ||
	    meta->seq_bits < 16 || meta->seq_bits > 64)
		return -EPROTO;
	return 0;
}

static int clock_find(struct evring *ev)
{
	const struct evring_table *table = &ev->meta.clocks;

	if (!table->count || table->stride < CLOCK_MIN || table->offset % 8 ||
	    (uint64_t)table->offset + table->stride > ev->meta_len)
		return -EPROTO;
	ev->live_clock = (const void *)((const char *)ev->live + table->offset);
	ev->clock_len = table->stride < sizeof(ev->clock.now) ? table->stride :
								sizeof(ev->clock.now);
	ev->past = ev->meta.past;
	if (!ev->past.count || ev->past.offset % 8 ||
	    ev->past.stride < offsetofend(struct evring_clock_line, reserved) ||
	    ev->past.stride % 8 || (uint64_t)ev->past.offset +
	    (uint64_t)ev->past.stride * ev->past.count > ev->meta_len)
		return -EPROTO;
	ev->clock.past = calloc(ev->past.count, sizeof(*ev->clock.past));
	ev->past_spare = calloc(ev->past.count, sizeof(*ev->past_spare));
	if (!ev->clock.past || !ev->past_spare)
		return -ENOMEM;
	return 0;
}

static int lanes_find(struct evring *ev)
{
	const struct evring_table *table = &ev->meta.lanes;
	struct evring_lane_info info;
	unsigned int i;

	/* More than a set has bits for */
	if (!table->count || table->count > 64)
		return -EPROTO;
	ev->lanes_known = calloc(table->count, sizeof(*ev->lanes_known));
	if (!ev->lanes_known)
		return -ENOMEM;
	for (i = 0; i < table->count; i++) {
		struct lane *lane = &ev->lanes_known[i];

		if (!evring_table_get(ev->live, ev->meta_len, table, i, &info, sizeof(info)))
			return -EPROTO;
		memcpy(lane->name, info.name, sizeof(lane->name) - 1);
		lane->map_size = info.map_size;
	}
	ev->nr_lanes = table->count;
	return 0;
}

static int session_map(struct evring *ev)
{
	struct evring_meta first = { 0 };
	struct evring_meta_read read = { .to = (uintptr_t)&first, .room = sizeof(first) };
	void *map;
	int ret = evring_ioctl(ev, EVRING_IOC_META, &read);

	if (!ret)
		ret = meta_check(&first, read.len);
	if (ret)
		return ret;
	map = mmap(NULL, first.map_size, PROT_READ, MAP_SHARED, ev->fd, EVRING_MMAP_META);
	if (map == MAP_FAILED)
		return -errno;
	ev->live = map;
	ev->meta_len = first.map_size;
	ev->meta = first;
	ev->seq_bits = ev->meta.seq_bits;
	ev->copy = malloc(ev->meta.record_max);
	if (!ev->copy)
		return -ENOMEM;
	ret = clock_find(ev);
	return ret ? ret : lanes_find(ev);
}

/*
 * Is it there, and not evring's device? The path can be somebody else's: the open of a FIFO waits,
 * and that of /dev/watchdog starts it. sysfs has the device's number while the module is loaded.
 * Before, and where sysfs is not mounted, it is that of the node whose open loads the module.
 * Who can replace the file at this very moment still has another one opened. A descriptor of
 * O_PATH would prevent that, but the tests' device is behind open() alone.
 */
static bool is_another(const char *path)
{
	unsigned int major = MISC_MAJOR, minor = DEVICE_MINOR;
	struct stat st;
	FILE *number;

	if (stat(path, &st))
		return false;
	number = fopen("/sys/class/misc/evring/dev", "re");
	if (number) {
		if (fscanf(number, "%u:%u", &major, &minor) != 2)
			minor = DEVICE_MINOR;
		fclose(number);
	}
	return !S_ISCHR(st.st_mode) || st.st_rdev != makedev(major, minor);
}

int evring_open(struct evring **evp, const char *path)
{
	struct evring *ev = calloc(1, sizeof(*ev));
	int ret;

	if (!ev)
		return -ENOMEM;
	path = path ? path : EVRING_DEVICE;
	if (is_another(path)) {
		free(ev);
		return -ENOTTY;
	}
	ev->fd = open(path, O_RDONLY | O_CLOEXEC);
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
	if (ev->live)
		munmap((void *)ev->live, ev->meta_len);
	close(ev->fd);
	free(ev->lanes_known);
	free(ev->clock.past);
	free(ev->past_spare);
	free(ev->copy);
	free(ev);
}

int evring_fd(const struct evring *ev)
{
	return ev->fd;
}

const struct evring_meta *evring_meta(struct evring *ev)
{
	size_t len = ev->live->size < sizeof(ev->meta) ? ev->live->size : sizeof(ev->meta);

	load_words(&ev->meta, ev->live, len);
	return &ev->meta;
}

uint64_t evring_lacks(struct evring *ev, uint64_t features)
{
	return features & ~evring_meta(ev)->features;
}

ssize_t evring_meta_read(struct evring *ev, void *buf, size_t len)
{
	struct evring_meta_read read = {
		.to = (uintptr_t)buf,
		.room = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX,
	};
	int ret = evring_ioctl(ev, EVRING_IOC_META, &read);

	return ret ? ret : (ssize_t)read.len;
}

ssize_t evring_ring_read(struct evring *ev, unsigned int lane, unsigned int cpu, void *buf,
			 size_t len)
{
	struct evring_ring_read read = {
		.to = (uintptr_t)buf,
		.room = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX,
		.cpu = cpu,
		.lane = (uint16_t)lane,
	};
	int ret = lane > UINT16_MAX ? -ENXIO : evring_ioctl(ev, EVRING_IOC_RING, &read);

	return ret ? ret : (ssize_t)read.len;
}

unsigned int evring_lanes(const struct evring *ev)
{
	return ev->nr_lanes;
}

const char *evring_lane_name(const struct evring *ev, unsigned int lane)
{
	return lane < ev->nr_lanes ? ev->lanes_known[lane].name : NULL;
}

int evring_lane_by_name(const struct evring *ev, const char *name)
{
	unsigned int lane;

	for (lane = 0; lane < ev->nr_lanes; lane++)
		if (!strcmp(ev->lanes_known[lane].name, name))
			return (int)lane;
	return -EINVAL;
}

int lanes_resolve(const struct evring *ev, uint64_t *lanes)
{
	uint64_t all = ~0ULL >> (64 - ev->nr_lanes);

	if (*lanes == EVRING_LANES_ALL)
		*lanes = all;
	return *lanes && !(*lanes & ~all) ? 0 : -EINVAL;
}

static int name_put(char to[EVRING_NAME_MAX], const char *name)
{
	size_t len = strlen(name);

	if (len >= EVRING_NAME_MAX)
		return -ENOENT;
	memcpy(to, name, len);
	return 0;
}

static int hook_call(struct evring *ev, struct evring_hook *hook, const char *name,
		     const char *group)
{
	int ret = name_put(hook->name, name);

	if (!ret && group)
		ret = *group ? name_put(hook->group, group) : -EINVAL;
	if (!ret)
		ret = evring_ioctl(ev, EVRING_IOC_HOOK, hook);
	return ret < 0 ? ret : (int)hook->state;
}

int evring_attach(struct evring *ev, const char *hook, const char *group, int lane)
{
	struct evring_hook arg = { .op = EVRING_HOOK_ATTACH };

	if (lane > UINT16_MAX)
		return -ENXIO;
	if (lane >= 0) {
		arg.flags = EVRING_HOOK_F_LANE;
		arg.lane = (uint16_t)lane;
	}
	return hook_call(ev, &arg, hook, group);
}

/* The call's argument, and the limits that it points to */
struct attach_args {
	struct evring_hook hook;
	struct evring_limits limits;
};

static int attach_call(struct evring *ev, const struct evring_attachment *how,
		       struct attach_args *args)
{
	struct evring_hook *arg = &args->hook;
	int lane = how->lane ? evring_lane_by_name(ev, how->lane) : -1;

	arg->op = EVRING_HOOK_ATTACH;
	if (how->lane && lane < 0)
		return -ENXIO;
	if (how->lane) {
		arg->flags |= EVRING_HOOK_F_LANE;
		arg->lane = (uint16_t)lane;
	}
	if (how->filter && evring_lacks(ev, EVRING_FEATURE_FILTERS))
		return -ENOSYS;
	if (how->filter)
		arg->filter = (uintptr_t)evring_filter_program(how->filter);
	if (how->limits && evring_lacks(ev, EVRING_FEATURE_LIMITS))
		return -ENOSYS;
	if (how->limits) {
		args->limits = *how->limits;
		args->limits.size = sizeof(args->limits);
		arg->limits = (uintptr_t)&args->limits;
	}
	return hook_call(ev, arg, how->hook, how->group);
}

int evring_attach_with(struct evring *ev, const struct evring_attachment *how)
{
	struct attach_args args = { 0 };

	return attach_call(ev, how, &args);
}

int evring_snapshot(struct evring *ev, const struct evring_attachment *how, uint32_t *number)
{
	struct attach_args args = { .hook.flags = EVRING_HOOK_F_SNAPSHOT };
	int ret;

	if (evring_lacks(ev, EVRING_FEATURE_SNAPSHOT))
		return -ENOSYS;
	ret = attach_call(ev, how, &args);
	*number = args.hook.snapshot;
	return ret;
}

int evring_snapshot_ended(struct evring *ev, const char *hook, uint32_t number, uint32_t *told)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };
	int ret = hook_call(ev, &arg, hook, NULL);

	*told = arg.told;
	return ret < 0 ? ret : (int32_t)(arg.snapshot - number) >= 0;
}

/* The expression that a program was made of; nothing in it is trusted. */
static int program_text(const struct evring_program *program, size_t len,
			char text[EVRING_TEXT_MAX])
{
	const struct evring_table *table = &program->text;

	if (len < sizeof(*program) || !table->count || table->count > EVRING_TEXT_MAX ||
	    (uint64_t)table->offset + table->count > len)
		return -EPROTO;
	memcpy(text, (const char *)program + table->offset, table->count);
	text[table->count - 1] = '\0';
	return (int)strlen(text);
}

static int filter_call(struct evring *ev, struct evring_filter_read *arg, const char *hook,
		       const char *group)
{
	int ret = name_put(arg->name, hook);

	if (!ret && group)
		ret = *group ? name_put(arg->group, group) : -EINVAL;
	return ret ? ret : evring_ioctl(ev, EVRING_IOC_FILTER, arg);
}

int evring_hook_limits(struct evring *ev, const char *hook, const char *group,
		       struct evring_limits *limits)
{
	struct evring_filter_read arg = { .room = 0 };
	int ret = filter_call(ev, &arg, hook, group);

	*limits = arg.limits;
	return ret;
}

int evring_hook_filter(struct evring *ev, const char *hook, const char *group,
		       char text[EVRING_TEXT_MAX])
{
	struct evring_filter_read arg = { .room = EVRING_PROGRAM_MAX };
	struct evring_program *program = calloc(1, EVRING_PROGRAM_MAX);
	int ret;

	if (!program)
		return -ENOMEM;
	arg.to = (uintptr_t)program;
	ret = filter_call(ev, &arg, hook, group);
	text[0] = '\0';
	if (!ret && arg.len)
		ret = arg.len > EVRING_PROGRAM_MAX ? -EPROTO : program_text(program, arg.len, text);
	free(program);
	return ret;
}

int evring_hook_filters(struct evring *ev, const char *hook)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };
	int ret = hook_call(ev, &arg, hook, NULL);

	return ret < 0 ? ret : (int)arg.filters;
}

int evring_detach(struct evring *ev, const char *hook, const char *group)
{
	struct evring_hook arg = { .op = EVRING_HOOK_DETACH };

	return hook_call(ev, &arg, hook, group);
}

int evring_hook_state(struct evring *ev, const char *hook)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };

	return hook_call(ev, &arg, hook, NULL);
}

static void text_put(char *to, size_t room, const char text[EVRING_WHY_MAX])
{
	size_t len = strnlen(text, EVRING_WHY_MAX);

	if (!room)
		return;
	if (len >= room)
		len = room - 1;
	memcpy(to, text, len);
	to[len] = '\0';
}

int evring_hook_why(struct evring *ev, const char *hook, char *why, size_t room)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };
	int ret = hook_call(ev, &arg, hook, NULL);

	if (ret >= 0)
		text_put(why, room, arg.why);
	return ret;
}

int evring_owners(struct evring *ev, const char *hook)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };
	int ret = hook_call(ev, &arg, hook, NULL);

	return ret < 0 ? ret : (int)arg.owners;
}

int evring_has(struct evring *ev, const char *hook, const char *group)
{
	struct evring_hook arg = { .op = EVRING_HOOK_QUERY };
	int ret = hook_call(ev, &arg, hook, group);

	return ret < 0 ? ret : (int)arg.has;
}

/* @program: the owner's own, of @len bytes */
static bool same_filter(const struct evring_filter *filter, const void *program, uint32_t len)
{
	const struct evring_program *wanted = filter ? evring_filter_program(filter) : NULL;

	if (!wanted)
		return !len;
	return len == wanted->len && !memcmp(program, wanted, len);
}

static bool same_limits(const struct evring_limits *limits, const struct evring_limits *own)
{
	static const struct evring_limits none;

	if (!limits)
		limits = &none;
	return limits->sample == own->sample && limits->rate == own->rate &&
	       limits->burst == own->burst && limits->per == own->per;
}

int evring_attached(struct evring *ev, const struct evring_attachment *how)
{
	struct evring_filter_read read = { .room = EVRING_PROGRAM_MAX };
	struct evring_hook hook = { .op = EVRING_HOOK_QUERY };
	int lane = how->lane ? evring_lane_by_name(ev, how->lane) : -1, ret;
	void *program;

	if (how->lane && lane < 0)
		return -ENXIO;
	ret = hook_call(ev, &hook, how->hook, how->group);
	if (ret < 0 || !(hook.has & EVRING_HAS_HOOK) || (lane >= 0 && hook.lane != lane))
		return ret < 0 ? ret : 0;
	program = malloc(EVRING_PROGRAM_MAX);
	if (!program)
		return -ENOMEM;
	read.to = (uintptr_t)program;
	ret = filter_call(ev, &read, how->hook, how->group);
	if (!ret)
		ret = read.len <= EVRING_PROGRAM_MAX &&
		      same_filter(how->filter, program, read.len) &&
		      same_limits(how->limits, &read.limits);
	free(program);
	return ret;
}

int evring_give(struct evring *ev, const char *name, uint32_t uid)
{
	struct evring_give give = { .uid = uid };
	int ret = name_put(give.name, name);

	if (!ret && evring_lacks(ev, EVRING_FEATURE_GIVE))
		return -ENOSYS;
	return ret ? ret : evring_ioctl(ev, EVRING_IOC_GIVE, &give);
}

int evring_drop(struct evring *ev, const char *name)
{
	struct evring_drop drop = { 0 };
	int ret = name_put(drop.name, name);

	return ret ? ret : evring_ioctl(ev, EVRING_IOC_DROP, &drop);
}
