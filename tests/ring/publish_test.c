/* SPDX-License-Identifier: MIT */
/*
 * Applications publish: the module and libevring, both in this process, each test
 * with a module of its own in a child. What is written is read back and compared,
 * to the byte; a refused event leaves no trace.
 *
 *	publish_test [SEED]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../harness/block.h"
#include "../harness/pages.h"
#include "../harness/tap.h"
#include "internal.h"
#include "sim.h"

#define APP		(1u << LANE_APP)
#define COMMON		((uint32_t)sizeof(struct evring_common))
#define SEGMENT		4096u
#define RING		(4 * SEGMENT)
#define ALICE		1000u
#define BOB		1001u

/* ASan's, whose header not every compiler brings */
size_t __sanitizer_get_current_allocated_bytes(void);

static uint64_t seed;

/* An event of these tests: as an application writes it, and as it is read */
struct registered {
	uint64_t user_id;
	struct evring_str email;
	uint32_t plan;
};

static const struct evring_value plans[] = { { 1, "free", "" }, { 2, "paid", "" } };

static const struct evring_field fields[] = {
	{ .name = "user_id", .kind = EVRING_KIND_U64, .offset = 0, .size = 8 },
	{ .name = "email", .kind = EVRING_KIND_TEXT, .offset = 8, .size = 4 },
	{ .name = "plan", .kind = EVRING_KIND_U32, .format = EVRING_FORMAT_ENUM, .offset = 12,
	  .size = 4, .values = plans, .nr_values = 2 },
};

static const struct evring_type user_registered = {
	.name = "user.registered", .doc = "somebody has come", .version = 1,
	.size = sizeof(struct registered), .fields = fields, .nr_fields = 3,
};

/* One event as a program would fill it */
struct filled {
	struct registered fixed;
	char tail[64];
};

static struct filled fill(uint64_t id, const char *email)
{
	struct filled f = { .fixed.user_id = id, .fixed.plan = 1 };

	f.fixed.email.offset = sizeof(f.fixed);
	f.fixed.email.len = (uint16_t)strlen(email);
	memcpy(f.tail, email, strlen(email));
	return f;
}

static size_t filled_len(const struct filled *f)
{
	return sizeof(f->fixed) + f->fixed.email.len;
}

static struct evring_publisher *publisher(int flags)
{
	struct evring_publisher *pub = NULL;

	if (!CHECK(!evring_publisher_open(&pub, NULL, flags)))
		exit(1);
	return pub;
}

static const struct evring_type *registered(struct evring_publisher *pub, uint32_t flags)
{
	const struct evring_type *type = NULL;

	if (!CHECK(!evring_type_register(pub, &user_registered, flags, &type)))
		exit(1);
	return type;
}

static struct evring *session(void)
{
	struct evring *ev = NULL;

	if (!CHECK(!evring_open(&ev, NULL)))
		exit(1);
	return ev;
}

static struct evring *tap(void)
{
	struct evring *ev = session();

	CHECK(!evring_tap(ev, APP, EVRING_EARLIEST));
	return ev;
}

static struct evring *holder(const char *name)
{
	const struct evring_group group = {
		.name = name, .lanes = APP, .policy = EVRING_HOLD, .start = EVRING_EARLIEST,
	};
	struct evring *ev = session();

	CHECK(!evring_join(ev, &group));
	return ev;
}

/* The next event is this one, by ALICE, whole. */
static bool is_next(struct evring *ev, uint64_t id, const char *email)
{
	const struct evring_common *common;
	const struct registered *e;
	struct evring_event event;

	if (!CHECK(evring_next(ev, &event) == 1) || !CHECK(event.type) ||
	    !CHECK(!strcmp(event.type->name, "user.registered")))
		return false;
	common = event.payload;
	e = (const void *)(common + 1);
	return CHECK(event.payload_len == COMMON + sizeof(*e) + strlen(email)) &&
	       CHECK(common->uid == ALICE && !strcmp(common->comm, "sim")) &&
	       CHECK(e->user_id == id && e->plan == 1 && e->email.len == strlen(email)) &&
	       CHECK(e->email.offset == (strlen(email) ? COMMON + sizeof(*e) : 0)) &&
	       CHECK(!memcmp((const char *)event.payload + e->email.offset, email, strlen(email)) ||
		     !strlen(email));
}

static bool is_empty(struct evring *ev)
{
	struct evring_event event;

	return evring_next(ev, &event) == 0;
}

/* write()'s result for one event with this header and payload */
static ssize_t write_raw(int fd, struct evring_pub head, const void *payload, size_t len)
{
	static const uint64_t zero;
	struct iovec iov[] = {
		{ &head, sizeof(head) }, { (void *)payload, len }, { (void *)&zero, -len % 8 },
	};
	ssize_t ret = writev(fd, iov, 3);

	return ret < 0 ? -errno : ret;
}

static struct evring_pub head_of(const struct evring_type *type, size_t len)
{
	return (struct evring_pub){
		.len = (uint32_t)(sizeof(struct evring_pub) + len),
		.type = (uint16_t)type->id, .generation = type->generation,
	};
}

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

/* Attempts and losses on the rings of lane app */
static void counts(uint64_t *attempts, uint64_t *lost)
{
	struct evring *ev = session();
	uint64_t copy[PAGE_ROOM / 8];
	struct evring_ring_page page;
	unsigned int cpu, cause;
	uint64_t one;

	*attempts = 0;
	*lost = 0;
	for (cpu = 0; cpu < 2; cpu++) {
		CHECK(evring_ring_read(ev, LANE_APP, cpu, copy, sizeof(copy)) > 0);
		evring_page_get(copy, sizeof(copy), &page, sizeof(page));
		*attempts += page.seq;
		for (cause = 0; evring_table_get(copy, sizeof(copy), &page.lost, cause, &one, 8);
		     cause++)
			*lost += one;
	}
	evring_close(ev);
}

/*
 * The tests
 */

