// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl list: one line a session; confinectl status: all that is known of a container. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/listing.h"
#include "policy/cleanup.h"

static const char *const usages[] = {
	"Usage: confinectl list [--json]\n"
	"\n"
	"Lists the sessions that run in containers now.\n"
	"  --json   for programs\n",
	"Usage: confinectl status [--json] [USER|ID]\n"
	"\n"
	"Says more about the containers of a user, about one container, or about all.\n"
	"  --json   for programs\n",
};

/* Widths of the columns whose content decides. */
struct widths {
	int user, service, from, profile;
};

static void format_time(char *text, size_t size, long long since)
{
	time_t when = (time_t)since;
	struct tm local;

	if (!localtime_r(&when, &local) || strftime(text, size, "%Y-%m-%d %H:%M:%S", &local) == 0)
		snprintf(text, size, "-");
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void widen(int *width, const char *text)
{
	int length = (int)strlen(text);

	if (length > *width)
		*width = length;
}

static struct widths measure(const struct listing *listing)
{
	struct widths widths = {
		.user = strlen("USER"),
		.service = strlen("SERVICE"),
		.from = strlen("FROM"),
		.profile = strlen("PROFILE"),
	};

	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_container *container = &listing->list[i];

		widen(&widths.user, container->user);
		widen(&widths.profile, container->profile);
		for (size_t k = 0; k < container->session_count; k++) {
			widen(&widths.service, container->sessions[k].service);
			widen(&widths.from, container->sessions[k].rhost);
		}
	}
	return widths;
}

static void print_row(const struct widths *widths, const char *user, const char *session,
		      const char *service, const char *from, const char *since, const char *profile,
		      const char *container)
{
	printf("%-*s  %7s  %-*s  %-*s  %-19s  %-*s  %s\n", widths->user, user, session,
	       widths->service, service, widths->from, from, since, widths->profile, profile,
	       container);
}

/* A container without a session is one of confinectl run. */
static void print_container(const struct widths *widths, const struct listing_container *container)
{
	char number[12], since[32];

	for (size_t k = 0; k < container->session_count; k++) {
		const struct listing_session *session = &container->sessions[k];

		snprintf(number, sizeof(number), "%u", session->number);
		format_time(since, sizeof(since), session->since);
		print_row(widths, container->user, number, or_dash(session->service),
			  or_dash(session->rhost), since, container->profile, container->id);
	}
	if (container->session_count > 0)
		return;
	format_time(since, sizeof(since), container->since);
	print_row(widths, container->user, "-", "run", "-", since, container->profile,
		  container->id);
}

static void print_list(const struct listing *listing)
{
	struct widths widths = measure(listing);
	size_t sessions = 0;

	if (listing->count > 0)
		print_row(&widths, "USER", "SESSION", "SERVICE", "FROM", "SINCE", "PROFILE",
			  "CONTAINER");
	for (size_t i = 0; i < listing->count; i++) {
		print_container(&widths, &listing->list[i]);
		sessions += listing->list[i].session_count;
	}
	printf("%zu container%s, %zu session%s\n", listing->count, listing->count == 1 ? "" : "s",
	       sessions, sessions == 1 ? "" : "s");
}

static void print_status(const struct listing_container *container)
{
	char since[32];

	format_time(since, sizeof(since), container->since);
	printf("%s\n     User: %s (uid %u)\n  Profile: %s\n    Since: %s\n"
	       "Processes: supervisor %d, init %d, as the host numbers them\n"
	       " Sessions: %zu\n",
	       container->id, container->user, container->uid, container->profile, since,
	       container->supervisor, container->init, container->session_count);
	for (size_t k = 0; k < container->session_count; k++) {
		const struct listing_session *session = &container->sessions[k];

		format_time(since, sizeof(since), session->since);
		printf("        %3u: %s from %s since %s, held by process %d\n", session->number,
		       or_dash(session->service), or_dash(session->rhost), since, session->opener);
	}
}

static json_object *session_json(const struct listing_session *session)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "session", json_object_new_int64(session->number));
	json_object_object_add(object, "service", json_object_new_string(session->service));
	json_object_object_add(object, "rhost", json_object_new_string(session->rhost));
	json_object_object_add(object, "tty", json_object_new_string(session->tty));
	json_object_object_add(object, "since", json_object_new_int64(session->since));
	json_object_object_add(object, "opener", json_object_new_int(session->opener));
	return object;
}

static json_object *container_json(const struct listing_container *container)
{
	json_object *object = json_object_new_object(), *sessions = json_object_new_array();

	json_object_object_add(object, "container", json_object_new_string(container->id));
	json_object_object_add(object, "user", json_object_new_string(container->user));
	json_object_object_add(object, "uid", json_object_new_int64(container->uid));
	json_object_object_add(object, "profile", json_object_new_string(container->profile));
	json_object_object_add(object, "since", json_object_new_int64(container->since));
	json_object_object_add(object, "supervisor", json_object_new_int(container->supervisor));
	json_object_object_add(object, "init", json_object_new_int(container->init));
	for (size_t k = 0; k < container->session_count; k++)
		json_object_array_add(sessions, session_json(&container->sessions[k]));
	json_object_object_add(object, "sessions", sessions);
	return object;
}

/* Prints what matches (all without a name); returns how many did. */
static size_t show(const struct listing *listing, const char *what, int json, int full)
{
	json_object *array = json_object_new_array();
	size_t shown = 0;

	for (size_t i = 0; i < listing->count; i++) {
		if (what && !listing_matches(&listing->list[i], what))
			continue;
		shown++;
		if (json)
			json_object_array_add(array, container_json(&listing->list[i]));
		else if (full)
			print_status(&listing->list[i]);
	}
	if (json)
		printf("%s\n", json_object_to_json_string_ext(array, JSON_C_TO_STRING_PRETTY));
	else if (!full)
		print_list(listing);
	json_object_put(array);
	return shown;
}

static int run(int argc, char **argv, int full)
{
	__attribute__((cleanup(registry_finish))) struct registry registry = {-1, -1};
	__attribute__((cleanup(listing_finish))) struct listing listing = {0};
	const char *what = NULL;
	struct error error = {0};
	int json = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = 1;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usages[full], stdout);
			return CTL_FINE;
		} else if (argv[i][0] == '-' || !full || what) {
			fputs(usages[full], stderr);
			return CTL_USAGE;
		} else {
			what = argv[i];
		}
	}
	if (geteuid() != 0) {
		fprintf(stderr, "confinectl: %s needs root\n", argv[0]);
		return 1;
	}
	if (registry_open(&registry, &error) < 0 || listing_read(&registry, &listing, &error) < 0) {
		fprintf(stderr, "confinectl: %s\n", error.message);
		return 1;
	}
	if (show(&listing, what, json, full) > 0)
		return CTL_FINE;
	if (what) {
		fprintf(stderr, "confinectl: no container of \"%s\" is running\n", what);
		return CTL_WRONG;
	}
	if (full && !json)
		puts("no container is running");
	return CTL_FINE;
}

int ctl_list(int argc, char **argv)
{
	return run(argc, argv, 0);
}

int ctl_status(int argc, char **argv)
{
	return run(argc, argv, 1);
}
