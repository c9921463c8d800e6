# SPDX-License-Identifier: LGPL-2.1-or-later
"""What there is to be seen: the root, /etc, homes, and nothing of the host besides."""

import os
import re

from engine import Directory, Running, as_user, good, host, python, run, shell
from harness import world
from harness.check import check, expect, expect_equal, wait_until

TOP = {"dev", "etc", "home", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp",
       "usr", "var"}
GENERATED = {"passwd", "group", "nsswitch.conf", "hosts", "hostname", "machine-id", "mtab",
             "resolv.conf"}
PRIVATE = ("shadow", "gshadow", "sudoers", "ssh", "pam.d", "confine", "crontab", "cron.d", "fstab",
           "subuid", "security", "ssl/private")


@check("/ holds the known names and nothing else")
def top_level():
    names = set(good(shell("ls -A /")).split())
    links = {name for name in os.listdir("/") if os.path.islink(f"/{name}")}
    expect_equal(sorted(names), sorted(TOP | links & {"bin", "sbin", "lib", "lib32", "lib64",
                                                      "libx32"}), "ls /")
    for name in ("home", "run", "srv", "opt", "mnt", "media", "sys"):
        wanted = {"home": "alice", "run": "host lock user"}.get(name, "")
        expect_equal(good(shell(f"ls -A /{name}")).split(), wanted.split(), f"ls /{name}")


@check("/etc holds what is listed or generated; the host's secrets are not there")
def etc():
    source = world.read("helper/view.c")
    listed = set(re.findall(r'^\t"([^"]+)",', source, re.MULTILINE))
    names = set(good(shell("ls -A /etc")).split())
    expect(GENERATED <= names, f"missing: {GENERATED - names}")
    expect(names <= listed | GENERATED, f"not listed: {names - listed - GENERATED}")
    for name in PRIVATE:
        if name != "ssl/private":
            expect(name not in names, f"/etc/{name} is there")
        expect(shell(f"cat /etc/{name} || ls /etc/{name}").code != 0, f"/etc/{name} can be read")
    expect(sum(os.path.exists(f"/etc/{name}") for name in PRIVATE) > 5, "control: they exist")


@check("other users' homes and names are invisible")
def others():
    question = "ls -d /home/bob; ls /home | wc -l; getent passwd bob carol; getent group operators"
    control = as_user(["bash", "-c", question]).out.split()
    expect(control[0] == "/home/bob" and int(control[1]) > 5 and len(control) > 4,
           f"control: {control}")
    expect_equal(shell(question).out.split(), ["1"], "inside")


@check("the host's files outside the view are not reachable by any usual name")
def other_files():
    places = ("/root/.ssh", "/var/log/wtmp", "/run/confine", "/run/sshd", "/var/lib/dpkg",
              "/mnt/confine", "/boot", "/sys/fs/cgroup", "/dev/log.d", "/var/lib/confine")
    expect(sum(map(os.path.exists, places)) >= 6, "control: they exist")
    for place in places:
        expect(shell(f"ls -d {place}").code != 0, f"{place} is there")


FRIENDS = """
import os
root = os.stat("/")
for name in ("/..", "/../..", "/proc/self/root/..", "/proc/self/cwd/../../../..", "/home/../../.."):
    at = os.stat(name)
    print(name, (at.st_dev, at.st_ino) == (root.st_dev, root.st_ino))
held = []
for fd in range(64):
    try:
        held.append(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
print(os.getcwd(), [place for place in held if place[0] == "/" and place != "/dev/null"])
"""


@check("the old root is gone: not above /, not in cwd, not in a descriptor")
def old_root():
    with Directory("/run/kept") as kept:
        held = os.open(kept, os.O_RDONLY)
        os.set_inheritable(held, True)
        try:
            lines = good(python(FRIENDS, cwd=kept, pass_fds=(held,))).splitlines()
        finally:
            os.close(held)
    expect_equal([line.split()[1] for line in lines[:5]], ["True"] * 5, "parents of /")
    expect_equal(lines[5], "/home/alice []", "cwd and descriptors")
    expect("unreachable" not in lines[5], lines[5])


def mounts_here():
    return world.read("/proc/self/mountinfo")


@check("mounts travel neither way, although the host's are shared")
def propagation():
    with Directory("/usr/share/confine-test") as place:
        host(["mount", "--make-rshared", "/usr"])
        try:
            with Running(["bash", "-c", "echo up; read; ls /usr/share/confine-test"]) as running:
                running.line()
                host(["mount", "-t", "tmpfs", "none", place])
                open(f"{place}/seen", "w").close()
                running.process.stdin.write("\n")
                running.process.stdin.flush()
                expect_equal(running.process.stdout.read(), "", "a mount of the host came in")
            expect_equal(good(shell(f"ls {place}")), "seen", "control: a new container has it")
        finally:
            host(["umount", place])
            host(["mount", "--make-rprivate", "/usr"])
    before = mounts_here()
    done = shell("cat /proc/self/mountinfo")
    expect("shared:" not in done.out and "master:" not in done.out, "mounts inside are shared")
    expect_equal(mounts_here(), before, "mounts of the host")


@check("mountinfo of the host is byte for byte the same after 100 runs, and while one runs")
def hundred():
    before = mounts_here()
    for _ in range(100):
        run(["true"])
    expect_equal(mounts_here(), before, "after 100 runs")
    with Running(["sleep", "100"]) as running:
        running.init()
        expect_equal(mounts_here(), before, "while one runs")
    wait_until(lambda: mounts_here() == before, 5, "mounts differ")


@check("a caller's umask changes nothing; the policy's does")
def umask():
    question = "umask; stat -c %a /etc/passwd /tmp /dev/shm /run/user/* /dev/null /etc/hosts"
    wanted = "0022 644 1777 1777 700 666 644".split()
    for mask in (0, 0o22, 0o77, 0o777):
        done = shell(question, umask=mask)
        expect_equal(good(done).split(), wanted, f"umask {mask:o}")
        state = os.stat("/run/confine").st_mode & 0o777
        expect_equal(f"{state:o}", "700", "/run/confine")
    done = good(shell("umask; touch /tmp/x; stat -c %a /tmp/x", "umask = 0027\n"))
    expect_equal(done.split(), ["0027", "640"], "umask = 0027")


@check("namespaces are all different from the host's")
def namespaces():
    kinds = ("mnt", "pid", "uts", "ipc", "net", "cgroup")
    question = "readlink " + " ".join(f"/proc/self/ns/{kind}" for kind in kinds)
    outside, inside = (good(done).split() for done in (as_user(question.split()), shell(question)))
    expect(len(inside) == 6, f"{inside}")
    expect_equal([kind for kind, a, b in zip(kinds, outside, inside) if a == b], [], "shared")
    for kind in ("net", "uts"):
        key = "network = host\n" if kind == "net" else "namespaces = mount, pid, ipc, net, cgroup\n"
        done = shell(f"readlink /proc/self/ns/{kind}", key.replace("hostname = box\n", ""))
        if done.code == 0:
            expect_equal(done.text, outside[kinds.index(kind)], f"control: {kind} of the host")
