/* SPDX-License-Identifier: MIT */
/*
 * permit: keys by which librdkafka runs a command or loads code. An administrator may set them
 * in a connector's file; a client of REST may not, as it would have evringd's rights then. Nor
 * may another user who can write the file, where evringd runs as root: nor have it look up what
 * only root can read, and send that to brokers of his own.
 */
#ifndef PERMIT_H
#define PERMIT_H

struct config;
struct json_t;
struct problems;

/* @settings come by REST; @before: the connector's as they are, or NULL if it is new. */
void permit_check(const struct json_t *settings, const struct json_t *before,
		  struct problems *problems);

/* Of root's process: such a key is a problem if another user can have written @file. */
void permit_root(const struct config *cfg, const char *file, struct problems *problems);

#endif /* PERMIT_H */
