/* SPDX-License-Identifier: MIT */
/* config: a connector's file, {"name": ..., "config": {...}}. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>
#include <stdint.h>

struct definition;
struct problems;
struct template;

#define KAFKA_PREFIX "kafka."
#define FILTER_PREFIX "hooks.filter."

/* One kafka.* or hooks.filter.* key, without the prefix */
struct property {
	char *name;
	char *value;
	char *written;			/* as in the file, without the values of providers */
};

/* Numbers are 64 bits wide, so that one parser fits all of them. */
struct config {
	char *name;
	uint64_t formal;		/* the last of the keys that change nothing */
	char *group;
	uint64_t start;			/* enum evring_start */
	uint64_t policy;		/* enum evring_policy */
	uint64_t abandon_ms;
	char **lanes;			/* names, NULL at the end; NULL: all */
	char **hooks;			/* globs, NULL at the end */
	uint64_t snapshot;		/* 1: of the processes that run already */
	char *filter;			/* of all types; NULL: all events */
	struct template *topic;
	struct template *key;		/* without a piece: messages have no key */
	uint64_t format;		/* enum value_format, whichever key has said so */
	uint64_t converter;		/* enum converter_class */
	uint64_t schemas_enable;	/* 1: true */
	uint64_t layout;		/* enum json_layout */
	uint64_t flatten;		/* 1: the fields stand beside the envelope */
	char *registry_url;		/* with commas between; NULL: there is none */
	uint64_t auto_register;		/* 1: true */
	uint64_t use_latest;		/* 1: true */
	uint64_t subject;		/* enum subject */
	char *registry_user;		/* "user:password" */
	char *registry_ca;		/* a PEM file */
	uint64_t headers;		/* enum headers */
	uint64_t timestamp;		/* enum timestamp */
	uint64_t pack_bytes;		/* 0: one event a message */
	uint64_t watermark;
	uint64_t flush_ms;
	uint64_t batch;
	uint64_t inflight_bytes;
	uint64_t inflight_events;
	uint64_t tolerance;		/* enum tolerance */
	uint64_t retry_timeout_ms;	/* UINT64_MAX: for ever */
	uint64_t retry_delay_ms;
	uint64_t errors_log;		/* 1: each refused event, else some of them */
	uint64_t errors_contents;	/* 1: with its key and its value */
	char *letters;			/* the dead-letter topic; NULL: none */
	uint64_t letter_replicas;	/* if it is made */
	uint64_t letter_context;	/* 1: with headers that tell the reason */
	char **creation_groups;		/* names, NULL at the end */
	struct property *creation;	/* topic.creation.*, by their whole names */
	size_t nr_creation;
	uint64_t exactly_once;		/* enum exactly_once */
	uint64_t accept;		/* enum accept */
	uint64_t shutdown_ms;
	uint64_t log_level;		/* index into error, warning, info, debug */
	char *machine_id;		/* NULL: the host's own */
	char *device;
	struct property *kafka;
	size_t nr_kafka;
	struct property *filters;	/* of hooks: the type and the expression */
	size_t nr_filters;
	char **transforms, **predicates;	/* names, NULL at the end */
	struct property *smts;		/* transforms.* and predicates.*, by their whole names */
	size_t nr_smts;
	struct property *settings;	/* all keys that are set, by their whole names */
	size_t nr_settings;
};

enum value_format {
	VALUE_JSON, VALUE_RAW, VALUE_CONNECT, VALUE_JSON_SCHEMA, VALUE_AVRO, VALUE_PROTOBUF,
	VALUE_CLOUDEVENTS,
};

enum json_layout { LAYOUT_EVRING, LAYOUT_ECS, LAYOUT_OCSF };

/* value.converter, by the last word of the class's name */
enum converter_class {
	CLASS_NONE, CLASS_JSON, CLASS_JSON_SCHEMA, CLASS_AVRO, CLASS_PROTOBUF, CLASS_BYTES,
};

enum subject { SUBJECT_TOPIC, SUBJECT_RECORD, SUBJECT_TOPIC_RECORD };
enum headers { HEADERS_ALL, HEADERS_NONE, HEADERS_CLOUDEVENTS };
enum timestamp { TIMESTAMP_EVENT, TIMESTAMP_SEND };
enum tolerance { TOLERATE_NONE, TOLERATE_ALL };
enum exactly_once { ONCE_REQUESTED, ONCE_REQUIRED };
/* Promises that the user gives up: bits, in the order of the words of delivery.accept */
enum accept { ACCEPT_LOSS = 1, ACCEPT_REORDERING = 2 };

struct json_t;

/* The effect of another configuration on a connector that runs */
enum config_change { CONFIG_SAME, CONFIG_LIVE, CONFIG_ANEW };

/* @old may be NULL. */
enum config_change config_compare(const struct config *old, const struct config *new);
/* All that can change in place is as in @from, which is freed. */
void config_adopt(struct config *cfg, struct config *from);

/* A configuration of this name and these @settings; it may be used only if there are no @problems. */
struct config *config_new(const char *name, struct json_t *settings, struct problems *problems);
/*
 * Only where its events come from: group, lanes, hooks. No other key is looked at, nor the
 * secret that a config provider would give.
 */
struct config *config_of_source(const char *name, struct json_t *settings,
				struct problems *problems);
/* A group has one owner, and the log tells connectors by their names. @file: of @other */
void config_apart(const struct config *cfg, const struct config *other, const char *file,
		  struct problems *problems);
/* NULL, or a configuration; it may be used only if there are no @problems. Takes over @def. */
struct config *config_take(struct definition *def, struct problems *problems);
/* The same of a text in memory. */
struct config *config_parse(const char *text, size_t len, struct problems *problems);
void config_free(struct config *cfg);

#endif /* CONFIG_H */
