/* SPDX-License-Identifier: MIT */
/* An open, and the event of it. */
#ifndef EVRING_TEST_FILE_OPEN_H
#define EVRING_TEST_FILE_OPEN_H

#include "file_deed.h"

#define OPEN	"file.open"

/* The event has the inode, device and kind of @path, the file that was opened. */
static inline bool is_of(const struct evring_event *event, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		abort();
	return told_number(event, "inode") == st.st_ino &&
	       told_number(event, "dev") == ((uint64_t)major(st.st_dev) << 20 | minor(st.st_dev)) &&
	       told_number(event, "file_type") == (st.st_mode & S_IFMT);
}

/* One open by this process: the event has both paths, and success. */
#define EXPECT_OPEN(_ev, _open, _path, _given) do {				\
	int _fd;								\
	struct told *_told;							\
	const struct evring_event *_event;					\
										\
	deed_read_past(_ev);							\
	_fd = (_open);								\
	ASSERT_LE(0, _fd) TH_LOG("%s", strerror(errno));			\
	_told = told_read(_ev, OPEN, getpid());					\
	ASSERT_EQ(1, _told->n);							\
	_event = told_at(_told, 0);						\
	EXPECT_STREQ((_path), told_text(_event, "path"));			\
	EXPECT_STREQ((_given), told_text(_event, "path_given"));		\
	EXPECT_EQ(0, told_result(_event));					\
	EXPECT_TRUE(is_of(_event, (_path)));					\
	EXPECT_EQ(0, told_number(_event, "path_flags"));			\
	EXPECT_EQ(0, told_number(_event, "path_given_truncated"));		\
	close(_fd);								\
	free(_told);								\
} while (0)

/* A session that reads the events of opens, in a folder with the file "a" */
static inline struct evring *opens_start(void)
{
	static const char *const hooks[] = { OPEN, NULL };
	struct evring *ev = deed_open(hooks, BULK);

	deed_file("a", "content");
	deed_read_past(ev);
	return ev;
}

static inline void opens_end(struct evring *ev)
{
	hook_op(ev, OPEN, EVRING_HOOK_DETACH);
	evring_close(ev);
}

#endif /* EVRING_TEST_FILE_OPEN_H */
