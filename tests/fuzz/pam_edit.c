// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as a PAM service file: what was enabled reads well, and disabling gives the file back. */
#include "tests/fuzz/pam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *enabled = NULL, *plain = NULL, *again = NULL;
	struct pam_file *before = NULL, *after = NULL;
	enum pam_door door = size % 2 ? PAM_DOOR_LOGIN : PAM_DOOR_REFUSE;
	struct pam_report report;
	size_t length, plain_length, again_length;

	if (pam_file_parse("F", (const char *)data, size, &fuzz_reader, &before, NULL) < 0)
		return 0;
	pam_stack_check(before, door, &report);
	must(pam_edit_disable(before, &plain, &plain_length, NULL) == 0);
	if (pam_edit_enable(before, door, &enabled, &length, NULL) == 0) {
		must(pam_file_parse("F", enabled, length, &fuzz_reader, &after, NULL) == 0);
		must(pam_edit_disable(after, &again, &again_length, NULL) == 0);
		must(again_length == plain_length && memcmp(again, plain, plain_length) == 0);
		pam_stack_check(after, door, &report);
	}
	pam_file_destroy(before);
	pam_file_destroy(after);
	free(enabled);
	free(plain);
	free(again);
	return 0;
}
