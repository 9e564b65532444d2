/* SPDX-License-Identifier: MIT */
/* Included before a file of libevring: a hook runs between any two of its loads. */
#ifndef EVRING_HOOKED_H
#define EVRING_HOOKED_H

#include <string.h>

#include "internal.h"

extern void (*hooked_point)(void);

static inline void hooked(void)
{
	if (hooked_point)
		hooked_point();
}

#undef load_acquire
#undef load_once
#undef read_fence
#define load_acquire(p)	({ hooked(); __atomic_load_n(p, __ATOMIC_ACQUIRE); })
#define load_once(p)	({ hooked(); __atomic_load_n(p, __ATOMIC_RELAXED); })
#define read_fence()	({ hooked(); __atomic_thread_fence(__ATOMIC_ACQUIRE); })

/* In two halves: the source may change in the middle. */
static inline void hooked_memcpy(char *to, const char *from, size_t len)
{
	size_t half = len / 2;

	hooked();
	memcpy(to, from, half);
	hooked();
	memcpy(to + half, from + half, len - half);
}

#define memcpy(to, from, len) hooked_memcpy((char *)(to), (const char *)(from), len)

#endif /* EVRING_HOOKED_H */
