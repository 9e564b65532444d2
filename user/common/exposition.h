/* SPDX-License-Identifier: MIT */
/*
 * exposition: metrics as Prometheus reads them, in its text format 0.0.4 or in OpenMetrics
 * 1.0.0. Metrics stand in tables, which the documentation is made of, too.
 */
#ifndef EVRING_EXPOSITION_H
#define EVRING_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPOSITION_TEXT		"text/plain; version=0.0.4; charset=utf-8"
#define EXPOSITION_OPENMETRICS	"application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_HISTOGRAM };

struct exposition {
	FILE *out;
	bool openmetrics;
	const char *name;		/* of the metric whose samples are written */
};

struct metric {
	const char *name;		/* a counter's ends with _total, an info's with _info */
	enum metric_kind kind;
	const char *labels;		/* their names, for people; "" if there are none */
	const char *help;
	/* Write the samples of @of, which is the table's own affair, as is @offset. */
	void (*tell)(struct exposition *to, const struct metric *metric, const void *of);
	size_t offset;
};

/* The value may be any text: it is escaped, and bytes that are no UTF-8 become U+FFFD. */
struct label {
	const char *name, *value;
};

/* In the place of the labels; none: NULL */
#define LABELS(...) ((const struct label[]){ __VA_ARGS__, { NULL, NULL } })

struct histogram_bound {
	uint64_t ns;
	const char *text, *openmetrics;	/* in seconds: "1", "1.0" */
};

/* A sum of times, which can be longer than 64 bits of nanoseconds are */
struct seconds {
	uint64_t s;
	uint32_t ns;
};

const char *metric_kind_name(enum metric_kind kind);

/* HELP, TYPE and the samples of each metric */
void exposition_table(struct exposition *to, const struct metric *metrics, size_t nr,
		      const void *of);
/* Behind all tables */
void exposition_end(struct exposition *to);

/* For metric.tell */
void sample_count(struct exposition *to, const struct label *labels, uint64_t value);
/* In seconds */
void sample_ns(struct exposition *to, const struct label *labels, uint64_t ns);
/* @counts: one for each of the @nr @bounds, and one for values above them; not cumulative */
void sample_histogram(struct exposition *to, const struct label *labels,
		      const struct histogram_bound *bounds, size_t nr, const uint64_t *counts,
		      struct seconds sum);

#endif /* EVRING_EXPOSITION_H */
