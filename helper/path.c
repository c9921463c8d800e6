// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/path.h"
#include "policy/cleanup.h"

#define LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */

static const char step[] = "paths";

static int open_at2(int directory, const char *path, unsigned long long flags,
		    unsigned long long resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};

	return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

/* A link may be followed if only root could have placed it: owner, and owner and mode of its place.
 */
static int link_is_trusted(int directory, const struct stat *link)
{
	struct stat place;

	if (fstat(directory, &place) < 0)
		return 0;
	return link->st_uid == 0 && place.st_uid == 0 && !(place.st_mode & 022);
}

/* One pending path and how many links were followed to get there. */
struct walk {
	char rest[PATH_MAX];
	unsigned links;
};

/* Puts the text of a link before what is left of the path. */
static int walk_follow(struct walk *walk, int link, struct error *error)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(link, "", text, sizeof(text) - 1);
	size_t rest = strlen(walk->rest);

	if (length <= 0)
		return error_errno(error, step, "reading a link");
	if (++walk->links > LINKS_MAX)
		return error_set(error, ELOOP, step, "more than %d links", LINKS_MAX);
	if ((size_t)length + 1 + rest + 1 > sizeof(walk->rest))
		return error_set(error, ENAMETOOLONG, step, "a link makes the path too long");
	memmove(walk->rest + length + 1, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)length);
	walk->rest[length] = '/';
	return 0;
}

/* Sets out from root; returns the descriptor to walk from, the caller's, or -errno. */
static int walk_begin(struct walk *walk, int root, const char *target, struct error *error)
{
	int directory;

	if (strlen(target) >= sizeof(walk->rest))
		return error_set(error, ENAMETOOLONG, step, "%.64s...", target);
	strcpy(walk->rest, target);
	directory = fcntl(root, F_DUPFD_CLOEXEC, 3);
	return directory < 0 ? error_errno(error, step, "dup") : directory;
}

/* Takes the next component off the path; 0 when none is left. */
static int walk_next(struct walk *walk, char *name, size_t size)
{
	size_t start = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + start, "/");

	if (length == 0 || length >= size)
		return 0;
	memcpy(name, walk->rest + start, length);
	name[length] = '\0';
	memmove(walk->rest, walk->rest + start + length, strlen(walk->rest + start + length) + 1);
	return 1;
}

