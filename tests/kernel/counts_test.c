// SPDX-License-Identifier: MIT
/*
 * Events counted, against the kernel's own counts: the forks and context switches of
 * /proc/stat, the connections of /proc/net/snmp.
 *
 * Other tasks fork and switch, too, so a count is held from both sides: events that lie
 * within the window are no more, and those of a wider one no fewer.
 */
#include <net/if.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "net_deed.h"

#define FORKS		400
#define THREADS		50
#define ROUNDS		1000
#define CONNECTIONS	40
#define REFUSED		7

FIXTURE(counts) {
	struct evring *ev;
};

FIXTURE_SETUP(counts)
{
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
}

FIXTURE_TEARDOWN(counts)
{
	static const char *const hooks[] = {
		"process.fork", "sched.switch", "net.connect", "net.accept", "net.connected",
	};
	unsigned int i;

	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		hook_op(self->ev, hooks[i], EVRING_HOOK_DETACH);
	evring_close(self->ev);
}

/* A number of /proc/stat */
static uint64_t stat_read(const char *name)
{
	FILE *file = fopen("/proc/stat", "r");
	unsigned long long value = 0;
	size_t len = strlen(name);
	static char line[65536];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, name, len) && line[len] == ' ' &&
			sscanf(line + len, "%llu", &value) == 1;
	if (!found)
		abort();
	fclose(file);
	return value;
}

static uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Read the events of type @name, all that there are; none may be missing. */
static unsigned int read_all(struct evring *ev, const char *name,
			     bool (*wanted)(const struct evring_event *event, const void *arg),
			     const void *arg)
{
	struct evring_event event;
	unsigned int n = 0;

	while (evring_next(ev, &event) > 0) {
		if (event.missed || event.rec->type == EVRING_TYPE_LOST) {
			printf("# events are lost\n");
			fflush(stdout);
			abort();
		}
		n += event.type && !strcmp(event.type->name, name) &&
		     (!wanted || wanted(&event, arg));
	}
	return n;
}

static bool begun_since(const struct evring_event *event, const void *since)
{
	return told_number(event, "child_start_time") > *(const uint64_t *)since;
}

static bool is_own(const struct evring_event *event, const void *arg)
{
	return event->rec->pid == (uint32_t)getpid();
}

static void *end_at_once(void *unused)
{
	return NULL;
}

static void fork_and_thread(struct __test_metadata *_metadata)
{
	pthread_t thread;
	pid_t pid;
	int i;

	for (i = 0; i < FORKS; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, end_at_once, NULL));
		ASSERT_EQ(0, pthread_join(thread, NULL));
	}
}

/*
 * The kernel counts a task between its start time and the event. It counts threads, too,
 * which are no processes: here only this program makes some.
 */
