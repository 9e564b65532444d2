// SPDX-License-Identifier: GPL-2.0-only
/*
 * How connections of TCP begin and end: net.connected, net.close.
 *
 * From inet_sock_set_state, in the context of the packet, timer or call that changes
 * the state: task or softirq, with bottom halves off. The kernel does not keep the time
 * and the process of a connect(): so each hook keeps notes in a table of fixed size. If
 * a bucket is full its oldest note is overwritten, and that socket's time is not known.
 */
#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <trace/events/sock.h>

#include "family.h"
#include "net_state.h"

#define BUCKET_BITS	9
#define WAYS		8
#define NR_LOCKS	64

/* A note of a socket; free if @sk is NULL */
struct note {
	const struct sock *sk;
	u64 time;
	u64 owner_start_time;
	u64 inode;
	u32 owner_pid;	/* 0: not known, or the other side connected */
	u16 direction;	/* enum evring_direction */
	bool left_out;	/* a connection that the hook is quiet about */
};

struct bucket {
	struct note notes[WAYS];
};

struct notes {
	struct bucket buckets[1 << BUCKET_BITS];
};

enum { CONNECTED, CLOSE, HOOKS };

static struct notes tables[HOOKS];

/* Each is for some of the buckets. */
static raw_spinlock_t locks[NR_LOCKS] = {
	[0 ... NR_LOCKS - 1] = __RAW_SPIN_LOCK_UNLOCKED(locks),
};

static struct evring_event_hook hooks[HOOKS];

static struct bucket *bucket_of(const struct evring_event_hook *hook, const struct sock *sk)
{
	return &tables[hook - hooks].buckets[hash_ptr((void *)sk, BUCKET_BITS)];
}

static raw_spinlock_t *lock_of(const struct bucket *bucket)
{
	return &locks[((unsigned long)bucket / sizeof(*bucket)) % NR_LOCKS];
}

/* Its note, or else a free one or the oldest. Under the bucket's lock. */
static struct note *note_find(struct bucket *bucket, const struct sock *sk)
{
	struct note *note, *oldest = bucket->notes;

	for (note = bucket->notes; note < bucket->notes + WAYS; note++) {
		if (note->sk == sk)
			return note;
		if (oldest->sk && (!note->sk || note->time < oldest->time))
			oldest = note;
	}
	return oldest;
}

/* Is the note older than the hook's attachment? Events between the two were missed. */
static bool is_stale(const struct evring_event_hook *hook, const struct note *note)
{
	return note->time < READ_ONCE(hook->points[0].since);
}

/* A call by current has sent the first packet. */
static void note_begin(struct evring_event_hook *hook, const struct sock *sk)
{
	struct bucket *bucket = bucket_of(hook, sk);
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	*note_find(bucket, sk) = (struct note){
		.sk = sk,
		.time = ktime_get_boottime_ns(),
		.owner_start_time = current->group_leader->start_boottime,
		.inode = evring_socket_inode(sk),
		.owner_pid = task_tgid_nr(current),
		.direction = EVRING_DIRECTION_OUTBOUND,
		.left_out = evring_hook_leaves_out(hook),
	};
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
}

/* The connection stands: from here on its duration counts. */
static void note_stands(struct evring_event_hook *hook, const struct sock *sk, int oldstate)
{
	struct bucket *bucket = bucket_of(hook, sk);
	unsigned long flags;
	struct note *note;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	note = note_find(bucket, sk);
	/*
	 * A connection that this host began may have lost its note: then its process is not
	 * known, but SYN_SENT still tells the direction. (If both sides connect at once the state
	 * before is SYN_RECV, and the direction is right only if the note of SYN_SENT is there.)
	 */
	if (note->sk != sk || is_stale(hook, note))
		*note = (struct note){
			.sk = sk,
			.direction = oldstate == TCP_SYN_SENT ? EVRING_DIRECTION_OUTBOUND :
								EVRING_DIRECTION_INBOUND,
		};
	note->time = ktime_get_boottime_ns();
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
}

/* Take the note out. All 0 where there is none, or one from before the hook was attached. */
static struct note note_take(struct evring_event_hook *hook, const struct sock *sk)
{
	struct bucket *bucket = bucket_of(hook, sk);
	struct note *note, taken = { };
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	note = note_find(bucket, sk);
	if (note->sk == sk) {
		taken = *note;
		*note = (struct note){ };
	}
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	if (is_stale(hook, &taken))
		taken = (struct note){ };
	return taken;
}

static u64 socket_cgroup(const struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	const struct cgroup *cgroup = sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data);

	return cgroup ? cgroup_id((struct cgroup *)cgroup) : 0;
