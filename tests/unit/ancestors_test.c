/* SPDX-License-Identifier: MIT */
/* The transform Ancestors: programs, arguments and start times of parents. */
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "internal.h"
#include "transforming.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct evring_meta meta = { .size = sizeof(meta), .seq_bits = 48 };
#define NOW { .mult = 1u << 20, .shift = 20 }
static struct lane lanes[LANES] = { { .name = "critical" }, { .name = "bulk" }, { .name = "app" } };
static struct evring ev = {
	.live = &meta, .clock.now = NOW, .lanes_known = lanes, .nr_lanes = LANES,
};
static struct source src = { .ev = &ev, .host = { .name = "h" } };

/* Processes, by the events that tell of them */
struct act {
	uint64_t start_time, child_start_time, parent_start_time;
	uint32_t child_pid, ppid;
	int32_t result;
	struct evring_str path, argv, argv_end;
	uint8_t argv_truncated;
	char text[6000];
};

#define ACT(str, field_kind, member)						\
	{ .name = str, .kind = EVRING_KIND_##field_kind, .offset = offsetof(struct act, member), \
	  .size = sizeof(((struct act *)0)->member) }

enum { PATH = 6, ARGV = 7, ARGV_END = 8 };	/* numbers of the fields */

static const struct evring_field act_fields[] = {
	ACT("start_time", U64, start_time), ACT("child_start_time", U64, child_start_time),
	ACT("parent_start_time", U64, parent_start_time), ACT("child_pid", U32, child_pid),
	ACT("ppid", U32, ppid), ACT("result", S32, result), ACT("path", TEXT, path),
	ACT("argv", TEXTS, argv), ACT("argv_end", TEXTS, argv_end),
	ACT("argv_truncated", BOOL, argv_truncated),
};

static struct evring_type *fork_type, *exec_type, *state_type, *open_type;

static struct evring_type *make_type(const char *name, uint32_t id)
{
	const struct evring_type like = {
		.id = id, .version = 1, .size = offsetof(struct act, text), .name = name,
		.nr_fields = sizeof(act_fields) / sizeof(act_fields[0]), .fields = act_fields,
	};
	struct evring_type *made;

	if (evring_type_build(&made, &like))
		exit(1);
	return made;
}

/* An event's fields of process @pid, which began at @pid seconds after the boot */
struct told {
	struct evring_type *type;
	uint32_t pid, child, parent;
	int32_t result;
	const char *path;
	const char *argv, *end;		/* with NULs between, */
	size_t argv_len, end_len;	/* which these count */
	bool truncated;
	uint64_t redacted;		/* a bit for each field */
};

#define ARGS(texts) .argv = texts, .argv_len = sizeof(texts)
#define START(pid) ((pid) * 1000000000ULL)

static struct transforms *chain;
static struct config *cfg;

static void begin(const char *keys)
{
	struct problems problems = { .file = "test" };
	char text[4096];

	snprintf(text, sizeof(text), "{\"name\": \"t\", \"config\": {%s, \"topic\": \"t\", "
		 "\"kafka.bootstrap.servers\": \"h:1\"}}", keys);
	cfg = config_parse(text, strlen(text), &problems);
	problems_print(&problems, stdout);
	if (problems.nr)
		exit(1);
	problems_free(&problems);
	src.cfg = cfg;
	chain = transforms_new(cfg, &src);
}

static void end(void)
{
	transforms_free(chain);
	config_free(cfg);
}

static struct evring_str put(struct act *act, size_t *used, const char *text, size_t len)
{
	const struct evring_str str = {
		.offset = (uint16_t)(offsetof(struct act, text) + *used), .len = (uint16_t)len,
	};

	if (*used + len > sizeof(act->text))
		exit(1);
	memcpy(act->text + *used, text ? text : "", len);
	*used += len;
	return str;
}

static struct {
	struct evring_rec rec;
	struct act act;
	uint64_t redacted;
} record;

