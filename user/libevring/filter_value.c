/* SPDX-License-Identifier: MIT */
/* A word of an expression becomes the value of a field: a number, a name, an address. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"

#define WORD_MAX	64	/* of a number or an address */

/*
 * Names
 */

/* Bit by bit, as in <linux/capability.h>, where the description has no names for them */
static const char *const capabilities[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

#define NR_CAPABILITIES	(sizeof(capabilities) / sizeof(*capabilities))

/* Number @i of those that a field's numbers can have; false: there is none. */
static bool name_at(const struct evring_field *field, unsigned int i, char name[EVRING_NAME_MAX],
		    uint64_t *value)
{
	const char *s = NULL;

	*value = i + 1;
	if (i < field->nr_values) {
		s = field->values[i].name;
		*value = field->values[i].value;
	} else if (field->nr_values) {
		return false;
	} else if (field->format == EVRING_FORMAT_CAPS && i < NR_CAPABILITIES) {
		s = capabilities[i];
		*value = 1ULL << i;
	} else if (field->kind == EVRING_KIND_BOOL && i < 2) {
		s = i ? "true" : "false";
		*value = i;
	} else if (field->format == EVRING_FORMAT_ERRNO && i < ERRNO_LAST) {
		if (kind_signed(field->kind))	/* as calls return them */
			*value = -*value;
	} else if (field->format != EVRING_FORMAT_SIGNAL || i >= NSIG) {
		return false;
	}
	if (s)
		snprintf(name, EVRING_NAME_MAX, "%s", s);
	else
		name[evring_number_name(field, *value, name)] = '\0';
	return true;
}

/* A field may have the name as a negative value: EACCES of a result is -EACCES. */
static bool name_fits(const struct evring_field *field, const struct token *token,
		      const char *name)
{
	struct token rest = *token;

	if (!*name)
		return false;
	if (field->format == EVRING_FORMAT_ERRNO && kind_signed(field->kind) && *rest.at == '-') {
		rest.at++;
		rest.len--;
	}
	return token_is(&rest, name);
}

static bool find_name(const struct evring_field *field, const struct token *token, uint64_t *value)
{
	char name[EVRING_NAME_MAX];
	unsigned int i;

	for (i = 0; name_at(field, i, name, value); i++)
		if (name_fits(field, token, name))
			return true;
	return false;
}

/* It is neither a number nor a name. */
__attribute__((noreturn))
static void no_value(struct compiler *c, const struct evring_field *field,
		     const struct token *token)
{
	char name[EVRING_NAME_MAX], best[EVRING_NAME_MAX] = "", list[100] = "";
	size_t used = 0, left;
	const char *more = "";
	struct near near;
	unsigned int i;
	uint64_t value;

	near_begin(&near, token);
	for (i = 0; name_at(field, i, name, &value); i++) {
		near.name = NULL;
		near_look(&near, name);
		if (near.name)
			strcpy(best, name);
		left = sizeof(list) - used;
		if (*name && strlen(name) + 2 < left)
			used += (size_t)snprintf(list + used, left, "%s%s", used ? ", " : "", name);
		else if (*name)
			more = ", ...";
	}
	if (*best)
		filter_fail(c, token, "'%.*s' is no value of '%s': did you mean '%s'?",
			    (int)token->len, token->at, field->name, best);
	if (*list)
		filter_fail(c, token, "'%.*s' is no value of '%s': there are numbers and %s%s",
			    (int)token->len, token->at, field->name, list, more);
	filter_fail(c, token, "'%s' is a number, and '%.*s' is none", field->name,
		    (int)token->len, token->at);
}

/*
 * Numbers
 */

static uint64_t kind_max(unsigned int kind)
{
	unsigned int bits = 8 * EVRING_KIND_SIZE(kind) - kind_signed(kind);

	if ((kind & ~EVRING_KIND_VAR) == EVRING_KIND_BOOL)
		return 1;
	return bits == 64 ? UINT64_MAX : (1ULL << bits) - 1;
}

/* As 64 bits with its sign */
static uint64_t kind_min(unsigned int kind)
{
	return kind_signed(kind) ? ~kind_max(kind) : 0;
}

static bool below(unsigned int kind, uint64_t a, uint64_t b)
{
	return kind_signed(kind) ? (int64_t)a < (int64_t)b : a < b;
}

/* The factor of a suffix; 0: there is no such suffix. */
static uint64_t unit(const struct evring_field *field, const char *suffix)
{
	static const struct {
		const char *suffix;
		uint64_t times;
	} times[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "min", 60000000000 }, { "h", 3600000000000 },
	}, sizes[] = {
		{ "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 },
	};
	size_t i;

	if (field->format == EVRING_FORMAT_DURATION)
		for (i = 0; i < sizeof(times) / sizeof(*times); i++)
			if (!strcmp(times[i].suffix, suffix))
				return times[i].times;
	if (!strcmp(field->unit, "bytes"))
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			if (!strcmp(sizes[i].suffix, suffix))
				return sizes[i].times;
	return !*suffix;
}

/* 0x.., 0o.., of a file's mode 0.. too; else base 10 */
static int number_base(struct compiler *c, const struct evring_field *field,
		       const struct token *token, const char **s)
{
	if (**s != '0' || !isalnum((unsigned char)(*s)[1]))
		return 10;
	if ((*s)[1] == 'x' && isxdigit((unsigned char)(*s)[2])) {
		*s += 2;
		return 16;
	}
	if ((*s)[1] == 'o' && isdigit((unsigned char)(*s)[2])) {
		*s += 2;
		return 8;
	}
	if (!isdigit((unsigned char)(*s)[1]))
		return 10;
	if (field->format != EVRING_FORMAT_MODE)
		filter_fail(c, token, "a number does not begin with 0: base 8 is 0o%s", *s + 1);
	return 8;
}

/* 8:1 of a device. False: it is not written so. */
static bool device(struct compiler *c, const struct token *token, const char *s, uint64_t *value)
{
	unsigned long long major, minor;
	char *end;

	if (!isdigit((unsigned char)*s) || !strchr(s, ':'))
		return false;
	major = strtoull(s, &end, 10);
	if (*end != ':' || !isdigit((unsigned char)end[1]))
		return false;
	minor = strtoull(end + 1, &end, 10);
	if (*end || major >= 1 << 12 || minor >= 1 << 20)
		filter_fail(c, token, "a device is MAJOR:MINOR, below 4096:1048576");
	*value = major << 20 | minor;
	return true;
}

static void too_large(struct compiler *c, const struct evring_field *field,
		      const struct token *token)
{
	uint64_t min = kind_min(field->kind), max = kind_max(field->kind);

	filter_fail(c, token, "'%s' is from %lld to %llu", field->name, (long long)min,
		    (unsigned long long)max);
}

static uint64_t number(struct compiler *c, const struct evring_field *field,
		       const struct token *token, const char *word)
{
	bool minus = *word == '-';
	const char *s = word + minus;
	unsigned long long value;
	uint64_t times, result;
	char *end;
	int base;

	if (!isdigit((unsigned char)*s))
		no_value(c, field, token);
	base = number_base(c, field, token, &s);
	errno = 0;
	value = strtoull(s, &end, base);
	times = unit(field, end);
	if (!times && field->format == EVRING_FORMAT_DURATION)
		filter_fail(c, token, "'%s' is no unit of time: there are ns, us, ms, s, min and h",
			    end);
	if (!times)
		no_value(c, field, token);
	if (errno || __builtin_mul_overflow(value, times, &result) ||
	    (minus ? result > 0 - kind_min(field->kind) : result > kind_max(field->kind)))
		too_large(c, field, token);
	return minus ? -result : result;
}

static uint64_t word_value(struct compiler *c, const struct evring_field *field,
		      const struct token *token)
{
	char word[WORD_MAX];
	uint64_t found;

	if (token->kind == TOKEN_STRING)
		filter_fail(c, token, "'%s' is a number: it stands without quotes", field->name);
	if (find_name(field, token, &found))
		return found;
	if (token->len >= sizeof(word))
		no_value(c, field, token);
	memcpy(word, token->at, token->len);
	word[token->len] = '\0';
	if (field->format == EVRING_FORMAT_DEV && device(c, token, word, &found))
		return found;
	return number(c, field, token, word);
}

void value_range(struct compiler *c, const struct evring_field *field,
		 const struct operand *operand, __u64 *low, __u64 *high)
{
	*low = word_value(c, field, &operand->from);
	*high = *low;
	if (operand->to.kind == TOKEN_END)
		return;
	*high = word_value(c, field, &operand->to);
	if (below(field->kind, *high, *low))
		filter_fail(c, &operand->from, "this range ends before it begins");
}

uint64_t value_mask(struct compiler *c, const struct evring_field *field, unsigned int first,
		    unsigned int count)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = first; i < first + count; i++) {
		if (c->operands[i].to.kind != TOKEN_END)
			filter_fail(c, &c->operands[i].from, "a range stands behind 'in'");
		mask |= word_value(c, field, &c->operands[i].from);
	}
	return mask;
}

