/* SPDX-License-Identifier: MIT */
/* The writer, the device, and how both begin. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hostile.h"

struct hostile p;

UNGUIDED unsigned int byte(void)
{
	return p.next < p.end ? *p.next++ : 0;
}

unsigned int below(unsigned int bound)
{
	return byte() % bound;
}

uint64_t word(void)
{
	uint64_t n = 0;
	unsigned int len = below(9);

	while (len--)
		n = n << 8 | byte();
	return n;
}

/*
 * The writer
 */

static void later(struct writer *w, void *at, uint64_t value)
{
	w->stores[w->nr++] = (struct store){ at, value };
}

UNGUIDED void store(struct writer *w, unsigned int n)
{
	while (n-- && w->made < w->nr) {
		__atomic_store_n(w->stores[w->made].at, w->stores[w->made].value, __ATOMIC_RELAXED);
		w->made++;
	}
	if (w->made == w->nr)
		w->made = w->nr = 0;
}

static uint64_t *word_at(struct writer *w, uint64_t pos)
{
	return &w->data[pos / 8 % (RING_SIZE / 8)];
}

/* Events that a holding group has not committed are not overwritten. */
static bool may_enter(const struct writer *w, uint64_t next)
{
	uint64_t floor = next + MODEL_SEGMENT - RING_SIZE;

	return next + MODEL_SEGMENT <= RING_SIZE || !p.ev || p.ev->mode != MODE_HOLD ||
	       floor <= w->committed;
}

/* Into the next segment, if the record does not fit into this one */
static bool enter(struct writer *w, uint64_t len)
{
	uint64_t left = MODEL_SEGMENT - w->pos % MODEL_SEGMENT, next = w->pos + left;
	const struct evring_rec pad = { .len = (uint32_t)left, .type = EVRING_TYPE_PAD };
	uint64_t first;

	if (len <= left)
		return true;
	if (!may_enter(w, next))
		return false;
	memcpy(&first, &pad, sizeof(first));
	later(w, word_at(w, w->pos), first);
	w->pos = next;
	if (next + MODEL_SEGMENT > RING_SIZE && next + MODEL_SEGMENT - RING_SIZE > w->tail) {
		w->tail = next + MODEL_SEGMENT - RING_SIZE;
		later(w, &w->page->tail, w->tail);
	}
	return true;
}

/* Of a record with its header; sometimes such that little is left of the segment */
static uint32_t length(const struct writer *w, unsigned int what)
{
	uint64_t left = MODEL_SEGMENT - w->pos % MODEL_SEGMENT;
	uint64_t len = sizeof(struct evring_rec) + (what ? below(128) : 8 * byte());

	if (what < 2 && left >= len + 8 && left <= RECORD_MAX)
		len = left - 8 * below(2);
	return len < RECORD_MAX ? (uint32_t)len : RECORD_MAX;
}

/* A few bytes of the program, and bytes computed from them */
static UNGUIDED void fill(uint8_t *payload, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		payload[i] = i < 12 ? (uint8_t)byte() : (uint8_t)(payload[i - 12] * 5 + 1);
}

