// SPDX-License-Identifier: GPL-2.0-only
/*
 * module.load, module.unload: the return of the calls has the result; probes in between
 * have the file that the kernel reads, the name that it looks for, and the module itself
 * once it is there.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <trace/events/module.h>
#include <uapi/linux/module.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "module.h"
#include "names.h"
#include "peek.h"
#include "who.h"

#define ACTIVE		32	/* calls at once, which read files */
#define ARGUMENTS	1024
#define ROOM		1900	/* of a path; a call's data are less than a page */

/* A call under way */
struct module_call {
	u64 inode;
	u32 dev;
	u32 path_flags;
	u32 flags;
	u32 taints;
	bool from_memory;
	bool has_file;		/* the kernel reads it */
	bool has_arguments;	/* the kernel has read them */
	bool arguments_cut;
	struct evring_text path;
	char name[MODULE_NAME_LEN];
	char arguments[ARGUMENTS];
	char room[ROOM];
};

static const struct evring_value_desc taints[] = {
	{ 1 << TAINT_PROPRIETARY_MODULE, "proprietary", "its licence is not the GPL's kind" },
	{ 1 << TAINT_FORCED_MODULE, "forced", "it was built for another kernel" },
	{ 1 << TAINT_CRAP, "staging", "it is from drivers/staging" },
	{ 1 << TAINT_OOT_MODULE, "out_of_tree", "it is not from the kernel's sources" },
	{ 1 << TAINT_UNSIGNED_MODULE, "unsigned", "it has no signature that the kernel knows" },
	{ 1 << TAINT_LIVEPATCH, "livepatch", "it patches the running kernel" },
	{ 1 << TAINT_TEST, "test", "it is a test of the kernel" },
};

static const struct evring_value_desc load_flags[] = {
	{ MODULE_INIT_IGNORE_MODVERSIONS, "MODULE_INIT_IGNORE_MODVERSIONS",
	  "whatever the versions of symbols are" },
	{ MODULE_INIT_IGNORE_VERMAGIC, "MODULE_INIT_IGNORE_VERMAGIC",
	  "whatever kernel it was built for" },
	{ MODULE_INIT_COMPRESSED_FILE, "MODULE_INIT_COMPRESSED_FILE", "the file is compressed" },
};

static const struct evring_value_desc unload_flags[] = {
	{ O_NONBLOCK, "O_NONBLOCK", "do not wait" },
	{ O_TRUNC, "O_TRUNC", "even if it is in use" },
};

EVRING_NAMES(evring_module_taints, "module_taints", taints);
EVRING_NAMES(evring_module_load_flags, "module_load_flags", load_flags);
EVRING_NAMES(evring_module_unload_flags, "module_unload_flags", unload_flags);

static struct module_call *call_begin(void *data)
{
	struct module_call *call = data;

	memset(call, 0, offsetof(struct module_call, room));
	return call;
}

static void keep_file(struct module_call *call, const struct file *file)
{
	call->path = evring_text_file(file, call->room, ROOM, &call->path_flags);
	call->inode = file_inode(file)->i_ino;
	call->dev = file_inode(file)->i_sb->s_dev;
}

/* finit_module(fd, arguments, flags): the file, until the kernel tells which one it reads */
static bool enter_finit(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct file *file = fget_raw(evring_call_argument(0));
	struct module_call *call = call_begin(data);

	call->flags = evring_call_argument(2);
	if (!file)
		return true;
	keep_file(call, file);
	fput(file);	/* sleeps for nobody: the last one is left to a task's work */
	return true;
}

/* init_module(image, length, arguments) */
static bool enter_init(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	call_begin(data)->from_memory = true;
	return true;
}

enum { FINIT, FINIT_32, INIT, INIT_32, LOADED, LOAD_FILE, LOAD_NAME, ARGUMENTS_READ };

static struct module_call *loading(struct evring_event_hook *hook)
{
	struct module_call *call = NULL;
	unsigned int i;

	for (i = FINIT; i <= INIT_32 && !call; i++)
		if (hook->points[i].attached)
			call = evring_call_data(&hook->points[i].kretprobe.probe);
	return call;
}

/*
 * int security_kernel_read_file(struct file *, enum kernel_read_file_id, bool): the first is
 * the module's, whatever the kernel calls it (newer ones have another id for one that is
 * compressed: 7.2); later ones are what the module's init function reads, as firmware.
 */
static void enter_read_file(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct module_call *call = loading(hook);

	if (!call || call->from_memory || call->has_file)
		return;
	call->has_file = true;
	keep_file(call, (const struct file *)evring_argument(regs, 0));
}

/* struct module *find_module_all(const char *name, size_t len, bool): is there one already? */
static void keep_name(struct module_call *call, struct pt_regs *regs)
{
	const char *name = (const char *)evring_argument(regs, 0);
	const size_t len = evring_argument(regs, 1);

	/* Later ones are of modules that this one needs. */
	if (call && !call->name[0])
		memcpy(call->name, name, min(len, sizeof(call->name) - 1));
}

static void enter_load_name(struct evring_event_hook *hook, struct pt_regs *regs)
{
	keep_name(loading(hook), regs);
}

static void keep_module(struct module_call *call, const struct module *mod)
{
	call->taints = mod->taints;
	strscpy(call->name, mod->name, sizeof(call->name));
}

/* char *parse_args(const char *doing, char *args, ...): the kernel's copy, still whole */
static void enter_arguments(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const char *arguments = (const char *)evring_argument(regs, 1);
	struct module_call *call = loading(hook);

	if (!call || call->has_arguments)
		return;
	call->has_arguments = true;
	call->arguments_cut = strscpy(call->arguments, arguments, ARGUMENTS) < 0;
}

