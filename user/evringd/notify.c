/* SPDX-License-Identifier: MIT */
/* See notify.h. The protocol is one datagram, for which libsystemd is not needed. */
#include "notify.h"

#include "log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(to.sun_path))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	memcpy(to.sun_path, path, strlen(path));
	/* An abstract name */
	if (*path == '@')
		*to.sun_path = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
		log_line(LOG_DEBUG, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Twice as often as it must be */
uint64_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t ms = usec ? strtoull(usec, NULL, 10) / 2000 : 0;

	if (pid && atol(pid) != (long)getpid())
		return 0;
	return usec && !ms ? 1 : ms;
}
