/* SPDX-License-Identifier: MIT */
/* A host's identity, and the message if it lacks one. */
#include "../harness/tap.h"

#include "evringd.h"
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"

/* @text in a file: the error, and the id if there is none */
static void reads(const char *text, int error, const char *name)
{
	char path[] = "/tmp/host_test.XXXXXX", id[33];
	int fd = mkstemp(path), ret;
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		ok(false, "a temporary file");
		return;
	}
	close(fd);
	ret = host_read_id(path, id);
	ok(ret == error && !strcmp(id, error ? "" : ID), name);
	if (ret != error)
		printf("# %d\n", ret);
	unlink(path);
}

static void ids(void)
{
	char id[33];

	reads(ID "\n", 0, "a machine id");
	reads(ID, 0, "without a newline");
	reads("0123456789ABCDEF0123456789ABCDEF\n", 0, "in capitals");
	reads("01234567-89ab-cdef-0123-456789abcdef\n", 0, "a boot id");
	reads("", -ENODATA, "an empty file");
	reads("\n", -ENODATA, "an empty line");
	reads("uninitialized\n", -ENODATA, "what systemd writes before there is one");
	reads("0123456789abcdef0123456789abcde\n", -EINVAL, "31 digits");
	reads(ID "0\n", -EINVAL, "33 digits");
	reads("0123456789abcdef0123456789abcdeg\n", -EINVAL, "a letter too far");
	reads(ID " x\n", -EINVAL, "a word behind it");
	ok(host_read_id("/nonexistent/machine-id", id) == -ENOENT && !*id, "no file");
	ok(host_read_id("/", id) == -EISDIR && !*id, "a directory");
}

static void says(const struct evring_host *host, int error, const char *part, const char *name)
{
	char buf[200];

	evring_host_error(host, error, buf, sizeof(buf));
	ok(strstr(buf, part) && strlen(buf) + 1 < sizeof(buf), name);
}

static void words(void)
{
	static const struct evring_host none, machine = { .machine_id = ID },
		both = { .machine_id = ID, .boot_id = ID };

	says(&none, -ENOENT, "/etc/machine-id: there is none: systemd-machine-id-setup",
	     "no machine id");
	says(&none, -ENODATA, "/etc/machine-id: is empty", "an empty machine id");
	says(&none, -EINVAL, "/etc/machine-id: is not 32 hex digits", "a wrong machine id");
	says(&none, -EACCES, "Permission denied", "a machine id that cannot be read");
	says(&machine, -ENOENT, "boot_id: there is none: is /proc mounted?", "no boot id");
	says(&both, -EPERM, "host's name", "no name");
}

static struct config *parse(const char *setting)
{
	struct problems problems = { .file = "test" };
	struct config *cfg;
	char text[300];

	snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": {\"kafka.bootstrap.servers\": "
		 "\"a:1\", %s}}", setting);
	cfg = config_parse(text, strlen(text), &problems);
	if (problems.nr) {
		printf("Bail out! %s\n", problems.lines[0]);
		exit(1);
	}
	return cfg;
}

/* A topic on a host of this name */
static void topic(const char *template, const char *host_name, bool good, const char *name)
{
	struct evring_host host = { .machine_id = ID, .boot_id = ID };
	struct problems problems = { .file = "test" };
	struct config *cfg;
	char setting[100];

	snprintf(setting, sizeof(setting), "\"topic\": \"%s\"", template);
	snprintf(host.name, sizeof(host.name), "%s", host_name);
	cfg = parse(setting);
	topic_check(cfg, &host, &problems);
	ok(good ? !problems.nr : problems.nr == 1 &&
	   strstr(problems.lines[0], "key \"topic\": ${host}") != NULL, name);
	problems_free(&problems);
	config_free(cfg);
}

static void topics(void)
{
	char longest[65];

	memset(longest, 'h', 64);
	longest[64] = '\0';
	topic("x.${host}", "web-1.example_x", true, "a host's name that a topic can have");
	topic("${host}", longest, true, "the longest host's name");
	topic("x.${host}", "(none)", false, "a host without a name");
	topic("x.${host}", "a b", false, "a blank in a host's name");
	topic("x.${host}", "caf\xc3\xa9", false, "a letter that is none of ASCII's");
	topic("${host}", "", false, "an empty host's name as the topic");
	topic("${host}", "..", false, "a topic of two dots");
	topic("x.${type}.${machine}", "a b", true, "a topic without the host's name");
}

static void identity(void)
{
	struct config *cfg = parse("\"machine.id\": \"0123456789ABCDEF0123456789abcdef\"");
	struct evring_host host;
	char why[300] = "";

	ok(host_identity(NULL, cfg, &host, why, sizeof(why)) && !strcmp(host.machine_id, ID) &&
	   strlen(host.boot_id) == 32, "machine.id is the machine's, whatever the host has");
	if (*why)
		printf("# %s\n", why);
	config_free(cfg);
	strcpy(host.boot_id, ID);
	host_add_load(&host, 0x2a);
	ok(!strncmp(host.boot_id, ID, 24) && !strcmp(host.boot_id + 24, "0000002a"),
	   "the last 8 digits of the boot id are the module's load");
}

int main(void)
{
	ids();
	words();
	topics();
	identity();
	return tap_end();
}
