// SPDX-License-Identifier: MIT
/*
 * Names of files that come, change and go: file.unlink, rmdir, mkdir, mknod, symlink,
 * rename, link. As they were resolved and as they were given, done and refused.
 */
#include <sys/syscall.h>

#include "file_deed.h"

static const char *const names[] = {
	"file.unlink", "file.rmdir", "file.mkdir", "file.mknod", "file.symlink", "file.rename",
	"file.link", NULL
};

FIXTURE(file_name) {
	struct evring *ev;
};

FIXTURE_SETUP(file_name)
{
	groups_drop();
	deed_folder();
	deed_file("a", "content");
	if (mkdir("dir", 0777) || symlink("dir", "way"))
		abort();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	deed_hooks(self->ev, names, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(file_name)
{
	deed_hooks(self->ev, names, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* One event of this process, of type @_name, that ended so and has these paths */
#define EXPECT_NAME(_told, _name, _result, _path, _given) do {			\
	ASSERT_EQ(1, (_told)->n);						\
	EXPECT_STREQ((_name), told_at(_told, 0)->type->name);			\
	EXPECT_EQ((_result), told_result(told_at(_told, 0)));			\
	EXPECT_STREQ((_path), told_text(told_at(_told, 0), "path"));		\
	EXPECT_STREQ((_given), told_text(told_at(_told, 0), "path_given"));	\
	EXPECT_EQ(0, told_number(told_at(_told, 0), "path_given_truncated"));	\
} while (0)

/* That is all there is to say of it: read, checked and forgotten. */
#define EXPECT_DONE(_ev, _name, _path, _given) do {				\
	struct told *_told = told_read(_ev, "file.", getpid());			\
										\
	EXPECT_NAME(_told, _name, 0, _path, _given);				\
	EXPECT_EQ(0, told_number(told_at(_told, 0), "path_flags"));		\
	EXPECT_EQ(deed_dev(DIR_PATH), told_number(told_at(_told, 0), "dev"));	\
	free(_told);								\
} while (0)

TEST_F(file_name, a_removed_name_is_told_as_it_was)
{
	uint64_t inode = deed_inode("a");
	struct told *told;

	ASSERT_EQ(0, link("a", "dir/b"));
	deed_read_past(self->ev);
	ASSERT_EQ(0, unlink("way/../way/b"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.unlink", 0, DIR_PATH "/dir/b", "way/../way/b");
	EXPECT_EQ(inode, told_number(told_at(told, 0), "inode"));
	EXPECT_EQ(2, told_number(told_at(told, 0), "nlink"));
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "regular"));
	free(told);
	ASSERT_EQ(0, unlinkat(AT_FDCWD, "way", 0));
	EXPECT_DONE(self->ev, "file.unlink", DIR_PATH "/way", "way");
	inode = deed_inode("dir");
	ASSERT_EQ(0, rmdir("./dir/"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.rmdir", 0, DIR_PATH "/dir", "./dir/");
	EXPECT_EQ(inode, told_number(told_at(told, 0), "inode"));
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "directory"));
	free(told);
	ASSERT_EQ(0, mkdir("dir", 0755));
	deed_read_past(self->ev);
	ASSERT_EQ(0, unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR));
	EXPECT_DONE(self->ev, "file.rmdir", DIR_PATH "/dir", "dir");
}

TEST_F(file_name, a_new_name_is_told_with_the_requested_mode)
{
	const struct evring_event *event;
	struct told *told;
	int dir = open("dir", O_PATH);

	umask(077);
	ASSERT_EQ(0, mkdir("way/new", 01751));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.mkdir", 0, DIR_PATH "/dir/new", "way/new");
	EXPECT_EQ(01751, told_number(told_at(told, 0), "mode"));
	free(told);
	ASSERT_EQ(0, mkdirat(dir, "at", 0700));
	EXPECT_DONE(self->ev, "file.mkdir", DIR_PATH "/dir/at", "at");
	ASSERT_EQ(0, mknodat(dir, "null", S_IFCHR | 0640, makedev(259, 70000)));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_NAME(told, "file.mknod", 0, DIR_PATH "/dir/null", "null");
	EXPECT_TRUE(told_called(event, "file_type", "chardev"));
	EXPECT_EQ(0640, told_number(event, "mode"));
	EXPECT_EQ((259u << 20) + 70000, told_number(event, "rdev"));
	free(told);
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.mknod", 0, DIR_PATH "/fifo", "fifo");
	EXPECT_TRUE(told_called(told_at(told, 0), "file_type", "fifo"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "rdev"));
	free(told);
	ASSERT_EQ(0, symlink("/etc/../etc/shadow", "way/link"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.symlink", 0, DIR_PATH "/dir/link", "way/link");
	EXPECT_STREQ("/etc/../etc/shadow", told_text(told_at(told, 0), "target"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "target_truncated"));
	free(told);
	close(dir);
	umask(022);
}

TEST_F(file_name, a_rename_tells_both_names)
{
	const struct evring_event *event;
	uint64_t inode = deed_inode("a");
	struct told *told;

	ASSERT_EQ(0, rename("./a", "way/b"));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_NAME(told, "file.rename", 0, DIR_PATH "/a", "./a");
	EXPECT_STREQ(DIR_PATH "/dir/b", told_text(event, "new_path"));
	EXPECT_STREQ("way/b", told_text(event, "new_path_given"));
	EXPECT_EQ(0, told_number(event, "path_flags") | told_number(event, "new_path_flags"));
	EXPECT_EQ(0, told_number(event, "flags"));
	EXPECT_EQ(inode, told_number(event, "inode"));
	EXPECT_TRUE(told_called(event, "file_type", "regular"));
	free(told);
	deed_file("c", "c");
	ASSERT_EQ(0, syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "dir", 2));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_NAME(told, "file.rename", 0, DIR_PATH "/c", "c");
	EXPECT_STREQ(DIR_PATH "/dir", told_text(event, "new_path"));
	EXPECT_TRUE(told_flag(event, "flags", "RENAME_EXCHANGE"));
	free(told);
}

TEST_F(file_name, a_link_tells_the_file_and_its_new_name)
{
	const struct evring_event *event;
	uint64_t inode = deed_inode("a");
	struct told *told;

	ASSERT_EQ(0, symlink("a", "to"));
	deed_read_past(self->ev);
	ASSERT_EQ(0, linkat(AT_FDCWD, "to", AT_FDCWD, "way/hard", AT_SYMLINK_FOLLOW));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_NAME(told, "file.link", 0, DIR_PATH "/a", "to");
	EXPECT_STREQ(DIR_PATH "/dir/hard", told_text(event, "new_path"));
	EXPECT_STREQ("way/hard", told_text(event, "new_path_given"));
	EXPECT_TRUE(told_flag(event, "flags", "AT_SYMLINK_FOLLOW"));
	EXPECT_EQ(inode, told_number(event, "inode"));
	free(told);
}

TEST_F(file_name, a_path_that_does_not_resolve_is_told_as_given)
{
	struct told *told;

	EXPECT_EQ(-1, unlink("none"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.unlink", -ENOENT, DIR_PATH "/none", "none");
	EXPECT_TRUE(told_flag(told_at(told, 0), "path_flags", "given"));
	EXPECT_EQ(0, told_number(told_at(told, 0), "inode"));
	free(told);
	EXPECT_EQ(-1, mkdir("/tmp/none-such/x", 0700));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.mkdir", -ENOENT, "/tmp/none-such/x", "/tmp/none-such/x");
	free(told);
	EXPECT_EQ(-1, rename("none", "dir/x"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.rename", -ENOENT, DIR_PATH "/none", "none");
	EXPECT_STREQ(DIR_PATH "/dir/x", told_text(told_at(told, 0), "new_path"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "new_path_flags", "given"));
	free(told);
	EXPECT_EQ(-1, symlink("target", "a"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.symlink", -EEXIST, DIR_PATH "/a", "a");
	EXPECT_STREQ("target", told_text(told_at(told, 0), "target"));
	free(told);
}

static int unlink_as_nobody(void *path)
{
	deed_as_nobody();
	return unlink(path) ? errno : 0;
}

static int rename_as_nobody(void *path)
{
	deed_as_nobody();
	return rename(path, "new") ? errno : 0;
}

TEST_F(file_name, a_refusal_at_the_file_is_told_by_its_own_path)
{
	struct told *told;
	int status;

	ASSERT_EQ(0, chmod("dir", 0755));
	deed_file("dir/x", "x");
	told = deed_in_child(self->ev, "file.", unlink_as_nobody, "way/x", &status);
	EXPECT_EQ(EACCES, status);
	EXPECT_NAME(told, "file.unlink", -EACCES, DIR_PATH "/dir/x", "way/x");
	EXPECT_EQ(0, told_number(told_at(told, 0), "path_flags"));
	EXPECT_EQ(65534, told_number(told_at(told, 0), "euid"));
	EXPECT_EQ(deed_inode("dir/x"), told_number(told_at(told, 0), "inode"));
	free(told);
	told = deed_in_child(self->ev, "file.", rename_as_nobody, "way/x", &status);
	EXPECT_EQ(EACCES, status);
	EXPECT_NAME(told, "file.rename", -EACCES, DIR_PATH "/dir/x", "way/x");
	EXPECT_STREQ(DIR_PATH "/new", told_text(told_at(told, 0), "new_path"));
	free(told);
	EXPECT_EQ(-1, rmdir(DIR_PATH));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_NAME(told, "file.rmdir", -ENOTEMPTY, DIR_PATH, DIR_PATH);
	EXPECT_EQ(0, told_number(told_at(told, 0), "path_flags"));
	free(told);
}

static int act_mkdir(const char *path)
{
	return mkdir(path, 0711);
}

static int act_rmdir(const char *path)
{
	return rmdir(path);
}

static int act_mkfifo(const char *path)
{
	return mkfifo(path, 0600);
}

static int act_symlink(const char *path)
{
	return symlink("target", path);
}

static int act_link(const char *path)
{
	return link(path, "link");
}

static int act_rename(const char *path)
{
	return rename(path, "renamed");
}

struct acting {
	int (*act)(const char *path);
	const char *path;
};

static int act_as_nobody(void *arg)
{
	const struct acting *acting = arg;

	deed_as_nobody();
	return acting->act(acting->path) ? errno : 0;
}

/* In a folder that anybody may write to, and in one of root's */
TEST_F(file_name, another_user_is_told_with_what_is_done_and_what_is_refused)
{
	static const struct {
		int (*act)(const char *path);
		const char *type, *own, *roots;
	} acts[] = {
		{ act_mkdir, "file.mkdir", "new", "way/new" },
		{ act_rmdir, "file.rmdir", "new", "way/sub" },
		{ act_mkfifo, "file.mknod", "new", "way/new" },
		{ act_link, "file.link", "new", "way/../way/none" },
		{ act_rename, "file.rename", "new", "way/x" },
		{ act_symlink, "file.symlink", "new", "way/new" },
		{ unlink, "file.unlink", "new", "way/x" },
	};
	char path[64];
	struct told *told;
	unsigned int i;
	int status;

	ASSERT_EQ(0, chmod("dir", 0755) + mkdir("dir/sub", 0755));
	deed_file("dir/x", "x");
	for (i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		struct acting acting = { acts[i].act, acts[i].own };

		told = deed_in_child(self->ev, "file.", act_as_nobody, &acting, &status);
		EXPECT_EQ(0, status) TH_LOG("%s", acts[i].type);
		EXPECT_NAME(told, acts[i].type, 0, DIR_PATH "/new", "new");
		EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
		EXPECT_EQ(65534, told_number(told_at(told, 0), "gid"));
		free(told);
		acting.path = acts[i].roots;
		told = deed_in_child(self->ev, "file.", act_as_nobody, &acting, &status);
		EXPECT_EQ(acts[i].act == act_link ? ENOENT : EACCES, status)
			TH_LOG("%s", acts[i].type);
		snprintf(path, sizeof(path), DIR_PATH "/dir%s", strrchr(acting.path, '/'));
		if (acts[i].act == act_link)
			snprintf(path, sizeof(path), DIR_PATH "/%s", acting.path);
		EXPECT_NAME(told, acts[i].type, -status, path, acting.path);
		EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
		free(told);
	}
}

static void prep_unlink(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_unlinkat(sqe, AT_FDCWD, path, 0);
}

static void prep_rename(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_renameat(sqe, AT_FDCWD, path, AT_FDCWD, "way/b", 0);
}

static void prep_mkdir(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_mkdirat(sqe, AT_FDCWD, path, 0750);
}

static void prep_symlink(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_symlinkat(sqe, "target", AT_FDCWD, path);
}

static void prep_link(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_linkat(sqe, AT_FDCWD, path, AT_FDCWD, "way/l", 0);
}

TEST_F(file_name, io_uring_tells_the_same_as_a_call)
{
	ASSERT_EQ(0, deed_uring(prep_link, "a"));
	EXPECT_DONE(self->ev, "file.link", DIR_PATH "/a", "a");
	ASSERT_EQ(0, deed_uring(prep_rename, "a"));
	EXPECT_DONE(self->ev, "file.rename", DIR_PATH "/a", "a");
	ASSERT_EQ(0, deed_uring(prep_unlink, "way/b"));
	EXPECT_DONE(self->ev, "file.unlink", DIR_PATH "/dir/b", "way/b");
	ASSERT_EQ(0, deed_uring(prep_mkdir, "way/m"));
	EXPECT_DONE(self->ev, "file.mkdir", DIR_PATH "/dir/m", "way/m");
	ASSERT_EQ(0, deed_uring(prep_symlink, "way/s"));
	EXPECT_DONE(self->ev, "file.symlink", DIR_PATH "/dir/s", "way/s");
}

#ifdef __x86_64__
TEST_F(file_name, a_32_bit_call_tells_the_same)
{
	char *low = deed_low(4096), *other = low + 100;

	strcpy(low, "way/m");
	strcpy(other, "way/n");
	if (deed_call32(39, (long)low, 0700, 0, 0, 0) == -ENOSYS) {	/* mkdir */
		SKIP(return, "this kernel has no 32-bit calls");
	}
	EXPECT_DONE(self->ev, "file.mkdir", DIR_PATH "/dir/m", "way/m");
	ASSERT_EQ(0, deed_call32(38, (long)low, (long)other, 0, 0, 0));	/* rename */
	EXPECT_DONE(self->ev, "file.rename", DIR_PATH "/dir/m", "way/m");
	ASSERT_EQ(0, deed_call32(40, (long)other, 0, 0, 0, 0));		/* rmdir */
	EXPECT_DONE(self->ev, "file.rmdir", DIR_PATH "/dir/n", "way/n");
	ASSERT_EQ(0, deed_call32(14, (long)low, S_IFIFO | 0600, 0, 0, 0));	/* mknod */
	EXPECT_DONE(self->ev, "file.mknod", DIR_PATH "/dir/m", "way/m");
	strcpy(low, "a");
	ASSERT_EQ(0, deed_call32(9, (long)low, (long)other, 0, 0, 0));	/* link */
	EXPECT_DONE(self->ev, "file.link", DIR_PATH "/a", "a");
	ASSERT_EQ(0, deed_call32(10, (long)other, 0, 0, 0, 0));		/* unlink */
	EXPECT_DONE(self->ev, "file.unlink", DIR_PATH "/dir/n", "way/n");
	ASSERT_EQ(0, deed_call32(83, (long)low, (long)other, 0, 0, 0));	/* symlink */
	EXPECT_DONE(self->ev, "file.symlink", DIR_PATH "/dir/n", "way/n");
	munmap(low, 4096);
}
#endif

/* A socket's name is a file's, too, but no call's for names. */
TEST_F(file_name, a_file_that_open_makes_is_no_mknod)
{
	struct told *told;

	close(open("new", O_CREAT | O_WRONLY, 0600));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
}

TEST_F(file_name, names_can_have_any_bytes_and_lose_their_front_where_they_are_too_long)
{
	const struct evring_event *event;
	char given[4096], *path;
	struct told *told;
	size_t len;

	ASSERT_EQ(0, rename("a", "\xff\xfe\n"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_STREQ(DIR_PATH "/\xff\xfe\n", told_text(told_at(told, 0), "new_path"));
	free(told);
	/* 4095 bytes are given, and the path is short: the given one is cut. */
	memset(given, '/', sizeof(given));
	memcpy(given, DIR_PATH, strlen(DIR_PATH));
	memcpy(given + 4090, "\xff\xfe\n", 4);
	ASSERT_EQ(0, unlink(given));
	told = told_read(self->ev, "file.", getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ(DIR_PATH "/\xff\xfe\n", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "path_flags"));
	EXPECT_EQ(1, told_number(event, "path_given_truncated"));
	path = (char *)told_text(event, "path_given");
	len = strlen(path);
	EXPECT_LT(1900, len);
	EXPECT_STREQ(given + strlen(given) - len, path);
	free(told);
	/* The kernel does not get to the file, and a part of a path is no path. */
	EXPECT_EQ(-1, unlink(given));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_EQ(-ENOENT, told_result(event));
	EXPECT_TRUE(told_flag(event, "path_flags", "cut"));
	EXPECT_TRUE(told_flag(event, "path_flags", "given"));
	free(told);
}

static int many(void *arg)
{
	int i;

	for (i = 0; i < 100; i++)
		if (mkdir("many", 0700) || rename("many", "more") || rmdir("more"))
			return 1;
	return 0;
}

TEST_F(file_name, each_call_is_told_once)
{
	int status;
	struct told *told = deed_in_child(self->ev, "file.", many, NULL, &status);

	EXPECT_EQ(0, status);
	EXPECT_EQ(300, told->n);
	EXPECT_STREQ("file.rmdir", told_at(told, 0)->type->name);
	EXPECT_STREQ("file.rename", told_at(told, 1)->type->name);
	EXPECT_STREQ("file.mkdir", told_at(told, 2)->type->name);
	free(told);
}

TEST_HARNESS_MAIN
