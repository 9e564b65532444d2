/* SPDX-License-Identifier: MIT */
/* template: text with ${variables}, such as "host.${type}". */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>

enum variable {
	VAR_TEXT,		/* not a variable */
	VAR_TYPE, VAR_LANE, VAR_HOST, VAR_MACHINE, VAR_BOOT, VAR_CPU, VAR_PID, VAR_TID,
	VAR_FIELD,		/* any other name: a field of the event */
};

#define TEMPLATE_TOPIC \
	(1u << VAR_TYPE | 1u << VAR_LANE | 1u << VAR_HOST | 1u << VAR_MACHINE)
#define TEMPLATE_ANY (~0u)
/* Variables that never change while evringd runs */
#define TEMPLATE_CONSTANT \
	(1u << VAR_TEXT | 1u << VAR_HOST | 1u << VAR_MACHINE | 1u << VAR_BOOT)

struct piece {
	enum variable what;
	size_t len;
	char text[EVRING_NAME_MAX];	/* the text, or the field's name */
};

struct template {
	char *text;			/* as it is written in the file, for the log */
	size_t nr;
	struct piece *pieces;
};

/* @allowed: bits by enum variable. NULL: @why tells. */
struct template *template_parse(const char *text, unsigned int allowed, char *why, size_t len);
void template_free(struct template *tmpl);
/* Writes a variable's value to @buf, cut at @len; returns its length. */
typedef size_t template_value(const void *arg, const struct piece *piece, char *buf, size_t len);
/* Returns the length of the text in @buf, which has no NUL at its end. */
size_t template_expand(const struct template *tmpl, template_value *value, const void *arg,
		       char *buf, size_t len);

#define TOPIC_MAX 249			/* Kafka's own bound */

bool topic_name_ok(const char *name, size_t len);
/* NULL, or why this template could give a text that no topic can have as its name. */
const char *topic_template_wrong(const struct template *tmpl);

#endif /* TEMPLATE_H */
