/* SPDX-License-Identifier: MIT */
/* What evring verify says of a ledger: it claims no more than was proven. */
#include "../harness/tap.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING	"0123456789abcdef0123456789abcdef/89abcdef0123456789abcdef01234567/bulk/0"

struct outcome {
	int status;
	char text[1 << 16];
};

static struct outcome result;

static void begin(struct verify *v)
{
	*v = (struct verify){
		.ledger = ledger_new(), .hosts = json_object(), .emptied = json_array(),
		.complete = true,
	};
}

static void deliver(struct verify *v, unsigned int partition, uint64_t seq)
{
	const struct posting posting = {
		.ring = RING, .partition = partition, .seq = seq, .count = 1,
	};

	ledger_add(v->ledger, &posting);
}

/* The text, or JSON, up to what @result holds of it */
static void report(const struct verify *v, bool json)
{
	int out = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	ssize_t n;

	fflush(stdout);
	if (!file || dup2(fileno(file), STDOUT_FILENO) < 0)
		exit(1);
	result.status = verify_report(v, json);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	n = pread(fileno(file), result.text, sizeof(result.text) - 1, 0);
	result.text[n > 0 ? n : 0] = '\0';
	fclose(file);
}

static void end(struct verify *v)
{
	ledger_free(v->ledger);
	json_decref(v->hosts);
	json_decref(v->emptied);
	json_decref(v->latest);
}

static bool says(const char *what)
{
	return check(strstr(result.text, what), "does not say '%s': %s", what, result.text);
}

static void test_whole(void)
{
	struct verify v;

	begin(&v);
	deliver(&v, 0, 0);
	deliver(&v, 0, 1);
	report(&v, false);
	CHECK(!result.status && !strstr(result.text, "PROVEN FROM"));
	says("all is accounted for, from each ring's FIRST to its LAST.");
	end(&v);
}

static void test_proven(void)
{
	struct verify v;

	begin(&v);
	ledger_cut(v.ledger, 1);
	deliver(&v, 0, 0);
	for (uint64_t seq = 7; seq < 10; seq++)
		deliver(&v, 1, seq);
	report(&v, false);
	CHECK(!result.status);
	says("FIRST  LAST  PROVEN FROM ");
	says(" 0     9            7 ");
	says("6 numbers are not known");
	says("from where each ring's proof begins (PROVEN FROM) to its LAST.");
	CHECK(!strstr(result.text, "FIRST to"));
	end(&v);
}

/* Of all that is known, one event is behind the beginning of the proof: no gap could be seen. */
static void test_begins_last(void)
{
	struct verify v;

	begin(&v);
	ledger_cut(v.ledger, 1);
	deliver(&v, 0, 0);
	deliver(&v, 1, 7);
	report(&v, false);
	CHECK(result.status == 2);
	says("so nothing is proven.\n");
	says("0 missing, as far as could be read: that is no proof.");
	deliver(&v, 1, 8);
	report(&v, false);
	CHECK(!result.status && !strstr(result.text, "so nothing is proven"));
	end(&v);
}

/* A topic begins after the time that was asked for, and so does the ring: all before is unknown. */
static void test_short(void)
{
	const struct posting early = { .ring = RING, .seq = 6, .count = 1, .early = true };
	struct verify v;

	begin(&v);
	ledger_cut(v.ledger, 0);
	for (uint64_t seq = 7; seq < 10; seq++)
		deliver(&v, 0, seq);
	v.asked = true;
	report(&v, false);
	CHECK(!result.status);
	v.is_short = true;
	report(&v, false);
	CHECK(result.status == 2);
	says("rings of which the number before FIRST is not known, too (1)");
	report(&v, true);
	says("\"short_rings\":1,");
	ledger_add(v.ledger, &early);
	report(&v, true);
	CHECK(!result.status);
	says("\"short_rings\":0,");
	end(&v);
}

