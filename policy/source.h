// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The files of a policy, opened so that nobody but root can have written them.
 *
 * MUST judge by descriptor, never by name: every directory on the way and the file itself is opened
 * without following links, then checked by fstat(2), and only then used for the next step.
 * MUST NOT block: a FIFO in the place of a file is refused at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/error.h"

#define SOURCE_SIZE_MAX	 (1024 * 1024) /* bytes of one file */
#define SOURCE_COUNT_MAX 256	       /* files of one policy */

struct source {
	char *path; /* as people would write it */
	int fd;
	char *text; /* after source_read(); ends in a NUL that size does not count */
	size_t size;
};

struct sources {
	struct source *list;
	size_t count;
};

enum source_flags {
	SOURCE_ANY_OWNER = 1 << 0, /* a draft: only its being a regular file is checked */
	SOURCE_TOLERANT = 1 << 1,  /* leave out what is refused instead of failing */
};

/*
 * Opens config (absolute; NULL: the installed path), then conf.d/ beside it and the vendor's, files
 * "*.conf" only, in C order; a file of the first hides the vendor's of the same name. Errors as
 * policy_read(). On success the caller owns *ret_sources, which was empty before.
 */
int sources_open(const char *config, unsigned flags, struct sources *ret_sources,
		 struct error *error);

/* Opens one more file and appends it. Paths that do not begin with '/' are taken from here. */
int sources_add(struct sources *sources, const char *path, unsigned flags, struct error *error);

/* Reads a whole file. -EFBIG beyond SOURCE_SIZE_MAX. */
int source_read(struct source *source, struct error *error);

/* Closes and releases all, and leaves it empty. */
void sources_finish(struct sources *sources);

#define cleanup_sources __attribute__((cleanup(sources_finish)))
