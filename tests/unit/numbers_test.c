/* SPDX-License-Identifier: MIT */
/*
 * Protobuf's numbers behind transforms: those of a type's own fields stay whatever transforms do
 * and whatever is appended to it, and a record that an older module wrote has the same schema.
 */
#include "../harness/block.h"
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "converter.h"
#include "evringd.h"
#include "internal.h"
#include "memory.h"
#include "sending.h"

#include <stdlib.h>
#include <string.h>

#define OLDER	8u	/* bytes of a payload with the first two fields, ... */
#define NEWER	24u	/* ... and with all four */

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };
static struct evring ev = {
	.live = &meta, .clock.now = { .mult = 1u << 20, .shift = 20 },
	.lanes_known = lanes, .nr_lanes = LANES,
};
static struct source src = { .ev = &ev };
static struct sender sender;
static struct encoder enc;
static struct config *cfg;

static struct {
	struct evring_rec rec;
	uint32_t uid;
	struct evring_str path;
	uint32_t c;
	uint64_t d;
} record = {
	.rec = { .len = sizeof(record), .type = 40, .time = 5 }, .uid = 4000000001u,
	.path = { .offset = 0, .len = 0 }, .c = 7, .d = 8,
};

static struct evring_type *type_of(unsigned int fields)
{
	struct evring_type *type;
	struct block b;

	block_begin(&b, "one.event", fields == 2 ? OLDER : NEWER);
	block_field(&b, "uid", EVRING_KIND_U32, EVRING_FORMAT_UID, 0, 4);
	block_field(&b, "path", EVRING_KIND_TEXT, EVRING_FORMAT_NONE, 4, 4);
	if (fields > 2) {
		block_field(&b, "c", EVRING_KIND_U32, EVRING_FORMAT_NONE, 8, 4);
		block_field(&b, "d", EVRING_KIND_U64, EVRING_FORMAT_NONE, 16, 8);
	}
	if (evring_type_parse(&type, &b, sizeof(b)))
		exit(1);
	type->id = 40;
	return type;
}

static void begin(const char *keys)
{
	struct problems problems = { .file = "test" };
	char *text = xprintf("{\"name\": \"t\", \"config\": {%s, \"value.format\": \"protobuf\", "
			     "\"topic\": \"t\", \"kafka.bootstrap.servers\": \"h:1\"}}", keys);

	cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stdout);
	if (!cfg)
		exit(1);
	free(text);
	src.cfg = cfg;
	sender = (struct sender){ .cfg = cfg };
	enc = (struct encoder){ .cfg = cfg };
	if (!schemas_open(&src, NULL, NULL, NULL))
		exit(1);
	encoder_open(&enc, cfg, &src, &sender);
}

static void end(void)
{
	struct topic *topic;

	encoder_close(&enc);
	schemas_free(src.schemas);
	while ((topic = sender.topics)) {
		sender.topics = topic->next;
		free(topic);
	}
	config_free(cfg);
}

/* A record of the type with so many fields, of which it has the first @len bytes */
static const struct evring_event *transformed(const struct evring_type *type, uint32_t len)
{
	static struct evring_event event;

	event = (struct evring_event){
		.rec = &record.rec, .payload = &record.uid, .payload_len = len,
		.lane = LANE_BULK, .type = type, .next_seq = 1, .next = 64,
	};
	return encoder_transform(&enc, &event);
}

/* " NAME=NUMBER" of each column but those beside others, or the whole .proto */
static char *schema_text(const struct evring_event *event, bool whole)
{
	const struct written *written = event ? schemas_find(src.schemas, event) : NULL;
	char *text;
	size_t len, i;
	FILE *to;

	if (!written)
		return xstrdup("nothing");
	if (whole)
		return schema_protobuf(written->schema);
	to = stream_begin(&text, &len);
	for (i = 0; i < written->schema->nr_fields; i++)
		if (!i || written->schema->fields[i].field != written->schema->fields[i - 1].field)
			fprintf(to, " %s=%u", written->schema->fields[i].name,
				written->schema->fields[i].number);
	stream_end(to);
	return text;
}

static void numbers(unsigned int fields, const char *expected, const char *name)
{
	struct evring_type *type = type_of(fields);
	char *text = schema_text(transformed(type, fields == 2 ? OLDER : NEWER), false);

	ok(!strcmp(text, expected), name);
	if (strcmp(text, expected))
		printf("# %s\n# not\n# %s\n", text, expected);
	free(text);
	evring_type_free(type);
}

