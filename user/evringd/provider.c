/* SPDX-License-Identifier: MIT */
/*
 * Config providers, as Kafka Connect has them: ${file:PATH:KEY}, ${dir:PATH:FILE}, ${env:NAME},
 * and ${credential:NAME} of systemd. A value is resolved once, when the file is read; the text
 * that a provider gives is not searched for further references, and is never printed.
 */
#include "provider.h"

#include "file.h"
#include "log.h"
#include "memory.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FROM_MAX (1u << 20)		/* bytes of a file */

/*
 * A Java properties file: KEY=VALUE, KEY:VALUE or KEY VALUE, # and ! begin comments, a
 * backslash escapes, and at the end of a line joins the next one to it.
 */

/* A part of such a file */
struct properties {
	const char *at, *end;
};

/* The end of the logical line that begins at @at: its newline, or the text's end. */
static const char *line_end(const char *at, const char *end)
{
	for (; at < end && *at != '\n' && *at != '\r'; at++)
		if (*at == '\\' && at + 1 < end) {
			at++;
			if (*at == '\r' && at + 1 < end && at[1] == '\n')
				at++;
		}
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool is_separator(char c)
{
	return c == '=' || c == ':';
}

static size_t put_utf8(char *to, unsigned int c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* The four hex digits of \uXXXX; 0: there are none, or it is a NUL or half a character. */
static unsigned int hex4(const char *at, const char *end)
{
	unsigned int c = 0;
	int i;

	for (i = 0; i < 4; i++, at++) {
		if (at == end || !isxdigit((unsigned char)*at))
			return 0;
		c = c << 4 | (unsigned int)(isdigit((unsigned char)*at) ? *at - '0' :
					    tolower((unsigned char)*at) - 'a' + 10);
	}
	return c >= 0xd800 && c < 0xe000 ? 0 : c;
}

/* One escape, @props behind its backslash. Returns its length in @to; -1: it is none. */
static int unescape(struct properties *props, char *to)
{
	static const char letters[] = "ntrf", bytes[] = "\n\t\r\f";
	char c = *props->at++;
	const char *letter;
	unsigned int code;

	if (c == 'u') {
		code = hex4(props->at, props->end);
		props->at += 4;
		return code ? (int)put_utf8(to, code) : -1;
	}
	if (c == '\r' && props->at < props->end && *props->at == '\n')
		c = *props->at++;
	if (c == '\n' || c == '\r') {
		while (props->at < props->end && is_blank(*props->at))
			props->at++;
		return 0;
	}
	if (!c)
		return -1;
	letter = strchr(letters, c);
	*to = letter ? bytes[letter - letters] : c;
	return 1;
}

/*
 * Text up to the line's end, or to the end of a key; escapes undone. Never longer than it was
 * written. NULL: a wrong escape, or a NUL.
 */
static char *next_text(struct properties *props, bool key)
{
	char *text = xalloc((size_t)(props->end - props->at) + 1), *to = text;
	int n;

	while (props->at < props->end) {
		if (*props->at == '\\' && props->at + 1 < props->end) {
			props->at++;
			n = unescape(props, to);
		} else if (key && (is_blank(*props->at) || is_separator(*props->at))) {
			break;
		} else {
			*to = *props->at++;
			n = *to && (*to != '\\' || props->at < props->end) ? 1 : -1;
		}
		if (n < 0) {
			free(text);
			return NULL;
		}
		to += n;
	}
	*to = '\0';
	return text;
}

static void skip_blanks(struct properties *props)
{
	while (props->at < props->end && is_blank(*props->at))
		props->at++;
}

/* The value of @key in the line that @props is, if it has one: 1; 0 if not, -1 if it is wrong. */
static int line_value(struct properties *props, const char *key, char **value)
{
	char *name = next_text(props, true);
	bool found;

	if (!name)
		return -1;
	found = !strcmp(name, key);
	free(name);
	if (!found)
		return 0;
	skip_blanks(props);
	if (props->at < props->end && is_separator(*props->at)) {
		props->at++;
		skip_blanks(props);
	}
	*value = next_text(props, false);
	return *value ? 1 : -1;
}

char *properties_find(const char *text, size_t len, const char *key, const char **why)
{
	const char *at = text, *end = text + len;
	char *value = NULL, *last = NULL;
	struct properties line;
	int found;

	*why = "has no such key";
	for (; at < end; at = line.end + 1) {
		while (at < end && (is_blank(*at) || *at == '\n' || *at == '\r'))
			at++;
		line.at = at;
		if (at < end && (*at == '#' || *at == '!')) {
			while (at < end && *at != '\n' && *at != '\r')
				at++;
			line.end = at;
			continue;
		}
		line.end = line_end(at, end);
		found = line_value(&line, key, &value);
		if (found > 0) {
			free(last);
			last = value;
		} else if (found < 0) {
			free(last);
			*why = "is no properties file: a wrong escape or a NUL";
			return NULL;
		}
	}
	return last;
}

/*
 * The providers. Each returns a new string, or tells @why not, by the words of the reference:
 * they are places and no secrets. The contents of these places are never told.
 */

/* NULL: errno. Not more than FROM_MAX; there is a NUL at the end. */
static char *read_whole(const char *path, size_t *len)
{
	char *text = xalloc(FROM_MAX + 1);
	ssize_t n = file_read_regular(path, text, FROM_MAX);

	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = (size_t)n;
	return text;
}

static char *from_file(const char *path, const char *key, char *why, size_t size)
{
	char *text, *value;
	const char *wrong;
	size_t len;

	text = read_whole(path, &len);
	if (!text) {
		snprintf(why, size, "%.200s: %s", path, file_error(errno));
		return NULL;
	}
	value = properties_find(text, len, key, &wrong);
	if (!value)
		snprintf(why, size, "%.200s: %s (%.60s)", path, wrong, key);
	free(text);
	return value;
}

/* The whole file; the newline that editors put at its end is none of the value. */
static char *from_dir(const char *path, const char *name, char *why, size_t size)
{
	char whole[PATH_MAX], *text;
	size_t len;

	if (strchr(name, '/') || !strcmp(name, "..") || !strcmp(name, ".")) {
		snprintf(why, size, "the file's name has a \"/\", or is none");
		return NULL;
	}
	if (snprintf(whole, sizeof(whole), "%s/%s", path, name) >= (int)sizeof(whole)) {
		snprintf(why, size, "the path is too long");
		return NULL;
	}
	text = read_whole(whole, &len);
	if (!text) {
		snprintf(why, size, "%.200s: %s", whole, file_error(errno));
		return NULL;
	}
	if (strlen(text) != len) {
		snprintf(why, size, "%.200s: has a NUL", whole);
		free(text);
		return NULL;
	}
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len && text[len - 1] == '\r')
		text[--len] = '\0';
	return text;
}

static char *from_env(const char *path, const char *name, char *why, size_t size)
{
	const char *value = getenv(name);

	(void)path;
	if (value)
		return xstrdup(value);
	snprintf(why, size, "the environment has no %.60s", name);
	return NULL;
}

static char *from_credential(const char *path, const char *name, char *why, size_t size)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	(void)path;
	if (dir)
		return from_dir(dir, name, why, size);
	snprintf(why, size, "systemd has given no credentials (see LoadCredential=)");
	return NULL;
}

