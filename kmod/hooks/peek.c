// SPDX-License-Identifier: GPL-2.0-only
/*
 * Current's memory, from hooks: nothing here sleeps, so a page that is not present is
 * not read. Other threads may change the memory at any time.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "peek.h"

/* Of the part up to the end of its page; false: the page is not there. */
static bool peek_chunk(char *to, unsigned long from, u32 len, u32 *chunk)
{
	*chunk = min_t(u32, len, PAGE_SIZE - offset_in_page(from));
	return !copy_from_user_nofault(to, (const void __user *)from, *chunk);
}

/* How many bytes there are; zeros stand for the others. */
u32 evring_peek(char *to, unsigned long from, u32 len)
{
	u32 done = 0, chunk;

	while (done < len && peek_chunk(to + done, from + done, len - done, &chunk))
		done += chunk;
	memset(to + done, 0, len - done);
	return done;
}

/* A string with its NUL; how much of it there is, and fits */
u32 evring_peek_string(char *to, unsigned long from, u32 room)
{
	u32 done = 0, chunk, len;

	while (done < room && peek_chunk(to + done, from + done, room - done, &chunk)) {
		len = strnlen(to + done, chunk);
		if (len < chunk)
			return done + len + 1;
		done += chunk;
	}
	return done;
}
