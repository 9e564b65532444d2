/* SPDX-License-Identifier: MIT */
/* A module's abilities, in words: evring status lists them, evring hooks those it lacks. */
#include "../harness/tap.h"
#include "names.h"

#include <stdlib.h>
#include <string.h>

static bool reads(uint64_t features, const char *want)
{
	char *list = feature_list(features);
	bool good = !strcmp(list, want);

	if (!good)
		printf("# %s\n", list);
	free(list);
	return good;
}

int main(void)
{
	ok(reads(0, ""), "none: no words");
	ok(reads(EVRING_FEATURE_LIMITS, "limits"), "one feature");
	ok(reads(EVRING_FEATURE_SNAPSHOT | EVRING_FEATURE_FILTERS, "filters, snapshot"),
	   "two, in the order of their bits");
	ok(reads(1ull << 63 | EVRING_FEATURE_GIVE, "give, unknown"), "one of a newer module");
	return tap_end();
}
