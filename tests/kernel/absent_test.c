// SPDX-License-Identifier: MIT
/*
 * A hook that this kernel cannot have: tests/env/grown.mk has renamed the function that
 * the module's file.close_write needs. The others are as ever.
 */
#include "device.h"

#define ABSENT	"file.close_write"
#define WHY	"this kernel has no function __fput_nowhere"

/* As the program prints it, on both its outputs; its exit status. */
static int told(const char *command, char *text, size_t room)
{
	FILE *out = popen(command, "r");
	size_t len;
	int status;

	if (!out)
		abort();
	len = fread(text, 1, room - 1, out);
	text[len] = '\0';
	status = pclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(it_says_why_and_cannot_be_attached)
{
	const unsigned int flags = EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ABSENT |
				   EVRING_TYPE_F_ATTACHED | EVRING_TYPE_F_DISARMED;
	const struct evring_type *type;
	char why[EVRING_WHY_MAX] = "";
	struct evring *ev;

	ASSERT_EQ(0, evring_open(&ev, NULL));
	ASSERT_LT(0, evring_types(ev));
	type = evring_type_by_name(ev, ABSENT);
	ASSERT_NE(NULL, type);
	EXPECT_EQ(EVRING_TYPE_F_HOOK | EVRING_TYPE_F_ABSENT, type->flags & flags);
	EXPECT_EQ(-EOPNOTSUPP, evring_attach(ev, ABSENT, NULL, -1));
	EXPECT_EQ(0, evring_owners(ev, ABSENT));
	EXPECT_EQ(EVRING_HOOK_ABSENT, evring_hook_why(ev, ABSENT, why, sizeof(why)));
	EXPECT_STREQ(WHY, why);
	EXPECT_EQ(EVRING_HOOK_ABSENT, evring_detach(ev, ABSENT, NULL));
	evring_close(ev);
}

/* How many hooks of files are attached, the absent one left out; in @all how many there are */
static unsigned int attached(struct evring *ev, unsigned int *all)
{
	int nr = evring_types(ev), id;
	unsigned int n = 0;

	*all = 0;
	for (id = 0; id < nr; id++) {
		const struct evring_type *type = evring_type(ev, (unsigned int)id);

		if (!type || strncmp(type->name, "file.", 5) || !strcmp(type->name, ABSENT))
			continue;
		++*all;
		n += !!(type->flags & EVRING_TYPE_F_ATTACHED);
	}
	return n;
}

TEST(the_others_are_attached_and_evring_tells_of_it)
{
	static char text[65536];
	struct evring *ev;
	unsigned int all;
	char *line;

	ASSERT_EQ(0, evring_open(&ev, NULL));
	EXPECT_EQ(0, attached(ev, &all));
	EXPECT_EQ(1, told("evring hooks attach 'file.*' 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "evring: " ABSENT " is not on this kernel: " WHY "\n"));
	EXPECT_EQ(all, attached(ev, &all));
	EXPECT_LT(5, all);
	EXPECT_EQ(0, told("evring hooks 2>&1", text, sizeof(text)));
	line = strstr(text, "\n" ABSENT " ");
	ASSERT_NE(NULL, line);
	*strchrnul(line + 1, '\n') = '\0';
	EXPECT_NE(NULL, strstr(line, " not on this kernel "));
	EXPECT_NE(NULL, strstr(line, " " WHY));
	EXPECT_EQ(0, told("evring hooks detach 'file.*' 2>&1", text, sizeof(text)));
	EXPECT_EQ(0, attached(ev, &all));
	evring_close(ev);
}

TEST_HARNESS_MAIN
