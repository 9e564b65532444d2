/* SPDX-License-Identifier: MIT */
/* The cause of a failed delivery: the event, the topic or the moment. */
#ifndef VERDICT_H
#define VERDICT_H

/*
 * A failed request is no verdict on the events in it. The faults:
 */
enum fault {
	/*
	 * Nobody's: the message went down with its producer. Send it again.
	 */
	FAULT_NONE,
	/*
	 * The broker's, the network's or the moment's, and that of all codes that
	 * are not known here. Send it again, for as long as it takes.
	 */
	FAULT_MOMENT,
	/*
	 * The topic's: it is not there, or must not be written. Its messages wait,
	 * those of other topics go on.
	 */
	FAULT_TOPIC,
	/*
	 * An event's, or that of the batch as a whole. Send it again, smaller;
	 * only of a message that fails alone it is the verdict.
	 */
	FAULT_EVENT,
};

/*
 * RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD, since librdkafka 2.4: if a broker names the
 * culprits of a batch, its other messages have this code. Headers before that lack the name.
 */
#define FAULT_CODE_OTHERS (-138)

/* Of a code of librdkafka (rd_kafka_resp_err_t). */
enum fault fault_of(int code);
/* The code as the name of an exception of Kafka's Java client, or librdkafka's name. */
const char *fault_exception(int code);
/* The code's meaning and name, and for some of them advice: for the log. */
void fault_text(int code, char *buf, unsigned long len);

#endif /* VERDICT_H */
