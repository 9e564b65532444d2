/* SPDX-License-Identifier: MIT */
#include "delay.h"

#include <sys/random.h>

uint64_t delay_next(uint64_t delay, uint64_t first, uint64_t longest)
{
	if (!delay)
		delay = first;
	else if (delay <= longest / 2)
		delay *= 2;
	else
		delay = longest;
	return delay < longest ? delay : longest;
}

uint64_t delay_jittered(uint64_t delay)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		return delay;
	return delay - number % (delay / 4 + 1);
}
