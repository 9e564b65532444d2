/* SPDX-License-Identifier: MIT */
/* evring filter: check an expression, and show its program */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "memory.h"
#include "text.h"

static const char help[] =
	"Usage: evring filter [--json]\n"
	"       evring filter check [--dump] [--types FILE] TYPE EXPRESSION\n"
	"List the filters of the kernel's hooks. Or check whether this is an expression over\n"
	"the fields of that type: if not, print the place, and what is allowed there.\n"
	"evring-filter(7) has the language.\n"
	"\n"
	"  --dump        show the program that the kernel would run\n"
	"  --json        the list as one JSON array\n"
	"  --types FILE  types as 'evring types --json' wrote them, not the device's\n"
	"  --help        this text\n";

/* Print the expression and a mark below the error; a character counts once, not its bytes. */
static void print_place(const char *expression, const struct evring_filter_error *error)
{
	unsigned int i, begin = error->column - 1;

	fprintf(stderr, "  %s\n  ", expression);
	for (i = 0; i < begin && expression[i]; i++)
		if ((expression[i] & 0xc0) != 0x80)
			putc(expression[i] == '\t' ? '\t' : ' ', stderr);
	putc('^', stderr);
	for (i++; i < begin + error->len && expression[i]; i++)
		if ((expression[i] & 0xc0) != 0x80)
			putc('~', stderr);
	putc('\n', stderr);
}

void expression_print_error(const char *what, const char *expression,
			    const struct evring_filter_error *error)
{
	fflush(stdout);
	fprintf(stderr, "evring: %s, column %u: %s\n", what, error->column, error->text);
	if (!strpbrk(expression, "\n\r"))
		print_place(expression, error);
}

void filter_print_error(const char *type, const char *expression,
			const struct evring_filter_error *error)
{
	char *what = xprintf("filter of %s", type);

	expression_print_error(what, expression, error);
	free(what);
}

/*
 * The program, for people
 */

static const char *const op_names[] = {
	[EVRING_OP_RANGE] = "range", [EVRING_OP_MASK] = "mask", [EVRING_OP_ANY_BIT] = "anybit",
	[EVRING_OP_RANGES] = "ranges", [EVRING_OP_EQUAL] = "equal",
	[EVRING_OP_PREFIX] = "prefix", [EVRING_OP_SUFFIX] = "suffix",
	[EVRING_OP_CONTAINS] = "contains", [EVRING_OP_GLOB] = "glob", [EVRING_OP_NET] = "net",
};

static const char *field_at(const struct evring_type *type, const struct evring_insn *insn)
{
	if (insn->flags & EVRING_INSN_HEADER)
		return insn->offset == offsetof(struct evring_rec, pid) ? "pid" : "tid";
	for (uint32_t i = 0; i < type->nr_fields; i++)
		if (type->fields[i].offset == insn->offset)
			return type->fields[i].name;
	return "?";
}

static void print_number(FILE *out, const struct evring_insn *insn, uint64_t value)
{
	bool has_sign = (insn->kind >> 8 & 0x7f) == EVRING_KIND_S8 >> 8;

	if (has_sign)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		fprintf(out, "%" PRIu64, value);
}

static void print_range(FILE *out, const struct evring_insn *insn, uint64_t low, uint64_t high)
{
	print_number(out, insn, low);
	if (low == high)
		return;
	fputs("..", out);
	print_number(out, insn, high);
}

