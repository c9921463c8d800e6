// SPDX-License-Identifier: LGPL-2.1-or-later
/* A list of system calls being made: the default one, then changed by a filter file. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "helper/filter_table.h"

#define FILTER_LIST_MAX 768

struct call_rule {
	enum call_verdict verdict;
	int error;			/* CALL_REFUSE and CALL_CHECK: a positive errno */
	const struct call_check *check; /* CALL_CHECK only */
};

struct filter_entry {
	const char *call; /* not terminated; borrowed from the table or from libseccomp's names */
	size_t length;
	struct call_rule rule;
};

struct filter_list {
	struct filter_entry entries[FILTER_LIST_MAX]; /* in the order of their names */
	size_t count;
};

/* Fills in the default list. */
void filter_list_default(struct filter_list *list);

/* The start of a list that lets nothing through: as default, with refusals for what it allows. */
void filter_list_none(struct filter_list *list);

/* The entry of a call, or NULL. */
struct filter_entry *filter_list_find(struct filter_list *list, const char *call, size_t length);

/* The check that the default list has for a call, or NULL. */
const struct call_check *filter_check_find(const char *call, size_t length);

/* Whether two rules do the same. */
bool call_rule_equal(const struct call_rule *a, const struct call_rule *b);
