// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.state: a process that runs already, told because somebody asked for a
 * snapshot of them (EVRING_HOOK_F_SNAPSHOT).
 *
 * A worker walks the process ids in ascending order, as readdir() of /proc does, a few
 * at a time. It tells of each process that began before the snapshot did. So an owner
 * that has attached process.fork before misses no process: a process that has its id
 * when the worker comes by is told here, and one that gets its id later is told by
 * process.fork. A process that ends meanwhile is told by process.exit, or by both:
 * then its state has the earlier time.
 *
 * Zombies are not told: they have ended. The kernel's threads are, as by process.fork.
 *
 * The worker may sleep, but waits for nobody's pages: it reads the arguments as far as
 * they are in memory, and marks the event if they are not. It gives way to the ring's
 * readers: to those that hold, by leaving half of the ring to other events.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/idr.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../compat/exec.h"
#include "../compat/file.h"
#include "../compat/ns.h"
#include "common.h"
#include "../redact/redact.h"
#include "args_end.h"
#include "family.h"
#include "peek.h"
#include "process_names.h"
#include "process_state.h"
#include "program.h"
#include "who.h"

#define STATE_FIELDS(F, S)							\
	F(S, U32, snapshot, NONE, "number of the snapshot, since the module was loaded") \
	F(S, U32, ppid, PID, "the parent's process")				\
	F(S, U64, snapshot_time, BOOTTIME, "when it began: process.fork tells of the younger") \
	F(S, U32, egid, GID, "effective group id")				\
	F(S, U32, ns_pid, NONE, "the process id in its own pid namespace")	\
	F(S, U32, threads, NONE, "how many it has")				\
	F(S, BOOL, kernel, NONE, "a thread of the kernel's: it has no program")	\
	F(S, BOOL, argv_truncated, NONE, "argv is not all of them")		\
	F(S, U16, path_flags, FLAGS, "what path is", .names = &evring_path_flags) \
	F(S, TEXT, path, PATH, "the program, from the task's root; of a script, its interpreter") \
	F(S, TEXTS, argv, NONE, "its arguments, as they are now")		\
	F(S, U32, argv_len, NONE, "length of all arguments", .unit = "bytes")	\
	F(S, TEXTS, argv_end, NONE, "if argv is not all of them: the last bytes of the arguments") \
	F(S, TEXT, cwd, PATH, "current folder")					\
	F(S, TEXT, tty, NONE, "controlling terminal, empty: none")		\
	F(S, TEXT, parent_comm, NONE, "name of the parent")			\
	F(S, U64, parent_start_time, BOOTTIME, "when the parent began")		\
	F(S, U32, sid, PID, "session")						\
	F(S, U32, pgid, PID, "process group")					\
	CAPS_FIELD(F, S, cap_permitted, "capabilities that the process may use") \
	CAPS_FIELD(F, S, cap_effective, "capabilities that it uses")		\
	CAPS_FIELD(F, S, cap_inheritable, "capabilities that exec may pass on")	\
	F(S, U64, inode, NONE, "the file's inode; 0: it has none")		\
	PROGRAM_FILE_FIELDS(F, S)						\
	F(S, U16, cwd_flags, FLAGS, "what cwd is", .names = &evring_path_flags)	\
	PROGRAM_FILE_KIND_FIELDS(F, S)

EVRING_TASK_EVENT(process_state, "process.state", 1, "critical",
		  "a process runs already: a snapshot tells of it", STATE_FIELDS);

#define BATCH		32		/* processes, between two rests */
#define IDS_AT_ONCE	1024		/* looked at without a chance for others to run */
#define THREADS_MAX	1024		/* of a process, looked at for one that is not ending */
#define TRIES_MAX	8		/* of a process that keeps running other programs */
#define ROOM_WAIT	msecs_to_jiffies(20)
#define ROOM_WAITS	1500		/* together: then an event without room is lost */

enum { PATH, CWD, TTY, PARENT, TEXTS };

/* One process, as it was before room was reserved for its event */
struct state {
	u32 snapshot;
	u64 time;
	struct task_struct *leader;	/* as the walk found it */
	struct task_struct *task;	/* a thread that has not begun to end */
	struct mm_struct *mm;		/* of it; compared alone */
	struct evring_text texts[TEXTS];
	struct evring_program_file file;
	struct evring_who parent;
	struct path root;
	u32 path_flags;
	u32 cwd_flags;
	u32 mntns;
	u32 argv_len;
	struct evring_args_end args_end;
	unsigned long whole;		/* length of all arguments */
	char tty[EVRING_TTY_BYTES];
	char path[EVRING_PATH_BYTES];
	char cwd[EVRING_PATH_BYTES / 2];
	char argv[EVRING_ARGV_BYTES];
	char end[EVRING_ARGS_END_ROOM];	/* behind a lead */
};

