/* SPDX-License-Identifier: MIT */
/* Config providers: the value of a reference, and that it is never told. */
#include "../harness/tap.h"

#include "evringd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/provider_test.XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file || fwrite(text, 1, len, file) != len || fclose(file)) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
}

/* @text with the directory for each @ */
static const char *at_dir(const char *text)
{
	static char buf[1024];
	size_t n = 0;

	for (; *text && n < sizeof(buf) - sizeof(dir); text++) {
		if (*text == '@')
			n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s", dir);
		else
			buf[n++] = *text;
	}
	buf[n] = '\0';
	return buf;
}

static void gives(const char *text, bool template, const char *value)
{
	char why[400] = "", *got = provider_resolve(at_dir(text), template, why, sizeof(why));
	bool good = got && !strcmp(got, value);

	ok(good, text);
	if (!good)
		printf("# %s%s\n", got ? got : "refused: ", why);
	free(got);
}

static void refuses(const char *text, const char *part)
{
	char why[400] = "", *got = provider_resolve(at_dir(text), false, why, sizeof(why));
	bool good = !got && strstr(why, part) && !strstr(why, "Secr3t");

	ok(good, text);
	if (!good)
		printf("# %s%s\n", got ? "taken: " : "", got ? got : why);
	free(got);
}

static void references(void)
{
	gives("", false, "");
	gives("plain", false, "plain");
	gives("${file:@/p:plain}", false, "Secr3t");
	gives("a${file:@/p:plain}b${env:PROVIDER_TEST}c", false, "aSecr3tb Secr3t c");
	gives("${env:PROVIDER_EMPTY}", false, "");
	gives("${dir:@:word}", false, "Secr3t");
	gives("${dir:@/:lines}", false, "Secr3t\nand more\n");
	gives("${credential:word}", false, "Secr3t");
	/* References in templates, and texts that only look like references */
	gives("host.${type}.${file:@/p:plain}", true, "host.${type}.Secr3t");
	gives("pa$$word", false, "pa$$word");
	gives("pa$$word", true, "pa$$word");
	gives("${", false, "${");
	gives("${a", false, "${a");
	gives("${a b:c}", false, "${a b:c}");
	gives("$${file:x:y}", false, "${file:x:y}");
	gives("$${file:x:y}", true, "$${file:x:y}");
	/* A provider's value is not resolved again. */
	gives("${file:@/p:nested}", false, "${env:PROVIDER_TEST}");
}

static void wrong_references(void)
{
	char name[400], text[500];

	refuses("${file:@/p:none}", "has no such key");
	refuses("${file:@/nothing:plain}", "No such file");
	refuses("${file:@:plain}", "Is a directory");
	refuses("${file:p:plain}", "begin with");
	refuses("${file:@/p}", "${file:PATH:KEY}");
	refuses("${file:@/p:}", "${file:PATH:KEY}");
	refuses("${file::plain}", "${file:PATH:KEY}");
	refuses("${file:@/p:plain", "no \"}\"");
	refuses("${file:@/escape:plain}", "wrong escape");
	refuses("${env:PROVIDER_NONE}", "environment has no PROVIDER_NONE");
	refuses("${env:}", "${env:NAME}");
	refuses("${dir:@:none}", "No such file");
	refuses("${dir:@:../p}", "has a \"/\"");
	refuses("${dir:@:..}", "is none");
	refuses("${dir:@:nul}", "has a NUL");
	refuses("${vault:secret/x:key}", "no such config provider");
	refuses("${FILE:@/p:plain}", "no such config provider");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "${dir:/tmp:%s}", name);
	refuses(text, "too long");
	unsetenv("CREDENTIALS_DIRECTORY");
	refuses("${credential:word}", "LoadCredential");
}

/* As java.util.Properties reads it */
static void finds(const char *text, const char *key, const char *value)
{
	char *copy = xalloc(strlen(text)), *got;	/* no NUL at the end */
	const char *why;
	char name[80];
	size_t n;

	memcpy(copy, text, strlen(text));
	got = properties_find(copy, strlen(text), key, &why);
	/* One line, and no # that means something to TAP */
	for (n = 0; n < sizeof(name) - 1 && text[n]; n++)
		name[n] = text[n] == '\n' || text[n] == '\r' || text[n] == '#' ? '.' : text[n];
	name[n] = '\0';
	ok(value ? got && !strcmp(got, value) : !got, name);
	if (got && (!value || strcmp(got, value)))
		printf("# \"%s\"\n", got);
	free(got);
	free(copy);
}

