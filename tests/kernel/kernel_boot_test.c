// SPDX-License-Identifier: MIT
/* kernel.kexec, kernel.reboot: each request; the guest itself goes on. */
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define KEXEC	"kernel.kexec"
#define REBOOT	"kernel.reboot"

static const char *const hooks[] = { KEXEC, REBOOT, NULL };

FIXTURE(kernel_boot) {
	struct evring *ev;
};

FIXTURE_SETUP(kernel_boot)
{
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(kernel_boot)
{
	deed_close(self->ev, hooks);
}

static int reboot_call(uint32_t command)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, NULL) ?
	       errno : 0;
}

/* The one that no test here survives: tests/kernel/panicked runs it in a guest of its own. */
static __attribute__((constructor)) void restart(void)
{
	const char *text = getenv("EVRING_RESTART");

	if (text)
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_RESTART2, text);
}

static int toggle(void *arg)
{
	if (reboot_call(LINUX_REBOOT_CMD_CAD_ON) || reboot_call(LINUX_REBOOT_CMD_CAD_OFF))
		return 100;
	return syscall(SYS_reboot, 1, 2, LINUX_REBOOT_CMD_RESTART, NULL) ? errno : 0;
}

static int restart_as_nobody(void *arg)
{
	deed_as_nobody();
	return reboot_call(LINUX_REBOOT_CMD_POWER_OFF);
}

TEST_F(kernel_boot, a_reboot_that_is_refused_or_asks_for_less_is_told)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, REBOOT, toggle, NULL, &status);
	ASSERT_EQ(EINVAL, status);
	ASSERT_EQ(3, told->n);
	EXPECT_TRUE(told_called(told_at(told, 2), "command", "cad_on"));
	EXPECT_EQ(0, told_result(told_at(told, 2)));
	EXPECT_TRUE(told_called(told_at(told, 1), "command", "cad_off"));
	EXPECT_TRUE(told_called(told_at(told, 0), "command", "restart"));
	EXPECT_EQ(-EINVAL, told_result(told_at(told, 0)));
	free(told);

	told = deed_in_child(self->ev, REBOOT, restart_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	EXPECT_TRUE(told_called(told_at(told, 0), "command", "power_off"));
	EXPECT_EQ(-EPERM, told_result(told_at(told, 0)));
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "of_pidns"));
	free(told);
}

/* A call that ends its container never returns; a user has a share of the calls under way. */
static int restart_containers(void *arg)
{
	pid_t pid, inner;

	deed_as_nobody();
	for (int i = 0; i < 64; i++) {
		pid = fork();
		if (!pid) {
			if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
				_exit(1);
			inner = fork();
			if (!inner)
				_exit(reboot_call(LINUX_REBOOT_CMD_RESTART) ? 2 : 0);
			if (waitpid(inner, &(int){ 0 }, 0) != inner)
				_exit(3);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &(int){ 0 }, 0) != pid)
			return 100;
	}
	return reboot_call(LINUX_REBOOT_CMD_POWER_OFF);
}

TEST_F(kernel_boot, containers_that_restart_themselves_use_up_nothing)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, REBOOT, restart_containers, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EPERM, told_result(told_at(told, 0)));
	free(told);
}

/* Process 1 of a pid namespace asks, and all of it ends. */
TEST_F(kernel_boot, a_container_that_restarts_itself_is_told)
{
	const struct evring_event *event;
	struct told *told;
	pid_t pid, inner;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(1);
		inner = fork();
		if (!inner) {
			reboot_call(LINUX_REBOOT_CMD_RESTART);
			_exit(2);
		}
		/* It is told by the signal. */
		if (waitpid(inner, &status, 0) != inner || !WIFSIGNALED(status) ||
		    WTERMSIG(status) != SIGHUP)
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	told = malloc(sizeof(*told));
	told->n = 0;
	for (struct evring_event e; evring_next(self->ev, &e) > 0;)
		if (e.type && !strcmp(e.type->name, REBOOT))
			told_keep(told, &e);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "command", "restart"));
	EXPECT_EQ(1, told_number(event, "of_pidns"));
	EXPECT_NE(ns_inode("/proc/self/ns/pid"), told_number(event, "pidns"));
	free(told);
}

static int kexec(void *arg)
{
	char line[] = "quiet init=/bin/sh";
	int kernel = open("kernel", O_RDONLY), initrd = open("initrd", O_RDONLY);

	if (arg)
		deed_as_nobody();
	if (!syscall(SYS_kexec_file_load, kernel, initrd, sizeof(line), line, 0))
		return 100;
	return errno;
}

static int kexec_memory(void *arg)
{
	char part[64] = "";
	struct kexec_segment segment = { .buf = part, .bufsz = sizeof(part), .mem = (void *)1,
					 .memsz = 4096 };

	if (arg)
		deed_as_nobody();
	if (!syscall(SYS_kexec_load, 0, 1, &segment, KEXEC_ON_CRASH))
		return 100;
	return errno;
}

