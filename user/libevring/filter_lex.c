/* SPDX-License-Identifier: MIT */
/* An expression's tokens. */
#include <ctype.h>

#include "filter.h"

static const struct {
	char text[3];
	enum token_kind kind;
} marks[] = {
	/* The longer ones first */
	{ "&&", TOKEN_AND }, { "||", TOKEN_OR }, { "==", TOKEN_EQUAL }, { "!=", TOKEN_UNEQUAL },
	{ "<=", TOKEN_LESS_EQUAL }, { ">=", TOKEN_MORE_EQUAL }, { "!~", TOKEN_NO_GLOB },
	{ "..", TOKEN_RANGE },
	{ "(", TOKEN_OPEN }, { ")", TOKEN_CLOSE }, { "[", TOKEN_BRACKET },
	{ "]", TOKEN_UNBRACKET }, { ",", TOKEN_COMMA }, { "|", TOKEN_BAR }, { "&", TOKEN_MASK },
	{ "!", TOKEN_NOT }, { "<", TOKEN_LESS }, { ">", TOKEN_MORE }, { "~", TOKEN_GLOB },
};

/* Numbers with a sign, addresses with colons and a slash, names with dots */
static bool is_word(const char *s)
{
	if (s[0] == '.' && s[1] == '.')
		return false;
	return isascii((unsigned char)*s) &&
	       (isalnum((unsigned char)*s) || (*s && strchr("_.:/+-", *s)));
}

/* Up to the quote that ends it, which a backslash before it does not let */
static void lex_string(struct compiler *c)
{
	struct token *token = &c->token;
	const char *s = token->at + 1;

	for (; *s && *s != *token->at; s++)
		if (*s == '\\' && s[1])
			s++;
	if (!*s) {
		token->len = 1;
		filter_fail(c, token, "this text does not end: there is no other %c", *token->at);
	}
	token->kind = TOKEN_STRING;
	token->len = (unsigned int)(s + 1 - token->at);
}

static bool lex_mark(struct token *token)
{
	size_t i, len;

	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		len = strlen(marks[i].text);
		if (strncmp(token->at, marks[i].text, len))
			continue;
		token->kind = marks[i].kind;
		token->len = (unsigned int)len;
		return true;
	}
	return false;
}

void lex_next(struct compiler *c)
{
	struct token *token = &c->token;
	const char *s = token->at + token->len;

	while (isspace((unsigned char)*s))
		s++;
	*token = (struct token){ .kind = TOKEN_END, .at = s };
	if (!*s)
		return;
	if (*s == '"' || *s == '\'') {
		lex_string(c);
		return;
	}
	if (is_word(s)) {
		token->kind = TOKEN_WORD;
		while (is_word(token->at + token->len))
			token->len++;
		return;
	}
	if (lex_mark(token))
		return;
	token->len = 1;
	if (*s == '=')
		filter_fail(c, token, "'=' means nothing: equal is '=='");
	if (*s == '*' || *s == '?')
		filter_fail(c, token, "'%c' means nothing here: a pattern is a text in quotes", *s);
	filter_fail(c, token, "this character means nothing here: texts stand in quotes");
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->len == strlen(word) &&
	       !memcmp(token->at, word, token->len);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the escape at *@s stands for; moves *@s behind it. */
static unsigned char escaped(struct compiler *c, const char **s)
{
	struct token here = { .kind = TOKEN_STRING, .at = *s - 1, .len = 2 };
	int high, low;

	switch (*(*s)++) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case '\\':
		return '\\';
	case '"':
		return '"';
	case '\'':
		return '\'';
	case 'x':
		high = hex_value((*s)[0]);
		low = high < 0 ? -1 : hex_value((*s)[1]);
		if (low < 0)
			filter_fail(c, &here, "\\x takes two digits of base 16, as in \\x1b");
		*s += 2;
		return (unsigned char)(high << 4 | low);
	default:
		filter_fail(c, &here, "there is no such escape: a backslash is \\\\");
	}
}

int string_bytes(struct compiler *c, const struct token *token, unsigned char *to, size_t room)
{
	const char *s = token->at + 1, *end = token->at + token->len - 1;
	size_t len = 0;
	unsigned char byte;

	while (s < end) {
		byte = (unsigned char)*s++;
		if (byte == '\\')
			byte = escaped(c, &s);
		if (len == room)
			return -1;
		to[len++] = byte;
	}
	return (int)len;
}
