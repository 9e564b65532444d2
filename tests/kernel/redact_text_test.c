// SPDX-License-Identifier: MIT
/*
 * The texts that secrets can be in: arguments that are cut, variables of the
 * environment, and arguments of processes that run already.
 */
#define NEEDLE	"hunter2text"

#include "redact_act.h"

#define STATE	"process.state"
#define ASKED	"/sys/module/evring/parameters/exec_env"

TEST_F(redact, what_is_cut_is_judged_by_what_is_not_there)
{
	static char filler[6000], tail[1200], huge[100000];
	const struct evring_event *event;

	memset(filler, 'x', sizeof(filler) - 1);
	memset(huge, 'y', sizeof(huge) - 1);
	memset(tail, 'z', sizeof(tail) - 1);
	/* The end begins in the middle of the value, whose option is not in it. */
	event = told_of(self, EXEC_ARGS(TRUE, filler, "--password", tail, "b"));
	EXPECT_EQ(1, told_number(event, "argv_truncated"));
	EXPECT_STREQ(MARK "|b|", texts_of(event, "argv_end"));
	EXPECT_TRUE(evring_field_redacted(event, told_field(event, "argv_end")));
	EXPECT_FALSE(evring_field_redacted(event, told_field(event, "argv")));

	/* ... or in the middle of one that says so at its beginning, far away */
	memcpy(huge, "--password=", 11);
	event = told_of(self, EXEC_ARGS(TRUE, huge, "b"));
	EXPECT_STREQ(MARK "|b|", texts_of(event, "argv_end"));
	EXPECT_STREQ(TRUE "|--password=" MARK, texts_of(event, "argv"));

	/* One word that is longer than can be seen may be one; the words behind it stay. */
	memset(huge, 'y', 11);
	strcpy(huge + sizeof(huge) - 40, " --password hunter2; rm -rf x");
	event = told_of(self, EXEC_ARGS(TRUE, "-c", huge));
	EXPECT_STREQ(MARK " --password " MARK "; rm -rf x|", texts_of(event, "argv_end"));
	EXPECT_FALSE(evring_field_redacted(event, told_field(event, "argv")));

	/* A URL that is cut within the part that may be the password */
	memset(filler, 'x', sizeof(filler) - 1);
	filler[4096 - strlen(TRUE) - 30] = '\0';
	event = told_of(self, EXEC_ARGS(TRUE, filler, "https://user:hunter2hunter2hunter2@h", huge));
	EXPECT_NE(NULL, strstr(texts_of(event, "argv"), "https://user:" MARK));
	EXPECT_EQ(NULL, strstr(texts_of(event, "argv"), "hunter2"));
}

/* So many bytes that repeat a text, and the NUL */
static void fill(char *to, size_t len, const char *text)
{
	for (size_t i = 0; i < len; i++)
		to[i] = text[i % strlen(text)];
	to[len] = '\0';
}

/* The script is cut within the secret, whose sign is too far away to be seen, or is seen. */
TEST_F(redact, a_secret_that_runs_over_a_gap_is_left_out)
{
	static char script[9000];
	const struct evring_event *event;
	unsigned int i;
	size_t len;

	for (i = 0; i < 4; i++) {
		/* In the gap, or at the beginning; with quotes or without */
		len = i & 1 ? 6000 : 10;
		fill(script, len, "echo aa; ");
		strcpy(script + len, i & 2 ? "export TOKEN='" : "export TOKEN=");
		len = strlen(script);
		fill(script + len, i & 1 ? 1300 : 7000, "hunter2");
		strcat(script, i & 2 ? " hunter2'; ./deploy" : "; ./deploy");
		event = told_of(self, EXEC_ARGS(TRUE, "-c", script));
		EXPECT_EQ(1, told_number(event, "argv_truncated"));
		EXPECT_EQ(NULL, strstr(texts_of(event, "argv"), "hunter2"));
		EXPECT_EQ(NULL, strstr(texts_of(event, "argv_end"), "hunter2")) {
			TH_LOG("%u: '%s'", i, texts_of(event, "argv_end"));
		}
		EXPECT_NE(NULL, strstr(texts_of(event, "argv_end"), MARK));
		EXPECT_NE(NULL, strstr(texts_of(event, "argv_end"), " ./deploy|"));
	}

	/* A text that is no secret stays. */
	fill(script, 8000, "echo aa; ");
	event = told_of(self, EXEC_ARGS(TRUE, "-c", script));
	EXPECT_EQ(1024, strlen(texts_of(event, "argv_end")));
	EXPECT_FALSE(event->rec->flags & EVRING_REC_REDACTED);
}

