/* SPDX-License-Identifier: MIT */
/*
 * evring-clock: give a guest the host's wall clock, so that a latency from the
 * guest's hook to the host's consumer means something.
 *
 *	evring-clock serve		on the host: prints its port, serves until killed
 *	evring-clock set ADDRESS PORT	in the guest: asks many times, believes the
 *					fastest answer, says how far off it can be
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	200

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "evring-clock: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void serve(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (listener < 0 || bind(listener, (void *)&addr, len) || listen(listener, 4) ||
	    getsockname(listener, (void *)&addr, &len))
		die("cannot listen");
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	for (;;) {
		int peer = accept(listener, NULL, NULL), one = 1;
		int64_t time;
		char byte;

		if (peer < 0)
			continue;
		setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while (read(peer, &byte, 1) == 1) {
			time = now(CLOCK_REALTIME);
			if (write(peer, &time, sizeof(time)) != sizeof(time))
				break;
		}
		close(peer);
	}
}

static int set(const char *address, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int64_t best = INT64_MAX, offset = 0, before, after, theirs;
	int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, i;
	struct timespec ts;

	if (!inet_aton(address, &addr.sin_addr)) {
		errno = EINVAL;
		die(address);
	}
	if (peer < 0 || connect(peer, (void *)&addr, sizeof(addr)))
		die("cannot connect");
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (i = 0; i < ROUNDS; i++) {
		before = now(CLOCK_MONOTONIC);
		if (write(peer, "", 1) != 1 ||
		    recv(peer, &theirs, sizeof(theirs), MSG_WAITALL) != sizeof(theirs))
			die("no answer");
		after = now(CLOCK_MONOTONIC);
		if (after - before < best) {
			best = after - before;
			offset = theirs - (before + best / 2);
		}
	}
	theirs = now(CLOCK_MONOTONIC) + offset;
	ts.tv_sec = theirs / 1000000000;
	ts.tv_nsec = theirs % 1000000000;
	if (clock_settime(CLOCK_REALTIME, &ts))
		die("cannot set the clock");
	printf("%.3f\n", (double)best / 2e6);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		serve();
	if (argc == 4 && !strcmp(argv[1], "set"))
		return set(argv[2], argv[3]);
	fprintf(stderr, "usage: evring-clock serve | set ADDRESS PORT\n");
	return 2;
}
