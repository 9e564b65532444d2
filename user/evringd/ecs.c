/* SPDX-License-Identifier: MIT */
/*
 * json.layout=ecs: Elastic Common Schema. A column without a field there is below
 * "evring", under its own name. docs/reference/layouts.md is written from these tables.
 */
#include "layout.h"

#define ECS_VERSION	"\"8.11.0\""

static const struct word file_types[] = {
	{ "regular", "\"file\"" }, { "directory", "\"dir\"" }, { "symlink", "\"symlink\"" },
	{ NULL, NULL },
};

static const struct word families[] = {
	{ "AF_INET", "\"ipv4\"" }, { "AF_INET6", "\"ipv6\"" }, { NULL, NULL },
};

static const struct word directions[] = {
	{ "outbound", "\"egress\"" }, { "inbound", "\"ingress\"" }, { NULL, "\"unknown\"" },
};

/* event.category and event.type, which are arrays, and allow some words alone */
#define CLASS(type, category, kind) \
	{ type, "event.category", "[\"" category "\"]" }, { type, "event.type", kind }

static const struct constant constants[] = {
	{ "*", "ecs.version", ECS_VERSION },
	{ "*", "event.kind", "\"event\"" },
	{ "process.state", "event.kind", "\"state\"" },
	{ "evring.lost", "event.kind", "\"pipeline_error\"" },
	{ "evring.missed", "event.kind", "\"pipeline_error\"" },
	{ "evring.rejected", "event.kind", "\"pipeline_error\"" },
	{ "*", "event.module", "\"evring\"" },
	{ "*", "host.os.type", "\"linux\"" },

	CLASS("process.exec", "process", "[\"start\"]"),
	CLASS("process.fork", "process", "[\"start\"]"),
	CLASS("process.exit", "process", "[\"end\"]"),
	CLASS("process.state", "process", "[\"info\"]"),
	CLASS("process.ptrace", "process", "[\"access\"]"),
	CLASS("process.*", "process", "[\"change\"]"),
	CLASS("process.session", "session", "[\"start\"]"),

	CLASS("file.open", "file", "[\"access\"]"),
	CLASS("file.unlink", "file", "[\"deletion\"]"),
	CLASS("file.rmdir", "file", "[\"deletion\"]"),
	CLASS("file.mkdir", "file", "[\"creation\"]"),
	CLASS("file.mknod", "file", "[\"creation\"]"),
	CLASS("file.link", "file", "[\"creation\"]"),
	CLASS("file.symlink", "file", "[\"creation\"]"),
	CLASS("file.redirect", "process", "[\"change\"]"),
	CLASS("file.*", "file", "[\"change\"]"),

	CLASS("net.connect", "network", "[\"connection\",\"start\"]"),
	CLASS("net.connected", "network", "[\"connection\",\"start\"]"),
	CLASS("net.accept", "network", "[\"connection\",\"start\"]"),
	CLASS("net.close", "network", "[\"connection\",\"end\"]"),
	CLASS("net.send", "network", "[\"protocol\"]"),
	CLASS("net.*", "network", "[\"info\"]"),
	{ "net.connect", "network.direction", "\"egress\"" },
	{ "net.connected", "network.direction", "\"egress\"" },
	{ "net.send", "network.direction", "\"egress\"" },
	{ "net.accept", "network.direction", "\"ingress\"" },

	CLASS("module.load", "driver", "[\"start\"]"),
	CLASS("module.unload", "driver", "[\"end\"]"),
	CLASS("bpf.load", "driver", "[\"start\"]"),

	CLASS("kernel.sysctl", "configuration", "[\"change\"]"),
	CLASS("kernel.time", "configuration", "[\"change\"]"),
	CLASS("kernel.hostname", "configuration", "[\"change\"]"),
	CLASS("kernel.kexec", "configuration", "[\"change\"]"),
	CLASS("kernel.oom", "process", "[\"end\"]"),
	CLASS("kernel.reboot", "host", "[\"end\"]"),
	CLASS("kernel.cpu", "host", "[\"change\"]"),
	CLASS("kernel.netdev", "host", "[\"change\"]"),
	CLASS("kernel.block", "host", "[\"change\"]"),
	CLASS("kernel.*", "host", "[\"info\"]"),
	CLASS("block.*", "host", "[\"info\"]"),
	CLASS("sched.*", "process", "[\"info\"]"),
	CLASS("syscall.*", "process", "[\"info\"]"),
	CLASS("uring.*", "process", "[\"info\"]"),
};

