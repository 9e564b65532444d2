// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users: their sessions, and how much of each ring they use. The owner of a user
 * namespace has many user ids in it, and all of them count as him (evring_payer()).
 *
 * An event counts against its publisher as long as a group holds it. On each CPU's
 * ring of a lane a user may have at most user_percent of the ring. So a user who
 * floods a lane that a group holds fills his own part and waits; the others keep
 * theirs. If no group holds the lane, nothing is used up: the newest event overwrites
 * the oldest one, of any user.
 *
 * The count is kept by slices of the ring: the bytes that the user has published in
 * each. A slice below the held position counts nothing, and the slice in which the
 * position lies counts at most its bytes above the position. The slices are added up
 * only when an upper bound, to which each event adds its size, reaches the limit. The
 * bound does not notice that a group joins and holds bytes that were free before, so
 * a user can then have twice his part, once.
 *
 * The count outlives the sessions: closing and reopening the device does not reset
 * it. A user without sessions and held events is forgotten: at once, if nothing is held
 * when the last session is closed, else at a later open of the device.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "lane.h"
#include "limits.h"
#include "ring.h"
#include "user.h"

#define SLICES		EVRING_USAGE_SLICES
#define SWEEP		8	/* users without sessions that an open looks at */

static uint sessions_max = 1024;
module_param(sessions_max, uint, 0444);
MODULE_PARM_DESC(sessions_max, "sessions that one user may have open (default: 1024)");

static uint user_percent = 25;
module_param(user_percent, uint, 0444);
MODULE_PARM_DESC(user_percent, "percent of a held ring that one user's events may take (default: 25)");

/**
 * struct evring_user - a user with sessions
 * @list: of the users
 * @uid: the user that the openers of the sessions count as
 * @sessions: how many; limited, as an emit's wake-up visits all of them
 * @usage: by lane that the user publishes into, on this CPU's ring; never taken back
 */
struct evring_user {
	struct list_head list;
	kuid_t uid;
	unsigned int sessions;
	struct evring_usage __percpu *usage[EVRING_LANES_MAX];
};

static LIST_HEAD(users);
static DEFINE_MUTEX(users_lock);

/* The bytes that a user may have on a ring of so many */
u64 evring_user_part(u64 data_size)
{
	return div_u64(data_size * user_percent, 100);
}

/*
 * log2 of a slice's bytes: a ring's and a segment's are powers of two, and a ring
 * with few segments has a slice for each.
 */
unsigned int evring_user_slice(u64 data_size, u32 segment_size)
{
	return max(ilog2(data_size) - ilog2(SLICES), ilog2(segment_size));
}

/* The user's bytes on the ring that a group holds */
static u64 usage_held(const struct evring_usage *usage, const struct evring_ring *ring)
{
	u64 head = READ_ONCE(ring->page->head), hold = min_t(u64, READ_ONCE(ring->hold), head);
	unsigned int shift = ring->slice_shift, i;
	u64 sum = 0;

	for (i = 0; i < SLICES; i++) {
		u64 from = max_t(u64, READ_ONCE(usage->slice[i]) << shift, hold);
		u64 to = min_t(u64, (READ_ONCE(usage->slice[i]) + 1) << shift, head);

		if (from < to)
			sum += min_t(u64, READ_ONCE(usage->bytes[i]), to - from);
	}
	return sum;
}

/*
 * The user's share of this CPU's ring of a lane; NULL: evring_user_prepare() first.
 * Preemption is off.
 */
struct evring_usage *evring_user_usage(const struct evring_user *user, u32 lane)
{
	/* acquire: pairs with smp_store_release() in evring_user_prepare() */
	struct evring_usage __percpu *usage = smp_load_acquire(&user->usage[lane]);

	return usage ? this_cpu_ptr(usage) : NULL;
}

/*
 * May the user put @size bytes more on this CPU's ring? A user with no bytes there
 * always may. Preemption is off.
 */
bool evring_user_may(struct evring_usage *usage, const struct evring_ring *ring, u32 size)
{
	if (likely(usage->bound + size <= ring->user_part))
		return true;
	usage->bound = usage_held(usage, ring);
	return usage->bound + size <= ring->user_part || !usage->bound;
}

