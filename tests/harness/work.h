/* SPDX-License-Identifier: MIT */
/*
 * Work that does not depend on the machine's speed: the compiler puts a call into each basic
 * block of code that is compiled with -fsanitize-coverage=trace-pc.
 */
#ifndef EVRING_TESTS_WORK_H
#define EVRING_TESTS_WORK_H

static unsigned long work_blocks;

void __sanitizer_cov_trace_pc(void);

#ifdef __clang__
__attribute__((no_sanitize("coverage")))
#else
__attribute__((no_sanitize_coverage))
#endif
void __sanitizer_cov_trace_pc(void)
{
	work_blocks++;
}

#endif /* EVRING_TESTS_WORK_H */
