// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as the options of a PAM line, one after each NUL. */
#include "pam_module/arguments.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_text(data, size);
	const char *words[32];
	struct arguments arguments;
	struct error error = {0};
	int count = 0, result;

	for (size_t at = 0; at < size && count < 32; at += strlen(text + at) + 1)
		words[count++] = text + at;
	result = arguments_parse(count, words, &arguments, &error);
	must(result == -error.code);
	must(!arguments.config || (arguments.config[0] == '/' && strlen(arguments.config) < 1024));
	must(!arguments.profile || (*arguments.profile && strlen(arguments.profile) < 128));
	for (int i = 0; i < count; i++)
		must(strcmp(words[i], "close") != 0 || arguments.close);
	return 0;
}
