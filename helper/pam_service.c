// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fnmatch.h>
#include <string.h>

#include "helper/pam_service.h"

#define NAME_BYTES_MAX 63 /* of a service name, as the request to the helper has room for it */

static const struct pam_unfit unfit_services[] = {
	{"sudo", "sudo takes a refused session for a harmless one and runs the command anyway",
	 false},
	{"sudo-i", "sudo takes a refused session for a harmless one and runs the command anyway",
	 true},
	{"su", "su never sets credentials in the process that becomes the user", true},
	{"su-l", "su never sets credentials in the process that becomes the user", true},
	{"runuser", "runuser never sets credentials in the process that becomes the user", true},
	{"runuser-l", "runuser never sets credentials in the process that becomes the user", true},
	{"login", "login works on the terminal as root after it has opened the session", true},
	{"remote", "login works on the terminal as root after it has opened the session", true},
	{"gdm*", "a display manager works on as root after it has opened the session", false},
	{"lightdm*", "a display manager works on as root after it has opened the session", false},
	{"sddm*", "a display manager works on as root after it has opened the session", false},
	{"xdm", "a display manager works on as root after it has opened the session", false},
	{"vsftpd", "vsftpd never sets credentials in the process that becomes the user", false},
	{"polkit-1", "polkit asks who somebody is and opens no session", false},
	{"common-*", "every service includes it, also those that cannot be confined", false},
	{"other", "it stands for all services without a file of their own", false},
};

bool pam_service_sane(const char *service)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.@+-";

	return service[0] != '\0' && service[0] != '.' && service[0] != '-' &&
	       strlen(service) <= NAME_BYTES_MAX && service[strspn(service, allowed)] == '\0';
}

const struct pam_unfit *pam_service_unfit(const char *service)
{
	for (size_t i = 0; i < sizeof(unfit_services) / sizeof(unfit_services[0]); i++)
		if (fnmatch(unfit_services[i].pattern, service, 0) == 0)
			return &unfit_services[i];
	return NULL;
}

enum pam_door pam_service_door(const char *service)
{
	return strcmp(service, "systemd-user") == 0 ? PAM_DOOR_REFUSE : PAM_DOOR_LOGIN;
}

bool pam_service_known(const char *service)
{
	return strcmp(service, "sshd") == 0 || strcmp(service, "cron") == 0 ||
	       strcmp(service, "systemd-user") == 0;
}
