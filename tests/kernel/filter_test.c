// SPDX-License-Identifier: MIT
/*
 * Filters in the kernel: the events of process.exit that come for several owners, while
 * filters change, and by programs that no library made.
 */
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../harness/filter_attach.h"
#include "device.h"
#include "load.h"

#define HOOK		"process.exit"
#define GROUP		"filter-test"
#define CODES		256

FIXTURE(filter) {
	struct evring *ev;
	struct evring *other;
	const struct evring_type *type;
};

FIXTURE_SETUP(filter)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(0, evring_open(&self->other, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	self->type = evring_type_by_name(self->ev, HOOK);
	ASSERT_NE(NULL, self->type);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(filter)
{
	evring_detach(self->ev, HOOK, NULL);
	evring_close(self->ev);
	evring_close(self->other);
	groups_drop();
}

/* Attach the hook for a group, NULL: the administrator, with a filter or NULL. */
static int attach(struct evring *ev, const char *group, const char *expression)
{
	const struct evring_attachment how = { .hook = HOOK, .group = group };

	return attach_expression(ev, how, expression);
}

/* A process that ends with this code; its end is in the ring when this returns. */
static pid_t end_with(int code, const char *comm, uid_t uid)
{
	pid_t pid = fork();

	if (!pid) {
		if (comm)
			prctl(PR_SET_NAME, comm);
		if (uid && setresuid(uid, uid, uid))
			_exit(255);
		_exit(code);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	return pid;
}

static uint64_t number_of(const struct evring_event *event, const char *name)
{
	uint64_t value;

	if (evring_get_number(event, evring_field(event->type, name), &value))
		abort();
	return value;
}

/* Count those of our children's ends that come, by their code; all that there is now. */
static void read_codes(struct evring *ev, unsigned int codes[CODES])
{
	struct evring_event event;
	int ret;

	memset(codes, 0, CODES * sizeof(*codes));
	while ((ret = evring_next(ev, &event)) > 0)
		if (event.type && !strcmp(event.type->name, HOOK) &&
		    number_of(&event, "ppid") == (uint64_t)getpid())
			codes[number_of(&event, "exit_code") % CODES]++;
	if (ret)
		abort();
}

static uint64_t filtered(struct evring *ev)
{
	if (evring_types(ev) < 0)
		abort();
	return evring_type_by_name(ev, HOOK)->filtered;
}

static void join_other(struct evring *ev)
{
	const struct evring_group group = {
		.name = GROUP, .lanes = CRITICAL, .policy = EVRING_FOLLOW, .start = EVRING_LATEST,
	};

	if (evring_join(ev, &group))
		abort();
}

TEST_F(filter, only_wanted_events_come_and_the_rest_is_counted)
{
	unsigned int codes[CODES], i;
	uint64_t before = filtered(self->ev);

	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "exit_code == 42 && signal == 0"));
	for (i = 0; i < 100; i++)
		end_with(i % 2 ? 42 : 7, NULL, 0);
	read_codes(self->ev, codes);
	EXPECT_EQ(50, codes[42]);
	EXPECT_EQ(0, codes[7]);
	EXPECT_LE(before + 50, filtered(self->ev));
	EXPECT_EQ(1, evring_hook_filters(self->ev, HOOK));
}

TEST_F(filter, an_event_that_one_owner_wants_comes)
{
	unsigned int codes[CODES], i;

	join_other(self->other);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "exit_code == 1"));
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, GROUP, "exit_code == 2"));
	EXPECT_EQ(2, evring_hook_filters(self->ev, HOOK));
	for (i = 0; i < 30; i++)
		end_with(1 + i % 3, NULL, 0);
	read_codes(self->ev, codes);
	EXPECT_EQ(10, codes[1]);
	EXPECT_EQ(10, codes[2]);
	EXPECT_EQ(0, codes[3]);

	/* One owner goes, with its filter. */
	ASSERT_EQ(EVRING_HOOK_ATTACHED, evring_detach(self->ev, HOOK, NULL));
	for (i = 0; i < 30; i++)
		end_with(1 + i % 3, NULL, 0);
	read_codes(self->ev, codes);
	EXPECT_EQ(0, codes[1]);
	EXPECT_EQ(10, codes[2]);
	EXPECT_EQ(0, codes[3]);

	/* An owner without a filter wants all of them. */
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, NULL));
	EXPECT_EQ(1, evring_hook_filters(self->ev, HOOK));
	for (i = 0; i < 30; i++)
		end_with(1 + i % 3, NULL, 0);
	read_codes(self->ev, codes);
	EXPECT_EQ(10, codes[1]);
	EXPECT_EQ(10, codes[2]);
	EXPECT_EQ(10, codes[3]);

	/* Dropping the group takes its filter along. */
	ASSERT_EQ(0, evring_leave(self->other));
	ASSERT_EQ(0, evring_drop(self->ev, GROUP));
	EXPECT_EQ(0, evring_hook_filters(self->ev, HOOK));
}

