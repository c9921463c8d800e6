// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a profile to a plan: defaults, every key's values, inheritance, what fits no user. */
#include <linux/capability.h>
#include <sched.h>

#include "policy_text.h"

#define PROFILE "[global]\n[profile p]\n"
#define ALL_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

static const gid_t gids[] = {100};
static const char *const groups[] = {"users"};
static const struct facts alice = {.user = "alice",
				   .uid = 1001,
				   .gid = 100,
				   .home = "/home/alice",
				   .shell = "/bin/sh",
				   .gids = gids,
				   .groups = groups,
				   .group_count = 1};

/* The plan of profile p in "[profile p]" and these lines, for a user. */
static struct plan *plan_for(const char *lines, const struct facts *facts)
{
	cleanup_text_policy struct text_policy read = {0};
	struct plan *plan = NULL;
	struct error error = {0};
	char text[4096];

	snprintf(text, sizeof(text), PROFILE "%s", lines);
	read = text_policy(text, NULL);
	if (!read.policy)
		fail_msg("%s", read.problems.first.message);
	if (policy_plan(read.policy, "P", facts, &plan, &error) < 0)
		fail_msg("%s", error.message);
	return plan;
}

static void destroy_plan(struct plan **plan)
{
	plan_destroy(*plan);
}

#define cleanup_plan __attribute__((cleanup(destroy_plan)))

/* That a line of a profile has exactly this problem. */
static void assert_refused(const char *line, const char *start, const char *part)
{
	char text[2048], place[256];

	snprintf(text, sizeof(text), PROFILE "%s\n", line);
	snprintf(place, sizeof(place), "F1:3: %s", start);
	assert_only_problem(text, place, part);
}

static void test_defaults(void **state)
{
	cleanup_plan struct plan *plan = plan_for("", &alice);

	(void)state;
	assert_string_equal(plan->profile, "p");
	assert_int_equal(plan->root, ROOT_HOST);
	assert_null(plan->root_source);
	assert_int_equal(plan->home, HOME_BIND);
	assert_int_equal(plan->proc, PROC_HIDEPID);
	assert_true(plan->log);
	assert_null(plan->hostname);
	assert_true(plan->namespaces == ALL_NAMESPACES);
	assert_int_equal(plan->network, NETWORK_NONE);
	assert_int_equal(plan->nss, PROVIDE_GENERATE);
	assert_int_equal(plan->resolv_conf, PROVIDE_GENERATE);
	assert_true(plan->caps_keep == 0);
	assert_true(plan->no_new_privs);
	assert_int_equal(plan->filter, FILTER_DEFAULT);
	assert_int_equal(plan->filter_action, FILTER_ERRNO);
	assert_false(plan->umask_set);
	assert_null(plan->environment[0]);
	assert_int_equal(plan->join, JOIN_USER);
	assert_int_equal(plan->tmp_size, 64 << 20);
	assert_int_equal(plan->mount_count, 0);
	assert_int_equal(plan->max_sessions, 0);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		assert_false(plan->rlimits[i].set);
}

static void test_built_in_default(void **state)
{
	cleanup_text_policy struct text_policy read = text_policy("[global]\n", NULL);
	cleanup_text_policy struct text_policy redefined =
		text_policy("[global]\n[profile Default]\nhome = none\n", NULL);
	cleanup_plan struct plan *plan = NULL, *other = NULL;
	struct plan *none = NULL;
	struct error error;

	(void)state;
	assert_int_equal(policy_plan(read.policy, "default", &alice, &plan, &error), 0);
	assert_string_equal(plan->profile, "default");
	assert_int_equal(policy_plan(redefined.policy, "default", &alice, &other, &error), 0);
	assert_string_equal(other->profile, "Default");
	assert_int_equal(other->home, HOME_NONE);
	assert_int_equal(policy_plan(read.policy, "nope", &alice, &none, &error), -ENOENT);
	assert_string_equal(error.message, "there is no profile \"nope\"");
	assert_null(none);
}

