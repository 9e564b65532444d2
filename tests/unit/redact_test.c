/* SPDX-License-Identifier: MIT */
/*
 * Redaction: the secrets that rules leave out of a text, the errors of wrong rules, the
 * blocks that are refused.
 */
#include "../harness/filter_sample.h"
#include "../harness/tap.h"

#include <errno.h>
#include <stdio.h>

#include "../../kmod/redact/redact.h"

static struct evring_type *type;

#define OUT_MAX	(2 * SAMPLE_TAIL)

/* NULs as '|', so that lists can be written down */
static size_t texts_of(const char *list, char *to)
{
	size_t len = strlen(list);

	for (size_t i = 0; i < len; i++)
		to[i] = list[i] == '|' ? '\0' : list[i];
	return len;
}

static struct evring_rules *rules_of(const char *const *lines, size_t nr)
{
	struct evring_rules *rules = NULL;
	struct evring_filter_error error;

	if (evring_rules_new(&rules, type))
		abort();
	for (size_t i = 0; i < nr; i++)
		if (evring_rules_add(rules, lines[i], &error)) {
			printf("# %s\n# column %u: %s\n", lines[i], error.column, error.text);
			abort();
		}
	return rules;
}

static void find_in(const struct evring_redaction *block, const struct evring_redact_event *event,
		    struct evring_cuts *cuts)
{
	struct evring_redact_index index;

	evring_redact_index(block, &index);
	evring_redact_find(block, &index, event, cuts);
}

/* The rest of a field, with '|' for NULs; the payload in @e is replaced. */
static const char *left_of(struct evring_rules *rules, struct sample_event *e, const char *name,
			   struct evring_event *event)
{
	static char payload[sizeof(struct sample) + OUT_MAX], text[OUT_MAX + 1];
	const struct evring_field *field = evring_field(type, name);
	const char *s;
	ssize_t len;
	size_t n;

	*event = (struct evring_event){
		.rec = &e->rec, .payload = &e->fixed, .payload_len = e->len, .type = type,
	};
	e->rec.type = EVRING_TYPE_FIRST;
	e->rec.flags = 0;
	len = evring_rules_apply(rules, event, payload, sizeof(payload));
	if (len < 0)
		abort();
	if (len) {
		e->rec.flags = EVRING_REC_REDACTED;
		event->payload = payload;
		event->payload_len = (uint32_t)len;
	}
	if (evring_get_string(event, field, &s, &n))
		abort();
	for (size_t i = 0; i < n; i++)
		text[i] = s[i] ? s[i] : '|';
	text[n] = '\0';
	return text;
}

static const char *apply(const char *line, const char *list)
{
	struct evring_rules *rules = rules_of(&line, 1);
	struct sample_event e = { .len = 0 };
	struct evring_event event;
	char texts[SAMPLE_TAIL];
	const char *left;

	sample_put(&e, &e.fixed.path, "/usr/bin/mysql", 14);
	sample_put(&e, &e.fixed.argv, texts, texts_of(list, texts));
	sample_put(&e, &e.fixed.blob, "behind", 6);
	left = left_of(rules, &e, "argv", &event);
	evring_rules_free(rules);
	return left;
}

#define ARGV	"file.open.argv: "
#define MARK	EVRING_REDACTED_MARK

#define LONG50	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG	LONG50 LONG50 LONG50 LONG50

