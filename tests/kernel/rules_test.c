// SPDX-License-Identifier: MIT
/*
 * The rules of docs/reference/rules.md. A test is named after its row: the filter is
 * the page's, the deed is an act that the rule must find, and the near miss causes an event
 * of the same type that it must not find.
 */
#include "rules_act.h"
#include "rules_page.h"

FIXTURE(rules) {
	struct evring *ev;
	struct evring_filter *filter;
	struct rule rule;
};

FIXTURE_VARIANT(rules) {
	const char *name;
	struct act deed, near;
};

FIXTURE_SETUP(rules)
{
	groups_drop();
	root_make();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
}

FIXTURE_TEARDOWN(rules)
{
	evring_detach(self->ev, self->rule.event, NULL);
	evring_filter_free(self->filter);
	evring_close(self->ev);
}

/* Of the events of a rule's type: those of one process, and which of all are meant. */
struct seen {
	unsigned int events, hits, others;
};

static struct seen look(struct _test_data_rules *self, pid_t pid)
{
	struct evring_event event;
	struct seen seen = { 0 };

	while (evring_next(self->ev, &event) > 0) {
		if (!event.type || strcmp(event.type->name, self->rule.event))
			continue;
		seen.events += event.rec->pid == (uint32_t)pid;
		if (!evring_filter_match(self->filter, &event))
			continue;
		if (event.rec->pid == (uint32_t)pid)
			seen.hits++;
		else
			seen.others++;
	}
	return seen;
}

/* The page's filter, or none, for the kernel. Returns the hook's state. */
static int attach(struct _test_data_rules *self, const struct evring_filter *filter)
{
	const struct evring_attachment how = { .hook = self->rule.event, .filter = filter };

	return evring_attach_with(self->ev, &how);
}

TEST_F(rules, the_filter_finds_the_deed_and_not_the_near_miss)
{
	struct evring_filter_error error = { 0 };
	const struct evring_type *type;
	struct seen seen;
	int ret;
	pid_t pid;

	ASSERT_TRUE(rule_find(&self->rule, variant->name));
	type = evring_type_by_name(self->ev, self->rule.event);
	ASSERT_NE(NULL, type);
	ret = evring_filter_compile(&self->filter, type, self->rule.filter, &error);
	if (ret)
		note("column %u: %s", error.column, error.text);
	ASSERT_EQ(0, ret);
	ret = attach(self, self->filter);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "%s is not on this kernel", self->rule.event);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, ret);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK, EVRING_LATEST));

	/* In the kernel */
	ret = act_do(&variant->deed, &pid);
	if (ret == NO_ACT)
		SKIP(return, "this kernel lacks what the deed needs");
	ASSERT_EQ(variant->deed.fails, ret);
	seen = look(self, pid);
	EXPECT_EQ(1, seen.events);
	EXPECT_EQ(1, seen.hits);
	EXPECT_EQ(0, seen.others);
	ASSERT_EQ(variant->near.fails, act_do(&variant->near, &pid));
	seen = look(self, pid);
	EXPECT_EQ(0, seen.events + seen.others);

	/* And by the reader, of all there is */
	ASSERT_EQ(EVRING_HOOK_ATTACHED, attach(self, NULL));
	ASSERT_EQ(variant->deed.fails, act_do(&variant->deed, &pid));
	EXPECT_EQ(1, look(self, pid).hits);
	ASSERT_EQ(variant->near.fails, act_do(&variant->near, &pid));
	seen = look(self, pid);
	EXPECT_LE(1, seen.events);	/* else it would be no near miss */
	EXPECT_EQ(0, seen.hits + seen.others);
}

