// SPDX-License-Identifier: MIT
/*
 * A hook's owners: the administrator and groups. It is attached for as long as
 * one of them has it, and its events go into one lane, also if an owner asks for another.
 */
#include <grp.h>
#include <pthread.h>

#include "device.h"
#include "stalled.h"

#define HOOK		"process.exit"
#define QUIET		"file.open"	/* leaves owners out */
#define EVRING_GID	900		/* in the guest's /etc/group */
#define DAEMON		65534		/* a user without a capability */
#define OTHER		65533

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

/*
 * A group that was given to a user
 */

static void as(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(EVRING_GID, EVRING_GID, EVRING_GID) ||
	    setresuid(uid, uid, uid))
		abort();
}

static int join_as(uid_t uid, struct evring **ev)
{
	const struct evring_group group = {
		.name = "one", .lanes = APP, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};

	as(uid);
	return evring_open(ev, NULL) ? -EBADF : evring_join(*ev, &group);
}

static int bits(const int *results, const int *expected, unsigned int nr)
{
	unsigned int i;
	int wrong = 0;

	for (i = 0; i < nr; i++)
		wrong |= (results[i] != expected[i]) << i;
	return wrong;
}

/* A bit for each call that did not do as it should */
static void daemon_without_capability(void *unused)
{
	const struct evring_attachment how = { .hook = HOOK, .group = "one" };
	static const int expected[] = {
		0, EVRING_HAS_HOOK, 1, -EPERM, -EPERM, -EPERM, EVRING_HOOK_DETACHED, 0,
	};
	int results[sizeof(expected) / sizeof(expected[0])];
	struct evring *ev;

	results[0] = join_as(DAEMON, &ev);
	results[1] = evring_has(ev, HOOK, "one");
	results[2] = evring_attached(ev, &how);
	results[3] = evring_attach_with(ev, &how);
	results[4] = evring_detach(ev, HOOK, NULL);
	results[5] = evring_detach(ev, HOOK, "two");
	results[6] = evring_detach(ev, HOOK, "one");
	results[7] = evring_has(ev, HOOK, "one");
	_exit(bits(results, expected, sizeof(expected) / sizeof(expected[0])));
}

TEST_F(owners, the_user_of_a_group_reads_it_and_detaches_its_hooks_and_no_others)
{
	EXPECT_EQ(-ENOENT, evring_give(self->ev, "nosuch", DAEMON));
	EXPECT_EQ(-EINVAL, evring_give(self->ev, "one", (uint32_t)-1));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, "one", -1));
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, evring_give(self->ev, "one", DAEMON));
	EXPECT_EQ(EVRING_GROUP_GIVEN, group_get("one").flags);
	EXPECT_EQ(DAEMON, group_get("one").uid);
	EXPECT_EQ(0, in_child(daemon_without_capability, NULL));
	EXPECT_EQ(EVRING_GROUP_GIVEN, group_get("one").flags);
	EXPECT_EQ(2, group_get("one").generation);
}

static void another_user(void *unused)
{
	static const int expected[] = { -EPERM, -EPERM, -EPERM, -EPERM };
	int results[sizeof(expected) / sizeof(expected[0])];
	struct evring *ev;

	results[0] = join_as(OTHER, &ev);
	results[1] = evring_detach(ev, HOOK, "one");
	results[2] = evring_drop(ev, "one");
	results[3] = evring_give(ev, "one", OTHER);
	_exit(bits(results, expected, sizeof(expected) / sizeof(expected[0])));
}

static void drop_as_user(void *unused)
{
	struct evring *ev;

	as(DAEMON);
	_exit(evring_open(&ev, NULL) || evring_drop(ev, "two") != -EPERM || evring_drop(ev, "one"));
}

TEST_F(owners, no_other_user_gets_a_group_that_is_given)
{
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, HOOK, "one", -1));
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, evring_leave(self->two));
	ASSERT_EQ(0, evring_give(self->ev, "one", DAEMON));
	EXPECT_EQ(0, in_child(another_user, NULL));
	EXPECT_EQ(EVRING_HAS_HOOK, evring_has(self->ev, HOOK, "one"));
	/* The administrator does, and the user may drop it. */
	evring_close(self->one);
	self->one = joined("one");
	ASSERT_EQ(0, evring_leave(self->one));
	EXPECT_EQ(0, in_child(drop_as_user, NULL));
	EXPECT_EQ(0, evring_owners(self->ev, HOOK));
	/* It was that group, and no other of its name. */
	evring_close(self->one);
	self->one = joined("one");
	EXPECT_EQ(0, group_get("one").flags);
	EXPECT_EQ(0, group_get("one").uid);
}

