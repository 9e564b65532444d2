/* SPDX-License-Identifier: MIT */
/* Keys that run code, or ask a provider, of a file that another user than root can write. */
#include "../harness/tap.h"

#include "evringd.h"

#include <fcntl.h>
#include <jansson.h>
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

/* @text has the folder of a file "secret" for its @. */
static size_t judge_secret(const char *text)
{
	char setting[300];
	const char *at = strchr(text, '@');

	snprintf(setting, sizeof(setting), "%.*s%s%s", (int)(at - text), text, top, at + 1);
	return judge(setting, file);
}

static void providers(void)
{
	char secret[60];
	FILE *text;

	fresh();
	snprintf(secret, sizeof(secret), "%s/secret", top);
	text = fopen(secret, "w");
	ok(text && fputs("s3cret", text) >= 0 && !fclose(text), "there is a secret");
	ok(!judge_secret("\"kafka.client.id\": \"${dir:@:secret}\""), "root's own file may have it");
	give(file, SOMEBODY, 0);
	ok(judge_secret("\"kafka.client.id\": \"a ${dir:@:secret}\""), "it is not another's to send");
	ok(judge_secret("\"producer.override.client.id\": \"${dir:@:secret}\""), "by another name");
	ok(judge_secret("\"group.id\": \"${dir:@:secret}\""), "nor as a group's name");
	ok(judge_secret("\"topic\": \"x.${type}.${dir:@:secret}\""), "nor in a template");
	ok(judge_secret("\"transforms.a.static.value\": \"${dir:@:secret}\""), "nor of a transform");
	ok(judge_secret("\"value.converter.basic.auth.user.info\": \"a:${dir:@:secret}\""),
	   "nor to a registry");
	ok(!judge_secret("\"kafka.client.id\": \"$${dir:@:secret}\""), "\"$${\" asks nobody");
	ok(!judge_secret("\"key\": \"$${dir:@:secret}${pid}\""), "nor does it in a template");
	ok(judge("\"kafka.sasl.oauthbearer.assertion.file\": \"/root/x\"", file),
	   "a file that librdkafka sends");
	ok(judge("\"kafka.sasl.oauthbearer.assertion.private.key.file\": \"/root/x\"", file),
	   "or signs with");
	ok(!judge("\"kafka.sasl.oauthbearer.scope\": \"file\"", file), "not all that it sends");
	unlink(secret);
}

/* What REST may set beside @command, kinit's */
static bool rest_may(const char *command, const char *name, const char *value)
{
	json_t *before = json_pack("{s:s}", "kafka.sasl.kerberos.kinit.cmd", command);
	json_t *after = json_deep_copy(before);
	struct problems problems = { .file = "test" };
	bool may;

	json_object_set_new(after, name, json_string(value));
	permit_check(after, before, &problems);
	may = !problems.nr;
	problems_free(&problems);
	json_decref(before);
	json_decref(after);
	return may;
}

static void commands(void)
{
	ok(rest_may("kinit %{client.id}", "kafka.linger.ms", "$(x)"), "not in kinit's command");
	ok(!rest_may("kinit %{linger.ms}", "kafka.linger.ms", "$(x)"), "in it");
	ok(!rest_may("kinit %{queue.buffering.max.ms}", "kafka.linger.ms", "$(x)"), "by another name");
	ok(!rest_may("${file:/etc/k:cmd}", "kafka.linger.ms", "$(x)"), "a command that is not known");
	ok(!rest_may("kinit ${env:X}", "bootstrap.servers", "$(x)"), "one that is known in part");
	ok(rest_may("${file:/etc/k:cmd}", "kafka.linger.ms", "7"), "whose words may be plain");
	ok(rest_may("kinit $${env:X}", "kafka.linger.ms", "$(x)"), "\"$${\" is the shell's");
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
	commands();
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
	providers();
	paths();
	as_others();
	unlink(file);
	unlink(other);
	rmdir(folder);
	rmdir(top);
	return tap_end();
}
