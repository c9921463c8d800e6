// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as the notes of confine-shell: argv and environment of a user who chose them freely. */
#include "helper/login.h"
#include "tests/fuzz/fuzz.h"

static void take(struct login *login)
{
	cleanup_free char **environment = login_environment(login, "/bin/sh");

	must(environment && login->caller.arguments[0]);
	must(strcmp(environment[0], "HOME=/home/alice") == 0); /* what is first counts */
	for (char **entry = environment; *entry; entry++)
		must(strncmp(*entry, "LD_", 3) != 0 && (*entry)[0] != '=' && strchr(*entry, '='));
	for (size_t i = 0; i < 5; i++) /* HOME, USER, LOGNAME, SHELL and PATH are asprintf()'s */
		free(environment[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_reply reply = {.confinement.env_keep = "*, !X*"};
	const struct facts facts = fuzz_user();
	struct login login = {.facts = &facts, .reply = &reply, .terminal = {.master = -1}};
	char *notes = fuzz_text(data, size);

	if (caller_parse(&login.caller, notes, size, NULL) == 0)
		take(&login);
	caller_finish(&login.caller);
	return 0;
}
