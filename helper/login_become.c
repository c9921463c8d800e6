// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/login.h"
#include "helper/privileges.h"

static const char step[] = "login";

/*
 * The switch makes a process dumpable again where fs.suid_dumpable says so, and then every other
 * process of the user could trace it. Nobody without the same capabilities can (ptrace(2)), so they
 * are kept until that is undone.
 */
int login_become(uid_t uid, struct error *error)
{
	uid_t real, effective, saved;
	int result;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(uid, uid, uid) < 0)
		return error_errno(error, step, "setresuid(%u)", uid);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return error_errno(error, step, "becoming undumpable");
	result = privileges_set(0, 0, error);
	if (result < 0)
		return result;
	if (uid == 0 || getresuid(&real, &effective, &saved) < 0 || real != uid ||
	    effective != uid || saved != uid || setuid(0) == 0)
		return error_set(error, EPERM, step, "the switch of user was not taken");
	return 0;
}
