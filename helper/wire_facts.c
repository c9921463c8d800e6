// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/wire_facts.h"
#include "policy/cleanup.h"

static const char step[] = "facts";

static int put_text(struct wire_request *request, const char *text, struct error *error)
{
	size_t length = strlen(text) + 1;

	if (length > sizeof(request->facts) - request->facts_length)
		return error_set(error, E2BIG, step,
				 "the account and its groups take more than %zu bytes",
				 sizeof(request->facts));
	memcpy(request->facts + request->facts_length, text, length);
	request->facts_length += (uint32_t)length;
	return 0;
}

static int put_number(struct wire_request *request, unsigned number, struct error *error)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", number);
	return put_text(request, text, error);
}

static int put_groups(struct wire_request *request, const struct facts *facts, struct error *error)
{
	for (size_t i = 0; i < facts->group_count; i++) {
		int result = put_number(request, facts->gids[i], error);

		if (result == 0)
			result = put_text(request, facts->groups[i] ? facts->groups[i] : "", error);
		if (result < 0)
			return result;
	}
	return 0;
}

int wire_facts_pack(struct wire_request *request, const struct facts *facts, const char *gecos,
		    struct error *error)
{
	int result;

	request->facts_length = 0;
	result = put_text(request, facts->user, error);
	if (result == 0)
		result = put_number(request, facts->uid, error);
	if (result == 0)
		result = put_number(request, facts->gid, error);
	if (result == 0)
		result = put_text(request, facts->home, error);
	if (result == 0)
		result = put_text(request, facts->shell, error);
	if (result == 0)
		result = put_text(request, gecos, error);
	if (result == 0)
		result = put_number(request, facts->groups_incomplete, error);
	return result < 0 ? result : put_groups(request, facts, error);
}

/* The next string, or NULL when there is none; what is left always ends in a NUL. */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;

	if (text >= end)
		return NULL;
	*at = text + strlen(text) + 1;
	return text;
}

/* Only as put_number() writes it, so that the whole has one spelling. */
static int take_number(const char **at, const char *end, unsigned *ret_number)
{
	const char *text = take_text(at, end);
	unsigned long long number;
	char *rest;

	if (!text || text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1]))
		return -EPROTO;
	errno = 0;
	number = strtoull(text, &rest, 10);
	if (errno || *rest || number > 0xffffffffULL)
		return -EPROTO;
	*ret_number = (unsigned)number;
	return 0;
}

static int take_groups(const char *at, const char *end, struct wire_facts *facts)
{
	size_t room = (size_t)(end - at) / 3 + 1; /* a group takes "0", NUL, NUL at least */

	facts->gids = calloc(room, sizeof(*facts->gids));
	facts->groups = calloc(room, sizeof(*facts->groups));
	if (!facts->gids || !facts->groups)
		return -ENOMEM;
	for (; at < end; facts->facts.group_count++) {
		const char *name;

		if (take_number(&at, end, &facts->gids[facts->facts.group_count]) < 0)
			return -EPROTO;
		name = take_text(&at, end);
		if (!name)
			return -EPROTO;
		facts->groups[facts->facts.group_count] = *name ? name : NULL;
	}
	facts->facts.gids = facts->gids;
	facts->facts.groups = facts->groups;
	return 0;
}

static int take_all(const char *at, const char *end, struct wire_facts *facts)
{
	unsigned incomplete = 0;

	facts->facts.user = take_text(&at, end);
	if (take_number(&at, end, &facts->facts.uid) < 0 ||
	    take_number(&at, end, &facts->facts.gid) < 0)
		return -EPROTO;
	facts->facts.home = take_text(&at, end);
	facts->facts.shell = take_text(&at, end);
	facts->gecos = take_text(&at, end);
	if (!facts->gecos || !*facts->facts.user || take_number(&at, end, &incomplete) < 0 ||
	    incomplete > 1)
		return -EPROTO;
	facts->facts.groups_incomplete = incomplete != 0;
	return take_groups(at, end, facts);
}

int wire_facts_unpack(const struct wire_request *request, struct wire_facts *ret_facts,
		      struct error *error)
{
	const char *end = request->facts + request->facts_length;
	struct wire_facts facts = {0};
	int result = -EPROTO;

	if (request->facts_length > 0 && end[-1] == '\0')
		result = take_all(request->facts, end, &facts);
	if (result < 0) {
		wire_facts_finish(&facts);
		return error_set(error, -result, step, "the request does not say who the user is");
	}
	*ret_facts = facts;
	return 0;
}

void wire_facts_finish(struct wire_facts *facts)
{
	free(facts->gids);
	free(facts->groups);
	*facts = (struct wire_facts){0};
}
