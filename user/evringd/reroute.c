/* SPDX-License-Identifier: MIT */
/*
 * RegexRouter, TimestampRouter and Filter. Regular expressions and formats of times are
 * Java's, as Kafka Connect has them.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "transforming.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

/* An expression that takes long for a topic of at most 249 characters is wrong. */
#define PATTERN_MAX 1000
#define NEST_MAX 50
#define STEPS_MAX 100000
#define DEPTH_MAX 10000
#define HEAP_KIB_MAX 4096

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct pattern *pattern_new(const char *text, char *why, size_t len)
{
	pcre2_compile_context *context = must(pcre2_compile_context_create(NULL));
	struct pattern *pattern = xzalloc(sizeof(*pattern));
	PCRE2_SIZE at = 0;
	int code = 0;

	pcre2_set_max_pattern_length(context, PATTERN_MAX);
	pcre2_set_parens_nest_limit(context, NEST_MAX);
	pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
				      PCRE2_NEVER_UTF, &code, &at, context);
	pcre2_compile_context_free(context);
	if (!pattern->code) {
		PCRE2_UCHAR text_of[128] = "";

		pcre2_get_error_message(code, text_of, sizeof(text_of));
		snprintf(why, len, "is no regular expression, at byte %zu: %s", (size_t)at,
			 (const char *)text_of);
		free(pattern);
		return NULL;
	}
	pattern->data = must(pcre2_match_data_create_from_pattern(pattern->code, NULL));
	pattern->limits = must(pcre2_match_context_create(NULL));
	pcre2_set_match_limit(pattern->limits, STEPS_MAX);
	pcre2_set_depth_limit(pattern->limits, DEPTH_MAX);
	pcre2_set_heap_limit(pattern->limits, HEAP_KIB_MAX);
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_context_free(pattern->limits);
	pcre2_match_data_free(pattern->data);
	pcre2_code_free(pattern->code);
	free(pattern);
}

static int match(struct pattern *pattern, const char *text, size_t len, uint32_t options)
{
	int ret = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, options, pattern->data,
			      pattern->limits);

	if (ret == PCRE2_ERROR_NOMATCH)
		return 0;
	return ret < 0 ? -1 : 1;
}

