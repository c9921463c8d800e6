// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl: finds the verb and hands over. */
#include <stdio.h>
#include <string.h>

#include "helper/ctl.h"

struct verb {
	const char *name;
	int (*function)(int argc, char **argv);
	const char *usage;
	const char *summary;
};

static int ctl_help(int argc, char **argv);
static int ctl_version(int argc, char **argv);

/* In the order in which people come to need them. */
static const struct verb verbs[] = {
	{"check", ctl_check, "[FILE...]", "say what is wrong with the policy"},
	{"explain", ctl_explain, "--user USER", "say what policy makes of a login, and why"},
	{"pam", ctl_pam, "enable|disable|show SERVICE", "place the module in a PAM service"},
	{"run", ctl_run, "--profile PROFILE -- COMMAND", "run one command in a container"},
	{"list", ctl_list, "", "list the sessions in containers"},
	{"status", ctl_status, "[USER|ID]", "say more about containers"},
	{"kill", ctl_kill, "USER|ID", "end containers, or one session"},
	{"help", ctl_help, "", "show this text"},
	{"version", ctl_version, "", "show the version"},
	{NULL, NULL, NULL, NULL},
};

static int ctl_help(int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("Usage: confinectl VERB [ARGUMENT...]\n"
	     "\n"
	     "Looks after the containers of login sessions and the policy behind them.\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		printf("  %-8s %-29s %s\n", verb->name, verb->usage, verb->summary);
	puts("\n"
	     "confinectl VERB --help tells more about one verb; see also confinectl(8).\n"
	     "Exit status: 0 fine, 1 something is wrong, 2 wrong use.");
	return 0;
}

static int ctl_version(int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("confinectl " CONFINE_VERSION);
	return 0;
}

static const struct verb *verb_find(const char *name)
{
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		fputs("confinectl: which verb? confinectl --help lists them\n", stderr);
		return CTL_USAGE;
	}
	verb = verb_find(argv[1]);
	if (!verb) {
		fprintf(stderr,
			"confinectl: there is no verb \"%s\"; confinectl --help lists "
			"them\n",
			argv[1]);
		return CTL_USAGE;
	}
	return verb->function(argc - 1, argv + 1);
}