static const struct {
	const char *rule, *list, *left;
} cases[] = {
	/* Options */
	{ "after --password", "a|--password|hunter2|b", "a|--password|" MARK "|b" },
	{ "after --password", "a|--password=hunter2|b", "a|--password=" MARK "|b" },
	{ "after --password", "a|--password", "a|--password" },
	{ "after --password", "a|--password|", "a|--password|" },
	{ "after --password", "a|--password=|b", "a|--password=|b" },
	{ "after --password", "--password|--password|x|y", "--password|" MARK "|" MARK "|y" },
	{ "after --password", "--passwords|x|-password|y|--Password|z",
	  "--passwords|x|-password|y|--Password|z" },
	{ "after --password", "--password|two words", "--password|" MARK },
	{ "after --*password", "--db-password|x|--password|y", "--db-password|" MARK "|--password|" MARK },
	{ "after -p, after -q", "-p|1|-q|2|-r|3", "-p|" MARK "|-q|" MARK "|-r|3" },
	/* ... in a script, or a list in a document */
	{ "after --password", "sh|-c|x --password hunter2 y", "sh|-c|x --password " MARK " y" },
	{ "after --password", "x --password 'a b' y", "x --password " MARK " y" },
	{ "after --password", "x --password \"a\\\"b c\" y", "x --password " MARK " y" },
	{ "after --password", "x --password=a'b c'd; y", "x --password=" MARK "; y" },
	{ "after --password", "x --password 'never ends", "x --password " MARK },
	{ "after --password", "x --password", "x --password" },
	{ "after --password", "x --password a\\&b\\ c d", "x --password " MARK " d" },
	{ "*password=", "cd x; PASSWORD=hun\\ ter2 run", "cd x; PASSWORD=" MARK " run" },
	{ "after -?u, after -??u", "curl|-su|me:pw|-sSu|me:pw|-s|u|--u|x", "curl|-su|" MARK "|-sSu|"
	  MARK "|-s|u|--u|" MARK },
	{ "after --password", "[\"--password\",\"hunter2\",\"b\"]",
	  "[\"--password\"," MARK ",\"b\"]" },
	/* Prefixes */
	{ "-p*", "mysql|-phunter2|-p|db", "mysql|-p" MARK "|-p|db" },
	{ "-p*", "mysql|-phunter2 with blanks", "mysql|-p" MARK },
	{ "-p*", "mysql -phunter2 db", "mysql -p" MARK " db" },
	{ "-p*", "mysql -p'hunter 2' db|mysql -p\"hunter2\"|mysql -p\\\"a b\\\" c",
	  "mysql -p" MARK " db|mysql -p" MARK "|mysql -p" MARK " c" },
	{ "-p*, *password*=", "ssh h \"mysql -u r -p\"; DB_PASSWORD=\"abc def\" run",
	  "ssh h \"mysql -u r -p" MARK " run" },
	{ "-p*, *password*=", "'mysql -p' ; DB_PASSWORD='abc def' run", "'mysql -p" MARK " run" },
	{ "after --password, *password*=", "\"x --password\"; DB_PASSWORD=\"abc def\" run",
	  "\"x --password" MARK " run" },
	{ "-p*", "[\"mysql\",\"-p\",\"db\"]|'-p' 'db'|-p", "[\"mysql\",\"-p\",\"db\"]|'-p' 'db'|-p" },
	{ "ghp_*, eyJ*", "ghp_abc|eyJabc|eyj|ghp_", "ghp_" MARK "|eyJ" MARK "|eyj|ghp_" },
	/* ... behind the first '=', where an option does not begin */
	{ "ghp_*", "--auth=ghp_abc|GH=ghp_abc|=ghp_abc|A=B=ghp_abc",
	  "--auth=ghp_" MARK "|GH=ghp_" MARK "|=ghp_" MARK "|A=B=ghp_abc" },
	{ "ghp_*", "GH=ghp_abc run|echo a=ghp_abc; run", "GH=ghp_" MARK "|echo a=ghp_" MARK "; run" },
	{ "-p*", "CFLAGS=-pg|-pg", "CFLAGS=-pg|-p" MARK },
	/* ... and the user of a URL */
	{ "ghp_*, glpat-*", "https://ghp_abc@github.com/o/r|https://glpat-abc@gitlab.com/x",
	  "https://ghp_" MARK "@github.com/o/r|https://glpat-" MARK "@gitlab.com/x" },
	{ "ghp_*", "bash|-c|curl 'https://ghp_abc@github.com' x",
	  "bash|-c|curl 'https://ghp_" MARK "@github.com' x" },
	{ "ghp_*", "git+https://ghp_a:x@h|ghp://a/x://ghp_a@h",
	  "git+https://ghp_" MARK "@h|ghp://a/x://ghp_" MARK "@h" },
	{ "ghp_*", "https://ghp_a/b@c|https://ghp_a b@c|https://ghp_@c|https:/ghp_a@c|https://ghp_a",
	  "https://ghp_a/b@c|https://ghp_a b@c|https://ghp_@c|https:/ghp_a@c|https://ghp_a" },
	/* Names */
	{ "AWS_SECRET*=", "AWS_SECRET_ACCESS_KEY=abc|AWS_REGION=eu",
	  "AWS_SECRET_ACCESS_KEY=" MARK "|AWS_REGION=eu" },
	{ "AWS_SECRET*=\xe2\x80\xa6", "aws_secret=a=b c", "aws_secret=" MARK },
	{ "AWS_SECRET*=...", "aws_secret=a", "aws_secret=" MARK },
	{ "*password*=", "DB_PASSWORD_1=x|PASS=y", "DB_PASSWORD_1=" MARK "|PASS=y" },
	{ "*password=", "sh|-c|A=1 PASSWORD=hunter2 run", "sh|-c|A=1 PASSWORD=" MARK " run" },
	{ "*password=", "export PASSWORD='a b'; run", "export PASSWORD=" MARK "; run" },
	{ "*password=", "https://x/?user=a&password=b&c=d", "https://x/?user=a&password=" MARK "&c=d" },
	{ "*password=", "{\"user\":\"a\",\"password\":\"b c\",\"d\":1}",
	  "{\"user\":\"a\",\"password\":" MARK ",\"d\":1}" },
	{ "*password=", "{\\\"password\\\": \\\"b c\\\", 1}", "{\\\"password\\\": \\" MARK ", 1}" },
	{ "*password=", "user: a\npassword: b\n", "user: a\npassword: " MARK "\n" },
	{ "*password=", "x, password:b, c", "x, password:" MARK " c" },
	{ "*password=", "password|=x|=", "password|=x|=" },
	{ "*password=", LONG "_password=x|" LONG "_password|x:" LONG, LONG "_password=" MARK "|"
	  LONG "_password|x:" LONG },
	/* Headers */
	{ "header authorization", "-H|Authorization: Bearer abc", "-H|Authorization: " MARK },
	{ "header authorization:", "-HAUTHORIZATION:abc", "-HAUTHORIZATION:" MARK },
	{ "header authorization", "curl -H \"Authorization: Bearer abc\" http://x",
	  "curl -H \"Authorization: " MARK "\" http://x" },
	{ "header authorization", "authorization nothing", "authorization nothing" },
	{ "header cookie", "A: b\r\nCookie: c=d; e=f\r\nG: h", "A: b\r\nCookie: " MARK "\r\nG: h" },
	/* URLs */
	{ "url", "https://user:pass@host/x", "https://user:" MARK "@host/x" },
	{ "url", "https://user@host:80/x", "https://user@host:80/x" },
	{ "url", "http://host:80/a@b", "http://host:80/a@b" },
	{ "url", "http://host/a:b@c", "http://host/a:b@c" },
	{ "url", "x=postgres://u:p@ss@host/d", "x=postgres://u:" MARK "@host/d" },
	{ "url", "postgres://u:p/ss@host/d", "postgres://u:" MARK "@host/d" },
	{ "url", "x://u:it's@h/d|x://u:a\"b'c@h", "x://u:" MARK "@h/d|x://u:" MARK "@h" },
	{ "url", "'http://h:80' -u 'x@y'|{\"url\":\"http://h:80\",\"mail\":\"x@y\"}",
	  "'http://h:80' -u 'x@y'|{\"url\":\"http://h:80\",\"mail\":\"x@y\"}" },
	{ "url", "redis://:pass@host", "redis://:" MARK "@host" },
	{ "url", "a://b:c@d e://f:g@h", "a://b:" MARK "@d e://f:" MARK "@h" },
	{ "url", "https://user:@host", "https://user:@host" },
	{ "url", "://:@|:|:/|a:b@c", "://:@|:|:/|a:b@c" },
	{ "all", "a|b c|d", MARK "|" MARK "|" MARK },
	/* Several in one, and conditions */
	{ "after --password; -p*, *secret*=, url", "--password|a|-pb|SECRET=c|x://d:e@f|g",
	  "--password|" MARK "|-p" MARK "|SECRET=" MARK "|x://d:" MARK "@f|g" },
	{ "-p* if path contains \"mysql\"", "-px", "-p" MARK },
	{ "-p* if path contains \"curl\"", "-px", "-px" },
	{ "-p* if argv[0] == \"sh\" && path contains \"mysql\"", "sh|-px", "sh|-p" MARK },
	{ "\"a b*\"", "a bc", "a b" MARK },
};

