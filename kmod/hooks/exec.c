// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.exec: a process runs another program, or exec was refused.
 *
 * sched_process_exec tells of success, before the program runs. By then the kernel has
 * replaced a script's file by its interpreter's. So the probes keep the given path and
 * the file that it led to as soon as the kernel has them, in the data of the call of
 * do_execveat_common(), which all system calls reach. Its return has the error.
 *
 * Where a kernel lets none of these be probed, path is the program's that runs.
 * Nothing here sleeps: user memory that is not present is not read.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <trace/events/sched.h>

#include "../compat/exec.h"
#include "../compat/kprobe.h"
#include "../redact/redact.h"
#include "args_end.h"
#include "env.h"
#include "exec.h"
#include "family.h"
#include "peek.h"
#include "program.h"
#include "scratch.h"
#include "who.h"

#define ACTIVE		64	/* calls at once, that wait for the disk or a server */
#define CALL_BYTES	4000	/* of one; kretprobes have a page at most, and their own part */
#define GIVEN_BYTES	1024	/* of a path as it was given, if the other one is long */
#define ARGS_MAX	512	/* arguments of a refused exec that are looked at */

/* The scratch buffer's parts */
#define CWD_AT		EVRING_PATH_BYTES
#define ARGV_AT		(CWD_AT + EVRING_PATH_BYTES / 2)
#define END_AT		(EVRING_SCRATCH_BYTES - EVRING_ARGS_END_ROOM)
#define ARGV_ROOM	(END_AT - ARGV_AT)

enum { SUCCESS, OUTER, GIVEN, RESOLVED };

/* A call under way */
struct exec_call {
	struct mm_struct *mm;	/* of the caller, never looked into */
	struct evring_text given;
	struct evring_text path;
	struct evring_program_file file;
	int dfd;
	u32 path_flags;
	bool resolved;
	char room[];
};

#define ROOM	(CALL_BYTES - offsetof(struct exec_call, room))

static bool enter_outer(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct exec_call *call = data;

	memset(call, 0, sizeof(*call));
	call->mm = current->mm;
	return true;
}

static struct exec_call *outer_call(struct evring_event_hook *hook)
{
	return evring_call_data(&hook->points[OUTER].kretprobe.probe);
}

/* Copy a text to the room's place @at; if it does not fit before @end its front is cut. */
static struct evring_text keep(struct exec_call *call, u32 at, u32 end, struct evring_text text)
{
	/* A given path is a string: room for its NUL. */
	u32 max = end - at - 1;

	if (text.len > max) {
		text.at += text.len - max;
		text.len = max;
		text.cut = true;
	}
	memmove(call->room + at, text.at, text.len);
	text.at = call->room + at;
	call->room[at + text.len] = '\0';
	return text;
}

/* struct linux_binprm *alloc_bprm(int fd, struct filename *) */
static void enter_given(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct filename *name = (const struct filename *)evring_argument(regs, 1);
	struct exec_call *call = outer_call(hook);

	if (!call || IS_ERR_OR_NULL(name))
		return;
	call->dfd = evring_argument(regs, 0);
	call->given = keep(call, 0, ROOM, evring_text_given(name->name));
}

/* int security_bprm_creds_for_exec(struct linux_binprm *): once, and the file is found */
static void enter_resolved(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct linux_binprm *bprm = (const struct linux_binprm *)evring_argument(regs, 0);
	struct exec_call *call = outer_call(hook);
	struct evring_path_text text;
	char *room;
	u32 at;

	if (!call || !bprm->file)
		return;
	evring_program_file(&call->file, bprm->file);
	room = evring_scratch_get();
	if (!room)
		return;
	text = evring_path(&bprm->file->f_path, room, EVRING_PATH_BYTES);
	at = min_t(u32, call->given.len + 1, GIVEN_BYTES);
	if (call->given.len >= GIVEN_BYTES)
		call->given = keep(call, 0, GIVEN_BYTES, evring_text_given(call->given.at));
	call->path = keep(call, at, ROOM, evring_text_path(&text));
	call->path_flags = text.flags | (call->path.cut ? EVRING_PATH_CUT : 0);
	call->resolved = true;
	evring_scratch_put();
}

