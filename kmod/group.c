// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: named cursors that outlive their readers. The meta page describes each
 * group to user space, the ring pages have its cursors (written here alone, mapped
 * read-only). The emit path needs one number a ring of all groups together: the
 * lowest position that is held.
 *
 * One lock for all groups: it is taken once a commit, that is once a batch, and
 * never by an emit. It is a mutex, as a JOIN and an abandonment visit every ring,
 * and there can be thousands. No user memory is touched under it: a process
 * that delays its page faults must not delay all others.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "group.h"
#include "lane.h"
#include "name.h"
#include "owner.h"

/**
 * struct group_state - the kernel's own half of a group
 * @name: empty: the slot is free. It is taken at the claim, info->name at the
 *	join that makes the group
 * @info: the other half, in the meta page
 * @owner: the session that has or has claimed it, or NULL
 * @process: the process that joined, where @info->owner says that one has
 * @joined: its user
 * @capable: it had CAP_PERFMON
 * @uid: the user that it was given to, where @info->flags say so
 * @abandon: runs when nobody has had it for info->abandon_ms
 */
struct group_state {
	char name[EVRING_NAME_MAX];
	struct evring_group_info *info;
	struct evring_session *owner;
	struct evring_owner process;
	kuid_t joined;
	bool capable;
	kuid_t uid;
	struct delayed_work abandon;
};

static struct group_state groups[EVRING_GROUPS_MAX];
static DEFINE_MUTEX(groups_lock);	/* groups, their infos, all cursors */

static unsigned int group_index(const struct group_state *group)
{
	return group - groups;
}

static void infos_write_begin(void)
{
	lockdep_assert_held(&groups_lock);
	preempt_disable();	/* nobody waits long for an even groups_seq */
	WRITE_ONCE(evring_meta->groups_seq, evring_meta->groups_seq + 1);
	smp_wmb();	/* pairs with the readers' fence between groups_seq and groups */
}

static void infos_write_end(void)
{
	smp_wmb();	/* pairs with the readers' fence between groups and groups_seq */
	WRITE_ONCE(evring_meta->groups_seq, evring_meta->groups_seq + 1);
	preempt_enable();
}

static bool group_exists(const struct group_state *group)
{
	return group->info && group->info->name[0];
}

static bool group_is_of(const struct group_state *group, kuid_t uid)
{
	return group->info->flags & EVRING_GROUP_GIVEN && uid_eq(group->uid, uid);
}

static bool group_holds(const struct group_state *group, u32 lane)
{
	return group_exists(group) && group->info->policy == EVRING_HOLD &&
	       (group->info->lanes & BIT_ULL(lane)) &&
	       !(group->info->flags & EVRING_GROUP_ABANDONED);
}

/*
 * Set @ring's hold, which the emit path reads, to the lowest cursor. The hold goes
 * down when a group joins, so the writer may be about to overwrite the segment that we
 * now hold: it sees the hold and gives way, or our caller sees the tail that it moved.
 *
 * A cursor below tail, of a group that was overtaken, holds as much as one at
 * tail would: the next segment that is entered is the one behind tail.
 */
static void group_hold(struct evring_ring *ring)
{
	u64 hold = U64_MAX, before = ring->hold;
	unsigned int i;

	lockdep_assert_held(&groups_lock);
	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		if (group_holds(&groups[i], ring->lane))
			hold = min_t(u64, hold, ring->cursors[i].pos);
	/* release: pairs with smp_load_acquire() in segment_claim() */
	smp_store_release(&ring->hold, hold);
	smp_mb();	/* pairs with smp_mb() in segment_claim() */
	if (hold > before)
		evring_room_made(ring, before);
}

static void cursor_place(struct evring_ring *ring, unsigned int group, u64 pos)
{
	struct evring_cursor *cursor = &ring->cursors[group];

	WRITE_ONCE(cursor->pos, pos);
	WRITE_ONCE(cursor->seq, EVRING_SEQ_NONE);
	WRITE_ONCE(cursor->missed, 0);
}

