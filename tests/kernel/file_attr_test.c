// SPDX-License-Identifier: MIT
/* file.chmod, file.chown, file.truncate, file.setxattr: before and after, done and refused. */
#include <linux/capability.h>
#include <linux/udmabuf.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "file_deed.h"

static const char *const names[] = {
	"file.chmod", "file.chown", "file.truncate", "file.setxattr", NULL
};

FIXTURE(file_attr) {
	struct evring *ev;
};

FIXTURE_SETUP(file_attr)
{
	groups_drop();
	deed_folder();
	deed_file("a", "content");
	if (symlink("a", "link") || chmod("a", 0644))
		abort();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	deed_hooks(self->ev, names, EVRING_HOOK_ATTACH);
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(file_attr)
{
	deed_hooks(self->ev, names, EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* One event of type @_name about the file a, that ended so */
#define EXPECT_ATTR(_told, _name, _result) do {					\
	ASSERT_EQ(1, (_told)->n);						\
	EXPECT_STREQ((_name), told_at(_told, 0)->type->name);			\
	EXPECT_EQ((_result), told_result(told_at(_told, 0)));			\
	EXPECT_EQ(deed_inode(DIR_PATH "/a"), told_number(told_at(_told, 0), "inode")); \
	EXPECT_EQ(deed_dev(DIR_PATH "/a"), told_number(told_at(_told, 0), "dev"));	\
	EXPECT_TRUE(told_called(told_at(_told, 0), "file_type", "regular"));	\
} while (0)

#define EXPECT_CHMOD(_ev, _call, _old, _new) do {				\
	struct told *_told;							\
										\
	ASSERT_EQ(0, (_call));							\
	_told = told_read(_ev, "file.", getpid());				\
	EXPECT_ATTR(_told, "file.chmod", 0);					\
	EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(_told, 0), "path"));	\
	EXPECT_EQ(0, told_number(told_at(_told, 0), "path_flags"));		\
	EXPECT_EQ((_old), told_number(told_at(_told, 0), "old_mode"));		\
	EXPECT_EQ((_new), told_number(told_at(_told, 0), "new_mode"));		\
	free(_told);								\
} while (0)

static int chmod_as_nobody(void *path)
{
	deed_as_nobody();
	return chmod(path, 04777) ? errno : 0;
}

TEST_F(file_attr, chmod_tells_permissions_before_and_after)
{
	struct told *told;
	int fd = open("a", O_RDONLY), status;
#ifdef __x86_64__
	char *low = deed_low(4096);
#endif

	EXPECT_CHMOD(self->ev, chmod("link", 04711), 0644, 04711);
	EXPECT_CHMOD(self->ev, fchmod(fd, 0600), 04711, 0600);
	EXPECT_CHMOD(self->ev, fchmodat(AT_FDCWD, "a", 01777, 0), 0600, 01777);
#ifdef __x86_64__
	strcpy(low, "link");
	if (deed_call32(15, (long)low, 0640, 0, 0, 0) != -ENOSYS) {
		deed_read_past(self->ev);
		EXPECT_CHMOD(self->ev, (int)deed_call32(15, (long)low, 0644, 0, 0, 0), 0640, 0644);
	}
	munmap(low, 4096);
#endif
	told = deed_in_child(self->ev, "file.", chmod_as_nobody, "link", &status);
	EXPECT_EQ(EPERM, status);
	EXPECT_ATTR(told, "file.chmod", -EPERM);
	EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(told, 0), "path"));
	EXPECT_EQ(04777, told_number(told_at(told, 0), "new_mode"));
	EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
	free(told);
	close(fd);
}

