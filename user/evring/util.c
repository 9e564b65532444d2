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

const char *lane_name(unsigned int lane)
{
	const char *name = evring_lane_name(lane);

	return name ? name : "unknown";
}

const char *kind_name(unsigned int kind)
{
	static const char *const names[EVRING_KINDS] = {
		[EVRING_KIND_U8] = "u8", [EVRING_KIND_U16] = "u16", [EVRING_KIND_U32] = "u32",
		[EVRING_KIND_U64] = "u64", [EVRING_KIND_S32] = "s32", [EVRING_KIND_S64] = "s64",
		[EVRING_KIND_BOOL] = "bool", [EVRING_KIND_CHARS] = "chars",
		[EVRING_KIND_STR] = "str", [EVRING_KIND_STRV] = "strv",
	};

	return kind < EVRING_KINDS && names[kind] ? names[kind] : "unknown";
}

const char *format_name(unsigned int format)
{
	static const char *const names[EVRING_FORMATS] = {
		[EVRING_FORMAT_NONE] = "plain", [EVRING_FORMAT_HEX] = "hex",
		[EVRING_FORMAT_DURATION] = "duration", [EVRING_FORMAT_BOOTTIME] = "boottime",
	};

	return format < EVRING_FORMATS ? names[format] : "unknown";
}

char *lane_list(char buf[128], uint32_t lanes)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int lane = 0; lane < EVRING_LANES; lane++) {
		if (lanes & 1U << lane)
			len += snprintf(buf + len, 128 - len, "%s%s", len ? "," : "",
					lane_name(lane));
	}
	return buf;
}

json_t *lane_list_json(uint32_t lanes)
{
	json_t *list = json_array();

	for (unsigned int lane = 0; lane < EVRING_LANES; lane++) {
		if (lanes & 1U << lane)
			json_array_append_new(list, json_string(lane_name(lane)));
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
		err == EPERM ? ": this needs CAP_SYS_ADMIN (use sudo)" : "");
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
		return ": the module and this program are of versions that do not fit together";
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