TEST_F(counts, forks_are_as_many_as_the_kernel_counts)
{
	uint64_t before, after, begun, within, all;

	ASSERT_EQ(1, hook_op(self->ev, "process.fork", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
	before = stat_read("processes");
	begun = boottime();
	fork_and_thread(_metadata);
	within = read_all(self->ev, "process.fork", begun_since, &begun);
	after = stat_read("processes");
	note("%llu tasks by the kernel's count, %llu forks told and %u threads",
	     (unsigned long long)(after - before), (unsigned long long)within, THREADS);
	EXPECT_LE(FORKS, within);
	EXPECT_LE(within + THREADS, after - before);
	/* A task that was counted is told as soon as the one that made it goes on. */
	all = within;
	EXPECT_TRUE(in_time((all += read_all(self->ev, "process.fork", NULL, NULL)) + THREADS >=
			    after - before));
}

TEST_F(counts, threads_are_no_forks_and_each_fork_is_one)
{
	ASSERT_EQ(1, hook_op(self->ev, "process.fork", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
	fork_and_thread(_metadata);
	EXPECT_EQ(FORKS, read_all(self->ev, "process.fork", is_own, NULL));
}

/* Two processes that wake each other; @ev's events are read meanwhile. */
static uint64_t switch_often(struct __test_metadata *_metadata, struct evring *ev)
{
	uint64_t told = 0;
	int to[2], from[2], i;
	char byte = 0;
	pid_t pid;

	EXPECT_EQ(0, pipe(to) + pipe(from));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		while (read(to[0], &byte, 1) == 1 && write(from[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(1, write(to[1], &byte, 1));
		EXPECT_EQ(1, read(from[0], &byte, 1));
		if (i % 16 == 0)
			told += read_all(ev, "sched.switch", NULL, NULL);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
	return told;
}

/*
 * A processor counts a switch and tells it with interrupts off: of each, one switch can
 * be counted on one side of a look and told on the other side.
 */
TEST_F(counts, switches_are_as_many_as_the_kernel_counts)
{
	uint64_t before, after, around, within, cpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(1, hook_op(self->ev, "sched.switch", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
	read_all(self->ev, "sched.switch", NULL, NULL);
	before = stat_read("ctxt");
	around = read_all(self->ev, "sched.switch", NULL, NULL);
	within = switch_often(_metadata, self->ev);
	within += read_all(self->ev, "sched.switch", NULL, NULL);
	after = stat_read("ctxt");
	around += read_all(self->ev, "sched.switch", NULL, NULL);
	note("%llu switches by the kernel's count, %llu told, and %llu about its ends",
	     (unsigned long long)(after - before), (unsigned long long)within,
	     (unsigned long long)around);
	EXPECT_LE(2 * ROUNDS, within);
	EXPECT_LE(within, after - before + cpus);
	EXPECT_LE(after - before, within + around + cpus);
}

/* A number of /proc/net/snmp: a line of names, and a line of numbers */
static uint64_t snmp_read(const char *name)
{
	static char names[4096], numbers[4096];
	FILE *file = fopen("/proc/thread-self/net/snmp", "r");
	char *n, *v, *n_at = NULL, *v_at = NULL;
	uint64_t value = UINT64_MAX;

	while (file && fgets(names, sizeof(names), file) && fgets(numbers, sizeof(numbers), file))
		if (!strncmp(names, "Tcp:", 4))
			break;
	if (!file)
		abort();
	fclose(file);
	n = strtok_r(names, " \n", &n_at);
	v = strtok_r(numbers, " \n", &v_at);
	for (; n && v; n = strtok_r(NULL, " \n", &n_at), v = strtok_r(NULL, " \n", &v_at))
		if (!strcmp(n, name))
			value = strtoull(v, NULL, 10);
	if (value == UINT64_MAX)
		abort();
	return value;
}

/* A network of its own: nobody else's connections are counted there. */
static void network_of_ones_own(struct __test_metadata *_metadata)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

/* The events of TCP in this network, by their results */
struct tally {
	unsigned int connects, connects_refused, accepts, begun, begun_refused, others;
};

static void tally_read(struct evring *ev, struct tally *tally)
{
	struct evring_event event;
	int result;

	while (evring_next(ev, &event) > 0) {
		if (event.missed || event.rec->type == EVRING_TYPE_LOST)
			abort();
		if (!event.type || strncmp(event.type->name, "net.", 4) ||
		    told_number(&event, "netns") != netns_now())
			continue;
		result = told_result(&event);
		if (result && result != -ECONNREFUSED)
			tally->others++;
		else if (!strcmp(event.type->name, "net.connect"))
			result ? tally->connects_refused++ : tally->connects++;
		else if (!strcmp(event.type->name, "net.connected"))
			result ? tally->begun_refused++ : tally->begun++;
		else if (!result)
			tally->accepts++;
		else
			tally->others++;
	}
}

static void connect_often(struct __test_metadata *_metadata)
{
	union address to, nobody;
	int fd = listener("127.0.0.1", &to), other = listener("127.0.0.1", &nobody), i;
	int client, server;

	close(other);
	for (i = 0; i < CONNECTIONS; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(0, connect(client, &to.any, sizeof(to.v4)));
		server = accept(fd, NULL, NULL);
		ASSERT_LE(0, server);
		close(client);
		close(server);
	}
	for (i = 0; i < REFUSED; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(-1, connect(client, &nobody.any, sizeof(nobody.v4)));
		ASSERT_EQ(ECONNREFUSED, errno);
		close(client);
	}
	close(fd);
}

TEST_F(counts, connections_are_as_many_as_the_kernel_counts)
{
	struct tally tally = { };

	network_of_ones_own(_metadata);
	ASSERT_EQ(1, hook_op(self->ev, "net.connect", EVRING_HOOK_ATTACH));
	ASSERT_EQ(1, hook_op(self->ev, "net.accept", EVRING_HOOK_ATTACH));
	ASSERT_EQ(1, hook_op(self->ev, "net.connected", EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
	ASSERT_EQ(0, snmp_read("ActiveOpens") + snmp_read("PassiveOpens") +
		     snmp_read("AttemptFails"));
	connect_often(_metadata);
	/* How connections end is told by interrupts, which may take their time. */
	EXPECT_TRUE(in_time((tally_read(self->ev, &tally),
			     tally.begun + tally.begun_refused >= CONNECTIONS + REFUSED)));
	EXPECT_EQ(CONNECTIONS, tally.connects);
	EXPECT_EQ(REFUSED, tally.connects_refused);
	EXPECT_EQ(snmp_read("ActiveOpens"), tally.connects + tally.connects_refused);
	EXPECT_EQ(snmp_read("ActiveOpens"), tally.begun + tally.begun_refused);
	EXPECT_EQ(snmp_read("AttemptFails"), tally.begun_refused);
	EXPECT_EQ(snmp_read("PassiveOpens"), tally.accepts);
	EXPECT_EQ(CONNECTIONS, tally.accepts);
	EXPECT_EQ(0, tally.others);
}

TEST_HARNESS_MAIN
