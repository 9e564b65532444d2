/* SPDX-License-Identifier: MIT */
/* A type with a field of each kind and format, for the tests of filters. */
#ifndef EVRING_TESTS_FILTER_SAMPLE_H
#define EVRING_TESTS_FILTER_SAMPLE_H

#include <evring.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The fixed part of its payload */
struct sample {
	uint32_t uid;
	uint8_t small;
	int8_t tiny;
	uint16_t port;
	int32_t result;
	uint32_t flags;
	uint32_t what;
	uint16_t mode;
	uint8_t created;
	uint8_t sig;
	uint64_t took;
	uint64_t caps;
	uint64_t size;
	int64_t delta;
	char comm[16];
	uint8_t addr[16];
	uint8_t mac[6];
	uint16_t trio[3];
	uint8_t id[16];
	uint32_t dev;
	struct evring_str path;
	struct evring_str argv;
	struct evring_str groups;
	struct evring_str blob;
	uint8_t raw[8];
	int16_t level;
	uint16_t reserved[3];
};

#define SAMPLE_TAIL	8192

struct sample_event {
	struct evring_rec rec;
	struct sample fixed;
	char tail[SAMPLE_TAIL];
	uint32_t len;		/* of the payload */
};

static const struct evring_value sample_flags[] = {
	{ 0, "O_RDONLY", "" }, { 1, "O_WRONLY", "" }, { 2, "O_RDWR", "" }, { 3, "O_ACCMODE", "" },
	{ 0100, "O_CREAT", "" }, { 0200, "O_EXCL", "" }, { 01000, "O_TRUNC", "" },
};

static const struct evring_value sample_whats[] = {
	{ 1, "file", "" }, { 2, "socket", "" }, { 3, "pipe", "" },
};

#define SAMPLE_FIELD(_kind, _format, _name, ...)				\
	{									\
		.name = #_name, .kind = EVRING_KIND_##_kind,			\
		.format = EVRING_FORMAT_##_format,				\
		.offset = offsetof(struct sample, _name),			\
		.size = sizeof(((struct sample *)0)->_name), ##__VA_ARGS__	\
	}

static const struct evring_field sample_fields[] = {
	SAMPLE_FIELD(U32, UID, uid),
	SAMPLE_FIELD(U8, NONE, small),
	SAMPLE_FIELD(S8, NONE, tiny),
	SAMPLE_FIELD(U16, PORT, port),
	SAMPLE_FIELD(S32, ERRNO, result),
	SAMPLE_FIELD(U32, FLAGS, flags, .values = sample_flags, .nr_values = 7),
	SAMPLE_FIELD(U32, ENUM, what, .values = sample_whats, .nr_values = 3),
	SAMPLE_FIELD(U16, MODE, mode),
	SAMPLE_FIELD(BOOL, NONE, created),
	SAMPLE_FIELD(U8, SIGNAL, sig),
	SAMPLE_FIELD(U64, DURATION, took),
	SAMPLE_FIELD(U64, CAPS, caps),
	SAMPLE_FIELD(U64, NONE, size, .unit = "bytes"),
	SAMPLE_FIELD(S64, NONE, delta),
	SAMPLE_FIELD(CHARS, NONE, comm),
	SAMPLE_FIELD(FIXED, IP, addr),
	SAMPLE_FIELD(FIXED, MAC, mac),
	SAMPLE_FIELD(U16, NONE, trio),
	SAMPLE_FIELD(FIXED, UUID, id),
	SAMPLE_FIELD(U32, DEV, dev),
	SAMPLE_FIELD(TEXT, PATH, path),
	SAMPLE_FIELD(TEXTS, NONE, argv),
	SAMPLE_FIELD(U32S, GID, groups),
	SAMPLE_FIELD(BYTES, NONE, blob),
	SAMPLE_FIELD(FIXED, NONE, raw),
	SAMPLE_FIELD(S16, NONE, level),
};

static inline struct evring_type *sample_type(void)
{
	const struct evring_type like = {
		.id = 7, .version = 2, .name = "file.open", .size = sizeof(struct sample),
		.fields = sample_fields,
		.nr_fields = sizeof(sample_fields) / sizeof(*sample_fields),
	};
	struct evring_type *type = NULL;

	if (evring_type_build(&type, &like))
		abort();
	return type;
}

/* Some bytes into the tail, and a reference to them */
static inline void sample_put(struct sample_event *e, struct evring_str *str, const void *from,
			      size_t len)
{
	if (e->len < sizeof(e->fixed))
		e->len = sizeof(e->fixed);
	if (e->len + len > sizeof(e->fixed) + sizeof(e->tail))
		abort();
	*str = (struct evring_str){ .offset = (uint16_t)e->len, .len = (uint16_t)len };
	memcpy((char *)&e->fixed + e->len, from, len);
	e->len += (uint32_t)len;
}

static inline struct evring_event sample_event(const struct sample_event *e,
					       const struct evring_type *type)
{
	return (struct evring_event){
		.rec = &e->rec, .payload = &e->fixed, .payload_len = e->len, .type = type,
	};
}

#endif /* EVRING_TESTS_FILTER_SAMPLE_H */