/* The program of process.exec and process.state */
#define PROGRAM(type) \
	{ type, "ppid", "process.parent.pid", AS_IT_IS, NULL }, \
	{ type, "parent_comm", "process.parent.name", AS_IT_IS, NULL }, \
	{ type, "parent_start_time", "process.parent.start", AS_IT_IS, NULL }, \
	{ type, "path", "process.executable", AS_IT_IS, NULL }, \
	{ type, "argv", "process.args", AS_IT_IS, NULL }, \
	{ type, "argv", "process.command_line", AS_LINE, NULL }, \
	{ type, "cwd", "process.working_directory", AS_IT_IS, NULL }, \
	{ type, "sid", "process.session_leader.pid", AS_IT_IS, NULL }, \
	{ type, "pgid", "process.group_leader.pid", AS_IT_IS, NULL }, \
	{ type, "egid", "user.effective.group.id", AS_TEXT, NULL }

/* Of a flow whose beginner is this host */
#define OUTWARD(type) \
	{ type, "local_address", "source.ip", AS_IT_IS, NULL }, \
	{ type, "local_port", "source.port", AS_IT_IS, NULL }, \
	{ type, "remote_address", "destination.ip", AS_IT_IS, NULL }, \
	{ type, "remote_port", "destination.port", AS_IT_IS, NULL }

/* ... and of one that came to it */
#define INWARD(type) \
	{ type, "local_address", "destination.ip", AS_IT_IS, NULL }, \
	{ type, "local_port", "destination.port", AS_IT_IS, NULL }, \
	{ type, "remote_address", "source.ip", AS_IT_IS, NULL }, \
	{ type, "remote_port", "source.port", AS_IT_IS, NULL }

/* The task that an event is in is not its process. */
#define OWNED(type) \
	{ type, ".pid", NULL, AS_IT_IS, NULL }, \
	{ type, ".tid", NULL, AS_IT_IS, NULL }, \
	{ type, "owner_pid", "process.pid", AS_KNOWN, NULL }, \
	{ type, "owner_uid", "user.id", AS_TEXT, NULL }, \
	{ type, "owner_start_time", "process.start", AS_KNOWN, NULL }

