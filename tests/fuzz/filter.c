// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as a list of system calls: what is understood compiles, and ends where it must. */
#include "helper/filter_compile.h"
#include "helper/filter_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sock_filter program[BPF_MAXINSNS];
	static struct filter_list list;
	cleanup_free char *text = fuzz_text(data, size);
	uint32_t length = 0;
	int result;

	if (filter_file_parse(text, size, "F", &list, NULL) < 0)
		return 0;
	must(list.count > 0 && list.count <= FILTER_LIST_MAX);
	result = filter_compile(&list, FILTER_ERRNO, program, BPF_MAXINSNS, &length, NULL);
	must(result == 0 || result == -E2BIG);
	must(result < 0 ||
	     (length <= BPF_MAXINSNS && BPF_CLASS(program[length - 1].code) == BPF_RET));
	return 0;
}
