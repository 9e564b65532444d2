/* SPDX-License-Identifier: MIT */
/* Messages, and the device. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"

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

void report_print(struct table *table, json_t *array, bool json)
{
	if (json) {
		table_free(table);
		json_print(array);
	} else {
		json_decref(array);
		table_print(table);
	}
}

json_t *lane_words(const struct evring *ev, uint64_t lanes)
{
	json_t *words = json_array();

	for (unsigned int lane = 0; lane < evring_lanes(ev); lane++)
		if (lanes & 1ULL << lane)
			json_array_append_new(words, json_string(lane_name(ev, lane)));
	return words;
}
