/* SPDX-License-Identifier: MIT */
/*
 * filtered NUMBERS COMMAND...: run COMMAND with no other system calls than those
 * whose numbers stand in the file NUMBERS. Any other one kills it (SIGSYS), where
 * systemd's filter would only make it fail: nothing can be missed that way.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define CALLS_MAX 1000

static struct sock_filter code[2 * CALLS_MAX + 8];
static unsigned short length;

static void add(struct sock_filter instruction)
{
	code[length++] = instruction;
}

static void load(size_t offset)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offset));
}

/* The next instruction is for this value alone. */
static void if_equal(unsigned int value)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
}

static void end(unsigned int action)
{
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void build(FILE *numbers)
{
	unsigned int number, calls = 0;

	load(offsetof(struct seccomp_data, arch));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	end(SECCOMP_RET_KILL_PROCESS);
	load(offsetof(struct seccomp_data, nr));
	while (calls < CALLS_MAX && fscanf(numbers, "%u", &number) == 1) {
		if_equal(number);
		end(SECCOMP_RET_ALLOW);
		calls++;
	}
	end(SECCOMP_RET_KILL_PROCESS);
	if (!calls || calls == CALLS_MAX) {
		fputs("filtered: no numbers of system calls, or too many\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct sock_fprog program = { .filter = code };
	FILE *numbers;

	if (argc < 3) {
		fputs("usage: filtered NUMBERS COMMAND...\n", stderr);
		return 2;
	}
	numbers = fopen(argv[1], "re");
	if (!numbers) {
		fprintf(stderr, "filtered: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	build(numbers);
	fclose(numbers);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "filtered: seccomp: %s\n", strerror(errno));
		return 2;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "filtered: %s: %s\n", argv[2], strerror(errno));
	return 2;
}
