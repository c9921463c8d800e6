// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The positive control of the judgement about stacks: libpam itself runs the very same stacks, with
 * a module in our place that answers PAM_ACCT_EXPIRED. Where pam_stack_check() sees no error,
 * libpam must come by it; where it sees one, libpam must not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/pam_stack.h"
#include "helper/pam_store.h"

#define OTHER_MODULE "pam_debug.so"
#define TAIL                                                                                       \
	"session required pam_confine.so close\n"                                                  \
	"session required pam_permit.so\n"                                                         \
	"session required pam_confine.so\n"

/*
 * What stands above "auth required pam_confine.so". Every module above succeeds. DIR stands for the
 * test's directory: libpam 1.5 looks for included files in /etc/pam.d, whatever confdir says.
 */
static const char *const stacks[] = {
	"auth required pam_permit.so\n",
	"auth requisite pam_permit.so\n",
	"auth optional pam_permit.so\n",
	"auth sufficient pam_permit.so\n",
	"auth Sufficient pam_permit.so\n",
	"-auth sufficient pam_permit.so\n",
	"AUTH [success=done default=ignore] pam_permit.so\n",
	"auth [ success = done default = ignore ] pam_permit.so\n",
	"auth [default=done] pam_permit.so\n",
	"auth [success=ok default=die] pam_permit.so\n",
	"auth [success=1 default=ignore] pam_permit.so\nauth required pam_permit.so\n",
	"auth [success=1 default=ignore] pam_permit.so\nauth required pam_deny.so\n",
	"auth [success=0] pam_permit.so\n",
	"auth [success=-1] pam_permit.so\n",
	"auth [success=1x] pam_permit.so\n",
	"auth [success=perhaps] pam_permit.so\n",
	"auth [successful=ok] pam_permit.so\n",
	"auth [success] pam_permit.so\n",
	"auth [] pam_permit.so\n",
	"auth [Success=OK] pam_permit.so\n",
	"auth [success=ok,default=bad] pam_permit.so\n",
	"auth mandatory pam_permit.so\n",
	"auth required pam_permit.so # sufficient\n",
	"auth \\\n\tsufficient \\\n pam_permit.so\n",
	"#auth sufficient pam_permit.so\nauth required pam_permit.so\n",
	"@include DIR/done\n",
	"auth include DIR/done\n",
	"auth substack DIR/done\nauth required pam_permit.so\n",
	"auth include DIR/nested\n",
	"auth substack DIR/nested\nauth required pam_permit.so\n",
	"auth [success=2 default=ignore] pam_permit.so\n@include DIR/two\n",
	"auth [success=1 default=ignore] pam_permit.so\nauth substack DIR/two\n",
};

/* The files that the stacks include. */
static const struct {
	const char *name, *text;
} shared_files[] = {
	{"done", "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n"},
	{"nested", "auth required pam_permit.so\nauth include DIR/done\n"},
	{"two", "auth required pam_permit.so\nauth required pam_permit.so\n"
		"session required pam_permit.so\n"},
};

struct world {
	char path[64];
	struct pam_store store;
};

static void put_file(const struct world *world, const char *name, const char *text)
{
	int fd = openat(world->store.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Copies text, with the test's directory for DIR, to result[1024]. */
static void put_directory(const struct world *world, char *result, const char *text)
{
	size_t used = 0;

	for (const char *next; (next = strstr(text, "DIR")); text = next + strlen("DIR"))
		used += (size_t)snprintf(result + used, 1024 - used, "%.*s%s", (int)(next - text),
					 text, world->path);
	snprintf(result + used, 1024 - used, "%s", text);
}

static void put_shared(const struct world *world, size_t i)
{
	char text[1024];

	put_directory(world, text, shared_files[i].text);
	put_file(world, shared_files[i].name, text);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	strcpy(world->path, "/tmp/confine-test-XXXXXX");
	if (!mkdtemp(world->path) || pam_store_open(world->path, false, &world->store, NULL) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(shared_files) / sizeof(shared_files[0]); i++)
		put_shared(world, i);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(shared_files) / sizeof(shared_files[0]); i++)
		unlinkat(world->store.fd, shared_files[i].name, 0);
	unlinkat(world->store.fd, "probe", 0);
	pam_store_close(&world->store);
	rmdir(world->path);
	free(world);
	return 0;
}

static int no_conversation(int count, const struct pam_message **messages,
			   struct pam_response **responses, void *data)
{
	(void)count, (void)messages, (void)responses, (void)data;
	return PAM_CONV_ERR;
}

/* Whether libpam comes by the module in our place. */
static bool libpam_reaches(const struct world *world, const char *above)
{
	const struct pam_conv conversation = {.conv = no_conversation};
	char text[2048];
	pam_handle_t *handle = NULL;
	int result;

	snprintf(text, sizeof(text), "%sauth required %s auth=acct_expired\n", above, OTHER_MODULE);
	put_file(world, "probe", text);
	result = pam_start_confdir("probe", "nobody", &conversation, world->path, &handle);
	if (result != PAM_SUCCESS)
		fail_msg("%s: pam_start: %s", above, pam_strerror(NULL, result));
	result = pam_authenticate(handle, PAM_SILENT);
	pam_end(handle, result);
	return result == PAM_ACCT_EXPIRED; /* others: passed by, or a failure before */
}

/* Whether we call the stack sound. */
static bool we_say_it_does(const struct world *world, const char *above)
{
	struct pam_reader reader = pam_store_reader(&world->store);
	struct pam_file *file = NULL;
	struct pam_report report;
	struct error error = {0};
	char text[2048], *enabled = NULL;
	size_t length;

	snprintf(text, sizeof(text), "%sauth required pam_confine.so\n" TAIL, above);
	if (pam_file_parse("probe", text, strlen(text), &reader, &file, &error) < 0 ||
	    pam_edit_enable(file, PAM_DOOR_LOGIN, &enabled, &length, &error) < 0)
		fail_msg("%s: %s", above, error.message);
	pam_file_destroy(file);
	assert_int_equal(pam_file_parse("probe", enabled, length, &reader, &file, &error), 0);
	pam_stack_check(file, PAM_DOOR_LOGIN, &report);
	pam_file_destroy(file);
	free(enabled);
	return report.errors == 0;
}

static void test_libpam_agrees(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		char above[1024];
		bool reached;

		put_directory(world, above, stacks[i]);
		reached = libpam_reaches(world, above);
		if (reached != we_say_it_does(world, above))
			fail_msg("libpam %s pam_confine.so below\n%s",
				 reached ? "reaches" : "does not reach", stacks[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_libpam_agrees, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
