/* SPDX-License-Identifier: MIT */
/*
 * Filters: an expression's verdict on an event, the errors of wrong expressions, the
 * programs that are refused.
 */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"

#include <errno.h>

#include "../../kmod/filter/filter.h"

static struct evring_type *type;

/*
 * Right expressions
 */

static struct sample_event make_event(void)
{
	static const uint32_t groups[] = { 4, 27, 1000 };
	struct sample_event e = {
		.rec = { .pid = 4242, .tid = 4243 },
		.fixed = {
			.uid = 1000, .small = 200, .tiny = -5, .port = 443, .result = -13,
			.flags = 0101, .what = 2, .mode = 0644, .created = 1, .sig = 9,
			.took = 5000000, .caps = 1ULL << 21, .size = 4096, .delta = -1,
			.comm = "bash",
			.addr = { [10] = 0xff, 0xff, 10, 1, 2, 3 },
			.mac = { 0, 0x11, 0x22, 0x33, 0x44, 0x55 },
			.trio = { 1, 2, 3 },
			.id = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
				0xbb, 0xcc, 0xdd, 0xee, 0xff },
			.dev = 8 << 20 | 1, .raw = { 'r', 'a', 'w', 0, 1, 2, 3, 4 }, .level = -300,
		},
	};

	sample_put(&e, &e.fixed.path, "/etc/shadow", 11);
	sample_put(&e, &e.fixed.argv, "cat\0--password\0s3cret\0", 22);
	sample_put(&e, &e.fixed.groups, groups, sizeof(groups));
	sample_put(&e, &e.fixed.blob, "\0\xff\n", 3);
	return e;
}

static const char *const so[] = {
	"uid == 1000", "uid != 0", "uid > 999", "uid >= 1000", "uid < 1001", "uid <= 1000",
	"uid in (0, 1000)", "uid in (1..2, 999..1001)", "uid in 1000", "uid in 5..2000",
	"uid == 0x3e8", "uid == 0o1750", "!(uid == 0)", "!uid == 0", "!!uid == 1000",
	"small > 127", "small == 200", "tiny < 0", "tiny == -5", "tiny in (-10..-1)", "tiny >= -5",
	"delta == -1", "delta < 0", "level == -300", "level in (-32768..-300)",
	"port in (22, 400..500)", "result == EACCES", "result == -EACCES", "result == -13",
	"result in (EPERM, EACCES)", "result < 0",
	"flags & O_WRONLY", "flags & (O_RDWR|O_CREAT)", "flags & O_ACCMODE == O_WRONLY",
	"flags & O_ACCMODE != O_RDWR", "flags & 0x40", "flags & O_CREAT|O_EXCL",
	"flags == O_WRONLY|O_CREAT", "flags == (O_WRONLY|O_CREAT)", "!(flags & O_TRUNC)",
	"what == socket", "what != file", "what in (file, socket)", "what == 2",
	"mode == 0644", "mode & 0400", "mode & 0111 == 0", "created", "created == true",
	"created != false", "sig == SIGKILL", "sig in (SIGTERM, SIGKILL)", "took == 5ms",
	"took > 4999us", "took < 1s", "took in 1ms..1h", "caps & CAP_SYS_ADMIN", "size == 4KiB",
	"dev == 8:1", "pid == 4242", "tid != 4242", "tid in (1, 4243)",
	"comm == \"bash\"", "comm == 'bash'", "comm != \"sh\"", "comm in (\"sh\", \"bash\")",
	"comm endswith \"sh\"", "comm startswith (\"zsh\", \"ba\")", "comm ~ \"b?s[a-h]\"",
	"path == \"/etc/shadow\"", "path ~ \"/etc/*\"", "path ~ (\"/root/*\", \"*/shadow\")",
	"path !~ \"*.conf\"", "path contains \"c/sh\"", "path startswith \"/etc/\"",
	"path endswith (\"passwd\", \"shadow\")", "path ~ \"*\"", "path ~ \"/??c/*[!a-v]\"",
	"path ~ \"*s*h*a*d*o*w*\"", "path ~ \"/etc/shado[^a-v]\"", "path ~ \"/etc/shado\\\\w\"",
	"argv == \"--password\"", "argv contains \"cret\"", "argv[0] == \"cat\"",
	"argv[2] == \"s3cret\"", "argv[3] != \"x\"", "argv != \"nothing\"", "argv[1] ~ \"--*\"", "argv ~ \"[a-][!a-]ass*\" || argv ~ \"[a-]-pass*\"",
	"argv in (\"a\", \"cat\")", "!(argv[3] == \"\")",
	"trio == 2", "trio[2] == 3", "trio != 4", "groups == 27", "groups[0] == 4", "groups > 999",
	"groups in (1, 2, 27)", "groups != 5", "!(groups[3] == 0)", "trio & 2",
	"addr in 10.0.0.0/8", "addr in (192.168.0.0/16, 10.1.2.3)", "addr == 10.1.2.3",
	"addr != ::1", "addr in ::ffff:0:0/96", "addr == \"10.1.2.3\"", "addr in ::/0",
	"addr in 10.1.2.2/31", "addr in 10.1.0.0/22", "mac == 00:11:22:33:44:55",
	"mac == 001122334455", "id == 00112233-4455-6677-8899-aabbccddeeff",
	"raw startswith \"raw\\x00\"", "blob == \"\\x00\\xff\\n\"", "blob contains \"\\xff\"",
	"uid == 0 || comm == \"bash\"", "uid == 1000 && port == 443 && created",
	"uid == 0 && port == 1 || created", "uid == 0 && (port == 1 || created) || sig == 9",
	"!(uid == 0 || port == 80) && !(comm == \"sh\" && created)",
	"uid==1000&&flags&O_WRONLY&&path~\"/etc/*\"",
};

