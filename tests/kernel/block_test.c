// SPDX-License-Identifier: MIT
/*
 * block.io: requests of a disk, a null_blk that the test configures: reads and writes at
 * their places, compared with the disk's own count.
 */
#include "file_deed.h"

#define IO	"block.io"
#define DISK	"/dev/nullb0"
#define SIZE	4096

FIXTURE(block) {
	struct evring *ev;
	int fd;
	uint64_t dev;
	char *buffer;
};

FIXTURE_SETUP(block)
{
	struct stat st;

	groups_drop();
	self->fd = open(DISK, O_RDWR | O_DIRECT | O_SYNC);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", DISK, strerror(errno));
	ASSERT_EQ(0, fstat(self->fd, &st));
	self->dev = (uint64_t)major(st.st_rdev) << 20 | minor(st.st_rdev);
	ASSERT_EQ(0, posix_memalign((void **)&self->buffer, SIZE, 16 * SIZE));
	memset(self->buffer, 0, 16 * SIZE);
	ASSERT_EQ(0, evring_open(&self->ev, NULL));
	ASSERT_EQ(1, hook_op(self->ev, IO, EVRING_HOOK_ATTACH));
	ASSERT_EQ(0, evring_tap(self->ev, BULK, EVRING_LATEST));
}

FIXTURE_TEARDOWN(block)
{
	hook_op(self->ev, IO, EVRING_HOOK_DETACH);
	evring_close(self->ev);
	free(self->buffer);
	close(self->fd);
}

/* The events of this disk, of any process: the completion may interrupt another one. */
static struct told *of_disk(struct evring *ev, uint64_t dev)
{
	struct told *told = calloc(1, sizeof(*told));
	struct evring_event event;

	while (evring_next(ev, &event) > 0)
		if (event.type && !strcmp(event.type->name, IO) &&
		    told_number(&event, "dev") == dev)
			told_keep(told, &event);
	return told;
}

/* Requests of this disk that are done, of reads and writes, as /sys/block counts them */
static uint64_t count_of_kernel(void)
{
	unsigned long long n[7];
	FILE *file = fopen("/sys/block/nullb0/stat", "r");

	if (!file || fscanf(file, "%llu %llu %llu %llu %llu", n, n + 1, n + 2, n + 3, n + 4) != 5)
		abort();
	fclose(file);
	return n[0] + n[4];
}

TEST_F(block, a_write_and_a_read_are_told_where_they_were_made)
{
	const struct evring_event *event;
	struct told *told;

	free(of_disk(self->ev, self->dev));
	ASSERT_EQ(2 * SIZE, pwrite(self->fd, self->buffer, 2 * SIZE, 5 * SIZE));
	told = of_disk(self->ev, self->dev);
	ASSERT_LE(1, told->n);
	event = told_at(told, told->n - 1);
	EXPECT_TRUE(told_called(event, "operation", "WRITE"));
	EXPECT_TRUE(told_flag(event, "flags", "SYNC"));
	EXPECT_EQ(5 * SIZE / 512, told_number(event, "sector"));
	EXPECT_EQ(2 * SIZE, told_number(event, "bytes"));
	EXPECT_EQ(0, told_number(event, "partial"));
	EXPECT_EQ(0, told_result(event));
	EXPECT_NE(0, told_number(event, "latency"));
	free(told);

	ASSERT_EQ(SIZE, pread(self->fd, self->buffer, SIZE, 9 * SIZE));
	told = of_disk(self->ev, self->dev);
	ASSERT_EQ(1, told->n);
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "READ"));
	EXPECT_EQ(9 * SIZE / 512, told_number(event, "sector"));
	EXPECT_EQ(SIZE, told_number(event, "bytes"));
	free(told);
}

TEST_F(block, as_many_are_told_as_the_kernel_counts)
{
	uint64_t before = count_of_kernel();
	unsigned int i, reads_and_writes = 0;
	struct told *told;

	free(of_disk(self->ev, self->dev));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(SIZE, pwrite(self->fd, self->buffer, SIZE, i * SIZE));
		ASSERT_EQ(SIZE, pread(self->fd, self->buffer, SIZE, i * SIZE));
	}
	told = of_disk(self->ev, self->dev);
	ASSERT_GE(TOLD_MAX, told->n);
	for (i = 0; i < told->n; i++)
		reads_and_writes += told_called(told_at(told, i), "operation", "READ") ||
				    told_called(told_at(told, i), "operation", "WRITE");
	EXPECT_EQ(40, reads_and_writes);
	EXPECT_EQ(40, count_of_kernel() - before);
	free(told);
}

#define SCSI	"/sys/bus/pseudo/drivers/scsi_debug/"
#define BAD	0x1234		/* its first sector that cannot be read; 10 of them */
#define MEDIUM	"2"		/* its option that makes them so */
#define SHORT	"0x100"		/* to do half of a read, and say so; of each every_nth command */
#define PLACE	64		/* a sector for that */

/* A descriptor of the first disk of scsi_debug, which the kernel may still look for; or -1 */
static int scsi_disk(char *path, size_t room)
{
	char model[32];
	int waited, fd;
	char letter;

	for (waited = 0; waited < SOON_MS; waited += 50) {
		for (letter = 'a'; letter <= 'd'; letter++) {
			snprintf(path, room, "/sys/block/sd%c/device/model", letter);
			fd = open(path, O_RDONLY);
			if (fd >= 0 && read(fd, model, 10) == 10 && !memcmp(model, "scsi_debug", 10)) {
				close(fd);
				snprintf(path, room, "/dev/sd%c", letter);
				return open(path, O_RDONLY | O_DIRECT);
			}
			close(fd);
		}
		usleep(50000);
	}
	return -1;
}

