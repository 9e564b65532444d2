// SPDX-License-Identifier: MIT
/* kernel.cpu, kernel.netdev, kernel.block: devices that come and go. */
#include <linux/loop.h>
#include <net/if.h>
#include <sys/socket.h>

#include "file_deed.h"

#define CPU	"kernel.cpu"
#define NETDEV	"kernel.netdev"
#define BLOCK	"kernel.block"

static const char *const hooks[] = { CPU, NETDEV, BLOCK, NULL };

/* The child's own values, to compare with */
struct seen {
	uint64_t netns;
	int disk;
};

FIXTURE(kernel_device) {
	struct evring *ev;
	struct seen *seen;
};

FIXTURE_SETUP(kernel_device)
{
	self->seen = deed_shared(sizeof(*self->seen));
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(kernel_device)
{
	deed_close(self->ev, hooks);
	munmap(self->seen, sizeof(*self->seen));
}

/* Add all there is to read of this type or family, by whomever. */
static void tell_more(struct told *told, struct evring *ev, const char *name)
{
	struct evring_event event;

	while (evring_next(ev, &event) > 0)
		if (event.type && !strncmp(event.type->name, name, strlen(name)))
			told_keep(told, &event);
}

static struct told *told_all(struct evring *ev, const char *name)
{
	struct told *told = malloc(sizeof(*told));

	told->n = 0;
	tell_more(told, ev, name);
	return told;
}

TEST_F(kernel_device, what_there_is_already_is_no_news)
{
	struct told *told;

	deed_hooks(self->ev, hooks, EVRING_HOOK_DETACH);
	deed_hooks(self->ev, hooks, EVRING_HOOK_ATTACH);
	told = told_all(self->ev, "kernel.");
	/* A namespace that an earlier test left may lose its lo meanwhile: that is news. */
	for (unsigned int i = 0; i < told->n; i++) {
		EXPECT_STREQ(NETDEV, told_at(told, i)->type->name);
		EXPECT_FALSE(told_called(told_at(told, i), "change", "added"));
	}
	free(told);
}

static int cpu_online(int online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, online ? "1" : "0", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

TEST_F(kernel_device, a_processor_that_goes_and_comes_is_told)
{
	struct told *told;

	if (cpu_online(0))
		SKIP(return, "no processor can be taken away");
	ASSERT_EQ(0, cpu_online(1));
	told = told_all(self->ev, CPU);
	ASSERT_EQ(2, told->n);
	EXPECT_EQ(1, told_number(told_at(told, 1), "cpu"));
	EXPECT_EQ(0, told_number(told_at(told, 1), "online"));
	EXPECT_EQ(1, told_number(told_at(told, 0), "cpu"));
	EXPECT_EQ(1, told_number(told_at(told, 0), "online"));
	free(told);
}

/* A network namespace with its lo, which gets another length of packets and goes up */
static int change_lo(void *arg)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct seen *seen = arg;
	struct stat st;
	int fd;

	if (unshare(CLONE_NEWNET) || stat("/proc/self/ns/net", &st))
		return errno;
	seen->netns = st.st_ino;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_mtu = 1234;
	if (ioctl(fd, SIOCSIFMTU, &request))
		return errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		return errno;
	request.ifr_flags |= (short)(IFF_UP | IFF_DYNAMIC);
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		return errno;
	request.ifr_flags &= ~IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) ? errno : 0;
}

/*
 * The first event that tells of this change in this namespace: those that earlier tests left
 * are taken down at any time, by a thread of the kernel.
 */
static const struct evring_event *changed(struct told *told, __u64 netns, const char *change)
{
	for (unsigned int i = told->n; i--;)
		if (told_called(told_at(told, i), "change", change) &&
		    told_number(told_at(told, i), "netns") == netns)
			return told_at(told, i);
	return NULL;
}

TEST_F(kernel_device, a_network_device_is_told_as_it_comes_changes_and_goes)
{
	static const char *const changes[] = { "added", "mtu", "up", "down" };
	const struct evring_event *event;
	struct told *told;
	int status;

	told = told_all(self->ev, NETDEV);
	deed_child(change_lo, self->seen, &status);
	ASSERT_EQ(0, status);
	tell_more(told, self->ev, NETDEV);
	for (unsigned int i = 0; i < 4; i++) {
		event = changed(told, self->seen->netns, changes[i]);
		note("%s: %s", changes[i], event ? "told" : "not told");
		ASSERT_NE(NULL, event);
		EXPECT_STREQ("lo", told_text(event, "name"));
		EXPECT_EQ(1, told_number(event, "ifindex"));
		EXPECT_TRUE(told_flag(event, "flags", "IFF_LOOPBACK"));
		EXPECT_EQ(i ? 1234 : 65536, told_number(event, "mtu"));
	}
	EXPECT_TRUE(told_flag(changed(told, self->seen->netns, "up"), "flags", "IFF_UP"));
	EXPECT_TRUE(told_flag(changed(told, self->seen->netns, "up"), "flags", "IFF_DYNAMIC"));
	EXPECT_FALSE(told_flag(changed(told, self->seen->netns, "up"), "flags", "IFF_ECHO"));
	EXPECT_FALSE(told_flag(changed(told, self->seen->netns, "down"), "flags", "IFF_UP"));
	/* The namespace goes with its last process, when a thread of the kernel gets to it. */
	while (!changed(told, self->seen->netns, "removed")) {
		usleep(10000);
		tell_more(told, self->ev, NETDEV);
	}
	free(told);
}

static int loop_device(void *arg)
{
	struct seen *seen = arg;
	int fd = open("/dev/loop-control", O_RDWR);

	if (fd < 0)
		return 77;
	seen->disk = ioctl(fd, LOOP_CTL_ADD, 77);
	if (seen->disk < 0)
		return errno;
	return ioctl(fd, LOOP_CTL_REMOVE, seen->disk) ? errno : 0;
}

TEST_F(kernel_device, a_disk_is_told_as_it_comes_and_goes)
{
	const struct evring_event *event;
	struct told *told;
	char name[16];
	int status;

	told = deed_in_child(self->ev, BLOCK, loop_device, self->seen, &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this guest has no loop devices");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	snprintf(name, sizeof(name), "loop%d", self->seen->disk);
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "change", "added"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ(name, told_text(event, "name"));
	EXPECT_EQ(7, told_number(event, "dev") >> 20);
	EXPECT_EQ(0, told_number(event, "size"));
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "change", "removed"));
	EXPECT_STREQ(name, told_text(event, "name"));
	EXPECT_EQ(told_number(told_at(told, 1), "dev"), told_number(event, "dev"));
	free(told);
}

TEST_HARNESS_MAIN
