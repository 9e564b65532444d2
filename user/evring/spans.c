/* SPDX-License-Identifier: MIT */
/*
 * See spans.h. Spans lie in chunks, so that one in the middle of many moves few others.
 * Between two spans there is a gap, so neighbours are joined.
 */
#include "spans.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define CHUNK_SPANS 256

struct spans_chunk {
	size_t nr;
	struct span list[CHUNK_SPANS];
};

/* Where a span is, or would be */
struct place {
	size_t chunk, at;
};

void spans_free(struct spans *spans)
{
	while (spans->nr)
		free(spans->chunks[--spans->nr]);
	free(spans->chunks);
	*spans = (struct spans){ 0 };
}

/* The first span that ends at @from or later; behind all: chunk is @spans->nr. */
static struct place find(const struct spans *spans, uint64_t from)
{
	struct place place = { 0 };
	size_t low = 0, high = spans->nr, middle;
	const struct spans_chunk *chunk;

	while (low < high) {
		middle = low + (high - low) / 2;
		chunk = spans->chunks[middle];
		if (chunk->list[chunk->nr - 1].last < from)
			low = middle + 1;
		else
			high = middle;
	}
	place.chunk = low;
	if (low == spans->nr)
		return place;
	chunk = spans->chunks[low];
	low = 0;
	high = chunk->nr;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (chunk->list[middle].last < from)
			low = middle + 1;
		else
			high = middle;
	}
	place.at = low;
	return place;
}

static struct span *span_at(const struct spans *spans, struct place place)
{
	return place.chunk < spans->nr ? &spans->chunks[place.chunk]->list[place.at] : NULL;
}

static struct span *span_behind(const struct spans *spans, struct place place)
{
	if (++place.at == spans->chunks[place.chunk]->nr)
		place = (struct place){ .chunk = place.chunk + 1 };
	return span_at(spans, place);
}

/* Take one out. @place is then that of the span behind it. */
static void take_out(struct spans *spans, struct place *place)
{
	struct spans_chunk *chunk = spans->chunks[place->chunk];

	chunk->nr--;
	memmove(&chunk->list[place->at], &chunk->list[place->at + 1],
		(chunk->nr - place->at) * sizeof(chunk->list[0]));
	if (!chunk->nr) {
		free(chunk);
		spans->nr--;
		memmove(&spans->chunks[place->chunk], &spans->chunks[place->chunk + 1],
			(spans->nr - place->chunk) * sizeof(spans->chunks[0]));
	} else if (place->at == chunk->nr) {
		*place = (struct place){ .chunk = place->chunk + 1 };
	}
}

static void new_chunk(struct spans *spans, size_t index)
{
	if (spans->nr == spans->room) {
		spans->room = spans->room ? spans->room * 2 : 4;
		spans->chunks = xgrow(spans->chunks, spans->nr, spans->room,
				      sizeof(spans->chunks[0]));
	}
	memmove(&spans->chunks[index + 1], &spans->chunks[index],
		(spans->nr - index) * sizeof(spans->chunks[0]));
	spans->chunks[index] = xzalloc(sizeof(struct spans_chunk));
	spans->nr++;
}

/* Room for one more in the chunk of @place. One that is full at its end goes on in a new one. */
static void make_room(struct spans *spans, struct place *place)
{
	struct spans_chunk *chunk, *behind;
	size_t half = CHUNK_SPANS / 2;

	if (place->chunk == spans->nr && spans->nr &&
	    spans->chunks[spans->nr - 1]->nr < CHUNK_SPANS)
		*place = (struct place){ spans->nr - 1, spans->chunks[spans->nr - 1]->nr };
	if (place->chunk == spans->nr) {
		new_chunk(spans, spans->nr);
		return;
	}
	chunk = spans->chunks[place->chunk];
	if (chunk->nr < CHUNK_SPANS)
		return;
	new_chunk(spans, place->chunk + 1);
	behind = spans->chunks[place->chunk + 1];
	memcpy(behind->list, &chunk->list[half], half * sizeof(chunk->list[0]));
	chunk->nr = half;
	behind->nr = half;
	if (place->at > half)
		*place = (struct place){ place->chunk + 1, place->at - half };
}

static void put_in(struct spans *spans, struct place place, struct span span)
{
	struct spans_chunk *chunk;

	make_room(spans, &place);
	chunk = spans->chunks[place.chunk];
	memmove(&chunk->list[place.at + 1], &chunk->list[place.at],
		(chunk->nr - place.at) * sizeof(chunk->list[0]));
	chunk->list[place.at] = span;
	chunk->nr++;
}

static uint64_t size(uint64_t first, uint64_t last)
{
	return last - first == UINT64_MAX ? UINT64_MAX : last - first + 1;
}

static bool touches(const struct span *span, const struct span *other)
{
	return span && (span->first <= other->last || span->first - 1 == other->last);
}

/* The numbers of @all that are in @span. */
static uint64_t in_common(const struct span *span, uint64_t first, uint64_t last)
{
	if (span->last < first || span->first > last)
		return 0;
	return size(span->first > first ? span->first : first,
		    span->last < last ? span->last : last);
}

uint64_t spans_add(struct spans *spans, uint64_t first, uint64_t last)
{
	struct span all = { first, last }, *span;
	struct place place = find(spans, first ? first - 1 : 0);
	uint64_t new = size(first, last);

	for (; touches(span = span_at(spans, place), &all); take_out(spans, &place)) {
		new -= in_common(span, first, last);
		all.first = span->first < all.first ? span->first : all.first;
		all.last = span->last > all.last ? span->last : all.last;
		/* The usual case: a span grows, and no other is met. */
		if (!touches(span_behind(spans, place), &all)) {
			*span = all;
			return new;
		}
	}
	put_in(spans, place, all);
	return new;
}

bool spans_next(const struct spans *spans, uint64_t from, struct span *span)
{
	const struct span *found = span_at(spans, find(spans, from));

	if (found)
		*span = *found;
	return found;
}

bool spans_has(const struct spans *spans, uint64_t number)
{
	struct span span;

	return spans_next(spans, number, &span) && span.first <= number;
}

uint64_t spans_count(const struct spans *spans, uint64_t first, uint64_t last)
{
	uint64_t count = 0, from = first;
	struct span span;

	while (spans_next(spans, from, &span) && span.first <= last) {
		count += in_common(&span, first, last);
		if (span.last >= last)
			break;
		from = span.last + 1;
	}
	return count;
}