static const char *const not_so[] = {
	"uid == 1001", "uid < 1000", "uid in (1..999)", "uid in (0, 1, 2)", "tiny > 0",
	"small in (0..127, 201..255)", "flags & O_TRUNC", "flags & O_ACCMODE == O_RDWR",
	"flags == O_WRONLY", "result in (0..10)", "result == EPERM", "created == false",
	"comm == \"bas\"", "comm == \"bash2\"", "comm ~ \"ba\"", "comm ~ \"?\"", "path ~ \"\"",
	"path ~ \"/etc\"", "path ~ \"*/\"", "path contains \"shadow2\"", "path startswith \"/etc/shadow/\"",
	"path endswith \"/etc/etc/shadow\"", "path ~ \"/etc/shado[!w]\"", "path == \"\"",
	"argv == \"password\"", "argv[1] == \"cat\"", "argv[99] ~ \"*\"", "argv == \"\"",
	"argv != \"cat\"", "trio[3] == 0", "trio == 4", "groups == 5", "groups[1] == 4",
	"addr in 11.0.0.0/8", "addr in fe80::/10", "addr in 10.1.2.0/31", "addr in 10.1.4.0/22",
	"addr == 10.1.2.4", "mac == 00:11:22:33:44:56", "caps & CAP_CHOWN", "took > 5ms",
	"mode & 0111", "blob == \"\"", "uid == 0 || port == 80", "uid == 1000 && port == 80",
	"!(uid == 1000)", "!created", "pid == 1", "sig == SIGTERM", "level > -300",
};

/* Of a copy that is just as long, so that ASan sees a read behind it */
static int match(const struct sample_event *e, const char *expression)
{
	struct evring_filter_error error;
	struct evring_filter *filter = NULL;
	struct evring_event event = sample_event(e, type);
	const struct evring_program *program;
	void *payload = malloc(e->len ? e->len : 1);
	int ret = evring_filter_compile(&filter, type, expression, &error);

	memcpy(payload, &e->fixed, e->len);
	event.payload = payload;
	if (ret) {
		printf("# %s\n# column %u: %s\n", expression, error.column, error.text);
	} else {
		program = evring_filter_program(filter);
		ret = evring_program_verify(program, program->len, type->version, type->size);
		if (ret)
			printf("# %s: its program is refused: %d\n", expression, ret);
		else
			ret = evring_filter_match(filter, &event);
	}
	evring_filter_free(filter);
	free(payload);
	return ret;
}

static bool all_say(const char *const *expressions, size_t nr, int want)
{
	struct sample_event e = make_event();
	bool good = true;
	size_t i;
	int got;

	for (i = 0; i < nr; i++) {
		got = match(&e, expressions[i]);
		if (got != want) {
			printf("# %s: %d, not %d\n", expressions[i], got, want);
			good = false;
		}
	}
	return good;
}

