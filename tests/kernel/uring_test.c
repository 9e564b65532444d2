// SPDX-License-Identifier: MIT
/*
 * Commit through io_uring: the same call with the same answers, for any bytes in the
 * submission queue entry, and while another thread writes to it.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "device.h"
#include "uring.h"

#define GROUP		"uring"
#define EVENTS		200
#define RACE_ROUNDS	3000

FIXTURE(uring) {
	struct io_uring ring;
	int fd;
	uint64_t pos;		/* where the group begins, on CPU 0 */
	uint64_t size;		/* of one event */
};

FIXTURE_SETUP(uring)
{
	struct evring_join join = { .name = GROUP, .lanes = CRITICAL, .start = EVRING_LATEST };

	groups_drop();
	self->fd = session_open(O_RDONLY);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_JOIN, &join));
	ASSERT_EQ(0, pin(0));
	self->size = torture_size(0);
	self->pos = ring_get(LANE_CRITICAL, 0).head;
	ASSERT_EQ(0, emit(EVENTS, 0));
	ASSERT_EQ(0, io_uring_queue_init(64, &self->ring, 0));
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	close(self->fd);
	groups_drop();
}

static uint64_t committed(void)
{
	return cursor_get(GROUP, LANE_CRITICAL, 0).pos;
}

static struct io_uring_sqe *prepare(struct io_uring *ring, int fd,
				    const struct evring_commit_entry *entries, uint32_t nr)
{
	/* An entry's argument must stay until it is complete; fewer are ever under way. */
	static struct evring_commit commits[256];
	static unsigned int next;
	struct evring_commit *commit = &commits[next++ % 256];

	*commit = (struct evring_commit){
		.entries = (uintptr_t)entries, .nr = nr, .entry_size = sizeof(*entries),
	};
	return uring_command(ring, fd, EVRING_CMD_COMMIT, commit, sizeof(*commit));
}

static int commit(struct io_uring *ring, int fd, uint64_t pos)
{
	struct evring_commit_entry entry = { .pos = pos };

	prepare(ring, fd, &entry, 1);
	return uring_complete(ring);
}

TEST_F(uring, it_moves_the_cursor_as_the_ioctl_does)
{
	struct evring_commit_entry entry = {
		.pos = self->pos + self->size, .seq = 4711, .missed = 3,
	};
	struct evring_cursor cursor;

	prepare(&self->ring, self->fd, &entry, 1);
	EXPECT_EQ(0, uring_complete(&self->ring));
	cursor = cursor_get(GROUP, LANE_CRITICAL, 0);
	EXPECT_EQ(entry.pos, cursor.pos);
	EXPECT_EQ(4711, cursor.seq);
	EXPECT_EQ(3, cursor.missed);
}

