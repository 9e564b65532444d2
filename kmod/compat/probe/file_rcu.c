// SPDX-License-Identifier: GPL-2.0-only
/* Does get_file_rcu() take the place of the pointer? From 6.7 on. */
#include <linux/fs.h>

struct file *probe(struct file __rcu **place);

struct file *probe(struct file __rcu **place)
{
	return get_file_rcu(place);
}
