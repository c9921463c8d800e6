// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "policy/paths.h"

#define STEP "policy"

static int component_check(const char *path, const char *name, size_t length, struct error *error)
{
	if (length == 0)
		return error_set(error, EINVAL, STEP,
				 "\"%.128s\": an empty component; write one '/' between names and "
				 "none at the end",
				 path);
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return error_set(error, EINVAL, STEP,
				 "\"%.128s\": \".\" and \"..\" are not allowed in a path", path);
	if (length > NAME_MAX)
		return error_set(error, EINVAL, STEP, "\"%.128s\": a name of more than %d bytes",
				 path, NAME_MAX);
	return 0;
}

int path_check(const char *path, struct error *error)
{
	const char *at = path;
	size_t length;
	int result = 0;

	if (*path != '/')
		return error_set(error, EINVAL, STEP,
				 "\"%.128s\" is not absolute; a path begins with '/'", path);
	if (strlen(path) >= PATH_MAX)
		return error_set(error, EINVAL, STEP, "\"%.64s...\": longer than %d bytes", path,
				 PATH_MAX - 1);
	for (; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return error_set(error, EINVAL, STEP, "a path with a control character");
	for (at = path; *at && result == 0; at += length) {
		length = strcspn(++at, "/");
		result = component_check(path, at, length, error);
	}
	return result;
}
