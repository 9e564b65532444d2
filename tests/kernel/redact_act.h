/* SPDX-License-Identifier: MIT */
/*
 * Execs whose arguments have secrets, and a look at all that a process can map, for
 * NEEDLE: each program has one of its own, as events stay in a ring.
 */
#ifndef EVRING_TEST_REDACT_ACT_H
#define EVRING_TEST_REDACT_ACT_H

#include <pthread.h>

#include "file_deed.h"

#define EXEC	"process.exec"
#define TRUE	DIR_PATH "/true"
#define MARK	EVRING_REDACTED_MARK

FIXTURE(redact) {
	struct evring *ev;
	const struct evring_type *type;
	struct told *told;
	pid_t pid;
};

FIXTURE_SETUP(redact)
{
	groups_drop();
	deed_folder();
	if (system("cp -L /bin/true " TRUE " && chmod 755 " TRUE " && cp " TRUE " mysql"))
		abort();
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_LT(0, evring_types(self->ev));
	self->type = evring_type_by_name(self->ev, EXEC);
	ASSERT_NE(NULL, self->type);
	ASSERT_EQ(0, evring_redact_reset(self->ev, EXEC, 0));
	ASSERT_EQ(1, evring_attach(self->ev, EXEC, NULL, -1));
	ASSERT_EQ(0, evring_tap(self->ev, CRITICAL, EVRING_LATEST));
}

FIXTURE_TEARDOWN(redact)
{
	evring_redact_reset(self->ev, EXEC, 0);
	evring_detach(self->ev, EXEC, NULL);
	evring_close(self->ev);
	free(self->told);
}

static inline struct evring_rules *rules_of(const struct evring_type *type, const char *line)
{
	struct evring_rules *rules = NULL;
	struct evring_filter_error error;

	if (evring_rules_new(&rules, type))
		abort();
	if (line && evring_rules_add(rules, line, &error)) {
		printf("# %s: column %u: %s\n", line, error.column, error.text);
		abort();
	}
	return rules;
}

/* One line alone, or none */
static inline int rules_set(struct evring *ev, const struct evring_type *type, const char *line)
{
	struct evring_rules *rules = rules_of(type, line);
	int ret = evring_redact_set(ev, type->name, rules, 0);

	evring_rules_free(rules);
	return ret;
}

/* The command of a child: @argv[0] is the program. */
static inline pid_t run(char *const *argv, char *const *env)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), 2);
		execve(argv[0], argv, env);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
	return pid;
}

static char *const no_env[] = { NULL };

/* The event of one exec of a program */
static inline const struct evring_event *told_of(struct _test_data_redact *self, char *const *argv)
{
	free(self->told);
	self->pid = run(argv, no_env);
	self->told = told_read(self->ev, EXEC, self->pid);
	if (self->told->n != 1)
		abort();
	return told_at(self->told, 0);
}

/* With '|' for NULs; good until the next call */
static inline const char *texts_of(const struct evring_event *event, const char *name)
{
	static char text[TOLD_BYTES];
	const char *s;
	size_t n;

	if (evring_get_string(event, told_field(event, name), &s, &n) || n >= sizeof(text))
		abort();
	for (size_t i = 0; i < n; i++)
		text[i] = s[i] ? s[i] : '|';
	text[n] = '\0';
	return text;
}

#define EXEC_ARGS(...)	((char *const []){ __VA_ARGS__, NULL })

/*
 * Pages
 */

struct ring_map {
	const char *at;
	size_t len;
};

struct scanner {
	pthread_t thread;
	struct ring_map maps[64];
	unsigned int nr;
	bool stop;
	unsigned long rounds;
	unsigned long found;
};

static inline void scanner_map(struct scanner *scanner)
{
	const struct evring_meta *meta = meta_whole();
	unsigned int lanes = meta->lanes.count, cpus = meta->nr_cpus, lane, cpu;
	int fd = session_open(O_RDONLY);

	for (lane = 0; lane < lanes; lane++)
		for (cpu = 0; cpu < cpus && scanner->nr < 64; cpu++) {
			size_t len = ring_len(lane);
			void *at = mmap(NULL, len, PROT_READ, MAP_SHARED, fd,
					(off_t)EVRING_MMAP_RING(lane, cpu));

			if (at != MAP_FAILED)
				scanner->maps[scanner->nr++] = (struct ring_map){ at, len };
		}
	close(fd);
}

static inline void *scanner_run(void *arg)
{
	struct scanner *scanner = arg;

	while (!__atomic_load_n(&scanner->stop, __ATOMIC_RELAXED)) {
		for (unsigned int i = 0; i < scanner->nr; i++)
			if (memmem(scanner->maps[i].at, scanner->maps[i].len, NEEDLE,
				   strlen(NEEDLE)))
				__atomic_add_fetch(&scanner->found, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&scanner->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static inline struct scanner *scanner_start(void)
{
	struct scanner *scanner = calloc(1, sizeof(*scanner));

	scanner_map(scanner);
	if (!scanner->nr || pthread_create(&scanner->thread, NULL, scanner_run, scanner))
		abort();
	return scanner;
}

/* After some more rounds; returns how often the needle was seen. */
static inline unsigned long scanner_end(struct scanner *scanner)
{
	unsigned long from = __atomic_load_n(&scanner->rounds, __ATOMIC_RELAXED), found;

	while (__atomic_load_n(&scanner->rounds, __ATOMIC_RELAXED) < from + 2)
		usleep(1000);
	__atomic_store_n(&scanner->stop, true, __ATOMIC_RELAXED);
	pthread_join(scanner->thread, NULL);
	found = scanner->found;
	for (unsigned int i = 0; i < scanner->nr; i++)
		munmap((void *)scanner->maps[i].at, scanner->maps[i].len);
	free(scanner);
	return found;
}

#endif /* EVRING_TEST_REDACT_ACT_H */