/* The texts of an event */
enum { PATH, PATH_GIVEN, INTERPRETER, CWD, TTY, PARENT, TEXTS };

struct exec_told {
	struct evring_text texts[TEXTS];
	struct evring_program_file file;
	u32 path_flags;
	u32 interpreter_flags;
	u32 cwd_flags;
	struct evring_who parent;
	char tty[EVRING_TTY_BYTES];

	const char *argv;	/* arguments that were read already */
	unsigned long from;	/* else where it lies */
	unsigned long whole;	/* length of all arguments */
	u32 argv_len;
	const char *end_room;	/* the last of them, behind a lead */
	struct evring_args_end end;
	bool argv_cut;

	const char *env;
	u32 env_len;
	bool env_cut;

	u32 old_tid;
	bool secureexec;
	int result;
};

static void tell_surroundings(struct exec_told *told, char *room)
{
	struct evring_path_text cwd = evring_path_cwd(room + CWD_AT, ARGV_AT - CWD_AT);

	told->texts[CWD] = evring_text_path(&cwd);
	told->cwd_flags = cwd.flags;
	evring_tty(told->tty, current);
	told->texts[TTY] = evring_text_of(told->tty);
	evring_who_parent(&told->parent, current);
	told->texts[PARENT] = evring_text_of(told->parent.comm);
}

static void tell_call(struct exec_told *told, const struct exec_call *call)
{
	told->texts[PATH_GIVEN] = call->given;
	told->texts[PATH] = call->path;
	told->path_flags = call->path_flags;
	told->file = call->file;
}

static void fill_event(struct process_exec *e, const struct exec_told *told)
{
	const struct cred *cred = current_cred();
	struct task_struct *task = current;

	evring_fill_common(&e->common);
	e->ppid = told->parent.pid;
	e->parent_start_time = told->parent.start_time;
	e->egid = from_kgid(&init_user_ns, cred->egid);
	e->old_tid = told->old_tid;
	e->sid = task_session_nr_ns(task, &init_pid_ns);
	e->pgid = task_pgrp_nr_ns(task, &init_pid_ns);
	e->result = told->result;
	e->cap_permitted = evring_caps(cred->cap_permitted);
	e->cap_effective = evring_caps(cred->cap_effective);
	e->cap_inheritable = evring_caps(cred->cap_inheritable);
	e->secureexec = told->secureexec;
	EVRING_FILL_PROGRAM_FILE(e, &told->file);
}

static void fill_texts(struct process_exec *e, const struct exec_told *told, u32 *end)
{
	const struct evring_text *texts = told->texts;

	e->path = evring_text_put(e, end, &texts[PATH]);
	e->path_given = evring_text_put(e, end, &texts[PATH_GIVEN]);
	e->interpreter = evring_text_put(e, end, &texts[INTERPRETER]);
	e->cwd = evring_text_put(e, end, &texts[CWD]);
	e->tty = evring_text_put(e, end, &texts[TTY]);
	e->parent_comm = evring_text_put(e, end, &texts[PARENT]);
	e->path_flags = told->path_flags | (texts[PATH].cut ? EVRING_PATH_CUT : 0);
	e->path_given_truncated = texts[PATH_GIVEN].cut;
	e->interpreter_flags = told->interpreter_flags |
			       (texts[INTERPRETER].cut ? EVRING_PATH_CUT : 0);
	e->cwd_flags = told->cwd_flags | (texts[CWD].cut ? EVRING_PATH_CUT : 0);
}

