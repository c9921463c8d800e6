// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/root/pam_asserts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <security/pam_appl.h>

#include "tests/root/pam_fake.h"

void assert_nothing_left(const struct privileges *privileges, uint64_t bounding)
{
	assert_int_equal(privileges->effective, 0);
	assert_int_equal(privileges->permitted, 0);
	assert_int_equal(privileges->inheritable, 0);
	assert_int_equal(privileges->ambient, 0);
	assert_int_equal(privileges->bounding, bounding);
}

void assert_in_room(const struct inside *inside)
{
	assert_int_equal(inside->setcred, PAM_SUCCESS);
	assert_int_equal(inside->become_user, 0);
	assert_int_equal(inside->root_entries, 2);
	assert_nothing_left(&inside->privileges, 0);
	assert_int_equal(inside->no_new_privs, 1);
	assert_int_equal(inside->child_pid, 1);
}

void assert_refused(const struct outcome *seen)
{
	assert_true(seen->ended);
	assert_int_equal(seen->open, PAM_SYSTEM_ERR);
	assert_true(seen->locked_after_open);
	assert_string_equal(seen->after_open, seen->before);
	assert_in_room(&seen->inside);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
}

void assert_untouched(const struct outcome *seen)
{
	assert_true(seen->ended);
	assert_int_equal(seen->open, PAM_SUCCESS);
	assert_false(seen->locked_after_open);
	assert_false(seen->own_devpts);
	assert_string_equal(seen->after_open, seen->before);
	assert_string_equal(seen->inside.mount_namespace, seen->before);
	assert_int_equal(seen->inside.become_user, 0);
	assert_int_equal(seen->inside.no_new_privs, 0);
	assert_string_equal(seen->said, "");
	assert_int_equal(seen->close, PAM_SUCCESS);
}

void assert_inside(const struct outcome *seen)
{
	const struct inside *inside = &seen->inside;

	assert_int_equal(inside->setcred, PAM_SUCCESS);
	assert_int_equal(inside->become_user, 0);
	assert_int_equal(inside->status, 0);
	assert_nothing_left(&inside->privileges, 0);
	assert_int_equal(inside->no_new_privs, 1);
	assert_int_equal(inside->seccomp, SECCOMP_MODE_FILTER);
	assert_int_equal(inside->personality_errno, EPERM);
	assert_int_equal(inside->umask, 0137);
	assert_int_equal(inside->files_soft, 100);
	assert_int_equal(inside->files_hard, 200);
	assert_string_equal(inside->hostname, FAKE_HOSTNAME);
	assert_string_not_equal(inside->mount_namespace, seen->before);
	assert_string_not_equal(inside->mount_namespace, seen->after_open);
	assert_int_equal(inside->child_pid, 2);
	assert_int_equal(inside->new_descriptors, 0);
}
