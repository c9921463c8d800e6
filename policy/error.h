// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors as values: a function that can fail returns 0 or -errno, its last argument is a
 * caller-owned struct error that says which step failed and why. Library code never logs.
 */
#pragma once

#define ERROR_MESSAGE_SIZE 512

struct error {
	const char *step; /* constant text naming the step, e.g. "namespaces"; NULL: none */
	int code;	  /* positive errno; 0: no error */
	char message[ERROR_MESSAGE_SIZE];
};

/*
 * Fills in error (which may be NULL) and returns -code, so that a failing function can end with
 * "return error_set(error, EINVAL, "limits", "...", ...)". The text is cut at the size of the
 * message, never overflowing it; code must be a positive errno.
 */
int error_set(struct error *error, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As error_set(), with the present errno, whose text is appended as ": No such file ...". */
int error_errno(struct error *error, const char *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
