// SPDX-License-Identifier: LGPL-2.1-or-later
/* caps-keep: capability names into bits. libcap-ng knows the names; nothing is changed here. */
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/list.h"
#include "policy/values.h"

#define STEP	  "policy"
#define NAME_MOST 32

/* What docker(1) leaves a container by default. */
static const unsigned docker[] = {
	CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FSETID,	     CAP_FOWNER,
	CAP_MKNOD,   CAP_NET_RAW,      CAP_SETGID,	     CAP_SETUID,
	CAP_SETFCAP, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
	CAP_KILL,    CAP_AUDIT_WRITE,
};

static uint64_t docker_set(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(docker) / sizeof(*docker); i++)
		set |= UINT64_C(1) << docker[i];
	return set;
}

/* Opens any file of the host by a handle made up of numbers; no mount stands in its way. */
static int forbidden_check(int number, struct error *error)
{
	if (number != CAP_DAC_READ_SEARCH)
		return 0;
	return error_set(error, ENOTSUP, STEP,
			 "dac_read_search opens files of the host by handle; it needs the user "
			 "namespace, which is not built yet");
}

static int capability_read(const struct item *item, uint64_t *set, struct error *error)
{
	char name[NAME_MOST];
	const char *plain = name;
	int number = -1;

	if (item->length < sizeof(name)) {
		memcpy(name, item->text, item->length);
		name[item->length] = '\0';
		if (strcmp(name, "docker") == 0) {
			*set |= docker_set();
			return 0;
		}
		if (strncasecmp(name, "cap_", 4) == 0)
			plain = name + 4;
		number = capng_name_to_capability(plain);
	}
	if (number < 0 || number > 63)
		return error_set(error, EINVAL, STEP,
				 "\"%.*s\" is no capability of capabilities(7), nor docker or none",
				 item->length > 64 ? 64 : (int)item->length, item->text);
	*set |= UINT64_C(1) << number;
	return forbidden_check(number, error);
}

int apply_caps_keep(struct plan *plan, const struct key *key, const char *value,
		    const struct facts *facts, struct error *error)
{
	uint64_t set = 0;
	struct item item;
	int result = 0;

	(void)key, (void)facts;
	if (strcmp(value, "none") != 0 && !list_empty(value))
		while (result == 0 && list_next(&value, &item))
			result = capability_read(&item, &set, error);
	if (result == 0)
		plan->caps_keep = set;
	return result;
}
