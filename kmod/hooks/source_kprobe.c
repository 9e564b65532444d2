// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes and kretprobes: the entry of a function, and its return. The function
 * is found by its name, which compilers and kernels change: a point has a list.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../compat/kprobe.h"
#include "../user.h"
#include "canary.h"
#include "family.h"

static const char switched_off[] = "kernel.ftrace_enabled or debug/kprobes/enabled is 0";

static void symbols_absent(const char *const *symbols, int error, char *why, size_t room)
{
	size_t len = 0;

	if (!IS_ENABLED(CONFIG_KPROBES)) {
		strscpy(why, "this kernel is built without kprobes", room);
		return;
	}
	if (error != -ENOENT)
		len = scnprintf(why, room, "cannot be probed (error %d):", error);
	else
		len = scnprintf(why, room, "this kernel has no function");
	for (; *symbols; symbols++)
		len += scnprintf(why + len, room - len, " %s%s", *symbols, symbols[1] ? " or" : "");
}

static void kprobe_absent(const struct evring_point *point, char *why, size_t room)
{
	symbols_absent(point->kprobe.symbols, point->error, why, room);
}

static void kretprobe_absent(const struct evring_point *point, char *why, size_t room)
{
	symbols_absent(point->kretprobe.symbols, point->error, why, room);
}

#ifdef EVRING_HAVE_KPROBES

#define ACTIVE_MAX	4096	/* calls of one function at once, with a kretprobe's data */

/*
 * Modules cannot look symbols up. Registering a disabled probe tells whether there is
 * a function, and patches nothing. To unregister it takes a grace period, so that is
 * done for many at once.
 */
static struct kprobe *tried[16];
static unsigned int nr_tried;

static void tried_drop(void)
{
	unregister_kprobes(tried, nr_tried);
	while (nr_tried)
		kfree(tried[--nr_tried]);
}

static int symbol_try(const char *symbol)
{
	struct kprobe *probe;
	int ret;

	if (nr_tried == ARRAY_SIZE(tried))
		tried_drop();
	probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe->symbol_name = symbol;
	probe->flags = KPROBE_FLAG_DISABLED;
	ret = register_kprobe(probe);
	if (ret)
		kfree(probe);
	else
		tried[nr_tried++] = probe;
	return ret;
}

/* The first that can be probed. Any other error says more than -ENOENT. */
static int symbols_find(const char *const *symbols, const char **symbol)
{
	int ret, error = -ENOENT;

	for (; *symbols; symbols++) {
		ret = symbol_try(*symbols);
		if (!ret) {
			*symbol = *symbols;
			return 0;
		}
		if (ret != -ENOENT)
			error = ret;
	}
	return error;
}

static bool probe_armed(struct kprobe *probe)
{
	return !kprobe_gone(probe) && !kprobe_disabled(probe) &&
	       evring_canary_sings(kprobe_ftrace(probe));
}

static int kprobe_find(struct evring_point *point, struct module *mod)
{
	return mod ? -ENOENT : symbols_find(point->kprobe.symbols, &point->kprobe.symbol);
}

/* evring_hook_leaves_out(), of the function that is probed */
static bool leaves_out(const struct evring_event_hook *hook, struct kprobe *probe)
{
	return hook->quiet && evring_kprobe_in_task(probe) && evring_is_owner(current);
}

static int kprobe_enter(struct kprobe *probe, struct pt_regs *regs)
{
	struct evring_point *point = container_of(probe, struct evring_point, kprobe.probe);

	if (!leaves_out(point->hook, probe))
		point->kprobe.enter(point->hook, regs);
	return 0;
}

static int kprobe_attach(struct evring_point *point)
{
	int ret;

	/* A kprobe that was registered before is not as register_kprobe() wants it. */
	point->kprobe.probe = (struct kprobe){
		.symbol_name = point->kprobe.symbol,
		.pre_handler = kprobe_enter,
	};
	ret = register_kprobe(&point->kprobe.probe);
	if (!ret)
		evring_canary_get();
	return ret;
}

static void kprobe_detach(struct evring_point *point)
{
	unregister_kprobe(&point->kprobe.probe);
	evring_canary_put();
}

