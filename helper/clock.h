// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Milliseconds of CLOCK_MONOTONIC (clock_gettime(2)): for timeouts, which no change of date moves.
 */
long long clock_now_ms(void);
