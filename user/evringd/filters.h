/* SPDX-License-Identifier: MIT */
/* filters: which events the connector wants, by its keys hooks.filter.TYPE and filter. */
#ifndef FILTERS_H
#define FILTERS_H

#include <evring.h>
#include <stdbool.h>

struct config;
struct problems;

/*
 * Each filter is of a hook that is to be attached, and an expression over its fields; "filter" is
 * one over the fields of a type that there is.
 */
void filters_check(struct evring *ev, const struct config *cfg, struct problems *problems);

struct filters;

struct filters *filters_new(const struct config *cfg);
void filters_free(struct filters *filters);
/* The type's filter, for the kernel. NULL: the connector wants all events of the type. */
const struct evring_filter *filters_of(struct filters *filters, const struct evring_type *type);
/*
 * Does the connector want the event? The kernel also emits events that other owners of the
 * hook want, and does not know "filter".
 */
bool filters_want(struct filters *filters, const struct evring_event *event);

#endif /* FILTERS_H */
