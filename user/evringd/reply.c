/* SPDX-License-Identifier: MIT */
/* A request's body, and its answer: see resource.h. */
#include "resource.h"

#include "memory.h"
#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reply(struct call *call, int status, json_t *body)
{
	call->answer->status = status;
	call->answer->body = body;
}

json_t *text_json(const char *text)
{
	json_t *json = json_string(text);
	char *copy, *c;

	if (json)
		return json;
	copy = xstrdup(text);
	for (c = copy; *c; c++)
		if (*c & 0x80)
			*c = '?';
	json = must(json_string(copy));
	free(copy);
	return json;
}

void reply_error(struct call *call, int status, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		must(NULL);
	reply(call, status, must(json_pack("{s:i, s:o}", "error_code", status, "message",
					   text_json(text))));
	free(text);
}

void reply_errno(struct call *call, int error)
{
	if (error == -EROFS)
		reply_error(call, 403, "evringd runs files of its command line, which are read only: "
			    "start it with --connectors; or its folder is on a read-only filesystem");
	else if (error == -ENOSPC)
		reply_error(call, 507, "There is no room for it");
	else if (error == -EEXIST)
		reply_error(call, 409, "The folder has a file of this name already, which evringd "
			    "has not read: send SIGHUP or remove it");
	else if (error == -ESTALE)
		reply_error(call, 409, "The connector's file was changed since evringd read it: send "
			    "SIGHUP, so that evringd has that change, and try again");
	else if (error == -EBADMSG)
		reply_error(call, 409, "The connector's file has what cannot be used, and it runs as "
			    "it was configured before: mend the file and send SIGHUP, or PUT a whole "
			    "configuration");
	else if (error == -ELOOP)
		reply_error(call, 409, "The connector's file is a symbolic link, which is not replaced: "
			    "change the file that it leads to and send SIGHUP");
	else if (error == -EISDIR)
		reply_error(call, 409, "What has the name of the connector's file is a folder: remove it "
			    "and send SIGHUP");
	else
		reply_error(call, 500, "The connector's file cannot be written: %s",
			    strerror(-error));
}

json_t *call_body(struct call *call)
{
	struct problems problems = { .file = "" };
	json_t *body = json_read(call->request->body, call->request->len, &problems);

	if (!body)
		reply_error(call, 400, "The body is no JSON: %s", problems.lines[0]);
	problems_free(&problems);
	return body;
}
