/* SPDX-License-Identifier: MIT */
/* A frame is read back as it was written; any other bytes are refused. */
#include "../harness/block.h"
#include "../harness/tap.h"

#include <errno.h>
#include <evring_frame.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD 13u
#define REC_LEN ((unsigned int)sizeof(struct evring_rec) + PAYLOAD)
#define REC_ROOM ((REC_LEN + 7) & ~7u)
#define RUNS 2u
#define PER_RUN 3u

/* Two runs of three records, one type. As a structure it is aligned, its copies are not. */
struct sample {
	struct evring_frame frame;
	struct {
		struct evring_frame_run run;
		char records[PER_RUN][REC_ROOM];
	} runs[RUNS];
	struct evring_frame_lane lane;
	struct evring_frame_type type;
	struct block block;
};

static struct sample make(void)
{
	struct sample s;
	unsigned int run, i;

	memset(&s, 0, sizeof(s));
	s.frame = (struct evring_frame){
		.magic = EVRING_FRAME_MAGIC, .version = EVRING_FRAME_VERSION,
		.size = sizeof(s.frame), .len = sizeof(s), .types = offsetof(struct sample, type),
		.nr_types = 1, .records_end = offsetof(struct sample, lane), .seq_bits = 48,
		.events = RUNS * PER_RUN,
		.lanes = { .offset = offsetof(struct sample, lane), .stride = sizeof(s.lane),
			   .count = 1 },
		.clock = { .mult = 1u << 31, .shift = 30, .base = 1000, .boot_ns = 5, .wall_ns = 7 },
	};
	for (run = 0; run < RUNS; run++) {
		/* More numbers than the writer's bits can say */
		s.runs[run].run = (struct evring_frame_run){ .lane = 1, .cpu = run, .seq = 5ull << 48,
							     .len = sizeof(s.runs[run].records) };
		for (i = 0; i < PER_RUN; i++) {
			const struct evring_rec rec = { .len = REC_LEN, .type = 9, .seq = i,
							.time = 1100 };

			memcpy(s.runs[run].records[i], &rec, sizeof(rec));
			memset(s.runs[run].records[i] + sizeof(rec), 'a', PAYLOAD);
		}
	}
	s.lane = (struct evring_frame_lane){ .lane = 1, .name = "bulk" };
	s.type = (struct evring_frame_type){ .id = 9, .len = sizeof(s.block) };
	block_begin(&s.block, "some.event", 12);
	block_field(&s.block, "first", EVRING_KIND_U32, EVRING_FORMAT_NONE, 0, 4);
	block_field(&s.block, "rest", EVRING_KIND_CHARS, EVRING_FORMAT_NONE, 4, 8);
	return s;
}

/* Events read, or the reader's error. In a buffer of its own, so that ASan sees a byte too far. */
static int read_all(const void *from, size_t len)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	char *buf = malloc(len + 1);
	int ret, n = 0;
	unsigned int sum = 0;
	size_t i;

	if (!buf)
		abort();
	memcpy(buf + 1, from, len);
	ret = evring_frame_open(&reader, buf + 1, len);
	while (!ret && (ret = evring_frame_next(&reader, &event)) > 0) {
		for (i = 0; i < event.payload_len; i++)
			sum += ((const unsigned char *)event.payload)[i];
		sum += event.type ? (unsigned int)strlen(event.type->name) : 0;
		sum += (unsigned int)evring_frame_realtime(&reader, event.rec);
		n++;
		ret = 0;
	}
	evring_frame_close(&reader);
	free(buf);
	return ret ? ret : n + (int)(sum & 0);
}

