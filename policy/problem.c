// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/problem.h"

static void problem_first(struct problems *problems, const struct problem *problem)
{
	char place[ERROR_MESSAGE_SIZE] = "";

	if (problems->first.code || problem->code == ENOTSUP)
		return;
	if (problem->line)
		snprintf(place, sizeof(place), "%s:%u: ", problem->file, problem->line);
	else if (problem->file)
		snprintf(place, sizeof(place), "%s: ", problem->file);
	error_set(&problems->first, problem->code, "policy", "%s%s%s%s", place,
		  problem->key ? problem->key : "", problem->key ? ": " : "", problem->message);
}

static void problem_keep(struct problems *problems, const struct problem *problem)
{
	struct problem *list, *kept;

	if (problems->kept >= PROBLEMS_KEPT_MAX)
		return;
	list = reallocarray(problems->list, problems->kept + 1, sizeof(*list));
	if (!list)
		return;
	problems->list = list;
	kept = &list[problems->kept++];
	*kept = *problem;
	kept->file = problem->file ? strdup(problem->file) : NULL;
	kept->key = problem->key ? strdup(problem->key) : NULL;
}

void problem_add(struct problems *problems, int code, const char *file, unsigned line,
		 const char *key, const char *format, ...)
{
	struct problem problem = {
		.code = code, .file = (char *)file, .line = line, .key = (char *)key};
	va_list arguments;

	if (!problems)
		return;
	va_start(arguments, format);
	vsnprintf(problem.message, sizeof(problem.message), format, arguments);
	va_end(arguments);
	problems->count++;
	problem_first(problems, &problem);
	problem_keep(problems, &problem);
}

void problems_finish(struct problems *problems)
{
	for (size_t i = 0; i < problems->kept; i++) {
		free(problems->list[i].file);
		free(problems->list[i].key);
	}
	free(problems->list);
	memset(problems, 0, sizeof(*problems));
}
