// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of this kernel: kernel.kexec, kernel.reboot.
 *
 * reboot() returns if it was refused, or asked for something less. Otherwise the kernel
 * calls a notifier chain before devices are stopped, for any cause of the end. A call in
 * a container ends its pid namespace alone, in a function of its own.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel_read_file.h>
#include <linux/pid_namespace.h>
#include <linux/reboot.h>
#include <uapi/linux/kexec.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "kernel_boot.h"
#include "names.h"
#include "peek.h"
#include "who.h"

#define ACTIVE	16	/* calls at once */
#define ROOM	1500	/* of a path; two of them and the rest are less than a page */
#define LINE	700	/* of a command line */

/* Numbers of the ABI; an older kernel has the first of each. */
static const struct evring_value_desc kexec_flags[] = {
	{ 0x1, "KEXEC_ON_CRASH", "it is to run when this kernel has crashed" },
	{ 0x2, "KEXEC_PRESERVE_CONTEXT", "this kernel goes on when it returns" },
	{ 0x4, "KEXEC_UPDATE_ELFCOREHDR", "the kernel may update the description of memory" },
	{ 0x8, "KEXEC_CRASH_HOTPLUG_SUPPORT", "processors and memory may come and go" },
	{ KEXEC_ARCH_AARCH64, "KEXEC_ARCH_AARCH64", "a kernel of 64-bit Arm" },
	{ KEXEC_ARCH_X86_64, "KEXEC_ARCH_X86_64", "a kernel of x86, 64 bits" },
	{ KEXEC_ARCH_386, "KEXEC_ARCH_386", "a kernel of x86, 32 bits" },
};

EVRING_NAMES(evring_kexec_flags, "kexec_flags", kexec_flags);

static const struct evring_value_desc kexec_file_flags[] = {
	{ 0x1, "KEXEC_FILE_UNLOAD", "give up what was loaded" },
	{ 0x2, "KEXEC_FILE_ON_CRASH", "it is to run when this kernel has crashed" },
	{ 0x4, "KEXEC_FILE_NO_INITRAMFS", "without a file of first programs" },
	{ 0x8, "KEXEC_FILE_DEBUG", "the kernel's log tells how it is loaded" },
	{ 0x10, "KEXEC_FILE_NO_CMA", "not in memory that is kept in one piece" },
	{ 0x20, "KEXEC_FILE_FORCE_DTB", "with the tree of devices that this kernel began with" },
};

EVRING_NAMES(evring_kexec_file_flags, "kexec_file_flags", kexec_file_flags);

static const struct evring_value_desc reboot_commands[] = {
	{ LINUX_REBOOT_CMD_RESTART, "restart", "start anew" },
	{ LINUX_REBOOT_CMD_RESTART2, "restart2", "start anew, with an argument for the firmware" },
	{ LINUX_REBOOT_CMD_HALT, "halt", "stop" },
	{ LINUX_REBOOT_CMD_POWER_OFF, "power_off", "stop, and switch the power off" },
	{ LINUX_REBOOT_CMD_CAD_ON, "cad_on", "Ctrl-Alt-Del restarts at once" },
	{ LINUX_REBOOT_CMD_CAD_OFF, "cad_off", "Ctrl-Alt-Del asks process 1" },
	{ LINUX_REBOOT_CMD_SW_SUSPEND, "suspend", "sleep, with memory on the disk" },
	{ LINUX_REBOOT_CMD_KEXEC, "kexec", "run the kernel that was loaded" },
};

EVRING_NAMES(evring_reboot_commands, "reboot_command", reboot_commands);

/* A kexec_load() or kexec_file_load() under way */
struct kexec_call {
	u32 flags;
	u32 segments;
	u32 path_flags;
	u32 initrd_flags;
	bool from_file;
	bool on_crash;
	bool unload;
	bool has_line;		/* the kernel has read it */
	bool line_cut;
	struct evring_text path;
	struct evring_text initrd;
	char line[LINE];
	char room[2][ROOM];
};

static void keep_descriptor(struct evring_text *to, u32 *flags, char room[ROOM], int fd)
{
	struct file *file = fget_raw(fd);

	if (!file)
		return;
	*to = evring_text_file(file, room, ROOM, flags);
	fput(file);	/* sleeps for nobody: the last one is left to a task's work */
}

