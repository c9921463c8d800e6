// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a list of calls to the program that the kernel runs. Pure. */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "helper/filter_list.h"
#include "policy/error.h"
#include "policy/plan.h"

#define FILTER_NUMBERS 1024 /* system call numbers looked at; all above do not exist */

/*
 * Makes the program of list for this machine's architecture and its 32-bit sister into
 * program[max], its length in instructions into *ret_length. action says what becomes of a
 * refused call. Names are turned into numbers by libseccomp. -E2BIG: longer than max.
 * -ENOTSUP: not an architecture of ours.
 */
int filter_compile(const struct filter_list *list, enum filter_action action,
		   struct sock_filter *program, uint32_t max, uint32_t *ret_length,
		   struct error *error);

/* As filter_compile(), for another native architecture (SCMP_ARCH_*). For tests. */
int filter_compile_for(uint32_t native, const struct filter_list *list, enum filter_action action,
		       struct sock_filter *program, uint32_t max, uint32_t *ret_length,
		       struct error *error);

/* The name of a call of an architecture, to be freed, or NULL. */
char *filter_call_name(uint32_t architecture, uint32_t number);

/* Whether a call of this name exists on any architecture of ours. */
bool filter_call_exists(const char *call);