static void test_words(void **state)
{
	cleanup_plan struct plan *plan = plan_for("rootfs = host\n"
						  "home = tmpfs\n"
						  "proc = full\n"
						  "log = off\n"
						  "hostname = %u-%U\n"
						  "network = host\n"
						  "nss = off\n"
						  "resolv-conf = bind\n"
						  "no-new-privs = no\n"
						  "seccomp = off\n"
						  "seccomp-action = kill\n"
						  "umask = 0027\n"
						  "join = session\n"
						  "tmp-size = 1G\n"
						  "run-as = user\n"
						  "devpts = private\n",
						  &alice);

	(void)state;
	assert_int_equal(plan->home, HOME_TMPFS);
	assert_int_equal(plan->proc, PROC_FULL);
	assert_false(plan->log);
	assert_string_equal(plan->hostname, "alice-1001");
	assert_int_equal(plan->network, NETWORK_HOST);
	assert_true(plan->namespaces == (ALL_NAMESPACES & ~(unsigned long long)CLONE_NEWNET));
	assert_int_equal(plan->nss, PROVIDE_OFF);
	assert_int_equal(plan->resolv_conf, PROVIDE_BIND);
	assert_false(plan->no_new_privs);
	assert_int_equal(plan->filter, FILTER_OFF);
	assert_int_equal(plan->filter_action, FILTER_KILL);
	assert_true(plan->umask_set);
	assert_int_equal(plan->umask, 027);
	assert_int_equal(plan->join, JOIN_SESSION);
	assert_true(plan->tmp_size == 1ULL << 30);
}

static void test_wrong_words(void **state)
{
	(void)state;
	assert_refused("rootfs = /srv", "rootfs: ", "\"/srv\" is none of: host, directory:PATH");
	assert_refused("rootfs = directory:srv", "rootfs: ", "is not absolute");
	assert_refused("home = Bind", "home: ", "\"Bind\" is none of: bind, tmpfs, none");
	assert_refused("proc = yes", "proc: ", "is none of: hidepid, full, none");
	assert_refused("log = yes", "log: ", "is none of: bind, off");
	assert_refused("network = veth", "network: ", "\"veth\" is not built yet");
	assert_refused("network = netns:x", "network: ", "not built yet");
	assert_refused("nss = bind", "nss: ", "not built yet");
	assert_refused("no-new-privs = maybe", "no-new-privs: ", "neither yes nor no");
	assert_refused("seccomp = strict", "seccomp: ", "not built yet");
	assert_refused("seccomp = ../x", "seccomp: ", "the name of a list");
	assert_refused("seccomp = /a/../x", "seccomp: ", "not allowed in a path");
	assert_refused("seccomp-action = trap", "seccomp-action: ", "is none of: errno, kill, log");
	assert_refused("join = profile", "join: ", "not built yet");
	assert_refused("run-as = root", "run-as: ", "not built yet");
	assert_refused("devpts = host", "devpts: ", "not built yet");
	assert_refused("umask = 888", "umask: ", "octal");
	assert_refused("umask = 1777", "umask: ", "from 0 to 777");
	assert_refused("tmp-size = 0", "tmp-size: ", "at least 4K");
	assert_refused("tmp-size = infinity", "tmp-size: ", "no infinity");
	assert_refused("tmp-size = 50%", "tmp-size: ", "is no size");
}

