// SPDX-License-Identifier: MIT
/*
 * Random expressions with each kind of term that the language has, in the kernel: over
 * programs that run, whose texts, arguments, numbers and flags the test knows, and over
 * sockets that are bound, whose addresses, ports and names it knows. An evaluator that has
 * nothing of the module's says which of them come. (Of fields that are arrays of numbers the
 * module's own events have none: tests/unit/filter_random_test.c has these.)
 */
#include <sys/prctl.h>

#include "../harness/filter_attach.h"
#include "../harness/filter_random.h"
#include "net_deed.h"

#define EXEC		"process.exec"
#define BIND		"net.bind"
#define ROOT		DIR_PATH "/root"
#define EXPRESSIONS	200
#define EVENTS		5	/* of each */
#define NODES		30
#define FREEBIND	78	/* IPV6_FREEBIND */

FIXTURE(filter_random) {
	struct evring *ev;
	char comm[16];
	unsigned int verdicts[2];
};

FIXTURE_SETUP(filter_random)
{
	groups_drop();
	deed_folder();
	ASSERT_EQ(0, mkdir(ROOT, 0755) + mkdir(ROOT "/x", 0755) + mkdir(ROOT "/y", 0755));
	/* By whichever name: it need do nothing. */
	ASSERT_EQ(0, system("cp -L /bin/true " ROOT "/plain && cp -L /bin/true " ROOT "/suid && "
			    "chmod 755 " ROOT "/plain && chmod 4755 " ROOT "/suid"));
	ASSERT_EQ(0, prctl(PR_GET_NAME, self->comm));
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL | BULK, EVRING_LATEST));
	random_seed(12345);
}

FIXTURE_TEARDOWN(filter_random)
{
	prctl(PR_SET_NAME, self->comm);
	evring_detach(self->ev, EXEC, NULL);
	evring_detach(self->ev, BIND, NULL);
	evring_close(self->ev);
}

/* A kind of deeds: what is known of one, and which number its event is found by */
struct deeds {
	const char *hook, *key;
	struct fact_fields fields;
	uint64_t (*act)(struct facts *facts);
};

/* A text that can be a file's name, of one character at least */
static void random_name(char *name)
{
	do {
		random_text(name, 4);
	} while (!*name || strchr(name, '/') || name[0] == '.');
}

/*
 * Programs
 */

enum { X_UID, X_EUID, X_GID, X_EGID, X_RESULT, X_PPID, X_NLINK, X_MODE, X_ARGV_LEN };
enum { X_COMM, X_PATH, X_GIVEN };

/* A program with one more name, random ids and arguments */
static void exec_facts(struct facts *f)
{
	static const char *const folders[] = { "", "x/", "y/" };
	char name[8];
	unsigned int i;

	memset(f, 0, sizeof(*f));
	random_name(name);
	strcpy(f->texts[X_COMM], name);
	snprintf(f->texts[X_PATH], FACT_TEXT, "/%s%s", folders[random_below(3)], name);
	strcpy(f->texts[X_GIVEN], random_below(2) ? "" : ".");
	strcat(f->texts[X_GIVEN], f->texts[X_PATH]);
	f->numbers[X_UID] = random_below(3);
	f->numbers[X_GID] = random_below(4);
	f->numbers[X_EGID] = f->numbers[X_GID];
	f->numbers[X_PPID] = getpid();
	f->flag = random_below(2);		/* the set-user-id one */
	f->numbers[X_EUID] = f->flag ? 0 : f->numbers[X_UID];
	f->numbers[X_MODE] = f->flag ? 04755 : 0755;
	f->numbers[X_NLINK] = 2;
	/* The guest's programs are all one, which looks at this name. */
	f->nr_args = 1 + random_below(FACT_ARGS);
	strcpy(f->args[0], "true");
	for (i = 0; i < f->nr_args; i++) {
		if (i)
			random_text(f->args[i], 4);
		f->numbers[X_ARGV_LEN] += (wide)strlen(f->args[i]) + 1;
	}
}

