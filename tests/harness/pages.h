/* SPDX-License-Identifier: MIT */
/* The tables of a whole meta page or ring page, mapped or copied. */
#ifndef EVRING_TESTS_PAGES_H
#define EVRING_TESTS_PAGES_H

#include <linux/evring.h>
#include <stdint.h>
#include <stdlib.h>

#define PAGE_ROOM	65536		/* of a copy */

#define knows(_struct, _last) \
	(offsetof(struct _struct, _last) + sizeof(((struct _struct *)0)->_last))

static inline const void *page_at(const void *page, const struct evring_table *table, unsigned int i)
{
	if (i >= table->count)
		abort();
	return (const char *)page + table->offset + (size_t)table->stride * i;
}

static inline uint64_t page_lost(const struct evring_ring_page *page, unsigned int cause)
{
	return *(const uint64_t *)page_at(page, &page->lost, cause);
}

static inline const struct evring_cursor *page_cursor(const struct evring_ring_page *page,
						      unsigned int group)
{
	return page_at(page, &page->cursors, group);
}

static inline const struct evring_group_info *meta_group(const struct evring_meta *meta,
							 unsigned int group)
{
	return page_at(meta, &meta->groups, group);
}

static inline const struct evring_lane_info *meta_lane(const struct evring_meta *meta,
						       unsigned int lane)
{
	return page_at(meta, &meta->lanes, lane);
}

#endif /* EVRING_TESTS_PAGES_H */