/*
 * @hook: of the events, once a snapshot was asked for
 * @asked: number of the last snapshot that somebody waits for
 * @done: of the last one that has ended
 * @told: of how many processes that one was, before filters
 * @running: the one after @done has begun
 * @stop: the module goes
 */
static struct {
	struct mutex lock;		/* for all of them */
	struct evring_event_hook *hook;
	u32 asked;
	u32 done;
	u32 told;
	bool running;
	bool stop;
} snapshots = { .lock = __MUTEX_INITIALIZER(snapshots.lock) };

/* Referenced; the leader, if all threads are ending. */
static struct task_struct *living_thread(struct task_struct *leader)
{
	struct task_struct *task, *found = leader;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_thread(leader, task) {
		if (!(READ_ONCE(task->flags) & PF_EXITING)) {
			found = task;
			break;
		}
		if (++n == THREADS_MAX)
			break;
	}
	get_task_struct(found);
	rcu_read_unlock();
	return found;
}

/*
 * The leader as it is now: another thread that runs a program takes the place of the one
 * that the walk has found. Under rcu_read_lock(), which keeps it.
 */
static struct task_struct *leader_now(const struct state *state)
{
	return pid_alive(state->task) ? READ_ONCE(state->task->group_leader) : state->leader;
}

/* The folders and the mount namespace, which the task's lock keeps */
static void find_folders(struct state *state)
{
	struct evring_path_text text = { .at = state->cwd };
	struct task_struct *task = state->task;
	struct path pwd = { };

	state->root = (struct path){ };
	task_lock(task);
	if (task->fs) {
		get_fs_root(task->fs, &state->root);
		get_fs_pwd(task->fs, &pwd);
	}
	state->mntns = evring_mntns(task);
	task_unlock(task);
	if (pwd.dentry)
		text = evring_path_from(&state->root, &pwd, state->cwd, sizeof(state->cwd));
	state->texts[CWD] = evring_text_path(&text);
	state->cwd_flags = text.flags;
	path_put(&pwd);
}

/* As much of the arguments as is in memory. This worker is in the task's memory. */
static void find_arguments(struct state *state, struct mm_struct *mm)
{
	const u32 room = evring_record_max() - EVRING_TRAILER_LEN - sizeof(struct process_state);
	unsigned long from, to;
	u32 len;

	spin_lock(&mm->arg_lock);
	from = mm->arg_start;
	to = mm->arg_end;
	spin_unlock(&mm->arg_lock);
	state->whole = to > from ? to - from : 0;
	len = min3(state->whole, (unsigned long)EVRING_ARGV_BYTES, (unsigned long)room / 8 * 5);
	state->argv_len = evring_peek(state->argv, from, len);
	len = min3(state->whole - len, (unsigned long)EVRING_ARGV_END_BYTES,
		   (unsigned long)room / 7);
	state->args_end = evring_args_end(state->end, from, to, len);
}

static void find_program(struct state *state)
{
	struct evring_path_text text = { .at = state->path };
	struct mm_struct *mm = get_task_mm(state->task);
	struct file *file;

	state->mm = mm;
	state->whole = 0;
	state->argv_len = 0;
	state->args_end = (struct evring_args_end){ };
	memset(&state->file, 0, sizeof(state->file));
	if (mm) {
		kthread_use_mm(mm);
		find_arguments(state, mm);
		kthread_unuse_mm(mm);
		file = evring_get_file(&mm->exe_file);
		if (file) {
			evring_program_file(&state->file, file);
			text = evring_path_from(&state->root, &file->f_path, state->path,
						sizeof(state->path));
			fput(file);
		}
		/* The last reference tears the address space down, which takes long: not here. */
		mmput_async(mm);
	}
	state->texts[PATH] = evring_text_path(&text);
	state->path_flags = text.flags;
}

static void find_others(struct state *state)
{
	struct task_struct *leader;

	evring_tty(state->tty, state->leader);
	state->texts[TTY] = evring_text_of(state->tty);
	memset(&state->parent, 0, sizeof(state->parent));
	rcu_read_lock();
	leader = leader_now(state);
	/* It has a parent as long as it is in the tree. */
	if (pid_alive(leader))
		evring_who_parent(&state->parent, leader);
	rcu_read_unlock();
	state->texts[PARENT] = evring_text_of(state->parent.comm);
}

static void find_state(struct state *state)
{
	find_folders(state);
	find_program(state);
	find_others(state);
	path_put(&state->root);
}

