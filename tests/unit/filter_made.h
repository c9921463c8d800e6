// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of the compiled list share: programs of every architecture, and asking them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "helper/filter_compile.h"
#include "tests/unit/bpf.h"

#define KILL	   SECCOMP_RET_KILL_PROCESS
#define ALLOW	   SECCOMP_RET_ALLOW
#define LOG	   SECCOMP_RET_LOG
#define REFUSED(e) (SECCOMP_RET_ERRNO | (e))
#define X32	   UINT32_C(0x40000000)
#define HIGH	   (UINT64_C(1) << 32)

static const struct {
	const char *name;
	uint32_t native, token;
} architectures[] = {
	{"x86_64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64},
	{"i386", SCMP_ARCH_X86_64, SCMP_ARCH_X86},
	{"aarch64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64},
	{"arm", SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
};
#define ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

struct made {
	struct filter_list list;
	struct sock_filter code[BPF_MAXINSNS];
	uint32_t length;
};

static inline void make(struct made *made, uint32_t native, enum filter_action action)
{
	struct error error = {0};

	filter_list_default(&made->list);
	assert_int_equal(filter_compile_for(native, &made->list, action, made->code, BPF_MAXINSNS,
					    &made->length, &error),
			 0);
}

static inline uint32_t ask(const struct made *made, uint32_t architecture, uint32_t number,
			   unsigned argument, uint64_t value)
{
	struct seccomp_data data = {.nr = (int)number, .arch = architecture};

	data.args[argument] = value;
	return bpf_run(made->code, made->length, &data);
}

/* The number of a call by the names that the filter itself goes by; fails if there is none. */
static inline uint32_t number_of(uint32_t architecture, const char *call)
{
	for (uint32_t number = 0; number < FILTER_NUMBERS; number++) {
		char *name = filter_call_name(architecture, number);
		int same = name && strcmp(name, call) == 0;

		free(name);
		if (same)
			return number;
	}
	return UINT32_MAX;
}

static inline uint32_t ask_name(const struct made *made, uint32_t architecture, const char *call,
				unsigned argument, uint64_t value)
{
	uint32_t number = number_of(architecture, call);

	assert_int_not_equal(number, UINT32_MAX);
	return ask(made, architecture, number, argument, value);
}
