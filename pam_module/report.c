// SPDX-License-Identifier: LGPL-2.1-or-later
#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/descriptor.h"
#include "helper/log.h"
#include "pam_module/report.h"
#include "policy/cleanup.h"

#define REPORT_SIZE 2000

static const char *user_of(const struct hook *hook)
{
	return hook->user ? hook->user : "(unknown)";
}

void report(const struct hook *hook, int priority, const char *format, ...)
{
	char text[REPORT_SIZE];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	log_line(priority, "pam_confine(%s): user %s: %s", hook->service, user_of(hook), text);
}

void report_refusal(const struct hook *hook, const char *event)
{
	if (hook->arguments.quiet || (hook->flags & PAM_SILENT))
		return;
	pam_prompt(hook->handle, PAM_ERROR_MSG, NULL, "confine: login refused (event %s)", event);
}

int report_open(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	cleanup_fd int connected = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (connected < 0 || descriptor_lift(&connected, NULL) < 0)
		return -1;
	if (connect(connected, (struct sockaddr *)&log, sizeof(log)) < 0)
		return -1;
	return steal_fd(&connected);
}

void report_over(int socket, const struct hook *hook, int priority, const char *format, ...)
{
	char text[REPORT_SIZE], escaped[REPORT_SIZE / 2], line[REPORT_SIZE];
	va_list values;
	int length;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	log_escape(escaped, sizeof(escaped), text);
	log_escape(text, 300, user_of(hook));
	length = snprintf(line, sizeof(line), "<%d>%s[%d]: pam_confine(%s): user %s: %s",
			  LOG_AUTHPRIV | priority, hook->service, getpid(), hook->service, text,
			  escaped);
	if (socket >= 0 && length > 0)
		send(socket, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void report_event(char event[16])
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = (uint32_t)time(NULL);
	snprintf(event, 16, "%06x", number & 0xffffff);
}