static void hold_one(struct evring_ring *ring, void *unused)
{
	group_hold(ring);
}

static void hold_all(void)
{
	evring_rings_each(EVRING_LANES_ALL, hold_one, NULL);
}

/*
 * The group begins to hold. Records below tail are gone, all others stay: the writer
 * sees our hold, or we see the tail that it moved. From then on the cursor is the
 * lowest record that is there, and tail may be above it: a writer that gave way has
 * moved tail already.
 */
static void hold_begin(struct evring_ring *ring, void *group)
{
	struct evring_cursor *cursor = &ring->cursors[group_index(group)];
	u64 tail;

	group_hold(ring);
	tail = READ_ONCE(ring->page->tail);
	if (cursor->pos < tail) {
		WRITE_ONCE(cursor->pos, tail);
		group_hold(ring);
	}
}

/*
 * Publish a new ring; every group starts at its beginning. Under the lock: a group that
 * joins either finds the ring or is found here.
 */
void evring_groups_add_ring(struct evring_ring *ring, struct evring_ring **slot)
{
	mutex_lock(&groups_lock);
	group_hold(ring);
	/* release: pairs with smp_load_acquire() in evring_ring_get() */
	smp_store_release(slot, ring);
	mutex_unlock(&groups_lock);
}

/* Jiffies until a group without an owner is abandoned; 0: it is abandoned. */
static unsigned long group_patience(const struct group_state *group)
{
	u64 since = ktime_get_boottime_ns() - group->info->left_ns;
	u64 whole = group->info->abandon_ms * (u64)NSEC_PER_MSEC;

	return since < whole ? nsecs_to_jiffies(whole - since) + 1 : 0;
}

/* Look again after @delay jiffies. Not mod_delayed_work(): the workqueue's name differs. */
static void group_abandon_in(struct group_state *group, unsigned long delay)
{
	lockdep_assert_held(&groups_lock);
	cancel_delayed_work(&group->abandon);
	schedule_delayed_work(&group->abandon, delay);
}

static void group_abandon(struct work_struct *work)
{
	struct group_state *group = container_of(to_delayed_work(work), struct group_state,
						  abandon);
	struct evring_group_info *info = group->info;
	unsigned long left;

	mutex_lock(&groups_lock);
	/* It may have been joined, left anew or dropped since the timer ran out. */
	if (group_exists(group) && !group->owner && info->abandon_ms) {
		left = group_patience(group);
		if (left) {
			group_abandon_in(group, left);
		} else {
			infos_write_begin();
			info->flags |= EVRING_GROUP_ABANDONED;
			infos_write_end();
			hold_all();
		}
	}
	mutex_unlock(&groups_lock);
}

static struct group_state *group_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < EVRING_GROUPS_MAX; i++)
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	return NULL;
}

static void cursor_clear(struct evring_ring *ring, void *group)
{
	cursor_place(ring, group_index(group), 0);
}

/* Make the group: enter it into the meta page. */
static void group_create(struct group_state *group)
{
	if (!group->info) {
		group->info = &evring_meta_pages->groups[group_index(group)];
		INIT_DELAYED_WORK(&group->abandon, group_abandon);
	}
	evring_rings_each(EVRING_LANES_ALL, cursor_clear, group);
	infos_write_begin();
	strscpy(group->info->name, group->name, EVRING_NAME_MAX);
	group->info->lanes = 0;
	group->info->flags = 0;
	infos_write_end();
}

static void start_tail(struct evring_ring *ring, void *group)
{
	cursor_place(ring, group_index(group), READ_ONCE(ring->page->tail));
}

/*
 * A ring that has gone round is full of records, wanted or not. A group that held all of
 * them would leave no room for new events, of any group, until its first commit.
 * So it begins where a quarter of the ring stays free, at a segment's first record, or
 * below that where another group holds records: it takes no room that is not taken.
 */
