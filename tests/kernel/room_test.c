// SPDX-License-Identifier: MIT
/*
 * Writers that are woken where a commit makes room: none that cannot go on, few in
 * vain, and in the end all. The module is loaded with a lane for them of 16 segments,
 * of which a user may have a quarter.
 */
#include <dirent.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "device.h"

#define GROUP		"room"
#define UID(i)		(5000u + (i))
#define THREADS		64
#define PAYLOAD		1000u
#define WOKEN		4	/* by a commit, at most, that are woken in vain */

static const struct evring_field fields[] = {
	{ .name = "bytes", .kind = EVRING_KIND_U8, .offset = 0, .size = PAYLOAD },
};

static const char payload[PAYLOAD];

struct writer {
	struct evring_publisher *pub;
	const struct evring_type *type;
};

static void writer_open(struct writer *writer, int flags)
{
	char name[32];
	const struct evring_type like = {
		.name = name, .version = 1, .size = PAYLOAD, .fields = fields, .nr_fields = 1,
	};

	snprintf(name, sizeof(name), "u%u.room", getuid());
	if (evring_publisher_open(&writer->pub, NULL, flags) ||
	    evring_type_register(writer->pub, &like, 0, &writer->type))
		abort();
}

static int publish(struct writer *writer)
{
	return evring_publish(writer->pub, writer->type, payload, sizeof(payload));
}

/* Publish until there is no room. Returns how many there were. */
static unsigned int fill(struct writer *writer)
{
	unsigned int n = 0;
	int ret;

	while (!(ret = publish(writer)))
		n++;
	if (ret != -EAGAIN)
		abort();
	return n;
}

FIXTURE(room) {
	struct evring *ev;
	struct writer writer;	/* does not wait */
	uint64_t segment;
};

FIXTURE_SETUP(room)
{
	const struct evring_group group = {
		.name = GROUP, .lanes = APP, .policy = EVRING_HOLD, .start = EVRING_LATEST,
	};

	ASSERT_EQ(0, pin(0));
	groups_drop();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(0, evring_join(self->ev, &group));
	writer_open(&self->writer, O_NONBLOCK);
	self->segment = meta_whole()->segment_size;
}

FIXTURE_TEARDOWN(room)
{
	evring_publisher_close(self->writer.pub);
	evring_close(self->ev);
	groups_drop();
}

static uint64_t held(void)
{
	return cursor_get(GROUP, LANE_APP, 0).pos;
}

/*
 * Read one event and commit it. Returns whether that makes room: it lets go of a
 * segment, or of all that there is.
 */
static bool commit_one(struct evring *ev, uint64_t segment)
{
	uint64_t before = held() / segment;
	struct evring_event event;

	if (evring_next(ev, &event) != 1 || evring_commit(ev))
		abort();
	return held() / segment != before || held() == ring_get(LANE_APP, 0).head;
}

/* Read and commit all that there is. Returns how many events. */
static unsigned int commit_all(struct evring *ev)
{
	struct evring_event event;
	unsigned int n = 0;

	while (evring_next(ev, &event) == 1)
		n++;
	if (evring_commit(ev))
		abort();
	return n;
}

/* One event each, by threads that wait for room */
struct crowd {
	struct writer writer;
	pthread_t threads[THREADS];
	unsigned int started;
	unsigned int done;
	unsigned long before;	/* their switches before they wrote */
	unsigned long asleep;	/* ... and from then on until all of them waited */
	unsigned long switches;	/* ... and until they were done, those included */
};

static unsigned long own_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (unsigned long)usage.ru_nvcsw;
}

