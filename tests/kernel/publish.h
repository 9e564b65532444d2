/* SPDX-License-Identifier: MIT */
/*
 * Applications that publish on CPU 0: events of which a reader sees whether they are whole,
 * users with a type each, and a group that holds the lane.
 */
#ifndef EVRING_TEST_PUBLISH_H
#define EVRING_TEST_PUBLISH_H

#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "device.h"

#define COMMON		((uint32_t)sizeof(struct evring_common))
#define PUBLISH_GID	4711
#define UID(i)		(5000u + (i))
#define GROUP		"publish"

/* An event: the sum is over the text, which is of the number's length and letter. */
struct told {
	uint64_t number;
	uint32_t sum;
	struct evring_str text;
};

static const struct evring_field fields[] = {
	{ .name = "number", .kind = EVRING_KIND_U64, .offset = 0, .size = 8 },
	{ .name = "sum", .kind = EVRING_KIND_U32, .format = EVRING_FORMAT_HEX, .offset = 8,
	  .size = 4 },
	{ .name = "text", .kind = EVRING_KIND_TEXT, .offset = 12, .size = 4 },
};

struct event {
	struct told fixed;
	char text[1024];
};

static inline uint32_t sum_of(const char *text, uint32_t len)
{
	uint32_t sum = len;

	while (len--)
		sum = sum * 31 + (uint8_t)*text++;
	return sum;
}

static inline size_t event_fill(struct event *e, uint64_t number)
{
	uint16_t len = (uint16_t)(number * 37 % 300);

	memset(e->text, 'a' + (int)(number % 26), len);
	e->fixed = (struct told){
		.number = number, .sum = sum_of(e->text, len),
		.text = { .offset = sizeof(e->fixed), .len = len },
	};
	return sizeof(e->fixed) + len;
}

/* Of a type of this user, called after him: "u5000.told" */
static inline const struct evring_type *type_make(struct evring_publisher *pub, unsigned int flags)
{
	char name[32];
	const struct evring_type *type, like = {
		.name = name, .version = 1, .size = sizeof(struct told), .fields = fields,
		.nr_fields = ARRAY_SIZE(fields),
	};

	snprintf(name, sizeof(name), "u%u.told", getuid());
	return evring_type_register(pub, &like, flags, &type) ? NULL : type;
}

static inline int publish(struct evring_publisher *pub, const struct evring_type *type,
			  uint64_t number)
{
	struct event e;
	size_t len = event_fill(&e, number);

	return evring_publish(pub, type, &e, len);
}

/* The number of a whole event, and *@uid of its publisher; -1: it is not whole */
static inline int64_t event_number(const struct evring_event *event, uint32_t *uid)
{
	const struct evring_common *common = event->payload;
	const struct told *told = (const void *)(common + 1);
	const char *text = (const char *)event->payload + COMMON + sizeof(*told);

	if (event->payload_len < COMMON + sizeof(*told) ||
	    event->payload_len != COMMON + sizeof(*told) + told->text.len ||
	    (told->text.len && told->text.offset != COMMON + sizeof(*told)) ||
	    told->text.len != told->number * 37 % 300 ||
	    told->sum != sum_of(text, told->text.len))
		return -1;
	*uid = common->uid;
	return (int64_t)told->number;
}

static inline void become(unsigned int uid)
{
	gid_t gid = PUBLISH_GID;

	if (setgroups(1, &gid) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(100);
	prctl(PR_SET_DUMPABLE, 1);
}

/* Make the node, as udev does elsewhere. */
static inline void node_prepare(void)
{
	if (chown(EVRING_PUBLISH_DEVICE, 0, PUBLISH_GID) || chmod(EVRING_PUBLISH_DEVICE, 0220))
		abort();
}

/* One that holds what it has not committed */
static inline struct evring *reader(const char *name, uint32_t lanes)
{
	const struct evring_group group = {
		.name = name, .lanes = lanes, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};
	struct evring *ev;

	if (evring_open(&ev, NULL) || evring_join(ev, &group))
		abort();
	return ev;
}

static inline uint64_t lost_in(unsigned int lane)
{
	uint64_t lost = 0;
	unsigned int cpu, cause;
	struct evring_meta meta;

	meta_get(&meta);
	for (cpu = 0; cpu < meta.nr_cpus; cpu++)
		for (cause = 0; cause < 4; cause++)
			lost += lost_get(lane, cpu, cause);
	return lost;
}

FIXTURE(publish) {
	struct evring_publisher *pub;
	const struct evring_type *type;
	struct evring *ev;
	uint64_t lost;
};

FIXTURE_SETUP(publish)
{
	node_prepare();
	ASSERT_EQ(0, pin(0));
	groups_drop();
	self->ev = reader(GROUP, APP);
	self->lost = lost_in(LANE_APP);
	ASSERT_EQ(0, evring_publisher_open(&self->pub, NULL, O_NONBLOCK));
	self->type = type_make(self->pub, 0);
	ASSERT_NE(NULL, self->type);
}

FIXTURE_TEARDOWN(publish)
{
	EXPECT_EQ(self->lost, lost_in(LANE_APP));
	evring_publisher_close(self->pub);
	evring_close(self->ev);
	groups_drop();
}

/* The next events are @n, from @first on. */
static inline bool reads(struct evring *ev, uint64_t first, unsigned int n)
{
	struct evring_event event;
	uint32_t uid;

	for (; n; n--, first++)
		if (evring_next(ev, &event) != 1 || event_number(&event, &uid) != (int64_t)first)
			return false;
	return true;
}

static inline bool is_empty(struct evring *ev)
{
	struct evring_event event;

	return !evring_next(ev, &event);
}

/* Publishes until there is no room. Returns the next number. */
static inline uint64_t fill(struct evring_publisher *pub, const struct evring_type *type,
			    uint64_t from)
{
	while (!publish(pub, type, from))
		from++;
	return from;
}

/* Attempts on the lane's rings */
static inline uint64_t attempts(void)
{
	struct evring_meta meta;
	uint64_t sum = 0;
	unsigned int cpu;

	meta_get(&meta);
	for (cpu = 0; cpu < meta.nr_cpus; cpu++)
		sum += ring_get(LANE_APP, cpu).seq;
	return sum;
}

/* Wait until the writer waits: it sleeps, and the attempts do not move. */
static inline void until_it_waits(pid_t pid)
{
	uint64_t seq;

	do {
		seq = attempts();
		usleep(20000);
	} while (!seq || state_of(pid) != 'S' || seq != attempts());
}

#endif /* EVRING_TEST_PUBLISH_H */
