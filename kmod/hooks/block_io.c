// SPDX-License-Identifier: GPL-2.0-only
/*
 * block.io: requests that disks have completed.
 *
 * From block_rq_complete, in the context in which the driver completes the request:
 * task, softirq or hardirq. A request that is completed in pieces is told piece by
 * piece. The task that asked is not known any more: the page cache writes long after
 * it. So requests for a group's owner are told as others are; a hook can be quiet only
 * about calls of tasks.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/timekeeping.h>
#include <trace/events/block.h>

#include "block_io.h"
#include "family.h"
#include "names.h"

#define OPERATION(_op, _doc)	{ (__force u32)REQ_OP_##_op, #_op, (_doc) }

static const struct evring_value_desc operations[] = {
	OPERATION(READ, "read"),
	OPERATION(WRITE, "write"),
	OPERATION(FLUSH, "write what the disk's cache has"),
	OPERATION(DISCARD, "the content is not needed any more"),
	OPERATION(SECURE_ERASE, "erase for good"),
	OPERATION(ZONE_APPEND, "write at a zone's end"),
	OPERATION(WRITE_ZEROES, "write zeroes"),
	OPERATION(ZONE_OPEN, "open a zone"),
	OPERATION(ZONE_CLOSE, "close a zone"),
	OPERATION(ZONE_FINISH, "a zone is full from now on"),
	OPERATION(ZONE_RESET, "empty a zone"),
	OPERATION(ZONE_RESET_ALL, "empty all zones"),
	OPERATION(DRV_IN, "a command of the driver's that reads"),
	OPERATION(DRV_OUT, "a command of the driver's that writes or does neither"),
};

EVRING_NAMES(evring_block_operations, "block_operation", operations);

#define FLAG(_flag, _doc)	{ (__force u32)REQ_##_flag, #_flag, (_doc) }

static const struct evring_value_desc flags[] = {
	FLAG(SYNC, "a task waits for it"),
	FLAG(META, "the filesystem's own data"),
	FLAG(PRIO, "before others"),
	FLAG(FUA, "to the medium, past the disk's cache"),
	FLAG(PREFLUSH, "after what the disk's cache has"),
	FLAG(RAHEAD, "read ahead: nobody may need it"),
	FLAG(BACKGROUND, "in the background"),
	FLAG(NOWAIT, "fail rather than wait"),
};

EVRING_NAMES(evring_block_flags, "block_flags", flags);

#define FLAGS_TOLD	(__force u32)(REQ_SYNC | REQ_META | REQ_PRIO | REQ_FUA | REQ_PREFLUSH | \
				      REQ_RAHEAD | REQ_BACKGROUND | REQ_NOWAIT)

static void probe_complete(void *data, struct request *rq, blk_status_t error,
			   unsigned int nr_bytes)
{
	const struct gendisk *disk = rq->q->disk;
	struct evring_event_hook *hook = data;
	struct evring_slot slot;
	struct block_io *e = evring_begin(&slot, hook->type, sizeof(*e), sizeof(*e));

	if (!e)
		return;
	e->dev = disk ? disk_devt((struct gendisk *)disk) : 0;
	e->operation = (__force u32)req_op(rq);
	e->flags = (__force u32)rq->cmd_flags & FLAGS_TOLD;
	e->result = blk_status_to_errno(error);
	e->sector = blk_rq_trace_sector(rq);
	e->bytes = nr_bytes;
	e->partial = nr_bytes < blk_rq_bytes(rq);
	e->latency = rq->start_time_ns ? ktime_get_ns() - rq->start_time_ns : 0;
	evring_hook_submit(hook, &slot);
}

/* Tracepoints are found by name, and take any probe: this is of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_block_rq_complete(probe_complete);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &block_io_desc,
		EVRING_POINTS(EVRING_TRACEPOINT("block_rq_complete", probe_complete)),
	},
};

const struct evring_hook_family evring_block_io_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
