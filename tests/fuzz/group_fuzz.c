/* SPDX-License-Identifier: MIT */
/*
 * The module's rings, groups and commits, and libevring on top of them: the
 * input is a program (play.h), the oracle a model (model.h).
 */
#include "play.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct played played = { 0 };

	play(data, size, &played);
	return 0;
}
