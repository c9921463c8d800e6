// SPDX-License-Identifier: LGPL-2.1-or-later
#include <time.h>

#include "helper/clock.h"

long long clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
