// SPDX-License-Identifier: GPL-2.0-only
/*
 * process.memory: executable memory that the process can write or has written, that is,
 * code that is in no file.
 *
 * All calls of mmap() end in vm_mmap_pgoff(), which has their result; other callers of
 * do_mmap(), as shmat(), are seen there. Of mprotect() the security module's check has
 * each mapping that it changes, and its return has the result.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/personality.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "process_memory.h"

#define ACTIVE	128	/* calls at once, which wait for each other's mm */
#define ROOM	1900	/* of a path; a call's data are less than a page */

/* A call under way */
struct memory_call {
	u64 address;
	u64 length;
	u64 inode;
	u32 operation;
	u32 prot;
	u32 old_prot;
	u32 dev;
	u32 path_flags;
	bool was_written;
	bool is_shared;
	struct evring_text path;
	char room[ROOM];
};

static struct memory_call *call_begin(void *data, u32 operation, u64 address, u64 length, u32 prot)
{
	struct memory_call *call = data;

	memset(call, 0, offsetof(struct memory_call, room));
	call->operation = operation;
	call->address = address;
	call->length = length;
	call->prot = prot;
	return call;
}

static void keep_file(struct memory_call *call, const struct file *file)
{
	call->path = evring_text_file(file, call->room, ROOM, &call->path_flags);
	call->inode = file_inode(file)->i_ino;
	call->dev = file_inode(file)->i_sb->s_dev;
}

/* The protection that do_mmap() gives old programs, for which READ implies EXEC */
static u32 prot_resolved(u32 prot)
{
	if ((prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC))
		prot |= PROT_EXEC;
	return prot;
}

static bool is_both(u32 prot)
{
	return (prot & PROT_WRITE) && (prot & PROT_EXEC);
}

static bool enter_map(void *data, struct pt_regs *regs, u32 operation)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);
	const u32 prot = prot_resolved(evring_argument(regs, 3));
	const unsigned long flags = evring_argument(regs, 4);
	struct memory_call *call;

	if (!is_both(prot))
		return false;
	call = call_begin(data, operation, evring_argument(regs, 1), evring_argument(regs, 2),
			  prot);
	call->is_shared = (flags & MAP_TYPE) == MAP_SHARED ||
			  (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
	if (file)
		keep_file(call, file);
	return true;
}

enum { MMAP, MPROTECT, MPROTECT_VMA, OTHER_MMAP };

/* vm_mmap_pgoff(struct file *, addr, len, prot, flag, pgoff) */
static bool enter_mmap(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	return enter_map(data, regs, EVRING_MEMORY_MMAP);
}

/*
 * do_mmap(struct file *, addr, len, prot, flags, ...), but for calls of mmap(): shmat(), whose
 * file is the kernel's own, and an mmap() for which there was no data, which counts as lost, too.
 */
static bool enter_other_mmap(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct file *file = (const struct file *)evring_argument(regs, 0);

	if (evring_call_data(&hook->points[MMAP].kretprobe.probe))
		return false;
	return enter_map(data, regs, file && IS_PRIVATE(file_inode(file)) ? EVRING_MEMORY_SHMAT :
									    EVRING_MEMORY_MMAP);
}

/* int do_mprotect_pkey(unsigned long start, size_t len, unsigned long prot, int pkey) */
static bool enter_mprotect(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const u32 prot = prot_resolved(evring_argument(regs, 2));

	if (!(prot & PROT_EXEC))
		return false;
	call_begin(data, EVRING_MEMORY_MPROTECT, evring_argument(regs, 0),
		   evring_argument(regs, 1), prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
	return true;
}

/* int security_file_mprotect(struct vm_area_struct *, reqprot, prot): mm's lock is held */
static void enter_vma(struct evring_event_hook *hook, struct pt_regs *regs)
{
	const struct vm_area_struct *vma = (const struct vm_area_struct *)evring_argument(regs, 0);
	struct memory_call *call = evring_call_data(&hook->points[MPROTECT].kretprobe.probe);

	if (!call)
		return;
	call->old_prot |= (vma->vm_flags & VM_READ ? PROT_READ : 0) |
			  (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
			  (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
	/*
	 * Private memory has pages of its own from the first write on. Shared memory that may
	 * be made writable may have been so before.
	 */
	call->was_written |= vma->anon_vma || (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) ==
			     (VM_SHARED | VM_MAYWRITE);
	call->is_shared |= !!(vma->vm_flags & VM_SHARED);
	if (vma->vm_file && !call->inode)
		keep_file(call, vma->vm_file);
}

static void emit(struct evring_event_hook *hook, const struct memory_call *call, int result)
{
	struct evring_text path = call->path;
	u32 end = sizeof(struct process_memory);
	struct process_memory *e;
	struct evring_slot slot;

	e = evring_begin_task(&slot, hook->type, end, evring_texts_fit(&path, 1, end));
	if (!e)
		return;
	e->operation = call->operation;
	e->result = result;
	e->address = call->address;
	e->length = call->length;
	e->prot = call->prot;
	e->old_prot = call->old_prot;
	e->was_written = call->was_written;
	e->is_shared = call->is_shared;
	e->path_flags = call->path_flags | (path.cut ? EVRING_PATH_CUT : 0);
	e->dev = call->dev;
	e->inode = call->inode;
	e->path = evring_text_put(e, &end, &path);
	evring_hook_submit(hook, &slot);
}

/* An address, or an error */
static void leave_map(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const unsigned long result = evring_result(regs);
	struct memory_call *call = data;

	if (!IS_ERR_VALUE(result))
		call->address = result;
	emit(hook, call, IS_ERR_VALUE(result) ? (int)result : 0);
}

/* Memory that was executable and not written stays of no interest. */
static void leave_mprotect(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct memory_call *call = data;
	const int result = evring_result(regs);

	if (is_both(call->prot) || call->was_written || (call->old_prot & PROT_WRITE) ||
	    result == -EACCES || result == -EPERM)
		emit(hook, call, result);
}

#define CALL_POINT(_symbols, _enter, _leave, ...)				\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct memory_call), ACTIVE, \
			 ##__VA_ARGS__)

static struct evring_event_hook hooks[] = {
	{
		.desc = &process_memory_desc,
		.quiet = true,
		EVRING_POINTS([MMAP] = CALL_POINT(("vm_mmap_pgoff"), enter_mmap, leave_map),
			      [MPROTECT] = CALL_POINT(("do_mprotect_pkey",
						       "do_mprotect_pkey.constprop.0",
						       "do_mprotect_pkey.isra.0"),
						      enter_mprotect, leave_mprotect),
			      [MPROTECT_VMA] = EVRING_KPROBE(("security_file_mprotect"), enter_vma,
							     .optional = true),
			      [OTHER_MMAP] = CALL_POINT(("do_mmap"), enter_other_mmap, leave_map,
							.optional = true)),
	},
};

const struct evring_hook_family evring_process_memory_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