/* Who asks for a time does not hear that all is well, if some of what came since is not known. */
static void test_asked(void)
{
	struct verify v;

	begin(&v);
	ledger_cut(v.ledger, 1);
	deliver(&v, 0, 0);
	deliver(&v, 1, 7);
	deliver(&v, 1, 8);
	v.latest = json_pack("{s:s, s:i, s:s}", "topic", "host.a", "partition", 3, "time",
			     "2026-11-22T13:05:10Z");
	report(&v, false);
	CHECK(!result.status);
	says("6 numbers are not known, from before all topics begin: retention has deleted what was "
	     "there. The last to begin is host.a [3], at 2026-11-22T13:05:10Z.\n");
	report(&v, true);
	says("\"last_to_begin\":{\"topic\":\"host.a\",\"partition\":3,"
	     "\"time\":\"2026-11-22T13:05:10Z\"}");
	v.asked = true;
	report(&v, false);
	CHECK(result.status == 2);
	says("0 missing, as far as could be read: that is no proof.");
	report(&v, true);
	CHECK(result.status == 2);
	says("\"verdict\":\"unknown\"");
	for (uint64_t seq = 1; seq < 7; seq++)
		deliver(&v, 0, seq);
	report(&v, false);
	CHECK(!result.status && !strstr(result.text, "host.a"));
	end(&v);
}

/* What cannot be read can be what is missing, but not what is contradictory. */
static void test_unread(void)
{
	struct posting lost = { .ring = RING, .seq = 0, .count = 1, .account = ACCOUNT_LOST };
	struct verify v;

	begin(&v);
	deliver(&v, 0, 0);
	deliver(&v, 0, 2);
	report(&v, true);
	CHECK(result.status == 1);
	says("\"verdict\":\"missing\"");
	v.rest.unread = 1;
	report(&v, true);
	CHECK(result.status == 2);
	says("\"verdict\":\"unknown\"");
	says("\"missing\":1,");
	report(&v, false);
	CHECK(result.status == 2);
	says("1 missing, as far as could be read: that is no proof.");
	ledger_add(v.ledger, &lost);
	report(&v, false);
	CHECK(result.status == 1);
	end(&v);
}

static void test_emptied(void)
{
	struct verify v;

	begin(&v);
	json_array_append_new(v.emptied, json_pack("{s:s, s:i}", "topic", "host.a", "partition", 3));
	ledger_doubt(v.ledger);
	deliver(&v, 0, 0);
	report(&v, false);
	CHECK(!result.status && !strstr(result.text, "host.a"));
	deliver(&v, 0, 2);
	report(&v, false);
	CHECK(result.status == 2);
	says("1 numbers are neither delivered nor declared, and may have been in what retention has "
	     "emptied: host.a [3]\n");
	report(&v, true);
	says("\"verdict\":\"unknown\"");
	says("\"undecided\":1,");
	says("\"emptied_partitions\":[{\"topic\":\"host.a\",\"partition\":3}]");
	end(&v);
}

static void test_many(void)
{
	struct verify v;

	begin(&v);
	for (uint64_t seq = 0; seq <= 30; seq += 2)
		deliver(&v, 0, seq);
	report(&v, false);
	says("  and 5 more stretches, which --json lists\n");
	for (uint64_t seq = 0; seq <= 24000; seq += 2)
		deliver(&v, 0, seq);
	report(&v, false);
	says("  and 11990 more stretches; --json lists the first 10000 of all\n");
	end(&v);
}

int main(void)
{
	test_case(test_whole, "all of each ring, where nothing is cut");
	test_case(test_proven, "where the proof begins later than the ring, it says so");
	test_case(test_asked, "... which is no proof of the time that was asked for");
	test_case(test_short, "... nor is it where nothing reaches back to that time");
	test_case(test_begins_last, "a proof of nothing is none");
	test_case(test_unread, "nothing is missing for sure, where something could not be read");
	test_case(test_emptied, "nor where retention has left nothing of a partition");
	test_case(test_many, "how many stretches --json lists");
	return tap_end();
}
