/* SPDX-License-Identifier: MIT */
/* libevring's ring.c, with interruptions. */
#include "hooked.h"
#include "../../user/libevring/ring.c"
