/* SPDX-License-Identifier: MIT */
/* See process.h. A number that cannot be read is left out, rather than told as 0. */
#include "process.h"

#include "file.h"
#include "text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void tell_cpu(struct exposition *to, const struct metric *metric, const void *of)
{
	struct timespec used;

	(void)metric;
	(void)of;
	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used))
		sample_ns(to, NULL, (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec);
}

/* Field @nr of /proc/self/stat, as proc(5) counts; the name before them may have blanks. */
static bool stat_field(unsigned int nr, uint64_t *value)
{
	char text[1024], *at, *end;
	ssize_t len = file_read("/proc/self/stat", text, sizeof(text) - 1);
	unsigned int i;

	if (len < 0)
		return false;
	text[len] = '\0';
	at = strrchr(text, ')');
	for (i = 2; at && i < nr; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*value = strtoull(at, &end, 10);
	return end != at;
}

static void tell_memory(struct exposition *to, const struct metric *metric, const void *of)
{
	uint64_t pages;

	(void)metric;
	(void)of;
	if (stat_field(24, &pages))
		sample_count(to, NULL, pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void tell_fds(struct exposition *to, const struct metric *metric, const void *of)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t nr = 0;

	(void)metric;
	(void)of;
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		nr += *entry->d_name != '.';
	closedir(dir);
	/* One of them was that of the look. */
	sample_count(to, NULL, nr - 1);
}

static void tell_fds_max(struct exposition *to, const struct metric *metric, const void *of)
{
	struct rlimit limit;

	(void)metric;
	(void)of;
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		sample_count(to, NULL, limit.rlim_cur);
}

/* The kernel counts in ticks since boot; people compare times since the wall clock's epoch. */
static void tell_start(struct exposition *to, const struct metric *metric, const void *of)
{
	static uint64_t start;		/* read once: it must not waver */
	uint64_t ticks, hz = (uint64_t)sysconf(_SC_CLK_TCK), since;
	struct timespec wall, boot;

	(void)metric;
	(void)of;
	if (start) {
		sample_ns(to, NULL, start);
		return;
	}
	if (!stat_field(22, &ticks) || clock_gettime(CLOCK_REALTIME, &wall) ||
	    clock_gettime(CLOCK_BOOTTIME, &boot))
		return;
	since = (uint64_t)boot.tv_sec * 1000000000 + (uint64_t)boot.tv_nsec;
	since -= ticks / hz * 1000000000 + ticks % hz * (1000000000 / hz);
	start = (uint64_t)wall.tv_sec * 1000000000 + (uint64_t)wall.tv_nsec - since;
	sample_ns(to, NULL, start);
}

const struct metric process_metrics[] = {
	{ "process_cpu_seconds_total", METRIC_COUNTER, "", "CPU time of evringd, user and system",
	  tell_cpu, 0 },
	{ "process_resident_memory_bytes", METRIC_GAUGE, "", "Resident memory of evringd",
	  tell_memory, 0 },
	{ "process_open_fds", METRIC_GAUGE, "", "Open file descriptors of evringd", tell_fds, 0 },
	{ "process_max_fds", METRIC_GAUGE, "", "How many file descriptors evringd may open",
	  tell_fds_max, 0 },
	{ "process_start_time_seconds", METRIC_GAUGE, "", "Start of evringd, since the epoch",
	  tell_start, 0 },
};

const size_t nr_process_metrics = ARRAY_SIZE(process_metrics);