static void test_rootfs(void **state)
{
	cleanup_plan struct plan *host = plan_for("home = none\n", &alice);
	cleanup_plan struct plan *tree = plan_for("rootfs = directory:/srv/%u/x\n", &alice);
	cleanup_plan struct plan *kept = plan_for("rootfs = overlay:lab-1.2\n", &alice);
	cleanup_plan struct plan *lost = plan_for("rootfs = overlay:/srv/t\n"
						  "overlay-upper = discard\n"
						  "upper-size = 1M\njoin = session\n",
						  &alice);
	cleanup_plan struct plan *other = plan_for("rootfs = overlay:/srv/t\n"
						   "overlay-upper = discard\njoin = session\n",
						   &alice);
	cleanup_plan struct plan *image = plan_for("rootfs = image:a.erofs\n", &alice);

	(void)state;
	assert_int_equal(host->root, ROOT_HOST);
	assert_null(host->root_source);
	assert_int_equal(tree->root, ROOT_DIRECTORY);
	assert_string_equal(tree->root_source, "/srv/alice/x");
	assert_int_equal(kept->root, ROOT_OVERLAY);
	assert_string_equal(kept->root_source, CONFINE_STORE_DIR "/rootfs/lab-1.2");
	assert_int_equal(kept->upper, UPPER_KEEP);
	assert_true(kept->upper_size == 0);
	assert_int_equal(lost->upper, UPPER_DISCARD);
	assert_true(lost->upper_size == 1 << 20);
	assert_true(other->upper_size == 64 << 20);
	assert_int_equal(image->root, ROOT_IMAGE);
	assert_string_equal(image->root_source, CONFINE_STORE_DIR "/images/a.erofs");
	assert_true(plan_digest(lost) != plan_digest(other));
	other->upper_size = lost->upper_size;
	assert_true(plan_digest(lost) == plan_digest(other));
	other->upper = UPPER_KEEP;
	assert_true(plan_digest(lost) != plan_digest(other));
}

static void test_wrong_rootfs(void **state)
{
	(void)state;
	assert_refused("rootfs = directory:", "rootfs: ", "is not absolute");
	assert_refused("rootfs = directory:/", "rootfs: ", "empty component");
	assert_refused("rootfs = directory:/a/../b", "rootfs: ", "not allowed in a path");
	assert_refused("rootfs = directory:/a/%x", "rootfs: ", "%x stands for nothing");
	assert_refused("rootfs = overlay:", "rootfs: ", "neither an absolute path nor a name");
	assert_refused("rootfs = overlay:a/b", "rootfs: ", "neither an absolute path nor a name");
	assert_refused("rootfs = overlay:..", "rootfs: ", "neither an absolute path nor a name");
	assert_refused("rootfs = image:.x", "rootfs: ", "neither an absolute path nor a name");
	assert_refused("rootfs = tmpfs", "rootfs: ", "is none of: host, directory:PATH");
	assert_refused("overlay-upper = maybe", "overlay-upper: ", "is none of: keep, discard");
	assert_refused("upper-size = 1K", "upper-size: ", "at least 64K");
	assert_refused("upper-size = infinity", "upper-size: ", "no infinity");
	assert_only_problem(PROFILE "rootfs = directory:/t\noverlay-upper = keep\n",
			    "-:0: F1:4: overlay-upper: ", "needs rootfs = overlay");
	assert_only_problem(PROFILE "upper-size = 1M\n",
			    "-:0: F1:3: upper-size: ", "needs rootfs = overlay");
	assert_only_problem(PROFILE "rootfs = overlay:t\nupper-size = 1M\n",
			    "-:0: F1:4: upper-size: ", "at least 16M");
	assert_only_problem(PROFILE "rootfs = overlay:t\njoin = session\n",
			    "-:0: F1:4: join: ", "one container at a time");
}

static void test_seccomp_file(void **state)
{
	cleanup_plan struct plan *word = plan_for("seccomp = web-1.2\n", &alice);
	cleanup_plan struct plan *path = plan_for("seccomp = /etc/confine/x.policy\n", &alice);

	(void)state;
	assert_int_equal(word->filter, FILTER_FILE);
	assert_string_equal(word->filter_file, "web-1.2");
	assert_string_equal(path->filter_file, "/etc/confine/x.policy");
}

