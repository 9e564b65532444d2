// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules that hold from the moment the module is loaded: secrets that well-known
 * programs take where everybody on the host can read them. evring-redact(7)
 * tells of each.
 *
 * A line here is as a line of evring-redact(7), and its text is that line: libevring
 * makes the same block of it, byte for byte.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../block.h"
#include "../type.h"
#include "build.h"
#include "stage.h"

#define PROGRAMS_MAX	4	/* names in one line */

/**
 * struct default_line - one line of the module's own
 * @field: of each of the types that has it
 * @items: as they are written
 * @programs: for these alone, by a part of their name; none: for all
 */
struct default_line {
	const char *field;
	const char *items;
	const char *programs[PROGRAMS_MAX];
};

/* The types that have such fields */
static const char *const types[] = { "process.exec", "process.state" };

static const struct default_line lines[] = {
	/* Options whose name means a secret, of any program */
	{ .field = "argv", .items = "after -*password, after -*passwd, after -*passphrase" },
	{ .field = "argv", .items = "after -*pass" },
	{ .field = "argv", .items = "after -*secret, after -*token, after -*api-key" },
	{ .field = "argv", .items = "after -*apikey" },
	{ .field = "argv", .items = "after -*access-key, after -*secret-key, after --pwd" },
	/* Variables that `env`, `docker -e`, make or a shell's command set; queries; JSON */
	{ .field = "argv", .items = "*password*=, *passwd*=, *passphrase*=, *secret*=, *token=" },
	{ .field = "argv", .items = "*_token_*=, *api_key*=, *api-key=, *apikey=, *access_key=" },
	{ .field = "argv", .items = "*access-key=, *private_key=, *credential*=, *_pwd=, pwd=" },
	{ .field = "argv", .items = "header authorization, header x-api-key" },
	{ .field = "argv", .items = "header x-auth-token" },
	{ .field = "argv", .items = "header private-token, header cookie" },
	{ .field = "argv", .items = "url" },
	/* Tokens with a prefix of their kind: GitHub, GitLab, Slack, npm, PyPI, a JWT */
	{ .field = "argv", .items = "ghp_*, gho_*, ghu_*, ghs_*, ghr_*, github_pat_*, glpat-*" },
	{ .field = "argv", .items = "xoxb-*" },
	{ .field = "argv", .items = "xoxp-*, xapp-*, npm_*, pypi-*, eyJ*, pass:*" },
	/* Options that mean something else to other programs */
	{ .field = "argv", .items = "-p*",
	  .programs = { "mysql", "mariadb", "7z" } },
	{ .field = "argv", .items = "after -p, -p*",
	  .programs = { "sshpass" } },
	{ .field = "argv", .items = "after -u, -u*, after --user, after -U, -U*",
	  .programs = { "curl" } },
	{ .field = "argv", .items = "after -?u, after -??u, after -???u, after -????u",
	  .programs = { "curl" } },
	{ .field = "argv", .items = "after --proxy-user",
	  .programs = { "curl" } },
	{ .field = "argv", .items = "after -a",
	  .programs = { "redis-cli", "valkey-cli" } },
	{ .field = "argv", .items = "after -w, -w*",
	  .programs = { "ldapsearch", "ldapmodify", "ldapadd", "ldappasswd" } },
	{ .field = "argv", .items = "after -U, -U*, after --user",
	  .programs = { "smbclient", "rpcclient" } },
	{ .field = "env", .items = "*password*=, *passwd*=, *passphrase*=, *secret*=" },
	{ .field = "env", .items = "*token*=" },
	{ .field = "env", .items = "*api_key*=, *apikey*=, *access_key*=, *private_key*=" },
	{ .field = "env", .items = "*credential*=, *_pwd=, url" },
};

/* A line while it is made into a rule */
struct making {
	struct evring_build build;
	struct evring_build_item items[EVRING_BUILD_ITEMS_MAX];
	char text[2048];
	char cond[2048] __aligned(8);	/* struct evring_program */
};

