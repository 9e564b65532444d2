/* SPDX-License-Identifier: MIT */
/* See live.h. */
#include "live.h"

#include "loop.h"
#include "memory.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 1000
#define CLIENTS_MAX 8u
#define BLOCK (16u << 10)

/* The same for all clients */
struct message {
	unsigned int refs;
	size_t len;
	char *text;
};

struct client {
	struct client *next;
	struct live *live;
	struct MHD_Connection *connection;
	struct message *message;	/* that it takes; NULL: it waits for the next one */
	size_t taken;
	bool suspended;
};

struct live {
	struct loop *loop;
	struct state *state;
	void (*wake)(void *arg);
	void *arg;
	struct loop_timer timer;
	struct client *clients;
	unsigned int nr;
	bool ended;
};

static void put(struct message *message)
{
	if (--message->refs)
		return;
	free(message->text);
	free(message);
}

/* It has one reference, the caller's. */
static struct message *message_new(struct live *live)
{
	struct message *message = xzalloc(sizeof(*message));
	FILE *out = stream_begin(&message->text, &message->len);

	fputs("data: ", out);
	state_write(live->state, out);
	fputs("\n\n", out);
	stream_end(out);
	message->refs = 1;
	return message;
}

static void resume(struct client *client)
{
	if (client->suspended)
		MHD_resume_connection(client->connection);
	client->suspended = false;
}

static void offer(struct client *client, struct message *message)
{
	if (client->message)
		return;
	message->refs++;
	client->message = message;
	client->taken = 0;
	resume(client);
}

static void tick(void *arg)
{
	struct live *live = arg;
	struct message *message;
	struct client *client;

	if (!live->clients) {
		state_rest(live->state);
		return;
	}
	message = message_new(live);
	for (client = live->clients; client; client = client->next)
		offer(client, message);
	put(message);
	live->wake(live->arg);
	loop_timer(live->loop, &live->timer, TICK_MS);
}

/*
 * libmicrohttpd's half
 */

static ssize_t take(void *arg, uint64_t pos, char *to, size_t room)
{
	struct client *client = arg;
	struct message *message = client->message;
	size_t len;

	(void)pos;
	if (client->live->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!message) {
		client->suspended = true;
		MHD_suspend_connection(client->connection);
		return 0;
	}
	len = message->len - client->taken < room ? message->len - client->taken : room;
	memcpy(to, message->text + client->taken, len);
	client->taken += len;
	if (client->taken == message->len) {
		client->message = NULL;
		put(message);
	}
	return (ssize_t)len;
}

static void forget(void *arg)
{
	struct client *client = arg, **at = &client->live->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->live->nr--;
	if (client->message)
		put(client->message);
	free(client);
}

static struct client *client_new(struct live *live, struct MHD_Connection *connection)
{
	struct client *client = xzalloc(sizeof(*client));

	client->live = live;
	client->connection = connection;
	client->next = live->clients;
	live->clients = client;
	live->nr++;
	return client;
}

bool live_serve(struct live *live, struct MHD_Connection *connection, enum MHD_Result *ret)
{
	struct MHD_Response *response;
	struct client *client;

	if (live->nr == CLIENTS_MAX || live->ended)
		return false;
	client = client_new(live, connection);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, take, client, forget);
	if (!response) {
		forget(client);
		*ret = MHD_NO;
		return true;
	}
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	*ret = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	/* The first message comes at once. */
	if (!live->timer.op.busy)
		tick(live);
	return true;
}

/*
 * From start to end
 */

struct live *live_new(struct loop *loop, struct connectors *connectors, struct monitor *monitor,
		      void (*wake)(void *arg), void *arg)
{
	struct live *live = xzalloc(sizeof(*live));

	live->loop = loop;
	live->state = state_new(connectors, monitor);
	live->wake = wake;
	live->arg = arg;
	live->timer = (struct loop_timer){ .expired = tick, .arg = live };
	return live;
}

void live_end(struct live *live)
{
	struct client *client;

	live->ended = true;
	for (client = live->clients; client; client = client->next)
		resume(client);
}

void live_free(struct live *live)
{
	state_free(live->state);
	free(live);
}
