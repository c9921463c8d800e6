// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "helper/names.h"
#include "policy/cleanup.h"

static const char step[] = "identity";

static int check_field(const char *value, const char *what, struct error *error)
{
	if (!value[strcspn(value, ":\n\r")])
		return 0;
	return error_set(error, EINVAL, step,
			 "the %s of this account holds a character that passwd(5) cannot hold",
			 what);
}

/*
 * glibc's nss_files: a line that begins with '#' is a comment, white space before a name does not
 * count, and names that begin with '+' or '-' are never found.
 */
static int check_name(const char *name, const char *what, struct error *error)
{
	if (*name && !strchr("#+- \t\v\f", *name))
		return check_field(name, what, error);
	return error_set(error, EINVAL, step,
			 "the %s of this account begins as no entry of passwd(5) can", what);
}

/* A comma in a list of members is the end of one. */
static int check_user(const char *name, struct error *error)
{
	if (strchr(name, ','))
		return error_set(error, EINVAL, step,
				 "the name of this account holds a comma, so that group(5) cannot "
				 "hold it");
	return check_name(name, "name", error);
}

static int text_end(FILE **stream, char **text, char **ret_text, struct error *error)
{
	FILE *ending = steal_pointer(stream);

	if (fclose(ending) != 0)
		return error_errno(error, step, "composing");
	*ret_text = steal_pointer(text);
	return 0;
}

int names_passwd(const struct facts *facts, const char *gecos, const char *shell, char **ret_text,
		 struct error *error)
{
	cleanup_free char *text = NULL;
	cleanup_file FILE *stream = NULL;
	size_t length;

	if (check_user(facts->user, error) < 0 || check_field(gecos, "full name", error) < 0 ||
	    check_field(facts->home, "home", error) < 0 || check_field(shell, "shell", error) < 0)
		return -EINVAL;
	stream = open_memstream(&text, &length);
	if (!stream)
		return error_errno(error, step, "open_memstream");
	fprintf(stream, "root:x:0:0:root:/root:/usr/sbin/nologin\n");
	if (facts->uid != NAMES_NOBODY)
		fprintf(stream, "nobody:x:%d:%d:nobody:/nonexistent:/usr/sbin/nologin\n",
			NAMES_NOBODY, NAMES_NOBODY);
	fprintf(stream, "%s:x:%u:%u:%s:%s:%s\n", facts->user, facts->uid, facts->gid, gecos,
		facts->home, shell);
	return text_end(&stream, &text, ret_text, error);
}

static bool has_group(const struct facts *facts, gid_t gid)
{
	for (size_t i = 0; i < facts->group_count; i++) {
		if (facts->gids[i] == gid && facts->groups[i])
			return true;
	}
	return false;
}

static void put_always(FILE *stream, const struct facts *facts)
{
	static const struct {
		const char *name;
		gid_t gid;
	} always[] = {{"root", 0}, {"tty", NAMES_TTY_GID}, {"nogroup", NAMES_NOBODY}};

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (!has_group(facts, always[i].gid))
			fprintf(stream, "%s:x:%u:\n", always[i].name, always[i].gid);
	}
}

int names_group(const struct facts *facts, char **ret_text, struct error *error)
{
	cleanup_free char *text = NULL;
	cleanup_file FILE *stream = NULL;
	size_t length;

	if (check_user(facts->user, error) < 0)
		return -EINVAL;
	stream = open_memstream(&text, &length);
	if (!stream)
		return error_errno(error, step, "open_memstream");
	put_always(stream, facts);
	for (size_t i = 0; i < facts->group_count; i++) {
		if (!facts->groups[i])
			continue;
		if (check_name(facts->groups[i], "group", error) < 0)
			return -EINVAL;
		fprintf(stream, "%s:x:%u:%s\n", facts->groups[i], facts->gids[i],
			facts->gids[i] == facts->gid ? "" : facts->user);
	}
	return text_end(&stream, &text, ret_text, error);
}