static void rules_do_as_they_say(void)
{
	char line[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *left;

		snprintf(line, sizeof(line), ARGV "%s", cases[i].rule);
		left = apply(line, cases[i].list);
		check(!strcmp(left, cases[i].left), "%s: %s: '%s', not '%s'", cases[i].rule,
		      cases[i].list, left, cases[i].left);
	}
}

static void other_fields_stay_and_the_event_says_which_did_not(void)
{
	static const char *const lines[] = { ARGV "after -p", "file.open.path: /etc/*" };
	struct evring_rules *rules = rules_of(lines, 2);
	struct sample_event e = { .fixed.uid = 42 };
	struct evring_event event;
	const char *s;
	size_t n;

	sample_put(&e, &e.fixed.path, "/etc/shadow", 11);
	sample_put(&e, &e.fixed.argv, "cat\0-p\0secret", 13);
	sample_put(&e, &e.fixed.blob, "\0\xff\n", 3);
	CHECK(!strcmp(left_of(rules, &e, "argv", &event), "cat|-p|" MARK));
	CHECK(!evring_get_string(&event, evring_field(type, "path"), &s, &n) && n == 15 &&
	      !memcmp(s, "/etc/" MARK, n));
	CHECK(!evring_get_string(&event, evring_field(type, "blob"), &s, &n) && n == 3 &&
	      !memcmp(s, "\0\xff\n", 3));
	CHECK(evring_field_redacted(&event, evring_field(type, "argv")));
	CHECK(evring_field_redacted(&event, evring_field(type, "path")));
	CHECK(!evring_field_redacted(&event, evring_field(type, "blob")));
	CHECK(evring_redacted(&event) == (1ULL << 20 | 1ULL << 21));
	CHECK(!memmem(event.payload, event.payload_len, "secret", 6));

	e.len = 0;
	sample_put(&e, &e.fixed.path, "/usr", 4);
	sample_put(&e, &e.fixed.argv, "cat", 3);
	CHECK(!strcmp(left_of(rules, &e, "argv", &event), "cat"));
	CHECK(!evring_redacted(&event));
	evring_rules_free(rules);
}

