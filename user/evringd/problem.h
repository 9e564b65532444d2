/* SPDX-License-Identifier: MIT */
/* problem: all that is wrong with a configuration, a line each. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <stddef.h>
#include <stdio.h>

#define PROBLEMS_MAX 2000		/* the last one says that there are more */

/* Zero it but for @file. */
struct problems {
	const char *file;
	char **lines;
	size_t nr;
};

__attribute__((format(printf, 2, 3))) void problem(struct problems *list, const char *fmt, ...);
/* A line to a terminal, which obeys nothing in it */
__attribute__((format(printf, 2, 3))) void print_line(FILE *to, const char *fmt, ...);
void problems_print(const struct problems *list, FILE *to);
/* Write them to the log as warnings, and free them. */
void problems_warn(struct problems *list);
void problems_free(struct problems *list);

#endif /* PROBLEM_H */
