/* SPDX-License-Identifier: MIT */
/* property: the kafka.* keys as librdkafka's properties. */
#ifndef PROPERTY_H
#define PROPERTY_H

#include <stdbool.h>

struct config;
struct problems;
struct property;
struct rd_kafka_conf_s;

/* The first name that librdkafka's table has for it, if @name is an alias; else @name. */
const char *property_name(const char *name);
/* The first property of the file with this name or an alias of it; or NULL. */
const struct property *property_find(const struct config *cfg, const char *name);
/* All properties, evringd's own included. On @trial nothing is run, loaded or connected to. */
struct rd_kafka_conf_s *property_conf(const struct config *cfg, bool trial,
				      struct problems *problems);
/* A copy of librdkafka's @text without any property's value. */
char *property_hide(const struct config *cfg, const char *text);
/* As they are written in the file. */
const char *kafka_brokers(const struct config *cfg);

#endif /* PROPERTY_H */
