// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "helper/log.h"

#define LINE_MAX_BYTES 1000

void log_escape(char *escaped, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		int plain = byte >= 0x20 && byte < 0x7f && byte != '\\';

		if (used + (plain ? 1 : 4) + sizeof("...") > size) {
			memcpy(escaped + used, "...", sizeof("..."));
			return;
		}
		if (plain)
			escaped[used++] = (char)byte;
		else
			used += (size_t)snprintf(escaped + used, size - used, "\\x%02x", byte);
	}
	escaped[used] = '\0';
}

void log_line(int priority, const char *format, ...)
{
	char text[4 * LINE_MAX_BYTES], escaped[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_escape(escaped, sizeof(escaped), text);
	syslog(LOG_AUTHPRIV | priority, "%s", escaped);
}
