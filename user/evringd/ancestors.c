/* SPDX-License-Identifier: MIT */
/*
 * Ancestors: the programs of the parent and of those above it, the nearest first: their
 * paths, their arguments and when they began. They come from a table of processes that the
 * events process.fork, process.exec and process.state make, so these are among "hooks",
 * best with hooks.snapshot. A process is its pid and its start time, a pair that no other
 * process has. A process that the table does not know is absent, and so are those above it.
 */
#include "transforming.h"

#include "jsontext.h"
#include "shape.h"
#include "text.h"

#include <stdlib.h>

#define SLOTS 16384u			/* lists, by pid and start */
#define PROCESSES_MAX 65536u		/* the oldest go for new ones */
#define PATH_LONGEST 256u		/* a longer one keeps its end */
/* Arguments: all of them, or the first and the last bytes of longer ones */
#define ARGS_BEGIN 384u
#define ARGS_END 128u
#define ARGS_LONGEST (ARGS_BEGIN + ARGS_END)
#define GAP " ..."			/* where a line is cut */
#define LINE_LONGEST (ARGS_LONGEST + sizeof(GAP) + 1)
#define DEPTH 8
#define NONE UINT32_MAX

/* The program of a process. Its child runs the same, until it executes another. */
struct program {
	uint32_t users;
	uint16_t path_len, args_len, end_len;	/* 0: not known; end_len: or there is none */
	bool cut;				/* not all arguments are here */
	bool path_redacted, args_redacted, end_redacted;
	char text[];				/* the path, the arguments, the end of them */
};

/* Which process: @start is 0 if that is not known. */
struct who {
	uint64_t pid, start;
};

struct process {
	struct who who, parent;
	uint32_t next;			/* in the slot's list */
	struct program *program;	/* NULL: not known */
};

struct table {
	uint32_t nr, newest;		/* entries are used in a circle */
	uint32_t slots[SLOTS];
	struct process *processes;
	/* Those above @of, as they were before the table changed again */
	bool fresh;
	struct who of;
	unsigned int nr_above;
	const struct process *above[DEPTH];
	char texts[DEPTH * LINE_LONGEST];
};

static const char *const no_options[] = { NULL };

static void program_put(struct program *program)
{
	if (program && !--program->users)
		free(program);
}

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

