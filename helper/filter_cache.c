// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "helper/filter_cache.h"
#include "policy/cleanup.h"

#define DIRECTORY "filters"
#define NAME_SIZE (2 * 16 + 1)

/* FNV-1a, 64 bits; and a second walk over the same bytes that mixes in another way. */
#define FNV_BASIS   UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME   UINT64_C(0x100000001b3)
#define OTHER_BASIS UINT64_C(0x9e3779b97f4a7c15)
#define OTHER_PRIME UINT64_C(0xff51afd7ed558ccd)

void filter_key_init(struct filter_key *key)
{
	*key = (struct filter_key){{FNV_BASIS, OTHER_BASIS}};
}

void filter_key_add(struct filter_key *key, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		key->parts[0] = (key->parts[0] ^ bytes[i]) * FNV_PRIME;
		key->parts[1] = (key->parts[1] + bytes[i]) * OTHER_PRIME;
		key->parts[1] ^= key->parts[1] >> 29;
	}
}

void filter_key_add_text(struct filter_key *key, const char *text)
{
	filter_key_add(key, text, strlen(text) + 1);
}

void filter_key_add_number(struct filter_key *key, uint64_t number)
{
	filter_key_add(key, &number, sizeof(number));
}

static struct filter_key checksum(const struct filter_key *key, const struct sock_filter *program,
				  uint32_t length)
{
	struct filter_key sum = *key;

	filter_key_add_number(&sum, length);
	filter_key_add(&sum, program, length * sizeof(*program));
	return sum;
}

static void name_of(const struct filter_key *key, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%016" PRIx64 "%016" PRIx64, key->parts[0], key->parts[1]);
}

static int open_directory(int state_fd, int *ret_fd)
{
	cleanup_fd int fd =
		openat(state_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & 07777) != 0700)
		return -EPERM;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The length in instructions of an entry that can be a program. */
static int entry_length(int fd, uint32_t max, uint32_t *ret_length)
{
	const off_t header = sizeof(struct filter_key), unit = sizeof(struct sock_filter);
	struct stat status;
	off_t body;

	if (fstat(fd, &status) < 0)
		return -errno;
	body = status.st_size - header;
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    (status.st_mode & 07777) != 0600)
		return -EPERM;
	if (body <= 0 || body % unit != 0 || body / unit > max)
		return -EINVAL;
	*ret_length = (uint32_t)(body / unit);
	return 0;
}

int filter_cache_read(int state_fd, const struct filter_key *key, struct sock_filter *program,
		      uint32_t max, uint32_t *ret_length)
{
	cleanup_fd int directory = -1, fd = -1;
	char name[NAME_SIZE];
	struct filter_key sum, found;
	struct iovec parts[] = {{&found, sizeof(found)}, {program, 0}};
	uint32_t length = 0;
	int result = open_directory(state_fd, &directory);

	if (result < 0)
		return result;
	name_of(key, name);
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = entry_length(fd, max, &length);
	if (result < 0)
		return result;
	parts[1].iov_len = length * sizeof(*program);
	if (readv(fd, parts, 2) != (ssize_t)(parts[0].iov_len + parts[1].iov_len))
		return -EIO;
	sum = checksum(key, program, length);
	if (memcmp(&sum, &found, sizeof(sum)) != 0)
		return -EBADMSG;
	*ret_length = length;
	return 0;
}

/* Gives the nameless file its name, in the place of whatever has it. */
static int publish(int directory, int fd, const char *name)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	unlinkat(directory, name, 0);
	return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int filter_cache_write(int state_fd, const struct filter_key *key,
		       const struct sock_filter *program, uint32_t length)
{
	cleanup_fd int directory = -1, fd = -1;
	struct filter_key sum = checksum(key, program, length);
	struct iovec parts[] = {{&sum, sizeof(sum)}, {(void *)program, length * sizeof(*program)}};
	char name[NAME_SIZE];
	int result;

	if (mkdirat(state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -errno;
	result = open_directory(state_fd, &directory);
	if (result < 0)
		return result;
	fd = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return -errno;
	if (writev(fd, parts, 2) != (ssize_t)(parts[0].iov_len + parts[1].iov_len))
		return -EIO;
	name_of(key, name);
	return publish(directory, fd, name);
}