static void test_namespaces(void **state)
{
	cleanup_plan struct plan *few = plan_for("namespaces = pid, mount\n", &alice);
	cleanup_plan struct plan *host =
		plan_for("namespaces = mount, pid, net\nnetwork = host\n", &alice);

	(void)state;
	/* the network of its own comes with network = none, whatever the list says */
	assert_true(few->namespaces == (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET));
	assert_null(few->hostname);
	assert_true(host->namespaces == (CLONE_NEWNS | CLONE_NEWPID));
	assert_refused("namespaces = pid, uts", "namespaces: ", "mount and pid are missing");
	assert_refused("namespaces =", "namespaces: ", "is none of");
	assert_refused("namespaces = mount, pid, user",
		       "namespaces: ", "\"user\" is not built yet");
	assert_refused("namespaces = mount, pid, foo", "namespaces: ", "\"foo\" is none of");
	assert_only_problem(PROFILE "namespaces = mount, pid\nhostname = x\n",
			    "-:0: F1:4: hostname: ", "needs the uts namespace");
}

static void test_hostname(void **state)
{
	static const struct facts odd = {.user = "-a@b", .uid = 7, .gid = 100};
	cleanup_text_policy struct text_policy read =
		text_policy(PROFILE "hostname = %u\n[profile q]\nhostname = random\n", NULL);
	struct plan *plan = NULL;
	struct error error;
	struct facts facts = alice;

	(void)state;
	assert_int_equal(policy_plan(read.policy, "p", &odd, &plan, &error), -EINVAL);
	assert_string_equal(
		error.message,
		"F1:3: hostname: \"-a@b\" is no host name: letters, digits, '-', '_' and "
		"single '.', a letter or digit first and last");
	facts.user = "a123456789a123456789a123456789a123456789a123456789a123456789abcde";
	assert_int_equal(policy_plan(read.policy, "p", &facts, &plan, &error), -EINVAL);
	assert_non_null(strstr(error.message, "has 65 bytes; a host name has 1 to 64"));
	facts.user++;
	assert_int_equal(policy_plan(read.policy, "p", &facts, &plan, &error), 0);
	assert_string_equal(plan->hostname, facts.user);
	plan_destroy(plan);
	assert_int_equal(policy_plan(read.policy, "q", &facts, &plan, &error), 0);
	assert_null(plan->hostname);
	plan_destroy(plan);
	assert_refused("hostname = %x", "hostname: ", "%x stands for nothing");
	assert_refused("hostname = a..b", "hostname: ", "is no host name");
	assert_refused("hostname =", "hostname: ", "has 0 bytes");
}

static void assert_limit(const struct plan *plan, int number, rlim_t soft, rlim_t hard)
{
	assert_true(plan->rlimits[number].set);
	assert_true(plan->rlimits[number].soft == soft);
	assert_true(plan->rlimits[number].hard == hard);
}

static void test_rlimits(void **state)
{
	cleanup_plan struct plan *plan = plan_for("rlimit-nofile = 1024:4096\n"
						  "rlimit-nproc = 64\n"
						  "rlimit-core = 0:infinity\n"
						  "rlimit-as = 2G\n"
						  "rlimit-cpu = 10min:1h\n"
						  "rlimit-rttime = 5000:200ms\n"
						  "rlimit-stack = infinity\n"
						  "rlimit-fsize = 1000:1K\n",
						  &alice);

	(void)state;
	assert_limit(plan, RLIMIT_NOFILE, 1024, 4096);
	assert_limit(plan, RLIMIT_NPROC, 64, 64);
	assert_limit(plan, RLIMIT_CORE, 0, RLIM_INFINITY);
	assert_limit(plan, RLIMIT_AS, 2147483648, 2147483648);
	assert_limit(plan, RLIMIT_CPU, 600, 3600);
	assert_limit(plan, RLIMIT_RTTIME, 5000, 200000);
	assert_limit(plan, RLIMIT_STACK, RLIM_INFINITY, RLIM_INFINITY);
	assert_limit(plan, RLIMIT_FSIZE, 1000, 1024);
	assert_false(plan->rlimits[RLIMIT_DATA].set);
}

