/* SPDX-License-Identifier: MIT */
/* Messages that wait are sorted by when they were made; those of one pack by where they lay. */
#include "../harness/tap.h"

#include "evringd.h"
#include "producer.h"
#include "sender.h"

#include <stdlib.h>
#include <string.h>

#define MANY 100000u
#define LAST ((1ull << ORDER_BITS) - 1)	/* before they go round */

/* @tag: told by the length, which is no part of the order. */
static struct outgoing *make(uint64_t order, uintptr_t place, size_t tag)
{
	const struct outgoing out = { .order = order, .place = place, .len = tag };

	return outgoing_new(&out, false);
}

static void add(struct outgoing **list, struct outgoing *out)
{
	out->next = *list;
	*list = out;
}

static void free_list(struct outgoing *list)
{
	struct outgoing *next;

	for (; list; list = next) {
		next = list->next;
		outgoing_free(list);
	}
}

/* Orders from @first on, in a random sequence, across the point where they go round. */
static void many(uint64_t first, unsigned int seed, const char *name)
{
	static uint64_t orders[MANY];
	struct outgoing *list = NULL, *out;
	bool good = true;
	uint32_t i;

	srand(seed);
	for (i = 0; i < MANY; i++)
		orders[i] = (first + i) & LAST;
	for (i = MANY - 1; seed && i; i--) {
		uint32_t j = (uint32_t)rand() % (i + 1);
		uint64_t order = orders[i];

		orders[i] = orders[j];
		orders[j] = order;
	}
	for (i = 0; i < MANY; i++)
		add(&list, make(orders[i], 0, 0));
	list = outgoing_sort(list);
	for (i = 0, out = list; out; out = out->next, i++)
		good = good && out->order == ((first + i) & LAST);
	ok(good && i == MANY, name);
	free_list(list);
}

/* Ten of each order, ten of each place: messages alike in both stay as they came. */
static void stable(void)
{
	struct outgoing *list = NULL, *out;
	bool good = true;
	unsigned int i;

	srand(3);
	for (i = 0; i < 10000; i++)
		add(&list, make((LAST - 5 + (uint64_t)rand() % 10) & LAST, (uintptr_t)rand() % 10,
				10000 - i));
	list = outgoing_sort(list);
	for (out = list, i = 1; out && out->next; out = out->next, i++)
		good = good && !outgoing_before(out->next, out) &&
		       (outgoing_before(out, out->next) || out->len < out->next->len);
	ok(good && i == 10000, "sorting is stable");
	free_list(list);
}

static void compares(void)
{
	struct outgoing a = { .order = LAST, .place = 9 }, b = { .order = 0, .place = 1 };

	ok(outgoing_before(&a, &b) && !outgoing_before(&b, &a), "order goes before place, and round");
	b.order = a.order;
	ok(outgoing_before(&b, &a) && !outgoing_before(&a, &b), "of one order, place decides");
	b.place = a.place;
	ok(!outgoing_before(&b, &a) && !outgoing_before(&a, &b), "alike is alike");
}

static void edges(void)
{
	struct outgoing *one = make(1, 2, 3), *two = make(0, 0, 0);

	ok(!outgoing_sort(NULL), "no message is sorted");
	ok(outgoing_sort(one) == one && !one->next, "one message is sorted");
	one->next = two;
	two->next = NULL;
	ok(outgoing_sort(one) == two && two->next == one && !one->next, "two are");
	free_list(two);
}

static void copies(void)
{
	char key[] = "key", value[] = "value";
	struct outgoing from = { .key = key, .key_len = 3, .value = value, .len = 5, .order = 7 };
	struct outgoing *copy = outgoing_new(&from, true), *other = outgoing_new(&from, false);

	memset(key, 'x', 3);
	memset(value, 'x', 5);
	ok(!memcmp(copy->key, "key", 3) && !memcmp(copy->value, "value", 5) && copy->copy &&
	   copy->order == 7, "a copy has its key and its value");
	ok(!memcmp(other->key, "key", 3) && other->value == value && !other->copy,
	   "what is none has its key alone");
	outgoing_free(copy);
	copy = outgoing_new(other, true);
	outgoing_free(other);
	other = outgoing_new(copy, true);
	outgoing_free(copy);
	ok(!memcmp(other->key, "key", 3) && !memcmp(other->value, "xxxxx", 5), "a copy's copy, too");
	outgoing_free(other);
}

int main(void)
{
	compares();
	edges();
	many(0, 1, "100,000 messages are sorted");
	many(LAST - 50000, 2, "also where their orders go round");
	many(LAST - 50000, 0, "also where they come in reverse");
	stable();
	copies();
	return tap_end();
}