static void scsi_set(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), SCSI "%s", name);
	fd = open(path, O_WRONLY);
	if (write(fd, value, strlen(value)) < 0)
		abort();
	close(fd);
}

/* The disk's descriptor, opened; *@dev: its number as events have it. -1: it cannot be had */
static int scsi_open(uint64_t *dev)
{
	struct stat st;
	char path[64];
	int fd = scsi_disk(path, sizeof(path));

	if (fd < 0 || fstat(fd, &st))
		return -1;
	*dev = (uint64_t)major(st.st_rdev) << 20 | minor(st.st_rdev);
	return fd;
}

TEST_F(block, sectors_that_cannot_be_read_are_told_with_the_error)
{
	const struct evring_event *event;
	struct told *told;
	uint64_t dev;
	int fd, error;

	if (access(SCSI, F_OK))
		SKIP(return, "there is no scsi_debug in this guest");
	fd = scsi_open(&dev);
	ASSERT_LE(0, fd);
	free(of_disk(self->ev, dev));
	ASSERT_EQ(SIZE, pread(fd, self->buffer, SIZE, BAD / 8 * SIZE));
	told = of_disk(self->ev, dev);
	ASSERT_EQ(1, told->n);
	EXPECT_EQ(0, told_result(told_at(told, 0)));
	free(told);
	scsi_set("opts", MEDIUM);
	error = pread(fd, self->buffer, SIZE, BAD / 8 * SIZE) < 0 ? errno : 0;
	scsi_set("opts", "0");
	told = of_disk(self->ev, dev);
	ASSERT_NE(0, error);
	ASSERT_LE(1, told->n);
	event = told_at(told, 0);
	EXPECT_EQ(-error, told_result(event));
	EXPECT_TRUE(told_called(event, "operation", "READ"));
	EXPECT_EQ(BAD / 8 * 8, told_number(event, "sector"));
	EXPECT_EQ(0, told_number(event, "partial"));
	free(told);
	close(fd);
}

/* What the disk's cache has is at no place of it. */
TEST_F(block, a_flush_is_told_without_a_sector)
{
	const struct evring_event *event, *flush = NULL;
	struct told *told;
	unsigned int i;
	uint64_t dev;
	int fd;

	if (access(SCSI, F_OK))
		SKIP(return, "there is no scsi_debug in this guest");
	fd = scsi_open(&dev);
	ASSERT_LE(0, fd);
	free(of_disk(self->ev, dev));
	ASSERT_EQ(0, fsync(fd));
	told = of_disk(self->ev, dev);
	for (i = 0; i < told->n && !flush; i++) {
		event = told_at(told, i);
		if (told_called(event, "operation", "FLUSH"))
			flush = event;
	}
	ASSERT_NE(NULL, flush);
	EXPECT_EQ(0, told_number(flush, "sector"));
	EXPECT_EQ(0, told_number(flush, "bytes"));
	EXPECT_EQ(0, told_result(flush));
	free(told);
	close(fd);
}

/* Read as the disk does it: the requests that are told of it, a whole one or two halves */
static struct told *scsi_read(struct evring *ev, int fd, uint64_t dev, char *buffer)
{
	free(of_disk(ev, dev));
	if (pread(fd, buffer, 2 * SIZE, PLACE * 512) != 2 * SIZE)
		abort();
	return of_disk(ev, dev);
}

TEST_F(block, a_request_that_is_done_in_two_parts_is_told_part_by_part)
{
	const struct evring_event *event;
	struct told *told = NULL;
	unsigned int tries;
	uint64_t dev;
	int fd;

	if (access(SCSI, F_OK))
		SKIP(return, "there is no scsi_debug in this guest");
	fd = scsi_open(&dev);
	ASSERT_LE(0, fd);
	/* Each second command: the rest of a read is the next one, and is whole. */
	scsi_set("every_nth", "2");
	scsi_set("opts", SHORT);
	for (tries = 0; tries < 10 && (!told || told->n != 2); tries++) {
		free(told);
		told = scsi_read(self->ev, fd, dev, self->buffer);
		if (told->n == 1)
			EXPECT_EQ(0, told_number(told_at(told, 0), "partial"));
	}
	scsi_set("opts", "0");
	scsi_set("every_nth", "0");
	ASSERT_EQ(2, told->n);
	event = told_at(told, 1);
	EXPECT_TRUE(told_called(event, "operation", "READ"));
	EXPECT_EQ(1, told_number(event, "partial"));
	EXPECT_EQ(PLACE, told_number(event, "sector"));
	EXPECT_EQ(SIZE, told_number(event, "bytes"));
	EXPECT_EQ(0, told_result(event));
	event = told_at(told, 0);
	EXPECT_TRUE(told_called(event, "operation", "READ"));
	EXPECT_EQ(0, told_number(event, "partial"));
	EXPECT_EQ(PLACE + SIZE / 512, told_number(event, "sector"));
	EXPECT_EQ(SIZE, told_number(event, "bytes"));
	EXPECT_EQ(0, told_result(event));
	/* The time of both begins with the request. */
	EXPECT_LT(told_number(told_at(told, 1), "latency"), told_number(event, "latency"));
	free(told);
	close(fd);
}

TEST_HARNESS_MAIN
