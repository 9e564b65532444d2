// SPDX-License-Identifier: GPL-2.0-only
/* From 6.3 on a set of capabilities is one number. */
#include <linux/capability.h>

u64 probe(kernel_cap_t caps);

u64 probe(kernel_cap_t caps)
{
	return caps.val;
}
