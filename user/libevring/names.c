/* SPDX-License-Identifier: MIT */
/* The names of the ABI's numbers: here and nowhere else. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "internal.h"

#define NAME(array, i) ((i) < sizeof(array) / sizeof(*(array)) ? (array)[i] : NULL)

const char *evring_version(void)
{
	return EVRING_VERSION;
}

bool evring_name_ok(const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum((unsigned char)name[i]) &&
					  !strchr("._-", name[i])))
			return false;
	return len && len < EVRING_NAME_MAX && strcmp(name, ".") && strcmp(name, "..");
}

const char *evring_feature_name(uint64_t feature)
{
	switch (feature) {
	case EVRING_FEATURE_READ:
		return "read";
	case EVRING_FEATURE_URING:
		return "uring";
	case EVRING_FEATURE_HOOKS:
		return "hooks";
	case EVRING_FEATURE_PUBLISH:
		return "publish";
	case EVRING_FEATURE_REDACT:
		return "redact";
	case EVRING_FEATURE_FILTERS:
		return "filters";
	case EVRING_FEATURE_LIMITS:
		return "limits";
	case EVRING_FEATURE_SNAPSHOT:
		return "snapshot";
	case EVRING_FEATURE_GIVE:
		return "give";
	default:
		return NULL;
	}
}

const char *evring_lost_cause_name(unsigned int cause)
{
	static const char *const names[] = {
		[EVRING_LOST_FULL] = "full",
		[EVRING_LOST_NESTED] = "nested",
		[EVRING_LOST_TOOBIG] = "toobig",
		[EVRING_LOST_PROBE] = "probe",
		[EVRING_LOST_SAMPLED] = "sampled",
		[EVRING_LOST_RATE] = "rate",
	};

	return NAME(names, cause);
}

/* Beyond <errno.h>: the kernel's own, which a call has until its exit is over. */
static const char *kernel_errno(unsigned int number)
{
	static const char *const names[] = {
		"ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD",
		"ERESTART_RESTARTBLOCK", "EPROBE_DEFER", "EOPENSTALE", "ENOPARAM",
		[ENOTSUPP - ERESTARTSYS] = "ENOTSUPP", [EIOCBQUEUED - ERESTARTSYS] = "EIOCBQUEUED",
	};

	return number < ERESTARTSYS ? NULL : NAME(names, number - ERESTARTSYS);
}

static size_t errno_name(const struct evring_field *field, uint64_t number, char *name)
{
	const char *known;

	if (kind_signed(field->kind))
		number = -number;
	if (!number || number > ERRNO_LAST)
		return 0;
	known = strerrorname_np((int)number);
	if (!known)
		known = kernel_errno((unsigned int)number);
	return known ? (size_t)(stpcpy(name, known) - name) : 0;
}

size_t evring_number_name(const struct evring_field *field, uint64_t number,
			  char name[EVRING_NUMBER_NAME])
{
	const char *known;

	if (field->format == EVRING_FORMAT_ERRNO)
		return errno_name(field, number, name);
	if (field->format != EVRING_FORMAT_SIGNAL || number >= NSIG)
		return 0;
	known = sigabbrev_np((int)number);
	return known ? (size_t)(stpcpy(stpcpy(name, "SIG"), known) - name) : 0;
}

static const struct {
	uint16_t kind;
	const char *name;
} kinds[] = {
	{ EVRING_KIND_U8, "u8" }, { EVRING_KIND_U16, "u16" }, { EVRING_KIND_U32, "u32" },
	{ EVRING_KIND_U64, "u64" }, { EVRING_KIND_S8, "s8" }, { EVRING_KIND_S16, "s16" },
	{ EVRING_KIND_S32, "s32" }, { EVRING_KIND_S64, "s64" }, { EVRING_KIND_BOOL, "bool" },
	{ EVRING_KIND_CHARS, "chars" }, { EVRING_KIND_FIXED, "fixed" },
	{ EVRING_KIND_U8S, "u8s" }, { EVRING_KIND_U16S, "u16s" }, { EVRING_KIND_U32S, "u32s" },
	{ EVRING_KIND_U64S, "u64s" }, { EVRING_KIND_S8S, "s8s" },
	{ EVRING_KIND_S16S, "s16s" }, { EVRING_KIND_S32S, "s32s" },
	{ EVRING_KIND_S64S, "s64s" }, { EVRING_KIND_TEXT, "text" },
	{ EVRING_KIND_BYTES, "bytes" }, { EVRING_KIND_TEXTS, "texts" },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(*kinds))

const char *evring_kind_name(unsigned int kind)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return NULL;
}

int evring_kind_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return kinds[i].kind;
	return -EINVAL;
}

const char *evring_format_name(unsigned int format)
{
	static const char *const names[] = {
		[EVRING_FORMAT_NONE] = "plain", [EVRING_FORMAT_HEX] = "hex",
		[EVRING_FORMAT_DURATION] = "duration", [EVRING_FORMAT_BOOTTIME] = "boottime",
		[EVRING_FORMAT_TIME] = "time", [EVRING_FORMAT_RAWTIME] = "rawtime",
		[EVRING_FORMAT_PATH] = "path", [EVRING_FORMAT_IP] = "ip",
		[EVRING_FORMAT_PORT] = "port", [EVRING_FORMAT_MAC] = "mac",
		[EVRING_FORMAT_UUID] = "uuid", [EVRING_FORMAT_DEV] = "dev",
		[EVRING_FORMAT_MODE] = "mode", [EVRING_FORMAT_ERRNO] = "errno",
		[EVRING_FORMAT_SIGNAL] = "signal", [EVRING_FORMAT_UID] = "uid",
		[EVRING_FORMAT_GID] = "gid", [EVRING_FORMAT_PID] = "pid",
		[EVRING_FORMAT_CAPS] = "caps", [EVRING_FORMAT_ENUM] = "enum",
		[EVRING_FORMAT_FLAGS] = "flags", [EVRING_FORMAT_TYPE] = "type",
	};

	return NAME(names, format);
}

int evring_format_by_name(const char *name)
{
	const char *known;
	int format;

	for (format = 0; (known = evring_format_name((unsigned int)format)); format++)
		if (!strcmp(known, name))
			return format;
	return -EINVAL;
}