void emit(struct writer *w)
{
	unsigned int what = byte(), i;
	struct evring_rec rec = { .flags = (uint16_t)(what >> 6), .seq = w->seq, .pid = what };
	uint64_t words;
	struct truth *is;

	if (w->nr || w->nr_recs == RECS_MAX)
		return;
	rec.len = length(w, what % 8);
	rec.type = (uint16_t)(1 + below(EVRING_TYPE_FIRST + TYPES));
	if (rec.type == EVRING_TYPE_LOST)
		rec.len = sizeof(rec) + sizeof(struct evring_lost);
	words = (rec.len + 7) / 8;
	if (w->pos % MODEL_SEGMENT == 0 && !may_enter(w, w->pos))
		return;
	if (!enter(w, 8 * words))
		return;
	/* Where a segment ends with a record, the next one begins without a pad. */
	if (w->pos % MODEL_SEGMENT == 0 && w->pos + MODEL_SEGMENT > RING_SIZE + w->tail) {
		w->tail = w->pos + MODEL_SEGMENT - RING_SIZE;
		later(w, &w->page->tail, w->tail);
	}
	is = w->recs[w->nr_recs];
	if (!is)
		is = w->recs[w->nr_recs] = malloc(sizeof(*is));
	MUST(is);
	rec.time = ++p.stamps;
	is->bytes[words - 1] = 0;
	memcpy(is->bytes, &rec, sizeof(rec));
	fill((uint8_t *)is->bytes + sizeof(rec), rec.len - sizeof(rec));
	is->covers = 1;
	if (rec.type == EVRING_TYPE_LOST)
		is->covers = is->bytes[sizeof(rec) / 8] = 1 + below(200);
	is->pos = w->pos;
	is->seq = w->seq;
	/* The kernel stores the header's last words first; any order will do. */
	for (i = (unsigned int)words; i-- > 0;)
		later(w, word_at(w, w->pos + 8 * i), is->bytes[i]);
	w->pos += 8 * words;
	w->seq += is->covers;
	later(w, &w->page->seq, w->seq);
	later(w, &w->page->head, w->pos);
	w->nr_recs++;
}

/* Any value, anywhere in the data */
void corrupt(struct writer *w)
{
	unsigned int what = below(8);
	uint64_t *at = word_at(w, 8 * (uint64_t)below(64) + MODEL_SEGMENT * byte());

	/* Often where a record begins */
	if (what > 3 && w->nr_recs)
		at = word_at(w, w->recs[byte() % w->nr_recs]->pos);
	if (what == 7)
		*(uint32_t *)at = 16 * below(256) + below(4);	/* a length, or one too long */
	else if (what == 6)
		*(uint32_t *)at = (uint32_t)word();
	else
		*at = word();
	p.clean = false;
}

/* Members that only the kernel writes */
void corrupt_page(struct writer *w)
{
	__u64 *const words[] = {
		&w->page->head, &w->page->tail, &w->cursor->pos, &w->cursor->seq,
	};
	__u64 *at = words[below(4)];

	*at = below(2) ? word() : *at + word() - word();
	p.clean = false;
}

/* On into the next segment, which overwrites the oldest one */
static void advance(struct writer *w)
{
	uint64_t tail = w->tail;
	unsigned int i;

	for (i = 0; i < MODEL_SEGMENT / 32 && w->tail == tail; i++) {
		emit(w);
		store(w, w->nr);
	}
}

/* Between two looks of the reader */
void interfere(void)
{
	unsigned int what = byte();
	struct writer *w = &p.rings[what % RINGS];

	MUST(!p.reading || ++p.points < POINTS_MAX);
	if (!what || what >= 128)
		return;
	if (!w->nr && what < 64)
		emit(w);
	else if (what < 120)
		store(w, 1 + what / 8);
	else if (what < 124)
		advance(w);
	else if (what == 124)
		corrupt(w);
}

/*
 * The device
 */

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t len);
int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t len);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_sched_yield(void);

int __wrap_open(const char *path, int flags, ...)
{
	return strcmp(path, EVRING_DEVICE) ? __real_open(path, flags, 0600) : FAKE_FD;
}

int __wrap_close(int fd)
{
	return fd == FAKE_FD ? 0 : __real_close(fd);
}

/* The stamps of the writer are the time. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_BOOTTIME)
		return __real_clock_gettime(clock, ts);
	*ts = (struct timespec){ .tv_nsec = (long)++p.stamps };
	return 0;
}

/* The reader waits for a CPU in the middle of a clock line. Sooner or later it goes on. */
int __wrap_sched_yield(void)
{
	uint32_t *seq = &p.meta->clock.seq;

	if (p.stalled)
		p.stalled--;
	else
		__atomic_store_n(seq, (*seq | 1) + 1, __ATOMIC_RELEASE);
	return 0;
}

