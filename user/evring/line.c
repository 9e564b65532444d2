/* SPDX-License-Identifier: MIT */
/*
 * The fields of an event as text, and its long form: time, type, CPU and task, then all
 * fields of the type's own, then, dimmed, the common fields of all types.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "line.h"
#include "names.h"
#include "text.h"

unsigned int line_date(struct line *line, uint64_t wall_ns)
{
	time_t second = wall_ns / 1000000000;
	struct tm tm;

	if (!line->date[0] || line->second != (uint64_t)second) {
		line->second = second;
		localtime_r(&second, &tm);
		strftime(line->date, sizeof(line->date), "%F %T", &tm);
	}
	return (unsigned int)(wall_ns % 1000000000);
}

static void print_time(struct line *line, uint64_t wall_ns)
{
	unsigned int ns = line_date(line, wall_ns);

	fprintf(line->out, "%s.%06u", line->date, ns / 1000);
}

/* Raw times of a lost record: as that of an event which came then. */
static uint64_t raw_to_wall(const struct evring *ev, const struct evring_event *event, uint64_t raw)
{
	struct evring_rec rec = *event->rec;
	struct evring_event other = *event;

	rec.time = raw;
	other.rec = &rec;
	return evring_realtime(ev, &other);
}

/* The names of a number, or of its bits; the number where there are none. An application
 * chooses the names of its types. */
static void print_names(struct line *line, const struct evring_field *field, uint64_t value)
{
	bool flags = evring_field_has_bits(field);
	const char *bar = "";

	for (uint32_t i = 0; i < field->nr_values; i++) {
		uint64_t is = field->values[i].value;

		if (flags ? !is || (value & is) != is : value != is)
			continue;
		fputs(bar, line->out);
		quote_string(line->out, field->values[i].name, strlen(field->values[i].name));
		bar = "|";
		value &= ~is;
		if (!flags)
			return;
	}
	if (value || !*bar)
		fprintf(line->out, flags ? "%s%#" PRIx64 : "%s%" PRIu64, bar, value);
}

void line_number(struct line *line, const struct evring *ev, const struct evring_event *event,
		 const struct evring_field *field, uint64_t value)
{
	char human[HUMAN_MAX], name[EVRING_NUMBER_NAME];

	if (evring_number_name(field, value, name))
		fputs(name, line->out);
	else if (field->nr_values)
		print_names(line, field, value);
	else if (field->format == EVRING_FORMAT_RAWTIME)
		print_time(line, raw_to_wall(ev, event, value));
	else if (field->format == EVRING_FORMAT_TIME)
		print_time(line, value);
	else if (field->format == EVRING_FORMAT_HEX || field->format == EVRING_FORMAT_CAPS)
		fprintf(line->out, "%#" PRIx64, value);
	else if (field->format == EVRING_FORMAT_DURATION)
		fputs(human_duration(human, value), line->out);
	else if (field->format == EVRING_FORMAT_BOOTTIME)
		print_time(line, evring_clock_to_wall(ev, value));
	else if (field->format == EVRING_FORMAT_MODE)
		fprintf(line->out, "%#" PRIo64, value);
	else if (field->format == EVRING_FORMAT_DEV)
		fprintf(line->out, "%" PRIu64 ":%" PRIu64, value >> 20, value & 0xfffff);
	else if (field->kind >= EVRING_KIND_S8 && field->kind <= EVRING_KIND_S64)
		fprintf(line->out, "%" PRId64, (int64_t)value);
	else
		fprintf(line->out, "%" PRIu64, value);
}

static bool is_text(const struct evring_field *field)
{
	return field->kind == EVRING_KIND_CHARS || field->kind == EVRING_KIND_TEXT ||
	       field->kind == EVRING_KIND_TEXTS;
}

bool line_is_v4(const char *s, size_t n)
{
	static const char mapped[12] = { [10] = (char)0xff, [11] = (char)0xff };

	return n == 16 && !memcmp(s, mapped, sizeof(mapped));
}

static void print_ip(struct line *line, const char *s)
{
	bool v4 = line_is_v4(s, 16);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? s + 12 : s, text, sizeof(text));
	fputs(text, line->out);
}

