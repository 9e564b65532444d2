/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "log.h"

#include "memory.h"
#include "text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048

#define RATE_INTERVAL_NS (10 * 1000000000ULL)
#define RATE_BURST 5

/* Set before the first thread starts, and only read from then on; levels change. */
static const char *name = "evringd";
static int max_level = LOG_INFO;
static bool journal, contexts;
static __thread const char *context;

/* Of a connector. librdkafka's threads log for a while after it is gone, so that names stay. */
static struct name {
	struct name *next;
	int level;			/* 0: the process's */
	char text[];
} *names;

/* systemd tells device and inode of the journal's stream. */
void log_open(const char *program)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	name = program;
	journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		  !fstat(STDERR_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

void log_level(int level)
{
	__atomic_store_n(&max_level, level, __ATOMIC_RELAXED);
}

static struct name *name_of(const char *text)
{
	return (struct name *)(text - offsetof(struct name, text));
}

void log_level_of(const char *of, int level)
{
	__atomic_store_n(&name_of(of)->level, level, __ATOMIC_RELAXED);
}

/* That of the lines of this thread, now */
static int level_now(void)
{
	int level = context ? __atomic_load_n(&name_of(context)->level, __ATOMIC_RELAXED) : 0;

	return level ? level : __atomic_load_n(&max_level, __ATOMIC_RELAXED);
}

void log_contexts(void)
{
	contexts = true;
}

const char *log_name(const char *wanted)
{
	struct name *one;

	for (one = names; one; one = one->next)
		if (!strcmp(one->text, wanted))
			return one->text;
	one = xalloc(sizeof(*one) + strlen(wanted) + 1);
	strcpy(one->text, wanted);
	one->level = 0;
	one->next = names;
	names = one;
	return one->text;
}

void log_context(const char *of)
{
	context = of;
}

static const char *level_name(int level)
{
	switch (level) {
	case LOG_WARNING:
		return "warning: ";
	case LOG_NOTICE:
	case LOG_INFO:
		return "";
	case LOG_DEBUG:
		return "debug: ";
	default:
		return "error: ";
	}
}

static void log_va(int level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_LEN];
	size_t len;
	int n;

	if (level > level_now())
		return;
	if (journal)
		n = snprintf(line, sizeof(line), "<%d>", level);
	else
		n = snprintf(line, sizeof(line), "%s: %s", name, level_name(level));
	if (contexts && context)
		n += snprintf(line + n, sizeof(line) - n, "%.255s: ", context);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	make_printable(line, ' ');
	len = strlen(line);
	line[len++] = '\n';
	/* If standard error does not take the line, there is no other place to write it. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void log_line(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(level, fmt, ap);
	va_end(ap);
}

void info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_INFO, fmt, ap);
	va_end(ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_WARNING, fmt, ap);
	va_end(ap);
}

/* _exit(): exit() would run destructors while librdkafka's threads still run. */
void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_ERR, fmt, ap);
	va_end(ap);
	_exit(EXIT_FAILURE);
}

bool ratelimit_pass(struct ratelimit *limit, unsigned int *held)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	*held = 0;
	if (!limit->since || ns - limit->since >= RATE_INTERVAL_NS) {
		*held = limit->held;
		limit->since = ns;
		limit->passed = 0;
		limit->held = 0;
	}
	if (limit->passed < RATE_BURST) {
		limit->passed++;
		return true;
	}
	limit->held++;
	return false;
}
