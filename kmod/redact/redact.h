/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Redaction: which bytes of an event are secrets, and the event without them. The
 * module and libevring both run this source, so a rule means the same in either.
 */
#ifndef _KMOD_REDACT_REDACT_H
#define _KMOD_REDACT_REDACT_H

#include "../filter/filter.h"

#define EVRING_CUTS_MAX		64
#define EVRING_MARK_LEN		((__u32)sizeof(EVRING_REDACTED_MARK) - 1)
#define EVRING_TRAILER_LEN	((__u32)sizeof(__u64))

/* verify.c: are they rules? */

/*
 * May evring_redact_find() be given these @len bytes, 8-byte aligned, for events of
 * this type? Nothing in them is trusted; @type is. Results as of
 * evring_program_verify().
 */
int evring_redaction_verify(const void *block, size_t len, const struct evring_block *type);

/* index.c: which words are worth a look at the rules? */

/**
 * struct evring_redact_index - first and last bytes of the rules' operands
 * @first: by a byte: bits of enum evring_redact_op whose operands may match from it on
 * @second: of a prefix's second byte, which tells options apart
 * @last: of a name's last byte; a prefix ends nowhere
 * @ops: bits of all operations that there are
 */
struct evring_redact_index {
	__u8 first[256];
	__u8 second[256];
	__u8 last[256];
	__u8 ops;
};

/* Of rules that were verified */
void evring_redact_index(const struct evring_redaction *rules, struct evring_redact_index *index);

/* find.c: the bytes to leave out */

/* Bytes of the payload, from one position to another */
struct evring_cut {
	__u32 from, to;
};

/**
 * struct evring_cuts - the bytes that are left out of a payload
 * @nr: of @cut; in order, none touches the next one
 * @hidden: the work was too much: more is left out than the rules say
 * @cut: them
 */
struct evring_cuts {
	__u32 nr;
	bool hidden;
	struct evring_cut cut[EVRING_CUTS_MAX];
};

/**
 * struct evring_edge - the text beyond the bytes of a field
 * @text: if @lead: the bytes before the field's and the field's, one behind another
 * @offset: the field's
 * @lead: how many before, which redaction reads and no event has
 * @gap: of the lead, the first byte that others are missing before; 0: none are
 * @open: there was more behind the field's bytes
 */
struct evring_edge {
	const char *text;
	__u16 offset;
	__u16 lead;
	__u16 gap;
	bool open;
};

#define EVRING_EDGES_MAX	4

/**
 * struct evring_redact_event - an event on its way
 * @rec: its header
 * @payload: as it was captured
 * @len: of it
 * @data_size: of the type's fixed part
 * @nr_edges: of @edges
 * @edges: of fields that were cut
 */
struct evring_redact_event {
	const struct evring_rec *rec;
	const void *payload;
	__u32 len;
	__u32 data_size;
	__u32 nr_edges;
	struct evring_edge edges[EVRING_EDGES_MAX];
};

/*
 * By rules that were verified, and their index. The event's own bytes need not be
 * verified: none makes it read outside of the payload and the leads. Any context.
 */
void evring_redact_find(const struct evring_redaction *rules,
			const struct evring_redact_index *index,
			const struct evring_redact_event *event, struct evring_cuts *cuts);

/* copy.c: the event without it */

/* A field of variable length: its number and where its struct evring_str is */
struct evring_var {
	__u16 field;
	__u16 offset;
};

/* Bytes of the payload without the cuts, with @mark bytes for each, and the trailer */
__u32 evring_redact_len(__u32 len, const struct evring_cuts *cuts, __u32 mark);

/*
 * Make that payload at @to, which overlaps nothing. @mark: EVRING_MARK_LEN or 0.
 * @vars: all @nr fields of variable length that the type has.
 */
void evring_redact_copy(char *to, const struct evring_redact_event *event,
			const struct evring_cuts *cuts, __u32 mark,
			const struct evring_var *vars, __u32 nr);

#endif /* _KMOD_REDACT_REDACT_H */
