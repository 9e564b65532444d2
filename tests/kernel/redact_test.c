// SPDX-License-Identifier: MIT
/*
 * Redaction in the kernel: no secret is in any mapped page while it is exec'ed, the
 * event names the fields that were cut, and rules change without a gap.
 */
#include <linux/capability.h>
#include <sys/syscall.h>

#define NEEDLE	"hunter2needle"

#include "redact_act.h"

TEST_F(redact, well_known_secrets_are_left_out_from_load_on)
{
	const struct evring_event *event;
	struct evring_redact_state *before = calloc(1, sizeof(*before));
	struct evring_redact_state *after = calloc(1, sizeof(*after));

	ASSERT_EQ(0, evring_redact_get(self->ev, EXEC, false, before));
	EXPECT_TRUE(before->is_own);
	event = told_of(self, EXEC_ARGS(TRUE, "--password", "hunter2", "-phunter2"));
	EXPECT_STREQ(TRUE "|--password|" MARK "|-phunter2|", texts_of(event, "argv"));
	EXPECT_TRUE(evring_field_redacted(event, told_field(event, "argv")));
	EXPECT_FALSE(evring_field_redacted(event, told_field(event, "path")));
	EXPECT_TRUE(event->rec->flags & EVRING_REC_REDACTED);
	EXPECT_STREQ(TRUE, told_text(event, "path"));
	EXPECT_STREQ(DIR_PATH, told_text(event, "cwd"));

	event = told_of(self, EXEC_ARGS(TRUE, "-v", "x"));
	EXPECT_STREQ(TRUE "|-v|x|", texts_of(event, "argv"));
	EXPECT_FALSE(event->rec->flags & EVRING_REC_REDACTED);

	event = told_of(self, EXEC_ARGS("mysql", "-phunter2", "DB_PASSWORD=x",
					"https://u:hunter2@h/", "Authorization: Bearer hunter2"));
	EXPECT_STREQ("mysql|-p" MARK "|DB_PASSWORD=" MARK "|https://u:" MARK "@h/|Authorization: "
		     MARK "|", texts_of(event, "argv"));
	event = told_of(self, EXEC_ARGS(TRUE, "-c", "mysql -phunter2 db"));
	EXPECT_STREQ(TRUE "|-c|mysql -p" MARK " db|", texts_of(event, "argv"));
	/* ... by another program */
	event = told_of(self, EXEC_ARGS(TRUE, "mysqldump", "-phunter2"));
	EXPECT_STREQ(TRUE "|mysqldump|-p" MARK "|", texts_of(event, "argv"));
	event = told_of(self, EXEC_ARGS(TRUE, "/usr/bin/curl", "-su", "me:hunter2"));
	EXPECT_STREQ(TRUE "|/usr/bin/curl|-su|" MARK "|", texts_of(event, "argv"));

	/* A refused one, too */
	event = told_of(self, EXEC_ARGS("none-such", "--token=hunter2"));
	EXPECT_EQ(-ENOENT, told_result(event));
	EXPECT_STREQ("none-such|--token=" MARK "|", texts_of(event, "argv"));

	ASSERT_EQ(0, evring_redact_get(self->ev, EXEC, false, after));
	EXPECT_EQ(before->redacted + 6, after->redacted);
	EXPECT_EQ(before->hidden, after->hidden);
	free(before);
	free(after);
}

/*
 * Pages
 */

static void run_secrets(unsigned int round)
{
	static char filler[9000], long_secret[3000], in_end[120000], script[9000];

	memset(filler, 'x', sizeof(filler) - 1);
	for (size_t i = 0; i + 1 < sizeof(long_secret); i += strlen(NEEDLE))
		snprintf(long_secret + i, sizeof(long_secret) - i, NEEDLE);
	memset(in_end, 'y', sizeof(in_end) - 1);
	strcpy(in_end + sizeof(in_end) - 1100, " PASSWORD='");
	for (size_t i = strlen(in_end); i < sizeof(in_end) - 20; i += strlen(NEEDLE))
		strcpy(in_end + i, NEEDLE);
	filler[sizeof(filler) - 1 - 7 * (round % 600)] = '\0';
	run(EXEC_ARGS(TRUE, "--password", NEEDLE, "--token=" NEEDLE), no_env);
	run(EXEC_ARGS("mysql", "-p" NEEDLE), no_env);
	run(EXEC_ARGS(TRUE, "-c", "curl -H 'Authorization: x " NEEDLE "' https://a:" NEEDLE "@b"),
	    EXEC_ARGS("DB_PASSWORD=" NEEDLE, "A=b"));
	run(EXEC_ARGS(TRUE, filler, "--password", long_secret, "b"), no_env);
	run(EXEC_ARGS(TRUE, "--password", long_secret, filler, "--secret", long_secret), no_env);
	run(EXEC_ARGS(TRUE, in_end), no_env);
	memset(script, 'z', sizeof(script) - 1);
	strcpy(script + sizeof(script) - 100 - round % 60, "; mysql -p" NEEDLE " db");
	run(EXEC_ARGS(TRUE, "-c", script), no_env);
	run(EXEC_ARGS("none-such", "--password", NEEDLE), no_env);
}

