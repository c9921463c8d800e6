// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "policy/list.h"

static bool blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

bool list_next(const char **cursor, struct item *ret_item)
{
	const char *start = *cursor, *end;

	if (!start)
		return false;
	end = start + strcspn(start, ",");
	*cursor = *end ? end + 1 : NULL;
	while (start < end && blank(*start))
		start++;
	while (end > start && blank(end[-1]))
		end--;
	*ret_item = (struct item){.text = start, .length = (size_t)(end - start)};
	return true;
}

bool list_empty(const char *list)
{
	return list[strspn(list, " \t")] == '\0';
}

/* Goes back to the last '*' only, which is enough: an earlier one can take no more than it did. */
static bool pattern_match(const char *pattern, size_t length, const char *name)
{
	const char *end = pattern + length, *star = NULL, *resume = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			resume = name;
		} else if (pattern < end && (*pattern == '?' || *pattern == *name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

enum list_match list_match(const char *list, const char *name)
{
	enum list_match found = LIST_NONE;
	struct item item;

	while (list_next(&list, &item)) {
		bool negated = item.length > 0 && *item.text == '!';

		if (item.length == 0 ||
		    !pattern_match(item.text + negated, item.length - negated, name))
			continue;
		if (negated)
			return LIST_EXCLUDED;
		found = LIST_MATCH;
	}
	return found;
}

int list_check(const char *list, struct error *error)
{
	bool positive = false;
	struct item item;

	if (list_empty(list))
		return 0;
	while (list_next(&list, &item)) {
		if (item.length == 0 || (item.length == 1 && *item.text == '!'))
			return error_set(error, EINVAL, "policy",
					 "an empty item in the list (a comma too many?)");
		positive |= *item.text != '!';
	}
	if (!positive)
		return error_set(error, EINVAL, "policy",
				 "only exclusions, which match nobody; name first what they are "
				 "taken from (e.g. \"*, !NAME\")");
	return 0;
}