static void texts_that_share_bytes_share_the_mark(void)
{
	static const char *const lines[] = { ARGV "after -p" };
	struct evring_rules *rules = rules_of(lines, 1);
	struct sample_event e = { .len = 0 };
	struct evring_event event;
	const char *s;
	size_t n;

	sample_put(&e, &e.fixed.argv, "-p\0secret\0x", 11);
	/* "cret", and "secret\0x" from its middle on */
	e.fixed.path = (struct evring_str){ e.fixed.argv.offset + 5u, 4 };
	e.fixed.blob = (struct evring_str){ e.fixed.argv.offset + 6u, 5 };
	CHECK(!strcmp(left_of(rules, &e, "argv", &event), "-p|" MARK "|x"));
	CHECK(!evring_get_string(&event, evring_field(type, "path"), &s, &n) && n == 10 &&
	      !memcmp(s, MARK, n));
	CHECK(!evring_get_string(&event, evring_field(type, "blob"), &s, &n) && n == 12 &&
	      !memcmp(s, MARK "\0x", n));
	CHECK(evring_field_redacted(&event, evring_field(type, "path")));
	evring_rules_free(rules);
}

/* More secrets than can be kept apart: the text between some of them goes, too. */
static void of_many_secrets_none_stays(void)
{
	static const char *const lines[] = { ARGV "after -p" };
	struct evring_rules *rules = rules_of(lines, 1);
	struct sample_event e = { .len = 0 };
	struct evring_event event;
	char texts[SAMPLE_TAIL];
	size_t len = 0;

	for (unsigned int i = 0; i < 400; i++)
		len += (size_t)sprintf(texts + len, "-p%csecret%u%c", 0, i, 0);
	sample_put(&e, &e.fixed.argv, texts, len);
	left_of(rules, &e, "argv", &event);
	CHECK(!memmem(event.payload, event.payload_len, "secret", 6));
	CHECK(evring_field_redacted(&event, evring_field(type, "argv")));
	evring_rules_free(rules);
}

/* One text that is as long as an event can have is no reason to hide it. */
static void what_is_just_long_stays(void)
{
	static const char *const lines[] = {
		ARGV "after -*password, after -*token, *password*=, *secret*=, *token=, *_token_*=",
		ARGV "header authorization, header cookie, url, ghp_*, *credential*=, *_pwd=",
	};
	static const char letters[] = "yA-_/+:, ";
	struct evring_rules *rules = rules_of(lines, 2);
	const struct evring_redaction *block = evring_rules_block(rules);
	struct evring_cuts cuts;
	char texts[SAMPLE_TAIL];

	for (unsigned int i = 0; i < sizeof(letters) - 1; i++) {
		struct sample_event e = { .len = 0 };
		struct evring_redact_event event = {
			.rec = &e.rec, .payload = &e.fixed, .data_size = type->size,
		};

		memset(texts, letters[i], sizeof(texts));
		sample_put(&e, &e.fixed.argv, texts, sizeof(texts));
		event.len = e.len;
		find_in(block, &event, &cuts);
		check(!cuts.hidden && !cuts.nr, "'%c': %u cuts", letters[i], cuts.nr);
	}
	evring_rules_free(rules);
}

/* Patterns that go back as often as can be, over a text that lets them */
static void what_is_too_much_work_is_left_out(void)
{
	static const char *const lines[] = {
		ARGV "*a*a*b*=, *a*ab*=, *aa*b*=, *aaa*b*=, *aaaa*b*=, *aaaaa*b*=, *a*c*=, *a*d*=",
	};
	struct evring_rules *rules = rules_of(lines, 1);
	struct sample_event e = { .len = 0 };
	const struct evring_redaction *block = evring_rules_block(rules);
	struct evring_redact_event event = { .rec = &e.rec, .payload = &e.fixed,
					     .data_size = type->size };
	struct evring_cuts cuts;
	char texts[SAMPLE_TAIL];

	for (unsigned int i = 0; i < sizeof(texts); i++)
		texts[i] = i % 64 == 63 ? '\0' : i % 64 == 62 ? '=' : 'a';
	sample_put(&e, &e.fixed.argv, texts, sizeof(texts));
	event.len = e.len;
	find_in(block, &event, &cuts);
	CHECK(cuts.hidden && cuts.nr == 1);
	/* All up to the end is hidden; the text that was searched before stays. */
	CHECK(cuts.cut[0].to == e.len && cuts.cut[0].from > e.fixed.argv.offset);
	evring_rules_free(rules);
}

