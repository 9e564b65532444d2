/* SPDX-License-Identifier: MIT */
/* evring status --prometheus: the module's counters for Prometheus, without a daemon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "host_metrics.h"
#include "memory.h"
#include "unread.h"

static void tell(FILE *out, const struct host_view *view, bool openmetrics)
{
	struct exposition to = { .out = out, .openmetrics = openmetrics };

	exposition_table(&to, host_metrics, nr_host_metrics, view);
	exposition_end(&to);
}

/* Without a module there is one thing to tell: that. */
static int collect(const struct cli *cli, bool openmetrics, FILE *out)
{
	struct host_view view = { 0 };
	struct evring *ev;
	int ret = evring_open(&ev, cli->device);

	if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO) {
		tell(out, &view, openmetrics);
		return EXIT_SUCCESS;
	}
	if (ret < 0)
		return fail(ret, "cannot open %s", cli->device ? cli->device : EVRING_DEVICE);
	view.ev = ev;
	view.unread = unread_new();
	ret = host_view_take(&view);
	if (!ret)
		tell(out, &view, openmetrics);
	unread_free(view.unread);
	host_view_free(&view);
	evring_close(ev);
	return ret ? fail(ret, "cannot read the counters") : EXIT_SUCCESS;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* A reader sees the old file or the new one, and the collector is another user. */
static int replace(const char *path, const char *text, size_t len)
{
	char *new = xprintf("%s.%d.new", path, (int)getpid());
	int fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool written;
	int err;

	if (fd < 0) {
		err = -errno;
		fail(err, "cannot write %s", new);
		free(new);
		return EXIT_FAILURE;
	}
	written = write_all(fd, text, len) && !fchmod(fd, 0644);
	err = written ? 0 : -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(new, path))
		err = -errno;
	if (err) {
		unlink(new);
		fail(err, "cannot replace %s", path);
	}
	free(new);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int status_metrics(const struct cli *cli, bool openmetrics, const char *output)
{
	char *text;
	size_t len;
	FILE *out = stream_begin(&text, &len);
	int ret = collect(cli, openmetrics, out);

	stream_end(out);
	if (ret == EXIT_SUCCESS && output)
		ret = replace(output, text, len);
	else if (ret == EXIT_SUCCESS && (fwrite(text, 1, len, stdout) != len || fflush(stdout)))
		ret = fail(-errno, "cannot write");
	free(text);
	return ret;
}