static void test_wrong_rlimits(void **state)
{
	(void)state;
	assert_refused("rlimit-nofile = 10k!", "rlimit-nofile: ",
		       "\"10k!\" is not a number, infinity or soft:hard (e.g. 1024:4096)");
	assert_refused("rlimit-nofile = 1K", "rlimit-nofile: ", "is not a number");
	assert_refused("rlimit-nofile = 4096:1024", "rlimit-nofile: ", "above the hard one");
	assert_refused("rlimit-nofile = infinity:5", "rlimit-nofile: ", "above the hard one");
	assert_refused("rlimit-nofile = 1:2:3", "rlimit-nofile: ", "is not a number");
	assert_refused("rlimit-nofile = 1:", "rlimit-nofile: ", "is not a number");
	assert_refused("rlimit-nofile = :1", "rlimit-nofile: ", "is not a number");
	assert_refused("rlimit-nofile =", "rlimit-nofile: ", "is not a number");
	assert_refused("rlimit-nofile = -1", "rlimit-nofile: ", "is not a number");
	/* RLIM_INFINITY by its number is a slip, not a wish */
	assert_refused("rlimit-nproc = 18446744073709551615", "rlimit-nproc: ", "is not a number");
	assert_refused("rlimit-cpu = 1K", "rlimit-cpu: ", "is not a time");
	assert_refused("rlimit-as = 1min", "rlimit-as: ", "is not a size");
}

static void test_capabilities(void **state)
{
	cleanup_plan struct plan *plan =
		plan_for("caps-keep = net_raw, CAP_NET_BIND_SERVICE\n", &alice);
	cleanup_plan struct plan *docker = plan_for("caps-keep = docker, sys_nice\n", &alice);
	cleanup_plan struct plan *none = plan_for("caps-keep = none\n", &alice);

	(void)state;
	assert_true(plan->caps_keep == (1ULL << CAP_NET_RAW | 1ULL << CAP_NET_BIND_SERVICE));
	assert_int_equal(__builtin_popcountll(docker->caps_keep), 15);
	assert_true(docker->caps_keep & 1ULL << CAP_SETFCAP);
	assert_false(docker->caps_keep & 1ULL << CAP_SYS_ADMIN);
	assert_true(none->caps_keep == 0);
	assert_refused("caps-keep = net_row", "caps-keep: ", "\"net_row\" is no capability");
	assert_refused("caps-keep = none, net_raw", "caps-keep: ", "\"none\" is no capability");
	assert_refused("caps-keep = net_raw,", "caps-keep: ", "\"\" is no capability");
	assert_refused("caps-keep = cap_cap_kill", "caps-keep: ", "is no capability");
	assert_refused("caps-keep = dac_read_search", "caps-keep: ", "by handle");
}

static void test_environment(void **state)
{
	cleanup_plan struct plan *plan =
		plan_for("env-set = PATH=/bin:/usr/bin, NAME=%u, _X1=, E=a=b\n", &alice);

	(void)state;
	assert_string_equal(plan->environment[0], "PATH=/bin:/usr/bin");
	assert_string_equal(plan->environment[1], "NAME=alice");
	assert_string_equal(plan->environment[2], "_X1=");
	assert_string_equal(plan->environment[3], "E=a=b");
	assert_null(plan->environment[4]);
	assert_refused("env-set = PATH", "env-set: ", "\"PATH\" is not NAME=value");
	assert_refused("env-set = =x", "env-set: ", "is not NAME=value");
	assert_refused("env-set = 1A=x", "env-set: ", "no digit first");
	assert_refused("env-set = A B=x", "env-set: ", "a name has letters");
	assert_refused("env-set = LD_PRELOAD=x", "env-set: ", "dynamic loader");
	assert_refused("env-set = GLIBC_TUNABLES=x", "env-set: ", "dynamic loader");
	assert_refused("env-set = A=1, A=2", "env-set: ", "\"A=2\": set twice");
	assert_refused("env-set = A=1,,B=2", "env-set: ", "is not NAME=value");
}