/* The module's arguments are parsed; its init function comes next. */
static void probe_loaded(void *data, struct module *mod)
{
	struct module_call *call;

	preempt_disable_notrace();
	call = loading(data);
	if (call)
		keep_module(call, mod);
	preempt_enable_notrace();
}

/* The arguments in the caller's memory, if the kernel did not get as far as to copy them */
static void peek_arguments(struct module_call *call)
{
	const unsigned long from = evring_call_argument(call->from_memory ? 2 : 1);
	u32 len = evring_peek_string(call->arguments, from, ARGUMENTS);

	call->arguments_cut = !len || call->arguments[len - 1];
	call->arguments[min_t(u32, len, ARGUMENTS - 1)] = '\0';
}

static void leave_load(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct evring_text texts[3];
	struct module_call *call = data;
	u32 end = sizeof(struct module_load);
	struct evring_slot slot;
	struct module_load *e;

	if (!call->has_arguments)
		peek_arguments(call);
	texts[0] = evring_text_of(call->name);
	texts[1] = evring_text_of(call->arguments);
	texts[2] = call->path;
	e = evring_begin_task(&slot, hook->type, end,
			      evring_texts_fit(texts, ARRAY_SIZE(texts), end));
	if (!e)
		return;
	/* It can be interrupted while another task loads the same module. */
	e->result = evring_told_result(evring_result(regs));
	e->flags = call->flags;
	e->taints = call->taints;
	e->from_memory = call->from_memory;
	e->dev = call->dev;
	e->inode = call->inode;
	e->name = evring_text_put(e, &end, &texts[0]);
	e->arguments = evring_text_put(e, &end, &texts[1]);
	e->path = evring_text_put(e, &end, &texts[2]);
	e->arguments_truncated = call->arguments_cut || texts[1].cut;
	e->path_flags = call->path_flags | (texts[2].cut ? EVRING_PATH_CUT : 0);
	evring_hook_submit(hook, &slot);
}

enum { DELETE, DELETE_32, FREED, DELETE_NAME };

/* delete_module(name, flags) */
static bool enter_delete(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	call_begin(data)->flags = evring_call_argument(1);
	return true;
}

static struct module_call *unloading(struct evring_event_hook *hook)
{
	struct module_call *call = NULL;
	unsigned int i;

	for (i = DELETE; i <= DELETE_32 && !call; i++)
		if (hook->points[i].attached)
			call = evring_call_data(&hook->points[i].kretprobe.probe);
	return call;
}

static void enter_delete_name(struct evring_event_hook *hook, struct pt_regs *regs)
{
	keep_name(unloading(hook), regs);
}

static void probe_freed(void *data, struct module *mod)
{
	struct module_call *call;

	preempt_disable_notrace();
	call = unloading(data);
	if (call)
		keep_module(call, mod);
	preempt_enable_notrace();
}

static void leave_delete(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct module_call *call = data;
	u32 end = sizeof(struct module_unload);
	struct module_unload *e;
	struct evring_slot slot;
	struct evring_text name;

	if (!call->name[0])
		evring_peek_string(call->name, evring_call_argument(0), sizeof(call->name) - 1);
	name = evring_text_of(call->name);
	e = evring_begin_task(&slot, hook->type, end, end + name.len);
	if (!e)
		return;
	e->result = evring_result(regs);
	e->flags = call->flags;
	e->taints = call->taints;
	e->name = evring_text_put(e, &end, &name);
	evring_hook_submit(hook, &slot);
}

/* Tracepoints are found by name, and take any probe: these are of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_module_load(probe_loaded);
	check_trace_callback_type_module_free(probe_freed);
}

#define CALL_POINT(_symbols, _enter, _leave, ...)				\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct module_call), ACTIVE, \
			 ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &module_load_desc,
		EVRING_POINTS([FINIT] = CALL_POINT((EVRING_SYSCALL("finit_module")), enter_finit,
						   leave_load),
			      [FINIT_32] = CALL_POINT((EVRING_SYSCALL_32("finit_module")),
						      enter_finit, leave_load, .optional = true),
			      [INIT] = CALL_POINT((EVRING_SYSCALL("init_module")), enter_init,
						  leave_load),
			      [INIT_32] = CALL_POINT((EVRING_SYSCALL_32("init_module")),
						     enter_init, leave_load, .optional = true),
			      [LOADED] = EVRING_TRACEPOINT("module_load", probe_loaded),
			      [LOAD_FILE] = EVRING_KPROBE(("security_kernel_read_file"),
							  enter_read_file, EVRING_DETAIL),
			      [LOAD_NAME] = EVRING_KPROBE(("find_module_all"), enter_load_name,
							  EVRING_DETAIL),
			      [ARGUMENTS_READ] = EVRING_KPROBE(("parse_args"), enter_arguments,
							       EVRING_DETAIL)),
	},
	{
		.desc = &module_unload_desc,
		EVRING_POINTS([DELETE] = CALL_POINT((EVRING_SYSCALL("delete_module")),
						    enter_delete, leave_delete),
			      [DELETE_32] = CALL_POINT((EVRING_SYSCALL_32("delete_module")),
						       enter_delete, leave_delete,
						       .optional = true),
			      [FREED] = EVRING_TRACEPOINT("module_free", probe_freed),
			      [DELETE_NAME] = EVRING_KPROBE(("find_module_all"),
							    enter_delete_name, EVRING_DETAIL)),
	},
};

const struct evring_hook_family evring_module_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
