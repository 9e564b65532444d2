/* SPDX-License-Identifier: MIT */
/* A task that is done gives up its messages; those that Kafka acknowledged are committed. */
#include "../harness/defaults.h"
#include "../harness/tap.h"
#include "evringd.h"
#include "internal.h"
#include "running.h"
#include "sending.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct producer producer;
static struct topic_handle *handle;
static struct delivery *answered;	/* the next poll() reports it */

static struct producer *fake_open(const struct config *of, size_t batch_bytes, int fd, char *why,
				  size_t len)
{
	(void)of; (void)batch_bytes; (void)fd; (void)why; (void)len;
	return &producer;
}

static void fake_close(struct producer *of)
{
	(void)of;
}

static void fake_release(struct topic_handle *of)
{
	(void)of;
}

static size_t fake_message_max(const struct producer *of)
{
	(void)of;
	return 1000000;
}

static void fake_poll(struct producer *of, const struct producer_calls *calls)
{
	const struct report report = { .topic = handle, .delivery = answered };

	(void)of;
	if (!answered)
		return;
	answered = NULL;
	calls->report(calls->arg, &report);
	calls->batch_done(calls->arg);
}

static void fake_forget(const struct report *report)
{
	(void)report;
}

static void fake_purge(struct producer *of, bool inflight)
{
	(void)of; (void)inflight;
}

/* There is always one more. */
static uint64_t fake_flying(const struct producer *of)
{
	(void)of;
	return 1;
}

static const struct producer_ops fake = {
	.open = fake_open, .close = fake_close, .release = fake_release,
	.message_max = fake_message_max, .poll = fake_poll, .forget = fake_forget,
	.purge = fake_purge, .flying = fake_flying,
};

static unsigned int commits;

/* The file is no device, so the kernel takes none. */
static void on_commit(void *arg, int ret)
{
	(void)arg; (void)ret;
	commits++;
}

static struct delivery *push(struct deliveries *ds, uint64_t seq)
{
	struct evring_event event = { .lane = LANE_BULK, .next = 64 * seq, .next_seq = seq };
	struct delivery *delivery = delivery_begin(ds, 0);

	delivery_push(ds, delivery, &event, 0, 0);
	return delivery;
}

static void late_answers_are_committed(void)
{
	static const char text[] = "{\"name\": \"t\", \"config\": {\"topic\": \"t\", "
		"\"kafka.bootstrap.servers\": \"127.0.0.1:1\"}}";
	struct problems problems = { .file = "test" };
	struct config *cfg = config_parse(text, strlen(text), &problems);
	struct evring ev = { .fd = open("/dev/null", O_RDWR | O_CLOEXEC), .nr_rings = 1 };
	struct task *t = task_new(cfg, NULL, "test", NULL, NULL);
	const struct sender_calls calls = { .acked = task_acked, .arg = t };

	t->phase = PHASE_CLOSE;
	t->stall_timer.op.busy = true;
	t->pause_timer.op.busy = true;
	t->deliveries = deliveries_new(0, 0);
	t->sender = sender_open(cfg, &fake, &calls);
	t->committer = (struct committer){ .ev = &ev, .by_ioctl = true, .done = on_commit };
	handle = &sender_topic(t->sender, "t")->handle;
	answered = push(t->deliveries, 1);
	push(t->deliveries, 2);
	task_turn(t);
	check(commits == 1, "%u commits", commits);
	CHECK(t->committer.nr == 1 && t->committer.entries[0].pos == 64 &&
	      t->committer.entries[0].seq == 1);
	/* It looks once more, and there is nothing. */
	CHECK(task_ready(t));
	task_turn(t);
	CHECK(commits == 1 && !task_ready(t) && task_done(t) && !task_released(t));
	sender_close(t->sender);
	deliveries_free(t->deliveries);
	commit_close(&t->committer);
	task_free(t);
	config_free(cfg);
	close(ev.fd);
}

int main(void)
{
	test_case(late_answers_are_committed, "what is acknowledged after the last commit is committed");
	return tap_end();
}