static void exec_play(const struct facts *f)
{
	char *argv[FACT_ARGS + 1] = { NULL };
	gid_t gid = (gid_t)f->numbers[X_GID];
	uid_t uid = (uid_t)f->numbers[X_UID];
	unsigned int i;

	for (i = 0; i < f->nr_args; i++)
		argv[i] = (char *)f->args[i];
	if (chroot(ROOT) || chdir("/") || setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		_exit(99);
	execv(f->texts[X_GIVEN], argv);
	_exit(99);
}

static uint64_t exec_act(struct facts *f)
{
	char path[sizeof(ROOT) + FACT_TEXT];
	int status;
	pid_t pid;

	exec_facts(f);
	snprintf(path, sizeof(path), ROOT "%s", f->texts[X_PATH]);
	if (link(f->flag ? ROOT "/suid" : ROOT "/plain", path))
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid)
		exec_play(f);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status || unlink(path))
		abort();
	/* Root gains nothing by a set-user-id program of root's. */
	f->flag = f->flag && f->numbers[X_UID];
	return (uint64_t)pid;
}

static const struct deeds programs = {
	.hook = EXEC, .key = NULL, .act = exec_act,
	.fields = {
		.numbers = {
			[X_UID] = { "uid", 32, false }, [X_EUID] = { "euid", 32, false },
			[X_GID] = { "gid", 32, false }, [X_EGID] = { "egid", 32, false },
			[X_RESULT] = { "result", 32, true }, [X_PPID] = { "ppid", 32, false },
			[X_NLINK] = { "nlink", 32, false }, [X_MODE] = { "mode", 16, false },
			[X_ARGV_LEN] = { "argv_len", 32, false },
		},
		.texts = { [X_COMM] = "comm", [X_PATH] = "path", [X_GIVEN] = "path_given" },
		.args = "argv", .flag = "secureexec",
	},
};

/*
 * Sockets
 */

enum { B_UID, B_FAMILY, B_TYPE, B_PROTOCOL, B_PORT, B_OTHER_PORT, B_RESULT };
enum { B_COMM, B_PATH };

/* An address that is no interface's can be bound, too. */
static socklen_t ip_make(union address *a, const struct facts *f, int fd)
{
	int one = 1;

	if (f->numbers[B_FAMILY] == AF_INET) {
		a->v4.sin_port = htons((uint16_t)f->numbers[B_PORT]);
		memcpy(&a->v4.sin_addr, f->addr + 12, 4);
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
		return sizeof(a->v4);
	}
	a->v6.sin6_port = htons((uint16_t)f->numbers[B_PORT]);
	memcpy(&a->v6.sin6_addr, f->addr, 16);
	setsockopt(fd, IPPROTO_IPV6, FREEBIND, &one, sizeof(one));
	return sizeof(a->v6);
}

/* An abstract name: it leaves nothing behind. */
static socklen_t un_make(union address *a, const struct facts *f)
{
	size_t len = strlen(f->texts[B_PATH]);

	memcpy(a->un.sun_path + 1, f->texts[B_PATH] + 1, len - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static bool has_v6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	close(fd);
	return fd >= 0;
}

static void bind_facts(struct facts *f)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff };
	bool stream = random_below(2), local = !random_below(4);

	memset(f, 0, sizeof(*f));
	random_name(f->texts[B_COMM]);
	f->numbers[B_TYPE] = stream ? SOCK_STREAM : SOCK_DGRAM;
	if (local) {
		f->numbers[B_FAMILY] = AF_UNIX;
		f->texts[B_PATH][0] = '@';
		random_name(f->texts[B_PATH] + 1);
		return;
	}
	random_address(f->addr);
	if (!has_v6())
		memcpy(f->addr, v4, 12);
	f->numbers[B_FAMILY] = f->addr[10] ? AF_INET : AF_INET6;
	f->numbers[B_PROTOCOL] = stream ? IPPROTO_TCP : IPPROTO_UDP;
	f->numbers[B_PORT] = random_number(16, false);
	if (!f->numbers[B_PORT])
		f->numbers[B_PORT] = 1;
}

static uint64_t bind_act(struct facts *f)
{
	union address a = { };
	socklen_t len;
	uint64_t key;
	int fd;

	bind_facts(f);
	fd = socket((int)f->numbers[B_FAMILY], (int)f->numbers[B_TYPE], 0);
	a.any.sa_family = (sa_family_t)f->numbers[B_FAMILY];
	len = a.any.sa_family == AF_UNIX ? un_make(&a, f) : ip_make(&a, f, fd);
	if (prctl(PR_SET_NAME, f->texts[B_COMM]) || fd < 0 || bind(fd, &a.any, len)) {
		note("family %u, port %u: %s", a.any.sa_family, (unsigned int)f->numbers[B_PORT],
		     strerror(errno));
		abort();
	}
	key = inode_of(fd);
	close(fd);
	return key;
}

