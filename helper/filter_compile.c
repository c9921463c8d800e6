// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libseccomp knows the numbers; the program is laid out here, for two reasons. libseccomp has one
 * answer for every call whose arguments fit no rule, and it cannot say "unless the low half equals
 * one of these", so the checks of the table could only be written as long lists of masks. And it
 * emits a comparison and a jump for each call, where a list of calls is a list of ranges: half the
 * instructions (490 against 999 for x86_64, libseccomp 2.5.4 with its binary tree, of the first
 * list) and half the time to install them, which every login pays.
 *
 * MUST hold on every path: the architecture is compared before the number, each architecture's
 * numbers are covered from 0 to 2^32 - 1, no path ends without a return.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "helper/filter_compile.h"
#include "policy/cleanup.h"

static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "low half of an argument at its lower address");

static const char step[] = "filter";

/* 32-bit ARM has calls of its own here: breakpoint, cacheflush, set_tls, ... */
#define ARM_PRIVATE_FIRST 0xf0000
#define ARM_PRIVATE_LAST  0xf000f

#define RANGES_MAX 512
#define BRANCH_MAX 255 /* what the one byte of a conditional jump reaches */

struct range {
	uint32_t first; /* up to the first of the next range */
	struct call_rule rule;
};

struct ranges {
	struct range items[RANGES_MAX];
	size_t count;
};

struct program {
	struct sock_filter *code;
	uint32_t length, max;
	bool full;
	enum filter_action action;
};

static const struct pair {
	uint32_t native, sister;
} pairs[] = {
	/* x32 shares x86_64's number for the architecture, its calls are above every range. */
	{SCMP_ARCH_X86_64, SCMP_ARCH_X86},
	{SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
};

/* ---- numbers ---- */

static const char *later_name(uint32_t architecture, uint32_t number)
{
	for (size_t i = 0; i < call_number_count; i++) {
		const struct call_number *row = &call_numbers[i];

		if (row->number == number &&
		    (row->architecture == 0 || row->architecture == architecture))
			return row->call;
	}
	return NULL;
}

char *filter_call_name(uint32_t architecture, uint32_t number)
{
	char *name = seccomp_syscall_resolve_num_arch(architecture, (int)number);
	const char *later;

	if (name)
		return name;
	later = later_name(architecture, number);
	return later ? strdup(later) : NULL;
}

bool filter_call_exists(const char *call)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (seccomp_syscall_resolve_name_arch(pairs[i].native, call) != __NR_SCMP_ERROR)
			return true;
	for (size_t i = 0; i < call_number_count; i++)
		if (strcmp(call_numbers[i].call, call) == 0)
			return true;
	return false;
}

static struct call_rule rule_of(const struct filter_list *list, uint32_t architecture,
				uint32_t number)
{
	static const struct call_rule absent = {.verdict = CALL_ABSENT};
	cleanup_free char *name = filter_call_name(architecture, number);
	const struct filter_entry *entry;

	if (!name)
		return absent;
	entry = filter_list_find((struct filter_list *)list, name, strlen(name));
	return entry ? entry->rule : absent;
}

static void ranges_add(struct ranges *ranges, uint32_t first, struct call_rule rule)
{
	if (ranges->count > 0 && call_rule_equal(&ranges->items[ranges->count - 1].rule, &rule))
		return;
	assert(ranges->count < RANGES_MAX);
	ranges->items[ranges->count++] = (struct range){.first = first, .rule = rule};
}

static void ranges_make(struct ranges *ranges, const struct filter_list *list,
			uint32_t architecture)
{
	const struct call_rule absent = {.verdict = CALL_ABSENT};

	ranges->count = 0;
	for (uint32_t number = 0; number < FILTER_NUMBERS; number++)
		ranges_add(ranges, number, rule_of(list, architecture, number));
	ranges_add(ranges, FILTER_NUMBERS, absent);
	if (architecture != SCMP_ARCH_ARM)
		return;
	for (uint32_t number = ARM_PRIVATE_FIRST; number <= ARM_PRIVATE_LAST; number++)
		ranges_add(ranges, number, rule_of(list, architecture, number));
	ranges_add(ranges, ARM_PRIVATE_LAST + 1, absent);
}

/* ---- instructions ---- */

static void emit(struct program *program, uint16_t code, uint32_t value, size_t if_true,
		 size_t if_false)
{
	if (program->length == program->max) {
		program->full = true;
		return;
	}
	assert(if_true <= BRANCH_MAX && if_false <= BRANCH_MAX);
	program->code[program->length++] = (struct sock_filter){
		.code = code, .jt = (uint8_t)if_true, .jf = (uint8_t)if_false, .k = value};
}

