/* SPDX-License-Identifier: MIT */
/*
 * The ring's own code, tortured in user space at native speed: each round draws
 * sizes at random; threads are CPUs, and signals that hit them at any
 * instruction are NMIs, one on top of another. One reader holds the rings and
 * commits as it likes. Every record is checked, every sequence number accounted
 * for: attempts = read + lost.
 *
 *	torture_test [ROUNDS [SEED]]
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../harness/tap.h"
#include "internal.h"
#include "sim.h"

#define CPUS		3
#define CONTEXTS	3		/* thread, SIGUSR1, SIGUSR2 on top of it */

struct payload {
	uint32_t cpu, context;
	uint64_t count;
	uint8_t filler[];
};

/* Written by one context of one CPU */
struct source {
	uint64_t random;
	uint64_t attempts;
	uint64_t count;		/* of the event that is being filled */
	uint64_t lost;
	uint64_t discarded;
};

struct round {
	struct sim *sim;
	struct source sources[CPUS][CONTEXTS];
	uint64_t next[CPUS][CONTEXTS];
	pthread_t threads[CPUS];
	unsigned long events;	/* of each thread */
	uint32_t usual;		/* length of most payloads */
	unsigned int at_work;
	uint64_t read, lost, discarded, bad;
};

static struct round round_;
static __thread uint32_t me;

static uint64_t draw(uint64_t *state)
{
	/* xorshift64 */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill(void *room, uint32_t len, void *arg)
{
	struct source *source = arg;
	struct payload *p = room;
	uint32_t i;

	p->cpu = me;
	p->context = (uint32_t)(source - round_.sources[me]);
	p->count = source->count;
	for (i = 0; i < len - sizeof(*p); i++)
		p->filler[i] = (uint8_t)(source->count * 31 + p->context + i);
}

static void emit(uint32_t context)
{
	struct source *source = &round_.sources[me][context];
	uint64_t random = draw(&source->random);
	uint32_t max = sim_record_max(round_.sim) - (uint32_t)sizeof(struct evring_rec);
	uint32_t len = random % 256 == 0 ? (uint32_t)(random >> 16) % max :
					   (uint32_t)(random >> 16) % round_.usual;
	bool discard = random % 16 == 1, done;

	len += (uint32_t)sizeof(struct payload);
	if (random % 4096 == 2)
		len = max + 1 + (uint32_t)(random >> 16) % 100;	/* cannot be */
	else if (len > max)
		len = max;
	source->count = source->attempts;
	if (context)
		done = sim_emit_nmi(round_.sim, len, discard, fill, source);
	else
		done = sim_emit(round_.sim, len, discard, fill, source);
	source->attempts++;
	source->lost += !done;
	source->discarded += done && discard;
}

static void on_signal(int number)
{
	emit(number == SIGUSR1 ? 1 : 2);
}

static void *produce(void *arg)
{
	unsigned long i;

	me = (uint32_t)(uintptr_t)arg;
	sim_be(me);
	/* Held off until now: a signal before that would hit the wrong CPU. */
	pthread_sigmask(SIG_UNBLOCK, &(sigset_t){ { ~0UL } }, NULL);
	for (i = 0; i < round_.events; i++)
		emit(0);
	/* Signals are held off from here: later ones hit nobody. */
	pthread_sigmask(SIG_BLOCK, &(sigset_t){ { ~0UL } }, NULL);
	emit(0);		/* the losses at the end are told before this one */
	__atomic_sub_fetch(&round_.at_work, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&round_.at_work, __ATOMIC_ACQUIRE) != UINT32_MAX)
		usleep(1000);
	return NULL;
}

static void check_event(const struct ring *ring, const struct evring_event *event)
{
	const struct payload *p = event->payload;
	uint32_t i, len = event->payload_len - (uint32_t)sizeof(*p);
	uint64_t *next;

	round_.bad += event->missed != 0;
	if (event->rec->type == EVRING_TYPE_LOST) {
		round_.lost += ((const struct evring_lost *)event->payload)->count;
		return;
	}
	if (event->rec->type == EVRING_TYPE_DISCARD) {
		round_.discarded++;
		return;
	}
	round_.read++;
	if (p->cpu != ring->cpu || p->context >= CONTEXTS) {
		round_.bad++;
		return;
	}
	next = &round_.next[p->cpu][p->context];
	round_.bad += p->count < *next;
	*next = p->count + 1;
	for (i = 0; i < len; i++)
		round_.bad += p->filler[i] != (uint8_t)(p->count * 31 + p->context + i);
}