/*
 * Edges
 */

/* The lead with its NULs as '|'; where a '^' is in it, bytes are missing. */
static void edge_case(const char *rule, const char *lead, const char *list, bool open,
		      const char *left)
{
	const char *gap = strchr(lead, '^');
	struct evring_rules *rules = rules_of(&rule, 1);
	struct sample_event e = { .len = 0 };
	struct evring_redact_event event = {
		.rec = &e.rec, .payload = &e.fixed, .data_size = type->size, .nr_edges = 1,
	};
	const struct evring_var vars[] = {
		{ 21, offsetof(struct sample, argv) }, { 23, offsetof(struct sample, blob) },
	};
	char both[2048], out[4096] = "";
	struct evring_cuts cuts;
	struct evring_str str;
	size_t lead_len = texts_of(lead, both), len;

	if (gap)
		memmove(both + (gap - lead), both + (gap - lead) + 1,
			lead_len-- - (size_t)(gap - lead) - 1);
	len = texts_of(list, both + lead_len);
	sample_put(&e, &e.fixed.argv, both + lead_len, len);
	sample_put(&e, &e.fixed.blob, "behind", 6);
	event.len = e.len;
	event.edges[0] = (struct evring_edge){
		.text = both, .offset = offsetof(struct sample, argv), .lead = (uint16_t)lead_len,
		.gap = (uint16_t)(gap ? gap - lead : 0), .open = open,
	};
	find_in(evring_rules_block(rules), &event, &cuts);
	evring_redact_copy(out, &event, &cuts, EVRING_MARK_LEN, vars, 2);
	memcpy(&str, out + offsetof(struct sample, argv), sizeof(str));
	for (unsigned int i = 0; i < str.len; i++)
		if (!out[str.offset + i])
			out[str.offset + i] = '|';
	check(str.len == strlen(left) && !memcmp(out + str.offset, left, str.len),
	      "%s: %s + %s: '%.*s', not '%s'", rule, lead, list, str.len, out + str.offset, left);
	memcpy(&str, out + offsetof(struct sample, blob), sizeof(str));
	CHECK(str.len == 6 && !memcmp(out + str.offset, "behind", 6));
	evring_rules_free(rules);
}

static void what_was_before_a_text_tells_how_it_begins(void)
{
	edge_case(ARGV "after --password", "x|--password|", "hunter2|b", false, MARK "|b");
	edge_case(ARGV "after --password", "x|--password|hun", "ter2|b", false, MARK "|b");
	edge_case(ARGV "after --password", "x|--pass", "word|hunter2", false, "word|" MARK);
	edge_case(ARGV "after --password", "x|--password=hun", "ter2|b", false, MARK "|b");
	edge_case(ARGV "after --password", "--password|x|y", "z|b", false, "z|b");
	edge_case(ARGV "-p*", "-phun", "ter2", false, MARK);
	edge_case(ARGV "secret=", "SEC", "RET=x|y", false, "RET=" MARK "|y");
	edge_case(ARGV "url", "https://user:pa", "ss@host", false, MARK "@host");
	edge_case(ARGV "url", "https://user:pass@ho", "st:80", false, "st:80");
	edge_case(ARGV "header authorization", "Authori", "zation: x", false, "zation: " MARK);
}