#define EXECUTE	'x'

TEST_F(owners, a_group_is_given_though_a_join_of_it_waits)
{
	struct stalled stalled = {
		.fd = open(EVRING_DEVICE, O_RDONLY | O_CLOEXEC),
		.join = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	struct uffd_msg message;
	pthread_t thread;

	ASSERT_LE(0, stalled.fd);
	ASSERT_NE(MAP_FAILED, stalled.join);
	*stalled.join = (struct evring_join){
		.name = "one", .lanes = APP, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};
	if (!page_stalls(&stalled))
		SKIP(return, "this kernel's userfaultfd cannot protect a page from being written");
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, pthread_create(&thread, NULL, stalled_joins, &stalled));
	ASSERT_EQ(sizeof(message), read(stalled.uffd, &message, sizeof(message)));
	EXPECT_EQ(0, evring_give(self->ev, "one", DAEMON));
	ASSERT_TRUE(page_protect(&stalled, false));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	/* It is an administrator's. */
	EXPECT_EQ(0, stalled.result);
	EXPECT_EQ(DAEMON, group_get("one").uid);
	close(stalled.uffd);
	close(stalled.fd);
}

/* A process that owns the group, and opens a file for each byte that it gets, but for EXECUTE */
struct opener {
	int orders[2], done[2];
	pid_t pid;
};

/* From now on the process is a shell, which has the group's session open. */
static void opener_execs(const struct opener *opener, struct evring *ev)
{
	if (fcntl(evring_fd(ev), F_SETFD, 0) || dup2(opener->orders[0], 0) != 0 ||
	    dup2(opener->done[1], 1) != 1)
		abort();
	execl("/bin/sh", "sh", "-c", "while read -r order; do : </dev/null; echo; done", NULL);
	abort();
}

static void opener_run(const struct opener *opener)
{
	struct evring *ev;
	char byte = (char)join_as(DAEMON, &ev);

	while (write(opener->done[1], &byte, 1) == 1 && read(opener->orders[0], &byte, 1) == 1) {
		if (byte == EXECUTE)
			opener_execs(opener, ev);
		close(open("/dev/null", O_RDONLY));
	}
	_exit(0);
}

/* The result of its join; its events before that are read. */
static int opener_start(struct evring *ev, struct opener *opener)
{
	struct evring_event event;
	char byte;

	if (pipe(opener->orders) || pipe(opener->done))
		abort();
	opener->pid = fork();
	if (!opener->pid) {
		close(opener->orders[1]);
		opener_run(opener);
	}
	if (opener->pid < 0 || read(opener->done[0], &byte, 1) != 1)
		abort();
	while (evring_next(ev, &event) > 0)
		;
	return byte;
}

static void opener_stop(struct opener *opener)
{
	close(opener->orders[1]);
	if (waitpid(opener->pid, NULL, 0) != opener->pid)
		abort();
}

/* Is its open told? */
static bool opener_is_told(struct evring *ev, struct opener *opener)
{
	struct evring_event event;
	bool told = false;
	char byte = '\n';

	if (write(opener->orders[1], &byte, 1) != 1 || read(opener->done[0], &byte, 1) != 1)
		abort();
	while (evring_next(ev, &event) > 0)
		told |= event.type && !strcmp(event.type->name, QUIET) &&
			event.rec->pid == (uint32_t)opener->pid;
	return told;
}

TEST_F(owners, hooks_do_not_leave_out_another_program_that_an_owner_executes)
{
	struct opener opener;

	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, QUIET, "one", -1));
	ASSERT_EQ(0, evring_leave(self->one));
	ASSERT_EQ(0, evring_give(self->ev, "one", DAEMON));
	ASSERT_EQ(0, opener_start(self->ev, &opener));
	EXPECT_FALSE(opener_is_told(self->ev, &opener));
	ASSERT_EQ(1, write(opener.orders[1], (char[]){ EXECUTE }, 1));
	EXPECT_TRUE(opener_is_told(self->ev, &opener));
	/* Though it has the group still */
	EXPECT_EQ(opener.pid, (pid_t)group_get("one").owner);
	opener_stop(&opener);
	evring_detach(self->ev, QUIET, "one");
}

