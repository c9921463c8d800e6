// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default list of system calls, as data: what is let through, what is refused, and why.
 *
 * MUST name every call of every supported architecture that its authors knew of; a number that
 * no row names does not exist for the confined program (ENOSYS), so that a call of a later kernel
 * is neither let through unseen nor mistaken for a matter of permission.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum call_verdict {
	CALL_ABSENT, /* ENOSYS whatever the action: as on a kernel that lacks the call */
	CALL_REFUSE, /* the policy's action: errno, kill or log */
	CALL_ALLOW,
	CALL_CHECK, /* depends on its arguments */
};

/* A group of calls that share verdict and reason. */
struct call_row {
	enum call_verdict verdict; /* never CALL_CHECK */
	const char *calls; /* names as in libseccomp, each followed by one space but the last */
	const char *reason;
};

enum call_test {
	TEST_REFUSE_VALUES, /* refused if equal to one of the values */
	TEST_ALLOW_VALUES,  /* refused unless equal to one of the values */
	TEST_REFUSE_BITS,   /* refused if any bit of values[0] is set */
};

#define CALL_VALUES_MAX 8

/* Where a check applies: where an argument equals one of the values; no values: everywhere. */
struct call_condition {
	unsigned argument; /* from 0 */
	uint32_t values[CALL_VALUES_MAX];
	size_t count;
};

/*
 * A call of which one argument decides; where the condition is not met the call is let through.
 * Only the low 32 bits are compared: the kernel takes these arguments as int or unsigned int and
 * drops what stands above (CVE-2019-10063 was a filter that did not). Those of ptrace are long, but
 * it knows none with a bit above, so that what is refused too much is an error anyway.
 */
struct call_check {
	const char *call;
	struct call_condition where;
	unsigned argument; /* from 0 */
	enum call_test test;
	int error; /* errno of the refusal */
	uint32_t values[CALL_VALUES_MAX];
	size_t count;
	const char *reason;
};

/* A call that libseccomp's tables may be too old to know. */
struct call_number {
	uint32_t number;
	uint32_t architecture; /* SCMP_ARCH_*; 0: the same number everywhere */
	const char *call;
};

extern const struct call_row call_rows[];
extern const size_t call_row_count;
extern const struct call_check call_checks[];
extern const size_t call_check_count;
extern const struct call_number call_numbers[];
extern const size_t call_number_count;
