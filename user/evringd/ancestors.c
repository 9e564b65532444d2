/* SPDX-License-Identifier: MIT */
/*
 * Ancestors: the programs of the parent and of those above it: parent_path, and
 * ancestors, the nearest first. They come from a table of processes that the events
 * process.fork, process.exec and process.state make, so these are among "hooks", best
 * with hooks.snapshot. A process is its pid and when it began, which is never another's.
 * What the table does not know is absent; above it nothing is known either.
 */
#include "transforming.h"

#include "shape.h"

#include <stdlib.h>

#define SLOTS 16384u			/* lists, by pid and start */
#define PROCESSES_MAX 65536u		/* the oldest go for new ones */
#define PATH_LONGEST 256		/* a longer one keeps its end */
#define DEPTH 8
#define NONE UINT32_MAX

/* Which process: @start is 0 if that is not known. */
struct who {
	uint64_t pid, start;
};

struct process {
	struct who who, parent;
	uint32_t next;			/* in the slot's list */
	uint16_t path_len;		/* 0: not known */
	char path[PATH_LONGEST];
};

struct table {
	uint32_t nr, newest;		/* entries are used in a circle */
	uint32_t slots[SLOTS];
	struct process *processes;
	char texts[DEPTH * (PATH_LONGEST + 1)];
};

static const char *const no_options[] = { NULL };

static uint32_t slot_of(const struct who *who)
{
	return (uint32_t)((who->pid * 0x9e3779b97f4a7c15ULL ^ who->start) >> 20) % SLOTS;
}

static struct process *find(const struct table *table, const struct who *who)
{
	uint32_t i;

	for (i = who->start ? table->slots[slot_of(who)] : NONE; i != NONE;
	     i = table->processes[i].next)
		if (table->processes[i].who.pid == who->pid &&
		    table->processes[i].who.start == who->start)
			return &table->processes[i];
	return NULL;
}

static void unlink_one(struct table *table, uint32_t number)
{
	uint32_t *at = &table->slots[slot_of(&table->processes[number].who)];

	while (*at != number)
		at = &table->processes[*at].next;
	*at = table->processes[number].next;
}

static struct process *find_or_add(struct table *table, const struct who *who)
{
	struct process *process = find(table, who);
	uint32_t number, *slot;

	if (process || !who->start)
		return process;
	if (table->nr < PROCESSES_MAX) {
		number = table->nr++;
		if (!(number & (number - 1)))
			table->processes = xgrow(table->processes, number, number ? 2 * number : 1,
						 sizeof(*table->processes));
	} else {
		number = table->newest = (table->newest + 1) % PROCESSES_MAX;
		unlink_one(table, number);
	}
	process = &table->processes[number];
	*process = (struct process){ .who = *who };
	slot = &table->slots[slot_of(who)];
	process->next = *slot;
	*slot = number;
	return process;
}

/*
 * Events
 */

/* 0: the event does not have it. */
static uint64_t number_of(const struct evring_event *event, const char *name)
{
	const struct evring_field *field = evring_field(event->type, name);
	uint64_t value;

	return field && !evring_get_number(event, field, &value) ? value : 0;
}

static struct who self_of(const struct evring_event *event)
{
	return (struct who){ .pid = event->rec->pid, .start = number_of(event, "start_time") };
}

static void set_path(struct process *process, const struct evring_event *event)
{
	const struct evring_field *field = evring_field(event->type, "path");
	const char *path;
	size_t len, cut;

	if (!field || evring_get_string(event, field, &path, &len) || !len)
		return;
	cut = len > PATH_LONGEST ? len - PATH_LONGEST : 0;
	process->path_len = (uint16_t)(len - cut);
	memcpy(process->path, path + cut, process->path_len);
}

/* A process, its parent and its program, of process.exec and process.state */
static void see_program(struct table *table, const struct evring_event *event)
{
	struct who who = self_of(event);
	struct process *process;

	/* A refused exec has changed nothing. */
	if (number_of(event, "result"))
		return;
	process = find_or_add(table, &who);
	if (!process)
		return;
	process->parent = (struct who){
		.pid = number_of(event, "ppid"), .start = number_of(event, "parent_start_time"),
	};
	set_path(process, event);
}

/* The child runs its parent's program. */
static void see_fork(struct table *table, const struct evring_event *event)
{
	const struct who parent = self_of(event), child = {
		.pid = number_of(event, "child_pid"),
		.start = number_of(event, "child_start_time"),
	};
	struct process *process = find_or_add(table, &child), *from;

	if (!process)
		return;
	/* A thread is no child. */
	if (child.pid == parent.pid)
		return;
	process->parent = parent;
	from = find(table, &parent);
	if (!from)
		return;
	process->path_len = from->path_len;
	memcpy(process->path, from->path, from->path_len);
}

static void ancestors_see(struct transform *t, const struct evring_event *event)
{
	const char *name = event->type->name;

	if (strncmp(name, "process.", 8))
		return;
	if (!strcmp(name + 8, "fork"))
		see_fork(t->own, event);
	else if (!strcmp(name + 8, "exec") || !strcmp(name + 8, "state"))
		see_program(t->own, event);
}

static const struct process *parent_of(const struct table *table, const struct evring_event *event)
{
	const struct who who = self_of(event);
	const struct process *process = find(table, &who);

	return process ? find(table, &process->parent) : NULL;
}

static const char *parent_path(struct transform *t, const struct draft_field *field,
			       const struct evring_event *event, size_t *len)
{
	const struct process *parent = parent_of(t->own, event);

	(void)field;
	*len = parent ? parent->path_len : 0;
	return *len ? parent->path : NULL;
}

/* With NULs between. A process that is its own ancestor ends it, too: there are DEPTH. */
static const char *all_paths(struct transform *t, const struct draft_field *field,
			     const struct evring_event *event, size_t *len)
{
	struct table *table = t->own;
	const struct process *at = parent_of(table, event);
	unsigned int depth;

	(void)field;
	for (depth = 0, *len = 0; at && at->path_len && depth < DEPTH; depth++) {
		memcpy(table->texts + *len, at->path, at->path_len);
		*len += at->path_len;
		table->texts[(*len)++] = '\0';
		at = find(table, &at->parent);
	}
	return *len ? table->texts : NULL;
}

static void add(struct transform *t, struct draft *draft, const char *name, uint16_t kind,
		field_text *text)
{
	struct draft_field *field = draft_find(draft, name) ? NULL : draft_add(draft, name, kind);

	if (!field)
		return;
	field->maker = t;
	field->text = text;
}

/* Of types whose events a process causes */
static void ancestors_reshape(struct transform *t, struct draft *draft)
{
	if (!evring_field(draft->type, "start_time"))
		return;
	add(t, draft, "parent_path", EVRING_KIND_TEXT, parent_path);
	add(t, draft, "ancestors", EVRING_KIND_TEXTS, all_paths);
}

static bool ancestors_parse(struct transform *t, const struct options *options)
{
	struct table *table = xzalloc(sizeof(*table));

	(void)options;
	memset(table->slots, 0xff, sizeof(table->slots));
	table->newest = PROCESSES_MAX - 1;
	t->own = table;
	return true;
}

static void ancestors_release(struct transform *t)
{
	struct table *table = t->own;

	free(table->processes);
	free(table);
}

const struct transform_kind ancestors = {
	"Ancestors", .options = no_options, .local = true, .parse = ancestors_parse,
	.see = ancestors_see, .reshape = ancestors_reshape, .release = ancestors_release,
};
