// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a profile to a plan: every key's effective value, read for one user. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/exempt.h"
#include "policy/model.h"
#include "policy/values.h"

#define STEP		   "policy"
#define MOUNT_KEYS	   6		 /* keys whose value is a list of mounts */
#define UPPER_KEPT_LEAST   (16ULL << 20) /* an ext4 with its journal, and something in it */
#define UPPER_SIZE_DEFAULT (64ULL << 20) /* as tmp-size: memory of the machine */

static void plan_free(struct plan **plan)
{
	plan_destroy(*plan);
}

void plan_destroy(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->mount_count; i++) {
		free(plan->mounts[i].source);
		free(plan->mounts[i].target);
	}
	for (size_t i = 0; plan->environment && plan->environment[i]; i++)
		free(plan->environment[i]);
	free(plan->mounts);
	free(plan->environment);
	free(plan->env_keep);
	free(plan->shell);
	free(plan->filter_file);
	free(plan->hostname);
	free(plan->root_source);
	free(plan->profile);
	free(plan);
}

static int plan_create(const char *profile, struct plan **ret_plan, struct error *error)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (plan) {
		plan->profile = strdup(profile);
		plan->environment = calloc(1, sizeof(*plan->environment));
	}
	if (!plan || !plan->profile || !plan->environment) {
		plan_destroy(plan);
		return error_set(error, ENOMEM, STEP, "out of memory");
	}
	*ret_plan = plan;
	return 0;
}

/* Says again what went wrong, with the place and the key before it. */
static int setting_error(const struct setting *setting, const char *key, const struct error *cause,
			 struct error *error)
{
	if (!setting->file)
		return error_set(error, cause->code, STEP, "%s (default): %s", key, cause->message);
	return error_set(error, cause->code, STEP, "%s:%u: %s: %s", setting->file, setting->line,
			 key, cause->message);
}

static int plan_set(struct plan *plan, const struct key *key, const struct setting *setting,
		    const struct facts *facts, struct error *error)
{
	struct error cause = {0};
	int result = key_read(key, plan, setting->value, facts, &cause);

	return result < 0 ? setting_error(setting, key->name, &cause, error) : 0;
}

struct mount_setting {
	const struct key *key;
	struct setting setting;
};

/* What is inherited comes first, then the lower line. */
static int mount_setting_compare(const void *left, const void *right)
{
	const struct mount_setting *a = left, *b = right;

	if (a->setting.depth != b->setting.depth)
		return a->setting.depth > b->setting.depth ? -1 : 1;
	return a->setting.line < b->setting.line ? -1 : a->setting.line > b->setting.line;
}

/* The order of mounts matters and is the policy's, not that of our table. */
static int plan_set_mounts(struct plan *plan, const struct profile *profile,
			   const struct facts *facts, struct error *error)
{
	struct mount_setting settings[MOUNT_KEYS] = {0};
	size_t count = 0;
	int result = 0;

	for (const struct key *key = keys; key->name; key++)
		if (key->apply == apply_mounts && count < MOUNT_KEYS &&
		    profile_setting(profile, key, &settings[count].setting))
			settings[count++].key = key;
	qsort(settings, count, sizeof(*settings), mount_setting_compare);
	for (size_t i = 0; i < count && result == 0; i++)
		result = plan_set(plan, settings[i].key, &settings[i].setting, facts, error);
	return result;
}

/* An error of a key that is written in the policy; 0 where it is a default. */
static int refuse_written(const struct profile *profile, const char *name, int code,
			  const char *message, struct error *error)
{
	struct error cause = {.code = code};
	struct setting setting;

	if (!profile_setting(profile, key_find(SECTION_PROFILE, name), &setting) || !setting.file)
		return 0;
	snprintf(cause.message, sizeof(cause.message), "%s", message);
	return setting_error(&setting, name, &cause, error);
}

/*
 * The upper layer of an overlay: no key of it without an overlay; where it is kept, a size that its
 * file system can have; and one that is kept serves one container at a time.
 */
static int plan_finish_upper(struct plan *plan, const struct profile *profile, struct error *error)
{
	int result = 0;

	if (plan->root != ROOT_OVERLAY) {
		result = refuse_written(profile, "overlay-upper", EINVAL,
					"needs rootfs = overlay:TEMPLATE", error);
		return result < 0 ? result
				  : refuse_written(profile, "upper-size", EINVAL,
						   "needs rootfs = overlay:TEMPLATE", error);
	}
	if (plan->upper == UPPER_DISCARD) {
		if (plan->upper_size == 0)
			plan->upper_size = UPPER_SIZE_DEFAULT;
		return 0;
	}
	if (plan->upper_size && plan->upper_size < UPPER_KEPT_LEAST)
		result = refuse_written(profile, "upper-size", EINVAL,
					"changes that are kept take a file system of at least 16M",
					error);
	if (result == 0 && plan->join == JOIN_SESSION)
		result = refuse_written(profile, "join", EINVAL,
					"changes that are kept belong to one container at a time: "
					"this needs join = user or overlay-upper = discard",
					error);
	return result;
}

/* A key that the rest of the plan makes impossible. */
static int plan_finish(struct plan *plan, const struct profile *profile, struct error *error)
{
	int result = plan_finish_upper(plan, profile, error);

	if (result < 0)
		return result;

	if (plan->network == NETWORK_NONE)
		plan->namespaces |= CLONE_NEWNET;
	else
		plan->namespaces &= ~(unsigned long long)CLONE_NEWNET;
	if (!(plan->namespaces & CLONE_NEWUTS))
		result = refuse_written(profile, "hostname", EINVAL,
					"needs the uts namespace, which namespaces leaves out",
					error);
	return result;
}

static int plan_fill(struct plan *plan, const struct profile *profile, const struct facts *facts,
		     struct error *error)
{
	struct setting setting;
	int result = 0;

	for (const struct key *key = keys; key->name && result == 0; key++)
		if (key->section == SECTION_PROFILE && key->apply != apply_mounts &&
		    profile_setting(profile, key, &setting))
			result = plan_set(plan, key, &setting, facts, error);
	if (result == 0)
		result = plan_set_mounts(plan, profile, facts, error);
	return result < 0 ? result : plan_finish(plan, profile, error);
}

int policy_plan(const struct policy *policy, const char *profile, const struct facts *facts,
		struct plan **ret_plan, struct error *error)
{
	__attribute__((cleanup(plan_free))) struct plan *plan = NULL;
	struct profile found;
	int result;

	if (!facts_sane(facts))
		return error_set(error, EINVAL, STEP, "nobody can be confined by these facts");
	if (profile_find(policy, profile, &found) < 0)
		return error_set(error, ENOENT, STEP, "there is no profile \"%.64s\"",
				 found.broken);
	result = plan_create(found.depth ? found.places[0].section->name : PROFILE_DEFAULT, &plan,
			     error);
	if (result == 0)
		result = plan_fill(plan, &found, facts, error);
	if (result == 0)
		*ret_plan = steal_pointer(&plan);
	return result;
}