static void opens(void)
{
	struct evring_publisher *pub = publisher(0);
	struct evring_meta_read meta = { 0 };
	struct evring_arm arm = { .lanes = APP };
	struct evring_describe info = { .id = EVRING_TYPE_LOST };
	struct evring_unregister unreg = { 0 };
	struct evring_register reg = { 0 };
	struct evring *ev = session();
	int fd = evring_publisher_fd(pub);

	CHECK(!evring_lacks(ev, EVRING_FEATURE_PUBLISH));
	CHECK(open(EVRING_PUBLISH_DEVICE, O_RDONLY) < 0 && errno == EACCES);
	CHECK(open(EVRING_PUBLISH_DEVICE, O_RDWR) < 0 && errno == EACCES);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
	CHECK(call(fd, EVRING_IOC_META, &meta) == -EACCES);
	CHECK(call(fd, EVRING_IOC_ARM, &arm) == -EACCES && call(fd, EVRING_IOC_LEAVE, NULL) == -EACCES);
	CHECK(call(fd, EVRING_IOC_DESCRIBE, &info) == -EPERM);
	info.id = 9999;
	CHECK(call(fd, EVRING_IOC_DESCRIBE, &info) == -ENOENT);
	CHECK(call(evring_fd(ev), EVRING_IOC_REGISTER, &reg) == -EACCES);
	CHECK(call(evring_fd(ev), EVRING_IOC_UNREGISTER, &unreg) == -EACCES);
	CHECK(write(evring_fd(ev), &reg, sizeof(reg)) < 0 && errno == EBADF);
	CHECK(sim_poll(fd) == (EPOLLOUT | EPOLLWRNORM));
	evring_close(ev);
	evring_publisher_close(pub);
	evring_publisher_close(NULL);
	CHECK(evring_publisher_open(&pub, NULL, O_APPEND) == -EINVAL);
	CHECK(evring_publisher_open(&pub, "/no/such/device", 0) == -ENOENT);
}

static void describes(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0), *found = NULL;
	struct evring *ev = session();
	const struct evring_field *plan = evring_field(type, "plan");

	CHECK(type->common_size == COMMON && type->size == COMMON + sizeof(struct registered));
	CHECK(type->flags == EVRING_TYPE_F_APP && type->uid == ALICE && type->lane == LANE_APP);
	CHECK(plan && plan->offset == COMMON + 12 && plan->nr_values == 2);
	CHECK(plan && !strcmp(plan->values[1].name, "paid"));
	CHECK(evring_field(type, "uid") && evring_field(type, "comm"));
	CHECK(!evring_publisher_type(pub, "user.registered", &found) && found->id == type->id);
	CHECK(evring_publisher_type(pub, "user.gone", &found) == -ENOENT);
	/* A reader sees it too, until its publisher is gone; then that it is gone. */
	found = evring_type(ev, type->id);
	CHECK(found && !strcmp(found->name, type->name) && found->flags == EVRING_TYPE_F_APP);
	evring_publisher_close(pub);
	CHECK(evring_types(ev) > 0 && evring_type(ev, found->id)->flags & EVRING_TYPE_F_GONE);
	evring_close(ev);
}

/* A program may look its type up before each event. */
static void looked_up_again(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0), *found = NULL;
	size_t before = __sanitizer_get_current_allocated_bytes(), after;
	bool same = true;
	unsigned int i;

	for (i = 0; i < 10000; i++)
		same = same && !evring_publisher_type(pub, "user.registered", &found) &&
		       found == type;
	after = __sanitizer_get_current_allocated_bytes();
	CHECK(same);
	/* The other types that there are, once */
	CHECK(after < before + 100000);
	evring_publisher_close(pub);
}

static void publishes(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0);
	static const char *const emails[] = { "", "a@b.c", "somebody@example.org" };
	struct evring *ev = tap();
	struct filled f[3];
	struct evring_out out[3];
	char buf[512];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		f[i] = fill(i, emails[i]);
		out[i] = (struct evring_out){ type, &f[i], filled_len(&f[i]) };
		CHECK(!evring_publish(pub, type, &f[i], filled_len(&f[i])));
		len += evring_pub_put(buf + len, sizeof(buf) - len, type, &f[i], filled_len(&f[i]));
	}
	CHECK(evring_publish_many(pub, out, 3) == 3 && !evring_publish_many(pub, out, 0));
	CHECK(write(evring_publisher_fd(pub), buf, len) == (ssize_t)len);
	CHECK(!write(evring_publisher_fd(pub), buf, 0));
	for (i = 0; i < 9; i++)
		is_next(ev, i % 3, emails[i % 3]);
	CHECK(is_empty(ev));
	CHECK(!evring_pub_put(buf, 23, type, &f[0], 16) && !evring_pub_put(buf, 15, type, NULL, 0));
	evring_close(ev);
	evring_publisher_close(pub);
}

/* Vectors end anywhere: in headers, in payloads, in the padding; and some are empty. */
static void vectors(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0);
	struct evring *ev = tap();
	struct iovec iov[64];
	char buf[1024];
	size_t len, done, n;
	struct filled f;
	unsigned int i, nr, round;

	for (round = 0; round < 200; round++) {
		for (i = 0, len = 0; i < 8; i++) {
			f = fill(i, &"abcdefgh"[i]);
			len += evring_pub_put(buf + len, sizeof(buf) - len, type, &f, filled_len(&f));
		}
		for (nr = 0, done = 0; done < len; nr++, done += n) {
			n = (size_t)rand() % 40;
			n = nr == 63 || n > len - done ? len - done : n;
			iov[nr] = (struct iovec){ buf + done, n };
		}
		CHECK(writev(evring_publisher_fd(pub), iov, (int)nr) == (ssize_t)len);
		for (i = 0; i < 8; i++)
			if (!is_next(ev, i, &"abcdefgh"[i]))
				return;
	}
	CHECK(is_empty(ev));
	evring_close(ev);
	evring_publisher_close(pub);
}

/* A batch with a bad event in it: those before it are published, it and those behind are not. */
static void short_writes(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0);
	struct evring *ev = tap();
	size_t len, before;
	struct filled f;
	char buf[1024];
	unsigned int bad, i;

	for (bad = 0; bad < 5; bad++) {
		for (i = 0, len = 0, before = 0; i < 5; i++) {
			f = fill(i, "a@b.c");
			f.fixed.email.len += i == bad ? 100 : 0;
			before = i == bad ? len : before;
			len += evring_pub_put(buf + len, sizeof(buf) - len, type, &f,
					      sizeof(f.fixed) + 5);
		}
		errno = 0;
		CHECK(write(evring_publisher_fd(pub), buf, len) ==
		      (bad ? (ssize_t)before : -1) && (bad || errno == EINVAL));
		CHECK(write(evring_publisher_fd(pub), buf + before, len - before) < 0);
		for (i = 0; i < bad; i++)
			is_next(ev, i, "a@b.c");
		CHECK(is_empty(ev));
	}
	evring_close(ev);
	evring_publisher_close(pub);
}