/* Fields that the payload does not have, or that are not within it */
static bool absent_is_nothing(void)
{
	static const char *const expressions[] = {
		"delta == 0", "path == \"\"", "argv != \"\"", "groups != 0", "addr != ::1",
		"comm == \"\"", "blob == \"\"", "raw == \"\"", "trio != 1", "uid == 1000", "pid == 4242",
	};
	struct sample_event e = make_event();
	bool good = true;
	size_t i;

	e.len = offsetof(struct sample, delta);
	for (i = 0; i < sizeof(expressions) / sizeof(*expressions); i++)
		if (match(&e, expressions[i]) != 1) {
			printf("# %s\n", expressions[i]);
			good = false;
		}
	e = make_event();
	e.fixed.path = (struct evring_str){ .offset = 65535, .len = 65535 };
	e.fixed.argv = (struct evring_str){ .offset = (uint16_t)e.len, .len = 1 };
	e.fixed.groups = (struct evring_str){ .offset = (uint16_t)(e.len - 3), .len = 3 };
	return good && match(&e, "path == \"\" && argv != \"\" && groups != 0") == 1;
}

/*
 * Wrong expressions
 */

static const struct {
	const char *expression;
	unsigned int column, len;
	const char *text;
} errors[] = {
	{ "pth == \"/etc\"", 1, 3, "no field 'pth' in file.open: did you mean 'path'?" },
	{ "uid == 0 && frobnicate", 13, 10,
	  "no field 'frobnicate' in file.open: 'evring types file.open' lists them" },
	{ "", 1, 1, "there is no expression" },
	{ "uid == ", 8, 1, "a value is expected here, not the end" },
	{ "uid = 0", 5, 1, "'=' means nothing: equal is '=='" },
	{ "uid == 0 and created", 10, 3, "'and' means nothing: it is '&&'" },
	{ "(uid == 0 or created)", 11, 2, "'or' means nothing: it is '||'" },
	{ "uid == 0 created", 10, 7, "an operator is expected here, not 'created'" },
	{ "uid == 0 )", 10, 1, "'&&', '||' or the end is expected here, not ')'" },
	{ "(uid == 0", 10, 1, "')' is expected here, not the end" },
	{ "uid == \"root\"", 8, 6, "'uid' is a number: it stands without quotes" },
	{ "uid == root", 8, 4, "'uid' is a number, and 'root' is none" },
	{ "uid == 4294967296", 8, 10, "'uid' is from 0 to 4294967295" },
	{ "uid == -1", 8, 2, "'uid' is from 0 to 4294967295" },
	{ "tiny == 128", 9, 3, "'tiny' is from -128 to 127" },
	{ "tiny == -129", 9, 4, "'tiny' is from -128 to 127" },
	{ "uid < 0", 7, 1, "never: 'uid' is from 0 to 4294967295" },
	{ "small > 255", 9, 3, "never: 'small' is from 0 to 255" },
	{ "port in (9..5)", 10, 1, "this range ends before it begins" },
	{ "port in (1, )", 13, 1, "a value is expected here, not ')'" },
	{ "uid == 010", 8, 3, "a number does not begin with 0: base 8 is 0o10" },
	{ "uid == 99999999999999999999", 8, 20, "'uid' is from 0 to 4294967295" },
	{ "uid", 1, 3, "'uid' is a number: compare it, as in 'uid != 0'" },
	{ "path", 1, 4, "'path' is a text: compare it, as in 'path != \"\"'" },
	{ "uid startswith \"1\"", 5, 10, "'uid' is a number: 'startswith' is for texts" },
	{ "uid ~ \"1*\"", 5, 1, "'uid' is a number: '~' is for texts" },
	{ "path > \"a\"", 6, 1, "'path' is a text: '>' is for numbers" },
	{ "path & 1", 6, 1, "'path' is a text: '&' is for numbers" },
	{ "path == etc", 9, 3, "'path' is a text, which stands in quotes: \"etc\"" },
	{ "path startwith \"/\"", 6, 9,
	  "there is no operator 'startwith': did you mean 'startswith'?" },
	{ "path contains \"\"", 15, 2, "always: the empty text is in each" },
	{ "path ~ \"[a\"", 8, 4, "this pattern's '[' has no ']': the character is \\\\[" },
	{ "path ~ \"\\\\\\\\[a\"", 8, 8, "this pattern's '[' has no ']': the character is \\\\[" },
	{ "path ~ \"a\\\\\"", 8, 5, "this pattern ends in a backslash" },
	{ "path ~ \"[[:alpha:]]\"", 8, 13, "there are no classes like [:alpha:]" },
	{ "path == \"a", 9, 1, "this text does not end: there is no other \"" },
	{ "path == \"\\q\"", 10, 2, "there is no such escape: a backslash is \\\\" },
	{ "path == \"\\x1\"", 10, 2, "\\x takes two digits of base 16, as in \\x1b" },
	{ "comm == \"12345678901234567\"", 9, 19, "never: 'comm' has at most 16 bytes" },
	{ "flags & O_WRNLY", 9, 7,
	  "'O_WRNLY' is no value of 'flags': did you mean 'O_WRONLY'?" },
	{ "flags & O_RDONLY", 9, 8,
	  "never: this is 0 and has no bit: ask 'flags == O_RDONLY'" },
	{ "flags & O_ACCMODE == O_CREAT", 22, 7,
	  "never: this has bits that are not in what is left of '=='" },
	{ "what == sock", 9, 4,
	  "'sock' is no value of 'what': did you mean 'socket'?" },
	{ "what == elephant", 9, 8,
	  "'elephant' is no value of 'what': there are numbers and file, socket, pipe" },
	{ "result == EACESS", 11, 6, "'EACESS' is no value of 'result': did you mean 'EACCES'?" },
	{ "took > 5sec", 8, 4, "'sec' is no unit of time: there are ns, us, ms, s, min and h" },
	{ "addr in 10.0.0.1/8", 9, 10, "10.0.0.1 has bits set behind its prefix of 8" },
	{ "addr in 10.0.0/8", 9, 8,
	  "'10.0.0' is no address: they are as 10.0.0.0/8 or fe80::/10" },
	{ "addr in 10.0.0.0/33", 9, 11, "'/33' is no length of a prefix: it is from 0 to 32" },
	{ "addr > 10.0.0.0", 6, 1,
	  "'addr' is an address: there are ==, != and in, not '>'" },
	{ "addr", 1, 4, "'addr' is an address: compare it, with == or in" },
	{ "mac == 00:11", 8, 5, "'00:11' is 6 bytes as 00:11:22:33:44:55" },
	{ "dev == 1:2:3", 8, 5, "a device is MAJOR:MINOR, below 4096:1048576" },
	{ "comm[0] == \"b\"", 6, 1, "'comm' is one value, not several: leave out the brackets" },
	{ "argv[x] == \"b\"", 6, 1, "an element's number is from 0 to 65534" },
	{ "argv[65535] == \"b\"", 6, 5, "an element's number is from 0 to 65534" },
	{ "comm == (\"a\", \"b\")", 10, 3, "a number or a name is expected here, not '\"a\"'" },
	{ "uid $ 0", 5, 1, "this character means nothing here: texts stand in quotes" },
	{ "path ~ /etc/*", 13, 1, "'*' means nothing here: a pattern is a text in quotes" },
	{ "&& uid", 1, 2, "a field is expected here, not '&&'" },
	{ "uid == 1..2", 8, 1, "a range stands behind 'in'" },
};