void value_beyond(struct compiler *c, const struct evring_field *field, enum token_kind kind,
		  const struct token *token, __u64 *low, __u64 *high)
{
	uint64_t min = kind_min(field->kind), max = kind_max(field->kind);
	uint64_t bound = word_value(c, field, token);

	*low = kind == TOKEN_MORE ? bound + 1 : kind == TOKEN_MORE_EQUAL ? bound : min;
	*high = kind == TOKEN_LESS ? bound - 1 : kind == TOKEN_LESS_EQUAL ? bound : max;
	if ((kind == TOKEN_LESS && bound == min) || (kind == TOKEN_MORE && bound == max))
		filter_fail(c, token, "never: '%s' is from %lld to %llu", field->name,
			    (long long)min, (unsigned long long)max);
}

/*
 * Addresses
 */

static unsigned int ip_bits(struct compiler *c, const struct token *token, char *word,
			    unsigned char bytes[16])
{
	char *slash = strchr(word, '/'), *end = "";
	unsigned int bits, all;
	unsigned long prefix;

	if (slash)
		*slash++ = '\0';
	memset(bytes, 0, 16);
	if (inet_pton(AF_INET, word, bytes + 12) == 1) {
		memset(bytes + 10, 0xff, 2);
		all = 32;
	} else if (inet_pton(AF_INET6, word, bytes) == 1) {
		all = 128;
	} else {
		filter_fail(c, token, "'%s' is no address: they are as 10.0.0.0/8 or fe80::/10",
			    word);
	}
	prefix = slash && isdigit((unsigned char)*slash) ? strtoul(slash, &end, 10) : all;
	if ((slash && !isdigit((unsigned char)*slash)) || *end || prefix > all)
		filter_fail(c, token, "'/%s' is no length of a prefix: it is from 0 to %u", slash,
			    all);
	bits = (unsigned int)prefix + 128 - all;
	for (unsigned int i = bits; i < 128; i++)
		if (bytes[i / 8] & 0x80 >> i % 8)
			filter_fail(c, token, "%s has bits set behind its prefix of %lu", word,
				    prefix);
	return bits;
}