static void forged_headers(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0);
	int fd = evring_publisher_fd(pub);
	const struct filled f = fill(7, "a@b.cde");
	const size_t len = filled_len(&f);	/* 23: there is a byte of padding */
	struct evring_pub head;
	uint64_t attempts, lost, before;
	struct evring *ev = tap();
	static char big[65536];
	char buf[64];

	counts(&before, &lost);
#define FORGE(member, value, expected) do {					\
	head = head_of(type, len);						\
	head.member = value;							\
	CHECK(write_raw(fd, head, &f, len) == (expected));			\
} while (0)
	FORGE(flags, 1, -EINVAL);
	FORGE(reserved, 1, -EINVAL);
	FORGE(len, 0, -EINVAL);
	FORGE(len, sizeof(head) - 1, -EINVAL);
	FORGE(len, sizeof(head), -EINVAL);
	FORGE(len, sizeof(head) + sizeof(f.fixed) - 1, -EINVAL);
	FORGE(len, head.len + 8, -EINVAL);
	FORGE(len, ~0u, -EMSGSIZE);
	FORGE(len, ~0u - 7, -EMSGSIZE);
	FORGE(generation, 1, -ESTALE);
	FORGE(type, 999, -ENOENT);
	FORGE(type, 65535, -ENOENT);
	FORGE(type, EVRING_TYPE_PAD, -EPERM);
	FORGE(type, EVRING_TYPE_DISCARD, -EPERM);
	FORGE(type, EVRING_TYPE_LOST, -EPERM);
	FORGE(type, EVRING_TYPE_FIRST, -EPERM);		/* sim.critical */
	CHECK(write(fd, &head, 8) < 0 && errno == EINVAL);
	CHECK(write(fd, &head, sizeof(head)) < 0 && errno == EINVAL);
	/* The padding is 0, and it is there. */
	evring_pub_put(buf, sizeof(buf), type, &f, len);
	CHECK(write(fd, buf, 39) < 0 && errno == EINVAL);
	buf[39] = 1;
	CHECK(write(fd, buf, 40) < 0 && errno == EINVAL);
	/* The longest payload, and a byte more */
	head = head_of(type, SEGMENT / 2 - sizeof(struct evring_rec) - COMMON);
	CHECK(write_raw(fd, head, big, head.len - sizeof(head)) == (ssize_t)head.len);
	head.len++;
	CHECK(write_raw(fd, head, big, head.len - sizeof(head)) == -EMSGSIZE);
	counts(&attempts, &lost);
	CHECK(attempts == before + 1 && !lost);
	evring_close(ev);
	evring_publisher_close(pub);
}

static void references(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0), *numbers;
	static const struct evring_field list[] = {
		{ .name = "list", .kind = EVRING_KIND_U32S, .offset = 0, .size = 4 },
	};
	const struct evring_type like = {
		.name = "user.list", .version = 1, .size = 4, .fields = list, .nr_fields = 1,
	};
	struct { struct evring_str str; uint32_t data[3]; } one = { { 4, 12 }, { 1, 2, 3 } };
	int fd = evring_publisher_fd(pub);
	struct evring *ev = tap();
	struct filled f;

#define REFER(_offset, _len, expected) REFER_IN(21, _offset, _len, expected)
#define REFER_IN(size, _offset, _len, expected) do {				\
	f = fill(1, "a@b.c");							\
	f.fixed.email = (struct evring_str){ _offset, _len };			\
	CHECK(write_raw(fd, head_of(type, size), &f, size) == (expected));	\
} while (0)
	REFER(16, 5, 40);
	is_next(ev, 1, "a@b.c");
	REFER_IN(16, 0, 0, 32);
	is_next(ev, 1, "");
	REFER_IN(16, 65535, 0, 32);
	is_next(ev, 1, "");
	REFER(16, 6, -EINVAL);
	REFER(15, 5, -EINVAL);
	REFER(0, 5, -EINVAL);
	REFER(21, 1, -EINVAL);
	REFER(65535, 1, -EINVAL);
	REFER(65535, 65535, -EINVAL);
	REFER(17, 65535, -EINVAL);
	CHECK(is_empty(ev));
	CHECK(!evring_type_register(pub, &like, 0, &numbers));
	CHECK(!evring_publish(pub, numbers, &one, 16));
	one.str.len = 11;
	CHECK(evring_publish(pub, numbers, &one, 16) == -EINVAL);
	one.str = (struct evring_str){ 5, 8 };
	CHECK(!evring_publish(pub, numbers, &one, 16));
	evring_close(ev);
	evring_publisher_close(pub);
}

/* A page that is not there: in the header, in the payload, in the padding */
static void faults(void)
{
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = registered(pub, 0);
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct filled f = fill(3, "a@b.c");
	int fd = evring_publisher_fd(pub);
	struct evring *ev = tap();
	size_t cut, len;

	CHECK(map != MAP_FAILED && !mprotect(map + 4096, 4096, PROT_NONE));
	for (cut = 1; cut < 40; cut++) {
		len = evring_pub_put(map, 4096, type, &f, filled_len(&f));
		memmove(map + 4096 - len - cut, map, len);
		evring_pub_put(map + 4096 - cut, cut, type, &f, filled_len(&f));
		/* The first one is whole, of the second one @cut bytes are there. */
		CHECK(write(fd, map + 4096 - len - cut, 2 * len) == (ssize_t)len);
		CHECK(write(fd, map + 4096 - cut, len) < 0);
		is_next(ev, 3, "a@b.c");
		CHECK(is_empty(ev));
	}
	CHECK(write(fd, map + 4096, 40) < 0 && errno == EFAULT);
	evring_close(ev);
	evring_publisher_close(pub);
}

static int reg(struct evring_publisher *pub, const struct evring_type *like)
{
	const struct evring_type *type;

	return evring_type_register(pub, like, 0, &type);
}

