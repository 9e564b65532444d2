/* SPDX-License-Identifier: MIT */
/*
 * evring tail's lines: the fields of the short form, names, its width, and that nothing of an
 * event reaches the terminal as it is. Users who are not in /etc/passwd have the names of
 * this file's getpwuid_r(), which can be slow.
 */
#include "../harness/tap.h"

#include "internal.h"
#include "line.h"
#include "user.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/*
 * Users
 */

/* Nobody gives such numbers to a user of the host. */
#define ANN	2147400001	/* has a name */
#define NOBODY	2147400002	/* has none */
#define ODD	2147400003	/* has one with an escape sequence */
#define SLOW	2147400004	/* the answer comes when the test lets it */
#define OTHER	2147400005	/* is not in the file, either */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static unsigned int lookups;

int getpwuid_r(uid_t uid, struct passwd *entry, char *buf, size_t size, struct passwd **found)
{
	const char *name = uid == ANN ? "ann" : uid == SLOW ? "slow" :
			   uid == ODD ? "o\033[31m" : NULL;

	__atomic_add_fetch(&lookups, 1, __ATOMIC_SEQ_CST);
	*found = NULL;
	if (size < 4096)	/* as of an entry that is long */
		return ERANGE;
	if (uid == SLOW) {
		pthread_mutex_lock(&gate);
		pthread_mutex_unlock(&gate);
	}
	if (!name)
		return 0;
	strcpy(buf, name);
	entry->pw_name = buf;
	*found = entry;
	return 0;
}

/* On a slow machine an answer can take longer than it is waited for; it comes, though. */
static void until_named(uint32_t uid, const char *expected)
{
	char name[USER_NAME_MAX];

	do {
		user_name(uid, name);
	} while (strcmp(name, expected));
}

/*
 * Events
 */

/* The payload of all types here: the common part, then a test's own */
struct payload {
	struct evring_common common;
	uint32_t a, b;
	int32_t result;
	uint16_t port, fill;
	uint8_t address[16];
	struct evring_str text, texts;
	char tail[400];
};

#define AT(_member)	offsetof(struct payload, _member)
#define COMMON(_name, _kind, _member, _size) \
	{ .name = _name, .kind = _kind, .offset = AT(common._member), .size = _size }
#define FIELD(_name, _kind, _format, _member, _size) \
	{ .name = _name, .kind = _kind, .format = _format, .offset = AT(_member), .size = _size }
