/* SPDX-License-Identifier: MIT */
/* Transforms and predicates: an event, its topic and its fields after them. */
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "extras.h"
#include "internal.h"
#include "transforming.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
#define NOW { .mult = 1u << 20, .shift = 20 }
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };

/* One event: test.made {uid, path, args, secret, size, flag, name} */
struct payload {
	uint32_t uid;
	struct evring_str path, args;
	uint64_t size;
	int16_t delta;
	uint8_t flag;
	char name[8];
	uint8_t address[16];
	char tail[64];
};

#define FIELD(str, field_kind, member)						\
	{ .name = str, .kind = EVRING_KIND_##field_kind,			\
	  .offset = offsetof(struct payload, member),				\
	  .size = sizeof(((struct payload *)0)->member) }

static const struct evring_field fields[] = {
	{ .name = "uid", .kind = EVRING_KIND_U32, .format = EVRING_FORMAT_UID,
	  .offset = offsetof(struct payload, uid), .size = sizeof(uint32_t) },
	FIELD("path", TEXT, path), FIELD("args", TEXTS, args),
	FIELD("size", U64, size), FIELD("delta", S16, delta), FIELD("flag", BOOL, flag),
	FIELD("name", CHARS, name), FIELD("address", FIXED, address),
};

static struct {
	struct evring_rec rec;
	struct payload payload;
	uint64_t redacted;
} record;

static struct evring ev = {
	.live = &meta, .clock.now = NOW, .lanes_known = lanes, .nr_lanes = LANES,
};
static struct source src = { .ev = &ev, .host = { .name = "h" } };
static struct evring_type *type;
static struct evring_event event;

static void make_event(void)
{
	const struct evring_type like = {
		.id = 40, .version = 1, .size = offsetof(struct payload, tail),
		.nr_fields = sizeof(fields) / sizeof(fields[0]), .fields = fields, .name = "test.made",
	};
	struct payload *p = &record.payload;
	uint16_t tail = offsetof(struct payload, tail);

	if (evring_type_build(&type, &like))
		exit(1);
	*p = (struct payload){
		.uid = 1000, .size = 1ULL << 40, .delta = -5, .flag = 1, .name = "cron",
		.path = { .offset = tail, .len = 11 }, .args = { .offset = tail + 11, .len = 6 },
	};
	memcpy(p->tail, "/etc/shadowls\0-la\0", 18);
	p->address[10] = p->address[11] = 0xff;
	p->address[12] = 10;
	record.rec = (struct evring_rec){
		.len = offsetof(__typeof__(record), redacted), .type = 40, .seq = 7, .pid = 3, .tid = 4,
		.time = 1700000000000000000ULL,
	};
	event = (struct evring_event){
		.rec = &record.rec, .payload = p, .payload_len = sizeof(*p), .lane = LANE_BULK,
		.cpu = 1, .seq = 7, .pos = 640, .next = 704, .next_seq = 8, .type = type,
	};
}

static struct config *config_of_keys(const char *keys, struct problems *problems)
{
	char text[16384];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s, \"topic\": \"host.${type}\", "
		 "\"kafka.bootstrap.servers\": \"h:1\"}}", keys);
	return config_parse(text, strlen(text), problems);
}

static struct extras extras;

/* " HEADER=VALUE" of each that was added, and " -NUMBER" of evringd's own that are dropped */
static char *heads(void)
{
	char *text, own[16] = "";
	size_t len;
	FILE *to = stream_begin(&text, &len);
	unsigned int i;

	for (i = 0; i < extras.nr; i++)
		fprintf(to, " %s=%.*s", extras.list[i].name, (int)extras.list[i].len,
			extras.text + extras.list[i].at);
	if (extras.dropped)
		snprintf(own, sizeof(own), " -%x", extras.dropped);
	fputs(own, to);
	stream_end(to);
	return text;
}

/* The transformed event, as text: "TOPIC DATA HEADERS", "dropped" or "broken: ..." */
static char *become(const char *keys, const struct evring_event *from)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_of_keys(keys, &problems);
	struct transformed made = { .topic = "host.test.made", .topic_len = 14, .extras = &extras };
	enum transform_verdict verdict;
	struct transforms *transforms;
	char json[20000], *text;
	json_t *value;
	ssize_t len;

	problems_print(&problems, stdout);
	if (problems.nr)
		exit(1);
	src.cfg = cfg;
	transforms = transforms_new(cfg, &src);
	/* The second one finds the shape made. */
	transforms_apply(transforms, from, &made);
	strcpy(made.topic, "host.test.made");
	made.topic_len = 14;
	verdict = transforms_apply(transforms, from, &made);
	if (verdict == TRANSFORM_DROP) {
		text = strdup("dropped");
	} else if (verdict == TRANSFORM_FAIL) {
		text = xprintf("broken: %s", transforms_broken(transforms));
	} else {
		len = evring_json(&ev, &src.host, made.event, json, sizeof(json));
		value = json_loadb(json, len < 0 ? 0 : (size_t)len, JSON_REJECT_DUPLICATES, NULL);
		json_t *redacted = json_object_get(value, "redacted");
		char *data = json_dumps(json_object_get(value, "data"), JSON_COMPACT);
		char *left = redacted ? json_dumps(redacted, JSON_COMPACT) : strdup("");
		char *more = heads();

		text = xprintf("%s %s%s%s", made.topic, data ? data : "(no JSON)", left, more);
		free(more);
		free(data);
		free(left);
		json_decref(value);
	}
	transforms_free(transforms);
	config_free(cfg);
	problems_free(&problems);
	return text;
}

static void becomes(const char *keys, const char *expected, const char *name)
{
	char *text = become(keys, &event);
	bool good = !strcmp(text, expected);

	ok(good, name);
	if (!good)
		printf("# %s\n# not\n# %s\n", text, expected);
	free(text);
}