/* Inline: the command is done when the submission returns. */
TEST_F(uring, it_is_complete_when_submit_returns)
{
	struct evring_commit_entry entry = { .pos = self->pos + self->size };

	prepare(&self->ring, self->fd, &entry, 1);
	EXPECT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(1, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(entry.pos, committed());
}

TEST_F(uring, it_refuses_what_the_ioctl_refuses)
{
	struct evring_commit_entry entry = { .pos = self->pos + self->size };
	struct io_uring *ring = &self->ring;
	struct evring_uring_cmd *payload;
	struct io_uring_sqe *sqe;
	unsigned int bit;

	prepare(ring, self->fd, &entry, 0);
	EXPECT_EQ(-EINVAL, uring_complete(ring));
	prepare(ring, self->fd, &entry, EVRING_COMMIT_MAX + 1);
	EXPECT_EQ(-EINVAL, uring_complete(ring));
	prepare(ring, self->fd, NULL, 1);
	EXPECT_EQ(-EFAULT, uring_complete(ring));
	prepare(ring, self->fd, (void *)0xffff888000000000, 1);
	EXPECT_EQ(-EFAULT, uring_complete(ring));
	prepare(ring, self->fd, (void *)-8, 1);
	EXPECT_EQ(-EFAULT, uring_complete(ring));
	for (bit = 0; bit < 32; bit++) {
		sqe = prepare(ring, self->fd, &entry, 1);
		payload = (void *)sqe->cmd;
		payload->flags = 1u << bit;
		EXPECT_EQ(-EINVAL, uring_complete(ring));
		sqe = prepare(ring, self->fd, &entry, 1);
		payload = (void *)sqe->cmd;
		((struct evring_commit *)(uintptr_t)payload->arg)->flags = 1u << bit;
		EXPECT_EQ(-EINVAL, uring_complete(ring));
	}
	sqe = prepare(ring, self->fd, &entry, 1);
	((struct evring_uring_cmd *)sqe->cmd)->arg = 8;
	EXPECT_EQ(-EFAULT, uring_complete(ring));
	sqe = prepare(ring, self->fd, &entry, 1);
	((struct evring_uring_cmd *)sqe->cmd)->size = knows(evring_commit, reserved) - 8;
	EXPECT_EQ(-EINVAL, uring_complete(ring));
	sqe = prepare(ring, self->fd, &entry, 1);
	((struct evring_uring_cmd *)sqe->cmd)->size = UINT32_MAX;
	EXPECT_EQ(-EINVAL, uring_complete(ring));
	EXPECT_EQ(-ERANGE, commit(ring, self->fd, self->pos + (EVENTS + 1) * self->size));
	EXPECT_EQ(-EINVAL, commit(ring, self->fd, self->pos + 1));
	entry.lane = LANE_BULK;
	prepare(ring, self->fd, &entry, 1);
	EXPECT_EQ(-EINVAL, uring_complete(ring));
	entry.lane = LANES;
	prepare(ring, self->fd, &entry, 1);
	EXPECT_EQ(-ENXIO, uring_complete(ring));
	EXPECT_EQ(self->pos, committed());
}

TEST_F(uring, a_command_that_is_not_known_is_refused)
{
	static const uint32_t ops[] = {
		0, 1, 7, 0xffffffff, EVRING_IOC_COMMIT, EVRING_IOC_LEAVE, EVRING_IOC_JOIN, EVRING_IOC_ARM,
		EVRING_IOC_DROP, EVRING_IOC_META, EVRING_CMD_COMMIT ^ 1 << 16,
		EVRING_CMD_COMMIT ^ 1u << 31,
	};
	struct evring_commit_entry entry = { .pos = self->pos + self->size };
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		prepare(&self->ring, self->fd, &entry, 1)->cmd_op = ops[i];
		EXPECT_EQ(-EOPNOTSUPP, uring_complete(&self->ring)) {
			TH_LOG("cmd_op %x", ops[i]);
		}
	}
	EXPECT_EQ(self->pos, committed());
}

TEST_F(uring, flags_of_the_entry_do_not_change_what_it_may_do)
{
	struct evring_commit_entry entry = { .pos = self->pos + self->size };
	struct io_uring_sqe *sqe;
	unsigned int bit;
	int ret;

	for (bit = 0; bit < 32; bit++) {
		sqe = prepare(&self->ring, self->fd, &entry, 1);
		sqe->rw_flags = (int)(1u << bit);	/* uring_cmd_flags */
		ret = uring_complete(&self->ring);
		EXPECT_TRUE(ret == -EINVAL || ret == -EFAULT) {
			TH_LOG("uring_cmd_flags %x: %d", 1u << bit, ret);
		}
	}
	EXPECT_EQ(self->pos, committed());
	for (bit = 0; bit < 16; bit++) {
		sqe = prepare(&self->ring, self->fd, &entry, 1);
		sqe->ioprio = (uint16_t)(1u << bit);
		ret = uring_complete(&self->ring);
		EXPECT_TRUE(ret == 0 || ret == -EINVAL);
	}
	EXPECT_LE(committed(), entry.pos);
}

TEST_F(uring, a_session_that_does_not_own_the_group_is_refused)
{
	int other = session_open(O_RDONLY), tube[2];

	EXPECT_EQ(-EPERM, commit(&self->ring, other, self->pos + self->size));
	EXPECT_EQ(-EBADF, commit(&self->ring, -1, self->pos + self->size));
	EXPECT_EQ(-EBADF, commit(&self->ring, 1000, self->pos + self->size));
	ASSERT_EQ(0, pipe(tube));
	EXPECT_EQ(-EOPNOTSUPP, commit(&self->ring, tube[0], self->pos + self->size));
	EXPECT_EQ(self->pos, committed());
	ASSERT_EQ(0, call(self->fd, EVRING_IOC_LEAVE, NULL));
	EXPECT_EQ(-EPERM, commit(&self->ring, self->fd, self->pos + self->size));
	close(tube[0]);
	close(tube[1]);
	close(other);
}

TEST_F(uring, from_a_worker_thread_it_does_the_same)
{
	struct evring_commit_entry entry = { .pos = self->pos + self->size };

	prepare(&self->ring, self->fd, &entry, 1)->flags |= IOSQE_ASYNC;
	EXPECT_EQ(0, uring_complete(&self->ring));
	EXPECT_EQ(entry.pos, committed());
	entry.pos = self->pos;
	prepare(&self->ring, self->fd, &entry, 1)->flags |= IOSQE_ASYNC;
	EXPECT_EQ(-ERANGE, uring_complete(&self->ring));
	prepare(&self->ring, self->fd, NULL, 1)->flags |= IOSQE_ASYNC;
	EXPECT_EQ(-EFAULT, uring_complete(&self->ring));
}

