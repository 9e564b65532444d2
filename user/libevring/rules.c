/* SPDX-License-Identifier: MIT */
/* Rules that leave secrets out of events: read them, and replace them. */
#include <errno.h>
#include <stdlib.h>

#include "rules.h"

int evring_rules_new(struct evring_rules **rules, const struct evring_type *type)
{
	struct evring_rules *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->type = evring_type_hold(type);
	made->build.type = type->block;
	*rules = made;
	return 0;
}

void evring_rules_free(struct evring_rules *rules)
{
	if (!rules)
		return;
	free(rules->made);
	evring_type_free(rules->type);
	free(rules);
}

int evring_rules_add(struct evring_rules *rules, const char *line,
		     struct evring_filter_error *error)
{
	free(rules->made);
	rules->made = NULL;
	return rules_parse(rules, line, error);
}

const struct evring_redaction *evring_rules_block(struct evring_rules *rules)
{
	if (!rules->made && rules->build.nr_rules)
		rules->made = malloc(evring_build_len(&rules->build));
	if (rules->made)
		evring_build_make(&rules->build, rules->made);
	return rules->made;
}

static uint32_t vars_find(const struct evring_type *type, struct evring_var *vars)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < type->nr_fields; i++)
		if (type->fields[i].kind & EVRING_KIND_VAR)
			vars[nr++] = (struct evring_var){ (uint16_t)i, type->fields[i].offset };
	return nr;
}

ssize_t evring_rules_apply(struct evring_rules *rules, const struct evring_event *event,
			   void *to, size_t room)
{
	struct evring_redact_event look = {
		.rec = event->rec, .payload = event->payload, .len = event->payload_len,
		.data_size = rules->type->size,
	};
	const struct evring_redaction *block = evring_rules_block(rules);
	struct evring_redact_index index;
	struct evring_var *vars;
	struct evring_cuts cuts;
	uint32_t len;

	if (!block)
		return rules->build.nr_rules ? -ENOMEM : 0;
	evring_redact_index(block, &index);
	evring_redact_find(block, &index, &look, &cuts);
	if (!cuts.nr)
		return 0;
	len = evring_redact_len(look.len, &cuts, EVRING_MARK_LEN);
	if (len > room)
		return -ENOSPC;
	vars = calloc(rules->type->nr_fields, sizeof(*vars));
	if (!vars)
		return -ENOMEM;
	evring_redact_copy(to, &look, &cuts, EVRING_MARK_LEN, vars,
			   vars_find(rules->type, vars));
	free(vars);
	return len;
}

/*
 * The kernel's
 */

static int redact_call(struct evring *ev, const char *type, struct evring_redact *arg)
{
	size_t len = strlen(type);

	if (len >= sizeof(arg->name))
		return -ENOENT;
	if (evring_lacks(ev, EVRING_FEATURE_REDACT))
		return -ENOSYS;
	memcpy(arg->name, type, len);
	return evring_ioctl(ev, EVRING_IOC_REDACT, arg);
}

/* The lines that a block was made of; nothing in it is trusted. */
static int block_text(const struct evring_redaction *block, size_t len,
		      char text[EVRING_REDACT_TEXT_MAX])
{
	const struct evring_table *table = &block->text;

	if (len < sizeof(*block) || !table->count || table->count > EVRING_REDACT_TEXT_MAX ||
	    (uint64_t)table->offset + table->count > len)
		return -EPROTO;
	memcpy(text, (const char *)block + table->offset, table->count);
	text[table->count - 1] = '\0';
	return 0;
}

int evring_redact_get(struct evring *ev, const char *type, bool own,
		      struct evring_redact_state *state)
{
	struct evring_redact arg = {
		.op = EVRING_REDACT_QUERY, .room = EVRING_REDACTION_MAX,
		.flags = own ? EVRING_REDACT_F_DEFAULT : 0,
	};
	struct evring_redaction *block = calloc(1, EVRING_REDACTION_MAX);
	int ret;

	if (!block)
		return -ENOMEM;
	arg.to = (uintptr_t)block;
	*state = (struct evring_redact_state){ 0 };
	ret = redact_call(ev, type, &arg);
	if (!ret && arg.len)
		ret = arg.len > EVRING_REDACTION_MAX ? -EPROTO :
						       block_text(block, arg.len, state->text);
	free(block);
	if (ret)
		return ret;
	state->generation = arg.generation;
	state->is_own = arg.flags & EVRING_REDACT_F_DEFAULT;
	state->redacted = arg.redacted;
	state->hidden = arg.hidden;
	return 0;
}

int evring_redact_set(struct evring *ev, const char *type, struct evring_rules *rules,
		      uint32_t generation)
{
	struct evring_redact arg = { .op = EVRING_REDACT_SET, .generation = generation };

	if (rules && rules->build.nr_rules) {
		arg.rules = (uintptr_t)evring_rules_block(rules);
		if (!arg.rules)
			return -ENOMEM;
	}
	return redact_call(ev, type, &arg);
}

int evring_redact_reset(struct evring *ev, const char *type, uint32_t generation)
{
	struct evring_redact arg = { .op = EVRING_REDACT_RESET, .generation = generation };

	return redact_call(ev, type, &arg);
}

/*
 * In events
 */

uint64_t evring_redacted(const struct evring_event *event)
{
	return redacted_fields(event);
}

bool evring_field_redacted(const struct evring_event *event, const struct evring_field *field)
{
	return event->type &&
	       is_redacted(redacted_fields(event), (uint32_t)(field - event->type->fields));
}
