/* SPDX-License-Identifier: MIT */
/* Templates: valid ones, refused ones, and their results. */
#include "../harness/tap.h"

#include "evringd.h"

#include <string.h>

/* <number> of a variable, <name> of a field */
static size_t value(const void *arg, const struct piece *piece, char *buf, size_t len)
{
	char text[64];
	int n;

	(void)arg;
	if (piece->what == VAR_FIELD)
		n = snprintf(text, sizeof(text), "<%s>", piece->text);
	else
		n = snprintf(text, sizeof(text), "<%d>", piece->what);
	if ((size_t)n > len)
		n = (int)len;
	memcpy(buf, text, (size_t)n);
	return (size_t)n;
}

static void expands(const char *text, size_t room, const char *expected, const char *name)
{
	char why[160] = "", buf[1024];
	struct template *tmpl = template_parse(text, TEMPLATE_ANY, why, sizeof(why));
	size_t len = tmpl ? template_expand(tmpl, value, NULL, buf, room) : 0;

	ok(tmpl && len == strlen(expected) && !memcmp(buf, expected, len), name);
	template_free(tmpl);
}

#define A32	"abcdefghijklmnopqrstuvwxyzabcdef"

static void refuses(const char *text, unsigned int allowed, const char *part, const char *name)
{
	char why[160] = "";
	struct template *tmpl = template_parse(text, allowed, why, sizeof(why));

	ok(!tmpl && strstr(why, part), name);
	template_free(tmpl);
}

static void topic(const char *text, bool good, const char *name)
{
	char why[160];
	struct template *tmpl = template_parse(text, TEMPLATE_TOPIC, why, sizeof(why));

	ok((tmpl && !topic_template_wrong(tmpl)) == good, name);
	template_free(tmpl);
}

static void long_texts(void)
{
	char text[400];

	memset(text, 'a', sizeof(text));
	text[300] = '\0';
	expands(text, 1024, text, "a long text comes out whole");
	topic(text, false, "a topic of 300 bytes is refused");
	text[249] = '\0';
	topic(text, true, "a topic of 249 bytes is taken");
	memcpy(text + 154, "${type}", 8);
	topic(text, true, "a topic that can become 249 bytes is taken");
	memcpy(text + 155, "${type}", 8);
	topic(text, false, "a topic that can become 250 bytes is refused");
}

int main(void)
{
	char long_name[] = "${" A32 A32 A32 A32 "}";

	expands("", 100, "", "an empty template is empty");
	expands("plain", 100, "plain", "text stays as it is");
	expands("a${type}b${lane}", 100, "a<1>b<2>", "variables among text");
	expands("${host}${machine}${boot}${cpu}${pid}${tid}", 100, "<3><4><5><6><7><8>",
		"all variables");
	expands("${comm}-${exit_code2}", 100, "<comm>-<exit_code2>", "any other name is a field");
	expands("$$${pid}$$$$", 100, "$<7>$$", "$$ is a dollar sign");
	expands("abc${comm}def", 6, "abc<co", "the result is cut at its bound");
	expands("abcdef", 0, "", "no room, no result");
	refuses("${pid", TEMPLATE_ANY, "without", "a ${ without a }");
	refuses("a$b", TEMPLATE_ANY, "lone", "a lone $");
	refuses("a$", TEMPLATE_ANY, "lone", "a $ at the end");
	refuses("${}", TEMPLATE_ANY, "no variable", "a name of no character");
	refuses("${UID}", TEMPLATE_ANY, "no variable", "a name that no field can have");
	refuses("${a.b}", TEMPLATE_ANY, "no variable", "a name with a dot");
	refuses(long_name, TEMPLATE_ANY, "no variable", "a name that is too long");
	refuses("${pid}", TEMPLATE_TOPIC, "no variable", "a variable that is not allowed here");
	refuses("${uid}", TEMPLATE_TOPIC, "no variable", "a field where none is allowed");
	topic("host.${type}", true, "host.${type} is a topic");
	topic("${host}_${machine}-${lane}", true, "all that a topic can have");
	topic("", false, "an empty topic");
	topic(".", false, "the topic .");
	topic("..", false, "the topic ..");
	topic("a/b", false, "a slash in a topic");
	topic("caf\xc3\xa9", false, "a topic in UTF-8");
	topic("a b", false, "a blank in a topic");
	ok(!topic_name_ok("a\0b", 3), "a NUL in a topic");
	long_texts();
	return tap_end();
}
