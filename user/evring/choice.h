/* SPDX-License-Identifier: MIT */
/* choice: the events that evring tail prints, by --type, --filter and --lane. */
#ifndef EVRING_CHOICE_H
#define EVRING_CHOICE_H

#include <evring.h>
#include <stdbool.h>
#include <stdint.h>

struct judged;

struct choice {
	uint64_t lanes;
	const char **globs;
	unsigned int nr_globs;	/* 0: all types */
	const char *filter;	/* NULL: all events */
	struct judged *types;	/* by id, as far as they were looked at */
	unsigned int nr_types;
};

bool choice_has(struct choice *choice, const struct evring_event *event);
/* -EINVAL: the filter can be asked of no type, which was said. */
int choice_check(const struct choice *choice, struct evring *ev);
/* If hooks could emit such events, and none of them is attached: name the command. */
void choice_tell_detached(struct choice *choice, struct evring *ev);
void choice_free(struct choice *choice);

#endif /* EVRING_CHOICE_H */
