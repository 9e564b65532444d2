// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.send: the first UDP datagram of a socket to an address.
 *
 * Addresses that a socket has sent to, or failed to send to, are remembered as 64-bit
 * hashes, in a table of fixed size. A hash can lose its place to another one; then its
 * address is told again. So an address is told at least once. The hash has a secret key,
 * so nobody can choose an address that looks like one that was told.
 */
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "../compat/kprobe.h"
#include "family.h"
#include "file.h"
#include "net_send.h"
#include "scratch.h"

#define ACTIVE		64
#define SEEN_BITS	13
#define DNS_PORT	53
#define DNS_HEADER	12
#define DNS_BYTES	(DNS_HEADER + 255 + 4)	/* header, the longest name, type and class */

static u64 seen[1 << SEEN_BITS];
static siphash_aligned_key_t key;

/* A call under way; the caller has the socket until it returns. */
struct send_call {
	const struct sock *sk;
	struct evring_end to;
	u32 size;
	u32 dns_len;
	u8 dns[DNS_BYTES];
};

/* The place of a socket's datagrams to an address, of those that fail or the others */
static u64 *place_of(const struct evring_event_hook *hook, const struct send_call *call,
		     bool failed, u64 *hash)
{
	const struct {
		u64 sk;
		u64 inode;
		u64 since;
		struct evring_fixed16 address;
		u32 port;
		u32 failed;
	} what = {
		.sk = (unsigned long)call->sk,
		.inode = evring_socket_inode(call->sk),
		.since = hook->points[0].since,
		.address = call->to.address,
		.port = call->to.port,
		.failed = failed,
	};

	*hash = siphash(&what, sizeof(what), &key);
	return &seen[*hash >> (64 - SEEN_BITS)];
}

static bool was_sent(const struct evring_event_hook *hook, const struct send_call *call)
{
	u64 hash;

	return READ_ONCE(*place_of(hook, call, false, &hash)) == hash;
}

/* A datagram that failed must not hide the first one that is sent. */
static bool is_first(const struct evring_event_hook *hook, const struct send_call *call,
		     bool failed)
{
	u64 hash, *place = place_of(hook, call, failed, &hash);

	if (READ_ONCE(*place) == hash)
		return false;
	WRITE_ONCE(*place, hash);
	return true;
}

/* Read the question of a DNS query; there is none if the memory is not present. */
static void read_dns(struct send_call *call, const struct msghdr *msg)
{
	struct iov_iter from = msg->msg_iter;

	pagefault_disable();
	call->dns_len = copy_from_iter(call->dns, min_t(u32, call->size, DNS_BYTES), &from);
	pagefault_enable();
}

/* int udp_sendmsg(struct sock *, struct msghdr *, size_t), and IPv6's */
static bool enter(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	const struct msghdr *msg = (const struct msghdr *)evring_argument(regs, 1);
	struct send_call *call = data;

	call->sk = (const struct sock *)evring_argument(regs, 0);
	call->size = evring_argument(regs, 2);
	call->dns_len = 0;
	call->to = evring_end_sent_to(call->sk, msg->msg_name, msg->msg_namelen);
	if (was_sent(hook, call))
		return false;
	if (call->to.port == DNS_PORT)
		read_dns(call, msg);
	return true;
}

static u32 put_escaped(char *to, u8 byte)
{
	if (byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\') {
		*to = byte;
		return 1;
	}
	to[0] = '\\';
	to[1] = '0' + byte / 100;
	to[2] = '0' + byte / 10 % 10;
	to[3] = '0' + byte % 10;
	return 4;
}

/*
 * The question's name as DNS writes it, and its type; 0: there is none. A name has
 * 255 bytes at most, so @to needs four times as much.
 */
static u16 parse_dns(const struct send_call *call, char *to, u32 *len)
{
	const u8 *at = call->dns + DNS_HEADER, *end = call->dns + call->dns_len;
	u8 label;

	*len = 0;
	/* A query that has a question */
	if (call->dns_len < DNS_HEADER || (call->dns[2] & 0x80) || !(call->dns[4] | call->dns[5]))
		return 0;
	for (; at < end && *at; at += label + 1) {
		label = *at;
		/* Pointers are for answers. */
		if (label > 63 || at + label + 1 >= end)
			goto out;
		if (*len)
			to[(*len)++] = '.';
		for (const u8 *byte = at + 1; byte <= at + label; byte++)
			*len += put_escaped(to + *len, *byte);
	}
	if (at + 5 <= end) {
		if (!*len)
			to[(*len)++] = '.';
		return at[1] << 8 | at[2];
	}
out:
	*len = 0;
	return 0;
}

static void emit(struct evring_event_hook *hook, const struct send_call *call, int result,
		 char *room)
{
	struct evring_end local = evring_end_local(call->sk);
	struct evring_socket_kind kind = evring_socket_kind(call->sk);
	struct evring_text name = { .at = room };
	u16 dns_type = parse_dns(call, room, &name.len);
	u32 end = sizeof(struct net_send);
	struct evring_slot slot;
	struct net_send *e = evring_begin_task(&slot, hook->type, sizeof(*e),
					       evring_texts_fit(&name, 1, end));

	if (!e)
		return;
	evring_fill_socket(e, &kind, &local, &call->to);
	e->result = min(result, 0);
	e->size = call->size;
	e->dns_name = evring_text_put(e, &end, &name);
	e->dns_type = dns_type;
	evring_hook_submit(hook, &slot);
}

static void leave(struct evring_event_hook *hook, void *data, struct pt_regs *regs)
{
	int result = evring_result(regs);
	char *room;

	if (!is_first(hook, data, result < 0))
		return;
	room = evring_scratch_get();
	if (!room) {
		evring_lose(hook->type, 1, EVRING_LOST_NESTED);
		return;
	}
	emit(hook, data, result, room);
	evring_scratch_put();
}

/* Before hooks are attached. */
void evring_net_init(void)
{
	get_random_bytes(&key, sizeof(key));
}

/* The second calls the first for an IPv4 address, which was told by then. */
static struct evring_event_hook hooks[] = {
	{
		.desc = &net_send_desc,
		.quiet = true,
		EVRING_POINTS(EVRING_KRETPROBE(("udp_sendmsg"), enter, leave,
					       sizeof(struct send_call), ACTIVE),
			      EVRING_KRETPROBE(("udpv6_sendmsg"), enter, leave,
					       sizeof(struct send_call), ACTIVE,
					       .optional = true)),
	},
};

const struct evring_hook_family evring_net_send_family = {
	.hooks = hooks,
	.nr = ARRAY_SIZE(hooks),
};