TEST_F(redact, the_secret_is_in_no_byte_of_any_mapped_page)
{
	static const char *const hooks[] = { "process.fork", "process.exit", "file.open" };
	struct scanner *scanner = scanner_start();
	unsigned int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, evring_attach(self->ev, hooks[i], NULL, -1));
	for (i = 0; i < 60; i++)
		run_secrets(i);
	EXPECT_EQ(0, scanner_end(scanner));

	/* It would have been seen: without rules it is. */
	scanner = scanner_start();
	ASSERT_EQ(0, evring_redact_set(self->ev, EXEC, NULL, 0));
	run_secrets(0);
	EXPECT_LT(0, scanner_end(scanner));
	for (i = 0; i < 3; i++)
		evring_detach(self->ev, hooks[i], NULL);
}

TEST_F(redact, a_filter_does_not_see_the_secret)
{
	struct evring_attachment how = { .hook = EXEC };
	struct evring_filter *filter;
	uint64_t filtered;

	ASSERT_EQ(0, evring_filter_compile(&filter, self->type,
					   "argv contains \"hunter2\" || "
					   "argv contains \"[redacted]\" && argv contains \"seen\"",
					   NULL));
	how.filter = filter;
	ASSERT_EQ(1, evring_attach_with(self->ev, &how));
	evring_filter_free(filter);
	ASSERT_LT(0, evring_types(self->ev));
	filtered = self->type->filtered;
	self->pid = run(EXEC_ARGS(TRUE, "--password", "hunter2"), no_env);
	self->told = told_read(self->ev, EXEC, self->pid);
	EXPECT_EQ(0, self->told->n);
	ASSERT_LT(0, evring_types(self->ev));
	EXPECT_EQ(filtered + 1, self->type->filtered);
	told_of(self, EXEC_ARGS(TRUE, "--password", "hunter2", "seen"));
}

/*
 * Changes
 */

struct changer {
	pthread_t thread;
	const struct evring_type *type;
	bool stop;
	unsigned long changes;
	int error;
};

#define RULE_A	EXEC ".argv: after --a"
#define RULE_B	EXEC ".argv: after --b"

static void *changer_run(void *arg)
{
	struct changer *changer = arg;
	struct evring *ev = NULL;

	changer->error = evring_open(&ev, NULL);
	while (!changer->error && !__atomic_load_n(&changer->stop, __ATOMIC_RELAXED)) {
		changer->error = rules_set(ev, changer->type,
					   changer->changes % 2 ? RULE_A : RULE_B);
		__atomic_add_fetch(&changer->changes, 1, __ATOMIC_RELAXED);
	}
	evring_close(ev);
	return NULL;
}

TEST_F(redact, each_exec_is_judged_by_the_old_rules_or_the_new_ones)
{
	struct changer changer = { .type = self->type };
	unsigned int a = 0, b = 0, other = 0, i;
	const struct evring_event *event;

	ASSERT_EQ(0, rules_set(self->ev, self->type, RULE_A));
	ASSERT_EQ(0, pthread_create(&changer.thread, NULL, changer_run, &changer));
	for (i = 0; i < 400 || !a || !b; i++) {
		event = told_of(self, EXEC_ARGS(TRUE, "--a", "secret-a", "--b", "secret-b"));
		if (!strcmp(TRUE "|--a|" MARK "|--b|secret-b|", texts_of(event, "argv")))
			a++;
		else if (!strcmp(TRUE "|--a|secret-a|--b|" MARK "|", texts_of(event, "argv")))
			b++;
		else
			other++;
		if (other)
			break;
	}
	__atomic_store_n(&changer.stop, true, __ATOMIC_RELAXED);
	pthread_join(changer.thread, NULL);
	note("%u by one, %u by the other, %lu changes", a, b, changer.changes);
	EXPECT_EQ(0, other);
	EXPECT_EQ(0, changer.error);
	EXPECT_LT(0, a);
	EXPECT_LT(0, b);
}

