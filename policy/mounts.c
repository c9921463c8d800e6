// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bind, bind-ro, bind-try, tmpfs, symlink, mask: lists of SOURCE:TARGET[:OPTION+OPTION].
 *
 * MUST split before it expands, so that a ':' or ',' in a home's path cannot make a part of its
 * own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/expand.h"
#include "policy/list.h"
#include "policy/paths.h"
#include "policy/values.h"

#define STEP	  "policy"
#define PARTS_MAX 3

struct parts {
	struct item item[PARTS_MAX];
	size_t count;
};

/* What may stand before the options: how many parts, and how it is written. */
struct shape {
	size_t least, most;
	bool options;
	const char *text;
};

static const struct shape shapes[] = {
	[MOUNT_BIND] = {1, 2, true, "SOURCE[:TARGET[:nosuid+nodev+noexec]]"},
	[MOUNT_BIND_RO] = {1, 2, true, "SOURCE[:TARGET[:nosuid+nodev+noexec]]"},
	[MOUNT_BIND_TRY] = {1, 2, true, "SOURCE[:TARGET[:nosuid+nodev+noexec]]"},
	[MOUNT_TMPFS] = {1, 1, true, "TARGET[:nosuid+nodev+noexec]"},
	[MOUNT_SYMLINK] = {2, 2, false, "TEXT:TARGET"},
	[MOUNT_MASK] = {1, 1, false, "PATH"},
};

static int shape_error(const struct item *item, const struct shape *shape, struct error *error)
{
	return error_set(error, EINVAL, STEP, "\"%.*s\" is not %s",
			 item->length > 128 ? 128 : (int)item->length, item->text, shape->text);
}

static int parts_split(const struct item *item, struct parts *parts)
{
	const char *at = item->text, *end = item->text + item->length, *colon;

	parts->count = 0;
	for (;; at = colon + 1) {
		colon = memchr(at, ':', (size_t)(end - at));
		if (parts->count == PARTS_MAX)
			return -EINVAL;
		parts->item[parts->count++] =
			(struct item){at, (size_t)((colon ? colon : end) - at)};
		if (!colon)
			return 0;
	}
}

static int option_read(struct plan_mount *mount, const char *text, size_t length,
		       struct error *error)
{
	const struct {
		const char *name;
		bool *flag;
	} options[] = {
		{"nosuid", &mount->nosuid}, {"nodev", &mount->nodev}, {"noexec", &mount->noexec}};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strlen(options[i].name) == length &&
		    strncmp(options[i].name, text, length) == 0) {
			*options[i].flag = true;
			return 0;
		}
	}
	return error_set(error, EINVAL, STEP,
			 "\"%.*s\" is no option; there are nosuid, nodev and noexec, joined by '+'",
			 length > 64 ? 64 : (int)length, text);
}

static int options_read(struct plan_mount *mount, const struct item *item, struct error *error)
{
	const char *at = item->text, *end = item->text + item->length, *plus;
	int result = 0;

	for (; result == 0; at = plus + 1) {
		plus = memchr(at, '+', (size_t)(end - at));
		result = option_read(mount, at, (size_t)((plus ? plus : end) - at), error);
		if (!plus)
			break;
	}
	return result;
}

static int path_read(const struct item *item, const struct facts *facts, char **ret_path,
		     struct error *error)
{
	cleanup_free char *path = NULL;
	int result = expand(item->text, item->length, facts, &path, error);

	if (result == 0)
		result = path_check(path, error);
	if (result == 0)
		*ret_path = steal_pointer(&path);
	return result;
}

static int paths_read(struct plan_mount *mount, const struct parts *parts, size_t paths,
		      const struct facts *facts, struct error *error)
{
	int result = 0;

	if (mount->kind == MOUNT_SYMLINK) {
		if (parts->item[0].length == 0)
			return error_set(error, EINVAL, STEP, "a symlink to nothing");
		result = expand(parts->item[0].text, parts->item[0].length, facts, &mount->source,
				error);
	} else if (mount->kind != MOUNT_TMPFS && mount->kind != MOUNT_MASK) {
		result = path_read(&parts->item[0], facts, &mount->source, error);
	}
	if (result == 0)
		result = path_read(&parts->item[paths - 1], facts, &mount->target, error);
	return result;
}

static int mount_read(struct plan_mount *mount, const struct item *item, const struct facts *facts,
		      struct error *error)
{
	const struct shape *shape = &shapes[mount->kind];
	struct parts parts;
	size_t paths;
	int result;

	if (parts_split(item, &parts) < 0 || parts.count < shape->least ||
	    parts.count > shape->most + shape->options)
		return shape_error(item, shape, error);
	paths = parts.count > shape->most ? shape->most : parts.count;
	result = paths_read(mount, &parts, paths, facts, error);
	if (result == 0 && parts.count > paths)
		result = options_read(mount, &parts.item[paths], error);
	return result;
}

/* The user can write into these, so they never carry setuid files or device nodes. */
static bool mount_writable(enum mount_kind kind)
{
	return kind == MOUNT_BIND || kind == MOUNT_BIND_TRY || kind == MOUNT_TMPFS;
}

static int mount_add(struct plan *plan, enum mount_kind kind, const struct item *item,
		     const struct facts *facts, struct error *error)
{
	struct plan_mount *grown;

	grown = reallocarray(plan->mounts, plan->mount_count + 1, sizeof(*grown));
	if (!grown)
		return error_set(error, ENOMEM, STEP, "out of memory");
	plan->mounts = grown;
	grown[plan->mount_count] = (struct plan_mount){
		.kind = kind, .nosuid = mount_writable(kind), .nodev = mount_writable(kind)};
	/* counted at once: what it owns already is released with the plan */
	return mount_read(&grown[plan->mount_count++], item, facts, error);
}

int apply_mounts(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error)
{
	struct item item;
	int result = 0;

	if (list_empty(value))
		return 0;
	while (result == 0 && list_next(&value, &item))
		result = mount_add(plan, (enum mount_kind)key->argument, &item, facts, error);
	return result;
}
