/* SPDX-License-Identifier: MIT */
/*
 * libevring on rings that it must not trust. The input is a program: a writer
 * that keeps the kernel's order of stores (tail before the records that it overwrites,
 * head after new ones), word by word, between any two loads of the reader; a
 * reader that taps, follows or holds; and hostile stores of any value anywhere
 * in the data, and in the ring page too. Behind the data nothing is mapped.
 *
 * Until a hostile store every event must be the right one, and missed ones counted
 * exactly. Afterwards -EBADMSG will do, but nothing else: no
 * event that lies elsewhere, and no end that never comes.
 */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void (*hooked_point)(void);

void model_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/*
 * The reader
 */

/* Read each byte that belongs to the event. */
static UNGUIDED void touch(const void *bytes, size_t len)
{
	static volatile uint8_t sum;
	const uint8_t *at = bytes;

	while (len--)
		sum = (uint8_t)(sum + *at++);
}

static void check_fields(const struct evring_event *e)
{
	const char *payload = e->payload, *str;
	uint64_t value;
	uint32_t i;
	size_t len;
	int ret;

	for (i = 0; e->type && i < e->type->nr_fields; i++) {
		ret = evring_get_number(e, &e->type->fields[i], &value);
		MUST(!ret || ret == -EINVAL || ret == -EBADMSG);
		ret = evring_get_string(e, &e->type->fields[i], &str, &len);
		MUST(!ret || ret == -EINVAL || ret == -EBADMSG);
		if (ret)
			continue;
		MUST(str >= payload && str + len <= payload + e->payload_len);
		touch(str, len);
	}
}

