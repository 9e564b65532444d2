/* SPDX-License-Identifier: MIT */
/* state: of the worker and its host, as one JSON object on one line, for the page. */
#ifndef STATE_H
#define STATE_H

#include <stdio.h>

struct connectors;
struct monitor;
struct state;

struct state *state_new(struct connectors *connectors, struct monitor *monitor);
void state_free(struct state *state);
void state_write(struct state *state, FILE *out);
/* Nobody looks on for now. */
void state_rest(struct state *state);

#endif /* STATE_H */
