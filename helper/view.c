// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rootfs = host: the host's programs and libraries as they are at this moment, read-only, and
 * those parts of /etc that a program needs and that tell nothing about other users. Nothing is
 * copied, so an update of the host is seen at once (except in single files of /etc that are
 * replaced by a rename: those are seen by the next container).
 *
 * MUST NOT show a file of /etc that is not in the list below: what is new there is private until
 * somebody has said why it is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "helper/rootfs.h"
#include "policy/cleanup.h"

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Links into /usr where it is merged, directories where it is not. */
static const char *const top_level[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

static const char *const etc[] = {
	/* the dynamic linker, locales, time */
	"ld.so.cache",
	"locale.alias",
	"locale.conf",
	"localtime",
	"timezone",
	/* shells and terminals */
	"bash.bashrc",
	"bash_completion.d",
	"environment",
	"inputrc",
	"profile",
	"profile.d",
	"screenrc",
	"shells",
	"terminfo",
	"tmux.conf",
	"zsh",
	"fish",
	/* editors, pagers, manuals */
	"alternatives",
	"emacs",
	"groff",
	"magic",
	"mailcap",
	"manpath.config",
	"mime.types",
	"nanorc",
	"vim",
	/* names of protocols and services; certificates (ssl/private is root's alone) */
	"gai.conf",
	"host.conf",
	"pki",
	"protocols",
	"services",
	"ssl",
	/* languages and tools that look here for their settings */
	"fonts",
	"gitconfig",
	"java-11-openjdk",
	"java-17-openjdk",
	"java-21-openjdk",
	"java-25-openjdk",
	"lsb-release",
	"debian_version",
	"os-release",
	"perl",
	"python3",
	"texmf",
	"wgetrc",
	"xdg",
};

/*
 * Copies a link, binds a file or directory; what the host does not have is left out. attributes: 0
 * where the place has them already, because a clone inherits them.
 */
static int show(struct build *build, int place, const char *name, const char *target,
		uint64_t attributes, struct error *error)
{
	cleanup_fd int mount = -1;
	char text[PATH_MAX];
	struct stat info;
	ssize_t length;
	int result;

	if (fstatat(place, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(error, "view", "%s", name);
	if (S_ISLNK(info.st_mode)) {
		length = readlinkat(place, name, text, sizeof(text) - 1);
		if (length < 0)
			return error_errno(error, "view", "reading the link %s", name);
		text[length] = '\0';
		if (symlinkat(text, build->root, target) < 0)
			return error_errno(error, "view", "making the link %s", target);
		return 0;
	}
	if (S_ISDIR(info.st_mode))
		result = mkdirat(build->root, target, 0755);
	else if (S_ISREG(info.st_mode))
		result = mknodat(build->root, target, S_IFREG | 0644, 0);
	else
		return 0;
	if (result < 0 && errno != EEXIST)
		return error_errno(error, "view", "making /%s", target);
	mount = mount_clone(place, name, S_ISDIR(info.st_mode), attributes, error);
	if (mount < 0)
		return mount;
	return mount_attach(mount, build->root, target, error);
}

/* The host's /etc, read-only, for as long as its parts are taken from it: hidden in /media. */
static int hold_etc(struct build *build, struct error *error)
{
	cleanup_fd int mount = mount_clone(AT_FDCWD, "/etc", true, READ_ONLY, error);
	int result = mount < 0 ? mount : mount_attach(mount, build->root, "media", error);

	return result < 0 ? result : steal_fd(&mount);
}

static int show_etc(struct build *build, struct error *error)
{
	cleanup_fd int place = hold_etc(build, error);
	char target[64] = "etc/";
	int result = place < 0 ? place : 0;

	for (size_t i = 0; result == 0 && i < sizeof(etc) / sizeof(etc[0]); i++) {
		strncpy(target + 4, etc[i], sizeof(target) - 5);
		result = show(build, place, etc[i], target, 0, error);
	}
	if (result < 0)
		return result;
	if (mount_detach(build->root, "media", error) < 0)
		return -EIO;
	if (symlinkat("/proc/self/mounts", build->root, "etc/mtab") < 0)
		return error_errno(error, "view", "making the link /etc/mtab");
	return 0;
}

int host_attach(struct build *build, struct error *error)
{
	cleanup_fd int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (place < 0)
		return error_errno(error, "view", "/");
	result = show(build, place, "usr", "usr", READ_ONLY, error);
	for (size_t i = 0; result == 0 && i < sizeof(top_level) / sizeof(top_level[0]); i++)
		result = show(build, place, top_level[i], top_level[i], READ_ONLY, error);
	return result < 0 ? result : show_etc(build, error);
}
