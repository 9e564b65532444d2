/* SPDX-License-Identifier: MIT */
/* Acts: a process with given ids, in a given place, in a small root of its own. */
#ifndef EVRING_TEST_RULES_ACT_H
#define EVRING_TEST_RULES_ACT_H

#include <linux/capability.h>
#include <linux/if.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "net_deed.h"

#define ROOT		"/tmp/evring-rules"
#define NO_ACT		77	/* this kernel has it not */

struct act {
	int (*fn)(const struct act *act);
	const char *path, *to;
	const char *argv[4];	/* after argv[0] */
	int number;		/* flags, a port, a family, a request, a mode */
	int fails;		/* the error that it must end with */

	/* The process that acts */
	const char *comm, *parent;
	uid_t uid;
	bool container;		/* in a pid namespace of its own */
	bool login;		/* after a login */
	uid_t loginuid;		/* of it; 0: 1000 */
	bool terminal;
};

static inline void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		abort();
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			abort();
	close(in);
	close(out);
}

/* A root with the files of the acts, and /bin/true: made once in a guest. */
static inline void root_make(void)
{
	static const char *const folders[] = {
		"bin", "etc", "etc/sudoers.d", "etc/network", "proc", "root", "run", "tmp", "srv",
		"srv/app", "var", "var/log", "dev", "dev/pts", "dev/shm", "full", "full/sub",
		"over", "over/lower", "over/upper", "over/work", "over/merged", "mnt",
		"tmp/names", "srv/opt",
	};
	static const char *const files[] = {
		"etc/shadow", "etc/passwd", "etc/sudoers", "etc/hosts", "etc/other",
		"var/log/auth.log", "var/log/lastlog", "run/utmp", "srv/release_agent",
	};
	static const char *const programs[] = {
		"bin/bash", "bin/nc", "bin/grep", "bin/find", "bin/shred", "bin/debugfs",
		"bin/setuid", "bin/closed", "bin/capable", "dev/shm/tool", "over/lower/true",
	};
	unsigned int i;

	if (!access(ROOT "/made", F_OK))
		return;
	if ((mkdir(ROOT, 0755) && errno != EEXIST) ||
	    mount("rules", ROOT, "tmpfs", 0, "mode=755") || chdir(ROOT))
		abort();
	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (mkdir(folders[i], 0755))
			abort();
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		deed_file(files[i], files[i]);
	copy_file("/bin/true", "bin/true");
	copy_file("/evring/kmod/evring_heartbeat.ko", "srv/evring_heartbeat.ko");
	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		copy_file("bin/true", programs[i]);
	if (chmod("bin/setuid", 04755) || chmod("bin/closed", 0600) || chmod("tmp", 0777) ||
	    mount("proc", "proc", "proc", 0, NULL) ||
	    mount("devpts", "dev/pts", "devpts", 0, NULL))
		abort();
	deed_file("made", "");
}

static inline void become_name(const char *name)
{
	if (name && prctl(PR_SET_NAME, name))
		abort();
}

/* Before the root is another one */
static inline void become_terminal(void)
{
	char path[64];
	int fd = open(ROOT "/dev/pts/ptmx", O_RDWR | O_NOCTTY), nr, unlock = 0;

	if (fd < 0 || ioctl(fd, TIOCSPTLCK, &unlock) || ioctl(fd, TIOCGPTN, &nr) ||
	    setsid() < 0)
		abort();
	snprintf(path, sizeof(path), ROOT "/dev/pts/%d", nr);
	if (open(path, O_RDWR) < 0)
		abort();
}

static inline void become_login(uid_t loginuid)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	if (fd < 0 || dprintf(fd, "%u", loginuid ?: 1000) < 0)
		_exit(NO_ACT);
	close(fd);
}

/* The doer: does not return */
static inline void act_play(const struct act *act)
{
	int ret;

	if (act->login)
		become_login(act->loginuid);
	if (act->terminal)
		become_terminal();
	if (chroot(ROOT) || chdir("/"))
		abort();
	umask(0);
	become_name(act->comm);
	if (act->uid && (setgroups(0, NULL) || setresgid(act->uid, act->uid, act->uid) ||
			 setresuid(act->uid, act->uid, act->uid)))
		abort();
	ret = act->fn(act);
	_exit(ret == NO_ACT || ret == act->fails ? ret : 126);
}

/* The doer's parent, in whose pid namespace the doer's id means something to others */
static inline void act_stage(const struct act *act, pid_t *doer)
{
	int status;
	pid_t pid;

	become_name(act->parent);
	if (act->container && unshare(CLONE_NEWPID))
		abort();
	pid = fork();
	if (!pid)
		act_play(act);
	*doer = pid;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	_exit(WEXITSTATUS(status));
}

/* Returns the status of the doer, which is act->fails, NO_ACT, or a mistake here. */
static inline int act_do(const struct act *act, pid_t *doer)
{
	pid_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid)
		act_stage(act, shared);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	*doer = *shared;
	munmap(shared, sizeof(*shared));
	return WEXITSTATUS(status);
}

#endif /* EVRING_TEST_RULES_ACT_H */