static void properties(void)
{
	finds("a=1\nb=2\n", "b", "2");
	finds("a=1\r\nb=2\r\n", "a", "1");
	finds("a=1", "a", "1");
	finds("a", "a", "");
	finds("a:1", "a", "1");
	finds("a 1", "a", "1");
	finds("  a \t=  1 2 ", "a", "1 2 ");
	finds("a==1", "a", "=1");
	finds("#a=1\n!a=2\n", "a", NULL);
	finds("# b\\\na=1\n", "a", "1");
	finds("a=1#2", "a", "1#2");
	finds("a=1\na=2\n", "a", "2");
	finds("a=1\\\n   2\\\n3\nb=4", "a", "123");
	finds("a=1\\\r\n 2\nb=4", "b", "4");
	finds("a\\ b\\=\\:c=1", "a b=:c", "1");
	finds("a=\\t\\n\\r\\f\\\\\\q", "a", "\t\n\r\f\\q");
	finds("a=\\u0041\\u00e4\\u20ac", "a", "A\xc3\xa4\xe2\x82\xac");
	finds("a=\\u00g1", "a", NULL);
	finds("a=\\u12", "a", NULL);
	finds("a=\\ud83d", "a", NULL);
	finds("a=\\u0000", "a", NULL);
	finds("a=1\\", "a", NULL);
	finds("", "a", NULL);
	finds("\n\n\n", "a", NULL);
	finds("=1", "", "1");
}

/* In a file: a provider's text is in the value, and in no line that is printed. */
static void in_a_file(void)
{
	struct problems problems = { .file = "test" };
	struct config *cfg;
	char text[1024];

	snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": {\"kafka.sasl.password\": "
		 "\"${file:%s/p:plain}\", \"kafka.sasl.username\": \"u\", "
		 "\"kafka.sasl.mechanism\": \"PLAIN\", "
		 "\"kafka.security.protocol\": \"sasl_plaintext\", "
		 "\"kafka.bootstrap.servers\": \"${file:%s/p:plain}:1\", "
		 "\"topic\": \"${file:%s/p:plain}.${type}\"}}", dir, dir, dir);
	cfg = config_parse(text, strlen(text), &problems);
	ok(cfg && !problems.nr, "a file with references");
	ok(!strcmp(property_find(cfg, "sasl.password")->value, "Secr3t"), "the password is in it");
	ok(!strstr(kafka_brokers(cfg), "Secr3t") && !strstr(cfg->topic->text, "Secr3t"),
	   "brokers and topic are logged as they are written");
	ok(cfg->topic->nr == 2 && cfg->topic->pieces[1].what == VAR_TYPE,
	   "the topic is still a template");
	problems_free(&problems);
	config_free(cfg);

	snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": {\"kafka.bootstrap.servers\": "
		 "\"a:1\", \"kafka.linger.ms\": \"${file:%s/p:plain}\"}}", dir);
	cfg = config_parse(text, strlen(text), &problems);
	ok(problems.nr == 1 && strstr(problems.lines[0], "kafka.linger.ms") &&
	   !strstr(problems.lines[0], "Secr3t"), "a wrong value from a provider is not told");
	problems_free(&problems);
	config_free(cfg);
}

int main(void)
{
	static const char file[] = "plain = Secr3t\nnested=${env:PROVIDER_TEST}\n";
	static const char escape[] = "plain = Secr3t\\u00x\n";
	static const char *const names[] = { "p", "escape", "word", "lines", "nul" };
	char path[128];
	size_t i;

	if (!mkdtemp(dir))
		return 1;
	put("p", file, strlen(file));
	put("escape", escape, strlen(escape));
	put("word", "Secr3t\n", 7);
	put("lines", "Secr3t\nand more\n\n", 17);
	put("nul", "Secr3t\0x", 8);
	setenv("PROVIDER_TEST", " Secr3t ", 1);
	setenv("PROVIDER_EMPTY", "", 1);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	references();
	properties();
	in_a_file();
	wrong_references();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	return tap_end();
}
