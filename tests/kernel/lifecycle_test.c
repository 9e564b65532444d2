// SPDX-License-Identifier: MIT
/*
 * Loading and unloading: parameters that cannot be are refused with a word of
 * why; the module goes when nobody uses it, at once and under load, and takes
 * all that it had with it. Starts with evring not loaded.
 */
#include <limits.h>
#include <sys/klog.h>

#include "cpu.h"
#include "device.h"
#include "kmodule.h"
#include "load.h"

#define PARAMS	"lanes=critical:256,bulk:256,app:256 segment_kib=16"
#define CYCLES	20

FIXTURE(lifecycle) {
};

FIXTURE_SETUP(lifecycle)
{
	cpu_online(1, true);
	/* An earlier test may have left them loaded. */
	module_unload("evring_torture");
	module_unload("evring");
	ASSERT_EQ(-1, access(EVRING_DEVICE, F_OK));
	ASSERT_EQ(0, module_load("evring", PARAMS));
}

FIXTURE_TEARDOWN(lifecycle)
{
	module_unload("evring_torture");
	module_unload("evring");
	EXPECT_EQ(-1, access(EVRING_DEVICE, F_OK));
}

/* Does the kernel's log have @text, after its last mark of ours? */
static bool log_has(const char *text)
{
	int len = klogctl(10 /* size */, NULL, 0);
	char *log = calloc(1, (size_t)len + 1);
	const char *from = log, *next;
	bool has;

	if (klogctl(3 /* read all */, log, len) < 0)
		abort();
	while ((next = strstr(from + 1, "lifecycle_test: mark")))
		from = next;
	has = strstr(from, text) != NULL;
	free(log);
	return has;
}

static void log_mark(void)
{
	int fd = open("/dev/kmsg", O_WRONLY);

	if (fd < 0 || write(fd, "lifecycle_test: mark\n", 21) != 21)
		abort();
	close(fd);
}

TEST(parameters_that_cannot_be_are_refused_with_a_reason)
{
	char smallest[96];	/* a page */
	const struct {
		const char *params;
		const char *reason;
	} bad[] = {
		{ "lanes=critical:3", "evring: critical=3: must be a power of two from 256" },
		{ "lanes=critical:128", "evring: critical=128: must be" },
		{ "lanes=critical:2097152", "evring: critical=2097152: must be" },
		{ "lanes=critical:4294967295", "evring: critical=4294967295: must be" },
		{ "lanes=a:256,bulk:0", "evring: bulk=0: must be" },
		{ "lanes=app:1000", "evring: app=1000: must be" },
		{ "segment_kib=5", smallest },
		{ "segment_kib=0", "evring: segment_kib=0: must be" },
		{ "segment_kib=2", "evring: segment_kib=2: must be" },
		{ "segment_kib=512", "evring: segment_kib=512: must be" },
		{ "segment_kib=16 lanes=app:32", "evring: app=32: must be a power of two from" },
		{ "lanes=", "evring: lanes: \"\" is not name:KiB" },
		{ "lanes=critical", "evring: lanes: \"critical\" is not name:KiB" },
		{ "lanes=critical:many", "evring: lanes: \"critical:many\" is not name:KiB" },
		{ "lanes=critical:-1", "evring: lanes: \"critical:-1\" is not name:KiB" },
		{ "lanes=critical:1024,", "evring: lanes: \"\" is not name:KiB" },
		{ "lanes=a/b:1024", "evring: lanes: \"a/b:1024\" is not name:KiB" },
		/* The log has as much of it as is worth reading. */
		{ "lanes=" NAME_127 "x:256", "evring: lanes: \"" NAME_64 "\" is not name:KiB" },
		{ "lanes=a:1024,b:1024,a:1024", "evring: lanes: a is there twice" },
		{ "lanes=a:256,b:256,c:256,d:256,e:256,f:256,g:256,h:256,i:256,j:256,k:256,"
		  "l:256,m:256,n:256,o:256,p:256,q:256", "evring: lanes: more than 16" },
	};
	unsigned int i;

	snprintf(smallest, sizeof(smallest), "evring: segment_kib=5: must be a power of two from %ld to",
		 sysconf(_SC_PAGESIZE) / 1024);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		log_mark();
		EXPECT_EQ(EINVAL, module_load("evring", bad[i].params)) {
			TH_LOG("with %s", bad[i].params);
		}
		EXPECT_TRUE(log_has(bad[i].reason)) {
			TH_LOG("the log does not say '%s'", bad[i].reason);
		}
		EXPECT_EQ(-1, access(EVRING_DEVICE, F_OK));
	}
}

