/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of hooks that there are; hook.c has them in order. */
#ifndef _KMOD_HOOKS_FAMILIES_H
#define _KMOD_HOOKS_FAMILIES_H

struct evring_hook_family;

extern const struct evring_hook_family evring_process_family;
extern const struct evring_hook_family evring_exec_family;
extern const struct evring_hook_family evring_process_state_family;
extern const struct evring_hook_family evring_process_acts_family;
extern const struct evring_hook_family evring_process_ns_family;
extern const struct evring_hook_family evring_process_session_family;
extern const struct evring_hook_family evring_process_memory_family;
extern const struct evring_hook_family evring_file_open_family;
extern const struct evring_hook_family evring_file_name_family;
extern const struct evring_hook_family evring_file_attr_family;
extern const struct evring_hook_family evring_file_mount_family;
extern const struct evring_hook_family evring_file_redirect_family;
extern const struct evring_hook_family evring_sched_family;
extern const struct evring_hook_family evring_module_family;
extern const struct evring_hook_family evring_kernel_set_family;
extern const struct evring_hook_family evring_kernel_boot_family;
extern const struct evring_hook_family evring_kernel_trouble_family;
extern const struct evring_hook_family evring_kernel_device_family;
#ifdef CONFIG_BPF_SYSCALL
extern const struct evring_hook_family evring_bpf_family;
#endif
#ifdef CONFIG_IO_URING
extern const struct evring_hook_family evring_uring_family;
#endif
#ifdef CONFIG_HAVE_SYSCALL_TRACEPOINTS
extern const struct evring_hook_family evring_syscall_family;
#endif
#ifdef CONFIG_NET
extern const struct evring_hook_family evring_kernel_netdev_family;
#endif
#ifdef CONFIG_INET
extern const struct evring_hook_family evring_net_call_family;
extern const struct evring_hook_family evring_net_state_family;
extern const struct evring_hook_family evring_net_send_family;
#endif
#ifdef CONFIG_BLOCK
extern const struct evring_hook_family evring_block_io_family;
#endif

#endif /* _KMOD_HOOKS_FAMILIES_H */