TEST_F(kernel_boot, another_kernel_is_told_with_its_files_and_a_refusal)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	deed_file("kernel", "no kernel");
	deed_file("initrd", "no programs");
	for (int nobody = 0; nobody < 2; nobody++) {
		told = deed_in_child(self->ev, KEXEC, kexec, nobody ? self : NULL, &status);
		ASSERT_NE(100, status);
		if (nobody)
			EXPECT_EQ(EPERM, status);
		if (status == ENOSYS) {
			free(told);
			SKIP(return, "this kernel cannot load another one");
		}
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_EQ(-status, told_result(event));
		EXPECT_EQ(1, told_number(event, "from_file"));
		EXPECT_STREQ(DIR_PATH "/kernel", told_text(event, "path"));
		EXPECT_STREQ(DIR_PATH "/initrd", told_text(event, "initrd"));
		EXPECT_STREQ("quiet init=/bin/sh", told_text(event, "command_line"));
		EXPECT_EQ(0, told_number(event, "on_crash"));
		EXPECT_EQ(nobody ? 65534 : 0, told_number(event, "uid"));
		free(told);

		told = deed_in_child(self->ev, KEXEC, kexec_memory, nobody ? self : NULL, &status);
		ASSERT_NE(100, status);
		ASSERT_EQ(1, told->n);
		event = told_at(told, 0);
		EXPECT_EQ(-status, told_result(event));
		EXPECT_EQ(0, told_number(event, "from_file"));
		EXPECT_EQ(1, told_number(event, "segments"));
		EXPECT_EQ(1, told_number(event, "on_crash"));
		EXPECT_STREQ("", told_text(event, "path"));
		free(told);
	}
}

static int kexec_unload(void *arg)
{
	deed_as_nobody();
	syscall(SYS_kexec_file_load, -1, -1, 0, NULL, KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH);
	return errno;
}

TEST_F(kernel_boot, flags_of_both_calls_have_their_own_names)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, KEXEC, kexec_unload, NULL, &status);
	if (status == ENOSYS) {
		free(told);
		SKIP(return, "this kernel cannot load another one");
	}
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_number(event, "flags"));
	EXPECT_TRUE(told_flag(event, "file_flags", "KEXEC_FILE_UNLOAD"));
	EXPECT_TRUE(told_flag(event, "file_flags", "KEXEC_FILE_ON_CRASH"));
	EXPECT_FALSE(told_flag(event, "file_flags", "KEXEC_FILE_NO_INITRAMFS"));
	EXPECT_EQ(1, told_number(event, "unload"));
	free(told);

	told = deed_in_child(self->ev, KEXEC, kexec_memory, self, &status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "flags", "KEXEC_ON_CRASH"));
	EXPECT_FALSE(told_flag(event, "flags", "KEXEC_PRESERVE_CONTEXT"));
	EXPECT_EQ(0, told_number(event, "file_flags"));
	free(told);
}

/* To unload a kernel when there is none succeeds, by both calls. */
static int kexec_unload_none(void *arg)
{
	if (syscall(SYS_kexec_load, 0, 0, NULL, 0))
		return errno;
	return syscall(SYS_kexec_file_load, -1, -1, 0, NULL, KEXEC_FILE_UNLOAD) ? errno : 0;
}

TEST_F(kernel_boot, a_kernel_that_is_unloaded_is_told_as_done)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, KEXEC, kexec_unload_none, NULL, &status);
	if (status) {
		free(told);
		SKIP(return, "this kernel cannot load another one: %s", strerror(status));
	}
	ASSERT_EQ(2, told->n);
	EXPECT_EQ(0, told_result(told_at(told, 1)));
	EXPECT_EQ(0, told_number(told_at(told, 1), "from_file"));
	EXPECT_EQ(0, told_number(told_at(told, 1), "segments"));
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	EXPECT_EQ(1, told_number(told_at(told, 0), "from_file"));
	EXPECT_EQ(1, told_number(told_at(told, 0), "unload"));
	free(told);
}

#ifdef __x86_64__
/* reboot() and kexec_load() of a 32-bit program, all of them refused or harmless */
static int boot32(void *low)
{
	uint32_t *segment = low;	/* its buffer and size, the place and size there */
	long ret = deed_call32(88, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			       LINUX_REBOOT_CMD_CAD_OFF, 0, 0);

	if (ret == -ENOSYS)
		return 77;
	segment[0] = (uint32_t)(uintptr_t)(segment + 4);
	segment[1] = 64;
	segment[2] = 1;
	segment[3] = 4096;
	deed_as_nobody();
	return ret || deed_call32(88, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
				  LINUX_REBOOT_CMD_HALT, 0, 0) != -EPERM ||
	       deed_call32(283, 0, 1, (long)low, KEXEC_ON_CRASH, 0) >= 0;
}

TEST_F(kernel_boot, calls_of_32_bit_programs_are_told)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "kernel.", boot32, deed_low(4096), &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_LE(2, told->n);
	EXPECT_STREQ(REBOOT, told_at(told, told->n - 1)->type->name);
	EXPECT_TRUE(told_called(told_at(told, told->n - 1), "command", "cad_off"));
	EXPECT_EQ(0, told_result(told_at(told, told->n - 1)));
	EXPECT_EQ(0, told_number(told_at(told, told->n - 1), "uid"));
	EXPECT_TRUE(told_called(told_at(told, told->n - 2), "command", "halt"));
	EXPECT_EQ(-EPERM, told_result(told_at(told, told->n - 2)));
	EXPECT_EQ(65534, told_number(told_at(told, told->n - 2), "uid"));
	/* A kernel that can load no other one has no such call. */
	if (told->n == 3 && told_result(told_at(told, 0)) != -ENOSYS) {
		EXPECT_STREQ(KEXEC, told_at(told, 0)->type->name);
		EXPECT_EQ(-EPERM, told_result(told_at(told, 0)));
		EXPECT_EQ(1, told_number(told_at(told, 0), "segments"));
		EXPECT_EQ(1, told_number(told_at(told, 0), "on_crash"));
	} else {
		note("not on this kernel: kexec_load() of 32-bit programs");
	}
	free(told);
}
#endif

TEST_HARNESS_MAIN
