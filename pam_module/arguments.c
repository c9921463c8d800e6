// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "helper/wire.h"
#include "pam_module/arguments.h"

static const char step[] = "arguments";

static int take_config(struct arguments *arguments, const char *value, struct error *error)
{
	size_t max = sizeof(((struct wire_request *)NULL)->config) - 1;

	if (value[0] != '/' || strlen(value) > max)
		return error_set(error, EINVAL, step,
				 "config=%s: an absolute path of at most %zu bytes is needed",
				 value, max);
	arguments->config = value;
	return 0;
}

static int take_profile(struct arguments *arguments, const char *value, struct error *error)
{
	size_t max = sizeof(((struct wire_request *)NULL)->profile) - 1;

	if (value[0] == '\0' || strlen(value) > max)
		return error_set(error, EINVAL, step,
				 "profile=%s: the name of a profile of at most %zu bytes is needed",
				 value, max);
	arguments->profile = value;
	return 0;
}

static int take_join(struct arguments *arguments, const char *value, struct error *error)
{
	if (strcmp(value, "auto") == 0)
		arguments->join = ARGUMENTS_JOIN_AUTO;
	else if (strcmp(value, "child") == 0)
		arguments->join = ARGUMENTS_JOIN_CHILD;
	else if (strcmp(value, "job") == 0)
		arguments->join = ARGUMENTS_JOIN_JOB;
	else if (strcmp(value, "caller") == 0)
		return error_set(error, ENOTSUP, step, "join=caller is not built yet");
	else
		return error_set(error, EINVAL, step, "join=%s: auto, child or job is needed",
				 value);
	return 0;
}

static int take_close(struct arguments *arguments, const char *value, struct error *error)
{
	(void)value, (void)error;
	arguments->close = true;
	return 0;
}

static int take_dry_run(struct arguments *arguments, const char *value, struct error *error)
{
	(void)value, (void)error;
	arguments->dry_run = true;
	return 0;
}

static int take_debug(struct arguments *arguments, const char *value, struct error *error)
{
	(void)value, (void)error;
	arguments->debug = true;
	return 0;
}

static int take_quiet(struct arguments *arguments, const char *value, struct error *error)
{
	(void)value, (void)error;
	arguments->quiet = true;
	return 0;
}

/* A name that ends in '=' takes the rest of the word as its value; another is the whole word. */
static const struct {
	const char *name;
	int (*take)(struct arguments *arguments, const char *value, struct error *error);
} words[] = {
	{"config=", take_config}, {"profile=", take_profile}, {"join=", take_join},
	{"close", take_close},	  {"dry_run", take_dry_run},  {"debug", take_debug},
	{"quiet", take_quiet},
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static size_t find_word(const char *text)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		size_t length = strlen(words[i].name);

		if (words[i].name[length - 1] == '=' ? strncmp(text, words[i].name, length) == 0
						     : strcmp(text, words[i].name) == 0)
			return i;
	}
	return WORD_COUNT;
}

static int take_word(struct arguments *arguments, const char *text, unsigned *seen,
		     struct error *error)
{
	size_t word = find_word(text);

	if (word == WORD_COUNT)
		return error_set(error, EINVAL, step,
				 "%s is not known: close, config=, profile=, join=, dry_run, debug "
				 "and quiet are",
				 text);
	if (*seen & 1U << word)
		return error_set(error, EINVAL, step, "%s is given twice", text);
	*seen |= 1U << word;
	return words[word].take(arguments, text + strlen(words[word].name), error);
}

int arguments_parse(int argc, const char *const *argv, struct arguments *ret_arguments,
		    struct error *error)
{
	struct arguments arguments = {0};
	unsigned seen = 0;
	int first = 0;

	for (int i = 0; i < argc; i++) {
		int result = take_word(&arguments, argv[i], &seen, first == 0 ? error : NULL);

		if (first == 0)
			first = result;
	}
	*ret_arguments = arguments;
	return first;
}
