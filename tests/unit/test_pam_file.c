// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of PAM service files: parsing as libpam does, placing, removing, judging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "helper/pam_edit.h"
#include "helper/pam_service.h"
#include "helper/pam_stack.h"

/* What the reader finds: a Debian machine's shared files, and some that lead astray. */
static const struct shared {
	const char *name, *text;
} shared_files[] = {
	{"common-auth", "# comment\n"
			"auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
			"auth\trequisite\tpam_deny.so\n"
			"auth\trequired\tpam_permit.so\n"},
	{"common-account", "account required pam_unix.so\n"},
	{"common-session", "session [default=1] pam_permit.so\n"
			   "session requisite pam_deny.so\n"
			   "session required pam_permit.so\n"},
	{"everything", "auth required a.so\naccount required a.so\nsession required a.so\n"},
	{"sufficient", "auth sufficient pam_unix.so\nauth required pam_deny.so\n"},
	{"circle", "@include circle\n"},
	{"stray", "session required pam_confine.so\n"},
	{"broken", "auth\n"},
};

static int read_shared(void *context, const char *name, char **ret_text, size_t *ret_length,
		       struct error *error)
{
	(void)context;
	for (size_t i = 0; i < sizeof(shared_files) / sizeof(shared_files[0]); i++) {
		if (strcmp(shared_files[i].name, name) != 0)
			continue;
		*ret_text = strdup(shared_files[i].text);
		*ret_length = strlen(shared_files[i].text);
		return 0;
	}
	return error_set(error, ENOENT, "test", "no file %s", name);
}

static const struct pam_reader reader = {.read = read_shared};

static struct pam_file *parse(const char *text)
{
	struct pam_file *file = NULL;
	struct error error = {0};

	if (pam_file_parse("service", text, strlen(text), &reader, &file, &error) < 0)
		fail_msg("%s", error.message);
	return file;
}

static int parse_error(const char *text, struct error *error)
{
	struct pam_file *file = NULL;
	int result = pam_file_parse("service", text, strlen(text), &reader, &file, error);

	assert_null(file);
	return result;
}

/* The problems of text through a door, the first one's text in first[256]. */
static size_t errors_of(const char *text, enum pam_door door, char *first)
{
	struct pam_file *file = parse(text);
	struct pam_report report;
	size_t errors;

	pam_stack_check(file, door, &report);
	first[0] = '\0';
	for (size_t i = report.count; i-- > 0;)
		if (!report.problems[i].warning)
			strcpy(first, report.problems[i].text);
	errors = report.errors;
	pam_file_destroy(file);
	return errors;
}