/* The event is as long as one can be, and its secret shorter than redaction's mark. */
TEST_F(redact, an_event_that_is_full_is_not_lost_for_a_short_secret)
{
	const struct evring_type *type = evring_type_by_name(self->ev, "file.open");
	static char path[PATH_MAX];
	const struct evring_event *event;
	size_t len = strlen(DIR_PATH);
	uint64_t lost;
	int fd;

	/* Both paths are as long as a path may be, so the event is full. */
	strcpy(path, DIR_PATH);
	while (len < sizeof(path) - 220) {
		path[len] = '/';
		fill(path + len + 1, 200, "deep");
		ASSERT_EQ(0, mkdir(path, 0777));
		len += 201;
	}
	fill(path + len, sizeof(path) - 1 - len, "/");
	memcpy(path + sizeof(path) - 10, "/x pass=a", 9);
	ASSERT_EQ(0, rules_set(self->ev, type, "file.open.path_given: pass="));
	evring_leave(self->ev);
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
	ASSERT_LT(0, evring_types(self->ev));
	type = evring_type_by_name(self->ev, "file.open");
	lost = type->lost;
	ASSERT_EQ(1, evring_attach(self->ev, "file.open", NULL, -1));
	fd = open(path, O_CREAT | O_RDWR, 0600);
	EXPECT_LE(0, fd);
	close(fd);
	evring_detach(self->ev, "file.open", NULL);
	free(self->told);
	self->told = told_read(self->ev, "file.open", getpid());
	ASSERT_LT(0, evring_types(self->ev));
	EXPECT_EQ(lost, evring_type_by_name(self->ev, "file.open")->lost);
	EXPECT_EQ(0, evring_redact_reset(self->ev, "file.open", 0));
	ASSERT_LE(1, self->told->n);
	event = told_at(self->told, 0);
	/* It had no room for a mark. */
	EXPECT_STREQ("pass=", told_text(event, "path_given") + told_text_len(event, "path_given") - 5);
	EXPECT_TRUE(evring_field_redacted(event, told_field(event, "path_given")));
	note("%u bytes", event->payload_len);
}

static int env_ask(const char *names)
{
	int fd = open(ASKED, O_WRONLY);
	ssize_t done = write(fd, names, strlen(names));

	close(fd);
	return done == (ssize_t)strlen(names) ? 0 : -1;
}

TEST_F(redact, variables_that_were_asked_for_can_be_secrets)
{
	struct scanner *scanner = scanner_start();
	unsigned int i;

	ASSERT_EQ(0, env_ask("A,DB_*,GITHUB_TOKEN,URL,PWD"));
	for (i = 0; i < 40; i++) {
		free(self->told);
		self->pid = run(EXEC_ARGS(TRUE), EXEC_ARGS("A=b", "DB_PASSWORD=" NEEDLE,
							   "GITHUB_TOKEN=" NEEDLE,
							   "URL=x://u:" NEEDLE "@h", "PWD=/tmp"));
		self->told = told_read(self->ev, EXEC, self->pid);
		ASSERT_EQ(1, self->told->n);
	}
	EXPECT_EQ(0, env_ask("\n"));
	EXPECT_EQ(0, scanner_end(scanner));
	EXPECT_STREQ("A=b|DB_PASSWORD=" MARK "|GITHUB_TOKEN=" MARK "|URL=x://u:" MARK "@h|PWD=/tmp|",
		     texts_of(told_at(self->told, 0), "env"));
	EXPECT_TRUE(evring_field_redacted(told_at(self->told, 0),
					  told_field(told_at(self->told, 0), "env")));
}

