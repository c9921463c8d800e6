// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "helper/filter.h"
#include "helper/filter_cache.h"
#include "helper/filter_compile.h"
#include "helper/filter_file.h"
#include "helper/filter_list.h"
#include "policy/cleanup.h"

static const char step[] = "filter";

/* To be raised when the same list comes to give another program. */
#define FILTER_REVISION 2

/* What a plan's filter is made from. */
struct origin {
	char *text; /* of the filter file; NULL: the default list */
	size_t length;
	char *path;
};

static void origin_finish(struct origin *origin)
{
	free(origin->text);
	free(origin->path);
}

static void key_add_values(struct filter_key *key, const uint32_t *values, size_t count)
{
	filter_key_add_number(key, count);
	filter_key_add(key, values, count * sizeof(*values));
}

static void key_add_table(struct filter_key *key)
{
	for (size_t i = 0; i < call_row_count; i++) {
		filter_key_add_number(key, call_rows[i].verdict);
		filter_key_add_text(key, call_rows[i].calls);
	}
	for (size_t i = 0; i < call_check_count; i++) {
		const struct call_check *check = &call_checks[i];

		filter_key_add_text(key, check->call);
		filter_key_add_number(key, check->where.argument);
		key_add_values(key, check->where.values, check->where.count);
		filter_key_add_number(key, check->argument);
		filter_key_add_number(key, check->test);
		filter_key_add_number(key, (uint64_t)check->error);
		key_add_values(key, check->values, check->count);
	}
	for (size_t i = 0; i < call_number_count; i++) {
		filter_key_add_number(key, call_numbers[i].number);
		filter_key_add_number(key, call_numbers[i].architecture);
		filter_key_add_text(key, call_numbers[i].call);
	}
}

static void key_make(struct filter_key *key, const struct plan *plan, const struct origin *origin)
{
	const struct scmp_version *version = seccomp_version();

	filter_key_init(key);
	filter_key_add_text(key, CONFINE_VERSION);
	filter_key_add_number(key, FILTER_REVISION);
	filter_key_add_number(key, version->major);
	filter_key_add_number(key, version->minor);
	filter_key_add_number(key, version->micro);
	filter_key_add_number(key, seccomp_arch_native());
	filter_key_add_number(key, plan->filter_action);
	key_add_table(key);
	filter_key_add_number(key, origin->text != NULL);
	if (origin->text)
		filter_key_add(key, origin->text, origin->length);
}

static int compile(const struct plan *plan, const struct origin *origin,
		   struct sock_filter *program, uint32_t max, uint32_t *ret_length,
		   struct error *error)
{
	struct filter_list list;
	int result;

	filter_list_default(&list);
	if (origin->text) {
		result =
			filter_file_parse(origin->text, origin->length, origin->path, &list, error);
		if (result < 0)
			return result;
	}
	return filter_compile(&list, plan->filter_action, program, max, ret_length, error);
}

int filter_load(const struct plan *plan, int state_fd, struct sock_filter *program, uint32_t max,
		uint32_t *ret_length, struct error *error)
{
	__attribute__((cleanup(origin_finish))) struct origin origin = {0};
	struct filter_key key;
	int result = 0;

	if (plan->filter == FILTER_OFF) {
		*ret_length = 0;
		return 0;
	}
	if (plan->filter == FILTER_STRICT)
		return error_set(error, ENOTSUP, step,
				 "seccomp = strict is not built yet; use default or a list of "
				 "your own");
	if (plan->filter == FILTER_FILE)
		result = filter_file_read(plan->filter_file, NULL, &origin.text, &origin.length,
					  &origin.path, error);
	if (result < 0)
		return result;
	key_make(&key, plan, &origin);
	if (filter_cache_read(state_fd, &key, program, max, ret_length) == 0)
		return 0;
	result = compile(plan, &origin, program, max, ret_length, error);
	if (result == 0)
		filter_cache_write(state_fd, &key, program, *ret_length);
	return result;
}
