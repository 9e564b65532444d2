/* SPDX-License-Identifier: MIT */
/* Who this host is. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "evring.h"

/* 32 hex digits from @path, dashes left out. */
static int read_id(const char *path, char id[33])
{
	FILE *file = fopen(path, "re");
	unsigned int n = 0;
	int c;

	if (!file)
		return -errno;
	while (n < 32 && (c = getc(file)) != EOF && c != '\n') {
		if (c == '-')
			continue;
		if (!isxdigit(c))
			break;
		id[n++] = (char)tolower(c);
	}
	fclose(file);
	id[n] = '\0';
	return n == 32 ? 0 : -EINVAL;
}

int evring_host(struct evring_host *host)
{
	int ret;

	memset(host, 0, sizeof(*host));
	ret = read_id("/etc/machine-id", host->machine_id);
	if (ret)
		return ret;
	ret = read_id("/proc/sys/kernel/random/boot_id", host->boot_id);
	if (ret)
		return ret;
	if (gethostname(host->name, sizeof(host->name) - 1))
		return -errno;
	return 0;
}
