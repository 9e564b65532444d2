/* SPDX-License-Identifier: MIT */
/* Templates: text with ${variables}; "$$" is one "$". */
#include "template.h"

#include "memory.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * @max: longest value in a topic's name that is counted on. Types and lanes can
 * have names of 127 bytes, and then a topic may turn out to be none; to count on
 * that would refuse most templates of both.
 */
static const struct {
	const char *name;
	enum variable what;
	size_t max;
} variables[] = {
	{ "type",	VAR_TYPE,	95 },
	{ "lane",	VAR_LANE,	32 },
	{ "host",	VAR_HOST,	64 },
	{ "machine",	VAR_MACHINE,	32 },
	{ "boot",	VAR_BOOT,	0 },
	{ "cpu",	VAR_CPU,	0 },
	{ "pid",	VAR_PID,	0 },
	{ "tid",	VAR_TID,	0 },
};

#define NR_VARIABLES (sizeof(variables) / sizeof(variables[0]))

static struct piece *add_piece(struct template *tmpl, enum variable what)
{
	struct piece *piece;

	tmpl->pieces = xgrow(tmpl->pieces, tmpl->nr, tmpl->nr + 1, sizeof(*tmpl->pieces));
	piece = &tmpl->pieces[tmpl->nr++];
	piece->what = what;
	return piece;
}

/* Long texts take several pieces: one is as large as a field's name. */
static void add_char(struct template *tmpl, char c)
{
	struct piece *piece = tmpl->nr ? &tmpl->pieces[tmpl->nr - 1] : NULL;

	if (!piece || piece->what != VAR_TEXT || piece->len == sizeof(piece->text))
		piece = add_piece(tmpl, VAR_TEXT);
	piece->text[piece->len++] = c;
}

static bool field_name_ok(const char *name, size_t len)
{
	size_t i;

	if (!len || len >= EVRING_NAME_MAX || !islower((unsigned char)name[0]))
		return false;
	for (i = 1; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_')
			return false;
	return true;
}

static enum variable variable_by_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < NR_VARIABLES; i++)
		if (strlen(variables[i].name) == len && !memcmp(variables[i].name, name, len))
			return variables[i].what;
	return VAR_FIELD;
}

/* @text is behind a "${", in the template @whole. Returns the text behind the "}", or NULL. */
static const char *parse_variable(struct template *tmpl, const char *whole, const char *text,
				  unsigned int allowed, char *why, size_t len)
{
	size_t name_len = strcspn(text, "}");
	enum variable what = variable_by_name(text, name_len);
	struct piece *piece;

	if (!text[name_len]) {
		snprintf(why, len, "the \"${\" at byte %td is without a \"}\"", text - whole - 1);
		return NULL;
	}
	if (!(allowed & (1u << what)) || (what == VAR_FIELD && !field_name_ok(text, name_len))) {
		snprintf(why, len, "no variable that it can have at byte %td", text - whole - 1);
		return NULL;
	}
	piece = add_piece(tmpl, what);
	if (what == VAR_FIELD) {
		memcpy(piece->text, text, name_len);
		piece->len = name_len;
	}
	return text + name_len + 1;
}

struct template *template_parse(const char *text, unsigned int allowed, char *why, size_t len)
{
	struct template *tmpl = xgrow(NULL, 0, 1, sizeof(*tmpl));
	const char *whole = text;

	tmpl->text = xstrdup(text);
	while (text && *text) {
		if (tmpl->nr > WORDS_MAX) {
			snprintf(why, len, "more than %d variables and texts", WORDS_MAX);
			text = NULL;
		} else if (text[0] != '$') {
			add_char(tmpl, *text++);
		} else if (text[1] == '$') {
			add_char(tmpl, '$');
			text += 2;
		} else if (text[1] == '{') {
			text = parse_variable(tmpl, whole, text + 2, allowed, why, len);
		} else {
			snprintf(why, len, "a lone \"$\" (for a dollar sign write \"$$\")");
			text = NULL;
		}
	}
	if (text)
		return tmpl;
	template_free(tmpl);
	return NULL;
}

void template_free(struct template *tmpl)
{
	if (!tmpl)
		return;
	free(tmpl->text);
	free(tmpl->pieces);
	free(tmpl);
}

size_t template_expand(const struct template *tmpl, template_value *value, const void *arg,
		       char *buf, size_t len)
{
	size_t used = 0, i, n;

	for (i = 0; i < tmpl->nr && used < len; i++) {
		const struct piece *piece = &tmpl->pieces[i];

		if (piece->what == VAR_TEXT) {
			n = piece->len < len - used ? piece->len : len - used;
			memcpy(buf + used, piece->text, n);
		} else {
			n = value(arg, piece, buf + used, len - used);
		}
		used += n;
	}
	return used;
}

static bool topic_text_ok(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isascii((unsigned char)text[i]) ||
		    (!isalnum((unsigned char)text[i]) && !memchr("._-", text[i], 3)))
			return false;
	return true;
}

bool topic_name_ok(const char *name, size_t len)
{
	return len && len <= TOPIC_MAX && topic_text_ok(name, len) &&
	       !(len == 1 && name[0] == '.') && !(len == 2 && !memcmp(name, "..", 2));
}

/* The length of the host's name is known only at run time: see encode.c. */
const char *topic_template_wrong(const struct template *tmpl)
{
	size_t len = 0, i, v;

	for (i = 0; i < tmpl->nr; i++) {
		const struct piece *piece = &tmpl->pieces[i];

		if (piece->what == VAR_TEXT && !topic_text_ok(piece->text, piece->len))
			return "has characters that no topic may have";
		len += piece->len;
		for (v = 0; v < NR_VARIABLES; v++)
			if (variables[v].what == piece->what)
				len += variables[v].max;
	}
	if (len > TOPIC_MAX)
		return "can become too long for a topic";
	if (!tmpl->nr)
		return "is empty";
	if (tmpl->nr == 1 && tmpl->pieces[0].what == VAR_TEXT &&
	    !topic_name_ok(tmpl->pieces[0].text, tmpl->pieces[0].len))
		return "is not a name for a topic";
	return NULL;
}
