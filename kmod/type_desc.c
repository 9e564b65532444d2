// SPDX-License-Identifier: GPL-2.0-only
/* Descriptions of types: those of the builtin types, and the rules for all. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "lane.h"
#include "name.h"
#include "type.h"

static const struct evring_field_desc lost_fields[] = {
	__EVRING_FIELD(evring_lost, U64, count, NONE, "events that got no room")
	__EVRING_FIELD(evring_lost, U64, first, RAWTIME, "when the first of them came")
	__EVRING_FIELD(evring_lost, U64, last, RAWTIME, "when the last of them came")
	__EVRING_FIELD(evring_lost, U32, causes, FLAGS, "why", .names = &evring_lost_causes)
	__EVRING_FIELD(evring_lost, U16, type, TYPE, "type of all of them, 0: of several")
};

static const struct evring_value_desc lost_values[] = {
	{ BIT(EVRING_LOST_FULL), "full", "a group held the segment that came next" },
	{ BIT(EVRING_LOST_NESTED), "nested", "an NMI came while a segment was entered, or no place to redact was free" },
	{ BIT(EVRING_LOST_TOOBIG), "toobig", "longer than the longest record" },
	{ BIT(EVRING_LOST_PROBE), "probe", "the kernel did not call the hook's probe" },
	{ BIT(EVRING_LOST_SAMPLED), "sampled", "each owner that wants it takes a sample only" },
	{ BIT(EVRING_LOST_RATE), "rate", "more a second than an owner that wants it takes" },
};

static_assert(ARRAY_SIZE(lost_values) == EVRING_LOST_CAUSES);

const struct evring_names_desc evring_lost_causes = {
	.name = "lost_cause",
	.values = lost_values,
	.nr_values = ARRAY_SIZE(lost_values),
};

/* The ids below EVRING_TYPE_FIRST, so that user space finds no hole in the list */
const struct evring_type_desc evring_builtin_types[EVRING_TYPE_FIRST] = {
	[EVRING_TYPE_PAD] = {
		.name = "evring.pad",
		.doc = "the rest of a segment",
		.version = 1,
	},
	[EVRING_TYPE_DISCARD] = {
		.name = "evring.discard",
		.doc = "an event that was given up",
		.version = 1,
	},
	[EVRING_TYPE_LOST] = {
		.name = "evring.lost",
		.doc = "events that got no room on this ring",
		.version = 1,
		.fields = lost_fields,
		.nr_fields = ARRAY_SIZE(lost_fields),
		.size = sizeof(struct evring_lost),
	},
};

static bool field_name_valid(const char *name)
{
	size_t len = name ? strnlen(name, EVRING_NAME_MAX) : 0, i;

	if (!len || len == EVRING_NAME_MAX || !islower(name[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!islower(name[i]) && !isdigit(name[i]) && name[i] != '_')
			return false;
	return true;
}

/* Its size must be one that its kind can have; several elements are an array. */
static bool field_size_valid(const struct evring_field_desc *field)
{
	u32 size = EVRING_KIND_SIZE(field->kind);

	if (field->kind & EVRING_KIND_VAR)
		return size && field->size == sizeof(struct evring_str);
	return size && field->size && field->size % size == 0;
}

/* Can a number of this format have names? */
static bool format_named(u16 format)
{
	switch (format) {
	case EVRING_FORMAT_HEX:
	case EVRING_FORMAT_CAPS:
	case EVRING_FORMAT_ENUM:
	case EVRING_FORMAT_FLAGS:
		return true;
	default:
		return false;
	}
}

static bool names_valid(const struct evring_field_desc *field)
{
	const struct evring_names_desc *names = field->names;
	u32 i;

	if (!names)
		return field->format != EVRING_FORMAT_ENUM && field->format != EVRING_FORMAT_FLAGS;
	if (!format_named(field->format))
		return false;
	if (!names->nr_values || names->nr_values > EVRING_VALUES_MAX)
		return false;
	for (i = 0; i < names->nr_values; i++)
		if (!names->values[i].name || strlen(names->values[i].name) >= EVRING_NAME_MAX)
			return false;
	return true;
}

static bool field_valid(const struct evring_type_desc *desc, unsigned int i)
{
	const struct evring_field_desc *field = &desc->fields[i];
	unsigned int j;

	if (!field_name_valid(field->name) || !field_size_valid(field) || !names_valid(field) ||
	    field->offset + field->size > desc->size)
		return false;
	for (j = 0; j < i; j++)
		if (!strcmp(desc->fields[j].name, field->name))
			return false;
	return true;
}

bool evring_type_desc_valid(const struct evring_type_desc *desc)
{
	unsigned int i;

	if (!desc->name || strlen(desc->name) >= EVRING_NAME_MAX ||
	    !evring_name_valid(desc->name) || !desc->version ||
	    desc->nr_fields > EVRING_FIELDS_MAX || desc->size > evring_record_max() ||
	    desc->common_size > desc->size)
		return false;
	for (i = 0; i < desc->nr_fields; i++)
		if (!field_valid(desc, i))
			return false;
	return true;
}