static int walk_component(struct walk *walk, int *directory, const char *name, const char *path,
			  struct error *error)
{
	cleanup_fd int next = openat(*directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	int result;

	if (next < 0)
		return error_errno(error, step, "\"%s\" of %s", name, path);
	if (fstat(next, &info) < 0)
		return error_errno(error, step, "fstat of \"%s\" of %s", name, path);
	if (!S_ISLNK(info.st_mode)) {
		close_fd(directory);
		*directory = steal_fd(&next);
		return 0;
	}
	if (!link_is_trusted(*directory, &info))
		return error_set(
			error, ELOOP, step,
			"%s: \"%s\" is a link that somebody other than root could have made", path,
			name);
	result = walk_follow(walk, next, error);
	if (result == 0 && walk->rest[0] == '/') {
		close_fd(directory);
		*directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (*directory < 0)
			return error_errno(error, step, "opening /");
	}
	return result;
}

int path_open_host(const char *path, struct error *error)
{
	int quick = open_at2(AT_FDCWD, path, O_PATH, RESOLVE_NO_SYMLINKS);
	struct walk walk = {0};
	char name[NAME_MAX + 1];
	cleanup_fd int directory = -1;
	int result;

	if (quick >= 0)
		return quick;
	if (errno != ELOOP)
		return error_errno(error, step, "%s", path);
	if (strlen(path) >= sizeof(walk.rest))
		return error_set(error, ENAMETOOLONG, step, "%.64s...", path);
	strcpy(walk.rest, path);
	directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_errno(error, step, "opening /");
	while (walk_next(&walk, name, sizeof(name))) {
		result = walk_component(&walk, &directory, name, path, error);
		if (result < 0)
			return result;
	}
	return steal_fd(&directory);
}

/* Whether fd lies on the file system of root, on which we alone make things. */
static int on_root(int root, int fd)
{
	struct stat one, other;

	return fstat(root, &one) == 0 && fstat(fd, &other) == 0 && one.st_dev == other.st_dev;
}

/*
 * Where a walk inside a root stands. A link is followed by putting its text before the rest of the
 * way, so that an absolute one begins at the root again and ".." ends there.
 */
struct inside {
	int root;
	int directory;
	char done[PATH_MAX]; /* the way to directory, without a link: "/a/b", "" for the root */
	struct walk walk;
	const char *target; /* for messages */
};

static int inside_begin(struct inside *at, int root, const char *target, struct error *error)
{
	*at = (struct inside){.root = root, .target = target, .directory = -1};
	at->directory = walk_begin(&at->walk, root, target, error);
	return at->directory < 0 ? at->directory : 0;
}

static void inside_finish(struct inside *at)
{
	close_fd(&at->directory);
}

/* Goes back to the root, or to what done names. */
static int inside_reopen(struct inside *at, struct error *error)
{
	int fd = at->done[0] ? open_at2(at->root, at->done + 1, O_PATH,
					RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
			     : fcntl(at->root, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return error_errno(error, step, "%s: \"%s\"", at->target, at->done);
	close_fd(&at->directory);
	at->directory = fd;
	return 0;
}

static int inside_ascend(struct inside *at, struct error *error)
{
	char *slash = strrchr(at->done, '/');

	if (slash)
		*slash = '\0';
	return inside_reopen(at, error);
}

static int inside_follow(struct inside *at, int link, const char *name, const struct stat *info,
			 struct error *error)
{
	int result;

	if (!link_is_trusted(at->directory, info))
		return error_set(error, ELOOP, step,
				 "%s: \"%s\" is a link that somebody other than root could have "
				 "made",
				 at->target, name);
	result = walk_follow(&at->walk, link, error);
	if (result < 0 || at->walk.rest[0] != '/')
		return result;
	at->done[0] = '\0';
	return inside_reopen(at, error);
}

static int inside_descend(struct inside *at, int *fd, const char *name, struct error *error)
{
	size_t length = strlen(at->done);

	if (length + 1 + strlen(name) >= sizeof(at->done))
		return error_set(error, ENAMETOOLONG, step, "%.64s...", at->target);
	at->done[length] = '/';
	strcpy(at->done + length + 1, name);
	close_fd(&at->directory);
	at->directory = steal_fd(fd);
	return 0;
}

/* Makes what is missing, on our own file system only. */
static int inside_make(const struct inside *at, const char *name, int file, struct error *error)
{
	int fd, result;

	if (!on_root(at->root, at->directory))
		return error_set(error, EROFS, step,
				 "%s: \"%s\" does not exist, and is not in a place of the "
				 "container's own where it could be made",
				 at->target, name);
	if (file)
		result = mknodat(at->directory, name, S_IFREG | 0644, 0);
	else
		result = mkdirat(at->directory, name, 0755);
	if (result < 0)
		return error_errno(error, step, "making \"%s\" of %s", name, at->target);
	fd = openat(at->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(error, step, "opening \"%s\" of %s", name, at->target) : fd;
}

enum missing { MISSING_REFUSE, MISSING_DIRECTORY, MISSING_FILE };

static int inside_step(struct inside *at, const char *name, enum missing missing,
		       struct error *error)
{
	int last = at->walk.rest[strspn(at->walk.rest, "/")] == '\0';
	cleanup_fd int fd = -1;
	struct stat info;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return inside_ascend(at, error);
	fd = openat(at->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno != ENOENT || missing == MISSING_REFUSE))
		return error_errno(error, step, "%s: \"%s\"", at->target, name);
	if (fd < 0)
		fd = inside_make(at, name, missing == MISSING_FILE && last, error);
	if (fd < 0)
		return fd;
	if (fstat(fd, &info) < 0)
		return error_errno(error, step, "%s: \"%s\"", at->target, name);
	if (S_ISLNK(info.st_mode))
		return inside_follow(at, fd, name, &info, error);
	return inside_descend(at, &fd, name, error);
}

static int walk_inside(int root, const char *target, enum missing missing, struct error *error)
{
	__attribute__((cleanup(inside_finish))) struct inside at;
	int result = inside_begin(&at, root, target, error);
	char name[NAME_MAX + 1];

	while (result == 0 && walk_next(&at.walk, name, sizeof(name)))
		result = inside_step(&at, name, missing, error);
	if (result == 0 && at.walk.rest[strspn(at.walk.rest, "/")])
		result = error_set(error, ENAMETOOLONG, step, "%s: \"%.64s...\"", target,
				   at.walk.rest);
	return result < 0 ? result : steal_fd(&at.directory);
}

int path_make_directory(int root, const char *target, struct error *error)
{
	return walk_inside(root, target, MISSING_DIRECTORY, error);
}

int path_make_file(int root, const char *target, struct error *error)
{
	return walk_inside(root, target, MISSING_FILE, error);
}

int path_open_inside(int root, const char *target, struct error *error)
{
	return walk_inside(root, target, MISSING_REFUSE, error);
}

int path_open_beneath(int root, const char *path, struct error *error)
{
	int fd = open_at2(root, path, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	return fd < 0 ? error_errno(error, step, "/%s", path) : fd;
}

int path_make_parent(int root, const char *target, char *name, struct error *error)
{
	const char *slash = strrchr(target, '/');
	char parent[PATH_MAX];
	cleanup_fd int directory = -1;

	if (!slash || strlen(slash + 1) == 0 || strlen(slash + 1) > NAME_MAX ||
	    (size_t)(slash - target) >= sizeof(parent))
		return error_set(error, EINVAL, step, "\"%.64s\" names no file", target);
	memcpy(parent, target, (size_t)(slash - target));
	parent[slash - target] = '\0';
	strcpy(name, slash + 1);
	directory = path_make_directory(root, parent, error);
	if (directory < 0)
		return directory;
	if (!on_root(root, directory))
		return error_set(error, EROFS, step,
				 "%s does not lie in a place of the container's own", target);
	return steal_fd(&directory);
}

bool path_exists_inside(int root, const char *target)
{
	cleanup_fd int fd = open_at2(root, target, O_PATH, RESOLVE_IN_ROOT);

	return fd >= 0 || errno != ENOENT;
}

int path_write_file(int root, const char *path, const char *text, struct error *error)
{
	cleanup_fd int file =
		openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	size_t length = strlen(text);

	if (file < 0)
		return error_errno(error, step, "creating %s", path);
	if (write(file, text, length) != (ssize_t)length)
		return error_errno(error, step, "writing %s", path);
	return 0;
}
