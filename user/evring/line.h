/* SPDX-License-Identifier: MIT */
/*
 * line: an event as a line of text. The short form has the fields that tell most, and
 * fits a terminal; the long form has all fields.
 */
#ifndef EVRING_LINE_H
#define EVRING_LINE_H

#include <evring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct line {
	FILE *out;
	bool colour;
	bool is_long;
	unsigned int columns;		/* that a short line may take; 0: as many as it has */
	uint64_t second;		/* that @date is of */
	char date[32];
};

/* shortline.c: in the form that is wanted */
void line_print(struct line *line, const struct evring *ev, const struct evring_event *event);

/* Of standard output, if that is a terminal, or else 0 */
unsigned int terminal_columns(void);

/*
 * line.c to shortline.c
 */

#define LINE_TIME	11	/* where the time begins in struct line's date */

/* Have @date of this time. Returns the nanoseconds beyond its second. */
unsigned int line_date(struct line *line, uint64_t wall_ns);
/* The type's name; of a loss, the lane too */
void line_type(struct line *line, const struct evring *ev, const struct evring_event *event);
/* Where the event came from, if that is no task; else NULL */
const char *line_context(const struct evring_event *event);
/* The task's name, quoted. False: the event has none. */
bool line_comm(struct line *line, const struct evring_event *event);
/* The value of a field: a number, or anything else */
void line_number(struct line *line, const struct evring *ev, const struct evring_event *event,
		 const struct evring_field *field, uint64_t value);
void line_value(struct line *line, const struct evring *ev, const struct evring_event *event,
		const struct evring_field *field);
/* Of an address of 16 bytes: is it IPv4, mapped into IPv6? */
bool line_is_v4(const char *s, size_t n);
/* In which fields "[redacted]" is the kernel's word */
void line_redacted(struct line *line, const struct evring_event *event);
void line_payload(struct line *line, const struct evring_event *event);
void line_print_long(struct line *line, const struct evring *ev,
		     const struct evring_event *event);

#endif /* EVRING_LINE_H */