/* @event is the transformed one, until the next one. */
static bool pass(const struct told *told, const struct evring_event **event)
{
	struct transformed made = { .topic = "t", .topic_len = 1 };
	struct act *act = &record.act;
	struct evring_event from = {
		.rec = &record.rec, .payload = act, .payload_len = sizeof(*act), .type = told->type,
	};
	size_t used = 0;

	memset(&record, 0, sizeof(record));
	record.rec = (struct evring_rec){ .pid = told->pid, .type = (uint16_t)told->type->id };
	act->start_time = START(told->pid);
	act->child_pid = told->child;
	act->child_start_time = START(told->child);
	act->ppid = told->parent;
	act->parent_start_time = START(told->parent);
	act->result = told->result;
	act->path = put(act, &used, told->path, told->path ? strlen(told->path) : 0);
	act->argv = put(act, &used, told->argv, told->argv_len);
	act->argv_end = put(act, &used, told->end, told->end_len);
	act->argv_truncated = told->truncated;
	if (told->redacted) {
		record.rec.flags |= EVRING_REC_REDACTED;
		record.redacted = told->redacted;
		from.payload_len += sizeof(record.redacted);
	}
	record.rec.len = sizeof(record.rec) + from.payload_len;
	transforms_see(chain, &from);
	if (transforms_apply(chain, &from, &made) != TRANSFORM_PASS)
		return false;
	*event = made.event;
	return true;
}

static void see(const struct told told)
{
	const struct evring_event *event;

	if (!pass(&told, &event))
		exit(1);
}