/* Under rcu_read_lock() */
static void fill_identity(struct process_state *e, const struct state *state)
{
	const struct cred *cred = __task_cred(state->task);
	struct task_struct *leader = leader_now(state);

	evring_fill_common_of(&e->common, state->task, cred);
	e->common.mntns = state->mntns;
	e->common.start_time = leader->start_boottime;
	memcpy(e->common.comm, leader->comm, sizeof(e->common.comm));
	e->common.comm[sizeof(e->common.comm) - 1] = '\0';
	e->egid = from_kgid(&init_user_ns, cred->egid);
	e->cap_permitted = evring_caps(cred->cap_permitted);
	e->cap_effective = evring_caps(cred->cap_effective);
	e->cap_inheritable = evring_caps(cred->cap_inheritable);
	e->ns_pid = task_tgid_nr_ns(leader, task_active_pid_ns(leader));
	e->sid = task_session_nr_ns(leader, &init_pid_ns);
	e->pgid = task_pgrp_nr_ns(leader, &init_pid_ns);
}

static void fill_event(struct process_state *e, const struct state *state)
{
	e->snapshot = state->snapshot;
	e->snapshot_time = state->time;
	rcu_read_lock();
	fill_identity(e, state);
	rcu_read_unlock();
	e->ppid = state->parent.pid;
	e->parent_start_time = state->parent.start_time;
	e->threads = READ_ONCE(state->leader->signal->nr_threads);
	e->kernel = !!(state->task->flags & PF_KTHREAD);
	EVRING_FILL_PROGRAM_FILE(e, &state->file);
}

static void fill_texts(struct process_state *e, const struct state *state)
{
	const struct evring_text *texts = state->texts;
	u32 end = sizeof(*e);

	e->path = evring_text_put(e, &end, &texts[PATH]);
	e->cwd = evring_text_put(e, &end, &texts[CWD]);
	e->tty = evring_text_put(e, &end, &texts[TTY]);
	e->parent_comm = evring_text_put(e, &end, &texts[PARENT]);
	e->path_flags = state->path_flags | (texts[PATH].cut ? EVRING_PATH_CUT : 0);
	e->cwd_flags = state->cwd_flags | (texts[CWD].cut ? EVRING_PATH_CUT : 0);
	memcpy((char *)e + end, state->argv, state->argv_len);
	e->argv = evring_str(end, state->argv_len);
	e->argv_len = min_t(unsigned long, state->whole, U32_MAX);
	e->argv_truncated = state->argv_len < state->whole;
	end += state->argv_len;
	memcpy((char *)e + end, state->end + state->args_end.lead, state->args_end.len);
	e->argv_end = evring_str(end, state->args_end.len);
}

/* Where the arguments were cut, bytes outside of the event tell which of them are secrets. */
static void tell_edges(struct evring_slot *slot, const struct state *state)
{
	struct evring_edge argv = {
		.offset = offsetof(struct process_state, argv),
		.open = state->argv_len < state->whole,
	};
	struct evring_edge end = {
		.offset = offsetof(struct process_state, argv_end),
		.text = state->end, .lead = state->args_end.lead, .gap = state->args_end.gap,
	};

	evring_stage_edge(slot, &argv);
	evring_stage_edge(slot, &end);
}

enum told { TOLD, GONE, CHANGED, NO_ROOM };

/*
 * The record has its time when this looks: as long as the process lives then, its
 * end and its next program are later.
 */
static enum told still(const struct state *state, bool last_try)
{
	/* pairs with atomic_dec_and_test() in do_exit(), before process.exit has its time */
	smp_mb();
	if (!atomic_read(&state->leader->signal->live))
		return GONE;
	if (state->task->flags & PF_KTHREAD || last_try)
		return TOLD;
	return READ_ONCE(state->task->mm) == state->mm ? TOLD : CHANGED;
}

static void *reserve(struct evring_slot *slot, struct evring_event_type *type, u32 len)
{
	struct evring_ring *ring;
	void *room = NULL;

	preempt_disable();
	ring = this_cpu_read(*type->rings);
	if (ring)
		room = evring_try_reserve(slot, ring, type, len);
	/* Of a reservation it stays off. */
	preempt_enable();
	return room;
}

static enum told emit(struct evring_event_hook *hook, struct state *state, bool last_try)
{
	u32 len = evring_texts_fit(state->texts, TEXTS, sizeof(struct process_state) +
				   state->argv_len + state->args_end.len);
	struct evring_slot slot;
	struct process_state *e = reserve(&slot, hook->type, len);
	enum told told;

	if (!e)
		return NO_ROOM;
	/* It is the process's event, and not this worker's. */
	slot.rec->pid = task_tgid_nr(state->leader);
	slot.rec->tid = slot.rec->pid;
	memset(e, 0, sizeof(*e));
	fill_event(e, state);
	fill_texts(e, state);
	tell_edges(&slot, state);
	/* From here on it has its time. */
	if (slot.stage && !evring_land(&slot))
		return NO_ROOM;
	told = still(state, last_try);
	if (told == TOLD)
		evring_hook_submit(hook, &slot);
	else
		evring_discard(&slot);
	return told;
}

