// SPDX-License-Identifier: MIT
/* kernel.sysctl, kernel.time, kernel.hostname: the new value, and the process that set it. */
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "file_deed.h"

#define SYSCTL	"kernel.sysctl"
#define TIME	"kernel.time"
#define HOST	"kernel.hostname"

static const char *const hooks[] = { SYSCTL, TIME, HOST, NULL };

FIXTURE(kernel_set) {
	struct evring *ev;
};

FIXTURE_SETUP(kernel_set)
{
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(kernel_set)
{
	deed_close(self->ev, hooks);
}

/* A parameter that is written, in this order, and its name */
struct parameter {
	const char *file;
	const char *name;
	const char *values[3];
};

static int sysctl_write(const char *file, const char *value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/proc/sys/%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return 100;
	if (write(fd, value, strlen(value)) < 0)
		ret = errno;
	close(fd);
	return ret;
}

/* The value as the file has it, without its newline */
static void sysctl_read(const char *file, char *value, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", file);
	fd = open(path, O_RDONLY);
	n = read(fd, value, size - 1);
	if (n < 0)
		abort();
	close(fd);
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
}

static int write_values(void *arg)
{
	const struct parameter *parameter = arg;
	int error;

	for (int i = 0; i < 3 && parameter->values[i]; i++) {
		error = sysctl_write(parameter->file, parameter->values[i]);
		if (error)
			return error;
	}
	return 0;
}

TEST_F(kernel_set, a_parameter_is_told_with_its_old_and_new_value)
{
	/* A number, one with a handler of its own, several, long ones, text, of a namespace */
	static const struct parameter parameters[] = {
		{ "vm/overcommit_ratio", "vm.overcommit_ratio", { "61", "62\n" } },
		{ "kernel/kptr_restrict", "kernel.kptr_restrict", { "1", "2" } },
		{ "kernel/printk", "kernel.printk", { "4\t4\t1\t7", "7\t4\t1\t7" } },
		{ "vm/dirty_bytes", "vm.dirty_bytes", { "40960000", "81920000" } },
		{ "kernel/core_pattern", "kernel.core_pattern", { "|/bin/x %p", "core" } },
		{ "kernel/hostname", "kernel.hostname", { "one", "two" } },
		{ "net/ipv4/ip_forward", "net.ipv4.ip_forward", { "1", "0" } },
		{ "net/ipv4/conf/lo/forwarding", "net.ipv4.conf.lo.forwarding", { "1", "0" } },
	};
	const struct evring_event *event;
	const struct parameter *p;
	char before[256], trimmed[64];
	struct told *told;
	int status;

	for (p = parameters; p < parameters + sizeof(parameters) / sizeof(*parameters); p++) {
		sysctl_read(p->file, before, sizeof(before));
		told = deed_in_child(self->ev, SYSCTL, write_values, (void *)p, &status);
		note("%s: status %d, %u events", p->file, status, told->n);
		ASSERT_EQ(0, status);
		ASSERT_EQ(2, told->n);
		event = told_at(told, 1);
		EXPECT_STREQ(p->name, told_text(event, "name"));
		EXPECT_EQ(0, told_result(event));
		EXPECT_EQ(1, told_number(event, "values_known"));
		EXPECT_EQ(1, told_number(event, "old_known"));
		EXPECT_EQ(0, told_number(event, "values_truncated"));
		EXPECT_STREQ(before, told_text(event, "old_value"));
		EXPECT_STREQ(p->values[0], told_text(event, "new_value"));
		event = told_at(told, 0);
		strcpy(trimmed, p->values[1]);
		trimmed[strcspn(trimmed, "\n")] = '\0';
		EXPECT_STREQ(p->values[0], told_text(event, "old_value"));
		EXPECT_STREQ(trimmed, told_text(event, "new_value"));
		free(told);
		sysctl_write(p->file, before);
	}
}

TEST_F(kernel_set, an_old_value_is_told_where_the_kernel_has_it)
{
	static const struct parameter ratio = { "vm/overcommit_ratio", "", { "61" } };
	char before[256];
	struct told *told;
	int status;

	sysctl_read(ratio.file, before, sizeof(before));
	told = deed_in_child(self->ev, SYSCTL, write_values, (void *)&ratio, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(1, told_number(told_at(told, 0), "old_known"));
	EXPECT_STREQ(before, told_text(told_at(told, 0), "old_value"));
	free(told);
	sysctl_write(ratio.file, before);
}

static int write_secret(void *arg)
{
	if (unshare(CLONE_NEWNET))
		return 100;
	return sysctl_write("net/ipv6/conf/lo/stable_secret", "2001:db8::1");
}

#define KEY "net/ipv4/tcp_fastopen_key"

/* Where root alone may read a parameter, a text is a key and nobody's to tell. */
TEST_F(kernel_set, texts_that_not_everybody_may_read_are_not_told)
{
	static const struct parameter number = { "net/core/bpf_jit_harden", "", { "1" } };
	static const struct parameter key = { KEY, "", { "01234567-89abcdef-01234567-89abcdef" } };
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, SYSCTL, write_values, (void *)&key, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_STREQ("net.ipv4.tcp_fastopen_key", told_text(event, "name"));
	EXPECT_EQ(0, told_number(event, "values_known"));
	EXPECT_EQ(0, told_number(event, "old_known"));
	EXPECT_STREQ("", told_text(event, "old_value"));
	EXPECT_STREQ("", told_text(event, "new_value"));
	EXPECT_EQ(0, told_result(event));
	free(told);

	told = deed_in_child(self->ev, SYSCTL, write_values, (void *)&number, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ("1", told_text(told_at(told, 0), "new_value"));
	free(told);

	told = deed_in_child(self->ev, SYSCTL, write_secret, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_STREQ("", told_text(told_at(told, 0), "old_value"));
	EXPECT_STREQ("", told_text(told_at(told, 0), "new_value"));
	free(told);
}

static int write_nonsense(void *arg)
{
	return sysctl_write("vm/overcommit_ratio", "nonsense");
}

static int write_opened(void *arg)
{
	int fd = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);

	deed_as_nobody();
	return write(fd, "1", 1) < 0 ? errno : 0;
}

static int write_inside(void *arg)
{
	if (unshare(CLONE_NEWUTS | CLONE_NEWNS))
		return errno;
	return sysctl_write("kernel/hostname", "inside");
}

TEST_F(kernel_set, a_write_that_is_refused_or_of_a_namespace_is_told)
{
	const struct evring_event *event;
	struct utsname names;
	struct told *told;
	int status;

	ASSERT_EQ(0, uname(&names));
	told = deed_in_child(self->ev, SYSCTL, write_nonsense, NULL, &status);
	ASSERT_EQ(EINVAL, status);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(-EINVAL, told_result(told_at(told, 0)));
	EXPECT_STREQ("nonsense", told_text(told_at(told, 0), "new_value"));
	free(told);

	told = deed_in_child(self->ev, SYSCTL, write_opened, NULL, &status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-status, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_STREQ("net.ipv4.ip_forward", told_text(event, "name"));
	free(told);
	sysctl_write("net/ipv4/ip_forward", "0");

	told = deed_in_child(self->ev, "kernel.", write_inside, NULL, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_STREQ("kernel.hostname", event->type->name);
	EXPECT_STREQ(names.nodename, told_text(event, "old_name"));
	EXPECT_STREQ("inside", told_text(event, "new_name"));
	EXPECT_NE(ns_inode("/proc/self/ns/uts"), told_number(event, "uts_ns"));
	EXPECT_STREQ("inside", told_text(told_at(told, 0), "new_value"));
	free(told);
}

static int set_names(void *arg)
{
	if (unshare(CLONE_NEWUTS) || sethostname("told", 4) || setdomainname("told.example", 12))
		return errno;
	return syscall(SYS_sethostname, "x", 1000) ? errno : 0;
}

static int set_name_as_nobody(void *arg)
{
	char name[] = "stolen";

	deed_as_nobody();
	return sethostname(name, 6) ? errno : 0;
}

TEST_F(kernel_set, the_hosts_name_is_told_before_and_after)
{
	const struct evring_event *event;
	struct utsname names;
	struct told *told;
	int status;

	ASSERT_EQ(0, uname(&names));
	told = deed_in_child(self->ev, HOST, set_names, NULL, &status);
	ASSERT_EQ(EINVAL, status);
	ASSERT_EQ(3, told->n);
	event = told_at(told, 2);
	EXPECT_TRUE(told_called(event, "which", "hostname"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_STREQ(names.nodename, told_text(event, "old_name"));
	EXPECT_STREQ("told", told_text(event, "new_name"));
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "which", "domainname"));
	EXPECT_STREQ("told.example", told_text(event, "new_name"));
	event = told_at(told, 0);
	EXPECT_EQ(-EINVAL, told_result(event));
	EXPECT_STREQ("told", told_text(event, "old_name"));
	free(told);

	told = deed_in_child(self->ev, HOST, set_name_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_STREQ("stolen", told_text(event, "new_name"));
	EXPECT_EQ(ns_inode("/proc/self/ns/uts"), told_number(event, "uts_ns"));
	free(told);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* An hour on, and back, as two calls do it; then adjusted */
static int set_clock(void *arg)
{
	struct timespec time;
	struct timeval tv;
	struct timex txc = { .modes = ADJ_FREQUENCY, .freq = 65536 };

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += 3600;
	if (clock_settime(CLOCK_REALTIME, &time))
		return errno;
	gettimeofday(&tv, NULL);
	tv.tv_sec -= 3600;
	if (settimeofday(&tv, NULL) || adjtimex(&txc) < 0)
		return errno;
	txc = (struct timex){ .modes = ADJ_SETOFFSET, .time = { .tv_sec = 60 } };
	if (adjtimex(&txc) < 0)
		return errno;
	txc.time.tv_sec = -60;
	if (clock_adjtime(CLOCK_REALTIME, &txc) < 0)
		return errno;
	txc = (struct timex){ .modes = ADJ_FREQUENCY };
	if (adjtimex(&txc) < 0)
		return errno;
	/* To look is no change, by adjtime() either. */
	txc.modes = 0;
	if (adjtimex(&txc) < 0)
		return errno;
	txc.modes = ADJ_OFFSET_SS_READ;
	return adjtimex(&txc) < 0 ? errno : 0;
}

static int set_clock_as_nobody(void *arg)
{
	struct timespec time = { .tv_sec = 1234567890 };

	deed_as_nobody();
	return clock_settime(CLOCK_REALTIME, &time) ? errno : 0;
}

#define HOUR (3600ULL * 1000000000)

TEST_F(kernel_set, a_clock_that_is_set_is_told_with_both_times)
{
	const struct evring_event *event;
	uint64_t before = now(), after;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, TIME, set_clock, NULL, &status);
	after = now();
	ASSERT_EQ(0, status);
	ASSERT_EQ(6, told->n);
	event = told_at(told, 5);
	EXPECT_TRUE(told_called(event, "operation", "set"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_LE(before, told_number(event, "old_time"));
	EXPECT_LE(before + HOUR, told_number(event, "new_time"));
	EXPECT_GE(after, told_number(event, "old_time"));
	event = told_at(told, 4);
	EXPECT_TRUE(told_called(event, "operation", "set"));
	EXPECT_LE(before + HOUR, told_number(event, "old_time"));
	EXPECT_GE(after, told_number(event, "new_time"));
	event = told_at(told, 3);
	EXPECT_TRUE(told_called(event, "operation", "adjust"));
	EXPECT_EQ(ADJ_FREQUENCY, told_number(event, "modes"));
	EXPECT_EQ(65536, told_number(event, "frequency"));
	event = told_at(told, 2);
	EXPECT_TRUE(told_flag(event, "modes", "ADJ_SETOFFSET"));
	EXPECT_LE(told_number(event, "old_time") + HOUR / 60, told_number(event, "new_time"));
	event = told_at(told, 1);
	EXPECT_GE(after, told_number(event, "new_time"));
	EXPECT_GT(told_number(event, "old_time"), told_number(event, "new_time"));
	free(told);

	told = deed_in_child(self->ev, TIME, set_clock_as_nobody, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_EQ(1234567890ULL * 1000000000, told_number(event, "new_time"));
	free(told);
}

#define MINUTE (60ULL * 1000000000)

/* A minute on, and back, with the bits of a look beside that of a jump; then two refusals */
static int jump_by_a_look(void *arg)
{
	struct timex txc = { .modes = ADJ_OFFSET_SS_READ | ADJ_SETOFFSET, .time.tv_sec = 60 };

	if (adjtimex(&txc) < 0)
		return errno;
	txc.time = (struct timeval){ .tv_sec = -60 };
	if (adjtimex(&txc) < 0)
		return errno;
	txc.time = (struct timeval){ .tv_sec = -60 };
	txc.modes &= ~ADJ_OFFSET;
	if (adjtimex(&txc) >= 0 || errno != EINVAL)
		return 100;
	txc.modes |= ADJ_OFFSET;
	deed_as_nobody();
	return adjtimex(&txc) < 0 ? errno : 0;
}

TEST_F(kernel_set, a_jump_that_looks_like_a_look_is_told)
{
	static const int results[] = { -EPERM, -EINVAL, 0, 0 };	/* the last one first */
	const struct evring_event *event;
	struct told *told;
	int status, i;

	told = deed_in_child(self->ev, TIME, jump_by_a_look, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(4, told->n);
	for (i = 0; i < 4; i++) {
		event = told_at(told, i);
		EXPECT_TRUE(told_called(event, "operation", "adjust"));
		EXPECT_TRUE(told_flag(event, "modes", "ADJ_SETOFFSET"));
		EXPECT_EQ(results[i], told_result(event));
	}
	event = told_at(told, 3);
	EXPECT_LE(told_number(event, "old_time") + MINUTE, told_number(event, "new_time"));
	event = told_at(told, 2);
	EXPECT_GT(told_number(event, "old_time"), told_number(event, "new_time"));
	event = told_at(told, 0);
	EXPECT_EQ(told_number(event, "old_time") - MINUTE, told_number(event, "new_time"));
	free(told);
}

/* The first call of a kernel's life that sets the zone alone would move the clock, but by 0. */
static int set_zone(void *arg)
{
	static const int west[] = { 0, 120, 0 };
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (settimeofday(NULL, &(struct timezone){ .tz_minuteswest = west[i] }))
			return errno;
	deed_as_nobody();
	return settimeofday(NULL, &(struct timezone){ .tz_minuteswest = 60 }) ? errno : 0;
}

TEST_F(kernel_set, a_time_zone_that_is_set_is_told)
{
	static const int zones[] = { 60, 0, 120, 0 };	/* the last one first */
	struct told *told;
	int status, i;

	told = deed_in_child(self->ev, TIME, set_zone, NULL, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(4, told->n);
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(told_called(told_at(told, i), "operation", "zone"));
		EXPECT_EQ(zones[i], told_number(told_at(told, i), "zone"));
		EXPECT_EQ(i ? 0 : -EPERM, told_result(told_at(told, i)));
		EXPECT_EQ(i ? 0 : 65534, told_number(told_at(told, i), "uid"));
	}
	free(told);
}

#ifdef __x86_64__
static int by_32_bits(void *low)
{
	uint32_t *time = low;
	long ret;
	int fd;

	if (unshare(CLONE_NEWUTS))
		return errno;
	strcpy(low, "low");
	ret = deed_call32(74, (long)(uintptr_t)low, 3, 0, 0, 0);
	if (ret)
		return ret == -ENOSYS ? 77 : (int)-ret;
	fd = open("/proc/sys/vm/overcommit_ratio", O_WRONLY);
	strcpy(low, "50");	/* as it is */
	if (fd < 0 || deed_call32(4, fd, (long)(uintptr_t)low, 2, 0, 0) != 2)	/* write */
		return 2;
	deed_as_nobody();
	time[0] = 1234567890;
	time[1] = 0;
	ret = deed_call32(264, CLOCK_REALTIME, (long)(uintptr_t)time, 0, 0, 0);
	if (ret == -ENOSYS)
		return 78;
	if (ret != -EPERM)
		return 1;
	/* stime(), of these calls alone */
	time[0]++;
	return deed_call32(25, (long)(uintptr_t)time, 0, 0, 0, 0) == -EPERM ? 0 : 3;
}

TEST_F(kernel_set, a_32_bit_call_is_told_alike)
{
	struct told *told;
	int status, i;

	told = deed_in_child(self->ev, "kernel.", by_32_bits, deed_low(4096), &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	if (status == 78) {
		free(told);
		SKIP(return, "this kernel has no calls with a time of 32 bits");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(4, told->n);
	EXPECT_STREQ("low", told_text(told_at(told, 3), "new_name"));
	EXPECT_STREQ("vm.overcommit_ratio", told_text(told_at(told, 2), "name"));
	EXPECT_STREQ("50", told_text(told_at(told, 2), "new_value"));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ((1234567891ULL - i) * 1000000000, told_number(told_at(told, i), "new_time"));
		EXPECT_TRUE(told_called(told_at(told, i), "operation", "set"));
		EXPECT_EQ(-EPERM, told_result(told_at(told, i)));
	}
	free(told);
}
#endif

TEST_HARNESS_MAIN
