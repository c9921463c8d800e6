// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of a container's state file: key=value lines, control characters escaped. */
#pragma once

#include "helper/session.h"

/* The state as text, to be freed; NULL without memory. since: time(2) of the container's start. */
char *state_text(const struct container_spec *spec, const struct container *container,
		 const struct sessions *sessions, time_t since);