/* The argument that is cut is long: some of it is in neither the event nor the lead. */
static void what_is_behind_a_gap_may_be_a_secret(void)
{
	/* The sign before the gap, in it, across either end of it */
	edge_case(ARGV "TOKEN=", "sh|-c|export TOKEN=aaa^" LONG, "ccc; ./deploy|b", false,
		  MARK " ./deploy|b");
	edge_case(ARGV "TOKEN=", "sh|-c|echo aa; e^" LONG, "ccc; ./deploy|b", false,
		  MARK " ./deploy|b");
	edge_case(ARGV "after --token", "sh|-c|x --tok^" LONG, "ccc ./deploy", false,
		  MARK " ./deploy");
	edge_case(ARGV "after --token", "sh|-c|x --to^ken", " secret ./deploy", false,
		  MARK " ./deploy");
	edge_case(ARGV "token=", "{\"a\":1,\"to^ken\" :", " \"a b\", \"c\"}", false,
		  MARK ", \"c\"}");
	/* In quotes, which began in the gap */
	edge_case(ARGV "TOKEN=", "sh|-c|x^" LONG, "b cc c' ./deploy 'x'|b", false,
		  MARK " ./deploy 'x'|b");
	edge_case(ARGV "TOKEN=", "sh|-c|x^b \"b", "b cc 'c\" d", false, MARK);
	edge_case(ARGV "TOKEN=", "sh|-c|x^\"" LONG, "b\\\" cc\"dd e", false, MARK " e");
	edge_case(ARGV "TOKEN=", "sh|-c|x=\"y^" LONG "\\", "\" cc\"dd e", false, MARK " e");
	/* A header, and a URL's password */
	edge_case(ARGV "header cookie", "x^a=b;", " c=d; e=f\nA: b c", false, MARK "\nA: b c");
	edge_case(ARGV "url", "x^" LONG, "b&c;d@host x", false, MARK " x");
	/* Where a value ends in the lead already, or in the field, the others stay. */
	edge_case(ARGV "TOKEN=", "sh|-c|x^bbb --verbose rest", "of it", false, "of it");
	edge_case(ARGV "TOKEN=", "sh|-c|x^bbb|TOKEN=", "b c|d", false, MARK "|d");
	edge_case(ARGV "TOKEN=", "sh|-c|x^bbb", "|c d|e", false, "|c d|e");
	/* The text behind a gap is a word, which may be a sign. */
	edge_case(ARGV "after --token", "sh|-c|xxx^--token", " a b c", false, MARK " b c");
	edge_case(ARGV "after --token", "sh|-c|xxx^" LONG, " --token b c", false,
		  " --token " MARK " c");
	/* Of a whole argument that is a secret nothing stays. */
	edge_case(ARGV "after --token", "x|--token|aaa^bbb", "ccc 'ddd|e", false, MARK "|e");
	edge_case(ARGV "TOKEN=", "x|TOKEN=aaa^bbb", "ccc 'ddd|e", false, MARK "|e");
}

static void what_a_text_lacks_may_have_been_the_sign_of_a_secret(void)
{
	edge_case(ARGV "url", "", "https://user:pass", false, "https://user:pass");
	edge_case(ARGV "url", "", "https://user:pass", true, "https://user:" MARK);
	edge_case(ARGV "ghp_*", "", "https://ghp_abc", true, "https://ghp_" MARK);
	edge_case(ARGV "ghp_*", "", "https://ghp_abc|x", true, "https://ghp_abc|x");
	edge_case(ARGV "url", "", "https://user:pass|x", true, "https://user:pass|x");
	edge_case(ARGV "url", "", "https://host:80/pass", true, "https://host:80/pass");
	edge_case(ARGV "after --password", "", "x|--password", true, "x|--password");
}

/*
 * Mistakes
 */

static const struct {
	const char *line;
	unsigned int column;
	const char *text;
} mistakes[] = {
	{ "", 1, "begins with a type and a field" },
	{ "argv: all", 1, "begins with a type and a field" },
	{ "process.exec.argv: all", 1, "another type than file.open" },
	{ "file.open.arg: all", 11, "did you mean 'argv'?" },
	{ "file.open.nothing: all", 11, "lists them" },
	{ "file.open.uid: all", 11, "no text of variable length" },
	{ "file.open.comm: all", 11, "no text of variable length" },
	{ "file.open.groups: all", 11, "no text of variable length" },
	{ "file.open.argv all", 16, "':' is expected" },
	{ "file.open.argv:", 16, "a rule is expected" },
	{ "file.open.argv: all,", 21, "a rule is expected" },
	{ "file.open.argv: , all", 17, "a rule is expected" },
	{ "file.open.argv: --password", 17, "did you mean 'after --password'" },
	{ "file.open.argv: password", 17, "is no rule" },
	{ "file.open.argv: after", 17, "is followed by a name" },
	{ "file.open.argv: after, all", 17, "is followed by a name" },
	{ "file.open.argv: after --a=", 23, "has no '='" },
	{ "file.open.argv: -*p*", 17, "a prefix is meant as it is" },
	{ "file.open.argv: a=b=", 17, "no '=' in it" },
	{ "file.open.argv: header a*", 24, "is no pattern" },
	{ "file.open.argv: *", 17, "is no rule" },
	{ "file.open.argv: =", 17, "is no rule" },
	{ "file.open.argv: all url", 21, "'if' or the end is expected" },
	{ "file.open.argv: 'all", 17, "does not end" },
	{ "file.open.argv: all\nx", 20, "one line" },
	{ "file.open.argv: all if", 23, "there is no expression" },
	{ "file.open.argv: all if uidd == 0", 24, "did you mean 'uid'?" },
	{ "file.open.argv: all if uid == 0 &&", 35, "a field is expected" },
};

