// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a supervisor does while its container lives: sessions come and go, and at last all ends. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "helper/registry.h"
#include "helper/session.h"

struct supervisor {
	struct registry *registry;
	const struct container_spec *spec;
	struct container container;
	struct sessions sessions;
	time_t since;
	int listener;
	int signals;
	bool served; /* a session has been here */
	bool ending; /* off the registry, or about to be */
};

/* Writes the state file that confinectl list shows; a failure is logged, and costs only that. */
void supervisor_save_state(struct supervisor *supervisor);

/* Logs what failed, if result says that something did. */
void supervisor_log(const struct supervisor *supervisor, const char *what, int result,
		    const struct error *error);

/* Serves until the container is to end. Returns 1 if it is off the registry already. */
int supervisor_serve(struct supervisor *supervisor);

/* Ends every session and the container, takes it off the registry, and clears up after others. */
void supervisor_end(struct supervisor *supervisor, int off_registry);
