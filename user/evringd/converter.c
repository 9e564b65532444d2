/* SPDX-License-Identifier: MIT */
/* The converters by the word of value.format. */
#include "converter.h"

#include "config.h"

const struct converter *converter_of(const struct config *cfg)
{
	static const struct converter *const converters[] = {
		[VALUE_JSON] = &converter_json,
		[VALUE_RAW] = &converter_raw,
		[VALUE_CONNECT] = &converter_connect,
		[VALUE_JSON_SCHEMA] = &converter_json_schema,
		[VALUE_AVRO] = &converter_avro,
		[VALUE_PROTOBUF] = &converter_protobuf,
		[VALUE_CLOUDEVENTS] = &converter_cloudevents,
	};

	return converters[cfg->format];
}