/* He has put @size bytes there, up to @end. */
void evring_user_took(struct evring_usage *usage, const struct evring_ring *ring, u64 end,
		      u32 size)
{
	u64 slice = (end - size) >> ring->slice_shift;
	unsigned int i = slice % SLICES;	/* a ring has as many slices at most */

	if (usage->slice[i] != slice) {
		WRITE_ONCE(usage->bytes[i], 0);
		WRITE_ONCE(usage->slice[i], slice);
	}
	WRITE_ONCE(usage->bytes[i], usage->bytes[i] + size);
	usage->bound += size;
}

/* He is about to publish into a lane. May sleep. */
int evring_user_prepare(struct evring_user *user, u32 lane)
{
	struct evring_usage __percpu *usage;
	int cpu;

	usage = alloc_percpu_gfp(struct evring_usage, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!usage)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		evring_room_line_init(&per_cpu_ptr(usage, cpu)->line);
	mutex_lock(&users_lock);
	if (!user->usage[lane]) {
		/* release: a CPU that sees the pointer sees the usage behind it */
		smp_store_release(&user->usage[lane], usage);
		usage = NULL;
	}
	mutex_unlock(&users_lock);
	free_percpu(usage);
	return 0;
}

/*
 * The user whose quota current uses: the one who made the user namespace that current is
 * in, the outermost of several. In a namespace that root made each user has a quota of
 * his own. Any context.
 */
kuid_t evring_payer(void)
{
	const struct user_namespace *ns;
	kuid_t payer = current_uid();

	/* At most 32 of them are in one another. */
	for (ns = current_user_ns(); ns != &init_user_ns; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			payer = ns->owner;
	return payer;
}

/* Nobody has a session of his, but may something of his be held? */
static bool user_holds(const struct evring_user *user)
{
	struct evring_ring *ring;
	u32 lane;
	int cpu;

	for (lane = 0; lane < evring_nr_lanes; lane++) {
		if (!user->usage[lane])
			continue;
		for_each_possible_cpu(cpu) {
			ring = evring_ring_get(lane, cpu);
			if (ring && usage_held(per_cpu_ptr(user->usage[lane], cpu), ring))
				return true;
		}
	}
	return false;
}

static void user_free(struct evring_user *user)
{
	u32 lane;

	list_del_init(&user->list);
	for (lane = 0; lane < EVRING_LANES_MAX; lane++)
		free_percpu(user->usage[lane]);
	kfree(user);
}

/* Forget a few users that have nothing left; the others go to the end of the list. */
static void users_sweep(void)
{
	struct evring_user *user, *next;
	unsigned int left = SWEEP;

	lockdep_assert_held(&users_lock);
	list_for_each_entry_safe(user, next, &users, list) {
		if (user->sessions)
			continue;
		if (!left--)
			break;
		if (!user_holds(user))
			user_free(user);
		else
			list_move_tail(&user->list, &users);
	}
}

static struct evring_user *user_find(kuid_t uid)
{
	struct evring_user *user;

	lockdep_assert_held(&users_lock);
	list_for_each_entry(user, &users, list)
		if (uid_eq(user->uid, uid))
			return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	user->uid = uid;
	list_add_tail(&user->list, &users);
	return user;
}

/* The caller with one session more. ERR_PTR: EMFILE, ENOMEM. */
struct evring_user *evring_user_get(void)
{
	struct evring_user *user;

	mutex_lock(&users_lock);
	users_sweep();
	user = user_find(evring_payer());
	if (!user)
		user = ERR_PTR(-ENOMEM);
	else if (user->sessions >= sessions_max)
		user = ERR_PTR(-EMFILE);
	else
		user->sessions++;
	mutex_unlock(&users_lock);
	return user;
}

void evring_user_put(struct evring_user *user)
{
	mutex_lock(&users_lock);
	if (!--user->sessions && !user_holds(user))
		user_free(user);
	mutex_unlock(&users_lock);
}

kuid_t evring_user_uid(const struct evring_user *user)
{
	return user->uid;
}

int evring_users_init(void)
{
	if (!sessions_max) {
		pr_err("evring: sessions_max=0: nobody could open the device\n");
		return -EINVAL;
	}
	if (!user_percent || user_percent > 100) {
		pr_err("evring: user_percent=%u: must be from 1 to 100\n", user_percent);
		return -EINVAL;
	}
	return 0;
}

/* No session is open. */
void evring_users_exit(void)
{
	struct evring_user *user, *next;

	list_for_each_entry_safe(user, next, &users, list)
		user_free(user);
}