#define NUMBER(_name, _format, _member) \
	FIELD(_name, EVRING_KIND_U32, EVRING_FORMAT_##_format, _member, 4)

static struct evring ev;
static struct payload payload;
static struct evring_rec rec;
static char *buf;

static const struct evring_value kinds[] = {
	{ 0, "free", "" }, { 1, "paid", "" }, { 2, "\033[31mred", "" },
};

static const struct evring_field exec_fields[] = {
	COMMON("uid", EVRING_KIND_U32, uid, 4),
	COMMON("comm", EVRING_KIND_CHARS, comm, 16),
	NUMBER("ppid", PID, a),
	NUMBER("flags", HEX, b),
	FIELD("path", EVRING_KIND_TEXT, EVRING_FORMAT_PATH, text, 4),
	FIELD("argv", EVRING_KIND_TEXTS, 0, texts, 4),
	FIELD("result", EVRING_KIND_S32, EVRING_FORMAT_ERRNO, result, 4),
};

static const struct evring_field net_fields[] = {
	COMMON("uid", EVRING_KIND_U32, uid, 4),
	COMMON("comm", EVRING_KIND_CHARS, comm, 16),
	FIELD("remote_port", EVRING_KIND_U16, EVRING_FORMAT_PORT, port, 2),
	FIELD("remote_address", EVRING_KIND_FIXED, EVRING_FORMAT_IP, address, 16),
	NUMBER("peer_pid", PID, a),
	NUMBER("peer_uid", UID, b),
};

static const struct evring_field user_fields[] = {
	COMMON("uid", EVRING_KIND_U32, uid, 4),
	COMMON("comm", EVRING_KIND_CHARS, comm, 16),
	NUMBER("old_uid", UID, a),
	NUMBER("new_uid", UID, b),
	FIELD("signal", EVRING_KIND_S32, EVRING_FORMAT_SIGNAL, result, 4),
};

static const struct evring_field app_fields[] = {
	COMMON("uid", EVRING_KIND_U32, uid, 4),
	COMMON("comm", EVRING_KIND_CHARS, comm, 16),
	NUMBER("user_id", NONE, a),
	FIELD("email", EVRING_KIND_TEXT, 0, text, 4),
	{ .name = "plan", .kind = EVRING_KIND_U32, .format = EVRING_FORMAT_ENUM,
	  .offset = AT(b), .size = 4, .values = kinds, .nr_values = 3 },
};

static struct evring_type *type_of(const char *name, const struct evring_field *fields,
				   unsigned int nr, uint32_t flags)
{
	const struct evring_type like = {
		.id = 7, .version = 1, .size = AT(tail), .common_size = sizeof(struct evring_common),
		.name = name, .fields = fields, .nr_fields = nr, .doc = "",
	};
	struct evring_type *type;

	if (evring_type_build(&type, &like)) {
		printf("Bail out! %s cannot be a type\n", name);
		exit(1);
	}
	type->flags = flags;
	return type;
}

#define HOOK(_name, _fields) \
	type_of(_name, _fields, sizeof(_fields) / sizeof(*(_fields)), EVRING_TYPE_F_HOOK)
#define APP(_name, _fields) \
	type_of(_name, _fields, sizeof(_fields) / sizeof(*(_fields)), EVRING_TYPE_F_APP)

static void begin(void)
{
	memset(&payload, 0, sizeof(payload));
	rec = (struct evring_rec){ .type = 7, .pid = 42, .tid = 42 };
	payload.common.uid = ANN;
	strcpy(payload.common.comm, "bash");
}

/* The bytes of a text, or of texts with NULs between, go to the tail: @at of it. */
static void put(struct evring_str *str, unsigned int at, const char *bytes, size_t len)
{
	memcpy(payload.tail + at, bytes, len);
	*str = (struct evring_str){ .offset = (uint16_t)(AT(tail) + at), .len = (uint16_t)len };
}

#define TEXT(_member, _at, _bytes)	put(&payload._member, _at, _bytes, sizeof(_bytes) - 1)

/* The line, without its end; valid until the next one. Frees the type. */
static const char *print_with(struct line *line, struct evring_type *type, size_t len)
{
	struct evring_event event = {
		.rec = &rec, .payload = &payload, .payload_len = (uint32_t)len, .type = type,
		.cpu = 1,
	};
	size_t n;

	free(buf);
	line->out = open_memstream(&buf, &n);
	line_print(line, &ev, &event);
	fclose(line->out);
	CHECK(n && buf[n - 1] == '\n' && strlen(buf) == n);
	if (n)
		buf[n - 1] = '\0';
	evring_type_free(type);
	return buf;
}

static const char *print(struct evring_type *type, unsigned int columns)
{
	struct line line = { .columns = columns };

	return print_with(&line, type, sizeof(payload));
}

static void expect(const char *line, const char *expected)
{
	check(!strcmp(line, expected), "got      %s", line);
	check(!strcmp(line, expected), "expected %s", expected);
}

/*
 * Tests
 */

static void test_whole(void)
{
	begin();
	payload.a = 41;
	TEXT(text, 0, "/bin/ls");
	TEXT(texts, 20, "ls\0-l\0a b");
	expect(print(HOOK("process.exec", exec_fields), 80),
	       "22:13:20.123 process.exec bash[42] ann path=/bin/ls argv=[ls -l 'a b'] ppid=41");
	rec.flags = EVRING_REC_HARDIRQ;
	expect(print(HOOK("process.exec", exec_fields), 0),
	       "22:13:20.123 process.exec bash[42] ann context=hardirq path=/bin/ls "
	       "argv=[ls -l 'a b'] ppid=41");
}

static void test_failure(void)
{
	begin();
	payload.result = -EACCES;
	payload.b = 0x10;
	TEXT(text, 0, "/etc/shadow");
	expect(print(HOOK("file.open", exec_fields), 0),
	       "22:13:20.123 file.open bash[42] ann result=EACCES path=/etc/shadow flags=0x10");
	payload.result = -4000;
	expect(print(HOOK("file.open", exec_fields), 0),
	       "22:13:20.123 file.open bash[42] ann result=-4000 path=/etc/shadow flags=0x10");
	payload.result = 3;
	expect(print(HOOK("file.open", exec_fields), 0),
	       "22:13:20.123 file.open bash[42] ann result=3 path=/etc/shadow flags=0x10");
}

static void test_net(void)
{
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 192, 0, 2, 7 }, v6[16] = { [15] = 1 };

	begin();
	payload.port = 443;
	memcpy(payload.address, v4, 16);
	expect(print(HOOK("net.connect", net_fields), 0),
	       "22:13:20.123 net.connect bash[42] ann remote_address=192.0.2.7:443");
	memcpy(payload.address, v6, 16);
	expect(print(HOOK("net.connect", net_fields), 0),
	       "22:13:20.123 net.connect bash[42] ann remote_address=[::1]:443");
	memset(payload.address, 0, 16);
	payload.a = 9;
	expect(print(HOOK("net.connect", net_fields), 0),
	       "22:13:20.123 net.connect bash[42] ann remote_port=443 peer_pid=9 peer_uid=root");
}

