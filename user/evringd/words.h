/* SPDX-License-Identifier: MIT */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* Of a list in a configuration, or pieces of a template: some checks compare each with all. */
#define WORDS_MAX 1000

/*
 * The next word of a list with commas, without the blanks around it; NULL: there are no more.
 * *@list is the rest of the list, and NULL behind the last word.
 */
const char *next_word(const char **list, size_t *len);

#endif /* WORDS_H */