#define RULE(_name, ...) \
	FIXTURE_VARIANT_ADD(rules, _name) { .name = #_name, __VA_ARGS__ }

/*
 * Files
 */

static int do_open(const struct act *act)
{
	int fd = open(act->path, act->number, 0644);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* An act can be repeated: it undoes the last one. */
static int do_symlink(const struct act *act)
{
	unlink(act->to);
	return symlink(act->path, act->to) ? errno : 0;
}

static int do_link(const struct act *act)
{
	unlink(act->to);
	return link(act->path, act->to) ? errno : 0;
}

static int do_rename(const struct act *act)
{
	deed_file(act->path, "new");
	return rename(act->path, act->to) ? errno : 0;
}

static int do_unlink(const struct act *act)
{
	if (!act->fails)
		deed_file(act->path, "");
	return unlink(act->path) ? errno : 0;
}

static int do_rmdir(const struct act *act)
{
	if (!act->fails && mkdir(act->path, 0755))
		return errno;
	return rmdir(act->path) ? errno : 0;
}

static int do_truncate(const struct act *act)
{
	return truncate(act->path, act->number) ? errno : 0;
}

static int do_chmod(const struct act *act)
{
	return chmod("/etc/other", 0640) ? errno : 0;
}

static int do_chown(const struct act *act)
{
	return chown("/etc/other", 1000, 1000) ? errno : 0;
}

static int do_setxattr(const struct act *act)
{
	if (!setxattr("/etc/other", "trusted.rules", "x", 1, 0))
		return 0;
	return errno == ENOTSUP ? NO_ACT : errno;
}

static int do_mount(const struct act *act)
{
	if (mount("none", "/mnt", "tmpfs", 0, NULL) || umount("/mnt"))
		return errno;
	return 0;
}

#define SHADOW_LINK	"/tmp/shadow"

RULE(directory_traversal_monitored_file_read,
     .deed = { .fn = do_open, .path = "/srv/app/../../etc/shadow" },
     .near = { .fn = do_open, .path = "/etc/shadow" });
RULE(read_sensitive_file_untrusted,
     .deed = { .fn = do_open, .path = "/etc/shadow", .comm = "cat" },
     .near = { .fn = do_open, .path = "/etc/shadow", .comm = "passwd" });
RULE(read_sensitive_file_trusted_after_startup,
     .deed = { .fn = do_open, .path = "/etc/shadow", .comm = "sshd" },
     .near = { .fn = do_open, .path = "/etc/shadow", .comm = "cat" });
RULE(clear_log_activities,
     .deed = { .fn = do_open, .path = "/var/log/auth.log", .number = O_WRONLY | O_TRUNC },
     .near = { .fn = do_open, .path = "/var/log/auth.log", .number = O_WRONLY | O_APPEND });
RULE(clear_log_activities_by_truncate,
     .deed = { .fn = do_truncate, .path = "/var/log/auth.log" },
     .near = { .fn = do_truncate, .path = "/etc/other" });
RULE(create_symlink_over_sensitive_files,
     .deed = { .fn = do_symlink, .path = "/etc/shadow", .to = SHADOW_LINK },
     .near = { .fn = do_symlink, .path = "/etc/other", .to = SHADOW_LINK });
RULE(create_hardlink_over_sensitive_files,
     .deed = { .fn = do_link, .path = "/etc/shadow", .to = SHADOW_LINK },
     .near = { .fn = do_link, .path = "/etc/other", .to = SHADOW_LINK });
RULE(detect_release_agent_file_container_escapes,
     .deed = { .fn = do_open, .path = "/srv/release_agent", .number = O_WRONLY,
	      .container = true },
     .near = { .fn = do_open, .path = "/srv/release_agent", .number = O_RDONLY,
	      .container = true });

RULE(time_zone,
     .deed = { .fn = do_rename, .path = "/etc/new", .to = "/etc/localtime" },
     .near = { .fn = do_rename, .path = "/etc/new", .to = "/etc/adjtime" });
RULE(user_and_group_files_written,
     .deed = { .fn = do_open, .path = "/etc/passwd", .number = O_WRONLY | O_APPEND },
     .near = { .fn = do_open, .path = "/etc/passwd", .number = O_RDONLY });
RULE(user_and_group_files_replaced,
     .deed = { .fn = do_rename, .path = "/etc/passwd+", .to = "/etc/passwd" },
     .near = { .fn = do_rename, .path = "/etc/passwd+", .to = "/etc/passwd-" });
RULE(network_configuration_written,
     .deed = { .fn = do_open, .path = "/etc/network/interfaces", .number = O_RDWR | O_CREAT },
     .near = { .fn = do_open, .path = "/etc/hosts", .number = O_RDONLY });
RULE(network_configuration_replaced,
     .deed = { .fn = do_rename, .path = "/etc/new", .to = "/etc/resolv.conf" },
     .near = { .fn = do_rename, .path = "/etc/new", .to = "/srv/resolv.conf" });
RULE(sudoers_written,
     .deed = { .fn = do_open, .path = "/etc/sudoers.d/me", .number = O_WRONLY | O_CREAT },
     .near = { .fn = do_open, .path = "/etc/sudoers", .number = O_RDONLY });
RULE(sudoers_replaced,
     .deed = { .fn = do_rename, .path = "/etc/sudoers.tmp", .to = "/etc/sudoers" },
     .near = { .fn = do_rename, .path = "/etc/new", .to = "/etc/sudoers.tmp" });
RULE(permissions_changed,
     .deed = { .fn = do_chmod, .login = true },
     .near = { .fn = do_chmod });
RULE(owner_changed,
     .deed = { .fn = do_chown, .login = true },
     .near = { .fn = do_chown });
RULE(extended_attributes_changed,
     .deed = { .fn = do_setxattr, .login = true },
     .near = { .fn = do_setxattr });
RULE(access_refused,
     .deed = { .fn = do_open, .path = "/bin/closed", .uid = 1000, .login = true, .fails = EACCES },
     .near = { .fn = do_open, .path = "/bin/none", .uid = 1000, .login = true, .fails = ENOENT });
RULE(truncation_refused,
     .deed = { .fn = do_truncate, .path = "/etc/hosts", .uid = 1000, .login = true,
	      .fails = EACCES },
     .near = { .fn = do_truncate, .path = "/etc/other", .login = true });
RULE(mounts,
     .deed = { .fn = do_mount, .login = true },
     .near = { .fn = do_mount });
RULE(unmounts,
     .deed = { .fn = do_mount, .login = true },
     .near = { .fn = do_mount });
RULE(files_deleted,
     .deed = { .fn = do_unlink, .path = "/tmp/gone", .login = true },
     .near = { .fn = do_unlink, .path = "/tmp/none", .login = true, .fails = ENOENT });
RULE(folders_deleted,
     .deed = { .fn = do_rmdir, .path = "/tmp/gone.d", .login = true },
     .near = { .fn = do_rmdir, .path = "/full", .login = true, .fails = ENOTEMPTY });
RULE(files_renamed,
     .deed = { .fn = do_rename, .path = "/tmp/a", .to = "/tmp/b", .login = true },
     .near = { .fn = do_rename, .path = "/tmp/a", .to = "/tmp/b" });
RULE(login_records_written,
     .deed = { .fn = do_open, .path = "/var/log/lastlog", .number = O_RDWR, .login = true },
     .near = { .fn = do_open, .path = "/var/log/lastlog" });
RULE(session_records_written,
     .deed = { .fn = do_open, .path = "/run/utmp", .number = O_RDWR },
     .near = { .fn = do_open, .path = "/run/utmp" });

/*
 * Programs: each is /bin/true by another name.
 */

static const char **true_argv(const struct act *act, const char *argv[6])
{
	unsigned int i;

	argv[0] = "true";
	for (i = 0; i < 4; i++)
		argv[i + 1] = act->argv[i];
	argv[5] = NULL;
	return argv;
}

static int do_exec(const struct act *act)
{
	const char *argv[6];

	execv(act->path, (char *const *)true_argv(act, argv));
	return errno;
}

static int do_exec_unprivileged(const struct act *act)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN))
		return errno;
	return do_exec(act);
}

