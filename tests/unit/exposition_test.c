/* SPDX-License-Identifier: MIT */
/* Metrics in Prometheus' two formats, with texts of any bytes; and which client prefers which. */
#include "../harness/tap.h"

#include "accept.h"
#include "exposition.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static const char *hostile = "a\"b\\c\nd\xff\xc3\xa4\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82";

static void tell_text(struct exposition *to, const struct metric *metric, const void *of)
{
	(void)metric;
	sample_count(to, LABELS({ "name", of }, { "empty", "" }), UINT64_MAX);
}

static void tell_time(struct exposition *to, const struct metric *metric, const void *of)
{
	(void)metric;
	(void)of;
	sample_ns(to, NULL, 12000000034);
}

static void tell_histogram(struct exposition *to, const struct metric *metric, const void *of)
{
	static const struct histogram_bound bounds[] = {
		{ 500000000, "0.5", "0.5" }, { 1000000000, "1", "1.0" },
	};
	const uint64_t counts[] = { 1, 0, 2 };

	(void)metric;
	(void)of;
	sample_histogram(to, LABELS({ "c", "x" }), bounds, 2, counts, (struct seconds){ 2, 500000000 });
}

static const struct metric table[] = {
	{ "a_bytes_total", METRIC_COUNTER, "name, empty", "A \"help\" \\ with\nlines", tell_text, 0 },
	{ "b_seconds", METRIC_GAUGE, "", "B", tell_time, 0 },
	{ "c_info", METRIC_INFO, "name, empty", "C", tell_text, 0 },
	{ "d", METRIC_HISTOGRAM, "c", "D", tell_histogram, 0 },
};

#define BAD "\xef\xbf\xbd"
#define NAME "a\\\"b\\\\c\\nd" BAD "\xc3\xa4" BAD BAD BAD BAD BAD BAD BAD BAD BAD BAD BAD
#define HISTOGRAM(one)							\
	"d_bucket{c=\"x\",le=\"0.5\"} 1\n"					\
	"d_bucket{c=\"x\",le=\"" one "\"} 1\n"				\
	"d_bucket{c=\"x\",le=\"+Inf\"} 3\n"				\
	"d_sum{c=\"x\"} 2.500000000\n"					\
	"d_count{c=\"x\"} 3\n"

static const char text[] =
	"# HELP a_bytes_total A \"help\" \\\\ with\\nlines\n"
	"# TYPE a_bytes_total counter\n"
	"a_bytes_total{name=\"" NAME "\",empty=\"\"} 18446744073709551615\n"
	"# HELP b_seconds B\n"
	"# TYPE b_seconds gauge\n"
	"b_seconds 12.000000034\n"
	"# HELP c_info C\n"
	"# TYPE c_info gauge\n"
	"c_info{name=\"" NAME "\",empty=\"\"} 18446744073709551615\n"
	"# HELP d D\n"
	"# TYPE d histogram\n"
	HISTOGRAM("1");

static const char openmetrics[] =
	"# HELP a_bytes A \\\"help\\\" \\\\ with\\nlines\n"
	"# TYPE a_bytes counter\n"
	"# UNIT a_bytes bytes\n"
	"a_bytes_total{name=\"" NAME "\",empty=\"\"} 18446744073709551615\n"
	"# HELP b_seconds B\n"
	"# TYPE b_seconds gauge\n"
	"# UNIT b_seconds seconds\n"
	"b_seconds 12.000000034\n"
	"# HELP c C\n"
	"# TYPE c info\n"
	"c_info{name=\"" NAME "\",empty=\"\"} 18446744073709551615\n"
	"# HELP d D\n"
	"# TYPE d histogram\n"
	HISTOGRAM("1.0")
	"# EOF\n";

static void format(bool is_open, const char *expected, const char *name)
{
	struct exposition to = { .openmetrics = is_open };
	char *got;
	size_t len;

	to.out = stream_begin(&got, &len);
	exposition_table(&to, table, sizeof(table) / sizeof(*table), hostile);
	exposition_end(&to);
	stream_end(to.out);
	if (!ok(!strcmp(got, expected), name))
		printf("# %s\n", got);
	free(got);
}

static void prefers(const char *accept, bool expected)
{
	char name[200];

	snprintf(name, sizeof(name), "Accept: %.150s: %s", accept ? accept : "(none)",
		 expected ? "yes" : "no");
	ok(accept_prefers(accept, "text/html", "application/json") == expected, name);
}

int main(void)
{
	format(false, text, "the text format escapes what it must, and has cumulative buckets");
	format(true, openmetrics, "OpenMetrics names families without the samples' suffix");
	prefers(NULL, false);
	prefers("", false);
	prefers("*/*", false);
	prefers("text/html", true);
	prefers("TEXT/HTML;level=1", true);
	prefers("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true);
	prefers("application/json, text/html;q=0.9", false);
	prefers("application/json;q=0.1 , text/html ; q=0.2", true);
	prefers("text/html;q=0", false);
	prefers("text/html;q=", false);
	prefers("text/html;q=0.0000000000000000000000001", false);
	prefers("text/htmlx", false);
	prefers("text/html;q=0,text/html;q=1.5", true);
	prefers(",,;;,q=1,;q=,text/html", true);
	return tap_end();
}
