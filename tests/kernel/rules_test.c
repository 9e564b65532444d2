// SPDX-License-Identifier: MIT
/*
 * The rules of docs/reference/rules.md. A test is named after its row: the filter is
 * the page's, the deed is an act that the rule must find, and the near miss causes an event
 * of the same type that it must not find. Where the filter has a list of values, the deed is
 * done with each of them, and with another one.
 */
#include "rules_list.h"
#include "rules_page.h"

FIXTURE(rules) {
	struct evring *ev;
	struct evring_filter *filter;
	struct rule rule;
};

FIXTURE_VARIANT(rules) {
	const char *name;
	struct act deed, near;
	struct act also;	/* another deed, by other terms of the filter */
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

/* The rule's filter, compiled; 0, or what it says */
static int rule_begin(struct _test_data_rules *self, const char *name)
{
	struct evring_filter_error error = { 0 };
	const struct evring_type *type;
	int ret;

	if (!rule_find(&self->rule, name))
		return -ENOENT;
	type = evring_type_by_name(self->ev, self->rule.event);
	if (!type)
		return -ESRCH;
	ret = evring_filter_compile(&self->filter, type, self->rule.filter, &error);
	if (ret)
		note("column %u: %s", error.column, error.text);
	return ret;
}

TEST_F(rules, the_filter_finds_the_deed_and_not_the_near_miss)
{
	struct seen seen;
	int ret;
	pid_t pid;

	ASSERT_EQ(0, rule_begin(self, variant->name));
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

/* Does the filter find this act? -1: the act cannot be had; -2: it was not told at all. */
static int finds(struct _test_data_rules *self, const struct act *act)
{
	struct seen seen;
	pid_t pid;
	int ret = act_do(act, &pid);

	if (ret == NO_ACT)
		return -1;
	seen = look(self, pid);
	if (ret == act->fails && seen.events)
		return !!seen.hits;
	note("%s: ended with %d, not %d, and %u events", self->rule.name, ret, act->fails,
	     seen.events);
	return -2;
}

/* How many of a list's values make no difference to an act: another one stands for none. */
static unsigned int list_idle(struct _test_data_rules *self, const struct list *list,
			      const struct act *deed, const char **which)
{
	unsigned int i, idle = 0;
	struct act act = *deed;
	int none, found;

	if (!act_put(&act, self->rule.event, list, NULL))
		return list->nr;
	none = finds(self, &act);
	for (i = 0; i < list->nr; i++) {
		act = *deed;
		act_put(&act, self->rule.event, list, list->values[i]);
		found = finds(self, &act);
		if (found == -1) {
			note("%s: %s cannot be had on this kernel", list->field, list->values[i]);
		} else if (none < 0 || found != !none) {
			idle++;
			*which = list->values[i];
		}
	}
	return idle;
}

TEST_F_TIMEOUT(rules, each_value_of_its_lists_makes_the_difference, 300)
{
	const char *at, *which = "";
	unsigned int idle;
	struct list list;
	int ret;

	ASSERT_EQ(0, rule_begin(self, variant->name));
	at = self->rule.filter;
	if (!list_next(&list, &at))
		return;
	ret = attach(self, NULL);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "%s is not on this kernel", self->rule.event);
	ASSERT_EQ(EVRING_HOOK_ATTACHED, ret);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK, EVRING_LATEST));
	do {
		idle = list_idle(self, &list, &variant->deed, &which);
		if (idle && variant->also.fn)
			idle = list_idle(self, &list, &variant->also, &which);
		EXPECT_EQ(0, idle) TH_LOG("%s %s: %u of %u make no difference, as '%s'", list.field,
					  list.op, idle, list.nr, which);
		note("%s: %s %s (%u)", variant->name, list.field, list.op, list.nr);
	} while (list_next(&list, &at));
}

#define RULE(_name, ...) \
	FIXTURE_VARIANT_ADD(rules, _name) { .name = #_name, __VA_ARGS__ }

/*
 * Files
 */

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
     .near = { .fn = do_exec, .path = "/bin/find", .argv = { "/", "-name", "core" } },
     .also = { .fn = do_exec, .path = "/bin/grep", .argv = { "BEGIN PRIVATE" } });
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
     .near = { .fn = do_exec, .path = "/bin/true", .argv = { "/dev/shm/tool" } },
     .also = { .fn = do_exec, .path = "/bin/bash", .argv = { "/dev/shm/tool" } });
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
