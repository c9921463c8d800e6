// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /proc of the container's own processes (proc(5)). hidepid=invisible hides those of other uids,
 * PID 1 among them. What tells of the whole machine or acts on it is masked or read-only, also
 * against a uid 0 that policy may one day allow inside.
 *
 * MUST come after the devices (the mask for files is the container's own /dev/null).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "policy/cleanup.h"

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

enum cover { COVER_FILE, COVER_DIRECTORY, COVER_READ_ONLY };

static const struct {
	const char *path;
	enum cover cover;
} covers[] = {
	{"proc/kcore", COVER_FILE},	    /* all memory */
	{"proc/keys", COVER_FILE},	    /* names of other sessions' keys */
	{"proc/kmsg", COVER_FILE},	    /* kernel log */
	{"proc/latency_stats", COVER_FILE}, /* other processes' waits */
	{"proc/sched_debug", COVER_FILE},   /* every task of the host */
	{"proc/timer_list", COVER_FILE},    /* likewise */
	{"proc/kpagecount", COVER_FILE},    /* physical pages */
	{"proc/kpageflags", COVER_FILE},    /* likewise */
	{"proc/kpagecgroup", COVER_FILE},   /* likewise */
	{"proc/sysrq-trigger", COVER_FILE}, /* acts on the machine */
	{"proc/acpi", COVER_DIRECTORY},	    /* hardware */
	{"proc/asound", COVER_DIRECTORY},   /* hardware */
	{"proc/scsi", COVER_DIRECTORY},	    /* hardware, and removes disks */
	{"proc/bus", COVER_READ_ONLY},	    /* PCI configuration */
	{"proc/fs", COVER_READ_ONLY},	    /* settings of file systems */
	{"proc/irq", COVER_READ_ONLY},	    /* affinity of interrupts */
	{"proc/sys", COVER_READ_ONLY},	    /* sysctl: core_pattern, modprobe, binfmt_misc, ... */
};

static int cover_one(int root, const char *path, enum cover cover, struct error *error)
{
	static const char *const sources[] = {"dev/null", "media", NULL};
	const char *source = sources[cover] ? sources[cover] : path;
	cleanup_fd int mount = -1;

	if (faccessat(root, path, F_OK, 0) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_errno(error, "proc", "/%s", path);
	}
	mount = mount_clone(root, source, false,
			    cover == COVER_FILE
				    ? MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC
				    : SAFE | MOUNT_ATTR_RDONLY,
			    error);
	return mount < 0 ? mount : mount_attach(mount, root, path, error);
}

int proc_attach(struct build *build, struct error *error)
{
	const struct mount_option hidden[] = {{"hidepid", "invisible"}, {0}};
	cleanup_fd int mount = -1;
	int result;

	if (build->plan->proc == PROC_NONE)
		return 0;
	mount = mount_new("proc", build->plan->proc == PROC_HIDEPID ? hidden : NULL, SAFE, error);
	if (mount < 0)
		return mount;
	result = mount_attach(mount, build->root, "proc", error);
	for (size_t i = 0; result == 0 && i < sizeof(covers) / sizeof(covers[0]); i++)
		result = cover_one(build->root, covers[i].path, covers[i].cover, error);
	return result;
}
