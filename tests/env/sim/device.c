// SPDX-License-Identifier: MIT
/*
 * /dev/evring without a kernel: the linker hands open(), mmap(), ioctl() and
 * close() of libevring and of its users to the functions here (--wrap), and
 * these hand calls for the device to kmod/device.c. A session's file
 * descriptor is an eventfd, so that poll(), epoll and io_uring can wait for it.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kmod/device.h"
#include "../../../kmod/lane.h"
#include "../../../kmod/pages.h"
#include "kernel.h"
#include "sim.h"

#define FILES_MAX	1024
#define GUARDED_MAX	4096	/* mappings at a time */

struct sim_file {
	struct file file;
	int fd;
};

static struct sim_file *files[FILES_MAX];

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __real_writev(int fd, const struct iovec *iov, int nr);
int __real_munmap(void *at, size_t len);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
ssize_t __wrap_writev(int fd, const struct iovec *iov, int nr);

static struct sim_file *file_of(int fd)
{
	return fd >= 0 && fd < FILES_MAX ? __atomic_load_n(&files[fd], __ATOMIC_ACQUIRE) : NULL;
}

void poll_wait(struct file *file, wait_queue_head_t *queue, struct poll_table_struct *table)
{
	(void)table;
	WRITE_ONCE(queue->fd, container_of(file, struct sim_file, file)->fd);
}

/* The descriptor and the device must agree. */
static void file_settle(struct sim_file *sf)
{
	if (sim_fops->poll(&sf->file, NULL) & EPOLLIN)
		eventfd_write(sf->fd, 1);
}

static int sim_open(struct miscdevice *device, int flags)
{
	static const unsigned int modes[] = {
		[O_RDONLY] = FMODE_READ, [O_WRONLY] = FMODE_WRITE, [O_RDWR] = FMODE_READ | FMODE_WRITE,
	};
	struct sim_file *sf = calloc(1, sizeof(*sf));
	int ret;

	if (!sf)
		return -ENOMEM;
	sf->file.f_mode = modes[flags & O_ACCMODE];
	sf->file.f_flags = (unsigned int)flags;
	sf->file.private_data = device;
	ret = sim_fops->open(NULL, &sf->file);
	if (ret)
		goto err_open;
	sf->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = sf->fd < 0 ? -errno : sf->fd >= FILES_MAX ? -EMFILE : 0;
	if (ret)
		goto err_fd;
	file_settle(sf);
	__atomic_store_n(&files[sf->fd], sf, __ATOMIC_RELEASE);
	return sf->fd;
err_fd:
	sim_fops->release(NULL, &sf->file);
err_open:
	free(sf);
	return ret;
}

static int set_errno(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	struct miscdevice *device = NULL;
	va_list args;
	int mode;

	if (!strncmp(path, "/dev/", strlen("/dev/")))
		device = sim_device(path + strlen("/dev/"));
	if (device)
		return set_errno(sim_open(device, flags));
	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return __real_open(path, flags, mode);
}

int __wrap_close(int fd)
{
	struct sim_file *sf = file_of(fd);

	if (sf) {
		__atomic_store_n(&files[fd], NULL, __ATOMIC_RELEASE);
		sim_fops->release(NULL, &sf->file);
		free(sf);
	}
	return __real_close(fd);
}

/* Where sessions that want to sleep stop while it is closed */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static unsigned int at_gate;

