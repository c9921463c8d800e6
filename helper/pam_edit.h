// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Puts the lines of pam_confine.so where they belong in a service file, and takes them away. Pure.
 *
 * MUST keep every byte of every line that is not ours.
 */
#pragma once

#include "helper/pam_file.h"

/* Which lines a service needs: those of a login, or those of one that is to refuse covered users.
 */
enum pam_door {
	PAM_DOOR_LOGIN,	 /* auth last; session first with "close", and last */
	PAM_DOOR_REFUSE, /* account first: systemd-user */
};

struct pam_placement {
	enum pam_door door;
	enum pam_type type;
	bool last; /* after the last line of the type; otherwise before the first */
	const char *arguments;
	const char *text; /* the whole line; NULL ends the table */
};

/* The lines of every door; none but these are ever written. */
extern const struct pam_placement pam_placements[];

/* Whether a line is one that pam_edit_enable() writes: no option of the administrator's in it. */
bool pam_edit_plain(const struct pam_line *line);

/*
 * The text with the lines of the door in their places and none of ours elsewhere, for the caller
 * to free. -ENOENT: the file has no line of a type that is needed (libpam would take those of
 * "other"); -EEXIST: a line of ours carries options, so that moving it could lose them.
 */
int pam_edit_enable(const struct pam_file *file, enum pam_door door, char **ret_text,
		    size_t *ret_length, struct error *error);

/*
 * The text without our lines, every other byte as it was; for the caller to free. What
 * pam_edit_enable() made becomes again what it was made from. Fails with -ENOMEM only.
 */
int pam_edit_disable(const struct pam_file *file, char **ret_text, size_t *ret_length,
		     struct error *error);
