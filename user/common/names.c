/* SPDX-License-Identifier: MIT */
/* See names.h. */
#include "names.h"

#include "memory.h"

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

const char *policy_name(unsigned int policy)
{
	return policy == EVRING_HOLD ? "hold" : policy == EVRING_FOLLOW ? "follow" : "unknown";
}

const char *clock_source_name(unsigned int source)
{
	return source == EVRING_CLOCK_BOOTTIME ? "boottime" :
	       source == EVRING_CLOCK_TSC ? "tsc" : "unknown";
}

const char *feature_name(uint64_t feature)
{
	return or_unknown(evring_feature_name(feature));
}

char *feature_list(uint64_t features)
{
	const char *comma = "";
	char *text;
	size_t len;
	FILE *out = stream_begin(&text, &len);

	for (; features; features &= features - 1) {
		fprintf(out, "%s%s", comma, feature_name(features & -features));
		comma = ", ";
	}
	stream_end(out);
	return text;
}

char *lane_list(const struct evring *ev, uint64_t lanes)
{
	const char *comma = "";
	char *text;
	size_t len;
	FILE *out = stream_begin(&text, &len);

	for (unsigned int lane = 0; lane < evring_lanes(ev); lane++) {
		if (!(lanes & 1ULL << lane))
			continue;
		fprintf(out, "%s%s", comma, lane_name(ev, lane));
		comma = ",";
	}
	stream_end(out);
	return text;
}

bool is_hook(const struct evring_type *type)
{
	return type && (type->flags & EVRING_TYPE_F_HOOK) && !(type->flags & EVRING_TYPE_F_GONE);
}

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

char *hook_list(struct evring *ev)
{
	const struct evring_type *type;
	const char *comma = "";
	char *text;
	size_t len;
	FILE *out = stream_begin(&text, &len);

	for (unsigned int id = 0; (type = evring_type(ev, id)); id++) {
		if (!is_hook(type) || evring_type_by_name(ev, type->name) != type)
			continue;
		fprintf(out, "%s%s", comma, type->name);
		comma = ", ";
	}
	fputs(*comma ? "" : "none", out);
	stream_end(out);
	return text;
}