static int exec_fd(int fd)
{
	char *const argv[] = { "true", NULL };

	syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
	return errno;
}

static int do_exec_memfd(const struct act *act)
{
	int fd = memfd_create("tool", MFD_CLOEXEC), in = open("/bin/true", O_RDONLY);
	char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return errno;
	return exec_fd(fd);
}

static int do_exec_deleted(const struct act *act)
{
	int fd;

	copy_file("/bin/true", "/tmp/deleted");
	fd = open("/tmp/deleted", O_RDONLY | O_CLOEXEC);
	if (unlink("/tmp/deleted"))
		return errno;
	return exec_fd(fd);
}

/* A container's image below, and its own files above. */
static int do_exec_over(const struct act *act)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return errno;
	if (mount("image", "/over/merged", "overlay", 0,
		  "lowerdir=/over/lower,upperdir=/over/upper,workdir=/over/work"))
		return errno == ENODEV ? NO_ACT : errno;
	copy_file("/bin/true", "/over/merged/dropped");
	return do_exec(act);
}

#define PTS	.terminal = true
#define JAIL	.container = true

RULE(run_shell_untrusted,
     .deed = { .fn = do_exec, .path = "/bin/bash", .parent = "nginx" },
     .near = { .fn = do_exec, .path = "/bin/bash", .parent = "make" });
RULE(system_user_interactive,
     .deed = { .fn = do_exec, .path = "/bin/true", .uid = 33, PTS },
     .near = { .fn = do_exec, .path = "/bin/true", .uid = 33 });
