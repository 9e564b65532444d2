/* SPDX-License-Identifier: MIT */
/* What the acts of rules_test do: each returns 0 or the error that it ended with. */
#ifndef EVRING_TEST_RULES_DEED_H
#define EVRING_TEST_RULES_DEED_H

#include <sys/time.h>
#include <sys/timex.h>

#include "rules_act.h"

#define MODULE	"evring_heartbeat"

/*
 * Files
 */

static inline int do_open(const struct act *act)
{
	int fd = open(act->path, act->number, 0644);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* An act can be repeated: it undoes the last one. */
static inline int do_symlink(const struct act *act)
{
	unlink(act->to);
	return symlink(act->path, act->to) ? errno : 0;
}

static inline int do_link(const struct act *act)
{
	unlink(act->to);
	return link(act->path, act->to) ? errno : 0;
}

static inline int do_rename(const struct act *act)
{
	deed_file(act->path, "new");
	return rename(act->path, act->to) ? errno : 0;
}

static inline int do_unlink(const struct act *act)
{
	if (!act->fails)
		deed_file(act->path, "");
	return unlink(act->path) ? errno : 0;
}

static inline int do_rmdir(const struct act *act)
{
	if (!act->fails && mkdir(act->path, 0755))
		return errno;
	return rmdir(act->path) ? errno : 0;
}

static inline int do_truncate(const struct act *act)
{
	return truncate(act->path, act->number) ? errno : 0;
}

/* A memfd that may not shrink: its owner is refused, too. */
static inline int do_truncate_sealed(const struct act *act)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, "x", 1) != 1 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		abort();
	return ftruncate(fd, 0) ? errno : 0;
}

static inline int do_chmod(const struct act *act)
{
	return chmod("/etc/other", 0640) ? errno : 0;
}

static inline int do_chown(const struct act *act)
{
	return chown("/etc/other", 1000, 1000) ? errno : 0;
}

static inline int do_setxattr(const struct act *act)
{
	if (!setxattr("/etc/other", "trusted.rules", "x", 1, 0))
		return 0;
	return errno == ENOTSUP ? NO_ACT : errno;
}

static inline int do_mount(const struct act *act)
{
	if (mount("none", "/mnt", "tmpfs", 0, NULL) || umount("/mnt"))
		return errno;
	return 0;
}

/*
 * Programs: each is /bin/true by another name.
 */

static inline const char **true_argv(const struct act *act, const char *argv[6])
{
	unsigned int i;

	argv[0] = "true";
	for (i = 0; i < 4; i++)
		argv[i + 1] = act->argv[i];
	argv[5] = NULL;
	return argv;
}

static inline int do_exec(const struct act *act)
{
	const char *argv[6];

	execv(act->path, (char *const *)true_argv(act, argv));
	return errno;
}

static inline int do_exec_unprivileged(const struct act *act)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN))
		return errno;
	return do_exec(act);
}

/* A program whose capability is not in the bounding set, by a user without any */
static inline int do_exec_incapable(const struct act *act)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1u << CAP_SYS_TIME,
	};

	if (setxattr(act->path, "security.capability", &caps, XATTR_CAPS_SZ_2, 0))
		return errno == ENOTSUP ? NO_ACT : errno;
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_TIME) || setresuid(1000, 1000, 1000))
		return errno;
	return do_exec(act);
}

static inline int exec_fd(int fd)
{
	char *const argv[] = { "true", NULL };

	syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
	return errno;
}

static inline int do_exec_memfd(const struct act *act)
{
	int fd = memfd_create("tool", MFD_CLOEXEC), in = open("/bin/true", O_RDONLY);
	char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return errno;
	return exec_fd(fd);
}

static inline int do_exec_deleted(const struct act *act)
{
	int fd;

	copy_file("/bin/true", "/tmp/deleted");
	fd = open("/tmp/deleted", O_RDONLY | O_CLOEXEC);
	if (unlink("/tmp/deleted"))
		return errno;
	return exec_fd(fd);
}

/* A container's image below, and its own files above. */
static inline int do_exec_over(const struct act *act)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return errno;
	if (mount("image", "/over/merged", "overlay", 0,
		  "lowerdir=/over/lower,upperdir=/over/upper,workdir=/over/work"))
		return errno == ENODEV ? NO_ACT : errno;
	copy_file("/bin/true", "/over/merged/dropped");
	return do_exec(act);
}

