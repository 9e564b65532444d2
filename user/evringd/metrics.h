/* SPDX-License-Identifier: MIT */
/* metrics: what evringd tells Prometheus of itself and of its connectors; see resource.h, too. */
#ifndef METRICS_H
#define METRICS_H

/* All metrics, for the documentation and for people: evringd --metrics */
void metrics_print(void);

#endif /* METRICS_H */