/* argv, argv_end and env */
static void fill_strings(struct process_exec *e, const struct exec_told *told, u32 end)
{
	u32 done = told->argv_len;

	if (told->argv)
		memcpy((char *)e + end, told->argv, done);
	else
		/* Where exec has just written them. A page that is not there ends them. */
		done = evring_peek((char *)e + end, told->from, done);
	e->argv = evring_str(end, done);
	e->argv_len = min_t(unsigned long, told->whole, U32_MAX);
	e->argv_truncated = told->argv_cut || done < told->whole;
	end += told->argv_len;
	memcpy((char *)e + end, told->end_room + told->end.lead, told->end.len);
	e->argv_end = evring_str(end, told->end.len);
	end += told->end.len;
	memcpy((char *)e + end, told->env, told->env_len);
	e->env = evring_str(end, told->env_len);
	e->env_truncated = told->env_cut;
}

/* Where the arguments were cut, bytes outside of the event tell which of them are secrets. */
static void tell_edges(struct evring_slot *slot, const struct process_exec *e,
		       const struct exec_told *told)
{
	struct evring_edge argv = {
		.offset = offsetof(struct process_exec, argv), .open = e->argv_truncated,
	};
	struct evring_edge end = {
		.offset = offsetof(struct process_exec, argv_end),
		.text = told->end_room, .lead = told->end.lead, .gap = told->end.gap,
	};
	struct evring_edge env = {
		.offset = offsetof(struct process_exec, env), .open = e->env_truncated,
	};

	evring_stage_edge(slot, &argv);
	evring_stage_edge(slot, &end);
	evring_stage_edge(slot, &env);
}

/* How much of the arguments there is room for: paths give way, but not all of it. */
static void fit_argv(struct exec_told *told, char *end_room)
{
	u32 room = evring_record_max() - EVRING_TRAILER_LEN - sizeof(struct process_exec), len;

	told->argv_len = min3(told->whole, (unsigned long)EVRING_ARGV_BYTES,
			      (unsigned long)room / 8 * 5);
	told->end_room = end_room;
	if (told->argv)
		return;
	len = min3(told->whole - told->argv_len, (unsigned long)EVRING_ARGV_END_BYTES,
		   (unsigned long)room / 7);
	told->end = evring_args_end(end_room, told->from, told->from + told->whole, len);
}

static void emit(struct evring_event_hook *hook, struct exec_told *told, char *room)
{
	u32 end = sizeof(struct process_exec), len;
	struct evring_slot slot;
	struct process_exec *e;

	fit_argv(told, room + END_AT);
	len = evring_texts_fit(told->texts, TEXTS,
			       end + told->argv_len + told->end.len + told->env_len);
	e = evring_begin(&slot, hook->type, sizeof(*e), len);
	if (!e)
		return;
	fill_event(e, told);
	fill_texts(e, told, &end);
	fill_strings(e, told, end);
	tell_edges(&slot, e, told);
	evring_hook_submit(hook, &slot);
}

/* The caller's environment is not looked at where exec is refused: it was not the kernel's. */
static void tell_env(struct exec_told *told, const struct mm_struct *mm, char *room)
{
	const u32 size = min_t(u32, ARGV_ROOM, evring_record_max() / 10);

	told->env = room + ARGV_AT;
	told->env_len = evring_env(room + ARGV_AT, size, mm->env_start, mm->env_end,
				   &told->env_cut);
}

/* Without a call the file is known if it is the program that runs, else only its given path. */
static void tell_program(struct exec_told *told, const struct exec_call *call,
			 const struct linux_binprm *bprm, char *room)
{
	const bool is_script = bprm->interp != bprm->filename;
	const bool resolved = call && call->resolved;
	struct evring_path_text text = { .at = room };

	if (call)
		tell_call(told, call);
	else
		told->texts[PATH_GIVEN] = evring_text_given(bprm->filename);
	if (is_script || !resolved)
		text = evring_path(&bprm->file->f_path, room, EVRING_PATH_BYTES);
	if (is_script) {
		told->texts[INTERPRETER] = evring_text_path(&text);
		told->interpreter_flags = text.flags;
	}
	if (resolved)
		return;
	told->texts[PATH] = is_script ? told->texts[PATH_GIVEN] : evring_text_path(&text);
	told->path_flags = is_script ? EVRING_PATH_GIVEN : text.flags;
	if (!is_script)
		evring_program_file(&told->file, bprm->file);
}

