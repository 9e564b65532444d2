/* SPDX-License-Identifier: MIT */
/* Topics that are made before anything is sent to them: topic.creation.*, and dead letters'. */
#include "sending.h"

#include <string.h>

void topic_make(struct sender *s, struct topic *topic)
{
	char why[TEXT_MAX];

	if (topic->making)
		return;
	topic->making = s->ops->make_topic(s->producer, &topic->handle, topic->name, topic->plan,
					   why, sizeof(why));
	if (!topic->making)
		topic_made(s, topic, RD_KAFKA_RESP_ERR__INVALID_ARG, why);
}

/*
 * It may be there all the same: if it is not, its messages fail, and it is asked for again.
 * Brokers without a controller answer nothing, and take messages.
 */
static bool tells_nothing(const struct topic *topic, rd_kafka_resp_err_t code)
{
	return topic->letters || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION ||
	       code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
}

void topic_made(struct sender *s, struct topic *topic, rd_kafka_resp_err_t code, const char *why)
{
	const char *text = why ? why : rd_kafka_err2str(code);

	topic->making = false;
	if (!code)
		info("topic %s: made", topic->name);
	if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
		topic->to_make = false;
		return;
	}
	if (tells_nothing(topic, code)) {
		topic->to_make = false;
		if (!topic->pause.since)
			warn("topic %s: cannot be made, if it is not there: %s (%s)", topic->name, text,
			     rd_kafka_err2name(code));
		return;
	}
	if (!topic->pause.since || strcmp(topic->refusal, text))
		warn("topic %s: cannot be made: %s (%s); create it, or change topic.creation.*",
		     topic->name, text, rd_kafka_err2name(code));
	snprintf(topic->refusal, sizeof(topic->refusal), "%s", text);
	failed_to_make(s, topic, (int)code);
	topic->to_make = true;
}