/* A dma-buf of a page, or -1 if this kernel has none */
static int dmabuf_open(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int device = open("/dev/udmabuf", O_RDWR), fd = -1;
	int memory = memfd_create("pages", MFD_ALLOW_SEALING);

	create.memfd = (uint32_t)memory;
	create.size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (device >= 0 && !ftruncate(memory, (off_t)create.size) &&
	    !fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		fd = ioctl(device, UDMABUF_CREATE, &create);
	close(device);
	close(memory);
	return fd;
}

/* As /proc tells it, but for a dma-buf, whose name takes a lock that sleeps on PREEMPT_RT. */
TEST_F(file_attr, a_name_that_is_made_up_is_told_as_proc_tells_it)
{
	int fds[3] = { memfd_create("some", 0), dmabuf_open() }, ends[2], i;
	char link[64], name[256];
	struct told *told;
	struct stat st;

	ASSERT_EQ(0, pipe(ends));
	fds[2] = ends[0];
	for (i = 0; i < 3; i++) {
		if (fds[i] < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fds[i]);
		memset(name, 0, sizeof(name));
		ASSERT_LT(0, readlink(link, name, sizeof(name) - 1));
		ASSERT_EQ(0, fstat(fds[i], &st));
		if (i == 1)
			snprintf(name, sizeof(name), "dmabuf:[%llu]",
				 (unsigned long long)st.st_ino);
		deed_read_past(self->ev);
		fchmod(fds[i], 0600);
		told = told_read(self->ev, "file.chmod", getpid());
		ASSERT_EQ(1, told->n);
		EXPECT_STREQ(name, told_text(told_at(told, 0), "path"));
		free(told);
		close(fds[i]);
	}
	close(ends[1]);
}

TEST_F(file_attr, chown_tells_owners_before_and_after)
{
	const struct evring_event *event;
	struct told *told;
	int fd = open("a", O_RDONLY);

	ASSERT_EQ(0, chown("link", 1234, -1));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.chown", 0);
	EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "old_owner"));
	EXPECT_EQ(0, told_number(event, "old_group"));
	EXPECT_EQ(1234, told_number(event, "new_owner"));
	EXPECT_EQ(UINT32_MAX, told_number(event, "new_group"));
	free(told);
	ASSERT_EQ(0, fchown(fd, 0, 77));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.chown", 0);
	EXPECT_EQ(1234, told_number(event, "old_owner"));
	EXPECT_EQ(0, told_number(event, "new_owner"));
	EXPECT_EQ(77, told_number(event, "new_group"));
	free(told);
	ASSERT_EQ(0, lchown("link", 5, 5));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_STREQ(DIR_PATH "/link", told_text(event, "path"));
	EXPECT_TRUE(told_called(event, "file_type", "symlink"));
	free(told);
	close(fd);
}

static int truncate_as_nobody(void *path)
{
	deed_as_nobody();
	return truncate(path, 0) ? errno : 0;
}

TEST_F(file_attr, truncate_tells_sizes_before_and_after)
{
	const struct evring_event *event;
	struct told *told;
	int fd = open("a", O_RDWR), status;

	ASSERT_EQ(0, truncate("link", 3));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.truncate", 0);
	EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
	EXPECT_EQ(7, told_number(event, "old_size"));
	EXPECT_EQ(3, told_number(event, "new_size"));
	free(told);
	ASSERT_EQ(0, ftruncate(fd, 5000000000));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.truncate", 0);
	EXPECT_STREQ(DIR_PATH "/a", told_text(event, "path"));
	EXPECT_EQ(3, told_number(event, "old_size"));
	EXPECT_EQ(5000000000, told_number(event, "new_size"));
	free(told);
	told = deed_in_child(self->ev, "file.", truncate_as_nobody, "link", &status);
	EXPECT_EQ(EACCES, status);
	EXPECT_ATTR(told, "file.truncate", -EACCES);
	EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(told, 0), "path"));
	free(told);
	/* It is refused before the filesystem is asked. */
	close(fd);
	fd = open("a", O_RDONLY);
	ASSERT_EQ(-1, ftruncate(fd, 2));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.truncate", -EINVAL);
	EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(told, 0), "path"));
	EXPECT_EQ(2, told_number(told_at(told, 0), "new_size"));
	EXPECT_EQ(5000000000, told_number(told_at(told, 0), "old_size"));
	free(told);
	/* An open that empties a file says so itself. */
	close(open("a", O_WRONLY | O_TRUNC));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_EQ(0, told->n);
	free(told);
	close(fd);
}

TEST_F(file_attr, extended_attributes_tell_their_name)
{
	const struct evring_event *event;
	struct told *told;
	int fd = open("a", O_RDONLY), status;

	/* The guest's root is a ramfs or tmpfs: attributes of security and trusted work. */
	if (setxattr("link", "trusted.evring", "value", 5, XATTR_CREATE)) {
		status = errno;
		told = told_read(self->ev, "file.", getpid());
		EXPECT_ATTR(told, "file.setxattr", -status);
		free(told);
		SKIP(return, "no extended attributes here: %s", strerror(status));
	}
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.setxattr", 0);
	EXPECT_STREQ("trusted.evring", told_text(event, "name"));
	EXPECT_EQ(5, told_number(event, "size"));
	EXPECT_EQ(0, told_number(event, "removed"));
	EXPECT_TRUE(told_flag(event, "flags", "XATTR_CREATE"));
	EXPECT_TRUE(told_flag(event, "path_flags", "local"));
	EXPECT_STREQ("/a", strrchr(told_text(event, "path"), '/'));
	free(told);
	EXPECT_EQ(-1, setxattr("a", "trusted.evring", "value", 5, XATTR_CREATE));
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.setxattr", -EEXIST);
	free(told);
	ASSERT_EQ(0, fremovexattr(fd, "trusted.evring"));
	told = told_read(self->ev, "file.", getpid());
	event = told_at(told, 0);
	EXPECT_ATTR(told, "file.setxattr", 0);
	EXPECT_STREQ("trusted.evring", told_text(event, "name"));
	EXPECT_EQ(1, told_number(event, "removed"));
	free(told);
	close(fd);
}

