// SPDX-License-Identifier: MIT
/*
 * The process hooks and threads: a process forks, execs and exits once, however
 * many threads it has and in any order in which they leave; and in this order.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "life.h"

static void *thread_exit_group(void *unused)
{
	_exit(9);
}

static void exit_from_thread(void *unused)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 6; i++)
		if (pthread_create(&thread, NULL, thread_idle, NULL))
			_exit(1);
	pthread_create(&thread, NULL, thread_exit_group, NULL);
	pause();
}

TEST_F(hooks, a_threads_start_is_no_fork_and_its_end_no_exit)
{
	struct life *life = live(self->ev, exit_from_thread, NULL);

	EXPECT_EQ(9 << 8, life->status);
	EXPECT_EQ(0, life->forks);
	EXPECT_EQ(1, life->kept[EXIT].n);
	EXPECT_EQ(9, number(&life->kept[EXIT], "exit_code"));
	free(life);
}

TEST_F_TIMEOUT(hooks, a_process_whose_threads_end_at_once_exits_once, 600)
{
	unsigned int wrong = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct life *life = live(self->ev, exit_from_thread, NULL);

		wrong += life->kept[EXIT].n != 1;
		free(life);
	}
	EXPECT_EQ(0, wrong);
}

static pthread_barrier_t all_here;

static void *thread_leave(void *unused)
{
	pthread_barrier_wait(&all_here);
	syscall(SYS_exit, 6);
	return NULL;
}

/* Each by itself, all at once; the leader among them. */
static void leave_together(void *unused)
{
	pthread_t thread;
	int i;

	pthread_barrier_init(&all_here, NULL, 8);
	for (i = 0; i < 7; i++)
		if (pthread_create(&thread, NULL, thread_leave, NULL))
			_exit(1);
	thread_leave(NULL);
}

TEST_F_TIMEOUT(hooks, a_process_whose_threads_leave_one_by_one_exits_once, 60)
{
	unsigned int wrong = 0, status = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct life *life = live(self->ev, leave_together, NULL);

		wrong += life->kept[EXIT].n != 1;
		status += life->status != 6 << 8 ||
			  number(&life->kept[EXIT], "exit_code") != 6;
		free(life);
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, status);
}

static void *thread_outlive(void *unused)
{
	while (state_of(getpid()) != 'Z')	/* until the leader has gone */
		usleep(1000);
	usleep(50000);
	syscall(SYS_exit, 4);
	return NULL;
}

static void leader_first(void *unused)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_outlive, NULL);
	syscall(SYS_exit, 3);
}

TEST_F(hooks, the_exit_of_a_process_is_that_of_its_last_thread)
{
	uint64_t start = clock_ns(CLOCK_BOOTTIME);
	struct life *life = live(self->ev, leader_first, NULL);
	struct kept *exit = &life->kept[EXIT];

	ASSERT_EQ(1, exit->n);
	EXPECT_EQ(WEXITSTATUS(life->status), number(exit, "exit_code"));
	EXPECT_LE(start + 50 * MS, evring_boottime(self->ev, &exit->event));
	EXPECT_EQ(life->pid, exit->rec.pid);
	EXPECT_NE(life->pid, exit->rec.tid);
	free(life);
}

static void *thread_exec(void *tid)
{
	*(pid_t *)tid = gettid();
	execl("/bin/true", "true", NULL);
	return NULL;
}

static void exec_from_thread(void *tid)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_exec, tid);
	pause();
}

TEST_F(hooks, an_exec_of_a_thread_is_the_processs_and_tells_the_thread)
{
	pid_t *tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	struct life *life = live(self->ev, exec_from_thread, tid);

	ASSERT_EQ(1, life->kept[EXEC].n);
	EXPECT_EQ(life->pid, life->kept[EXEC].rec.tid);
	EXPECT_NE(life->pid, *tid);
	EXPECT_EQ(*tid, number(&life->kept[EXEC], "old_tid"));
	EXPECT_EQ(1, life->kept[EXIT].n);
	free(life);
}

static void pin_and_exec(void *cpu)
{
	pin(*(int *)cpu);
	execl("/bin/true", "true", NULL);
}

TEST_F(hooks, fork_exec_and_exit_come_in_this_order_across_cpus)
{
	int i, cpu;

	for (i = 0; i < 200; i++) {
		struct life *life;

		cpu = i % 2;
		ASSERT_EQ(0, pin(i / 2 % 2));
		life = live(self->ev, pin_and_exec, &cpu);
		ASSERT_EQ(1, life->kept[FORK].n);
		ASSERT_EQ(1, life->kept[EXEC].n);
		ASSERT_EQ(1, life->kept[EXIT].n);
		EXPECT_EQ(i / 2 % 2, life->kept[FORK].event.cpu);
		EXPECT_EQ(cpu, life->kept[EXEC].event.cpu);
		EXPECT_LT(life->kept[FORK].rec.time, life->kept[EXEC].rec.time);
		EXPECT_LT(life->kept[EXEC].rec.time, life->kept[EXIT].rec.time);
		EXPECT_LT(life->kept[FORK].order, life->kept[EXEC].order);
		EXPECT_LT(life->kept[EXEC].order, life->kept[EXIT].order);
		free(life);
	}
}

TEST_HARNESS_MAIN
