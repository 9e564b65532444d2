/* SPDX-License-Identifier: MIT */
/*
 * json.layout=ocsf: the Open Cybersecurity Schema Framework. A column without an attribute
 * there is in "unmapped", under its own name. docs/reference/layouts.md is written from these
 * tables.
 */
#include "layout.h"

#define OCSF_VERSION	"\"1.5.0\""

#define TEXT(number)	#number

/* A class and an activity; type_uid is @class * 100 + @activity. @activity has two digits there. */
#define CLASS(type, category, category_name, class, class_name, activity, digits, activity_name) \
	{ type, "category_uid", TEXT(category) }, \
	{ type, "category_name", "\"" category_name "\"" }, \
	{ type, "class_uid", TEXT(class) }, \
	{ type, "class_name", "\"" class_name "\"" }, \
	{ type, "activity_id", TEXT(activity) }, \
	{ type, "activity_name", "\"" activity_name "\"" }, \
	{ type, "type_uid", TEXT(class) digits }, \
	{ type, "type_name", "\"" class_name ": " activity_name "\"" }

#define FILES(type, activity, digits, name) \
	CLASS(type, 1, "System Activity", 1001, "File System Activity", activity, digits, name)
#define EXTENSION(type, activity, digits, name) \
	CLASS(type, 1, "System Activity", 1002, "Kernel Extension Activity", activity, digits, name)
#define KERNEL(type, activity, digits, name) \
	CLASS(type, 1, "System Activity", 1003, "Kernel Activity", activity, digits, name)
#define MEMORY(type, activity, digits, name) \
	CLASS(type, 1, "System Activity", 1004, "Memory Activity", activity, digits, name)
#define PROCESS(type, activity, digits, name) \
	CLASS(type, 1, "System Activity", 1007, "Process Activity", activity, digits, name)
#define NETWORK(type, activity, digits, name) \
	CLASS(type, 4, "Network Activity", 4001, "Network Activity", activity, digits, name)

/* A kernel's resource, where no field has its name or kind */
#define RESOURCE(type, name) \
	{ type, "kernel.name", "\"" name "\"" }

#define SEVERITY(type, id, name) \
	{ type, "severity_id", TEXT(id) }, { type, "severity", "\"" name "\"" }

/* Kinds of a file: a folder, a regular file, ... */
#define FILE_TYPE(type, path, id) \
	{ type, path ".type_id", TEXT(id) }

#define DIRECTION(type, id, name) \
	{ type, "connection_info.direction_id", TEXT(id) }, \
	{ type, "connection_info.direction", "\"" name "\"" }

static const struct word file_types[] = {
	{ "regular", "1" }, { "directory", "2" }, { "chardev", "3" }, { "blockdev", "4" },
	{ "socket", "5" }, { "fifo", "6" }, { "symlink", "7" }, { NULL, "0" },
};

static const struct word versions[] = {
	{ "AF_INET", "4" }, { "AF_INET6", "6" }, { NULL, "99" },
};

static const struct word directions[] = {
	{ "outbound", "\"Outbound\"" }, { "inbound", "\"Inbound\"" }, { NULL, "\"Unknown\"" },
};

static const struct word direction_ids[] = {
	{ "outbound", "2" }, { "inbound", "1" }, { NULL, "0" },
};

