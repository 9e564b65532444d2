/* SPDX-License-Identifier: MIT */
/* Sets of hooks: names for lists of globs, which match names that a glob alone would not. */
#include "../harness/tap.h"
#include "sets.h"

#include <stdlib.h>
#include <string.h>

static void test_globs(void)
{
	ok(hook_matches("process.*", "process.exec") && hook_matches("*", "file.open") &&
	   !hook_matches("process.*", "file.open") && !hook_matches("file", "file.open"),
	   "a glob matches as a glob");
	ok(!is_set("process.*") && is_set("@all"), "a set begins with @");
}

static void test_sets(void)
{
	ok(hook_matches("@security", "file.redirect") && hook_matches("@security", "file.open") &&
	   !hook_matches("@security", "file.unlink") && !hook_matches("@security", "sched.switch"),
	   "@security has what it names and no more");
	ok(hook_matches("@audit", "file.unlink") && hook_matches("@audit", "process.session") &&
	   !hook_matches("@audit", "file.close_write"), "@audit likewise");
	ok(hook_matches("@performance", "block.io") && !hook_matches("@performance", "file.open"),
	   "@performance likewise");
	ok(hook_matches("@all", "sched.switch") && hook_matches("@all", "any.thing"),
	   "@all has every hook");
	ok(!hook_set("@none") && !hook_matches("@none", "file.open") && !hook_set("@") &&
	   !hook_matches("@*", "file.open"), "what is no set matches nothing");
}

/* All that a set has, as evring(1) tells it: to change one takes a reason. */
static bool set_is(const char *name, const char *want)
{
	const char *const *globs = hook_set(name);
	char list[1024] = "";

	for (; *globs; globs++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 *list ? " " : "", *globs);
	if (strcmp(list, want))
		printf("# %s: %s\n", name, list);
	return !strcmp(list, want);
}

static void test_whole(void)
{
	ok(set_is("@security", "process.fork process.exec process.exit process.ptrace process.cred "
		  "file.open file.rename file.link file.symlink file.redirect "
		  "net.connect net.connected net.accept net.bind net.listen net.socket "
		  "module.load module.unload bpf.load "
		  "kernel.oom kernel.sysctl kernel.time kernel.hostname kernel.kexec "
		  "kernel.reboot"), "@security, all of it");
	ok(set_is("@audit", "process.exec process.ptrace process.cred process.session "
		  "file.open file.unlink file.rmdir file.mkdir file.mknod file.rename "
		  "file.link file.symlink file.chmod file.chown file.truncate "
		  "file.setxattr file.mount file.umount file.pivot_root "
		  "module.load module.unload bpf.load "
		  "kernel.sysctl kernel.time kernel.hostname kernel.kexec kernel.reboot"),
	   "@audit, all of it");
	ok(set_is("@performance", "process.exec process.exit net.connect net.connected net.accept "
		  "net.close block.io kernel.oom kernel.hang kernel.cpu"),
	   "@performance, all of it");
}

static void test_list(void)
{
	char *list = hook_set_list();

	ok(!strcmp(list, "@security, @audit, @performance, @all"), "the sets are listed");
	free(list);
}

int main(void)
{
	test_globs();
	test_sets();
	test_whole();
	test_list();
	return tap_end();
}
