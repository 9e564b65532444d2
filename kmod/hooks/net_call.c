// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of tasks on sockets: net.connect, accept, bind, listen, socket.
 *
 * From the functions that all calls end in, io_uring's and those of 32-bit programs
 * too; their return has the result. Addresses are the socket's own at the return.
 * Where a call failed there is the address that was given, as the kernel has copied
 * it. A descriptor that is no socket's is no event.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/string.h>
#include <net/af_unix.h>
#include <net/sock.h>

#include "../compat/call.h"
#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "net_call.h"
#include "scratch.h"

#define ACTIVE		64
#define ACTIVE_WAITING	1024	/* connects and accepts: they wait for the other side */

enum { OUTER, INNER, OF_SOCKET };

/* A call under way */
struct socket_call {
	struct socket *socket;	/* NULL: the kernel did not get to it */
	int fd;			/* -1: the caller has the socket's file until it returns */
	u32 backlog;
	u32 given_len;
	struct sockaddr_storage given;
	/* Of bind() and listen(), as of the look at the permissions */
	struct evring_socket_kind kind;
	struct evring_end local;
};

/* The start of each event */
struct call_event {
	struct evring_common common;

	CALL_FIELDS(__EVRING_MEMBER, _)
};

static void keep_given(struct socket_call *call, const void *address, int len)
{
	call->given_len = clamp_t(int, len, 0, sizeof(call->given));
	memcpy(&call->given, address, call->given_len);
}

/* int __sys_connect_file(struct file *, struct sockaddr_storage *, int len, int flags) */
static bool enter_connect(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct file *file = (struct file *)evring_argument(regs, 0);
	struct socket_call *call = data;

	call->socket = sock_from_file(file);
	call->fd = -1;
	keep_given(call, (const void *)evring_argument(regs, 1), evring_argument(regs, 2));
	return call->socket;
}

/* int __sys_bind(int fd, ...), int __sys_listen(int fd, ...) */
static bool enter_outer(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct socket_call *call = data;

	call->socket = NULL;
	call->given_len = 0;
	call->fd = evring_argument(regs, 0);
	return call->fd >= 0;
}

/*
 * int __sys_bind_socket(struct socket *, ...) and __sys_listen_socket(): what io_uring calls,
 * from 6.11 on. __sys_bind() and __sys_listen() call them too, unless they were inlined.
 */
static bool enter_of_socket(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct socket_call *call = data;

	call->socket = NULL;
	call->given_len = 0;
	call->fd = -1;
	return !evring_call_data(&hook->points[OUTER].kretprobe.probe);
}

/* The call that current is in the middle of */
static struct socket_call *call_under_way(struct evring_event_hook *hook)
{
	const struct evring_point *of_socket = &hook->points[OF_SOCKET];
	struct socket_call *call = evring_call_data(&hook->points[OUTER].kretprobe.probe);

	if (!call && of_socket->attached)
		call = evring_call_data(&of_socket->kretprobe.probe);
	return call;
}

/* The caller has the socket, which its descriptor need not lead to when it returns. */
static void keep_socket(struct socket_call *call, struct socket *socket)
{
	call->socket = socket;
	call->kind = (struct evring_socket_kind){ };
	call->local = (struct evring_end){ };
	if (!socket->sk)
		return;
	call->kind = evring_socket_kind(socket->sk);
	call->local = evring_end_local(socket->sk);
	call->local.path_len = 0;	/* it goes with the socket */
}

/* int security_socket_bind(struct socket *, struct sockaddr *, int len) */
static void enter_bind(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct socket_call *call = call_under_way(hook);

	if (!call)
		return;
	keep_socket(call, (struct socket *)evring_argument(regs, 0));
	keep_given(call, (const void *)evring_argument(regs, 1), evring_argument(regs, 2));
}

/* int security_socket_listen(struct socket *, int backlog) */
static void enter_listen(struct evring_event_hook *hook, struct pt_regs *regs)
{
	struct socket_call *call = call_under_way(hook);

	if (!call)
		return;
	keep_socket(call, (struct socket *)evring_argument(regs, 0));
	call->backlog = evring_argument(regs, 1);
}

