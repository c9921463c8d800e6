// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as an account: libc reads its groups in its group(5), and no member but itself. */
#include <grp.h>

#include "tests/fuzz/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_request request;
	struct wire_facts known = {0};
	const struct facts *facts = &known.facts;
	cleanup_free char *text = NULL;
	cleanup_file FILE *stream = NULL;
	size_t lines = 0, entries = 0;

	if (fuzz_facts(data, size, &request, &known) && names_group(facts, &text, NULL) == 0) {
		stream = fuzz_open(text);
		for (const char *at = text; *at; at++)
			lines += *at == '\n';
		for (struct group *entry; (entry = fgetgrent(stream)); entries++)
			must(!entry->gr_mem[0] ||
			     (strcmp(entry->gr_mem[0], facts->user) == 0 && !entry->gr_mem[1]));
		must(lines == entries);
	}
	wire_facts_finish(&known);
	return 0;
}
