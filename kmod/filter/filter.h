/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Programs that filter events (struct evring_program), as the module and libevring
 * both run them: the same source, so an expression means the same in either.
 */
#ifndef _KMOD_FILTER_FILTER_H
#define _KMOD_FILTER_FILTER_H

#if defined(__KERNEL__) || defined(SIM_KERNEL)
#include <linux/evring.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <linux/evring.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#define noinline __attribute__((__noinline__))
#endif

/* verify.c: is it a program? */

/*
 * May evring_program_run() be given these @len bytes, 8-byte aligned, for events
 * of a type of this schema? Nothing in them is trusted. -EINVAL: no. -E2BIG: more
 * than this verifier allows, or knows of. -ESTALE: made for another version.
 */
int evring_program_verify(const void *block, size_t len, __u32 version, __u32 data_size);

/* eval.c: run a program over an event */

enum evring_verdict {
	EVRING_UNWANTED,
	EVRING_WANTED,
	EVRING_UNDECIDED,	/* out of steps: as wanted */
};

/*
 * Run a program that was verified. The event's bytes need not be: nothing outside of
 * the payload's @len bytes is read. @rec is only the header. @steps: how many the
 * program may take; those that it took are subtracted, so that several programs over
 * one event share them. Any context.
 */
enum evring_verdict evring_program_spend(const struct evring_program *program,
					 const struct evring_rec *rec, const void *payload,
					 __u32 len, int *steps);

/* The same, of one program alone */
static inline enum evring_verdict evring_program_run(const struct evring_program *program,
						     const struct evring_rec *rec,
						     const void *payload, __u32 len)
{
	int steps = EVRING_PROGRAM_STEPS;

	return evring_program_spend(program, rec, payload, len, &steps);
}

#endif /* _KMOD_FILTER_FILTER_H */
