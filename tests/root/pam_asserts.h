// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of the module ask of an outcome. To be included first: cmocka has needs. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/root/pam_host.h"
#include "tests/root/pam_machine.h"

/* What sshd's service file looks like, with an argument for both session lines. */
#define STACK(options)                                                                             \
	"auth required pam_permit.so\n"                                                            \
	"auth required @\n"                                                                        \
	"account required pam_permit.so\n"                                                         \
	"session required @ close\n"                                                               \
	"session required pam_permit.so\n"                                                         \
	"session required @ config=" MACHINE_CONFIG " " options "\n"

/* All sets are empty but the bounding set, which is this. */
void assert_nothing_left(const struct privileges *privileges, uint64_t bounding);

/* The refusal room: the user, with nothing around, so that the service can say why. */
void assert_in_room(const struct inside *inside);

/* Refused, locked, back in the host's view, the child in the room, no descriptor lost. */
void assert_refused(const struct outcome *seen);

/* As if the module were not there. */
void assert_untouched(const struct outcome *seen);

/* The child is in the fake helper's container, with all that the confinement asked for. */
void assert_inside(const struct outcome *seen);
