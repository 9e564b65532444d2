/* SPDX-License-Identifier: MIT */
/* worker: the process: one io_uring loop, signals, a watch of the host, and its connectors. */
#ifndef WORKER_H
#define WORKER_H

#include <stddef.h>

struct config;

/*
 * Runs until signals or their failures have ended all @nr connectors. Returns the exit status;
 * where librdkafka still uses memory of ours the process ends here with it.
 */
int worker_run(struct config *const *cfgs, char *const *files, size_t nr);

#endif /* WORKER_H */
