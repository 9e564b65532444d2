/* SPDX-License-Identifier: MIT */
/*
 * putback: the messages of the dead-letter topic go back to the topics that
 * refused them, once the cause is gone: with their key, value, time stamp and
 * headers, but for those of letter.h, and with one more that tells that they were
 * put back (PUTBACK_HEADER).
 *
 * The position is that of a consumer group of Kafka's, "evringd-put-back-NAME",
 * and is committed once the topics have acknowledged: a letter that is back is not
 * put back by the next call, and one that could not be is.
 */
#ifndef PUTBACK_H
#define PUTBACK_H

struct config;

/*
 * Of the connector in @file, up to the end that the topic has now. An exit status (task.h); the
 * log tells the rest.
 */
int put_back(const struct config *cfg, const char *file);

#endif /* PUTBACK_H */