TEST_F(uring, from_the_kernels_polling_thread_it_does_the_same)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 50 };
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init_params(8, &ring, &params));
	EXPECT_EQ(0, commit(&ring, self->fd, self->pos + self->size));
	EXPECT_EQ(-ERANGE, commit(&ring, self->fd, self->pos));
	EXPECT_EQ(self->pos + self->size, committed());
	usleep(100000);		/* it has gone to sleep */
	EXPECT_EQ(0, commit(&ring, self->fd, self->pos + 2 * self->size));
	EXPECT_EQ(self->pos + 2 * self->size, committed());
	io_uring_queue_exit(&ring);
}

/* io_uring refuses, until 7.0 or so; later it completes as on any other ring. */
TEST_F(uring, on_a_ring_that_polls_for_completions_it_is_refused_or_does_the_same)
{
	struct io_uring_params params = { .flags = IORING_SETUP_IOPOLL };
	struct io_uring ring;
	int ret;

	ASSERT_EQ(0, io_uring_queue_init_params(8, &ring, &params));
	ret = commit(&ring, self->fd, self->pos + self->size);
	EXPECT_TRUE(ret == 0 || ret == -EOPNOTSUPP);
	EXPECT_EQ(ret ? self->pos : self->pos + self->size, committed());
	io_uring_queue_exit(&ring);
}

TEST_F(uring, a_ring_of_long_entries_does_the_same)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 };
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init_params(8, &ring, &params));
	EXPECT_EQ(0, commit(&ring, self->fd, self->pos + self->size));
	EXPECT_EQ(self->pos + self->size, committed());
	io_uring_queue_exit(&ring);
}

TEST_F(uring, a_link_breaks_at_the_first_commit_that_fails)
{
	struct evring_commit_entry good = { .pos = self->pos + self->size };
	struct evring_commit_entry bad = { .pos = self->pos + 4 };
	struct evring_commit_entry last = { .pos = self->pos + 2 * self->size };
	const int expected[] = { 0, -EINVAL, -ECANCELED };
	const struct evring_commit_entry *entries[] = { &good, &bad, &last };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		sqe = prepare(&self->ring, self->fd, entries[i], 1);
		sqe->flags = i < 2 ? IOSQE_IO_LINK : 0;
		sqe->user_data = i;
	}
	EXPECT_EQ(3, io_uring_submit(&self->ring));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&self->ring, &cqe));
		EXPECT_EQ(expected[cqe->user_data], cqe->res);
		io_uring_cqe_seen(&self->ring, cqe);
	}
	EXPECT_EQ(good.pos, committed());
}

TEST_F(uring, many_in_one_submission_are_taken_in_order)
{
	struct evring_commit_entry entries[64];
	struct io_uring_cqe *cqe;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		entries[i] = (struct evring_commit_entry){
			.pos = self->pos + (i + 1) * self->size,
		};
		prepare(&self->ring, self->fd, &entries[i], 1)->user_data = i;
	}
	EXPECT_EQ(64, io_uring_submit(&self->ring));
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&self->ring, &cqe));
		EXPECT_EQ(0, cqe->res);
		EXPECT_EQ(i, cqe->user_data);
		io_uring_cqe_seen(&self->ring, cqe);
	}
	EXPECT_EQ(self->pos + 64 * self->size, committed());
}

TEST_F(uring, a_commit_in_flight_survives_the_close_of_its_descriptor)
{
	struct evring_commit_entry entry = { .pos = self->pos + self->size };
	int ret;

	prepare(&self->ring, self->fd, &entry, 1)->flags |= IOSQE_ASYNC;
	EXPECT_EQ(1, io_uring_submit(&self->ring));
	close(self->fd);
	self->fd = -1;
	ret = uring_complete(&self->ring);
	/* A worker of io_uring takes the file as it begins, so the close may come first. */
	EXPECT_TRUE(!ret || ret == -EBADF);
	EXPECT_EQ(ret ? self->pos : entry.pos, committed());
}

/* The racing thread's targets: the payload of an entry, and its argument */
struct race {
	atomic_bool stop;
	struct evring_uring_cmd *payload;
	struct evring_commit *commit;
	struct evring_commit_entry *entry;
	uint64_t pos;
	uint64_t size;
};

