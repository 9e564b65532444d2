// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading: each part in order, and back. */
#include <linux/init.h>
#include <linux/module.h>

#include "clock.h"
#include "cpu.h"
#include "device.h"
#include "group.h"
#include "hooks/hook.h"
#include "hooks/net.h"
#include "hooks/path.h"
#include "hooks/scratch.h"
#include "lane.h"
#include "redact/stage.h"
#include "type.h"
#include "user.h"
#include "wake.h"

static int __init evring_init(void)
{
	int ret;

	ret = evring_users_init();
	if (ret)
		return ret;
	ret = evring_lanes_init();
	if (ret)
		goto err_lanes;
	ret = evring_stages_init();
	if (ret)
		goto err_stages;
	ret = evring_cpus_init();
	if (ret)
		goto err_cpus;
	ret = evring_clock_init(evring_meta_pages);
	if (ret)
		goto err_clock;
	ret = evring_types_init();
	if (ret)
		goto err_types;
	ret = evring_groups_init();
	if (ret)
		goto err_groups;
	ret = evring_scratch_init();
	if (ret)
		goto err_scratch;
	evring_paths_init();
	evring_net_init();
	evring_hooks_init();
	ret = evring_device_init();
	if (ret)
		goto err_device;
	return 0;

err_device:
	evring_hooks_exit();
	evring_scratch_exit();
err_scratch:
	evring_groups_exit();
err_groups:
	evring_types_exit();
err_types:
	evring_clock_exit();
err_clock:
	evring_cpus_exit();
err_cpus:
	evring_stages_exit();
err_stages:
	evring_lanes_exit();
err_lanes:
	evring_users_exit();
	return ret;
}

static void __exit evring_exit(void)
{
	evring_device_exit();
	evring_wake_exit();
	evring_hooks_exit();
	evring_scratch_exit();
	evring_groups_exit();
	evring_types_exit();
	evring_clock_exit();
	evring_cpus_exit();
	evring_stages_exit();
	evring_lanes_exit();
	evring_users_exit();
}

module_init(evring_init);
module_exit(evring_exit);

MODULE_DESCRIPTION("Kafka-shaped event log in the kernel, read through /dev/evring");
MODULE_AUTHOR("The evring authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(EVRING_VERSION);
