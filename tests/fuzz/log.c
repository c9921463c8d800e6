// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as what a log line quotes: printable ASCII, ended, and cut with a mark. */
#include "helper/log.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = 4 + (size > 0 ? data[0] : 0);
	cleanup_free char *text = fuzz_text(data, size), *escaped = malloc(room);
	size_t length;

	must(escaped);
	log_escape(escaped, room, text);
	length = strlen(escaped);
	must(length < room && (length >= room - 4 || length >= strlen(text)));
	for (size_t i = 0; i < length; i++)
		must(escaped[i] >= 0x20 && escaped[i] < 0x7f);
	return 0;
}
