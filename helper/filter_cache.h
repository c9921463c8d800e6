// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Compiled filters below the state directory: filters/KEY, where KEY is made of all that the
 * program depends on, so that an entry is right or absent and never out of date.
 *
 * MUST trust nothing but a regular file of our own user with mode 0600, in a directory of our own
 * user with mode 0700, whose content matches its checksum. Anything else counts as absent.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* 128 bits of a hash that tells contents apart; all that goes in is root's, so nobody forges it. */
struct filter_key {
	uint64_t parts[2];
};

void filter_key_init(struct filter_key *key);
void filter_key_add(struct filter_key *key, const void *data, size_t length);

/* With its NUL, so that "a" and "b" differ from "ab". */
void filter_key_add_text(struct filter_key *key, const char *text);
void filter_key_add_number(struct filter_key *key, uint64_t number);

/* Puts the cached program into program[max]. 0, or -errno: there is none to be had. */
int filter_cache_read(int state_fd, const struct filter_key *key, struct sock_filter *program,
		      uint32_t max, uint32_t *ret_length);

/*
 * Stores a program; a reader sees all of it or nothing, and a writer killed half way leaves
 * nothing. Replaces what is there, usable or not. 0 or -errno.
 */
int filter_cache_write(int state_fd, const struct filter_key *key,
		       const struct sock_filter *program, uint32_t length);
