// SPDX-License-Identifier: MIT
/*
 * A hook's owners: the administrator and groups. It is attached for as long as
 * one of them has it, and its events go into one lane, whoever asks for another.
 */
#include "device.h"

#define HOOK	"process.exit"

FIXTURE(owners) {
	struct evring *ev;		/* the administrator's; a tap of all lanes */
	struct evring *one, *two;	/* groups "one" and "two" */
};

static struct evring *joined(const char *name)
{
	const struct evring_group group = {
		.name = name, .lanes = APP, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};
	struct evring *ev;

	if (evring_open(&ev, NULL) || evring_join(ev, &group))
		abort();
	return ev;
}

FIXTURE_SETUP(owners)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->ev, HOOK, NULL));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK | APP, EVRING_LATEST));
	self->one = joined("one");
	self->two = joined("two");
}

FIXTURE_TEARDOWN(owners)
{
	evring_detach(self->ev, HOOK, NULL);
	evring_close(self->one);
	evring_close(self->two);
	evring_close(self->ev);
	groups_drop();
}

/* The lane that the exit of a process is told in, -1 if it is not told. */
static int told_in(struct evring *ev)
{
	struct evring_event event;
	int lane = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	while (evring_next(ev, &event) > 0)
		if (event.type && !strcmp(event.type->name, HOOK) && event.rec->pid == (uint32_t)pid)
			lane = event.lane;
	return lane;
}

TEST_F(owners, of_two_groups_one_detaches_and_the_hook_stays)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", -1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->two, HOOK, "two", -1));
	EXPECT_EQ(2, evring_owners(self->ev, HOOK));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->one, HOOK, "one"));
	EXPECT_EQ(1, evring_owners(self->ev, HOOK));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
	/* A second detach by the same owner does not detach the other's. */
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->one, HOOK, "one"));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->ev, HOOK, NULL));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->two, HOOK, "two"));
	EXPECT_EQ(0, evring_owners(self->ev, HOOK));
	EXPECT_EQ(-1, told_in(self->ev));
}

TEST_F(owners, the_administrator_and_a_group_have_it_each_for_itself)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, NULL, -1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", -1));
	EXPECT_EQ(2, evring_owners(self->ev, HOOK));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->ev, HOOK, NULL));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, NULL, -1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->one, HOOK, "one"));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->ev, HOOK, NULL));
	EXPECT_EQ(-1, told_in(self->ev));
}

TEST_F(owners, a_group_that_is_dropped_takes_its_hooks_along)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", -1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->two, HOOK, "two", -1));
	/* A group that nobody reads just now still wants its events. */
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, evring_leave(self->two));
	EXPECT_EQ(2, evring_owners(self->ev, HOOK));
	ASSERT_EQ(0, evring_drop(self->ev, "one"));
	EXPECT_EQ(1, evring_owners(self->ev, HOOK));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
	ASSERT_EQ(0, evring_drop(self->ev, "two"));
	EXPECT_EQ(0, evring_owners(self->ev, HOOK));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_hook_state(self->ev, HOOK));
	EXPECT_EQ(-1, told_in(self->ev));
	/* Another group in its place owns nothing. */
	evring_close(self->one);
	self->one = joined("another");
	EXPECT_EQ(0, evring_owners(self->ev, HOOK));
	EXPECT_EQ(-ENOENT, evring_attach(self->ev, HOOK, "one", -1));
}

TEST_F(owners, a_group_that_is_dropped_leaves_the_administrator_the_hook)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, NULL, -1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", -1));
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, evring_drop(self->ev, "one"));
	EXPECT_EQ(1, evring_owners(self->ev, HOOK));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
}

TEST_F(owners, no_owner_moves_it_into_another_lane_over_anothers_head)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", LANE_BULK));
	EXPECT_EQ(LANE_BULK, told_in(self->ev));
	EXPECT_EQ(-EBUSY, evring_attach(self->two, HOOK, "two", LANE_APP));
	EXPECT_EQ(-EBUSY, evring_attach(self->ev, HOOK, NULL, LANE_APP));
	EXPECT_EQ(1, evring_owners(self->ev, HOOK));
	EXPECT_EQ(LANE_BULK, told_in(self->ev));
	/* An owner that names the same lane, or none, is accepted. */
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->two, HOOK, "two", LANE_BULK));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, NULL, -1));
	EXPECT_EQ(3, evring_owners(self->ev, HOOK));
	EXPECT_EQ(-EBUSY, evring_attach(self->one, HOOK, "one", LANE_APP));
	EXPECT_EQ(LANE_BULK, told_in(self->ev));
	/* Its last owner may; without any it is in its own lane again. */
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->two, HOOK, "two"));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->ev, HOOK, NULL));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->one, HOOK, "one", LANE_APP));
	EXPECT_EQ(LANE_APP, told_in(self->ev));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->one, HOOK, "one"));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, NULL, -1));
	EXPECT_EQ(LANE_CRITICAL, told_in(self->ev));
}

TEST_HARNESS_MAIN
