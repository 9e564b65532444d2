/* SPDX-License-Identifier: MIT */
/*
 * What the verbs of evring(1) share. One verb a file, each a function that
 * gets its own arguments and returns an EXIT_* for the shell.
 */
#ifndef EVRING_CLI_H
#define EVRING_CLI_H

#include <evring.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXIT_USAGE	2

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

/* What stands before the verb. */
struct cli {
	const char *device;	/* NULL: EVRING_DEVICE */
};

/* status.c tail.c types.c hooks.c groups.c filter.c */
int cmd_status(const struct cli *cli, int argc, char **argv);
int cmd_tail(const struct cli *cli, int argc, char **argv);
int cmd_types(const struct cli *cli, int argc, char **argv);
int cmd_hooks(const struct cli *cli, int argc, char **argv);
int cmd_groups(const struct cli *cli, int argc, char **argv);
int cmd_filter(const struct cli *cli, int argc, char **argv);

/*
 * snapshot.c: all counters of the module at one time
 */

#define CAUSES_MAX	16	/* causes of losses that are told apart */

/* One ring's page, as far as both sides know it */
struct ring {
	struct evring_ring_page page;
	uint64_t seq;			/* attempts so far, all 64 bits */
	uint64_t lost[CAUSES_MAX];
	struct evring_cursor *cursors;	/* by place of the group */
};

struct snapshot {
	struct evring *ev;
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_group_info *groups;
	uint64_t boottime_ns;		/* when */
	struct ring *rings;		/* lane by lane */
	unsigned int nr_rings;
	unsigned int nr_causes;
};

/* Counters of one ring, or of several together. */
struct tally {
	unsigned int rings;
	uint64_t size;			/* of the data areas */
	uint64_t kept;			/* bytes between tail and head */
	uint64_t bytes;			/* published, all-time */
	uint64_t emitted;
	uint64_t lost[CAUSES_MAX];
	uint64_t discarded;
	uint64_t wakeups;
};

/* Where one group is, on all of its rings together. */
struct lag {
	uint64_t bytes;
	uint64_t events;		/* only if @events_known */
	uint64_t missed;
	bool events_known;
};

/* -errno; on success the snapshot is to be given to snapshot_free(). */
int snapshot_take(struct evring *ev, struct snapshot *snap);
void snapshot_free(struct snapshot *snap);
void tally_add(struct tally *tally, const struct ring *ring);
uint64_t tally_lost(const struct tally *tally);
uint64_t tally_published(const struct tally *tally);
void group_lag(const struct snapshot *snap, unsigned int group, struct lag *lag);

/* groups.c: also a part of status */
void groups_print(const struct snapshot *snap);
json_t *groups_json(const struct snapshot *snap);

/* filter.c: what is wrong with an expression, and where */
void filter_print_error(const char *type, const char *expression,
			const struct evring_filter_error *error);

/* typefile.c: a type out of a file, the newest of that name; NULL, which was said. Free it. */
struct evring_type *type_from_file(const char *file, const char *name);

/*
 * line.c: an event as a line for people
 */

struct line {
	FILE *out;
	bool colour;
	uint64_t second;		/* the one that @date says */
	char date[32];
};

void line_print(struct line *line, const struct evring *ev, const struct evring_event *event);

/* quote.c: bytes from a record, in a way that a shell reads back and no terminal obeys */
void quote_string(FILE *out, const char *s, size_t n);
void quote_strings(FILE *out, const char *s, size_t n);

/*
 * table.c: columns as wide as their widest cell
 */

enum style {
	STYLE_PLAIN,
	STYLE_HEAD,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_DIM,
};

struct table;

/* @heads: what is above each column; a '<' before it aligns the column to the left. */
struct table *table_new(const char *const *heads, unsigned int columns);
void table_cell(struct table *table, enum style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void table_number(struct table *table, uint64_t number);
/* A number that should be 0. */
void table_fault(struct table *table, uint64_t number);
/* Print it to stdout and free it. */
void table_print(struct table *table);

/* The escape sequences around a text of this style; "" where there are no colours. */
const char *style_on(enum style style, bool colour);
const char *style_off(enum style style, bool colour);

/*
 * util.c
 */

#define HUMAN_MAX	32

/* "64 KiB", "1.5 MiB"; "350 ms", "4.2 s", "3 h 12 min". Return @buf. */
char *human_size(char buf[HUMAN_MAX], uint64_t bytes);
char *human_duration(char buf[HUMAN_MAX], uint64_t ns);

/* "unknown" where the library has no name. */
const char *lane_name(const struct evring *ev, unsigned int lane);
const char *kind_name(unsigned int kind);
const char *format_name(unsigned int format);
const char *cause_name(unsigned int cause);
/* "critical,bulk"; free() it. @lanes has a bit for each. */
char *lane_list(const struct evring *ev, uint64_t lanes);
json_t *lane_list_json(const struct evring *ev, uint64_t lanes);

/* Whether this type is an attachable hook, and the newest version of it. */
bool is_hook(struct evring *ev, const struct evring_type *type);
const char *hook_state(const struct evring_type *type);

/* Colours on stdout? Not if it is no terminal or NO_COLOR says so. */
bool want_colour(void);

/* One line on stderr, "evring: WHAT: why", and what to do about it. Returns EXIT_FAILURE. */
int fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* After a mistake in the arguments, which was told already. Returns EXIT_USAGE. */
int try_help(const char *verb);
/* For --help. Returns EXIT_SUCCESS. */
int print_help(const char *text);

/* Open the device, or say why not. NULL: said. */
struct evring *open_device(const struct cli *cli);

/* Allocation that ends the program where it fails. */
void *must(void *pointer);

/* @json, which this takes, as one line on stdout. */
void print_json(json_t *json);

#endif /* EVRING_CLI_H */