void line_value(struct line *line, const struct evring *ev, const struct evring_event *event,
		const struct evring_field *field)
{
	const char *s = NULL;
	uint64_t value;
	size_t n;

	if (!evring_get_number(event, field, &value)) {
		line_number(line, ev, event, field, value);
	} else if (evring_get_string(event, field, &s, &n)) {
		putc('?', line->out);	/* not within the record, or an array of numbers */
	} else if (field->format == EVRING_FORMAT_IP && n == 16) {
		print_ip(line, s);
	} else if (!is_text(field)) {
		for (size_t i = 0; i < n; i++)
			fprintf(line->out, "%02x", (unsigned char)s[i]);
	} else if (field->kind == EVRING_KIND_TEXTS) {
		putc('[', line->out);
		quote_strings(line->out, s, n);
		putc(']', line->out);
	} else {
		quote_string(line->out, s, n);
	}
}

/* Fields of struct evring_common or those behind it; comm stands at the start of the line. */
static void print_fields(struct line *line, const struct evring *ev,
			 const struct evring_event *event, bool common)
{
	const struct evring_type *type = event->type;
	for (uint32_t i = 0; i < type->nr_fields; i++) {
		const struct evring_field *field = &type->fields[i];
		bool is_common = field->offset < type->common_size;

		if (is_common != common ||
		    (is_common && field->offset == offsetof(struct evring_common, comm)))
			continue;
		fprintf(line->out, " %s=", field->name);
		line_value(line, ev, event, field);
	}
}

void line_type(struct line *line, const struct evring *ev, const struct evring_event *event)
{
	bool is_lost = event->rec->type == EVRING_TYPE_LOST;
	enum style style = is_lost ? STYLE_BAD : STYLE_HEAD;

	fputs(style_on(style, line->colour), line->out);
	if (event->type)
		fputs(event->type->name, line->out);
	else
		fprintf(line->out, "unknown:%u", event->rec->type);
	fputs(style_off(style, line->colour), line->out);
	if (is_lost)
		fprintf(line->out, " lane=%s", lane_name(ev, event->lane));
}

const char *line_context(const struct evring_event *event)
{
	static const char *const contexts[] = { NULL, "softirq", "hardirq", "nmi" };

	return contexts[event->rec->flags & EVRING_REC_CONTEXT];
}

static const struct evring_field *comm_of(const struct evring_type *type)
{
	return type && type->common_size ? evring_field(type, "comm") : NULL;
}

bool line_comm(struct line *line, const struct evring_event *event)
{
	const struct evring_field *comm = comm_of(event->type);
	const char *s;
	size_t n;

	if (!comm || evring_get_string(event, comm, &s, &n))
		return false;
	quote_string(line->out, s, n);
	return true;
}

/* The task; of an event in an interrupt it is the task that was interrupted. */
static void print_task(struct line *line, const struct evring_event *event)
{
	const char *context = line_context(event);

	fprintf(line->out, " pid=%u", event->rec->pid);
	if (event->rec->tid != event->rec->pid)
		fprintf(line->out, " tid=%u", event->rec->tid);
	if (context)
		fprintf(line->out, " context=%s", context);
	if (!comm_of(event->type))
		return;
	fputs(" comm=", line->out);
	line_comm(line, event);
}

/* In which fields "[redacted]" is the kernel's word, and not the process's */
void line_redacted(struct line *line, const struct evring_event *event)
{
	const char *before = " redacted=[";

	for (uint32_t i = 0; i < event->type->nr_fields; i++) {
		if (!evring_field_redacted(event, &event->type->fields[i]))
			continue;
		fprintf(line->out, "%s%s", before, event->type->fields[i].name);
		before = " ";
	}
	if (*before == ' ' && !before[1])
		putc(']', line->out);
}

void line_payload(struct line *line, const struct evring_event *event)
{
	fputs(" payload=", line->out);
	for (uint32_t i = 0; i < event->payload_len; i++)
		fprintf(line->out, "%02x", ((const uint8_t *)event->payload)[i]);
}

void line_print_long(struct line *line, const struct evring *ev,
		     const struct evring_event *event)
{
	print_time(line, evring_realtime(ev, event));
	fputs("  ", line->out);
	line_type(line, ev, event);
	fprintf(line->out, "  cpu=%u", event->cpu);
	if (event->rec->type != EVRING_TYPE_LOST)
		print_task(line, event);
	putc(' ', line->out);
	if (event->type) {
		line_redacted(line, event);
		print_fields(line, ev, event, false);
		if (event->type->common_size) {
			fputs(style_on(STYLE_DIM, line->colour), line->out);
			print_fields(line, ev, event, true);
			fputs(style_off(STYLE_DIM, line->colour), line->out);
		}
	} else {
		line_payload(line, event);
	}
	putc('\n', line->out);
}
