// SPDX-License-Identifier: LGPL-2.1-or-later
/* The positive control: a contradiction that the fuzzer has to find, or it finds none at all. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	must(size < 3 || data[0] != 'B' || data[1] != 'A' || data[2] != 'D');
	return 0;
}
