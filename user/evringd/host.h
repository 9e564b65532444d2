/* SPDX-License-Identifier: MIT */
/* host: this host's identity, name, hooks and fields, as a configuration needs them. */
#ifndef HOST_H
#define HOST_H

#include <evring.h>
#include <stdbool.h>
#include <stddef.h>

struct config;
struct problems;

/*
 * The identity of this host's events; @ev as in evring_host(). False: the host lacks a part of it,
 * which @why names.
 */
bool host_identity(const struct evring *ev, const struct config *cfg, struct evring_host *host,
		   char *why, size_t len);
/* A host's name that no topic can have, where the topic has it, is a problem. */
void topic_check(const struct config *cfg, const struct evring_host *host,
		 struct problems *problems);
/* Both, of this host */
void host_check(const struct config *cfg, struct problems *problems);
/* A glob without a match is a problem. */
void hooks_check(struct evring *ev, const struct config *cfg, struct problems *problems);
/* A field that no type has is a problem; a module that has one may yet be loaded. */
void key_check(struct evring *ev, const struct config *cfg, struct problems *problems);
/* Both. False: the device cannot be opened; *@error is -errno. */
bool device_check(const struct config *cfg, struct problems *problems, int *error);

#endif /* HOST_H */
