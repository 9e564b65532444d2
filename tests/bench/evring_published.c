// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's part of a write(): what it does once the VFS has called it, beside
 * /dev/null's, for evring_bench.c, which includes this file. A program has opened
 * both and registered the type, and its module parameter publish= says where they are.
 *
 * The events come from the kernel's memory, by an iterator, which takes longer than the copy
 * of one buffer by which a processor reads them from a program: User-mode Linux walks the page
 * tables for each of the program's words. /dev/null is asked the way that it is fastest.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uio.h>

#define PUBLISHED_BYTES	64	/* of the payload */
#define PUBLISHED_BATCH	64

enum {
	PUBLISH_WRITER,
	PUBLISH_NULL,
	PUBLISH_TYPE,
	PUBLISH_GENERATION,
	PUBLISH_PARAMS
};

static uint publish[PUBLISH_PARAMS];
static int publish_params;
module_param_array(publish, uint, &publish_params, 0444);
MODULE_PARM_DESC(publish,
		 "descriptors of /dev/evring and /dev/null, id and generation of a type: measures publishing alone");

static struct published {
	struct evring_pub pub;
	u8 payload[PUBLISHED_BYTES];
} published[PUBLISHED_BATCH];

static struct file *publish_writer, *publish_null;

static __always_inline u32 run_published(u32 batch, u32 n)
{
	struct kvec vec = { .iov_base = published, .iov_len = batch * sizeof(*published) };
	struct iov_iter iter;
	struct kiocb iocb;
	u32 failed = 0, i;

	for (i = 0; i < n; i += batch) {
		init_sync_kiocb(&iocb, publish_writer);
		iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, vec.iov_len);
		if (publish_writer->f_op->write_iter(&iocb, &iter) != vec.iov_len)
			failed += batch;
	}
	return failed;
}

static noinline u32 run_published_each(u32 size, enum bench_clock clock, u32 n)
{
	return run_published(1, n);
}

static noinline u32 run_published_batch(u32 size, enum bench_clock clock, u32 n)
{
	return run_published(PUBLISHED_BATCH, n);
}

static noinline u32 run_null(u32 size, enum bench_clock clock, u32 n)
{
	const char __user *from = (const char __user *)published;	/* It does not look. */
	u32 failed = 0;
	loff_t at = 0;

	while (n--)
		failed += publish_null->f_op->write(publish_null, from, sizeof(*published), &at) !=
			  sizeof(*published);
	return failed;
}

static const struct {
	struct contender who;
	const char *name;
} publishing[] = {
	{ { "/dev/null", run_null, 0 }, "write() each" },
	{ { "evring", run_published_each, 0 }, "write() each" },
	{ { "evring", run_published_batch, 0 }, "write() of 64" },
};

/* By turns */
static int publish_measure(void)
{
	static u64 values[ARRAY_SIZE(publishing)][ROUNDS_MAX];
	char what[64];
	int i, ret = 0;
	u32 round;

	for (round = 0; round < rounds; round++)
		for (i = 0; i < ARRAY_SIZE(publishing); i++)
			values[i][round] = measure_round(&publishing[i].who, RECORD_64, NO_CLOCK);
	for (i = 0; i < ARRAY_SIZE(publishing) && !ret; i++) {
		snprintf(what, sizeof(what), "%s, the device's part, %s", publishing[i].name,
			 clock_names[evring_own]);
		ret = tell("publish", publishing[i].who.name, what, values[i]);
	}
	return ret;
}

static int bench_publish(void)
{
	int i, ret = -EBADF;

	if (publish_params != PUBLISH_PARAMS || records / SLICES % PUBLISHED_BATCH)
		return -EINVAL;
	for (i = 0; i < PUBLISHED_BATCH; i++)
		published[i] = (struct published){
			.pub = { .len = sizeof(*published), .type = publish[PUBLISH_TYPE],
				 .generation = publish[PUBLISH_GENERATION] },
			.payload = { 1 },
		};
	publish_writer = fget(publish[PUBLISH_WRITER]);
	publish_null = fget(publish[PUBLISH_NULL]);
	if (publish_writer && publish_writer->f_op->write_iter && publish_null &&
	    publish_null->f_op->write)
		ret = publish_measure();
	if (publish_null)
		fput(publish_null);
	if (publish_writer)
		fput(publish_writer);
	return ret;
}