static void remove_one(struct table *table, uint32_t number)
{
	uint32_t *at = &table->slots[slot_of(&table->processes[number].who)];

	while (*at != number)
		at = &table->processes[*at].next;
	*at = table->processes[number].next;
	program_put(table->processes[number].program);
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
		remove_one(table, number);
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

/* A part of an event's text; nothing, if it does not have it */
struct part {
	const char *text;
	size_t len;
	bool redacted;
};

static struct part part_of(const struct evring_event *event, const char *name)
{
	const struct evring_field *field = evring_field(event->type, name);
	struct part part = { 0 };

	if (!field || evring_get_string(event, field, &part.text, &part.len))
		return (struct part){ .text = "" };
	part.redacted = evring_field_redacted(event, field);
	return part;
}

static struct part first_of(struct part part, size_t longest)
{
	size_t len = whole_characters(part.text, part.len, longest);

	return (struct part){ part.text, len, part.redacted };
}

/* In the middle of a character, as UTF-8 has it */
static bool is_inside(const struct part *part, size_t at)
{
	return at < part->len && (part->text[at] & 0xc0) == 0x80;
}

static struct part last_of(struct part part, size_t longest)
{
	size_t at = part.len > longest ? part.len - longest : 0, begin = at;

	while (begin && at - begin < 3 && is_inside(&part, at))
		at++;
	return (struct part){ part.text + at, part.len - at, part.redacted };
}

/* NULL: nothing of it is known. */
static struct program *program_new(const struct part *path, const struct part *args,
				   const struct part *end, bool cut)
{
	struct program *program;

	if (!path->len && !args->len && !end->len && !cut)
		return NULL;
	program = xalloc(sizeof(*program) + path->len + args->len + end->len);
	*program = (struct program){
		.users = 1, .cut = cut, .path_len = (uint16_t)path->len,
		.args_len = (uint16_t)args->len, .end_len = (uint16_t)end->len,
		.path_redacted = path->redacted, .args_redacted = args->redacted,
		.end_redacted = end->redacted,
	};
	memcpy(program->text, path->text, path->len);
	memcpy(program->text + path->len, args->text, args->len);
	memcpy(program->text + path->len + args->len, end->text, end->len);
	return program;
}

static struct program *program_of(const struct evring_event *event)
{
	struct part path = last_of(part_of(event, "path"), PATH_LONGEST);
	struct part args = part_of(event, "argv"), end = { .text = "" };
	bool cut = number_of(event, "argv_truncated");

	if (cut)
		end = last_of(part_of(event, "argv_end"), ARGS_END);
	else if (args.len > ARGS_LONGEST)
		end = last_of(args, ARGS_END);
	if (cut || end.len)
		args = first_of(args, ARGS_BEGIN);
	return program_new(&path, &args, &end, cut || end.len);
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
	program_put(process->program);
	process->program = program_of(event);
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
	/* A thread is no child; an exec that was read before is the later one. */
	if (child.pid == parent.pid || process->program)
		return;
	process->parent = parent;
	from = find(table, &parent);
	if (!from || !from->program)
		return;
	process->program = from->program;
	process->program->users++;
}

static void ancestors_see(struct transform *t, const struct evring_event *event)
{
	const char *name = event->type->name;
	struct table *table = t->own;

	if (strncmp(name, "process.", 8))
		return;
	if (!strcmp(name + 8, "fork"))
		see_fork(table, event);
	else if (!strcmp(name + 8, "exec") || !strcmp(name + 8, "state"))
		see_program(table, event);
	else
		return;
	table->fresh = false;
}

/*
 * Fields
 */

/* How many are above the event's process: table->above. One that is its own ancestor ends it. */
static unsigned int look_up(struct table *table, const struct evring_event *event)
{
	const struct who who = self_of(event);
	const struct process *at;

	if (table->fresh && table->of.pid == who.pid && table->of.start == who.start)
		return table->nr_above;
	table->fresh = true;
	table->of = who;
	table->nr_above = 0;
	at = find(table, &who);
	while (at && table->nr_above < DEPTH) {
		at = find(table, &at->parent);
		if (!at || !at->program)
			break;
		table->above[table->nr_above++] = at;
	}
	return table->nr_above;
}

static const struct program *parent_of(struct table *table, const struct evring_event *event)
{
	return look_up(table, event) ? table->above[0]->program : NULL;
}

static const char *parent_path(struct transform *t, const struct draft_field *field,
			       const struct evring_event *event, size_t *len)
{
	const struct program *parent = parent_of(t->own, event);

	(void)field;
	*len = parent ? parent->path_len : 0;
	return *len ? parent->text : NULL;
}

static const char *parent_argv(struct transform *t, const struct draft_field *field,
			       const struct evring_event *event, size_t *len)
{
	const struct program *parent = parent_of(t->own, event);

	(void)field;
	*len = parent ? parent->args_len : 0;
	return *len ? parent->text + parent->path_len : NULL;
}

static const char *parent_argv_end(struct transform *t, const struct draft_field *field,
				   const struct evring_event *event, size_t *len)
{
	const struct program *parent = parent_of(t->own, event);

	(void)field;
	*len = parent ? parent->end_len : 0;
	return *len ? parent->text + parent->path_len + parent->args_len : NULL;
}

static bool parent_argv_truncated(struct transform *t, const struct evring_event *event,
				  uint64_t *value)
{
	const struct program *parent = parent_of(t->own, event);

	*value = parent && parent->cut;
	return parent;
}

/* Of all of them, side by side: an unknown text is empty */
static const char *all_of(struct transform *t, const struct evring_event *event,
			  char *put(char *to, const struct transform *t, const struct process *of),
			  size_t *len)
{
	struct table *table = t->own;
	unsigned int nr = look_up(table, event), i;
	char *to = table->texts;

	for (i = 0; i < nr; i++) {
		to = put(to, t, table->above[i]);
		*to++ = '\0';
	}
	*len = (size_t)(to - table->texts);
	return *len > nr ? table->texts : NULL;
}

static char *put_path(char *to, const struct transform *t, const struct process *of)
{
	(void)t;
	return mempcpy(to, of->program->text, of->program->path_len);
}

static const char *all_paths(struct transform *t, const struct draft_field *field,
			     const struct evring_event *event, size_t *len)
{
	(void)field;
	return all_of(t, event, put_path, len);
}

/* Arguments with blanks between, without the NUL behind the last one */
static char *put_line(char *to, const char *args, size_t len)
{
	if (len && !args[len - 1])
		len--;
	for (; len; len--, args++)
		*to++ = *args ? *args : ' ';
	return to;
}

static char *put_args(char *to, const struct transform *t, const struct process *of)
{
	const struct program *program = of->program;
	const char *args = program->text + program->path_len;

	(void)t;
	to = put_line(to, args, program->args_len);
	/* Of arguments that could not be read there is nothing to cut. */
	if (program->cut && program->args_len + program->end_len)
		to = stpcpy(to, GAP);
	if (program->end_len)
		*to++ = ' ';
	return put_line(to, args + program->args_len, program->end_len);
}

static const char *all_args(struct transform *t, const struct draft_field *field,
			    const struct evring_event *event, size_t *len)
{
	(void)field;
	return all_of(t, event, put_args, len);
}

static bool any_is_cut(struct transform *t, const struct evring_event *event, uint64_t *value)
{
	struct table *table = t->own;
	unsigned int nr = look_up(table, event), i;

	for (i = 0, *value = false; i < nr; i++)
		*value |= table->above[i]->program->cut;
	return nr;
}

static char *put_start(char *to, const struct transform *t, const struct process *of)
{
	char text[JSON_TIME];
	size_t len = (size_t)(json_time(text, evring_clock_to_wall(t->src->ev, of->who.start)) - text);

	/* Without the quotes */
	return mempcpy(to, text + 1, len - 2);
}

static const char *all_starts(struct transform *t, const struct draft_field *field,
			      const struct evring_event *event, size_t *len)
{
	(void)field;
	return all_of(t, event, put_start, len);
}

static bool is_redacted(struct transform *t, const struct draft_field *field,
			const struct evring_event *event)
{
	struct table *table = t->own;
	unsigned int nr = look_up(table, event), i;
	const bool all = field->text == all_paths || field->text == all_args;
	bool redacted = false;

	for (i = 0; i < nr && (all || !i); i++) {
		const struct program *program = table->above[i]->program;

		if (field->text == parent_path || field->text == all_paths)
			redacted |= program->path_redacted;
		if (field->text == parent_argv || field->text == all_args)
			redacted |= program->args_redacted;
		if (field->text == parent_argv_end || field->text == all_args)
			redacted |= program->end_redacted;
	}
	return redacted;
}

static const struct {
	const char *name;
	uint16_t kind;
	field_text *text;
	field_number *number;
	field_redacted *redacted;
} made[] = {	/* one more is appended, as the number here is the field's (shape.h) */
	{ "parent_path", EVRING_KIND_TEXT, parent_path, NULL, is_redacted },
	{ "ancestors", EVRING_KIND_TEXTS, all_paths, NULL, is_redacted },
	{ "parent_argv", EVRING_KIND_TEXTS, parent_argv, NULL, is_redacted },
	{ "parent_argv_truncated", EVRING_KIND_BOOL, NULL, parent_argv_truncated, NULL },
	{ "parent_argv_end", EVRING_KIND_TEXTS, parent_argv_end, NULL, is_redacted },
	{ "ancestors_argv", EVRING_KIND_TEXTS, all_args, NULL, is_redacted },
	{ "ancestors_argv_truncated", EVRING_KIND_BOOL, NULL, any_is_cut, NULL },
	{ "ancestors_start_time", EVRING_KIND_TEXTS, all_starts, NULL, NULL },
};

#define NR_MADE (sizeof(made) / sizeof(made[0]))

/* Of types whose events a process causes */
static void ancestors_reshape(struct transform *t, struct draft *draft)
{
	struct draft_field *field;
	size_t i;

	for (i = 0; i < NR_MADE && evring_field(draft->type, "start_time"); i++) {
		/* The event's own fields are not overwritten. */
		field = draft_find(draft, made[i].name) ? NULL :
			draft_add(draft, t, (unsigned int)i, made[i].name, made[i].kind);
		if (!field)
			continue;
		field->text = made[i].text;
		field->number = made[i].number;
		field->redacted = made[i].redacted;
	}
}

static bool ancestors_parse(struct transform *t, const struct options *options)
{
	struct table *table = xzalloc(sizeof(*table));

	(void)options;
	memset(table->slots, 0xff, sizeof(table->slots));
	table->newest = PROCESSES_MAX - 1;
	t->own = table;
	/* Each in the fixed part, the texts, and which ones are redacted */
	t->body_bytes = (NR_MADE + 2) * sizeof(uint64_t) + PATH_LONGEST + ARGS_LONGEST +
			DEPTH * (PATH_LONGEST + 1 + LINE_LONGEST + JSON_TIME);
	return true;
}

static void ancestors_release(struct transform *t)
{
	struct table *table = t->own;
	uint32_t i;

	for (i = 0; i < table->nr; i++)
		program_put(table->processes[i].program);
	free(table->processes);
	free(table);
}

const struct transform_kind ancestors = {
	"Ancestors", .options = no_options, .local = true, .adds = true, .parse = ancestors_parse,
	.see = ancestors_see, .reshape = ancestors_reshape, .release = ancestors_release,
};
