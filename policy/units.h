// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers with units, as systemd.syntax(7) and systemd.time(7) spell them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UNIT_INFINITY UINT64_MAX

/*
 * Each returns 0, -EINVAL for what does not parse, or -ERANGE for what is too large. Signs, inner
 * white space (but between the terms of a time) and anything after the value do not parse.
 */
int unit_number(const char *text, uint64_t max, uint64_t *ret_number); /* decimal digits only */
int unit_octal(const char *text, uint64_t max, uint64_t *ret_number);  /* octal digits only */
int unit_size(const char *text, uint64_t *ret_bytes);	   /* 512, 64K, 512M; base 1024; infinity */
int unit_time(const char *text, uint64_t *ret_usec);	   /* 90, 15min, 1h 30min; infinity */
int unit_percent(const char *text, uint64_t *ret_percent); /* 150% */
int unit_boolean(const char *text, bool *ret_boolean);	   /* yes/no, true/false, on/off, 1/0 */
