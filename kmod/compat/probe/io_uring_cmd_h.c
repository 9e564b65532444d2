// SPDX-License-Identifier: GPL-2.0-only
/* From 6.8 */
#include <linux/io_uring/cmd.h>
