/* SPDX-License-Identifier: MIT */
/* Deeds of all families, over and over, for hooks that come and go meanwhile. */
#ifndef EVRING_TEST_CHURN_H
#define EVRING_TEST_CHURN_H

#include <linux/bpf.h>
#include <linux/if.h>
#include <linux/loop.h>
#include <linux/reboot.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/timex.h>
#include <sys/xattr.h>

#include "kmodule.h"
#include "load.h"
#include "net_deed.h"

#define CHURN_PATH	"/tmp/evring-churn"
#define CHURN_MODULE	"evring_heartbeat"	/* has a type of its own */

/* No result matters: a call that a kernel refuses is told as refused. */
static inline void churn_ignore(long result)
{
	(void)result;
}

static inline void churn_files(void)
{
	int fd = open("a", O_CREAT | O_RDWR, 0600), out = dup(1);
	struct stat st;

	churn_ignore(write(fd, "churn", 5));
	churn_ignore(fchmod(fd, 0644));
	churn_ignore(fchown(fd, 0, 0));
	churn_ignore(ftruncate(fd, 2));
	churn_ignore(fsetxattr(fd, "user.churn", "x", 1, 0));
	churn_ignore(dup2(fd, 1));
	churn_ignore(dup2(out, 1));
	close(fd);
	close(out);
	churn_ignore(mkdir("d", 0700));
	churn_ignore(rename("a", "d/b"));
	churn_ignore(link("d/b", "c"));
	churn_ignore(symlink("c", "s"));
	churn_ignore(stat("s", &st));
	churn_ignore(open("missing", O_RDONLY));
	churn_ignore(mkfifo("f", 0600));
	churn_ignore(unlink("f"));
	churn_ignore(unlink("d/b"));
	churn_ignore(unlink("c"));
	churn_ignore(unlink("s"));
	churn_ignore(rmdir("d"));
}

static inline void churn_sockets(void)
{
	const struct linger reset = { .l_onoff = 1 };	/* nothing waits after the end */
	union address a = ip("127.0.0.1", 0);
	socklen_t len = ip_len(&a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0), server;

	churn_ignore(bind(fd, &a.any, len));
	churn_ignore(listen(fd, 1));
	if (!getsockname(fd, &a.any, &len) && !connect(client, &a.any, len)) {
		server = accept(fd, NULL, NULL);
		churn_ignore(send(client, "churn", 5, 0));
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
		close(server);
	} else {
		close(client);
	}
	churn_ignore(sendto(datagrams, "churn", 5, 0, &a.any, len));
	close(datagrams);
	close(fd);
	close(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static inline void churn_processes(void)
{
	pid_t child = fork();

	if (!child) {
		churn_ignore(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		ptrace(PTRACE_DETACH, getpid(), NULL, NULL);
		churn_ignore(setsid());
		if (!unshare(CLONE_NEWUTS))
			churn_ignore(sethostname("churn", 5));
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
		churn_ignore(setresuid(65534, 65534, 65534));
		churn_ignore(syscall(SYS_kexec_load, 0, 0, NULL, 0));
		churn_ignore(kill(getppid(), SIGURG));
		_exit(1);
	}
	waitpid(child, NULL, 0);
	child = fork();
	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static inline void churn_mounts(void)
{
	churn_ignore(mkdir("m", 0700));
	churn_ignore(mount("none", "m", "tmpfs", 0, "size=64k"));
	/* Refused, as / is not below the new root. (From 7.0 on a guest's own root could be left.) */
	churn_ignore(syscall(SYS_pivot_root, "m", "/"));
	churn_ignore(umount("m"));
	churn_ignore(rmdir("m"));
}

static inline void churn_requests(void)
{
	void *buffer = NULL;
	struct io_uring ring;
	int disk = open("/dev/nullb0", O_RDONLY | O_DIRECT);

	if (disk >= 0 && !posix_memalign(&buffer, 4096, 4096))
		churn_ignore(read(disk, buffer, 4096));
	free(buffer);
	if (disk >= 0)
		close(disk);
	if (io_uring_queue_init(2, &ring, 0))
		return;
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	io_uring_submit(&ring);
	io_uring_queue_exit(&ring);
}

/*
 * A module that comes and goes, with those that trace its tracepoints; all processes have one
 * between them. And a program that the kernel verifies.
 */
static inline void churn_code(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
		.insns = (uintptr_t)insns, .license = (uintptr_t)"GPL",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd >= 0)
		close(fd);
	churn_ignore(syscall(SYS_finit_module, -1, "", 0));
	churn_ignore(module_load(CHURN_MODULE, ""));
	churn_ignore(module_unload(CHURN_MODULE));
}

/* Calls that change nothing, or next to it */
static inline void churn_settings(void)
{
	struct timex timex = { .modes = ADJ_MAXERROR, .maxerror = 16000000 };
	int fd = open("/proc/sys/kernel/printk_delay", O_WRONLY);

	churn_ignore(write(fd, "0", 1));
	close(fd);
	churn_ignore(adjtimex(&timex));
	churn_ignore(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			     LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

/* A network device that changes, and a disk of this number that comes and goes */
static inline void churn_devices(unsigned int nr)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), control = open("/dev/loop-control", O_RDWR);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_mtu = 65535 };

	churn_ignore(ioctl(fd, SIOCSIFMTU, &ifr));
	ifr.ifr_mtu = 65536;
	churn_ignore(ioctl(fd, SIOCSIFMTU, &ifr));
	close(fd);
	churn_ignore(ioctl(control, LOOP_CTL_ADD, 100 + nr));
	churn_ignore(ioctl(control, LOOP_CTL_REMOVE, 100 + nr));
	close(control);
}

/* A process that does it all for ever, and counts in *@rounds */
static inline pid_t churn_start(unsigned int nr, uint64_t *rounds)
{
	pid_t pid = fork();
	char path[64];

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0u, 0);
	snprintf(path, sizeof(path), CHURN_PATH ".%u", nr);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(path, 0700) || chdir(path))
		abort();
	for (;;) {
		churn_files();
		churn_sockets();
		churn_processes();
		churn_mounts();
		churn_requests();
		churn_code();
		churn_settings();
		churn_devices(nr);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

#endif /* EVRING_TEST_CHURN_H */
