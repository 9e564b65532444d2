/* SPDX-License-Identifier: MIT */
/*
 * TAP for C programs. ok() is a test that is one expression; test_case() one that
 * is a function with checks in it. main() returns tap_end().
 */
#ifndef EVRING_TESTS_TAP_H
#define EVRING_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* Weak, as a program may be of several files, and has one of each. */
#define TAP_SHARED __attribute__((weak))
unsigned int TAP_SHARED tap_tests;
unsigned int TAP_SHARED tap_failed;
unsigned int TAP_SHARED tap_unmet;	/* checks of this test that did not hold */

static inline bool ok(bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tap_tests, name);
	fflush(stdout);
	tap_failed += !good;
	return good;
}

/* The first twenty that do not hold are told. Returns @good. */
static inline bool __attribute__((format(printf, 2, 3))) check(bool good, const char *format, ...)
{
	va_list args;

	if (good || tap_unmet++ >= 20)
		return good;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	return false;
}

#define CHECK(_what) \
	check(_what, "%s:%d: does not hold: %s", __FILE__, __LINE__, #_what)

static inline void test_case(void (*test)(void), const char *name)
{
	tap_unmet = 0;
	test();
	ok(!tap_unmet, name);
}

static inline int tap_end(void)
{
	printf("1..%u\n", tap_tests);
	return tap_failed != 0;
}

#endif /* EVRING_TESTS_TAP_H */
