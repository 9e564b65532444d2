/* SPDX-License-Identifier: MIT */
/* Errors in expressions: the text, the place, and the words allowed there. */
#include <stdarg.h>
#include <stdio.h>

#include "filter.h"

void filter_fail(struct compiler *c, const struct token *token, const char *format, ...)
{
	struct evring_filter_error *error = c->error;
	va_list args;

	error->column = (unsigned int)(token->at - c->text) + 1;
	error->len = token->len ? token->len : 1;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	longjmp(c->failed, 1);
}

#define NEAR_LEN	64	/* longer names are not compared */

void near_begin(struct near *near, const struct token *token)
{
	*near = (struct near){ .s = token->at, .len = token->len };
	/* A third of it wrong is another word. */
	near->distance = token->len / 3 + 1;
	if (near->distance > 3)
		near->distance = 3;
	near->distance++;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* How many letters to add, take away or change make one word of the other */
static unsigned int distance(const char *a, unsigned int a_len, const char *b, unsigned int b_len)
{
	unsigned int row[NEAR_LEN + 1], i, j, diagonal, above;

	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = min3(row[j] + 1, row[j - 1] + 1,
				      diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
			diagonal = above;
		}
	}
	return row[b_len];
}

void near_look(struct near *near, const char *name)
{
	unsigned int len = (unsigned int)strnlen(name, NEAR_LEN + 1), d;

	if (len > NEAR_LEN || near->len > NEAR_LEN)
		return;
	d = distance(near->s, near->len, name, len);
	if (d >= near->distance)
		return;
	near->distance = d;
	near->name = name;
}
