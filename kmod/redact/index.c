// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Which words rules may match, by their first and last bytes: most words of an event
 * begin and end as no operand does, and are not compared with any.
 */
#include "text.h"

const char *evring_redact_operand(const char **at, __u16 *len)
{
	const char *bytes;

	memcpy(len, *at, sizeof(*len));
	bytes = *at + sizeof(*len);
	*at = bytes + *len;
	return bytes;
}

/* A byte of a glob, or of a name in either case */
static void mark(__u8 bits[256], char c, __u8 op, bool is_glob)
{
	unsigned int i;

	if (is_glob && (c == '*' || c == '?')) {
		for (i = 0; i < 256; i++)
			bits[i] |= op;
		return;
	}
	bits[(__u8)c] |= op;
	if (op != 1 << EVRING_REDACT_VALUE)
		return;
	if (c >= 'a' && c <= 'z')
		bits[c - 'a' + 'A'] |= op;
	if (c >= 'A' && c <= 'Z')
		bits[c - 'A' + 'a'] |= op;
}

static void add(struct evring_redact_index *index, __u8 op, const char *operand, __u16 len)
{
	unsigned int i;

	if (op != 1 << EVRING_REDACT_PREFIX) {
		mark(index->first, operand[0], op, true);
		mark(index->last, operand[len - 1], op, true);
		return;
	}
	mark(index->first, operand[0], op, false);
	if (len > 1)
		mark(index->second, operand[1], op, false);
	for (i = 0; len == 1 && i < 256; i++)
		index->second[i] |= op;
}

void evring_redact_index(const struct evring_redaction *rules, struct evring_redact_index *index)
{
	const char *base = (const char *)rules, *at, *operand;
	unsigned int i, k;
	__u16 len;

	memset(index, 0, sizeof(*index));
	for (i = 0; i < rules->rules.count; i++) {
		const struct evring_redact_rule *rule =
			(const void *)(base + rules->rules.offset + i * rules->rules.stride);
		const __u8 op = (__u8)(1 << rule->op);

		index->ops |= op;
		at = base + rules->pool.offset + rule->pool;
		for (k = 0; k < rule->count; k++) {
			operand = evring_redact_operand(&at, &len);
			if (len)
				add(index, op, operand, len);
		}
	}
}