TEST_F(filter, a_filter_is_read_back_and_replaced)
{
	char text[EVRING_TEXT_MAX];

	EXPECT_EQ(0, evring_hook_filter(self->ev, HOOK, NULL, text));
	EXPECT_EQ(-ENOENT, evring_hook_filter(self->ev, HOOK, "nobody", text));
	EXPECT_EQ(-ENOENT, evring_hook_filter(self->ev, "process", NULL, text));
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "comm ~ \"b*\""));
	EXPECT_EQ(11, evring_hook_filter(self->ev, HOOK, NULL, text));
	EXPECT_STREQ("comm ~ \"b*\"", text);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "uid == 0"));
	EXPECT_EQ(8, evring_hook_filter(self->ev, HOOK, NULL, text));
	EXPECT_STREQ("uid == 0", text);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, NULL));
	EXPECT_EQ(0, evring_hook_filter(self->ev, HOOK, NULL, text));
}

/* Filters that both want an event, in turns: it comes each time. */
struct turns {
	struct evring *ev;
	bool stop;
	unsigned long done;
};

static void *take_turns(void *arg)
{
	static const char *const filters[] = {
		"exit_code == 5 && uid == 0", NULL, "exit_code in (5, 6) || comm ~ \"x*\"",
		"exit_code == 5 && !(signal == 9)",
	};
	struct turns *turns = arg;

	while (!__atomic_load_n(&turns->stop, __ATOMIC_RELAXED))
		if (attach(turns->ev, NULL, filters[turns->done++ % 4]) != EVRING_HOOK_ATTACHED)
			abort();
	return NULL;
}

TEST_F(filter, nothing_is_missed_while_filters_change)
{
	struct turns turns = { .ev = self->other };
	unsigned int codes[CODES], i, came = 0, others = 0, ends = rounds(500);
	pthread_t thread;

	ASSERT_LT(0, evring_types(self->other));
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "exit_code == 5"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_turns, &turns));
	for (i = 0; i < ends; i++) {
		end_with(5, NULL, 0);
		if (i % 50)
			continue;
		read_codes(self->ev, codes);
		came += codes[5];
	}
	__atomic_store_n(&turns.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	read_codes(self->ev, codes);
	came += codes[5];
	for (i = 0; i < CODES; i++)
		others += i == 5 ? 0 : codes[i];
	EXPECT_EQ(ends, came);
	EXPECT_EQ(0, others);
	note("%lu filters in turn", turns.done);
}

/*
 * Programs that no library made
 */

static int attach_program(struct evring *ev, const void *program)
{
	struct evring_hook hook = { .name = HOOK, .op = EVRING_HOOK_ATTACH };

	hook.filter = (uintptr_t)program;
	return call(evring_fd(ev), EVRING_IOC_HOOK, &hook);
}

