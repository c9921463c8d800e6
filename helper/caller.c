// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/caller.h"
#include "policy/cleanup.h"

/* execve(2) takes three quarters of 8 MiB for strings at the most. */
#define NOTES_MAX (8 * 1024 * 1024 + sizeof(struct shell_state) + SHELL_GROUPS_MAX * sizeof(gid_t))

static const char step[] = "caller";

static int wrong(struct error *error)
{
	return error_set(error, EPROTO, step, "not started by confine-shell of this release");
}

static int read_all(int fd, char **ret_bytes, size_t *ret_length, struct error *error)
{
	cleanup_free char *bytes = NULL;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat info;
	size_t length;

	/* What can still be changed, or is a file of somebody's, is not what we were given. */
	if (fstat(fd, &info) < 0 || seals < 0 || !(seals & F_SEAL_WRITE) ||
	    info.st_size < (off_t)sizeof(struct shell_state) || info.st_size > (off_t)NOTES_MAX)
		return wrong(error);
	length = (size_t)info.st_size;
	bytes = malloc(length + 1);
	if (!bytes)
		return error_set(error, ENOMEM, step, "no memory");
	for (size_t at = 0; at < length;) {
		ssize_t got = pread(fd, bytes + at, length - at, (off_t)at);

		if (got <= 0)
			return wrong(error);
		at += (size_t)got;
	}
	bytes[length] = '\0';
	*ret_bytes = steal_pointer(&bytes);
	*ret_length = length;
	return 0;
}

/* count strings from *at on, before end; NULL if there are not so many. */
static char **take_strings(char **at, const char *end, size_t count)
{
	char **list;

	if (count > (size_t)(end - *at))
		return NULL;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (*at >= end) {
			free(list);
			return NULL;
		}
		list[i] = *at;
		*at += strlen(*at) + 1;
	}
	return list;
}

static int take_all(struct caller *caller, size_t length, struct error *error)
{
	char *at = caller->bytes, *end = at + length;
	size_t groups;

	memcpy(&caller->state, at, sizeof(caller->state));
	at += sizeof(caller->state);
	groups = caller->state.group_count * sizeof(gid_t);
	if (caller->state.version != SHELL_STATE_VERSION ||
	    caller->state.group_count > SHELL_GROUPS_MAX || groups > (size_t)(end - at) ||
	    caller->state.text_length != (size_t)(end - at) - groups || end[-1] != '\0')
		return wrong(error);
	caller->groups = malloc(groups + 1);
	if (!caller->groups)
		return error_set(error, ENOMEM, step, "no memory");
	memcpy(caller->groups, at, groups);
	at += groups;
	caller->arguments = take_strings(&at, end, caller->state.arguments);
	if (caller->arguments && caller->arguments[0])
		caller->environment = take_strings(&at, end, caller->state.variables);
	return caller->environment && at == end ? 0 : wrong(error);
}

int caller_parse(struct caller *caller, char *bytes, size_t length, struct error *error)
{
	int result;

	*caller = (struct caller){.directory = -1, .bytes = bytes};
	result = length < sizeof(caller->state) ? wrong(error) : take_all(caller, length, error);
	if (result < 0)
		caller_finish(caller);
	return result;
}

int caller_read(struct caller *caller, struct error *error)
{
	cleanup_free char *bytes = NULL;
	cleanup_fd int notes = SHELL_STATE_FD;
	size_t length = 0;
	int result = read_all(notes, &bytes, &length, error);

	*caller = (struct caller){.directory = -1};
	if (result == 0)
		result = caller_parse(caller, steal_pointer(&bytes), length, error);
	if (result == 0 && fcntl(SHELL_DIRECTORY_FD, F_SETFD, FD_CLOEXEC) == 0)
		caller->directory = SHELL_DIRECTORY_FD;
	return result;
}

void caller_finish(struct caller *caller)
{
	free(caller->environment);
	free(caller->arguments);
	free(caller->groups);
	free(caller->bytes);
	close_fd(&caller->directory);
	*caller = (struct caller){.directory = -1};
}

const char *caller_variable(const struct caller *caller, const char *name)
{
	size_t length = strlen(name);

	for (char **entry = caller->environment; *entry; entry++)
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return *entry + length + 1;
	return NULL;
}
