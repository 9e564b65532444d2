/* SPDX-License-Identifier: MIT */
/* The process hooks, attached, and their events of one process: its life. */
#ifndef EVRING_TEST_LIFE_H
#define EVRING_TEST_LIFE_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "device.h"
#include "load.h"

#define PAYLOAD_MAX	16384
#define MS		1000000ull

enum { FORK, EXEC, EXIT, HOOKS };

static const char *const names[HOOKS] = {
	[FORK] = "process.fork", [EXEC] = "process.exec", [EXIT] = "process.exit",
};

FIXTURE(hooks) {
	struct evring *ev;
};

static inline void hooks_all(struct evring *ev, unsigned int op)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (hook_op(ev, names[i], op) != (op == EVRING_HOOK_ATTACH))
			abort();
}

FIXTURE_SETUP(hooks)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	hooks_all(self->ev, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(hooks)
{
	hooks_all(self->ev, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* The hooks that there are, one after another from *@id on; NULL past the last one */
static inline const struct evring_type *next_hook(struct evring *ev, int *id, int nr)
{
	const struct evring_type *type;

	while (*id < nr) {
		type = evring_type(ev, (unsigned int)(*id)++);
		if (type && (type->flags & EVRING_TYPE_F_HOOK))
			return type;
	}
	return NULL;
}

/* An event, kept */
struct kept {
	unsigned int n;		/* how many there were; this is the last one */
	unsigned int order;	/* among all events, from 1 */
	struct evring_event event;
	struct evring_rec rec;
	char payload[PAYLOAD_MAX];
};

/* The events of one process */
struct life {
	pid_t pid;
	int status;		/* as wait4() told it */
	struct rusage usage;
	unsigned int forks;	/* of its own */
	struct kept kept[HOOKS];
};

static inline void keep(struct kept *kept, const struct evring_event *event, unsigned int order)
{
	kept->n++;
	kept->order = order;
	kept->event = *event;
	kept->rec = *event->rec;
	if (event->payload_len > sizeof(kept->payload))
		abort();
	memcpy(kept->payload, event->payload, event->payload_len);
	kept->event.rec = &kept->rec;
	kept->event.payload = kept->payload;
}

static inline uint64_t event_number(const struct evring_event *event, const char *name)
{
	const struct evring_field *field = evring_field(event->type, name);
	uint64_t value;

	if (!field || evring_get_number(event, field, &value))
		abort();
	return value;
}

static inline uint64_t number(const struct kept *kept, const char *name)
{
	return event_number(&kept->event, name);
}

/* A string field, as far as there is room for it */
static inline size_t string(const struct kept *kept, const char *name, char *to, size_t room)
{
	const struct evring_field *field = evring_field(kept->event.type, name);
	const char *str;
	size_t len;

	if (!field || evring_get_string(&kept->event, field, &str, &len))
		abort();
	memset(to, 0, room);
	memcpy(to, str, len < room ? len : room - 1);
	return len;
}

static inline int kind_of(const struct evring_event *event)
{
	int i;

	for (i = 0; i < HOOKS && event->type; i++)
		if (!strcmp(event->type->name, names[i]))
			return i;
	return -1;
}

/* Read all events, and keep those of life->pid. */
static inline void life_read(struct evring *ev, struct life *life)
{
	struct evring_event event;
	unsigned int order = 0;
	int kind;

	while (evring_next(ev, &event) > 0) {
		kind = kind_of(&event);
		if (kind < 0)
			continue;
		order++;
		if (kind == FORK && event_number(&event, "child_pid") == (uint64_t)life->pid)
			keep(&life->kept[FORK], &event, order);
		else if (kind == FORK && event.rec->pid == (uint32_t)life->pid)
			life->forks++;
		else if (kind != FORK && event.rec->pid == (uint32_t)life->pid)
			keep(&life->kept[kind], &event, order);
	}
}

/* Fork, let the child run @fn, wait, and read the events of it. */
static inline struct life *live(struct evring *ev, void (*fn)(void *arg), void *arg)
{
	struct life *life = calloc(1, sizeof(*life));

	fflush(NULL);
	life->pid = fork();
	if (!life->pid) {
		fn(arg);
		_exit(0);
	}
	if (wait4(life->pid, &life->status, 0, &life->usage) != life->pid)
		abort();
	life_read(ev, life);
	return life;
}

static inline ino_t inode(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		abort();
	return st.st_ino;
}

static inline void exec_argv(void *argv)
{
	char **args = argv;

	execv(args[0], args + 1);
	_exit(127);
}

static inline void exit_with(void *code)
{
	_exit(*(int *)code);
}

static inline void die_of(void *signal)
{
	raise(*(int *)signal);
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static inline void *thread_idle(void *unused)
{
	pause();
	return NULL;
}

#endif /* EVRING_TEST_LIFE_H */
