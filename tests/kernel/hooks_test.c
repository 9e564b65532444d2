// SPDX-License-Identifier: MIT
/* Hooks as such: attached they emit, detached they do not, and neither leaves a trace. */
#include <limits.h>
#include <sys/mount.h>

#include "life.h"

TEST_F(hooks, attach_and_detach_are_idempotent)
{
	const struct evring_type *type;
	struct evring *other;
	int i, round;

	for (i = 0; i < HOOKS; i++) {
		for (round = 0; round < 2; round++)
			EXPECT_EQ(0, hook_op(self->ev, names[i], EVRING_HOOK_DETACH));
		EXPECT_EQ(0, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
		ASSERT_LT(0, evring_types(self->ev));
		type = evring_type_by_name(self->ev, names[i]);
		EXPECT_EQ(0, type->flags & EVRING_TYPE_F_ATTACHED);
		for (round = 0; round < 2; round++)
			EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_ATTACH));
		EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
		ASSERT_LT(0, evring_types(self->ev));
		EXPECT_EQ(EVRING_TYPE_F_ATTACHED, type->flags & EVRING_TYPE_F_ATTACHED);
		/* It is the host's, not the session's. */
		ASSERT_EQ(0, evring_open(&other, NULL));
		EXPECT_EQ(1, hook_op(other, names[i], EVRING_HOOK_ATTACH));
		evring_close(other);
		EXPECT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_QUERY));
	}
}

/* 0 or the errno: not every kernel has each knob, or lets it be turned. */
static int knob_set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = errno;
	close(fd);
	return ret;
}

/* Five processes come and go: how often does the hook say so? */
static unsigned int exits_of_five(struct evring *ev)
{
	unsigned int i, n = 0;

	for (i = 0; i < 5; i++) {
		struct life *life = live(ev, exec_argv, (char *[]){ "/bin/true", "true", NULL });

		n += life->kept[EXIT].n;
		free(life);
	}
	return n;
}

/* Switches that silence other kinds of probes, before the hooks were attached and after */
TEST_F(hooks, a_hook_in_state_attached_emits_with_any_switch_off)
{
	static const char *const knobs[] = {
		"/proc/sys/kernel/ftrace_enabled", "/sys/kernel/debug/kprobes/enabled",
	};
	unsigned int i;
	int ret;

	if (mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) && errno != EBUSY)
		abort();
	for (i = 0; i < 2; i++) {
		ret = knob_set(knobs[i], "0");
		if (ret) {
			note("%s stays on: %s", knobs[i], strerror(ret));
			continue;
		}
		EXPECT_EQ(EVRING_HOOK_ATTACHED, evring_hook_state(self->ev,
								  names[EXIT]));
		EXPECT_EQ(5, exits_of_five(self->ev));
		hooks_all(self->ev, EVRING_HOOK_DETACH);
		EXPECT_EQ(EVRING_HOOK_DETACHED, evring_hook_state(self->ev,
								  names[EXIT]));
		EXPECT_EQ(0, exits_of_five(self->ev));
		hooks_all(self->ev, EVRING_HOOK_ATTACH);
		EXPECT_EQ(5, exits_of_five(self->ev));
		EXPECT_EQ(0, knob_set(knobs[i], "1"));
		EXPECT_EQ(5, exits_of_five(self->ev));
	}
}

TEST_F(hooks, a_detached_hook_emits_nothing)
{
	uint64_t seq[2];
	unsigned int cpu;
	int i;

	hooks_all(self->ev, EVRING_HOOK_DETACH);
	for (cpu = 0; cpu < 2; cpu++)
		seq[cpu] = ring_get(LANE_CRITICAL, cpu).seq;
	for (i = 0; i < 20; i++)
		free(live(self->ev, exec_argv, (char *[]){ "/bin/true", "true", NULL }));
	for (cpu = 0; cpu < 2; cpu++)
		EXPECT_EQ(seq[cpu], ring_get(LANE_CRITICAL, cpu).seq);
}