/* struct file *do_accept(struct file *, ...) */
static bool enter_accept(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct socket_call *call = data;

	call->socket = sock_from_file((struct file *)evring_argument(regs, 0));
	call->fd = -1;
	call->given_len = 0;
	return call->socket;
}

enum { PATH, PATH_GIVEN, TEXTS };

/* An event's fields, collected before room is reserved */
struct told {
	struct evring_socket_kind kind;
	struct evring_end local;
	struct evring_end remote;
	struct evring_text texts[TEXTS];
	u32 path_flags;
	int result;
};

/*
 * Where a Unix socket is bound, or without a place. Preemption is off: RCU keeps it if
 * the socket is closed meanwhile.
 */
static struct path bound_at(const struct sock *sk)
{
	const struct unix_sock *unix_socket = (const struct unix_sock *)sk;
	struct path path = { };

	if (sk->sk_family == AF_UNIX) {
		path.dentry = READ_ONCE(unix_socket->path.dentry);
		path.mnt = READ_ONCE(unix_socket->path.mnt);
	}
	return path;
}

/*
 * Where the listening socket is bound that a stream has connected to. The other end
 * is referenced as long as this one is there, but of a datagram socket, which can be
 * connected again.
 */
static struct path connected_to(const struct sock *sk)
{
	const struct sock *peer = NULL;

	if (sk->sk_family == AF_UNIX && sk->sk_type != SOCK_DGRAM)
		peer = READ_ONCE(((const struct unix_sock *)sk)->peer);
	return peer ? bound_at(peer) : (struct path){ };
}

/* The path of a Unix socket: at @path, or if there is none as a call gives it */
static void tell_path(struct told *told, const struct evring_end *end, const struct path *path,
		      char *room)
{
	struct evring_path_text text;
	char *name;

	if (!end->path_len)
		return;
	if (!end->path[0]) {
		told->texts[PATH] = evring_end_name(end, room);
		return;
	}
	if (path->dentry && path->mnt) {
		text = evring_path(path, room, EVRING_PATH_BYTES);
	} else {
		name = room + EVRING_PATH_BYTES;
		memcpy(name, end->path, end->path_len);
		name[end->path_len] = '\0';
		text = evring_path_given(AT_FDCWD, NULL, name, room, EVRING_PATH_BYTES);
	}
	told->texts[PATH] = evring_text_path(&text);
	told->path_flags = text.flags;
}

static void fill_call(struct call_event *e, const struct told *told, u32 *end)
{
	evring_fill_common(&e->common);
	evring_fill_socket(e, &told->kind, &told->local, &told->remote);
	e->path = evring_text_put(e, end, &told->texts[PATH]);
	e->path_flags = told->path_flags | (told->texts[PATH].cut ? EVRING_PATH_CUT : 0);
	e->result = told->result;
}

/* @fill, if not NULL, fills the fields behind the common ones. */
static void emit(struct evring_event_hook *hook, struct told *told, u32 size,
		 void (*fill)(void *payload, const struct told *told, const void *arg, u32 *end),
		 const void *arg)
{
	struct evring_slot slot;
	u32 end = size;
	void *e = evring_begin(&slot, hook->type, size, evring_texts_fit(told->texts, TEXTS, size));

	if (!e)
		return;
	fill_call(e, told, &end);
	if (fill)
		fill(e, told, arg, &end);
	evring_hook_submit(hook, &slot);
}

static void *room_or_lose(struct evring_event_hook *hook)
{
	void *room = evring_scratch_get();

	if (!room)
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
	return room;
}

static void fill_connect(void *payload, const struct told *told, const void *given, u32 *end)
{
	struct net_connect *e = payload;

	e->given_address = ((const struct evring_end *)given)->address;
	e->given_port = ((const struct evring_end *)given)->port;
	e->path_given = evring_text_put(e, end, &told->texts[PATH_GIVEN]);
}