static bool errors_are_told(void)
{
	struct evring_filter_error error;
	struct evring_filter *filter;
	bool good = true;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		ret = evring_filter_compile(&filter, type, errors[i].expression, &error);
		if (!ret) {
			evring_filter_free(filter);
			printf("# %s: is none, and was taken\n", errors[i].expression);
			good = false;
		} else if (ret != -EINVAL || error.column != errors[i].column ||
			   error.len != errors[i].len || strcmp(error.text, errors[i].text)) {
			printf("# %s: %d, column %u + %u: %s\n", errors[i].expression, ret,
			       error.column, error.len, error.text);
			good = false;
		}
	}
	return good;
}

/* @before, @n times @piece, and @after */
static int compile_long(const char *before, const char *piece, unsigned int n, const char *after)
{
	size_t len = strlen(before) + n * strlen(piece) + strlen(after) + 1;
	struct evring_filter *filter = NULL;
	char *text = calloc(1, len), *at = stpcpy(text, before);
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++)
		at = stpcpy(at, piece);
	strcpy(at, after);
	ret = evring_filter_compile(&filter, type, text, NULL);
	evring_filter_free(filter);
	free(text);
	return ret;
}

static bool size_is_bounded(void)
{
	return !compile_long("created", "&&created", EVRING_INSNS_MAX - 1, "") &&
	       compile_long("created", "&&created", EVRING_INSNS_MAX, "") == -EINVAL &&
	       compile_long("created", "||created", 100000, "") == -EINVAL &&
	       !compile_long("", "!", 63, "created") &&
	       compile_long("", "!", 64, "created") == -EINVAL &&
	       compile_long("", "(", 1000000, "") == -EINVAL &&
	       !compile_long("path == \"", "x", 4000, "\"") &&
	       compile_long("path == \"", "x", 4096, "\"") == -EINVAL &&
	       !compile_long("uid in (0", ",1", 255, ")") &&
	       compile_long("uid in (0", ",1", 256, ")") == -EINVAL &&
	       compile_long("uid in (0", ",1", 1500, ")") == -EINVAL &&
	       compile_long("uid == 1", " ", 5000, "") == -EINVAL;
}

