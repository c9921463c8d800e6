# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is wrong is refused: 125, one readable line, nothing left. Fail closed."""

import os
import shutil

from engine import CONFIG, command, good, host, policy, refused, run, shell
from harness import world
from harness.check import Skip, check, expect, expect_equal

STATE = "/run/confine"


@check("an unknown profile, user or policy file is refused by name")
def unknown():
    policy()
    start = ["confinectl", "run", "--config", CONFIG]
    refused(host([*start, "--profile", "nosuch", "--", "true"]), "nosuch")
    refused(host([*start, "--profile", "test", "--user", "nosuch", "--", "true"]), "nosuch")
    refused(host(["confinectl", "run", "--config", "/no/such", "--profile", "test", "--", "true"]),
            "/no/such")
    good(host([*start, "--profile", "test", "--", "true"]), "control")


@check("keys that are not built yet, unknown keys and wrong values are refused")
def keys():
    for line in ("memory-max = 512M", "tasks-max = 10", "linger = yes", "forwarding = deny",
                 "network = veth", "network = pasta", "network = netns:x",
                 "run-as = root", "devpts = host",
                 "namespaces = mount, pid, user", "chdir = /srv", "idle-timeout = 1min"):
        done = run(["true"], line + "\n")
        refused(done, line.split()[0])
    for line in ("no-such-key = 1", "proc = maybe", "home = /home/x", "tmp-size = many",
                 "seccomp = /no/such", "caps-keep = none, chown", "hostname = a\nhostname = b",
                 "umask = 9", "no-new-privs = perhaps", "just words"):
        refused(run(["true"], line + "\n"), r"root-suite\.conf|policy|seccomp")


@check("a policy that others could write, a link, a FIFO or an odd file is refused at once")
def files():
    start = command(["true"])
    for mode in (0o666, 0o664, 0o622):
        os.chmod(CONFIG, mode)
        refused(host(start), "writable|write")
    policy()
    os.chown(CONFIG, 47001, 47001)
    refused(host(start), "owned|belong|root")
    for make in (lambda: os.symlink("/etc/confine/confine.conf", CONFIG), lambda: os.mkfifo(CONFIG),
                 lambda: os.mkdir(CONFIG), lambda: world.write(CONFIG, ""),
                 lambda: world.write(CONFIG, "[global]\n[profile test]\nproc = full\0\n"),
                 lambda: world.write(CONFIG, "[global]\n[profile test]\n" + "# x\n" * 400000)):
        os.unlink(CONFIG)
        make()
        refused(host(start, timeout=5), ".")
        if os.path.isdir(CONFIG) and not os.path.islink(CONFIG):
            os.rmdir(CONFIG)
            policy()
    os.unlink(CONFIG)
    os.chmod("/etc/confine", 0o777)
    try:
        policy()
        refused(host(start), "writable|write")
    finally:
        os.chmod("/etc/confine", 0o755)
    good(host(start), "control")


class OwnState:
    """/run/confine is another during the with block."""

    def __enter__(self):
        os.rename(STATE, STATE + ".kept")

    def __exit__(self, *_exception):
        if os.path.isdir(STATE) and not os.path.islink(STATE):
            shutil.rmtree(STATE)
        else:
            os.unlink(STATE)
        os.rename(STATE + ".kept", STATE)


@check("/run/confine that belongs to another, is open, a link or a file is refused")
def state():
    start = command(["true"])
    cases = {"another's": lambda: (os.mkdir(STATE, 0o700), os.chown(STATE, 47001, 47001)),
             "0755": lambda: os.mkdir(STATE, 0o755), "0770": lambda: (os.mkdir(STATE),
                                                                      os.chmod(STATE, 0o770)),
             "a link": lambda: os.symlink("/run/confine.kept", STATE),
             "a file": lambda: open(STATE, "w").close(), "a FIFO": lambda: os.mkfifo(STATE),
             "containers another's": lambda: (os.mkdir(STATE, 0o700),
                                              os.mkdir(STATE + "/containers", 0o700),
                                              os.chown(STATE + "/containers", 47001, 47001)),
             "filters another's": lambda: (os.mkdir(STATE, 0o700),
                                           os.mkdir(STATE + "/filters", 0o700),
                                           os.chown(STATE + "/filters", 47001, 47001)),
             "containers a link": lambda: (os.mkdir(STATE, 0o700),
                                           os.symlink("/tmp", STATE + "/containers"))}
    for name, make in cases.items():
        with OwnState():
            make()
            done = host(start)
            if name == "filters another's" and done.code == 0:
                continue  # a cache that cannot be trusted need not be used
            refused(done, "confine|containers|filters")
    with OwnState():
        good(host(start), "control: made anew")
        expect_equal(os.stat(STATE).st_mode & 0o7777, 0o700, "its mode")


