// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/log.h"
#include "helper/state.h"

static void put(FILE *stream, const char *name, const char *value)
{
	char escaped[1024];

	log_escape(escaped, sizeof(escaped), value);
	fprintf(stream, "%s=%s\n", name, escaped);
}

/* A word of a session's line: a space in it would begin another. */
static void put_word(FILE *stream, const char *name, const char *value)
{
	char escaped[1024];

	log_escape(escaped, sizeof(escaped), value);
	fprintf(stream, " %s=", name);
	for (const char *byte = escaped; *byte; byte++) {
		if (*byte == ' ')
			fputs("\\x20", stream);
		else
			fputc(*byte, stream);
	}
}

static void put_session(FILE *stream, const struct session *session)
{
	fprintf(stream, "session=%u since=%lld opener=%u", session->number,
		(long long)session->since, session->request.opener);
	put_word(stream, "service", session->request.service);
	put_word(stream, "rhost", session->request.rhost);
	put_word(stream, "tty", session->request.tty);
	fputc('\n', stream);
}

char *state_text(const struct container_spec *spec, const struct container *container,
		 const struct sessions *sessions, time_t since)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return NULL;
	put(stream, "id", spec->id);
	put(stream, "user", spec->facts->user);
	fprintf(stream, "uid=%u\n", spec->facts->uid);
	put(stream, "profile", spec->plan->profile);
	fprintf(stream, "supervisor=%d\ninit=%d\nsince=%lld\n", getpid(), container->pid,
		(long long)since);
	for (size_t i = 0; i < sessions->count; i++)
		put_session(stream, &sessions->list[i]);
	if (fclose(stream) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