static void print_net(FILE *out, const struct evring_insn *insn, const char *bytes,
		      unsigned int bits)
{
	unsigned char whole[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	memcpy(whole, bytes, (bits + 7) / 8 < sizeof(whole) ? (bits + 7) / 8 : sizeof(whole));
	if (insn->size == sizeof(whole) && inet_ntop(AF_INET6, whole, text, sizeof(text)))
		fprintf(out, "%s/%u", text, bits);
	else
		for (unsigned int i = 0; i < (bits + 7) / 8; i++)
			fprintf(out, "%02x", (unsigned char)bytes[i]);
}

static void print_operands(FILE *out, const struct evring_insn *insn, const char *pool)
{
	uint64_t range[2];
	uint16_t len;

	for (unsigned int i = 0; i < insn->count; i++) {
		fputs(i ? ", " : "", out);
		if (insn->op == EVRING_OP_RANGES) {
			memcpy(range, pool, sizeof(range));
			print_range(out, insn, range[0], range[1]);
			pool += sizeof(range);
			continue;
		}
		memcpy(&len, pool, sizeof(len));
		pool += sizeof(len);
		if (insn->op == EVRING_OP_NET)
			print_net(out, insn, pool, len);
		else
			quote_string(out, pool, len);
		pool += insn->op == EVRING_OP_NET ? (len + 7) / 8 : len;
	}
}

/* As a text; free() it. */
static char *operands_text(const struct evring_insn *insn, const char *pool)
{
	char *text = NULL;
	size_t size;
	FILE *out = stream_begin(&text, &size);

	if (insn->op == EVRING_OP_RANGE)
		print_range(out, insn, insn->a, insn->b);
	else if (insn->op == EVRING_OP_MASK)
		fprintf(out, "0x%llx == 0x%llx", insn->a, insn->b);
	else if (insn->op == EVRING_OP_ANY_BIT)
		fprintf(out, "0x%llx", insn->a);
	else
		print_operands(out, insn, pool + insn->pool);
	stream_end(out);
	return text;
}

struct insn_row {
	uint64_t insn;
	char *field;
	const char *op;
	char *operands;
	char *yes, *no;
};

#define INSN_COLUMN(member, kind, head) COLUMN(struct insn_row, member, kind, head)

static const struct column columns[] = {
	INSN_COLUMN(insn, COUNT, "INSN"),
	INSN_COLUMN(field, TEXT, "FIELD"),
	INSN_COLUMN(op, TEXT, "OP"),
	INSN_COLUMN(operands, TEXT, "OPERANDS"),
	INSN_COLUMN(yes, TEXT, "YES"),
	INSN_COLUMN(no, TEXT, "NO"),
	{ 0 },
};

static char *jump_text(unsigned int to)
{
	if (to == EVRING_INSN_ACCEPT)
		return xstrdup("accept");
	if (to == EVRING_INSN_REJECT)
		return xstrdup("reject");
	return xprintf("%u", to);
}

static void add_row(struct table *table, const struct evring_type *type, uint32_t i,
		    const struct evring_insn *insn, const char *pool)
{
	const char *field = field_at(type, insn);
	struct insn_row row = {
		.insn = i,
		.field = insn->element == EVRING_ELEMENT_ANY ? xstrdup(field) :
							       xprintf("%s[%u]", field, insn->element),
		.op = op_names[insn->op],
		.operands = operands_text(insn, pool),
		.yes = jump_text(insn->yes),
		.no = jump_text(insn->no),
	};

	table_row(table, &row);
	free(row.field);
	free(row.operands);
	free(row.yes);
	free(row.no);
}

static void dump(const struct evring_type *type, const struct evring_program *program)
{
	const char *base = (const char *)program;
	struct table *table = table_new(columns, 0);

	for (uint32_t i = 0; i < program->insns.count; i++)
		add_row(table, type, i,
			(const void *)(base + program->insns.offset + i * program->insns.stride),
			base + program->pool.offset);
	table_print(table);
}

static int check(const struct evring_type *type, const char *expression, bool want_dump)
{
	const struct evring_program *program;
	struct evring_filter_error error;
	struct evring_filter *filter;
	int ret = evring_filter_compile(&filter, type, expression, &error);

	if (ret == -EINVAL) {
		filter_print_error(type->name, expression, &error);
		return EXIT_FAILURE;
	}
	if (ret)
		return fail(ret, "cannot compile");
	program = evring_filter_program(filter);
	printf("%s: %u instruction%s, %u bytes of operands\n", type->name, program->insns.count,
	       program->insns.count == 1 ? "" : "s", program->pool.count);
	if (want_dump)
		dump(type, program);
	evring_filter_free(filter);
	return EXIT_SUCCESS;
}

static int check_on_device(const struct cli *cli, const char *name, const char *expression,
			   bool want_dump)
{
	struct evring *ev = open_device(cli);
	const struct evring_type *type;
	int nr, ret;

	if (!ev)
		return EXIT_FAILURE;
	nr = evring_types(ev);
	type = nr < 0 ? NULL : evring_type_by_name(ev, name);
	if (nr < 0) {
		ret = fail(nr, "cannot read the types");
	} else if (!type) {
		fprintf(stderr, "evring: there is no type '%s': 'evring types' lists them\n", name);
		ret = EXIT_FAILURE;
	} else {
		ret = check(type, expression, want_dump);
	}
	evring_close(ev);
	return ret;
}

static int check_by_file(const char *file, const char *name, const char *expression,
			 bool want_dump)
{
	struct evring_type *type = type_from_file(file, name);
	int ret;

	if (!type)
		return EXIT_FAILURE;
	ret = check(type, expression, want_dump);
	evring_type_free(type);
	return ret;
}

/*
 * The filters that there are
 */

static const char *const per_names[] = {
	[EVRING_PER_TYPE] = "type", [EVRING_PER_UID] = "uid", [EVRING_PER_CGROUP] = "cgroup",
};

static json_t *limits_json(const struct evring_limits *limits)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "sample", (json_int_t)limits->sample,
			 "rate", (json_int_t)limits->rate, "burst", (json_int_t)limits->burst,
			 "per", limits->per < ARRAY_SIZE(per_names) ? per_names[limits->per] : "?");
}

