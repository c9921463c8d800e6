// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * MUST never let two containers write through the same upper layer: the kernel calls the result
 * undefined. The lock is the supervisor's, which outlives its container; if it was killed, the
 * container's id in the lock file tells whose processes must be gone first.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/registry.h"
#include "helper/trusted.h"
#include "helper/upper.h"
#include "helper/volume.h"
#include "policy/cleanup.h"

#define TEMPLATES CONFINE_STORE_DIR "/rootfs/"
#define WAIT_MS	  5000 /* as long as a container may take to end */
#define RETRY_MS  5

static const char step[] = "upper";

void upper_clear(struct upper *upper)
{
	*upper = (struct upper){-1, -1, -1, -1};
}

void upper_finish(struct upper *upper)
{
	close_fd(&upper->tree);
	close_fd(&upper->tree_work);
	close_fd(&upper->etc);
	close_fd(&upper->etc_work);
}

int upper_place(const struct plan *plan, uid_t uid, char place[UPPER_PLACE_SIZE],
		struct error *error)
{
	const char *name = plan->root_source;
	int length;

	/* Each way of writing stands for one path only: "%%" and "%:" for the two characters. */
	if (strncmp(name, TEMPLATES, strlen(TEMPLATES)) == 0)
		name += strlen(TEMPLATES);
	length = snprintf(place, UPPER_PLACE_SIZE, CONFINE_STORE_DIR "/users/%u/", uid);
	for (; *name && length < UPPER_PLACE_SIZE - 2; name++) {
		if (*name == ':' || *name == '%')
			place[length++] = '%';
		place[length++] = (char)(*name == '/' ? ':' : *name);
	}
	place[length] = '\0';
	if (*name || strlen(strrchr(place, '/') + 1) > NAME_MAX)
		return error_set(error, ENAMETOOLONG, step,
				 "the path %.64s... is too long to name a user's changes by it",
				 plan->root_source);
	return 0;
}

/* Makes every directory of path that is missing; those of the store's own are closed to others. */
static int make_way(const char *path, struct error *error)
{
	size_t store = strlen(CONFINE_STORE_DIR);
	cleanup_fd int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];
	const char *at = path;

	while (fd >= 0 && *(at += strspn(at, "/"))) {
		size_t length = strcspn(at, "/");
		int next;

		if (length >= sizeof(name))
			return error_set(error, ENAMETOOLONG, step, "%s", path);
		memcpy(name, at, length);
		name[length] = '\0';
		at += length;
		next = trusted_make(fd, name, (size_t)(at - path) > store ? 0700 : 0755, error);
		close_fd(&fd);
		if (next < 0)
			return next;
		fd = next;
	}
	return fd < 0 ? error_errno(error, step, "opening /") : steal_fd(&fd);
}

static int make_layers(int directory, struct upper *upper, struct error *error)
{
	struct {
		const char *name;
		int *fd;
	} layers[] = {{"tree", &upper->tree},
		      {"tree.work", &upper->tree_work},
		      {"etc", &upper->etc},
		      {"etc.work", &upper->etc_work}};

	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		if (mkdirat(directory, layers[i].name, 0755) < 0 && errno != EEXIST)
			return error_errno(error, step, "making %s", layers[i].name);
		*layers[i].fd = openat(directory, layers[i].name,
				       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (*layers[i].fd < 0)
			return error_errno(error, step, "opening %s", layers[i].name);
	}
	return 0;
}

int upper_make(int directory, struct upper *upper, struct error *error)
{
	int result;

	upper_clear(upper);
	result = make_layers(directory, upper, error);
	if (result < 0)
		upper_finish(upper);
	return result;
}

int upper_open(const struct plan *plan, uid_t uid, struct error *error)
{
	char place[UPPER_PLACE_SIZE];
	mode_t type;
	int result = upper_place(plan, uid, place, error);

	return result < 0 ? result : trusted_open(place, &type, error);
}

/* A size takes a volume. What has been kept without one stays where it is, and in force. */
static int prepare_volume(int directory, const char *place, uint64_t size, struct error *error)
{
	struct stat info;

	if (size == 0)
		return 0;
	if (fstatat(directory, "tree", &info, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(error, EEXIST, step,
				 "%s holds changes that were kept without upper-size; remove them, "
				 "or the key",
				 place);
	return volume_prepare(directory, size, error);
}

static int lock(int fd, const char *place, struct error *error)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};

	for (int waited = 0; waited <= WAIT_MS; waited += RETRY_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return error_errno(error, step, "locking %s", place);
		nanosleep(&pause, NULL);
	}
	return error_set(error, EBUSY, step,
			 "another container of this user, of another profile or of a policy that "
			 "has changed since, uses %s",
			 place);
}

/* Ends what a supervisor that was killed has left; then the lock file says our id. */
static int succeed(int fd, const char *id, struct error *error)
{
	char before[REGISTRY_ID_SIZE] = "";
	ssize_t length = pread(fd, before, sizeof(before) - 1, 0);
	int result;

	if (length < 0)
		return error_errno(error, step, "reading the lock");
	if (length > 0 && !strchr(before, '/') && before[0] != '.') {
		result = registry_reap_cgroup(before, error);
		if (result < 0)
			return result;
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, id, strlen(id), 0) != (ssize_t)strlen(id))
		return error_errno(error, step, "writing the lock");
	return 0;
}

int upper_claim(const struct plan *plan, uid_t uid, const char *id, int *ret_lock,
		struct error *error)
{
	cleanup_fd int template = -1, directory = -1, fd = -1;
	char place[UPPER_PLACE_SIZE];
	mode_t type;
	int result;

	*ret_lock = -1;
	if (plan->root != ROOT_OVERLAY || plan->upper != UPPER_KEEP)
		return 0;
	/* Nothing is made for a template that is none. */
	template = trusted_open(plan->root_source, &type, error);
	if (template <0)
		return template;
	result = upper_place(plan, uid, place, error);
	if (result < 0)
		return result;
	directory = make_way(place, error);
	if (directory < 0)
		return directory;
	fd = openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(error, step, "opening the lock of %s", place);
	result = lock(fd, place, error);
	if (result == 0)
		result = succeed(fd, id, error);
	if (result == 0)
		result = prepare_volume(directory, place, plan->upper_size, error);
	if (result == 0)
		*ret_lock = steal_fd(&fd);
	return result;
}
