// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "policy/units.h"

struct unit {
	const char *name;
	uint64_t factor;
};

#define SECOND 1000000ULL

static const struct unit time_units[] = {
	{"us", 1},
	{"usec", 1},
	{"ms", 1000},
	{"msec", 1000},
	{"", SECOND},
	{"s", SECOND},
	{"sec", SECOND},
	{"second", SECOND},
	{"seconds", SECOND},
	{"m", 60 * SECOND},
	{"min", 60 * SECOND},
	{"minute", 60 * SECOND},
	{"minutes", 60 * SECOND},
	{"h", 3600 * SECOND},
	{"hr", 3600 * SECOND},
	{"hour", 3600 * SECOND},
	{"hours", 3600 * SECOND},
	{"d", 86400 * SECOND},
	{"day", 86400 * SECOND},
	{"days", 86400 * SECOND},
	{"w", 7 * 86400 * SECOND},
	{"week", 7 * 86400 * SECOND},
	{"weeks", 7 * 86400 * SECOND},
	{NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1},	   {"B", 1},	      {"K", 1ULL << 10},
	{"M", 1ULL << 20}, {"G", 1ULL << 30}, {"T", 1ULL << 40},
	{"P", 1ULL << 50}, {"E", 1ULL << 60}, {NULL, 0},
};

/* Digits at *text, in this base; moves *text behind them. */
static int digits_parse(const char **text, unsigned base, uint64_t *ret_number)
{
	const char *at = *text;
	uint64_t number = 0;

	for (; *at >= '0' && *at < (char)('0' + base); at++)
		if (__builtin_mul_overflow(number, (uint64_t)base, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
			return -ERANGE;
	if (at == *text)
		return -EINVAL;
	*text = at;
	*ret_number = number;
	return 0;
}

static int number_parse(const char *text, unsigned base, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	int result = digits_parse(&text, base, &number);

	if (result < 0)
		return result;
	if (*text)
		return -EINVAL;
	if (number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int unit_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	return number_parse(text, 10, max, ret_number);
}

int unit_octal(const char *text, uint64_t max, uint64_t *ret_number)
{
	return number_parse(text, 8, max, ret_number);
}

/* One "number unit" at *text; moves *text behind it. */
static int term_parse(const char **text, const struct unit *units, uint64_t *ret_value)
{
	uint64_t number;
	size_t length;
	int result = digits_parse(text, 10, &number);

	if (result < 0)
		return result;
	for (length = 0; ((*text)[length] | 0x20) >= 'a' && ((*text)[length] | 0x20) <= 'z';)
		length++;
	for (; units->name; units++)
		if (strlen(units->name) == length && strncmp(units->name, *text, length) == 0)
			break;
	if (!units->name)
		return -EINVAL;
	*text += length;
	return __builtin_mul_overflow(number, units->factor, ret_value) ? -ERANGE : 0;
}

int unit_size(const char *text, uint64_t *ret_bytes)
{
	uint64_t bytes;
	int result;

	if (strcmp(text, "infinity") == 0) {
		*ret_bytes = UNIT_INFINITY;
		return 0;
	}
	result = term_parse(&text, size_units, &bytes);
	if (result < 0)
		return result;
	if (*text)
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

int unit_time(const char *text, uint64_t *ret_usec)
{
	uint64_t total = 0, term;
	int result;

	if (strcmp(text, "infinity") == 0) {
		*ret_usec = UNIT_INFINITY;
		return 0;
	}
	do {
		result = term_parse(&text, time_units, &term);
		if (result < 0)
			return result;
		if (__builtin_add_overflow(total, term, &total))
			return -ERANGE;
		text += strspn(text, " ");
	} while (*text);
	*ret_usec = total;
	return 0;
}

int unit_percent(const char *text, uint64_t *ret_percent)
{
	uint64_t percent;
	int result = digits_parse(&text, 10, &percent);

	if (result < 0)
		return result;
	if (strcmp(text, "%") != 0)
		return -EINVAL;
	*ret_percent = percent;
	return 0;
}

int unit_boolean(const char *text, bool *ret_boolean)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}, {"n", "y"}, {"f", "t"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (int value = 0; value < 2; value++) {
			if (strcasecmp(text, words[i][value]) == 0) {
				*ret_boolean = value;
				return 0;
			}
		}
	}
	return -EINVAL;
}
