/* SPDX-License-Identifier: MIT */
/* provider: ${file:PATH:KEY} and the like in the values of keys. */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A copy of @text in which each reference is replaced by the value that it refers to; NULL if one
 * refers to nothing, and @why tells. In a @template, escapes stay for template_parse().
 */
char *provider_resolve(const char *text, bool template, char *why, size_t size);
/* Does @text, which is no template, refer to a provider's value? */
bool provider_refers(const char *text);
/* A copy of @key's value in a Java properties file. NULL: @why is a constant text. */
char *properties_find(const char *text, size_t len, const char *key, const char **why);

#endif /* PROVIDER_H */
