// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/filter_list.h"

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	if (order != 0)
		return order;
	return (a_length > b_length) - (a_length < b_length);
}

static int by_name(const void *a, const void *b)
{
	const struct filter_entry *x = a, *y = b;

	return compare_names(x->call, x->length, y->call, y->length);
}

static void add(struct filter_list *list, const char *call, size_t length, struct call_rule rule)
{
	assert(list->count < FILTER_LIST_MAX);
	list->entries[list->count++] =
		(struct filter_entry){.call = call, .length = length, .rule = rule};
}

static void add_row(struct filter_list *list, const struct call_row *row)
{
	struct call_rule rule = {.verdict = row->verdict};

	if (row->verdict == CALL_REFUSE)
		rule.error = EPERM;
	for (const char *call = row->calls; *call;) {
		size_t length = strcspn(call, " ");

		add(list, call, length, rule);
		call += length + (call[length] == ' ');
	}
}

void filter_list_default(struct filter_list *list)
{
	list->count = 0;
	for (size_t i = 0; i < call_row_count; i++)
		add_row(list, &call_rows[i]);
	for (size_t i = 0; i < call_check_count; i++) {
		const struct call_check *check = &call_checks[i];

		add(list, check->call, strlen(check->call),
		    (struct call_rule){CALL_CHECK, check->error, check});
	}
	qsort(list->entries, list->count, sizeof(list->entries[0]), by_name);
}

void filter_list_none(struct filter_list *list)
{
	filter_list_default(list);
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].rule.verdict != CALL_ABSENT)
			list->entries[i].rule = (struct call_rule){CALL_REFUSE, EPERM, NULL};
}

struct filter_entry *filter_list_find(struct filter_list *list, const char *call, size_t length)
{
	struct filter_entry key = {.call = call, .length = length};

	return bsearch(&key, list->entries, list->count, sizeof(list->entries[0]), by_name);
}

const struct call_check *filter_check_find(const char *call, size_t length)
{
	for (size_t i = 0; i < call_check_count; i++)
		if (compare_names(call, length, call_checks[i].call, strlen(call_checks[i].call)) ==
		    0)
			return &call_checks[i];
	return NULL;
}

bool call_rule_equal(const struct call_rule *a, const struct call_rule *b)
{
	return a->verdict == b->verdict && a->error == b->error && a->check == b->check;
}
