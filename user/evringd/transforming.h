/* SPDX-License-Identifier: MIT */
/*
 * Shared by the transforms' own files:
 *
 *	transform.c	the chain: its keys, and an event's way through it
 *	options.c	the keys of one of them
 *	predicate.c	which events a transform is for
 *	reroute.c	transforms of the topic, and Filter
 *	refield.c	transforms of the fields
 *	heading.c	transforms of the headers
 *	users.c		names of users and groups
 *	containers.c	the container of a cgroup
 *	container_names.c	... and its names
 *	ancestors.c	parents, from the events of processes
 *	shape.c		an event with other fields
 */
#ifndef TRANSFORMING_H
#define TRANSFORMING_H

#include "config.h"
#include "memory.h"
#include "problem.h"
#include "source.h"
#include "transform.h"

#include <string.h>

/* A bit for each in struct passage */
#define TRANSFORMS_MAX 64
#define REASON_MAX 400

struct draft;
struct options;
struct predicate;
struct transform;

/* One event's way through the chain */
struct passage {
	const struct source *src;
	const struct evring_event *event;
	bool own;			/* evringd's and the kernel's evring.*: never left out or changed */
	uint64_t applied;		/* transforms of fields that are to be made */
	struct transformed *made;	/* its topic and headers so far */
	/* The event as the transforms so far have made it, until the next call; NULL: @reason */
	const struct evring_event *(*so_far)(struct passage *passage);
	struct transforms *transforms;
	char *reason;			/* REASON_MAX: why the event cannot be sent */
};

/* A kind of transform, or of predicate */
struct transform_kind {
	const char *name;		/* its class without the package */
	const char *const *options;	/* names behind "transforms.NAME."; NULL at the end */
	bool fields;			/* it changes the value's fields: class NAME$Value */
	bool local;			/* evringd's own, in another package */
	bool adds;			/* it adds fields */
	/* False: an option is wrong, which is a problem. */
	bool (*parse)(struct transform *t, const struct options *options);
	/* Of the topic, or of all of the event */
	enum transform_verdict (*route)(struct transform *t, struct passage *passage);
	/* Headers of the message. False: the event cannot be sent. */
	bool (*head)(struct transform *t, struct passage *passage);
	/* Any event that is read, even one that is left out. NULL: it need not see them. */
	void (*see)(struct transform *t, const struct evring_event *event);
	/* The fields, once for each type. NULL: it leaves them as they are. */
	void (*reshape)(struct transform *t, struct draft *draft);
	/* No event of @type, which the chain has made, comes any more. NULL: it keeps no types. */
	void (*forget)(struct transform *t, const struct evring_type *type);
	void (*release)(struct transform *t);
};

struct transform {
	const struct transform_kind *kind;
	const char *alias;
	struct predicate *predicate;	/* NULL: for all events */
	bool negate;
	unsigned int number;
	unsigned int adder;		/* number among those that add fields */
	bool keeps;			/* it leaves the fields as they are, unlike its kind */
	size_t head_bytes;		/* at most, of the headers that it adds */
	size_t body_bytes;		/* at most, by which it makes a record longer */
	void *own;			/* the kind's */
	/* For fields of the event that is on its way */
	const struct source *src;
	size_t topic_len;		/* of the topic when it came here */
	char topic[TOPIC_MAX + 1];
};

extern const struct transform_kind regex_router, timestamp_router, filter_out;
extern const struct transform_kind replace_field, insert_field, mask_field;
extern const struct transform_kind insert_header, header_from, drop_headers;
extern const struct transform_kind flatten;
extern const struct transform_kind user_names, container, ancestors;

/* The options of one transform or predicate */
struct options {
	const struct config *cfg;
	struct problems *problems;
	const char *prefix;		/* "transforms.NAME." */
	size_t entry;			/* of the list, from 1 */
};

/* options.c */

/* NULL: it is not set. */
const char *option(const struct options *options, const char *name);
/* ... which is a problem then. */
const char *option_needed(const struct options *options, const char *name);
__attribute__((format(printf, 3, 4)))
void option_wrong(const struct options *options, const char *name, const char *fmt, ...);
void option_no_type(const struct options *options, const char *list);
/* No transform has this class, as its "type" says. */
void option_no_class(const struct options *options, const char *class);
/* The class without a package that is known; its "$Value" or "$Key" stays. */
const char *class_name(const char *class);
/* The kind of a class, whose package and "$Value" are left away. NULL: there is none. */
const struct transform_kind *kind_find(const struct transform_kind *const *kinds,
				       const char *class);

/* predicate.c */

/* @entry: of "predicates" */
struct predicate *predicate_new(const struct config *cfg, const char *alias, size_t entry,
				struct problems *problems);
void predicate_free(struct predicate *predicate);
/* Is the transform for this event? False: that takes too long to find out; it cannot be sent. */
bool predicate_holds(struct predicate *predicate, struct passage *passage, bool *holds);
/* Can it hold for one event, and not for another of its type? */
bool predicate_is_of_event(const struct predicate *predicate);
/* A filter that no type can be asked is a problem. */
void predicate_look(struct evring *ev, const struct predicate *predicate,
		    struct problems *problems);
const struct transform_kind *predicate_kind(unsigned int number);

/* containers.c: the runtime of a cgroup's container, whose id is written to @id; NULL: none. */
#define CONTAINER_ID_LEN 64
const char *container_of_path(const char *path, char id[CONTAINER_ID_LEN + 1]);

struct containers;

/* Of the cgroups at @mount; @handles: try to open them by id, before they are looked through. */
struct containers *containers_new(const char *mount, bool handles);
void containers_free(struct containers *containers);
/* The id of the container that the cgroup is in; NULL: none, or it is not known. */
const char *containers_find(struct containers *containers, uint64_t cgroup);

/* container_names.c */

#define CONTAINER_NAME_MAX 256

/* "" is not known. */
struct container_name {
	char name[CONTAINER_NAME_MAX];
	char pod[CONTAINER_NAME_MAX], space[CONTAINER_NAME_MAX];	/* Kubernetes' */
};

/* Of the host whose files are below @root. False: they do not tell. */
bool container_name_find(const char *root, const char *id, struct container_name *name);

/* reroute.c: Java's regular expressions, by PCRE2, with bounds on their work */

struct pattern;

/* NULL: it is none, and @why tells. */
struct pattern *pattern_new(const char *text, char *why, size_t len);
void pattern_free(struct pattern *pattern);
/* Of the whole topic. 1: it matches, 0: it does not, -1: that takes too much work. */
int pattern_match(struct pattern *pattern, const char *text, size_t len);

/* refield.c: fields that the transform names, and such that it makes */

/* @option, @entry: where it is named, the entries counted from 1 */
typedef void field_named(void *arg, const char *name, bool made, const char *option, size_t entry);
void fields_named(const struct transform *t, field_named *tell, void *arg);
/* Can the field be what the transform puts in its place? Of any but a mask: yes */
bool mask_fits(const struct transform *t, const struct evring_field *field);
/* heading.c */
void heading_named(const struct transform *t, field_named *tell, void *arg);

#endif /* TRANSFORMING_H */