static void leave_connect(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct socket_call *call = data;
	struct evring_end given = evring_end_given(&call->given, call->given_len);
	struct told told = { .result = evring_told_result(evring_result(regs)) };
	const struct sock *sk = call->socket->sk;
	char *room = room_or_lose(hook);
	struct path at = { };

	if (!room)
		return;
	if (sk) {
		told.kind = evring_socket_kind(sk);
		told.local = evring_end_local(sk);
		told.remote = told.result && told.result != -EINPROGRESS ? given :
			      evring_end_remote(sk);
		if (!told.result)
			at = connected_to(sk);
		tell_path(&told, &given, &at, room);
		if (given.path_len && given.path[0])
			told.texts[PATH_GIVEN] = (struct evring_text){
				.at = given.path, .len = given.path_len,
			};
		emit(hook, &told, sizeof(struct net_connect), fill_connect, &given);
	}
	evring_scratch_put();
}

static void fill_accept(void *payload, const struct told *told, const void *arg, u32 *end)
{
	struct net_accept *e = payload;
	const struct sock *sk = arg;

	e->peer_uid = -1;
	/* Set before the connection could be accepted, and nobody else has it yet. */
	if (told->result || sk->sk_family != AF_UNIX)
		return;
	e->peer_pid = pid_nr(sk->sk_peer_pid);
	if (sk->sk_peer_cred)
		e->peer_uid = from_kuid(&init_user_ns, sk->sk_peer_cred->euid);
}

static void leave_accept(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	struct file *file = (struct file *)evring_result(regs);
	const struct socket_call *call = data;
	const struct sock *sk = call->socket->sk;
	struct told told = { };
	struct path at;
	char *room;

	if (IS_ERR(file))
		told.result = evring_told_result(PTR_ERR(file));
	else
		sk = sock_from_file(file)->sk;
	/* Nobody has connected: neither a success nor a failure. */
	if (told.result == -EAGAIN || !sk)
		return;
	room = room_or_lose(hook);
	if (!room)
		return;
	told.kind = evring_socket_kind(sk);
	told.local = evring_end_local(sk);
	told.remote = evring_end_remote(sk);
	at = bound_at(sk);
	tell_path(&told, &told.local, &at, room);
	emit(hook, &told, sizeof(struct net_accept), fill_accept, sk);
	evring_scratch_put();
}

/*
 * The socket is the caller's until it returns; but __sys_bind() and __sys_listen()
 * have let go of the file by then, and another thread may have closed it. NULL: the
 * event has the socket's state from when the call was allowed.
 */
static struct file *hold(const struct socket_call *call)
{
	struct file *file = fget(call->fd);

	if (file && sock_from_file(file) == call->socket)
		return file;
	if (file)
		fput(file);
	return NULL;
}

static void fill_listen(void *payload, const struct told *told, const void *arg, u32 *end)
{
	((struct net_listen *)payload)->backlog = ((const struct socket_call *)arg)->backlog;
}

enum { CONNECT, ACCEPT, BIND, LISTEN, SOCKET, HOOKS };

static struct evring_event_hook hooks[HOOKS];

/* @sk: NULL if it may be gone */
static void emit_local(struct evring_event_hook *hook, const struct socket_call *call,
		       const struct sock *sk, int result)
{
	struct told told = { .kind = call->kind, .local = call->local, .result = result };
	bool listens = hook == &hooks[LISTEN];
	struct path at = { };
	char *room = room_or_lose(hook);

	if (!room)
		return;
	if (sk) {
		told.local = evring_end_local(sk);
		told.remote = evring_end_remote(sk);
		at = bound_at(sk);
	}
	if (!listens && (result || !sk)) {
		told.local = evring_end_given(&call->given, call->given_len);
		at = (struct path){ };
	}
	tell_path(&told, &told.local, &at, room);
	if (listens)
		emit(hook, &told, sizeof(struct net_listen), fill_listen, call);
	else
		emit(hook, &told, sizeof(struct net_bind), NULL, NULL);
	evring_scratch_put();
}

static void leave_local(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct socket_call *call = data;
	struct file *file = NULL;
	bool held = call->fd < 0;

	if (!call->socket)
		return;
	if (!held) {
		file = hold(call);
		held = file;
	}
	emit_local(hook, call, held ? call->socket->sk : NULL, evring_told_result(evring_result(regs)));
	if (file)
		fput(file);	/* sleeps for nobody: the last one is left to a task's work */
}

