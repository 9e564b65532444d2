// SPDX-License-Identifier: MIT
/*
 * A user who floods a lane that a group holds keeps nobody from publishing: not other users,
 * and not the kernel. The module is loaded with a small lane for applications.
 */
#include <signal.h>

#include "publish.h"

#define WRITERS		8
#define NR_OF_EACH	3000

/* Eight users; the first one floods until it is killed, the others publish so many. */
static void flood(void *unused)
{
	struct evring_publisher *pub;
	const struct evring_type *type;
	uint64_t i;

	become(UID(0));
	if (evring_publisher_open(&pub, NULL, 0) || !(type = type_make(pub, 0)))
		_exit(1);
	for (i = 0; !publish(pub, type, i); i++)
		;
	_exit(2);
}

static void some(void *arg)
{
	struct evring_publisher *pub;
	const struct evring_type *type;
	uint64_t i;

	become(UID((unsigned int)(uintptr_t)arg));
	if (evring_publisher_open(&pub, NULL, 0) || !(type = type_make(pub, 0)))
		_exit(1);
	for (i = 0; i < NR_OF_EACH; i++)
		if (publish(pub, type, i))
			_exit(2);
}

struct tally {
	uint64_t next[WRITERS];
	bool wrong;
};

/* Read all events, count them by user, and commit. */
static void drain(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	unsigned int left = 200;
	int64_t number;
	uint32_t uid = 0;

	while (left-- && evring_next(ev, &event) == 1) {
		number = event_number(&event, &uid);
		if (number < 0 || uid < UID(0) || uid >= UID(WRITERS) || event.missed ||
		    number != (int64_t)tally->next[uid - UID(0)]++)
			tally->wrong = true;
	}
	if (evring_commit(ev))
		tally->wrong = true;
}

/* The kernel's events meanwhile: those that were emitted, and those that came, in their order */
struct kernel_tally {
	uint64_t emitted, read, next;
	bool wrong;
};

static void kernel_drain(struct evring *ev, struct kernel_tally *tally)
{
	struct evring_event event;
	const struct torture_event *e;

	while (evring_next(ev, &event) == 1) {
		e = event.payload;
		if (event.missed || !event.type || strcmp(event.type->name, TORTURE_TYPE) ||
		    !torture_whole(&event)) {
			tally->wrong = true;
			continue;
		}
		tally->wrong |= tally->read && e->count != tally->next;
		tally->next = e->count + 1;
		tally->read++;
	}
	if (evring_commit(ev))
		tally->wrong = true;
}

/* The others publish, the kernel too, and the flooder does not end. */
static void drain_until_done(struct __test_metadata *_metadata, struct evring *ev,
			     struct evring *kernel, struct tally *tally, struct kernel_tally *own,
			     pid_t flooder)
{
	unsigned int left = WRITERS - 1;
	int status;
	pid_t pid;

	while (left) {
		drain(ev, tally);
		ASSERT_EQ(0, emit(10, 100));
		own->emitted += 10;
		kernel_drain(kernel, own);
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			continue;
		EXPECT_NE(flooder, pid);
		EXPECT_EQ(0, status);
		left--;
	}
}

