/* SPDX-License-Identifier: MIT */
/* Where a connector's group is in each ring: see resource.h. */
#include "resource.h"

#include "config.h"
#include "host.h"
#include "snapshot.h"

#include <errno.h>
#include <evring.h>
#include <string.h>

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

struct evring *call_device(struct call *call, const struct config *cfg, struct snapshot *snap,
			   struct evring_host *host)
{
	struct evring *ev;
	char why[300] = "";
	int ret = evring_open(&ev, cfg->device);

	if (ret) {
		reply_error(call, 500, "%s: %s", cfg->device, strerror(-ret));
		return NULL;
	}
	ret = snapshot_take(ev, snap);
	if (ret) {
		reply_error(call, 500, "The module's counters cannot be read: %s", strerror(-ret));
	} else if (!host_identity(ev, cfg, host, why, sizeof(why))) {
		reply_error(call, 500, "%s", why);
		snapshot_free(snap);
	} else {
		return ev;
	}
	evring_close(ev);
	return NULL;
}

void show_offsets(struct call *call)
{
	const struct config *cfg = connector_config(call->entry->connector);
	struct evring_host host;
	struct snapshot snap;
	struct evring *ev;

	if (!cfg) {
		reply_error(call, 500, "Connector %s has no configuration that can be used",
			    call->name);
		return;
	}
	ev = call_device(call, cfg, &snap, &host);
	if (!ev)
		return;
	reply(call, 200, json_pack("{s:o}", "offsets",
				   offsets_of(&snap, snapshot_group(&snap, cfg->group), &host)));
	snapshot_free(&snap);
	evring_close(ev);
}

bool call_is_stopped(struct call *call)
{
	if (connector_state(call->entry->connector) == CONNECTOR_STOPPED)
		return true;
	reply_error(call, 400, "Connectors must be in the STOPPED state before their offsets can be "
		    "modified. This can be done for the specified connector by issuing a 'PUT' "
		    "request to the '/connectors/%s/stop' endpoint", call->name);
	return false;
}

/* A group that is forgotten starts anew; its hooks the connector attaches again. */
void delete_offsets(struct call *call)
{
	const struct config *cfg = connector_config(call->entry->connector);
	struct evring *ev;
	int ret;

	if (!call_is_stopped(call))
		return;
	ret = cfg ? evring_open(&ev, cfg->device) : -EINVAL;
	if (!ret) {
		ret = evring_drop(ev, cfg->group);
		evring_close(ev);
	}
	if (ret && ret != -ENOENT)
		reply_error(call, ret == -EBUSY ? 409 : 500, "The group cannot be dropped: %s%s",
			    ret == -EBUSY ? "it is owned still; try again" : strerror(-ret),
			    ret == -EPERM ? " (it was not given to evringd, which has no CAP_PERFMON)" : "");
	else
		reply(call, 200, json_pack("{s:s}", "message",
			"The offsets for this connector have been reset successfully"));
}