static void gate_pass(void)
{
	__atomic_fetch_add(&at_gate, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	__atomic_fetch_sub(&at_gate, 1, __ATOMIC_SEQ_CST);
}

void sim_gate_close(void)
{
	pthread_mutex_lock(&gate);
	/* One that has just passed is not counted any more by then. */
	do
		usleep(20000);
	while (!__atomic_load_n(&at_gate, __ATOMIC_SEQ_CST));
}

void sim_gate_open(void)
{
	pthread_mutex_unlock(&gate);
}

unsigned int sim_commits_refused;

/* Is this commit one of those that fail? */
static bool is_refused(unsigned long request)
{
	if (_IOC_NR(request) != _IOC_NR(EVRING_IOC_COMMIT) ||
	    !__atomic_load_n(&sim_commits_refused, __ATOMIC_RELAXED))
		return false;
	__atomic_fetch_sub(&sim_commits_refused, 1, __ATOMIC_RELAXED);
	return true;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct sim_file *sf = file_of(fd);
	unsigned long arg;
	eventfd_t count;
	va_list args;
	int ret;

	va_start(args, request);
	arg = va_arg(args, unsigned long);
	va_end(args);
	if (!sf)
		return __real_ioctl(fd, request, arg);
	if (is_refused(request))
		return set_errno(-EIO);
	/* An armed session is not awake: the next wake-up raises this again. */
	if (_IOC_NR(request) == _IOC_NR(EVRING_IOC_ARM)) {
		gate_pass();
		eventfd_read(fd, &count);
	}
	ret = (int)sim_fops->unlocked_ioctl(&sf->file, (unsigned int)request, arg);
	if (_IOC_NR(request) == _IOC_NR(EVRING_IOC_ARM))
		file_settle(sf);
	return set_errno(ret);
}

/* Mappings that have a page behind them */
static void *guarded[GUARDED_MAX];
static DEFINE_SPINLOCK(guarded_lock);

static bool guard_replace(void *from, void *to)
{
	unsigned int i;

	pthread_mutex_lock(&guarded_lock);
	for (i = 0; i < GUARDED_MAX && guarded[i] != from; i++)
		;
	if (i < GUARDED_MAX)
		guarded[i] = to;
	pthread_mutex_unlock(&guarded_lock);
	return i < GUARDED_MAX;
}

static inline void guard_add(void *map)
{
	if (!guard_replace(NULL, map))
		abort();
}

static bool guard_remove(void *map)
{
	return map && guard_replace(map, NULL);
}

unsigned int sim_mappings_left = ~0u;

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	struct sim_file *sf = file_of(fd);
	struct vm_area_struct vma;
	unsigned int left;
	void *map;
	int ret;

	if (!sf)
		return __real_mmap(at, len, prot, flags, fd, offset);
	/* Threads map, too, but none of them while a test has set a number. */
	left = __atomic_load_n(&sim_mappings_left, __ATOMIC_RELAXED);
	if (!left) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	if (left != ~0u)
		__atomic_store_n(&sim_mappings_left, left - 1, __ATOMIC_RELAXED);
	/* One page more, that can never be read: a read behind a ring must crash. */
	map = __real_mmap(at, ALIGN(len, PAGE_SIZE) + PAGE_SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return map;
	vma.vm_start = (unsigned long)map;
	vma.vm_end = vma.vm_start + ALIGN(len, PAGE_SIZE);
	vma.vm_pgoff = (unsigned long)offset >> PAGE_SHIFT;
	vma.vm_flags = VM_MAYWRITE | VM_MAYEXEC;
	vma.vm_flags |= prot & PROT_WRITE ? VM_WRITE : 0;
	vma.vm_flags |= prot & PROT_EXEC ? VM_EXEC : 0;
	vma.vm_flags |= flags & MAP_SHARED ? VM_MAYSHARE : 0;
	ret = sim_fops->mmap(&sf->file, &vma);
#ifdef __SANITIZE_THREAD__
	/* It knows memory by its address, so the session gets the kernel's own. */
	__real_munmap(map, len + PAGE_SIZE);
	if (!ret)
		return sim_inserted;
#else
	if (!ret) {
		guard_add(map);
		return map;
	}
	__real_munmap(map, len + PAGE_SIZE);
#endif
	errno = -ret;
	return MAP_FAILED;
}

int __wrap_munmap(void *at, size_t len)
{
	if (sim_is_page(at))
		return 0;
	return __real_munmap(at, guard_remove(at) ? ALIGN(len, PAGE_SIZE) + PAGE_SIZE : len);
}

static ssize_t write_end(ssize_t ret)
{
	if (ret >= 0)
		return ret;
	errno = ret == -ERESTARTSYS ? EINTR : (int)-ret;
	return -1;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	struct sim_file *sf = file_of(fd);

	if (!sf)
		return __real_write(fd, buf, len);
	if (!(sf->file.f_mode & FMODE_WRITE))
		return write_end(-EBADF);
	return write_end(sim_fops->write(&sf->file, buf, len, NULL));
}

ssize_t __wrap_writev(int fd, const struct iovec *iov, int nr)
{
	struct sim_file *sf = file_of(fd);
	struct iov_iter from = { .iov = iov };
	struct kiocb iocb;

	if (!sf)
		return __real_writev(fd, iov, nr);
	if (!(sf->file.f_mode & FMODE_WRITE))
		return write_end(-EBADF);
	while (nr--)
		from.count += iov[nr].iov_len;
	iocb = (struct kiocb){ .ki_filp = &sf->file };
	return write_end(sim_fops->write_iter(&iocb, &from));
}

int sim_poll(int fd)
{
	return (int)sim_fops->poll(&file_of(fd)->file, NULL);
}

static int uring_cmd(int fd, uint32_t op, const void *payload, unsigned int flags)
{
	struct io_uring_cmd cmd = { .file = &file_of(fd)->file, .cmd = payload, .cmd_op = op };

	return sim_fops->uring_cmd(&cmd, flags);
}

int sim_uring_cmd(int fd, uint32_t op, const void *payload)
{
	return uring_cmd(fd, op, payload, 0);
}

int sim_uring_cmd_inline(int fd, uint32_t op, const void *payload)
{
	return uring_cmd(fd, op, payload, IO_URING_F_NONBLOCK);
}
