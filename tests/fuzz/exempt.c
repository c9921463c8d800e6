// SPDX-License-Identifier: LGPL-2.1-or-later
/* Two files as a broken policy: who is let go says so plainly, in a line of its own. */
#include "policy/exempt.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_text(data, size);
	const char *cut = memchr(text, '\0', size);
	size_t first = cut ? (size_t)(cut - text) : size, second = cut ? size - first - 1 : 0;
	struct source list[2] = {
		{.path = "1", .fd = -1, .text = text, .size = first},
		{.path = "2", .fd = -1, .text = text + size - second, .size = second},
	};
	const struct sources sources = {.list = list, .count = 2}, none = {.list = list};
	struct facts facts = fuzz_user();

	must(!facts_exempt_by(&facts, &none));
	if (facts_exempt_by(&facts, &sources))
		must(strcasestr(text, "exempt-") || strcasestr(text, "min-uid") ||
		     strcasestr(list[1].text, "exempt-") || strcasestr(list[1].text, "min-uid"));
	return 0;
}
