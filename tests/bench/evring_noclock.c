// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emit path (kmod/ring.c, segment.c, loss.c), compiled a second time with a clock
 * that costs nothing, for evring_bench.c, which includes this file. It works on the
 * very rings and types of evring.ko, so the one difference to evring_reserve() and
 * evring_submit() is the time stamp: always 1.
 */
#include "../../kmod/clock.h"
#include "../../kmod/pages.h"
#include "../../kmod/redact/stage.h"
#include "../../kmod/ring.h"
#include "../../kmod/type.h"

/* To be called as another module's functions are: the compiler knows nothing of them. */
#if __has_attribute(__noipa__)
#define APART	__attribute__((__noipa__)) __maybe_unused
#else
#define APART	noinline __maybe_unused
#endif

static APART void *noclock_reserve(struct evring_slot *slot, struct evring_event_type *type,
				   u32 len);
static APART void noclock_submit(struct evring_slot *slot);
static APART void noclock_discard(struct evring_slot *slot);
static APART int noclock_emit(struct evring_event_type *type, const void *payload, u32 len);
static APART void noclock_lose(struct evring_event_type *type, u32 nr,
			       enum evring_lost_cause cause);

static __always_inline u64 noclock(void)
{
	return 1;
}

static __always_inline bool noclock_inline(u64 *now)
{
	*now = noclock();
	return true;
}

#define evring_clock_raw	noclock
#define evring_clock_inline	noclock_inline
#define evring_reserve	noclock_reserve
#define evring_submit	noclock_submit
#define evring_discard	noclock_discard
#define evring_emit	noclock_emit
#define evring_lose	noclock_lose

/* The benchmark's types are not redacted, and evring.ko does not export the stage. */
#define evring_stage(slot, type, len, try)	NULL
#define evring_land(slot)	true
#define evring_unstage(slot)	do { } while (0)

/* Nobody else needs them. */
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(name)

#include "../../kmod/loss.c"
#include "../../kmod/segment.c"
#include "../../kmod/ring.c"

#undef evring_stage
#undef evring_land
#undef evring_unstage
#undef evring_clock_raw
#undef evring_clock_inline
#undef evring_reserve
#undef evring_submit
#undef evring_discard
#undef evring_emit
#undef evring_lose