static void foreign_types(void)
{
	struct evring_publisher *alice = publisher(0), *bob;
	const struct evring_type *type = registered(alice, 0), *found;
	struct evring_unregister unreg = { .id = type->id };
	struct evring_type like = user_registered;
	const struct filled f = fill(1, "");

	sim_capable = false;
	sim_uid = BOB;
	bob = publisher(0);
	CHECK(evring_publish(bob, type, &f, 16) == -EPERM);
	CHECK(reg(bob, &like) == -EPERM && strstr(evring_publisher_error(bob), "another user's"));
	like.version = 2;
	CHECK(reg(bob, &like) == -EPERM);
	CHECK(call(evring_publisher_fd(bob), EVRING_IOC_UNREGISTER, &unreg) == -EPERM);
	CHECK(evring_publisher_type(bob, "user.registered", &found) == -ENOENT);
	/* No topic can have these, and a topic may be named like its type. */
	like.name = ".";
	CHECK(reg(bob, &like) == -EINVAL);
	like.name = "..";
	CHECK(reg(bob, &like) == -EINVAL);
	like.name = "sim.mine";
	CHECK(reg(bob, &like) == -EPERM && strstr(evring_publisher_error(bob), "sim.*"));
	like.name = "evring.lost";
	CHECK(reg(bob, &like) == -EPERM);
	/* Nor a name of a hook that this kernel lacks, as the simulated one lacks them all */
	like.name = "bpf.mine";
	CHECK(reg(bob, &like) == -EPERM && strstr(evring_publisher_error(bob), "bpf.*"));
	like.name = "simple.mine";
	CHECK(!reg(bob, &like));
	/* Once nothing of hers is left the name is free. */
	like.name = "user.registered";
	sim_uid = ALICE;
	CHECK(!evring_publish(alice, type, &f, 16));
	evring_publisher_close(alice);
	sim_uid = BOB;
	CHECK(reg(bob, &like) == -EPERM);
	sim_uid = ALICE;
	sim_capable = true;
	evring_publisher_close(bob);
}

/* A process with more rights than the opener of the device does not publish in its own name. */
static void set_user_id(void)
{
	struct evring_publisher *pub, *root;
	const struct evring_type *type;
	const struct filled f = fill(1, "");

	sim_capable = false;
	pub = publisher(0);
	type = registered(pub, EVRING_REGISTER_F_KEEP);
	sim_euid = 0;
	CHECK(evring_publish(pub, type, &f, 16) == -EPERM);
	sim_euid = UINT32_MAX;
	sim_uid = BOB;
	CHECK(evring_publish(pub, type, &f, 16) == -EPERM);
	sim_uid = ALICE;
	CHECK(!evring_publish(pub, type, &f, 16));
	/* One that was opened with a capability may be handed down. */
	sim_capable = true;
	root = publisher(0);
	sim_capable = false;
	sim_uid = BOB;
	CHECK(!evring_publish(root, type, &f, 16));
	sim_uid = ALICE;
	evring_publisher_close(root);
	evring_publisher_close(pub);
}

static void evolves(void)
{
	static const struct evring_field more[] = {
		{ .name = "user_id", .kind = EVRING_KIND_U64, .offset = 0, .size = 8 },
		{ .name = "email", .kind = EVRING_KIND_TEXT, .offset = 8, .size = 4 },
		{ .name = "plan", .kind = EVRING_KIND_U32, .format = EVRING_FORMAT_ENUM,
		  .offset = 12, .size = 4, .values = plans, .nr_values = 2 },
		{ .name = "score", .kind = EVRING_KIND_S16, .offset = 16, .size = 2 },
	};
	struct evring_publisher *pub = publisher(0), *other = publisher(0);
	const struct evring_type *first = registered(pub, 0), *second, *again, *found;
	struct evring_type like = user_registered;
	struct evring_field changed[3];
	const struct filled f = fill(1, "a@b.c");
	struct evring *ev = tap();

	like.fields = more;
	like.nr_fields = 4;
	like.size = 18;
	CHECK(!evring_type_register(pub, &like, 0, &second) && second->id != first->id);
	/* Each goes on as it was: a payload is read by the schema that it was written by. */
	CHECK(!evring_publish(pub, first, &f, filled_len(&f)));
	is_next(ev, 1, "a@b.c");
	CHECK(evring_publish(pub, second, &f, filled_len(&f)) == -EINVAL);
	CHECK(!evring_type_register(other, &user_registered, 0, &again) && again->id == first->id);
	CHECK(!evring_publisher_type(pub, "user.registered", &found) && found->id == second->id);

	memcpy(changed, fields, sizeof(changed));
	like = user_registered;
	like.fields = changed;
	changed[1].kind = EVRING_KIND_BYTES;
	CHECK(reg(pub, &like) == -EEXIST);
	CHECK(strstr(evring_publisher_error(pub), "field email: its kind"));
	changed[1] = fields[1];
	changed[2].name = "tariff";
	CHECK(reg(pub, &like) == -EEXIST);
	CHECK(strstr(evring_publisher_error(pub), "field tariff: its name"));
	changed[2] = fields[2];
	changed[0].format = EVRING_FORMAT_HEX;
	CHECK(reg(pub, &like) == -EEXIST);
	CHECK(strstr(evring_publisher_error(pub), "field user_id: its format"));
	like.version = 2;
	CHECK(!reg(pub, &like));
	evring_close(ev);
	evring_publisher_close(pub);
	evring_publisher_close(other);
}

/* The type stays as long as a session has it registered, or somebody has said KEEP. */
static void registers(void)
{
	struct evring_publisher *a = publisher(0), *b = publisher(0), *plain = publisher(0);
	/* As it stays when the publisher is closed */
	const struct evring_type copy = *registered(a, 0), *type = &copy, *found;
	const struct filled f = fill(1, "");

	CHECK(registered(a, 0)->id == type->id && registered(b, 0)->id == type->id);
	evring_publisher_close(a);
	CHECK(!evring_publish(plain, type, &f, 16));
	CHECK(!evring_type_unregister(b, type));
	CHECK(evring_publish(plain, type, &f, 16) == -ENOENT);
	CHECK(evring_publisher_type(plain, "user.registered", &found) == -ENOENT);
	CHECK(!evring_type_unregister(b, type));	/* there is nothing more to it */
	/* It comes back under its id, and stays. */
	found = registered(b, EVRING_REGISTER_F_KEEP);
	CHECK(found->id == type->id && found->generation == type->generation);
	evring_publisher_close(b);
	CHECK(!evring_publish(plain, type, &f, 16));
	CHECK(!evring_type_unregister(plain, type));
	CHECK(evring_publish(plain, type, &f, 16) == -ENOENT);
	evring_publisher_close(plain);
}

static struct evring_type numbered(unsigned int i, char name[32])
{
	struct evring_type like = user_registered;

	snprintf(name, 32, "user.number%u", i);
	like.name = name;
	return like;
}

