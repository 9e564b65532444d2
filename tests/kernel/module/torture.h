/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Common to the torture module and its readers. */
#ifndef _TESTS_MODULES_TORTURE_H
#define _TESTS_MODULES_TORTURE_H

#include <linux/types.h>

/*
 * FNV-1a over @len bytes, from @seed. Not the kernel's CRC: an NMI emits too,
 * and from 7.2 on crc32_le() uses the FPU, which an NMI must not.
 */
static inline __u32 torture_sum(__u32 seed, const __u8 *p, unsigned long len)
{
	__u32 sum = 2166136261u ^ seed;

	while (len--)
		sum = (sum ^ *p++) * 16777619u;
	return sum;
}

#endif /* _TESTS_MODULES_TORTURE_H */
