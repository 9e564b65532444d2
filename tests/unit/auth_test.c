/* SPDX-License-Identifier: MIT */
/* Who may use REST over the network: what a file of users and tokens can have. */
#include "../harness/tap.h"

#include "evringd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/auth_test.XXXXXX", path[60];

/* Does a client with the header @given pass with this file? Why not to load it is in @why. */
static bool passes(const char *text, size_t len, const char *given, char why[200])
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	struct auth *auth = NULL;
	bool pass;

	*why = '\0';
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd)) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
	pass = auth_load(&auth, path, why, 200) && auth_passes(auth, given);
	auth_free(auth);
	return pass;
}

static void lets(const char *text, const char *given, const char *what)
{
	char why[200];

	ok(passes(text, strlen(text), given, why), what);
}

static void refuses(const char *text, size_t len, const char *part, const char *what)
{
	char why[200];

	ok(!passes(text, len, "Basic YWRtaW46", why) && strstr(why, part), what);
}

#define REFUSES(text, what) refuses(text, strlen(text), "a line is wrong", what)

/* What the load of the file writes to the log */
static bool is_warned(mode_t mode)
{
	static char log[512];
	char why[200];
	int err = dup(STDERR_FILENO), fd = memfd_create("log", MFD_CLOEXEC);
	struct auth *auth = NULL;
	ssize_t n;

	fflush(stderr);
	if (chmod(path, mode) || dup2(fd, STDERR_FILENO) < 0)
		exit(1);
	auth_load(&auth, path, why, sizeof(why));
	auth_free(auth);
	dup2(err, STDERR_FILENO);
	n = pread(fd, log, sizeof(log) - 1, 0);
	log[n > 0 ? n : 0] = '\0';
	close(fd);
	close(err);
	return strstr(log, "its owner");
}

int main(void)
{
	char why[200];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/auth", dir);
	lets("# users\nbasic a:b\r\n\nbearer t0ken\n", "Basic YTpi", "a user with a password");
	lets("basic a:b\nbearer t0ken", "Bearer t0ken", "a token");
	lets("basic a:b:c", "basic YTpiOmM=", "a password with a colon");
	REFUSES("basic admin:", "an empty password");
	REFUSES("bearer t\nbasic admin:\r\n", "... behind a right line");
	REFUSES("basic :", "nobody, and an empty password");
	REFUSES("basic :secret", "nobody");
	REFUSES("basic admin", "no password");
	REFUSES("bearer ", "an empty token");
	refuses("# none\n", 7, "there is no line", "no line");
	refuses("basic a:b\0c\n", 12, "a NUL", "a NUL, behind which nothing would count");
	refuses("basic a:b\n\0basic c:d\n", 21, "a NUL", "... nor lines");
	ok(passes("basic a:b\n", 10, "Basic YTpi", why) && !is_warned(0600), "its owner may read it");
	ok(is_warned(0640), "a group, too: a warning");
	ok(is_warned(0604), "all, too: a warning");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ok(!is_warned(0440), "systemd gives a credential's user an ACL, which looks like a group");
	unlink(path);
	rmdir(dir);
	return tap_end();
}
