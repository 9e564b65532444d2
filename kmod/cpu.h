/* SPDX-License-Identifier: GPL-2.0-only */
/* cpu.c: CPUs get their rings. */
#ifndef _KMOD_CPU_H
#define _KMOD_CPU_H

int evring_cpus_init(void);
void evring_cpus_exit(void);

#endif /* _KMOD_CPU_H */
