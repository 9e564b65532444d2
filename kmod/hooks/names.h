/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of a field's numbers. */
#ifndef _KMOD_HOOKS_NAMES_H
#define _KMOD_HOOKS_NAMES_H

#include <linux/evring.h>
#include <linux/kernel.h>

/* A table of names, of an array of struct evring_value_desc */
#define EVRING_NAMES(_id, _name, _values)					\
const struct evring_names_desc _id = {						\
	.name = (_name),							\
	.values = (_values),							\
	.nr_values = ARRAY_SIZE(_values),					\
}

#endif /* _KMOD_HOOKS_NAMES_H */
