// SPDX-License-Identifier: LGPL-2.1-or-later
/* The UTS namespace's name: policy's, or adjective-noun-number drawn at random. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "helper/build.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const adjectives[] = {
	"amber", "brave", "calm",  "clear",  "cosy",   "crisp", "eager", "early",
	"fair",	 "fond",  "fresh", "gentle", "glad",   "grand", "green", "happy",
	"keen",	 "kind",  "light", "lively", "lucky",  "mild",	"neat",	 "noble",
	"quick", "quiet", "ready", "silver", "steady", "sunny", "warm",	 "wise",
};

static const char *const nouns[] = {
	"acorn", "badger",  "beech",  "birch", "brook",	 "cedar",  "clover", "crane",
	"dune",	 "elm",	    "falcon", "fern",  "finch",	 "harbor", "hazel",  "heron",
	"ivy",	 "juniper", "lake",   "larch", "lynx",	 "maple",  "meadow", "otter",
	"pine",	 "plover",  "reef",   "robin", "spruce", "swift",  "willow", "wren",
};

static int random_name(char *name, size_t size, struct error *error)
{
	unsigned short draw[3];

	if (getrandom(draw, sizeof(draw), 0) != sizeof(draw))
		return error_errno(error, "hostname", "getrandom");
	snprintf(name, size, "%s-%s-%u", adjectives[draw[0] % COUNT(adjectives)],
		 nouns[draw[1] % COUNT(nouns)], draw[2] % 1000U);
	return 0;
}

int hostname_apply(struct build *build, struct error *error)
{
	int result;

	if (!(build->plan->namespaces & CLONE_NEWUTS)) {
		if (gethostname(build->hostname, sizeof(build->hostname) - 1) < 0)
			return error_errno(error, "hostname", "gethostname");
		return 0;
	}
	if (build->plan->hostname) {
		snprintf(build->hostname, sizeof(build->hostname), "%s", build->plan->hostname);
	} else {
		result = random_name(build->hostname, sizeof(build->hostname), error);
		if (result < 0)
			return result;
	}
	if (sethostname(build->hostname, strlen(build->hostname)) < 0)
		return error_errno(error, "hostname", "sethostname(\"%s\")", build->hostname);
	if (setdomainname("(none)", sizeof("(none)") - 1) < 0)
		return error_errno(error, "hostname", "setdomainname");
	return 0;
}
