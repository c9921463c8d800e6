// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values that have a form of their own: hostname, namespaces, umask, env-set, tmp-size. */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/expand.h"
#include "policy/list.h"
#include "policy/paths.h"
#include "policy/units.h"
#include "policy/values.h"

#define MAX_SESSIONS_MOST 1000 /* more, no container holds */
#define STEP		  "policy"
#define HOSTNAME_MAX	  64   /* sethostname(2): __NEW_UTS_LEN */
#define TMP_SIZE_LEAST	  4096 /* less holds no file; 0 would be no limit at all, see tmpfs(5) */
#define LETTERS		  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS		  "0123456789"

/* '_' is no letter of a host name in DNS, but it is one of user names. */
static int hostname_check(const char *name, struct error *error)
{
	size_t length = strlen(name);

	if (length == 0 || length > HOSTNAME_MAX)
		return error_set(error, EINVAL, STEP,
				 "\"%.80s\" has %zu bytes; a host name has 1 to %d", name, length,
				 HOSTNAME_MAX);
	if (strspn(name, LETTERS DIGITS "._-") != length || strstr(name, "..") ||
	    strchr(".-", name[0]) || strchr(".-", name[length - 1]))
		return error_set(error, EINVAL, STEP,
				 "\"%s\" is no host name: letters, digits, '-', '_' and single "
				 "'.', a letter or digit first and last",
				 name);
	return 0;
}

int apply_hostname(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error)
{
	cleanup_free char *name = NULL;
	int result;

	(void)key;
	free(plan->hostname);
	plan->hostname = NULL;
	if (strcmp(value, "random") == 0)
		return 0;
	result = expand(value, strlen(value), facts, &name, error);
	if (result == 0)
		result = hostname_check(name, error);
	if (result == 0)
		plan->hostname = steal_pointer(&name);
	return result;
}

struct namespace
{
	const char *name;
	unsigned long long flag;
	bool built;
};

static const struct namespace namespaces[] = {
	{"mount", CLONE_NEWNS, true},	{"pid", CLONE_NEWPID, true},
	{"uts", CLONE_NEWUTS, true},	{"ipc", CLONE_NEWIPC, true},
	{"net", CLONE_NEWNET, true},	{"cgroup", CLONE_NEWCGROUP, true},
	{"user", CLONE_NEWUSER, false}, {"time", 0, false},
};

static int namespace_read(const struct item *item, unsigned long long *flags, struct error *error)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		const struct namespace *row = &namespaces[i];

		if (strlen(row->name) != item->length ||
		    strncmp(row->name, item->text, item->length) != 0)
			continue;
		if (!row->built)
			return error_set(error, ENOTSUP, STEP,
					 "\"%s\" is not built yet; until then this profile admits "
					 "nobody",
					 row->name);
		*flags |= row->flag;
		return 0;
	}
	return error_set(error, EINVAL, STEP,
			 "\"%.*s\" is none of: mount, pid, uts, ipc, net, cgroup, user, time",
			 item->length > 64 ? 64 : (int)item->length, item->text);
}

int apply_namespaces(struct plan *plan, const struct key *key, const char *value,
		     const struct facts *facts, struct error *error)
{
	unsigned long long flags = 0;
	struct item item;
	int result = 0;

	(void)key, (void)facts;
	while (result == 0 && list_next(&value, &item))
		result = namespace_read(&item, &flags, error);
	if (result < 0)
		return result;
	if (!(flags & CLONE_NEWNS) || !(flags & CLONE_NEWPID))
		return error_set(error, EINVAL, STEP,
				 "mount and pid are missing; without both there is no container");
	plan->namespaces = flags;
	return 0;
}

int apply_umask(struct plan *plan, const struct key *key, const char *value,
		const struct facts *facts, struct error *error)
{
	uint64_t mask;

	(void)key, (void)facts;
	if (unit_octal(value, 0777, &mask) < 0)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is no octal number from 0 to 777 (e.g. 027)", value);
	plan->umask = (mode_t)mask;
	plan->umask_set = true;
	return 0;
}