/* From the entry of __sock_create() to its return */
struct create_call {
	struct socket **made;
	u32 netns;
	u16 family;
	u16 type;
	u16 protocol;
};

/* Sockets that see others' traffic, or reach further than ports do */
static bool is_special(int family, int type, int protocol)
{
	return family == AF_PACKET || family == AF_XDP || family == AF_KEY ||
	       family == AF_VSOCK || family == AF_ALG ||
	       (family == AF_NETLINK && protocol != NETLINK_ROUTE) ||
	       ((family == AF_INET || family == AF_INET6) && type == SOCK_RAW);
}

/* int __sock_create(struct net *, family, type, protocol, struct socket **, int kern) */
static bool enter_socket(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct net *net = (const struct net *)evring_argument(regs, 0);
	struct create_call *call = data;

	*call = (struct create_call){
		.made = (struct socket **)evring_argument(regs, 4),
		.netns = net->ns.inum,
		.family = evring_argument(regs, 1),
		.type = evring_argument(regs, 2),
		.protocol = evring_argument(regs, 3),
	};
	/* The kernel still takes the old way to ask for one (see __sock_create()). */
	if (call->family == AF_INET && call->type == SOCK_PACKET)
		call->family = AF_PACKET;
	return !(u32)evring_argument(regs, 5) &&
	       is_special(call->family, call->type, call->protocol);
}

static void leave_socket(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct create_call *call = data;
	struct evring_slot slot;
	struct net_socket *e = evring_begin_task(&slot, hook->type, sizeof(*e), sizeof(*e));

	if (!e)
		return;
	e->family = call->family;
	e->type = call->type;
	e->protocol = call->family == AF_PACKET ? ntohs((__force __be16)call->protocol) :
						  call->protocol;
	e->netns = call->netns;
	e->result = evring_result(regs);
	/* Nobody else has it yet. */
	e->socket = e->result ? 0 : SOCK_INODE(*call->made)->i_ino;
	evring_hook_submit(hook, &slot);
}

#define CALL_POINT(_symbols, _enter, _leave, _active, ...)			\
	EVRING_KRETPROBE(_symbols, _enter, _leave, sizeof(struct socket_call), _active,	\
			 ##__VA_ARGS__)

static struct evring_event_hook hooks[HOOKS] = {
	[CONNECT] = {
		.desc = &net_connect_desc,
		.quiet = true,
		EVRING_POINTS(CALL_POINT(("__sys_connect_file"), enter_connect, leave_connect,
					 ACTIVE_WAITING)),
	},
	[ACCEPT] = {
		.desc = &net_accept_desc,
		.quiet = true,
		EVRING_POINTS(CALL_POINT(("do_accept"), enter_accept, leave_accept,
					 ACTIVE_WAITING)),
	},
	[BIND] = {
		.desc = &net_bind_desc,
		.quiet = true,
		EVRING_POINTS([OUTER] = CALL_POINT(("__sys_bind"), enter_outer, leave_local,
						   ACTIVE),
			      [INNER] = EVRING_KPROBE(("security_socket_bind"), enter_bind),
			      [OF_SOCKET] = CALL_POINT(("__sys_bind_socket"), enter_of_socket,
						       leave_local, ACTIVE, .optional = true)),
	},
	[LISTEN] = {
		.desc = &net_listen_desc,
		.quiet = true,
		EVRING_POINTS([OUTER] = CALL_POINT(("__sys_listen"), enter_outer, leave_local,
						   ACTIVE),
			      [INNER] = EVRING_KPROBE(("security_socket_listen"), enter_listen),
			      [OF_SOCKET] = CALL_POINT(("__sys_listen_socket"), enter_of_socket,
						       leave_local, ACTIVE, .optional = true)),
	},
	[SOCKET] = {
		.desc = &net_socket_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_KRETPROBE(("__sock_create"), enter_socket, leave_socket,
					       sizeof(struct create_call), ACTIVE)),
	},
};

const struct evring_hook_family evring_net_call_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
