/* SPDX-License-Identifier: MIT */
/*
 * See page.h. The page is one file, page.html, which the assembler puts into the program.
 * A browser runs nothing but its own script and style: both have a number that nobody can
 * know before.
 */
#include "page.h"

#include "accept.h"
#include "memory.h"
#include "rest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define NONCE "@NONCE@"			/* in its place, everywhere */
#define NONCE_BYTES 16

__asm__(".pushsection .rodata\n"
	"page_html:\n"
	".incbin \"user/evringd/page.html\"\n"
	".byte 0\n"
	".popsection\n");

extern const char page_html[];

/* Java's clients that ask for no type of their own say that they want HTML, or a GIF. */
bool page_is_wanted(const struct request *request)
{
	return request->accept && !strstr(request->accept, "image/gif") &&
	       accept_prefers(request->accept, "text/html", "application/json");
}

bool page_is_stream(const struct request *request)
{
	return (!strcmp(request->path, "/events") || !strcmp(request->path, "/events/")) &&
	       !strcmp(request->method, "GET");
}

bool page_is_foreign(const char *method, const char *site, const char *origin, const char *host)
{
	const char *at = origin ? strstr(origin, "://") : NULL;

	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		return false;
	if (site)
		return strcmp(site, "same-origin") && strcmp(site, "none");
	return origin && (!at || !host || strcmp(at + strlen("://"), host));
}

static bool is_address(int family, const char *text, size_t len)
{
	char name[INET6_ADDRSTRLEN], room[sizeof(struct in6_addr)];

	return (size_t)snprintf(name, sizeof(name), "%.*s", (int)len, text) < sizeof(name) &&
	       inet_pton(family, name, room) == 1;
}

bool page_host_is_local(const char *host)
{
	static const char localhost[] = "localhost";
	size_t len = host ? strcspn(host, ":") : 0, n = strlen(localhost);

	if (host && *host == '[') {
		len = strcspn(host, "]");
		return is_address(AF_INET6, host + 1, len - 1) && host[len] &&
		       (!host[len + 1] || host[len + 1] == ':');
	}
	if (!len || !memchr(host, '.', len) || is_address(AF_INET, host, len))
		return true;
	len -= host[len - 1] == '.';
	return len >= n && !strncasecmp(host + len - n, localhost, n) &&
	       (len == n || host[len - n - 1] == '.');
}

static bool make_nonce(char nonce[2 * NONCE_BYTES + 1])
{
	unsigned char bytes[NONCE_BYTES];
	int i;

	/* So few bytes come at once, and whole. */
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes))
		return false;
	for (i = 0; i < NONCE_BYTES; i++)
		snprintf(nonce + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return true;
}

void page_show(struct answer *answer)
{
	char nonce[2 * NONCE_BYTES + 1];
	const char *at = page_html, *mark;
	size_t len;
	FILE *out;

	/* Before the kernel has random numbers, seconds after boot */
	if (!make_nonce(nonce)) {
		answer->status = 503;
		return;
	}
	out = stream_begin(&answer->text, &len);
	for (; (mark = strstr(at, NONCE)); at = mark + strlen(NONCE)) {
		fwrite(at, 1, (size_t)(mark - at), out);
		fputs(nonce, out);
	}
	fputs(at, out);
	stream_end(out);
	answer->status = 200;
	answer->type = "text/html; charset=utf-8";
	answer->policy = xprintf("default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; "
				 "connect-src 'self'; base-uri 'none'; form-action 'none'; "
				 "frame-ancestors 'none'", nonce, nonce);
}
