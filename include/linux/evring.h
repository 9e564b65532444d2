/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evring for other kernel modules: declare an event, register its type, emit.
 *
 *	#define BEAT_FIELDS(F, S)				\
 *		F(S, U64, beat, NONE, "beats so far")		\
 *		F(S, TEXT, who, NONE, "the task that it hit")
 *	EVRING_EVENT(heart_beat, "heart.beat", 1, "app", "one a second", BEAT_FIELDS);
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

/* The name of one value of a field, or of one bit of it */
struct evring_value_desc {
	u64 value;
	const char *name;
	const char *doc;
};

/**
 * struct evring_names_desc - the names of a field's numbers; fields may share it
 * @name: of the table
 * @values: in any order
 * @nr_values: how many
 */
struct evring_names_desc {
	const char *name;
	const struct evring_value_desc *values;
	u32 nr_values;
};

/**
 * struct evring_field_desc - one field; see struct evring_block_field
 * @name: [a-z][a-z0-9_]*
 * @doc: one line
 * @unit: NULL: none, or the one that the format implies
 * @kind: enum evring_kind
 * @format: enum evring_format
 * @offset: from the start of the payload, bytes
 * @size: bytes of the fixed part
 * @names: where the format is ENUM or FLAGS; where it is HEX or CAPS: or NULL
 */
struct evring_field_desc {
	const char *name;
	const char *doc;
	const char *unit;
	u16 kind;
	u16 format;
	u16 offset;
	u16 size;
	const struct evring_names_desc *names;
};

/**
 * struct evring_type_desc - a producer's declaration; see EVRING_EVENT()
 * @name: "family.event"
 * @doc: one line
 * @lane: name of the lane that it asks for; where there is none of that name its
 *	events go to the first one
 * @fields: in the order in which they lie in the payload
 * @nr_fields: of @fields
 * @version: of the schema, from 1
 * @size: bytes of the payload's fixed part; no event may be shorter
 * @common_size: sizeof(struct evring_common), or 0
 */
struct evring_type_desc {
	const char *name;
	const char *doc;
	const char *lane;
	const struct evring_field_desc *fields;
	u32 nr_fields;
	u32 version;
	u32 size;
	u32 common_size;
};

/* Bytes that have a format: an address, an id */
struct evring_fixed6 {
	u8 bytes[6];
};

struct evring_fixed16 {
	u8 bytes[16];
};

#define EVRING_KIND_FIXED6	EVRING_KIND_FIXED
#define EVRING_KIND_FIXED16	EVRING_KIND_FIXED

/* The C type of each kind that a declared field can have; CHARS is comm's alone */
#define EVRING_CTYPE_U8		u8
#define EVRING_CTYPE_U16	u16
#define EVRING_CTYPE_U32	u32
#define EVRING_CTYPE_U64	u64
#define EVRING_CTYPE_S8		s8
#define EVRING_CTYPE_S16	s16
#define EVRING_CTYPE_S32	s32
#define EVRING_CTYPE_S64	s64
#define EVRING_CTYPE_BOOL	u8
#define EVRING_CTYPE_FIXED6	struct evring_fixed6
#define EVRING_CTYPE_FIXED16	struct evring_fixed16
#define EVRING_CTYPE_U8S	struct evring_str
#define EVRING_CTYPE_U16S	struct evring_str
#define EVRING_CTYPE_U32S	struct evring_str
#define EVRING_CTYPE_U64S	struct evring_str
#define EVRING_CTYPE_S8S	struct evring_str
#define EVRING_CTYPE_S16S	struct evring_str
#define EVRING_CTYPE_S32S	struct evring_str
#define EVRING_CTYPE_S64S	struct evring_str
#define EVRING_CTYPE_TEXT	struct evring_str
#define EVRING_CTYPE_BYTES	struct evring_str
#define EVRING_CTYPE_TEXTS	struct evring_str

#define __EVRING_MEMBER(_id, _kind, _name, ...)	EVRING_CTYPE_##_kind _name;

#define __EVRING_FIELD(_id, _kind, _name, _format, _doc, ...) {			\
	.name = #_name, .doc = (_doc),						\
	.kind = EVRING_KIND_##_kind, .format = EVRING_FORMAT_##_format,		\
	.offset = offsetof(struct _id, _name),					\
	.size = sizeof_field(struct _id, _name), ##__VA_ARGS__			\
},

