/* SPDX-License-Identifier: MIT */
/* What finds secrets here is what finds them in the kernel: the same source. */
#include "../../kmod/redact/build.c"
#include "../../kmod/redact/copy.c"
#include "../../kmod/redact/find.c"
#include "../../kmod/redact/text.c"
#include "../../kmod/redact/value.c"
#include "../../kmod/redact/verify.c"
