// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "helper/pam_store.h"
#include "policy/cleanup.h"

#define FILE_SIZE_MAX (1 << 20)
#define VENDOR_PATH   "/usr/lib/pam.d" /* libpam looks here for what /etc/pam.d does not have */

static const char step[] = "pam store";

/* Root's, or the caller's own: a tree of somebody's tests is theirs to edit. */
static bool trusted(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == geteuid()) &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool is_default(const struct stat *status)
{
	struct stat other;

	return stat(PAM_STORE_DEFAULT, &other) == 0 && other.st_dev == status->st_dev &&
	       other.st_ino == status->st_ino;
}

int pam_store_open(const char *path, bool for_change, struct pam_store *ret_store,
		   struct error *error)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(error, step, "%s", path);
	if (!trusted(&status))
		return error_set(error, EPERM, step,
				 "%s: must belong to root and be writable by nobody else", path);
	if (for_change && flock(fd, LOCK_EX) < 0)
		return error_errno(error, step, "locking %s", path);
	*ret_store = (struct pam_store){
		.path = path,
		.fd = steal_fd(&fd),
		.vendor = is_default(&status) ? VENDOR_PATH : NULL,
	};
	return 0;
}

void pam_store_close(struct pam_store *store)
{
	close_fd(&store->fd);
}

/* Reads an open file to its end, which must come before the limit. */
static int read_all(int fd, const char *path, char **ret_text, size_t *ret_length,
		    struct error *error)
{
	cleanup_free char *text = malloc(FILE_SIZE_MAX + 2);
	size_t used = 0;
	ssize_t got;

	if (!text)
		return error_set(error, ENOMEM, step, "out of memory");
	do {
		got = read(fd, text + used, FILE_SIZE_MAX + 1 - used);
		if (got < 0 && errno != EINTR)
			return error_errno(error, step, "reading %s", path);
		used += got > 0 ? (size_t)got : 0;
	} while (got != 0 && used <= FILE_SIZE_MAX);
	if (used > FILE_SIZE_MAX)
		return error_set(error, EFBIG, step, "%s: larger than 1 MiB", path);
	text[used] = '\0';
	*ret_length = used;
	*ret_text = steal_pointer(&text);
	return 0;
}

static int read_file(int fd, const char *path, char **ret_text, size_t *ret_length,
		     struct stat *ret_status, struct error *error)
{
	if (fstat(fd, ret_status) < 0)
		return error_errno(error, step, "%s", path);
	if (!S_ISREG(ret_status->st_mode))
		return error_set(error, EINVAL, step, "%s: not a regular file", path);
	if (!trusted(ret_status))
		return error_set(error, EPERM, step,
				 "%s: must belong to root and be writable by nobody else", path);
	return read_all(fd, path, ret_text, ret_length, error);
}