static bool begins(const char *s, u32 len, const char *with)
{
	return len >= strlen(with) && !memcmp(s, with, strlen(with));
}

static struct evring_build_item item_make(const char *s, u32 len)
{
	if (begins(s, len, "after "))
		return (struct evring_build_item){ EVRING_REDACT_AFTER, s + 6, len - 6 };
	if (begins(s, len, "header "))
		return (struct evring_build_item){ EVRING_REDACT_HEADER, s + 7, len - 7 };
	if (len == 3 && begins(s, len, "url"))
		return (struct evring_build_item){ .op = EVRING_REDACT_URL };
	return (struct evring_build_item){
		s[len - 1] == '=' ? EVRING_REDACT_VALUE : EVRING_REDACT_PREFIX, s, len - 1,
	};
}

/* Items with ", " between */
static u32 items_make(struct evring_build_item *items, const char *s)
{
	const char *end;
	u32 nr = 0;

	for (;; s = end + 2) {
		end = strchrnul(s, ',');
		items[nr++] = item_make(s, end - s);
		if (!*end || nr == EVRING_BUILD_ITEMS_MAX)
			return nr;
	}
}

/*
 * The questions of which one must hold for a line's programs: the file that runs, or the name
 * that it was given; another program that runs it, as sudo and docker do; a script that does:
 * then more words follow, also at the end of arguments that did not fit.
 */
static const struct question {
	const char *field;
	const char *asks;		/* as it is written */
	enum evring_op op;
	const char *globs[3];		/* a program's name is in each %s */
	bool first;			/* of the list's texts alone */
} questions[] = {
	{ .field = "path", .asks = "path contains", .op = EVRING_OP_CONTAINS, .globs = { "%s" } },
	{ .field = "argv", .asks = "argv[0] contains", .op = EVRING_OP_CONTAINS, .globs = { "%s" },
	  .first = true },
	{ .field = "argv", .asks = "argv ~", .op = EVRING_OP_GLOB,
	  .globs = { "%s*", "*/bin/%s*", "*%s* *" } },
	{ .field = "argv_end", .asks = "argv_end ~", .op = EVRING_OP_GLOB,
	  .globs = { "%s*", "*/bin/%s*", "*%s* *" } },
};

/* The operand at @i, of @line's programs with each of @question's globs; false: there is none */
static bool operand_print(char *to, size_t room, const struct default_line *line,
			  const struct question *question, unsigned int i, int *len)
{
	unsigned int nr = 0;

	while (nr < ARRAY_SIZE(question->globs) && question->globs[nr])
		nr++;
	if (i / nr >= PROGRAMS_MAX || !line->programs[i / nr])
		return false;
	*len = scnprintf(to, room, question->globs[i % nr], line->programs[i / nr]);
	return true;
}

static u32 cond_print(char *to, size_t room, const struct default_line *line)
{
	const struct question *q;
	char operand[64];
	size_t used = 0;
	unsigned int i;
	int len;

	for (q = questions; q < questions + ARRAY_SIZE(questions); q++) {
		used += scnprintf(to + used, room - used, "%s%s (", q > questions ? " || " : "",
				  q->asks);
		for (i = 0; operand_print(operand, sizeof(operand), line, q, i, &len); i++)
			used += scnprintf(to + used, room - used, "%s\"%s\"", i ? ", " : "",
					  operand);
		used += scnprintf(to + used, room - used, ")");
	}
	return used;
}

static void cond_operands(char *base, struct evring_insn *insn, const struct default_line *line,
			  const struct question *question)
{
	struct evring_program *program = (struct evring_program *)base;
	char *pool = base + program->pool.offset, text[64];
	int len;
	u16 count;

	insn->pool = program->pool.count;
	for (; operand_print(text, sizeof(text), line, question, insn->count, &len);
	     insn->count++) {
		count = len;
		memcpy(pool + program->pool.count, &count, sizeof(count));
		memcpy(pool + program->pool.count + sizeof(count), text, count);
		program->pool.count += sizeof(count) + count;
	}
}