static const struct constant constants[] = {
	{ "*", "metadata.version", OCSF_VERSION },
	{ "*", "metadata.product.name", "\"evring\"" },
	{ "*", "metadata.product.vendor_name", "\"evring\"" },
	{ "*", "metadata.profiles", "[\"host\",\"container\",\"linux/linux_users\"]" },
	{ "*", "device.type_id", "0" },
	{ "*", "device.os.name", "\"Linux\"" },
	{ "*", "device.os.type_id", "200" },
	SEVERITY("*", 1, "Informational"),
	SEVERITY("kernel.oom", 4, "High"),
	SEVERITY("kernel.hang", 4, "High"),
	SEVERITY("kernel.panic", 6, "Fatal"),

	{ "*", "category_uid", "0" },
	{ "*", "category_name", "\"Uncategorized\"" },
	{ "*", "class_uid", "0" },
	{ "*", "class_name", "\"Base Event\"" },
	{ "*", "activity_id", "99" },
	{ "*", "activity_name", "\"Other\"" },
	{ "*", "type_uid", "99" },
	{ "*", "type_name", "\"Base Event: Other\"" },

	PROCESS("process.exec", 1, "01", "Launch"),
	PROCESS("process.fork", 1, "01", "Launch"),
	PROCESS("process.exit", 2, "02", "Terminate"),
	PROCESS("process.ptrace", 3, "03", "Open"),
	PROCESS("process.cred", 5, "05", "Set User ID"),
	PROCESS("process.*", 99, "99", "Other"),
	MEMORY("process.memory", 99, "99", "Other"),
	FILE_TYPE("process.exec", "process.file", 1),
	FILE_TYPE("process.state", "process.file", 1),

	FILES("file.open", 14, "14", "Open"),
	FILES("file.close_write", 3, "03", "Update"),
	FILES("file.truncate", 3, "03", "Update"),
	FILES("file.unlink", 4, "04", "Delete"),
	FILES("file.rmdir", 4, "04", "Delete"),
	FILES("file.mkdir", 1, "01", "Create"),
	FILES("file.mknod", 1, "01", "Create"),
	FILES("file.link", 1, "01", "Create"),
	FILES("file.symlink", 1, "01", "Create"),
	FILES("file.rename", 5, "05", "Rename"),
	FILES("file.setxattr", 6, "06", "Set Attributes"),
	FILES("file.chmod", 7, "07", "Set Security"),
	FILES("file.chown", 7, "07", "Set Security"),
	FILES("file.mount", 12, "12", "Mount"),
	FILES("file.umount", 13, "13", "Unmount"),
	FILES("file.*", 99, "99", "Other"),
	PROCESS("file.redirect", 99, "99", "Other"),
	FILE_TYPE("file.close_write", "file", 1),
	FILE_TYPE("file.mkdir", "file", 2),
	FILE_TYPE("file.mount", "file", 2),
	FILE_TYPE("file.umount", "file", 2),
	FILE_TYPE("file.pivot_root", "file", 2),
	FILE_TYPE("file.symlink", "file", 7),

	NETWORK("net.connect", 1, "01", "Open"),
	NETWORK("net.connected", 1, "01", "Open"),
	NETWORK("net.accept", 1, "01", "Open"),
	NETWORK("net.close", 2, "02", "Close"),
	NETWORK("net.send", 6, "06", "Traffic"),
	NETWORK("net.listen", 7, "07", "Listen"),
	NETWORK("net.*", 99, "99", "Other"),
	DIRECTION("net.*", 0, "Unknown"),
	DIRECTION("net.accept", 1, "Inbound"),
	DIRECTION("net.connect", 2, "Outbound"),
	DIRECTION("net.connected", 2, "Outbound"),
	DIRECTION("net.send", 2, "Outbound"),
	KERNEL("net.socket", 1, "01", "Create"),
	RESOURCE("net.socket", "socket"),
	{ "net.socket", "kernel.type_id", "99" },
	{ "net.socket", "connection_info.direction_id", NULL },
	{ "net.socket", "connection_info.direction", NULL },

	EXTENSION("module.load", 1, "01", "Load"),
	EXTENSION("module.unload", 2, "02", "Unload"),
	FILE_TYPE("module.*", "driver.file", 1),
	KERNEL("bpf.load", 1, "01", "Create"),
	{ "bpf.load", "kernel.type", "\"BPF program\"" },
	{ "bpf.load", "kernel.type_id", "99" },

	KERNEL("kernel.*", 99, "99", "Other"),
	{ "kernel.*", "kernel.type_id", "99" },
	RESOURCE("kernel.cpu", "cpu"),
	RESOURCE("kernel.hang", "task"),
	RESOURCE("kernel.hostname", "hostname"),
	RESOURCE("kernel.kexec", "kexec"),
	RESOURCE("kernel.log", "log"),
	RESOURCE("kernel.oom", "memory"),
	RESOURCE("kernel.panic", "panic"),
	RESOURCE("kernel.reboot", "reboot"),
	RESOURCE("kernel.time", "time"),
	KERNEL("block.*", 99, "99", "Other"),
	RESOURCE("block.*", "block"),
	{ "block.*", "kernel.type_id", "99" },
	KERNEL("sched.*", 99, "99", "Other"),
	RESOURCE("sched.*", "scheduler"),
	{ "sched.*", "kernel.type_id", "99" },
	KERNEL("syscall.*", 4, "04", "Invoke"),
	{ "syscall.*", "kernel.type_id", "2" },
	{ "syscall.*", "kernel.type", "\"System Call\"" },
	KERNEL("uring.op", 4, "04", "Invoke"),
	KERNEL("uring.setup", 1, "01", "Create"),
	RESOURCE("uring.*", "io_uring"),
	{ "uring.*", "kernel.type_id", "99" },
};