static char *enabled(const char *text, enum pam_door door)
{
	struct pam_file *file = parse(text);
	struct error error = {0};
	char *result = NULL;
	size_t length;

	if (pam_edit_enable(file, door, &result, &length, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(length, strlen(result));
	pam_file_destroy(file);
	return result;
}

static char *disabled(const char *text)
{
	struct pam_file *file = parse(text);
	char *result = NULL;
	size_t length;

	assert_int_equal(pam_edit_disable(file, &result, &length, NULL), 0);
	assert_int_equal(length, strlen(result));
	pam_file_destroy(file);
	return result;
}

static void assert_enabled(const char *text, enum pam_door door, const char *expected)
{
	char *once = enabled(text, door), *twice, *back, first[256];

	assert_string_equal(once, expected);
	twice = enabled(once, door);
	assert_string_equal(twice, expected);
	back = disabled(once);
	assert_string_equal(back, text);
	assert_int_equal(errors_of(once, door, first), 0);
	free(once);
	free(twice);
	free(back);
}

static void test_debian_sshd(void **state)
{
	(void)state;
	assert_enabled("# sshd\n"
		       "@include common-auth\n"
		       "account required pam_nologin.so\n"
		       "\n"
		       "session [success=ok ignore=ignore default=bad] pam_selinux.so close\n"
		       "@include common-session\n"
		       "session optional pam_motd.so # motd\n"
		       "\n"
		       "# end\n",
		       PAM_DOOR_LOGIN,
		       "# sshd\n"
		       "@include common-auth\n"
		       "auth required pam_confine.so\n"
		       "account required pam_nologin.so\n"
		       "\n"
		       "session required pam_confine.so close\n"
		       "session [success=ok ignore=ignore default=bad] pam_selinux.so close\n"
		       "@include common-session\n"
		       "session optional pam_motd.so # motd\n"
		       "session required pam_confine.so\n"
		       "\n"
		       "# end\n");
}

static void test_include_counts_as_its_types(void **state)
{
	(void)state;
	assert_enabled("@include everything\n", PAM_DOOR_LOGIN,
		       "session required pam_confine.so close\n"
		       "@include everything\n"
		       "auth required pam_confine.so\n"
		       "session required pam_confine.so\n");
	assert_enabled("auth substack sufficient\n"
		       "session include everything\n",
		       PAM_DOOR_LOGIN,
		       "auth substack sufficient\n"
		       "auth required pam_confine.so\n"
		       "session required pam_confine.so close\n"
		       "session include everything\n"
		       "session required pam_confine.so\n");
}

static void test_unterminated_and_continued(void **state)
{
	(void)state;
	assert_enabled("auth required \\\n  a.so\nsession required a.so", PAM_DOOR_LOGIN,
		       "auth required \\\n  a.so\n"
		       "auth required pam_confine.so\n"
		       "session required pam_confine.so close\n"
		       "session required a.so\n"
		       "session required pam_confine.so");
	assert_enabled("@include everything", PAM_DOOR_LOGIN,
		       "session required pam_confine.so close\n"
		       "@include everything\n"
		       "auth required pam_confine.so\n"
		       "session required pam_confine.so");
	assert_enabled("  -AUTH Required a.so\n\t-Session [ success = ok ] b.so x\n\n\n",
		       PAM_DOOR_LOGIN,
		       "  -AUTH Required a.so\n"
		       "auth required pam_confine.so\n"
		       "session required pam_confine.so close\n"
		       "\t-Session [ success = ok ] b.so x\n"
		       "session required pam_confine.so\n\n\n");
}

static void test_systemd_user(void **state)
{
	(void)state;
	assert_enabled("# systemd\n@include common-account\nsession required a.so\n",
		       PAM_DOOR_REFUSE,
		       "# systemd\n"
		       "account required pam_confine.so\n"
		       "@include common-account\nsession required a.so\n");
}

static void test_misplaced_lines_move(void **state)
{
	char *text;

	(void)state;
	text = enabled("auth required pam_confine.so\n"
		       "auth required a.so\n"
		       "session required pam_confine.so\n"
		       "session required a.so\n",
		       PAM_DOOR_LOGIN);
	assert_string_equal(text, "auth required a.so\n"
				  "auth required pam_confine.so\n"
				  "session required pam_confine.so close\n"
				  "session required a.so\n"
				  "session required pam_confine.so\n");
	free(text);
}

static void test_options_are_not_lost(void **state)
{
	static const char text[] = "auth required pam_confine.so debug\n"
				   "auth required a.so\n"
				   "session required a.so\n";
	static const char in_order[] = "auth required a.so\n"
				       "auth required pam_confine.so debug\n"
				       "session required pam_confine.so close debug\n"
				       "session required a.so\n"
				       "session requisite /lib/security/pam_confine.so debug\n";
	struct pam_file *file = parse(text);
	struct error error = {0};
	char *result = NULL, first[256];
	size_t length;

	(void)state;
	assert_int_equal(pam_edit_enable(file, PAM_DOOR_LOGIN, &result, &length, &error), -EEXIST);
	assert_non_null(strstr(error.message, "service:1:"));
	assert_null(result);
	pam_file_destroy(file);
	assert_int_equal(errors_of(in_order, PAM_DOOR_LOGIN, first), 0);
}

static void test_types_of_other_are_refused(void **state)
{
	struct pam_file *file = parse("@include common-auth\naccount required a.so\n");
	struct error error = {0};
	char *result = NULL;
	size_t length;

	(void)state;
	assert_int_equal(pam_edit_enable(file, PAM_DOOR_LOGIN, &result, &length, &error), -ENOENT);
	assert_non_null(strstr(error.message, "session"));
	assert_null(result);
	pam_file_destroy(file);
}

static void test_what_libpam_cannot_read(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *named;
	} rows[] = {
		{"auth\n", EINVAL, "service:1:"},
		{"auth required\n", EINVAL, "service:1:"},
		{"\n# x\nathu required a.so\n", EINVAL, "service:3:"},
		{"@include\n", EINVAL, "service:1:"},
		{"@include broken\n", EINVAL, "broken:1:"},
		{"@include nowhere\n", ENOENT, "nowhere"},
		{"@include circle\n", ELOOP, "circle:1:"},
		{"auth required \\\n", EINVAL, "service:1:"},
		{"auth required \\\n# comment\na.so\n", EINVAL, "service:1:"},
		{"auth required \\\n\n", EINVAL, "service:1:"},
		{"auth [success=ok a.so\n", EINVAL, "service:1:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error error = {0};

		assert_int_equal(parse_error(rows[i].text, &error), -rows[i].code);
		assert_non_null(strstr(error.message, rows[i].named));
	}
}

static void test_nul_is_refused(void **state)
{
	struct pam_file *file = NULL;
	struct error error = {0};

	(void)state;
	assert_int_equal(pam_file_parse("service", "auth\0x", 6, &reader, &file, &error), -EINVAL);
	assert_null(file);
}

/* Stacks whose lines are placed right but which libpam leaves, or may leave, before our line. */
static void test_lines_that_pass_ours_by(void **state)
{
	static const struct {
		const char *control;
		size_t errors;
	} rows[] = {
		{"required", 0},
		{"requisite", 0},
		{"optional", 0},
		{"sufficient", 1},
		{"Sufficient", 1},
		{"[success=done default=ignore]", 1},
		{"[ default = done ]", 1},
		{"[success=1 default=ignore]", 0},
		{"[success=2 default=ignore]", 1},
		{"[default=7]", 1},
		{"[success=ok default=die]", 0},
		{"[default=die]", 0}, /* a warning: a jump may pass it */
		{"[success=perhaps]", 1},
		{"[success]", 1},
		{"mandatory", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], first[256];

		snprintf(text, sizeof(text),
			 "auth %s a.so\nauth required b.so\nauth required pam_confine.so\n"
			 "session required pam_confine.so close\nsession required a.so\n"
			 "session required pam_confine.so\n",
			 rows[i].control);
		assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), rows[i].errors);
	}
}

