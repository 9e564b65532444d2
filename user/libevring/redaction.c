/* SPDX-License-Identifier: MIT */
/* Secrets are found by the same source here and in the kernel. */
#include "../../kmod/redact/build.c"
#include "../../kmod/redact/copy.c"
#include "../../kmod/redact/find.c"
#include "../../kmod/redact/index.c"
#include "../../kmod/redact/search.c"
#include "../../kmod/redact/text.c"
#include "../../kmod/redact/value.c"
#include "../../kmod/redact/verify.c"
#include "../../kmod/redact/whole.c"