/* What the dynamic loader obeys is no setting of a session: it would act in every program. */
static int variable_check(const struct item *item, struct error *error)
{
	const char *equals = memchr(item->text, '=', item->length);
	size_t length = equals ? (size_t)(equals - item->text) : 0;
	int shown = item->length > 64 ? 64 : (int)item->length;

	if (length == 0)
		return error_set(error, EINVAL, STEP, "\"%.*s\" is not NAME=value", shown,
				 item->text);
	if (isdigit((unsigned char)*item->text) || strspn(item->text, LETTERS DIGITS "_") != length)
		return error_set(error, EINVAL, STEP,
				 "\"%.*s\": a name has letters, digits and '_', no digit first",
				 shown, item->text);
	if (strncmp(item->text, "LD_", 3) == 0 ||
	    (length == strlen("GLIBC_TUNABLES") &&
	     strncmp(item->text, "GLIBC_TUNABLES", length) == 0))
		return error_set(error, EINVAL, STEP,
				 "\"%.*s\": LD_* and GLIBC_TUNABLES steer the dynamic loader and "
				 "may not be set",
				 shown, item->text);
	return 0;
}

static bool variable_known(char **environment, size_t count, const struct item *item)
{
	size_t length = (size_t)((const char *)memchr(item->text, '=', item->length) - item->text);

	for (size_t i = 0; i < count; i++)
		if (strncmp(environment[i], item->text, length + 1) == 0)
			return true;
	return false;
}

static int variable_add(char ***environment, size_t count, const struct item *item,
			const struct facts *facts, struct error *error)
{
	char **grown;
	int result = variable_check(item, error);

	if (result < 0)
		return result;
	if (variable_known(*environment, count, item))
		return error_set(error, EINVAL, STEP, "\"%.*s\": set twice",
				 item->length > 64 ? 64 : (int)item->length, item->text);
	grown = reallocarray(*environment, count + 2, sizeof(*grown));
	if (!grown)
		return error_set(error, ENOMEM, STEP, "out of memory");
	*environment = grown;
	grown[count] = grown[count + 1] = NULL;
	return expand(item->text, item->length, facts, &grown[count], error);
}

int apply_environment(struct plan *plan, const struct key *key, const char *value,
		      const struct facts *facts, struct error *error)
{
	size_t count = 0;
	struct item item;
	int result = 0;

	(void)key;
	while (plan->environment[count])
		free(plan->environment[count++]);
	plan->environment[count = 0] = NULL;
	if (list_empty(value))
		return 0;
	while (result == 0 && list_next(&value, &item))
		result = variable_add(&plan->environment, count++, &item, facts, error);
	return result;
}

int apply_max_sessions(struct plan *plan, const struct key *key, const char *value,
		       const struct facts *facts, struct error *error)
{
	uint64_t number;

	(void)key, (void)facts;
	if (unit_number(value, MAX_SESSIONS_MOST, &number) < 0 || number == 0)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is no number from 1 to %d (leave the key out for no "
				 "limit of its own)",
				 value, MAX_SESSIONS_MOST);
	plan->max_sessions = (unsigned)number;
	return 0;
}

int apply_tmp_size(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error)
{
	uint64_t bytes;

	(void)key, (void)facts;
	if (unit_size(value, &bytes) < 0 || bytes == UNIT_INFINITY || bytes < TMP_SIZE_LEAST)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is no size of at least 4K (e.g. 64M); there is no "
				 "infinity",
				 value);
	plan->tmp_size = bytes;
	return 0;
}

static int replace_text(char **text, const char *value, struct error *error)
{
	char *copied = strdup(value);

	if (!copied)
		return error_set(error, ENOMEM, STEP, "out of memory");
	free(*text);
	*text = copied;
	return 0;
}

/* Whether it is there is not for policy to say: it is looked for inside. */
int apply_shell(struct plan *plan, const struct key *key, const char *value,
		const struct facts *facts, struct error *error)
{
	int result = path_check(value, error);

	(void)key, (void)facts;
	if (result < 0)
		return result;
	if (strlen(value) > PLAN_SHELL_MAX)
		return error_set(error, EINVAL, STEP, "\"%.64s...\": longer than %d bytes", value,
				 PLAN_SHELL_MAX);
	return replace_text(&plan->shell, value, error);
}

int apply_env_keep(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error)
{
	int result = list_check(value, error);

	(void)key, (void)facts;
	if (result < 0)
		return result;
	if (strlen(value) > PLAN_ENV_KEEP_MAX)
		return error_set(error, EINVAL, STEP, "more than %d bytes", PLAN_ENV_KEEP_MAX);
	if (strspn(value, LETTERS DIGITS "_*?!, \t") != strlen(value))
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\": names of variables have letters, digits and '_'; '*', "
				 "'?' and '!' as in lists of users",
				 value);
	return replace_text(&plan->env_keep, value, error);
}
