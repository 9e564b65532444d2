/* SPDX-License-Identifier: MIT */
/*
 * An application that means harm: it registers a block of any bytes, and writes any
 * bytes as events of what came of it. The first byte says what of the input is put
 * right, else hardly any of it would come past the first checks; then come a length,
 * a block of so many bytes, and what is written. What a reader gets of it is whole:
 * each reference leads into its own payload, and each event is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../harness/block.h"
#include "evring.h"
#include "sim.h"

#define MUST(what)	((what) ? (void)0 : failed(__LINE__, #what))
#define COMMON		((uint32_t)sizeof(struct evring_common))
#define SIZE_MAX_IN	1500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void failed(int line, const char *what)
{
	fprintf(stderr, "publish_fuzz.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* A good block with the input's bytes over some of it */
static void block_make(struct block *b, const uint8_t *data, size_t size)
{
	size_t i, at;

	block_begin(b, "fuzz.event", 32);
	strcpy(b->strings + b->head.lane, "app");
	block_field(b, "a", EVRING_KIND_U64, EVRING_FORMAT_ENUM, 0, 8);
	block_field(b, "b", EVRING_KIND_TEXT, EVRING_FORMAT_NONE, 8, 4);
	block_field(b, "c", EVRING_KIND_U16S, EVRING_FORMAT_NONE, 12, 4);
	for (i = 0; i + 3 <= size; i += 3) {
		at = (data[i] | (size_t)data[i + 1] << 8) % sizeof(*b);
		((uint8_t *)b)[at] = data[i + 2];
	}
}

static int register_block(int fd, const void *block, size_t len, struct evring_register *arg)
{
	char why[64];

	memset(why, 'x', sizeof(why));
	*arg = (struct evring_register){
		.block = (uintptr_t)block, .len = (uint32_t)len, .text = (uintptr_t)why,
		.room = sizeof(why) - 1,
	};
	if (ioctl(fd, EVRING_IOC_REGISTER, arg)) {
		MUST(errno == EINVAL || errno == EPERM || errno == ENXIO || errno == E2BIG);
		MUST(memchr(why, 0, sizeof(why)) || why[0] == 'x');
		return -1;
	}
	return 0;
}

/* Headers that are as they should be, as far as the lengths in them lead */
static void heads_put_right(uint8_t *buf, size_t size, const struct evring_register *reg)
{
	struct evring_pub head;
	size_t at;

	for (at = 0; at + sizeof(head) <= size; at += (head.len + 7) & ~7u) {
		memcpy(&head, buf + at, sizeof(head));
		head.type = (uint16_t)reg->id;
		head.flags = 0;
		head.generation = reg->generation;
		head.reserved = 0;
		head.len = (uint32_t)sizeof(head) + head.len % 200;
		memcpy(buf + at, &head, sizeof(head));
		memset(buf + at + head.len, 0, at + ((head.len + 7) & ~7u) <= size ? -head.len % 8 : 0);
	}
}

/* References of an event lead into it, behind the fixed part. */
static void event_check(const struct evring_event *e)
{
	const struct evring_common *common = e->payload;
	struct evring_str str;
	uint32_t i;

	MUST(e->type && e->payload_len >= e->type->size && e->type->common_size == COMMON);
	MUST(!strcmp(common->comm, "sim"));
	for (i = 0; i < e->type->nr_fields; i++) {
		const struct evring_field *field = &e->type->fields[i];

		MUST((uint32_t)field->offset + field->size <= e->payload_len);
		if (!(field->kind & EVRING_KIND_VAR))
			continue;
		memcpy(&str, (const char *)e->payload + field->offset, sizeof(str));
		MUST(str.len % EVRING_KIND_SIZE(field->kind) == 0);
		MUST(!str.len || (str.offset >= e->type->size &&
				  (uint32_t)str.offset + str.len <= e->payload_len));
	}
}

/* Each event that write() says was published is there, and no other. */
static void read_back(struct evring *ev, const uint8_t *buf, size_t done)
{
	struct evring_event event;
	struct evring_pub head;
	size_t at;

	for (at = 0; at < done; at += (head.len + 7) & ~7u) {
		memcpy(&head, buf + at, sizeof(head));
		MUST(evring_next(ev, &event) == 1);
		event_check(&event);
		MUST(event.payload_len == COMMON + head.len - sizeof(head));
	}
	MUST(at == done && evring_next(ev, &event) == 0);
}

static void play(const uint8_t *data, size_t size)
{
	uint8_t how = data[0], buf[SIZE_MAX_IN];
	size_t len = data[1] | (size_t)data[2] << 8;
	struct evring_register reg;
	struct evring *ev;
	struct block b;
	ssize_t done;
	int fd = open(EVRING_PUBLISH_DEVICE, O_WRONLY), ret;

	data += 3;
	size -= 3;
	len = len < size ? len : size;
	MUST(fd >= 0 && !evring_open(&ev, NULL) && !evring_tap(ev, EVRING_LANES_ALL, EVRING_EARLIEST));
	if (how & 1)
		block_make(&b, data, len);
	ret = how & 1 ? register_block(fd, &b, sizeof(b), &reg) : register_block(fd, data, len, &reg);
	size -= len;
	memcpy(buf, data + len, size);
	if (how & 2 && !ret)
		heads_put_right(buf, size, &reg);
	done = write(fd, buf, size);
	MUST(done <= (ssize_t)size && (done > 0 || !size || done < 0));
	if (ret)
		MUST(done <= 0);	/* there is no type to publish */
	evring_types(ev);
	read_back(ev, buf, done > 0 ? (size_t)done : 0);
	evring_close(ev);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_boot boot = {
		.cpus = 1, .segment_kib = 4, .lane_kib = { 16, 16, 16 }, .stepped = true,
	};

	if (size < 3 || size > SIZE_MAX_IN)
		return 0;
	MUST(!sim_boot(&boot) && !sim_events_start());
	sim_capable = false;
	play(data, size);
	sim_shutdown();
	return 0;
}
