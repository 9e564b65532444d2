/* SPDX-License-Identifier: MIT */
/* See sets.h. evring(1) lists the sets, too. */
#include "sets.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

/* The events that detection rules need: Falco's, and the evasions of them */
static const char *const security[] = {
	"process.fork", "process.exec", "process.exit", "process.ptrace", "process.cred",
	"file.open", "file.rename", "file.link", "file.symlink", "file.redirect",
	"net.connect", "net.connected", "net.accept", "net.bind", "net.listen", "net.socket",
	"module.load", "module.unload", "bpf.load",
	"kernel.oom", "kernel.sysctl", "kernel.time", "kernel.hostname", "kernel.kexec",
	"kernel.reboot", NULL
};

/* The events that PCI-DSS and STIG require */
static const char *const audit[] = {
	"process.exec", "process.ptrace", "process.cred", "process.session",
	"file.open", "file.unlink", "file.rmdir", "file.mkdir", "file.mknod", "file.rename",
	"file.link", "file.symlink", "file.chmod", "file.chown", "file.truncate",
	"file.setxattr", "file.mount", "file.umount", "file.pivot_root",
	"module.load", "module.unload", "bpf.load",
	"kernel.sysctl", "kernel.time", "kernel.hostname", "kernel.kexec", "kernel.reboot", NULL
};

/* The events that show where time and memory go, at a cost that a busy host can bear */
static const char *const performance[] = {
	"process.exec", "process.exit", "net.connect", "net.connected", "net.accept",
	"net.close", "block.io",
	"kernel.oom", "kernel.hang", "kernel.cpu", NULL
};

static const char *const all[] = { "*", NULL };

static const struct {
	const char *name;
	const char *const *globs;
} sets[] = {
	{ "@security", security },
	{ "@audit", audit },
	{ "@performance", performance },
	{ "@all", all },
};

#define SETS (sizeof(sets) / sizeof(*sets))

bool is_set(const char *pattern)
{
	return *pattern == '@';
}

const char *const *hook_set(const char *name)
{
	for (size_t i = 0; i < SETS; i++) {
		if (!strcmp(sets[i].name, name))
			return sets[i].globs;
	}
	return NULL;
}

char *hook_set_list(void)
{
	char *text;
	size_t len;
	FILE *out = stream_begin(&text, &len);

	for (size_t i = 0; i < SETS; i++)
		fprintf(out, "%s%s", i ? ", " : "", sets[i].name);
	stream_end(out);
	return text;
}

bool hook_matches(const char *pattern, const char *name)
{
	const char *const *globs = is_set(pattern) ? hook_set(pattern) : NULL;

	if (!is_set(pattern))
		return !fnmatch(pattern, name, 0);
	for (; globs && *globs; globs++) {
		if (!fnmatch(*globs, name, 0))
			return true;
	}
	return false;
}
