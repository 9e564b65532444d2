/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of a type as set.c makes them and stage.c goes by them. */
#ifndef _KMOD_REDACT_RULES_H
#define _KMOD_REDACT_RULES_H

#include <linux/rcupdate.h>

#include "redact.h"

/**
 * struct evring_redact_rules - never changed but replaced
 * @rcu: to free it
 * @nr_vars: of @vars
 * @vars: all fields of variable length
 * @index: of @rules
 * @rules: verified for the type
 */
struct evring_redact_rules {
	struct rcu_head rcu;
	u32 nr_vars;
	struct evring_var vars[256];
	struct evring_redact_index index;
	struct evring_redaction rules __aligned(8);
};

#endif /* _KMOD_REDACT_RULES_H */