/* A user's types are limited; an unused id comes back under a new generation. */
static void quota(void)
{
	struct evring_publisher *pub, *bob;
	const struct evring_type *type, *old = NULL;
	struct evring_type like;
	struct evring *ev = holder("g");
	const struct filled f = fill(1, "");
	struct evring_event event;
	char name[32];
	unsigned int i;

	sim_capable = false;
	pub = publisher(0);
	for (i = 0; i < 4; i++) {
		like = numbered(i, name);
		CHECK(!evring_type_register(pub, &like, 0, i ? &type : &old));
	}
	CHECK(!evring_publish(pub, old, &f, 16));
	like = numbered(4, name);
	CHECK(reg(pub, &like) == -EDQUOT && strstr(evring_publisher_error(pub), "4 types"));
	sim_uid = BOB;
	bob = publisher(0);
	like.name = "bob.own";
	CHECK(!reg(bob, &like));
	sim_uid = ALICE;
	/* One that was never published is free at once, one that is in a ring is not. */
	like = numbered(4, name);
	CHECK(!evring_type_unregister(pub, old) && reg(pub, &like) == -EDQUOT);
	CHECK(!evring_type_unregister(pub, type));
	i = type->id;
	CHECK(!evring_type_register(pub, &like, 0, &type) && type->id == i && type->generation == 1);
	like = numbered(5, name);
	CHECK(reg(pub, &like) == -EDQUOT);
	/* The group has done with it, and it is overwritten by others' events. */
	CHECK(evring_next(ev, &event) == 1 && event.type->id == old->id && !evring_commit(ev));
	for (i = 0; i < 4 * SEGMENT / 112; i++)
		CHECK(!evring_publish(pub, type, &f, 16) && evring_next(ev, &event) == 1 &&
		      !evring_commit(ev));
	i = old->id;
	CHECK(!evring_type_register(pub, &like, 0, &type) && type->id == i && type->generation == 1);
	CHECK(evring_publish(pub, old, &f, 16) == -ESTALE);
	CHECK(!evring_publish(pub, type, &f, 16));
	sim_capable = true;
	evring_close(ev);
	evring_publisher_close(pub);
	evring_publisher_close(bob);
}

/* The maker of a user namespace has thousands of user ids in it, and one quota. */
static void namespaces(void)
{
	struct evring_publisher *pubs[5] = { NULL };
	const struct evring_type *type;
	struct evring *ev = holder("g");
	const struct filled f = fill(1, "");
	struct evring_type like;
	unsigned int i, n, sum = 0;
	char name[32];

	sim_capable = false;
	sim_in_namespace_of(ALICE);
	for (i = 0; i < 4; i++) {
		sim_uid = 100000 + i;
		pubs[i] = publisher(O_NONBLOCK);
		like = numbered(sim_uid, name);
		CHECK(!evring_type_register(pubs[i], &like, 0, &type) && type->uid == sim_uid);
		for (n = 0; n < 1000 && !evring_publish(pubs[i], type, &f, 16); n++)
			;
		sum += n;
	}
	CHECK(sum == RING / 4 / 112);
	/* The types are its own all the same, and the next one is one too many. */
	CHECK(evring_publish(pubs[0], type, &f, 16) == -EPERM);
	sim_uid = 100004;
	pubs[4] = publisher(O_NONBLOCK);
	like = numbered(sim_uid, name);
	CHECK(reg(pubs[4], &like) == -EDQUOT);
	evring_publisher_close(pubs[4]);
	/* In a namespace that root has made each user is one. */
	sim_in_namespace_of(0);
	pubs[4] = publisher(O_NONBLOCK);
	CHECK(!reg(pubs[4], &like));
	sim_in_namespace_of(UINT32_MAX);
	sim_capable = true;
	for (i = 0; i < 5; i++)
		evring_publisher_close(pubs[i]);
	evring_close(ev);
}

/* All ids that there are for applications, by many users: the kernel's are not among them. */
static void all_ids(void)
{
	struct evring_publisher *pubs[32], *pub = NULL;
	struct evring *ev = session();
	struct evring_type like;
	unsigned int i, made = 0, nr = 0;
	char name[32];
	int ret = 0;

	sim_capable = false;
	for (sim_uid = 2000; !ret && nr < 32; sim_uid++) {
		pub = publisher(0);
		pubs[nr++] = pub;
		for (i = 0; i < 64 && !ret; i++, made++) {
			like = numbered(sim_uid * 64 + i, name);
			ret = reg(pub, &like);
		}
	}
	CHECK(ret == -ENOSPC && strstr(evring_publisher_error(pub), "applications"));
	CHECK(made - 1 >= 512 && evring_types(ev) >= (int)made + 2);
	CHECK(sim_more_types(200));
	sim_capable = true;
	while (nr)
		evring_publisher_close(pubs[--nr]);
	evring_close(ev);
}

/*
 * Types that come and go unpublished leave a reader that looks at them all no larger. One that
 * it holds is whole after its id has gone to another, and after the session.
 */
static void unpublished_types(void)
{
	const struct evring_type *held = NULL;
	struct evring *ev = session();
	struct evring_publisher *pub;
	struct evring_type like;
	size_t before = 0, after;
	unsigned int round, i;
	char name[32];

	for (round = 0; round < 40; round++) {
		pub = publisher(0);
		for (i = 0; i < 60; i++) {
			like = numbered(round * 60 + i, name);
			CHECK(!reg(pub, &like));
		}
		CHECK(evring_types(ev) > 60);
		if (!round)
			held = evring_type_hold(evring_type_by_name(ev, "user.number7"));
		evring_publisher_close(pub);
		/* By then ids have come again. */
		if (round == 19)
			before = __sanitizer_get_current_allocated_bytes();
	}
	after = __sanitizer_get_current_allocated_bytes();
	CHECK(after < before + before / 10);
	if (!CHECK(held))
		return;
	CHECK(evring_type(ev, held->id)->generation > held->generation);
	CHECK(evring_type_hold(held) == held && !evring_type_hold(NULL));
	evring_type_free(held);
	evring_close(ev);
	CHECK(!strcmp(held->name, "user.number7") && evring_field(held, "email"));
	evring_type_free(held);
}

static void other_lanes(void)
{
	struct evring_type like = user_registered;
	struct evring_publisher *pub = publisher(0);
	const struct evring_type *type = NULL;
	struct evring_register arg = { .flags = EVRING_REGISTER_F_UID, .uid = BOB };
	struct block b;

	like.own_lane = "nowhere";
	CHECK(reg(pub, &like) == -ENXIO && strstr(evring_publisher_error(pub), "nowhere"));
	like.own_lane = "critical";
	CHECK(!evring_type_register(pub, &like, 0, &type) && type->lane == LANE_CRITICAL);
	evring_publisher_close(pub);
	block_begin(&b, "user.other", 8);
	strcpy(b.strings + b.head.lane, "app");
	arg.block = (uintptr_t)&b;
	arg.len = sizeof(b);
	pub = publisher(0);
	CHECK(!call(evring_publisher_fd(pub), EVRING_IOC_REGISTER, &arg) && arg.lane == LANE_APP);
	arg = (struct evring_register){ .flags = EVRING_REGISTER_F_UID, .uid = BOB };
	arg.block = (uintptr_t)&b;
	arg.len = sizeof(b);
	sim_capable = false;
	CHECK(call(evring_publisher_fd(pub), EVRING_IOC_REGISTER, &arg) == -EPERM);
	CHECK(reg(pub, &like) == -EPERM && strstr(evring_publisher_error(pub), "lane critical"));
	sim_capable = true;
	evring_publisher_close(pub);
}

