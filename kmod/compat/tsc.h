/* SPDX-License-Identifier: GPL-2.0-only */
/* The time stamp counter, where the architecture has one that can be trusted. */
#ifndef _KMOD_COMPAT_TSC_H
#define _KMOD_COMPAT_TSC_H

#include <linux/types.h>

#ifdef CONFIG_X86_64
static __always_inline u64 evring_tsc(void)
{
	u32 low, high;

	/* rdtsc() of <asm/msr.h>, which User-mode Linux lacks */
	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | (u64)high << 32;
}

/* Not before the instructions in front of it have ended: rdtsc_ordered(), likewise */
static __always_inline u64 evring_tsc_ordered(void)
{
	asm volatile("lfence" : : : "memory");
	return evring_tsc();
}
#else
static __always_inline u64 evring_tsc(void)
{
	return 0;
}

static __always_inline u64 evring_tsc_ordered(void)
{
	return 0;
}
#endif

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/cpufeature.h>
#include <asm/tsc.h>

/* Its rate in kHz; 0 unless it is invariant, never stops and the kernel itself trusts it. */
static inline u32 evring_tsc_khz(void)
{
	if (!boot_cpu_has(X86_FEATURE_CONSTANT_TSC) || !boot_cpu_has(X86_FEATURE_NONSTOP_TSC) ||
	    check_tsc_unstable())
		return 0;
	return tsc_khz;
}
#else
static inline u32 evring_tsc_khz(void)
{
	return 0;
}
#endif
#endif /* _KMOD_COMPAT_TSC_H */
