// SPDX-License-Identifier: LGPL-2.1-or-later
/* What PAM service files include: one text, whatever its name. */
#pragma once

#include "helper/pam_stack.h"
#include "tests/fuzz/fuzz.h"

static inline int fuzz_include(void *context, const char *name, char **ret_text, size_t *ret_length,
			       struct error *error)
{
	static const char text[] = "auth required pam_unix.so\nsession required pam_unix.so\n";

	(void)context, (void)name, (void)error;
	*ret_text = strdup(text);
	*ret_length = sizeof(text) - 1;
	return *ret_text ? 0 : -ENOMEM;
}

static const struct pam_reader fuzz_reader = {.read = fuzz_include};
