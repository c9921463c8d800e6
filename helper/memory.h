// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a process that will mostly sleep need not hold. */
#pragma once

/*
 * Gives back the pages of the program's own code and constants, and free heap: what is used again
 * comes back from the page cache (madvise(2), MADV_DONTNEED on a private file mapping). Best
 * effort.
 */
void memory_give_back(void);
