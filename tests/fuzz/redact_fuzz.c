/* SPDX-License-Identifier: MIT */
/*
 * Redaction. The first byte says how: a line of rules, or a block whose parts are put
 * right as far as its bits say. A block that the verifier takes runs to its end over an
 * event of any bytes, and reads nothing outside of either; the copy has the length that
 * was computed before, and its references lie in it. A line that compiles is a block that
 * the verifier takes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/redact/redact.h"
#include "../harness/filter_sample.h"

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct evring_type *type;

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "redact_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

static const struct evring_var vars[] = {
	{ 20, offsetof(struct sample, path) }, { 21, offsetof(struct sample, argv) },
	{ 22, offsetof(struct sample, groups) }, { 23, offsetof(struct sample, blob) },
};

static void look(const struct evring_redact_event *event, const struct evring_cuts *cuts)
{
	for (uint32_t i = 0; i < cuts->nr; i++) {
		MUST(cuts->cut[i].from < cuts->cut[i].to && cuts->cut[i].to <= event->len);
		MUST(cuts->cut[i].from >= event->data_size);
		MUST(!i || cuts->cut[i - 1].to < cuts->cut[i].from);
	}
}

static void copy(const struct evring_redact_event *event, const struct evring_cuts *cuts,
		 uint32_t mark)
{
	uint32_t len = evring_redact_len(event->len, cuts, mark);
	char *to = malloc(len);
	struct evring_str str;

	evring_redact_copy(to, event, cuts, mark, vars, 4);
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(&str, to + vars[i].offset, sizeof(str));
		MUST(!str.len || str.offset + str.len <= len - EVRING_TRAILER_LEN);
	}
	free(to);
}

/* Over an event whose tail and references are these bytes, in a buffer just as long */
static void run(const struct evring_redaction *rules, const uint8_t *data, size_t size)
{
	struct evring_rec rec = { .pid = 1, .tid = 2 };
	struct evring_redact_event event = { .rec = &rec, .data_size = sizeof(struct sample) };
	uint32_t tail = (uint32_t)(size < 2000 ? size : 2000);
	struct evring_redact_index index;
	struct evring_cuts cuts, again;
	struct sample *fixed;
	char *lead;

	event.len = event.data_size + tail;
	fixed = calloc(1, event.len);
	memcpy(fixed + 1, data, tail);
	fixed->argv = (struct evring_str){ (uint16_t)event.data_size, (uint16_t)tail };
	if (tail > 8) {
		fixed->path = (struct evring_str){ (uint16_t)(event.data_size + data[1] % tail),
						   data[2] };
		memcpy(&fixed->blob, data + 3, sizeof(fixed->blob));
	}
	event.payload = fixed;
	lead = malloc(tail + 16u);
	memcpy(lead, "x\0--password\0ab", 16);
	memcpy(lead + 16, data, tail);
	if (size > 4 && data[4] & 1) {
		event.nr_edges = 1;
		event.edges[0] = (struct evring_edge){
			.text = lead, .offset = offsetof(struct sample, argv), .lead = 16,
			.open = data[4] & 2,
		};
	}
	evring_redact_index(rules, &index);
	evring_redact_find(rules, &index, &event, &cuts);
	evring_redact_find(rules, &index, &event, &again);
	MUST(!memcmp(&cuts.cut, &again.cut, cuts.nr * sizeof(*cuts.cut)) && cuts.nr == again.nr);
	look(&event, &cuts);
	copy(&event, &cuts, EVRING_MARK_LEN);
	copy(&event, &cuts, 0);
	free(lead);
	free(fixed);
}

static void fuzz_line(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	size_t len = nul ? (size_t)(nul - data) : size;
	char *text = malloc(len + 17);
	const struct evring_redaction *block;
	struct evring_filter_error error;
	struct evring_rules *rules;
	int ret;

	/* Most lines begin as one must. */
	memcpy(text, "file.open.argv: ", 16);
	memcpy(text + 16, data, len);
	text[16 + len] = '\0';
	MUST(!evring_rules_new(&rules, type));
	ret = evring_rules_add(rules, len && data[0] == '!' ? text + 17 : text, &error);
	if (ret == -EINVAL) {
		MUST(*error.text && strlen(error.text) < sizeof(error.text));
		MUST(error.column >= 1 && error.column <= len + 17 && error.len);
	} else if (!ret) {
		block = evring_rules_block(rules);
		MUST(!evring_redaction_verify(block, block->len, type->block));
		run(block, data, size);
	}
	evring_rules_free(rules);
	free(text);
}

static void put_head(struct evring_redaction *head, uint32_t len, unsigned int what)
{
	uint32_t rules = head->rules.count % 6 + 1, at = sizeof(*head);

	if (!(what & 1))
		return;
	/* A byte for the text at least */
	if ((len - at - 1) / sizeof(struct evring_redact_rule) < rules)
		rules = (uint32_t)((len - at - 1) / sizeof(struct evring_redact_rule));
	head->magic = EVRING_REDACTION_MAGIC;
	head->len = len;
	head->size = sizeof(*head);
	head->version = type->version;
	head->rules = (struct evring_table){ at, sizeof(struct evring_redact_rule), rules, 0 };
	at += rules * (uint32_t)sizeof(struct evring_redact_rule);
	head->conds = (struct evring_table){ at, sizeof(struct evring_redact_cond), 0, 0 };
	head->pool = (struct evring_table){ at, 1, len - at - 1, 0 };
	head->text = (struct evring_table){ len - 1, 1, 1, 0 };
	((char *)head)[len - 1] = '\0';
}

static void put_rules(struct evring_redaction *head, unsigned int what)
{
	struct evring_redact_rule *rule = (struct evring_redact_rule *)(head + 1);
	bool argv = false;

	if ((what & 3) != 3)
		return;
	for (uint32_t i = 0; i < head->rules.count; i++, rule++) {
		argv |= rule->field & 1;
		rule->field = argv ? 21 : 20;
		rule->kind = argv ? EVRING_KIND_TEXTS : EVRING_KIND_TEXT;
		rule->offset = vars[argv].offset;
		rule->cond = 0;
		rule->op %= EVRING_REDACT_URL + 1;
		if (rule->op == EVRING_REDACT_ALL || rule->op == EVRING_REDACT_URL) {
			rule->count = 0;
			rule->pool = 0;
			rule->first = 0;
			continue;
		}
		rule->count = rule->count % 3 + 1;
		rule->pool %= 32;
		if (rule->op != EVRING_REDACT_AFTER && rule->op != EVRING_REDACT_PREFIX)
			rule->first = 0;
		/* Operands are short, so that some are within the pool. */
		if (rule->pool + 1 < head->pool.count)
			((char *)head)[head->pool.offset + rule->pool + 1] = '\0';
	}
}

static void fuzz_block(const uint8_t *data, size_t size, unsigned int what)
{
	uint32_t len = (uint32_t)(size & ~(size_t)7);
	char *block;

	if (len < sizeof(struct evring_redaction) + 32)
		return;
	block = malloc(len);
	memcpy(block, data, len);
	put_head((void *)block, len, what);
	put_rules((void *)block, what);
	if (!evring_redaction_verify(block, len, type->block))
		run((void *)block, data, size);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!type)
		type = sample_type();
	if (!size)
		return 0;
	if (data[0] & 1)
		fuzz_line(data + 1, size - 1);
	else
		fuzz_block(data + 1, size - 1, data[0] >> 1);
	return 0;
}