RULE(terminal_shell_in_container,
     .deed = { .fn = do_exec, .path = "/bin/bash", PTS, JAIL },
     .near = { .fn = do_exec, .path = "/bin/bash", PTS });
RULE(netcat_remote_code_execution_in_container,
     .deed = { .fn = do_exec, .path = "/bin/nc", .argv = { "-lvpe", "/bin/sh" }, JAIL },
     .near = { .fn = do_exec, .path = "/bin/nc", .argv = { "-v", "host", "80" }, JAIL });
RULE(search_private_keys_or_passwords,
     .deed = { .fn = do_exec, .path = "/bin/find", .argv = { "/", "-name", "id_rsa" } },
     .near = { .fn = do_exec, .path = "/bin/find", .argv = { "/", "-name", "core" } });
RULE(remove_bulk_data_from_disk,
     .deed = { .fn = do_exec, .path = "/bin/shred", .argv = { "/dev/sda" } },
     .near = { .fn = do_exec, .path = "/bin/grep", .argv = { "/dev/sda" } });
RULE(debugfs_launched_in_privileged_container,
     .deed = { .fn = do_exec, .path = "/bin/debugfs", JAIL },
     .near = { .fn = do_exec_unprivileged, .path = "/bin/debugfs", JAIL });
RULE(find_aws_credentials,
     .deed = { .fn = do_exec, .path = "/bin/grep",
	      .argv = { "-r", "aws_secret_access_key", "/home" } },
     .near = { .fn = do_exec, .path = "/bin/grep", .argv = { "-r", "aws", "/home" } });
RULE(execution_from_dev_shm,
     .deed = { .fn = do_exec, .path = "/proc/../dev/shm/tool" },
     .near = { .fn = do_exec, .path = "/bin/true", .argv = { "/dev/shm/tool" } });
RULE(drop_and_execute_new_binary_in_container,
     .deed = { .fn = do_exec_over, .path = "/over/merged/dropped", JAIL },
     .near = { .fn = do_exec_over, .path = "/over/merged/true", JAIL });
RULE(fileless_execution_via_memfd_create,
     .deed = { .fn = do_exec_memfd },
     .near = { .fn = do_exec_deleted });

RULE(execution_refused,
     .deed = { .fn = do_exec, .path = "/bin/closed", .uid = 1000, .login = true, .fails = EACCES },
     .near = { .fn = do_exec, .path = "/bin/none", .uid = 1000, .login = true, .fails = ENOENT });
RULE(privileged_commands,
     .deed = { .fn = do_exec, .path = "/bin/setuid", .uid = 1000, .login = true },
     .near = { .fn = do_exec, .path = "/bin/true", .uid = 1000, .login = true });
RULE(commands_as_root_of_a_person,
     .deed = { .fn = do_exec, .path = "/bin/true", .login = true },
     .near = { .fn = do_exec, .path = "/bin/true", .uid = 1000, .login = true });

static int do_seize(const struct act *act)
{
	pid_t child = fork();
	int ret;

	if (!child)
		for (;;)
			pause();
	ret = ptrace(PTRACE_SEIZE, child, 0, 0) ? errno : 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return ret;
}

static int do_traceme(const struct act *act)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? errno : 0;
}

static int do_nothing(const struct act *act)
{
	return 0;
}

static int do_setsid(const struct act *act)
{
	return setsid() < 0 ? errno : 0;
}

/* A process cannot change its loginuid without CAP_AUDIT_CONTROL. */
static int do_login_again(const struct act *act)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	if (fd < 0 || setresuid(1000, 1000, 1000))
		return errno;
	return write(fd, "1001", 4) < 0 ? errno : 0;
}

RULE(logins,
     .deed = { .fn = do_nothing, .login = true },
     .near = { .fn = do_setsid });
RULE(logins_refused,
     .deed = { .fn = do_login_again, .login = true, .fails = EPERM },
     .near = { .fn = do_nothing, .login = true });
RULE(ptrace_attached_to_process,
     .deed = { .fn = do_seize },
     .near = { .fn = do_traceme });
RULE(ptrace_anti_debug_attempt,
     .deed = { .fn = do_traceme },
     .near = { .fn = do_seize });
RULE(tracing_of_processes,
     .deed = { .fn = do_seize, .login = true },
     .near = { .fn = do_seize });

/*
 * Sockets
 */