struct mover {
	struct block blocks[2];
	int fd;
	bool stop;
	unsigned int moves;
};

/* Registers the same type for one lane and the other, until it is told to stop. */
static void *move(void *arg)
{
	struct mover *mover = arg;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&mover->stop, __ATOMIC_ACQUIRE); i++) {
		struct evring_register reg = {
			.block = (uintptr_t)&mover->blocks[i % 2], .len = sizeof(struct block),
		};

		CHECK(!call(mover->fd, EVRING_IOC_REGISTER, &reg));
		__atomic_add_fetch(&mover->moves, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* A user who has not published into either lane yet, while the type goes from one to the other */
static void publish_meanwhile(uint32_t uid)
{
	static const char *const lanes[] = { "app", "critical" };
	static const struct filled f;
	struct evring_publisher *pub;
	const struct evring_type *type;
	struct mover mover = { };
	struct evring_type own;
	pthread_t thread;
	unsigned int i;
	char name[32];

	sim_uid = uid;
	pub = publisher(0);
	snprintf(name, sizeof(name), "user%u.moved", uid);
	for (i = 0; i < 2; i++) {
		block_begin(&mover.blocks[i], name, 8);
		mover.blocks[i].head.lane = block_string(&mover.blocks[i], lanes[i]);
	}
	mover.fd = evring_publisher_fd(pub);
	own = (struct evring_type){ .name = name, .version = 3, .size = 8 };
	CHECK(!evring_type_register(pub, &own, 0, &type));
	CHECK(!pthread_create(&thread, NULL, move, &mover));
	while (__atomic_load_n(&mover.moves, __ATOMIC_ACQUIRE) < 2)
		sched_yield();
	for (i = 0; i < 20; i++)
		CHECK(!evring_publish(pub, type, &f, 8));
	__atomic_store_n(&mover.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	evring_publisher_close(pub);
}

static void moved_meanwhile(void)
{
	uint32_t uid;

	for (uid = 3000; uid < 5000 && !tap_unmet; uid++)
		publish_meanwhile(uid);
}

/* Returns how many of one user's events find room. */
static unsigned int flood(struct evring_publisher *pub, const struct evring_type *type)
{
	const struct filled f = fill(1, "");
	unsigned int n;
	int ret = 0;

	for (n = 0; n < 10000 && !(ret = evring_publish(pub, type, &f, 16)); n++)
		;
	CHECK(ret == -EAGAIN);
	return n;
}

/* @n events read and committed */
static void take(struct evring *ev, unsigned int n)
{
	struct evring_event event;

	while (n--)
		CHECK(evring_next(ev, &event) == 1);
	CHECK(!evring_commit(ev));
}

/* Where a group holds, a user has his part of the ring and no more; the others have theirs. */
static void user_has_his_part(void)
{
	struct evring_publisher *pub = publisher(O_NONBLOCK), *bob;
	const struct evring_type copy = *registered(pub, EVRING_REGISTER_F_KEEP), *type = &copy;
	const struct evring_type *theirs;
	struct evring_type like = user_registered;
	struct evring *ev = holder("g");
	uint64_t before, after, lost;
	struct evring_event event;
	unsigned int n, i;

	counts(&before, &lost);
	n = flood(pub, type);
	CHECK(n == RING / 4 / 112);
	CHECK(!(sim_poll(evring_publisher_fd(pub)) & EPOLLOUT));
	sim_uid = BOB;
	bob = publisher(O_NONBLOCK);
	like.name = "bob.own";
	CHECK(!evring_type_register(bob, &like, 0, &theirs));
	CHECK(flood(bob, theirs) == n);
	sim_uid = ALICE;
	/* To open the device again makes nobody another one. */
	evring_publisher_close(pub);
	pub = publisher(O_NONBLOCK);
	CHECK(!flood(pub, type));
	counts(&after, &lost);
	CHECK(after == before + 2 * n && !lost);
	/* Committed bytes are free, exactly. */
	for (i = 0; i < 5; i++) {
		take(ev, 10);
		CHECK(i < 3 ? flood(pub, type) == 10 : flood(pub, type) < 10);
	}
	/* poll() says so where a segment is, or all is. */
	CHECK(!(sim_poll(evring_publisher_fd(pub)) & EPOLLOUT));
	while (evring_next(ev, &event) == 1)
		;
	CHECK(!evring_commit(ev));
	CHECK(sim_poll(evring_publisher_fd(pub)) & EPOLLOUT);
	/* Where no group holds there is nothing to be used up. */
	evring_close(ev);
	ev = session();
	CHECK(!evring_drop(ev, "g"));
	evring_close(ev);
	CHECK(sim_poll(evring_publisher_fd(pub)) & EPOLLOUT);
	for (i = 0; i < 1000; i++)
		CHECK(!evring_publish(pub, type, &(struct filled){ 0 }, 16));
	evring_publisher_close(pub);
	evring_publisher_close(bob);
}

/* A full ring: nothing is lost, no number is taken, and events after a commit are in order. */
static void full_ring(void)
{
	struct evring_publisher *pub = publisher(O_NONBLOCK);
	const struct evring_type *type = registered(pub, 0);
	struct evring *ev = holder("g");
	uint64_t before, after, lost, seq = 0;
	struct evring_event event;
	unsigned int n, i;

	counts(&before, &lost);
	n = flood(pub, type);
	CHECK(n == 4 * (SEGMENT / 112));
	for (i = 0; i < 100; i++)
		CHECK(!flood(pub, type));
	counts(&after, &lost);
	CHECK(after == before + n && !lost);
	take(ev, n / 2);
	CHECK(flood(pub, type) == 2 * (SEGMENT / 112));
	for (i = 0; evring_next(ev, &event) == 1; i++, seq = event.seq)
		CHECK(!strcmp(event.type->name, "user.registered") && (!i || event.seq == seq + 1));
	CHECK(i == n / 2 + 2 * (SEGMENT / 112));
	evring_close(ev);
	evring_publisher_close(pub);
}

struct blocked {
	pthread_t thread;
	struct evring_publisher *pub;
	const struct evring_type *type;
	bool signalled;
	int ret;
	bool done;
};

static void *block(void *arg)
{
	const struct filled f = fill(77, "");
	struct blocked *b = arg;

	sim_be(0);
	sim_signal = b->signalled;
	b->ret = evring_publish(b->pub, b->type, &f, 16);
	__atomic_store_n(&b->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void blocks(void)
{
	struct evring_publisher *pub = publisher(O_NONBLOCK);
	struct blocked b = { .pub = publisher(0), .signalled = true };
	struct evring *ev = holder("g");
	unsigned int n;

	b.type = registered(pub, 0);
	n = flood(pub, b.type);
	CHECK(!pthread_create(&b.thread, NULL, block, &b) && !pthread_join(b.thread, NULL));
	CHECK(b.ret == -EINTR);
	b.signalled = false;
	b.done = false;
	CHECK(!pthread_create(&b.thread, NULL, block, &b));
	usleep(20000);
	CHECK(!__atomic_load_n(&b.done, __ATOMIC_ACQUIRE));
	take(ev, n);
	CHECK(!pthread_join(b.thread, NULL) && !b.ret);
	is_next(ev, 77, "");
	CHECK(is_empty(ev));
	evring_close(ev);
	evring_publisher_close(b.pub);
	evring_publisher_close(pub);
}

static void by_io_uring(void)
{
	struct evring_publisher *pub = publisher(O_NONBLOCK);
	const struct evring_type *type = registered(pub, 0);
	int fd = evring_publisher_fd(pub);
	struct evring *ev = holder("g");
	char buf[64 * 48];
	struct evring_publish arg = { .events = (uintptr_t)buf };
	struct evring_uring_cmd cmd = { .arg = (uintptr_t)&arg, .size = sizeof(arg) };
	unsigned int i;

	for (i = 0; i < 32; i++) {
		struct filled f = fill(i, "a@b.c");

		arg.len += (uint32_t)evring_pub_put(buf + arg.len, sizeof(buf) - arg.len, type, &f,
						    filled_len(&f));
	}
	CHECK(!sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) && arg.done == arg.len);
	for (i = 0; i < 32; i++)
		is_next(ev, i, "a@b.c");
	CHECK(!sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) && arg.done == arg.len);
	CHECK(is_empty(ev) && !evring_commit(ev));
	/* Up to the event that is wrong, and from where it got to */
	arg.done = 0;
	buf[40 * 20 + 8]++;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -ESTALE && arg.done == 40 * 20);
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -ESTALE && arg.done == 40 * 20);
	buf[40 * 20 + 8]--;
	CHECK(!sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) && arg.done == arg.len);
	for (i = 0; i < 32; i++)
		is_next(ev, i, "a@b.c");
	/* Until there is no room */
	for (arg.done = 0; !sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd); arg.done = 0)
		;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EAGAIN && arg.done < arg.len);
	arg.done = 0;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_COMMIT, &cmd) == -EACCES);
	CHECK(sim_uring_cmd(evring_fd(ev), EVRING_CMD_PUBLISH, &cmd) == -EACCES);
	arg.done = arg.len + 1;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EINVAL);
	arg.done = 0;
	arg.flags = 1;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EINVAL);
	arg.flags = 0;
	arg.events = 0;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EFAULT && !arg.done);
	cmd.size = 16;
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EINVAL);
	cmd.arg = 8;
	cmd.size = sizeof(arg);
	CHECK(sim_uring_cmd(fd, EVRING_CMD_PUBLISH, &cmd) == -EFAULT);
	evring_close(ev);
	evring_publisher_close(pub);
}

