/* SPDX-License-Identifier: MIT */
/* See definition.h. */
#include "definition.h"

#include "file.h"
#include "log.h"
#include "memory.h"
#include "problem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)
#define NAME_MAX_LEN 255

const char *json_kind(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

char *json_text(const json_t *value)
{
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_number(value) || json_is_boolean(value))
		return must(json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)));
	return NULL;
}

/*
 * jansson's messages about a text that is no JSON quote a part of the text, which can be a part of
 * a password: so they are told apart by how they begin, and replaced by messages of our own.
 */
static const char *syntax(const json_error_t *error)
{
	static const struct {
		const char *begins;
		const char *text;
	} errors[] = {
		{ "string or '}' expected", "a key in quotes or \"}\" is expected here" },
		{ "':' expected", "a \":\" is expected between a key and its value" },
		{ "'}' expected", "a \",\" or \"}\" is expected behind a value" },
		{ "']' expected", "a \",\" or \"]\" is expected behind a value" },
		{ "invalid escape", "a \"\\\" in a string that escapes nothing (a backslash is "
				    "written \"\\\\\")" },
		{ "invalid Unicode", "a \"\\u\" in a string that is no character" },
		{ "unexpected newline", "a string has no closing quote on its line" },
		{ "control character", "a control character in a string (write it \"\\uXXXX\")" },
		{ "\\u0000 is not allowed", "a NUL in a string" },
		{ "NUL byte", "a NUL in a key" },
		{ "unable to decode byte", "a byte that is no UTF-8" },
		{ "invalid token", "a word without quotes (strings take them)" },
		{ "unexpected token", "a value is expected here" },
		{ "end of file expected", "text behind the end of the object" },
		{ "too big", "a number that is too big" },
		{ "real number overflow", "a number that is too big" },
		{ "maximum parsing depth", "too many brackets inside each other" },
	};
	size_t i;

	if (json_error_code(error) == json_error_premature_end_of_input)
		return "the text ends too early: a quote or a bracket is not closed";
	if (json_error_code(error) == json_error_duplicate_key)
		return error->text;	/* names the key and nothing else */
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strncmp(error->text, errors[i].begins, strlen(errors[i].begins)))
			return errors[i].text;
	return "is no JSON";
}

json_t *json_read(const char *text, size_t len, struct problems *problems)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!root)
		problem(problems, "line %d, column %d: %s", error.line, error.column,
			syntax(&error));
	return root;
}

/*
 * The parts of a definition
 */

static void read_name(struct definition *def, const json_t *name, struct problems *problems)
{
	size_t len = json_string_length(name);

	if (!name)
		problem(problems, "key \"name\": missing; allowed: a string");
	else if (!json_is_string(name))
		problem(problems, "key \"name\": is %s; allowed: a string", json_kind(name));
	else if (!len || len > NAME_MAX_LEN)
		problem(problems, "key \"name\": is %s; allowed: 1 to %d bytes",
			len ? "too long" : "empty", NAME_MAX_LEN);
	else
		def->name = xstrdup(json_string_value(name));
}

static void read_settings(struct definition *def, const json_t *settings,
			  struct problems *problems)
{
	if (!settings)
		problem(problems, "key \"config\": missing; allowed: an object of keys");
	else if (!json_is_object(settings))
		problem(problems, "key \"config\": is %s; allowed: an object of keys",
			json_kind(settings));
	else
		def->settings = must(json_deep_copy(settings));
}

/* As in Kafka Connect: null is none, and the case of letters does not matter. */
static void read_state(struct definition *def, const json_t *state, struct problems *problems)
{
	static const char *const states[] = { "RUNNING", "PAUSED", "STOPPED" };
	const char *text = json_string_value(state);
	size_t i;

	if (!state || json_is_null(state))
		text = states[0];
	for (i = 0; text && i < sizeof(states) / sizeof(*states); i++)
		if (!strcasecmp(text, states[i]))
			def->state = xstrdup(states[i]);
	if (!def->state)
		problem(problems, "key \"initial_state\": is no state to start in; "
			"allowed: RUNNING, PAUSED, STOPPED");
}

/* Keys alone, as PUT .../config has them */
static bool is_flat(const json_t *root)
{
	const char *key;
	json_t *value;
	bool flat = false;

	json_object_foreach((json_t *)root, key, value) {
		if (!strcmp(key, "config") || json_is_object(value) || json_is_array(value))
			return false;
		flat = flat || strcmp(key, "name");
	}
	return flat;
}

/* "name" of /etc/evring/connectors.d/name.json; NULL: it says none. */
static json_t *name_of_file(const char *file)
{
	const char *slash = file ? strrchr(file, '/') : NULL, *begin = slash ? slash + 1 : file;
	size_t len = file ? strlen(begin) : 0;

	if (len <= 5 || strcmp(begin + len - 5, ".json"))
		return NULL;
	return json_stringn(begin, len - 5);
}

static void read_flat(struct definition *def, const json_t *root, const char *file,
		      struct problems *problems)
{
	json_t *name = json_incref(json_object_get(root, "name"));