static inline int do_seize(const struct act *act)
{
	pid_t child = fork();
	int ret;

	if (!child)
		for (;;)
			pause();
	ret = ptrace(act->number ?: PTRACE_SEIZE, child, 0, 0) ? errno : 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return ret;
}

static inline int do_traceme(const struct act *act)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0;
}

static inline int do_nothing(const struct act *act)
{
	return 0;
}

static inline int do_setsid(const struct act *act)
{
	return setsid() < 0 ? errno : 0;
}

/* A process cannot change its loginuid without CAP_AUDIT_CONTROL. */
static inline int do_login_again(const struct act *act)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	if (fd < 0 || setresuid(1000, 1000, 1000))
		return errno;
	return write(fd, "1001", 4) < 0 ? errno : 0;
}

/*
 * Sockets
 */

/* A network of one's own, in which this address is ours: ::1, or one of IPv4 */
static inline void network(const union address *a)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	if (unshare(CLONE_NEWNET) || close(fd))
		abort();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(&ifr.ifr_addr, &a->v4, sizeof(a->v4));
	if (fd < 0 || (a->any.sa_family == AF_INET && ioctl(fd, SIOCSIFADDR, &ifr)))
		abort();
	ifr.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		abort();
	close(fd);
}

/* connect() in such a network, to a listener of our own unless @fails says so; the socket */
static inline int connecting(const char *address, int port, int fails, int *error)
{
	int one = 1, wait = fails == EINPROGRESS ? SOCK_NONBLOCK : 0, server, fd;
	union address a = ip(address, port);

	network(&a);
	server = socket(a.any.sa_family, SOCK_STREAM, 0);
	fd = socket(a.any.sa_family, SOCK_STREAM | wait, 0);
	*error = fd < 0 ? NO_ACT : 0;
	if (fd < 0)
		return fd;
	if (setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(server, &a.any, ip_len(&a)) || (fails != ECONNREFUSED && listen(server, 1)))
		abort();
	if (connect(fd, &a.any, ip_len(&a)))
		*error = errno;
	return fd;
}

static inline int do_connect(const struct act *act)
{
	int error;

	close(connecting(act->path, act->number, act->fails, &error));
	return error;
}

static inline int do_redirect(const struct act *act)
{
	int error, fd = connecting(act->number == AF_INET6 ? "::1" : "127.0.0.1", 4444, 0, &error);

	if (error)
		return error;
	return dup2(fd, 1) == 1 ? 0 : errno;
}

static inline int do_redirect_unix(const struct act *act)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return errno;
	return dup2(pair[0], 1) == 1 ? 0 : errno;
}

static inline int do_socket(const struct act *act)
{
	int fd = socket(act->number, SOCK_RAW, act->number == AF_INET ? IPPROTO_ICMP : 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? NO_ACT : errno;
	close(fd);
	return 0;
}

/*
 * The host
 */

static inline int do_module(const struct act *act)
{
	int fd = open("/srv/" MODULE ".ko", O_RDONLY), ret = 0;

	syscall(SYS_delete_module, MODULE, O_NONBLOCK);
	if (syscall(SYS_finit_module, fd, "", 0) ||
	    syscall(SYS_delete_module, MODULE, O_NONBLOCK))
		ret = errno;
	close(fd);
	return ret;
}

enum { TIME_SET, TIME_ADJUST, TIME_ZONE };

/* To its present value */
static inline int do_time(const struct act *act)
{
	struct timex timex = { .modes = ADJ_MAXERROR, .maxerror = 16000000 };
	struct timezone zone = { 0 };
	struct timespec now;

	if (act->number == TIME_ADJUST)
		return adjtimex(&timex) < 0 ? errno : 0;
	if (act->number == TIME_ZONE)
		return settimeofday(NULL, &zone) ? errno : 0;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return errno;
	return clock_settime(CLOCK_REALTIME, &now) ? errno : 0;
}

static inline int do_hostname(const struct act *act)
{
	char name[65];

	if (act->number && unshare(act->number))
		return errno;
	if (gethostname(name, sizeof(name)))
		return errno;
	return sethostname(name, strlen(name)) ? errno : 0;
}

static inline int do_sysctl(const struct act *act)
{
	int fd = open(act->path, O_RDWR), ret = 0;
	char value[64];
	ssize_t n = read(fd, value, sizeof(value));

	if (n <= 0 || pwrite(fd, value, (size_t)n, 0) != n)
		ret = errno;
	close(fd);
	return ret;
}

#endif /* EVRING_TEST_RULES_DEED_H */