TEST_F(owners, hooks_leave_out_the_user_of_a_group_that_is_given)
{
	struct opener opener;

	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach(self->ev, QUIET, "one", -1));
	ASSERT_EQ(0, evring_leave(self->one));
	/* Not yet: any reader could hide so. */
	ASSERT_EQ(0, opener_start(self->ev, &opener));
	EXPECT_TRUE(opener_is_told(self->ev, &opener));
	/* To another user: its owner stays, and stays in sight. */
	ASSERT_EQ(0, evring_give(self->ev, "one", OTHER));
	EXPECT_TRUE(opener_is_told(self->ev, &opener));
	ASSERT_EQ(0, evring_give(self->ev, "one", DAEMON));
	EXPECT_FALSE(opener_is_told(self->ev, &opener));
	ASSERT_EQ(0, evring_give(self->ev, "one", OTHER));
	EXPECT_TRUE(opener_is_told(self->ev, &opener));
	opener_stop(&opener);
	ASSERT_EQ(0, evring_give(self->ev, "one", DAEMON));
	ASSERT_EQ(0, opener_start(self->ev, &opener));
	EXPECT_FALSE(opener_is_told(self->ev, &opener));
	opener_stop(&opener);
	evring_detach(self->ev, QUIET, "one");
}

TEST_F(owners, an_owner_knows_what_it_has)
{
	const struct evring_limits limits = { .sample = 7 }, others = { .sample = 8 };
	struct evring_attachment how = { .hook = HOOK, .group = "one" };
	struct evring_filter *filter, *other;
	const struct evring_type *type = evring_type_by_name(self->ev, HOOK);

	ASSERT_EQ(0, evring_filter_compile(&filter, type, "uid == 1", NULL));
	ASSERT_EQ(0, evring_filter_compile(&other, type, "uid == 2", NULL));
	EXPECT_EQ(0, evring_has(self->ev, HOOK, "one"));
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach_with(self->one, &how));
	EXPECT_EQ(EVRING_HAS_HOOK, evring_has(self->ev, HOOK, "one"));
	EXPECT_EQ(0, evring_has(self->ev, HOOK, "two"));
	EXPECT_EQ(0, evring_has(self->ev, HOOK, NULL));
	EXPECT_EQ(1, evring_attached(self->ev, &how));
	how.filter = filter;
	how.limits = &limits;
	how.lane = "bulk";
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach_with(self->one, &how));
	EXPECT_EQ(1, evring_attached(self->ev, &how));
	how.lane = "app";
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	how.lane = NULL;
	EXPECT_EQ(1, evring_attached(self->ev, &how));
	how.limits = &others;
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	how.limits = &limits;
	how.filter = other;
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	how.filter = NULL;
	EXPECT_EQ(0, evring_attached(self->ev, &how));
	evring_filter_free(filter);
	evring_filter_free(other);
}

TEST_F(owners, a_snapshot_was_asked_for_since_the_owner_has_the_hook)
{
	const struct evring_attachment how = { .hook = "process.state", .group = "one" };
	uint32_t number;

	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach_with(self->one, &how));
	EXPECT_EQ(EVRING_HAS_HOOK, evring_has(self->ev, how.hook, "one"));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_snapshot(self->one, &how, &number));
	EXPECT_EQ(EVRING_HAS_HOOK | EVRING_HAS_SNAPSHOT, evring_has(self->ev, how.hook, "one"));
	/* To attach again loses nothing, and to detach all of it. */
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach_with(self->one, &how));
	EXPECT_EQ(EVRING_HAS_HOOK | EVRING_HAS_SNAPSHOT, evring_has(self->ev, how.hook, "one"));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->one, how.hook, "one"));
	EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_attach_with(self->one, &how));
	EXPECT_EQ(EVRING_HAS_HOOK, evring_has(self->ev, how.hook, "one"));
	EXPECT_EQ(EVRING_HOOK_DETACHED, evring_detach(self->one, how.hook, "one"));
}

TEST_HARNESS_MAIN
