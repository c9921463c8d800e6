// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which root file system, and what becomes of changes in it: rootfs, overlay-upper, upper-size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/expand.h"
#include "policy/paths.h"
#include "policy/units.h"
#include "policy/values.h"

#define STEP		 "policy"
#define UPPER_SIZE_LEAST 65536 /* an overlay makes some directories of its own */
#define NAME_LETTERS	 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"

static const struct source {
	const char *prefix;
	enum root_kind kind;
	const char *store; /* where a name without a slash is looked for; NULL: no names */
} sources[] = {
	{"directory:", ROOT_DIRECTORY, NULL},
	{"overlay:", ROOT_OVERLAY, CONFINE_STORE_DIR "/rootfs/"},
	{"image:", ROOT_IMAGE, CONFINE_STORE_DIR "/images/"},
};

/* A name goes on to be a directory of the users' changes, so it is a plain one. */
static int name_check(const char *name, struct error *error)
{
	size_t length = strlen(name);

	if (length == 0 || length > 64 || name[0] == '.' || strspn(name, NAME_LETTERS) != length)
		return error_set(error, EINVAL, STEP,
				 "\"%.80s\" is neither an absolute path nor a name of up to 64 "
				 "letters, digits and any of \"._+-\", no '.' first",
				 name);
	return 0;
}

static int source_read(const struct source *source, const char *text, const struct facts *facts,
		       char **ret_path, struct error *error)
{
	cleanup_free char *expanded = NULL, *path = NULL;
	int result = expand(text, strlen(text), facts, &expanded, error);

	if (result < 0)
		return result;
	if (expanded[0] != '/' && source->store) {
		result = name_check(expanded, error);
		if (result == 0 && asprintf(&path, "%s%s", source->store, expanded) < 0)
			path = NULL;
	} else {
		result = path_check(expanded, error);
		path = steal_pointer(&expanded);
	}
	if (result == 0 && !path)
		return error_set(error, ENOMEM, STEP, "out of memory");
	if (result == 0)
		*ret_path = steal_pointer(&path);
	return result;
}

int apply_rootfs(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error)
{
	char *path = NULL;

	(void)key;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		const struct source *source = &sources[i];
		size_t length = strlen(source->prefix);
		int result;

		if (strncmp(value, source->prefix, length) != 0)
			continue;
		result = source_read(source, value + length, facts, &path, error);
		if (result < 0)
			return result;
		free(plan->root_source);
		plan->root_source = path;
		plan->root = source->kind;
		return 0;
	}
	if (strcmp(value, "host") != 0)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is none of: host, directory:PATH, overlay:TEMPLATE, "
				 "image:FILE",
				 value);
	free(plan->root_source);
	plan->root_source = NULL;
	plan->root = ROOT_HOST;
	return 0;
}

int apply_overlay_upper(struct plan *plan, const struct key *key, const char *value,
			const struct facts *facts, struct error *error)
{
	(void)key, (void)facts;
	if (strcmp(value, "keep") != 0 && strcmp(value, "discard") != 0)
		return error_set(error, EINVAL, STEP, "\"%.64s\" is none of: keep, discard", value);
	plan->upper = *value == 'k' ? UPPER_KEEP : UPPER_DISCARD;
	return 0;
}

int apply_upper_size(struct plan *plan, const struct key *key, const char *value,
		     const struct facts *facts, struct error *error)
{
	uint64_t bytes;

	(void)key, (void)facts;
	if (unit_size(value, &bytes) < 0 || bytes == UNIT_INFINITY || bytes < UPPER_SIZE_LEAST)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is no size of at least 64K (e.g. 256M); there is no "
				 "infinity",
				 value);
	plan->upper_size = bytes;
	return 0;
}