/* Opens the vendor's file of a name that the store does not have; -1 with errno otherwise. */
static int open_vendor(const struct pam_store *store, const char *name)
{
	char path[PATH_MAX];

	errno = ENOENT;
	if (!store->vendor || name[0] == '/')
		return -1;
	snprintf(path, sizeof(path), "%s/%s", store->vendor, name);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

int pam_store_read(const struct pam_store *store, const char *service,
		   struct pam_original *ret_original, struct error *error)
{
	cleanup_fd int fd =
		openat(store->fd, service, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char path[PATH_MAX];

	*ret_original = (struct pam_original){0};
	snprintf(path, sizeof(path), "%s/%s", store->path, service);
	if (fd < 0 && errno == ENOENT) {
		fd = open_vendor(store, service);
		ret_original->vendor = true;
	}
	if (fd < 0 && errno == ELOOP)
		return error_set(error, ELOOP, step, "%s: is a link; edit what it leads to", path);
	if (fd < 0)
		return error_errno(error, step, "%s", path);
	return read_file(fd, path, &ret_original->text, &ret_original->length,
			 &ret_original->status, error);
}

void pam_original_finish(struct pam_original *original)
{
	free(original->text);
	original->text = NULL;
}

static int read_included(void *context, const char *name, char **ret_text, size_t *ret_length,
			 struct error *error)
{
	const struct pam_store *store = context;
	cleanup_fd int fd = openat(store->fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		fd = open_vendor(store, name);
	if (fd < 0)
		return error_errno(error, step, "included file %s", name);
	return read_file(fd, name, ret_text, ret_length, &status, error);
}

struct pam_reader pam_store_reader(const struct pam_store *store)
{
	return (struct pam_reader){.read = read_included, .context = (void *)store};
}

static int write_all(int fd, const char *text, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t written = write(fd, text + done, length - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Makes a new file beside name, whole and on disk, and renames it over name. */
static int write_file(int dir, const char *name, const char *text, size_t length,
		      const struct stat *like, struct error *error)
{
	char fresh[NAME_MAX + 1];
	cleanup_fd int fd = -1;
	int code = 0;

	snprintf(fresh, sizeof(fresh), ".%.200s.confine-new", name);
	unlinkat(dir, fresh, 0); /* of a run that was killed; the lock is ours */
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(error, step, "creating %s", fresh);
	if (fchown(fd, like->st_uid, like->st_gid) < 0 || fchmod(fd, like->st_mode & 07777) < 0 ||
	    write_all(fd, text, length) < 0 || fsync(fd) < 0 || renameat(dir, fresh, dir, name) < 0)
		code = errno;
	if (code) {
		unlinkat(dir, fresh, 0);
		errno = code;
		return error_errno(error, step, "writing %s", name);
	}
	if (fsync(dir) < 0)
		return error_errno(error, step, "syncing the directory of %s", name);
	return 0;
}

/* Whether the store's file is still the one that was read. */
static bool unchanged(const struct pam_store *store, const char *service,
		      const struct pam_original *original)
{
	const struct stat *before = &original->status;
	struct stat now;

	if (fstatat(store->fd, service, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return original->vendor && errno == ENOENT;
	return !original->vendor && now.st_ino == before->st_ino && now.st_dev == before->st_dev &&
	       now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static bool same_as_file(int fd, const char *name, const char *text, size_t length)
{
	cleanup_free char *other = NULL;
	size_t other_length;

	return fd >= 0 && read_all(fd, name, &other, &other_length, NULL) == 0 &&
	       other_length == length && memcmp(other, text, length) == 0;
}

int pam_store_replace(const struct pam_store *store, const char *service, const char *text,
		      size_t length, const struct pam_original *original, struct error *error)
{
	cleanup_fd int vendor = open_vendor(store, service);

	if (!unchanged(store, service, original))
		return error_set(error, ESTALE, step,
				 "%s/%s: somebody else changed it just now; try again", store->path,
				 service);
	if (!same_as_file(vendor, service, text, length))
		return write_file(store->fd, service, text, length, &original->status, error);
	if (unlinkat(store->fd, service, 0) < 0 || fsync(store->fd) < 0)
		return error_errno(error, step, "removing %s/%s", store->path, service);
	return 0;
}

int pam_store_keep(const struct pam_store *store, const char *service,
		   const struct pam_original *original, struct error *error)
{
	cleanup_fd int dir = -1;
	struct stat status;

	if (original->vendor)
		return 0;
	if (mkdirat(store->fd, PAM_STORE_BACKUP, 0700) < 0 && errno != EEXIST)
		return error_errno(error, step, "creating %s/%s", store->path, PAM_STORE_BACKUP);
	dir = openat(store->fd, PAM_STORE_BACKUP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &status) < 0)
		return error_errno(error, step, "%s/%s", store->path, PAM_STORE_BACKUP);
	if (!trusted(&status))
		return error_set(error, EPERM, step,
				 "%s/%s: must belong to root and be writable by nobody else",
				 store->path, PAM_STORE_BACKUP);
	return write_file(dir, service, original->text, original->length, &original->status, error);
}

void pam_store_forget(const struct pam_store *store, const char *service, const char *text,
		      size_t length)
{
	cleanup_fd int dir = openat(store->fd, PAM_STORE_BACKUP,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int fd = dir < 0 ? -1 : openat(dir, service, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (same_as_file(fd, service, text, length))
		unlinkat(dir, service, 0);
	unlinkat(store->fd, PAM_STORE_BACKUP, AT_REMOVEDIR); /* stays while it holds others */
}
