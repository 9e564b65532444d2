/* SPDX-License-Identifier: MIT */
/* See stall.h. */
#include "stall.h"

#include "delivery.h"
#include "log.h"
#include "sender.h"

#define STALL_NS 10000000000ULL		/* without an acknowledgement: say why */

void stall_over(struct stall *stall, uint64_t now)
{
	if (stall->told)
		info("acknowledged again, after %llu s",
		     (unsigned long long)((now - stall->since) / 1000000000));
	stall->told = false;
	stall->since = 0;
}

void stall_look(struct stall *stall, const struct deliveries *ds, struct sender *sender,
		uint64_t now)
{
	char why[512];
	uint64_t oldest;

	if (!deliveries_oldest(ds, &oldest)) {
		stall_over(stall, now);
		return;
	}
	if (!stall->since || oldest != stall->oldest) {
		stall_over(stall, now);
		stall->oldest = oldest;
		stall->since = now;
	}
	if (stall->told || now - stall->since < STALL_NS)
		return;
	stall->told = true;
	sender_reason(sender, why, sizeof(why));
	warn("nothing is committed for %llu s, %llu events are not acknowledged: %s",
	     (unsigned long long)((now - stall->since) / 1000000000),
	     (unsigned long long)deliveries_unacked(ds), why);
}
