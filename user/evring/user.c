/* SPDX-License-Identifier: MIT */
/*
 * See user.h. Users of this host are in a file. For others getpwuid_r() asks the sources
 * in nsswitch.conf, such as a server, which can take a minute to answer: a thread asks.
 * Answers are kept for a while: each event has a user, and to ask opens files, which can
 * make events.
 */
#include "user.h"

#include "memory.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSWD		"/etc/passwd"
#define PLACES		256		/* for answers, by the number's lowest bits */
#define GOOD_SECONDS	60		/* so long is an answer used: users come, go and are renamed */
#define NONE_SECONDS	5		/* and so long that there is none yet */
#define PATIENCE_NS	50000000	/* so long is an answer of the thread waited for */
#define ENTRY_FIRST	1024		/* room for a user's entry, doubled as far as */
#define ENTRY_MAX	(1024 * 1024)

struct answer {
	bool is_there;
	uint32_t uid;
	time_t until;			/* CLOCK_MONOTONIC */
	char name[USER_NAME_MAX];	/* empty: the user has none */
};

/* One for the process, as the name service is. @lock is held for all of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool started, asked;
static uint32_t asked_uid;		/* while @asked */
static struct answer answers[PLACES];

static struct timespec now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time;
}

/* A name that is too long counts as none. */
static void name_of(const struct passwd *user, char name[USER_NAME_MAX])
{
	name[0] = '\0';
	if (user && user->pw_name && strlen(user->pw_name) < USER_NAME_MAX)
		strcpy(name, user->pw_name);
}

/* False: the file does not have the user. */
static bool look_in_file(uint32_t uid, char name[USER_NAME_MAX])
{
	FILE *file = fopen(PASSWD, "re");
	const struct passwd *user = NULL;

	if (!file)
		return false;
	while ((user = fgetpwent(file)) && user->pw_uid != uid)
		;
	name_of(user, name);
	fclose(file);
	return user;
}

/* Anything else than ERANGE is an answer, too. */
static void look_up(uint32_t uid, char name[USER_NAME_MAX])
{
	struct passwd entry, *found = NULL;
	char *buf = NULL;

	for (size_t size = ENTRY_FIRST; size <= ENTRY_MAX; size *= 2) {
		buf = xgrow(buf, size, size, 1);
		if (getpwuid_r(uid, &entry, buf, size, &found) != ERANGE)
			break;
		found = NULL;
	}
	name_of(found, name);
	free(buf);
}

static void keep(uint32_t uid, const char *name, time_t seconds)
{
	struct answer *answer = &answers[uid % PLACES];

	answer->is_there = true;
	answer->uid = uid;
	answer->until = now().tv_sec + seconds;
	strcpy(answer->name, name);
}

static void *answer_for_ever(void *arg)
{
	char name[USER_NAME_MAX];

	pthread_mutex_lock(&lock);
	for (;;) {
		while (!asked)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
		look_up(asked_uid, name);	/* which stays while it is asked for */
		pthread_mutex_lock(&lock);
		keep(asked_uid, name, GOOD_SECONDS);
		asked = false;
		pthread_cond_broadcast(&changed);
	}
	return arg;
}

/* Signals are for the thread that waits for them. False: there is no thread to be had. */
static bool start(void)
{
	pthread_t thread;
	sigset_t all, old;

	if (started)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = !pthread_create(&thread, NULL, answer_for_ever, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (started)
		pthread_detach(thread);
	return started;
}

static void ask(uint32_t uid)
{
	struct timespec end = now();
	char name[USER_NAME_MAX];

	if (look_in_file(uid, name)) {
		keep(uid, name, GOOD_SECONDS);
		return;
	}
	/* It is slow: its answer has been waited for already. */
	if (asked || !start()) {
		keep(uid, "", NONE_SECONDS);
		return;
	}
	end.tv_nsec += PATIENCE_NS;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	asked_uid = uid;
	asked = true;
	pthread_cond_broadcast(&changed);
	while (asked && !pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &end))
		;
	if (asked)
		keep(uid, "", NONE_SECONDS);
}

void user_name(uint32_t uid, char name[USER_NAME_MAX])
{
	const struct answer *answer = &answers[uid % PLACES];

	pthread_mutex_lock(&lock);
	if (!answer->is_there || answer->uid != uid || answer->until <= now().tv_sec)
		ask(uid);
	if (answer->is_there && answer->uid == uid && answer->name[0])
		strcpy(name, answer->name);
	else
		snprintf(name, USER_NAME_MAX, "%" PRIu32, uid);
	pthread_mutex_unlock(&lock);
}