/* Access for one user more, as acl(5) has it in an attribute's value */
struct acl_value {
	uint32_t version;
	struct {
		uint16_t tag, perm;
		uint32_t id;
	} entries[5];
};

#define ACL	"system.posix_acl_access"

TEST_F(file_attr, an_access_control_list_tells_its_name)
{
	const struct acl_value value = { 2, {
		{ 0x01, 6, -1U }, { 0x02, 4, 65534 }, { 0x04, 4, -1U }, { 0x10, 4, -1U },
		{ 0x20, 0, -1U },
	} };
	const struct evring_event *event;
	struct told *told;
	int ret = 0;

	ASSERT_EQ(0, mkdir("acl", 0700) + mount("none", "acl", "tmpfs", 0, NULL));
	close(open("acl/file", O_CREAT | O_WRONLY, 0600));
	deed_read_past(self->ev);
	ret = setxattr("acl/file", ACL, &value, sizeof(value), 0) ? errno : 0;
	told = told_read(self->ev, "file.setxattr", getpid());
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-ret, told_result(event));
	EXPECT_STREQ(ACL, told_text(event, "name"));
	EXPECT_STREQ("/file", told_text(event, "path"));
	EXPECT_EQ(0, told_number(event, "removed"));
	free(told);
	if (!ret) {
		ASSERT_EQ(0, removexattr("acl/file", ACL));
		told = told_read(self->ev, "file.setxattr", getpid());
		ASSERT_EQ(1, told->n);
		EXPECT_EQ(0, told_result(told_at(told, 0)));
		EXPECT_STREQ(ACL, told_text(told_at(told, 0), "name"));
		EXPECT_EQ(1, told_number(told_at(told, 0), "removed"));
		free(told);
	}
	ASSERT_EQ(0, umount("acl"));
	if (ret)
		SKIP(return, "no access control lists here: %s", strerror(ret));
}

static void prep_setxattr(struct io_uring_sqe *sqe, void *path)
{
	io_uring_prep_setxattr(sqe, "trusted.ring", "value", path, XATTR_CREATE, 5);
}

static void prep_fsetxattr(struct io_uring_sqe *sqe, void *fd)
{
	io_uring_prep_fsetxattr(sqe, *(int *)fd, "trusted.ring", "longer", XATTR_REPLACE, 6);
}

#define OP_FTRUNCATE	55	/* IORING_OP_FTRUNCATE, of headers that are newer */

static void prep_ftruncate(struct io_uring_sqe *sqe, void *fd)
{
	io_uring_prep_nop(sqe);
	sqe->opcode = OP_FTRUNCATE;
	sqe->fd = *(int *)fd;
	sqe->off = 2;
}

/* The filesystem may have no such attributes: then both are refused, and that is told. */
static void check_uring_xattr(struct __test_metadata *_metadata, struct evring *ev, int fd)
{
	int result = deed_uring(prep_setxattr, "link");
	struct told *told = told_read(ev, "file.", getpid());

	EXPECT_ATTR(told, "file.setxattr", result);
	EXPECT_STREQ("trusted.ring", told_text(told_at(told, 0), "name"));
	EXPECT_EQ(5, told_number(told_at(told, 0), "size"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "XATTR_CREATE"));
	free(told);
	EXPECT_EQ(result, deed_uring(prep_fsetxattr, &fd));
	told = told_read(ev, "file.", getpid());
	EXPECT_ATTR(told, "file.setxattr", result);
	EXPECT_EQ(6, told_number(told_at(told, 0), "size"));
	EXPECT_TRUE(told_flag(told_at(told, 0), "flags", "XATTR_REPLACE"));
	free(told);
}

TEST_F(file_attr, io_uring_tells_the_same_as_a_call)
{
	int fd = open("a", O_RDWR);
	struct told *told;

	if (deed_uring_has(IORING_OP_SETXATTR, "setxattr"))
		check_uring_xattr(_metadata, self->ev, fd);
	if (deed_uring_has(OP_FTRUNCATE, "ftruncate")) {
		ASSERT_EQ(0, deed_uring(prep_ftruncate, &fd));
		told = told_read(self->ev, "file.", getpid());
		EXPECT_ATTR(told, "file.truncate", 0);
		EXPECT_STREQ(DIR_PATH "/a", told_text(told_at(told, 0), "path"));
		EXPECT_EQ(7, told_number(told_at(told, 0), "old_size"));
		EXPECT_EQ(2, told_number(told_at(told, 0), "new_size"));
		free(told);
	}
	close(fd);
}

