// SPDX-License-Identifier: MIT
/* file.mount, file.umount, file.pivot_root: by the old calls and the new ones, done and refused. */
#include <sys/syscall.h>

#include "file_deed.h"

static const char *const names[] = { "file.mount", "file.umount", "file.pivot_root", NULL };

FIXTURE(file_mount) {
	struct evring *ev;
};

FIXTURE_SETUP(file_mount)
{
	groups_drop();
	deed_folder();
	if (mkdir("bound", 0777) || mkdir("src", 0777) || symlink("bound", "way"))
		abort();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	deed_hooks(self->ev, names, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(file_mount)
{
	deed_hooks(self->ev, names, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

#define EXPECT_MOUNT(_told, _name, _result, _path) do {				\
	ASSERT_EQ(1, (_told)->n);						\
	EXPECT_STREQ((_name), told_at(_told, 0)->type->name);			\
	EXPECT_EQ((_result), told_result(told_at(_told, 0)));			\
	EXPECT_STREQ((_path), told_text(told_at(_told, 0), "path"));		\
} while (0)

TEST_F(file_mount, mount_and_umount_tell_place_source_kind_and_flags)
{
	const struct evring_event *event;
	struct told *told;

	ASSERT_EQ(0, mount("some", "way", "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k"));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/bound");
	EXPECT_STREQ("some", told_text(event, "source"));
	EXPECT_STREQ("tmpfs", told_text(event, "type"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_NOSUID"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_NOEXEC"));
	EXPECT_FALSE(told_flag(event, "flags", "MS_BIND"));
	free(told);
	ASSERT_EQ(0, umount2("bound", MNT_DETACH));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.umount", 0, DIR_PATH "/bound");
	EXPECT_STREQ("tmpfs", told_text(event, "type"));
	EXPECT_TRUE(told_flag(event, "flags", "MNT_DETACH"));
	free(told);
	ASSERT_EQ(0, mount("src", "bound", NULL, MS_BIND, NULL));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/bound");
	EXPECT_STREQ("src", told_text(event, "source"));
	EXPECT_STREQ("", told_text(event, "type"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_BIND"));
	free(told);
	ASSERT_EQ(0, umount("bound"));
}

static int mount_as_nobody(void *arg)
{
	deed_as_nobody();
	return mount("none", "way", "tmpfs", 0, NULL) ? errno : 0;
}

static int move_as_nobody(void *arg)
{
	deed_as_nobody();
	return syscall(SYS_move_mount, AT_FDCWD, "src", AT_FDCWD, "bound", 0) ? errno : 0;
}

TEST_F(file_mount, a_refused_mount_is_told)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "file.", mount_as_nobody, NULL, &status);
	EXPECT_EQ(EPERM, status);
	EXPECT_MOUNT(told, "file.mount", -EPERM, DIR_PATH "/bound");
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	free(told);
	told = deed_in_child(self->ev, "file.", move_as_nobody, NULL, &status);
	EXPECT_EQ(EPERM, status);
	EXPECT_MOUNT(told, "file.mount", -EPERM, "");
	free(told);
	EXPECT_EQ(-1, umount("src"));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.umount", -EINVAL, DIR_PATH "/src");
	free(told);
	EXPECT_EQ(-1, mount("none", "bound", "no-such-kind", 0, NULL));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.mount", -ENODEV, DIR_PATH "/bound");
	EXPECT_STREQ("no-such-kind", told_text(told_at(told, 0), "type"));
	free(told);
}

/* A kind that no filesystem has may be as long as a path; it loses its end. */
TEST_F(file_mount, a_long_source_is_whole_and_a_long_kind_is_said_to_be_cut)
{
	char source[4090], kind[100];
	const struct evring_event *event;
	struct told *told;
	const char *kept;

	memset(source, 's', sizeof(source));
	source[sizeof(source) - 1] = '\0';
	memset(kind, 'k', sizeof(kind));
	kind[sizeof(kind) - 1] = '\0';
	ASSERT_EQ(-1, mount(source, "bound", kind, 0, NULL));
	ASSERT_EQ(ENODEV, errno);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.mount", -ENODEV, DIR_PATH "/bound");
	event = told_at(told, 0);
	EXPECT_STREQ(source, told_text(event, "source"));
	EXPECT_FALSE(told_number(event, "source_truncated"));
	kept = told_text(event, "type");
	EXPECT_GT(sizeof(kind) - 1, strlen(kept));
	EXPECT_EQ(strlen(kept), strspn(kept, "k"));
	EXPECT_TRUE(told_number(event, "type_truncated"));
	free(told);
	ASSERT_EQ(-1, mount("source", "bound", "kind", 0, NULL));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", -ENODEV, DIR_PATH "/bound");
	EXPECT_FALSE(told_number(event, "source_truncated"));
	EXPECT_FALSE(told_number(event, "type_truncated"));
	free(told);
}

TEST_F(file_mount, the_new_calls_tell_what_they_attach_and_move)
{
	const struct evring_event *event;
	struct told *told;
	int fs, mnt;

	fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	ASSERT_LE(0, fs);
	ASSERT_EQ(0, syscall(SYS_fsconfig, fs, 6 /* create */, NULL, NULL, 0));
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	ASSERT_LE(0, mnt);
	ASSERT_EQ(0, syscall(SYS_move_mount, mnt, "", AT_FDCWD, "way", 4 | 0x10));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/bound");
	EXPECT_STREQ("tmpfs", told_text(event, "type"));
	EXPECT_FALSE(told_flag(event, "flags", "MS_MOVE"));
	free(told);
	close(mnt);
	close(fs);
	/* A folder that is shown at another place, as mount(8) binds it by these calls */
	mnt = (int)syscall(SYS_open_tree, AT_FDCWD, "src", 1 /* clone */);
	ASSERT_LE(0, mnt);
	ASSERT_EQ(0, syscall(SYS_move_mount, mnt, "", AT_FDCWD, "src", 4));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/src");
	/* Within its filesystem, which may begin anywhere */
	EXPECT_STREQ("/src]", strrchr(told_text(event, "source"), '/'));
	EXPECT_EQ(0, told_number(event, "flags"));
	free(told);
	close(mnt);
	ASSERT_EQ(0, umount("src"));
	/* Nothing below a shared mount moves. */
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	deed_read_past(self->ev);
	ASSERT_EQ(0, syscall(SYS_move_mount, AT_FDCWD, "bound", AT_FDCWD, "src", 0));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/src");
	EXPECT_STREQ(DIR_PATH "/bound", told_text(event, "source"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_MOVE"));
	free(told);
	ASSERT_EQ(0, umount("src"));
}

static int join(const char *cgroup)
{
	char name[64];
	int fd, ret;

	snprintf(name, sizeof(name), "%s/cgroup.procs", cgroup);
	fd = open(name, O_WRONLY);
	ret = write(fd, "0", 1) == 1 ? 0 : -1;
	close(fd);
	return ret;
}

/* fsmount() makes one of a part of a filesystem, too: it is no clone of a folder. */
TEST_F(file_mount, a_part_of_a_filesystem_is_told_with_its_filesystem)
{
	const struct evring_event *event;
	const char *source;
	struct told *told;
	int fs, mnt;

	ASSERT_EQ(0, mkdir("cgroups", 0700) + mount("none", "cgroups", "cgroup2", 0, NULL));
	ASSERT_EQ(0, mkdir("cgroups/part", 0700));
	ASSERT_EQ(0, join("cgroups/part"));
	ASSERT_EQ(0, unshare(CLONE_NEWCGROUP));
	deed_read_past(self->ev);
	fs = (int)syscall(SYS_fsopen, "cgroup2", 0);
	ASSERT_LE(0, fs);
	ASSERT_EQ(0, syscall(SYS_fsconfig, fs, 6 /* create */, NULL, NULL, 0));
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	ASSERT_LE(0, mnt);
	ASSERT_EQ(0, syscall(SYS_move_mount, mnt, "", AT_FDCWD, "src", 4));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/src");
	source = told_text(event, "source");
	EXPECT_EQ(source, strstr(source, "cgroup"));
	EXPECT_STREQ("[/part]", strchr(source, '['));
	EXPECT_EQ(0, told_number(event, "flags"));
	free(told);
	close(mnt);
	close(fs);
	ASSERT_EQ(0, umount("src"));
	ASSERT_EQ(0, join("cgroups"));
	ASSERT_EQ(0, rmdir("cgroups/part") + umount("cgroups") + rmdir("cgroups"));
}

/* It is refused, and it is no mount that is mounted nowhere. */
TEST_F(file_mount, a_root_that_is_to_be_moved_is_told_by_its_path)
{
	const struct evring_event *event;
	struct told *told;
	int result;

	/* From 7.0 on it is ELOOP. */
	ASSERT_EQ(-1, syscall(SYS_move_mount, AT_FDCWD, "/", AT_FDCWD, "src", 0));
	result = -errno;
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", result, DIR_PATH "/src");
	EXPECT_STREQ("/", told_text(event, "source"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_MOVE"));
	free(told);
}

/* A mount keeps 1,900 bytes of a source that has a path. */
TEST_F(file_mount, a_source_with_a_path_that_does_not_fit_is_said_to_be_cut)
{
	enum { FOLDERS = 12 };
	const struct evring_event *event;
	char name[200], end[sizeof(name) + 1] = "/";
	struct told *told;
	const char *kept;
	int i;

	memset(name, 'd', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	strcat(end, name);
	for (i = 0; i < FOLDERS; i++)
		ASSERT_EQ(0, mkdir(name, 0700) + chdir(name));
	ASSERT_EQ(0, mkdir(name, 0700));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", name, "tmpfs", 0, NULL));
	deed_read_past(self->ev);
	ASSERT_EQ(0, syscall(SYS_move_mount, AT_FDCWD, name, AT_FDCWD, DIR_PATH "/src", 0));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/src");
	kept = told_text(event, "source");
	ASSERT_LT(1000, strlen(kept));
	EXPECT_GT(sizeof(name) * FOLDERS, strlen(kept));
	EXPECT_STREQ(end, kept + strlen(kept) - strlen(end));
	EXPECT_TRUE(told_number(event, "source_truncated"));
	free(told);
	ASSERT_EQ(0, chdir(DIR_PATH) + umount("src"));
}

TEST_F(file_mount, a_remount_by_the_new_calls_tells_the_filesystem)
{
	const struct evring_event *event;
	struct told *told;
	int fs;

	ASSERT_EQ(0, mount("none", "bound", "tmpfs", 0, NULL));
	fs = (int)syscall(SYS_fspick, AT_FDCWD, "bound", 0);
	ASSERT_LE(0, fs);
	ASSERT_EQ(0, syscall(SYS_fsconfig, fs, 0 /* flag */, "ro", NULL, 0));
	deed_read_past(self->ev);
	ASSERT_EQ(0, syscall(SYS_fsconfig, fs, 7 /* reconfigure */, NULL, NULL, 0));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_MOUNT(told, "file.mount", 0, "/");
	EXPECT_TRUE(told_flag(event, "path_flags", "local"));
	EXPECT_STREQ("tmpfs", told_text(event, "type"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_REMOUNT"));
	EXPECT_TRUE(told_flag(event, "flags", "MS_RDONLY"));
	free(told);
	close(fs);
	/* mount() tells of its own remount alone. */
	ASSERT_EQ(0, mount("none", "bound", NULL, MS_REMOUNT, NULL));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/bound");
	free(told);
	ASSERT_EQ(0, umount("bound"));
}

TEST_F(file_mount, a_mount_that_joins_a_sharing_group_goes_nowhere)
{
	struct told *told;

	ASSERT_EQ(0, mount("none", "bound", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount("none", "bound", NULL, MS_SHARED, NULL));
	ASSERT_EQ(0, mount("bound", "src", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount("none", "src", NULL, MS_PRIVATE, NULL));
	deed_read_past(self->ev);
	ASSERT_EQ(0, syscall(SYS_move_mount, AT_FDCWD, "bound", AT_FDCWD, "src",
			     0x100 /* MOVE_MOUNT_SET_GROUP */));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	ASSERT_EQ(0, umount("src") + umount("bound"));
}

/* The kernel's first root cannot be replaced: from a root of our own */
static int pivot(void *arg)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "bound", "tmpfs", 0, NULL) || chroot("bound") || chdir("/") ||
	    mkdir("new", 0700) || mount("none", "new", "tmpfs", 0, NULL) ||
	    mkdir("new/old", 0700) || symlink("new", "way") ||
	    syscall(SYS_pivot_root, "way", "way/old"))
		return errno;
	return 0;
}

static int pivot_as_nobody(void *arg)
{
	deed_as_nobody();
	return syscall(SYS_pivot_root, "bound", "src") ? errno : 0;
}

TEST_F(file_mount, pivot_root_tells_both_folders)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, "file.pivot_root", pivot, NULL, &status);
	EXPECT_EQ(0, status);
	EXPECT_MOUNT(told, "file.pivot_root", 0, "/new");
	event = told_at(told, 0);
	EXPECT_STREQ("/new/old", told_text(event, "put_old"));
	EXPECT_EQ(0, told_number(event, "path_flags") | told_number(event, "put_old_flags"));
	free(told);
	told = deed_in_child(self->ev, "file.pivot_root", pivot_as_nobody, NULL, &status);
	EXPECT_EQ(EPERM, status);
	EXPECT_MOUNT(told, "file.pivot_root", -EPERM, "");
	free(told);
}

static int umount_as_nobody(void *arg)
{
	deed_as_nobody();
	return umount2("bound", MNT_DETACH) ? errno : 0;
}

/* In namespaces of the user's own, where that is allowed */
static int mount_in_own(void *arg)
{
	deed_as_nobody();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return 77;
	if (mount("none", "way", "tmpfs", MS_NODEV, NULL))
		return errno;
	*(uint64_t *)arg = ns_inode("/proc/self/ns/mnt");
	return umount("bound") ? errno : 0;
}

TEST_F(file_mount, another_user_is_told_with_what_is_done_and_what_is_refused)
{
	uint64_t *mntns = deed_shared(sizeof(*mntns));
	struct told *told;
	int status, i;

	ASSERT_EQ(0, mount("none", "bound", "tmpfs", 0, NULL));
	told = deed_in_child(self->ev, "file.", umount_as_nobody, NULL, &status);
	EXPECT_EQ(EPERM, status);
	EXPECT_MOUNT(told, "file.umount", -EPERM, DIR_PATH "/bound");
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "MNT_DETACH"));
	free(told);
	ASSERT_EQ(0, umount("bound"));
	told = deed_in_child(self->ev, "file.", mount_in_own, mntns, &status);
	if (status == 77) {
		note("not on this kernel: namespaces of another user's own");
	} else {
		ASSERT_EQ(0, status);
		ASSERT_EQ(2, told->n);
		EXPECT_STREQ("file.mount", told_at(told, 1)->type->name);
		EXPECT_STREQ("file.umount", told_at(told, 0)->type->name);
		for (i = 0; i < 2; i++) {
			EXPECT_EQ(0, told_result(told_at(told, i)));
			EXPECT_STREQ(DIR_PATH "/bound", told_text(told_at(told, i), "path"));
			EXPECT_EQ(65534, told_number(told_at(told, i), "uid"));
			EXPECT_EQ(*mntns, told_number(told_at(told, i), "mntns"));
		}
	}
	free(told);
	munmap(mntns, sizeof(*mntns));
}

#ifdef __x86_64__
TEST_F(file_mount, calls_of_32_bit_programs_are_told)
{
	char *low = deed_low(4096), *type = low + 64, *source = low + 128, *old = low + 192;
	struct told *told;
	long ret;

	strcpy(low, "way");
	strcpy(type, "tmpfs");
	strcpy(source, "some");
	strcpy(old, "src");
	ret = deed_call32(21, (long)source, (long)low, (long)type, MS_NOSUID, 0);	/* mount */
	if (ret == -ENOSYS) {
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, ret);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.mount", 0, DIR_PATH "/bound");
	EXPECT_STREQ("some", told_text(told_at(told, 0), "source"));
	EXPECT_STREQ("tmpfs", told_text(told_at(told, 0), "type"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "MS_NOSUID"));
	free(told);
	ASSERT_EQ(0, deed_call32(52, (long)low, MNT_DETACH, 0, 0, 0));	/* umount2 */
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.umount", 0, DIR_PATH "/bound");
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "MNT_DETACH"));
	free(told);
	ASSERT_EQ(-EINVAL, deed_call32(217, (long)low, (long)old, 0, 0, 0));	/* pivot_root */
	told = told_read(self->ev, "file.", getpid());
	EXPECT_MOUNT(told, "file.pivot_root", -EINVAL, DIR_PATH "/bound");
	EXPECT_STREQ(DIR_PATH "/src", told_text(told_at(told, 0), "put_old"));
	free(told);
	munmap(low, 4096);
}
#endif

TEST_HARNESS_MAIN
