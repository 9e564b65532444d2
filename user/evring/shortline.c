/* SPDX-License-Identifier: MIT */
/*
 * The short form of an event: time, type, task, user, then the event's own fields that
 * are not empty, those that tell most first, and no more than the terminal has room for.
 */
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "columns.h"
#include "line.h"
#include "memory.h"
#include "text.h"
#include "user.h"

#define COLUMNS_DEFAULT	80	/* of a terminal that does not know */
#define NO_ID		UINT32_MAX	/* as a user or group: none */

/*
 * The line's width
 */

unsigned int terminal_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

/* Bytes of the character at @s, and the columns that it takes */
static size_t next_char(const char *s, size_t n, unsigned int *columns)
{
	const char *end;
	mbstate_t state;
	wchar_t wide;
	size_t len;
	int width;

	*columns = 0;
	if (*s == '\033') {	/* a colour of ours: the event's own are escaped */
		end = memchr(s, 'm', n);
		return end ? (size_t)(end + 1 - s) : n;
	}
	*columns = 1;
	if ((unsigned char)*s < 0x80)
		return 1;
	memset(&state, 0, sizeof(state));
	len = mbrtowc(&wide, s, n, &state);
	if (len == 0 || len > n)
		return 1;
	width = wcwidth(wide);
	*columns = width < 0 ? 1 : (unsigned int)width;
	return len;
}

/* Bytes of as many characters as have room in so many columns */
static size_t fitting(const char *s, size_t n, unsigned int columns)
{
	size_t at = 0, len;
	unsigned int width;

	while (at < n) {
		len = next_char(s + at, n - at, &width);
		if (width > columns)
			break;
		columns -= width;
		at += len;
	}
	return at;
}

static void put_cut(struct line *line, const char *s, size_t n)
{
	const char *more = strcmp(nl_langinfo(CODESET), "UTF-8") ? "..." : "\xe2\x80\xa6";
	unsigned int more_columns = *more == '.' ? 3 : 1;

	if (fitting(s, n, line->columns) == n) {
		fwrite(s, 1, n, line->out);
		return;
	}
	fwrite(s, 1, fitting(s, n, line->columns > more_columns ? line->columns - more_columns : 0),
	       line->out);
	fprintf(line->out, "%s%s", style_off(STYLE_HEAD, line->colour), more);
}

/*
 * Fields
 */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), len = strlen(end);

	return n >= len && !strcmp(s + n - len, end);
}

/* The field that has the same name but for its end: remote_port of remote_address */
static const struct evring_field *sibling(const struct evring_type *type,
					  const struct evring_field *field, const char *end,
					  const char *other)
{
	char name[EVRING_NAME_MAX + 16];

	if (!ends_with(field->name, end))
		return NULL;
	snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(field->name) - strlen(end)), field->name,
		 other);
	return evring_field(type, name);
}

static bool is_id(const struct evring_field *field)
{
	return field->format == EVRING_FORMAT_UID || field->format == EVRING_FORMAT_GID;
}

/* 0 is nothing, unless it has a name; but user 0 is somebody, if there is a process. */
static bool number_empty(const struct evring_event *event, const struct evring_field *field,
			 uint64_t value)
{
	const struct evring_field *pid;
	uint64_t process;

	if (value)
		return is_id(field) && value == NO_ID;
	if (field->format == EVRING_FORMAT_UID) {
		pid = sibling(event->type, field, "_uid", "_pid");
		return pid && !evring_get_number(event, pid, &process) && !process;
	}
	for (uint32_t i = 0; i < field->nr_values && field->format == EVRING_FORMAT_ENUM; i++)
		if (!field->values[i].value)
			return false;
	return true;
}

/* A field that lies outside of its record is not empty: that is told. */
static bool is_empty(const struct evring_event *event, const struct evring_field *field)
{
	const char *s;
	uint64_t value;
	size_t n, i;

	if (!evring_get_number(event, field, &value))
		return number_empty(event, field, value);
	if (evring_get_string(event, field, &s, &n))
		return false;
	for (i = 0; field->kind == EVRING_KIND_FIXED && i < n && !s[i]; i++)
		;
	return i == n;
}

/* The port of an address, which is shown behind it: "1.2.3.4:443". 0: none */
static uint64_t port_of(const struct evring_event *event, const struct evring_field *address)
{
	const struct evring_field *port;
	uint64_t value;

	if (address->format != EVRING_FORMAT_IP)
		return 0;
	port = sibling(event->type, address, "_address", "_port");
	if (!port || port->format != EVRING_FORMAT_PORT || evring_get_number(event, port, &value))
		return 0;
	return value;
}