TEST_F(redact, when_a_change_returns_it_holds)
{
	const struct evring_event *event;
	unsigned int i;

	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, rules_set(self->ev, self->type, i % 2 ? RULE_A : RULE_B));
		event = told_of(self, EXEC_ARGS(TRUE, "--a", "secret-a", "--b", "secret-b"));
		ASSERT_STREQ(i % 2 ? TRUE "|--a|" MARK "|--b|secret-b|" :
				     TRUE "|--a|secret-a|--b|" MARK "|", texts_of(event, "argv"));
	}
	ASSERT_EQ(0, evring_redact_set(self->ev, EXEC, NULL, 0));
	event = told_of(self, EXEC_ARGS(TRUE, "--password", "x"));
	EXPECT_STREQ(TRUE "|--password|x|", texts_of(event, "argv"));
	ASSERT_EQ(0, evring_redact_reset(self->ev, EXEC, 0));
	event = told_of(self, EXEC_ARGS(TRUE, "--password", "x"));
	EXPECT_STREQ(TRUE "|--password|" MARK "|", texts_of(event, "argv"));
}

TEST_F(redact, who_has_seen_older_rules_changes_nothing)
{
	struct evring_redact_state *state = calloc(1, sizeof(*state));
	struct evring_rules *rules = rules_of(self->type, RULE_A);

	ASSERT_EQ(0, evring_redact_get(self->ev, EXEC, false, state));
	EXPECT_EQ(0, evring_redact_set(self->ev, EXEC, rules, state->generation));
	EXPECT_EQ(-ESTALE, evring_redact_set(self->ev, EXEC, NULL, state->generation));
	EXPECT_EQ(-ESTALE, evring_redact_reset(self->ev, EXEC, state->generation));
	ASSERT_EQ(0, evring_redact_get(self->ev, EXEC, false, state));
	EXPECT_STREQ(RULE_A "\n", state->text);
	EXPECT_FALSE(state->is_own);
	evring_rules_free(rules);
	free(state);
}

/* The text of the module's own rules is that of a file: libevring makes the same of it. */
TEST_F(redact, the_modules_own_rules_are_what_their_text_says)
{
	static const char *const names[] = { EXEC, "process.state" };
	struct evring_redact_state *state = calloc(1, sizeof(*state));
	char *block = calloc(1, EVRING_REDACTION_MAX), *line, *rest;
	const struct evring_redaction *made;
	struct evring_rules *rules;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct evring_redact arg = { .op = EVRING_REDACT_QUERY, .to = (uintptr_t)block,
					     .room = EVRING_REDACTION_MAX };

		strcpy(arg.name, names[i]);
		ASSERT_EQ(0, call(evring_fd(self->ev), EVRING_IOC_REDACT, &arg));
		ASSERT_EQ(0, evring_redact_get(self->ev, names[i], true, state));
		rules = rules_of(evring_type_by_name(self->ev, names[i]), NULL);
		for (rest = state->text; (line = strsep(&rest, "\n")) && *line;)
			ASSERT_EQ(0, evring_rules_add(rules, line, NULL));
		made = evring_rules_block(rules);
		ASSERT_NE(NULL, made);
		/* Where the ABI has grown (tests/env/grown.mk), its bytes differ. */
		if (made->size == ((struct evring_redaction *)block)->size) {
			ASSERT_EQ(arg.len, made->len);
			EXPECT_EQ(0, memcmp(block, made, made->len));
		}
		evring_rules_free(rules);
	}
	free(state);
	free(block);
}

