/* SPDX-License-Identifier: MIT */
/* One definition of columns gives the table and the JSON. */
#include "../harness/tap.h"
#include "columns.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct row {
	const char *name;
	bool on;
	uint64_t owner, bytes, away_ns;
	json_t *lanes, *fields;
	struct causes lost;
};

static const struct column columns[] = {
	COLUMN(struct row, name, TEXT, "NAME"),
	COLUMN(struct row, on, FLAG, NULL),
	COLUMN(struct row, owner, COUNT, "OWNER"),
	COLUMN(struct row, bytes, BYTES, "SIZE"),
	COLUMN(struct row, away_ns, DURATION, "AWAY"),
	COLUMN(struct row, lanes, WORDS, "LANES"),
	COLUMN(struct row, fields, ROWS, "FIELDS"),
	COLUMN(struct row, lost, CAUSES, "LOST"),
	{ 0 },
};

static struct row make_row(const char *name, uint64_t owner)
{
	return (struct row){
		.name = name, .on = true, .owner = owner, .bytes = 1536, .away_ns = 4200000000,
		.lanes = json_pack("[s, s]", "bulk", "app"), .fields = json_pack("[i, i]", 1, 2),
		.lost = { .nr = 2, .lost = { 3, 4 } },
	};
}

/* A function's standard output */
static char *printed(struct table *table)
{
	static char buf[4096];
	int fds[2], out = dup(STDOUT_FILENO);
	ssize_t n;

	fflush(stdout);
	if (pipe(fds) || dup2(fds[1], STDOUT_FILENO) < 0)
		exit(1);
	table_print(table);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(fds[1]);
	n = read(fds[0], buf, sizeof(buf) - 1);
	close(fds[0]);
	close(out);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void test_json(void)
{
	struct row row = make_row("a", COLUMN_NONE);
	json_t *json = columns_json(columns, &row), *expected;

	expected = json_pack("{s:s, s:b, s:n, s:i, s:I, s:[s, s], s:[i, i], s:{s:i, s:i}}",
			     "name", "a", "on", 1, "owner", "bytes", 1536, "away_ns",
			     (json_int_t)4200000000, "lanes", "bulk", "app", "fields", 1, 2,
			     "lost", "full", 3, "nested", 4);
	ok(json_equal(json, expected), "a row as JSON: each member under its name");
	json_decref(json);
	json_decref(expected);
	columns_release(columns, &row);
}

static void test_table(void)
{
	static const char expected[] =
		"NAME    OWNER     SIZE   AWAY  LANES     FIELDS  LOST  FULL  NESTED\n"
		"a           -  1.5 KiB  4.2 s  bulk,app       2     7     3       4\n"
		"longer     77  1.5 KiB  4.2 s  bulk,app       2     7     3       4\n";
	struct row rows[] = { make_row("a", COLUMN_NONE), make_row("longer", 77) };
	struct table *table = table_new(columns, 2);
	char *text;

	for (unsigned int i = 0; i < 2; i++) {
		table_row(table, &rows[i]);
		columns_release(columns, &rows[i]);
	}
	text = printed(table);
	ok(!strcmp(text, expected), "two rows as a table: the columns that have a heading");
	if (strcmp(text, expected))
		printf("# %s\n", text);
	ok(!*printed(table_new(columns, 2)), "without rows nothing is printed");
}

static void test_hostile(void)
{
	struct row row = make_row("\033[31mred\nline", 1);
	struct table *table = table_new(columns, 2);
	char *text;

	table_row(table, &row);
	columns_release(columns, &row);
	text = printed(table);
	ok(!strchr(text, '\033') && strchr(strchr(text, '\n') + 1, '\n')[1] == '\0',
	   "a name cannot reach the terminal as an escape sequence, nor break a line");
}

/* A filter, or a rule, may have any bytes. */
static void test_bytes(void)
{
	struct row row = make_row("path == \"/\xff\xe2\x82\"", 1);
	json_t *json = columns_json(columns, &row), *text = json_utf8("\xc3\xa4\t\xf0\x9f\x98\x80");

	ok(!strcmp(json_string_value(json_object_get(json, "name")),
		   "path == \"/\xef\xbf\xbd\xef\xbf\xbd\""), "bytes that are no UTF-8 become U+FFFD");
	ok(!strcmp(json_string_value(text), "\xc3\xa4\t\xf0\x9f\x98\x80"), "others stay as they are");
	json_decref(json);
	json_decref(text);
	columns_release(columns, &row);
}

/* Versions of a type have one key. */
static void test_added(void)
{
	json_t *json = json_object(), *expected = json_pack("{s:i, s:i}", "a", 5, "b", 1);

	json_add(json, "a", 2);
	json_add(json, "b", 1);
	json_add(json, "a", 3);
	ok(json_equal(json, expected), "numbers of one key are added up");
	json_decref(json);
	json_decref(expected);
}

int main(void)
{
	test_added();
	test_bytes();
	test_json();
	test_table();
	test_hostile();
	return tap_end();
}