#define __EVRING_COMMON_FIELDS							\
	__EVRING_FIELD(evring_common, U32, uid, UID, "real user id")		\
	__EVRING_FIELD(evring_common, U32, euid, UID, "effective user id")	\
	__EVRING_FIELD(evring_common, U32, gid, GID, "real group id")		\
	__EVRING_FIELD(evring_common, U32, loginuid, UID,			\
		       "user who logged in (audit), 4294967295: unset")		\
	__EVRING_FIELD(evring_common, U32, sessionid, NONE,			\
		       "session of the login (audit), 4294967295: unset")	\
	__EVRING_FIELD(evring_common, U32, pidns, NONE, "inode of the pid namespace") \
	__EVRING_FIELD(evring_common, U32, mntns, NONE, "inode of the mount namespace") \
	__EVRING_FIELD(evring_common, U64, cgroup, NONE, "id of the cgroup (v2)") \
	__EVRING_FIELD(evring_common, U64, start_time, BOOTTIME,		\
		       "when the process began; with its pid, one process for ever") \
	__EVRING_FIELD(evring_common, CHARS, comm, NONE,			\
		       "name of the task; of io_uring's worker, its process's")

#define __EVRING_DESC(_id, _name, _version, _lane, _doc, _common_size)		\
static const struct evring_type_desc _id##_desc = {				\
	.name		= (_name),						\
	.doc		= (_doc),						\
	.lane		= (_lane),						\
	.fields		= _id##_fields,						\
	.nr_fields	= ARRAY_SIZE(_id##_fields),				\
	.version	= (_version),						\
	.size		= sizeof(struct _id),					\
	.common_size	= (_common_size),					\
}

/**
 * EVRING_EVENT() - declare an event: struct @_id, @_id_desc
 * @_id: name of the structure
 * @_name: name of the type, "family.event"
 * @_version: of the schema
 * @_lane: name of a lane
 * @_doc: one line about the event
 * @_list: macro (F, S) that says F(S, kind, name, format, doc) for each field;
 *	further arguments initialise more of struct evring_field_desc:
 *	.unit = "bytes", .names = &some_names
 */
#define EVRING_EVENT(_id, _name, _version, _lane, _doc, _list)			\
struct _id {									\
	_list(__EVRING_MEMBER, _id)						\
};										\
static const struct evring_field_desc _id##_fields[] = {			\
	_list(__EVRING_FIELD, _id)						\
};										\
__EVRING_DESC(_id, _name, _version, _lane, _doc, 0)

/**
 * EVRING_TASK_EVENT() - the same with struct evring_common as member `common`
 *
 * For events that a task causes; evring_fill_common() fills it.
 */
#define EVRING_TASK_EVENT(_id, _name, _version, _lane, _doc, _list)		\
struct _id {									\
	struct evring_common common;						\
	_list(__EVRING_MEMBER, _id)						\
};										\
static const struct evring_field_desc _id##_fields[] = {			\
	__EVRING_COMMON_FIELDS							\
	_list(__EVRING_FIELD, _id)						\
};										\
__EVRING_DESC(_id, _name, _version, _lane, _doc, sizeof(struct evring_common))

/**
 * struct evring_slot - a reservation, from evring_reserve() to submit
 *
 * Lives on the caller's stack; its members are evring's own.
 */
struct evring_slot {
	struct evring_stage *stage;
	struct evring_ring *ring;
	struct evring_rec *rec;
	unsigned long word;
	u64 head;
};

/**
 * evring_type_register() - make a type known
 * @desc: copied
 *
 * The same name and version may be registered again once it was unregistered. With the
 * same fields it then keeps its id. If fields were appended since, or the older module
 * is back, it has another one, as events that are still in the rings are read by the
 * fields that they had.
 *
 * Context: may sleep. Return: the type, or an ERR_PTR: EINVAL (the description
 * is wrong), EBUSY (the name is taken; a module that returns EEXIST says that it is
 * loaded already, which the loader of 7.x tells it), ENOSPC (no id is free), ENOMEM.
 */
struct evring_event_type *evring_type_register(const struct evring_type_desc *desc);

/**
 * evring_type_unregister() - the module goes, its events stay readable
 * @type: from evring_type_register(); NULL and ERR_PTR are fine
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
 * the same CPU, soon, and in reverse order where reservations nest. Bytes
 * that the caller does not write are those of older events.
 *
 * Context: any, NMI included; never sleeps, never spins on another CPU.
 * Return: the payload, 8-byte aligned; NULL if there is no room, which is
 * counted and will be told in the stream: there is nothing more to do.
 */
void *evring_reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len);

/** evring_submit() - publish a reservation. Context: that of evring_reserve(). */
void evring_submit(struct evring_slot *slot);

/**
 * evring_discard() - drop a reservation
 * @slot: of evring_reserve()
 *
 * No reader sees what is in it: its bytes are cleared. If another context has emitted
 * on top of it, an empty record stays in its place. Context: likewise.
 */
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

/** evring_fill_common() - describe current. Context: task, preemption off. */
void evring_fill_common(struct evring_common *common);

/** evring_record_max() - longest payload that fits a record, bytes */
u32 evring_record_max(void);

/** evring_str() - reference to @len bytes at @offset of a payload */
static inline struct evring_str evring_str(u32 offset, u32 len)
{
	return (struct evring_str){ .offset = offset, .len = len };
}

#endif /* _LINUX_EVRING_H */