static void start_hold(struct evring_ring *ring, void *group)
{
	u64 head = READ_ONCE(ring->page->head), tail = READ_ONCE(ring->page->tail);
	u64 keep = ring->data_size - ring->data_size / 4, start = tail;

	lockdep_assert_held(&groups_lock);	/* ring->hold */
	if (tail && head > keep) {
		start = min(round_up(head - keep, ring->segment_size),
			    round_down(ring->hold, ring->segment_size));
		start = max(start, tail);
	}
	cursor_place(ring, group_index(group), start);
}

static void start_latest(struct evring_ring *ring, void *group)
{
	cursor_place(ring, group_index(group), READ_ONCE(ring->page->head));
}

static evring_ring_fn *start_of(const struct evring_join *join)
{
	if (join->start == EVRING_LATEST)
		return start_latest;
	return join->policy == EVRING_HOLD ? start_hold : start_tail;
}

/* Claim the group of this name, or a free slot for it, for @session. */
static int group_claim(struct evring_session *session, struct evring_join *join)
{
	struct group_state *group = group_find(join->name);

	lockdep_assert_held(&groups_lock);
	if (session->group || session->claim)
		return -EALREADY;
	/* Positions, and the events that a commit frees, are another user's. */
	if (group && group_exists(group) && group->info->flags & EVRING_GROUP_GIVEN &&
	    !group_is_of(group, current_euid()) && !perfmon_capable())
		return -EPERM;
	if (group && group->owner)
		return -EBUSY;
	join->created = !group;
	if (!group)
		group = group_find("");
	if (!group)
		return -ENOSPC;
	strscpy(group->name, join->name, EVRING_NAME_MAX);
	group->owner = session;
	session->claim = group;
	join->group = group_index(group);
	return 0;
}

/*
 * The first half of EVRING_IOC_JOIN; @join was checked. Fills in the answer, and
 * reserves the group for @session. evring_group_take() or evring_group_unclaim()
 * must follow. May sleep.
 */
int evring_group_claim(struct evring_session *session, struct evring_join *join)
{
	int ret;

	mutex_lock(&groups_lock);
	ret = group_claim(session, join);
	mutex_unlock(&groups_lock);
	return ret;
}

static void group_await(struct group_state *group)
{
	if (group->info->abandon_ms)
		group_abandon_in(group, group_patience(group));
}

/* Undo the claim: the answer could not be copied to the caller. May sleep. */
void evring_group_unclaim(struct evring_session *session)
{
	struct group_state *group;

	mutex_lock(&groups_lock);
	group = session->claim;
	session->claim = NULL;
	group->owner = NULL;
	if (!group_exists(group))
		group->name[0] = '\0';
	else if (!(group->info->flags & EVRING_GROUP_ABANDONED))
		group_await(group);	/* its time may have run out during the claim */
	mutex_unlock(&groups_lock);
}

/*
 * Quiet hooks leave the group's owner out only if it had CAP_PERFMON: such a process could
 * silence them anyway; or if a process that had it gave the group to the owner's user.
 */
static void owner_add(struct group_state *group)
{
	lockdep_assert_held(&groups_lock);
	if (group->capable || group_is_of(group, group->joined))
		evring_owner_add(&group->process);
}

static void group_take(struct evring_session *session, const struct evring_join *join)
{
	struct group_state *group = session->claim;
	struct evring_group_info *info;
	u64 held = 0;
	u32 lane;

	lockdep_assert_held(&groups_lock);
	if (join->created)
		group_create(group);
	info = group->info;
	for (lane = 0; lane < evring_nr_lanes; lane++)
		held |= group_holds(group, lane) ? BIT_ULL(lane) : 0;
	evring_rings_each(join->lanes & ~info->lanes, start_of(join), group);

	infos_write_begin();
	info->policy = join->policy;
	info->lanes = join->lanes;
	info->abandon_ms = join->abandon_ms;
	info->flags &= EVRING_GROUP_GIVEN;
	info->owner = task_tgid_nr(current);
	info->generation++;
	info->left_ns = 0;
	infos_write_end();

	session->claim = NULL;
	session->group = group;
	session->joins++;
	group->process = (struct evring_owner){
		.tgid = current->tgid, .group = group_index(group),
		.start_time = current->group_leader->start_boottime,
		.exec_id = current->self_exec_id,
	};
	group->joined = current_euid();
	group->capable = perfmon_capable();
	owner_add(group);
	hold_all();
	if (join->policy == EVRING_HOLD)
		evring_rings_each(join->lanes & ~held, hold_begin, group);
}

