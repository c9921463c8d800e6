// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One pass over the bytes of a policy file that gives every section and key its line.
 *
 * MUST accept only what has one meaning: whatever iniparser would cut, join, merge or drop without
 * a word is reported as a problem. A line with a problem gives no key; the lines after it do,
 * unless their section is in doubt.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/problem.h"

#define SCAN_LINE_MAX	  1022 /* bytes, without the newline: iniparser's buffer holds 1024 */
#define SCAN_NAME_MAX	  64   /* bytes of a key, a profile's or a rule's name */
#define SCAN_ENTRIES_MAX  4096 /* keys of one file */
#define SCAN_SECTIONS_MAX 1024 /* sections of one file */

enum section_kind { SECTION_GLOBAL, SECTION_MATCH, SECTION_PROFILE };

struct entry {
	const char *name;  /* lower case */
	const char *value; /* without quotes, comment and the white space around */
	unsigned line;
	bool repeated; /* set again further down, which is a problem */
};

struct section {
	enum section_kind kind;
	const char *name;  /* of the rule or profile, as written; "" for [global] */
	const char *title; /* what stands between the brackets, lower case */
	unsigned line;
	bool repeated;	     /* stands again further down, which is a problem */
	size_t first, count; /* its entries */
};

/* All strings point into text. */
struct scan {
	char *file;
	char *text;
	struct section *sections;
	size_t section_count;
	struct entry *entries;
	size_t entry_count;
};

/*
 * Scans size bytes, which are not changed. Problems are added to problems (NULL: not wanted).
 * Returns 0, also when there were problems, with a scan that the caller owns; -ENOMEM; -EINVAL
 * for what cannot be scanned at all (a NUL byte).
 */
int scan_text(const char *file, const char *text, size_t size, struct scan *ret_scan,
	      struct problems *problems);

/* Releases all, and leaves it empty. */
void scan_finish(struct scan *scan);

/* The entry of this name, or NULL. */
const struct entry *scan_entry(const struct scan *scan, const struct section *section,
			       const char *name);

/* "global", "match", "profile". */
const char *section_kind_name(enum section_kind kind);

#define cleanup_scan __attribute__((cleanup(scan_finish)))
