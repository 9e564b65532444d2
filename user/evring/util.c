/* SPDX-License-Identifier: MIT */
/* Names, units and messages. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

char *human_size(char buf[HUMAN_MAX], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double number = bytes;
	unsigned int unit = 0;

	while (number >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		number /= 1024;
		unit++;
	}
	snprintf(buf, HUMAN_MAX, "%.*f %s", number < 100 && number != (uint64_t)number, number,
		 units[unit]);
	return buf;
}

char *human_duration(char buf[HUMAN_MAX], uint64_t ns)
{
	uint64_t minutes = ns / 60000000000;

	if (ns < 1000)
		snprintf(buf, HUMAN_MAX, "%u ns", (unsigned int)ns);
	else if (ns < 1000000)
		snprintf(buf, HUMAN_MAX, "%.4g us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, HUMAN_MAX, "%.4g ms", ns / 1e6);
	else if (minutes < 2)
		snprintf(buf, HUMAN_MAX, "%.4g s", ns / 1e9);
	else if (minutes < 120)
		snprintf(buf, HUMAN_MAX, "%u min", (unsigned int)minutes);
	else if (minutes < 48 * 60)
		snprintf(buf, HUMAN_MAX, "%u h %u min", (unsigned int)minutes / 60,
			 (unsigned int)minutes % 60);
	else
		snprintf(buf, HUMAN_MAX, "%u d %u h", (unsigned int)(minutes / 1440),
			 (unsigned int)(minutes / 60 % 24));
	return buf;
}

static const char *or_unknown(const char *name)
{
	return name ? name : "unknown";
}

const char *lane_name(const struct evring *ev, unsigned int lane)
{
	return or_unknown(evring_lane_name(ev, lane));
}

const char *kind_name(unsigned int kind)
{
	return or_unknown(evring_kind_name(kind));
}

const char *format_name(unsigned int format)
{
	return or_unknown(evring_format_name(format));
}

const char *cause_name(unsigned int cause)
{
	return or_unknown(evring_lost_cause_name(cause));
}

char *lane_list(const struct evring *ev, uint64_t lanes)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));
	const char *comma = "";

	for (unsigned int lane = 0; lane < evring_lanes(ev); lane++) {
		if (!(lanes & 1ULL << lane))
			continue;
		fprintf(out, "%s%s", comma, lane_name(ev, lane));
		comma = ",";
	}
	if (fclose(out))
		must(NULL);
	return text;
}

json_t *lane_list_json(const struct evring *ev, uint64_t lanes)
{
	json_t *list = json_array();

	for (unsigned int lane = 0; lane < evring_lanes(ev); lane++) {
		if (lanes & 1ULL << lane)
			json_array_append_new(list, json_string(lane_name(ev, lane)));
	}
	return list;
}

bool is_hook(struct evring *ev, const struct evring_type *type)
{
	return type && (type->flags & EVRING_TYPE_F_HOOK) && !(type->flags & EVRING_TYPE_F_GONE) &&
	       evring_type_by_name(ev, type->name) == type;
}

/* Does it emit? "-" of what no hook does. */
const char *hook_state(const struct evring_type *type)
{
	if (type->flags & EVRING_TYPE_F_GONE)
		return "gone";
	if (!(type->flags & EVRING_TYPE_F_HOOK))
		return "-";
	if (type->flags & EVRING_TYPE_F_ABSENT)
		return "not on this kernel";
	if (type->flags & EVRING_TYPE_F_DISARMED)
		return "disarmed";
	return type->flags & EVRING_TYPE_F_ATTACHED ? "attached" : "detached";
}

bool want_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if ((no_color && *no_color) || (term && !strcmp(term, "dumb")))
		return false;
	return isatty(STDOUT_FILENO);
}

int fail(int err, const char *format, ...)
{
	va_list args;

	err = abs(err);
	fflush(stdout);
	fputs("evring: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s%s\n", strerror(err),
		err == EPERM ? ": this needs CAP_PERFMON or CAP_SYS_ADMIN (use sudo)" : "");
	return EXIT_FAILURE;
}

int try_help(const char *verb)
{
	fprintf(stderr, "evring: try 'evring %s%s--help'\n", verb ? verb : "", verb ? " " : "");
	return EXIT_USAGE;
}

int print_help(const char *text)
{
	fputs(text, stdout);
	return fflush(stdout) ? fail(-errno, "cannot write") : EXIT_SUCCESS;
}

static const char *open_hint(int err)
{
	switch (err) {
	case ENOENT:
		return ": is the module loaded? (modprobe evring)";
	case EACCES:
		return ": add yourself to the group evring or use sudo";
	case ENODEV:
	case ENXIO:
	case ENOTTY:
	case EINVAL:
		return ": is this evring's device, and the module loaded?";
	case EPROTO:
		return ": the module's ABI is of another version than this program's";
	default:
		return "";
	}
}

struct evring *open_device(const struct cli *cli)
{
	struct evring *ev = NULL;
	int ret = evring_open(&ev, cli->device);

	if (ret >= 0)
		return ev;
	fprintf(stderr, "evring: cannot open %s: %s%s\n", cli->device ? cli->device : EVRING_DEVICE,
		strerror(-ret), open_hint(-ret));
	return NULL;
}

void *must(void *pointer)
{
	if (pointer)
		return pointer;
	fputs("evring: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void print_json(json_t *json)
{
	/* jansson builds with NULLs where memory ends, and says so here */
	if (json_dumpf(must(json), stdout, JSON_COMPACT) && !ferror(stdout))
		must(NULL);
	putchar('\n');
	json_decref(json);
}
