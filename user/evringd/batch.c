/* SPDX-License-Identifier: MIT */
/* Messages of one topic, without headers and time stamps, for one call of librdkafka. */
#include "sending.h"

#include <string.h>

void batch_empty(struct sender *s)
{
	struct batch *batch = &s->batch;
	int i;

	for (i = 0; i < batch->nr; i++) {
		const rd_kafka_message_t *message = &batch->messages[i];
		struct delivery *delivery = message->_private;
		struct outgoing out = {
			.delivery = delivery, .order = delivery->order,
			.value = message->payload, .len = message->len,
			.key = message->key, .key_len = message->key_len,
			.place = (uintptr_t)message->payload, .partition = -1,
		};

		sender_enqueue(s, batch->topic, outgoing_new(&out, false));
	}
	batch->nr = 0;
	batch->used = 0;
}

static void batch_key(struct batch *batch, rd_kafka_message_t *message, const struct message *msg)
{
	const rd_kafka_message_t *before = batch->nr ? message - 1 : NULL;

	message->key_len = msg->key_len;
	if (msg->key != msg->key_room) {
		message->key = (void *)msg->key;	/* stays where it is */
		return;
	}
	if (before && before->key && before->key_len == msg->key_len &&
	    !memcmp(before->key, msg->key, msg->key_len)) {
		message->key = before->key;
		return;
	}
	message->key = memcpy(batch->keys + batch->used, msg->key, msg->key_len);
	batch->used += msg->key_len;
}

bool batch_room(struct sender *s, const struct message *msg)
{
	const struct batch *batch = &s->batch;

	return (batch->nr < BATCH_MESSAGES && batch->topic == msg->route->topic &&
		batch->used + msg->key_len <= BATCH_KEYS) || sender_flush(s);
}

void batch_add(struct sender *s, const struct message *msg)
{
	struct batch *batch = &s->batch;
	rd_kafka_message_t *message = &batch->messages[batch->nr];

	batch->topic = msg->route->topic;
	*message = (rd_kafka_message_t){
		.payload = (void *)msg->value,
		.len = msg->value_len,
		._private = msg->delivery,
	};
	if (s->cfg->key->nr)
		batch_key(batch, message, msg);
	batch->nr++;
}

/* librdkafka takes nothing behind the first message that the queue is too full for. */
bool sender_flush(struct sender *s)
{
	struct batch *batch = &s->batch;
	int code = 0, i, left = 0, nr = batch->nr;

	if (!nr)
		return true;
	if (!sender_up(s)) {
		batch_empty(s);
		return true;
	}
	s->ops->produce_many(s->producer, &batch->topic->handle, batch->topic->name,
			     batch->messages, nr);
	for (i = 0; i < nr; i++) {
		if (!batch->messages[i].err)
			continue;
		if (batch->messages[i].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			code = batch->messages[i].err;
		batch->messages[left++] = batch->messages[i];
	}
	batch->nr = left;
	if (!left)
		batch->used = 0;
	/* Then they wait like any other, and are tried one by one. */
	if (code)
		batch_empty(s);
	return !batch->nr;
}
