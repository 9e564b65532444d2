/* SPDX-License-Identifier: MIT */
/* The converters by the word of value.format. */
#include "converter.h"

#include "config.h"

const struct converter *converter_of(const struct config *cfg)
{
	static const struct converter *const converters[] = {
		[VALUE_JSON] = &converter_json,
		[VALUE_RAW] = &converter_raw,
	};

	return converters[cfg->format];
}