static void mistakes_are_told_where_they_are(void)
{
	struct evring_filter_error error;
	struct evring_rules *rules;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		rules = rules_of(NULL, 0);
		check(evring_rules_add(rules, mistakes[i].line, &error) == -EINVAL &&
		      error.column == mistakes[i].column && strstr(error.text, mistakes[i].text),
		      "'%s': column %u: %s", mistakes[i].line, error.column, error.text);
		CHECK(!evring_rules_block(rules));
		evring_rules_free(rules);
	}
}

static void there_are_so_many_rules_and_no_more(void)
{
	struct evring_rules *rules = rules_of(NULL, 0);
	int ret = 0, nr;

	for (nr = 0; !ret && nr < 1000; nr++)
		ret = evring_rules_add(rules, ARGV "all", NULL);
	CHECK(ret == -E2BIG && nr - 1 == EVRING_REDACT_RULES_MAX);
	evring_rules_free(rules);
}

/* A reader lets go of a type when the kernel has another one by its name. */
static void rules_hold_their_type(void)
{
	static const char *const line = ARGV "after --password";
	struct evring_type *kept = type, *gone = sample_type();
	struct sample_event e = { .len = 0 };
	struct evring_filter_error error;
	struct evring_rules *rules;
	struct evring_event event;

	type = gone;
	rules = rules_of(&line, 1);
	type = kept;
	evring_type_free(gone);
	CHECK(!evring_rules_add(rules, ARGV "-p* if uid == 0", &error));
	CHECK(evring_rules_add(rules, "file.open.arg: all", &error) == -EINVAL &&
	      strstr(error.text, "did you mean 'argv'?"));
	sample_put(&e, &e.fixed.argv, "--password\0x\0-py", 16);
	CHECK(!strcmp(left_of(rules, &e, "argv", &event), "--password|" MARK "|-p" MARK));
	evring_rules_free(rules);
}

/*
 * Blocks
 */

static const char *const all_lines[] = {
	ARGV "after --password, after -t, -p*, *secret*=, header x, url",
	"file.open.path: all if uid == 0 || argv ~ \"*x*\"",
	ARGV "-q* if path contains \"mysql\"",
};

/* Verify a copy with one change, in memory of just that length */
static int verify_with(const struct evring_redaction *block, size_t at, const void *bytes,
		       size_t len, size_t block_len)
{
	char *copy = malloc(block_len);
	int ret;

	memcpy(copy, block, block_len < block->len ? block_len : block->len);
	if (block_len > block->len)
		memset(copy + block->len, 0, block_len - block->len);
	if (at + len <= block_len)
		memcpy(copy + at, bytes, len);
	ret = evring_redaction_verify(copy, block_len, type->block);
	free(copy);
	return ret;
}

#define WITH(_at, _type, _value, _ret) do {						\
	_type value_ = (_value);							\
	int ret_ = verify_with(block, _at, &value_, sizeof(value_), block->len);	\
											\
	check(ret_ == (_ret), "line %d: %d", __LINE__, ret_);				\
} while (0)

#define RULE(_i, _member) (block->rules.offset + (_i) * sizeof(struct evring_redact_rule) + \
			   offsetof(struct evring_redact_rule, _member))
#define HEAD(_member) offsetof(struct evring_redaction, _member)

