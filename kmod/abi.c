// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI, frozen: one line a member of each structure that user space sees.
 * Only new lines may come. Compiles in the kernel and in the tests alike.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <uapi/linux/evring.h>
#else
#include <assert.h>
#include <linux/evring.h>
#include <stddef.h>
#endif

#define AT(_struct, _member, _offset)					\
	static_assert(offsetof(struct _struct, _member) == (_offset), #_struct "." #_member)
#define SIZE(_struct, _size)						\
	static_assert(sizeof(struct _struct) == (_size), #_struct)

SIZE(evring_rec, 32);
AT(evring_rec, len, 0);
AT(evring_rec, type, 4);
AT(evring_rec, flags, 6);
AT(evring_rec, time, 8);
AT(evring_rec, seq, 16);
AT(evring_rec, pid, 24);
AT(evring_rec, tid, 28);

SIZE(evring_lost, 24);
AT(evring_lost, count, 0);
AT(evring_lost, first, 8);
AT(evring_lost, last, 16);

SIZE(evring_str, 4);
AT(evring_str, offset, 0);
AT(evring_str, len, 2);

SIZE(evring_field, 40);
AT(evring_field, name, 0);
AT(evring_field, kind, 32);
AT(evring_field, format, 34);
AT(evring_field, offset, 36);
AT(evring_field, size, 38);

SIZE(evring_common, 40);
AT(evring_common, uid, 0);
AT(evring_common, euid, 4);
AT(evring_common, loginuid, 8);
AT(evring_common, pidns, 12);
AT(evring_common, cgroup, 16);
AT(evring_common, comm, 24);

SIZE(evring_type_info, 88);
AT(evring_type_info, id, 0);
AT(evring_type_info, flags, 4);
AT(evring_type_info, name, 8);
AT(evring_type_info, version, 40);
AT(evring_type_info, lane, 44);
AT(evring_type_info, size, 48);
AT(evring_type_info, nr_fields, 52);
AT(evring_type_info, fields, 56);
AT(evring_type_info, lost, 64);
AT(evring_type_info, reserved, 72);

SIZE(evring_clock, 40);
AT(evring_clock, seq, 0);
AT(evring_clock, source, 4);
AT(evring_clock, mult, 8);
AT(evring_clock, shift, 12);
AT(evring_clock, base, 16);
AT(evring_clock, boot_ns, 24);
AT(evring_clock, wall_ns, 32);

SIZE(evring_clock_line, 32);
AT(evring_clock_line, base, 0);
AT(evring_clock_line, boot_ns, 8);
AT(evring_clock_line, wall_ns, 16);
AT(evring_clock_line, mult, 24);
AT(evring_clock_line, reserved, 28);

SIZE(evring_group_info, 64);
AT(evring_group_info, name, 0);
AT(evring_group_info, policy, 32);
AT(evring_group_info, lanes, 36);
AT(evring_group_info, abandon_ms, 40);
AT(evring_group_info, flags, 44);
AT(evring_group_info, owner, 48);
AT(evring_group_info, generation, 52);
AT(evring_group_info, left_ns, 56);

SIZE(evring_meta, 3232);
AT(evring_meta, size, 0);
AT(evring_meta, version, 4);
AT(evring_meta, page_size, 8);
AT(evring_meta, nr_lanes, 12);
AT(evring_meta, nr_cpus, 16);
AT(evring_meta, segment_size, 20);
AT(evring_meta, record_max, 24);
AT(evring_meta, nr_rings, 28);
AT(evring_meta, lane_size, 32);
AT(evring_meta, memory, 96);
AT(evring_meta, groups_seq, 104);
AT(evring_meta, reserved, 108);
AT(evring_meta, clock, 112);
AT(evring_meta, groups, 152);
AT(evring_meta, nr_past, 1176);
AT(evring_meta, reserved1, 1180);
AT(evring_meta, past, 1184);

SIZE(evring_cursor, 24);
AT(evring_cursor, pos, 0);
AT(evring_cursor, seq, 8);
AT(evring_cursor, missed, 16);

SIZE(evring_ring_page, 576);
AT(evring_ring_page, size, 0);
AT(evring_ring_page, lane, 4);
AT(evring_ring_page, cpu, 8);
AT(evring_ring_page, reserved0, 12);
AT(evring_ring_page, data_offset, 16);
AT(evring_ring_page, data_size, 24);
AT(evring_ring_page, segment_size, 32);
AT(evring_ring_page, reserved1, 40);
AT(evring_ring_page, head, 64);
AT(evring_ring_page, seq, 72);
AT(evring_ring_page, reserved2, 80);
AT(evring_ring_page, tail, 128);
AT(evring_ring_page, lost, 136);
AT(evring_ring_page, discarded, 160);
AT(evring_ring_page, wakeups, 168);
AT(evring_ring_page, reserved3, 176);
AT(evring_ring_page, cursors, 192);

SIZE(evring_join, 64);
AT(evring_join, name, 0);
AT(evring_join, flags, 32);
AT(evring_join, policy, 36);
AT(evring_join, start, 40);
AT(evring_join, lanes, 44);
AT(evring_join, abandon_ms, 48);
AT(evring_join, group, 52);
AT(evring_join, created, 56);
AT(evring_join, reserved, 60);

SIZE(evring_commit_entry, 24);
AT(evring_commit_entry, pos, 0);
AT(evring_commit_entry, seq, 8);
AT(evring_commit_entry, missed, 16);
AT(evring_commit_entry, lane, 20);
AT(evring_commit_entry, cpu, 22);

SIZE(evring_commit, 16);
AT(evring_commit, entries, 0);
AT(evring_commit, nr, 8);
AT(evring_commit, flags, 12);

SIZE(evring_arm, 16);
AT(evring_arm, lanes, 0);
AT(evring_arm, flags, 4);
AT(evring_arm, watermark, 8);
AT(evring_arm, flush_ms, 12);

SIZE(evring_hook, 40);
AT(evring_hook, name, 0);
AT(evring_hook, op, 32);
AT(evring_hook, state, 36);

SIZE(evring_drop, 32);
AT(evring_drop, name, 0);

SIZE(evring_ring_info, 584);
AT(evring_ring_info, lane, 0);
AT(evring_ring_info, cpu, 4);
AT(evring_ring_info, page, 8);
