// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The directory of PAM service files, on disk.
 *
 * MUST write only into a directory and over a file that nobody but root (or, in a directory of
 * their own, the caller) can write, and never through a link.
 * MUST leave either the old file or the new one, whole, whatever dies in between.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

#include "helper/pam_file.h"
#include "policy/error.h"

#define PAM_STORE_DEFAULT "/etc/pam.d"
#define PAM_STORE_BACKUP  ".confine-backup" /* directory of copies, below the store */

struct pam_store {
	const char *path;   /* borrowed, for messages */
	int fd;		    /* the directory; -1: not open */
	const char *vendor; /* libpam's second place; NULL: not the directory of the system */
};

/* A service file as it is before a change. */
struct pam_original {
	struct stat status;
	bool vendor; /* the vendor's: the store itself has no file of the name */
	char *text;  /* NUL-terminated */
	size_t length;
};

/*
 * Opens the directory and, if for_change, waits for the lock that keeps two changes apart. -EPERM:
 * others can write it. Close with pam_store_close(), which accepts a store that never opened.
 */
int pam_store_open(const char *path, bool for_change, struct pam_store *ret_store,
		   struct error *error);
void pam_store_close(struct pam_store *store);

/*
 * Reads a service file, the vendor's if the store has none. Release with pam_original_finish().
 * -ENOENT: none of that name; -ELOOP: a link; -EINVAL: not a regular file; -EPERM: others can write
 * it; -EFBIG: more than 1 MiB.
 */
int pam_store_read(const struct pam_store *store, const char *service,
		   struct pam_original *ret_original, struct error *error);
void pam_original_finish(struct pam_original *original);

/* Reads what service files include, links followed, as libpam does. */
struct pam_reader pam_store_reader(const struct pam_store *store);

/*
 * Puts text in the place of the service file, with its owner and mode. The vendor's file stays:
 * a file in the store takes its place, and is removed when text is what the vendor's holds. The
 * directory is synced. -ESTALE: somebody else changed the file since it was read.
 */
int pam_store_replace(const struct pam_store *store, const char *service, const char *text,
		      size_t length, const struct pam_original *original, struct error *error);

/*
 * Keeps a copy of the original as PAM_STORE_BACKUP/SERVICE below the store: no service can have
 * such a name. The copy has the owner and mode of the original. Nothing is kept of the vendor's.
 */
int pam_store_keep(const struct pam_store *store, const char *service,
		   const struct pam_original *original, struct error *error);

/* Removes a copy that is the same as text, and the directory of copies if it is empty then. */
void pam_store_forget(const struct pam_store *store, const char *service, const char *text,
		      size_t length);