TEST_F(publish, a_user_who_floods_leaves_room_for_seven_others)
{
	struct evring *kernel = reader("kernel", CRITICAL);
	uint64_t lost = lost_in(LANE_CRITICAL), before;
	struct kernel_tally own = { 0 };
	struct tally tally = { 0 };
	pid_t flooder;
	unsigned int i;
	cpu_set_t all;
	int status;

	memset(&all, 0xff, sizeof(all));
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
	flooder = child_start(flood, NULL);
	/* It has its part, and waits: only then do the others come. */
	until_it_waits(flooder);
	for (i = 1; i < WRITERS; i++)
		child_start(some, (void *)(uintptr_t)i);
	/* The kernel's events are of one CPU, and so have one count. */
	ASSERT_EQ(0, pin(0));
	drain_until_done(_metadata, self->ev, kernel, &tally, &own, flooder);
	ASSERT_EQ(0, kill(flooder, SIGKILL));
	ASSERT_EQ(flooder, waitpid(flooder, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	for (before = ~0ull; before != tally.next[0]; ) {
		before = tally.next[0];
		drain(self->ev, &tally);
	}
	EXPECT_FALSE(tally.wrong);
	EXPECT_LT(0, tally.next[0]);
	for (i = 1; i < WRITERS; i++)
		EXPECT_EQ(NR_OF_EACH, tally.next[i]);
	/* Each of the kernel's is there, and no attempt failed. */
	kernel_drain(kernel, &own);
	EXPECT_FALSE(own.wrong);
	EXPECT_LT(0, own.emitted);
	EXPECT_EQ(own.emitted, own.read);
	EXPECT_EQ(lost, lost_in(LANE_CRITICAL));
	evring_close(kernel);
	note("the flooder published %llu, kernel events meanwhile: %llu",
	     (unsigned long long)tally.next[0], (unsigned long long)own.read);
}

/* Bytes that an event of this number takes on a ring */
static uint64_t size_of(uint64_t number)
{
	struct event e;

	return ALIGN8(sizeof(struct evring_rec) + COMMON + event_fill(&e, number));
}

static uint64_t part_of_user(void)
{
	unsigned int percent = 0;
	FILE *file = fopen("/sys/module/evring/parameters/user_percent", "r");

	if (!file || fscanf(file, "%u", &percent) != 1)
		abort();
	fclose(file);
	return ring_size(LANE_APP) * percent / 100;
}

/* Publish without waiting: so many bytes, which must find room, or until there is none. */
struct share {
	unsigned int user;
	uint64_t bytes;		/* 0: until there is no room */
	uint64_t *events;	/* shared: how many they were */
};

static void publish_share(void *arg)
{
	const struct share *share = arg;
	struct evring_publisher *pub;
	const struct evring_type *type;
	uint64_t number = 0, sum;

	become(UID(share->user));
	if (evring_publisher_open(&pub, NULL, O_NONBLOCK) || !(type = type_make(pub, 0)))
		_exit(1);
	if (!share->bytes)
		number = fill(pub, type, 0);
	for (sum = 0; sum + size_of(number) <= share->bytes; number++) {
		sum += size_of(number);
		if (publish(pub, type, number))
			_exit(2);
	}
	*share->events = number;
}

/* To the byte, though nobody commits anything */
TEST_F(publish, a_user_who_floods_has_his_part_of_the_ring_and_no_more)
{
	uint64_t part = part_of_user(), sum, number, read;
	uint64_t *events = mmap(NULL, WRITERS * sizeof(*events), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct share share = { 0 };

	ASSERT_NE(MAP_FAILED, events);
	share.events = events;
	ASSERT_EQ(0, in_child(publish_share, &share));
	for (number = sum = 0; number < events[0]; number++)
		sum += size_of(number);
	EXPECT_GE(part, sum);
	EXPECT_LT(part, sum + size_of(number));
	/* The rest is the others': half of the ring, as the group holds a segment from its middle. */
	for (share.user = 1; share.user < WRITERS; share.user++) {
		share.events = events + share.user;
		share.bytes = ring_size(LANE_APP) / 2 / WRITERS;
		EXPECT_EQ(0, in_child(publish_share, &share)) TH_LOG("user %u", share.user);
	}
	for (share.user = 0; share.user < WRITERS; share.user++) {
		read = events[share.user];
		EXPECT_LT(0, read);
		EXPECT_TRUE(reads(self->ev, 0, (unsigned int)read)) TH_LOG("user %u", share.user);
	}
	EXPECT_TRUE(is_empty(self->ev));
	munmap(events, WRITERS * sizeof(*events));
}

TEST_HARNESS_MAIN