static void test_users(void)
{
	begin();
	payload.a = ANN;
	payload.b = 0;
	payload.result = 11;
	expect(print(HOOK("process.cred", user_fields), 0),
	       "22:13:20.123 process.cred bash[42] ann old_uid=ann new_uid=root signal=SIGSEGV");
	payload.common.uid = NOBODY;
	payload.a = UINT32_MAX;
	payload.result = 0;
	expect(print(HOOK("process.cred", user_fields), 0),
	       "22:13:20.123 process.cred bash[42] 2147400002 new_uid=root");
	payload.common.uid = ODD;
	expect(print(HOOK("process.cred", user_fields), 0),
	       "22:13:20.123 process.cred bash[42] $'o\\x1b[31m' new_uid=root");
}

static void test_app(void)
{
	begin();
	payload.a = 7;
	TEXT(text, 0, "a@b.c");
	expect(print(APP("user.registered", app_fields), 0),
	       "22:13:20.123 user.registered bash[42] ann user_id=7 email=a@b.c plan=free");
	payload.b = 2;
	expect(print(APP("user.registered", app_fields), 0),
	       "22:13:20.123 user.registered bash[42] ann user_id=7 email=a@b.c plan=$'\\x1b[31mred'");
}

static void test_unknown(void)
{
	struct line line = { 0 };

	begin();
	memcpy(&payload, "\1\xff", 2);
	expect(print_with(&line, NULL, 2), "22:13:20.123 unknown:7 [42] payload=01ff");
}

static void test_outside(void)
{
	struct line line = { 0 };

	begin();
	TEXT(text, 0, "x");
	payload.text.len = 4000;
	expect(print_with(&line, APP("user.registered", app_fields), sizeof(payload)),
	       "22:13:20.123 user.registered bash[42] ann email=? plan=free");
	expect(print_with(&line, APP("user.registered", app_fields), AT(a)),
	       "22:13:20.123 user.registered bash[42] ann user_id=? email=? plan=?");
}

static void test_escapes(void)
{
	begin();
	memcpy(payload.common.comm, "\033[2J\377", 5);
	TEXT(text, 0, "/tmp/\033]0;owned\a\302\233\342\200\256\n");
	expect(print(HOOK("process.exec", exec_fields), 0),
	       "22:13:20.123 process.exec $'\\x1b[2J\\xff'[42] ann "
	       "path=$'/tmp/\\x1b]0;owned\\a\\xc2\\x9b\\xe2\\x80\\xae\\n'");
}

/* Columns of a line that a terminal shows, colours left out */
static int width_of(const char *s)
{
	wchar_t wide[1024];
	size_t n = mbstowcs(wide, s, 1024);
	int columns = 0;

	for (size_t i = 0; i < n && n != (size_t)-1; i++) {
		while (wide[i] == L'\033')
			i += wcscspn(wide + i, L"m") + 1;
		columns += i < n ? wcwidth(wide[i]) : 0;
	}
	return n == (size_t)-1 ? -1 : columns;
}

#define WIDE	"\346\226\207"		/* takes two columns */
#define MARK	"e\314\201"		/* an accent of its own takes none */
#define TEN(_s)	_s _s _s _s _s _s _s _s _s _s

static void test_cut(void)
{
	const char *line;

	begin();
	TEXT(text, 0, "/" TEN("0123456789"));
	line = print(HOOK("process.exec", exec_fields), 80);
	expect(line, "22:13:20.123 process.exec bash[42] ann "
	       "path=/0123456789012345678901234567890123\342\200\246");
	CHECK(width_of(line) == 80);
	for (unsigned int columns = 1; columns < 150; columns++) {
		line = print(HOOK("process.exec", exec_fields), columns);
		check(width_of(line) == (int)(columns < 145 ? columns : 145), "%u: %s", columns, line);
		check(!!strstr(line, "\342\200\246") == (columns < 145), "%u: %s", columns, line);
	}
}

