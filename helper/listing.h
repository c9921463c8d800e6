// SPDX-License-Identifier: LGPL-2.1-or-later
/* Live containers as confinectl shows them: read from the registry, for list, status and kill. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "helper/registry.h"

struct listing_session {
	unsigned number;
	long long since; /* time(2) */
	int opener;	 /* pid on the host */
	char service[64], rhost[256], tty[64];
};

struct listing_container {
	char key[REGISTRY_KEY_SIZE], id[REGISTRY_ID_SIZE];
	char user[256], profile[128];
	unsigned uid;
	int supervisor, init; /* pids on the host */
	long long since;      /* time(2) */
	struct listing_session *sessions;
	size_t session_count;
};

struct listing {
	struct listing_container *list;
	size_t count;
};

/* Reads all live containers; what a dead supervisor left is cleared on the way. 0 or -errno. */
int listing_read(struct registry *registry, struct listing *listing, struct error *error);
void listing_finish(struct listing *listing);

/* Adds a container by the text of its state file. 0 or -ENOMEM. */
int listing_add(struct listing *listing, const char *key, const char *text);

/* Whether a container is meant by what somebody typed: its user, its uid, its id or its key. */
bool listing_matches(const struct listing_container *container, const char *what);