static bool event_is(const struct evring_frame_reader *reader, const struct evring_event *e,
		     unsigned int n)
{
	char name[EVRING_NAME_MAX];
	uint64_t first;
	const char *str;
	size_t len;

	return e->cpu == n / PER_RUN && e->lane == 1 && e->rec->seq == n % PER_RUN &&
	       e->seq == (5ull << 48) + n % PER_RUN && !e->missed && e->payload_len == PAYLOAD &&
	       e->type && !strcmp(e->type->name, "some.event") && e->type->version == 3 &&
	       !evring_get_number(e, evring_field(e->type, "first"), &first) &&
	       first == 0x61616161 &&
	       !evring_get_string(e, evring_field(e->type, "rest"), &str, &len) &&
	       len == 8 && !memcmp(str, "aaaaaaaa", 8) &&
	       !strcmp(evring_frame_lane_name(reader, 1, name), "bulk") &&
	       !evring_frame_lane_name(reader, 0, name) &&
	       evring_frame_realtime(reader, e->rec) == 212;
}

static bool reads_back(void)
{
	const struct sample s = make();
	struct evring_frame_reader reader;
	struct evring_event e;
	bool good = true;
	unsigned int n;

	if (evring_frame_open(&reader, &s, sizeof(s)))
		return false;
	for (n = 0; evring_frame_next(&reader, &e) == 1; n++)
		good = good && event_is(&reader, &e, n);
	evring_frame_close(&reader);
	return good && n == RUNS * PER_RUN;
}

static bool refuses(size_t offset, const void *value, size_t len, int want)
{
	struct sample s = make();

	memcpy((char *)&s + offset, value, len);
	return read_all(&s, sizeof(s)) == want;
}

#define REFUSES(type, member, value, want)					\
	({ const type value_ = (value);						\
	   refuses(offsetof(struct sample, member), &value_, sizeof(value_), want); })

static bool cut_short(void)
{
	const struct sample s = make();
	size_t len;

	for (len = 0; len < sizeof(s); len++)
		if (read_all(&s, len) != -EBADMSG)
			return false;
	return true;
}

/* A second call after an error returns it again, and nothing from behind the frame. */
static bool says_it_again(void)
{
	struct sample s = make();
	struct evring_frame_reader reader;
	struct evring_event e;
	char *buf = malloc(sizeof(s));
	unsigned int n, i;
	bool good = true;

	if (!buf)
		abort();
	/* No types, and of the last run, which says that it is longer, eight bytes. */
	s.frame.len = offsetof(struct sample, runs[1].records[0]) + 8;
	s.frame.types = s.frame.records_end = s.frame.len;
	s.frame.nr_types = s.frame.lanes.count = s.frame.lanes.offset = 0;
	s.runs[1].run.len = 4096;
	memcpy(buf, &s, s.frame.len);
	buf = realloc(buf, s.frame.len);
	if (!buf || evring_frame_open(&reader, buf, s.frame.len))
		abort();
	for (n = 0; evring_frame_next(&reader, &e) == 1; n++)
		;
	for (i = 0; i < 4; i++)
		good &= evring_frame_next(&reader, &e) == -EBADMSG;
	evring_frame_close(&reader);
	free(buf);
	return good && n == PER_RUN;
}

static bool discards(void)
{
	struct sample s = make();
	const uint16_t type = EVRING_TYPE_DISCARD;
	struct evring_frame_reader reader;
	struct evring_event e;
	bool good;

	memcpy(s.runs[0].records[0] + offsetof(struct evring_rec, type), &type, sizeof(type));
	good = !evring_frame_open(&reader, &s, sizeof(s)) && evring_frame_next(&reader, &e) == 1 &&
	       e.rec->type == type && !e.payload_len &&
	       evring_frame_next(&reader, &e) == 1 && e.payload_len == PAYLOAD;
	evring_frame_close(&reader);
	return good;
}

/* Nothing but the sanitizers' silence is asked for. */
static bool random_bytes(void)
{
	unsigned int round, i, state = 12345;

	for (round = 0; round < 200000; round++) {
		struct sample s = make();

		for (i = 0; i < 1 + round % 4; i++) {
			state = state * 1664525 + 1013904223;
			((unsigned char *)&s)[(state >> 8) % sizeof(s)] ^= (unsigned char)(1u << (state & 7));
		}
		read_all(&s, sizeof(s));
	}
	return true;
}

