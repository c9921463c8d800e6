// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * MUST never mount a volume twice, which would ruin it: the kernel takes a mount down some time
 * after the last process that saw it has ended. The lock is on the very open file that the loop
 * device holds, so that it is released when the device is, and not before (flock(2)).
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/image.h"
#include "helper/mount.h"
#include "helper/volume.h"
#include "policy/cleanup.h"

#define NAME	 "volume"
#define FRESH	 "volume.new"
#define BLOCK	 4096 /* as its maker is told */
#define WAIT_MS	 10000
#define RETRY_MS 5

#define EXT4_IOC_RESIZE_FS                                                                         \
	_IOW('f', 16, uint64_t) /* the kernel's ext4.h; in no header of libc's                     \
				 */

static const char step[] = "volume";

static void execute_maker(int file) __attribute__((noreturn));
static void execute_maker(int file)
{
	char path[32];
	char *const arguments[] = {"mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", path, NULL};
	char *const environment[] = {NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    fcntl(file, F_SETFD, 0) < 0)
		_exit(127);
	execve(VOLUME_MAKER, arguments, environment);
	_exit(127);
}

static int make_file_system(int file, struct error *error)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return error_errno(error, step, "fork");
	if (child == 0)
		execute_maker(file);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(error, step, "waiting for " VOLUME_MAKER);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(error, EIO, step, VOLUME_MAKER " failed (status %#x)", status);
	return 0;
}

static int make(int directory, uint64_t size, struct error *error)
{
	cleanup_fd int file = -1;
	int result;

	if (unlinkat(directory, FRESH, 0) < 0 && errno != ENOENT)
		return error_errno(error, step, "removing " FRESH);
	file = openat(directory, FRESH, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return error_errno(error, step, "creating " FRESH);
	if (ftruncate(file, (off_t)size) < 0)
		return error_errno(error, step, "a file of %llu bytes", (unsigned long long)size);
	result = make_file_system(file, error);
	if (result < 0)
		return result;
	if (fsync(file) < 0 || renameat(directory, FRESH, directory, NAME) < 0)
		return error_errno(error, step, "renaming " FRESH);
	return 0;
}

static int open_volume(int directory, struct error *error)
{
	int file = openat(directory, NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return file < 0 ? error_errno(error, step, "opening the volume") : file;
}

/* How large the file system is, from its superblock (filesystems/ext4 of the kernel's papers). */
static int read_size(int file, uint64_t *ret_size, struct error *error)
{
	unsigned char block[0x154];
	uint32_t low, high, shift;
	uint16_t magic;

	if (pread(file, block, sizeof(block), 1024) != (ssize_t)sizeof(block))
		return error_set(error, EIO, step, "the volume cannot be read");
	memcpy(&low, block + 0x4, sizeof(low));
	memcpy(&shift, block + 0x18, sizeof(shift));
	memcpy(&magic, block + 0x38, sizeof(magic));
	memcpy(&high, block + 0x150, sizeof(high));
	if (le16toh(magic) != 0xef53 || le32toh(shift) > 6)
		return error_set(error, EINVAL, step, "the volume holds no ext4");
	*ret_size = ((uint64_t)le32toh(high) << 32 | le32toh(low)) << (10 + le32toh(shift));
	return 0;
}

int volume_prepare(int directory, uint64_t size, struct error *error)
{
	cleanup_fd int file = open_volume(directory, error);
	uint64_t held;
	int result;

	if (file == -ENOENT)
		return make(directory, size, error);
	result = file < 0 ? file : read_size(file, &held, error);
	if (result < 0)
		return result;
	/* The size of a file system is one of whole blocks. */
	if (held > size)
		return error_set(error, EFBIG, step,
				 "the changes have a volume of %llu bytes, which cannot shrink to "
				 "upper-size = %llu",
				 (unsigned long long)held, (unsigned long long)size);
	if (held <= size - size % BLOCK - BLOCK && ftruncate(file, (off_t)size) < 0)
		return error_errno(error, step, "letting the volume grow");
	return 0;
}

static int lock(int file, struct error *error)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};

	for (int waited = 0; waited <= WAIT_MS; waited += RETRY_MS) {
		if (flock(file, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return error_errno(error, step, "locking the volume");
		nanosleep(&pause, NULL);
	}
	return error_set(error, EBUSY, step, "the volume is still mounted elsewhere");
}

int volume_mount(int directory, struct error *error)
{
	cleanup_fd int file = open_volume(directory, error), loop = -1;
	char source[32];
	const struct mount_option options[] = {{"source", source}, {"errors", "remount-ro"}, {0}};
	int result = file < 0 ? file : lock(file, error);

	if (result < 0)
		return result;
	loop = image_loop(file, 0, error);
	if (loop < 0)
		return loop;
	snprintf(source, sizeof(source), "/proc/self/fd/%d", loop);
	return mount_new("ext4", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, error);
}

int volume_fill(int mount, int directory, uint64_t size, struct error *error)
{
	uint64_t blocks = size / BLOCK, held;
	cleanup_fd int file = -1, top = -1;
	int result;

	if (size == 0)
		return 0;
	file = open_volume(directory, error);
	result = file < 0 ? file : read_size(file, &held, error);
	if (result < 0 || held >= blocks * BLOCK)
		return result;
	top = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || ioctl(top, EXT4_IOC_RESIZE_FS, &blocks) < 0)
		return error_errno(error, step,
				   "letting the changes' file system grow to %llu bytes",
				   (unsigned long long)size);
	return 0;
}
