// SPDX-License-Identifier: GPL-2.0-only
/* Applications register types, and let them go: EVRING_IOC_REGISTER and _UNREGISTER. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "app.h"
#include "block.h"
#include "lane.h"
#include "parse.h"
#include "publish.h"
#include "session.h"
#include "user.h"

/* The references into the tail, for publish.c to check events */
static struct evring_app *app_make(const struct evring_type_desc *desc, kuid_t uid, kuid_t payer)
{
	struct evring_app *app;
	u32 i;

	app = kzalloc(struct_size(app, refs, desc->nr_fields), GFP_KERNEL_ACCOUNT);
	if (!app)
		return NULL;
	app->uid = uid;
	app->payer = payer;
	app->size = desc->size - COMMON_SIZE;
	for (i = 0; i < desc->nr_fields; i++) {
		const struct evring_field_desc *field = &desc->fields[i];

		if (field->offset < COMMON_SIZE || !(field->kind & EVRING_KIND_VAR))
			continue;
		app->refs[app->nr_refs].offset = field->offset - COMMON_SIZE;
		app->refs[app->nr_refs++].size = EVRING_KIND_SIZE(field->kind);
	}
	return app;
}

/* The lane that the type asks for, if its user may have it */
static int app_lane(const struct evring_type_desc *desc, struct evring_reason *reason)
{
	int lane = evring_lane_find(desc->lane);

	if (lane < 0) {
		scnprintf(reason->text, sizeof(reason->text), "there is no lane %.64s", desc->lane);
		return -ENXIO;
	}
	if (!strcmp(desc->lane, EVRING_APP_LANE) || perfmon_capable())
		return lane;
	scnprintf(reason->text, sizeof(reason->text),
		  "lane %.64s needs CAP_PERFMON or CAP_SYS_ADMIN: lane %s does not", desc->lane,
		  EVRING_APP_LANE);
	return -EPERM;
}

static int app_register(struct evring_session *session, struct evring_register *arg, kuid_t uid,
			struct evring_parse *p)
{
	struct evring_app_add add = {
		.desc = &p->desc,
		.keep = arg->flags & EVRING_REGISTER_F_KEEP,
		.registered = session->writer->registered,
		.reason = p->reason,
	};
	int ret = evring_parse_block(p, arg->len), lane;

	if (ret)
		return ret;
	lane = app_lane(&p->desc, p->reason);
	if (lane < 0)
		return lane;
	add.lane = lane;
	add.block = evring_block_make(&p->desc);
	if (IS_ERR(add.block))
		return PTR_ERR(add.block);
	/* A type that is registered for another user counts against that user. */
	add.app = app_make(&p->desc, uid, arg->flags & EVRING_REGISTER_F_UID ? uid :
			   evring_user_uid(session->user));
	if (!add.app) {
		kfree(add.block);
		return -ENOMEM;
	}
	ret = evring_types_add_app(&add, arg);
	kfree(add.block);
	kfree(add.app);
	if (ret)
		return ret;
	arg->lane = lane;
	arg->payload_max = evring_record_max() - COMMON_SIZE;
	return 0;
}

/* *@uid, which is the session's, becomes the user that the caller registers for. */
static int app_user(const struct evring_register *arg, kuid_t *uid, struct evring_reason *reason)
{
	if (!(arg->flags & EVRING_REGISTER_F_UID))
		return arg->uid ? -EINVAL : 0;
	if (!perfmon_capable()) {
		scnprintf(reason->text, sizeof(reason->text),
			  "to register for another user needs CAP_PERFMON or CAP_SYS_ADMIN");
		return -EPERM;
	}
	*uid = make_kuid(&init_user_ns, arg->uid);
	return uid_valid(*uid) ? 0 : -EINVAL;
}

static int reason_give(const struct evring_register *arg, const struct evring_reason *reason)
{
	size_t len = strlen(reason->text) + 1;

	if (!arg->text || !arg->room)
		return 0;
	if (len > arg->room)
		len = arg->room;
	return copy_to_user(u64_to_user_ptr(arg->text), reason->text, len - 1) ||
	       put_user('\0', (char __user *)u64_to_user_ptr(arg->text) + len - 1) ? -EFAULT : 0;
}

/* EVRING_IOC_REGISTER; reserved members were checked. May sleep. */
int evring_app_register(struct evring_session *session, struct evring_register *arg)
{
	kuid_t uid = session->writer->uid;
	struct evring_reason reason = { };
	struct evring_parse p = { .reason = &reason };
	void *bytes = NULL;
	int ret = app_user(arg, &uid, &reason);

	if (!ret && arg->len > EVRING_BLOCK_MAX)
		ret = -E2BIG;
	if (!ret) {
		bytes = vmemdup_user(u64_to_user_ptr(arg->block), arg->len);
		if (IS_ERR(bytes))
			return PTR_ERR(bytes);
		p.bytes = bytes;
		ret = app_register(session, arg, uid, &p);
		evring_parse_free(&p);
		kvfree(bytes);
	}
	return ret ? reason_give(arg, &reason) ?: ret : 0;
}

/* EVRING_IOC_UNREGISTER; reserved members were checked. May sleep. */
int evring_app_unregister(struct evring_session *session, const struct evring_unregister *arg)
{
	const kuid_t *uid = perfmon_capable() ? NULL : &session->writer->uid;

	return evring_types_drop_app(arg->id, arg->generation, uid,
				     session->writer->registered);
}
