/* SPDX-License-Identifier: MIT */
/*
 * Filters. The first byte says how: an expression, or a program whose parts are put
 * right as far as its bits say. A program that the verifier takes runs to its end over
 * an event of any bytes, and reads nothing outside of either; an expression that
 * compiles is a program that the verifier takes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/filter/filter.h"
#include "../harness/filter_sample.h"

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "filter_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* Over an event of these bytes, in a buffer just as long */
static void run(const struct evring_program *program, const uint8_t *data, size_t size)
{
	struct evring_rec rec = { .pid = 1, .tid = 2 };
	char *payload;
	enum evring_verdict verdict;

	if (size > UINT16_MAX)
		size = UINT16_MAX;
	payload = malloc(size ? size : 1);
	memcpy(payload, data, size);
	verdict = evring_program_run(program, &rec, payload, (uint32_t)size);
	MUST(verdict <= EVRING_UNDECIDED);
	MUST(verdict == evring_program_run(program, &rec, payload, (uint32_t)size));
	free(payload);
}

static void fuzz_expression(const uint8_t *data, size_t size)
{
	static struct evring_type *type;
	struct evring_filter *filter = NULL;
	struct evring_filter_error error;
	const struct evring_program *program;
	const uint8_t *nul = memchr(data, 0, size);
	size_t len = nul ? (size_t)(nul - data) : size;
	char *text = malloc(len + 1);
	int ret;

	if (!type)
		type = sample_type();
	memcpy(text, data, len);
	text[len] = '\0';
	ret = evring_filter_compile(&filter, type, text, &error);
	if (ret) {
		MUST(ret == -EINVAL && *error.text && strlen(error.text) < sizeof(error.text));
		MUST(error.column >= 1 && error.column <= len + 1 && error.len);
	} else {
		program = evring_filter_program(filter);
		MUST(!error.column);
		MUST(!evring_program_verify(program, program->len, type->version, type->size));
		run(program, data, size);
	}
	evring_filter_free(filter);
	free(text);
}

/* Else hardly any input would come past the head. */
static void put_head(struct evring_program *program, size_t len, unsigned int what)
{
	uint32_t insns = program->insns.count % 6 + 1, pool;

	if (!(what & 1))
		return;
	program->magic = EVRING_PROGRAM_MAGIC;
	program->len = (uint32_t)len;
	program->size = sizeof(*program);
	program->version = 1;
	program->insns.offset = sizeof(*program);
	program->insns.stride = sizeof(struct evring_insn);
	if ((len - sizeof(*program)) / sizeof(struct evring_insn) < insns)
		insns = (uint32_t)((len - sizeof(*program)) / sizeof(struct evring_insn));
	program->insns.count = insns;
	program->insns.reserved = 0;
	pool = (uint32_t)(sizeof(*program) + insns * sizeof(struct evring_insn));
	program->pool = (struct evring_table){ pool, 1, (uint32_t)len - pool - 1, 0 };
	program->text = (struct evring_table){ (uint32_t)len - 1, 1, 1, 0 };
	((char *)program)[len - 1] = '\0';
}

static void put_insns(struct evring_program *program, unsigned int what)
{
	static const uint16_t kinds[] = {
		EVRING_KIND_U8, EVRING_KIND_S32, EVRING_KIND_U64, EVRING_KIND_CHARS,
		EVRING_KIND_FIXED, EVRING_KIND_U16S, EVRING_KIND_TEXT, EVRING_KIND_TEXTS,
	};
	struct evring_insn *insn = (struct evring_insn *)(program + 1);
	uint32_t i;

	if ((what & 3) != 3)
		return;
	for (i = 0; i < program->insns.count; i++, insn++) {
		insn->flags = 0;
		insn->reserved = 0;
		insn->op %= EVRING_OP_NET + 1;
		insn->kind = kinds[insn->kind % 8];
		insn->offset %= 64;
		insn->size = insn->kind & EVRING_KIND_VAR ? 4 : insn->size & 24;
		/* Some of them lead back, and so are not taken. */
		insn->yes = insn->yes % 4 ? EVRING_INSN_ACCEPT : (uint16_t)(i + insn->yes / 4 % 3);
		insn->no = insn->no % 4 ? EVRING_INSN_REJECT : (uint16_t)(i + insn->no / 4 % 3);
		if (insn->op < EVRING_OP_RANGES) {
			insn->count = 0;
			insn->pool = 0;
		} else {
			insn->count = insn->count % 4 + 1;
			insn->pool %= 64;
			insn->a = 0;
			insn->b = 0;
		}
	}
}

/* Properties that running it would show slowly: it ends, and its operands are in the pool. */
static void look(const struct evring_program *program)
{
	const struct evring_insn *insn = (const void *)((const char *)program +
							program->insns.offset);
	uint32_t i;

	for (i = 0; i < program->insns.count; i++) {
		MUST(insn->yes > i && insn->no > i);
		MUST(insn->op != EVRING_OP_RANGES ||
		     insn->pool + 16ul * insn->count <= program->pool.count);
		insn = (const void *)((const char *)insn + program->insns.stride);
	}
}

static void fuzz_program(const uint8_t *data, size_t size, unsigned int what)
{
	size_t len = size < 2 ? 0 : 8 * (size_t)data[0], split;
	char *block;

	if (len > size - (size > 0))
		len = (size - (size > 0)) & ~(size_t)7;
	split = len + (size > 0);
	block = malloc(len ? len : 1);
	memcpy(block, data + split - len, len);
	if (len >= sizeof(struct evring_program)) {
		put_head((struct evring_program *)block, len, what);
		put_insns((struct evring_program *)block, what);
	}
	if (!evring_program_verify(block, len, 1, 128)) {
		look((struct evring_program *)block);
		run((struct evring_program *)block, data + split, size - split);
	}
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 0x80)
		fuzz_program(data + 1, size - 1, data[0]);
	else
		fuzz_expression(data + 1, size - 1);
	return 0;
}
