// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as an account: libc reads in its passwd(5) what was meant, and nobody else. */
#include <pwd.h>

#include "tests/fuzz/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_request request;
	struct wire_facts known = {0};
	const struct facts *facts = &known.facts;
	cleanup_free char *text = NULL;
	cleanup_file FILE *stream = NULL;
	struct passwd *entry;

	if (fuzz_facts(data, size, &request, &known) &&
	    names_passwd(facts, known.gecos, facts->shell, &text, NULL) == 0) {
		stream = fuzz_open(text);
		must(fgetpwent(stream));
		must(facts->uid == NAMES_NOBODY || fgetpwent(stream));
		entry = fgetpwent(stream);
		must(entry && entry->pw_uid == facts->uid && entry->pw_gid == facts->gid);
		must(!strcmp(entry->pw_name, facts->user) && !strcmp(entry->pw_gecos, known.gecos));
		must(!strcmp(entry->pw_dir, facts->home) && !strcmp(entry->pw_shell, facts->shell));
		must(!fgetpwent(stream));
	}
	wire_facts_finish(&known);
	return 0;
}
