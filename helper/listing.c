// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/listing.h"
#include "policy/cleanup.h"

#define STATE_MAX (512 * 1024)

static void copy(char *to, size_t size, const char *from, size_t length)
{
	snprintf(to, size, "%.*s", (int)length, from);
}

/* One "name=value" word of a session's line. */
static void take_word(struct listing_session *session, const char *word, size_t length)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} texts[] = {{"service=", session->service, sizeof(session->service)},
		     {"rhost=", session->rhost, sizeof(session->rhost)},
		     {"tty=", session->tty, sizeof(session->tty)}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t name = strlen(texts[i].name);

		if (length >= name && strncmp(word, texts[i].name, name) == 0)
			copy(texts[i].to, texts[i].size, word + name, length - name);
	}
	if (strncmp(word, "session=", 8) == 0)
		session->number = (unsigned)strtoul(word + 8, NULL, 10);
	else if (strncmp(word, "since=", 6) == 0)
		session->since = strtoll(word + 6, NULL, 10);
	else if (strncmp(word, "opener=", 7) == 0)
		session->opener = (int)strtol(word + 7, NULL, 10);
}

static int take_session(struct listing_container *container, const char *line, size_t length)
{
	struct listing_session *list =
		reallocarray(container->sessions, container->session_count + 1, sizeof(*list));
	struct listing_session *session;

	if (!list)
		return -ENOMEM;
	container->sessions = list;
	session = &list[container->session_count++];
	memset(session, 0, sizeof(*session));
	while (length > 0) {
		size_t word = strcspn(line, " \n");

		if (word > length)
			word = length;
		take_word(session, line, word);
		line += word;
		length -= word;
		while (length > 0 && *line == ' ') {
			line++;
			length--;
		}
	}
	return 0;
}

static int take_sessions(struct listing_container *container, const char *text)
{
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		if (strncmp(line, "session=", 8) == 0 && take_session(container, line, length) < 0)
			return -ENOMEM;
		line += length;
		line += *line == '\n';
	}
	return 0;
}

static void take_container(struct listing_container *container, const char *key, const char *text)
{
	char number[24] = "0";

	snprintf(container->key, sizeof(container->key), "%s", key);
	registry_state_value(text, "id", container->id, sizeof(container->id));
	registry_state_value(text, "user", container->user, sizeof(container->user));
	registry_state_value(text, "profile", container->profile, sizeof(container->profile));
	if (registry_state_value(text, "uid", number, sizeof(number)))
		container->uid = (unsigned)strtoul(number, NULL, 10);
	if (registry_state_value(text, "supervisor", number, sizeof(number)))
		container->supervisor = (int)strtol(number, NULL, 10);
	if (registry_state_value(text, "init", number, sizeof(number)))
		container->init = (int)strtol(number, NULL, 10);
	if (registry_state_value(text, "since", number, sizeof(number)))
		container->since = strtoll(number, NULL, 10);
}

int listing_add(struct listing *listing, const char *key, const char *text)
{
	struct listing_container *list =
		reallocarray(listing->list, listing->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	listing->list = list;
	memset(&list[listing->count], 0, sizeof(*list));
	take_container(&list[listing->count], key, text);
	return take_sessions(&list[listing->count++], text);
}

static int visit(struct registry *registry, const char *key, void *data)
{
	cleanup_free char *text = malloc(STATE_MAX);

	if (!text)
		return -ENOMEM;
	/* One that ended while we read is no error: it is not there any more. */
	if (registry_read_state(registry, key, text, STATE_MAX, NULL) < 0)
		return 0;
	return listing_add(data, key, text);
}

int listing_read(struct registry *registry, struct listing *listing, struct error *error)
{
	int result;

	*listing = (struct listing){0};
	registry_sweep(registry);
	result = registry_each(registry, visit, listing, error);
	if (result == -ENOMEM)
		return error_set(error, ENOMEM, "list", "no memory");
	return result;
}

void listing_finish(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->list[i].sessions);
	free(listing->list);
	*listing = (struct listing){0};
}

bool listing_matches(const struct listing_container *container, const char *what)
{
	char uid[12];

	snprintf(uid, sizeof(uid), "%u", container->uid);
	return strcmp(what, container->user) == 0 || strcmp(what, uid) == 0 ||
	       strcmp(what, container->id) == 0 || strcmp(what, container->key) == 0;
}
