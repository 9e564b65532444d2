/* SPDX-License-Identifier: MIT */
/* notify: messages to systemd (sd_notify(3)): ready, alive, stopping, and a line for people. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* "READY=1"; without systemd nothing happens. */
void notify(const char *text);
/* How often systemd wants to hear that the process is alive, ms; 0: not at all. */
uint64_t notify_watchdog_ms(void);

#endif /* NOTIFY_H */