/* Two digits of base 16 a byte, with '-' or ':' between some */
static bool hex_bytes(const char *s, unsigned char *bytes, unsigned int count)
{
	unsigned int i, digit;

	for (i = 0; i < 2 * count; i++) {
		if (i && i % 2 == 0 && (*s == '-' || *s == ':'))
			s++;
		if (!isxdigit((unsigned char)*s))
			return false;
		digit = isdigit((unsigned char)*s) ? (unsigned int)(*s - '0') :
						     (unsigned int)(tolower(*s) - 'a' + 10);
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | digit);
		s++;
	}
	return !*s;
}

unsigned int value_bits(struct compiler *c, const struct evring_field *field,
			const struct token *token, unsigned char bytes[16])
{
	bool quoted = token->kind == TOKEN_STRING;
	unsigned int len = token->len - 2 * quoted;
	char word[WORD_MAX];

	if (len >= sizeof(word))
		filter_fail(c, token, "this is too long for '%s'", field->name);
	memcpy(word, token->at + quoted, len);
	word[len] = '\0';
	if (field->format == EVRING_FORMAT_IP)
		return ip_bits(c, token, word, bytes);
	memset(bytes, 0, 16);
	if (!hex_bytes(word, bytes, field->size))
		filter_fail(c, token, "'%s' is %u bytes as %s", word, field->size,
			    field->format == EVRING_FORMAT_MAC ?
			    "00:11:22:33:44:55" : "00112233-4455-6677-8899-aabbccddeeff");
	return 8u * field->size;
}
