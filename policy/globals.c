// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values of [global] and [match], and names of profiles. */
#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/units.h"
#include "policy/values.h"

#define STEP "policy"

int check_profile_name(const char *value, struct error *error)
{
	if (!*value)
		return error_set(error, EINVAL, STEP, "empty; the name of a profile belongs here");
	if (strcmp(value, "allow") == 0 || strcmp(value, "deny") == 0)
		return error_set(error, EINVAL, STEP, "\"%s\" is not the name of a profile", value);
	return 0;
}

int check_target(const char *value, struct error *error)
{
	if (strcmp(value, "deny") == 0)
		return 0;
	if (strcmp(value, "allow") == 0)
		return error_set(
			error, EINVAL, STEP,
			"\"allow\" is no profile; to leave users alone use exempt-users or "
			"exempt-groups");
	return check_profile_name(value, error);
}

int check_unmatched(const char *value, struct error *error)
{
	if (strcmp(value, "allow") == 0 || strcmp(value, "deny") == 0)
		return 0;
	if (!*value)
		return error_set(error, EINVAL, STEP, "empty; there are allow, deny, or a profile");
	return check_profile_name(value, error);
}

int check_on_failure(const char *value, struct error *error)
{
	if (strcmp(value, "allow") == 0 || strcmp(value, "deny") == 0)
		return 0;
	return error_set(error, EINVAL, STEP, "\"%.64s\" is neither deny nor allow", value);
}

int check_min_uid(const char *value, struct error *error)
{
	uint64_t uid;

	if (unit_number(value, UINT32_MAX - 1, &uid) == 0)
		return 0;
	return error_set(error, EINVAL, STEP, "\"%.64s\" is no uid (e.g. 1000)", value);
}

int check_rhosts(const char *value, struct error *error)
{
	return address_list_check(value, error);
}
