// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/account.h"
#include "policy/cleanup.h"

#define STEP	    "account"
#define NAME_MOST   255
#define BUFFER_MOST (1024 * 1024) /* of one NSS entry; a group with 50,000 members fits */
#define GROUPS_MOST 65536	  /* NGROUPS_MAX of Linux */

struct account {
	struct facts facts;
	char *user, *home, *shell, *gecos;
	gid_t *gids;
	char **groups;
};

static void account_free(struct account **account)
{
	account_destroy(*account);
}

/* Names become parts of paths, of cgroup names and of log lines. */
static int name_check(const char *name, struct error *error)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_MOST)
		return error_set(error, EINVAL, STEP, "a user name has 1 to %d bytes, not %zu",
				 NAME_MOST, length);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[0] == '-')
		return error_set(error, EINVAL, STEP, "\"%s\" is no name for a user", name);
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at <= ' ' || strchr("/:\x7f", *at))
			return error_set(
				error, EINVAL, STEP,
				"a user name may not have '/', ':', white space or control "
				"characters: \"%s\"",
				name);
	return 0;
}

/* Twice the buffer while an entry does not fit; -ERANGE when that has gone far enough. */
static int buffer_grow(char **buffer, size_t *size)
{
	char *grown;

	if (*size >= BUFFER_MOST)
		return -ERANGE;
	*size = *size ? 2 * *size : 1024;
	grown = realloc(*buffer, *size);
	if (!grown)
		return -ENOMEM;
	*buffer = grown;
	return 0;
}

static char *copy(const char *text)
{
	return strdup(text ? text : "");
}

static int account_fill(struct account *account, const struct passwd *entry, struct error *error)
{
	account->user = copy(entry->pw_name);
	account->home = copy(entry->pw_dir);
	account->shell = copy(entry->pw_shell);
	account->gecos = copy(entry->pw_gecos);
	if (!account->user || !account->home || !account->shell || !account->gecos)
		return error_set(error, ENOMEM, STEP, "out of memory");
	account->facts = (struct facts){
		.user = account->user,
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.home = account->home,
		.shell = account->shell,
	};
	/* NSS may know the account by another name than it was asked for; that one counts */
	return name_check(account->user, error);
}

/* By name, or by uid where there is no name. */
static int passwd_ask(const char *user, uid_t uid, struct passwd *entry, char *buffer, size_t size,
		      struct passwd **found)
{
	return user ? getpwnam_r(user, entry, buffer, size, found)
		    : getpwuid_r(uid, entry, buffer, size, found);
}

/* Returns 0 with *ret_entry pointing into *buffer. */
static int passwd_find(const char *name, uid_t uid, char **buffer, struct passwd *entry,
		       struct error *error)
{
	struct passwd *found = NULL;
	const char *user = name;
	char number[24];
	size_t size = 0;
	int code;

	if (!user) {
		snprintf(number, sizeof(number), "uid %u", uid);
		user = number;
	}

	do {
		code = buffer_grow(buffer, &size);
		if (code < 0)
			return error_set(error, -code, STEP, "%s: the passwd entry is too large",
					 user);
		code = passwd_ask(name, uid, entry, *buffer, size, &found);
	} while (code == ERANGE || code == EINTR);
	if (found)
		return 0;
	/* getpwnam_r(3): what "not found" returns is not agreed on */
	if (code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM)
		return error_set(error, ENOENT, STEP, "there is no account \"%s\"", user);
	return error_set(error, code, STEP, "looking up \"%s\": %s", user, strerror(code));
}

static int find_gids(const struct account *account, gid_t **ret_gids, size_t *ret_count,
		     struct error *error)
{
	cleanup_free gid_t *gids = NULL;
	int count = 32, room;
	gid_t *grown;

	for (;;) {
		room = count;
		grown = reallocarray(gids, (size_t)room, sizeof(*grown));
		if (!grown)
			return error_set(error, ENOMEM, STEP, "out of memory");
		gids = grown;
		if (getgrouplist(account->user, account->facts.gid, grown, &count) >= 0)
			break;
		/* not every C library says how many there are */
		if (count <= room)
			count = 2 * room;
		if (count > GROUPS_MOST)
			return error_set(error, E2BIG, STEP, "%s is in more than %d groups",
					 account->user, GROUPS_MOST);
	}
	*ret_gids = steal_pointer(&gids);
	*ret_count = (size_t)count;
	return 0;
}

