/* SPDX-License-Identifier: MIT */
/*
 * One mapped ring, and the reader's position on it. Between pos and head lie whole
 * records, unless no group holds them for us: then the kernel may overwrite them
 * while we read. It moves tail before it does, so the bytes are good if tail is
 * still not past them after they were read.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define ALIGN8(n)	(((uint64_t)(n) + 7) & ~7ULL)
#define PAD_MIN		8u
#define CLOCK_STEP	(1ULL << 32)	/* raw: a second or more */

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static bool ring_page_ok(const struct ring *ring)
{
	const struct evring_ring_page *page = ring->page;
	const struct evring_table *cursors = &page->cursors;

	return page->version == EVRING_ABI_VERSION && page->size >= RING_PAGE_MIN &&
	       power_of_two(page->data_size) && power_of_two(page->segment_size) &&
	       page->segment_size <= page->data_size && page->data_offset % 8 == 0 &&
	       page->data_offset <= ring->map_len &&
	       page->data_size <= ring->map_len - page->data_offset &&
	       cursors->stride >= CURSOR_MIN && cursors->stride % 8 == 0 &&
	       cursors->offset % 8 == 0 && cursors->offset <= page->data_offset &&
	       (uint64_t)cursors->stride * cursors->count <= page->data_offset - cursors->offset;
}

int ring_map(const struct evring *ev, struct ring *ring, unsigned int lane, unsigned int cpu)
{
	void *map;

	memset(ring, 0, sizeof(*ring));
	ring->map_len = ev->lanes_known[lane].map_size;
	if (ring->map_len < RING_PAGE_MIN)
		return -EPROTO;
	map = mmap(NULL, ring->map_len, PROT_READ, MAP_SHARED, ev->fd,
		   (off_t)EVRING_MMAP_RING(lane, cpu));
	if (map == MAP_FAILED)
		return -errno;
	ring->page = map;
	if (!ring_page_ok(ring)) {
		ring_unmap(ring);
		return -EPROTO;
	}
	ring->data = (const char *)map + ring->page->data_offset;
	ring->mask = ring->page->data_size - 1;
	ring->segment = ring->page->segment_size;
	ring->record_max = ev->meta.record_max;
	ring->lane = (uint16_t)lane;
	ring->cpu = cpu;
	ring->seq_bits = ev->seq_bits;
	ring->stable = ev->mode == MODE_HOLD;
	return 0;
}

/* NULL: there is no such group. */
const struct evring_cursor *ring_cursor(const struct ring *ring, unsigned int group)
{
	const struct evring_table *table = &ring->page->cursors;

	if (group >= table->count)
		return NULL;
	return (const void *)((const char *)ring->page + table->offset +
			      (size_t)table->stride * group);
}

void ring_unmap(struct ring *ring)
{
	munmap((void *)ring->page, ring->map_len);
}

/* How many sequence numbers a record covers */
uint64_t rec_covers(const struct evring_rec *rec)
{
	if (rec->type != EVRING_TYPE_LOST)
		return 1;
	return ((const struct evring_lost *)(rec + 1))->count;
}

/*
 * All 64 bits of a record's number: the expected number or a later one, if one is
 * expected, else close to the writer's last one.
 */
uint64_t ring_seq(const struct ring *ring, uint64_t seq)
{
	uint64_t mask = ~0ULL >> (64 - ring->seq_bits);

	if (ring->seq == EVRING_SEQ_NONE)
		return evring_seq_near(load_once(&ring->page->seq_base), seq, ring->seq_bits);
	return ring->seq + ((seq - ring->seq) & mask);
}

/* Is this a record, going by its length? */
static bool rec_sane(const struct ring *ring, uint64_t pos, uint32_t len, uint16_t type)
{
	uint64_t max = ring->segment - (pos & (ring->segment - 1));
	uint32_t min = sizeof(struct evring_rec);

	if (type == EVRING_TYPE_PAD)
		return len >= PAD_MIN && ALIGN8(len) <= max;
	if (type == EVRING_TYPE_LOST)
		min += LOST_MIN;
	return len >= min && len <= ring->record_max && ALIGN8(len) <= max;
}

/*
 * After reading at ring->pos: was it overwritten meanwhile? Then go on where
 * the ring begins now. Pairs with the full barrier in the kernel's segment_claim().
 */
static bool ring_overtaken(struct ring *ring)
{
	uint64_t tail;

	if (ring->stable)
		return false;
	read_fence();
	tail = load_once(&ring->page->tail);
	if (tail <= ring->pos)
		return false;
	ring->pos = tail;
	if (ring->head < tail)
		ring->head = tail;
	return true;
}

/*
 * Go to the next event, past pads. Returns 1 (and ring->time is its time), 0 if
 * there is none below head, -EBADMSG.
 */