#define OF(alias, type, rest) "\"transforms." alias ".type\": \"" type "\", \"transforms." alias "." rest "\""
#define INSERT(alias, field) OF(alias, "InsertField", "static.field\": \"" field "\", \"transforms." \
				alias ".static.value\": \"x")

static void added(void)
{
	begin("\"transforms\": \"a\", " INSERT("a", "site"));
	numbers(2, " uid=1 path=3 site=20001", "a field that a transform adds is behind all of the type's");
	numbers(4, " uid=1 path=3 c=5 d=7 site=20001", "and stays when the type has more");
	end();
	begin("\"transforms\": \"a\", \"data.flatten\": true, " INSERT("a", "site"));
	numbers(4, " uid=33 path=35 c=37 d=39 site=20033", "likewise beside the envelope");
	end();
	begin("\"transforms\": \"a\", " INSERT("a", "c"));
	numbers(2, " uid=1 path=3 c=20001", "one of another's name");
	numbers(4, " uid=1 path=3 c=20001 d=7", "has its number when the type has that one, too");
	end();
	begin("\"transforms\": \"r,a,u,b\", " INSERT("a", "s") ", " INSERT("b", "t") ", "
	      "\"transforms.u.type\": \"UserNames\", "
	      OF("r", "RegexRouter", "regex\": \"x\", \"transforms.r.replacement\": \"y"));
	numbers(4, " uid=1 path=3 c=5 d=7 s=20001 uid_name=20513 t=21025",
		"each transform that adds fields has numbers of its own");
	end();
}

static void changed(void)
{
	begin("\"transforms\": \"a\", " OF("a", "ReplaceField", "exclude\": \"path\", "
	      "\"transforms.a.renames\": \"c:x,uid:c"));
	numbers(4, " c=1 x=5 d=7", "without a field, and by other names, the others keep their numbers");
	end();
	begin("\"transforms\": \"a\", " OF("a", "MaskField", "fields\": \"path,c\", "
	      "\"transforms.a.replacement\": \"7"));
	numbers(4, " uid=1 path=3 c=5 d=7", "so do masked ones");
	end();
}

static char *encoded(const struct evring_event *event, size_t *len)
{
	char *buf = xalloc(4096);
	ssize_t ret = event ? converter_of(cfg)->encode(&src, event, buf, 4096) : -1;

	*len = ret < 0 ? 0 : (size_t)ret;
	return buf;
}

/* The longer type's schema, and the bytes that the older type's event has */
static void shorter(const char *keys, const char *name)
{
	struct evring_type *older = type_of(2), *newer = type_of(4);
	char *whole, *cut, *old, *bytes;
	size_t old_len, len;

	tap_unmet = 0;
	begin(keys);
	whole = schema_text(transformed(newer, NEWER), true);
	cut = schema_text(transformed(newer, OLDER), true);
	old = encoded(transformed(older, OLDER), &old_len);
	bytes = encoded(transformed(newer, OLDER), &len);
	CHECK(strcmp(whole, "nothing"));
	CHECK(!strcmp(whole, cut));
	CHECK(len && len == old_len && !memcmp(bytes, old, len));
	free(whole);
	free(cut);
	free(old);
	free(bytes);
	end();
	evring_type_free(older);
	evring_type_free(newer);
	ok(!tap_unmet, name);
}

/* A registry is asked for each type that transforms make. */
static void lengths(void)
{
	struct evring_type *newer = type_of(4);
	const struct evring_type *whole, *most, *least;

	begin("\"transforms\": \"a\", " INSERT("a", "site"));
	whole = transformed(newer, NEWER)->type;
	most = transformed(newer, NEWER - 1)->type;
	least = transformed(newer, OLDER + 4)->type;
	ok(whole != most && most == least, "records that lack the same fields have one type");
	end();
	evring_type_free(newer);
}

int main(void)
{
	added();
	changed();
	shorter("\"transforms\": \"a\", " INSERT("a", "site"),
		"a record that lacks fields has the type's schema, and they are absent");
	shorter("\"transforms\": \"a,m,u\", \"transforms.u.type\": \"UserNames\", " INSERT("a", "site")
		", " OF("m", "MaskField", "fields\": \"path,c,d\", \"transforms.m.replacement\": \"7"),
		"so they are behind a mask");
	lengths();
	return tap_end();
}
