// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampling and rates. A rate is a bucket, which is one word: the time until which the
 * events that were let through have used up the rate (GCRA). An event adds its share;
 * an event that would be more than a burst ahead is suppressed. The word is changed by
 * compare-and-exchange, from any context.
 *
 * Buckets by user or cgroup are in a table of fixed size. A key takes one of a few
 * places that its hash leads to: its own, or one whose bucket is full again, and so has
 * nothing to remember. All keys that find no place share one bucket.
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "../type.h"
#include "limit.h"

#define LIMITS_MIN	offsetofend(struct evring_limits, reserved)	/* as they began */
#define PLACES		256
#define PROBES		4
#define TRIES		8	/* of an exchange: then another CPU has been let through */
#define COUNTERS	16	/* of samples; with more CPUs than these, some share one */

struct bucket {
	atomic64_t key;		/* and 1 more; 0: nobody's */
	atomic64_t used;	/* until then, ns of CLOCK_MONOTONIC */
};

/**
 * struct evring_limit - the limits of one owner
 * @rcu: to free it
 * @asked: as they were given
 * @share: of one event, ns; 0: there is no rate
 * @ahead: as far as a burst may be ahead, ns
 * @seen: events, for sampling, by CPU
 * @shared: the bucket of all keys without one, and of EVRING_PER_TYPE
 * @buckets: PLACES, or none
 */
struct evring_limit {
	struct rcu_head rcu;
	struct evring_limits asked;
	u64 share;
	u64 ahead;
	struct {
		atomic64_t n;
		u64 apart[7];	/* no two on one cache line */
	} seen[COUNTERS];
	struct bucket shared;
	struct bucket buckets[];
};

static bool limits_valid(const struct evring_limits *limits, const struct evring_event_type *type)
{
	if (limits->size < LIMITS_MIN || limits->per > EVRING_PER_CGROUP ||
	    limits->sample > EVRING_SAMPLE_MAX || limits->rate > EVRING_RATE_MAX ||
	    limits->burst > EVRING_BURST_MAX || !limits->rate != !limits->burst ||
	    limits->reserved || (limits->per && !limits->rate))
		return false;
	/* The user and the cgroup are in the common part. */
	return !limits->per || type->block->common_size >= sizeof(struct evring_common);
}

/* The limits at @user, for events of @type. May sleep. */
struct evring_limit *evring_limit_load(u64 user, const struct evring_event_type *type)
{
	struct evring_limits asked = { 0 };
	struct evring_limit *limit;
	u32 size;
	int ret;

	if (copy_from_user(&size, u64_to_user_ptr(user), sizeof(size)))
		return ERR_PTR(-EFAULT);
	if (size < LIMITS_MIN)
		return ERR_PTR(-EINVAL);
	if (size > PAGE_SIZE)
		return ERR_PTR(-E2BIG);
	ret = copy_struct_from_user(&asked, sizeof(asked), u64_to_user_ptr(user), size);
	if (ret)
		return ERR_PTR(ret);
	if (!limits_valid(&asked, type))
		return ERR_PTR(-EINVAL);
	limit = kvzalloc(struct_size(limit, buckets, asked.per ? PLACES : 0), GFP_KERNEL);
	if (!limit)
		return ERR_PTR(-ENOMEM);
	asked.size = sizeof(asked);
	limit->asked = asked;
	limit->share = asked.rate ? NSEC_PER_SEC / asked.rate : 0;
	limit->ahead = limit->share * (asked.burst ? asked.burst - 1 : 0);
	return limit;
}

void evring_limit_free(struct evring_limit *limit)
{
	if (limit)
		kvfree_rcu(limit, rcu);
}

void evring_limit_tell(const struct evring_limit *limit, struct evring_limits *limits)
{
	*limits = limit->asked;
}

/* The first of @sample events on a CPU, and then each so many-th */
static bool is_sample(struct evring_limit *limit)
{
	atomic64_t *seen = &limit->seen[raw_smp_processor_id() % COUNTERS].n;

	return (u64)(atomic64_inc_return(seen) - 1) % limit->asked.sample == 0;
}

/* Let one event through, unless its bucket has nothing left. */
static bool bucket_take(const struct evring_limit *limit, struct bucket *bucket, s64 now)
{
	s64 used = atomic64_read(&bucket->used), from;
	unsigned int tries;

	for (tries = 0; tries < TRIES; tries++) {
		from = used > now ? used : now;
		if (from - now > (s64)limit->ahead)
			return false;
		if (atomic64_try_cmpxchg(&bucket->used, &used, from + (s64)limit->share))
			return true;
	}
	return true;
}

static struct bucket *bucket_find(struct evring_limit *limit, u64 key, s64 now)
{
	u64 hash = (key * 0x9e3779b97f4a7c15ULL) >> 32;
	struct bucket *bucket;
	unsigned int i;
	s64 old;

	for (i = 0; i < PROBES; i++) {
		bucket = &limit->buckets[(hash + i) % PLACES];
		if ((u64)atomic64_read(&bucket->key) == key)
			return bucket;
	}
	for (i = 0; i < PROBES; i++) {
		bucket = &limit->buckets[(hash + i) % PLACES];
		old = atomic64_read(&bucket->key);
		if (atomic64_read(&bucket->used) > now)
			continue;
		if (atomic64_try_cmpxchg(&bucket->key, &old, (s64)key) || (u64)old == key)
			return bucket;
	}
	return &limit->shared;
}

static struct bucket *bucket_of(struct evring_limit *limit, const struct evring_common *common,
				s64 now)
{
	switch (limit->asked.per) {
	case EVRING_PER_UID:
		return bucket_find(limit, (u64)common->uid + 1, now);
	case EVRING_PER_CGROUP:
		return bucket_find(limit, common->cgroup + 1, now);
	default:
		return &limit->shared;
	}
}

/* EVRING_LIMIT_PASS, or the cause for which the event is lost to this owner. Any context. */
int evring_limit_judge(struct evring_limit *limit, const void *payload)
{
	s64 now;

	if (limit->asked.sample > 1 && !is_sample(limit))
		return EVRING_LOST_SAMPLED;
	if (!limit->share)
		return EVRING_LIMIT_PASS;
	now = (s64)ktime_get_mono_fast_ns();
	if (bucket_take(limit, bucket_of(limit, payload, now), now))
		return EVRING_LIMIT_PASS;
	return EVRING_LOST_RATE;
}