static const struct deeds sockets = {
	.hook = BIND, .key = "socket", .act = bind_act,
	.fields = {
		.numbers = {
			[B_UID] = { "uid", 32, false }, [B_FAMILY] = { "family", 16, false },
			[B_TYPE] = { "type", 16, false }, [B_PROTOCOL] = { "protocol", 16, false },
			[B_PORT] = { "local_port", 16, false },
			[B_OTHER_PORT] = { "remote_port", 16, false },
			[B_RESULT] = { "result", 32, true },
		},
		.texts = { [B_COMM] = "comm", [B_PATH] = "path" },
		.addr = "local_address",
	},
};

/* Those of a few deeds that came, by their keys; others' events are none of ours. */
struct came {
	uint64_t keys[EVENTS];
	unsigned int times[EVENTS];
};

static void read_came(struct evring *ev, const struct deeds *deeds, struct came *came)
{
	struct evring_event event;
	unsigned int i;
	uint64_t key;

	memset(came->times, 0, sizeof(came->times));
	while (evring_next(ev, &event) > 0) {
		if (!event.type || strcmp(event.type->name, deeds->hook))
			continue;
		key = deeds->key ? told_number(&event, deeds->key) : event.rec->pid;
		for (i = 0; i < EVENTS; i++)
			came->times[i] += came->keys[i] == key;
	}
}

static void random_expression(struct writer *w, struct guess *guesses, struct guess **root)
{
	unsigned int left = NODES;

	w->len = 0;
	*root = guess_make(w, guesses, &left, 1 + random_below(5));
}

/* How many of the deeds came that should not have, or the other way round */
static unsigned int play(struct _test_data_filter_random *self, const struct deeds *deeds,
			 struct writer *w)
{
	const struct evring_attachment how = { .hook = deeds->hook };
	struct guess guesses[NODES], *root;
	struct facts facts[EVENTS];
	unsigned int i, wrong = 0;
	struct came came;
	bool want;

	random_expression(w, guesses, &root);
	if (attach_expression(self->ev, how, w->text) != EVRING_HOOK_ATTACHED) {
		note("%s: refused", w->text);
		return 1;
	}
	for (i = 0; i < EVENTS; i++)
		came.keys[i] = deeds->act(&facts[i]);
	read_came(self->ev, deeds, &came);
	for (i = 0; i < EVENTS; i++) {
		want = guess_says(root, &facts[i]);
		self->verdicts[want]++;
		if (came.times[i] == want)
			continue;
		wrong++;
		note("%s: %u, not %u, where comm is '%s' and path '%s'", w->text, came.times[i],
		     want, facts[i].texts[0], facts[i].texts[1]);
	}
	return wrong;
}

static unsigned int play_all(struct _test_data_filter_random *self, const struct deeds *deeds)
{
	struct writer w = {
		.type = evring_type_by_name(self->ev, deeds->hook), .fields = &deeds->fields,
	};
	unsigned int i, wrong = 0;

	for (i = 0; i < rounds(EXPRESSIONS) && wrong < 10; i++)
		wrong += play(self, deeds, &w);
	note("%s: %u expressions, %u events wanted, %u not", deeds->hook, i, self->verdicts[1],
	     self->verdicts[0]);
	return wrong;
}

TEST_F_TIMEOUT(filter_random, of_programs_those_come_that_an_expression_means, 1800)
{
	EXPECT_EQ(0, play_all(self, &programs));
	/* Else the test would show little. */
	EXPECT_LT(self->verdicts[0] / 9, self->verdicts[1]);
	EXPECT_LT(self->verdicts[1] / 9, self->verdicts[0]);
}

TEST_F_TIMEOUT(filter_random, of_sockets_those_come_that_an_expression_means, 1800)
{
	EXPECT_EQ(0, play_all(self, &sockets));
	EXPECT_LT(self->verdicts[0] / 9, self->verdicts[1]);
	EXPECT_LT(self->verdicts[1] / 9, self->verdicts[0]);
}

TEST_HARNESS_MAIN
