// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A PAM service file as text: its lines, of which type each is, and what it includes. Pure:
 * included files come through a reader of the caller's.
 *
 * MUST read a line as libpam does (Linux-PAM 1.5, pam_handlers.c), or it would call a stack sound
 * that libpam takes otherwise; what libpam's versions read differently is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/error.h"

enum pam_type { PAM_TYPE_AUTH, PAM_TYPE_ACCOUNT, PAM_TYPE_PASSWORD, PAM_TYPE_SESSION, PAM_TYPES };

enum pam_line_kind {
	PAM_LINE_BLANK,	  /* nothing but white space and comment */
	PAM_LINE_MODULE,  /* TYPE CONTROL MODULE [ARGUMENTS] */
	PAM_LINE_INCLUDE, /* TYPE include FILE, or @include FILE */
	PAM_LINE_SUBSTACK,
};

/* One line, together with its continuations. The strings are the file's. */
struct pam_line {
	size_t start, end; /* bytes of the text, [start, end), the line end included */
	unsigned number;   /* of its first line, from 1 */
	enum pam_line_kind kind;
	unsigned types;		   /* bit n: counts as a line of enum pam_type n */
	char *control;		   /* NULL for @include */
	char *module;		   /* module, or name of the included file */
	char *arguments;	   /* the rest; empty if there is none */
	struct pam_file *included; /* PAM_LINE_INCLUDE and PAM_LINE_SUBSTACK; owned */
};

struct pam_file {
	char *name; /* as the including line gives it, for messages */
	char *text; /* NUL-terminated */
	size_t length;
	struct pam_line *lines;
	size_t count;
};

/* Where included files come from. */
struct pam_reader {
	/* Puts the whole of the named file, for the caller to free, into *ret_text. 0 or -errno. */
	int (*read)(void *context, const char *name, char **ret_text, size_t *ret_length,
		    struct error *error);
	void *context;
};

/*
 * Parses length bytes of text and, through reader, all that it includes. Release the result with
 * pam_file_destroy(). Returns 0 or -errno: -EINVAL for what libpam could not read either, -ELOOP
 * for includes more than 16 deep, or what the reader says.
 */
int pam_file_parse(const char *name, const char *text, size_t length,
		   const struct pam_reader *reader, struct pam_file **ret_file,
		   struct error *error);
void pam_file_destroy(struct pam_file *file);

/* Whether a line names pam_confine.so, with or without a path. */
bool pam_line_ours(const struct pam_line *line);

/* The type's name as written in a file, e.g. "auth". */
const char *pam_type_name(enum pam_type type);