static int device_type(struct evring_describe *info)
{
	unsigned int type = info->id < EVRING_TYPE_FIRST ? 0 : info->id - EVRING_TYPE_FIRST;

	if (info->id >= EVRING_TYPE_FIRST + TYPES) {
		errno = ENOENT;
		return -1;
	}
	info->len = sizeof(p.blocks[0]);
	if (info->room >= info->len)
		memcpy((void *)(uintptr_t)info->block, &p.blocks[type], info->len);
	return 0;
}

static int device_meta(struct evring_meta_read *read)
{
	size_t len = read->room < sizeof(*p.meta) ? read->room : sizeof(*p.meta);

	memcpy((void *)(uintptr_t)read->to, p.meta, len);
	read->len = sizeof(*p.meta);
	return 0;
}

static int device_commit(const struct evring_commit *commit)
{
	const struct evring_commit_entry *entries = (void *)(uintptr_t)commit->entries;
	uint32_t i;

	for (i = 0; i < commit->nr; i++) {
		struct writer *w = &p.rings[entries[i].cpu];

		MUST(entries[i].cpu < RINGS && !entries[i].lane);
		MUST(!p.clean || (entries[i].pos >= w->committed &&
				  entries[i].pos <= w->page->head));
		w->committed = entries[i].pos;
		w->cursor[0].pos = entries[i].pos;
		w->cursor[0].seq = entries[i].seq;
	}
	return 0;
}

/* A group that begins to hold starts behind the records that are overwritten. */
static void device_join(const struct evring_join *join)
{
	struct evring_ring_page *page;
	unsigned int i;

	for (i = 0; i < RINGS && join->policy == EVRING_HOLD; i++) {
		page = p.rings[i].page;
		if (p.rings[i].cursor->pos < page->tail)
			p.rings[i].cursor->pos = page->tail;
		p.rings[i].committed = p.rings[i].cursor->pos;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != FAKE_FD)
		return __real_ioctl(fd, request, arg);
	if (request == EVRING_IOC_META)
		return device_meta(arg);
	if (request == EVRING_IOC_DESCRIBE)
		return device_type(arg);
	if (request == EVRING_IOC_COMMIT)
		return device_commit(arg);
	if (request == EVRING_IOC_JOIN)
		device_join(arg);
	return 0;
}

static void *device_mmap(uint64_t offset, size_t len)
{
	unsigned int cpu = (unsigned int)(offset >> 32 & 0xfffff);

	if (offset == EVRING_MMAP_META)
		return p.meta;
	MUST(len == PAGE + RING_SIZE);
	if (offset == EVRING_MMAP_RING(0, cpu) && cpu < RINGS)
		return p.rings[cpu].map;
	errno = ENXIO;
	return MAP_FAILED;
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fd == FAKE_FD)
		return device_mmap((uint64_t)offset, len);
	return __real_mmap(at, len, prot, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t len)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++)
		if (at == p.rings[i].map)
			return 0;
	return at == p.meta ? 0 : __real_munmap(at, len);
}

/*
 * The whole
 */

static void *map_guarded(size_t len)
{
	char *map = __real_mmap(NULL, len + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				0);

	MUST(map != MAP_FAILED && !mprotect(map + PAGE, len, PROT_READ | PROT_WRITE));
	return map + PAGE;
}

static void once(void)
{
	unsigned int i;

	p.meta = map_guarded(PAGE);
	for (i = 0; i < RINGS; i++) {
		p.rings[i].map = map_guarded(PAGE + RING_SIZE);
		p.rings[i].page = (void *)p.rings[i].map;
		p.rings[i].data = (void *)(p.rings[i].map + PAGE);
		p.rings[i].cursor = (void *)(p.rings[i].map + CURSORS);
	}
}

