/* SPDX-License-Identifier: MIT */
/* Runs on a ring that lies: a walk along them ends, inside of the ring. */
#include "../harness/tap.h"

#include <errno.h>
#include <evring.h>
#include <internal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SEGMENT		4096u
#define SIZE		(4 * SEGMENT)
#define PAGE		4096u
#define REC_LEN		64u
#define RECS		4u
#define CALLS_MAX	1000	/* more has no end */

/* A ring of a group that holds, with RECS records; behind its data nothing is mapped. */
struct fake {
	struct evring_meta meta;
	struct evring_clock clock;
	struct evring_ring_page page;
	struct ring ring;
	struct ring *heap[1];
	struct evring ev;
	char *data;
};

static struct evring_rec *rec_at(struct fake *f, uint64_t pos)
{
	return (struct evring_rec *)(f->data + pos % SIZE);
}

static struct fake *make(uint64_t pos)
{
	struct fake *f = calloc(1, sizeof(*f));
	unsigned int i;

	if (!f)
		abort();
	f->data = mmap(NULL, SIZE + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->data == MAP_FAILED || mprotect(f->data, SIZE, PROT_READ | PROT_WRITE))
		abort();
	for (i = 0; i < RECS; i++)
		*rec_at(f, pos + i * REC_LEN) = (struct evring_rec) {
			.len = REC_LEN, .type = EVRING_TYPE_FIRST, .time = 100 + i, .seq = i,
		};
	f->meta.nr_rings = 1;
	f->page.head = pos + RECS * REC_LEN;
	f->ring = (struct ring) {
		.page = &f->page, .data = f->data, .mask = SIZE - 1, .segment = SEGMENT,
		.record_max = SEGMENT / 2, .pos = pos, .head = pos, .seq_bits = 48, .stable = true,
	};
	f->ev = (struct evring) {
		.fd = -1, .live = &f->meta, .live_clock = &f->clock, .seq_bits = 48, .mode = MODE_HOLD, .lanes = 1, .rings = &f->ring,
		.nr_rings = 1, .seen_rings = 1, .heap = f->heap,
	};
	return f;
}

static void drop(struct fake *f)
{
	munmap(f->data, SIZE + PAGE);
	free(f);
}

/* Walks all runs, as evring.h says; the events, and in *@ret the last result. */
static unsigned int walk(struct fake *f, int *ret)
{
	const struct evring_rec *rec;
	struct evring_run *run;
	unsigned int n = 0, calls;

	*ret = 1;
	for (calls = 0; calls < CALLS_MAX && (*ret = evring_next_run(&f->ev, &run)) > 0; calls++)
		while ((rec = evring_run_next(run))) {
			if ((const char *)rec + rec->len > f->data + SIZE)
				abort();
			n++;
		}
	return n;
}

static bool walks(uint64_t pos)
{
	struct fake *f = make(pos);
	int ret;
	unsigned int n = walk(f, &ret);
	bool good = n == RECS && !ret && f->ring.pos == pos + RECS * REC_LEN && !f->ring.missed;

	drop(f);
	return good;
}

/* Record @i says that it is @len long: those before it come, then the error, and stays. */
static bool ends(unsigned int i, uint32_t len, uint16_t type)
{
	struct fake *f = make(SIZE - SEGMENT);
	struct evring_rec *rec = rec_at(f, SIZE - SEGMENT + i * REC_LEN);
	unsigned int n;
	bool good;
	int ret;

	rec->len = len;
	rec->type = type;
	n = walk(f, &ret);
	good = n == i && ret == -EBADMSG;
	n = walk(f, &ret);
	good = good && !n && ret == -EBADMSG;
	drop(f);
	return good;
}

/* As it was seen it could be; as it is walked it cannot. And one that is right again is read. */
static bool changes(void)
{
	struct fake *f = make(0);
	struct evring_rec *rec = rec_at(f, 0);
	struct evring_run *run;
	bool good;
	int ret;

	good = evring_next_run(&f->ev, &run) == 1;
	rec->len = 8;
	good = good && !walk(f, &ret) && ret == -EBADMSG;
	rec->len = REC_LEN;
	good = good && walk(f, &ret) == RECS && !ret;
	drop(f);
	return good;
}

int main(void)
{
	ok(walks(0), "a run is walked to its end");
	ok(walks(SIZE - RECS * REC_LEN), "a run that ends with the ring's memory is, too");
	ok(ends(0, 5 * REC_LEN, EVRING_TYPE_FIRST), "the first record goes beyond the head");
	ok(ends(3, REC_LEN + 1, EVRING_TYPE_FIRST), "the last one does by a byte");
	ok(ends(3, REC_LEN + 8, EVRING_TYPE_PAD), "a pad does");
	ok(ends(1, 0, EVRING_TYPE_FIRST), "a record without a length");
	ok(ends(2, 0xfffffff8, EVRING_TYPE_FIRST), "a length that overflows");
	ok(ends(2, 40, EVRING_TYPE_LOST), "a lost record that does not say how many");
	ok(changes(), "the first record changes after it was found");
	return tap_end();
}