static void check_json(const struct evring_event *e)
{
	static const struct evring_host host = { "00112233445566778899aabbccddeeff", "",
						 "h\x01\"\xc3\xa4\xff" };
	size_t small = 8u * byte(), room = evring_json_max_ever(e);
	char *buf = malloc(room), *less = malloc(small);
	ssize_t len = evring_json(p.ev, &host, e, buf, room), again;
	json_error_t error;
	json_t *root;

	MUST(buf && (less || !small) && len > 0 && (size_t)len <= room);
	root = json_loadb(buf, (size_t)len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
	MUST(json_is_object(root) && json_is_object(json_object_get(root, "data")));
	json_decref(root);
	again = evring_json(p.ev, &host, e, less, small);
	MUST(again == -ENOSPC || (again == len && !memcmp(less, buf, (size_t)len)));
	free(less);
	free(buf);
}

/* The first record at or after @pos */
static UNGUIDED unsigned int find(const struct writer *w, uint64_t pos)
{
	unsigned int from = 0, to = w->nr_recs, middle;

	while (from < to) {
		middle = (from + to) / 2;
		if (w->recs[middle]->pos < pos)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Nothing hostile came: it is the next one, as it was written. */
static void check_true(struct writer *w, const struct evring_event *e)
{
	unsigned int i = find(w, w->from), n = find(w, e->pos);
	const struct truth *is = w->recs[n];

	MUST(e->pos >= w->from && n < w->nr_recs && is->pos == e->pos);
	MUST(e->next <= w->page->head);
	for (; i < n; i++)
		MUST(w->recs[i]->pos < w->page->tail);
	MUST(!memcmp(is->bytes, e->rec, e->rec->len));
	MUST(e->missed == (w->next == EVRING_SEQ_NONE ? 0 : is->seq - w->next));
	MUST(e->next_seq == is->seq + is->covers);
	w->from = e->next;
	w->next = e->next_seq;
}

static void check_event(const struct evring_event *e)
{
	const char *rec = (const char *)e->rec, *data;

	MUST(!e->lane && e->cpu < RINGS && e->ring < evring_rings(p.ev));
	data = (const char *)p.rings[e->cpu].data;
	if (p.ev->mode == MODE_HOLD)
		MUST(rec >= data && rec + e->rec->len <= data + RING_SIZE);
	else
		MUST(rec == p.ev->copy);
	MUST(e->rec->len >= sizeof(*e->rec) && e->rec->len <= RECORD_MAX);
	MUST(e->pos / MODEL_SEGMENT == (e->pos + e->rec->len - 1) / MODEL_SEGMENT);
	MUST(e->payload == e->rec + 1);
	MUST(!e->payload_len || e->payload_len == e->rec->len - sizeof(*e->rec));
	touch(rec, e->rec->len);
	if (p.clean)
		check_true(&p.rings[e->cpu], e);
	check_fields(e);
	if (p.jsons++ < JSONS_MAX)
		check_json(e);
}

static void begin_call(void)
{
	p.points = 0;
	p.reading = true;
}

static void end_call(int ret)
{
	p.reading = false;
	MUST(ret >= 0 || (ret == -EBADMSG && !p.clean));
}

static bool read_one(void)
{
	struct evring_event e;
	int ret;

	begin_call();
	ret = evring_next(p.ev, &e);
	end_call(ret);
	if (ret > 0)
		check_event(&e);
	return ret > 0;
}

/* As evring_next() would tell of it */
static void read_run(void)
{
	const struct evring_rec *rec;
	struct evring_run *run;
	uint64_t missed;
	int ret;

	begin_call();
	ret = evring_next_run(p.ev, &run);
	end_call(ret == -EPERM ? 0 : ret);
	if (ret <= 0)
		return;
	missed = run->missed;
	rec = evring_run_next(run);
	/* A caller that walks runs would get this one for ever. */
	MUST(rec);
	for (; rec; rec = evring_run_next(run)) {
		struct evring_event e = {
			.rec = rec, .payload = rec + 1, .cpu = run->cpu, .ring = run->ring,
			.payload_len = rec->len - (uint32_t)sizeof(*rec), .missed = missed,
			.type = evring_type(p.ev, rec->type),
			.pos = run->pos + (uint64_t)((const char *)rec - (const char *)run->first),
			.next_seq = rec->seq + 1,
		};

		e.next = e.pos + ((rec->len + 7ull) & ~7ull);
		if (rec->type == EVRING_TYPE_LOST)
			e.next_seq += ((const struct evring_lost *)e.payload)->count - 1;
		check_event(&e);
		missed = 0;
	}
}

/* A reader that begins now must go on at the positions that ring_place() found. */
static void begun(void)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++) {
		p.rings[i].from = p.ev->rings[i].pos;
		p.rings[i].next = p.ev->rings[i].seq;
	}
}

static void begin(void)
{
	struct evring_group group = { .name = "g", .lanes = 1 };
	unsigned int how = below(4), i;
	int ret;

	evring_leave(p.ev);
	group.policy = how == 2 ? EVRING_HOLD : EVRING_FOLLOW;
	/* While a group that holds joins the kernel overwrites nothing of its. */
	for (i = 0; i < RINGS && how == 2; i++)
		store(&p.rings[i], p.rings[i].nr);
	hooked_point = how == 2 ? NULL : interfere;
	begin_call();
	ret = how < 2 ? evring_tap(p.ev, 1, how) : evring_join(p.ev, &group);
	end_call(ret);
	hooked_point = interfere;
	if (ret >= 0)
		begun();
}

static void step(void)
{
	unsigned int what = below(10), n;
	struct writer *w = &p.rings[below(RINGS)];

	switch (what) {
	case 0:
		begin();
		break;
	case 1:
	case 2:
		for (n = below(64); n && read_one(); n--)
			;
		break;
	case 3:
		read_run();
		break;
	case 4:
		begin_call();
		evring_commit(p.ev);
		end_call(0);
		break;
	case 5:
		corrupt(w);
		break;
	case 6:
		corrupt_page(w);
		break;
	case 7:
		begin_call();
		evring_arm(p.ev, 0, 0);
		end_call(0);
		break;
	default:
		for (n = byte(); n; n--) {
			emit(w);
			store(w, w->nr);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	p.next = data;
	p.end = data + size;
	p.clean = true;
	p.jsons = p.stamps = 0;
	hostile_start();
	MUST(!evring_open(&p.ev, NULL));
	hooked_point = interfere;
	begin();
	while (p.next < p.end)
		step();
	hooked_point = NULL;
	evring_close(p.ev);
	p.ev = NULL;
	return 0;
}
