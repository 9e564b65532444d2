// SPDX-License-Identifier: MIT
/* module.load, module.unload: the module, its file, its parameters, the process. */
#include <sys/syscall.h>

#include "file_deed.h"

#define LOAD	"module.load"
#define UNLOAD	"module.unload"
#define KO	"/evring/kmod/evring_heartbeat.ko"
#define NAME	"evring_heartbeat"

static const char *const hooks[] = { LOAD, UNLOAD, NULL };

FIXTURE(module) {
	struct evring *ev;
};

FIXTURE_SETUP(module)
{
	syscall(SYS_delete_module, NAME, O_NONBLOCK);
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(module)
{
	deed_close(self->ev, hooks);
	syscall(SYS_delete_module, NAME, O_NONBLOCK);
}

static int load_file(const char *path, const char *arguments, int flags)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return 200;
	return syscall(SYS_finit_module, fd, arguments, flags) ? errno : 0;
}

static int load_twice(void *arg)
{
	return load_file("link.ko", "", 0) || load_file(KO, "dyndbg=x none_such=7", 0) != EEXIST;
}

/* The module's own taints, as sysfs has them: O and E, by letters */
static bool taints_are(const struct evring_event *event)
{
	char text[16] = "";
	FILE *file = fopen("/sys/module/" NAME "/taint", "r");

	if (!file || !fgets(text, sizeof(text), file))
		abort();
	fclose(file);
	return told_flag(event, "taints", "out_of_tree") == !!strchr(text, 'O') &&
	       told_flag(event, "taints", "unsigned") == !!strchr(text, 'E') &&
	       told_flag(event, "taints", "proprietary") == !!strchr(text, 'P');
}

TEST_F(module, a_load_tells_the_module_and_the_file_that_it_came_from)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	ASSERT_EQ(0, symlink(KO, "link.ko"));
	told = deed_in_child(self->ev, LOAD, load_twice, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ(NAME, told_text(event, "name"));
	EXPECT_STREQ(KO, told_text(event, "path"));
	EXPECT_STREQ("", told_text(event, "arguments"));
	EXPECT_EQ(deed_inode(KO), told_number(event, "inode"));
	EXPECT_EQ(deed_dev(KO), told_number(event, "dev"));
	EXPECT_EQ(0, told_number(event, "from_memory"));
	EXPECT_EQ(0, told_number(event, "arguments_truncated"));
	EXPECT_TRUE(taints_are(event));

	event = told_at(told, 0);
	EXPECT_EQ(-EEXIST, told_result(event));
	EXPECT_STREQ(NAME, told_text(event, "name"));
	EXPECT_STREQ("dyndbg=x none_such=7", told_text(event, "arguments"));
	free(told);
}

static int load_memory(void *arg)
{
	static char image[4 << 20];
	int fd = open(KO, O_RDONLY);
	ssize_t n, len = 0;

	while ((n = read(fd, image + len, sizeof(image) - (size_t)len)) > 0)
		len += n;
	return syscall(SYS_init_module, image, len, "dyndbg=+p") ? errno : 0;
}

TEST_F(module, a_load_from_memory_has_no_file)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, LOAD, load_memory, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(1, told_number(event, "from_memory"));
	EXPECT_STREQ(NAME, told_text(event, "name"));
	EXPECT_STREQ("dyndbg=+p", told_text(event, "arguments"));
	EXPECT_STREQ("", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "inode"));
	free(told);
}

static int load_as_nobody(void *arg)
{
	int fd = open(KO, O_RDONLY);
	/* In memory that is there: the kernel refuses before it looks. */
	char arguments[] = "secret=1";

	deed_as_nobody();
	return syscall(SYS_finit_module, fd, arguments, 2) ? errno : 0;
}

static int load_memory_as_nobody(void *arg)
{
	char arguments[] = "dyndbg=+p";

	deed_as_nobody();
	return syscall(SYS_init_module, arguments, sizeof(arguments), arguments) ? errno : 0;
}