/*
 * Programs that lie
 */

static struct evring_filter *compiled(const char *expression)
{
	struct evring_filter *filter = NULL;

	if (evring_filter_compile(&filter, type, expression, NULL))
		abort();
	return filter;
}

/* The verdict on a program of which the bytes at @offset are @len bytes of @value */
static int verify_changed(const char *expression, size_t offset, const void *value, size_t len)
{
	struct evring_filter *filter = compiled(expression);
	const struct evring_program *from = evring_filter_program(filter);
	char *copy = malloc(from->len);
	int ret;

	memcpy(copy, from, from->len);
	memcpy(copy + offset, value, len);
	ret = evring_program_verify(copy, from->len, type->version, type->size);
	free(copy);
	evring_filter_free(filter);
	return ret;
}

#define INSN(i)		(sizeof(struct evring_program) + (i) * sizeof(struct evring_insn))
#define CHANGED(expression, c_type, offset, value)				\
	({ const c_type value_ = (value);					\
	   verify_changed(expression, offset, &value_, sizeof(value_)); })
#define HEAD(c_type, member, value)						\
	CHANGED("uid == 0 && path ~ \"x\"", c_type, offsetof(struct evring_program, member), value)
#define FIRST(c_type, member, value)						\
	CHANGED("uid == 0 && path ~ \"x\"", c_type,				\
		INSN(0) + offsetof(struct evring_insn, member), value)
#define SECOND(c_type, member, value)						\
	CHANGED("uid == 0 && path ~ \"x\"", c_type,				\
		INSN(1) + offsetof(struct evring_insn, member), value)

static bool heads_are_checked(void)
{
	return HEAD(uint32_t, magic, EVRING_PROGRAM_MAGIC) == 0 &&
	       HEAD(uint32_t, magic, 1) == -EINVAL && HEAD(uint32_t, len, 8) == -EINVAL &&
	       HEAD(uint32_t, size, 8) == -EINVAL && HEAD(uint32_t, size, 1 << 20) == -EINVAL &&
	       HEAD(uint32_t, version, 1) == -ESTALE &&
	       HEAD(uint32_t, insns.count, 0) == -EINVAL &&
	       HEAD(uint32_t, insns.count, 129) == -E2BIG &&
	       HEAD(uint32_t, insns.count, 128) == -EINVAL &&
	       HEAD(uint32_t, insns.stride, 0) == -EINVAL &&
	       HEAD(uint32_t, insns.stride, 36) == -EINVAL &&
	       HEAD(uint32_t, insns.stride, 0x80000000) == -EINVAL &&
	       HEAD(uint32_t, insns.offset, 0xfffffff8) == -EINVAL &&
	       HEAD(uint32_t, insns.offset, 0) == -EINVAL &&
	       HEAD(uint32_t, insns.offset, sizeof(struct evring_program) + 4) == -EINVAL &&
	       HEAD(uint32_t, insns.reserved, 1) == -EINVAL &&
	       HEAD(uint32_t, pool.count, 4097) == -E2BIG &&
	       HEAD(uint32_t, pool.count, 4096) == -EINVAL &&
	       HEAD(uint32_t, pool.offset, 0xffffffff) == -EINVAL &&
	       HEAD(uint32_t, pool.stride, 2) == -EINVAL &&
	       HEAD(uint32_t, text.count, 0) == -EINVAL &&
	       HEAD(uint32_t, text.count, 4097) == -E2BIG &&
	       HEAD(uint32_t, text.count, 3) == -EINVAL;
}

