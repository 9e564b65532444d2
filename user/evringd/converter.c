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

	if (cfg->format == VALUE_JSON && cfg->layout != LAYOUT_EVRING)
		return cfg->layout == LAYOUT_ECS ? &converter_ecs : &converter_ocsf;
	if (cfg->format == VALUE_JSON && cfg->flatten)
		return &converter_flat;
	return converters[cfg->format];
}