TEST_F(filter, an_invalid_program_is_refused_and_changes_nothing)
{
	struct evring_program *good = program_copy(self->type, "exit_code == 9");
	struct evring_insn *insn = (void *)((char *)good + good->insns.offset);
	unsigned int codes[CODES];

	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "exit_code == 8"));
	EXPECT_EQ(-EFAULT, attach_program(self->ev, (void *)8));
	EXPECT_EQ(-EFAULT, attach_program(self->ev, (void *)~7ul));
	good->version++;
	EXPECT_EQ(-ESTALE, attach_program(self->ev, good));
	good->version--;
	good->magic++;
	EXPECT_EQ(-EINVAL, attach_program(self->ev, good));
	good->magic--;
	good->len = EVRING_PROGRAM_MAX + 8;
	EXPECT_EQ(-E2BIG, attach_program(self->ev, good));
	good->len = 0;
	EXPECT_EQ(-EINVAL, attach_program(self->ev, good));
	good->len = (uint32_t)(good->text.offset + good->text.count + 7) & ~7u;
	insn->yes = 0;
	EXPECT_EQ(-EINVAL, attach_program(self->ev, good));
	insn->yes = EVRING_INSN_ACCEPT;
	insn->offset = (uint16_t)self->type->size;
	EXPECT_EQ(-EINVAL, attach_program(self->ev, good));
	end_with(8, NULL, 0);
	end_with(9, NULL, 0);
	read_codes(self->ev, codes);
	EXPECT_EQ(1, codes[8]);
	EXPECT_EQ(0, codes[9]);
	free(good);
}

TEST_F(filter, spoilt_programs_do_no_harm)
{
	static const char *const expressions[] = {
		"exit_code in (1, 2, 5..9) && comm ~ (\"*[a-z]*\", \"?x\") || uid == 0",
		"comm contains \"a\" || comm startswith (\"b\", \"cc\") || cgroup & 1 == 0",
	};
	struct evring_program *good[2] = {
		program_copy(self->type, expressions[0]), program_copy(self->type, expressions[1]),
	};
	uint8_t spoilt[1024] __attribute__((aligned(8)));
	unsigned int i, j, taken = 0, flips, len, programs = rounds(20000);
	pid_t load = load_start();

	srandom(54321);
	for (i = 0; i < programs; i++) {
		len = good[i % 2]->len;
		ASSERT_LE(len, sizeof(spoilt));
		memcpy(spoilt, good[i % 2], len);
		flips = 1 + (unsigned int)random() % 3;
		for (j = 0; j < flips; j++)
			spoilt[8 + (unsigned int)random() % (len - 8)] ^=
				(uint8_t)(1u << random() % 8);
		if (!attach_program(self->ev, spoilt))
			taken++;
	}
	load_stop(load);
	free(good[0]);
	free(good[1]);
	EXPECT_LT(0, taken);
	EXPECT_GT(programs, taken);
	note("%u of %u spoilt programs were still some", taken, programs);
}

TEST_F(filter, only_the_privileged_set_filters_and_anyone_reads_them)
{
	char text[EVRING_TEXT_MAX];

	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self->ev, NULL, "uid == 0"));
	ASSERT_EQ(0, seteuid(1000));
	EXPECT_EQ(-EPERM, attach(self->ev, NULL, "uid == 1"));
	EXPECT_EQ(8, evring_hook_filter(self->ev, HOOK, NULL, text));
	EXPECT_STREQ("uid == 0", text);
	ASSERT_EQ(0, seteuid(0));
}

/*
 * Limits
 */

static int limit(struct evring *ev, const char *expression, const struct evring_limits *limits)
{
	const struct evring_attachment how = { .hook = HOOK, .limits = limits };

	return attach_expression(ev, how, expression);
}

/* Count our children's ends that come, and the events that are lost for a cause. */
static void read_limited(struct evring *ev, unsigned int *came, uint64_t *lost,
			 unsigned int cause)
{
	struct evring_event event;
	struct evring_lost told;

	/* A query makes the hook tell all suppressed events. */
	if (evring_hook_state(ev, HOOK) < 0)
		abort();
	*came = 0;
	*lost = 0;
	while (evring_next(ev, &event) > 0) {
		if (event.rec->type == EVRING_TYPE_LOST) {
			memcpy(&told, event.payload, sizeof(told));
			if (told.causes == 1u << cause)
				*lost += told.count;
		} else if (event.type && !strcmp(event.type->name, HOOK)) {
			(*came)++;
		}
	}
}