static void *rewrite(void *arg)
{
	struct race *race = arg;
	volatile struct evring_uring_cmd *payload = race->payload;
	volatile struct evring_commit *commit = race->commit;
	volatile struct evring_commit_entry *entry = race->entry;
	uint64_t good = payload->arg, entries = commit->entries;
	uint32_t i;

	pin(1);
	for (i = 0; !atomic_load(&race->stop); i++) {
		payload->arg = i % 3 ? good : 8;
		payload->size = i % 5 ? sizeof(*commit) : 0xffffffff;
		payload->flags = i % 7 ? 0 : i;
		commit->entries = i % 19 ? entries : 8;
		commit->nr = i % 23 ? 1 : 0xffffffff;
		commit->flags = i % 29 ? 0 : i;
		entry->pos = race->pos + i % (EVENTS + 2) * race->size + (i % 11 ? 0 : 4);
		entry->cpu = i % 13 ? 0 : i;
		entry->lane = (uint16_t)(i % 17 ? LANE_CRITICAL : i);
	}
	return NULL;
}

static bool legal(int ret)
{
	return ret == 0 || ret == -EINVAL || ret == -EFAULT || ret == -ERANGE || ret == -ENXIO;
}

static void race_rounds(struct __test_metadata *_metadata, struct io_uring *ring, int fd,
			struct race *race, unsigned int flags)
{
	uint64_t last = race->pos, pos;
	struct io_uring_sqe *sqe;
	pthread_t thread;
	unsigned int i;
	int ret;

	sqe = prepare(ring, fd, race->entry, 1);
	race->payload = (void *)sqe->cmd;
	race->commit = (void *)(uintptr_t)race->payload->arg;
	ASSERT_EQ(0, pthread_create(&thread, NULL, rewrite, race));
	for (i = 0; i < RACE_ROUNDS; i++) {
		if (i) {
			/* With one entry in the queue it is this one every time. */
			sqe = io_uring_get_sqe(ring);
			ASSERT_EQ(race->payload, (void *)sqe->cmd);
		}
		sqe->flags = (uint8_t)flags;
		ret = uring_complete(ring);
		EXPECT_TRUE(legal(ret)) {
			TH_LOG("result %d", ret);
		}
		pos = committed();
		EXPECT_GE(pos, last);
		EXPECT_LE(pos, race->pos + EVENTS * race->size);
		EXPECT_EQ(0, (pos - race->pos) % race->size);
		last = pos;
	}
	atomic_store(&race->stop, true);
	pthread_join(thread, NULL);
	EXPECT_GT(last, race->pos);
}

TEST_F_TIMEOUT(uring, an_entry_that_is_rewritten_meanwhile_does_one_legal_thing, 600)
{
	static const unsigned int flags[] = { 0, IOSQE_ASYNC };
	struct evring_commit_entry entry = { .pos = self->pos };
	struct io_uring ring;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct race race = { .entry = &entry, .size = self->size };

		ASSERT_EQ(0, emit(EVENTS, 0));
		race.pos = ring_get(LANE_CRITICAL, 0).head - EVENTS * self->size;
		ASSERT_EQ(0, commit(&self->ring, self->fd, race.pos));
		ASSERT_EQ(0, io_uring_queue_init(1, &ring, 0));
		race_rounds(_metadata, &ring, self->fd, &race, flags[i]);
		io_uring_queue_exit(&ring);
	}
}

static int arm(int fd)
{
	struct evring_arm arg = { .lanes = CRITICAL };

	return call(fd, EVRING_IOC_ARM, &arg);
}

/* Waits for @want completions, and a moment for more. Returns how many came. */
static unsigned int completions(struct io_uring *ring, unsigned int want)
{
	struct __kernel_timespec soon = { .tv_sec = SOON_MS / 1000 };
	struct __kernel_timespec moment = { .tv_nsec = 50000000 };
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_wait_cqe_timeout(ring, &cqe, n < want ? &soon : &moment) == 0) {
		n += cqe->res == POLLIN && (cqe->flags & IORING_CQE_F_MORE);
		io_uring_cqe_seen(ring, cqe);
	}
	return n;
}

TEST_F(uring, a_multishot_poll_completes_once_per_arm)
{
	struct io_uring_sqe *sqe;
	int i;

	ASSERT_EQ(0, arm(self->fd));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_poll_multishot(sqe, self->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(0, completions(&self->ring, 0));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, emit(10, 0));
		EXPECT_EQ(1, completions(&self->ring, 1));
		ASSERT_EQ(0, emit(10, 0));
		EXPECT_EQ(0, completions(&self->ring, 0));
		ASSERT_EQ(0, arm(self->fd));
		EXPECT_EQ(0, completions(&self->ring, 0));
	}
}

TEST_HARNESS_MAIN
