// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl_roots.h"
#include "helper/rootfs.h"
#include "helper/upper.h"
#include "policy/cleanup.h"

static const char *const kinds[] = {[ROOT_HOST] = "host",
				    [ROOT_DIRECTORY] = "directory",
				    [ROOT_OVERLAY] = "overlay",
				    [ROOT_IMAGE] = "image"};

/* Somebody whom the value is not about: one that depends on the user is not looked at. */
static int read_value(const char *value, struct plan *plan, struct error *error)
{
	static const struct facts nobody = {.user = "nobody", .home = "/", .shell = "/bin/sh"};

	return key_read(key_find(SECTION_PROFILE, "rootfs"), plan, value, &nobody, error);
}

static void check_setting(const struct setting *setting, struct problems *problems)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct error error = {0};
	int result;

	if (!plan)
		return;
	/* A value that cannot be read has been reported already. */
	result = read_value(setting->value, plan, &error) < 0 ? 0 : rootfs_verify(plan, &error);
	plan_destroy(plan);
	if (result < 0 && result != -EACCES)
		problem_add(problems, -result, setting->file, setting->line, "rootfs", "%s",
			    error.message);
}

void ctl_roots_check(const struct policy *policy, struct problems *problems)
{
	const struct key *key = key_find(SECTION_PROFILE, "rootfs");
	struct place place = {0};

	while (policy_next(policy, SECTION_PROFILE, &place)) {
		struct profile profile;
		struct setting setting;

		/* What is inherited is reported where it stands. */
		if (profile_find(policy, place.section->name, &profile) == 0 &&
		    profile_setting(&profile, key, &setting) && setting.file &&
		    setting.depth == 0 && !strchr(setting.value, '%'))
			check_setting(&setting, problems);
	}
}

/* What becomes of changes; the text is put into place. */
static const char *changes(const struct plan *plan, uid_t uid, char place[UPPER_PLACE_SIZE])
{
	struct error error;
	size_t used;

	if (plan->root != ROOT_OVERLAY)
		return NULL;
	if (plan->upper == UPPER_DISCARD)
		snprintf(place, UPPER_PLACE_SIZE,
			 "in memory, at most %" PRIu64 " bytes, thrown away", plan->upper_size);
	else if (upper_place(plan, uid, place, &error) < 0)
		snprintf(place, UPPER_PLACE_SIZE, "not possible: %.400s", error.message);
	else if (plan->upper_size && (used = strlen(place)) < UPPER_PLACE_SIZE)
		snprintf(place + used, UPPER_PLACE_SIZE - used, ", at most %" PRIu64 " bytes",
			 plan->upper_size);
	return place;
}

static const char *usable(const struct plan *plan, struct error *error)
{
	int result = rootfs_verify(plan, error);

	return result == 0 ? "yes" : error->message;
}

char *ctl_roots_text(const struct plan *plan, uid_t uid)
{
	char place[UPPER_PLACE_SIZE];
	const char *kept = changes(plan, uid, place);
	struct error error = {0};
	char *text = NULL;

	if (plan->root == ROOT_HOST)
		return NULL;
	if (asprintf(&text, "  %-18s %s\n%s%s%s  %-18s %s", kinds[plan->root], plan->root_source,
		     kept ? "  changes            " : "", kept ? kept : "", kept ? "\n" : "",
		     "usable", usable(plan, &error)) < 0)
		return NULL;
	return text;
}

static struct json_object *text_or_null(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

struct json_object *ctl_roots_json(const struct plan *plan, uid_t uid)
{
	char place[UPPER_PLACE_SIZE];
	struct error error = {0};
	struct json_object *object;

	if (plan->root == ROOT_HOST)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "kind", text_or_null(kinds[plan->root]));
	json_object_object_add(object, "source", text_or_null(plan->root_source));
	json_object_object_add(object, "changes", text_or_null(changes(plan, uid, place)));
	json_object_object_add(object, "usable", text_or_null(usable(plan, &error)));
	return object;
}
