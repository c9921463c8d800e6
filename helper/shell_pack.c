// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/shell_pack.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Their bytes, each with its NUL; the number of strings in *ret_count. */
static size_t measure(char *const *strings, uint32_t *ret_count)
{
	size_t length = 0;
	uint32_t count = 0;

	for (; strings[count]; count++)
		length += strlen(strings[count]) + 1;
	*ret_count = count;
	return length;
}

static char *append(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static char *append_strings(char *at, char *const *strings)
{
	for (; *strings; strings++)
		at = append(at, *strings, strlen(*strings) + 1);
	return at;
}

static char *compose(struct shell_state *state, const gid_t *groups, char *const *arguments,
		     char *const *environment, size_t *ret_length)
{
	size_t own = state->group_count * sizeof(*groups);
	char *bytes, *at;

	state->version = SHELL_STATE_VERSION;
	state->text_length = measure(arguments, &state->arguments);
	state->text_length += measure(environment, &state->variables);
	bytes = malloc(sizeof(*state) + own + state->text_length);
	if (!bytes)
		return NULL;
	at = append(bytes, state, sizeof(*state));
	at = append(at, groups, own);
	at = append_strings(at, arguments);
	at = append_strings(at, environment);
	*ret_length = (size_t)(at - bytes);
	return bytes;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

const char *shell_pack(struct shell_state *state, const gid_t *groups, char *const *arguments,
		       char *const *environment)
{
	size_t length = 0;
	char *bytes = compose(state, groups, arguments, environment, &length);
	int fd = memfd_create("confine-shell", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), failed;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("confine-shell", MFD_ALLOW_SEALING);
	failed = !bytes || fd != SHELL_STATE_FD || write_all(fd, bytes, length) < 0 ||
		 fcntl(fd, F_ADD_SEALS, SEALS) < 0;
	free(bytes);
	return failed ? "writing the arguments down" : NULL;
}