static const struct place places[] = {
	{ "*", ".time", "@timestamp", AS_IT_IS, NULL },
	{ "*", ".type", "event.action", AS_IT_IS, NULL },
	{ "*", ".type", "evring.type", AS_IT_IS, NULL },
	{ "*", ".host", "host.name", AS_IT_IS, NULL },
	{ "*", ".host", "host.hostname", AS_IT_IS, NULL },
	{ "*", ".machine_id", "host.id", AS_IT_IS, NULL },
	{ "*", ".boot_id", "host.boot.id", AS_IT_IS, NULL },
	{ "*", ".seq", "event.sequence", AS_IT_IS, NULL },
	{ "*", ".seq", "event.id", AS_ID, NULL },
	{ "*", ".pid", "process.pid", AS_IT_IS, NULL },
	{ "*", ".tid", "process.thread.id", AS_IT_IS, NULL },
	{ "*", "uid", "user.id", AS_TEXT, NULL },
	{ "*", "uid_name", "user.name", AS_IT_IS, NULL },
	{ "*", "euid", "user.effective.id", AS_TEXT, NULL },
	{ "*", "euid_name", "user.effective.name", AS_IT_IS, NULL },
	{ "*", "gid", "user.group.id", AS_TEXT, NULL },
	{ "*", "gid_name", "user.group.name", AS_IT_IS, NULL },
	{ "*", "comm", "process.name", AS_IT_IS, NULL },
	{ "*", "start_time", "process.start", AS_IT_IS, NULL },
	{ "*", "container_id", "container.id", AS_IT_IS, NULL },
	{ "*", "container_runtime", "container.runtime", AS_IT_IS, NULL },
	{ "*", "parent_path", "process.parent.executable", AS_IT_IS, NULL },
	{ "*", "parent_argv", "process.parent.args", AS_IT_IS, NULL },
	{ "*", "parent_argv", "process.parent.command_line", AS_LINE, NULL },
	{ "*", "result", "event.outcome", AS_OUTCOME, NULL },
	{ "*", "result", "error.code", AS_ERRNO, NULL },

	PROGRAM("process.exec"),
	PROGRAM("process.state"),
	{ "process.exec", "env", "process.env_vars", AS_IT_IS, NULL },
	{ "process.exit", ".time", "@timestamp", AS_IT_IS, NULL },
	{ "process.exit", ".time", "process.end", AS_IT_IS, NULL },
	{ "process.exit", "ppid", "process.parent.pid", AS_IT_IS, NULL },
	{ "process.exit", "exit_code", "process.exit_code", AS_IT_IS, NULL },
	{ "process.fork", ".pid", "process.parent.pid", AS_IT_IS, NULL },
	{ "process.fork", ".tid", "process.parent.thread.id", AS_IT_IS, NULL },
	{ "process.fork", "comm", "process.parent.name", AS_IT_IS, NULL },
	{ "process.fork", "start_time", "process.parent.start", AS_IT_IS, NULL },
	{ "process.fork", "child_pid", "process.pid", AS_IT_IS, NULL },
	{ "process.fork", "child_start_time", "process.start", AS_IT_IS, NULL },

	{ "file.*", "path", "file.path", AS_IT_IS, NULL },
	{ "file.*", "path", "file.name", AS_NAME, NULL },
	{ "file.*", "inode", "file.inode", AS_TEXT, NULL },
	{ "file.*", "file_type", "file.type", AS_WORD, file_types },
	{ "file.*", "mode", "file.mode", AS_IT_IS, NULL },
	{ "file.*", "size", "file.size", AS_IT_IS, NULL },
	{ "file.open", "mode", NULL, AS_IT_IS, NULL },
	{ "file.chmod", "new_mode", "file.mode", AS_IT_IS, NULL },
	{ "file.chown", "new_owner", "file.uid", AS_TEXT, NULL },
	{ "file.chown", "new_group", "file.gid", AS_TEXT, NULL },
	{ "file.setxattr", "size", NULL, AS_IT_IS, NULL },
	{ "file.symlink", "target", "file.target_path", AS_IT_IS, NULL },
	{ "file.truncate", "new_size", "file.size", AS_IT_IS, NULL },
	OUTWARD("file.redirect"),

	{ "net.*", "family", "network.type", AS_WORD, families },
	{ "net.*", "protocol", "network.transport", AS_WORD, layout_protocols },
	{ "net.socket", "protocol", NULL, AS_IT_IS, NULL },
	OUTWARD("net.connect"),
	OUTWARD("net.connected"),
	OUTWARD("net.send"),
	OUTWARD("net.close"),
	INWARD(INBOUND_CLOSE),
	INWARD("net.accept"),
	INWARD("net.bind"),
	INWARD("net.listen"),
	OWNED("net.close"),
	OWNED("net.connected"),
	{ "net.close", "bytes_sent", "source.bytes", AS_IT_IS, NULL },
	{ "net.close", "bytes_received", "destination.bytes", AS_IT_IS, NULL },
	{ "net.close", "packets_sent", "source.packets", AS_IT_IS, NULL },
	{ "net.close", "packets_received", "destination.packets", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "bytes_sent", "destination.bytes", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "bytes_received", "source.bytes", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "packets_sent", "destination.packets", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "packets_received", "source.packets", AS_IT_IS, NULL },
	{ "net.close", "direction", "network.direction", AS_WORD, directions },
	{ "net.close", "duration_ns", "event.duration", AS_IT_IS, NULL },
	{ "net.connected", "latency_ns", "event.duration", AS_IT_IS, NULL },
	{ "net.send", "size", "source.bytes", AS_IT_IS, NULL },
	{ "net.send", "dns_name", "dns.question.name", AS_IT_IS, NULL },
	{ "net.send", "dns_type", "dns.question.type", AS_IT_IS, NULL },

	{ "module.load", "path", "file.path", AS_IT_IS, NULL },
	{ "module.load", "path", "file.name", AS_NAME, NULL },
	{ "module.load", "inode", "file.inode", AS_TEXT, NULL },

	{ "kernel.log", "text", "message", AS_IT_IS, NULL },
	{ "kernel.log", "level", "log.level", AS_IT_IS, NULL },
	{ "kernel.log", "facility", "log.syslog.facility.name", AS_IT_IS, NULL },
	{ "kernel.panic", "text", "message", AS_IT_IS, NULL },
	{ "kernel.oom", ".pid", NULL, AS_IT_IS, NULL },
	{ "kernel.oom", ".tid", NULL, AS_IT_IS, NULL },
	{ "kernel.oom", "uid", NULL, AS_IT_IS, NULL },
	{ "kernel.oom", "comm", NULL, AS_IT_IS, NULL },
	{ "kernel.oom", "start_time", NULL, AS_IT_IS, NULL },
	{ "kernel.oom", "victim_pid", "process.pid", AS_IT_IS, NULL },
	{ "kernel.oom", "victim_uid", "user.id", AS_TEXT, NULL },
	{ "kernel.oom", "victim_comm", "process.name", AS_IT_IS, NULL },
	{ "kernel.oom", "victim_start_time", "process.start", AS_IT_IS, NULL },
	{ "syscall.exit", "duration_ns", "event.duration", AS_IT_IS, NULL },
};

const struct layout layout_ecs = {
	.name = "ecs",
	.title = "Elastic Common Schema 8.11",
	.rest = "evring",
	.constants = constants,
	.nr_constants = sizeof(constants) / sizeof(constants[0]),
	.places = places,
	.nr_places = sizeof(places) / sizeof(places[0]),
};