int ring_peek(struct ring *ring)
{
	const struct evring_rec *rec;
	uint64_t time, len;
	uint16_t type;

	while (ring->pos < ring->head) {
		/* No valid position, or more than a ring can hold */
		if ((ring->pos | ring->head) & 7 || ring->head - ring->pos > ring->mask + 1) {
			if (ring_overtaken(ring))
				continue;
			return -EBADMSG;
		}
		rec = (const void *)(ring->data + (ring->pos & ring->mask));
		len = load_once(&rec->len);
		type = load_once(&rec->type);
		/* Published records are whole: none goes on behind head. */
		if (!rec_sane(ring, ring->pos, (uint32_t)len, type) ||
		    ALIGN8(len) > ring->head - ring->pos) {
			if (ring_overtaken(ring))
				continue;
			return -EBADMSG;
		}
		if (type == EVRING_TYPE_PAD) {
			if (!ring_overtaken(ring))
				ring->pos += ALIGN8(len);
			continue;
		}
		time = load_once(&rec->time);
		if (ring_overtaken(ring))
			continue;
		/* In order on a ring, but for a clock's glitch; a step is no glitch. */
		if (time > ring->time || ring->time - time > CLOCK_STEP)
			ring->time = time;
		return 1;
	}
	return 0;
}

/* Copy a record that may be overwritten meanwhile. False: it was. */
static bool ring_copy(struct ring *ring, void *copy)
{
	const struct evring_rec *copied = copy;
	const struct evring_rec *rec = (const void *)(ring->data + (ring->pos & ring->mask));
	uint32_t len = load_once(&rec->len);
	uint16_t type = load_once(&rec->type);

	if (type == EVRING_TYPE_PAD || !rec_sane(ring, ring->pos, len, type)) {
		ring_overtaken(ring);
		return false;
	}
	memcpy(copy, rec, len);
	/* The copy must have the words that were checked: the ring is not trusted. */
	return !ring_overtaken(ring) && copied->len == len && copied->type == type;
}

/*
 * Take the event that ring_peek() found. False: it was overwritten since, so
 * peek again.
 */
bool ring_take(struct ring *ring, char *copy, struct evring_event *event)
{
	const struct evring_rec *rec = (const void *)(ring->data + (ring->pos & ring->mask));

	if (!ring->stable) {
		if (!ring_copy(ring, copy))
			return false;
		rec = (const void *)copy;
	}
	event->rec = rec;
	event->payload = rec + 1;
	event->payload_len = rec->len - (uint32_t)sizeof(*rec);
	if (rec->type == EVRING_TYPE_DISCARD)
		event->payload_len = 0;
	event->lane = ring->lane;
	event->cpu = ring->cpu;
	event->pos = ring->pos;
	event->next = ring->pos + ALIGN8(rec->len);
	event->seq = ring_seq(ring, rec->seq);
	event->missed = ring->seq == EVRING_SEQ_NONE ? 0 : event->seq - ring->seq;
	event->next_seq = event->seq + rec_covers(rec);

	ring->missed += event->missed;
	ring->pos = event->next;
	ring->seq = event->next_seq;
	return true;
}

/*
 * From the record at @p on to the first one at or after @pos. Returns where that
 * is; *@seq is its number as far as the records before it tell, which may lack
 * the upper bits.
 */
static uint64_t ring_walk(const struct ring *ring, uint64_t p, uint64_t pos, uint64_t *seq)
{
	const struct evring_rec *rec;
	uint32_t len;
	uint16_t type;

	while (p < pos) {
		rec = (const void *)(ring->data + (p & ring->mask));
		len = load_once(&rec->len);
		type = load_once(&rec->type);
		if (!rec_sane(ring, p, len, type))
			break;
		if (type != EVRING_TYPE_PAD)
			*seq = load_once(&rec->seq) + rec_covers(rec);
		p += ALIGN8(len);
	}
	return p > pos ? p : pos;
}

/*
 * The number of the record at @pos; EVRING_SEQ_NONE: it tells none. A pad where
 * a segment begins is a record that was taken back: its number is the next one.
 */
static uint64_t rec_seq(const struct ring *ring, uint64_t pos)
{
	const struct evring_rec *rec = (const void *)(ring->data + (pos & ring->mask));
	uint32_t len;

	if (pos & 7)
		return EVRING_SEQ_NONE;
	len = load_once(&rec->len);
	if (!rec_sane(ring, pos, len, load_once(&rec->type)) || len < sizeof(*rec))
		return EVRING_SEQ_NONE;
	return load_once(&rec->seq);
}

/*
 * Start at @pos, where @seq is expected if that is known. A position comes from
 * some reader: go to the first record at or after it. If no number is known, the
 * records before tell it, so that events that are overwritten before the first one
 * is read are counted too.
 */
void ring_place(struct ring *ring, uint64_t pos, uint64_t seq)
{
	uint64_t tail, head, from, told;

	ring->committed = pos;
	do {
		tail = load_once(&ring->page->tail);
		head = load_acquire(&ring->page->head);
		/* Held records are there, even if tail is past them: see hold_begin(). */
		if (pos < tail && !ring->stable)
			pos = tail;
		from = pos & ~(ring->segment - 1);
		if (from == pos && from > tail)
			from -= ring->segment;
		told = pos ? EVRING_SEQ_NONE : 0;
		if (pos <= head && !(pos & 7))
			pos = ring_walk(ring, from, pos, &told);
		if (told == EVRING_SEQ_NONE && pos < head)
			told = rec_seq(ring, pos);
		read_fence();	/* as in ring_overtaken() */
	} while (load_once(&ring->page->tail) != tail);
	ring->seq = EVRING_SEQ_NONE;
	if (seq != EVRING_SEQ_NONE)
		ring->seq = seq;
	else if (told != EVRING_SEQ_NONE)
		ring->seq = ring_seq(ring, told);
	ring->pos = pos;
	ring->head = pos;
}