static bool insns_are_checked(void)
{
	return FIRST(uint8_t, op, EVRING_OP_RANGE) == 0 && FIRST(uint8_t, op, 10) == -EINVAL &&
	       FIRST(uint8_t, op, EVRING_OP_GLOB) == -EINVAL &&
	       FIRST(uint8_t, op, EVRING_OP_RANGES) == -EINVAL &&
	       FIRST(uint8_t, flags, 2) == -EINVAL &&
	       FIRST(uint8_t, flags, EVRING_INSN_HEADER) == -EINVAL &&
	       FIRST(uint16_t, kind, 0) == -EINVAL &&
	       FIRST(uint16_t, kind, EVRING_KIND_TEXT) == -EINVAL &&
	       FIRST(uint16_t, kind, 0x0700) == -EINVAL &&
	       FIRST(uint16_t, kind, EVRING_KIND_VAR | EVRING_KIND_BOOL) == -EINVAL &&
	       FIRST(uint16_t, offset, sizeof(struct sample) - 3) == -EINVAL &&
	       FIRST(uint16_t, offset, 0xffff) == -EINVAL &&
	       FIRST(uint16_t, size, 0) == -EINVAL && FIRST(uint16_t, size, 6) == -EINVAL &&
	       FIRST(uint16_t, size, 0xfffc) == -EINVAL && FIRST(uint16_t, size, 8) == 0 &&
	       FIRST(uint16_t, yes, 0) == -EINVAL && FIRST(uint16_t, yes, 2) == -EINVAL &&
	       FIRST(uint16_t, no, 0) == -EINVAL && FIRST(uint16_t, no, 0xfffd) == -EINVAL &&
	       SECOND(uint16_t, yes, 1) == -EINVAL && SECOND(uint16_t, no, 0) == -EINVAL &&
	       FIRST(uint16_t, count, 1) == -EINVAL && FIRST(uint32_t, pool, 1) == -EINVAL &&
	       FIRST(uint32_t, reserved, 1) == -EINVAL &&
	       SECOND(uint16_t, count, 0) == -EINVAL && SECOND(uint16_t, count, 2) == -EINVAL &&
	       SECOND(uint32_t, pool, 1) == -EINVAL && SECOND(uint32_t, pool, 4) == -EINVAL &&
	       SECOND(uint32_t, pool, 0xffffffff) == -EINVAL &&
	       SECOND(uint64_t, a, 1) == -EINVAL && SECOND(uint64_t, b, 1) == -EINVAL &&
	       SECOND(uint8_t, op, EVRING_OP_NET) == -EINVAL &&
	       SECOND(uint16_t, size, 8) == -EINVAL;
}

static bool pools_are_checked(void)
{
	const size_t ranges = INSN(1), bits = INSN(1);
	const uint16_t longer = 17;

	/* One operand more than there is; a net with a bit behind its prefix; one that is cut */
	return CHANGED("uid in (1, 2)", uint16_t, INSN(0) + offsetof(struct evring_insn, count),
		       3) == -EINVAL &&
	       CHANGED("uid in (1, 2)", uint32_t, INSN(0) + offsetof(struct evring_insn, pool),
		       1) == -EINVAL &&
	       CHANGED("uid in (1, 2)", uint32_t, INSN(0) + offsetof(struct evring_insn, pool),
		       33) == -EINVAL &&
	       CHANGED("uid in (1, 2)", uint64_t, ranges, 77) == 0 &&
	       CHANGED("addr in fe80::/10", uint8_t, bits + 3, 0xa0) == -EINVAL &&
	       CHANGED("addr in fe80::/10", uint8_t, bits + 3, 0x40) == 0 &&
	       verify_changed("addr in fe80::/10", bits, &longer, 2) == -EINVAL &&
	       CHANGED("pid == 1", uint16_t, INSN(0) + offsetof(struct evring_insn, offset),
		       16) == -EINVAL;
}

