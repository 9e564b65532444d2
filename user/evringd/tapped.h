/* SPDX-License-Identifier: MIT */
/* tapped: the last events of the host, as JSON, for the page. */
#ifndef TAPPED_H
#define TAPPED_H

#include <stdio.h>

struct tapped;

/* @device: NULL for the usual one. It is opened with the first look. */
struct tapped *tapped_new(const char *device);
void tapped_free(struct tapped *tapped);
/*
 * Write those that came since the last look as an array's elements, the first ones of them
 * where there are too many: the others are left out.
 */
void tapped_write(struct tapped *tapped, FILE *out);
/* Nobody looks on: the device is closed until the next look. */
void tapped_rest(struct tapped *tapped);

#endif /* TAPPED_H */
