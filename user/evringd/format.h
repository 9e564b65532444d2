/* SPDX-License-Identifier: MIT */
/* format: which converter a connector has, and the keys that belong to it. */
#ifndef FORMAT_H
#define FORMAT_H

struct config;
struct json_t;
struct problems;

/* value.format follows value.converter; keys that do not go together are problems. */
void format_settle(struct config *cfg, struct json_t *settings, struct problems *problems);

#endif /* FORMAT_H */