/* The second half of EVRING_IOC_JOIN, which cannot fail. May sleep. */
void evring_group_take(struct evring_session *session, const struct evring_join *join)
{
	mutex_lock(&groups_lock);
	group_take(session, join);
	mutex_unlock(&groups_lock);
}

/* EVRING_IOC_LEAVE and close: the group stays. */
int evring_group_leave(struct evring_session *session)
{
	struct group_state *group;

	mutex_lock(&groups_lock);
	group = session->group;
	if (group) {
		infos_write_begin();
		group->info->owner = 0;
		group->info->left_ns = ktime_get_boottime_ns();
		infos_write_end();
		group->owner = NULL;
		session->group = NULL;
		evring_owner_del(group_index(group));
		group_await(group);
	}
	mutex_unlock(&groups_lock);
	return group ? 0 : -EPERM;
}

static int commit_one(struct group_state *group, const struct evring_commit_entry *entry)
{
	struct evring_ring *ring = evring_ring_get(entry->lane, entry->cpu);
	struct evring_cursor *cursor;

	if (!ring)
		return -ENXIO;
	if (!(group->info->lanes & BIT_ULL(entry->lane)) || entry->pos % 8 || entry->reserved)
		return -EINVAL;
	cursor = &ring->cursors[group_index(group)];
	if (entry->pos < cursor->pos || entry->pos > READ_ONCE(ring->page->head))
		return -ERANGE;
	WRITE_ONCE(cursor->pos, entry->pos);
	WRITE_ONCE(cursor->seq, entry->seq);
	WRITE_ONCE(cursor->missed, cursor->missed + entry->missed);
	group_hold(ring);
	return 0;
}

/* *@joins: number of the session's join; the first entries set it, the others must match */
static int commit_some(struct evring_session *session, const struct evring_commit_entry *entries,
		       unsigned int nr, bool first, u64 *joins)
{
	unsigned int i;
	int ret = 0;

	lockdep_assert_held(&groups_lock);
	if (first)
		*joins = session->joins;
	/* Positions read for one group must not move the cursors of another. */
	if (!session->group || session->joins != *joins)
		ret = -EPERM;
	for (i = 0; i < nr && !ret; i++)
		ret = commit_one(session->group, &entries[i]);
	return ret;
}

/*
 * EVRING_IOC_COMMIT and EVRING_CMD_COMMIT.
 *
 * A few entries at a time, so that neither the stack nor the time under the
 * lock depends on the number of entries. May sleep; @nonblock: -EAGAIN if the first
 * of them would have to wait for the lock. The others wait all the same, as what was
 * committed cannot be committed again: @missed would count twice.
 */
int evring_group_commit(struct evring_session *session, const struct evring_commit *commit,
			bool nonblock)
{
	const void __user *from = u64_to_user_ptr(commit->entries);
	struct evring_commit_entry entries[16];
	u64 joins = 0;
	u32 left, nr, i;
	int ret = 0;

	if (commit->flags || commit->reserved || !commit->nr || commit->nr > EVRING_COMMIT_MAX ||
	    commit->entry_size < offsetofend(struct evring_commit_entry, reserved) ||
	    commit->entry_size > PAGE_SIZE)
		return -EINVAL;
	for (left = commit->nr; left && !ret; left -= nr) {
		nr = min_t(u32, left, ARRAY_SIZE(entries));
		for (i = 0; i < nr; i++, from += commit->entry_size) {
			ret = copy_struct_from_user(&entries[i], sizeof(entries[i]), from,
						    commit->entry_size);
			if (ret)
				return ret;
		}
		if (!nonblock || left != commit->nr)
			mutex_lock(&groups_lock);
		else if (!mutex_trylock(&groups_lock))
			return -EAGAIN;
		ret = commit_some(session, entries, nr, left == commit->nr, &joins);
		mutex_unlock(&groups_lock);
	}
	return ret;
}