/* The program of process.exec and process.state: its actor is the parent. */
#define PROGRAM(type) \
	{ type, ".pid", "process.pid", AS_IT_IS, NULL }, \
	{ type, ".tid", "process.tid", AS_IT_IS, NULL }, \
	{ type, "uid", "actor.user.uid", AS_TEXT, NULL }, \
	{ type, "uid", "process.user.uid", AS_TEXT, NULL }, \
	{ type, "uid_name", "process.user.name", AS_IT_IS, NULL }, \
	{ type, "euid", "process.euid", AS_IT_IS, NULL }, \
	{ type, "gid", "process.group.uid", AS_TEXT, NULL }, \
	{ type, "gid_name", "process.group.name", AS_IT_IS, NULL }, \
	{ type, "egid", "process.egid", AS_IT_IS, NULL }, \
	{ type, "loginuid", "process.auid", AS_IT_IS, NULL }, \
	{ type, "sessionid", "process.session.uid", AS_TEXT, NULL }, \
	{ type, "comm", "process.name", AS_IT_IS, NULL }, \
	{ type, "start_time", "process.created_time", AS_MS, NULL }, \
	{ type, "container_id", "process.container.uid", AS_IT_IS, NULL }, \
	{ type, "container_runtime", "process.container.runtime", AS_IT_IS, NULL }, \
	{ type, "ppid", "actor.process.pid", AS_IT_IS, NULL }, \
	{ type, "parent_comm", "actor.process.name", AS_IT_IS, NULL }, \
	{ type, "parent_start_time", "actor.process.created_time", AS_MS, NULL }, \
	{ type, "path", "process.file.path", AS_IT_IS, NULL }, \
	{ type, "path", "process.file.name", AS_NAME, NULL }, \
	{ type, "argv", "process.cmd_line", AS_LINE, NULL }, \
	{ type, "cwd", "process.working_directory", AS_IT_IS, NULL }, \
	{ type, "inode", "process.file.uid", AS_TEXT, NULL }, \
	{ type, "mtime", "process.file.modified_time", AS_MS, NULL }, \
	{ type, "file_uid", "process.file.owner.uid", AS_TEXT, NULL }

/* The event is about the task, which is the actor, too. */
#define ITSELF(type) \
	{ type, ".pid", "actor.process.pid", AS_IT_IS, NULL }, \
	{ type, ".pid", "process.pid", AS_IT_IS, NULL }, \
	{ type, "comm", "actor.process.name", AS_IT_IS, NULL }, \
	{ type, "comm", "process.name", AS_IT_IS, NULL }, \
	{ type, "start_time", "actor.process.created_time", AS_MS, NULL }, \
	{ type, "start_time", "process.created_time", AS_MS, NULL }

#define TARGET(type) \
	{ type, "target_pid", "process.pid", AS_IT_IS, NULL }, \
	{ type, "target_tid", "process.tid", AS_IT_IS, NULL }, \
	{ type, "target_comm", "process.name", AS_IT_IS, NULL }, \
	{ type, "target_start_time", "process.created_time", AS_MS, NULL }

#define OUTWARD(type) \
	{ type, "local_address", "src_endpoint.ip", AS_IT_IS, NULL }, \
	{ type, "local_port", "src_endpoint.port", AS_IT_IS, NULL }, \
	{ type, "remote_address", "dst_endpoint.ip", AS_IT_IS, NULL }, \
	{ type, "remote_port", "dst_endpoint.port", AS_IT_IS, NULL }