/* A block is verified before it is followed; the result is a possible type. */
static void bad_blocks(void)
{
	struct evring_publisher *pub = publisher(0);
	int fd = evring_publisher_fd(pub);
	unsigned int i, j, taken = 0;
	struct evring_describe info;
	struct evring_type *type;
	struct block b;
	static char out[EVRING_BLOCK_MAX];
	char why[8];

	for (i = 0; i < 100000; i++) {
		struct evring_register arg = {
			.block = (uintptr_t)&b, .len = sizeof(b), .text = (uintptr_t)why,
			.room = sizeof(why),
		};

		block_begin(&b, "user.random", 32);
		strcpy(b.strings + b.head.lane, "app");
		block_field(&b, "a", EVRING_KIND_U64, EVRING_FORMAT_ENUM, 0, 8);
		block_field(&b, "b", EVRING_KIND_TEXT, EVRING_FORMAT_NONE, 8, 4);
		block_field(&b, "c", EVRING_KIND_U16S, EVRING_FORMAT_NONE, 12, 4);
		b.head.version = i + 1;
		for (j = (unsigned int)rand() % 4; j; j--) {
			size_t at = (size_t)rand() % (rand() % 2 ? sizeof(b.head) :
						      offsetof(struct block, fields[3]));

			((char *)&b)[at] = (char)(rand() % 2 ? rand() : 1 << rand() % 8);
		}
		if (call(fd, EVRING_IOC_REGISTER, &arg))
			continue;
		info = (struct evring_describe){
			.id = arg.id, .block = (uintptr_t)out, .room = sizeof(out),
		};
		CHECK(!call(fd, EVRING_IOC_DESCRIBE, &info));
		if (!CHECK(!evring_type_parse(&type, out, info.len)))
			break;
		evring_type_free(type);
		CHECK(!call(fd, EVRING_IOC_UNREGISTER, &(struct evring_unregister){
				.id = arg.id, .generation = arg.generation }));
		taken++;
	}
	printf("# %u of %u blocks were good\n", taken, i);
	CHECK(taken > 1000 && taken < i / 2 + i / 4);
	evring_publisher_close(pub);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* One error each in a block, and its message */
static void says_why(void)
{
	struct evring_publisher *pub = publisher(0);
	struct block b;
	char why[256];

#define SPOIL(what, expected, says) do {					\
	struct evring_register arg_ = { .block = (uintptr_t)&b, .len = sizeof(b),\
		.text = (uintptr_t)why, .room = sizeof(why) };			\
	block_begin(&b, "user.bad", 32);					\
	strcpy(b.strings + b.head.lane, "app");					\
	b.head.version = __LINE__;						\
	block_field(&b, "a", EVRING_KIND_U64, EVRING_FORMAT_ENUM, 0, 8);	\
	block_field(&b, "b", EVRING_KIND_TEXT, EVRING_FORMAT_NONE, 8, 4);	\
	what;									\
	why[0] = 0;								\
	if (!CHECK(call(evring_publisher_fd(pub), EVRING_IOC_REGISTER, &arg_) == (expected)) || \
	    !CHECK(has(why, says)))						\
		printf("# %s\n", why);						\
} while (0)
	SPOIL((void)0, 0, "");
	SPOIL(b.head.magic++, -EINVAL, "no block");
	SPOIL(b.head.len -= 8, -EINVAL, "head");
	SPOIL(b.head.reserved = 1, -EINVAL, "head");
	SPOIL(b.head.version = 0, -EINVAL, "version 0");
	SPOIL(b.head.common_size = 40, -EINVAL, "common part is longer");
	SPOIL(b.head.common_size = 4, -EINVAL, "across the end of the common part");
	SPOIL(b.head.common_size = 8, 0, "");
	SPOIL(b.head.fields.count = 10000, -EINVAL, "table");
	SPOIL(b.head.fields.offset = sizeof(b), -EINVAL, "table");
	SPOIL(b.head.values.stride = 0, -EINVAL, "table");
	SPOIL(b.head.strings.reserved = 1, -EINVAL, "table");
	SPOIL(b.head.name = 100000, -EINVAL, "strings");
	SPOIL(b.head.name = 0, -EINVAL, "name");
	SPOIL(b.strings[b.head.name] = ' ', -EINVAL, "name");
	SPOIL(b.strings[b.head.doc] = '\033', -EINVAL, "printable");
	SPOIL(b.strings[b.head.strings.count - 1] = 'x', -EINVAL, "NUL");
	SPOIL(b.fields[1].name = b.fields[0].name, -EINVAL, "field a is there twice");
	SPOIL(strcpy(b.strings + b.fields[0].name, "A"), -EINVAL, "field A");
	SPOIL(b.fields[0].kind = 0x0702, -EINVAL, "field a: kind 0x702");
	SPOIL(b.fields[0].format = 99, -EINVAL, "field a: format 99");
	SPOIL(b.fields[0].names = 2, -EINVAL, "field a: there is no such table");
	SPOIL(b.fields[0].names = 0, -EINVAL, "field a: its name, size or table");
	SPOIL(b.fields[0].format = EVRING_FORMAT_CAPS, 0, "");
	SPOIL(b.fields[0].format = EVRING_FORMAT_HEX, 0, "");
	SPOIL((b.fields[0].format = EVRING_FORMAT_HEX, b.fields[0].names = 0), 0, "");
	SPOIL(b.fields[0].format = EVRING_FORMAT_MODE, -EINVAL, "field a: its name, size or table");
	SPOIL(b.fields[0].reserved = 1, -EINVAL, "field a");
	SPOIL(b.fields[1].offset = 6, -EINVAL, "field b lies over");
	SPOIL(b.fields[1].offset = 30, -EINVAL, "field b is not within");
	SPOIL(b.fields[1].size = 8, -EINVAL, "field b: its name, size");
	SPOIL(b.head.data_size = 4000, -EINVAL, "longer than a record");
	SPOIL(b.names[0].count = 3, -EINVAL, "table of names");
	SPOIL(b.names[0].first = ~0u, -EINVAL, "table of names");
	SPOIL(b.values[0].name = ~0u, -EINVAL, "value");
	SPOIL(block_field(&b, "uid", EVRING_KIND_U32, 0, 12, 4), -EINVAL, "common part has one");
	evring_publisher_close(pub);
}

