// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sched.h>
#include <sys/stat.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "policy/cleanup.h"

const struct build_step build_steps[] = {
	{"cgroup", "the container's own cgroup becomes the root of what it sees", cgroup_hide},
	{"propagation", "no mount made inside travels to the host, nor back", propagation_stop},
	{"hostname", "a name of its own", hostname_apply},
	{"root", "an empty root in memory", root_create},
	{"identity", "passwd, group and the other names, made for this user alone", identity_write},
	{"view", "programs and settings: the host's, or those of the tree of rootfs", view_attach},
	{"resolver", "the host's resolv.conf, where policy says so", resolver_attach},
	{"devices", "a /dev of its own with its own terminals", device_create},
	{"proc", "a /proc of its own, kernel files masked", proc_attach},
	{"scratch", "private /tmp, /var/tmp, /dev/shm and /run/user", scratch_attach},
	{"home", "the user's home directory and nobody else's", home_attach},
	{"mounts", "what policy adds or masks, and the log socket", extra_attach},
	{"network", "its own network with lo up, or the host's", network_apply},
	{"seal", "the root becomes read-only", root_seal},
	{"pivot", "the host's root is left behind and detached", root_enter},
	{0},
};

int build_run(struct build *build, struct error *error)
{
	umask(022);
	for (const struct build_step *row = build_steps; row->name; row++) {
		int result = row->run(build, error);

		if (result < 0) {
			error->step = row->name;
			return result;
		}
	}
	return 0;
}

void build_finish(struct build *build)
{
	close_fd(&build->network);
	close_fd(&build->root);
	close_fd(&build->devpts);
	close_fd(&build->devpts_mount);
}

int cgroup_hide(struct build *build, struct error *error)
{
	if (!(build->plan->namespaces & CLONE_NEWCGROUP))
		return 0;
	/* Only now: the namespace's root is the cgroup that its maker is in. */
	if (unshare(CLONE_NEWCGROUP) < 0)
		return error_errno(error, "cgroup", "unshare(CLONE_NEWCGROUP)");
	return 0;
}

int propagation_stop(struct build *build, struct error *error)
{
	(void)build;
	return mount_make_private(error);
}