#define INWARD(type) \
	{ type, "local_address", "dst_endpoint.ip", AS_IT_IS, NULL }, \
	{ type, "local_port", "dst_endpoint.port", AS_IT_IS, NULL }, \
	{ type, "remote_address", "src_endpoint.ip", AS_IT_IS, NULL }, \
	{ type, "remote_port", "src_endpoint.port", AS_IT_IS, NULL }

#define OWNED(type) \
	{ type, ".pid", NULL, AS_IT_IS, NULL }, \
	{ type, ".tid", NULL, AS_IT_IS, NULL }, \
	{ type, "owner_pid", "actor.process.pid", AS_KNOWN, NULL }, \
	{ type, "owner_uid", "actor.user.uid", AS_TEXT, NULL }, \
	{ type, "owner_start_time", "actor.process.created_time", AS_KNOWN_MS, NULL }

/* Its new name is a file, too. */
#define RENAMED(type) \
	{ type, "new_path", "file_result.path", AS_IT_IS, NULL }, \
	{ type, "new_path", "file_result.name", AS_NAME, NULL }, \
	{ type, "file_type", "file.type_id", AS_WORD, file_types }, \
	{ type, "file_type", "file_result.type_id", AS_WORD, file_types }

static const struct place places[] = {
	{ "*", ".time", "time", AS_MS, NULL },
	{ "*", ".type", "metadata.event_code", AS_IT_IS, NULL },
	{ "*", ".type", "unmapped.type", AS_IT_IS, NULL },
	{ "*", ".host", "device.hostname", AS_IT_IS, NULL },
	{ "*", ".machine_id", "device.uid", AS_IT_IS, NULL },
	{ "*", ".boot_id", "device.boot_uid", AS_IT_IS, NULL },
	{ "*", ".seq", "metadata.sequence", AS_IT_IS, NULL },
	{ "*", ".seq", "metadata.uid", AS_ID, NULL },
	{ "*", ".pid", "actor.process.pid", AS_IT_IS, NULL },
	{ "*", ".tid", "actor.process.tid", AS_IT_IS, NULL },
	{ "*", "uid", "actor.user.uid", AS_TEXT, NULL },
	{ "*", "uid_name", "actor.user.name", AS_IT_IS, NULL },
	{ "*", "euid", "actor.process.euid", AS_IT_IS, NULL },
	{ "*", "gid", "actor.process.group.uid", AS_TEXT, NULL },
	{ "*", "gid_name", "actor.process.group.name", AS_IT_IS, NULL },
	{ "*", "loginuid", "actor.process.auid", AS_IT_IS, NULL },
	{ "*", "sessionid", "actor.session.uid", AS_TEXT, NULL },
	{ "*", "comm", "actor.process.name", AS_IT_IS, NULL },
	{ "*", "start_time", "actor.process.created_time", AS_MS, NULL },
	{ "*", "container_id", "actor.process.container.uid", AS_IT_IS, NULL },
	{ "*", "container_runtime", "actor.process.container.runtime", AS_IT_IS, NULL },
	{ "*", "result", "status", AS_STATUS, NULL },
	{ "*", "result", "status_id", AS_STATUS_ID, NULL },
	{ "*", "result", "status_code", AS_ERRNO, NULL },

	PROGRAM("process.exec"),
	PROGRAM("process.state"),
	ITSELF("process.exit"),
	{ "process.exit", "ppid", "process.parent_process.pid", AS_IT_IS, NULL },
	{ "process.exit", "exit_code", "exit_code", AS_IT_IS, NULL },
	{ "process.fork", "child_pid", "process.pid", AS_IT_IS, NULL },
	{ "process.fork", "child_start_time", "process.created_time", AS_MS, NULL },
	{ "process.fork", "ppid", "actor.process.parent_process.pid", AS_IT_IS, NULL },
	TARGET("process.ptrace"),
	TARGET("process.signal"),
	ITSELF("process.cred"),
	{ "process.cred", "new_uid", "process.user.uid", AS_TEXT, NULL },
	{ "process.cred", "new_euid", "process.euid", AS_IT_IS, NULL },
	{ "process.cred", "new_gid", "process.group.uid", AS_TEXT, NULL },
	{ "process.cred", "new_egid", "process.egid", AS_IT_IS, NULL },
	ITSELF("process.namespace"),
	ITSELF("process.session"),
	ITSELF("process.memory"),
	{ "process.memory", "address", "base_address", AS_IT_IS, NULL },
	{ "process.memory", "length", "size", AS_IT_IS, NULL },

	{ "file.*", "path", "file.path", AS_IT_IS, NULL },
	{ "file.*", "path", "file.name", AS_NAME, NULL },
	{ "file.*", "inode", "file.uid", AS_TEXT, NULL },
	{ "file.*", "file_type", "file.type_id", AS_WORD, file_types },
	{ "file.*", "size", "file.size", AS_IT_IS, NULL },
	{ "file.chown", "old_owner", "file.owner.uid", AS_TEXT, NULL },
	{ "file.setxattr", "size", NULL, AS_IT_IS, NULL },
	{ "file.truncate", "old_size", "file.size", AS_IT_IS, NULL },
	RENAMED("file.rename"),
	RENAMED("file.link"),
	ITSELF("file.redirect"),
	{ "file.redirect", "inode", NULL, AS_IT_IS, NULL },
	{ "file.redirect", "file_type", NULL, AS_IT_IS, NULL },

	{ "net.*", "family", "connection_info.protocol_ver_id", AS_WORD, versions },
	{ "net.*", "protocol", "connection_info.protocol_name", AS_WORD,
	  layout_protocols },
	{ "net.*", "socket", "connection_info.uid", AS_TEXT, NULL },
	{ "net.socket", "family", NULL, AS_IT_IS, NULL },
	{ "net.socket", "protocol", NULL, AS_IT_IS, NULL },
	{ "net.socket", "socket", NULL, AS_IT_IS, NULL },
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
	{ "net.close", "bytes_sent", "traffic.bytes_out", AS_IT_IS, NULL },
	{ "net.close", "bytes_received", "traffic.bytes_in", AS_IT_IS, NULL },
	{ "net.close", "packets_sent", "traffic.packets_out", AS_IT_IS, NULL },
	{ "net.close", "packets_received", "traffic.packets_in", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "bytes_sent", "traffic.bytes_in", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "bytes_received", "traffic.bytes_out", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "packets_sent", "traffic.packets_in", AS_IT_IS, NULL },
	{ INBOUND_CLOSE, "packets_received", "traffic.packets_out", AS_IT_IS, NULL },
	{ "net.close", "direction", "connection_info.direction", AS_WORD, directions },
	{ "net.close", "direction", "connection_info.direction_id", AS_WORD, direction_ids },
	{ "net.send", "size", "traffic.bytes_out", AS_IT_IS, NULL },

	{ "module.*", "name", "driver.file.name", AS_IT_IS, NULL },
	{ "module.*", "path", "driver.file.path", AS_IT_IS, NULL },
	{ "module.*", "inode", "driver.file.uid", AS_TEXT, NULL },
	{ "bpf.load", "name", "kernel.name", AS_IT_IS, NULL },
	{ "syscall.*", "syscall", "kernel.name", AS_IT_IS, NULL },
	{ "kernel.sysctl", "name", "kernel.name", AS_IT_IS, NULL },
	{ "kernel.netdev", "name", "kernel.name", AS_IT_IS, NULL },
	{ "kernel.block", "name", "kernel.name", AS_IT_IS, NULL },
	{ "kernel.log", "text", "message", AS_IT_IS, NULL },
	{ "kernel.panic", "text", "message", AS_IT_IS, NULL },
};

const struct layout layout_ocsf = {
	.name = "ocsf",
	.title = "Open Cybersecurity Schema Framework 1.5",
	.rest = "unmapped",
	.constants = constants,
	.nr_constants = sizeof(constants) / sizeof(constants[0]),
	.places = places,
	.nr_places = sizeof(places) / sizeof(places[0]),
};
