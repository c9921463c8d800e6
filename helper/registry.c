// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/registry.h"
#include "policy/cleanup.h"

#define BACKLOG		16
#define RETRY_NS	2000000L
#define REAP_TIMEOUT_MS 5000

static const char step[] = "registry";

static int open_private(int parent, const char *path, struct error *error)
{
	cleanup_fd int fd = -1;
	struct stat info;

	if (mkdirat(parent, path, 0700) < 0 && errno != EEXIST)
		return error_errno(error, step, "making %s", path);
	fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) < 0)
		return error_errno(error, step, "opening %s", path);
	if (info.st_uid != 0 || (info.st_mode & 077))
		return error_set(error, EPERM, step,
				 "%s must belong to root with mode 0700, not to uid %u with %04o",
				 path, info.st_uid, info.st_mode & 07777U);
	return steal_fd(&fd);
}

int registry_open(struct registry *registry, struct error *error)
{
	*registry = (struct registry){.state = -1, .containers = -1};
	registry->state = open_private(AT_FDCWD, CONFINE_STATE_DIR, error);
	if (registry->state < 0)
		return registry->state;
	registry->containers = open_private(registry->state, "containers", error);
	if (registry->containers < 0) {
		close_fd(&registry->state);
		return registry->containers;
	}
	return 0;
}

void registry_finish(struct registry *registry)
{
	close_fd(&registry->state);
	close_fd(&registry->containers);
}

/* FNV-1a, for names only: two profiles that collide would share a container, so 64 bits. */
static unsigned long long hash(const char *text)
{
	unsigned long long value = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3ULL;
	return value;
}

void registry_key_of_user(char key[REGISTRY_KEY_SIZE], uid_t uid, const char *user, uint64_t digest)
{
	snprintf(key, REGISTRY_KEY_SIZE, "u%u-%016llx", uid,
		 (hash(user) * 31) ^ (unsigned long long)digest);
}

static int random_tail(char *text, size_t size, struct error *error)
{
	unsigned long long draw;

	if (getrandom(&draw, sizeof(draw), 0) != sizeof(draw))
		return error_errno(error, step, "getrandom");
	snprintf(text, size, "%012llx", draw & 0xffffffffffffULL);
	return 0;
}

int registry_key_of_session(char key[REGISTRY_KEY_SIZE], uid_t uid, struct error *error)
{
	char tail[16];
	int result = random_tail(tail, sizeof(tail), error);

	if (result == 0)
		snprintf(key, REGISTRY_KEY_SIZE, "u%u-s%s", uid, tail);
	return result;
}

int registry_make_id(char id[REGISTRY_ID_SIZE], const char *key, struct error *error)
{
	char tail[16];
	int result = random_tail(tail, sizeof(tail), error);

	if (result == 0)
		snprintf(id, REGISTRY_ID_SIZE, "%.40s.%s", key, tail);
	return result;
}

int registry_lock(struct registry *registry, const char *key, int timeout_ms, struct error *error)
{
	cleanup_fd int fd =
		openat(registry->state, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct flock range = {.l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = (off_t)(hash(key) >> 2),
			      .l_len = 1};
	const struct timespec pause = {.tv_nsec = RETRY_NS};

	if (fd < 0)
		return error_errno(error, step, "opening the lock");
	while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return error_errno(error, step, "locking");
		if (timeout_ms <= 0)
			return error_set(error, EAGAIN, step, "%s is being changed by another",
					 key);
		nanosleep(&pause, NULL);
		timeout_ms -= (int)(RETRY_NS / 1000000);
	}
	return steal_fd(&fd);
}

static void socket_address(struct sockaddr_un *address, const char *key)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path),
		 CONFINE_STATE_DIR "/containers/%s/control", key);
}

int registry_enter(struct registry *registry, const char *key, struct error *error)
{
	if (mkdirat(registry->containers, key, 0700) < 0)
		return error_errno(error, step, "making the entry %s", key);
	return 0;
}