static void test_shell(void **state)
{
	cleanup_plan struct plan *plan =
		plan_for("shell = /usr/bin/zsh\nenv-keep = EDITOR, GIT_*, !GIT_SSH\n", &alice);
	cleanup_plan struct plan *other = plan_for("shell = /usr/bin/zsh\n", &alice);
	cleanup_plan struct plan *plain = plan_for("", &alice);

	(void)state;
	assert_string_equal(plan->shell, "/usr/bin/zsh");
	assert_string_equal(plan->env_keep, "EDITOR, GIT_*, !GIT_SSH");
	assert_null(plain->shell);
	assert_null(plain->env_keep);
	assert_int_not_equal(plan_digest(plan), plan_digest(other));
	assert_int_not_equal(plan_digest(plain), plan_digest(other));
	assert_refused("shell = bash", "shell: ", "not absolute");
	assert_refused("shell = /bin/../x", "shell: ", "not allowed");
	assert_refused("env-keep = A,,B", "env-keep: ", "an empty item");
	assert_refused("env-keep = !A", "env-keep: ", "only exclusions");
	assert_refused("env-keep = A=1", "env-keep: ", "names of variables");
}

static void assert_mount(const struct plan_mount *mount, enum mount_kind kind, const char *source,
			 const char *target, const char *options)
{
	assert_int_equal(mount->kind, kind);
	if (source)
		assert_string_equal(mount->source, source);
	else
		assert_null(mount->source);
	assert_string_equal(mount->target, target);
	assert_int_equal(mount->nosuid, strchr(options, 's') != NULL);
	assert_int_equal(mount->nodev, strchr(options, 'd') != NULL);
	assert_int_equal(mount->noexec, strchr(options, 'x') != NULL);
}

static void test_mounts(void **state)
{
	cleanup_plan struct plan *plan =
		plan_for("mask = /usr/bin/gcc, /srv/%g\n"
			 "bind = /srv/%u:/data:noexec, /srv/both\n"
			 "symlink = ../x/%u:/link\n"
			 "tmpfs = /scratch:noexec+nosuid\n"
			 "bind-try = /opt/x:/opt/y\n"
			 "bind-ro = /usr/local:/l, %h/ro:/ro:nosuid+nodev\n",
			 &alice);
	const struct plan_mount *mounts = plan->mounts;

	(void)state;
	assert_int_equal(plan->mount_count, 9);
	/* in the order of the lines; what the user can write is nosuid and nodev anyway */
	assert_mount(&mounts[0], MOUNT_MASK, NULL, "/usr/bin/gcc", "");
	assert_mount(&mounts[1], MOUNT_MASK, NULL, "/srv/users", "");
	assert_mount(&mounts[2], MOUNT_BIND, "/srv/alice", "/data", "sdx");
	assert_mount(&mounts[3], MOUNT_BIND, "/srv/both", "/srv/both", "sd");
	assert_mount(&mounts[4], MOUNT_SYMLINK, "../x/alice", "/link", "");
	assert_mount(&mounts[5], MOUNT_TMPFS, NULL, "/scratch", "sdx");
	assert_mount(&mounts[6], MOUNT_BIND_TRY, "/opt/x", "/opt/y", "sd");
	assert_mount(&mounts[7], MOUNT_BIND_RO, "/usr/local", "/l", "");
	assert_mount(&mounts[8], MOUNT_BIND_RO, "/home/alice/ro", "/ro", "sd");
}

static void test_wrong_mounts(void **state)
{
	(void)state;
	assert_refused("bind = srv:/srv", "bind: ", "\"srv\" is not absolute");
	assert_refused("bind = /srv:srv", "bind: ", "\"srv\" is not absolute");
	assert_refused("bind = /srv/../etc:/x", "bind: ", "\"..\" are not allowed");
	assert_refused("bind = /srv:/a//b", "bind: ", "an empty component");
	assert_refused("bind = /srv:/a/", "bind: ", "an empty component");
	assert_refused("bind = /srv:/", "bind: ", "an empty component");
	assert_refused("bind = /srv:/x:ro", "bind: ", "\"ro\" is no option");
	assert_refused("bind = /srv:/x:nosuid+", "bind: ", "\"\" is no option");
	assert_refused("bind = /srv:/x:nosuid:nodev", "bind: ", "is not SOURCE[:TARGET");
	assert_refused("bind = /a, ,/b", "bind: ", "\"\" is not absolute");
	assert_refused("bind = /srv/%q:/x", "bind: ", "%q stands for nothing");
	assert_refused("tmpfs = /a:/b", "tmpfs: ", "\"/b\" is no option");
	assert_refused("symlink = /a", "symlink: ", "is not TEXT:TARGET");
	assert_refused("symlink = :/a", "symlink: ", "a symlink to nothing");
	assert_refused("mask = /a:/b", "mask: ", "is not PATH");
	assert_refused("mask = /", "mask: ", "an empty component");
}

