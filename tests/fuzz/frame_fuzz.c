/* SPDX-License-Identifier: MIT */
/*
 * Frames that came through Kafka: the first byte says what of the head is put
 * right, the rest is the frame. Nothing that the reader gives out may lie
 * outside of it, and it must come to an end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evring_frame.h"

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "frame_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* Else hardly any input would come past evring_frame_open(). */
static void put_right(char *buf, size_t len, unsigned int what)
{
	struct evring_frame frame;

	if (len < sizeof(frame))
		return;
	memcpy(&frame, buf, sizeof(frame));
	if (what & 1) {
		frame.magic = EVRING_FRAME_MAGIC;
		frame.version = EVRING_FRAME_VERSION;
	}
	if (what & 2)
		frame.len = (uint32_t)len;
	if (what & 4) {
		frame.size = sizeof(frame);
		frame.clock.shift %= 64;
	}
	if (what & 8) {
		frame.seq_bits = 48;
		frame.types = (uint32_t)len & ~7u;
		frame.records_end = frame.types;
		frame.nr_types = 0;
		frame.lanes.count = 0;
	}
	memcpy(buf, &frame, sizeof(frame));
}

static void touch(const void *bytes, size_t len)
{
	static volatile uint8_t sum;
	const uint8_t *at = bytes;

	while (len--)
		sum = (uint8_t)(sum + *at++);
}

/* Each field of an event lies within it, or is refused. */
static void check_fields(const struct evring_event *event)
{
	const char *payload = event->payload, *str;
	uint64_t number;
	uint32_t i;
	size_t len;

	for (i = 0; event->type && i < event->type->nr_fields; i++) {
		const struct evring_field *field = &event->type->fields[i];

		touch(field->name, field->name_len);
		evring_get_number(event, field, &number);
		if (evring_get_string(event, field, &str, &len))
			continue;
		MUST(str >= payload && str + len <= payload + event->payload_len);
		touch(str, len);
	}
}

static void walk(const char *buf, size_t len)
{
	struct evring_frame_reader reader;
	struct evring_event event;
	uint32_t events = 0, at = 0;
	int ret;

	ret = evring_frame_open(&reader, buf, len);
	MUST(!ret || ret == -EBADMSG || ret == -EPROTO);
	if (ret)
		return;
	while ((ret = evring_frame_next(&reader, &event)) > 0) {
		const char *payload = event.payload;

		MUST(ret == 1 && payload >= buf && payload + event.payload_len <= buf + len);
		MUST(event.payload_len == (event.rec->type == EVRING_TYPE_DISCARD ? 0 :
					   event.rec->len - sizeof(*event.rec)));
		MUST(event.rec->type != EVRING_TYPE_PAD);
		MUST(!events || payload > buf + at);
		MUST(!event.type || event.type->id == event.rec->type);
		check_fields(&event);
		touch(payload, event.payload_len);
		evring_frame_realtime(&reader, event.rec);
		at = (uint32_t)(payload - buf);
		events++;
	}
	MUST(ret == -EBADMSG || events == reader.frame.events);
	evring_frame_close(&reader);
	/* It stays at bytes that it cannot read. */
	MUST(evring_frame_next(&reader, &event) == ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int what;
	char *buf;

	if (!size)
		return 0;
	what = data[0];
	/* Exactly as long as it is, and at any address */
	buf = malloc(size + 7);
	memcpy(buf + what / 32, data + 1, size - 1);
	buf = realloc(buf, size - 1 + what / 32 + !(size - 1 + what / 32));
	put_right(buf + what / 32, size - 1, what);
	walk(buf + what / 32, size - 1);
	free(buf);
	return 0;
}