def in_namespace(prepare, argv, keys=""):
    """A run on a host that prepare (shell commands) has changed for it alone."""
    text = f"{prepare}\nexec \"$@\""
    return host(["unshare", "--mount", "bash", "-c", text, "bash", *command(argv, keys)])


@check("a read-only or full /run is refused")
def run_directory():
    read_only = "mount -t tmpfs -o ro none /run"
    refused(in_namespace(read_only, ["true"]), "Read-only")
    outcomes = []
    for inodes in range(1, 12):
        done = in_namespace(f"mount -t tmpfs -o mode=755,nr_inodes={inodes} none /run", ["true"])
        outcomes.append(done.code)
        if done.code:
            refused(done, "No space")
    expect(outcomes[0] == 125 and outcomes[-1] == 0 and sorted(outcomes, reverse=True) == outcomes,
           f"with 1 to 11 inodes: {outcomes}")
    full = "mount -t tmpfs -o mode=755,size=4k none /run; head -c 4096 /dev/zero >/run/full 2>&-"
    refused(in_namespace(full, ["true"]), "No space")
    good(in_namespace("mount -t tmpfs none /run", ["true"]), "control")


@check("without a cgroup v2 in its place the run is isolated all the same, or refused")
def no_cgroup():
    for prepare in ("umount -l /sys/fs/cgroup", "mount -t tmpfs none /sys/fs/cgroup",
                    "mount -o remount,ro,bind /sys/fs/cgroup"):
        done = in_namespace(prepare, ["cat", "/proc/self/cgroup"])
        if done.code:
            refused(done, "cgroup|confine")
        else:
            expect_equal(done.out.splitlines()[-1], "0::/", prepare)


@check("a host without /proc, /etc/resolv.conf, /home, /var, /dev or a shell is served or refused")
def bare():
    for prepare in ("umount -l /proc", "mount -t tmpfs none /home", "mount -t tmpfs none /var",
                    "mount -t tmpfs none /dev/pts", "mount -t tmpfs -o ro none /tmp",
                    "mount --bind /dev/null /etc/ld.so.cache", "mount -t tmpfs none /usr/share",
                    "rm -f /etc/resolv.conf.none"):
        done = in_namespace(prepare, ["sh", "-c", "ls /etc/shadow 2>&-; id -u; exit 7"])
        if done.code == 125:
            refused(done, ".")
        else:
            expect_equal((done.code, done.text), (7, "47001"), f"{prepare}: {done.err}")


@check("a step that the kernel refuses is named, and leaves nothing", limit=90)
def refused_calls():
    """Each call that a build needs fails once, at its first use, with ENOMEM or EPERM."""
    calls = ("clone3", "unshare", "fsopen", "fsmount", "move_mount", "open_tree", "mount_setattr",
             "pivot_root", "umount2", "sethostname", "setgroups", "setresuid", "setresgid",
             "capset", "seccomp", "signalfd4", "socketpair", "mkdirat", "symlinkat", "mknodat",
             "chdir", "openat2", "keyctl", "setsid")
    if not shutil.which("strace"):
        raise Skip("no strace")
    for call in calls:
        for error in ("ENOMEM", "EPERM"):
            done = host(["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                         f"inject={call}:error={error}:when=1", *command(["sh", "-c", "exit 7"])],
                        timeout=8)
            if done.code == 7:
                continue
            expect(done.code == 125 and done.out == "", f"{call} {error}: {done}")
            # The reaper's own filter comes after its report: there is nobody left to tell.
            expect(done.err.strip() or call == "seccomp", f"{call} {error}: no word why")


@check("nothing of a refused build stays, wherever it breaks off")
def nothing_left():
    before = world.read("/proc/self/mountinfo")
    for line in ("bind = /no/such:/x", "symlink = /x:/usr/x", "tmpfs = /proc/x/y",
                 "bind = /etc/hosts:/usr/bin/no-such"):
        refused(run(["true"], line + "\n"), "mounts|/no/such")
    expect_equal(world.read("/proc/self/mountinfo"), before, "mounts")
    expect_equal(os.listdir(f"{STATE}/containers"), [], "registry")
    expect(not os.path.exists("/sys/fs/cgroup/confine"), "cgroups")
    good(shell("true"), "control")
