// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The registry of live containers, /run/confine:
 *
 *   lock                     byte ranges of it, one a key (open file description locks)
 *   containers/KEY/control   the supervisor's socket (control.h)
 *   containers/KEY/state     what confinectl list shows, key=value lines
 *   filters/                 compiled system-call filters
 *
 * MUST NOT trust anything that another than root could have made: the directory is 0700 and owned
 * by root, checked by descriptor on every opening. A container is known by its socket, which
 * answers only while its supervisor lives; never by a process number.
 *
 * "Last one out" and "next one in": whoever adds a session, makes a container or takes one off the
 * registry holds the lock of its key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/error.h"

#define REGISTRY_KEY_SIZE 48
#define REGISTRY_ID_SIZE  64

struct registry {
	int state;	/* the state directory */
	int containers; /* its directory of containers */
};

/* Opens the registry, makes what is missing of it. 0 or -errno. registry_finish() releases it. */
int registry_open(struct registry *registry, struct error *error);
void registry_finish(struct registry *registry);

/*
 * The key under which sessions of this user and plan meet (join = user): accounts that share a uid
 * do not meet, nor do a login before and one after a change of their profile. digest:
 * plan_digest().
 */
void registry_key_of_user(char key[REGISTRY_KEY_SIZE], uid_t uid, const char *user,
			  uint64_t digest);

/* A key that nobody else has (join = session). 0 or -errno. */
int registry_key_of_session(char key[REGISTRY_KEY_SIZE], uid_t uid, struct error *error);

/* A container's id: its key and a random tail, so that a successor never meets a predecessor. */
int registry_make_id(char id[REGISTRY_ID_SIZE], const char *key, struct error *error);

/*
 * Takes the lock of a key; waits at most timeout_ms (0: -EAGAIN at once if another holds it).
 * Returns a descriptor that holds the lock until it is closed, in whichever process, or -errno.
 */
int registry_lock(struct registry *registry, const char *key, int timeout_ms, struct error *error);

/* Makes the container's directory: from then on there is a place for its state. 0 or -errno. */
int registry_enter(struct registry *registry, const char *key, struct error *error);

/* Makes the listening socket in the container's directory; returns it or -errno. */
int registry_listen(struct registry *registry, const char *key, struct error *error);

/* Connects to a container's supervisor; -ENOENT none, -ECONNREFUSED it has died. */
int registry_connect(struct registry *registry, const char *key, struct error *error);

/* Replaces the state file of a container with text. */
int registry_write_state(struct registry *registry, const char *key, const char *text,
			 struct error *error);

/* Reads a container's state file into text[size]. */
int registry_read_state(struct registry *registry, const char *key, char *text, size_t size,
			struct error *error);

/* The value of "name=..." in a state text, copied to value[size]; false: there is none. */
bool registry_state_value(const char *text, const char *name, char *value, size_t size);

/* Takes a container off the registry. Holding the lock is the caller's business. */
void registry_remove(struct registry *registry, const char *key);

/*
 * Clears what a dead supervisor left under key: processes, cgroups, the entry itself. Does nothing
 * to a container whose supervisor answers. Holding the lock is the caller's business.
 */
int registry_reap(struct registry *registry, const char *key, struct error *error);

/* Ends every process of container id, whose supervisor is dead, and removes its cgroup. */
int registry_reap_cgroup(const char *id, struct error *error);

/* Calls visit for each key on the registry; stops when it returns other than 0, and returns that.
 */
int registry_each(struct registry *registry,
		  int (*visit)(struct registry *registry, const char *key, void *data), void *data,
		  struct error *error);

/* registry_reap() on every entry that nobody has locked. What cannot be cleared now is left. */
void registry_sweep(struct registry *registry);