TEST_F(filter, events_outside_of_the_sample_are_told_as_lost)
{
	const struct evring_limits limits = { .sample = 10 };
	unsigned int came, i;
	uint64_t lost;

	/* Only we have children that end so. */
	ASSERT_EQ(EVRING_HOOK_ATTACHED, limit(self->ev, "exit_code == 77", &limits));
	for (i = 0; i < 200; i++)
		end_with(77, NULL, 0);
	read_limited(self->ev, &came, &lost, EVRING_LOST_SAMPLED);
	EXPECT_EQ(200, came + lost);
	EXPECT_LE(20, came);
	EXPECT_GE(20 + (unsigned int)sysconf(_SC_NPROCESSORS_CONF), came);
}

TEST_F(filter, each_user_has_a_rate_of_its_own)
{
	/* A burst of five, and hardly one more for as long as a test can take */
	const struct evring_limits limits = { .rate = 1, .burst = 5, .per = EVRING_PER_UID };
	struct timespec begun, ended;
	unsigned int came, i;
	uint64_t lost, more;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, limit(self->ev, "exit_code == 78", &limits));
	for (i = 0; i < 90; i++)
		end_with(78, NULL, 1 + i % 3);
	read_limited(self->ev, &came, &lost, EVRING_LOST_RATE);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	more = 3 * (uint64_t)(ended.tv_sec - begun.tv_sec + 1);
	EXPECT_EQ(90, came + lost);
	EXPECT_LE(15, came);
	EXPECT_GE(15 + more, came);
}

#define LOUD	"/sys/fs/cgroup/evring-loud"
#define QUIET	"/sys/fs/cgroup/evring-quiet"

/* A process that ends in this cgroup; its end is in the ring when this returns. */
static void end_in(const char *cgroup, int code)
{
	char procs[128];
	pid_t pid;
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	pid = fork();
	if (!pid) {
		fd = open(procs, O_WRONLY);
		_exit(fd < 0 || write(fd, "0", 1) != 1 ? 255 : code);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
}

static uint64_t cgroup_id(const char *path)
{
	struct stat st;

	if ((mkdir(path, 0755) && errno != EEXIST) || stat(path, &st))
		abort();
	return st.st_ino;
}

TEST_F(filter, each_cgroup_has_a_rate_of_its_own)
{
	/* Two bursts of the same user; see the test above. */
	const struct evring_limits limits = {
		.rate = 1, .burst = 6, .per = EVRING_PER_CGROUP,
	};
	uint64_t loud = cgroup_id(LOUD), quiet = cgroup_id(QUIET), lost = 0, more, cgroup;
	unsigned int i, came[2] = { 0 }, others = 0;
	struct evring_event event;
	struct evring_lost told;
	int64_t begun = now_ms();

	ASSERT_EQ(EVRING_HOOK_ATTACHED, limit(self->ev, "exit_code == 79", &limits));
	for (i = 0; i < 66; i++)
		end_in(i % 11 == 10 ? QUIET : LOUD, 79);
	more = (uint64_t)(now_ms() - begun) / 1000 + 1;
	/* A query makes the hook tell all suppressed events. */
	ASSERT_LE(0, evring_hook_state(self->ev, HOOK));
	while (evring_next(self->ev, &event) > 0) {
		if (event.rec->type == EVRING_TYPE_LOST) {
			memcpy(&told, event.payload, sizeof(told));
			EXPECT_EQ(1u << EVRING_LOST_RATE, told.causes);
			lost += told.count;
		} else if (event.type && !strcmp(event.type->name, HOOK)) {
			cgroup = number_of(&event, "cgroup");
			came[cgroup == quiet] += cgroup == quiet || cgroup == loud;
			others += cgroup != quiet && cgroup != loud;
		}
	}
	rmdir(LOUD);
	rmdir(QUIET);
	EXPECT_EQ(0, others);
	EXPECT_EQ(6, came[1]);
	EXPECT_EQ(60, came[0] + lost);
	EXPECT_LE(6, came[0]);
	EXPECT_GE(6 + more, came[0]);
}

TEST_HARNESS_MAIN
