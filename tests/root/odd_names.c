// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An NSS module (nss(5), "The GNU C Library", section 30.4) with accounts that /etc/passwd cannot
 * hold or that are rare. One line of odd_names.list each: name TAB uid TAB gecos TAB home TAB
 * shell, in which "\n" stands for a line feed.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "/etc/odd_names.list"

enum nss_status _nss_oddnames_getpwnam_r(const char *name, struct passwd *entry, char *buffer,
					 size_t size, int *error);

static char *next(char **rest)
{
	char *field = strsep(rest, "\t"), *feed = field ? strstr(field, "\\n") : NULL;

	if (feed) {
		*feed = '\n';
		memmove(feed + 1, feed + 2, strlen(feed + 2) + 1);
	}
	return field ? field : (char *)"";
}

enum nss_status _nss_oddnames_getpwnam_r(const char *name, struct passwd *entry, char *buffer,
					 size_t size, int *error)
{
	FILE *list = fopen(LIST, "re");
	enum nss_status status = NSS_STATUS_NOTFOUND;
	char *rest;

	*error = ENOENT;
	while (list && status == NSS_STATUS_NOTFOUND && fgets(buffer, (int)size, list)) {
		buffer[strcspn(buffer, "\n")] = '\0';
		rest = buffer;
		entry->pw_name = next(&rest);
		entry->pw_uid = (uid_t)strtoul(next(&rest), NULL, 10);
		entry->pw_gid = entry->pw_uid;
		entry->pw_gecos = next(&rest);
		entry->pw_dir = next(&rest);
		entry->pw_shell = next(&rest);
		entry->pw_passwd = (char *)"x";
		if (strcmp(entry->pw_name, name) == 0)
			status = NSS_STATUS_SUCCESS;
	}
	if (list)
		fclose(list);
	return status;
}
