/* SPDX-License-Identifier: MIT */
/* metrics: evringd and its connectors, for Prometheus; see resource.h, too. */
#ifndef METRICS_H
#define METRICS_H

/* All metrics, for the documentation and for people: evringd --metrics */
void metrics_print(void);

#endif /* METRICS_H */