static bool kprobe_point_armed(const struct evring_point *point)
{
	return probe_armed((struct kprobe *)&point->kprobe.probe);
}

/* Calls that came while this CPU was in another kprobe's handler */
static unsigned long kprobe_missed(const struct evring_point *point)
{
	return READ_ONCE(point->kprobe.probe.nmissed);
}

static int kretprobe_find(struct evring_point *point, struct module *mod)
{
	return mod ? -ENOENT : symbols_find(point->kretprobe.symbols, &point->kretprobe.symbol);
}

static struct evring_point *kretprobe_point(struct kretprobe *probe)
{
	return container_of(probe, struct evring_point, kretprobe.probe);
}

/*
 * A kretprobe has data for a number of calls at once, and anybody can make calls that
 * wait for any time: an open of a FIFO, an accept. So that nobody can hide the calls of
 * others, each user has a share of the data, but for one who administers the host: root
 * in a container does not. The share is evring_payer()'s, as one user can easily have many
 * ids; two with the same hash share a share. All users together leave one share to the
 * host's administrators, as a user can make programs that run with subordinate ids of his.
 */
#define SHARES		5
#define NOT_HELD	U32_MAX

/* The holder of the share that a call is counted in; it is behind the hook's own data. */
static u32 *call_holder(const struct evring_point *point, void *data)
{
	return data + ALIGN(point->kretprobe.data_size, sizeof(u32));
}

static unsigned int calls_max(const struct evring_point *point)
{
	/* On a large machine as many can be under way without waiting. */
	return clamp_t(unsigned int, point->kretprobe.active, SHARES * num_possible_cpus(),
		       ACTIVE_MAX);
}

/* Without a question to security modules, which would be told in audit's log */
static bool is_administrator(void)
{
	return current_user_ns() == &init_user_ns &&
	       cap_raised(current_cred()->cap_effective, CAP_SYS_ADMIN);
}

static bool count_up(atomic_t *count, unsigned int max)
{
	if (atomic_inc_return(count) <= max)
		return true;
	atomic_dec(count);
	return false;
}

/* False: its user, or all users, have as many calls under way as they may. */
static bool call_hold(struct evring_point *point, void *data)
{
	struct kretprobe *probe = &point->kretprobe.probe;
	unsigned int share = probe->maxactive / SHARES;
	u32 *holder = call_holder(point, data);
	atomic_t *held;

	*holder = NOT_HELD;
	if (!evring_kprobe_in_task(&probe->kp) || is_administrator())
		return true;
	*holder = hash_32(__kuid_val(evring_payer()), ilog2(EVRING_HOLDERS));
	held = &point->kretprobe.held[*holder];
	if (!count_up(held, share))
		return false;
	if (count_up(&point->kretprobe.held_all, share * (SHARES - 1)))
		return true;
	atomic_dec(held);
	return false;
}

static void call_release(struct evring_point *point, void *data)
{
	u32 holder = *call_holder(point, data);

	if (holder == NOT_HELD)
		return;
	atomic_dec(&point->kretprobe.held[holder]);
	atomic_dec(&point->kretprobe.held_all);
}

/*
 * Current's call of the function will never return, so give its share back now. Context:
 * a probe of a function that the call leads to.
 */
void evring_kretprobe_forget(struct evring_point *point)
{
	void *data = point->attached ? evring_call_data(&point->kretprobe.probe) : NULL;

	if (!data)
		return;
	call_release(point, data);
	*call_holder(point, data) = NOT_HELD;
}

/* Calls that came when all of its data was in use */
static unsigned int calls_missed(const struct evring_point *point)
{
	return (unsigned int)READ_ONCE(point->kretprobe.probe.nmissed);
}

/* Have calls been left out in the last second? Any context. */
bool evring_kretprobe_refuses(struct evring_point *point)
{
	unsigned int missed = calls_missed(point);
	unsigned long refused;

	if (missed != READ_ONCE(point->kretprobe.missed)) {
		WRITE_ONCE(point->kretprobe.missed, missed);
		WRITE_ONCE(point->kretprobe.refused, jiffies ?: 1);
	}
	refused = READ_ONCE(point->kretprobe.refused);
	return refused && time_before(jiffies, refused + HZ);
}