/*
 * The tests, each in a child
 */

static const struct test {
	void (*run)(void);
	const char *name;
	unsigned int user_percent;	/* 0: 100 */
	unsigned int types_max;		/* 0: 64 */
} tests[] = {
	{ opens, "a session for writing alone can publish, and nothing else", 0, 0 },
	{ describes, "a type is described with the kernel's common part in front", 0, 0 },
	{ looked_up_again, "a type that is looked up again is the same, and takes no memory", 0, 0 },
	{ publishes, "published events are read, by write(), one and many", 0, 0 },
	{ vectors, "the vectors of a writev() may end anywhere", 0, 0 },
	{ short_writes, "a batch with a bad event is published up to it", 0, 0 },
	{ forged_headers, "a header that is not as it should be is refused", 0, 0 },
	{ references, "a reference leads into the event's own tail, or is refused", 0, 0 },
	{ faults, "a page that is not there: each event whole or not at all", 0, 0 },
	{ foreign_types, "the kernel's and other users' types are theirs", 0, 0 },
	{ set_user_id, "more rights than the opener's publish nothing in their name", 0, 0 },
	{ evolves, "fields are appended within a version; a clash names the field", 0, 0 },
	{ registers, "a type is there while somebody has it registered", 0, 0 },
	{ quota, "types are limited by user, and forgotten ids come again", 0, 4 },
	{ namespaces, "the users of a namespace have the quota of the one who made it", 25, 4 },
	{ all_ids, "users cannot use up the kernel's ids", 0, 0 },
	{ unpublished_types, "types that come and go leave a reader no larger", 0, 0 },
	{ other_lanes, "another lane, another user's type: with a capability", 0, 0 },
	{ moved_meanwhile, "a type may be moved to another lane while it is published", 0, 0 },
	{ user_has_his_part, "a user has his part of a held ring and no more", 25, 0 },
	{ full_ring, "an event without room takes no number and is no loss", 0, 0 },
	{ blocks, "a blocking writer waits for a commit, or a signal", 0, 0 },
	{ by_io_uring, "a command of io_uring publishes a batch", 0, 0 },
	{ bad_blocks, "blocks with random errors: refused, or a type that can be", 0, 0 },
	{ says_why, "a refused block comes with the reason", 0, 0 },
};

static void run(const struct test *test)
{
	struct sim_boot boot = {
		.cpus = 2, .segment_kib = 4, .lane_kib = { 16, 16, 16 }, .stepped = true,
	};

	alarm(240);
	sim_uid = ALICE;
	srand((unsigned int)seed);
	*sim_param_user_percent() = test->user_percent ? test->user_percent : 100;
	*sim_param_types_max() = test->types_max ? test->types_max : 64;
	if (CHECK(!sim_boot(&boot)) && CHECK(!sim_events_start())) {
		test->run();
		sim_shutdown();
	}
	exit(tap_unmet != 0);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	printf("# seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		pid = fork();
		if (!pid)
			run(&tests[i]);
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 2;
		ok(!status, tests[i].name);
	}
	return tap_end();
}
