/* SPDX-License-Identifier: MIT */
/* See auth.h. */
#include "auth.h"

#include "file.h"
#include "log.h"
#include "memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MAX (64u << 10)

struct auth {
	char **headers;			/* as clients give them: "Basic BASE64", "Bearer TOKEN" */
	size_t nr;
};

bool pem_load(char **text, const char *path, char *why, size_t len)
{
	ssize_t n;

	*text = xzalloc(FILE_MAX + 1);
	n = file_read_regular(path, *text, FILE_MAX);
	if (n >= 0 && strlen(*text) == (size_t)n)
		return true;
	snprintf(why, len, "%s: %s", path, n < 0 ? file_error(errno) : "has a NUL");
	free(*text);
	*text = NULL;
	return false;
}

static char *base64(const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), i, n = 0;
	char *to = xzalloc((len + 2) / 3 * 4 + 1);

	for (i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;

		bits |= left > 1 ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
		bits |= left > 2 ? (uint8_t)text[i + 2] : 0;
		to[n++] = digits[bits >> 18];
		to[n++] = digits[bits >> 12 & 63];
		to[n++] = left > 1 ? digits[bits >> 6 & 63] : '=';
		to[n++] = left > 2 ? digits[bits & 63] : '=';
	}
	return to;
}

/* NULL: the line is neither. An empty password would be no secret. */
static char *header_of(const char *line)
{
	const char *colon;
	char *encoded, *header;

	if (!strncasecmp(line, "bearer ", 7) && line[7])
		return xprintf("Bearer %s", line + 7);
	if (strncasecmp(line, "basic ", 6))
		return NULL;
	colon = strchr(line + 6, ':');
	if (!colon || colon == line + 6 || !colon[1])
		return NULL;
	encoded = base64(line + 6);
	header = xprintf("Basic %s", encoded);
	free(encoded);
	return header;
}

/* A credential of systemd's has the mode of its ACL's mask, and its folder is closed to others. */
static void warn_of_others(const char *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;

	if (credentials && !strncmp(path, credentials, strlen(credentials)))
		return;
	if (!stat(path, &st) && st.st_mode & (S_IRWXG | S_IRWXO))
		warn("%s: has passwords, and not its owner alone has rights to it: chmod 600, or "
		     "LoadCredential= of the unit", path);
}

bool auth_load(struct auth **to, const char *path, char *why, size_t len)
{
	struct auth *auth;
	char *text, *line, *rest, *header;

	if (!pem_load(&text, path, why, len))
		return false;
	auth = xzalloc(sizeof(*auth));
	for (line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
		if (*line == '#')
			continue;
		header = header_of(line);
		if (!header)
			break;
		auth->headers = xgrow(auth->headers, auth->nr, auth->nr + 1, sizeof(char *));
		auth->headers[auth->nr++] = header;
	}
	free(text);
	if (!line && auth->nr) {
		warn_of_others(path);
		*to = auth;
		return true;
	}
	snprintf(why, len, "%s: %s; allowed: \"basic USER:PASSWORD\" and \"bearer TOKEN\"", path,
		 line ? "a line is wrong" : "there is no line");
	auth_free(auth);
	return false;
}

void auth_free(struct auth *auth)
{
	size_t i;

	if (!auth)
		return;
	for (i = 0; i < auth->nr; i++) {
		explicit_bzero(auth->headers[i], strlen(auth->headers[i]));
		free(auth->headers[i]);
	}
	free(auth->headers);
	free(auth);
}

/* The scheme's case is the client's. */
static bool equal(const char *expected, const char *given)
{
	size_t scheme = strcspn(expected, " ") + 1, len = strlen(expected), n = strlen(given), i;
	unsigned int differ = n != len;

	if (n < scheme || strncasecmp(expected, given, scheme))
		return false;
	for (i = scheme; i < n; i++)
		differ |= (uint8_t)given[i] ^ (uint8_t)expected[i < len ? i : scheme];
	return !differ;
}

bool auth_passes(const struct auth *auth, const char *given)
{
	bool passes = false;
	size_t i;

	for (i = 0; given && auth && i < auth->nr; i++)
		passes = equal(auth->headers[i], given) || passes;
	return passes;
}
