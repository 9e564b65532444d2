/* SPDX-License-Identifier: MIT */
/*
 * The connector's file. The first byte says what the rest is: a file; the value
 * of one key, given as its number in the table, in a file that is right but for
 * it; a template; or a Java properties file. A value that is taken is within its bounds, and an
 * error is told in lines that can be printed.
 */
#include "evringd.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "config_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

#define PROVIDED "Pr0v1ded"

/* Config providers open one file of ours, and no other. */
int __wrap_open(const char *path, int flags);
int __wrap_open(const char *path, int flags)
{
	static const char text[] = "k=" PROVIDED "\nn=1\nt=${type}\n";
	int fd;

	(void)flags;
	if (strcmp(path, "/f") && strcmp(path, "/d/f")) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("f", MFD_CLOEXEC);
	MUST(fd >= 0 && pwrite(fd, text, sizeof(text) - 1, 0) == sizeof(text) - 1);
	return fd;
}

/* The longest value that a variable can have: those of one host */
static size_t longest(const void *arg, const struct piece *piece, char *buf, size_t len)
{
	static const struct {
		enum variable what;
		const char *value;
	} values[] = {
		{ VAR_TYPE, "a123456789.a123456789_a12345678" },
		{ VAR_LANE, "critical" },
		{ VAR_HOST, "h123456789-h123456789-h123456789-h123456789-h123456789-h12345678" },
		{ VAR_MACHINE, "0123456789abcdef0123456789abcdef" },
	};
	size_t i, n;

	(void)arg;
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (values[i].what != piece->what)
			continue;
		n = strlen(values[i].value);
		n = n < len ? n : len;
		memcpy(buf, values[i].value, n);
		return n;
	}
	memset(buf, 'x', len);
	return len;
}

/* Room is exact, so that a byte too many is seen; a text that fits is the same in any room. */
static void expand(const struct template *tmpl, size_t room)
{
	char whole[2048], *buf = malloc(room);
	size_t all = template_expand(tmpl, longest, NULL, whole, sizeof(whole));
	size_t n = template_expand(tmpl, longest, NULL, buf, room);

	MUST(n <= room && n == (all < room ? all : room));
	MUST(room > sizeof(whole) || !n || !memcmp(buf, whole, n));
	free(buf);
}

static void check_topic(const struct template *tmpl)
{
	char name[4096];
	size_t len = template_expand(tmpl, longest, NULL, name, sizeof(name));

	MUST(topic_name_ok(name, len));
}

static void check_taken(const struct config *cfg)
{
	MUST(cfg->name && *cfg->name && strlen(cfg->name) <= 255);
	MUST(cfg->group && evring_name_ok(cfg->group));
	MUST(cfg->start <= EVRING_LATEST && cfg->policy <= EVRING_FOLLOW);
	MUST(cfg->abandon_ms <= INT32_MAX);
	MUST(!cfg->lanes || (cfg->lanes[0] && evring_name_ok(cfg->lanes[0])));
	MUST(cfg->format <= VALUE_CLOUDEVENTS && cfg->tolerance <= TOLERATE_ALL && cfg->log_level <= 3);
	MUST(cfg->watermark <= 1 << 30 && cfg->flush_ms <= 60000);
	MUST(cfg->batch && cfg->batch <= 1000000);
	MUST(cfg->inflight_bytes >= 1 << 20 && cfg->inflight_bytes <= 1ull << 40);
	MUST(cfg->inflight_events && cfg->inflight_events <= 100000000);
	MUST(cfg->shutdown_ms <= 3600000);
	MUST(cfg->device && *cfg->device && cfg->hooks);
	check_topic(cfg->topic);
	expand(cfg->key, 17);
}

static void check_problem(const char *line)
{
	MUST(*line);
	for (; *line; line++)
		MUST(isprint((unsigned char)*line) || (unsigned char)*line >= 0x80);
}

