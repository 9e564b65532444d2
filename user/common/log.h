/* SPDX-License-Identifier: MIT */
/*
 * log: lines on standard error, in the journal's form if standard error is the
 * journal. Each line is one write(), so any thread may log.
 */
#ifndef EVRING_LOG_H
#define EVRING_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* @program: the name in front of each line. Call it before the first thread starts. */
void log_open(const char *program);
/* The least important syslog(3) level that is written; LOG_INFO at first. */
void log_level(int level);
/* Several connectors share the log: lines tell the connector of log_context(). */
void log_contexts(void);
/* A copy of a name that stays: the same one for the same name. */
const char *log_name(const char *name);
/* The same for lines of one connector, by its name of log_name(). */
void log_level_of(const char *name, int level);
/* The calling thread works for this connector from here on; NULL: for the process. @name stays. */
void log_context(const char *name);
__attribute__((format(printf, 2, 3))) void log_line(int level, const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void warn(const char *fmt, ...);
/* The process ends with status 1. The kernel then leaves its groups; it commits nothing. */
__attribute__((format(printf, 1, 2), noreturn)) void fatal(const char *fmt, ...);

/* Lets a few lines pass in some seconds. Zero it at first. */
struct ratelimit {
	uint64_t since;		/* start of the interval, ns of CLOCK_MONOTONIC */
	unsigned int passed;
	unsigned int held;	/* lines that were left out in the interval */
};

/* True: write the line, and say that *@held lines were left out before it. */
bool ratelimit_pass(struct ratelimit *limit, unsigned int *held);

#endif /* EVRING_LOG_H */
