// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI, frozen: one line a member of each structure that user space sees, and one a value.
 * Only new lines may come. Compiles in the kernel and in the tests alike.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <uapi/linux/evring.h>
#else
#if __STDC_HOSTED__
#include <assert.h>
#endif
#include <linux/evring.h>
#include <stddef.h>
#endif

#define AT(_struct, _member, _offset)					\
	static_assert(offsetof(struct _struct, _member) == (_offset), #_struct "." #_member)
#define SIZE(_struct, _size)						\
	static_assert(sizeof(struct _struct) == (_size), #_struct)
#define VALUE(_name, _value)	static_assert((_name) == (_value), #_name)

SIZE(evring_rec, 32);
AT(evring_rec, len, 0);
AT(evring_rec, type, 4);
AT(evring_rec, flags, 6);
AT(evring_rec, time, 8);
AT(evring_rec, seq, 16);
AT(evring_rec, pid, 24);
AT(evring_rec, tid, 28);

SIZE(evring_lost, 32);
AT(evring_lost, count, 0);
AT(evring_lost, first, 8);
AT(evring_lost, last, 16);
AT(evring_lost, causes, 24);
AT(evring_lost, type, 28);
AT(evring_lost, reserved, 30);

SIZE(evring_table, 16);
AT(evring_table, offset, 0);
AT(evring_table, stride, 4);
AT(evring_table, count, 8);
AT(evring_table, reserved, 12);

SIZE(evring_block, 104);
AT(evring_block, magic, 0);
AT(evring_block, len, 4);
AT(evring_block, size, 8);
AT(evring_block, version, 12);
AT(evring_block, common_size, 16);
AT(evring_block, data_size, 20);
AT(evring_block, name, 24);
AT(evring_block, doc, 28);
AT(evring_block, lane, 32);
AT(evring_block, reserved, 36);
AT(evring_block, fields, 40);
AT(evring_block, tables, 56);
AT(evring_block, values, 72);
AT(evring_block, strings, 88);

SIZE(evring_block_field, 24);
AT(evring_block_field, name, 0);
AT(evring_block_field, unit, 4);
AT(evring_block_field, doc, 8);
AT(evring_block_field, kind, 12);
AT(evring_block_field, format, 14);
AT(evring_block_field, offset, 16);
AT(evring_block_field, size, 18);
AT(evring_block_field, names, 20);
AT(evring_block_field, reserved, 22);

SIZE(evring_block_names, 16);
AT(evring_block_names, name, 0);
AT(evring_block_names, first, 4);
AT(evring_block_names, count, 8);
AT(evring_block_names, reserved, 12);

SIZE(evring_block_value, 16);
AT(evring_block_value, value, 0);
AT(evring_block_value, name, 8);
AT(evring_block_value, doc, 12);

SIZE(evring_str, 4);
AT(evring_str, offset, 0);
AT(evring_str, len, 2);

SIZE(evring_common, 64);
AT(evring_common, uid, 0);
AT(evring_common, euid, 4);
AT(evring_common, gid, 8);
AT(evring_common, loginuid, 12);
AT(evring_common, sessionid, 16);
AT(evring_common, pidns, 20);
AT(evring_common, mntns, 24);
AT(evring_common, reserved, 28);
AT(evring_common, cgroup, 32);
AT(evring_common, start_time, 40);
AT(evring_common, comm, 48);

SIZE(evring_describe, 64);
AT(evring_describe, id, 0);
AT(evring_describe, flags, 4);
AT(evring_describe, block, 8);
AT(evring_describe, room, 16);
AT(evring_describe, len, 20);
AT(evring_describe, generation, 24);
AT(evring_describe, lane, 28);
AT(evring_describe, reserved, 30);
AT(evring_describe, lost, 32);
AT(evring_describe, filtered, 40);
AT(evring_describe, undecided, 48);
AT(evring_describe, uid, 56);
AT(evring_describe, reserved1, 60);

SIZE(evring_program, 64);
AT(evring_program, magic, 0);
AT(evring_program, len, 4);
AT(evring_program, size, 8);
AT(evring_program, version, 12);
AT(evring_program, insns, 16);
AT(evring_program, pool, 32);
AT(evring_program, text, 48);

SIZE(evring_insn, 40);
AT(evring_insn, op, 0);
AT(evring_insn, flags, 1);
AT(evring_insn, kind, 2);
AT(evring_insn, offset, 4);
AT(evring_insn, size, 6);
AT(evring_insn, yes, 8);
AT(evring_insn, no, 10);
AT(evring_insn, element, 12);
AT(evring_insn, count, 14);
AT(evring_insn, pool, 16);
AT(evring_insn, reserved, 20);
AT(evring_insn, a, 24);
AT(evring_insn, b, 32);

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

SIZE(evring_lane_info, 152);
AT(evring_lane_info, name, 0);
AT(evring_lane_info, data_size, 128);
AT(evring_lane_info, map_size, 136);
AT(evring_lane_info, flags, 144);
AT(evring_lane_info, reserved, 148);

SIZE(evring_group_info, 168);
AT(evring_group_info, name, 0);
AT(evring_group_info, lanes, 128);
AT(evring_group_info, left_ns, 136);
AT(evring_group_info, policy, 144);
AT(evring_group_info, abandon_ms, 148);
AT(evring_group_info, flags, 152);
AT(evring_group_info, owner, 156);
AT(evring_group_info, generation, 160);
AT(evring_group_info, uid, 164);

SIZE(evring_meta, 160);
AT(evring_meta, size, 0);
AT(evring_meta, version, 4);
AT(evring_meta, features, 8);
AT(evring_meta, map_size, 16);
AT(evring_meta, segment_size, 20);
AT(evring_meta, record_max, 24);
AT(evring_meta, seq_bits, 28);
AT(evring_meta, nr_cpus, 32);
AT(evring_meta, nr_rings, 36);
AT(evring_meta, types_seq, 40);
AT(evring_meta, groups_seq, 44);
AT(evring_meta, memory, 48);
AT(evring_meta, lanes, 56);
AT(evring_meta, clocks, 72);
AT(evring_meta, groups, 88);
AT(evring_meta, past, 104);
AT(evring_meta, nr_past, 120);
AT(evring_meta, loaded, 124);
AT(evring_meta, module, 128);

SIZE(evring_cursor, 24);
AT(evring_cursor, pos, 0);
AT(evring_cursor, seq, 8);
AT(evring_cursor, missed, 16);

SIZE(evring_ring_page, 256);
AT(evring_ring_page, size, 0);
AT(evring_ring_page, version, 4);
AT(evring_ring_page, features, 8);
AT(evring_ring_page, cpu, 16);
AT(evring_ring_page, lane, 20);
AT(evring_ring_page, reserved0, 22);
AT(evring_ring_page, data_offset, 24);
AT(evring_ring_page, data_size, 32);
AT(evring_ring_page, segment_size, 40);
AT(evring_ring_page, lost, 48);
AT(evring_ring_page, cursors, 64);
AT(evring_ring_page, reserved1, 80);
AT(evring_ring_page, head, 128);
AT(evring_ring_page, seq, 136);
AT(evring_ring_page, reserved2, 144);
AT(evring_ring_page, tail, 192);
AT(evring_ring_page, seq_base, 200);
AT(evring_ring_page, discarded, 208);
AT(evring_ring_page, wakeups, 216);
AT(evring_ring_page, held_max, 224);
AT(evring_ring_page, reserved3, 232);

SIZE(evring_meta_read, 16);
AT(evring_meta_read, to, 0);
AT(evring_meta_read, room, 8);
AT(evring_meta_read, len, 12);

SIZE(evring_ring_read, 24);
AT(evring_ring_read, to, 0);
AT(evring_ring_read, room, 8);
AT(evring_ring_read, len, 12);
AT(evring_ring_read, cpu, 16);
AT(evring_ring_read, lane, 20);
AT(evring_ring_read, reserved, 22);

SIZE(evring_join, 160);
AT(evring_join, name, 0);
AT(evring_join, lanes, 128);
AT(evring_join, flags, 136);
AT(evring_join, policy, 140);
AT(evring_join, start, 144);
AT(evring_join, abandon_ms, 148);
AT(evring_join, group, 152);
AT(evring_join, created, 156);

SIZE(evring_commit_entry, 32);
AT(evring_commit_entry, pos, 0);
AT(evring_commit_entry, seq, 8);
AT(evring_commit_entry, missed, 16);
AT(evring_commit_entry, cpu, 24);
AT(evring_commit_entry, lane, 28);
AT(evring_commit_entry, reserved, 30);

SIZE(evring_commit, 24);
AT(evring_commit, entries, 0);
AT(evring_commit, nr, 8);
AT(evring_commit, entry_size, 12);
AT(evring_commit, flags, 16);
AT(evring_commit, reserved, 20);

SIZE(evring_arm, 24);
AT(evring_arm, lanes, 0);
AT(evring_arm, flags, 8);
AT(evring_arm, watermark, 12);
AT(evring_arm, flush_ms, 16);
AT(evring_arm, reserved, 20);

SIZE(evring_hook, 440);
AT(evring_hook, name, 0);
AT(evring_hook, group, 128);
AT(evring_hook, filter, 256);
AT(evring_hook, limits, 264);
AT(evring_hook, op, 272);
AT(evring_hook, flags, 276);
AT(evring_hook, lane, 280);
AT(evring_hook, reserved, 282);
AT(evring_hook, owners, 284);
AT(evring_hook, state, 288);
AT(evring_hook, filters, 292);
AT(evring_hook, why, 296);
AT(evring_hook, snapshot, 424);
AT(evring_hook, told, 428);
AT(evring_hook, has, 432);
AT(evring_hook, reserved1, 436);

SIZE(evring_limits, 24);
AT(evring_limits, size, 0);
AT(evring_limits, per, 4);
AT(evring_limits, sample, 8);
AT(evring_limits, rate, 12);
AT(evring_limits, burst, 16);
AT(evring_limits, reserved, 20);

SIZE(evring_filter_read, 296);
AT(evring_filter_read, name, 0);
AT(evring_filter_read, group, 128);
AT(evring_filter_read, to, 256);
AT(evring_filter_read, room, 264);
AT(evring_filter_read, len, 268);
AT(evring_filter_read, limits, 272);

SIZE(evring_drop, 136);
AT(evring_drop, name, 0);
AT(evring_drop, flags, 128);
AT(evring_drop, reserved, 132);
SIZE(evring_give, 136);
AT(evring_give, name, 0);
AT(evring_give, uid, 128);
AT(evring_give, flags, 132);

SIZE(evring_uring_cmd, 16);
AT(evring_uring_cmd, arg, 0);
AT(evring_uring_cmd, size, 8);
AT(evring_uring_cmd, flags, 12);

SIZE(evring_pub, 16);
AT(evring_pub, len, 0);
AT(evring_pub, type, 4);
AT(evring_pub, flags, 6);
AT(evring_pub, generation, 8);
AT(evring_pub, reserved, 12);

SIZE(evring_register, 48);
AT(evring_register, block, 0);
AT(evring_register, text, 8);
AT(evring_register, len, 16);
AT(evring_register, room, 20);
AT(evring_register, flags, 24);
AT(evring_register, uid, 28);
AT(evring_register, id, 32);
AT(evring_register, generation, 36);
AT(evring_register, payload_max, 40);
AT(evring_register, lane, 44);
AT(evring_register, reserved, 46);

SIZE(evring_unregister, 16);
AT(evring_unregister, id, 0);
AT(evring_unregister, generation, 4);
AT(evring_unregister, flags, 8);
AT(evring_unregister, reserved, 12);

SIZE(evring_publish, 24);
AT(evring_publish, events, 0);
AT(evring_publish, len, 8);
AT(evring_publish, flags, 12);
AT(evring_publish, done, 16);
AT(evring_publish, reserved, 20);

SIZE(evring_redaction, 80);
AT(evring_redaction, magic, 0);
AT(evring_redaction, len, 4);
AT(evring_redaction, size, 8);
AT(evring_redaction, version, 12);
AT(evring_redaction, rules, 16);
AT(evring_redaction, conds, 32);
AT(evring_redaction, pool, 48);
AT(evring_redaction, text, 64);

SIZE(evring_redact_rule, 16);
AT(evring_redact_rule, op, 0);
AT(evring_redact_rule, first, 1);
AT(evring_redact_rule, kind, 2);
AT(evring_redact_rule, offset, 4);
AT(evring_redact_rule, field, 6);
AT(evring_redact_rule, cond, 8);
AT(evring_redact_rule, count, 10);
AT(evring_redact_rule, pool, 12);

SIZE(evring_redact_cond, 8);
AT(evring_redact_cond, offset, 0);
AT(evring_redact_cond, len, 4);

SIZE(evring_redact, 184);
AT(evring_redact, name, 0);
AT(evring_redact, rules, 128);
AT(evring_redact, to, 136);
AT(evring_redact, room, 144);
AT(evring_redact, len, 148);
AT(evring_redact, op, 152);
AT(evring_redact, flags, 156);
AT(evring_redact, generation, 160);
AT(evring_redact, reserved, 164);
AT(evring_redact, redacted, 168);
AT(evring_redact, hidden, 176);

/* Values, which records, calls and pages have */

VALUE(EVRING_LOST_FULL, 0);
VALUE(EVRING_LOST_NESTED, 1);
VALUE(EVRING_LOST_TOOBIG, 2);
VALUE(EVRING_LOST_PROBE, 3);
VALUE(EVRING_LOST_SAMPLED, 4);
VALUE(EVRING_LOST_RATE, 5);

VALUE(EVRING_KIND_U8, 0x101);
VALUE(EVRING_KIND_U16, 0x102);
VALUE(EVRING_KIND_U32, 0x104);
VALUE(EVRING_KIND_U64, 0x108);
VALUE(EVRING_KIND_S8, 0x201);
VALUE(EVRING_KIND_S16, 0x202);
VALUE(EVRING_KIND_S32, 0x204);
VALUE(EVRING_KIND_S64, 0x208);
VALUE(EVRING_KIND_BOOL, 0x301);
VALUE(EVRING_KIND_CHARS, 0x401);
VALUE(EVRING_KIND_FIXED, 0x501);
VALUE(EVRING_KIND_U8S, 0x8101);
VALUE(EVRING_KIND_U16S, 0x8102);
VALUE(EVRING_KIND_U32S, 0x8104);
VALUE(EVRING_KIND_U64S, 0x8108);
VALUE(EVRING_KIND_S8S, 0x8201);
VALUE(EVRING_KIND_S16S, 0x8202);
VALUE(EVRING_KIND_S32S, 0x8204);
VALUE(EVRING_KIND_S64S, 0x8208);
VALUE(EVRING_KIND_TEXT, 0x8401);
VALUE(EVRING_KIND_BYTES, 0x8501);
VALUE(EVRING_KIND_TEXTS, 0x8601);

VALUE(EVRING_FORMAT_NONE, 0);
VALUE(EVRING_FORMAT_HEX, 1);
VALUE(EVRING_FORMAT_DURATION, 2);
VALUE(EVRING_FORMAT_BOOTTIME, 3);
VALUE(EVRING_FORMAT_TIME, 4);
VALUE(EVRING_FORMAT_RAWTIME, 5);
VALUE(EVRING_FORMAT_PATH, 6);
VALUE(EVRING_FORMAT_IP, 7);
VALUE(EVRING_FORMAT_PORT, 8);
VALUE(EVRING_FORMAT_MAC, 9);
VALUE(EVRING_FORMAT_UUID, 10);
VALUE(EVRING_FORMAT_DEV, 11);
VALUE(EVRING_FORMAT_MODE, 12);
VALUE(EVRING_FORMAT_ERRNO, 13);
VALUE(EVRING_FORMAT_SIGNAL, 14);
VALUE(EVRING_FORMAT_UID, 15);
VALUE(EVRING_FORMAT_GID, 16);
VALUE(EVRING_FORMAT_PID, 17);
VALUE(EVRING_FORMAT_CAPS, 18);
VALUE(EVRING_FORMAT_ENUM, 19);
VALUE(EVRING_FORMAT_FLAGS, 20);
VALUE(EVRING_FORMAT_TYPE, 21);

VALUE(EVRING_OP_RANGE, 0);
VALUE(EVRING_OP_MASK, 1);
VALUE(EVRING_OP_ANY_BIT, 2);
VALUE(EVRING_OP_RANGES, 3);
VALUE(EVRING_OP_EQUAL, 4);
VALUE(EVRING_OP_PREFIX, 5);
VALUE(EVRING_OP_SUFFIX, 6);
VALUE(EVRING_OP_CONTAINS, 7);
VALUE(EVRING_OP_GLOB, 8);
VALUE(EVRING_OP_NET, 9);

VALUE(EVRING_REDACT_ALL, 0);
VALUE(EVRING_REDACT_AFTER, 1);
VALUE(EVRING_REDACT_PREFIX, 2);
VALUE(EVRING_REDACT_VALUE, 3);
VALUE(EVRING_REDACT_HEADER, 4);
VALUE(EVRING_REDACT_URL, 5);

VALUE(EVRING_HOLD, 0);
VALUE(EVRING_FOLLOW, 1);

VALUE(EVRING_EARLIEST, 0);
VALUE(EVRING_LATEST, 1);

VALUE(EVRING_PER_TYPE, 0);
VALUE(EVRING_PER_UID, 1);
VALUE(EVRING_PER_CGROUP, 2);

VALUE(EVRING_HOOK_DETACHED, 0);
VALUE(EVRING_HOOK_ATTACHED, 1);
VALUE(EVRING_HOOK_DISARMED, 2);
VALUE(EVRING_HOOK_ABSENT, 3);

VALUE(EVRING_ABI_VERSION, 1);
VALUE(EVRING_NAME_MAX, 128);
VALUE(EVRING_WHY_MAX, 128);

VALUE(EVRING_LANES_ALL, ~0ULL);

VALUE(EVRING_FEATURE_READ, 0x1);
VALUE(EVRING_FEATURE_URING, 0x2);
VALUE(EVRING_FEATURE_HOOKS, 0x4);
VALUE(EVRING_FEATURE_FILTERS, 0x8);
VALUE(EVRING_FEATURE_LIMITS, 0x10);
VALUE(EVRING_FEATURE_PUBLISH, 0x20);
VALUE(EVRING_FEATURE_SNAPSHOT, 0x40);
VALUE(EVRING_FEATURE_REDACT, 0x80);
VALUE(EVRING_FEATURE_GIVE, 0x100);

VALUE(EVRING_REC_CONTEXT, 0x3);
VALUE(EVRING_REC_TASK, 0x0);
VALUE(EVRING_REC_SOFTIRQ, 0x1);
VALUE(EVRING_REC_HARDIRQ, 0x2);
VALUE(EVRING_REC_NMI, 0x3);
VALUE(EVRING_REC_REDACTED, 0x4);

VALUE(EVRING_TYPE_PAD, 0);
VALUE(EVRING_TYPE_DISCARD, 1);
VALUE(EVRING_TYPE_LOST, 2);
VALUE(EVRING_TYPE_FIRST, 3);

VALUE(EVRING_BLOCK_MAGIC, 0x54525645);

VALUE(EVRING_TYPE_F_HOOK, 0x1);
VALUE(EVRING_TYPE_F_ATTACHED, 0x2);
VALUE(EVRING_TYPE_F_GONE, 0x4);
VALUE(EVRING_TYPE_F_DISARMED, 0x8);
VALUE(EVRING_TYPE_F_ABSENT, 0x10);
VALUE(EVRING_TYPE_F_APP, 0x20);

VALUE(EVRING_PROGRAM_MAGIC, 0x50525645);

VALUE(EVRING_INSN_HEADER, 0x1);
VALUE(EVRING_INSN_ACCEPT, 0xffff);
VALUE(EVRING_INSN_REJECT, 0xfffe);

VALUE(EVRING_ELEMENT_ANY, 0xffff);

VALUE(EVRING_REDACTION_MAGIC, 0x52525645);

VALUE(EVRING_CLOCK_BOOTTIME, 0);
VALUE(EVRING_CLOCK_TSC, 1);

VALUE(EVRING_GROUP_ABANDONED, 0x1);
VALUE(EVRING_GROUP_GIVEN, 0x2);

VALUE(EVRING_SEQ_NONE, ~0ULL);

VALUE(EVRING_HAS_HOOK, 0x1);
VALUE(EVRING_HAS_SNAPSHOT, 0x2);

VALUE(EVRING_HOOK_QUERY, 0);
VALUE(EVRING_HOOK_ATTACH, 1);
VALUE(EVRING_HOOK_DETACH, 2);
VALUE(EVRING_HOOK_F_LANE, 0x1);
VALUE(EVRING_HOOK_F_SNAPSHOT, 0x2);

VALUE(EVRING_REDACT_QUERY, 0);
VALUE(EVRING_REDACT_SET, 1);
VALUE(EVRING_REDACT_RESET, 2);
VALUE(EVRING_REDACT_F_DEFAULT, 0x1);

VALUE(EVRING_REGISTER_F_KEEP, 0x1);
VALUE(EVRING_REGISTER_F_UID, 0x2);