static void refuses(const char *keys, const char *expected, const char *name)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_of_keys(keys, &problems);
	bool good = false;
	size_t i;

	for (i = 0; i < problems.nr; i++)
		good = good || strstr(problems.lines[i], expected);
	ok(good, name);
	for (i = 0; i < problems.nr && !good; i++)
		printf("# %s\n", problems.lines[i]);
	problems_free(&problems);
	config_free(cfg);
}

#define ALL "{\"uid\":1000,\"path\":\"/etc/shadow\",\"args\":[\"ls\",\"-la\"],"		\
	"\"size\":1099511627776,\"delta\":-5,\"flag\":true,\"name\":\"cron\",\"address_hex\":"	\
	"\"00000000000000000000ffff0a000000\"}"
#define ONE(type, rest) "\"transforms\": \"a\", \"transforms.a.type\": \"" type "\"" rest
#define KAFKA "org.apache.kafka.connect.transforms."

static void routes(void)
{
	becomes(ONE("RegexRouter", ", \"transforms.a.regex\": \"host\\\\.(.*)\\\\.(?<x>[a-z]+)\", "
		    "\"transforms.a.replacement\": \"$2-${x}_$1\\\\.$12\""),
		"made-made_test.test2 " ALL, "RegexRouter: groups, names, escapes");
	becomes(ONE(KAFKA "RegexRouter", ", \"transforms.a.regex\": \"host\", "
		    "\"transforms.a.replacement\": \"x\""),
		"host.test.made " ALL, "of the whole topic, as Java's matches()");
	becomes(ONE(KAFKA "RegexRouter", ", \"transforms.a.regex\": \"host|host\\\\.(.*)\", "
		    "\"transforms.a.replacement\": \"x$1\""),
		"x.test.made " ALL, "what is replaced is the first that it finds, as by Java's replaceFirst()");
	becomes(ONE(KAFKA "TimestampRouter", ""), "host.test.made-20231114 " ALL,
		"TimestampRouter: its defaults, in UTC");
	becomes(ONE("TimestampRouter", ", \"transforms.a.topic.format\": \"d.${timestamp}.${topic}\", "
		    "\"transforms.a.timestamp.format\": \"yyyy-MM-dd'T'HH.mm.ss_DDD\""),
		"d.2023-11-14T22.13.20_318.host.test.made " ALL, "and its formats");
	becomes(ONE("Filter", ""), "dropped", "Filter");
	becomes("\"transforms\": \"a,b\", \"transforms.a.type\": \"RegexRouter\", "
		"\"transforms.a.regex\": \".*\", \"transforms.a.replacement\": \"x\", "
		"\"transforms.b.type\": \"Filter\", \"transforms.b.predicate\": \"p\", \"predicates\": \"p\", "
		"\"predicates.p.type\": \"TopicNameMatches\", \"predicates.p.pattern\": \"host.*\"",
		"x " ALL, "in their order: TopicNameMatches sees the new topic");
	becomes(ONE("RegexRouter", ", \"transforms.a.regex\": \"(.*)\", "
		    "\"transforms.a.replacement\": \"a/$1\""),
		"broken: transforms.a: topic a/host.test.made: no topic can have that name",
		"a topic that cannot be");
	becomes(ONE("RegexRouter", ", \"transforms.a.regex\": \"(([a-z.]*)*)*[!?]\", "
		    "\"transforms.a.replacement\": \"x\""),
		"broken: transforms.a: topic host.test.made: \"regex\" takes too many steps",
		"an expression that takes for ever ends");
}

#define FOR(predicate) ", \"transforms.a.predicate\": \"p\", \"predicates\": \"p\", \"predicates.p.type\": " \
	"\"" predicate "\""

static void predicates(void)
{
	becomes(ONE("Filter", FOR(KAFKA "predicates.TopicNameMatches")
		    ", \"predicates.p.pattern\": \"host\\\\.test.*\""), "dropped", "TopicNameMatches");
	becomes(ONE("Filter", FOR("TopicNameMatches") ", \"predicates.p.pattern\": \"other\""),
		"host.test.made " ALL, "and not");
	becomes(ONE("Filter", FOR("TopicNameMatches") ", \"predicates.p.pattern\": \"other\", "
		    "\"transforms.a.negate\": true"), "dropped", "negate");
	becomes(ONE("MaskField", FOR("TopicNameMatches") ", \"transforms.a.fields\": \"path\", "
		    "\"predicates.p.pattern\": \"(([a-z.]*)*)*[!?]\""),
		"broken: predicates.p: topic host.test.made: \"pattern\" takes too many steps",
		"one that takes for ever lets nothing through unmasked");
	becomes(ONE("Filter", FOR("HasHeaderKey") ", \"predicates.p.name\": \"evring.type\""),
		"dropped", "HasHeaderKey");
	becomes(ONE("Filter", FOR("HasHeaderKey") ", \"predicates.p.name\": \"evring.frame\""),
		"host.test.made " ALL, "and not");
	becomes(ONE("Filter", FOR("RecordIsTombstone")), "host.test.made " ALL,
		"RecordIsTombstone: no event is");
	becomes(ONE("Filter", FOR("EventMatches") ", \"predicates.p.filter\": \"uid == 1000 && "
		    "path startswith \\\"/etc/\\\"\""), "dropped", "EventMatches");
	becomes(ONE("Filter", FOR("EventMatches") ", \"predicates.p.filter\": \"uid == 0\""),
		"host.test.made " ALL, "and not");
	becomes(ONE("Filter", FOR("EventMatches") ", \"predicates.p.filter\": \"nosuch == 0\", "
		    "\"transforms.a.negate\": \"true\""), "dropped",
		"a filter that the type cannot be asked does not hold");
}

