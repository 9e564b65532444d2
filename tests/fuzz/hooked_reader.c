/* SPDX-License-Identifier: MIT */
/* libevring's reader.c, with interruptions. */
#include "hooked.h"
#include "../../user/libevring/reader.c"