/* Is the call's return to be told? */
static bool call_begin(struct evring_point *point, void *data, struct pt_regs *regs)
{
	if (!point->kretprobe.enter(point->hook, data, regs))
		return false;
	if (call_hold(point, data))
		return true;
	WRITE_ONCE(point->kretprobe.refused, jiffies ?: 1);
	if (!point->detail)
		evring_lose(point->hook->type, 1, EVRING_LOST_PROBE);
	return false;
}

static int kretprobe_enter(struct kretprobe_instance *call, struct pt_regs *regs)
{
	struct kretprobe *probe = get_kretprobe(call);
	struct evring_point *point;

	if (!probe)
		return 1;
	point = kretprobe_point(probe);
	return leaves_out(point->hook, &probe->kp) || !call_begin(point, call->data, regs);
}

static int kretprobe_leave(struct kretprobe_instance *call, struct pt_regs *regs)
{
	struct kretprobe *probe = get_kretprobe(call);
	struct evring_point *point;

	if (!probe)	/* detached since the entry */
		return 0;
	point = kretprobe_point(probe);
	call_release(point, call->data);
	point->kretprobe.leave(point->hook, call->data, regs);
	evring_point_tell_missed(point);
	return 0;
}

static int kretprobe_attach(struct evring_point *point)
{
	int ret;

	/* Calls that were under way when it was detached give nothing back. */
	memset(point->kretprobe.held, 0, sizeof(point->kretprobe.held));
	atomic_set(&point->kretprobe.held_all, 0);
	point->kretprobe.refused = 0;
	point->kretprobe.missed = 0;
	point->kretprobe.probe = (struct kretprobe){
		.kp.symbol_name = point->kretprobe.symbol,
		.entry_handler = kretprobe_enter,
		.handler = kretprobe_leave,
		.data_size = ALIGN(point->kretprobe.data_size, sizeof(u32)) + sizeof(u32),
		.maxactive = calls_max(point),
	};
	ret = register_kretprobe(&point->kretprobe.probe);
	if (!ret)
		evring_canary_get();
	return ret;
}

static void kretprobe_detach(struct evring_point *point)
{
	unregister_kretprobe(&point->kretprobe.probe);
	evring_canary_put();
}

static bool kretprobe_armed(const struct evring_point *point)
{
	return probe_armed((struct kprobe *)&point->kretprobe.probe.kp);
}

/* Those, and calls that came when all of its data was in use */
static unsigned long kretprobe_missed(const struct evring_point *point)
{
	return READ_ONCE(point->kretprobe.probe.kp.nmissed) + calls_missed(point);
}

#else
void evring_kretprobe_forget(struct evring_point *point)
{
}

bool evring_kretprobe_refuses(struct evring_point *point)
{
	return false;
}

static int kprobe_find(struct evring_point *point, struct module *mod)
{
	return -EOPNOTSUPP;
}

#define kretprobe_find		kprobe_find
#define tried_drop		NULL
#define kprobe_attach		NULL
#define kprobe_detach		NULL
#define kprobe_point_armed	NULL
#define kprobe_missed		NULL
#define kretprobe_attach	NULL
#define kretprobe_detach	NULL
#define kretprobe_armed		NULL
#define kretprobe_missed	NULL
#endif /* EVRING_HAVE_KPROBES */

const struct evring_source evring_source_kprobe = {
	.name = "kprobe",
	.find = kprobe_find,
	.found = tried_drop,
	.attach = kprobe_attach,
	.detach = kprobe_detach,
	.armed = kprobe_point_armed,
	.disarmed = switched_off,
	.missed = kprobe_missed,
	.absent = kprobe_absent,
};

const struct evring_source evring_source_kretprobe = {
	.name = "kretprobe",
	.find = kretprobe_find,
	.found = tried_drop,
	.attach = kretprobe_attach,
	.detach = kretprobe_detach,
	.armed = kretprobe_armed,
	.disarmed = switched_off,
	.missed = kretprobe_missed,
	.absent = kretprobe_absent,
};
