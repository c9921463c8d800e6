// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lists of system calls that the administrator writes: one word and one call a line.
 *
 *   # comment
 *   include default          first, if at all: start from the default list, not from nothing
 *   allow CALL               let it through; a call that the default list checks stays checked
 *   allow CALL any           ... whatever its arguments
 *   deny CALL [ERRNO]        refuse it, with EPERM or this errno (a name or a number)
 *
 * MUST refuse a line that it does not understand and a call that does not exist: a list that loses
 * a line is a hole.
 */
#pragma once

#include <stddef.h>

#include "helper/filter_list.h"
#include "policy/error.h"
#include "policy/source.h"

#define FILTER_FILE_MAX (64 * 1024)

/* For a reader that gives its privilege away before it knows which lists it needs. */
struct filter_lists {
	struct sources opened; /* to be released with sources_finish() */
	unsigned flags;	       /* of enum source_flags, for opening the others */
};

/* Opens every list of the two directories that is as it must be; others are left to be told of. */
void filter_lists_open(struct filter_lists *lists);

/*
 * Finds the file of a name: an absolute path is itself; a plain word is WORD.policy in the
 * directory seccomp beside the policy or, where there is none, of the vendor. The file must be
 * regular, owned by root and writable by nobody else, as must be every directory above it, and on
 * a path without links. What lists (or NULL) has opened is read from there. Returns 0 with text (to
 * be freed, NUL-terminated), length, and the path (to be freed); -ENOENT, -EPERM, -EFBIG, -EINVAL
 * with a message that says which and why.
 */
int filter_file_read(const char *name, struct filter_lists *lists, char **ret_text,
		     size_t *ret_length, char **ret_path, struct error *error);

/* Makes the list that a file's text says; path is for messages. 0 or -EINVAL (file, line, word). */
int filter_file_parse(const char *text, size_t length, const char *path, struct filter_list *list,
		      struct error *error);
