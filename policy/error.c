// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/error.h"

__attribute__((format(printf, 4, 0))) static void
error_fill(struct error *error, int code, const char *step, const char *format, va_list arguments)
{
	if (!error)
		return;
	error->step = step;
	error->code = code;
	vsnprintf(error->message, sizeof(error->message), format, arguments);
}

int error_set(struct error *error, int code, const char *step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, code, step, format, arguments);
	va_end(arguments);
	return -code;
}

int error_errno(struct error *error, const char *step, const char *format, ...)
{
	int code = errno ? errno : EIO;
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	error_fill(error, code, step, format, arguments);
	va_end(arguments);
	if (error) {
		length = strlen(error->message);
		snprintf(error->message + length, sizeof(error->message) - length, ": %s",
			 strerror(code));
	}
	return -code;
}
