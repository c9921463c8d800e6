// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies out of texts, for tests: file names are F1, F2, ... */
#pragma once

#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#include "policy/model.h"

#define TEXT_FILES_MAX 4

struct text_policy {
	struct policy *policy; /* NULL: the policy is bad */
	struct problems problems;
};

/* Reads up to TEXT_FILES_MAX texts, ended by NULL, as one policy. */
static inline struct text_policy text_policy(const char *first, ...)
{
	static const char *const names[TEXT_FILES_MAX] = {"F1", "F2", "F3", "F4"};
	struct source list[TEXT_FILES_MAX];
	struct sources sources = {.list = list};
	struct text_policy read = {0};
	struct error error = {0};
	va_list arguments;

	va_start(arguments, first);
	for (const char *text = first; text; text = va_arg(arguments, const char *)) {
		assert(sources.count < TEXT_FILES_MAX);
		list[sources.count] = (struct source){.path = (char *)names[sources.count],
						      .fd = -1,
						      .text = (char *)text,
						      .size = strlen(text)};
		sources.count++;
	}
	va_end(arguments);
	assert_int_equal(policy_parse(&sources, &read.policy, &read.problems, &error), 0);
	return read;
}

static inline void text_policy_finish(struct text_policy *read)
{
	policy_destroy(read->policy);
	problems_finish(&read->problems);
}

#define cleanup_text_policy __attribute__((cleanup(text_policy_finish)))

/* "FILE:LINE: KEY: MESSAGE" of a problem, as check prints it. */
static inline void problem_text(const struct problem *problem, char *text, size_t size)
{
	snprintf(text, size, "%s:%u: %s%s%s", problem->file ? problem->file : "-", problem->line,
		 problem->key ? problem->key : "", problem->key ? ": " : "", problem->message);
}

/* That one of the problems begins with this, and contains that. */
static inline void assert_problem(const struct problems *problems, const char *start,
				  const char *part)
{
	char text[2 * ERROR_MESSAGE_SIZE];

	for (size_t i = 0; i < problems->kept; i++) {
		problem_text(&problems->list[i], text, sizeof(text));
		if (strncmp(text, start, strlen(start)) == 0 && strstr(text, part))
			return;
	}
	for (size_t i = 0; i < problems->kept; i++) {
		problem_text(&problems->list[i], text, sizeof(text));
		print_error("found: %s\n", text);
	}
	fail_msg("no problem \"%s...%s\"", start, part);
}

/* That a text has exactly this one problem. */
static inline void assert_only_problem(const char *policy, const char *start, const char *part)
{
	cleanup_text_policy struct text_policy read = text_policy(policy, NULL);

	assert_problem(&read.problems, start, part);
	assert_int_equal(read.problems.count, 1);
}

static inline void assert_fine(const char *policy)
{
	cleanup_text_policy struct text_policy read = text_policy(policy, NULL);
	char text[2 * ERROR_MESSAGE_SIZE];

	if (read.problems.count > 0) {
		problem_text(&read.problems.list[0], text, sizeof(text));
		fail_msg("\"%s\": %s", policy, text);
	}
}
