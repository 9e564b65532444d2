/* SPDX-License-Identifier: MIT */
/* The kernel's interpreter of filters, compiled from the same source. */
#include "../../kmod/filter/eval.c"
#include "../../kmod/filter/verify.c"