static void replaces(void)
{
	becomes(ONE("ReplaceField", ", \"transforms.a.exclude\": \"path,args,size,delta,address\""),
		"host.test.made {\"uid\":1000,\"flag\":true,\"name\":\"cron\"}", "ReplaceField: exclude");
	becomes(ONE(KAFKA "ReplaceField$Value", ", \"transforms.a.include\": \"args, path\""),
		"host.test.made {\"path\":\"/etc/shadow\",\"args\":[\"ls\",\"-la\"]}", "include");
	becomes(ONE("ReplaceField", ", \"transforms.a.include\": \"uid,path,name\", "
		    "\"transforms.a.renames\": \"uid:name,name:uid,path:file\""),
		"host.test.made {\"name\":1000,\"file\":\"/etc/shadow\",\"uid\":\"cron\"}",
		"renames, in a circle");
	becomes(ONE("ReplaceField", ", \"transforms.a.include\": \"uid,path\", "
		    "\"transforms.a.renames\": \"uid:path\""),
		"host.test.made {\"path\":1000}", "a new name that is taken");
	becomes(ONE("ReplaceField", ", \"transforms.a.include\": \"uid,path,size,delta\", "
		    "\"transforms.a.renames\": \"path:x,size:uid,delta:x\""),
		"host.test.made {\"uid\":1099511627776,\"x\":-5}", "several that are taken");
	becomes(ONE("ReplaceField", ", \"transforms.a.include\": \"nosuch\""), "host.test.made {}",
		"nothing is left");
	becomes(ONE("ReplaceField", ", \"transforms.a.exclude\": \"\", \"transforms.a.include\": \"\", "
		    "\"transforms.a.renames\": \"\""), "host.test.made " ALL, "Connect's defaults");
	becomes(ONE("ReplaceField", ", \"transforms.a.exclude\": \"nosuch\""), "host.test.made " ALL,
		"nothing to exclude");
}

#define INCLUDE(names) "\"transforms\": \"i,a\", \"transforms.i.type\": \"ReplaceField\", " \
	"\"transforms.i.include\": \"" names "\", \"transforms.a.type\": "

static void inserts(void)
{
	becomes(INCLUDE("path") "\"InsertField\", \"transforms.a.static.field\": \"dc?\", "
		"\"transforms.a.static.value\": \"fra-1\", \"transforms.a.topic.field\": \"topic!\", "
		"\"transforms.a.timestamp.field\": \"at\"",
		"host.test.made {\"path\":\"/etc/shadow\",\"topic\":\"host.test.made\","
		"\"at\":1700000000000,\"dc\":\"fra-1\"}", "InsertField: static, topic and time");
	becomes(INCLUDE("path") "\"InsertField$Value\", \"transforms.a.static.field\": \"path\", "
		"\"transforms.a.static.value\": \"/\"", "host.test.made {\"path\":\"/\"}",
		"over a field that is there");
	becomes("\"transforms\": \"r,a,i\", \"transforms.r.type\": \"RegexRouter\", "
		"\"transforms.r.regex\": \".*\", \"transforms.r.replacement\": \"x\", "
		"\"transforms.a.type\": \"InsertField\", \"transforms.a.topic.field\": \"topic\", "
		"\"transforms.i.type\": \"ReplaceField\", \"transforms.i.include\": \"topic,uid\"",
		"x {\"uid\":1000,\"topic\":\"x\"}", "the topic as it is at that point");
}

#define BROKEN "broken: transforms: the fields of test.made cannot be changed so: a replacement is out " \
	"of its field's range"

static void masks(void)
{
	becomes(ONE("MaskField", ", \"transforms.a.fields\": \"uid,path,args,size,delta,flag,name,address\""),
		"host.test.made {\"uid\":0,\"path\":\"\",\"args\":[],\"size\":0,\"delta\":0,\"flag\":false,"
		"\"name\":\"\",\"address_hex\":\"00000000000000000000000000000000\"}",
		"MaskField: 0, false, and empty");
	becomes(INCLUDE("uid,path,args,flag,name,delta") "\"MaskField\", \"transforms.a.fields\": "
		"\"uid,path,args,flag,name\", \"transforms.a.replacement\": \"***\"",
		"host.test.made {\"uid\":0,\"path\":\"***\",\"args\":\"***\",\"delta\":-5,\"flag\":false,"
		"\"name\":\"***\"}", "by a text");
	becomes(INCLUDE("uid,delta,size,path") "\"MaskField\", \"transforms.a.fields\": "
		"\"uid,delta,size,path\", \"transforms.a.replacement\": \"17\"",
		"host.test.made {\"uid\":17,\"path\":\"17\",\"size\":17,\"delta\":17}",
		"by a number");
	becomes(INCLUDE("uid,delta") "\"MaskField\", \"transforms.a.fields\": \"uid,delta\", "
		"\"transforms.a.replacement\": \"-9223372036854775808\"",
		"host.test.made {\"uid\":-9223372036854775808,\"delta\":-9223372036854775808}",
		"by the smallest");
	becomes(INCLUDE("size") "\"MaskField\", \"transforms.a.fields\": \"size\", "
		"\"transforms.a.replacement\": \"9223372036854775807\"",
		"host.test.made {\"size\":9223372036854775807}", "by a large one");
	becomes(ONE("MaskField", ", \"transforms.a.fields\": \"size\", "
		    "\"transforms.a.replacement\": \"-1\""), BROKEN, "by one below the field's range");
	becomes(ONE("MaskField", ", \"transforms.a.fields\": \"uid\", "
		    "\"transforms.a.replacement\": \"9223372036854775808\""), BROKEN, "and above it");
}