/*
 * getgrouplist(3) leaves out what it cannot read without a word: a moment's want of memory or of a
 * descriptor would make a member of a confined group look like none. What lasts shows when the
 * names are looked up; what passes, in two answers that are not the same.
 */
static int account_find_gids(struct account *account, struct error *error)
{
	cleanup_free gid_t *again = NULL;
	size_t count = 0;
	int result = find_gids(account, &account->gids, &account->facts.group_count, error);

	if (result == 0)
		result = find_gids(account, &again, &count, error);
	if (result < 0)
		return result;
	account->facts.gids = account->gids;
	account->facts.groups_incomplete =
		count != account->facts.group_count ||
		memcmp(again, account->gids, count * sizeof(*again)) != 0;
	return 0;
}

/*
 * A gid may have no name; then no rule by name fits it. A lookup that fails is another matter: it
 * must not make a member of a confined group look like none.
 */
static int group_name(gid_t gid, char **buffer, size_t *size, char **ret_name)
{
	struct group entry, *found = NULL;
	int code;

	do {
		if (*size == 0 && buffer_grow(buffer, size) < 0)
			return -ENOMEM;
		code = getgrgid_r(gid, &entry, *buffer, *size, &found);
	} while (code == EINTR || (code == ERANGE && buffer_grow(buffer, size) == 0));
	if (code != 0 && code != ENOENT && code != ESRCH)
		return -code;
	*ret_name = found ? strdup(found->gr_name) : NULL;
	return found && !*ret_name ? -ENOMEM : 0;
}

static int account_find_groups(struct account *account, struct error *error)
{
	cleanup_free char *buffer = NULL;
	size_t size = 0;
	int result;

	account->groups = calloc(account->facts.group_count + 1, sizeof(*account->groups));
	if (!account->groups)
		return error_set(error, ENOMEM, STEP, "out of memory");
	for (size_t i = 0; i < account->facts.group_count; i++) {
		result = group_name(account->gids[i], &buffer, &size, &account->groups[i]);
		if (result == -ENOMEM)
			return error_set(error, ENOMEM, STEP, "out of memory");
		/* Policy says whether that matters: an administrator exempt by name gets in. */
		if (result < 0)
			account->facts.groups_incomplete = true;
	}
	account->facts.groups = (const char *const *)account->groups;
	return 0;
}

static int lookup(const char *user, uid_t uid, struct account **ret_account, struct error *error)
{
	__attribute__((cleanup(account_free))) struct account *account = NULL;
	cleanup_free char *buffer = NULL;
	struct passwd entry = {0};
	int result;

	result = passwd_find(user, uid, &buffer, &entry, error);
	if (result < 0)
		return result;
	account = calloc(1, sizeof(*account));
	if (!account)
		return error_set(error, ENOMEM, STEP, "out of memory");
	result = account_fill(account, &entry, error);
	if (result == 0)
		result = account_find_gids(account, error);
	if (result == 0)
		result = account_find_groups(account, error);
	if (result == 0)
		*ret_account = steal_pointer(&account);
	return result;
}

int account_lookup(const char *user, struct account **ret_account, struct error *error)
{
	int result = name_check(user, error);

	return result < 0 ? result : lookup(user, 0, ret_account, error);
}

int account_lookup_uid(uid_t uid, struct account **ret_account, struct error *error)
{
	return lookup(NULL, uid, ret_account, error);
}

void account_destroy(struct account *account)
{
	if (!account)
		return;
	for (size_t i = 0; account->groups && i < account->facts.group_count; i++)
		free(account->groups[i]);
	free(account->groups);
	free(account->gids);
	free(account->gecos);
	free(account->shell);
	free(account->home);
	free(account->user);
	free(account);
}

const struct facts *account_facts(const struct account *account)
{
	return &account->facts;
}

const char *account_gecos(const struct account *account)
{
	return account->gecos;
}