static int one_by_one(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret;

	if (io_uring_submit(ring) != 1 || io_uring_wait_cqe(ring, &cqe))
		abort();
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* The same rights, in credentials that are others than those of the ring's worker */
static void credentials_renew(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps) || syscall(SYS_capset, &head, caps))
		abort();
}

/* An overlay sets its own attributes with other credentials than the task's, and is not told. */
TEST_F(file_attr, io_uring_does_not_pass_for_an_overlay)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct told *told;
	int result;

	if (!deed_uring_has(IORING_OP_SETXATTR, "setxattr"))
		SKIP(return, "this kernel's io_uring sets no attributes");
	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	ASSERT_EQ(0, one_by_one(&ring));
	credentials_renew();
	io_uring_prep_setxattr(io_uring_get_sqe(&ring), "trusted.overlay.opaque", "y", "a", 0, 1);
	result = one_by_one(&ring);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.setxattr", result);
	EXPECT_STREQ("trusted.overlay.opaque", told_text(told_at(told, 0), "name"));
	free(told);
	io_uring_queue_exit(&ring);
}

/* As another user: acts on a file of that user's own, and refused ones on root's. */
struct act {
	int (*act)(const char *path);
	const char *type;
	int refused;		/* errno, of root's file */
};

static int act_chmod(const char *path)
{
	return chmod(path, 0750);
}

static int act_chown(const char *path)
{
	return chown(path, 65534, 65534);
}

static int act_truncate(const char *path)
{
	return truncate(path, 1);
}

static int act_setxattr(const char *path)
{
	return setxattr(path, "trusted.nobody", "v", 1, 0);
}

struct acting {
	const struct act *act;
	const char *path;
};

static int act_as_nobody(void *arg)
{
	const struct acting *acting = arg;

	deed_as_nobody();
	return acting->act->act(acting->path) ? errno : 0;
}

TEST_F(file_attr, another_user_is_told_with_what_is_done_and_what_is_refused)
{
	static const struct act acts[] = {
		{ act_chmod, "file.chmod", EPERM },
		{ act_chown, "file.chown", EPERM },
		{ act_truncate, "file.truncate", EACCES },
		/* An attribute that only root may set, of whichever file */
		{ act_setxattr, "file.setxattr", EPERM },
	};
	struct acting acting;
	struct told *told;
	unsigned int i;
	int status, own;

	for (i = 0; i < 2 * sizeof(acts) / sizeof(*acts); i++) {
		acting = (struct acting){ &acts[i / 2], "a" };
		own = i % 2 && acting.act->act != act_setxattr;
		ASSERT_EQ(0, chown("a", own ? 65534 : 0, own ? 65534 : 0));
		told = deed_in_child(self->ev, "file.", act_as_nobody, &acting, &status);
		EXPECT_EQ(own ? 0 : acting.act->refused, status) TH_LOG("%s", acting.act->type);
		EXPECT_ATTR(told, acting.act->type, -status);
		EXPECT_EQ(65534, told_number(told_at(told, 0), "uid"));
		EXPECT_EQ(65534, told_number(told_at(told, 0), "euid"));
		EXPECT_EQ(65534, told_number(told_at(told, 0), "gid"));
		EXPECT_STREQ("/a", strrchr(told_text(told_at(told, 0), "path"), '/'));
		free(told);
	}
}

#ifdef __x86_64__
TEST_F(file_attr, calls_of_32_bit_programs_are_told)
{
	char *low = deed_low(4096), *name = low + 64, *value = low + 128;
	struct told *told;
	long ret;

	strcpy(low, "link");
	strcpy(name, "trusted.evring");
	strcpy(value, "value");
	ret = deed_call32(212, (long)low, 1001, 1002, 0, 0);		/* chown32 */
	if (ret == -ENOSYS)
		SKIP(return, "this kernel has no 32-bit calls");
	ASSERT_EQ(0, ret);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.chown", 0);
	EXPECT_EQ(1001, told_number(told_at(told, 0), "new_owner"));
	EXPECT_EQ(1002, told_number(told_at(told, 0), "new_group"));
	free(told);
	ASSERT_EQ(0, deed_call32(92, (long)low, 3, 0, 0, 0));		/* truncate */
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.truncate", 0);
	EXPECT_EQ(3, told_number(told_at(told, 0), "new_size"));
	free(told);
	/* Not each file system has extended attributes. */
	ret = deed_call32(226, (long)low, (long)name, (long)value, 5, XATTR_CREATE);
	told = told_read(self->ev, "file.", getpid());
	EXPECT_ATTR(told, "file.setxattr", ret);
	EXPECT_STREQ("trusted.evring", told_text(told_at(told, 0), "name"));
	EXPECT_EQ(5, told_number(told_at(told, 0), "size"));
	free(told);
	munmap(low, 4096);
}
#endif

TEST_HARNESS_MAIN
