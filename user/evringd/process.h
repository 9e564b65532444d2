/* SPDX-License-Identifier: MIT */
/* process: the metrics that each program of Prometheus' kind has. */
#ifndef PROCESS_H
#define PROCESS_H

#include "exposition.h"

extern const struct metric process_metrics[];
extern const size_t nr_process_metrics;

#endif /* PROCESS_H */
