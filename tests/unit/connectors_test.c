/* SPDX-License-Identifier: MIT */
/* What evring connectors prints of evringd's answers: no terminal obeys it. */
#include "../harness/tap.h"
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVIL	"\\u001b]0;hi\\u0007\\u009b2J\\u202e"
#define STATE	"{\"name\":\"" EVIL "\",\"connector\":{\"state\":\"" EVIL "\",\"trace\":\"t" EVIL "\"}}"
#define CONFIG	"{\"topic\":\"" EVIL "\",\"k" EVIL "\":\"" EVIL "\",\"n\":null,\"hooks\":\"h\"}"

static char folder[] = "/tmp/evring-test.XXXXXX";
static char printed[65536];

static void answer(int fd, const char *status, const char *body)
{
	char request[4096];
	int client = accept(fd, NULL, NULL);

	if (client < 0 || recv(client, request, sizeof(request), 0) <= 0)
		exit(1);
	dprintf(client, "HTTP/1.1 %s\r\n\r\n%s", status, body);
	close(client);
}

static int listener(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 5))
		exit(1);
	return fd;
}

/* "evring connectors VERB [NAME]" with these answers; what it prints is in @printed. */
static int run(const char *verb, const char *name, const char *status, const char *first,
	       const char *second)
{
	char path[64], *argv[] = { "connectors", "--socket", path, (char *)verb, (char *)name, NULL };
	int fd, out, file, ret;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/socket", folder);
	fd = listener(path);
	fflush(stdout);
	if (!fork()) {
		answer(fd, status, first);
		if (second)
			answer(fd, status, second);
		_exit(0);
	}
	close(fd);
	FILE *to = tmpfile();
	out = dup(STDOUT_FILENO);
	file = dup(STDERR_FILENO);
	dup2(fileno(to), STDOUT_FILENO);
	dup2(fileno(to), STDERR_FILENO);
	optind = 0;
	ret = cmd_connectors(NULL, name ? 5 : 4, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	close(out);
	close(file);
	n = pread(fileno(to), printed, sizeof(printed) - 1, 0);
	printed[n > 0 ? n : 0] = '\0';
	fclose(to);
	wait(NULL);
	unlink(path);
	return ret;
}

/* Nothing in it is obeyed, and it has all the texts. */
static bool is_plain(const char *has)
{
	for (const char *c = printed; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\n')
			return check(false, "a control character: %s", printed);
	return check(!strstr(printed, "\xc2\x9b") && !strstr(printed, "\xe2\x80\xae") &&
		     strstr(printed, has), "no '%s': %s", has, printed);
}

static void test_list(void)
{
	CHECK(!run("list", NULL, "200 OK", "{\"a" EVIL "\":{\"status\":" STATE
		   ",\"info\":{\"config\":" CONFIG "}}}", NULL));
	is_plain("]0;hi");
	CHECK(strstr(printed, "2J") && strstr(printed, ": t ]0;hi"));
}

static void test_show(void)
{
	CHECK(!run("show", "a", "200 OK", STATE, CONFIG));
	is_plain("  k ]0;hi");
	CHECK(strstr(printed, "  n = null\n") && strstr(printed, "  topic =  ]0;hi"));
}

static void test_refused(void)
{
	CHECK(run("pause", "a", "409 Conflict", "{\"message\":\"no" EVIL "\"}", NULL) == 1);
	is_plain("evring: no ]0;hi");
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	test_case(test_list, "list");
	test_case(test_show, "show");
	test_case(test_refused, "an error");
	rmdir(folder);
	return tap_end();
}
