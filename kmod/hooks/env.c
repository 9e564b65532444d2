// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variables of an environment that the module's parameter exec_env names; by
 * default none. An environment has secrets, so nothing else of it is kept.
 */
#include <linux/ctype.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "env.h"
#include "peek.h"

#define NAMES_MAX	16
#define NAME_BYTES	64
#define SCAN_BYTES	32768	/* of an environment that are looked at */
#define WINDOW_MIN	64	/* room that is worth another look */

struct name {
	u8 len;
	bool is_prefix;
	char text[NAME_BYTES];
};

struct names {
	struct rcu_head rcu;
	unsigned int nr;
	struct name name[NAMES_MAX];
};

static struct names __rcu *asked;	/* changed under the lock of the parameters */

static bool name_parse(struct name *name, const char *text, size_t len)
{
	size_t i;

	name->is_prefix = len && text[len - 1] == '*';
	name->len = len - name->is_prefix;
	if (!len || len - name->is_prefix >= NAME_BYTES)
		return false;
	for (i = 0; i < name->len; i++)
		if (!isgraph(text[i]) || text[i] == '=' || text[i] == '*')
			return false;
	memcpy(name->text, text, name->len);
	return true;
}

/* NAME[,NAME]..., where NAME* stands for all that begin so. May sleep. */
static int names_set(const char *value, const struct kernel_param *param)
{
	struct names *names = NULL, *old;
	size_t len;

	if (*value && *value != '\n') {
		names = kzalloc(sizeof(*names), GFP_KERNEL);
		if (!names)
			return -ENOMEM;
	}
	for (; names; value += len + 1) {
		len = strcspn(value, ",\n");
		if (names->nr == NAMES_MAX || !name_parse(&names->name[names->nr++], value, len)) {
			kfree(names);
			return -EINVAL;
		}
		if (value[len] != ',')
			break;
	}
	old = rcu_dereference_protected(asked, true);
	rcu_assign_pointer(asked, names);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static int names_get(char *value, const struct kernel_param *param)
{
	const struct names *names = rcu_dereference_protected(asked, true);
	unsigned int i;
	int len = 0;

	for (i = 0; names && i < names->nr; i++)
		len += sysfs_emit_at(value, len, "%s%s%s", i ? "," : "", names->name[i].text,
				     names->name[i].is_prefix ? "*" : "");
	return len + sysfs_emit_at(value, len, "\n");
}

static void names_free(void *arg)
{
	kfree(rcu_dereference_protected(asked, true));
}

static const struct kernel_param_ops names_ops = {
	.set = names_set,
	.get = names_get,
	.free = names_free,
};
module_param_cb(exec_env, &names_ops, NULL, 0644);
MODULE_PARM_DESC(exec_env, "environment variables that process.exec tells: NAME,NAME*,... (default: none)");

static bool is_asked(const struct names *names, const char *text, u32 len)
{
	const char *equals = memchr(text, '=', len);
	const struct name *name;

	if (!equals)
		return false;
	len = equals - text;
	for (name = names->name; name < names->name + names->nr; name++)
		if ((name->is_prefix ? len >= name->len : len == name->len) &&
		    !memcmp(name->text, text, name->len))
			return true;
	return false;
}

/*
 * Of the strings that are whole in @to's @got bytes behind @kept, keep the named
 * variables, one behind the other. Returns how many bytes the whole strings have.
 */
static u32 strings_keep(const struct names *names, char *to, u32 *kept, u32 got)
{
	const char *window = to + *kept;
	u32 at, len;

	for (at = 0; at < got; at += len + 1) {
		len = strnlen(window + at, got - at);
		if (len == got - at)
			break;
		if (!is_asked(names, window + at, len))
			continue;
		memmove(to + *kept, window + at, len + 1);
		*kept += len + 1;
	}
	return at;
}

/*
 * One that does not fit: its front, if it was asked for. It has no NUL, as its end is open: the
 * rules for secrets must see that a URL may end behind it.
 */
static u32 string_cut(const struct names *names, const char *to, u32 kept, u32 got)
{
	return is_asked(names, to + kept, got) ? kept + got : kept;
}

/* The string that the window is in the middle of has this many bytes here. */
static u32 string_skip(const char *window, u32 got, bool *inside)
{
	u32 len = strnlen(window, got);

	*inside = len == got;
	return *inside ? got : len + 1;
}

/**
 * evring_env() - variables that were asked for, each with its NUL but for one that is cut
 * @to: room for them
 * @room: bytes there
 * @from: where current's environment is
 * @end: and where it ends
 * @cut: some may be missing, or the last one's end is: there was no room, the memory
 *	is not present, or the environment is longer than is looked at
 *
 * Context: task, preemption off; the work is bounded. Return: bytes in @to.
 */
u32 evring_env(char *to, u32 room, unsigned long from, unsigned long end, bool *cut)
{
	const unsigned long stop = min(end, from + SCAN_BYTES);
	u32 kept = 0, want, got, used;
	const struct names *names;
	bool inside = false;

	rcu_read_lock();
	names = rcu_dereference(asked);
	while (names && from < stop && room - kept >= WINDOW_MIN) {
		want = min_t(unsigned long, stop - from, room - kept);
		got = evring_peek(to + kept, from, want);
		if (inside) {
			used = string_skip(to + kept, got, &inside);
		} else {
			used = strings_keep(names, to, &kept, got);
			inside = !used && got == want;
			if (inside) {
				kept = string_cut(names, to, kept, got);
				used = got;
			}
		}
		if (!used)
			break;
		from += used;
	}
	*cut = names && from < end;
	rcu_read_unlock();
	return kept;
}
