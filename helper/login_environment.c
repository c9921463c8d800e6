// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/login.h"
#include "policy/list.h"

/* Of the caller's variables: how his terminal and language are, and where sshd says he is from. */
static const char always_kept[] =
	"TERM, COLORTERM, LANG, LANGUAGE, LC_*, SSH_CLIENT, SSH_CONNECTION, SSH_ORIGINAL_COMMAND";

/* What steers the dynamic loader acts before anybody's first instruction: never. */
static const char never_kept[] = "LD_*, GLIBC_TUNABLES";

struct list {
	char **entries;
	size_t count;
};

/* The first setting of a name counts. entry becomes the list's, or stays borrowed: never freed. */
static void add(struct list *list, char *entry)
{
	size_t length = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < list->count; i++)
		if (strncmp(list->entries[i], entry, length) == 0)
			return;
	list->entries[list->count++] = entry;
}

static int set(struct list *list, const char *name, const char *value)
{
	char *entry;

	if (asprintf(&entry, "%s=%s", name, value) < 0)
		return -ENOMEM;
	add(list, entry);
	return 0;
}

static bool is_kept(const char *entry, const char *keep)
{
	const char *equals = strchr(entry, '=');
	char name[256];

	if (!equals || equals == entry || (size_t)(equals - entry) >= sizeof(name))
		return false;
	memcpy(name, entry, (size_t)(equals - entry));
	name[equals - entry] = '\0';
	if (list_match(never_kept, name) == LIST_MATCH)
		return false;
	return list_match(always_kept, name) == LIST_MATCH ||
	       (*keep && list_match(keep, name) == LIST_MATCH);
}

static int set_user(struct list *list, const struct login *login, const char *shell)
{
	char tty[32];
	int result = set(list, "HOME", login->facts->home);

	result |= set(list, "USER", login->facts->user);
	result |= set(list, "LOGNAME", login->facts->user);
	result |= set(list, "SHELL", shell);
	result |= set(list, "PATH", "/usr/local/bin:/usr/bin:/bin");
	if (login->terminal.master >= 0 && caller_variable(&login->caller, "SSH_TTY")) {
		terminal_name(&login->terminal, tty, sizeof(tty));
		result |= set(list, "SSH_TTY", tty);
	}
	return result;
}

char **login_environment(const struct login *login, const char *shell)
{
	const struct wire_confinement *confinement = &login->reply->confinement;
	const char *text = confinement->environment;
	size_t most = login->caller.state.variables + WIRE_ENVIRONMENT_MAX + 8;
	struct list list = {.entries = calloc(most, sizeof(char *))};

	if (!list.entries)
		return NULL;
	for (const char *at = text; at < text + confinement->environment_length;
	     at += strlen(at) + 1)
		add(&list, (char *)at);
	if (set_user(&list, login, shell) < 0)
		return NULL;
	for (char **entry = login->caller.environment; *entry; entry++)
		if (is_kept(*entry, confinement->env_keep))
			add(&list, *entry);
	return list.entries;
}