int pattern_match(struct pattern *pattern, const char *text, size_t len)
{
	return match(pattern, text, len, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

/*
 * RegexRouter
 */

struct regex {
	struct pattern *pattern;
	char *replacement;
	uint32_t groups;
};

static const char *const regex_options[] = { "regex", "replacement", NULL };

/* The group behind a "$", as Java reads it: as many digits as make a group that there is. */
static int group_number(const struct regex *regex, const char **at)
{
	char name[40];
	size_t len;
	uint32_t n;

	if (**at == '{') {
		len = strcspn(*at, "}");
		if (!(*at)[len] || len > sizeof(name) - 1)
			return -1;
		snprintf(name, sizeof(name), "%.*s", (int)len - 1, *at + 1);
		*at += len + 1;
		return pcre2_substring_number_from_name(regex->pattern->code, (PCRE2_SPTR)name);
	}
	if (!isdigit((unsigned char)**at))
		return -1;
	n = (uint32_t)(*(*at)++ - '0');
	while (isdigit((unsigned char)**at) && n * 10 + (uint32_t)(**at - '0') <= regex->groups)
		n = n * 10 + (uint32_t)(*(*at)++ - '0');
	return n <= regex->groups ? (int)n : -1;
}

static bool put(char *to, size_t *used, const char *from, size_t len)
{
	if (len > TOPIC_MAX - *used)
		return false;
	memcpy(to + *used, from, len);
	*used += len;
	return true;
}

/* One part of the replacement. False: it is wrong, or becomes too long. */
static bool expand_one(const struct regex *regex, const char **at, const char *text, char *to,
		       size_t *used)
{
	const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(regex->pattern->data);
	int group;

	if (**at == '$') {
		++*at;
		group = group_number(regex, at);
		if (group < 0)
			return false;
		return !text || bounds[2 * group] == PCRE2_UNSET ||
		       put(to, used, text + bounds[2 * group],
			   bounds[2 * group + 1] - bounds[2 * group]);
	}
	if (**at == '\\' && !*++*at)
		return false;
	return put(to, used, (*at)++, 1);
}

/* In place of what was found at the beginning of @text. Without @text it is only checked. */
static bool expand(const struct regex *regex, const char *text, char *to, size_t *used)
{
	const char *at = regex->replacement;

	for (*used = 0; *at;)
		if (!expand_one(regex, &at, text, to, used))
			return false;
	return true;
}

static void regex_release(struct transform *t)
{
	struct regex *regex = t->own;

	if (!regex)
		return;
	pattern_free(regex->pattern);
	free(regex->replacement);
	free(regex);
}

static bool regex_parse(struct transform *t, const struct options *options)
{
	const char *text = option_needed(options, "regex");
	const char *replacement = option_needed(options, "replacement");
	char why[200], to[TOPIC_MAX + 1];
	struct regex *regex;
	size_t used;

	if (!text || !replacement)
		return false;
	regex = xzalloc(sizeof(*regex));
	t->own = regex;
	regex->replacement = xstrdup(replacement);
	regex->pattern = pattern_new(text, why, sizeof(why));
	if (!regex->pattern) {
		option_wrong(options, "regex", "%s", why);
		return false;
	}
	pcre2_pattern_info(regex->pattern->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
	if (expand(regex, NULL, to, &used))
		return true;
	option_wrong(options, "replacement", "has a group that \"regex\" does not have, a lone \"$\" "
		     "or \"\\\", or is too long; allowed: text, $1 to $%u, ${name}, \\$",
		     (unsigned int)regex->groups);
	return false;
}

static enum transform_verdict topic_fails(const struct transform *t, struct passage *passage,
					  const char *why)
{
	snprintf(passage->reason, REASON_MAX, "transforms.%.80s: topic %.249s: %s", t->alias,
		 passage->made->topic, why);
	return TRANSFORM_FAIL;
}

static enum transform_verdict set_topic(const struct transform *t, struct passage *passage,
					const char *topic, size_t len)
{
	struct transformed *made = passage->made;

	memcpy(made->topic, topic, len);
	made->topic[len] = '\0';
	made->topic_len = len;
	if (topic_name_ok(made->topic, len))
		return TRANSFORM_PASS;
	return topic_fails(t, passage, "no topic can have that name");
}

/*
 * Kafka Connect looks whether all of the topic matches, and then replaces the first that is found
 * in it: also at the beginning, but it can be shorter, as of host|host\.exec it is "host".
 */
static enum transform_verdict regex_route(struct transform *t, struct passage *passage)
{
	struct transformed *made = passage->made;
	struct regex *regex = t->own;
	const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(regex->pattern->data);
	char to[TOPIC_MAX + 1];
	size_t len;
	int ret = pattern_match(regex->pattern, made->topic, made->topic_len);

	if (ret > 0)
		ret = match(regex->pattern, made->topic, made->topic_len, PCRE2_ANCHORED);
	if (ret < 0)
		return topic_fails(t, passage, "\"regex\" takes too many steps");
	if (!ret)
		return TRANSFORM_PASS;
	if (!expand(regex, made->topic, to, &len) ||
	    !put(to, &len, made->topic + bounds[1], made->topic_len - bounds[1]))
		return topic_fails(t, passage, "becomes too long");
	return set_topic(t, passage, to, len);
}

const struct transform_kind regex_router = {
	"RegexRouter", .options = regex_options, .parse = regex_parse, .route = regex_route,
	.release = regex_release,
};

/*
 * TimestampRouter
 */

struct stamp {
	char *topic;			/* "${topic}-${timestamp}" */
	char *format;			/* strftime()'s */
};

static const char *const stamp_options[] = { "topic.format", "timestamp.format", NULL };

/* SimpleDateFormat's letters that make a name of digits, in UTC */
static const struct {
	const char *java;
	const char *strftime;
} letters[] = {
	{ "yyyy", "%Y" }, { "YYYY", "%G" }, { "yy", "%y" }, { "MM", "%m" }, { "dd", "%d" },
	{ "HH", "%H" }, { "mm", "%M" }, { "ss", "%S" }, { "DDD", "%j" }, { "ww", "%V" },
};

#define NR_LETTERS (sizeof(letters) / sizeof(letters[0]))

/* One letter, as often as it stands there. False: that has no meaning here. */
static bool put_letters(FILE *out, const char **at)
{
	char all[8];
	size_t len = strspn(*at, (const char [2]){ **at, '\0' }), i;

	snprintf(all, sizeof(all), "%.*s", (int)len, *at);
	*at += len;
	for (i = 0; i < NR_LETTERS; i++)
		if (len < sizeof(all) && !strcmp(letters[i].java, all))
			return fputs(letters[i].strftime, out) >= 0;
	return false;
}

/* NULL: it has something that is not allowed. */
static char *format_of(const char *java)
{
	char *format;
	size_t len;
	FILE *out = stream_begin(&format, &len);
	bool good = *java, quoted = false;

	while (good && *java) {
		if (*java == '\'' && java[1] != '\'') {
			quoted = !quoted;
			java++;
		} else if (!quoted && isalpha((unsigned char)*java)) {
			good = put_letters(out, &java);
		} else {
			good = *java != '\'' && *java != '%';
			fputc(*java++, out);
		}
	}
	stream_end(out);
	if (good && !quoted)
		return format;
	free(format);
	return NULL;
}

static void stamp_release(struct transform *t)
{
	struct stamp *stamp = t->own;

	free(stamp->topic);
	free(stamp->format);
	free(stamp);
}

static bool stamp_parse(struct transform *t, const struct options *options)
{
	const char *topic = option(options, "topic.format");
	const char *format = option(options, "timestamp.format");
	struct stamp *stamp = xzalloc(sizeof(*stamp));

	t->own = stamp;
	stamp->topic = xstrdup(topic ? topic : "${topic}-${timestamp}");
	stamp->format = format_of(format ? format : "yyyyMMdd");
	if (stamp->format)
		return true;
	option_wrong(options, "timestamp.format", "allowed: yyyy, yy, MM, dd, HH, mm, ss, DDD, YYYY "
		     "and ww, digits, and text in '...'");
	return false;
}

/* The next piece of the topic's format; false: it becomes too long. */
static bool stamp_one(const char **at, const struct transformed *made, const char *time, char *to,
		      size_t *used)
{
	if (!strncmp(*at, "${topic}", 8)) {
		*at += 8;
		return put(to, used, made->topic, made->topic_len);
	}
	if (!strncmp(*at, "${timestamp}", 12)) {
		*at += 12;
		return put(to, used, time, strlen(time));
	}
	return put(to, used, (*at)++, 1);
}

static enum transform_verdict stamp_route(struct transform *t, struct passage *passage)
{
	const struct stamp *stamp = t->own;
	const char *at = stamp->topic;
	char to[TOPIC_MAX + 1], text[TOPIC_MAX + 1] = "";
	time_t seconds;
	struct tm tm;
	size_t used = 0;

	seconds = (time_t)(evring_realtime(passage->src->ev, passage->event) / 1000000000);
	if (!gmtime_r(&seconds, &tm))
		return topic_fails(t, passage, "the event's time is none");
	strftime(text, sizeof(text), stamp->format, &tm);
	while (*at)
		if (!stamp_one(&at, passage->made, text, to, &used))
			return topic_fails(t, passage, "becomes too long");
	return set_topic(t, passage, to, used);
}

const struct transform_kind timestamp_router = {
	"TimestampRouter", .options = stamp_options, .parse = stamp_parse, .route = stamp_route,
	.release = stamp_release,
};

/*
 * Filter
 */

static const char *const no_options[] = { NULL };

/* As with the key "filter", losses are always told. */
static enum transform_verdict leave_out(struct transform *t, struct passage *passage)
{
	(void)t;
	return passage->own ? TRANSFORM_PASS : TRANSFORM_DROP;
}

const struct transform_kind filter_out = {
	"Filter", .options = no_options, .route = leave_out,
};