static int load_text(void *arg)
{
	return load_file(DIR_PATH "/text", "", 0);
}

TEST_F(module, a_refused_load_tells_why_and_of_what)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, LOAD, load_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_STREQ(KO, told_text(event, "path"));
	EXPECT_STREQ("secret=1", told_text(event, "arguments"));
	EXPECT_STREQ("", told_text(event, "name"));
	EXPECT_TRUE(told_flag(event, "flags", "MODULE_INIT_IGNORE_VERMAGIC"));
	free(told);

	told = deed_in_child(self->ev, LOAD, load_memory_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(1, told_number(event, "from_memory"));
	EXPECT_STREQ("dyndbg=+p", told_text(event, "arguments"));
	EXPECT_STREQ("", told_text(event, "path"));
	free(told);

	deed_file("text", "no module, and long enough for its header to be looked at: xxxxxxxxxxxxxx");
	told = deed_in_child(self->ev, LOAD, load_text, NULL, &status);
	ASSERT_EQ(ENOEXEC, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-ENOEXEC, told_result(told_at(told, 0)));
	EXPECT_STREQ(DIR_PATH "/text", told_text(told_at(told, 0), "path"));
	free(told);
}

static int unload(const char *name, int flags)
{
	return syscall(SYS_delete_module, name, flags) ? errno : 0;
}

static int unload_some(void *arg)
{
	if (unload(NAME, O_NONBLOCK))
		return 1;
	/* By force only where there is nothing: Debian's kernels would do it. */
	return unload(NAME, O_NONBLOCK | O_TRUNC) != ENOENT || !unload("evring", O_NONBLOCK);
}

static int unload_as_nobody(void *arg)
{
	/* In memory that is there: the kernel refuses before it looks. */
	char name[] = NAME;

	deed_as_nobody();
	return unload(name, O_NONBLOCK);
}

TEST_F(module, an_unload_is_told_and_one_that_is_refused)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	ASSERT_EQ(0, load_file(KO, "", 0));
	told = deed_in_child(self->ev, UNLOAD, unload_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EPERM, told_result(told_at(told, 0)));
	EXPECT_STREQ(NAME, told_text(told_at(told, 0), "name"));
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	free(told);

	told = deed_in_child(self->ev, UNLOAD, unload_some, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(3, told->n);
	event = told_at(told, 2);
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ(NAME, told_text(event, "name"));
	EXPECT_TRUE(told_flag(event, "taints", "out_of_tree"));
	EXPECT_EQ(O_NONBLOCK, told_number(event, "flags"));
	event = told_at(told, 1);
	EXPECT_EQ(-ENOENT, told_result(event));
	EXPECT_STREQ(NAME, told_text(event, "name"));
	EXPECT_TRUE(told_flag(event, "flags", "O_TRUNC"));
	event = told_at(told, 0);
	EXPECT_GT(0, told_result(event));
	EXPECT_STREQ("evring", told_text(event, "name"));
	free(told);
}

#ifdef __x86_64__
static int by_32_bits(void *low)
{
	int fd = open(KO, O_RDONLY);
	char *text = low;
	long ret;

	strcpy(text, "");
	ret = deed_call32(350, fd, (long)(uintptr_t)text, 0, 0, 0);
	if (ret)
		return ret == -ENOSYS ? 77 : (int)-ret;
	strcpy(text, NAME);
	return (int)-deed_call32(129, (long)(uintptr_t)text, O_NONBLOCK, 0, 0, 0);
}

TEST_F(module, a_32_bit_call_is_told_alike)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "module.", by_32_bits, deed_low(4096), &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	EXPECT_STREQ(NAME, told_text(told_at(told, 1), "name"));
	EXPECT_STREQ(KO, told_text(told_at(told, 1), "path"));
	EXPECT_STREQ(NAME, told_text(told_at(told, 0), "name"));
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	free(told);
}
#endif

TEST_HARNESS_MAIN
