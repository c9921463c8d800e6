// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/restrain.h"

static const char step[] = "restrain";

int restrain_limits(const struct wire_confinement *confinement, struct error *error)
{
	struct rlimit now;

	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *wanted = &confinement->rlimits[i];

		if (!(confinement->rlimit_set & UINT32_C(1) << i))
			continue;
		if (setrlimit((__rlimit_resource_t)i, wanted) < 0 ||
		    getrlimit((__rlimit_resource_t)i, &now) < 0)
			return error_errno(error, step, "setting limit %u", i);
		if (now.rlim_cur != wanted->rlim_cur || now.rlim_max != wanted->rlim_max)
			return error_set(error, EPERM, step, "limit %u was not taken", i);
	}
	return 0;
}

int restrain_keyring(struct error *error)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return error_errno(error, step, "making a session keyring");
	return 0;
}

int restrain_filter(const struct wire_confinement *confinement, struct error *error)
{
	struct sock_fprog program = {
		.len = (unsigned short)confinement->filter_length,
		.filter = (struct sock_filter *)confinement->filter,
	};

	if (confinement->filter_length == 0)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_errno(error, step, "installing the system-call filter");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
		return error_set(error, EPERM, step, "no system-call filter is active");
	return 0;
}
