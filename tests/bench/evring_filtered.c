// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a filter for an emit, for evring_bench.c, which includes this file: the module's
 * own gate and evaluator, on the rings of evring.ko. An event is reserved and filled the
 * same way in all cases, and is published, or taken back by the gate.
 */
#include <linux/bitmap.h>

#include "../../kmod/filter/verify.c"
#include "../../kmod/filter/eval.c"
#include "../../kmod/filter/limit.c"
/* Names of its own, or that evring.ko does not export */
#define tell		gate_tell
#define evring_lose	noclock_lose
#include "../../kmod/filter/gate.c"
#undef tell
#undef evring_lose

#define TERMS		3
#define FILTERED_BYTES	64	/* of the payload */

/* A program as libevring makes one of three comparisons that && joins */
struct terms {
	struct evring_program program;
	struct evring_insn insns[TERMS];
	char text[8];
};

static struct evring_gate *filtered_gate;	/* NULL: there is no filter */

/* As evring_hook_submit() */
static noinline void filtered_submit(struct evring_slot *slot)
{
	const struct evring_gate *gate = READ_ONCE(filtered_gate);

	if (unlikely(gate))
		evring_gate_submit(gate, type, slot);
	else
		evring_submit(slot);
}

static __always_inline bool emit_filtered(u32 size, enum bench_clock clock)
{
	struct evring_slot slot;
	u64 *room = evring_reserve(&slot, type, FILTERED_BYTES);

	if (unlikely(!room))
		return false;
	fill(room, FILTERED_BYTES, NO_CLOCK);
	filtered_submit(&slot);
	return true;
}

static noinline u32 run_filtered(u32 size, enum bench_clock clock, u32 n)
{
	return repeat(emit_filtered, 0, NO_CLOCK, n);
}

static void terms_make(struct terms *terms, bool rejects)
{
	const struct evring_table table = { .offset = offsetof(struct terms, text), .stride = 1 };
	unsigned int i;

	*terms = (struct terms){
		.program = {
			.magic = EVRING_PROGRAM_MAGIC, .len = sizeof(*terms),
			.size = sizeof(terms->program), .version = 1,
			.insns = { .offset = offsetof(struct terms, insns), .count = TERMS,
				   .stride = sizeof(struct evring_insn) },
			.pool = table, .text = table,
		},
	};
	terms->program.text.count = 1;
	/* All bytes of the payload are 0: the first two hold, and the last one or not. */
	for (i = 0; i < TERMS; i++)
		terms->insns[i] = (struct evring_insn){
			.op = i == 1 ? EVRING_OP_MASK : EVRING_OP_RANGE,
			.kind = i ? EVRING_KIND_U32 : EVRING_KIND_U64,
			.offset = 8 * i, .size = i ? sizeof(u32) : sizeof(u64),
			.yes = i == TERMS - 1 ? EVRING_INSN_ACCEPT : i + 1,
			.no = EVRING_INSN_REJECT, .element = EVRING_ELEMENT_ANY,
			.a = i == 1 ? 1 : 0, .b = i == 1 ? 0 : 100,
		};
	if (rejects)
		terms->insns[TERMS - 1].a = 1;
}

static struct evring_gate *terms_gate(bool rejects)
{
	struct evring_want *want = want_alloc(sizeof(struct terms));
	DECLARE_BITMAP(owners, 1) = { 1 };
	struct evring_gate *gate;

	if (IS_ERR(want))
		return ERR_CAST(want);
	terms_make((struct terms *)&want->program, rejects);
	if (evring_program_verify(&want->program, sizeof(struct terms), 1, FILTERED_BYTES)) {
		kvfree(want);
		return ERR_PTR(-EINVAL);
	}
	gate = evring_gate_make(&want, owners, 1);
	return gate;
}

static void terms_free(struct evring_gate *gate)
{
	if (IS_ERR_OR_NULL(gate))
		return;
	evring_want_free((struct evring_want *)gate->wants[0]);
	evring_gate_free(gate);
}

static const char *const filtered_names[] = {
	"no filter", "three terms that accept", "three terms that reject",
};

/* By turns; the cost of a filter is told as the difference of medians, too. */
static int bench_filter(void)
{
	static const struct contender who = { "evring", run_filtered, 0 };
	static u64 values[ARRAY_SIZE(filtered_names)][ROUNDS_MAX];
	struct evring_gate *gates[ARRAY_SIZE(filtered_names)] = { NULL };
	u64 bare, own;
	int i, ret = 0;
	u32 round;

	gates[1] = terms_gate(false);
	gates[2] = terms_gate(true);
	for (i = 1; i < ARRAY_SIZE(gates) && !ret; i++)
		ret = PTR_ERR_OR_ZERO(gates[i]);
	for (round = 0; round < rounds && !ret; round++)
		for (i = 0; i < ARRAY_SIZE(gates); i++) {
			WRITE_ONCE(filtered_gate, gates[i]);
			values[i][round] = measure_round(&who, RECORD_64, NO_CLOCK);
		}
	WRITE_ONCE(filtered_gate, NULL);
	for (i = 0; i < ARRAY_SIZE(gates) && !ret; i++)
		ret = tell("filter", who.name, filtered_names[i], values[i]);
	if (!ret) {
		bare = median_of(values[0], rounds);
		own = median_of(values[2], rounds);
		tell_value("filter", who.name, "three terms that reject, beyond no filter",
			   own > bare ? own - bare : 1);
	}
	terms_free(gates[1]);
	terms_free(gates[2]);
	rcu_barrier();
	return ret;
}