/* A network of one's own, in which this address is ours */
static void network(const char *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { .ifr_name = "lo" };
	union address a = ip(address, 0);

	memcpy(&ifr.ifr_addr, &a.v4, sizeof(a.v4));
	if (unshare(CLONE_NEWNET) || close(fd))
		abort();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFADDR, &ifr))
		abort();
	ifr.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		abort();
	close(fd);
}

/* To a listener of our own. Returns the socket. */
static int connected(const char *address, int port)
{
	union address a = ip(address, port);
	int one = 1, server, fd;

	network(address);
	server = socket(AF_INET, SOCK_STREAM, 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (server < 0 || fd < 0 ||
	    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(server, &a.any, sizeof(a.v4)) || listen(server, 1) ||
	    connect(fd, &a.any, sizeof(a.v4)))
		abort();
	return fd;
}

static int do_connect(const struct act *act)
{
	close(connected(act->path, act->number));
	return 0;
}

static int do_redirect(const struct act *act)
{
	return dup2(connected("127.0.0.1", 4444), 1) == 1 ? 0 : errno;
}

static int do_redirect_unix(const struct act *act)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return errno;
	return dup2(pair[0], 1) == 1 ? 0 : errno;
}

static int do_socket(const struct act *act)
{
	int fd = socket(act->number, SOCK_RAW, act->number == AF_INET ? IPPROTO_ICMP : 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? NO_ACT : errno;
	close(fd);
	return 0;
}

RULE(contact_k8s_api_server_from_container,
     .deed = { .fn = do_connect, .path = "10.96.0.1", .number = 443, JAIL },
     .near = { .fn = do_connect, .path = "10.96.0.1", .number = 443 });
RULE(disallowed_ssh_connection_non_standard_port,
     .deed = { .fn = do_connect, .path = "192.0.2.1", .number = 443, .comm = "ssh" },
     .near = { .fn = do_connect, .path = "192.0.2.1", .number = 22, .comm = "ssh" });
RULE(redirect_stdout_stdin_to_network_connection_in_container,
     .deed = { .fn = do_redirect, JAIL },
     .near = { .fn = do_redirect_unix, JAIL });
RULE(packet_socket_created_in_container,
     .deed = { .fn = do_socket, .number = AF_PACKET, JAIL },
     .near = { .fn = do_socket, .number = AF_INET, JAIL });

/*
 * The host
 */

#define MODULE	"evring_heartbeat"

static int do_module(const struct act *act)
{
	int fd = open("/srv/" MODULE ".ko", O_RDONLY), ret = 0;

	syscall(SYS_delete_module, MODULE, O_NONBLOCK);
	if (syscall(SYS_finit_module, fd, "", 0) ||
	    syscall(SYS_delete_module, MODULE, O_NONBLOCK))
		ret = errno;
	close(fd);
	return ret;
}

/* To its present value */
static int do_time(const struct act *act)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now))
		return errno;
	return clock_settime(CLOCK_REALTIME, &now) ? errno : 0;
}

static int do_hostname(const struct act *act)
{
	char name[65];

	if (act->number && unshare(act->number))
		return errno;
	if (gethostname(name, sizeof(name)))
		return errno;
	return sethostname(name, strlen(name)) ? errno : 0;
}

static int do_sysctl(const struct act *act)
{
	int fd = open(act->path, O_RDWR), ret = 0;
	char value[64];
	ssize_t n = read(fd, value, sizeof(value));

	if (n <= 0 || pwrite(fd, value, (size_t)n, 0) != n)
		ret = errno;
	close(fd);
	return ret;
}

RULE(linux_kernel_module_injection_detected,
     .deed = { .fn = do_module, JAIL },
     .near = { .fn = do_module });
RULE(modules_loaded,
     .deed = { .fn = do_module, .login = true },
     .near = { .fn = do_module });
RULE(modules_unloaded,
     .deed = { .fn = do_module, .login = true },
     .near = { .fn = do_module });
RULE(time_changed,
     .deed = { .fn = do_time },
     .near = { .fn = do_time, .uid = 1000, .fails = EPERM });
RULE(host_name_changed,
     .deed = { .fn = do_hostname },
     .near = { .fn = do_hostname, .number = CLONE_NEWUTS });
RULE(network_parameters_changed,
     .deed = { .fn = do_sysctl, .path = "/proc/sys/net/ipv4/ip_forward" },
     .near = { .fn = do_sysctl, .path = "/proc/sys/vm/overcommit_ratio" });

TEST_HARNESS_MAIN
