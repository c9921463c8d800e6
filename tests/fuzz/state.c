// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as the state file of a container, which confinectl lists and the reaper takes ids from. */
#include "helper/listing.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"id", "user", "uid", "since", "", "="};
	cleanup_free char *text = fuzz_text(data, size);
	struct listing listing = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *value = malloc(i + 1);

		if (registry_state_value(text, names[i], value, i + 1))
			must(strlen(value) <= i && !strchr(value, '\n'));
	}
	must(listing_add(&listing, "u1-1", text) == 0);
	must(listing.count == 1 && strlen(listing.list[0].id) < REGISTRY_ID_SIZE);
	listing_matches(&listing.list[0], text);
	listing_finish(&listing);
	return 0;
}
