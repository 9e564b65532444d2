/* SPDX-License-Identifier: MIT */
/* What runs a filter's program here is what runs it in the kernel: the same source. */
#include "../../kmod/filter/eval.c"
#include "../../kmod/filter/verify.c"
