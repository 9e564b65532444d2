/* SPDX-License-Identifier: MIT */
/* describe: where a key stands in the forms that clients of Kafka Connect draw. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include <stdbool.h>

struct description {
	const char *group;
	const char *importance;		/* HIGH, MEDIUM or LOW */
	const char *width;		/* SHORT, MEDIUM or LONG */
	const char *type;		/* Kafka Connect's own; NULL: the key's */
};

/* Of a key by its whole name: as in Kafka Connect, where that has the key. */
struct description describe(const char *name);
/* Nobody may be shown the value of such a property of librdkafka. */
bool property_is_secret(const char *property);

#endif /* DESCRIBE_H */
