/* SPDX-License-Identifier: MIT */
/* An application that publishes: registration USER_ID EMAIL */
#include <evring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The event's payload, and its description */
struct user_registered {
	uint64_t user_id;
	struct evring_str email;
	uint32_t plan;
	char tail[256];		/* of no fixed length: only as much as is used is written */
};

#define FIELD(_name, _kind)						\
	.name = #_name, .kind = EVRING_KIND_##_kind,			\
	.offset = offsetof(struct user_registered, _name),		\
	.size = sizeof(((struct user_registered *)0)->_name)

static const struct evring_value plans[] = { { .value = 1, .name = "free" },
					     { .value = 2, .name = "paid" } };

static const struct evring_field fields[] = {
	{ FIELD(user_id, U64), .doc = "number of the account" },
	{ FIELD(email, TEXT), .doc = "address that was given" },
	{ FIELD(plan, U32), .format = EVRING_FORMAT_ENUM, .values = plans, .nr_values = 2 },
};

static const struct evring_type description = {
	.name = "user.registered", .version = 1, .doc = "somebody has registered with the shop",
	.size = offsetof(struct user_registered, tail), .fields = fields, .nr_fields = 3,
};

int main(int argc, char **argv)
{
	struct user_registered event = { .plan = 1 };
	struct evring_publisher *pub = NULL;
	const struct evring_type *type;
	int ret;

	if (argc != 3 || strlen(argv[2]) > sizeof(event.tail)) {
		fprintf(stderr, "usage: %s USER_ID EMAIL\n", argv[0]);
		return 2;
	}
	event.user_id = strtoull(argv[1], NULL, 10);
	event.email.offset = offsetof(struct user_registered, tail);
	event.email.len = (uint16_t)strlen(argv[2]);
	memcpy(event.tail, argv[2], event.email.len);

	ret = evring_publisher_open(&pub, NULL, 0);
	if (!ret)
		ret = evring_type_register(pub, &description, 0, &type);
	if (!ret)
		ret = evring_publish(pub, type, &event, event.email.offset + event.email.len);
	if (ret)
		fprintf(stderr, "registration: %s %s\n", strerror(-ret),
			pub ? evring_publisher_error(pub) : "");
	evring_publisher_close(pub);
	return ret != 0;
}
