// SPDX-License-Identifier: MIT
/*
 * The ring: records of every length, at every place in a segment, round and
 * round. A walk over the mapping, without the library, checks each byte by the ABI;
 * taps that were lapped must be told by how much.
 *
 * It runs with several sizes of ring, which it asks for.
 */
#include "device.h"

#define GROUP		"walk"
#define LOST_SIZE	(sizeof(struct evring_rec) + sizeof(struct evring_lost))

/* A group of one ring, and where it is on it */
struct walk {
	int fd;
	const struct evring_ring_page *page;
	size_t len;
	uint64_t pos;
	uint64_t seq;
	uint64_t time;
	uint64_t events;
	uint64_t lost;		/* as lost records say */
	uint64_t pads;
	uint32_t max;		/* longest record */
	uint32_t filler;	/* of each event, where it is known */
};

FIXTURE(ring) {
	struct walk walk;
	uint32_t record_max;
};

FIXTURE_SETUP(ring)
{
	struct evring_join join = { .name = GROUP, .lanes = CRITICAL, .start = EVRING_LATEST };
	struct walk *walk = &self->walk;
	struct evring_meta meta;

	groups_drop();
	meta_get(&meta);
	self->record_max = meta.record_max;
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, emit(1, 0));
	walk->fd = session_open(O_RDONLY);
	ASSERT_GE(walk->fd, 0);
	ASSERT_EQ(0, call(walk->fd, EVRING_IOC_JOIN, &join));
	walk->len = ring_len(LANE_CRITICAL);
	walk->page = mmap(NULL, walk->len, PROT_READ, MAP_SHARED, walk->fd,
			  (off_t)EVRING_MMAP_RING(LANE_CRITICAL, 0));
	ASSERT_NE(MAP_FAILED, walk->page);
	walk->pos = walk->page->head;
	walk->seq = walk->page->seq;
	walk->max = meta.record_max;
	walk->filler = UINT32_MAX;
}

FIXTURE_TEARDOWN(ring)
{
	munmap((void *)self->walk.page, self->walk.len);
	close(self->walk.fd);
	groups_drop();
}

static int walk_commit(struct walk *walk)
{
	struct evring_commit_entry entry = { .pos = walk->pos, .seq = walk->seq };
	struct evring_commit commit = {
		.entries = (uintptr_t)&entry, .nr = 1,
		.entry_size = sizeof(struct evring_commit_entry),
	};

	return call(walk->fd, EVRING_IOC_COMMIT, &commit);
}

/* The error in the record at walk->pos, or NULL */
static const char *record_wrong(struct walk *walk, const struct evring_rec *rec)
{
	const struct evring_event event = {
		.rec = rec, .payload = rec + 1,
		.payload_len = rec->len - (uint32_t)sizeof(*rec),
	};
	const char *end = (const char *)rec + rec->len;
	uint32_t i;

	if (rec->len < sizeof(*rec) || rec->len > walk->max)
		return "its length";
	if (rec->seq != walk->seq)
		return "its seq";
	if (rec->time < walk->time)
		return "its time, which went back";
	for (i = rec->len; i % 8; i++)
		if (*end++)
			return "what follows it, which is not 0";
	walk->time = rec->time;
	if (rec->type == EVRING_TYPE_LOST) {
		const struct evring_lost *lost = (const void *)(rec + 1);

		if (rec->len != LOST_SIZE || !lost->count || lost->first > lost->last ||
		    lost->last > rec->time || rec->flags || rec->pid || rec->tid)
			return "the lost record";
		walk->seq += lost->count;
		walk->lost += lost->count;
		return NULL;
	}
	walk->seq++;
	walk->events++;
	if (rec->type < EVRING_TYPE_FIRST)
		return "its type";
	if (rec->flags != EVRING_REC_TASK || rec->pid != (uint32_t)getpid() ||
	    rec->tid != (uint32_t)getpid())
		return "who emitted it";
	if (!torture_whole(&event))
		return "its checksum";
	if (walk->filler != UINT32_MAX && rec->len != sizeof(*rec) + 24 + walk->filler)
		return "its length, which is another event's";
	return NULL;
}

/* Walk to the head. Returns the first error, or NULL. */
static const char *walk_wrong(struct walk *walk)
{
	const struct evring_ring_page *page = walk->page;
	const char *data = (const char *)page + page->data_offset, *wrong;
	uint64_t head = __atomic_load_n(&page->head, __ATOMIC_ACQUIRE);
	uint64_t segment = page->segment_size, left;
	const struct evring_rec *rec;

	if (page->tail % segment || page->tail > head || head - page->tail > page->data_size)
		return "the tail";
	while (walk->pos < head) {
		rec = (const void *)(data + (walk->pos & (page->data_size - 1)));
		left = segment - (walk->pos & (segment - 1));
		if (rec->type == EVRING_TYPE_PAD) {
			if (rec->len != left)
				return "a pad that does not end its segment";
			walk->pads++;
		} else {
			wrong = record_wrong(walk, rec);
			if (wrong)
				return wrong;
			if (ALIGN8(rec->len) > left)
				return "a record that crosses its segment's end";
		}
		walk->pos += ALIGN8(rec->len);
	}
	return walk->pos == head ? NULL : "the head";
}