/* Of an owner that wants all events there is nothing to tell. */
static void add_filter(struct evring *ev, json_t *filters, const char *hook, const char *group)
{
	struct evring_limits limits = { 0 };
	char text[EVRING_TEXT_MAX];
	int filtered = evring_hook_filter(ev, hook, group, text);
	json_t *json;

	evring_hook_limits(ev, hook, group, &limits);
	if (filtered <= 0 && !limits.size)
		return;
	json = must(json_pack("{s:s?, s:o}", "group", group, "filter",
			      filtered > 0 ? json_utf8(text) : json_null()));
	if (limits.size)
		json_object_set_new(json, "limits", limits_json(&limits));
	json_array_append_new(filters, json);
}

/* "1 of 10, 100/10 a second of each user"; free() it. */
static char *limits_text(const json_t *limits)
{
	static const char *const whose[] = { "", " of each user", " of each cgroup" };
	long long sample = json_integer_value(json_object_get(limits, "sample"));
	long long rate = json_integer_value(json_object_get(limits, "rate"));
	long long burst = json_integer_value(json_object_get(limits, "burst"));
	const char *per = json_string_value(json_object_get(limits, "per"));
	unsigned int i = per && *per == 'u' ? 1 : per && *per == 'c' ? 2 : 0;

	if (rate && sample > 1)
		return xprintf("1 of %lld, %lld/%lld a second%s", sample, rate, burst, whose[i]);
	if (rate)
		return xprintf("%lld/%lld a second%s", rate, burst, whose[i]);
	return sample ? xprintf("1 of %lld", sample) : xstrdup("-");
}

json_t *filters_of(struct evring *ev, const char *hook)
{
	json_t *filters = json_array();
	struct snapshot snap;

	if (evring_owners(ev, hook) <= 0)
		return filters;
	add_filter(ev, filters, hook, NULL);
	if (snapshot_take(ev, &snap) < 0)
		return filters;
	for (unsigned int i = 0; i < snap.meta.groups.count; i++)
		if (*snap.groups[i].name)
			add_filter(ev, filters, hook, snap.groups[i].name);
	snapshot_free(&snap);
	return filters;
}

struct filter_row {
	const char *hook, *group, *filter, *limits;
};

#define FILTER_COLUMN(member, kind, head) COLUMN(struct filter_row, member, kind, head)

static const struct column filter_columns[] = {
	FILTER_COLUMN(hook, TEXT, "HOOK"),
	FILTER_COLUMN(group, TEXT, "GROUP"),
	FILTER_COLUMN(limits, TEXT, "LIMITS"),
	FILTER_COLUMN(filter, TEXT, "FILTER"),
	{ 0 },
};

/* Control characters could be an expression's. */
static void add_rows(struct evring *ev, struct table *table, json_t *array, const char *hook)
{
	json_t *filters = filters_of(ev, hook), *filter;
	size_t i;

	json_array_foreach(filters, i, filter) {
		const char *group = json_string_value(json_object_get(filter, "group"));
		const char *expression = json_string_value(json_object_get(filter, "filter"));
		char *text = xstrdup(expression ? expression : "-");
		char *limits = limits_text(json_object_get(filter, "limits"));
		struct filter_row row = {
			.hook = hook, .group = group ? group : "-", .limits = limits,
		};

		json_object_set_new(filter, "hook", json_string(hook));
		json_array_append(array, filter);
		make_printable(text, ' ');
		row.filter = text;
		table_row(table, &row);
		free(text);
		free(limits);
	}
	json_decref(filters);
}

static int list(const struct cli *cli, bool json)
{
	struct evring *ev = open_device(cli);
	struct table *table = table_new(filter_columns, 0);
	json_t *array = json_array();
	int nr = ev ? evring_types(ev) : -ENODEV;

	for (int id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);

		if (type && type->flags & EVRING_TYPE_F_HOOK)
			add_rows(ev, table, array, type->name);
	}
	if (nr >= 0 && !json && !json_array_size(array))
		printf("No hook has a filter or limits.\n");
	report_print(table, array, json);
	if (ev && nr < 0)
		fail(nr, "cannot read the types");
	evring_close(ev);
	return nr < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_filter(const struct cli *cli, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "dump", no_argument, NULL, 'd' },
		{ "types", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL;
	bool want_dump = false, json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return print_help(help);
		if (option == 'd')
			want_dump = true;
		else if (option == 't')
			file = optarg;
		else if (option == 'j')
			json = true;
		else
			return try_help("filter");
	}
	if (optind == argc && !file && !want_dump)
		return list(cli, json);
	if (argc - optind != 3 || strcmp(argv[optind], "check") || json) {
		fputs("evring: filter takes nothing, or 'check', a type and an expression\n", stderr);
		return try_help("filter");
	}
	if (file)
		return check_by_file(file, argv[optind + 1], argv[optind + 2], want_dump);
	return check_on_device(cli, argv[optind + 1], argv[optind + 2], want_dump);
}
