/* SPDX-License-Identifier: MIT */
/*
 * evring-bench-bpf: what BPF's ring buffer and perf buffer cost, on this kernel
 * with this processor. Results go to standard output, a JSON object a line.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
	"Usage: evring-bench-bpf [OPTION]... emit|drain|scaling|calls\n"
	"  --env NAME       where this runs (default: native)\n"
	"  --object FILE    the BPF programs (default: bench.bpf.o)\n"
	"  --module FILE    evring_probe.ko, for calls; evring.ko is loaded\n"
	"  --runs N         samples of each case (default: 3)\n"
	"  --records N      a sample (default: 1000000)\n"
	"  --producers N    just so many at once (default: 1, 2, .. all CPUs)\n"
	"  --cores N        of the host that the CPUs run on, if they are fewer\n";

static const struct {
	const char *name;
	void (*run)(const struct options *opt);
} verbs[] = {
	{ "emit", emit },
	{ "drain", drain },
	{ "scaling", scaling },
	{ "calls", calls },
};

void die(const char *what, int error)
{
	fprintf(stderr, "evring-bench-bpf: %s: %s\n", what, strerror(-error));
	exit(1);
}

void *allocate(size_t bytes)
{
	void *room = calloc(1, bytes);

	if (!room)
		die("calloc", -ENOMEM);
	return room;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The time of a pass while nothing else has the processor. Sorts the values. */
double median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), by_value);
	return (values[(nr - 1) / 2] + values[nr / 2]) / 2;
}

static void print_head(const struct options *opt, const char *part, const char *who,
		       const char *name, const char *metric)
{
	printf("{\"part\": \"%s\", \"env\": \"%s\", \"who\": \"%s\", ", part, opt->env, who);
	printf("\"case\": \"%s\", \"metric\": \"%s\", ", name, metric);
}

void sample(const struct options *opt, const char *part, const char *who, const char *name,
	    const char *metric, double value)
{
	print_head(opt, part, who, name, metric);
	printf("\"value\": %.3f}\n", value);
	fflush(stdout);
}

void skip(const struct options *opt, const char *part, const char *who, const char *name,
	  const char *metric, int error)
{
	print_head(opt, part, who, name, metric);
	printf("\"skipped\": \"the kernel refuses BPF: %s\"}\n", strerror(-error));
	fflush(stdout);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!n || *end) {
		fprintf(stderr, "evring-bench-bpf: '%s' is not a positive whole number\n", text);
		exit(2);
	}
	return n;
}

static void parse(int argc, char **argv, struct options *opt)
{
	static const struct option options[] = {
		{ "env", required_argument, NULL, 'e' },
		{ "object", required_argument, NULL, 'o' },
		{ "module", required_argument, NULL, 'm' },
		{ "runs", required_argument, NULL, 'r' },
		{ "records", required_argument, NULL, 'n' },
		{ "producers", required_argument, NULL, 'p' },
		{ "cores", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'e':
			opt->env = optarg;
			break;
		case 'o':
			opt->object = optarg;
			break;
		case 'm':
			opt->module = optarg;
			break;
		case 'r':
			opt->runs = number(optarg);
			break;
		case 'n':
			opt->records = number(optarg);
			break;
		case 'p':
			opt->producers = number(optarg);
			break;
		case 'c':
			opt->cores = number(optarg);
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options opt = {
		.env = "native",
		.object = "bench.bpf.o",
		.runs = 3,
		.records = 1000000,
	};
	unsigned int i;

	parse(argc, argv, &opt);
	for (i = 0; optind == argc - 1 && i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!strcmp(argv[optind], verbs[i].name)) {
			verbs[i].run(&opt);
			return 0;
		}
	}
	fputs(usage, stderr);
	return 2;
}