static void *one_writes(void *arg)
{
	struct crowd *crowd = arg;
	unsigned long before;

	before = own_switches();
	__atomic_add_fetch(&crowd->before, before, __ATOMIC_RELAXED);
	__atomic_add_fetch(&crowd->started, 1, __ATOMIC_RELAXED);
	if (publish(&crowd->writer))
		abort();
	__atomic_add_fetch(&crowd->switches, own_switches() - before, __ATOMIC_RELAXED);
	__atomic_add_fetch(&crowd->done, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* How often the threads of this process have given up their CPU by themselves, in all */
static unsigned long all_switches(void)
{
	unsigned long sum = 0, n;
	char line[128], path[64];
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	FILE *status;

	while (tasks && (entry = readdir(tasks))) {
		if (atoi(entry->d_name) <= 0 || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/status", atoi(entry->d_name));
		status = fopen(path, "r");
		while (status && fgets(line, sizeof(line), status))
			if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
				sum += n;
		if (status)
			fclose(status);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

/* Start them, and wait until all of them wait. */
static void crowd_start(struct crowd *crowd)
{
	unsigned long before;
	unsigned int i;

	*crowd = (struct crowd){ };
	writer_open(&crowd->writer, 0);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&crowd->threads[i], NULL, one_writes, crowd))
			abort();
	while (__atomic_load_n(&crowd->started, __ATOMIC_RELAXED) < THREADS)
		usleep(1000);
	do {
		before = all_switches();
		usleep(100000);
	} while (before != all_switches());
	crowd->asleep = before - crowd->before;
}

static void crowd_end(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		pthread_join(crowd->threads[i], NULL);
	evring_publisher_close(crowd->writer.pub);
}

static bool is_realtime(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

TEST_F(room, a_commit_that_makes_no_room_wakes_no_writer)
{
	static struct crowd crowd;
	unsigned int commits = 0, n = fill(&self->writer), seen;
	unsigned long before;

	crowd_start(&crowd);
	before = all_switches();
	while (!commit_one(self->ev, self->segment)) {
		usleep(10000);
		ASSERT_EQ(before, all_switches());
		commits++;
	}
	EXPECT_GT(commits, 3);
	for (seen = commits + 1; seen < n + THREADS; usleep(1000))
		seen += commit_all(self->ev);
	crowd_end(&crowd);
	EXPECT_EQ(n + THREADS, seen);
}

TEST_F(room, all_go_on_in_the_end_and_few_were_woken_in_vain)
{
	unsigned int n = fill(&self->writer), seen = 0, commits = 0, more;
	static struct crowd crowd;

	crowd_start(&crowd);
	/* A user's part has room for some of them: the others are to sleep on. */
	while (seen < n + THREADS) {
		more = commit_all(self->ev);
		seen += more;
		commits += more > 0;
		usleep(20000);
	}
	crowd_end(&crowd);
	EXPECT_EQ(THREADS, crowd.done);
	EXPECT_EQ(n + THREADS, seen);
	/* A real-time kernel sleeps for a lock, too; any kernel while all begin at once. */
	EXPECT_GE(crowd.asleep, THREADS);
	EXPECT_LE(crowd.switches - crowd.asleep,
		  (is_realtime() ? THREADS : 0) + (WOKEN + 1) * commits);
}

/* One event of another user's, by a process that waits */
static void other_writes(void *unused)
{
	struct writer writer;

	if (setgroups(0, NULL) || setresgid(UID(0), UID(0), UID(0)) ||
	    setresuid(UID(0), UID(0), UID(0)))
		_exit(100);
	writer_open(&writer, 0);
	_exit(publish(&writer) != 0);
}

/* Writers that are killed while they wait wake the next one. */
TEST_F(room, the_dead_keep_no_others_waiting)
{
	unsigned int n = fill(&self->writer), i, ended = 0;
	pid_t pids[16];
	int status;

	ASSERT_EQ(0, chmod(EVRING_PUBLISH_DEVICE, 0222));
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct writer writer;

			writer_open(&writer, 0);
			_exit(publish(&writer) != 0);
		}
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		while (state_of(pids[i]) != 'S')
			usleep(1000);
	usleep(100000);
	/* They are woken, and have not run yet: this process has their CPU. */
	while (!commit_one(self->ev, self->segment))
		;
	for (i = 0; i < ARRAY_SIZE(pids); i += 2)
		kill(pids[i], SIGKILL);
	commit_all(self->ev);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		while (waitpid(pids[i], &status, WNOHANG) != pids[i]) {
			commit_all(self->ev);
			usleep(1000);
		}
		ended += WIFEXITED(status) && !WEXITSTATUS(status);
	}
	EXPECT_GE(ended, ARRAY_SIZE(pids) / 2);
	EXPECT_GT(n, 8);
	EXPECT_EQ(0, in_child(other_writes, NULL));
}

static void other_fills(void *arg)
{
	const unsigned int uid = UID((unsigned int)(uintptr_t)arg);
	struct writer writer;

	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(100);
	writer_open(&writer, O_NONBLOCK);
	fill(&writer);
	_exit(0);
}

/* The ring, filled by users with a part of it each; the first part is another user's. */
static void others_fill(void *unused)
{
	uintptr_t i;

	for (i = 1; i < 6; i++)
		if (in_child(other_fills, (void *)i))
			_exit(1);
	_exit(0);
}

/* Of all that can, the one with the highest priority runs, and no other. */
static void must_run(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		abort();
}

/*
 * Waits in another user's name for room. Its status is how many of the crowd had found
 * room when it did, or 255. Returns once it sleeps.
 */
static pid_t other_waits(const struct crowd *crowd)
{
	struct writer writer;
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		abort();
	pid = fork();
	if (!pid) {
		must_run(2);
		if (setgroups(0, NULL) || setresgid(UID(0), UID(0), UID(0)) ||
		    setresuid(UID(0), UID(0), UID(0)))
			_exit(255);
		writer_open(&writer, 0);
		if (write(ready[1], "", 1) != 1 || publish(&writer))
			_exit(255);
		_exit((int)__atomic_load_n(&crowd->done, __ATOMIC_RELAXED));
	}
	if (read(ready[0], &byte, 1) != 1)
		abort();
	while (state_of(pid) != 'S')
		usleep(1000);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/*
 * Leaves no time to the crowd, which may only have spare time. Not by a real-time
 * priority: on PREEMPT_RT wake-ups are the work of threads, which must run.
 */
static pid_t hog_start(const struct crowd *crowd)
{
	const struct sched_param none = { };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < THREADS; i++)
		if (pthread_setschedparam(crowd->threads[i], SCHED_IDLE, &none))
			abort();
	pid = fork();
	if (!pid) {
		if (sched_setscheduler(0, SCHED_OTHER, &none) || setpriority(PRIO_PROCESS, 0, -20))
			abort();
		for (;;)
			;
	}
	return pid;
}

TEST_F(room, writers_that_do_not_get_to_run_hold_up_no_other_user)
{
	struct crowd *crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t hog, other;
	int status;

	ASSERT_NE(MAP_FAILED, crowd);
	ASSERT_EQ(0, chmod(EVRING_PUBLISH_DEVICE, 0222));
	fill(&self->writer);
	crowd_start(crowd);
	/* His own part is free, but the ring is full. */
	ASSERT_EQ(0, in_child(others_fill, NULL));
	other = other_waits(crowd);
	must_run(3);
	hog = hog_start(crowd);
	commit_all(self->ev);
	ASSERT_EQ(other, waitpid(other, &status, 0));
	/* As many of the first user's as his part has room for would have come before him. */
	note("%u came before", WEXITSTATUS(status));
	EXPECT_LT(WEXITSTATUS(status), THREADS / 2);
	kill(hog, SIGKILL);
	ASSERT_EQ(hog, waitpid(hog, NULL, 0));
	while (__atomic_load_n(&crowd->done, __ATOMIC_RELAXED) < THREADS) {
		commit_all(self->ev);
		usleep(1000);
	}
	crowd_end(crowd);
	munmap(crowd, sizeof(*crowd));
}

TEST_F(room, a_poller_is_told_once_and_not_before_a_quarter_is_free)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int fd = evring_publisher_fd(self->writer.pub), epoll = epoll_create1(EPOLL_CLOEXEC);
	uint64_t size = ring_size(LANE_APP);
	unsigned int told = 0, i;

	ASSERT_EQ(0, chmod(EVRING_PUBLISH_DEVICE, 0222));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, in_child(other_fills, (void *)(uintptr_t)i));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	ASSERT_EQ(-EAGAIN, publish(&self->writer));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	while (held() < ring_get(LANE_APP, 0).head) {
		commit_one(self->ev, self->segment);
		if (!epoll_wait(epoll, &event, 1, 0))
			continue;
		told++;
		EXPECT_LE(size / 4, held() / self->segment * self->segment + size -
				    ring_get(LANE_APP, 0).head);
	}
	EXPECT_EQ(1, told);
	EXPECT_EQ(0, publish(&self->writer));
	close(epoll);
}

