/* SPDX-License-Identifier: MIT */
/* Lines of rules as the block that the kernel takes. */
#ifndef EVRING_RULES_H
#define EVRING_RULES_H

#include "../../kmod/redact/build.h"
#include "internal.h"

struct evring_rules {
	const struct evring_type *type;
	struct evring_redaction *made;	/* NULL: not yet, or not any more */
	struct evring_build build;
};

/* rules_parse.c: add a line. -EINVAL: it is wrong, and @error says how. */
int rules_parse(struct evring_rules *rules, const char *line, struct evring_filter_error *error);

#endif /* EVRING_RULES_H */
