/* SPDX-License-Identifier: MIT */
/* Where a connector's group is in each ring: see resource.h. */
#include "resource.h"

#include "config.h"
#include "host.h"
#include "snapshot.h"

#include <errno.h>
#include <evring.h>
#include <string.h>

static int find_group(const struct snapshot *snap, const char *name)
{
	unsigned int i;

	for (i = 0; i < snap->meta.groups.count; i++)
		if (!strcmp(snap->groups[i].name, name))
			return (int)i;
	return -1;
}

static json_t *offset_of(const struct evring_cursor *cursor)
{
	json_t *seq = cursor->seq == EVRING_SEQ_NONE ? json_null() :
						       json_integer((json_int_t)cursor->seq);

	return json_pack("{s:I, s:o}", "pos", (json_int_t)cursor->pos, "seq", seq);
}

static json_t *offsets_of(const struct snapshot *snap, int group, const struct evring_host *host)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; group >= 0 && i < snap->nr_rings; i++) {
		const struct ring_view *ring = &snap->rings[i];

		if ((unsigned int)group >= ring->nr_cursors ||
		    !(snap->groups[group].lanes & 1ull << ring->page.lane))
			continue;
		json_array_append_new(list, json_pack("{s:{s:s, s:s, s:s, s:I}, s:o}",
			"partition", "machine_id", host->machine_id, "boot_id", host->boot_id,
			"lane", evring_lane_name(snap->ev, ring->page.lane),
			"cpu", (json_int_t)ring->page.cpu,
			"offset", offset_of(&ring->cursors[group])));
	}
	return list;
}

void show_offsets(struct call *call)
{
	const struct config *cfg = connector_config(call->entry->connector);
	struct evring_host host;
	struct snapshot snap;
	struct evring *ev;
	char why[300] = "";
	int ret;

	if (!cfg) {
		reply_error(call, 500, "Connector %s has no configuration that can be used",
			    call->name);
		return;
	}
	ret = evring_open(&ev, cfg->device);
	if (ret) {
		reply_error(call, 500, "%s: %s", cfg->device, strerror(-ret));
		return;
	}
	ret = snapshot_take(ev, &snap);
	if (ret) {
		reply_error(call, 500, "The module's counters cannot be read: %s", strerror(-ret));
	} else if (!host_identity(cfg, &host, why, sizeof(why))) {
		reply_error(call, 500, "%s", why);
		snapshot_free(&snap);
	} else {
		reply(call, 200, json_pack("{s:o}", "offsets",
			offsets_of(&snap, find_group(&snap, cfg->group), &host)));
		snapshot_free(&snap);
	}
	evring_close(ev);
}

static bool is_stopped(struct call *call)
{
	if (connector_state(call->entry->connector) == CONNECTOR_STOPPED)
		return true;
	reply_error(call, 400, "Connectors must be in the STOPPED state before their offsets can be "
		    "modified. This can be done for the specified connector by issuing a 'PUT' "
		    "request to the '/connectors/%s/stop' endpoint", call->name);
	return false;
}

/* Refused: committed events may be overwritten, and the others have to be delivered. */
void patch_offsets(struct call *call)
{
	if (is_stopped(call))
		reply_error(call, 400, "evringd does not support altering offsets, as the kernel keeps "
			    "them; DELETE /connectors/%s/offsets starts anew, at group.start",
			    call->name);
}

/* A group that is forgotten starts anew; its hooks the connector attaches again. */
void delete_offsets(struct call *call)
{
	const struct config *cfg = connector_config(call->entry->connector);
	struct evring *ev;
	int ret;

	if (!is_stopped(call))
		return;
	ret = cfg ? evring_open(&ev, cfg->device) : -EINVAL;
	if (!ret) {
		ret = evring_drop(ev, cfg->group);
		evring_close(ev);
	}
	if (ret && ret != -ENOENT)
		reply_error(call, 500, "The group cannot be dropped: %s%s", strerror(-ret),
			    ret == -EPERM ? " (evringd needs CAP_PERFMON)" : "");
	else
		reply(call, 200, json_pack("{s:s}", "message",
			"The offsets for this connector have been reset successfully"));
}