/* Others take the room of each change before it is a quarter of the ring. */
TEST_F(room, a_poller_is_not_passed_over_for_ever)
{
	int fd = evring_publisher_fd(self->writer.pub);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	unsigned int changes = 0;

	ASSERT_EQ(0, chmod(EVRING_PUBLISH_DEVICE, 0222));
	ASSERT_EQ(0, in_child(others_fill, NULL));
	ASSERT_EQ(-EAGAIN, publish(&self->writer));
	while (!poll(&poll_fd, 1, 0) && changes < 20) {
		while (!commit_one(self->ev, self->segment))
			;
		changes++;
		ASSERT_EQ(0, in_child(others_fill, NULL));
	}
	EXPECT_EQ(4, changes);
}

static void *room_found(void *arg)
{
	struct writer *writer = arg;

	if (pin(1) || publish(writer))
		abort();
	return NULL;
}

static void *polls(void *arg)
{
	struct pollfd poll_fd = { .fd = *(int *)arg, .events = POLLOUT };

	return (void *)(intptr_t)poll(&poll_fd, 1, -1);
}

/* On the other CPU's ring, by another thread: the program need not have another EAGAIN. */
TEST_F(room, a_poller_goes_on_once_another_thread_has_found_room)
{
	int fd = evring_publisher_fd(self->writer.pub);
	pthread_t poller, finder;
	unsigned long before;
	void *ready;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	fill(&self->writer);
	ASSERT_EQ(0, pthread_create(&poller, NULL, polls, &fd));
	do {
		before = all_switches();
		usleep(100000);
	} while (!before || before != all_switches());
	ASSERT_EQ(0, pthread_create(&finder, NULL, room_found, &self->writer));
	ASSERT_EQ(0, pthread_join(finder, NULL));
	ASSERT_EQ(0, pthread_join(poller, &ready));
	EXPECT_EQ(1, (intptr_t)ready);
}

TEST_HARNESS_MAIN