#define FROM(fields, headers, operation) "\"HeaderFrom$Value\", \"transforms.a.fields\": \"" fields \
	"\", \"transforms.a.headers\": \"" headers "\", \"transforms.a.operation\": \"" operation "\""

static void headers(void)
{
	becomes(INCLUDE("flag") "\"" KAFKA "InsertHeader\", \"transforms.a.header\": \"X-Site\", "
		"\"transforms.a.value.literal\": \"fra-1\"",
		"host.test.made {\"flag\":true} X-Site=fra-1", "InsertHeader");
	becomes(INCLUDE("path,uid,args,flag,delta,name,size,address")
		FROM("path,uid,args,flag,delta,name,size,address", "p,u,a,f,d,n,s,b", "move"),
		"host.test.made {} p=/etc/shadow u=1000 a=[\"ls\",\"-la\"] f=true d=-5 n=cron "
		"s=1099511627776 b=00000000000000000000ffff0a000000", "HeaderFrom: values of each kind, moved");
	becomes(INCLUDE("path") FROM("path,nosuch,path", "a,b,c", "copy"),
		"host.test.made {\"path\":\"/etc/shadow\"} a=/etc/shadow c=/etc/shadow",
		"copied; of a field that is not there is no header");
	becomes("\"transforms\": \"m,r,a\", \"transforms.m.type\": \"MaskField\", "
		"\"transforms.m.fields\": \"path,uid\", \"transforms.r.type\": \"ReplaceField\", "
		"\"transforms.r.include\": \"path,uid\", \"transforms.r.renames\": \"path:file\", "
		"\"transforms.a.type\": " FROM("file,uid,path", "f,u,p", "copy"),
		"host.test.made {\"uid\":0,\"file\":\"\"} f= u=0",
		"a header of a field as the transforms before have made it: a mask masks it");
	becomes("\"transforms\": \"i,a,m\", \"transforms.i.type\": \"ReplaceField\", "
		"\"transforms.i.include\": \"path\", \"transforms.m.type\": \"MaskField\", "
		"\"transforms.m.fields\": \"path\", \"transforms.a.type\": " FROM("path", "p", "copy"),
		"host.test.made {\"path\":\"\"} p=/etc/shadow", "and one behind it does not");
	becomes("\"transforms\": \"i,b,a,c,d\", \"transforms.i.type\": \"ReplaceField\", "
		"\"transforms.i.include\": \"flag\", \"transforms.b.type\": \"InsertHeader\", "
		"\"transforms.b.header\": \"x\", \"transforms.b.value.literal\": \"1\", "
		"\"transforms.a.type\": \"InsertHeader\", \"transforms.a.header\": \"y\", "
		"\"transforms.a.value.literal\": \"\", \"transforms.c.type\": \"DropHeaders\", "
		"\"transforms.c.headers\": \"x, evring.type\", \"transforms.d.type\": \"InsertHeader\", "
		"\"transforms.d.header\": \"x\", \"transforms.d.value.literal\": \"2\"",
		"host.test.made {\"flag\":true} y= x=2 -2", "DropHeaders, of its own too, and anew");
	becomes("\"transforms\": \"a,f\", \"transforms.a.type\": \"DropHeaders\", "
		"\"transforms.a.headers\": \"evring.id\", \"transforms.f.type\": \"Filter\", "
		"\"transforms.f.predicate\": \"p\", \"transforms.f.negate\": \"true\", \"predicates\": \"p\", "
		"\"predicates.p.type\": \"HasHeaderKey\", \"predicates.p.name\": \"evring.id\"",
		"dropped", "HasHeaderKey sees that one is gone");
	becomes("\"transforms\": \"a,f\", \"transforms.a.type\": \"InsertHeader\", "
		"\"transforms.a.header\": \"x\", \"transforms.a.value.literal\": \"1\", "
		"\"transforms.f.type\": \"Filter\", \"transforms.f.predicate\": \"p\", \"predicates\": \"p\", "
		"\"predicates.p.type\": \"HasHeaderKey\", \"predicates.p.name\": \"x\"",
		"dropped", "and that one has come");
	becomes(INCLUDE("flag") "\"InsertHeader\", \"transforms.a.header\": \"x\", "
		"\"transforms.a.value.literal\": \"1\"" FOR("EventMatches")
		", \"predicates.p.filter\": \"uid == 0\"",
		"host.test.made {\"flag\":true}", "for some events only");
}

/* Texts of every length: a header has 1024 bytes of it, in whole characters. */
static void long_headers(void)
{
	static struct {
		struct evring_rec rec;
		struct payload payload;
		char more[8000];
	} big;
	struct evring_event from = event;
	unsigned int i;
	char *text;
	bool good = true;

	big.rec = record.rec;
	big.payload = record.payload;
	from.rec = &big.rec;
	from.payload = &big.payload;
	from.payload_len = sizeof(big.payload) + sizeof(big.more);
	big.payload.args = big.payload.path = (struct evring_str){ .offset = sizeof(big.payload) };
	for (i = 0; i < sizeof(big.more); i++)
		big.more[i] = "\xc3\xa4"[i % 2];
	for (i = 1000; i < 2200; i += 3) {
		big.payload.path.len = big.payload.args.len = (uint16_t)i;
		text = become(INCLUDE("path,args,nosuch") FROM("path,args", "p,a", "move"), &from);
		good = good && !strncmp(text, "host.test.made {} p=", 20) && extras.nr == 2 &&
		       extras.list[0].len <= EXTRA_LONGEST && extras.list[1].len <= EXTRA_LONGEST &&
		       extras.list[0].len >= (i < 1023 ? i - 1 : 1022);
		free(text);
	}
	ok(good, "a long text is cut, in whole characters");
}