int main(void)
{
	ok(reads_back(), "a frame is read back: runs, records, types, times");
	ok(REFUSES(uint32_t, frame.magic, 1, -EBADMSG), "another magic number");
	ok(REFUSES(uint16_t, frame.version, 2, -EPROTO), "a later version");
	ok(REFUSES(uint16_t, frame.size, 8, -EBADMSG), "a head that is too short");
	ok(REFUSES(uint16_t, frame.size, 65528, -EBADMSG), "a head that is longer than the frame");
	ok(REFUSES(uint32_t, frame.len, 64, -EBADMSG), "a length that is not the message's");
	ok(REFUSES(uint32_t, frame.types, 0xfffffff8, -EBADMSG), "types outside of the frame");
	ok(REFUSES(uint32_t, frame.types, sizeof(struct evring_frame) + 4, -EBADMSG),
	   "types that are not aligned");
	ok(REFUSES(uint32_t, frame.magic, __builtin_bswap32(EVRING_FRAME_MAGIC), -EPROTO),
	   "a host of the other byte order");
	ok(REFUSES(uint32_t, frame.nr_types, 2, -EBADMSG), "more types than there are");
	ok(REFUSES(uint32_t, frame.nr_types, 0xffffffff, -EBADMSG), "types without end");
	ok(REFUSES(uint32_t, frame.nr_types, 0, -EBADMSG), "fewer types than there are");
	ok(REFUSES(uint32_t, frame.seq_bits, 65, -EBADMSG), "numbers of more than 64 bits");
	ok(REFUSES(uint32_t, frame.records_end, 0xfffffff8, -EBADMSG), "records without end");
	ok(REFUSES(uint32_t, frame.lanes.stride, 0, -EBADMSG), "lanes of no length");
	ok(REFUSES(uint32_t, frame.lanes.count, 0xffffffff, -EBADMSG), "lanes without end");
	ok(REFUSES(uint16_t, lane.reserved[0], 1, -EBADMSG) &&
	   REFUSES(uint16_t, lane.reserved[2], 1, -EBADMSG), "a lane with something in its padding");
	ok(REFUSES(uint32_t, type.len, 8, -EBADMSG), "a block that is none");
	ok(REFUSES(uint32_t, type.len, 0xffffffff, -EBADMSG), "a block without end");
	ok(REFUSES(uint32_t, block.head.fields.count, 0xffffff, -EBADMSG), "a type that lies");
	ok(REFUSES(uint32_t, frame.events, 5, -EBADMSG), "fewer events than there are");
	ok(REFUSES(uint32_t, frame.events, 7, -EBADMSG), "more events than there are");
	ok(REFUSES(uint32_t, frame.clock.shift, 200, -EBADMSG), "a clock that shifts too far");
	ok(REFUSES(uint32_t, runs[0].run.len, 0, -EBADMSG), "an empty run");
	ok(REFUSES(uint32_t, runs[0].run.len, 4096, -EBADMSG), "a run that is too long");
	ok(REFUSES(uint32_t, runs[1].run.len, 12, -EBADMSG), "a run that is not aligned");
	ok(REFUSES(uint32_t, runs[1].records[2], 31, -EBADMSG), "a record without its header");
	ok(REFUSES(uint32_t, runs[1].records[2], 1u << 31, -EBADMSG), "a record that is too long");
	ok(REFUSES(uint32_t, runs[1].records[2], 0xffffffff, -EBADMSG), "a length that overflows");
	ok(REFUSES(uint16_t, runs[0].records[0][4], EVRING_TYPE_LOST, -EBADMSG),
	   "a lost record that does not say how many");
	ok(REFUSES(uint32_t, type.id, 8, RUNS * PER_RUN), "a type that is not told has no name");
	ok(discards(), "an event that was given up has no payload, as in the ring");
	ok(says_it_again(), "an error stays, and nothing behind the frame is read");
	ok(cut_short(), "cut short anywhere");
	ok(random_bytes(), "bits flipped at random: nothing outside of the frame is read");
	return tap_end();
}