static const struct provider {
	const char *name;
	bool path;		/* PATH:KEY, else KEY alone */
	char *(*get)(const char *path, const char *key, char *why, size_t size);
} providers[] = {
	{ "file",	true,	from_file },
	{ "dir",	true,	from_dir },
	{ "env",	false,	from_env },
	{ "credential",	false,	from_credential },
};

#define NR_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

/*
 * The length of the name in a "${name:", 0 if @text begins with none: ${type} and the like are
 * a template's. Any name counts, so that a provider that there is not is no password.
 */
static size_t provider_name(const char *text)
{
	size_t n;

	if (text[0] != '$' || text[1] != '{')
		return 0;
	text += 2;
	for (n = 0; isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '-';)
		n++;
	return text[n] == ':' ? n : 0;
}

/* The value that the reference at @text refers to; @used: the length of the reference. */
static char *get(const char *text, size_t *used, char *why, size_t size)
{
	size_t name = provider_name(text), len = strcspn(text, "}"), i;
	char *words, *key, *value = NULL;

	for (i = 0; i < NR_PROVIDERS; i++)
		if (strlen(providers[i].name) == name && !memcmp(providers[i].name, text + 2, name))
			break;
	if (i == NR_PROVIDERS) {
		snprintf(why, size, "no such config provider; allowed: file, dir, env, credential "
			 "(for a \"${\" as it stands write \"$${\")");
		return NULL;
	}
	if (!text[len]) {
		snprintf(why, size, "no \"}\" behind it");
		return NULL;
	}
	*used = len + 1;
	words = xalloc(len);
	snprintf(words, len, "%.*s", (int)(len - name - 3), text + name + 3);
	key = providers[i].path ? strchr(words, ':') : words;
	if (key && providers[i].path)
		*key++ = '\0';
	if (!key || !*words || !*key)
		snprintf(why, size, "allowed: ${%s:%s}", providers[i].name,
			 providers[i].path ? "PATH:KEY" : "NAME");
	else if (providers[i].path && *words != '/')
		snprintf(why, size, "the path must begin with a \"/\"");
	else
		value = providers[i].get(words, key, why, size);
	free(words);
	return value;
}

bool provider_refers(const char *text)
{
	for (; *text; text++) {
		if (text[0] == '$' && provider_name(text + 1))
			text++;	/* escaped */
		else if (provider_name(text))
			return true;
	}
	return false;
}

char *provider_resolve(const char *text, bool template, char *why, size_t size)
{
	char *resolved = NULL, *value, reason[320];
	const char *at;
	size_t len, used;
	FILE *out = stream_begin(&resolved, &len);

	for (at = text; *at; at += used) {
		used = 1;
		if (at[0] == '$' && provider_name(at + 1)) {
			/* Escaped. A template undoes it itself. */
			fputs(template ? "$$" : "$", out);
			used = 2;
		} else if (provider_name(at)) {
			value = get(at, &used, reason, sizeof(reason));
			if (!value) {
				snprintf(why, size, "${...} at byte %td: %s", at - text + 1,
					 reason);
				fclose(out);
				free(resolved);
				return NULL;
			}
			fputs(value, out);
			free(value);
			fflush(out);
			if (len > FROM_MAX) {
				snprintf(why, size, "the values are longer than %u bytes",
					 FROM_MAX);
				fclose(out);
				free(resolved);
				return NULL;
			}
		} else {
			fputc(*at, out);
		}
	}
	stream_end(out);
	return resolved;
}
