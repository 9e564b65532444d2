/* SPDX-License-Identifier: MIT */
/* Keys that run code, of a file that another user than root can write. */
#include "../harness/tap.h"

#include "evringd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOMEBODY 65534

static char top[] = "/tmp/permit_test.XXXXXX", folder[40], file[60], other[60];

static void give(const char *path, uid_t uid, gid_t gid)
{
	if (!chown(path, uid, gid))
		return;
	printf("Bail out! %s\n", path);
	exit(1);
}

/* Folder and file, each as "root's alone" until a test changes it */
static void fresh(void)
{
	unlink(file);
	unlink(other);
	chmod(top, 0755);
	give(folder, 0, 0);
	chmod(folder, 0750);
	close(open(file, O_CREAT | O_WRONLY | O_EXCL, 0640));
	give(file, 0, 0);
	chmod(file, 0640);
}

static struct config *parse(const char *setting, struct problems *problems)
{
	char text[400];

	snprintf(text, sizeof(text), "{\"name\": \"n\", \"config\": {\"kafka.bootstrap.servers\": "
		 "\"a:1\", %s}}", setting);
	return config_parse(text, strlen(text), problems);
}

static size_t judge(const char *setting, const char *path)
{
	struct problems parsing = { .file = "test" }, problems = { .file = "test" };
	struct config *cfg = parse(setting, &parsing);
	size_t nr;

	permit_root(cfg, path, &problems);
	nr = problems.nr;
	if (nr && !strstr(problems.lines[0], "no other user can change"))
		nr = 0;
	problems_free(&parsing);
	problems_free(&problems);
	config_free(cfg);
	return nr;
}

#define PLUGIN "\"kafka.plugin.library.paths\": \"/tmp/x.so\""

static void keys(void)
{
	fresh();
	ok(!judge(PLUGIN, file), "root's own file may have code");
	give(file, SOMEBODY, 0);
	ok(judge(PLUGIN, file), "kafka.plugin.library.paths");
	ok(judge("\"producer.override.plugin.library.paths\": \"x\"", file), "by another name");
	ok(judge("\"kafka.ssl.engine.location\": \"x\"", file), "kafka.ssl.engine.location");
	ok(judge("\"kafka.ssl.providers\": \"x\"", file), "kafka.ssl.providers");
	ok(judge("\"kafka.sasl.kerberos.kinit.cmd\": \"x\"", file), "a command for kinit");
	ok(judge("\"kafka.sasl.kerberos.principal\": \"x; id\"", file), "more words for kinit");
	ok(!judge("\"kafka.sasl.kerberos.principal\": \"evring/h@R\"", file), "not one plain word");
	ok(!judge("\"kafka.linger.ms\": \"7\"", file), "not a key that runs nothing");
}

static void paths(void)
{
	fresh();
	chmod(file, 0660);
	ok(judge(PLUGIN, file), "a file that a group can write");
	chmod(file, 0646);
	ok(judge(PLUGIN, file), "a file that all can write");
	fresh();
	give(folder, 0, SOMEBODY);
	chmod(folder, 0770);
	ok(judge(PLUGIN, file), "a folder that a group can write, as connectors.d");
	chmod(folder, 01777);
	ok(judge(PLUGIN, file), "a folder where anybody makes files");
	fresh();
	give(folder, SOMEBODY, 0);
	ok(judge(PLUGIN, file), "somebody's folder");
	fresh();
	chmod(top, 0777);
	ok(judge(PLUGIN, file), "a folder in a folder that all can write");
	chmod(top, 01777);
	ok(!judge(PLUGIN, file), "but where nobody replaces another's");
	fresh();
	ok(!symlink(file, other) && judge(PLUGIN, other), "a link, which could lead elsewhere");
	ok(judge(PLUGIN, "/tmp/permit_test/nowhere"), "a file that is gone");
	ok(!chdir(folder) && !judge(PLUGIN, "n.json"), "root's own, from where root is");
	give(file, SOMEBODY, 0);
	ok(judge(PLUGIN, "n.json"), "somebody's, from there");
}

static void as_others(void)
{
	fresh();
	give(file, SOMEBODY, 0);
	ok(!seteuid(SOMEBODY) && !judge(PLUGIN, file), "whoever is not root has his own rights");
	ok(!seteuid(0), "root again");
}

int main(void)
{
	if (geteuid()) {
		ok(true, "the files of others # SKIP not root");
		return tap_end();
	}
	if (!mkdtemp(top))
		return 1;
	snprintf(folder, sizeof(folder), "%s/d", top);
	snprintf(file, sizeof(file), "%s/n.json", folder);
	snprintf(other, sizeof(other), "%s/link.json", folder);
	mkdir(folder, 0750);
	keys();
	paths();
	as_others();
	unlink(file);
	unlink(other);
	rmdir(folder);
	rmdir(top);
	return tap_end();
}