static void emit_load(struct program *program, size_t offset)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_return(struct program *program, uint32_t value)
{
	emit(program, BPF_RET | BPF_K, value, 0, 0);
}

static void emit_error(struct program *program, int error)
{
	emit_return(program, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA));
}

static void emit_refusal(struct program *program, int error)
{
	if (error == ENOSYS || program->action == FILTER_ERRNO)
		emit_error(program, error);
	else if (program->action == FILTER_KILL)
		emit_return(program, SECCOMP_RET_KILL_PROCESS);
	else
		emit_return(program, SECCOMP_RET_LOG);
}

/* Leaves out the one instruction that follows if the argument compares to one of the values. */
static void emit_compare(struct program *program, uint16_t comparison, unsigned argument,
			 const uint32_t *values, size_t count)
{
	emit_load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
	for (size_t i = 0; i < count; i++)
		emit(program, BPF_JMP | BPF_K | comparison, values[i], count - i, 0);
}

static void emit_check(struct program *program, const struct call_rule *rule)
{
	const struct call_check *check = rule->check;
	const struct call_condition *where = &check->where;

	if (where->count > 0) {
		emit_compare(program, BPF_JEQ, where->argument, where->values, where->count);
		emit_return(program, SECCOMP_RET_ALLOW);
	}
	emit_compare(program, check->test == TEST_REFUSE_BITS ? BPF_JSET : BPF_JEQ, check->argument,
		     check->values, check->count);
	if (check->test == TEST_ALLOW_VALUES) {
		emit_refusal(program, rule->error);
		emit_return(program, SECCOMP_RET_ALLOW);
	} else {
		emit_return(program, SECCOMP_RET_ALLOW);
		emit_refusal(program, rule->error);
	}
}

static void emit_rule(struct program *program, const struct call_rule *rule)
{
	switch (rule->verdict) {
	case CALL_ABSENT:
		emit_error(program, ENOSYS);
		break;
	case CALL_REFUSE:
		emit_refusal(program, rule->error);
		break;
	case CALL_ALLOW:
		emit_return(program, SECCOMP_RET_ALLOW);
		break;
	case CALL_CHECK:
		emit_check(program, rule);
		break;
	}
}

/* Puts a jump over the instructions from at on, reached where the comparison before it is true. */
static void jump_over(struct program *program, uint32_t at)
{
	uint32_t size = program->length - at;

	if (program->full)
		return;
	if (size <= BRANCH_MAX) {
		program->code[at - 1].jt = (uint8_t)size;
		return;
	}
	emit(program, 0, 0, 0, 0);
	if (program->full)
		return;
	memmove(&program->code[at + 1], &program->code[at], size * sizeof(program->code[0]));
	program->code[at - 1].jf = 1;
	program->code[at] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, size);
}

/* A binary search for the range of the number in the accumulator; depth is log2 of count. */
static void emit_search(struct program *program, const struct range *ranges, size_t count)
{
	size_t half = count / 2;
	uint32_t left;

	if (count == 1) {
		emit_rule(program, &ranges[0].rule);
		return;
	}
	emit(program, BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 0);
	left = program->length;
	emit_search(program, ranges, half);
	jump_over(program, left);
	emit_search(program, ranges + half, count - half);
}

/* Does nothing if the architecture in the accumulator is another one. */
static void emit_architecture(struct program *program, const struct filter_list *list,
			      uint32_t architecture)
{
	struct ranges ranges;
	uint32_t start;

	ranges_make(&ranges, list, architecture);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0);
	emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
	start = program->length;
	emit_load(program, offsetof(struct seccomp_data, nr));
	emit_search(program, ranges.items, ranges.count);
	if (!program->full)
		program->code[start - 1].k = program->length - start;
}

int filter_compile_for(uint32_t native, const struct filter_list *list, enum filter_action action,
		       struct sock_filter *program, uint32_t max, uint32_t *ret_length,
		       struct error *error)
{
	struct program made = {.code = program, .max = max, .action = action};
	const struct pair *pair = NULL;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].native == native)
			pair = &pairs[i];
	if (!pair)
		return error_set(error, ENOTSUP, step, "no filter for architecture %#x", native);
	emit_load(&made, offsetof(struct seccomp_data, arch));
	emit_architecture(&made, list, pair->native);
	emit_architecture(&made, list, pair->sister);
	emit_return(&made, SECCOMP_RET_KILL_PROCESS);
	if (made.full)
		return error_set(error, E2BIG, step, "the program is longer than %u instructions",
				 max);
	*ret_length = made.length;
	return 0;
}

int filter_compile(const struct filter_list *list, enum filter_action action,
		   struct sock_filter *program, uint32_t max, uint32_t *ret_length,
		   struct error *error)
{
	return filter_compile_for(seccomp_arch_native(), list, action, program, max, ret_length,
				  error);
}
