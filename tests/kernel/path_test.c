// SPDX-License-Identifier: MIT
/*
 * A path as it is told, of file.open for one: from the task's root, in its mount
 * namespace, with marks where it is cut, deleted or not to be reached.
 */
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "file_open.h"

FIXTURE(path) {
	struct evring *ev;
};

FIXTURE_SETUP(path)
{
	self->ev = opens_start();
}

FIXTURE_TEARDOWN(path)
{
	opens_end(self->ev);
}

TEST_F(path, a_file_below_a_bind_mount_is_told_where_it_is_mounted)
{
	ASSERT_EQ(0, mkdir("bound", 0755) + mkdir("src", 0755));
	deed_file("src/x", "x");
	ASSERT_EQ(0, mount("src", "bound", NULL, MS_BIND, NULL));
	EXPECT_OPEN(self->ev, open("bound/x", O_RDONLY), DIR_PATH "/bound/x", "bound/x");
	ASSERT_EQ(0, umount("bound"));
}

static int open_in_chroot(void *arg)
{
	if (chroot(DIR_PATH) || chdir("/sub"))
		return 1;
	return open("../link", O_RDONLY) < 0;
}

TEST_F(path, a_chroot_tells_paths_from_its_own_root)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	ASSERT_EQ(0, mkdir("sub", 0755) + symlink("/a", "link"));
	told = deed_in_child(self->ev, OPEN, open_in_chroot, NULL, &status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ("/a", told_text(event, "path"));
	EXPECT_STREQ("../link", told_text(event, "path_given"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/a"));
	free(told);
}

static int open_outside(void *fd)
{
	if (chroot(DIR_PATH "/sub") || chdir("/"))
		return 1;
	return openat(*(int *)fd, "a", O_RDONLY) < 0;
}

TEST_F(path, a_path_that_is_not_below_the_root_is_marked)
{
	int status, dir = open(DIR_PATH, O_PATH);
	const struct evring_event *event;
	struct told *told;

	ASSERT_EQ(0, mkdir("sub", 0755));
	told = deed_in_child(self->ev, OPEN, open_outside, &dir, &status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_flag(event, "path_flags", "unreachable"));
	EXPECT_STREQ("a", told_text(event, "path_given"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/a"));
	free(told);
	close(dir);
}

static int open_in_namespace(void *arg)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(DIR_PATH "/src", DIR_PATH "/sub", NULL, MS_BIND, NULL))
		return 1;
	return open("sub/x", O_RDONLY) < 0;
}

TEST_F(path, another_mount_namespace_is_told_with_its_own_path)
{
	const struct evring_event *event;
	struct told *told;
	struct stat st;
	int status;

	ASSERT_EQ(0, mkdir("sub", 0755) + mkdir("src", 0755) + stat("/proc/self/ns/mnt", &st));
	deed_file("src/x", "x");
	told = deed_in_child(self->ev, OPEN, open_in_namespace, NULL, &status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ(DIR_PATH "/sub/x", told_text(event, "path"));
	EXPECT_TRUE(is_of(event, DIR_PATH "/src/x"));
	EXPECT_NE(st.st_ino, told_number(event, "mntns"));
	free(told);
}

TEST_F(path, deleted_files_and_memfds_are_marked)
{
	int fd = open("a", O_RDWR), memfd = memfd_create("secret", 0), again;
	const struct evring_event *event;
	struct told *told;
	char path[64];

	ASSERT_EQ(0, unlink("a"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	deed_read_past(self->ev);
	again = open(path, O_RDONLY);
	ASSERT_LE(0, again);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ(DIR_PATH "/a (deleted)", told_text(event, "path"));
	EXPECT_STREQ(path, told_text(event, "path_given"));
	EXPECT_TRUE(told_flag(event, "path_flags", "deleted"));
	close(again);
	free(told);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	again = open(path, O_RDONLY);
	ASSERT_LE(0, again);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ("/memfd:secret (deleted)", told_text(told_at(told, 0), "path"));
	close(again);
	close(memfd);
	close(fd);
	free(told);
}

TEST_F(path, names_can_have_any_bytes)
{
	deed_file("\xff\xfe\n\x01\"", "x");
	EXPECT_OPEN(self->ev, open("\xff\xfe\n\x01\"", O_RDONLY), DIR_PATH "/\xff\xfe\n\x01\"",
		    "\xff\xfe\n\x01\"");
}

/* A path of 4095 bytes is the longest that a call takes. */
TEST_F(path, the_longest_path_is_told_whole)
{
	char given[4096];
	size_t len = strlen(DIR_PATH);

	memset(given, '/', sizeof(given));
	memcpy(given, DIR_PATH, len);
	strcpy(given + sizeof(given) - 2, "a");
	ASSERT_EQ(4095, strlen(given));
	EXPECT_OPEN(self->ev, open(given, O_RDONLY), DIR_PATH "/a", given);
}

TEST_F(path, a_deeper_path_loses_its_front_and_says_so)
{
	static char name[201], whole[60 * 202];
	const struct evring_event *event;
	struct told *told;
	const char *path;
	int i, fd;

	memset(name, 'n', 200);
	strcpy(whole, DIR_PATH);
	for (i = 0; i < 30; i++) {
		name[0] = (char)('A' + i % 26);
		sprintf(whole + strlen(whole), "/%s", name);
		ASSERT_EQ(0, mkdir(name, 0755) + chdir(name));
	}
	strcat(whole, "/file");
	deed_file("file", "x");
	deed_read_past(self->ev);
	fd = open("file", O_RDONLY);
	ASSERT_LE(0, fd);
	told = told_read(self->ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	path = told_text(event, "path");
	EXPECT_TRUE(told_flag(event, "path_flags", "cut"));
	EXPECT_EQ(4096, strlen(path));
	EXPECT_STREQ(whole + strlen(whole) - strlen(path), path);
	close(fd);
	free(told);
	/* And if there is no such file: the folder's path is cut, the given one is not. */
	EXPECT_EQ(-1, open("none-such", O_RDONLY));
	told = told_read(self->ev, OPEN, getpid());
	path = told_text(told_at(told, 0), "path");
	EXPECT_TRUE(told_flag(told_at(told, 0), "path_flags", "cut"));
	EXPECT_STREQ("/none-such", path + strlen(path) - 10);
	EXPECT_STREQ("none-such", told_text(told_at(told, 0), "path_given"));
	free(told);
	/* Deeper than rm can go */
	ASSERT_EQ(0, unlink("file"));
	while (i--) {
		name[0] = (char)('A' + i % 26);
		ASSERT_EQ(0, chdir("..") + rmdir(name));
	}
}

static uint64_t inode_by(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		abort();
	return st.st_ino;
}

/* One open by this process that fails: with which path it is told */
static void check_refused(struct __test_metadata *_metadata, struct evring *ev, int dir,
			  const char *given, int error, const char *path)
{
	struct told *told;

	deed_read_past(ev);
	ASSERT_EQ(-1, openat(dir, given, O_RDONLY));
	ASSERT_EQ(error, errno);
	told = told_read(ev, OPEN, getpid());
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(strlen(path), told_text_len(told_at(told, 0), "path"));
	EXPECT_STREQ(path, told_text(told_at(told, 0), "path"));
	free(told);
}

/* A filesystem's own name for a file without a path is the whole text. */
TEST_F(path, a_folder_that_is_none_has_its_made_up_name)
{
	char path[PATH_MAX], given[PATH_MAX - 240], name[250];
	int ends[2], memfd;

	ASSERT_EQ(0, pipe(ends));
	snprintf(path, sizeof(path), "pipe:[%llu]/below",
		 (unsigned long long)inode_by(ends[0]));
	check_refused(_metadata, self->ev, ends[0], "below", ENOTDIR, path);
	/* A name for which there is no room gives way to the inode. */
	memset(name, 'n', sizeof(name) - 2);
	name[sizeof(name) - 2] = '\0';
	memfd = memfd_create(name, 0);
	ASSERT_LE(0, memfd);
	for (size_t i = 0; i < sizeof(given); i++)
		given[i] = i % 2 ? '/' : 'g';
	given[sizeof(given) - 1] = '\0';
	snprintf(path, sizeof(path), "tmpfs:[%llu]/%s", (unsigned long long)inode_by(memfd), given);
	check_refused(_metadata, self->ev, memfd, given, ENOTDIR, path);
}

#ifdef UDMABUF_CREATE
/* dma-buf's own way to make a name up takes a lock: it is not called. */
TEST_F(path, a_dma_buf_is_told_by_its_inode)
{
	struct udmabuf_create create = { .size = (uint64_t)getpagesize() };
	char given[64], path[64];
	int device, fd;

	device = open("/dev/udmabuf", O_RDWR);
	if (device < 0)
		SKIP(return, "no /dev/udmabuf");
	create.memfd = (uint32_t)memfd_create("m", MFD_ALLOW_SEALING);
	ASSERT_EQ(0, ftruncate((int)create.memfd, getpagesize()));
	ASSERT_EQ(0, fcntl((int)create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	fd = ioctl(device, UDMABUF_CREATE, &create);
	ASSERT_LE(0, fd) TH_LOG("%s", strerror(errno));
	snprintf(given, sizeof(given), "/proc/self/fd/%d", fd);
	snprintf(path, sizeof(path), "dmabuf:[%llu]", (unsigned long long)inode_by(fd));
	check_refused(_metadata, self->ev, AT_FDCWD, given, ENXIO, path);
	close(fd);
}
#endif

TEST_HARNESS_MAIN