/* cond_print()'s questions, as libevring's compiler makes them: the last one first */
static void cond_make(struct making *making, const struct default_line *line)
{
	const struct evring_block *type = making->build.type;
	struct evring_program *program = (struct evring_program *)making->cond;
	struct evring_insn *insns = (struct evring_insn *)(making->cond + sizeof(*program));
	const u32 nr = ARRAY_SIZE(questions);
	const struct evring_block_field *field;
	char *text;
	u32 i;

	memset(making->cond, 0, sizeof(making->cond));
	program->magic = EVRING_PROGRAM_MAGIC;
	program->size = sizeof(*program);
	program->version = type->version;
	program->insns.offset = sizeof(*program);
	program->insns.stride = sizeof(*insns);
	program->insns.count = nr;
	program->pool.offset = sizeof(*program) + nr * sizeof(*insns);
	program->pool.stride = 1;
	for (i = nr; i--;) {
		const struct question *q = &questions[i];

		field = (const void *)((const char *)type + type->fields.offset +
				       evring_build_field(type, q->field, strlen(q->field)) *
				       type->fields.stride);
		insns[i] = (struct evring_insn){
			.op = q->op,
			.kind = field->kind, .offset = field->offset, .size = field->size,
			.yes = EVRING_INSN_ACCEPT, .no = i + 1 == nr ? EVRING_INSN_REJECT : i + 1,
			.element = q->first ? 0 : EVRING_ELEMENT_ANY,
		};
		cond_operands(making->cond, &insns[i], line, q);
	}
	program->text.offset = program->pool.offset + program->pool.count;
	program->text.stride = 1;
	text = making->cond + program->text.offset;
	program->text.count = 1 + cond_print(text, making->cond + sizeof(making->cond) - text,
					     line);
	program->len = ALIGN(program->text.offset + program->text.count, 8);
}

static int line_make(struct making *making, const struct default_line *line, int field)
{
	struct evring_build_line to = { .field = field, .items = making->items };

	to.nr = items_make(making->items, line->items);
	to.text = making->text;
	to.text_len = scnprintf(making->text, sizeof(making->text), "%s.%s: %s",
				evring_block_name(making->build.type), line->field, line->items);
	if (line->programs[0]) {
		cond_make(making, line);
		to.cond = (const struct evring_program *)making->cond;
		to.text_len += scnprintf(making->text + to.text_len,
					 sizeof(making->text) - to.text_len, " if ");
		to.text_len += cond_print(making->text + to.text_len,
					  sizeof(making->text) - to.text_len, line);
	}
	return evring_build_add(&making->build, &to);
}

static int lines_make(struct making *making)
{
	int field, ret = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines) && !ret; i++) {
		field = evring_build_field(making->build.type, lines[i].field,
					   strlen(lines[i].field));
		if (field >= 0)
			ret = line_make(making, &lines[i], field);
	}
	return ret;
}

static bool has_own(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i], name))
			return true;
	return false;
}

/*
 * The module's own rules for a type, for the caller to kvfree(); NULL: there are none.
 * May sleep.
 */
struct evring_redaction *evring_redact_default(const struct evring_event_type *type)
{
	struct evring_redaction *to = NULL;
	struct making *making;
	int ret;

	if (!has_own(type->name))
		return NULL;
	making = kvzalloc(sizeof(*making), GFP_KERNEL);
	if (!making)
		return ERR_PTR(-ENOMEM);
	making->build.type = type->block;
	ret = lines_make(making);
	if (!ret && making->build.nr_rules) {
		to = kvmalloc(evring_build_len(&making->build), GFP_KERNEL);
		if (to)
			evring_build_make(&making->build, to);
		else
			ret = -ENOMEM;
	}
	kvfree(making);
	return ret ? ERR_PTR(ret) : to;
}
