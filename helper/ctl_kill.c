// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl kill: ends a user's containers, one container, or one session of it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/control.h"
#include "helper/ctl.h"
#include "helper/listing.h"
#include "policy/cleanup.h"

#define ANSWER_TIMEOUT_MS 10000

static const char usage[] =
	"Usage: confinectl kill [--session NUMBER] USER|ID\n"
	"\n"
	"Ends the containers of a user, or one container, with every process in them, at once.\n"
	"  --session   only this session, by its number in confinectl list\n";

static int ask(struct registry *registry, const char *key, unsigned session, struct error *error)
{
	struct control_request request = {
		.version = CONTROL_VERSION, .kind = CONTROL_KILL, .session = session};
	cleanup_free struct control_reply *reply = calloc(1, sizeof(*reply));
	cleanup_fd int supervisor = registry_connect(registry, key, error);
	size_t length;
	int result;

	if (supervisor < 0)
		return supervisor;
	if (!reply)
		return error_set(error, ENOMEM, "kill", "no memory");
	result = wire_send(supervisor, &request, sizeof(request), NULL, 0, error);
	if (result == 0)
		result = wire_receive(supervisor, reply, sizeof(*reply), &length, NULL, 0,
				      ANSWER_TIMEOUT_MS, error);
	if (result == 0 && reply->result < 0)
		result = error_set(error, -reply->result, "kill", "no session %u", session);
	return result;
}

static int kill_matching(struct registry *registry, const struct listing *listing, const char *what,
			 unsigned session)
{
	int found = 0, failed = 0;

	for (size_t i = 0; i < listing->count; i++) {
		struct error error = {0};

		if (!listing_matches(&listing->list[i], what))
			continue;
		found++;
		if (ask(registry, listing->list[i].key, session, &error) < 0) {
			fprintf(stderr, "confinectl: %s: %s\n", listing->list[i].id, error.message);
			failed++;
		}
	}
	if (!found)
		fprintf(stderr, "confinectl: no container of \"%s\" is running\n", what);
	return !found || failed;
}

static int parse_session(const char *text, unsigned *ret_session)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value == 0 || value > 1000000000)
		return -EINVAL;
	*ret_session = (unsigned)value;
	return 0;
}

int ctl_kill(int argc, char **argv)
{
	static const struct option options[] = {
		{"session", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
	__attribute__((cleanup(registry_finish))) struct registry registry = {-1, -1};
	__attribute__((cleanup(listing_finish))) struct listing listing = {0};
	struct error error = {0};
	unsigned session = 0;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return CTL_FINE;
		}
		if (option != 's' || parse_session(optarg, &session) < 0) {
			fputs(usage, stderr);
			return CTL_USAGE;
		}
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return CTL_USAGE;
	}
	if (geteuid() != 0) {
		fputs("confinectl: kill needs root\n", stderr);
		return CTL_WRONG;
	}
	if (registry_open(&registry, &error) < 0 || listing_read(&registry, &listing, &error) < 0) {
		fprintf(stderr, "confinectl: %s\n", error.message);
		return 1;
	}
	return kill_matching(&registry, &listing, argv[optind], session);
}