/* kexec_load(entry, nr_segments, segments, flags): no segments, no kernel */
static bool enter_kexec(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct kexec_call *call = data;

	memset(call, 0, offsetof(struct kexec_call, room));
	call->segments = evring_call_argument(1);
	call->flags = evring_call_argument(3);
	call->on_crash = call->flags & KEXEC_ON_CRASH;
	call->unload = !call->segments;
	return true;
}

/* kexec_file_load(kernel_fd, initrd_fd, cmdline_len, cmdline, flags) */
static bool enter_kexec_file(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct kexec_call *call = data;

	memset(call, 0, offsetof(struct kexec_call, room));
	call->from_file = true;
	call->flags = evring_call_argument(4);
	call->on_crash = call->flags & KEXEC_FILE_ON_CRASH;
	call->unload = call->flags & KEXEC_FILE_UNLOAD;
	if (call->unload)
		return true;
	/* Until the kernel tells which ones it reads */
	keep_descriptor(&call->path, &call->path_flags, call->room[0], evring_call_argument(0));
	if (!(call->flags & KEXEC_FILE_NO_INITRAMFS))
		keep_descriptor(&call->initrd, &call->initrd_flags, call->room[1],
				evring_call_argument(1));
	return true;
}

enum { KEXEC, KEXEC_COMPAT, KEXEC_FILE, KEXEC_READ, KEXEC_LINE };

/* The kexec_file_load() that current is in */
static struct kexec_call *file_call(struct evring_event_hook *hook)
{
	const struct evring_point *point = &hook->points[KEXEC_FILE];

	return point->attached ? evring_call_data(&point->kretprobe.probe) : NULL;
}

/* int security_kernel_read_file(struct file *, enum kernel_read_file_id, bool) */
static void enter_read_file(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);
	const u32 id = evring_argument(regs, 1);
	struct kexec_call *call = file_call(hook);

	if (call && id == READING_KEXEC_IMAGE)
		call->path = evring_text_file(file, call->room[0], ROOM, &call->path_flags);
	else if (call && id == READING_KEXEC_INITRAMFS)
		call->initrd = evring_text_file(file, call->room[1], ROOM, &call->initrd_flags);
}

/* void ima_kexec_cmdline(int kernel_fd, const void *line, int size): the kernel's copy */
static void enter_line(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const char *line = (const char *)evring_argument(regs, 1);
	struct kexec_call *call = file_call(hook);

	if (!call)
		return;
	call->has_line = true;
	call->line_cut = strscpy(call->line, line, LINE) < 0;
}

/*
 * The command line in the caller's memory, if the kernel did not get as far as to copy it:
 * another thread may have changed it since.
 */
static void peek_line(struct kexec_call *call)
{
	const u32 len = evring_peek_string(call->line, evring_call_argument(3), LINE);

	call->line_cut = len && call->line[len - 1];
	call->line[min_t(u32, len, LINE - 1)] = '\0';
}

static void leave_kexec(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct kexec_call *call = data;
	u32 end = sizeof(struct kernel_kexec);
	struct evring_text texts[3];
	struct kernel_kexec *e;
	struct evring_slot slot;

	if (call->from_file && !call->unload && !call->has_line)
		peek_line(call);
	texts[0] = call->path;
	texts[1] = call->initrd;
	texts[2] = evring_text_of(call->line);
	e = evring_begin_task(&slot, hook->type, end,
			      evring_texts_fit(texts, ARRAY_SIZE(texts), end));
	if (!e)
		return;
	e->result = evring_result(regs);
	if (call->from_file)
		e->file_flags = call->flags;
	else
		e->flags = call->flags;
	e->segments = call->segments;
	e->from_file = call->from_file;
	e->on_crash = call->on_crash;
	e->unload = call->unload;
	e->path = evring_text_put(e, &end, &texts[0]);
	e->initrd = evring_text_put(e, &end, &texts[1]);
	e->command_line = evring_text_put(e, &end, &texts[2]);
	e->command_line_truncated = texts[2].cut || call->line_cut;
	e->path_flags = call->path_flags | (texts[0].cut ? EVRING_PATH_CUT : 0);
	e->initrd_flags = call->initrd_flags | (texts[1].cut ? EVRING_PATH_CUT : 0);
	evring_hook_submit(hook, &slot);
}