/* Would more of this make others' events find no room? */
static bool ring_is_filled(const struct evring_event_type *type)
{
	struct evring_ring *ring;
	bool filled = false;
	u64 head, hold;

	preempt_disable();
	ring = this_cpu_read(*type->rings);
	if (ring) {
		head = READ_ONCE(ring->page->head);
		hold = READ_ONCE(ring->hold);
		filled = hold < head && head - hold > ring->data_size / 2;
	}
	preempt_enable();
	return filled;
}

/* Tell of a process, and wait for room as long as there is patience left: *@waits */
static bool tell(struct evring_event_hook *hook, struct state *state, unsigned int *waits)
{
	enum told told = CHANGED;
	unsigned int tries = 0;

	while (told == CHANGED) {
		state->task = living_thread(state->leader);
		find_state(state);
		for (;;) {
			told = *waits && ring_is_filled(hook->type) ? NO_ROOM :
			       emit(hook, state, tries == TRIES_MAX);
			if (told != NO_ROOM || !*waits || READ_ONCE(snapshots.stop))
				break;
			--*waits;
			schedule_timeout_uninterruptible(ROOM_WAIT);
		}
		put_task_struct(state->task);
		tries++;
	}
	if (told == NO_ROOM)
		evring_lose(hook->type, 1, EVRING_LOST_FULL);
	return told == TOLD;
}

/* The process with the lowest id from *@id on, referenced; NULL: there is none. */
static struct task_struct *next_process(int *id)
{
	struct task_struct *task = NULL;
	unsigned int n = 0;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = idr_get_next(&init_pid_ns.idr, id))) {
		task = pid_task(pid, PIDTYPE_TGID);
		++*id;
		if (task) {
			get_task_struct(task);
			break;
		}
		if (++n % IDS_AT_ONCE)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
	return task;
}

/* Returns how many were told. */
static u32 walk(struct evring_event_hook *hook, struct state *state)
{
	unsigned int waits = ROOM_WAITS;
	u32 n = 0, told = 0;
	int id = 1;

	while (!READ_ONCE(snapshots.stop)) {
		state->leader = next_process(&id);
		if (!state->leader)
			break;
		if (state->leader->start_boottime < state->time)
			told += tell(hook, state, &waits);
		put_task_struct(state->leader);
		if (++n % BATCH)
			cond_resched();
		else
			schedule_timeout_uninterruptible(1);
	}
	return told;
}

static void snapshot_take(u32 number)
{
	struct state *state = kvzalloc(sizeof(*state), GFP_KERNEL | __GFP_NOFAIL);
	u32 told;

	state->snapshot = number;
	state->time = ktime_get_boottime_ns();
	told = walk(snapshots.hook, state);
	kvfree(state);
	mutex_lock(&snapshots.lock);
	snapshots.told = told;
	snapshots.done = number;
	mutex_unlock(&snapshots.lock);
}

static void snapshots_run(struct work_struct *work)
{
	u32 number;

	for (;;) {
		mutex_lock(&snapshots.lock);
		number = snapshots.done + 1;
		snapshots.running = snapshots.asked != snapshots.done && !snapshots.stop;
		mutex_unlock(&snapshots.lock);
		if (!snapshots.running)
			return;
		snapshot_take(number);
	}
}

static DECLARE_WORK(snapshots_work, snapshots_run);

/*
 * Ask for a snapshot that begins from now on. Returns its number, which all have that
 * ask before it begins. May sleep.
 */
u32 evring_snapshot_ask(struct evring_event_hook *hook)
{
	u32 number;

	mutex_lock(&snapshots.lock);
	snapshots.hook = hook;
	number = snapshots.done + 1 + snapshots.running;
	snapshots.asked = number;
	queue_work(system_long_wq, &snapshots_work);
	mutex_unlock(&snapshots.lock);
	return number;
}

/* The last snapshot that has ended. May sleep. */
void evring_snapshot_look(struct evring_hook *arg)
{
	mutex_lock(&snapshots.lock);
	arg->snapshot = snapshots.done;
	arg->told = snapshots.told;
	mutex_unlock(&snapshots.lock);
}

/* Before the hooks go. May sleep. */
void evring_snapshots_exit(void)
{
	WRITE_ONCE(snapshots.stop, true);
	cancel_work_sync(&snapshots_work);
}

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_state_desc,
		.snapshots = true,
	},
};

const struct evring_hook_family evring_process_state_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
