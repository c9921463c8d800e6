// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/cleanup.h"
#include "policy/source.h"

#define STEP "policy"

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* A sticky directory is no better: whoever may create a name in it may create ours first. */
static int owner_check(int fd, const char *path, unsigned flags, struct error *error)
{
	struct stat status;

	if (flags & SOURCE_ANY_OWNER)
		return 0;
	if (fstat(fd, &status) < 0)
		return error_errno(error, STEP, "%s", path);
	if (status.st_uid != 0)
		return error_set(error, EPERM, STEP,
				 "%s: owned by uid %u; root must own it (chown root)", path,
				 status.st_uid);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, EPERM, STEP,
				 "%s: mode %04o lets others than root write; %s", path,
				 status.st_mode & 07777U,
				 S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX)
					 ? "keep the policy elsewhere"
					 : "chmod go-w");
	return 0;
}

static int directory_error(const char *path, struct error *error)
{
	if (errno == ENOTDIR || errno == ELOOP)
		return error_set(error, EPERM, STEP, "%s: a link, or not a directory", path);
	return error_errno(error, STEP, "%s", path);
}

/* Opens one component below parent; path is its whole name, for messages. */
static int directory_enter(int parent, const char *name, const char *path, unsigned flags,
			   int *ret_fd, struct error *error)
{
	cleanup_fd int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (fd < 0)
		return directory_error(path, error);
	result = owner_check(fd, path, flags, error);
	if (result < 0)
		return result;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Walks an absolute path from the root; every step is checked before the next is taken. */
static int directory_walk(const char *path, unsigned flags, int *ret_fd, struct error *error)
{
	char prefix[PATH_MAX], name[NAME_MAX + 1];
	cleanup_fd int fd = -1;
	const char *at = path;
	int result, next = -1;

	result = directory_enter(AT_FDCWD, "/", "/", flags, &fd, error);
	while (result == 0 && *(at += strspn(at, "/"))) {
		size_t length = strcspn(at, "/"), end = (size_t)(at - path) + length;

		if (length > NAME_MAX || end >= sizeof(prefix))
			return error_set(error, ENAMETOOLONG, STEP, "%s", path);
		memcpy(name, at, length);
		name[length] = '\0';
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		result = directory_enter(fd, name, prefix, flags, &next, error);
		if (result == 0) {
			close(fd);
			fd = next;
		}
		at += length;
	}
	if (result < 0)
		return result;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* O_NONBLOCK: opening a FIFO for reading would otherwise wait for a writer. */
static int file_open(int directory, const char *name, const char *path, unsigned flags, int *ret_fd,
		     struct error *error)
{
	cleanup_fd int fd = -1;
	struct stat status;
	int result;

	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		return error_set(error, EPERM, STEP, "%s: a link; a policy must be a regular file",
				 path);
	if (fd < 0)
		return error_errno(error, STEP, "%s", path);
	if (fstat(fd, &status) < 0)
		return error_errno(error, STEP, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EPERM, STEP, "%s: not a regular file", path);
	result = owner_check(fd, path, flags, error);
	if (result < 0)
		return result;
	if (status.st_size > SOURCE_SIZE_MAX)
		return error_set(error, EFBIG, STEP, "%s: larger than 1 MiB", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Takes path over, also on failure. */
static int sources_append(struct sources *sources, char *path, int directory, const char *name,
			  unsigned flags, struct error *error)
{
	cleanup_free char *owned = path;
	struct source *list;
	int result, fd = -1;

	if (!owned)
		return error_set(error, ENOMEM, STEP, "out of memory");
	if (sources->count >= SOURCE_COUNT_MAX)
		return error_set(error, EFBIG, STEP, "%s: more than %d files", path,
				 SOURCE_COUNT_MAX);
	result = file_open(directory, name, owned, flags, &fd, error);
	if (result < 0)
		return flags & SOURCE_TOLERANT ? 0 : result;
	list = reallocarray(sources->list, sources->count + 1, sizeof(*list));
	if (!list) {
		close(fd);
		return error_set(error, ENOMEM, STEP, "out of memory");
	}
	sources->list = list;
	list[sources->count++] = (struct source){.path = steal_pointer(&owned), .fd = fd};
	return 0;
}

static char *path_join(const char *directory, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static bool sources_have(const struct sources *sources, size_t from, size_t until, const char *name)
{
	for (size_t i = from; i < until; i++)
		if (strcmp(strrchr(sources->list[i].path, '/') + 1, name) == 0)
			return true;
	return false;
}

static bool name_counts(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(".conf") &&
	       strcmp(name + length - strlen(".conf"), ".conf") == 0;
}

/* Adds the files of an opened conf.d, except those whose name the list has from "from" on. */
static int directory_add(struct sources *sources, size_t from, int fd, const char *path,
			 unsigned flags, struct error *error)
{
	__attribute__((cleanup(close_directory))) DIR *directory = NULL;
	size_t until = sources->count;
	struct dirent *entry;
	int result = 0, list_fd;

	list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (list_fd < 0)
		return error_errno(error, STEP, "%s", path);
	directory = fdopendir(list_fd);
	if (!directory) {
		close_fd(&list_fd);
		return error_errno(error, STEP, "%s", path);
	}
	errno = 0;
	while (result == 0 && (entry = readdir(directory))) {
		if (name_counts(entry->d_name) &&
		    !sources_have(sources, from, until, entry->d_name))
			result = sources_append(sources, path_join(path, entry->d_name), fd,
						entry->d_name, flags, error);
		errno = 0;
	}
	if (result == 0 && errno)
		return error_errno(error, STEP, "%s", path);
	return result;
}

static int source_compare(const void *left, const void *right)
{
	const struct source *a = left, *b = right;

	return strcmp(strrchr(a->path, '/') + 1, strrchr(b->path, '/') + 1);
}

/* Adds the directory "path" if it exists; parent is where its last component is looked up. */
static int sources_add_directory(struct sources *sources, size_t from, const char *path, int parent,
				 unsigned flags, struct error *error)
{
	cleanup_fd int fd = -1;
	int result;

	if (parent >= 0)
		result = directory_enter(parent, strrchr(path, '/') + 1, path, flags, &fd, error);
	else
		result = directory_walk(path, flags, &fd, error);
	if (result == -ENOENT || (result < 0 && flags & SOURCE_TOLERANT))
		return 0;
	return result < 0 ? result : directory_add(sources, from, fd, path, flags, error);
}

/* Splits path at its last slash and walks to the directory. */
static int parent_open(const char *path, unsigned flags, char **ret_directory, int *ret_fd,
		       struct error *error)
{
	cleanup_free char *directory = NULL;
	const char *slash = strrchr(path, '/');
	int result;

	if (path[0] != '/' || !slash[1])
		return error_set(error, EINVAL, STEP, "%s: not the absolute path of a file", path);
	directory = strndup(path, (size_t)(slash - path));
	if (!directory)
		return error_set(error, ENOMEM, STEP, "out of memory");
	result = directory_walk(directory, flags, ret_fd, error);
	if (result == 0)
		*ret_directory = steal_pointer(&directory);
	return result;
}

static int sources_open_all(struct sources *sources, const char *config, unsigned flags,
			    struct error *error)
{
	cleanup_free char *directory = NULL, *local = NULL;
	cleanup_fd int fd = -1;
	size_t first;
	int result;

	result = parent_open(config, flags, &directory, &fd, error);
	if (result == 0)
		result = sources_append(sources, strdup(config), fd, strrchr(config, '/') + 1,
					flags, error);
	if (result == -ENOENT)
		return error_set(error, ENOENT, STEP, "%s: there is no policy", config);
	if (result < 0)
		return result;
	local = path_join(directory, "conf.d");
	if (!local)
		return error_set(error, ENOMEM, STEP, "out of memory");
	first = sources->count;
	result = sources_add_directory(sources, first, local, fd, flags, error);
	if (result == 0)
		result = sources_add_directory(sources, first, CONFINE_VENDOR_DIR "/conf.d", -1,
					       flags, error);
	if (result == 0 && sources->count > first)
		qsort(sources->list + first, sources->count - first, sizeof(*sources->list),
		      source_compare);
	return result;
}

int sources_open(const char *config, unsigned flags, struct sources *ret_sources,
		 struct error *error)
{
	cleanup_sources struct sources sources = {0};
	int result;

	result = sources_open_all(&sources, config ? config : CONFINE_CONFIG, flags, error);
	if (result < 0)
		return result;
	*ret_sources = sources;
	sources = (struct sources){0};
	return 0;
}

int sources_add(struct sources *sources, const char *path, unsigned flags, struct error *error)
{
	cleanup_free char *here = NULL, *whole = NULL, *directory = NULL;
	cleanup_fd int fd = -1;
	int result;

	if (flags & SOURCE_ANY_OWNER)
		return sources_append(sources, strdup(path), AT_FDCWD, path, flags, error);
	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return error_errno(error, STEP, "the working directory");
	}
	whole = here ? path_join(here, path) : strdup(path);
	if (!whole)
		return error_set(error, ENOMEM, STEP, "out of memory");
	result = parent_open(whole, flags, &directory, &fd, error);
	if (result < 0)
		return result;
	return sources_append(sources, strdup(path), fd, strrchr(whole, '/') + 1, flags, error);
}

int source_read(struct source *source, struct error *error)
{
	cleanup_free char *text = malloc(SOURCE_SIZE_MAX + 2);
	size_t used = 0;
	ssize_t got;

	if (!text)
		return error_set(error, ENOMEM, STEP, "out of memory");
	do {
		got = read(source->fd, text + used, SOURCE_SIZE_MAX + 1 - used);
		if (got > 0)
			used += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return error_errno(error, STEP, "%s", source->path);
	if (used > SOURCE_SIZE_MAX)
		return error_set(error, EFBIG, STEP, "%s: larger than 1 MiB", source->path);
	text[used] = '\0';
	free(source->text);
	source->text = realloc(text, used + 1);
	if (!source->text)
		return error_set(error, ENOMEM, STEP, "out of memory");
	steal_pointer(&text);
	source->size = used;
	return 0;
}

void sources_finish(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		close_fd(&sources->list[i].fd);
		free(sources->list[i].path);
		free(sources->list[i].text);
	}
	free(sources->list);
	*sources = (struct sources){0};
}
