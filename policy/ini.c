// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The only file that knows iniparser.
 *
 * iniparser 4.1 loads by path only. Its path is a memfd that holds the bytes the scan was made
 * from, so that nobody can exchange the file between the two readings. One thing is changed in the
 * copy: a comment behind a section's header, which our language allows and iniparser does not
 * know, becomes spaces.
 */
#include <errno.h>
#include <iniparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "policy/cleanup.h"
#include "policy/ini.h"

#define STEP "policy"

static void dictionary_free(dictionary **ini)
{
	if (*ini)
		iniparser_freedict(*ini);
}

/* iniparser writes to stderr by default, which may be the user's. */
__attribute__((format(printf, 1, 2))) static int ini_silent(const char *format, ...)
{
	(void)format;
	return 0;
}

static void header_comments_blank(char *text, size_t size)
{
	char *line = text, *end = text + size, *newline, *at;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		at = line;
		while (at < newline && (*at == ' ' || *at == '\t'))
			at++;
		if (at == newline || *at != '[')
			continue;
		at = memchr(at, ']', (size_t)(newline - at));
		if (at)
			memset(at + 1, ' ', (size_t)(newline - at - 1));
	}
}

static int text_to_memfd(const char *text, size_t size, int *ret_fd, struct error *error)
{
	cleanup_free char *copy = malloc(size + 1);
	cleanup_fd int fd = -1;
	size_t done = 0;
	ssize_t put;

	if (!copy)
		return error_set(error, ENOMEM, STEP, "out of memory");
	memcpy(copy, text, size);
	header_comments_blank(copy, size);
	fd = memfd_create("confine-policy", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(error, STEP, "memfd_create");
	for (; done < size; done += (size_t)put) {
		put = write(fd, copy + done, size - done);
		if (put < 0)
			return error_errno(error, STEP, "memfd");
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int ini_load(const char *text, size_t size, dictionary **ret_ini, struct error *error)
{
	char path[sizeof("/proc/self/fd/2147483647")];
	cleanup_fd int fd = -1;
	int result;

	result = text_to_memfd(text, size, &fd, error);
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access(path, R_OK) < 0)
		return error_errno(error, STEP, "%s (is /proc mounted?)", path);
	iniparser_set_error_callback(ini_silent);
	*ret_ini = iniparser_load(path);
	return 0;
}

static void section_compare(const struct scan *scan, const struct section *section, dictionary *ini,
			    struct problems *problems)
{
	/* title and key are at most a line long each */
	char name[2 * SCAN_LINE_MAX + 2];
	int theirs = iniparser_getsecnkeys(ini, section->title);

	for (size_t i = 0; i < section->count; i++) {
		const struct entry *entry = &scan->entries[section->first + i];
		const char *value;

		snprintf(name, sizeof(name), "%s:%s", section->title, entry->name);
		value = iniparser_getstring(ini, name, NULL);
		if (!value || strcmp(value, entry->value) != 0)
			problem_add(problems, EINVAL, scan->file, entry->line, entry->name,
				    "ambiguous: read as \"%.64s\" and as \"%.64s\"; write it more "
				    "plainly",
				    entry->value, value ? value : "nothing");
	}
	if (theirs < 0 || (size_t)theirs != section->count)
		problem_add(problems, EINVAL, scan->file, section->line, NULL,
			    "[%s]: ambiguous: read with %zu and with %d keys", section->title,
			    section->count, theirs);
}

int ini_compare(const struct scan *scan, const char *text, size_t size, struct problems *problems,
		struct error *error)
{
	__attribute__((cleanup(dictionary_free))) dictionary *ini = NULL;
	int result, sections;

	result = ini_load(text, size, &ini, error);
	if (result < 0)
		return result;
	if (!ini) {
		problem_add(problems, EINVAL, scan->file, 0, NULL,
			    "ambiguous: the second reading found a syntax error");
		return 0;
	}
	for (size_t i = 0; i < scan->section_count; i++)
		section_compare(scan, &scan->sections[i], ini, problems);
	sections = iniparser_getnsec(ini);
	if (sections < 0 || (size_t)sections != scan->section_count)
		problem_add(problems, EINVAL, scan->file, 0, NULL,
			    "ambiguous: read with %zu and with %d sections", scan->section_count,
			    sections);
	return 0;
}
