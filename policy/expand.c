// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/expand.h"

#define STEP	    "policy"
#define NUMBER_SIZE sizeof("4294967295")

/* The primary group's name, or NULL where the gid has none. */
static const char *group_name(const struct facts *facts)
{
	for (size_t i = 0; i < facts->group_count && facts->groups; i++)
		if (facts->gids[i] == facts->gid)
			return facts->groups[i];
	return NULL;
}

/* What one letter stands for: borrowed, or put into number. NULL: no such letter, or no name. */
static const char *letter_value(char letter, const struct facts *facts, char number[NUMBER_SIZE])
{
	switch (letter) {
	case 'u':
		return facts->user;
	case 'U':
		snprintf(number, NUMBER_SIZE, "%u", facts->uid);
		return number;
	case 'g':
		return group_name(facts);
	case 'G':
		snprintf(number, NUMBER_SIZE, "%u", facts->gid);
		return number;
	case 'h':
		return facts->home;
	case '%':
		return "%";
	default:
		return NULL;
	}
}

static int letter_put(FILE *out, char letter, const struct facts *facts, struct error *error)
{
	char number[NUMBER_SIZE];
	const char *value = letter_value(letter, facts, number);

	if (!letter || !strchr("uUgGh%", letter))
		return error_set(error, EINVAL, STEP,
				 "%%%c stands for nothing; there are %%u %%U %%g %%G %%h and %%%%",
				 letter ? letter : ' ');
	if (!value || !*value)
		return error_set(error, EINVAL, STEP, "%%%c is not known for user %s", letter,
				 facts->user);
	if (letter != 'h' && strchr(value, '/'))
		return error_set(error, EINVAL, STEP, "%%%c brings a '/' along: %s", letter, value);
	fputs(value, out);
	return 0;
}

int expand(const char *text, size_t length, const struct facts *facts, char **ret_text,
	   struct error *error)
{
	cleanup_free char *expanded = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&expanded, &size);
	int result = 0;

	if (!out)
		return error_set(error, ENOMEM, STEP, "out of memory");
	for (i = 0; i < length && result == 0; i++) {
		if (text[i] != '%')
			putc(text[i], out);
		else
			result = letter_put(out, (char)(++i < length ? text[i] : 0), facts, error);
	}
	if (fclose(out) != 0 && result == 0)
		return error_set(error, ENOMEM, STEP, "out of memory");
	if (result == 0)
		*ret_text = steal_pointer(&expanded);
	return result;
}
