/* SPDX-License-Identifier: MIT */
/*
 * worker: the process: all connectors, signals, and a watch over the host. SIGTERM
 * and SIGINT end it, SIGUSR1 has it log all counters, SIGHUP has it read the
 * folder of its connectors again.
 */
#ifndef WORKER_H
#define WORKER_H

#include "http.h"

#include <stddef.h>

struct config;

struct worker_setup {
	struct config **cfgs;		/* of files on the command line; the worker takes them over */
	char *const *files;
	size_t nr;
	struct http_setup http;
	const char *folder;		/* NULL, or that of the connectors: a signal ends the worker */
};

/*
 * Signals wait from now on until the worker takes them, in each thread that is started
 * later, as librdkafka's: a SIGHUP while configurations are checked must not end evringd.
 */
void worker_block_signals(void);

/*
 * After worker_block_signals(). Returns an exit status, when the last connector has ended,
 * or a signal has asked for it.
 */
int worker_run(const struct worker_setup *setup);

#endif /* WORKER_H */
