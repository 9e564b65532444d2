/* SPDX-License-Identifier: MIT */
/* See exposition.h. */
#include "exposition.h"

#include "text.h"

#include <string.h>

static const char *const kind_names[] = {
	[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_INFO] = "info",
	[METRIC_HISTOGRAM] = "histogram",
};

const char *metric_kind_name(enum metric_kind kind)
{
	return kind_names[kind];
}

/*
 * Text
 */

/* Bytes of the character at @s, as UTF-8 has it (RFC 3629); 0: it is none. */
static unsigned int utf8_len(const unsigned char *s)
{
	unsigned int len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
			   s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	unsigned int i;

	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Too long, a surrogate, or beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void put_escaped(FILE *out, const char *text, bool quotes)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int len;

	for (; *s; s += len ? len : 1) {
		len = utf8_len(s);
		if (!len)
			fputs("\xef\xbf\xbd", out);
		else if (*s == '\\')
			fputs("\\\\", out);
		else if (*s == '\n')
			fputs("\\n", out);
		else if (*s == '"' && quotes)
			fputs("\\\"", out);
		else
			fwrite(s, 1, len, out);
	}
}

static void put_labels(const struct exposition *to, const struct label *labels, const char *le)
{
	const char *before = "{";

	for (; labels && labels->name; labels++) {
		fprintf(to->out, "%s%s=\"", before, labels->name);
		put_escaped(to->out, labels->value, true);
		fputc('"', to->out);
		before = ",";
	}
	if (le)
		fprintf(to->out, "%sle=\"%s\"", before, le);
	if (le || *before == ',')
		fputc('}', to->out);
}

static void put_seconds(FILE *out, struct seconds time)
{
	fprintf(out, " %llu.%09u\n", (unsigned long long)time.s, time.ns);
}

/*
 * Metrics
 */

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(text + len - n, end, n);
}

/* OpenMetrics' name of a family lacks the suffix that its kind adds to the samples' names. */
static int family_len(const struct exposition *to, const struct metric *metric)
{
	size_t len = strlen(metric->name);

	if (to->openmetrics && metric->kind == METRIC_COUNTER)
		len -= strlen("_total");
	else if (to->openmetrics && metric->kind == METRIC_INFO)
		len -= strlen("_info");
	return (int)len;
}

static void put_head(const struct exposition *to, const struct metric *metric)
{
	static const char *const units[] = { "seconds", "bytes" };
	enum metric_kind kind = metric->kind;
	int len = family_len(to, metric);
	char end[16];
	size_t i;

	if (kind == METRIC_INFO && !to->openmetrics)
		kind = METRIC_GAUGE;
	fprintf(to->out, "# HELP %.*s ", len, metric->name);
	put_escaped(to->out, metric->help, to->openmetrics);
	fprintf(to->out, "\n# TYPE %.*s %s\n", len, metric->name, kind_names[kind]);
	for (i = 0; to->openmetrics && i < ARRAY_SIZE(units); i++) {
		snprintf(end, sizeof(end), "_%s", units[i]);
		if (ends_with(metric->name, (size_t)len, end))
			fprintf(to->out, "# UNIT %.*s %s\n", len, metric->name, units[i]);
	}
}

void exposition_table(struct exposition *to, const struct metric *metrics, size_t nr,
		      const void *of)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		to->name = metrics[i].name;
		put_head(to, &metrics[i]);
		metrics[i].tell(to, &metrics[i], of);
	}
}

void exposition_end(struct exposition *to)
{
	if (to->openmetrics)
		fputs("# EOF\n", to->out);
}

/*
 * Samples
 */

void sample_count(struct exposition *to, const struct label *labels, uint64_t value)
{
	fputs(to->name, to->out);
	put_labels(to, labels, NULL);
	fprintf(to->out, " %llu\n", (unsigned long long)value);
}

void sample_ns(struct exposition *to, const struct label *labels, uint64_t ns)
{
	fputs(to->name, to->out);
	put_labels(to, labels, NULL);
	put_seconds(to->out, (struct seconds){ ns / 1000000000, (uint32_t)(ns % 1000000000) });
}

void sample_histogram(struct exposition *to, const struct label *labels,
		      const struct histogram_bound *bounds, size_t nr, const uint64_t *counts,
		      struct seconds sum)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i <= nr; i++) {
		count += counts[i];
		fprintf(to->out, "%s_bucket", to->name);
		put_labels(to, labels, i == nr ? "+Inf" : to->openmetrics ? bounds[i].openmetrics :
							  bounds[i].text);
		fprintf(to->out, " %llu\n", (unsigned long long)count);
	}
	fprintf(to->out, "%s_sum", to->name);
	put_labels(to, labels, NULL);
	put_seconds(to->out, sum);
	fprintf(to->out, "%s_count", to->name);
	put_labels(to, labels, NULL);
	fprintf(to->out, " %llu\n", (unsigned long long)count);
}