int registry_listen(struct registry *registry, const char *key, struct error *error)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	(void)registry;
	if (fd < 0)
		return error_errno(error, step, "socket");
	socket_address(&address, key);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(error, step, "listening at %s", address.sun_path);
	return steal_fd(&fd);
}

int registry_connect(struct registry *registry, const char *key, struct error *error)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	(void)registry;
	if (fd < 0)
		return error_errno(error, step, "socket");
	socket_address(&address, key);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(error, step, "connecting to container %s", key);
	return steal_fd(&fd);
}

int registry_write_state(struct registry *registry, const char *key, const char *text,
			 struct error *error)
{
	size_t length = strlen(text);
	char path[96], fresh[96];
	cleanup_fd int fd = -1;

	snprintf(path, sizeof(path), "%s/state", key);
	snprintf(fresh, sizeof(fresh), "%s/state.new", key);
	fd = openat(registry->containers, fresh,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(error, step, "creating %s", fresh);
	if (write(fd, text, length) != (ssize_t)length)
		return error_errno(error, step, "writing %s", fresh);
	if (renameat(registry->containers, fresh, registry->containers, path) < 0)
		return error_errno(error, step, "renaming %s", fresh);
	return 0;
}

int registry_read_state(struct registry *registry, const char *key, char *text, size_t size,
			struct error *error)
{
	cleanup_fd int fd = -1;
	char path[96];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/state", key);
	fd = openat(registry->containers, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(error, step, "opening %s", path);
	length = read(fd, text, size - 1);
	if (length < 0)
		return error_errno(error, step, "reading %s", path);
	text[length] = '\0';
	return 0;
}

bool registry_state_value(const char *text, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);

	while (text && *text) {
		const char *end = strchrnul(text, '\n');

		if (strncmp(text, name, length) == 0 && text[length] == '=') {
			snprintf(value, size, "%.*s", (int)(end - text - (ssize_t)length - 1),
				 text + length + 1);
			return true;
		}
		text = *end ? end + 1 : end;
	}
	return false;
}

void registry_remove(struct registry *registry, const char *key)
{
	static const char *const files[] = {"control", "state", "state.new"};
	char path[96];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", key, files[i]);
		unlinkat(registry->containers, path, 0);
	}
	unlinkat(registry->containers, key, AT_REMOVEDIR);
}

int registry_reap_cgroup(const char *id, struct error *error)
{
	cleanup_fd int root = cgroup_open_root(error), fd = -1;
	char path[96];
	int result;

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "confine/%s", id);
	fd = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(error, step, "opening %s", path);
	result = cgroup_kill(fd, REAP_TIMEOUT_MS, error);
	return result < 0 ? result : cgroup_remove(root, id, error);
}

int registry_reap(struct registry *registry, const char *key, struct error *error)
{
	char text[4096], id[REGISTRY_ID_SIZE];
	cleanup_fd int alive = -1;
	int result = 0;

	if (faccessat(registry->containers, key, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	alive = registry_connect(registry, key, NULL);
	if (alive >= 0 || (alive != -ECONNREFUSED && alive != -ENOENT))
		return 0;
	if (registry_read_state(registry, key, text, sizeof(text), NULL) == 0 &&
	    registry_state_value(text, "id", id, sizeof(id)) && !strchr(id, '/'))
		result = registry_reap_cgroup(id, error);
	if (result == 0)
		registry_remove(registry, key);
	return result;
}

int registry_each(struct registry *registry,
		  int (*visit)(struct registry *registry, const char *key, void *data), void *data,
		  struct error *error)
{
	int fd = openat(registry->containers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		result = error_errno(error, step, "reading the containers");
		close_fd(&fd);
		return result;
	}
	while (result == 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			result = visit(registry, entry->d_name, data);
	}
	closedir(directory);
	return result;
}

static int reap_unlocked(struct registry *registry, const char *key, void *data)
{
	cleanup_fd int lock = registry_lock(registry, key, 0, NULL);

	(void)data;
	if (lock >= 0)
		registry_reap(registry, key, NULL);
	return 0;
}

void registry_sweep(struct registry *registry)
{
	registry_each(registry, reap_unlocked, NULL, NULL);
}
