/* SPDX-License-Identifier: MIT */
/* The layouts' tables as tables of Markdown, for docs/reference/layouts.md. */
#include "layout.h"

#include <stdio.h>
#include <string.h>

static bool is_first(const struct constant *constants, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!strcmp(constants[j].type, constants[i].type))
			return false;
	return true;
}

static void print_constants(const struct layout *layout)
{
	const char *between;
	size_t i, j;

	printf("| type | always has |\n|---|---|\n");
	for (i = 0; i < layout->nr_constants; i++) {
		if (!is_first(layout->constants, i))
			continue;
		printf("| `%s` |", layout->constants[i].type);
		between = "";
		for (j = i; j < layout->nr_constants; j++) {
			const struct constant *constant = &layout->constants[j];

			if (strcmp(constant->type, layout->constants[i].type))
				continue;
			printf("%s `%s` ", between, constant->path);
			if (constant->json)
				printf("`%s`", constant->json);
			else
				printf("is not there");
			between = ",";
		}
		printf(" |\n");
	}
}

static void print_words(const struct word *words)
{
	const char *between = "";

	for (; words->from; words++, between = ", ")
		printf("%s`%s` is `%s`", between, words->from, words->json);
	if (words->json)
		printf("%sany other is `%s`", between, words->json);
}

static void print_places(const struct layout *layout)
{
	static const char *const how[] = {
		[AS_IT_IS] = "", [AS_TEXT] = "as a string", [AS_MS] = "milliseconds since 1970",
		[AS_KNOWN] = "0: left out", [AS_KNOWN_MS] = "milliseconds since 1970; 0: left out",
		[AS_NAME] = "behind the last slash", [AS_LINE] = "with blanks between",
		[AS_WORD] = "", [AS_OUTCOME] = "`success`, `failure` or `unknown`",
		[AS_STATUS] = "`Success`, `Failure` or `Unknown`",
		[AS_STATUS_ID] = "1, 2 or 0", [AS_ERRNO] = "the number of the error, as a string",
		[AS_ID] = "machine/boot/lane/cpu/seq",
	};
	size_t i;

	printf("| type | field | is at | how |\n|---|---|---|---|\n");
	for (i = 0; i < layout->nr_places; i++) {
		const struct place *place = &layout->places[i];

		printf("| `%s` | `%s` | ", place->type, place->column);
		if (place->path)
			printf("`%s` | %s", place->path, how[place->as]);
		else if (*place->column == '.')
			printf("`%s%s` | ", layout->rest, place->column);
		else
			printf("`%s.data.%s` | ", layout->rest, place->column);
		if (place->words)
			print_words(place->words);
		printf(" |\n");
	}
}

static void print_variants(void)
{
	const struct variant *variant;

	for (variant = layout_variants; variant < layout_variants + NR_VARIANTS; variant++)
		printf("\n`%s` is a `%s` whose `%s` is `%s`: where that has no row, those of `%s` "
		       "hold.\n", variant->name, variant->type, variant->column, variant->word,
		       variant->type);
}

void layouts_print(void)
{
	static const struct layout *const layouts[] = { &layout_ecs, &layout_ocsf };
	size_t i;

	print_variants();
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		printf("\n## json.layout=%s: %s\n\n", layouts[i]->name, layouts[i]->title);
		printf("All that has no place here is in `%s` (what is in the envelope) and "
		       "`%s.data` (fields), under its own name.\n\n", layouts[i]->rest,
		       layouts[i]->rest);
		print_constants(layouts[i]);
		printf("\n");
		print_places(layouts[i]);
	}
}
