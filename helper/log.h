// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The log: called by the entries of programs and PAM hooks only, never by library code.
 *
 * MUST write one line per call whatever the arguments hold: control characters and bytes that are
 * not printable ASCII are escaped as \xNN, and a line over 1000 bytes is cut and ends in "...".
 */
#pragma once

#include <stddef.h>

/* Writes one line to syslog (facility authpriv) with this priority of syslog(3). */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Copies text to escaped[size] (at least 4 bytes) as the log shows it; the result always ends. For
 * tests and ctl.
 */
void log_escape(char *escaped, size_t size, const char *text);
