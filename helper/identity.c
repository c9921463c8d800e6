// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who and where: /etc/passwd, group and the rest, written for this one user from facts that were
 * looked up on the host, so that users of LDAP or SSSD have a name inside too, and so that nobody
 * else's name, home or shell is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "helper/build.h"
#include "helper/inside.h"
#include "helper/mount.h"
#include "helper/names.h"
#include "helper/path.h"
#include "policy/cleanup.h"

static int write_passwd(struct build *build, struct error *error)
{
	const char *gecos = build->gecos ? build->gecos : "";
	const char *shell = inside_shell(build->plan->shell, build->facts->shell);
	cleanup_free char *text = NULL;
	int result = names_passwd(build->facts, gecos, shell, &text, error);

	return result < 0 ? result : path_write_file(build->root, "etc/passwd", text, error);
}

static int write_group(struct build *build, struct error *error)
{
	cleanup_free char *text = NULL;
	int result = names_group(build->facts, &text, error);

	return result < 0 ? result : path_write_file(build->root, "etc/group", text, error);
}

static int write_hosts(struct build *build, struct error *error)
{
	cleanup_free char *text = NULL;

	if (asprintf(&text,
		     "127.0.0.1 localhost\n127.0.1.1 %s\n"
		     "::1 localhost ip6-localhost ip6-loopback\n",
		     build->hostname) < 0) {
		text = NULL;
		return error_set(error, ENOMEM, "identity", "out of memory");
	}
	return path_write_file(build->root, "etc/hosts", text, error);
}

static int write_hostname(struct build *build, struct error *error)
{
	char line[sizeof(build->hostname) + 1];

	snprintf(line, sizeof(line), "%s\n", build->hostname);
	return path_write_file(build->root, "etc/hostname", line, error);
}

/* Random, never the host's, which must not be told to untrusted programs (machine-id(5)). */
static int write_machine_id(struct build *build, struct error *error)
{
	unsigned char draw[16];
	char line[2 * sizeof(draw) + 2];

	if (getrandom(draw, sizeof(draw), 0) != sizeof(draw))
		return error_errno(error, "identity", "getrandom");
	draw[6] = (draw[6] & 0x0f) | 0x40; /* a version 4 UUID, as systemd makes them */
	draw[8] = (draw[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(draw); i++)
		snprintf(line + 2 * i, 3, "%02x", draw[i]);
	strcpy(line + 2 * sizeof(draw), "\n");
	return path_write_file(build->root, "etc/machine-id", line, error);
}

static bool has_host_resolver(const struct plan *plan)
{
	return plan->resolv_conf == PROVIDE_BIND ||
	       (plan->resolv_conf == PROVIDE_GENERATE && !(plan->namespaces & CLONE_NEWNET));
}

int resolver_attach(struct build *build, struct error *error)
{
	cleanup_fd int source = -1, place = -1, mount = -1;

	if (!has_host_resolver(build->plan))
		return 0;
	source = path_open_host("/etc/resolv.conf", error);
	if (source == -ENOENT)
		return 0;
	/* In an overlay, it is the user who could have put another thing in its place. */
	place = source < 0 ? source : path_open_beneath(build->root, "etc/resolv.conf", error);
	if (place < 0)
		return place;
	mount = mount_clone(source, "", false,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, error);
	return mount < 0 ? mount : mount_attach(mount, place, "", error);
}

static int write_resolv_conf(struct build *build, struct error *error)
{
	if (build->plan->resolv_conf == PROVIDE_OFF)
		return 0;
	if (has_host_resolver(build->plan)) /* attached later, over this one */
		return path_write_file(build->root, "etc/resolv.conf", "", error);
	return path_write_file(build->root, "etc/resolv.conf",
			       "# This container has no network, so there is no name server.\n",
			       error);
}

int identity_write(struct build *build, struct error *error)
{
	static const char nsswitch[] =
		"passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
		"protocols: files\nservices: files\nethers: files\nrpc: files\n";
	int result = 0;

	if (build->plan->nss == PROVIDE_GENERATE) {
		result = write_passwd(build, error);
		if (result == 0)
			result = write_group(build, error);
		if (result == 0)
			result = path_write_file(build->root, "etc/nsswitch.conf", nsswitch, error);
	}
	if (result == 0)
		result = write_hosts(build, error);
	if (result == 0)
		result = write_hostname(build, error);
	if (result == 0)
		result = write_machine_id(build, error);
	return result < 0 ? result : write_resolv_conf(build, error);
}
