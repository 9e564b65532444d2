/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evring for other kernel modules: declare an event, register its type, emit.
 *
 *	#define BEAT_FIELDS(F, S) F(S, U64, beat, NONE) F(S, STR, who, NONE)
 *	EVRING_EVENT(heart_beat, "heart.beat", 1, EVRING_LANE_APP, BEAT_FIELDS);
 *
 *	type = evring_type_register(&heart_beat_desc);
 *	...
 *	struct heart_beat *e = evring_reserve(&slot, type, sizeof(*e) + len);
 *
 *	if (e) {
 *		e->beat = 1;
 *		e->who = evring_str(sizeof(*e), len);
 *		memcpy(e + 1, who, len);
 *		evring_submit(&slot);
 *	}
 *
 * The one list of fields makes both the C structure and the description that
 * user space gets. Fields are only ever appended within one version.
 */
#ifndef _LINUX_EVRING_H
#define _LINUX_EVRING_H

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <uapi/linux/evring.h>

struct evring_event_type;
struct evring_ring;

/**
 * struct evring_type_desc - what a producer declares; see EVRING_EVENT()
 * @name: "family.event"
 * @fields: in the order in which they lie in the payload
 * @nr_fields: at most EVRING_FIELDS_MAX
 * @version: of the schema, from 1
 * @lane: where the events go
 * @size: bytes of the payload's fixed part; no event may be shorter
 * @flags: EVRING_TYPE_F_COMMON or 0
 */
struct evring_type_desc {
	const char *name;
	const struct evring_field *fields;
	u32 nr_fields;
	u32 version;
	u32 lane;
	u32 size;
	u32 flags;
};

/* The C type of each kind that a declared field can have; CHARS is comm's alone */
#define EVRING_CTYPE_U8		u8
#define EVRING_CTYPE_U16	u16
#define EVRING_CTYPE_U32	u32
#define EVRING_CTYPE_U64	u64
#define EVRING_CTYPE_S32	s32
#define EVRING_CTYPE_S64	s64
#define EVRING_CTYPE_BOOL	u8
#define EVRING_CTYPE_STR	struct evring_str
#define EVRING_CTYPE_STRV	struct evring_str

#define __EVRING_MEMBER(_id, _kind, _name, _format)	EVRING_CTYPE_##_kind _name;

#define __EVRING_FIELD(_id, _kind, _name, _format) {				\
	#_name, EVRING_KIND_##_kind, EVRING_FORMAT_##_format,			\
	offsetof(struct _id, _name), sizeof_field(struct _id, _name),		\
},

#define __EVRING_COMMON_FIELDS							\
	__EVRING_FIELD(evring_common, U32, uid, NONE)				\
	__EVRING_FIELD(evring_common, U32, euid, NONE)				\
	__EVRING_FIELD(evring_common, U32, loginuid, NONE)			\
	__EVRING_FIELD(evring_common, U32, pidns, NONE)				\
	__EVRING_FIELD(evring_common, U64, cgroup, NONE)			\
	__EVRING_FIELD(evring_common, CHARS, comm, NONE)

#define __EVRING_DESC(_id, _name, _version, _lane, _flags)			\
static const struct evring_type_desc _id##_desc = {				\
	.name		= (_name),						\
	.fields		= _id##_fields,						\
	.nr_fields	= ARRAY_SIZE(_id##_fields),				\
	.version	= (_version),						\
	.lane		= (_lane),						\
	.size		= sizeof(struct _id),					\
	.flags		= (_flags),						\
}

/**
 * EVRING_EVENT() - declare an event: struct @_id, @_id_desc
 * @_id: name of the structure
 * @_name: name of the type, "family.event"
 * @_version: of the schema
 * @_lane: enum evring_lane
 * @_list: macro (F, S) that says F(S, kind, name, format) for each field
 */
#define EVRING_EVENT(_id, _name, _version, _lane, _list)			\
struct _id {									\
	_list(__EVRING_MEMBER, _id)							\
};										\
static const struct evring_field _id##_fields[] = {				\
	_list(__EVRING_FIELD, _id)						\
};										\
__EVRING_DESC(_id, _name, _version, _lane, 0)

/**
 * EVRING_TASK_EVENT() - the same with struct evring_common as member `common`
 *
 * For events that a task causes; evring_fill_common() fills it.
 */
#define EVRING_TASK_EVENT(_id, _name, _version, _lane, _list)			\
struct _id {									\
	struct evring_common common;						\
	_list(__EVRING_MEMBER, _id)							\
};										\
static const struct evring_field _id##_fields[] = {				\
	__EVRING_COMMON_FIELDS							\
	_list(__EVRING_FIELD, _id)						\
};										\
__EVRING_DESC(_id, _name, _version, _lane, EVRING_TYPE_F_COMMON)

/**
 * struct evring_slot - a reservation, from evring_reserve() to submit
 *
 * Lives on the caller's stack; its members are evring's own.
 */
struct evring_slot {
	struct evring_ring *ring;
	struct evring_rec *rec;
	unsigned long word;
	u64 head;
};

/**
 * evring_type_register() - make a type known
 * @desc: copied
 *
 * The same name and version may be registered again once it was unregistered,
 * and then keeps its id; its fields must start with those that it had.
 *
 * Context: may sleep. Return: the type, or an ERR_PTR: EINVAL (the description
 * is wrong), EEXIST, ENOSPC, ENOMEM.
 */
struct evring_event_type *evring_type_register(const struct evring_type_desc *desc);

/**
 * evring_type_unregister() - the module goes, its events stay readable
 * @type: what evring_type_register() returned; NULL and ERR_PTR are fine
 *
 * Nobody may be emitting it any more. Context: may sleep.
 */
void evring_type_unregister(struct evring_event_type *type);

/**
 * evring_reserve() - room for one event on this CPU's ring
 * @slot: the caller's, for evring_submit() or evring_discard()
 * @type: of the event
 * @len: bytes of payload, at least the type's size
 *
 * Returns with preemption off until submit or discard, which must follow on
 * the same CPU, soon, and in reverse order where reservations nest. What the
 * caller does not write holds what older events left there.
 *
 * Context: any, NMI included; never sleeps, never spins on another CPU.
 * Return: the payload, 8-byte aligned; NULL if there is no room, which is
 * counted and will be told in the stream: there is nothing more to do.
 */
void *evring_reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len);

/** evring_submit() - publish what evring_reserve() gave. Context: the same. */
void evring_submit(struct evring_slot *slot);

/** evring_discard() - take it back unseen. Context: the same. */
void evring_discard(struct evring_slot *slot);

/**
 * evring_emit() - reserve, copy and submit
 * @type: of the event
 * @payload: to copy
 * @len: bytes
 *
 * Context: any. Return: 0, -ENOBUFS if there was no room (counted),
 * -EINVAL if @len is below the type's size.
 */
int evring_emit(struct evring_event_type *type, const void *payload, u32 len);

/** evring_fill_common() - who current is. Context: task, preemption off. */
void evring_fill_common(struct evring_common *common);

/** evring_record_max() - longest payload that fits a record, bytes */
u32 evring_record_max(void);

/** evring_str() - reference to @len bytes at @offset of a payload */
static inline struct evring_str evring_str(u32 offset, u32 len)
{
	return (struct evring_str){ .offset = offset, .len = len };
}

#endif /* _LINUX_EVRING_H */
