// SPDX-License-Identifier: MIT
/* bpf.load: programs that the kernel takes, and those that it does not. */
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "file_deed.h"

#define LOAD "bpf.load"

/* Of newer kernels, as 7.2: a bit beside the command, and two more arguments */
#define COMMON_ATTRS	(1u << 16)

struct common_attrs {
	uint64_t log_buf;
	uint32_t log_size;
	uint32_t log_level;
	uint32_t log_true_size;
};

static const char *const hooks[] = { LOAD, NULL };

/* The child's own values, to compare with */
struct seen {
	uint32_t id;
	uint32_t command_bits;
	bool as_nobody;
	bool bad;
};

FIXTURE(bpf) {
	struct evring *ev;
	struct seen *seen;
};

FIXTURE_SETUP(bpf)
{
	self->seen = deed_shared(sizeof(*self->seen));
	self->ev = deed_open(hooks, CRITICAL);
}

FIXTURE_TEARDOWN(bpf)
{
	deed_close(self->ev, hooks);
	munmap(self->seen, sizeof(*self->seen));
}

/* return 0, or return of a register that nobody set */
static void request(union bpf_attr *attr, struct bpf_insn *insns, bool bad)
{
	insns[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K };
	insns[1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	if (bad)
		insns[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .src_reg = 7 };
	memset(attr, 0, sizeof(*attr));
	attr->prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	attr->expected_attach_type = BPF_CGROUP_INET4_CONNECT;
	attr->insns = (uintptr_t)insns;
	attr->insn_cnt = 2;
	attr->prog_flags = BPF_F_STRICT_ALIGNMENT;
	attr->license = (uintptr_t)"GPL";
	strcpy(attr->prog_name, "told_of");
}

static int load(void *arg)
{
	struct common_attrs common = { };
	struct bpf_prog_info info = { };
	struct bpf_insn insns[2];
	struct seen *seen = arg;
	union bpf_attr attr;
	int fd;

	if (seen->as_nobody)
		deed_as_nobody();
	request(&attr, insns, seen->bad);
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD | seen->command_bits, &attr, sizeof(attr), &common,
			  sizeof(common));
	if (fd < 0)
		return errno;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		return errno;
	seen->id = info.id;
	return 0;
}

#define EXPECT_PROGRAM(_event) do {						\
	EXPECT_TRUE(told_called(_event, "prog_type", "BPF_PROG_TYPE_CGROUP_SOCK_ADDR"));	\
	EXPECT_TRUE(told_called(_event, "attach_type", "BPF_CGROUP_INET4_CONNECT")); \
	EXPECT_EQ(2, told_number(_event, "instructions"));			\
	EXPECT_TRUE(told_flag(_event, "flags", "BPF_F_STRICT_ALIGNMENT"));	\
	EXPECT_FALSE(told_flag(_event, "flags", "BPF_F_SLEEPABLE"));		\
	EXPECT_STREQ("told_of", told_text(_event, "name"));			\
	EXPECT_EQ(0, told_number(_event, "by_kernel"));				\
} while (0)

TEST_F(bpf, a_program_that_is_loaded_is_told_with_its_id)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	told = deed_in_child(self->ev, LOAD, load, self->seen, &status);
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(self->seen->id, told_number(event, "id"));
	EXPECT_EQ(0, told_number(event, "refused_at_once"));
	EXPECT_PROGRAM(event);
	free(told);
}

TEST_F(bpf, a_program_that_is_refused_is_told)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	self->seen->bad = true;
	told = deed_in_child(self->ev, LOAD, load, self->seen, &status);
	ASSERT_EQ(EACCES, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EACCES, told_result(event));
	EXPECT_EQ(0, told_number(event, "id"));
	EXPECT_PROGRAM(event);
	free(told);

	self->seen->as_nobody = true;
	told = deed_in_child(self->ev, LOAD, load, self->seen, &status);
	ASSERT_EQ(EPERM, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-EPERM, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_PROGRAM(event);
	free(told);
}

/* A kernel that does not know the bit refuses it. */
TEST_F(bpf, a_bit_beside_the_command_hides_nothing)
{
	const struct evring_event *event;
	struct told *told;
	int status;

	self->seen->command_bits = COMMON_ATTRS;
	told = deed_in_child(self->ev, LOAD, load, self->seen, &status);
	ASSERT_TRUE(status == 0 || status == EINVAL);
	note("the kernel knows it: %s", status ? "no" : "yes");
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-status, told_result(event));
	EXPECT_EQ(self->seen->id, told_number(event, "id"));
	EXPECT_EQ(status != 0, told_number(event, "refused_at_once"));
	EXPECT_PROGRAM(event);
	free(told);
}

#define UNPRIVILEGED	"/proc/sys/kernel/unprivileged_bpf_disabled"

/* The switch, as text; 0: any user may load a program that only filters a socket. */
static bool unprivileged(char *old, const char *value)
{
	int fd = open(UNPRIVILEGED, O_RDWR);
	bool done = fd >= 0 && (!old || read(fd, old, 1) == 1) &&
		    pwrite(fd, value, 1, 0) == 1;

	close(fd);
	return done;
}

static int load_filter_as_nobody(void *arg)
{
	struct bpf_insn insns[2];
	union bpf_attr attr;

	deed_as_nobody();
	request(&attr, insns, false);
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.expected_attach_type = 0;
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 ? errno : 0;
}

TEST_F(bpf, another_user_is_told_with_a_program_that_is_loaded)
{
	const struct evring_event *event;
	struct told *told;
	char old[2] = "";
	int status;

	if (!unprivileged(old, "0")) {
		SKIP(return, "not on this kernel: programs of other users");
	}
	told = deed_in_child(self->ev, LOAD, load_filter_as_nobody, NULL, &status);
	EXPECT_TRUE(unprivileged(NULL, old));
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(0, told_result(event));
	EXPECT_EQ(65534, told_number(event, "uid"));
	EXPECT_NE(0, told_number(event, "id"));
	EXPECT_TRUE(told_called(event, "prog_type", "BPF_PROG_TYPE_SOCKET_FILTER"));
	EXPECT_EQ(2, told_number(event, "instructions"));
	free(told);
}

#ifdef __x86_64__
static int load32(void *low)
{
	union bpf_attr *attr = low;
	struct bpf_insn *insns = (struct bpf_insn *)(attr + 1);
	long ret;

	request(attr, insns, false);
	ret = deed_call32(357, BPF_PROG_LOAD, (long)(uintptr_t)attr, sizeof(*attr), 0, 0);
	return ret >= 0 ? 0 : ret == -ENOSYS ? 77 : (int)-ret;
}

TEST_F(bpf, a_32_bit_call_is_told_alike)
{
	struct told *told;
	int status;

	told = deed_in_child(self->ev, LOAD, load32, deed_low(4096), &status);
	if (status == 77) {
		free(told);
		SKIP(return, "this kernel has no 32-bit calls");
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, told->n);
	EXPECT_PROGRAM(told_at(told, 0));
	free(told);
}
#endif

TEST_HARNESS_MAIN