/* @n events of one length: all of them there, whole and in order */
static void expect_whole(struct __test_metadata *_metadata, struct walk *walk, unsigned int n,
			 unsigned int filler)
{
	uint64_t events = walk->events;
	const char *wrong;

	walk->filler = filler;
	ASSERT_EQ(0, emit(n, filler));
	wrong = walk_wrong(walk);
	ASSERT_EQ(NULL, wrong) {
		TH_LOG("wrong is %s, %u bytes of filler", wrong, filler);
	}
	ASSERT_EQ(n, walk->events - events);
	ASSERT_EQ(walk->page->seq, walk->seq);
	ASSERT_EQ(0, walk_commit(walk));
}

TEST_F_TIMEOUT(ring, records_of_every_length_are_whole_round_and_round, 600)
{
	struct walk *walk = &self->walk;
	uint64_t laps = walk->pos;
	unsigned int filler, n;

	for (filler = 0; filler <= 300; filler++) {
		/* Not more than fits, as nothing is committed meanwhile. */
		n = (unsigned int)(walk->page->data_size / 4 / torture_size(filler));
		expect_whole(_metadata, walk, n < 40 ? n : 40, filler);
	}
	laps = (walk->pos - laps) / walk->page->data_size;
	note("%llu events, %llu pads, %llu times round", (unsigned long long)walk->events,
	       (unsigned long long)walk->pads, (unsigned long long)laps);
	EXPECT_LE(3, laps);
	EXPECT_LT(0, walk->pads);
	EXPECT_EQ(0, walk->lost);
}

TEST_F_TIMEOUT(ring, a_segment_is_filled_to_its_last_byte_or_padded, 600)
{
	struct walk *walk = &self->walk;
	uint64_t segment = walk->page->segment_size, left, pads;
	unsigned int room, size;

	for (room = 0; room <= 200; room += 8) {
		/* Go on until so many bytes of a segment are left ... */
		do {
			left = segment - walk->pos % segment;
			size = (unsigned int)(left - room);
			if (left < torture_size(0) + room)
				size = (unsigned int)torture_size(0);
			else if (size > self->record_max)
				size = self->record_max / 2;
			else if (size > self->record_max / 2 && size - torture_size(0) < 64)
				size = (unsigned int)torture_size(0);
			expect_whole(_metadata, walk, 1, size - (unsigned int)torture_size(0));
		} while (segment - walk->pos % segment != (room ? room : segment));
		/* ... and put an event there. */
		pads = walk->pads;
		expect_whole(_metadata, walk, 1, 8);
		EXPECT_EQ(room && room < torture_size(8), walk->pads - pads);
	}
}

TEST_F(ring, the_longest_record_fits_and_one_byte_more_is_lost_and_told)
{
	unsigned int max = self->record_max - (unsigned int)torture_size(0), filler;
	struct walk *walk = &self->walk;
	uint64_t full = page_lost(walk->page, EVRING_LOST_FULL), lost = 0;
	uint64_t toobig = page_lost(walk->page, EVRING_LOST_TOOBIG);

	for (filler = max - 20; filler <= max + 20; filler++) {
		if (filler <= max) {
			expect_whole(_metadata, walk, 3, filler);
			continue;
		}
		ASSERT_EQ(0, emit(3, filler));
		lost += 3;
		EXPECT_EQ(NULL, walk_wrong(walk));
		EXPECT_EQ(lost, walk->lost);
		ASSERT_EQ(0, walk_commit(walk));
	}
	ASSERT_EQ(0, emit(1, 60000));
	EXPECT_EQ(NULL, walk_wrong(walk));
	EXPECT_EQ(lost + 1, walk->lost);
	EXPECT_EQ(lost + 1, page_lost(walk->page, EVRING_LOST_TOOBIG) - toobig);
	EXPECT_EQ(full, page_lost(walk->page, EVRING_LOST_FULL));
}

