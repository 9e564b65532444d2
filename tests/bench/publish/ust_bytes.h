/* SPDX-License-Identifier: MIT */
/* LTTng-UST's description of the event: 64 bytes. <lttng/tracepoint-event.h> reads it again. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER evring_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "ust_bytes.h"

#if !defined(EVRING_BENCH_UST_BYTES_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define EVRING_BENCH_UST_BYTES_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(
	evring_bench, bytes,
	LTTNG_UST_TP_ARGS(const unsigned char *, payload),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_array(unsigned char, bytes, payload, 64))
)

#endif

#include <lttng/tracepoint-event.h>