/* A masked value is not in the record, wherever one looks for it. */
static void masked_is_gone(void)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_of_keys(ONE("MaskField", ", \"transforms.a.fields\": \"name\""),
					    &problems);
	struct transforms *transforms = transforms_new(cfg, &src);
	struct transformed made = { .topic = "t", .topic_len = 1 };

	ok(transforms_apply(transforms, &event, &made) == TRANSFORM_PASS &&
	   !memmem(made.event->payload, made.event->payload_len, "cron", 4) &&
	   made.before == &event && made.event->pos == 640 && made.event->next_seq == 8 &&
	   made.event->rec->seq == 7 && made.event->rec->len == 32 + made.event->payload_len,
	   "a masked name is not in the record, whose place and number stay");
	transforms_free(transforms);
	config_free(cfg);
	problems_free(&problems);
}

/* Fields that redaction has left something out of keep that mark under their new names. */
static void redacted(void)
{
	record.rec.flags |= EVRING_REC_REDACTED;
	record.redacted = 1 << 1 | 1 << 2;
	event.payload_len += sizeof(record.redacted);
	becomes(ONE("ReplaceField", ", \"transforms.a.include\": \"args,name\", "
		    "\"transforms.a.renames\": \"args:argv\""),
		"host.test.made {\"argv\":[\"ls\",\"-la\"],\"name\":\"cron\"}[\"argv\"]",
		"a redacted field is told by its new name");
	record.rec.flags &= (uint16_t)~EVRING_REC_REDACTED;
	event.payload_len -= sizeof(record.redacted);
}

/* As an older module, or somebody hostile, would write it */
static void odd_records(void)
{
	struct evring_event odd = event;
	char *text;
	size_t len;

	for (len = 0; len <= sizeof(record.payload); len++) {
		odd.payload_len = (uint32_t)len;
		text = become(INCLUDE("uid,path,size") "\"MaskField\", \"transforms.a.fields\": \"uid\", "
			      "\"transforms.a.replacement\": \"7\"", &odd);
		if (strncmp(text, "host.test.made {", 16) || strstr(text, "1000"))
			break;
		free(text);
	}
	ok(len > sizeof(record.payload), "records of every length");
	record.payload.path = (struct evring_str){ .offset = 65535, .len = 65535 };
	record.payload.args = (struct evring_str){ .offset = 65500, .len = 40 };
	becomes(INCLUDE("path,args") "\"InsertField\", \"transforms.a.static.field\": \"x\", "
		"\"transforms.a.static.value\": \"y\"",
		"host.test.made {\"path\":null,\"args\":null,\"x\":\"y\"}", "texts that lie nowhere");
	record.payload.path = (struct evring_str){ .offset = offsetof(struct payload, tail), .len = 11 };
	record.payload.args =
		(struct evring_str){ .offset = offsetof(struct payload, tail) + 11, .len = 6 };
	odd = event;
	odd.type = NULL;
	text = become(ONE("ReplaceField", ", \"transforms.a.include\": \"x\""), &odd);
	ok(!strncmp(text, "host.test.made {\"hex\":", 22), "a type that the kernel does not know");
	free(text);
}