TEST_F(ring, an_event_too_long_for_a_full_ring_is_counted_once)
{
	struct walk *walk = &self->walk;
	uint64_t lost, seq;

	ASSERT_EQ(0, emit(10000, 100));
	EXPECT_EQ(NULL, walk_wrong(walk));
	lost = page_lost(walk->page, EVRING_LOST_FULL) + page_lost(walk->page, EVRING_LOST_TOOBIG);
	seq = walk->page->seq;
	ASSERT_EQ(0, emit(5, 60000));
	EXPECT_EQ(seq + 5, walk->page->seq);
	EXPECT_EQ(lost + 5, page_lost(walk->page, EVRING_LOST_FULL) +
			    page_lost(walk->page, EVRING_LOST_TOOBIG));
	ASSERT_EQ(0, walk_commit(walk));
	ASSERT_EQ(0, emit(1, 0));
	EXPECT_EQ(NULL, walk_wrong(walk));
	EXPECT_EQ(walk->page->seq, walk->seq);
}

TEST_F(ring, lengths_in_any_order_are_whole)
{
	struct walk *walk = &self->walk;
	unsigned int seed = 1, i, max = self->record_max - (unsigned int)torture_size(0);

	for (i = 0; i < 2000; i++)
		expect_whole(_metadata, walk, 1, (unsigned int)rand_r(&seed) %
			     (i % 8 ? 300 : max + 1));
	EXPECT_EQ(0, walk->lost);
}

/*
 * Taps
 */

struct tally {
	uint64_t read;
	uint64_t missed;
	uint64_t bad;
	uint64_t first_pos;
};

/* Read all events of CPU 0's ring. */
static int tap_read(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	int ret;

	while ((ret = evring_next(ev, &event)) > 0) {
		if (event.cpu)
			continue;
		if (!tally->read)
			tally->first_pos = event.pos;
		if (!torture_whole(&event))
			tally->bad++;
		tally->read++;
		tally->missed += event.missed;
	}
	return ret;
}

FIXTURE(tap) {
	struct evring *ev;
};

FIXTURE_SETUP(tap)
{
	groups_drop();
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
}

FIXTURE_TEARDOWN(tap)
{
	evring_close(self->ev);
}

TEST_F(tap, a_lapped_tap_is_told_the_exact_count)
{
	static const unsigned int fillers[] = { 0, 13, 200, 1000 };
	uint64_t data = ring_get(LANE_CRITICAL, 0).data_size, emitted = 1;
	struct tally tally = { 0 };
	unsigned int i, laps, n;

	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
	ASSERT_EQ(0, emit(1, 0));
	ASSERT_EQ(0, tap_read(self->ev, &tally));
	for (i = 0; i < sizeof(fillers) / sizeof(*fillers); i++) {
		for (laps = 0; laps < 4; laps++) {
			n = 10 + (unsigned int)(laps * data / torture_size(fillers[i]));
			ASSERT_EQ(0, emit(n, fillers[i]));
			emitted += n;
			ASSERT_EQ(0, tap_read(self->ev, &tally));
			EXPECT_EQ(emitted, tally.read + tally.missed);
		}
	}
	EXPECT_LT(0, tally.missed);
	EXPECT_EQ(0, tally.bad);
}

TEST_F(tap, one_that_was_lapped_before_it_read_anything_is_told_too)
{
	unsigned int n = (unsigned int)(3 * ring_get(LANE_CRITICAL, 0).data_size /
					torture_size(0));
	struct tally tally = { 0 };

	ASSERT_EQ(0, emit(1, 0));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
	ASSERT_EQ(0, emit(n, 0));
	ASSERT_EQ(0, tap_read(self->ev, &tally));
	EXPECT_LT(0, tally.missed);
	EXPECT_EQ(n, tally.read + tally.missed);
}

TEST_F(tap, from_the_earliest_it_sees_all_that_the_ring_keeps)
{
	struct evring_ring_page page;
	struct tally tally = { 0 };
	unsigned int n = (unsigned int)(ring_get(LANE_CRITICAL, 0).data_size / 256);

	ASSERT_EQ(0, emit(4 * n, 256 - (unsigned int)torture_size(0)));
	page = ring_get(LANE_CRITICAL, 0);
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_EARLIEST));
	ASSERT_EQ(0, tap_read(self->ev, &tally));
	EXPECT_EQ(page.tail, tally.first_pos);
	EXPECT_EQ((page.head - page.tail) / 256, tally.read);
	EXPECT_LT(n / 2, tally.read);
	EXPECT_EQ(0, tally.missed + tally.bad);
}

TEST_F(tap, it_holds_nothing_back_and_commits_nothing)
{
	struct evring_ring_page before = ring_get(LANE_CRITICAL, 0), after;
	unsigned int n = (unsigned int)(3 * before.data_size / torture_size(0));
	uint64_t full = lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL);

	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_EARLIEST));
	ASSERT_EQ(0, emit(n, 0));
	after = ring_get(LANE_CRITICAL, 0);
	EXPECT_EQ(full, lost_get(LANE_CRITICAL, 0, EVRING_LOST_FULL));
	EXPECT_LT(before.tail, after.tail);
	EXPECT_EQ(-EPERM, evring_commit(self->ev));
}

TEST_HARNESS_MAIN