/* Place of a group, or -ENOENT. Another group may get it once hooks_lock is released. */
int evring_group_find(const char *name)
{
	struct group_state *group;

	mutex_lock(&groups_lock);
	group = group_find(name);
	if (group && !group_exists(group))
		group = NULL;	/* claimed, not made */
	mutex_unlock(&groups_lock);
	return group ? (int)group_index(group) : -ENOENT;
}

/* Does it belong to current's user? */
bool evring_group_is_users(unsigned int place)
{
	struct group_state *group = &groups[place];
	bool is_users;

	mutex_lock(&groups_lock);
	is_users = group_exists(group) && group_is_of(group, current_euid());
	mutex_unlock(&groups_lock);
	return is_users;
}

/* EVRING_IOC_GIVE; @give was checked. May sleep. */
int evring_group_give(const struct evring_give *give)
{
	kuid_t uid = make_kuid(current_user_ns(), give->uid);
	struct group_state *group;
	int ret = -ENOENT;

	if (!uid_valid(uid))
		return -EINVAL;
	mutex_lock(&groups_lock);
	group = group_find(give->name);
	if (group && group->owner && !(group_exists(group) && group->info->owner)) {
		/* It is being joined, maybe by a user who may not from now on. */
		ret = -EBUSY;
	} else if (group && group_exists(group)) {
		group->uid = uid;
		infos_write_begin();
		group->info->flags |= EVRING_GROUP_GIVEN;
		group->info->uid = from_kuid(&init_user_ns, uid);
		infos_write_end();
		evring_owner_del(group_index(group));
		if (group->info->owner)
			owner_add(group);
		ret = 0;
	}
	mutex_unlock(&groups_lock);
	return ret;
}

/* EVRING_IOC_DROP, but for the hooks; @place: where the group was. */
int evring_group_drop(const char *name, unsigned int *place)
{
	struct group_state *group;
	int ret = 0;

	mutex_lock(&groups_lock);
	group = group_find(name);
	if (!(group && group_exists(group) && group_is_of(group, current_euid())) &&
	    !perfmon_capable()) {
		ret = -EPERM;
	} else if (!group) {
		ret = -ENOENT;
	} else if (group->owner) {
		ret = -EBUSY;
	} else {
		*place = group_index(group);
		infos_write_begin();
		memset(group->info, 0, sizeof(*group->info));
		infos_write_end();
		group->name[0] = '\0';
		hold_all();
	}
	mutex_unlock(&groups_lock);
	return ret;
}

/* The meta page, with the groups as they are at one moment. */
void evring_groups_snapshot(struct evring_meta_pages *to)
{
	mutex_lock(&groups_lock);
	*to = *evring_meta_pages;
	mutex_unlock(&groups_lock);
}

/* Patience goes on while the host is suspended, but the works' jiffies stand still. */
static int groups_resumed(struct notifier_block *nb, unsigned long event, void *unused)
{
	struct group_state *group;

	if (event != PM_POST_SUSPEND && event != PM_POST_HIBERNATION)
		return NOTIFY_DONE;
	mutex_lock(&groups_lock);
	for (group = groups; group < groups + EVRING_GROUPS_MAX; group++)
		if (group_exists(group) && !group->owner &&
		    !(group->info->flags & EVRING_GROUP_ABANDONED))
			group_await(group);
	mutex_unlock(&groups_lock);
	return NOTIFY_DONE;
}

static struct notifier_block groups_pm = { .notifier_call = groups_resumed };

int evring_groups_init(void)
{
	return register_pm_notifier(&groups_pm);
}

void evring_groups_exit(void)
{
	unsigned int i;

	unregister_pm_notifier(&groups_pm);
	for (i = 0; i < EVRING_GROUPS_MAX; i++) {
		if (groups[i].info)
			cancel_delayed_work_sync(&groups[i].abandon);
		groups[i] = (struct group_state){ };
	}
}
