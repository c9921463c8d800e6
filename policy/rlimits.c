// SPDX-License-Identifier: LGPL-2.1-or-later
/* rlimit-NAME = soft[:hard]; one value is both, as with systemd's Limit*=. */
#include <errno.h>
#include <string.h>

#include "policy/units.h"
#include "policy/values.h"

#define STEP	 "policy"
#define PART_MAX 64

enum rlimit_unit { RLIMIT_COUNT, RLIMIT_BYTES, RLIMIT_SECONDS, RLIMIT_USECONDS };

/* setrlimit(2) says what each is counted in. */
static enum rlimit_unit rlimit_unit(int number)
{
	switch (number) {
	case RLIMIT_AS:
	case RLIMIT_CORE:
	case RLIMIT_DATA:
	case RLIMIT_FSIZE:
	case RLIMIT_MEMLOCK:
	case RLIMIT_MSGQUEUE:
	case RLIMIT_RSS:
	case RLIMIT_STACK:
		return RLIMIT_BYTES;
	case RLIMIT_CPU:
		return RLIMIT_SECONDS;
	case RLIMIT_RTTIME:
		return RLIMIT_USECONDS;
	default:
		return RLIMIT_COUNT;
	}
}

static const char *unit_example(enum rlimit_unit unit)
{
	static const char *const examples[] = {
		[RLIMIT_COUNT] = "a number, infinity or soft:hard (e.g. 1024:4096)",
		[RLIMIT_BYTES] = "a size, infinity or soft:hard (e.g. 64M:128M)",
		[RLIMIT_SECONDS] = "a time, infinity or soft:hard (e.g. 10min:1h)",
		[RLIMIT_USECONDS] = "a time, infinity or soft:hard (e.g. 200ms:1s)",
	};

	return examples[unit];
}

static int part_read(const char *text, size_t length, enum rlimit_unit unit, rlim_t *ret_limit)
{
	char part[PART_MAX];
	uint64_t value;
	int result;

	if (length >= sizeof(part))
		return -EINVAL;
	memcpy(part, text, length);
	part[length] = '\0';
	if (strcmp(part, "infinity") == 0) {
		*ret_limit = RLIM_INFINITY;
		return 0;
	}
	if (unit == RLIMIT_BYTES)
		result = unit_size(part, &value);
	else if (unit == RLIMIT_COUNT || unit_number(part, UINT64_MAX, &value) == 0)
		result = unit_number(part, UINT64_MAX, &value);
	else
		result = unit_time(part, &value);
	if (result < 0 || value == UNIT_INFINITY)
		return -EINVAL;
	/* a bare number is already in the unit of the limit; seconds are rounded up */
	if (unit == RLIMIT_SECONDS && part[strspn(part, "0123456789")])
		value = value / 1000000 + (value % 1000000 != 0);
	*ret_limit = value;
	return 0;
}

int apply_rlimit(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error)
{
	enum rlimit_unit unit = rlimit_unit(key->argument);
	struct plan_rlimit limit = {.set = true};
	size_t length = strcspn(value, ":");
	int result;

	(void)facts;
	result = part_read(value, length, unit, &limit.soft);
	limit.hard = limit.soft;
	if (result == 0 && value[length])
		result = part_read(value + length + 1, strlen(value + length + 1), unit,
				   &limit.hard);
	if (result < 0)
		return error_set(error, EINVAL, STEP, "\"%.64s\" is not %s", value,
				 unit_example(unit));
	if (limit.soft > limit.hard)
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\": the soft limit is above the hard one; the order is "
				 "soft:hard",
				 value);
	plan->rlimits[key->argument] = limit;
	return 0;
}
