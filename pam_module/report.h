// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the log and the user are told: the log everything, the user one line with an event id. */
#pragma once

#include "pam_module/hook.h"

/* One line to the log, with the service and the user in front. */
void report(const struct hook *hook, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One line to the user, unless the line's "quiet" or PAM_SILENT forbids it. */
void report_refusal(const struct hook *hook, const char *event);

/*
 * A way to the log that needs no path any more, for a process about to enter a root that the user
 * can write: a connected socket (close-on-exec, the caller's), or -1 if there is no log.
 */
int report_open(void);

/* As report(), over such a socket; -1 is fine. Never blocks. */
void report_over(int socket, const struct hook *hook, int priority, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The id that ties the user's line to the log: six hexadecimal digits. */
void report_event(char event[16]);