TEST(lanes_and_sizes_are_as_the_parameters_say)
{
	struct evring_meta meta;

	ASSERT_EQ(0, module_load("evring", "lanes=critical:512,bulk:1024,app:256 segment_kib=64"));
	meta_get(&meta);
	EXPECT_EQ(512 << 10, ring_size(LANE_CRITICAL));
	EXPECT_EQ(1024 << 10, ring_size(LANE_BULK));
	EXPECT_EQ(256 << 10, ring_size(LANE_APP));
	EXPECT_EQ(64 << 10, meta.segment_size);
	EXPECT_EQ(32768, meta.record_max);
	EXPECT_EQ(0, module_unload("evring"));
}

TEST(a_lanes_name_is_as_long_as_any)
{
	struct evring *ev;

	ASSERT_EQ(0, module_load("evring", "lanes=" NAME_127 ":256"));
	ASSERT_EQ(0, evring_open(&ev, NULL));
	EXPECT_EQ(0, evring_lane_by_name(ev, NAME_127));
	evring_close(ev);
	EXPECT_EQ(0, module_unload("evring"));
}

TEST_F(lifecycle, an_open_session_keeps_it)
{
	int fd = session_open(O_RDONLY);

	EXPECT_EQ(EWOULDBLOCK, module_unload("evring"));
	close(fd);
	EXPECT_EQ(0, module_unload("evring"));
}

TEST_F(lifecycle, a_mapping_keeps_it)
{
	size_t len = ring_len(LANE_CRITICAL);
	int fd = session_open(O_RDONLY);
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd,
			 (off_t)EVRING_MMAP_RING(LANE_CRITICAL, 0));

	ASSERT_NE(MAP_FAILED, map);
	close(fd);
	EXPECT_EQ(EWOULDBLOCK, module_unload("evring"));
	munmap(map, len);
	EXPECT_EQ(0, module_unload("evring"));
}

TEST_F(lifecycle, a_module_that_emits_keeps_it)
{
	ASSERT_EQ(0, module_load("evring_torture", ""));
	EXPECT_EQ(EWOULDBLOCK, module_unload("evring"));
	EXPECT_EQ(0, module_unload("evring_torture"));
	EXPECT_EQ(0, module_unload("evring"));
}

static void leave(void *unused)
{
}

static void boot_id_get(char boot_id[33])
{
	struct evring_host host;
	struct evring *ev;

	if (evring_open(&ev, NULL))
		abort();
	evring_host(ev, &host);
	memcpy(boot_id, host.boot_id, sizeof(host.boot_id));
	evring_close(ev);
}

/* The numbers begin at 0 each time, so nothing else in an event's identity would differ. */
TEST_F(lifecycle, events_of_each_load_have_an_identity_of_their_own)
{
	struct evring_host kernel;
	char first[33], second[33];

	evring_host(NULL, &kernel);
	boot_id_get(first);
	ASSERT_EQ(0, module_unload("evring"));
	ASSERT_EQ(0, module_load("evring", PARAMS));
	boot_id_get(second);
	EXPECT_STRNE(first, second);
	first[24] = '\0';
	second[24] = '\0';
	kernel.boot_id[24] = '\0';
	EXPECT_STREQ(kernel.boot_id, first);
	EXPECT_STREQ(kernel.boot_id, second);
}