/* The data and the redacted fields */
static char *becomes(const struct told *told)
{
	const struct evring_event *event;
	char json[60000], *data, *redacted, *text;
	json_t *value;
	ssize_t len;

	if (!pass(told, &event))
		return strdup("not passed");
	len = evring_json(&ev, &src.host, event, json, sizeof(json));
	value = json_loadb(json, len < 0 ? 0 : (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	data = json_dumps(json_object_get(value, "data"), JSON_COMPACT);
	redacted = json_dumps(json_object_get(value, "redacted"), JSON_COMPACT);
	text = xprintf("%s%s%s", data ? data : "no JSON", redacted ? " " : "",
		       redacted ? redacted : "");
	json_decref(value);
	free(data);
	free(redacted);
	return text;
}

static void is(const struct told told, const char *expected, const char *name)
{
	char *text = becomes(&told);

	ok(!strcmp(text, expected), name);
	if (strcmp(text, expected))
		printf("# %s\n# not\n# %s\n", text, expected);
	free(text);
}

#define ONLY(names) "\"transforms\": \"a,i\", \"transforms.a.type\": \"Ancestors\", "	\
	"\"transforms.i.type\": \"ReplaceField\", \"transforms.i.include\": \"" names "\""
#define OPEN(number) (struct told){ .type = open_type, .pid = (number) }
#define EXEC(number, above, ...) \
	(struct told){ .type = exec_type, .pid = (number), .parent = (above), __VA_ARGS__ }
#define FORK(number, new) (struct told){ .type = fork_type, .pid = (number), .child = (new) }

static void paths(void)
{
	uint32_t i;

	begin(ONLY("parent_path,ancestors"));
	is(OPEN(5), "{\"parent_path\":null,\"ancestors\":null}", "of an unknown process there are none");
	see(EXEC(1, 0, .path = "/sbin/init"));
	see(FORK(1, 2));
	is(EXEC(2, 1, .path = "/bin/sshd"),
	   "{\"parent_path\":\"/sbin/init\",\"ancestors\":[\"/sbin/init\"]}", "the parent");
	see(FORK(2, 3));
	is(OPEN(3), "{\"parent_path\":\"/bin/sshd\",\"ancestors\":[\"/bin/sshd\",\"/sbin/init\"]}",
	   "and those above, of any event");
	see(EXEC(2, 1, .path = "/bin/false", .result = -2));
	is(OPEN(3), "{\"parent_path\":\"/bin/sshd\",\"ancestors\":[\"/bin/sshd\",\"/sbin/init\"]}",
	   "an exec that was refused has changed nothing");
	see(EXEC(2, 1, .path = NULL));
	is(OPEN(3), "{\"parent_path\":null,\"ancestors\":null}",
	   "a program that is not known is not the one before");
	/* Rings are read one after the other. */
	see(EXEC(20, 2, .path = "/bin/late"));
	see(FORK(1, 20));
	see(FORK(20, 21));
	is(OPEN(21), "{\"parent_path\":\"/bin/late\",\"ancestors\":[\"/bin/late\"]}",
	   "a fork that comes behind its child's exec does not undo it");
	/* Hostile: a process that is its own parent; and more processes than the table has. */
	see(EXEC(7, 7, .path = "/x"));
	is(OPEN(7), "{\"parent_path\":\"/x\",\"ancestors\":[\"/x\",\"/x\",\"/x\","
	   "\"/x\",\"/x\",\"/x\",\"/x\",\"/x\"]}", "a circle ends");
	for (i = 100; i < 140000; i++)
		see(FORK(99, i));
	is(OPEN(21), "{\"parent_path\":null,\"ancestors\":null}",
	   "the oldest of too many are forgotten");
	end();
}

#define ALL ONLY("parent_argv,parent_argv_truncated,parent_argv_end,ancestors_argv," \
		 "ancestors_argv_truncated,ancestors_start_time")

static void arguments(void)
{
	begin(ALL);
	is(OPEN(5), "{\"parent_argv\":null,\"parent_argv_truncated\":false,\"parent_argv_end\":null,"
	   "\"ancestors_argv\":null,\"ancestors_argv_truncated\":false,\"ancestors_start_time\":null}",
	   "arguments: of an unknown process there are none");
	see((struct told){ .type = state_type, .pid = 1, .path = "/sbin/init", ARGS("init") });
	see(EXEC(2, 1, .path = "/bin/sh", ARGS("sh\0-c\0make all")));
	see(FORK(2, 3));
	is(EXEC(3, 2, .path = "/usr/bin/make", ARGS("make\0all")),
	   "{\"parent_argv\":[\"sh\",\"-c\",\"make all\"],\"parent_argv_truncated\":false,"
	   "\"parent_argv_end\":null,\"ancestors_argv\":[\"sh -c make all\",\"init\"],"
	   "\"ancestors_argv_truncated\":false,\"ancestors_start_time\":"
	   "[\"1970-01-01T00:00:02.000000000Z\",\"1970-01-01T00:00:01.000000000Z\"]}",
	   "the parent's, one by one; of those above a line each, and when they began");
	see(FORK(3, 4));
	see(FORK(4, 5));
	is(OPEN(5), "{\"parent_argv\":[\"make\",\"all\"],\"parent_argv_truncated\":false,"
	   "\"parent_argv_end\":null,\"ancestors_argv\":[\"make all\",\"make all\",\"sh -c make all\","
	   "\"init\"],\"ancestors_argv_truncated\":false,\"ancestors_start_time\":"
	   "[\"1970-01-01T00:00:04.000000000Z\",\"1970-01-01T00:00:03.000000000Z\","
	   "\"1970-01-01T00:00:02.000000000Z\",\"1970-01-01T00:00:01.000000000Z\"]}",
	   "a fork's child has its parent's");
	see(EXEC(4, 3, .path = "/bin/mute"));
	is(OPEN(5), "{\"parent_argv\":null,\"parent_argv_truncated\":false,"
	   "\"parent_argv_end\":null,\"ancestors_argv\":[\"\",\"make all\",\"sh -c make all\","
	   "\"init\"],\"ancestors_argv_truncated\":false,\"ancestors_start_time\":"
	   "[\"1970-01-01T00:00:04.000000000Z\",\"1970-01-01T00:00:03.000000000Z\","
	   "\"1970-01-01T00:00:02.000000000Z\",\"1970-01-01T00:00:01.000000000Z\"]}",
	   "arguments that are not known are not the ones before");
	end();
}

#define SIXTEEN "0123456789abcdef"
#define FRONT SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN	/* 128 bytes */
#define MIDDLE FRONT FRONT FRONT

/* As many as are kept; one more; and such that the kernel has cut. */
static void long_arguments(void)
{
	char args[] = MIDDLE FRONT, other[4096];
	size_t i;

	begin(ONLY("parent_argv,parent_argv_truncated,parent_argv_end,ancestors_argv,"
		   "ancestors_argv_truncated"));
	see(EXEC(2, 1, .path = "/x", .argv = args, .argv_len = 512));
	see(FORK(2, 3));
	is(OPEN(3), "{\"parent_argv\":[\"" MIDDLE FRONT "\"],\"parent_argv_truncated\":false,"
	   "\"parent_argv_end\":null,\"ancestors_argv\":[\"" MIDDLE FRONT "\"],"
	   "\"ancestors_argv_truncated\":false}", "512 bytes of arguments are kept");
	memset(other, '-', sizeof(other));
	memcpy(other, MIDDLE, 384);
	memcpy(other + 513 - 128, FRONT, 128);
	see(EXEC(2, 1, .path = "/x", .argv = other, .argv_len = 513));
	is(OPEN(3), "{\"parent_argv\":[\"" MIDDLE "\"],\"parent_argv_truncated\":true,"
	   "\"parent_argv_end\":[\"" FRONT "\"],\"ancestors_argv\":[\"" MIDDLE " ... " FRONT "\"],"
	   "\"ancestors_argv_truncated\":true}", "of more, the first 384 and the last 128, which is told");
	see(EXEC(2, 1, .path = "/x", ARGS("a\0b"), .end = "y\0z", .end_len = 3, .truncated = true));
	is(OPEN(3), "{\"parent_argv\":[\"a\",\"b\"],\"parent_argv_truncated\":true,"
	   "\"parent_argv_end\":[\"y\",\"z\"],\"ancestors_argv\":[\"a b ... y z\"],"
	   "\"ancestors_argv_truncated\":true}", "arguments that the kernel has cut");
	see(EXEC(2, 1, .path = "/x", .argv = other, .argv_len = 4096, .end = other, .end_len = 1000,
		 .truncated = true));
	is(OPEN(3), "{\"parent_argv\":[\"" MIDDLE "\"],\"parent_argv_truncated\":true,"
	   "\"parent_argv_end\":[\"--------------------------------------------------------------"
	   "------------------------------------------------------------------\"],"
	   "\"ancestors_argv\":[\"" MIDDLE " ... --------------------------------------------------"
	   "------------------------------------------------------------------------------\"],"
	   "\"ancestors_argv_truncated\":true}", "both");
	see(EXEC(2, 1, .path = "/x", .truncated = true));
	is(OPEN(3), "{\"parent_argv\":null,\"parent_argv_truncated\":true,\"parent_argv_end\":null,"
	   "\"ancestors_argv\":null,\"ancestors_argv_truncated\":true}",
	   "arguments that nobody could read");
	/* Characters of two bytes: neither edge is in one of them. */
	for (i = 0; i < sizeof(other); i++)
		other[i] = "\xc3\xa4"[i % 2];
	other[0] = 'a';
	other[1] = 'b';
	for (i = 513; i < 520; i++) {
		char *text;

		see(EXEC(2, 1, .path = "/x", .argv = other, .argv_len = i & ~1UL));
		text = becomes(&OPEN(3));
		if (strstr(text, "_hex") || !strstr(text, "\xc3\xa4"))
			break;
		free(text);
		see(EXEC(2, 1, .path = "/x", .argv = other + 1, .argv_len = (i | 1) - 2));
		text = becomes(&OPEN(3));
		if (strstr(text, "_hex"))
			break;
		free(text);
	}
	ok(i == 520, "a cut leaves whole characters");
	end();
}

static void secrets(void)
{
	static const char args[] = "curl\0-u\0[redacted]";

	begin(ONLY("path,parent_path,ancestors,parent_argv,parent_argv_end,ancestors_argv"));
	see(EXEC(1, 0, .path = "/sbin/init", ARGS("init")));
	see(EXEC(2, 1, .path = "/bin/curl", .argv = args, .argv_len = sizeof(args),
		 .redacted = 1 << ARGV));
	see(FORK(2, 3));
	is(OPEN(3), "{\"path\":\"\",\"parent_path\":\"/bin/curl\","
	   "\"ancestors\":[\"/bin/curl\",\"/sbin/init\"],\"parent_argv\":[\"curl\",\"-u\","
	   "\"[redacted]\"],\"parent_argv_end\":null,"
	   "\"ancestors_argv\":[\"curl -u [redacted]\",\"init\"]} "
	   "[\"parent_argv\",\"ancestors_argv\"]",
	   "arguments that a secret was left out of are redacted ones");
	see(FORK(3, 4));
	see(EXEC(3, 2, .path = "/bin/[redacted]", ARGS("x"), .end = "[redacted]", .end_len = 10,
		 .truncated = true, .redacted = 1 << PATH | 1 << ARGV_END));
	is((struct told){ .type = open_type, .pid = 4, .path = "/p", .redacted = 1 << PATH },
	   "{\"path\":\"/p\",\"parent_path\":\"/bin/[redacted]\","
	   "\"ancestors\":[\"/bin/[redacted]\",\"/bin/curl\",\"/sbin/init\"],\"parent_argv\":[\"x\"],"
	   "\"parent_argv_end\":[\"[redacted]\"],"
	   "\"ancestors_argv\":[\"x ... [redacted]\",\"curl -u [redacted]\",\"init\"]} "
	   "[\"path\",\"parent_path\",\"ancestors\",\"parent_argv_end\",\"ancestors_argv\"]",
	   "and so is a program, beside the event's own");
	see(EXEC(2, 1, .path = "/bin/true", ARGS("true")));
	is(EXEC(9, 2), "{\"path\":\"\",\"parent_path\":\"/bin/true\",\"ancestors\":[\"/bin/true\","
	   "\"/sbin/init\"],\"parent_argv\":[\"true\"],\"parent_argv_end\":null,"
	   "\"ancestors_argv\":[\"true\",\"init\"]}", "another program is none");
	end();
}

/* A mask is for another transform's fields, too. */
static void masks(void)
{
	const struct evring_event *event;
	const struct told told = { .type = exec_type, .pid = 3, .parent = 2, .path = "/x" };

	begin("\"transforms\": \"a,m,i\", \"transforms.a.type\": \"Ancestors\", "
	      "\"transforms.m.type\": \"MaskField\", "
	      "\"transforms.m.fields\": \"parent_argv,ancestors_argv,parent_argv_truncated\", "
	      "\"transforms.i.type\": \"ReplaceField\", \"transforms.i.include\": "
	      "\"parent_path,parent_argv,parent_argv_truncated,ancestors_argv\"");
	see(EXEC(2, 1, .path = "/bin/sh", ARGS("sh\0secret"), .truncated = true, .redacted = 1 << ARGV));
	is(told, "{\"parent_path\":\"/bin/sh\",\"parent_argv\":[],\"parent_argv_truncated\":false,"
	   "\"ancestors_argv\":[]}", "masked arguments are empty, without a replacement");
	ok(pass(&told, &event) && !memmem(event->payload, event->payload_len, "secret", 6),
	   "and are not in the record");
	end();
	begin("\"transforms\": \"a,m,i\", \"transforms.a.type\": \"Ancestors\", "
	      "\"transforms.m.type\": \"MaskField\", \"transforms.m.fields\": \"parent_argv\", "
	      "\"transforms.m.replacement\": \"***\", "
	      "\"transforms.i.type\": \"ReplaceField\", \"transforms.i.include\": \"parent_argv\"");
	see(EXEC(2, 1, .path = "/bin/sh", ARGS("sh\0secret"), .redacted = 1 << ARGV));
	is(told, "{\"parent_argv\":\"***\"}", "or the replacement");
	end();
}

/* Texts of any length, at every place where one is cut */
static void bounds(void)
{
	static char args[5000], path[400];
	const struct evring_event *event;
	size_t len, most = 0, all;
	uint32_t pid;

	begin("\"transforms\": \"a\", \"transforms.a.type\": \"Ancestors\"");
	memset(args, '\\', sizeof(args));
	memset(path, 'p', sizeof(path) - 1);
	for (pid = 2; pid < 12; pid++)
		see(EXEC(pid, pid - 1, .path = path, .argv = args, .argv_len = 5000, .end = args,
			 .end_len = 500, .truncated = true));
	all = transforms_bytes(cfg, false);
	for (len = 0; len < 600; len++) {
		see(EXEC(10, 9, .path = "/x", .argv = args, .argv_len = len));
		if (!pass(&OPEN(11), &event))
			break;
		if (event->payload_len > most)
			most = event->payload_len;
	}
	ok(len == 600 && most <= sizeof(struct act) + all && most + 600 > sizeof(struct act) + all,
	   "an event becomes longer by as much as is reckoned with");
	printf("# %zu of %zu\n", most - sizeof(struct act), all);
	end();
}

int main(void)
{
	fork_type = make_type("process.fork", 50);
	exec_type = make_type("process.exec", 51);
	state_type = make_type("process.state", 52);
	open_type = make_type("file.open", 53);
	paths();
	arguments();
	long_arguments();
	secrets();
	masks();
	bounds();
	evring_type_free(fork_type);
	evring_type_free(exec_type);
	evring_type_free(state_type);
	evring_type_free(open_type);
	return tap_end();
}
