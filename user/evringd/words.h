/* SPDX-License-Identifier: MIT */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Of a list in a configuration, or pieces of a template: some checks compare each with all. */
#define WORDS_MAX 1000

/*
 * The next word of a list with commas, without the blanks around it; NULL: there are no more.
 * *@list is the rest of the list, and NULL behind the last word.
 */
const char *next_word(const char **list, size_t *len);

/* A shell takes it as it stands, as one word, and a program takes it as no option. */
bool is_plain_word(const char *text);

#endif /* WORDS_H */
