/* SPDX-License-Identifier: MIT */
/* Lists of words with commas between them; words for a shell. */
#include "words.h"

#include <ctype.h>
#include <string.h>

bool is_plain_word(const char *text)
{
	return *text != '-' &&
	       !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._/@:+=,-")];
}

const char *next_word(const char **list, size_t *len)
{
	const char *word = *list, *end;

	if (!word)
		return NULL;
	end = word + strcspn(word, ",");
	*list = *end ? end + 1 : NULL;
	while (word < end && isblank((unsigned char)*word))
		word++;
	while (end > word && isblank((unsigned char)end[-1]))
		end--;
	*len = (size_t)(end - word);
	return word;
}