static void emit_reboot(struct evring_event_hook *hook, u32 command, int result, bool of_pidns,
			const char *argument)
{
	struct evring_text text = evring_text_of(argument ?: "");
	u32 end = sizeof(struct kernel_reboot);
	struct kernel_reboot *e;
	struct evring_slot slot;

	e = evring_begin_task(&slot, hook->type, end, evring_texts_fit(&text, 1, end));
	if (!e)
		return;
	e->command = command;
	e->result = result;
	e->of_pidns = of_pidns;
	e->argument = evring_text_put(e, &end, &text);
	evring_hook_submit(hook, &slot);
}

/* reboot(magic1, magic2, cmd, arg) */
static bool enter_reboot(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	return true;
}

static void leave_reboot(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	emit_reboot(hook, evring_call_argument(2), evring_result(regs), false, NULL);
}

enum { REBOOT_END, REBOOT_CALL, REBOOT_CALL_32, REBOOT_PIDNS };

static bool ends_pidns(u32 command)
{
	return command == LINUX_REBOOT_CMD_RESTART || command == LINUX_REBOOT_CMD_RESTART2 ||
	       command == LINUX_REBOOT_CMD_HALT || command == LINUX_REBOOT_CMD_POWER_OFF;
}

/* int reboot_pid_ns(struct pid_namespace *, int cmd): it returns only for init_pid_ns */
static void enter_reboot_pidns(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const u32 command = evring_argument(regs, 1);

	if ((const struct pid_namespace *)evring_argument(regs, 0) == &init_pid_ns ||
	    !ends_pidns(command))
		return;
	emit_reboot(hook, command, 0, true, NULL);
	evring_kretprobe_forget(&hook->points[REBOOT_CALL]);
	evring_kretprobe_forget(&hook->points[REBOOT_CALL_32]);
}

static bool is_under_way(const struct evring_point *point)
{
	return point->attached && evring_call_data(&point->kretprobe.probe);
}

/* The chain does not tell a restart from a kexec; the call does, if there is one. */
static u32 command_of(const struct evring_event_hook *hook, unsigned long event)
{
	if (event == SYS_HALT)
		return LINUX_REBOOT_CMD_HALT;
	if (event == SYS_POWER_OFF)
		return LINUX_REBOOT_CMD_POWER_OFF;
	if (is_under_way(&hook->points[REBOOT_CALL]) || is_under_way(&hook->points[REBOOT_CALL_32]))
		return evring_call_argument(2);
	return LINUX_REBOOT_CMD_RESTART;
}

static int reboot_notify(struct notifier_block *block, unsigned long event, void *argument)
{
	struct evring_event_hook *hook = evring_notifier_hook(block);

	emit_reboot(hook, command_of(hook, event), 0, false, argument);
	return NOTIFY_DONE;
}

#define KEXEC_POINT(_symbols, _enter, ...)					\
	EVRING_KRETPROBE(_symbols, _enter, leave_kexec, sizeof(struct kexec_call), ACTIVE, \
			 ##__VA_ARGS__)

#define REBOOT_POINT(_symbols, ...)						\
	EVRING_KRETPROBE(_symbols, enter_reboot, leave_reboot, 0, ACTIVE, ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &kernel_kexec_desc,
		EVRING_POINTS([KEXEC] = KEXEC_POINT((EVRING_SYSCALL("kexec_load")), enter_kexec),
			      [KEXEC_COMPAT] = KEXEC_POINT((EVRING_SYSCALL_COMPAT("kexec_load")),
							   enter_kexec, .optional = true),
			      [KEXEC_FILE] = KEXEC_POINT((EVRING_SYSCALL("kexec_file_load")),
							 enter_kexec_file, .optional = true),
			      [KEXEC_READ] = EVRING_KPROBE(("security_kernel_read_file"),
							   enter_read_file, EVRING_DETAIL),
			      [KEXEC_LINE] = EVRING_KPROBE(("ima_kexec_cmdline"), enter_line,
							   EVRING_DETAIL)),
	},
	{
		.desc = &kernel_reboot_desc,
		EVRING_POINTS([REBOOT_END] = EVRING_NOTIFIER(register_reboot_notifier,
							     unregister_reboot_notifier,
							     reboot_notify),
			      [REBOOT_CALL] = REBOOT_POINT((EVRING_SYSCALL("reboot"))),
			      [REBOOT_CALL_32] = REBOOT_POINT((EVRING_SYSCALL_32("reboot")),
							      .optional = true),
			      [REBOOT_PIDNS] = EVRING_KPROBE(("reboot_pid_ns"),
							     enter_reboot_pidns,
							     .optional = true)),
	},
};

const struct evring_hook_family evring_kernel_boot_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
