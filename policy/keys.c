// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "policy/keys.h"
#include "policy/list.h"
#include "policy/values.h"

/* clang-format off */
#define GLOBAL(key, fallback, wanted, check) \
	{SECTION_GLOBAL, key, fallback, wanted, NULL, check, 0}
#define MATCH(key, wanted, check) \
	{SECTION_MATCH, key, NULL, wanted, NULL, check, 0}
#define PROFILE(key, fallback, wanted, apply) \
	{SECTION_PROFILE, key, fallback, wanted, apply, NULL, 0}
#define MOUNTS(key, wanted, kind) \
	{SECTION_PROFILE, key, NULL, wanted, apply_mounts, NULL, kind}
#define RLIMIT(key, wanted, number) \
	{SECTION_PROFILE, "rlimit-" key, NULL, wanted, apply_rlimit, NULL, number}
#define LATER(key, wanted) \
	{SECTION_PROFILE, key, NULL, wanted, NULL, NULL, 0}

const struct key keys[] = {
	GLOBAL("exempt-users", "root", "users that are never confined", list_check),
	GLOBAL("exempt-groups", "", "groups whose members are never confined", list_check),
	GLOBAL("min-uid", "1000", "uids below it are not confined", check_min_uid),
	GLOBAL("unmatched", "allow", "what becomes of users that no rule fits", check_unmatched),
	GLOBAL("on-failure", "deny", "what becomes of a login when confining fails", check_on_failure),

	MATCH("users", "names of users", list_check),
	MATCH("groups", "names of groups", list_check),
	MATCH("services", "names of PAM services", list_check),
	MATCH("rhosts", "addresses of clients", check_rhosts),
	MATCH("profile", "the profile to use, or deny", check_target),

	{SECTION_PROFILE, "inherit", NULL, "the profile whose keys hold where this has none", NULL,
	 check_profile_name, 0},
	PROFILE("rootfs", "host", "the root file system", apply_rootfs),
	PROFILE("overlay-upper", "keep", "what becomes of changes in an overlay",
		apply_overlay_upper),
	PROFILE("upper-size", NULL, "the size of an overlay's upper layer", apply_upper_size),
	MOUNTS("bind", "directories and files of the host, writable", MOUNT_BIND),
	MOUNTS("bind-ro", "directories and files of the host, read-only", MOUNT_BIND_RO),
	MOUNTS("bind-try", "as bind, left out where the source is missing", MOUNT_BIND_TRY),
	MOUNTS("tmpfs", "empty directories in memory", MOUNT_TMPFS),
	MOUNTS("symlink", "symbolic links", MOUNT_SYMLINK),
	MOUNTS("mask", "paths that are hidden", MOUNT_MASK),
	PROFILE("tmp-size", "64M", "the size of /tmp and its like", apply_tmp_size),
	PROFILE("home", "bind", "the home directory", apply_home),
	PROFILE("proc", "hidepid", "what /proc shows", apply_proc),
	PROFILE("log", "bind", "where /dev/log leads", apply_log),
	PROFILE("devpts", "private", "whose terminals are seen", apply_devpts),
	PROFILE("run-as", "user", "who runs the session", apply_run_as),
	PROFILE("namespaces", "mount, pid, uts, ipc, net, cgroup", "namespaces that are new",
		apply_namespaces),
	PROFILE("hostname", "random", "the host name inside", apply_hostname),
	PROFILE("network", "none", "the network inside", apply_network),
	LATER("address", "the address of a veth network"),
	LATER("dns", "the name servers of a network"),
	LATER("egress", "where a network may connect to"),
	PROFILE("nss", "generate", "passwd, group and nsswitch.conf inside", apply_nss),
	PROFILE("resolv-conf", "generate", "resolv.conf inside", apply_resolv_conf),

	LATER("memory-max", "memory of a session"),
	LATER("memory-high", "memory above which a session is slowed down"),
	LATER("memory-swap-max", "swap of a session"),
	LATER("tasks-max", "processes and threads of a session"),
	LATER("cpu-quota", "processor time of a session"),
	LATER("cpu-weight", "processor share of a session"),
	LATER("io-weight", "disk share of a session"),
	LATER("io-max", "disk bandwidth of a session"),
	LATER("user-memory-max", "memory of all sessions of a user"),
	LATER("user-memory-high", "as memory-high, all sessions of a user"),
	LATER("user-memory-swap-max", "swap of all sessions of a user"),
	LATER("user-tasks-max", "processes of all sessions of a user"),
	LATER("user-cpu-quota", "processor time of all sessions of a user"),
	LATER("user-cpu-weight", "processor share of all sessions of a user"),
	LATER("user-io-weight", "disk share of all sessions of a user"),
	LATER("user-io-max", "disk bandwidth of all sessions of a user"),
	LATER("group-memory-max", "memory of all sessions of a group"),
	LATER("group-memory-high", "as memory-high, all sessions of a group"),
	LATER("group-memory-swap-max", "swap of all sessions of a group"),
	LATER("group-tasks-max", "processes of all sessions of a group"),
	LATER("group-cpu-quota", "processor time of all sessions of a group"),
	LATER("group-cpu-weight", "processor share of all sessions of a group"),
	LATER("group-io-weight", "disk share of all sessions of a group"),
	LATER("group-io-max", "disk bandwidth of all sessions of a group"),

	RLIMIT("as", "bytes of address space", RLIMIT_AS),
	RLIMIT("core", "bytes of a core file", RLIMIT_CORE),
	RLIMIT("cpu", "processor time of a process", RLIMIT_CPU),
	RLIMIT("data", "bytes of data", RLIMIT_DATA),
	RLIMIT("fsize", "bytes of a file", RLIMIT_FSIZE),
	RLIMIT("locks", "file locks", RLIMIT_LOCKS),
	RLIMIT("memlock", "bytes locked in memory", RLIMIT_MEMLOCK),
	RLIMIT("msgqueue", "bytes in POSIX message queues", RLIMIT_MSGQUEUE),
	RLIMIT("nice", "20 minus the best nice value", RLIMIT_NICE),
	RLIMIT("nofile", "open files", RLIMIT_NOFILE),
	RLIMIT("nproc", "processes of the user", RLIMIT_NPROC),
	RLIMIT("rss", "bytes resident", RLIMIT_RSS),
	RLIMIT("rtprio", "best real-time priority", RLIMIT_RTPRIO),
	RLIMIT("rttime", "real-time processor time between two waits", RLIMIT_RTTIME),
	RLIMIT("sigpending", "signals waiting", RLIMIT_SIGPENDING),
	RLIMIT("stack", "bytes of stack", RLIMIT_STACK),

	PROFILE("caps-keep", "none", "capabilities that stay in the bounding set", apply_caps_keep),
	PROFILE("no-new-privs", "yes", "whether setuid programs stay without effect",
		apply_no_new_privs),
	PROFILE("seccomp", "default", "the system-call filter", apply_seccomp),
	PROFILE("seccomp-action", "errno", "what becomes of a refused call", apply_seccomp_action),
	PROFILE("shell", NULL, "the shell inside, where confine-shell is the door", apply_shell),
	PROFILE("env-keep", NULL, "environment variables that confine-shell takes along",
		apply_env_keep),
	PROFILE("env-set", NULL, "environment variables that are set", apply_environment),
	PROFILE("umask", NULL, "the file mode creation mask", apply_umask),
	LATER("chdir", "the first working directory"),
	PROFILE("join", "user", "which sessions share a container", apply_join),
	LATER("linger", "whether the container outlives its last session"),
	LATER("idle-timeout", "how long a session may be idle"),
	PROFILE("max-sessions", NULL, "how many sessions a container may hold",
		apply_max_sessions),
	LATER("session-max-time", "how long a session may last"),
	LATER("forwarding", "agent, tcp, x11 and socket forwarding"),
	{SECTION_GLOBAL, NULL, NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

const struct key *key_find(enum section_kind section, const char *name)
{
	for (const struct key *key = keys; key->name; key++)
		if (key->section == section && strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, two rows at a time; both names at most SCAN_NAME_MAX long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[2][SCAN_NAME_MAX + 1], *above = rows[0], *row = rows[1];
	size_t width = strlen(b);

	for (unsigned j = 0; j <= width; j++)
		above[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned *swap = above;

		row[0] = i;
		for (size_t j = 1; j <= width; j++)
			row[j] = least(above[j] + 1, row[j - 1] + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
		above = row;
		row = swap;
	}
	return above[width];
}

const char *key_suggest(enum section_kind section, const char *name)
{
	unsigned best = (unsigned)(strlen(name) + 2) / 3 + 1, found;
	const char *nearest = NULL;

	if (strlen(name) > SCAN_NAME_MAX)
		return NULL;
	for (const struct key *key = keys; key->name; key++) {
		if (key->section != section)
			continue;
		found = distance(name, key->name);
		if (found < best) {
			best = found;
			nearest = key->name;
		}
	}
	return nearest;
}

int key_read(const struct key *key, struct plan *plan, const char *value, const struct facts *facts,
	     struct error *error)
{
	if (key->apply)
		return key->apply(plan, key, value, facts, error);
	if (key->check)
		return key->check(value, error);
	return error_set(error, ENOTSUP, "policy",
			 "not built yet (%s); take the key out, or this profile admits nobody",
			 key->wanted);
}