static UNGUIDED void start_ring(struct writer *w)
{
	memset(w->map, 0, PAGE + RING_SIZE);
	/* It may be an old one, but nothing is in it. */
	w->pos = (uint64_t)MODEL_SEGMENT * below(16);
	w->tail = w->pos;
	w->seq = w->pos / 8;
	w->committed = w->pos;
	w->page->head = w->pos;
	w->page->tail = w->tail;
	w->cursor[0] = (struct evring_cursor){ w->pos, EVRING_SEQ_NONE, 0 };
	w->page->size = sizeof(*w->page);
	w->page->version = EVRING_ABI_VERSION;
	w->page->data_offset = PAGE;
	w->page->data_size = RING_SIZE;
	w->page->segment_size = MODEL_SEGMENT;
	w->page->cursors = (struct evring_table){ CURSORS, sizeof(*w->cursor), 1, 0 };
	w->made = w->nr = w->nr_recs = 0;
}

static void start_type(struct block *b, unsigned int type)
{
	static const uint16_t kinds[] = {
		EVRING_KIND_U8, EVRING_KIND_U16, EVRING_KIND_U32, EVRING_KIND_U64, EVRING_KIND_S8,
		EVRING_KIND_S16, EVRING_KIND_S32, EVRING_KIND_S64, EVRING_KIND_BOOL,
		EVRING_KIND_CHARS, EVRING_KIND_FIXED, EVRING_KIND_TEXT, EVRING_KIND_TEXTS,
		EVRING_KIND_BYTES, EVRING_KIND_U8S, EVRING_KIND_U32S, EVRING_KIND_S64S,
		EVRING_KIND_S8S, 0x0702, 0x8703,	/* of a newer kernel */
	};
	unsigned int i, kind, size, offset;
	char name[16];

	snprintf(name, sizeof(name), "fuzz.%u", type);
	block_begin(b, name, UINT16_MAX);
	for (i = 0; i < FIELDS; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		kind = kinds[below(sizeof(kinds) / sizeof(*kinds))];
		size = kind & EVRING_KIND_VAR ? sizeof(struct evring_str) :
						EVRING_KIND_SIZE(kind) * (1 + below(4));
		offset = below(8) ? below(64) : word() % (UINT16_MAX - size);
		block_field(b, name, kind, below(EVRING_FORMAT_TYPE + 2), offset, size);
	}
}

static void start_types(void)
{
	unsigned int type;

	for (type = 0; type < TYPES; type++)
		start_type(&p.blocks[type], type);
}

static void start_meta(void)
{
	struct fake_meta *fake = p.meta;
	unsigned int i;

	*fake = (struct fake_meta){
		.meta = {
			.size = sizeof(fake->meta), .version = EVRING_ABI_VERSION,
			.map_size = PAGE, .nr_cpus = RINGS + 1, .segment_size = MODEL_SEGMENT,
			.record_max = RECORD_MAX, .nr_rings = RINGS, .seq_bits = 48,
			.lanes = { offsetof(struct fake_meta, lanes), sizeof(fake->lanes[0]),
				   LANES, 0 },
			.clocks = { offsetof(struct fake_meta, clock), sizeof(fake->clock), 1, 0 },
			.past = { offsetof(struct fake_meta, past), sizeof(fake->past[0]), 4, 0 },
		},
		.clock = { .seq = 2, .mult = 1 },
	};
	for (i = 0; i < LANES; i++) {
		snprintf(fake->lanes[i].name, sizeof(fake->lanes[i].name), "lane%u", i);
		fake->lanes[i].data_size = RING_SIZE;
		fake->lanes[i].map_size = PAGE + RING_SIZE;
	}
	if (below(2)) {
		fake->clock.seq = byte();
		/* So long that a reader gives up some times, but not each time */
		p.stalled = 1000 * (fake->clock.seq / 2 % 4);
		fake->clock.mult = (uint32_t)word();
		fake->clock.shift = below(64);
		fake->clock.base = word();
		fake->clock.boot_ns = word();
		fake->clock.wall_ns = (int64_t)word();
	}
}

void hostile_start(void)
{
	unsigned int i;

	if (!p.meta)
		once();
	start_meta();
	start_types();
	for (i = 0; i < RINGS; i++)
		start_ring(&p.rings[i]);
}