static void test_cut_wide(void)
{
	const char *line;

	begin();
	TEXT(text, 0, TEN(WIDE));
	expect(print(HOOK("process.exec", exec_fields), 64),
	       "22:13:20.123 process.exec bash[42] ann path=" TEN(WIDE));
	for (unsigned int columns = 45; columns < 64; columns++) {
		line = print(HOOK("process.exec", exec_fields), columns);
		check(width_of(line) == (int)(columns - (columns % 2 == 0)), "%u: %s", columns, line);
	}
	TEXT(text, 0, TEN(MARK));
	expect(print(HOOK("process.exec", exec_fields), 54),
	       "22:13:20.123 process.exec bash[42] ann path=" TEN(MARK));
}

static void test_cut_colour(void)
{
	struct line line = { .colour = true, .columns = 20 };

	begin();
	TEXT(text, 0, "/x");
	expect(print_with(&line, HOOK("process.exec", exec_fields), sizeof(payload)),
	       "22:13:20.123 \033[1mproces\033[0m\342\200\246");
	line.columns = 80;
	expect(print_with(&line, HOOK("process.exec", exec_fields), sizeof(payload)),
	       "22:13:20.123 \033[1mprocess.exec\033[0m bash[42] ann path=/x");
}

static void test_long(void)
{
	struct line line = { .is_long = true, .columns = 40 };

	begin();
	payload.result = -EACCES;
	TEXT(text, 0, "/usr/bin/ls");
	expect(print_with(&line, HOOK("process.exec", exec_fields), sizeof(payload)),
	       "2023-11-14 22:13:20.123456  process.exec  cpu=1 pid=42 comm=bash  ppid=0 flags=0 "
	       "path=/usr/bin/ls argv=[] result=EACCES uid=2147400001");
}

static void test_slow(void)
{
	char name[USER_NAME_MAX];
	unsigned int before;
	bool kept = false;

	pthread_mutex_lock(&gate);
	user_name(SLOW, name);
	expect(name, "2147400004");
	user_name(ANN, name);		/* is kept from earlier */
	expect(name, "ann");
	user_name(OTHER, name);		/* cannot be asked for meanwhile */
	expect(name, "2147400005");
	user_name(0, name);		/* is in the file */
	expect(name, "root");
	pthread_mutex_unlock(&gate);
	until_named(SLOW, "slow");
	/* For a minute, which may just have passed on a slow machine */
	for (unsigned int i = 0; i < 100 && !kept; i++) {
		before = __atomic_load_n(&lookups, __ATOMIC_SEQ_CST);
		user_name(SLOW, name);
		kept = before == __atomic_load_n(&lookups, __ATOMIC_SEQ_CST);
	}
	CHECK(kept);
}

/* Numbers that differ in their high bits share a place. */
static void test_places(void)
{
	char name[USER_NAME_MAX];

	for (unsigned int i = 1; i < 300; i++) {
		user_name(ANN + 256 * i, name);
		check(strtoul(name, NULL, 10) == ANN + 256 * i, "%s", name);
	}
	until_named(ANN, "ann");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		printf("Bail out! no locale C.UTF-8\n");
		return 1;
	}
	ev.clock.now.mult = 1;
	ev.clock.now.wall_ns = 1700000000123456789;
	until_named(ANN, "ann");
	until_named(ODD, "o\033[31m");
	test_case(test_whole, "time, type, task, user, and fields: texts first, no empty ones");
	test_case(test_failure, "an error is first, and by its name");
	test_case(test_net, "an address has its port behind it");
	test_case(test_users, "users and signals by their names, the number if there is none");
	test_case(test_app, "an application's fields stay in its order, its names are quoted");
	test_case(test_unknown, "an event of an unknown type");
	test_case(test_outside, "a field that is not within its record is no empty one");
	test_case(test_escapes, "nothing of a name or a path reaches the terminal as it is");
	test_case(test_cut, "a line is cut where the terminal ends");
	test_case(test_cut_wide, "columns are counted, not bytes");
	test_case(test_cut_colour, "colours take no columns, and a cut one ends");
	test_case(test_long, "the long form has all, and is not cut");
	test_case(test_slow, "a name service that hangs keeps no line waiting");
	test_case(test_places, "answers of different users are not mixed up");
	free(buf);
	return tap_end();
}