static void probe_exec(void *data, struct task_struct *task, pid_t old_tid,
		       struct linux_binprm *bprm)
{
	struct evring_event_hook *hook = data;
	struct exec_told told = {
		.from = task->mm->arg_start,
		.whole = task->mm->arg_end - task->mm->arg_start,
		.old_tid = old_tid,
		.secureexec = bprm->secureexec,
	};
	char *room = evring_scratch_get();

	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	tell_program(&told, outer_call(hook), bprm, room);
	tell_surroundings(&told, room);
	tell_env(&told, task->mm, room);
	emit(hook, &told, room);
	evring_scratch_put();
}

static bool read_pointer(unsigned long *to, unsigned long from, unsigned int i)
{
	const void __user *at = (const void __user *)from;
	u32 half;

	if (!evring_compat_call())
		return !copy_from_user_nofault(to, at + i * sizeof(*to), sizeof(*to));
	if (copy_from_user_nofault(&half, at + i * sizeof(half), sizeof(half)))
		return false;
	*to = half;
	return true;
}

/* The arguments that the caller gave, as far as its memory is present */
static void tell_given_argv(struct exec_told *told, char *to, unsigned long argv)
{
	unsigned long string;
	unsigned int i;
	u32 len;

	told->argv = to;
	/* No array is an empty one to the kernel. */
	if (!argv)
		return;
	told->argv_cut = true;
	for (i = 0; i < ARGS_MAX; i++) {
		if (!read_pointer(&string, argv, i))
			return;
		if (!string) {
			told->argv_cut = false;
			return;
		}
		len = evring_peek_string(to + told->whole, string, ARGV_ROOM - told->whole);
		told->whole += len;
		if (!len || to[told->whole - 1])
			return;
	}
}

/* The path of a call that did not get to the file */
static void tell_unresolved(struct exec_told *told, const struct exec_call *call, char *room)
{
	struct evring_path_text text;

	told->path_flags = EVRING_PATH_GIVEN;
	told->texts[PATH] = call->given;
	if (!call->given.at || call->given.cut)
		return;
	text = evring_path_given(call->dfd, NULL, call->given.at, room, EVRING_PATH_BYTES);
	told->texts[PATH] = evring_text_path(&text);
	told->path_flags = text.flags;
}

static void leave_outer(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct exec_call *call = data;
	struct exec_told told = {
		.old_tid = task_pid_nr(current),
		.result = evring_result(regs),
	};
	char *room;

	if (told.result >= 0 || evring_is_restarted(told.result))
		return;
	room = evring_scratch_get();
	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	tell_call(&told, call);
	if (!call->resolved)
		tell_unresolved(&told, call, room);
	tell_surroundings(&told, room);
	/* It is refused so late that the caller's memory is gone: the process dies. */
	if (call->mm == current->mm)
		tell_given_argv(&told, room + ARGV_AT, evring_exec_argv());
	else
		told.argv_cut = true;
	emit(hook, &told, room);
	evring_scratch_put();
}

/* Tracepoints are found by name, and take any probe: this one is of the right type. */
static void __maybe_unused probes_check(void)
{
	check_trace_callback_type_sched_process_exec(probe_exec);
}

#define POINT_OUTER								\
	EVRING_KRETPROBE(("do_execveat_common", "do_execveat_common.isra.0",	\
			  "do_execveat_common.constprop.0"),			\
			 enter_outer, leave_outer, CALL_BYTES, ACTIVE, .optional = true)

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_exec_desc,
		EVRING_POINTS([SUCCESS] = EVRING_TRACEPOINT("sched_process_exec", probe_exec),
			      [OUTER] = POINT_OUTER,
			      [GIVEN] = EVRING_KPROBE(("alloc_bprm"), enter_given,
						      EVRING_DETAIL),
			      [RESOLVED] = EVRING_KPROBE(("security_bprm_creds_for_exec"),
							 enter_resolved, EVRING_DETAIL)),
	},
};

const struct evring_hook_family evring_exec_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