static bool is_behind_address(const struct evring_event *event, const struct evring_field *port)
{
	const struct evring_field *address;

	if (port->format != EVRING_FORMAT_PORT)
		return false;
	address = sibling(event->type, port, "_port", "_address");
	return address && address->format == EVRING_FORMAT_IP && !is_empty(event, address);
}

enum rank { FIRST, SECOND, THIRD, LAST, RANKS };

/*
 * A hook's fields lie as their sizes want it, so they are sorted: why it failed, then
 * names, then numbers. An application has put the fields of its type in its own order.
 */
static enum rank rank_of(const struct evring_type *type, const struct evring_field *field)
{
	if (!(type->flags & EVRING_TYPE_F_HOOK))
		return FIRST;
	switch (field->format) {
	case EVRING_FORMAT_ERRNO:
		return FIRST;
	case EVRING_FORMAT_HEX:
	case EVRING_FORMAT_DEV:
	case EVRING_FORMAT_CAPS:
	case EVRING_FORMAT_BOOTTIME:
		return LAST;
	}
	if (!strncmp(field->name, "local_", strlen("local_")) || ends_with(field->name, "_given"))
		return THIRD;
	if (field->format == EVRING_FORMAT_IP || field->kind == EVRING_KIND_CHARS ||
	    field->kind == EVRING_KIND_TEXT || field->kind == EVRING_KIND_TEXTS)
		return SECOND;
	return THIRD;
}

static void print_user(struct line *line, uint64_t uid)
{
	char name[USER_NAME_MAX];

	user_name((uint32_t)uid, name);
	quote_string(line->out, name, strlen(name));
}

static void print_address(struct line *line, const struct evring *ev,
			  const struct evring_event *event, const struct evring_field *field,
			  uint64_t port)
{
	const char *s;
	size_t n;
	bool v6 = evring_get_string(event, field, &s, &n) || !line_is_v4(s, n);

	fputs(v6 ? "[" : "", line->out);
	line_value(line, ev, event, field);
	fprintf(line->out, "%s:%" PRIu64, v6 ? "]" : "", port);
}

static void print_value(struct line *line, const struct evring *ev,
			const struct evring_event *event, const struct evring_field *field)
{
	uint64_t value, port = port_of(event, field);

	if (port) {
		print_address(line, ev, event, field, port);
		return;
	}
	if (evring_get_number(event, field, &value)) {
		line_value(line, ev, event, field);
		return;
	}
	if (field->format == EVRING_FORMAT_UID)
		print_user(line, value);
	else
		line_number(line, ev, event, field, value);
}

static void print_own_fields(struct line *line, const struct evring *ev,
			     const struct evring_event *event)
{
	const struct evring_type *type = event->type;

	for (unsigned int rank = FIRST; rank < RANKS; rank++) {
		for (uint32_t i = 0; i < type->nr_fields; i++) {
			const struct evring_field *field = &type->fields[i];

			if (field->offset < type->common_size || rank_of(type, field) != rank ||
			    is_empty(event, field) || is_behind_address(event, field))
				continue;
			fprintf(line->out, " %s=", field->name);
			print_value(line, ev, event, field);
		}
	}
}

/*
 * The line
 */

static void print_task(struct line *line, const struct evring_event *event)
{
	const struct evring_type *type = event->type;
	const char *context = line_context(event);
	const struct evring_field *uid;
	uint64_t value;

	putc(' ', line->out);
	line_comm(line, event);
	fprintf(line->out, "[%u]", event->rec->pid);
	uid = type && type->common_size ? evring_field(type, "uid") : NULL;
	if (uid && uid->offset < type->common_size && !evring_get_number(event, uid, &value)) {
		putc(' ', line->out);
		print_user(line, value);
	}
	if (context)
		fprintf(line->out, " context=%s", context);
}

static void compose(struct line *line, const struct evring *ev, const struct evring_event *event)
{
	unsigned int ns = line_date(line, evring_realtime(ev, event));

	fprintf(line->out, "%s.%03u ", line->date + LINE_TIME, ns / 1000000);
	line_type(line, ev, event);
	if (event->rec->type != EVRING_TYPE_LOST)
		print_task(line, event);
	if (!event->type) {
		line_payload(line, event);
		return;
	}
	print_own_fields(line, ev, event);
	line_redacted(line, event);
}

void line_print(struct line *line, const struct evring *ev, const struct evring_event *event)
{
	FILE *out = line->out;
	char *text;
	size_t len;

	if (line->is_long) {
		line_print_long(line, ev, event);
		return;
	}
	if (line->columns) {
		line->out = stream_begin(&text, &len);
		compose(line, ev, event);
		stream_end(line->out);
		line->out = out;
		put_cut(line, text, len);
		free(text);
	} else {
		compose(line, ev, event);
	}
	putc('\n', out);
}
