// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the harnesses share: bytes as text, and a user to judge. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/plan.h"

/* The input found a contradiction in the product. */
#define must(condition) ((condition) ? (void)0 : fuzz_contradiction(#condition, __FILE__, __LINE__))

/* What the fuzzer's engine calls, with every input anew. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_contradiction(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* The bytes with a NUL after them, for the caller to free. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static inline struct facts fuzz_user(void)
{
	static const gid_t gids[] = {1000, 100};
	static const char *const groups[] = {"alice", "students"};

	return (struct facts){.user = "alice",
			      .uid = 1000,
			      .gid = 1000,
			      .home = "/home/alice",
			      .shell = "/bin/sh",
			      .gids = gids,
			      .groups = groups,
			      .group_count = 2,
			      .service = "sshd",
			      .rhost = "192.0.2.1"};
}
