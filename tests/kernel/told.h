/* SPDX-License-Identifier: MIT */
/*
 * A process's events of one family, kept in their order, with their fields by name.
 */
#ifndef EVRING_TEST_TOLD_H
#define EVRING_TEST_TOLD_H

#include "device.h"

#define TOLD_MAX	64
#define TOLD_BYTES	16384

struct told_event {
	struct evring_event event;
	struct evring_rec rec;
	char payload[TOLD_BYTES];
};

/* The last TOLD_MAX of @n events */
struct told {
	unsigned int n;
	struct told_event events[TOLD_MAX];
};

static inline void told_keep(struct told *told, const struct evring_event *event)
{
	struct told_event *kept = &told->events[told->n++ % TOLD_MAX];

	if (event->payload_len > sizeof(kept->payload))
		abort();
	kept->event = *event;
	kept->rec = *event->rec;
	memcpy(kept->payload, event->payload, event->payload_len);
	kept->event.rec = &kept->rec;
	kept->event.payload = kept->payload;
}

/* Read all there is; keep the events of this type, or of all types of a family ("file."), by @pid. */
static inline struct told *told_read(struct evring *ev, const char *name, pid_t pid)
{
	struct told *told = malloc(sizeof(*told));
	struct evring_event event;

	if (!told)
		abort();
	told->n = 0;
	while (evring_next(ev, &event) > 0) {
		if (event.type && event.rec->pid == (uint32_t)pid &&
		    !strncmp(event.type->name, name, strlen(name)) &&
		    (name[strlen(name) - 1] == '.' || !strcmp(event.type->name, name)))
			told_keep(told, &event);
	}
	return told;
}

/* The last event but @back */
static inline const struct evring_event *told_at(const struct told *told, unsigned int back)
{
	if (told->n <= back || back >= TOLD_MAX)
		abort();
	return &told->events[(told->n - 1 - back) % TOLD_MAX].event;
}

static inline const struct evring_field *told_field(const struct evring_event *event,
						    const char *name)
{
	const struct evring_field *field = evring_field(event->type, name);

	if (!field) {
		printf("# %s has no field %s\n", event->type->name, name);
		fflush(stdout);
		abort();
	}
	return field;
}

static inline uint64_t told_number(const struct evring_event *event, const char *name)
{
	uint64_t value;

	if (evring_get_number(event, told_field(event, name), &value))
		abort();
	return value;
}

static inline int told_result(const struct evring_event *event)
{
	return (int)told_number(event, "result");
}

/* A text, NUL-terminated, good until the eighth call from here */
static inline const char *told_text(const struct evring_event *event, const char *name)
{
	static char texts[8][TOLD_BYTES];
	static unsigned int next;
	char *text = texts[next++ % 8];
	const char *str;
	size_t len;

	if (evring_get_string(event, told_field(event, name), &str, &len) || len >= TOLD_BYTES)
		abort();
	memcpy(text, str, len);
	text[len] = '\0';
	return text;
}

/* Its length: a text has no NUL in it. */
static inline size_t told_text_len(const struct evring_event *event, const char *name)
{
	const char *str;
	size_t len;

	if (evring_get_string(event, told_field(event, name), &str, &len))
		abort();
	return len;
}

/* Is the flag @flag, by its name, in this field? */
static inline bool told_flag(const struct evring_event *event, const char *name, const char *flag)
{
	const struct evring_field *field = told_field(event, name);
	uint64_t value = told_number(event, name);
	unsigned int i;

	for (i = 0; i < field->nr_values; i++)
		if (!strcmp(field->values[i].name, flag))
			return (value & field->values[i].value) == field->values[i].value;
	printf("# %s.%s has no flag %s\n", event->type->name, name, flag);
	abort();
}

/* Is this field's number called so? */
static inline bool told_called(const struct evring_event *event, const char *name,
			       const char *value_name)
{
	const struct evring_field *field = told_field(event, name);
	uint64_t value = told_number(event, name);
	unsigned int i;

	for (i = 0; i < field->nr_values; i++)
		if (field->values[i].value == value)
			return !strcmp(field->values[i].name, value_name);
	return false;
}

#endif /* EVRING_TEST_TOLD_H */
