/* SPDX-License-Identifier: MIT */
/* A registry whose name server does not answer holds up nobody: neither the loop nor the end. */
#include "../harness/tap.h"

#include "config.h"
#include "log.h"
#include "loop.h"
#include "registry.h"

#include <curl/curl.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libcurl's threads wait here until the test lets them go. */
static sem_t answers, asked;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	(void)node;
	(void)service;
	(void)hints;
	*found = NULL;
	sem_post(&asked);
	while (sem_wait(&answers))
		;
	sem_post(&answers);
	return EAI_AGAIN;
}

static void wake(void *arg)
{
	(void)arg;
}

static struct registry_ask *ask(const char *subject)
{
	struct registry_ask *made = calloc(1, sizeof(*made));

	made->subject = strdup(subject);
	made->schema = strdup("{\"type\":\"string\"}");
	made->type = "AVRO";
	return made;
}

static void end(struct loop *loop, struct registry *registry, struct registry_ask *done)
{
	registry_stop(registry);
	while (!registry_idle(registry))
		loop_turn(loop, true);
	registry_free(registry);
	registry_ask_release(done);
	free(done);
}

int main(void)
{
	struct config cfg = {
		.registry_url = (char *)"http://registry.example", .auto_register = true,
		.retry_delay_ms = 60000, .retry_timeout_ms = UINT64_MAX,
	};
	struct registry_ask *first = ask("first"), *second = ask("second");
	struct loop *loop = loop_open();
	struct registry *registry;

	/* Only a hang takes so long. */
	alarm(600);
	sem_init(&answers, 0, 0);
	sem_init(&asked, 0, 0);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	registry = registry_new(&cfg, loop, wake, NULL);
	registry_ask(registry, first);
	while (!first->why)
		loop_turn(loop, true);
	ok(first->state == ASK_WAITS && strstr(first->why, "subject first"),
	   "the loop goes on while the name server is silent");
	end(loop, registry, first);

	registry = registry_new(&cfg, loop, wake, NULL);
	registry_ask(registry, second);
	sem_wait(&asked);
	while (sem_trywait(&asked))
		loop_turn(loop, true);
	end(loop, registry, second);
	ok(true, "and a request can be given up meanwhile");

	sem_post(&answers);
	loop_close(loop);
	return tap_end();
}
