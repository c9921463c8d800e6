// SPDX-License-Identifier: LGPL-2.1-or-later
/* The positive control: mistakes that every analyser has to find. Never built. */
#include <stdlib.h>
#include <string.h>

int planted_null(int *pointer);
int planted_array(void);
int planted_copy(const char *text);

int planted_null(int *pointer)
{
	if (!pointer)
		return *pointer;
	return 0;
}

int planted_array(void)
{
	int numbers[2] = {0, 0};

	return numbers[2];
}

int planted_copy(const char *text)
{
	return strcmp(text, "x") == 1;
}