static void test_included_lines_that_pass_ours_by(void **state)
{
	static const char tail[] = "auth required pam_confine.so\n"
				   "session required pam_confine.so close\n"
				   "session required a.so\n"
				   "session required pam_confine.so\n";
	char text[512], first[256];

	(void)state;
	snprintf(text, sizeof(text), "@include sufficient\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 1);
	snprintf(text, sizeof(text), "auth include sufficient\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 1);
	snprintf(text, sizeof(text), "auth substack sufficient\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 0);
	/* a substack is one line for a jump, an include as many as it holds */
	snprintf(text, sizeof(text),
		 "auth [success=2 default=ignore] a.so\nauth include everything\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 1);
	snprintf(text, sizeof(text),
		 "auth [success=2 default=ignore] a.so\nauth substack sufficient\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 1);
	snprintf(text, sizeof(text),
		 "auth [success=3 default=ignore] a.so\n@include common-auth\n%s", tail);
	assert_int_equal(errors_of(text, PAM_DOOR_LOGIN, first), 0);
}

static void test_order_is_judged(void **state)
{
	char first[256];

	(void)state;
	assert_int_equal(
		errors_of("auth required a.so\nsession required a.so\n", PAM_DOOR_LOGIN, first), 3);
	assert_string_equal(first, "no line \"session required pam_confine.so close\"");
	assert_int_equal(errors_of("auth required pam_confine.so\nauth required a.so\n"
				   "session required pam_confine.so close\n"
				   "session required pam_confine.so\n",
				   PAM_DOOR_LOGIN, first),
			 1);
	assert_non_null(strstr(first, "must be the last auth line"));
	assert_int_equal(errors_of("auth optional pam_confine.so\n"
				   "session required pam_confine.so close\n"
				   "session required pam_confine.so\n",
				   PAM_DOOR_LOGIN, first),
			 1);
	assert_non_null(strstr(first, "must be \"required\""));
	assert_int_equal(errors_of("auth required a.so\nauth required pam_confine.so\n"
				   "account required pam_confine.so\n"
				   "session required pam_confine.so close\n"
				   "@include stray\n"
				   "session required pam_confine.so\n",
				   PAM_DOOR_LOGIN, first),
			 3);
}

static void test_services(void **state)
{
	static const char *const unfit[] = {
		"sudo", "sudo-i", "su",	 "su-l",     "login",	"gdm-password", "lightdm",
		"sddm", "vsftpd", "xdm", "polkit-1", "runuser", "common-auth",	"other"};
	static const char *const insane[] = {"",     ".",   "..",   "../sshd", "/etc/passwd", "-x",
					     "SSHD", "a b", "a\nb", ".hidden", "sshd/"};

	(void)state;
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		assert_non_null(pam_service_unfit(unfit[i]));
	for (size_t i = 0; i < sizeof(insane) / sizeof(insane[0]); i++)
		assert_false(pam_service_sane(insane[i]));
	assert_null(pam_service_unfit("sshd"));
	assert_null(pam_service_unfit("sudoku"));
	assert_true(pam_service_sane("sshd"));
	assert_int_equal(pam_service_door("systemd-user"), PAM_DOOR_REFUSE);
	assert_int_equal(pam_service_door("cron"), PAM_DOOR_LOGIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debian_sshd),
		cmocka_unit_test(test_include_counts_as_its_types),
		cmocka_unit_test(test_unterminated_and_continued),
		cmocka_unit_test(test_systemd_user),
		cmocka_unit_test(test_misplaced_lines_move),
		cmocka_unit_test(test_options_are_not_lost),
		cmocka_unit_test(test_types_of_other_are_refused),
		cmocka_unit_test(test_what_libpam_cannot_read),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_lines_that_pass_ours_by),
		cmocka_unit_test(test_included_lines_that_pass_ours_by),
		cmocka_unit_test(test_order_is_judged),
		cmocka_unit_test(test_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