/* A newer library's: longer parts are fine while they say nothing. */
static bool grown(size_t by, uint8_t tail, int want)
{
	struct evring_filter *filter = compiled("uid == 1000 && path ~ \"/etc/*\"");
	const struct evring_program *from = evring_filter_program(filter);
	struct sample_event e = make_event();
	size_t len = from->len + by * 3, size = sizeof(*from) + by;
	char *copy = calloc(1, len);
	struct evring_program *to = (struct evring_program *)copy;
	uint32_t i;
	int ret;

	*to = *from;
	to->len = (uint32_t)len;
	to->size = (uint32_t)size;
	to->insns.offset = (uint32_t)size;
	to->insns.stride += (uint32_t)by;
	to->pool.offset += (uint32_t)(3 * by);
	to->text.offset += (uint32_t)(3 * by);
	for (i = 0; i < 2; i++)
		memcpy(copy + size + i * to->insns.stride,
		       (const char *)from + from->insns.offset + i * from->insns.stride,
		       sizeof(struct evring_insn));
	memcpy(copy + to->pool.offset, (const char *)from + from->pool.offset,
	       from->pool.count + from->text.count);
	copy[size - 1] = (char)tail;
	ret = evring_program_verify(to, len, type->version, type->size);
	if (!ret)
		ret = evring_program_run(to, &e.rec, &e.fixed, e.len);
	copy[size - 1] = 0;
	if (tail) {
		copy[size + to->insns.stride - 1] = (char)tail;
		ret = ret == evring_program_verify(to, len, type->version, type->size) ? ret : 1000;
	}
	free(copy);
	evring_filter_free(filter);
	return ret == want;
}

/* Work is bounded for any event: one that a filter does not decide is wanted. */
static bool work_is_bounded(void)
{
	static const struct {
		const char *expression;
		int of_long;
	} hard[] = {
		{ "path ~ \"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", 1 },
		{ "path ~ \"*[b-z]*\" || path ~ \"*[a][a][a][a][a][a][a][a]b\"", 1 },
		/* Stars do not multiply: only the last one is tried again. */
		{ "path ~ \"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab\"", 0 },
		{ "path contains \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\" ||"
		  "path contains \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\"", 1 },
	};
	struct sample_event e = make_event();
	static char text[8000];
	bool good = true;
	size_t i;

	memset(text, 'a', sizeof(text));
	sample_put(&e, &e.fixed.path, text, sizeof(text));
	for (i = 0; i < sizeof(hard) / sizeof(*hard); i++)
		good = good && match(&e, hard[i].expression) == hard[i].of_long;
	/* But of a short text it can be. */
	e.fixed.path.len = 200;
	for (i = 0; i < sizeof(hard) / sizeof(*hard); i++)
		good = good && match(&e, hard[i].expression) == 0;
	return good;
}

/* Each instruction of the longest program, each byte of the longest pool */
static bool most_is_bounded(void)
{
	struct evring_program *program = calloc(1, EVRING_PROGRAM_MAX);
	struct evring_insn *insn = (struct evring_insn *)(program + 1);
	const uint32_t pool = sizeof(*program) + EVRING_INSNS_MAX * sizeof(*insn);
	struct sample_event e = make_event();
	enum evring_verdict verdict = EVRING_WANTED;
	int i, ret;

	*program = (struct evring_program){
		.magic = EVRING_PROGRAM_MAGIC, .len = EVRING_PROGRAM_MAX, .size = sizeof(*program),
		.version = type->version, .insns = { sizeof(*program), sizeof(*insn), 128, 0 },
		.pool = { pool, 1, 4096, 0 }, .text = { pool + 4096, 1, 1, 0 },
	};
	for (i = 0; i < EVRING_INSNS_MAX; i++)
		insn[i] = (struct evring_insn){
			.op = EVRING_OP_EQUAL, .kind = EVRING_KIND_TEXTS, .size = 4,
			.offset = offsetof(struct sample, argv), .yes = EVRING_INSN_ACCEPT,
			.no = (uint16_t)(i + 1 < EVRING_INSNS_MAX ? i + 1 : EVRING_INSN_REJECT),
			.element = EVRING_ELEMENT_ANY, .count = 2048,
		};
	e.fixed.argv = (struct evring_str){ .offset = sizeof(e.fixed), .len = 8000 };
	e.len = sizeof(e.fixed) + SAMPLE_TAIL;
	memset(e.tail, 0, sizeof(e.tail));
	/* An operand of no bytes matches each element here: that ends it at once. */
	ret = evring_program_verify(program, program->len, type->version, type->size);
	if (!ret)
		verdict = evring_program_run(program, &e.rec, &e.fixed, e.len);
	ret = ret || verdict != EVRING_WANTED;
	memset(e.tail, 'x', sizeof(e.tail));
	for (i = 1; i < SAMPLE_TAIL; i += 2)
		e.tail[i] = '\0';
	verdict = evring_program_run(program, &e.rec, &e.fixed, e.len);
	free(program);
	return !ret && verdict == EVRING_UNDECIDED;
}