/* A home directory whose path looks like syntax stays one path. */
static void test_mount_expansion(void **state)
{
	struct facts facts = alice;
	cleanup_plan struct plan *plan = NULL;
	struct plan *none = NULL;
	cleanup_text_policy struct text_policy read = text_policy(PROFILE "bind = %h/a:/a\n", NULL);
	struct error error;

	(void)state;
	facts.home = "/home/x:/etc,/y";
	plan = plan_for("bind = %h/a:/a\n", &facts);
	assert_int_equal(plan->mount_count, 1);
	assert_mount(&plan->mounts[0], MOUNT_BIND, "/home/x:/etc,/y/a", "/a", "sd");
	facts.home = "/home/../etc";
	assert_int_equal(policy_plan(read.policy, "p", &facts, &none, &error), -EINVAL);
	assert_non_null(strstr(error.message, "F1:3: bind: \"/home/../etc/a\""));
	facts.home = "/";
	assert_int_equal(policy_plan(read.policy, "p", &facts, &none, &error), -EINVAL);
	facts.home = "relative";
	assert_int_equal(policy_plan(read.policy, "p", &facts, &none, &error), -EINVAL);
}

static void test_inherit(void **state)
{
	cleanup_text_policy struct text_policy read = text_policy("[global]\n"
								  "[profile child]\n"
								  "inherit = base\n"
								  "tmpfs = /child\n"
								  "home = none\n"
								  "umask = 077\n"
								  "[profile base]\n"
								  "inherit = root\n"
								  "home = tmpfs\n"
								  "env-set = A=1\n"
								  "bind = /base\n"
								  "[profile root]\n"
								  "proc = full\n"
								  "bind = /root-profile\n"
								  "mask = /mask\n"
								  "umask = 022\n",
								  NULL);
	cleanup_plan struct plan *plan = NULL;
	struct profile profile;
	struct setting setting;
	struct error error;

	(void)state;
	assert_int_equal(read.problems.count, 0);
	assert_int_equal(policy_plan(read.policy, "child", &alice, &plan, &error), 0);
	assert_int_equal(plan->home, HOME_NONE);
	assert_int_equal(plan->proc, PROC_FULL);
	assert_int_equal(plan->umask, 077);
	assert_string_equal(plan->environment[0], "A=1");
	/* a list replaces the list it inherits; what is further up comes first */
	assert_int_equal(plan->mount_count, 3);
	assert_string_equal(plan->mounts[0].target, "/mask");
	assert_string_equal(plan->mounts[1].target, "/base");
	assert_string_equal(plan->mounts[2].target, "/child");
	assert_int_equal(profile_find(read.policy, "child", &profile), 0);
	assert_true(profile_setting(&profile, key_find(SECTION_PROFILE, "proc"), &setting));
	assert_int_equal(setting.line, 13);
	assert_int_equal(setting.depth, 2);
	assert_true(profile_setting(&profile, key_find(SECTION_PROFILE, "log"), &setting));
	assert_null(setting.file);
	assert_false(profile_setting(&profile, key_find(SECTION_PROFILE, "shell"), &setting));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_built_in_default),
		cmocka_unit_test(test_words),	      cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_rootfs),	      cmocka_unit_test(test_wrong_rootfs),
		cmocka_unit_test(test_seccomp_file),  cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_hostname),      cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_wrong_rlimits), cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_environment),   cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_wrong_mounts),  cmocka_unit_test(test_mount_expansion),
		cmocka_unit_test(test_inherit),	      cmocka_unit_test(test_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