	if (!name)
		name = name_of_file(file);
	read_name(def, name, problems);
	json_decref(name);
	read_settings(def, root, problems);
	read_state(def, NULL, problems);
}

void definition_of(struct definition *def, const json_t *root, const char *file,
		   struct problems *problems)
{
	const char *key;
	json_t *value;

	*def = (struct definition){ 0 };
	if (!json_is_object(root)) {
		problem(problems, "is %s; allowed: {\"name\": ..., \"config\": {...}}",
			json_kind(root));
		return;
	}
	if (is_flat(root)) {
		read_flat(def, root, file, problems);
		return;
	}
	json_object_foreach((json_t *)root, key, value) {
		if (strcmp(key, "name") && strcmp(key, "config") && strcmp(key, "initial_state"))
			problem(problems, "key \"%.80s\": unknown; allowed: \"name\", \"config\" and "
				"\"initial_state\"", key);
	}
	read_name(def, json_object_get(root, "name"), problems);
	read_settings(def, json_object_get(root, "config"), problems);
	read_state(def, json_object_get(root, "initial_state"), problems);
}

void definition_parse(struct definition *def, const char *text, size_t len, const char *file,
		      struct problems *problems)
{
	json_t *root = json_read(text, len, problems);

	*def = (struct definition){ 0 };
	if (root)
		definition_of(def, root, file, problems);
	json_decref(root);
}

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){ .inode = st->st_ino, .size = st->st_size, .changed = st->st_mtim };
}

static struct stamp stamp_take(const char *path)
{
	struct stamp none = { 0 };
	struct stat st;

	return stat(path, &st) ? none : stamp_of(&st);
}

bool stamp_holds(const struct stamp *stamp, const char *path)
{
	struct stamp now = stamp_take(path);

	return now.inode == stamp->inode && now.size == stamp->size &&
	       now.changed.tv_sec == stamp->changed.tv_sec &&
	       now.changed.tv_nsec == stamp->changed.tv_nsec;
}

/* The stamp first: a change behind it is seen as one. */
void definition_load(struct definition *def, const char *path, struct problems *problems)
{
	struct stamp stamp = stamp_take(path);
	char *text = xalloc(FILE_MAX);
	ssize_t len = file_read_regular(path, text, FILE_MAX);

	*def = (struct definition){ 0 };
	if (len < 0)
		problem(problems, "cannot be read: %s%s", file_error(errno), errno == EACCES ?
			" (the units run in the group evring-connect: chown root:evring-connect, "
			"chmod 640)" : "");
	else
		definition_parse(def, text, (size_t)len, path, problems);
	def->stamp = stamp;
	free(text);
}

void definition_free(struct definition *def)
{
	free(def->name);
	free(def->state);
	json_decref(def->settings);
	*def = (struct definition){ 0 };
}

/*
 * Files
 */

bool definition_name_ok(const char *name)
{
	size_t len = strlen(name), i;

	if (!len || len > NAME_MAX_LEN - 16 || *name == '.')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return true;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* It is done, and for good once the folder is on the disk: so this is no error. */
static void sync_folder(const char *path, const char *done)
{
	char *folder = xstrdup(path), *slash = strrchr(folder, '/');
	int fd;

	if (slash)
		*slash = '\0';
	fd = open(!slash ? "." : *folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		warn("%s: is %s, but a power failure may bring the old one back: %s", path, done,
		     strerror(errno));
	if (fd >= 0)
		close(fd);
	free(folder);
}

static char *definition_text(const struct definition *def)
{
	json_t *root = must(json_pack("{s:s, s:O}", "name", def->name, "config", def->settings));
	char *text, *whole;

	if (strcmp(def->state, "RUNNING"))
		json_object_set_new(root, "initial_state", json_string(def->state));
	text = must(json_dumps(root, JSON_INDENT(2)));
	whole = xprintf("%s\n", text);
	free(text);
	json_decref(root);
	return whole;
}

/* The mode stays: an operator has chosen it for the secrets. */
int definition_write(struct definition *def, const char *path, const struct stamp *last)
{
	char *temporary, *text;
	struct stat st;
	int fd, ret;

	if (!stamp_holds(last, path))
		return -ESTALE;
	/* What it leads to is another's, maybe, and a file in its place would come apart from that. */
	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		return -ELOOP;
	temporary = xprintf("%s.new", path);
	text = definition_text(def);
	/* What is left of a write that was killed, or a FIFO, whose open would wait */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	ret = fd < 0 ? -errno : 0;
	if (!ret && !stat(path, &st) && fchmod(fd, st.st_mode & 0777))
		ret = -errno;
	if (!ret)
		ret = write_all(fd, text, strlen(text));
	if (!ret && fstat(fd, &st))
		ret = -errno;
	if (!ret)
		def->stamp = stamp_of(&st);
	if (fd >= 0 && close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret && fd >= 0)
		unlink(temporary);
	if (!ret)
		sync_folder(path, "replaced");
	free(temporary);
	free(text);
	return ret;
}

int definition_remove(const char *path)
{
	if (!unlink(path))
		sync_folder(path, "removed");
	else if (errno != ENOENT)
		return -errno;
	return 0;
}
