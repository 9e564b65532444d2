/* SPDX-License-Identifier: MIT */
/* The fields of an event. What a record says of itself is checked against its length. */
#include <errno.h>
#include <string.h>

#include "evring.h"

static const void *field_at(const struct evring_event *event, const struct evring_field *field,
			    size_t size)
{
	if (field->offset + size > event->payload_len)
		return NULL;
	return (const char *)event->payload + field->offset;
}

/* Copied, as a payload's own layout need not be aligned. */
#define LOAD(_type) ({ _type v_; memcpy(&v_, at, sizeof(v_)); v_; })

int evring_get_number(const struct evring_event *event, const struct evring_field *field,
		      uint64_t *value)
{
	static const uint8_t sizes[EVRING_KINDS] = {
		[EVRING_KIND_U8] = 1, [EVRING_KIND_BOOL] = 1, [EVRING_KIND_U16] = 2,
		[EVRING_KIND_U32] = 4, [EVRING_KIND_S32] = 4,
		[EVRING_KIND_U64] = 8, [EVRING_KIND_S64] = 8,
	};
	const void *at;

	if (field->kind >= EVRING_KINDS || !sizes[field->kind])
		return -EINVAL;
	at = field_at(event, field, sizes[field->kind]);
	if (!at)
		return -EBADMSG;
	switch (sizes[field->kind]) {
	case 1:
		*value = LOAD(uint8_t);
		break;
	case 2:
		*value = LOAD(uint16_t);
		break;
	case 4:
		*value = field->kind == EVRING_KIND_S32 ? (uint64_t)(int64_t)LOAD(int32_t) :
							  LOAD(uint32_t);
		break;
	default:
		*value = LOAD(uint64_t);
	}
	return 0;
}

int evring_get_string(const struct evring_event *event, const struct evring_field *field,
		      const char **str, size_t *len)
{
	const void *at;
	struct evring_str ref;

	switch (field->kind) {
	case EVRING_KIND_CHARS:
		at = field_at(event, field, field->size);
		if (!at)
			return -EBADMSG;
		*str = at;
		*len = strnlen(at, field->size);
		return 0;
	case EVRING_KIND_STR:
	case EVRING_KIND_STRV:
		at = field_at(event, field, sizeof(ref));
		if (!at)
			return -EBADMSG;
		ref = LOAD(struct evring_str);
		if ((uint32_t)ref.offset + ref.len > event->payload_len)
			return -EBADMSG;
		*str = (const char *)event->payload + ref.offset;
		*len = ref.len;
		return 0;
	default:
		return -EINVAL;
	}
}
