/* SPDX-License-Identifier: MIT */
/*
 * The common part can grow with a type's version: readers of events go by the type's
 * common_size, not by the size of struct evring_common that it was compiled with.
 */
#include "../harness/tap.h"

#include "../../kmod/filter/filter.h"
#include "internal.h"
#include "line.h"
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#define COMMON_SIZE	80

/* A payload of such a module */
struct payload_of_newer {
	struct evring_common common;
	uint64_t container;
	uint64_t reserved;
	struct evring_str path;
	int32_t result;
	char tail[16];
};

#define AT(_member)	offsetof(struct payload_of_newer, _member)
#define FIELD(_name, _kind, _format, _member, _size)				\
	{									\
		.name = _name, .kind = EVRING_KIND_##_kind,			\
		.format = EVRING_FORMAT_##_format, .offset = AT(_member), .size = _size	\
	}

_Static_assert(AT(path) == COMMON_SIZE && COMMON_SIZE > sizeof(struct evring_common), "it is grown");

static const struct evring_field fields[] = {
	FIELD("uid", U32, UID, common.uid, 4),
	FIELD("comm", CHARS, NONE, common.comm, 16),
	FIELD("container", U64, NONE, container, 8),
	FIELD("path", TEXT, PATH, path, 4),
	FIELD("result", S32, ERRNO, result, 4),
};

static struct evring ev;
static struct evring_type *type;
static const struct evring_rec rec = { .type = 7, .pid = 42, .tid = 42 };
static struct payload_of_newer payload = {
	.common = { .uid = 2147400002, .comm = "bash" }, .container = 5,
	.path = { .offset = AT(tail), .len = 7 }, .result = 3, .tail = "/bin/ls",
};
static const struct evring_event *event;

static bool block_has_it(void)
{
	return type->common_size == COMMON_SIZE && type->size == AT(tail) && type->nr_fields == 5 &&
	       evring_field(type, "container")->offset == sizeof(struct evring_common);
}

static bool line_has_own_fields_alone(void)
{
	struct line line = { 0 };
	bool good;
	char *text;
	size_t len;

	line.out = open_memstream(&text, &len);
	line_print(&line, &ev, event);
	fclose(line.out);
	good = strstr(text, " file.test bash[42] 2147400002 result=3 path=/bin/ls\n") &&
	       !strstr(text, "container");
	if (!good)
		printf("# %s", text);
	free(text);
	return good;
}

static bool json_has_all(void)
{
	static const char expected[] = "\"data\":{\"uid\":2147400002,\"comm\":\"bash\",\"container\":5,"
				       "\"path\":\"/bin/ls\",\"result\":3}}";
	const struct evring_host host = { .machine_id = "m", .boot_id = "b", .name = "h" };
	char text[4096];
	ssize_t len = evring_json(&ev, &host, event, text, sizeof(text) - 1);

	text[len < 0 ? 0 : len] = '\0';
	return check(strstr(text, expected), "%s", text);
}

/* Compiled, verified as the kernel does, and asked */
static bool filter_says(const char *expression, bool want)
{
	const struct evring_program *program;
	struct evring_filter_error error;
	struct evring_filter *filter;
	bool good;

	if (evring_filter_compile(&filter, type, expression, &error))
		return check(false, "%s: %s", expression, error.text);
	program = evring_filter_program(filter);
	good = !evring_program_verify(program, program->len, type->version, type->size) &&
	       evring_filter_match(filter, event) == want;
	evring_filter_free(filter);
	return check(good, "%s", expression);
}

/* evring publish: the kernel fills the common part, all of it. */
static bool publisher_fills_own_fields_alone(void)
{
	struct payload p;
	bool good;

	payload_begin(&p, type);
	good = p.len == AT(tail) - COMMON_SIZE && payload_set_text(&p, "path", "/x") &&
	       !payload_set_text(&p, "container", "7") && strstr(p.error, "is the kernel's");
	payload_free(&p);
	return good;
}

/* ... also one that looks like an array */
static bool text_is_text(void)
{
	struct payload p;
	bool good;

	payload_begin(&p, type);
	good = payload_set_text(&p, "path", "[1]") && !memcmp(p.bytes + p.len - 3, "[1]", 3);
	payload_free(&p);
	return good;
}

int main(void)
{
	const struct evring_type like = {
		.id = 7, .version = 2, .size = AT(tail), .common_size = COMMON_SIZE,
		.name = "file.test", .doc = "", .fields = fields, .nr_fields = 5,
	};
	struct evring_event made = { .rec = &rec, .payload = &payload, .payload_len = sizeof(payload) };

	ev.clock.now.mult = 1;
	if (evring_type_build(&type, &like)) {
		printf("Bail out! that cannot be a type\n");
		return 1;
	}
	type->flags = EVRING_TYPE_F_HOOK;
	made.type = type;
	event = &made;
	ok(block_has_it(), "a block says how long the common part is");
	ok(line_has_own_fields_alone(), "a line has the fields behind it");
	ok(json_has_all(), "JSON has all fields");
	ok(filter_says("container == 5 && path == \"/bin/ls\"", true) &&
	   filter_says("container == 6 || result < 0", false), "a filter asks for both, and is verified");
	ok(publisher_fills_own_fields_alone(), "a publisher fills the fields behind it");
	ok(text_is_text(), "... a text also with what looks like an array");
	evring_type_free(type);
	return tap_end();
}