/* An empty text is compared with each operand, too, and no byte of it is read. */
static bool empty_texts_take_steps(const char *operator)
{
	struct sample_event e = make_event();
	struct evring_filter *filter = NULL;
	enum evring_verdict verdict;
	char text[1024];
	int i, n;

	n = snprintf(text, sizeof(text), "argv %s (\"a*b\"", operator);
	for (i = 0; i < 63; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ", \"%02d**\"", i);
	snprintf(text + n, sizeof(text) - (size_t)n, ")");
	e.fixed.argv = (struct evring_str){ .offset = sizeof(e.fixed), .len = 4000 };
	e.len = sizeof(e.fixed) + SAMPLE_TAIL;
	memset(e.tail, 0, sizeof(e.tail));
	if (evring_filter_compile(&filter, type, text, NULL))
		return false;
	verdict = evring_program_run(evring_filter_program(filter), &e.rec, &e.fixed, e.len);
	evring_filter_free(filter);
	return verdict == EVRING_UNDECIDED;
}

/* Steps that one owner's filter took of an event are not there for another owner's. */
static bool steps_are_shared(void)
{
	struct sample_event e = make_event();
	const struct evring_program *program;
	struct evring_filter *filter = NULL;
	int steps = EVRING_PROGRAM_STEPS, took;
	static char text[4000];
	bool good;

	memset(text, 'z', sizeof(text));
	sample_put(&e, &e.fixed.path, text, sizeof(text));
	if (evring_filter_compile(&filter, type, "path ~ \"*y\"", NULL))
		return false;
	program = evring_filter_program(filter);
	good = evring_program_spend(program, &e.rec, &e.fixed, e.len, &steps) == EVRING_UNWANTED;
	took = EVRING_PROGRAM_STEPS - steps;
	steps = took + took / 2;
	good = good && took > 100 &&
	       evring_program_spend(program, &e.rec, &e.fixed, e.len, &steps) == EVRING_UNWANTED &&
	       evring_program_spend(program, &e.rec, &e.fixed, e.len, &steps) == EVRING_UNDECIDED;
	evring_filter_free(filter);
	return good;
}

int main(void)
{
	type = sample_type();
	ok(all_say(so, sizeof(so) / sizeof(*so), 1), "right expressions match");
	ok(all_say(not_so, sizeof(not_so) / sizeof(*not_so), 0), "wrong ones do not");
	ok(absent_is_nothing(), "a field outside of the payload is 0 or empty");
	ok(errors_are_told(), "an error has its place, and what is allowed");
	ok(size_is_bounded(), "an expression is bounded: terms, depth, texts, lists");
	ok(heads_are_checked(), "a program's head is looked at");
	ok(insns_are_checked(), "a program's instructions are looked at");
	ok(pools_are_checked(), "a program's operands are looked at");
	ok(grown(8, 0, EVRING_WANTED), "a program with longer parts is taken");
	ok(grown(8, 1, -E2BIG), "but not where they say something");
	ok(work_is_bounded(), "work is bounded for any event");
	ok(most_is_bounded(), "work is bounded for any program");
	ok(empty_texts_take_steps("contains") && empty_texts_take_steps("~"),
	   "empty texts take steps, each with each operand");
	ok(steps_are_shared(), "the programs of several owners share the steps of an event");
	evring_type_free(type);
	return tap_end();
}
