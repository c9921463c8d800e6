// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <linux/capability.h>

#include "helper/privileges.h"
#include "pam_module/lock.h"

int lock_engage(struct error *error)
{
	return privileges_effective(CAP_SETUID, false, error);
}

int lock_release(struct error *error)
{
	struct privileges now;
	int result = privileges_read(&now, error);

	if (result < 0)
		return result;
	if (!(now.permitted & PRIVILEGE(CAP_SETUID)))
		return 0;
	return privileges_effective(CAP_SETUID, true, error);
}

bool lock_is_engaged(void)
{
	struct privileges now;

	return privileges_read(&now, NULL) == 0 && (now.permitted & PRIVILEGE(CAP_SETUID)) &&
	       !(now.effective & PRIVILEGE(CAP_SETUID));
}
