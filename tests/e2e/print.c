/* SPDX-License-Identifier: MIT */
/* Events as lines of text. */
#include "consume.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Events hold users' texts: no control character reaches the terminal. */
static void print_text(const char *text)
{
	for (; *text; text++)
		putchar(iscntrl((unsigned char)*text) ? '?' : *text);
}

static void print_argv(const json_t *argv)
{
	const json_t *word;
	size_t i;

	json_array_foreach(argv, i, word) {
		putchar(' ');
		print_text(json_is_string(word) ? json_string_value(word) : "?");
	}
}

static bool is_common(const char *name)
{
	static const char *const names[] = {
		"uid", "euid", "gid", "loginuid", "sessionid", "pidns", "mntns", "cgroup",
		"start_time", "start_time_ns", "comm", "path", "argv",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void print_fields(json_t *data)
{
	const char *name;
	json_t *value;
	char *text;

	json_object_foreach(data, name, value) {
		if (is_common(name))
			continue;
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		printf(" %s=", name);
		print_text(text ? text : "?");
		free(text);
	}
}

void print_event(const json_t *event)
{
	const char *type = "?", *time = "?", *comm = "", *path = NULL;
	json_t *data = json_object_get(event, "data");
	json_int_t pid = 0;

	json_unpack((json_t *)event, "{s?s, s?s, s?I}", "type", &type, "time", &time, "pid", &pid);
	json_unpack(data, "{s?s, s?s}", "comm", &comm, "path", &path);
	/* 2026-11-22T13:05:10.123456789Z */
	printf("%.15s %-13s %7" JSON_INTEGER_FORMAT " ", strlen(time) > 11 ? time + 11 : time,
	       type, pid);
	print_text(comm);
	if (path) {
		printf("  ");
		print_text(path);
		printf(" :");
		print_argv(json_object_get(data, "argv"));
	} else {
		print_fields(data);
	}
	putchar('\n');
	fflush(stdout);
}