/*
 * Processes that run already
 */

/* A shell that waits for input, once it has exec'ed */
static pid_t shell_start(char *const *argv, int *input)
{
	int in[2], out[2];
	char byte;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		abort();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (dup2(in[0], 0) || dup2(out[1], 1) != 1)
			_exit(1);
		execve("/bin/sh", argv, no_env);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*input = in[1];
	if (pid < 0 || read(out[0], &byte, 1) != 1)
		abort();
	close(out[0]);
	return pid;
}

static void shell_end(pid_t pid, int input)
{
	close(input);
	waitpid(pid, NULL, 0);
}

/* Its state, of a snapshot that is asked for now */
static const struct evring_event *told_state(struct _test_data_redact *self, pid_t pid)
{
	struct evring_attachment how = { .hook = STATE };
	uint32_t number, told;
	int ended;

	if (evring_snapshot(self->ev, &how, &number) != EVRING_HOOK_ATTACHED)
		abort();
	do {
		ended = evring_snapshot_ended(self->ev, STATE, number, &told);
		usleep(1000);
	} while (!ended);
	free(self->told);
	self->told = told_read(self->ev, STATE, pid);
	if (ended < 0 || self->told->n != 1)
		abort();
	return told_at(self->told, 0);
}

TEST_F(redact, what_runs_already_is_told_without_its_secrets)
{
	static char filler[6000], secret[1300], script[9000];
	char *const shell[] = { "sh", "-c", "echo; read x", "x", "--password", NEEDLE, NULL };
	char *const longer[] = { "sh", "-c", "echo; read x", filler, "--password", secret, "b", NULL };
	char *const gap[] = { "sh", "-c", "echo; read x", script, NULL };
	const struct evring_event *event;
	struct scanner *scanner;
	int inputs[3];
	pid_t pids[3];

	fill(filler, sizeof(filler) - 1, "x");
	fill(secret, sizeof(secret) - 1, NEEDLE);
	fill(script, 6000, "echo aa; ");
	strcat(script, "TOKEN=");
	fill(script + strlen(script), 1500, NEEDLE);
	strcat(script, "; ./deploy");
	/* They run before the hook is there. */
	ASSERT_LE(0, evring_detach(self->ev, EXEC, NULL));
	pids[0] = shell_start(shell, &inputs[0]);
	pids[1] = shell_start(longer, &inputs[1]);
	pids[2] = shell_start(gap, &inputs[2]);
	scanner = scanner_start();
	event = told_state(self, pids[0]);
	EXPECT_STREQ("sh|-c|echo; read x|x|--password|" MARK "|", texts_of(event, "argv"));
	EXPECT_TRUE(evring_field_redacted(event, told_field(event, "argv")));
	EXPECT_STREQ("", texts_of(event, "argv_end"));
	event = told_state(self, pids[1]);
	EXPECT_STREQ(MARK "|b|", texts_of(event, "argv_end"));
	EXPECT_TRUE(evring_field_redacted(event, told_field(event, "argv_end")));
	EXPECT_FALSE(evring_field_redacted(event, told_field(event, "argv")));
	event = told_state(self, pids[2]);
	EXPECT_STREQ(MARK " ./deploy|", texts_of(event, "argv_end"));
	EXPECT_EQ(0, scanner_end(scanner));

	/* It would have been seen: without rules it is. */
	ASSERT_EQ(0, evring_redact_set(self->ev, STATE, NULL, 0));
	scanner = scanner_start();
	event = told_state(self, pids[0]);
	EXPECT_STREQ("sh|-c|echo; read x|x|--password|" NEEDLE "|", texts_of(event, "argv"));
	EXPECT_LT(0, scanner_end(scanner));
	EXPECT_EQ(0, evring_redact_reset(self->ev, STATE, 0));
	for (unsigned int i = 0; i < 3; i++)
		shell_end(pids[i], inputs[i]);
	evring_detach(self->ev, STATE, NULL);
}

TEST_HARNESS_MAIN