static void blocks_that_lie_are_refused(void)
{
	struct evring_rules *rules = rules_of(all_lines, 3);
	const struct evring_redaction *block = evring_rules_block(rules);
	uint32_t last = block->rules.count - 1;

	CHECK(!verify_with(block, 0, "", 0, block->len));
	CHECK(verify_with(block, 0, "", 0, block->len - 8) == -EINVAL);
	CHECK(verify_with(block, 0, "", 0, block->len + 8) == -EINVAL);
	WITH(HEAD(magic), uint32_t, 1, -EINVAL);
	WITH(HEAD(len), uint32_t, block->len - 1, -EINVAL);
	WITH(HEAD(size), uint32_t, 8, -EINVAL);
	WITH(HEAD(size), uint32_t, block->len + 8, -EINVAL);
	WITH(HEAD(version), uint32_t, 9, -ESTALE);
	WITH(HEAD(rules.count), uint32_t, 0, -EINVAL);
	WITH(HEAD(rules.count), uint32_t, 4000, -E2BIG);
	WITH(HEAD(rules.offset), uint32_t, block->len, -EINVAL);
	WITH(HEAD(rules.offset), uint32_t, block->rules.offset + 4, -EINVAL);
	WITH(HEAD(rules.stride), uint32_t, 8, -EINVAL);
	WITH(HEAD(rules.reserved), uint32_t, 1, -EINVAL);
	WITH(HEAD(conds.count), uint32_t, 1, -EINVAL);
	WITH(HEAD(conds.count), uint32_t, 33, -E2BIG);
	WITH(HEAD(pool.count), uint32_t, block->len, -EINVAL);
	WITH(HEAD(pool.count), uint32_t, 9000, -E2BIG);
	WITH(HEAD(pool.offset), uint32_t, 0xfffffff0, -EINVAL);
	WITH(HEAD(text.count), uint32_t, 0, -EINVAL);
	WITH(block->text.offset, uint8_t, 0, -EINVAL);
	WITH(block->conds.offset, uint32_t, 3, -EINVAL);
	WITH(block->conds.offset, uint32_t, block->len, -EINVAL);
	WITH(block->conds.offset + 4, uint32_t, 8, -EINVAL);
	WITH(block->conds.offset + 4, uint32_t, 0xffffffff, -EINVAL);
	WITH(RULE(0, op), uint8_t, 6, -EINVAL);
	WITH(RULE(0, kind), uint16_t, EVRING_KIND_BYTES, -EINVAL);
	WITH(RULE(0, field), uint16_t, 26, -EINVAL);
	WITH(RULE(0, field), uint16_t, 0, -EINVAL);
	WITH(RULE(0, cond), uint16_t, 3, -EINVAL);
	WITH(RULE(0, count), uint16_t, 1, -EINVAL);	/* of "all" */
	WITH(RULE(0, offset), uint16_t, 0xffff, -EINVAL);
	WITH(RULE(1, first), uint8_t, 'x', -EINVAL);
	WITH(RULE(1, count), uint16_t, 0, -EINVAL);
	WITH(RULE(1, count), uint16_t, 0xffff, -EINVAL);
	WITH(RULE(1, pool), uint32_t, 0xffffffff, -EINVAL);
	WITH(RULE(last, offset), uint16_t, 0, -EINVAL);
	WITH(block->pool.offset, uint16_t, 0, -EINVAL);
	WITH(block->pool.offset, uint16_t, 0xffff, -EINVAL);
	evring_rules_free(rules);
}

/* With any byte changed: a block that is taken can be run. ASan looks on. */
static void blocks_that_are_taken_can_be_run(void)
{
	struct evring_rules *rules = rules_of(all_lines, 3);
	const struct evring_redaction *block = evring_rules_block(rules);
	char *copy = malloc(block->len);
	struct sample_event e = { .len = 0 };
	unsigned int taken = 0;
	struct evring_cuts cuts;

	sample_put(&e, &e.fixed.path, "/x", 2);
	sample_put(&e, &e.fixed.argv, "--password\0x\0-py\0secret=1 x:y a://b:c@d", 39);
	srand(1);
	for (unsigned int i = 0; i < 200000; i++) {
		struct evring_redact_event event = {
			.rec = &e.rec, .payload = &e.fixed, .len = e.len, .data_size = type->size,
		};

		memcpy(copy, block, block->len);
		for (int k = rand() % 3; k >= 0; k--)
			copy[(unsigned int)rand() % block->len] = (char)(rand() >> 8);
		if (evring_redaction_verify(copy, block->len, type->block))
			continue;
		taken++;
		find_in((void *)copy, &event, &cuts);
	}
	CHECK(taken > 100);
	free(copy);
	evring_rules_free(rules);
}

int main(void)
{
	type = sample_type();
	test_case(rules_do_as_they_say, "rules leave out what they say");
	test_case(other_fields_stay_and_the_event_says_which_did_not,
		  "other fields stay, and the event says which did not");
	test_case(texts_that_share_bytes_share_the_mark, "texts that share bytes share the mark");
	test_case(of_many_secrets_none_stays, "of many secrets none stays");
	test_case(what_is_just_long_stays, "what is just long stays");
	test_case(what_is_too_much_work_is_left_out, "what is too much work is left out");
	test_case(what_was_before_a_text_tells_how_it_begins,
		  "what was before a text tells how it begins");
	test_case(what_is_behind_a_gap_may_be_a_secret, "what is behind a gap may be a secret");
	test_case(what_a_text_lacks_may_have_been_the_sign_of_a_secret,
		  "what a text lacks may have been the sign of a secret");
	test_case(mistakes_are_told_where_they_are, "mistakes are told where they are");
	test_case(there_are_so_many_rules_and_no_more, "there are so many rules and no more");
	test_case(rules_hold_their_type, "rules hold the type that they are for");
	test_case(blocks_that_lie_are_refused, "blocks that lie are refused");
	test_case(blocks_that_are_taken_can_be_run, "blocks that are taken can be run");
	evring_type_free(type);
	return tap_end();
}