TEST_F(hooks, each_hook_emits_its_own_event_alone)
{
	struct life *life;
	int i, j;

	for (i = 0; i < HOOKS; i++) {
		hooks_all(self->ev, EVRING_HOOK_DETACH);
		ASSERT_EQ(1, hook_op(self->ev, names[i], EVRING_HOOK_ATTACH));
		life = live(self->ev, exec_argv, (char *[]){ "/bin/true", "true", NULL });
		for (j = 0; j < HOOKS; j++)
			EXPECT_EQ(i == j, life->kept[j].n);
		free(life);
	}
}

/*
 * Attach all hooks: how many are neither attached nor say why not? tests/check-kernels
 * keeps the notes, which say of an attached one which point it does without.
 */
static unsigned int attach_each(struct evring *ev, int nr)
{
	const struct evring_type *type;
	char why[EVRING_WHY_MAX];
	unsigned int bad = 0;
	int id = 0, state, now;

	while ((type = next_hook(ev, &id, nr))) {
		state = evring_attach(ev, type->name, NULL, -1);
		now = evring_hook_why(ev, type->name, why, sizeof(why));
		if (state == EVRING_HOOK_ATTACHED) {
			bad += now != EVRING_HOOK_ATTACHED;
			note("hook %s: attached%s%s", type->name, why[0] ? ", but " : "", why);
			continue;
		}
		if ((state != -EOPNOTSUPP && state != EVRING_HOOK_ABSENT) ||
		    now != EVRING_HOOK_ABSENT || !why[0])
			bad++;
		note("hook %s: %s", type->name, why);
	}
	return bad;
}

/* How many hooks are in a state, and of these, do all say why? */
static unsigned int in_state(struct evring *ev, int nr, int state, bool *all_say_why)
{
	const struct evring_type *type;
	char why[EVRING_WHY_MAX];
	unsigned int n = 0;
	int id = 0;

	*all_say_why = true;
	while ((type = next_hook(ev, &id, nr))) {
		if (evring_hook_why(ev, type->name, why, sizeof(why)) != state)
			continue;
		n++;
		*all_say_why &= why[0] != '\0';
	}
	return n;
}

static bool probes_stand_on_ftrace(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	bool found = false;
	char line[512];

	if (!symbols)
		abort();
	while (!found && fgets(line, sizeof(line), symbols))
		found = strstr(line, " kprobe_ftrace_handler\n");
	fclose(symbols);
	return found;
}

/* Hooks on functions are disarmed while a knob is off, and attached after it; tracepoints stay. */
TEST_F(hooks, each_hook_is_attached_or_says_why_not)
{
	static const char *const knobs[] = {
		"/proc/sys/kernel/ftrace_enabled", "/sys/kernel/debug/kprobes/enabled",
	};
	int nr = evring_types(self->ev), id = 0;
	const struct evring_type *type;
	unsigned int i, attached, disarmed;
	bool said;

	ASSERT_LT(0, nr);
	EXPECT_EQ(0, attach_each(self->ev, nr));
	attached = in_state(self->ev, nr, EVRING_HOOK_ATTACHED, &said);
	EXPECT_LE(HOOKS, attached);
	EXPECT_EQ(0, in_state(self->ev, nr, EVRING_HOOK_DISARMED, &said));
	for (i = 0; i < 2; i++) {
		if (knob_set(knobs[i], "0"))
			continue;
		disarmed = in_state(self->ev, nr, EVRING_HOOK_DISARMED, &said);
		note("%s off: %u disarmed", knobs[i], disarmed);
		/* Where probes do not stand on ftrace its knob does not reach them. */
		EXPECT_EQ(i || probes_stand_on_ftrace(), disarmed > 0);
		EXPECT_TRUE(said);
		EXPECT_EQ(attached - disarmed,
			  in_state(self->ev, nr, EVRING_HOOK_ATTACHED, &said));
		EXPECT_EQ(0, knob_set(knobs[i], "1"));
		EXPECT_EQ(attached, in_state(self->ev, nr, EVRING_HOOK_ATTACHED, &said));
	}
	while ((type = next_hook(self->ev, &id, nr)))
		EXPECT_LE(0, evring_detach(self->ev, type->name, NULL));
	EXPECT_EQ(0, in_state(self->ev, nr, EVRING_HOOK_ATTACHED, &said));
	EXPECT_EQ(-ENOENT, evring_hook_why(self->ev, "no.such", (char [8]){ 0 }, 8));
}

TEST_HARNESS_MAIN