/* Read all records of one ring; commit now and then. */
static void consume(struct ring *ring, uint64_t *random)
{
	struct evring_event event;
	unsigned int n = 0;
	int ret;

	ring->head = load_acquire(&ring->page->head);
	while ((ret = ring_peek(ring)) > 0) {
		ring_take(ring, NULL, &event);
		check_event(ring, &event);
		if (++n % 64 == 0)
			sim_hold(round_.sim, ring->cpu, ring->pos);
	}
	round_.bad += ret < 0;
	if (draw(random) % 4)
		sim_hold(round_.sim, ring->cpu, ring->pos);
}

static void attach(struct ring *ring, uint16_t cpu, uint64_t data_size, uint32_t segment)
{
	memset(ring, 0, sizeof(*ring));
	ring->page = sim_page(round_.sim, cpu);
	ring->data = sim_data(round_.sim, cpu);
	ring->mask = data_size - 1;
	ring->segment = segment;
	ring->record_max = sim_record_max(round_.sim);
	ring->seq_bits = SEQ_BITS;
	ring->cpu = cpu;
	ring->stable = true;
	sim_hold(round_.sim, cpu, 0);
}

static void run(struct ring *rings, uint64_t *random)
{
	uint16_t cpu;

	while (__atomic_load_n(&round_.at_work, __ATOMIC_ACQUIRE)) {
		cpu = (uint16_t)(draw(random) % CPUS);
		consume(&rings[cpu], random);
		pthread_kill(round_.threads[draw(random) % CPUS],
			     draw(random) % 2 ? SIGUSR1 : SIGUSR2);
		if (draw(random) % 512 == 0)
			usleep(500);	/* long enough for a ring to be full */
	}
	for (cpu = 0; cpu < CPUS; cpu++)
		consume(&rings[cpu], random);
	__atomic_store_n(&round_.at_work, UINT32_MAX, __ATOMIC_RELEASE);
	for (cpu = 0; cpu < CPUS; cpu++)
		pthread_join(round_.threads[cpu], NULL);
}

/*
 * The last attempt of a thread may be lost too, if its ring is full: then the
 * losses since the last record that fitted are told by the ring page alone.
 */
static uint64_t untold(void)
{
	uint64_t seqs = 0, covered = round_.read + round_.lost + round_.discarded;
	uint16_t cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		seqs += sim_page(round_.sim, cpu)->seq;
	return seqs - covered;
}

static bool play(unsigned long events, uint64_t *random)
{
	uint32_t segment = 4096u << draw(random) % 4;
	uint64_t data_size = (uint64_t)segment << (2 + draw(random) % 3);
	uint64_t attempts = 0, lost = 0, discarded = 0, left;
	struct ring rings[CPUS];
	unsigned int cpu, i;
	bool ok;

	memset(&round_, 0, sizeof(round_));
	round_.sim = sim_new(CPUS, data_size, segment);
	round_.events = events;
	round_.usual = 1 + (uint32_t)(draw(random) % 300);
	round_.at_work = CPUS;
	for (cpu = 0; cpu < CPUS; cpu++) {
		attach(&rings[cpu], (uint16_t)cpu, data_size, segment);
		for (i = 0; i < CONTEXTS; i++)
			round_.sources[cpu][i].random = draw(random);
		if (pthread_create(&round_.threads[cpu], NULL, produce, (void *)(uintptr_t)cpu))
			abort();
	}
	run(rings, random);
	for (cpu = 0; cpu < CPUS; cpu++) {
		for (i = 0; i < CONTEXTS; i++) {
			attempts += round_.sources[cpu][i].attempts;
			lost += round_.sources[cpu][i].lost;
			discarded += round_.sources[cpu][i].discarded;
		}
	}
	left = untold();
	ok = !round_.bad && round_.lost + left == lost && sim_lost(round_.sim) == lost &&
	     round_.read + discarded + lost == attempts && round_.discarded <= discarded;
	printf("# segment %u ring %llu usual %u: attempts %llu read %llu lost %llu (untold %llu) "
	       "discarded %llu (holes %llu) bad %llu\n", segment, (unsigned long long)data_size,
	       round_.usual, (unsigned long long)attempts, (unsigned long long)round_.read,
	       (unsigned long long)lost, (unsigned long long)left, (unsigned long long)discarded,
	       (unsigned long long)round_.discarded, (unsigned long long)round_.bad);
	sim_free(round_.sim);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 12, i;
	uint64_t random = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) | 1;
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long bad = 0;

	/* Each may interrupt the other, neither itself; threads begin with both held off. */
	if (sigaction(SIGUSR1, &action, NULL) || sigaction(SIGUSR2, &action, NULL))
		return 2;
	pthread_sigmask(SIG_BLOCK, &(sigset_t){ { ~0UL } }, NULL);
	printf("# seed %llu\n", (unsigned long long)random);
	for (i = 0; i < rounds; i++) {
		sim_clock_inline(i % 2);
		bad += !play(100000, &random);
	}
	ok(!bad, "signals at any instruction: every attempt is read or declared lost");
	return tap_end();
}
