/* SPDX-License-Identifier: MIT */
/* The identity of this host. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "evring.h"
#include "internal.h"

#define MACHINE_ID "/etc/machine-id"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_DIGITS 24	/* of it; the others are the module's load */

/* The first line: systemd writes "uninitialized" until the id is made. */
static int parse_id(const char *line, char id[33])
{
	unsigned int n = 0;

	if (!*line || !strcmp(line, "uninitialized"))
		return -ENODATA;
	for (; *line; line++) {
		if (*line == '-')
			continue;
		if (!isxdigit((unsigned char)*line) || n == 32)
			break;
		id[n++] = (char)tolower((unsigned char)*line);
	}
	id[n] = '\0';
	if (n == 32 && !*line)
		return 0;
	*id = '\0';
	return -EINVAL;
}

int host_read_id(const char *path, char id[33])
{
	FILE *file = fopen(path, "re");
	char line[64] = "";
	int ret;

	*id = '\0';
	if (!file)
		return -errno;
	errno = EIO;
	if (!fgets(line, sizeof(line), file) && ferror(file)) {
		ret = -errno;
	} else {
		line[strcspn(line, "\n")] = '\0';
		ret = parse_id(line, id);
	}
	fclose(file);
	return ret;
}

void host_add_load(struct evring_host *host, uint32_t loaded)
{
	snprintf(host->boot_id + BOOT_DIGITS, sizeof(host->boot_id) - BOOT_DIGITS, "%08x", loaded);
}

int evring_host(const struct evring *ev, struct evring_host *host)
{
	int ret, err;

	memset(host, 0, sizeof(*host));
	ret = host_read_id(MACHINE_ID, host->machine_id);
	err = host_read_id(BOOT_ID, host->boot_id);
	if (!err && ev)
		host_add_load(host, ev->meta.loaded);
	ret = ret ? ret : err;
	if (gethostname(host->name, sizeof(host->name))) {
		ret = ret ? ret : -errno;
		host->name[0] = '\0';
	}
	return ret;
}

static const char *id_error(int error)
{
	switch (error) {
	case -ENOENT:
		return "there is none";
	case -ENODATA:
		return "is empty";
	case -EINVAL:
		return "is not 32 hex digits";
	default:
		return strerror(-error);
	}
}

const char *evring_host_error(const struct evring_host *host, int error, char *buf, size_t len)
{
	if (!host->machine_id[0])
		snprintf(buf, len, MACHINE_ID ": %s: systemd-machine-id-setup or "
			 "dbus-uuidgen --ensure=" MACHINE_ID " makes one", id_error(error));
	else if (!host->boot_id[0])
		snprintf(buf, len, BOOT_ID ": %s: is /proc mounted?", id_error(error));
	else
		snprintf(buf, len, "the host's name: %s", strerror(-error));
	return buf;
}
