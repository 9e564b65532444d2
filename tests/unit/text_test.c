/* SPDX-License-Identifier: MIT */
/* Text of others that goes to a terminal */
#include "../harness/tap.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static void becomes(const char *text, const char *expected, const char *what)
{
	char copy[100];

	snprintf(copy, sizeof(copy), "%s", text);
	make_printable(copy, '?');
	ok(!strcmp(copy, expected), what);
}

int main(void)
{
	becomes("a\nb\x1b[2J\x7f", "a?b?[2J?", "control characters of ASCII");
	becomes("\xc2\x9b" "2J\xc2\x80", "??2J??", "U+009B, which is CSI, and its like");
	becomes("a\xe2\x80\xae" "b\xe2\x81\xa6", "a???b???", "characters that reorder the line");
	becomes("\xc3\xa4\xc2\xa0\xe2\x82\xac\xe2\x80\xaf", "\xc3\xa4\xc2\xa0\xe2\x82\xac\xe2\x80\xaf",
		"other characters stay");
	becomes("a\xc2", "a\xc2", "a character that is cut");
	becomes("a\xe2\x80", "a\xe2\x80", "another one");
	return tap_end();
}
