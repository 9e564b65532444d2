/* SPDX-License-Identifier: MIT */
/* The fields of an event. Offsets and lengths in a record are checked against its length. */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const void *field_at(const struct evring_event *event, const struct evring_field *field,
			    size_t size)
{
	if (field->offset + size > event->payload_len)
		return NULL;
	return (const char *)event->payload + field->offset;
}

int evring_get_number(const struct evring_event *event, const struct evring_field *field,
		      uint64_t *value)
{
	const void *at;

	/* An array is no number, nor is a field in the tail. */
	if (field->kind & EVRING_KIND_VAR || field->size != EVRING_KIND_SIZE(field->kind))
		return -EINVAL;
	switch (field->kind) {
	case EVRING_KIND_U8: case EVRING_KIND_U16: case EVRING_KIND_U32: case EVRING_KIND_U64:
	case EVRING_KIND_S8: case EVRING_KIND_S16: case EVRING_KIND_S32: case EVRING_KIND_S64:
	case EVRING_KIND_BOOL:
		break;
	default:
		return -EINVAL;
	}
	at = field_at(event, field, field->size);
	if (!at)
		return -EBADMSG;
	*value = number_load(at, field->kind);
	return 0;
}

int evring_get_string(const struct evring_event *event, const struct evring_field *field,
		      const char **str, size_t *len)
{
	const void *at = field_at(event, field, field->size);
	struct evring_str ref;

	switch (field->kind) {
	case EVRING_KIND_CHARS:
	case EVRING_KIND_FIXED:
		if (!at)
			return -EBADMSG;
		*str = at;
		*len = field->kind == EVRING_KIND_CHARS ? strnlen(at, field->size) : field->size;
		return 0;
	default:
		if (!(field->kind & EVRING_KIND_VAR))
			return -EINVAL;
		if (!at)
			return -EBADMSG;
		memcpy(&ref, at, sizeof(ref));
		if ((uint32_t)ref.offset + ref.len > event->payload_len)
			return -EBADMSG;
		*str = (const char *)event->payload + ref.offset;
		*len = ref.len;
		return 0;
	}
}
