/* SPDX-License-Identifier: MIT */
/*
 * permit: keys by which librdkafka runs a command or loads code. An administrator may set them
 * in a connector's file; a client of REST may not, as it would have evringd's rights then.
 */
#ifndef PERMIT_H
#define PERMIT_H

struct json_t;
struct problems;

/* @settings come by REST; @before: the connector's as they are, or NULL if it is new. */
void permit_check(const struct json_t *settings, const struct json_t *before,
		  struct problems *problems);

#endif /* PERMIT_H */
