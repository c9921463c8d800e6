// SPDX-License-Identifier: LGPL-2.1-or-later
/* A directory of root's in which tests write policy files; everything in it goes at the end. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_TEMPLATE "/root/confine-test-XXXXXX"

struct scratch {
	char path[sizeof(SCRATCH_TEMPLATE)];
	char file[256]; /* of scratch_path() */
};

static inline int scratch_remove_one(const char *path, const struct stat *status, int type,
				     struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

static inline int scratch_create(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -1;
	strcpy(scratch->path, SCRATCH_TEMPLATE);
	*state = scratch;
	return mkdtemp(scratch->path) ? 0 : -1;
}

static inline int scratch_destroy(void **state)
{
	struct scratch *scratch = *state;

	nftw(scratch->path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(scratch);
	return 0;
}

/* The path of a name in it, until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
	snprintf(scratch->file, sizeof(scratch->file), "%s/%s", scratch->path, name);
	return scratch->file;
}

/* Writes a file, mode 0644. */
static inline const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
	const char *path = scratch_path(scratch, name);
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, 0644) < 0)
		abort();
	return path;
}

static inline void scratch_mkdir(struct scratch *scratch, const char *name, mode_t mode)
{
	const char *path = scratch_path(scratch, name);

	if (mkdir(path, 0755) < 0 || chmod(path, mode) < 0)
		abort();
}

/* What main() returns where it cannot test. */
static inline int scratch_skip(const char *reason)
{
	const char *must = getenv("CONFINE_MUST_RUN");

	printf("SKIP: %s\n", reason);
	return must && strcmp(must, "1") == 0 ? 1 : 77;
}
