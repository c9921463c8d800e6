// SPDX-License-Identifier: LGPL-2.1-or-later
/* How confinectl pam shows a service file. */
#pragma once

#include <stdio.h>

#include "helper/pam_stack.h"

/* One line each, prefix first: FILE:LINE: [warning: ]what is wrong. */
void pam_show_problems(FILE *stream, const char *prefix, const struct pam_report *report);

/* Our lines of a file to standard output, each with sign and line number in front. */
void pam_show_lines(const struct pam_file *file, const char *sign);

/* The whole of "confinectl pam show" to standard output; path is the service file's. */
void pam_show_text(const char *path, const struct pam_file *file, const struct pam_report *report);
void pam_show_json(const char *path, const char *service, const struct pam_file *file,
		   const struct pam_report *report);