TEST_F(lifecycle, neither_group_nor_timer_nor_hook_keeps_it)
{
	struct evring_group group = {
		.name = "left", .lanes = CRITICAL, .start = EVRING_EARLIEST, .abandon_ms = 20,
	};
	struct evring *ev;
	int i, j;

	for (i = 0; i < CYCLES; i++) {
		ASSERT_EQ(0, evring_open(&ev, NULL));
		for (j = 0; j < 3; j++)
			ASSERT_EQ(1, hook_op(ev, process_hooks[j], EVRING_HOOK_ATTACH));
		ASSERT_EQ(0, evring_join(ev, &group));
		ASSERT_EQ(0, evring_arm(ev, 1 << 30, 10 + (unsigned int)i));
		ASSERT_EQ(0, in_child(leave, NULL));
		evring_close(ev);
		usleep((unsigned int)i * 1500);
		ASSERT_EQ(0, module_unload("evring"));
		ASSERT_EQ(0, module_load("evring", PARAMS));
	}
}

static long kernel_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long value = 0;

	while (file && fgets(line, sizeof(line), file) &&
	       sscanf(line, "MemAvailable: %ld", &value) != 1)
		;
	if (!file)
		abort();
	fclose(file);
	return value;
}

static bool load_attach_unload(void)
{
	struct evring *ev;
	bool good = true;
	int i;

	if (module_load("evring", PARAMS) || evring_open(&ev, NULL))
		return false;
	for (i = 0; i < 3; i++)
		good &= hook_op(ev, process_hooks[i], EVRING_HOOK_ATTACH) == 1;
	usleep(20000);
	evring_close(ev);
	return module_unload("evring") == 0 && good;
}

/*
 * Other parts of the kernel keep memory for a load, too, and how much and when
 * is their affair. But they do it once, and a module that leaks does it in each
 * round: one round that uses nothing up clears it. The rings of one cycle are
 * 1.5 MiB; kmemleak, on the debug kernel, finds smaller leaks.
 */
TEST_F_TIMEOUT(lifecycle, it_goes_under_load_right_after_the_close_and_leaks_nothing, 1200)
{
	enum { ROUNDS = 10, CYCLE_KIB = 256 };
	long before, used = LONG_MAX;
	pid_t loads[2];
	int i, round;

	tracers_start();
	ASSERT_EQ(0, module_unload("evring"));
	for (i = 0; i < 2; i++)
		loads[i] = load_start();
	for (round = 0; round < ROUNDS && used > CYCLES * CYCLE_KIB; round++) {
		before = kernel_kib();
		for (i = 0; i < CYCLES; i++)
			ASSERT_TRUE(load_attach_unload());
		used = before - kernel_kib();
		note("round %d: %ld KiB less than before", round, used);
	}
	for (i = 0; i < 2; i++)
		load_stop(loads[i]);
	EXPECT_GE(CYCLES * CYCLE_KIB, used);
}

TEST_F_TIMEOUT(lifecycle, torture_goes_in_the_middle_and_takes_its_type_up_again, 600)
{
	const struct evring_type *type;
	struct evring *ev;
	uint32_t id = 0;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, module_load("evring_torture", ""));
		ASSERT_EQ(0, knob_write("run", "1000000"));
		ASSERT_EQ(0, evring_open(&ev, NULL));
		type = evring_type_by_name(ev, TORTURE_TYPE);
		ASSERT_NE(NULL, type);
		EXPECT_EQ(0, type->flags & EVRING_TYPE_F_GONE);
		EXPECT_TRUE(!i || type->id == id);
		id = type->id;
		usleep(50000);
		ASSERT_EQ(0, module_unload("evring_torture"));
		ASSERT_LT(0, evring_types(ev));
		EXPECT_EQ(EVRING_TYPE_F_GONE, type->flags & EVRING_TYPE_F_GONE);
		EXPECT_EQ(5, type->nr_fields);
		evring_close(ev);
	}
}

