/* SPDX-License-Identifier: MIT */
/* auth: access to REST over the network: a file of lines, "basic USER:PASSWORD" or "bearer TOKEN". */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>

struct auth;

/* False: @why tells. A warning tells that the file is not its owner's alone. */
bool auth_load(struct auth **auth, const char *path, char *why, size_t len);
void auth_free(struct auth *auth);
/* @given: the header Authorization, or NULL. In a time that does not tell how near it came. */
bool auth_passes(const struct auth *auth, const char *given);
/* A file with a key or a certificate, as a string. False: @why tells. */
bool pem_load(char **text, const char *path, char *why, size_t len);

#endif /* AUTH_H */
