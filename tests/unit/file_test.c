/* SPDX-License-Identifier: MIT */
/* Files that somebody else has named: what is not such a file is not even opened. */
#include "../harness/tap.h"

#include "file.h"

#include <errno.h>
#include <evring.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char dir[] = "/tmp/file_test.XXXXXX";

static void must_be(bool so, const char *what)
{
	if (so)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool reads(const char *path, const char *text)
{
	char buf[16] = "";

	return file_read_regular(path, buf, sizeof(buf) - 1) == (ssize_t)strlen(text) &&
	       !strcmp(buf, text);
}

static bool fails(const char *path, int error)
{
	char buf[16];

	errno = 0;
	return file_read_regular(path, buf, sizeof(buf)) == -1 && errno == error;
}

static bool is_no_device(const char *path)
{
	struct evring *ev;

	return evring_open(&ev, path) == -ENOTTY;
}

static bool is_no_file(const char *path)
{
	return fails(path, ESPIPE);
}

/* No open of @path is seen while the @call with it is right. */
static bool unopened(const char *path, bool (*call)(const char *path))
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char events[512];
	bool right;

	must_be(fd >= 0 && inotify_add_watch(fd, path, IN_OPEN) >= 0, "inotify");
	right = call(path) && read(fd, events, sizeof(events)) == -1 && errno == EAGAIN;
	close(fd);
	return right;
}

static void files(void)
{
	int fd = open("text", O_CREAT | O_WRONLY, 0600);

	must_be(fd >= 0 && write(fd, "text", 4) == 4 && !close(fd), "text");
	ok(reads("text", "text"), "a file");
	ok(!symlink("text", "link") && reads("link", "text"), "a link to one");
	ok(!truncate("text", 16) && fails("text", EFBIG), "one that is too long");
	ok(fails("none", ENOENT), "there is none");
	ok(fails("text/x", ENOTDIR), "nor a folder for it");
	ok(fails(".", EISDIR), "a folder");
	ok(is_no_file("/proc/self/status"), "what the kernel makes up is no file, and can be another's log");
	fd = open("text", O_RDONLY);
	must_be(fd >= 0 && signal(SIGIO, SIG_IGN) != SIG_ERR && !fcntl(fd, F_SETLEASE, F_WRLCK), "lease");
	ok(fails("text", EAGAIN), "one with a lease is not waited for");
	close(fd);
	must_be(!chmod("text", 0), "chmod");
	if (!geteuid())
		must_be(!chmod(dir, 0755) && !seteuid(NOBODY), "seteuid");
	ok(fails("text", EACCES), "one that must not be read");
	must_be(!seteuid(getuid()) && !chmod("text", 0600) && !truncate("text", 4), "chmod");
}

static void others(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), tty = posix_openpt(O_RDWR | O_NOCTTY);
	struct evring *ev;

	must_be(!mkfifo("fifo", 0600), "fifo");
	must_be(fd >= 0 && !bind(fd, (void *)&name, sizeof(name)), "socket");
	must_be(tty >= 0 && !grantpt(tty) && !unlockpt(tty), "tty");
	ok(is_no_file("socket"), "a socket is no file");
	ok(unopened("fifo", is_no_file), "a FIFO is not opened as a file");
	ok(unopened(ptsname(tty), is_no_file), "nor is a device");
	ok(unopened("fifo", is_no_device), "a FIFO is not opened as evring's device");
	ok(unopened("text", is_no_device), "nor is a file");
	ok(unopened(ptsname(tty), is_no_device), "nor is another device");
	ok(evring_open(&ev, "none") == -ENOENT, "there is none");
	close(tty);
	close(fd);
}

/* 0: so it is; 77: it could not be seen. A process of its own. */
static int without_proc(void)
{
	if (chroot(dir) || chdir("/"))
		return 77;
	return !reads("/text", "text") || !is_no_file("/fifo") || !fails("/none", ENOENT);
}

static void elsewhere(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must_be(pid >= 0, "fork");
	if (!pid)
		_exit(without_proc());
	must_be(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "waitpid");
	if (WEXITSTATUS(status) == 77)
		ok(true, "without /proc # SKIP no right to chroot");
	else
		ok(!WEXITSTATUS(status), "without /proc a file is read, and a FIFO is not");
}

int main(void)
{
	must_be(mkdtemp(dir) && !chdir(dir), dir);
	files();
	others();
	elsewhere();
	unlink("text");
	unlink("link");
	unlink("fifo");
	unlink("socket");
	rmdir(dir);
	return tap_end();
}
