// SPDX-License-Identifier: GPL-2.0-only
/* From 6.8: a header of its own */
#include <linux/io_uring/cmd.h>
