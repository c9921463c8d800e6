// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which plans are the same, so that their logins may share a container: FNV-1a over every value.
 *
 * MUST take in every member of struct plan; a member that is left out would let a login into a
 * container with other rules than its own.
 */
#include <string.h>

#include "policy/plan.h"

static void add_bytes(uint64_t *digest, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++)
		*digest = (*digest ^ byte[i]) * 0x100000001b3ULL;
}

static void add_number(uint64_t *digest, uint64_t number)
{
	add_bytes(digest, &number, sizeof(number));
}

/* With its NUL, so that "a" and "bc" are not "ab" and "c"; NULL is not the empty text. */
static void add_text(uint64_t *digest, const char *text)
{
	add_number(digest, text != NULL);
	if (text)
		add_bytes(digest, text, strlen(text) + 1);
}

static void add_rlimits(uint64_t *digest, const struct plan *plan)
{
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		add_number(digest, plan->rlimits[i].set);
		add_number(digest, plan->rlimits[i].soft);
		add_number(digest, plan->rlimits[i].hard);
	}
}

static void add_mounts(uint64_t *digest, const struct plan *plan)
{
	add_number(digest, plan->mount_count);
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *row = &plan->mounts[i];

		add_number(digest, row->kind);
		add_text(digest, row->source);
		add_text(digest, row->target);
		add_number(digest, (uint64_t)(row->nosuid | row->nodev << 1 | row->noexec << 2));
	}
}

uint64_t plan_digest(const struct plan *plan)
{
	const uint64_t numbers[] = {
		plan->root,	    plan->home,		plan->proc,	  plan->log,
		plan->namespaces,   plan->network,	plan->nss,	  plan->resolv_conf,
		plan->caps_keep,    plan->no_new_privs, plan->filter,	  plan->filter_action,
		plan->umask_set,    plan->umask,	plan->join,	  plan->tmp_size,
		plan->max_sessions, plan->upper,	plan->upper_size,
	};
	uint64_t digest = 0xcbf29ce484222325ULL;

	add_bytes(&digest, numbers, sizeof(numbers));
	add_text(&digest, plan->profile);
	add_text(&digest, plan->root_source);
	add_text(&digest, plan->hostname);
	add_text(&digest, plan->filter_file);
	add_text(&digest, plan->shell);
	add_text(&digest, plan->env_keep);
	for (char **entry = plan->environment; *entry; entry++)
		add_text(&digest, *entry);
	add_text(&digest, NULL);
	add_rlimits(&digest, plan);
	add_mounts(&digest, plan);
	return digest;
}