/* Declarations and losses are told, with any transforms. */
static void losses(void)
{
	struct evring_rec rec = { .len = sizeof(rec), .type = EVRING_TYPE_LOST, .seq = 9 };
	struct evring_event lost = { .rec = &rec, .seq = 9, .lane = LANE_BULK };
	char *text = become("\"transforms\": \"a,b\", \"transforms.a.type\": \"Filter\", "
			    "\"transforms.b.type\": \"ReplaceField\", \"transforms.b.exclude\": \"count\"",
			    &lost);

	ok(!strncmp(text, "host.test.made {", 16), "Filter leaves no loss out");
	free(text);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool container_is(const char *path, const char *runtime)
{
	char id[CONTAINER_ID_LEN + 1] = "";
	const char *found = container_of_path(path, id);

	return runtime ? found && !strcmp(found, runtime) && !strcmp(id, ID) : !found;
}

static void containers_tell(void)
{
	ok(container_is("/system.slice/docker-" ID ".scope", "docker") &&
	   container_is("/docker/" ID, "docker") &&
	   container_is("/machine.slice/libpod-" ID ".scope/container", "podman") &&
	   container_is("/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "containerd") &&
	   container_is("/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", "cri-o") &&
	   container_is("/kubepods/burstable/pod1/" ID "/init", "kubernetes"),
	   "the cgroups of container runtimes");
	ok(container_is("", NULL) && container_is("/", NULL) && container_is("/user.slice", NULL) &&
	   container_is("/docker/" ID "0", NULL) && container_is("/docker-" ID, NULL) &&
	   container_is("/a/docker-0123.scope", NULL) &&
	   container_is("//" ID "x/", NULL), "and others, odd ones too");
	becomes(INCLUDE("path") "\"Container\"", "host.test.made {\"path\":\"/etc/shadow\"}",
		"Container: an event without a cgroup is left as it is");
}

static char root[] = "/tmp/evring-containers-XXXXXX";

/* More cgroups than the table has slots, and all are found, whichever of them share one. */
static void many_containers(void)
{
	char *top = xprintf("%s-many", root), *path;
	unsigned int i, wrong = 0, nr = 5000;
	uint64_t cgroups[5000];
	struct containers *c;
	char id[CONTAINER_ID_LEN + 1];
	const char *found;
	struct stat st;

	if (mkdir(top, 0700))
		wrong = nr;
	for (i = 0; i < nr; i++) {
		path = xprintf("%s/docker-%064x.scope", top, i);
		wrong += mkdir(path, 0700) || stat(path, &st);
		cgroups[i] = st.st_ino;
		free(path);
	}
	ok(!wrong, "5000 cgroups");
	c = containers_new(top, false);
	for (i = 0; i < nr; i++) {
		snprintf(id, sizeof(id), "%064x", i);
		found = containers_find(c, cgroups[i]);
		wrong += !found || strcmp(found, id);
	}
	containers_free(c);
	ok(!wrong, "... are all known after one search");
	for (i = 0; i < nr; i++) {
		path = xprintf("%s/docker-%064x.scope", top, i);
		rmdir(path);
		free(path);
	}
	rmdir(top);
	free(top);
}

/* The kernel's answer in the test's hands: this error, or a cgroup of this path */
static int handle_error;
static const char *handle_path;
static unsigned int handles_asked;

int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	(void)mount;
	(void)handle;
	handles_asked++;
	errno = handle_error;
	return handle_error ? -1 : open(handle_path, flags);
}

static bool find_is(struct containers *c, uint64_t cgroup, int error, const char *expected)
{
	const char *found;

	handle_error = error;
	found = containers_find(c, cgroup);
	return expected ? found && !strcmp(found, expected) : !found;
}

/* A moment without descriptors passes; a permission that is missing, or a filter, stays. */
static void containers_by_handle(void)
{
	static const int lasting[] = { EPERM, EACCES, EOPNOTSUPP, EINVAL, ENOSYS };
	char *top = xprintf("%s-handle", root), *path = xprintf("%s/docker-" ID ".scope", top);
	struct containers *c;
	struct stat st;
	bool good;
	size_t i;

	handle_path = path;
	if (mkdir(top, 0700) || mkdir(path, 0700) || stat(path, &st))
		exit(1);
	c = containers_new(top, true);
	good = find_is(c, st.st_ino, EMFILE, NULL) && find_is(c, st.st_ino, ENFILE, NULL) &&
	       find_is(c, st.st_ino, ENOMEM, NULL) && find_is(c, st.st_ino, 0, ID) &&
	       handles_asked == 4 && find_is(c, st.st_ino + 1, ESTALE, NULL) && find_is(c, 1, 0, ID);
	ok(good, "a moment without descriptors: cgroups are opened by their ids behind it");
	containers_free(c);
	good = true;
	for (i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
		c = containers_new(top, true);
		handles_asked = 0;
		good = good && find_is(c, st.st_ino, lasting[i], ID) && find_is(c, 2, 0, NULL) &&
		       handles_asked == 1;
		containers_free(c);
	}
	ok(good, "... and no more where they may not be: they are looked through");
	rmdir(path);
	rmdir(top);
	free(path);
	free(top);
}

/* A file below @root, of @text @times over between @before and @behind */
static void write_file(const char *path, const char *before, const char *text, size_t times,
		       const char *behind)
{
	char *whole = xprintf("%s%s", root, path), *slash;
	FILE *file;

	for (slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	file = fopen(whole, "w");
	if (!file)
		exit(1);
	fputs(before, file);
	while (times--)
		fputs(text, file);
	fputs(behind, file);
	fclose(file);
	free(whole);
}

static bool name_is(const char *expected)
{
	struct container_name name;
	bool found = container_name_find(root, ID, &name), good;
	char *text = xprintf("%s %s %s", name.name, name.pod, name.space);

	good = expected ? found && !strcmp(text, expected) : !found;
	if (!good)
		printf("# %s\n", found ? text : "no name");
	free(text);
	return good;
}

#define LINKS "/var/log/containers/"
#define DOCKER "/var/lib/docker/containers/" ID "/config.v2.json"
#define STORAGE "containers/storage/overlay-containers/"

static void container_names(void)
{
	char *command, *fifo;

	if (!mkdtemp(root))
		exit(1);
	ok(name_is(NULL), "without files no container has a name");
	write_file("/var/lib/" STORAGE "containers.json", "[{\"id\": \"1\", \"names\": [\"x\"]}, 7, "
		   "{\"id\": \"" ID "\", \"names\": [\"db\"]}]", "", 0, "");
	ok(name_is("db  "), "Podman's");
	write_file("/var/lib/" STORAGE "containers.json", "[", "[", 100000, "");
	write_file("/run/" STORAGE "volatile-containers.json", "[{\"id\": \"" ID "\", \"names\": "
		   "[\"k8s_web_shop-1_prod_0123-uid_2\"]}]", "", 0, "");
	ok(name_is("web shop-1 prod"), "CRI-O's, behind a file that is no JSON");
	write_file(DOCKER, "{\"Name\": 7}", "", 0, "");
	ok(name_is("web shop-1 prod"), "a name that is none");
	write_file(DOCKER, "{\"Name\": \"/", "a", 300, "\"}");
	ok(name_is("web shop-1 prod"), "one that is too long");
	write_file(DOCKER, "{\"x\": \"", "a", 300000, "\", \"Name\": \"/long\"}");
	ok(name_is("web shop-1 prod"), "a file that is too long");
	write_file(DOCKER, "{\"ID\": \"x\", \"Name\": \"/web_1 <b>\"}", "", 0, "");
	ok(name_is("web_1 <b>  "), "Docker's");
	write_file(LINKS "a_b_c-" ID "0.log", "", "", 0, "");
	write_file(LINKS "a_c-" ID ".log", "", "", 0, "");
	write_file(LINKS "a__c-" ID ".log", "", "", 0, "");
	write_file(LINKS "a_b_-" ID ".log", "", "", 0, "");
	write_file(LINKS "a_b_c d-" ID ".log", "", "", 0, "");
	write_file(LINKS "-" ID ".log", "", "", 0, "");
	write_file(LINKS ID ".log", "", "", 0, "");
	ok(name_is("web_1 <b>  "), "links that are not Kubernetes'");
	write_file(LINKS "shop-7d9_prod_web.x-" ID ".log", "", "", 0, "");
	ok(name_is("web.x shop-7d9 prod"), "Kubernetes', with pod and namespace");
	command = xprintf("rm -r %s/var %s/run", root, root);
	if (system(command))
		exit(1);
	free(command);
	write_file("/var/lib/docker/containers/" ID "/x", "", "", 0, "");
	fifo = xprintf("%s" DOCKER, root);
	ok(!mkfifo(fifo, 0600) && name_is(NULL), "a FIFO in a file's place is not waited for");
	free(fifo);
	command = xprintf("rm -r %s", root);
	if (system(command))
		exit(1);
	free(command);
}

static void users_tell(void)
{
	record.payload.uid = 0;
	becomes(INCLUDE("uid,flag") "\"UserNames\"",
		"host.test.made {\"uid\":0,\"flag\":true,\"uid_name\":\"root\"}", "UserNames: a name");
	record.payload.uid = 4000000001u;
	becomes(INCLUDE("flag") "\"UserNames\"", "host.test.made {\"flag\":true,\"uid_name\":null}",
		"an id without one: absent");
	record.payload.uid = 1000;
}

static void flattens(void)
{
	struct problems problems = { .file = "test" };
	struct config *cfg = config_of_keys(ONE(KAFKA "Flatten$Value", ", \"value.format\": \"avro\", "
						"\"transforms.a.delimiter\": \"_\""), &problems);

	ok(!problems.nr && cfg->flatten, "Flatten is data.flatten");
	problems_print(&problems, stdout);
	config_free(cfg);
	problems_free(&problems);
}

#define CONDITIONS 13

/* One field more for each bit of "size" that is set */
static struct config *config_of_conditions(void)
{
	struct problems problems = { .file = "test" };
	char *text, names[2][128] = { "", "" };
	struct config *cfg;
	size_t len;
	FILE *to = stream_begin(&text, &len);
	int i;

	for (i = 0; i < CONDITIONS; i++) {
		snprintf(names[0] + strlen(names[0]), 6, "%st%d", i ? "," : "", i);
		snprintf(names[1] + strlen(names[1]), 6, "%sp%d", i ? "," : "", i);
		fprintf(to, "\"transforms.t%d.type\": \"InsertField\", \"transforms.t%d.static.field\": "
			"\"f%d\", \"transforms.t%d.static.value\": \"x\", \"transforms.t%d.predicate\": "
			"\"p%d\", \"predicates.p%d.type\": \"EventMatches\", \"predicates.p%d.filter\": "
			"\"size & %u\", ", i, i, i, i, i, i, i, i, 1u << i);
	}
	fprintf(to, "\"transforms.h.type\": \"HeaderFrom$Value\", \"transforms.h.fields\": \"size\", "
		"\"transforms.h.headers\": \"s\", \"transforms.h.operation\": \"copy\", "
		"\"transforms\": \"%s,h\", \"predicates\": \"%s\"", names[0], names[1]);
	stream_end(to);
	cfg = config_of_keys(text, &problems);
	problems_print(&problems, stdout);
	if (problems.nr)
		exit(1);
	free(text);
	return cfg;
}

static void count_type(void *arg, const struct evring_type *made)
{
	*(unsigned int *)arg += made->nr_fields >= type->nr_fields;
}

/* Kinds of one event, more than are kept: each is made again when it comes again. */
static void many_kinds(void)
{
	struct config *cfg = config_of_conditions();
	struct transforms *transforms;
	unsigned int i, kind, wrong = 0, forgotten = 0;
	uint64_t size = record.payload.size;

	src.cfg = cfg;
	transforms = transforms_new(cfg, &src);
	transforms_on_forget(transforms, count_type, &forgotten);
	for (i = 0; i < 2u << CONDITIONS; i++) {
		struct transformed made = { .topic = "t", .topic_len = 1, .extras = &extras };

		kind = i & ((1u << CONDITIONS) - 1);
		record.payload.size = kind;
		wrong += transforms_apply(transforms, &event, &made) != TRANSFORM_PASS ||
			 made.event->type->nr_fields !=
			 type->nr_fields + (unsigned int)__builtin_popcount(kind);
	}
	record.payload.size = size;
	if (wrong)
		printf("# wrong: %u\n", wrong);
	ok(!wrong, "8192 kinds of one event, twice: none is left as it was");
	/* The first kind is the event as it is. */
	ok(forgotten == 2 * 8191 - 4096, "and each but the last 4096 is forgotten");
	if (forgotten != 2 * 8191 - 4096)
		printf("# %u\n", forgotten);
	transforms_free(transforms);
	config_free(cfg);
}

static void mistakes_of_headers(void)
{
	refuses(ONE("InsertHeader", ", \"transforms.a.header\": \"x\""),
		"\"transforms.a.value.literal\": missing", "a header without a value");
	refuses(ONE("InsertHeader", ", \"transforms.a.header\": \"evring.id\", "
		    "\"transforms.a.value.literal\": \"x\""), "evringd's own", "a header of evringd's own");
	refuses(ONE("InsertHeader", ", \"transforms.a.header\": \"__connect.errors.topic\", "
		    "\"transforms.a.value.literal\": \"x\""), "evringd's own", "one of dead letters");
	refuses(ONE("InsertHeader", ", \"transforms.a.header\": \"ce_id\", \"headers\": \"cloudevents\", "
		    "\"transforms.a.value.literal\": \"x\""), "evringd's own", "one of CloudEvents");
	refuses(ONE("InsertHeader", ", \"transforms.a.header\": \"x\", \"pack.bytes\": 4000, "
		    "\"transforms.a.value.literal\": \"x\""), "a pack has the headers", "headers of packs");
	refuses(ONE("DropHeaders", ""), "\"transforms.a.headers\": missing", "nothing to drop");
	refuses(ONE("DropHeaders", ", \"transforms.a.headers\": \"a,,b\""), "entry 2 is empty", "an empty entry");
	refuses("\"transforms\": \"a\", \"transforms.a.type\": " FROM("a,b", "x", "copy"), "allowed: as many",
		"fewer headers than fields");
	refuses("\"transforms\": \"a\", \"transforms.a.type\": " FROM("a", "x", "clone"), "move|copy",
		"an operation");
	refuses("\"transforms\": \"a\", \"value.format\": \"raw\", \"transforms.a.type\": "
		FROM("a", "x", "move"), "nothing moves", "out of raw records");
	refuses(ONE("HeaderFrom$Key", ""), "use \"key\"", "headers of the key");
}

static void mistakes(void)
{
	char many[16000] = "";
	int i;

	refuses(ONE("", ""), "is no transform", "an empty type");
	refuses("\"transforms\": \"a\"", "entry 1 has no \"transforms.NAME.type\"", "no type");
	refuses(ONE("NoSuch", ""), "is no transform", "an unknown type");
	refuses(ONE("com.acme.RegexRouter", ""), "is no transform", "another's");
	refuses(ONE("ReplaceField$Key", ""), "use \"key\"", "a transform of keys");
	refuses(ONE("Cast$Value", ""), "evringd has no Cast", "one that evringd does not have");
	refuses(ONE("RegexRouter", ""), "\"transforms.a.regex\": missing", "no regex");
	refuses(ONE("RegexRouter", ", \"transforms.a.regex\": \"(\", \"transforms.a.replacement\": \"x\""),
		"\"transforms.a.regex\": is no regular expression, at byte 1", "a bad regex");
	refuses(ONE("RegexRouter", ", \"transforms.a.regex\": \"(a)\", \"transforms.a.replacement\": "
		    "\"$2\""), "$1 to $1", "a group that is not there");
	refuses(ONE("RegexRouter", ", \"transforms.a.regex\": \"((((a{1,99}){1,99}){1,99}){1,99}){1,99}\", "
		    "\"transforms.a.replacement\": \"x\""), "is no regular expression",
		"a regex that becomes huge");
	refuses(ONE("Filter", ", \"transforms.a.regex\": \"x\""), "no such option", "a stray option");
	refuses(ONE("Filter", ", \"transforms.b.type\": \"Filter\""), "names no \"b\"", "a stray name");
	refuses(ONE("Filter", ", \"transforms.a.predicate\": \"p\""), "does not have it",
		"no such predicate");
	refuses(ONE("Filter", FOR("NoSuch")), "is no predicate", "no such kind of predicate");
	refuses(ONE("Filter", FOR("TopicNameMatches")), "\"predicates.p.pattern\": missing", "no pattern");
	refuses(ONE("Filter", ", \"transforms.a.negate\": \"maybe\""), "true|false", "negate");
	refuses(ONE("ReplaceField", ", \"transforms.a.exclude\": \"A-b\""), "no field's name",
		"no name of a field");
	refuses(ONE("ReplaceField", ", \"transforms.a.renames\": \"a\""), "FROM:TO", "half a rename");
	refuses(ONE("InsertField", ""), "no field to insert", "nothing to insert");
	refuses(ONE("InsertField", ", \"transforms.a.static.field\": \"x\""),
		"\"transforms.a.static.value\": missing", "no value");
	refuses(ONE("MaskField", ", \"transforms.a.fields\": \"\""), "is empty", "nothing to mask");
	refuses(ONE("MaskField", ", \"transforms.a.fields\": \"a\", \"transforms.a.replacement\": "
		    "\"18446744073709551616\""), "no field can be that number", "a number that none can be");
	refuses(ONE("MaskField", ", \"transforms.a.fields\": \"a\", \"value.format\": \"raw\""),
		"cannot change", "fields of raw records");
	refuses(ONE("TimestampRouter", ", \"transforms.a.timestamp.format\": \"EEE\""), "allowed: yyyy",
		"a format of time");
	refuses(ONE("UserNames", FOR("EventMatches") ", \"predicates.p.filter\": \"uid == 0\", "
		    "\"value.format\": \"protobuf\""), "under the same numbers",
		"fields of some events in Protobuf");
	refuses(ONE("Flatten$Value", ", \"value.format\": \"raw\""), "the transform Flatten: of this", "Flatten of a format that is nested");
	refuses(ONE("Flatten", ", \"value.format\": \"avro\", \"transforms.a.delimiter\": \".\""),
		"allowed: _", "a delimiter");
	refuses(ONE("Flatten", FOR("RecordIsTombstone") ", \"value.format\": \"avro\""), "have one shape",
		"Flatten of some events");
	refuses("\"transforms\": \"a,a\", \"transforms.a.type\": \"Filter\"", "entry 1, too", "twice");
	for (i = 0; i < 65; i++)
		sprintf(many + strlen(many), "%sx%d", i ? "," : "\"transforms\": \"", i);
	strcat(many, "\"");
	for (i = 0; i < 65; i++)
		sprintf(many + strlen(many), ", \"transforms.x%d.type\": \"Filter\"", i);
	refuses(many, "allowed: 64", "too many");
}

int main(void)
{
	make_event();
	routes();
	predicates();
	replaces();
	inserts();
	masks();
	headers();
	long_headers();
	masked_is_gone();
	redacted();
	odd_records();
	losses();
	containers_tell();
	container_names();
	many_containers();
	containers_by_handle();
	users_tell();
	flattens();
	many_kinds();
	mistakes_of_headers();
	mistakes();
	extras_free(&extras);
	evring_type_free(type);
	return tap_end();
}