static void parse(const char *text, size_t len)
{
	struct problems problems = { .file = "fuzz" };
	struct config *cfg = config_parse(text, len, &problems);
	size_t i;

	MUST(cfg || problems.nr);
	for (i = 0; i < problems.nr; i++)
		check_problem(problems.lines[i]);
	/* The fuzzer finds it out, and writes it where it may be told. */
	for (i = 0; i < problems.nr && !memmem(text, len, PROVIDED, strlen(PROVIDED)); i++)
		MUST(!strstr(problems.lines[i], PROVIDED));
	if (!problems.nr)
		check_taken(cfg);
	problems_free(&problems);
	config_free(cfg);
}

/* The keys as `evringd --keys` prints them: at the margin; their descriptions are not. */
static const char *key_name(unsigned int number)
{
	static char *text, *names[128];
	static unsigned int nr;
	char *line, *rest;
	size_t len;
	FILE *out;

	if (!nr) {
		out = open_memstream(&text, &len);
		keys_print(out);
		fclose(out);
		for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			if (*line != ' ' && nr < 128)
				names[nr++] = line;
	}
	return names[number % nr];
}

/* A file with one value that can be any string that JSON can tell */
static void parse_value(const char *key, const char *value, size_t len)
{
	json_t *string = json_stringn(value, len), *root;
	char *text;

	if (!string)
		return;
	root = json_pack("{s:s, s:{s:o}}", "name", "fuzz", "config", key, string);
	MUST(root);
	text = json_dumps(root, 0);
	MUST(text);
	parse(text, strlen(text));
	free(text);
	json_decref(root);
}

static void parse_template(const char *text, unsigned int allowed, size_t room)
{
	char why[160] = "";
	struct template *tmpl = template_parse(text, allowed, why, sizeof(why));
	const char *wrong;
	size_t i;

	MUST(tmpl || *why);
	if (!tmpl)
		return;
	for (i = 0; i < tmpl->nr; i++) {
		MUST(tmpl->pieces[i].len <= sizeof(tmpl->pieces[i].text));
		MUST(tmpl->pieces[i].what == VAR_TEXT || allowed & 1u << tmpl->pieces[i].what);
	}
	expand(tmpl, room);
	wrong = topic_template_wrong(tmpl);
	if (!wrong && allowed == TEMPLATE_TOPIC)
		check_topic(tmpl);
	template_free(tmpl);
}

/* The key stands before the first newline. */
static void find_property(const char *text, size_t size)
{
	const char *newline = memchr(text, '\n', size), *why = NULL;
	char *key, *file, *value;
	size_t len;

	if (!newline)
		return;
	key = strndup(text, (size_t)(newline - text));
	len = size - (size_t)(newline + 1 - text);
	file = malloc(len);	/* without a NUL behind it */
	memcpy(file, newline + 1, len);
	value = properties_find(file, len, key, &why);
	MUST(value ? strlen(value) <= len : *why);
	free(value);
	free(file);
	free(key);
}

/* Any value, but for its references, stays the same. */
static void resolve(const char *text, bool template)
{
	char why[400] = "", *value = provider_resolve(text, template, why, sizeof(why));

	MUST(value || *why);
	MUST(!strstr(why, PROVIDED) || strstr(text, PROVIDED));
	MUST(strstr(text, ":") || (value && !strcmp(value, text)));
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 2)
		return 0;
	/* Exactly as long as it says */
	text = malloc(size - 1);
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	setenv("CREDENTIALS_DIRECTORY", "/d", 1);
	setenv("E", PROVIDED, 1);
	if (data[0] >= 0xf0)
		find_property(text, size - 2);
	else if (data[0] >= 0xe0)
		resolve(text, data[0] & 1);
	else if (data[0] % 3 == 0)
		parse(text, size - 2);
	else if (data[0] % 3 == 1)
		parse_value(key_name(data[1]), text, size - 2);
	else
		parse_template(text, data[0] & 0x40 ? TEMPLATE_ANY : TEMPLATE_TOPIC, data[1] * 4u);
	free(text);
	return 0;
}