TEST_F(lifecycle, events_of_a_module_that_has_gone_stay_readable)
{
	struct evring_group group = {
		.name = "reader", .lanes = CRITICAL, .start = EVRING_EARLIEST,
	};
	struct evring_event event;
	struct evring *ev;
	unsigned int n = 0;

	ASSERT_EQ(0, module_load("evring_torture", ""));
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, emit(10, 33));
	ASSERT_EQ(0, module_unload("evring_torture"));
	ASSERT_EQ(0, evring_open(&ev, NULL));
	ASSERT_EQ(0, evring_join(ev, &group));
	while (evring_next(ev, &event) > 0) {
		n++;
		ASSERT_NE(NULL, event.type);
		EXPECT_STREQ(TORTURE_TYPE, event.type->name);
		EXPECT_TRUE(torture_whole(&event));
	}
	EXPECT_EQ(10, n);
	evring_close(ev);
}

/* The rings that there are of one CPU, one bit a lane */
static unsigned int rings_of(unsigned int cpu)
{
	int fd = session_open(O_RDONLY);
	unsigned int lanes = 0;
	uint16_t lane;

	for (lane = 0; lane < LANES; lane++) {
		struct evring_ring_read arg = { .cpu = cpu, .lane = lane };

		if (!call(fd, EVRING_IOC_RING, &arg))
			lanes |= 1u << lane;
	}
	close(fd);
	return lanes;
}

TEST_F(lifecycle, a_cpu_that_comes_first_after_the_load_is_read_from_its_beginning)
{
	struct evring_group group = {
		.name = "before", .lanes = CRITICAL, .start = EVRING_LATEST,
	};
	struct evring_event event;
	uint64_t next_seq = 0;
	unsigned int n = 0;
	struct evring *ev;

	ASSERT_EQ(0, module_unload("evring"));
	ASSERT_EQ(0, pin(0));
	ASSERT_EQ(0, cpu_online(1, false));
	ASSERT_EQ(0, module_load("evring", PARAMS));
	ASSERT_EQ(0, module_load("evring_torture", ""));
	EXPECT_EQ(0, rings_of(1));
	ASSERT_EQ(0, evring_open(&ev, NULL));
	EXPECT_EQ(LANES, evring_meta(ev)->nr_rings);
	ASSERT_EQ(0, evring_join(ev, &group));
	ASSERT_EQ(0, cpu_online(1, true));
	EXPECT_EQ((1u << LANES) - 1, rings_of(1));
	EXPECT_EQ(2 * LANES, evring_meta(ev)->nr_rings);
	ASSERT_EQ(0, pin(1));
	/* Held from the start: events that do not fit are dropped, none is overwritten. */
	ASSERT_EQ(0, emit(20000, 100));
	EXPECT_EQ(0, ring_get(LANE_CRITICAL, 1).tail);
	EXPECT_NE(0, lost_get(LANE_CRITICAL, 1, EVRING_LOST_FULL));
	while (evring_next(ev, &event) > 0) {
		EXPECT_EQ(1, event.cpu);
		EXPECT_EQ(next_seq, event.rec->seq);
		EXPECT_TRUE(torture_whole(&event));
		next_seq = event.next_seq;
		n++;
	}
	EXPECT_LT(1000, n);
	EXPECT_EQ(0, evring_commit(ev));
	evring_close(ev);
}

/* At load, unlike at hotplug, too little memory is somebody's mistake. */
TEST(rings_that_memory_does_not_hold_are_refused)
{
	long before = kernel_kib();

	EXPECT_EQ(ENOMEM, module_load("evring", "lanes=critical:1048576,bulk:2048,app:1024"));
	EXPECT_EQ(-1, access(EVRING_DEVICE, F_OK));
	/* Each by itself would fit: none is begun. */
	log_mark();
	EXPECT_EQ(ENOMEM, module_load("evring",
				      "lanes=a:262144,b:262144,c:262144,d:262144,e:262144,f:262144"));
	EXPECT_TRUE(log_has("evring: no memory for rings of "));
	EXPECT_FALSE(log_has("'s ring of lane "));
	EXPECT_GT(kernel_kib() + 32 * 1024, before);
}

TEST_HARNESS_MAIN
