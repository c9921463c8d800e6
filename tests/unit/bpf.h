// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs a filter program as the kernel would (linux/filter.h, the classic instructions that seccomp
 * accepts of those), so that a test can ask about calls of every architecture on any machine.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

#define BPF_RUN_BAD 0xdeadbeef /* an instruction or a jump that the kernel would not accept */

static inline uint32_t bpf_load(const struct seccomp_data *data, uint32_t offset)
{
	const unsigned char *bytes = (const unsigned char *)data + offset;

	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static inline int bpf_jump(const struct sock_filter *at, uint32_t value, uint32_t *ret_skip)
{
	switch (BPF_OP(at->code)) {
	case BPF_JA:
		*ret_skip = at->k;
		return 0;
	case BPF_JEQ:
		*ret_skip = value == at->k ? at->jt : at->jf;
		return 0;
	case BPF_JGE:
		*ret_skip = value >= at->k ? at->jt : at->jf;
		return 0;
	case BPF_JSET:
		*ret_skip = value & at->k ? at->jt : at->jf;
		return 0;
	default:
		return -1;
	}
}

/* The SECCOMP_RET_ value for one call. */
static inline uint32_t bpf_run(const struct sock_filter *program, uint32_t length,
			       const struct seccomp_data *data)
{
	uint32_t accumulator = 0, skip;

	for (uint32_t at = 0; at < length; at++) {
		const struct sock_filter *now = &program[at];

		switch (BPF_CLASS(now->code)) {
		case BPF_LD:
			if (now->code != (BPF_LD | BPF_W | BPF_ABS) || now->k % 4 != 0 ||
			    now->k > sizeof(*data) - 4)
				return BPF_RUN_BAD;
			accumulator = bpf_load(data, now->k);
			break;
		case BPF_JMP:
			if (bpf_jump(now, accumulator, &skip) < 0 || skip >= length - at - 1)
				return BPF_RUN_BAD;
			at += skip;
			break;
		case BPF_RET:
			return now->k;
		default:
			return BPF_RUN_BAD;
		}
	}
	return BPF_RUN_BAD;
}