TEST_F(redact, other_hooks_have_rules_too)
{
	const struct evring_type *type = evring_type_by_name(self->ev, "file.open");
	struct evring_rules *rules = rules_of(type, "file.open.path: " DIR_PATH "/secret-*");
	const struct evring_event *event;
	int fd;

	ASSERT_EQ(0, evring_rules_add(rules, "file.open.path_given: all if path contains \"secret-\"",
				      NULL));
	ASSERT_EQ(0, evring_redact_set(self->ev, "file.open", rules, 0));
	evring_rules_free(rules);
	evring_leave(self->ev);
	evring_close(self->ev);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
	ASSERT_EQ(1, evring_attach(self->ev, "file.open", NULL, -1));
	fd = open("secret-file", O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	evring_detach(self->ev, "file.open", NULL);
	self->told = told_read(self->ev, "file.open", getpid());
	ASSERT_LE(1, self->told->n);
	event = told_at(self->told, 0);
	EXPECT_STREQ(DIR_PATH "/secret-" MARK, told_text(event, "path"));
	EXPECT_STREQ(MARK, told_text(event, "path_given"));
	EXPECT_EQ(0, evring_redact_reset(self->ev, "file.open", 0));
}

/*
 * Rights, and refusals
 */

/* evringd's capability: it may attach hooks, and must not see more than evringd does. */
static void with_perfmon(void *unused)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	struct evring *ev;

	data[CAP_PERFMON / 32].effective = 1u << CAP_PERFMON % 32;
	data[CAP_PERFMON / 32].permitted = 1u << CAP_PERFMON % 32;
	if (evring_open(&ev, NULL) || syscall(SYS_capset, &head, data))
		_exit(2);
	if (evring_redact_set(ev, EXEC, NULL, 0) != -EPERM ||
	    evring_redact_reset(ev, EXEC, 0) != -EPERM || evring_attach(ev, EXEC, NULL, -1) != 1)
		_exit(3);
}

TEST_F(redact, rules_are_the_administrators_alone)
{
	EXPECT_EQ(0, in_child(with_perfmon, NULL));
	EXPECT_STREQ(TRUE "|--password|" MARK "|",
		     texts_of(told_of(self, EXEC_ARGS(TRUE, "--password", "x")), "argv"));
}

static int redact_call(struct evring *ev, struct evring_redact arg)
{
	return call(evring_fd(ev), EVRING_IOC_REDACT, &arg);
}

TEST_F(redact, what_makes_no_sense_is_refused)
{
	EXPECT_EQ(-ENOENT, redact_call(self->ev, (struct evring_redact){ .name = "no.such" }));
	EXPECT_EQ(-EOPNOTSUPP, redact_call(self->ev, (struct evring_redact){ .name = TORTURE_TYPE }));
	EXPECT_EQ(-EOPNOTSUPP, redact_call(self->ev, (struct evring_redact){ .name = "evring.lost" }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = "" }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = EXEC, .op = 3 }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = EXEC, .flags = 2 }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = EXEC, .len = 1 }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = EXEC,
								       .reserved = 1 }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){ .name = EXEC,
								       .generation = 1 }));
	EXPECT_EQ(-EFAULT, redact_call(self->ev, (struct evring_redact){ .name = EXEC, .room = 8,
								       .to = 8 }));
	EXPECT_EQ(-EFAULT, redact_call(self->ev, (struct evring_redact){
			.name = EXEC, .op = EVRING_REDACT_SET, .rules = 8 }));
	EXPECT_EQ(-EINVAL, redact_call(self->ev, (struct evring_redact){
			.name = EXEC, .op = EVRING_REDACT_RESET, .rules = 8 }));
}

/* A block with any change is refused, or taken and run, and the kernel's log stays empty. */
TEST_F(redact, blocks_that_no_library_made_do_no_harm)
{
	struct evring_rules *rules = rules_of(self->type,
		EXEC ".argv: after --a, -p*, *s*=, url, header x if path ~ \"*x*\" || uid == 0");
	const struct evring_redaction *made = evring_rules_block(rules);
	unsigned int taken = 0, refused = 0, i, k;
	char *copy = malloc(made->len);
	int ret;

	srand(1);
	for (i = 0; i < rounds(4000); i++) {
		memcpy(copy, made, made->len);
		for (k = 0; k <= i % 3; k++)
			copy[rand() % made->len] = (char)(rand() >> 8);
		ret = redact_call(self->ev, (struct evring_redact){
			.name = EXEC, .op = EVRING_REDACT_SET, .rules = (uintptr_t)copy });
		taken += !ret;
		refused += ret == -EINVAL || ret == -E2BIG || ret == -ESTALE || ret == -EFAULT;
		if (!ret && taken % 8 == 0)
			run(EXEC_ARGS(TRUE, "--a", "b", "-pc", "s=d", "e://f:g@h"), no_env);
	}
	EXPECT_EQ(i, taken + refused);
	EXPECT_LT(0, taken);
	EXPECT_LT(0, refused);
	free(copy);
	evring_rules_free(rules);
}

TEST_HARNESS_MAIN