#else
	return 0;
#endif
}

#define fill_state(_e, _sk, _note) do {						\
	struct evring_socket_kind _kind = evring_socket_kind(_sk);		\
	struct evring_end _local = evring_end_local(_sk);			\
	struct evring_end _remote = evring_end_remote(_sk);			\
										\
	evring_fill_socket(_e, &_kind, &_local, &_remote);			\
	if (!(_e)->socket)							\
		(_e)->socket = (_note)->inode;					\
	(_e)->owner_pid = (_note)->owner_pid;					\
	(_e)->owner_start_time = (_note)->owner_start_time;			\
	(_e)->owner_uid = from_kuid(&init_user_ns, (_sk)->sk_uid);		\
	(_e)->cgroup = socket_cgroup(_sk);					\
} while (0)

static u64 since(const struct note *note)
{
	return note->time ? ktime_get_boottime_ns() - note->time : 0;
}

static void emit_connected(struct evring_event_hook *hook, const struct sock *sk, int oldstate,
			   int newstate)
{
	struct note note = note_take(hook, sk);
	struct net_connected *e;
	struct evring_slot slot;

	/* SYN_RECV without a note: the other side began. With one: both sides did. */
	if (note.left_out || (oldstate == TCP_SYN_RECV && !note.sk))
		return;
	e = evring_begin(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	fill_state(e, sk, &note);
	e->latency = since(&note);
	if (newstate != TCP_ESTABLISHED)
		e->result = -READ_ONCE(sk->sk_err) ?: -ECANCELED;
	evring_hook_submit(hook, &slot);
}

static void emit_close(struct evring_event_hook *hook, const struct sock *sk, int oldstate)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct note note = note_take(hook, sk);
	struct net_close *e;
	struct evring_slot slot;

	if (note.left_out || oldstate == TCP_SYN_SENT)
		return;
	e = evring_begin(&slot, hook->type, sizeof(*e), sizeof(*e));
	if (!e)
		return;
	fill_state(e, sk, &note);
	e->state = oldstate;
	e->direction = oldstate == TCP_LISTEN ? EVRING_DIRECTION_INBOUND : note.direction;
	e->result = -READ_ONCE(sk->sk_err);
	/* A listener's numbers mean other things. */
	if (oldstate != TCP_LISTEN) {
		e->duration = since(&note);
		e->bytes_sent = tp->bytes_sent - tp->bytes_retrans;
		/* The other side's FIN counts as a byte. */
		e->bytes_received = tp->bytes_received - sock_flag(sk, SOCK_DONE);
		e->packets_sent = tp->segs_out;
		e->packets_received = tp->segs_in;
		e->retransmits = tp->total_retrans;
		e->rtt = (u64)(tp->srtt_us >> 3) * NSEC_PER_USEC;
	}
	evring_hook_submit(hook, &slot);
}

/* SCTP and DCCP have states of the same names, and other counters. */
static bool is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP;
}

/* From 7.0 on with preemption on, if bottom halves are not off: the notes and RCU need it. */
static void probe_connected(void *data, const struct sock *sk, const int oldstate,
			    const int newstate)
{
	struct evring_event_hook *hook = data;

	if (!is_tcp(sk))
		return;
	preempt_disable_notrace();
	if (newstate == TCP_SYN_SENT)
		note_begin(hook, sk);
	else if ((oldstate == TCP_SYN_SENT && newstate != TCP_SYN_RECV) || oldstate == TCP_SYN_RECV)
		emit_connected(hook, sk, oldstate, newstate);
	preempt_enable_notrace();
}

static void probe_close(void *data, const struct sock *sk, const int oldstate, const int newstate)
{
	struct evring_event_hook *hook = data;

	if (!is_tcp(sk) || oldstate == newstate)
		return;
	preempt_disable_notrace();
	if (newstate == TCP_SYN_SENT)
		note_begin(hook, sk);
	else if (newstate == TCP_ESTABLISHED)
		note_stands(hook, sk, oldstate);
	else if (newstate == TCP_CLOSE)
		emit_close(hook, sk, oldstate);
	preempt_enable_notrace();
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_inet_sock_set_state(probe_connected);
	check_trace_callback_type_inet_sock_set_state(probe_close);
}

static struct evring_event_hook hooks[HOOKS] = {
	[CONNECTED] = {
		.desc = &net_connected_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("inet_sock_set_state", probe_connected)),
	},
	[CLOSE] = {
		.desc = &net_close_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_TRACEPOINT("inet_sock_set_state", probe_close)),
	},
};

const struct evring_hook_family evring_net_state_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
