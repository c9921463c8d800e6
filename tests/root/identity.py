# SPDX-License-Identifier: LGPL-2.1-or-later
"""The names inside: made for one user, whatever service the host has the user from."""

import os
import re

from engine import Directory, good, host, refused, run, shell
from harness import world
from harness.check import Skip, check, expect, expect_equal, expect_match

LIBRARIES = "/usr/lib/x86_64-linux-gnu"


@check("passwd and group hold root, nobody, the user and the user's groups")
def names():
    lines = good(shell("cat /etc/passwd")).splitlines()
    expect_equal(lines, ["root:x:0:0:root:/root:/usr/sbin/nologin",
                         "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
                         "alice:x:47001:47001:Alice of the tests:/home/alice:/bin/bash"], "passwd")
    lines = good(shell("cat /etc/group")).splitlines()
    expect_equal(lines, ["root:x:0:", "tty:x:5:", "nogroup:x:65534:", "alice:x:47001:",
                         "students:x:47100:alice", "lab:x:47101:alice"], "group")
    for question in ("id", "id -un", "groups", "getent passwd alice", "whoami"):
        expect_equal(good(shell(question)), good(host(["setpriv", "--reuid", "alice", "--regid",
                     "alice", "--init-groups", "bash", "-c", question])), question)


@check("root and nobody cannot be run as, and uid 0 under another name neither")
def root():
    refused(run(["true"], user="root"), "root")
    passwd = world.read("/etc/passwd")
    try:
        world.write("/etc/passwd", passwd + "toor:x:0:0:alias:/root:/bin/bash\n")
        refused(run(["true"], user="toor"), "root")
    finally:
        world.write("/etc/passwd", passwd)


@check("nsswitch, hosts, hostname and machine-id are the container's own")
def others():
    done = good(shell("grep -v ' dns$' /etc/nsswitch.conf | cut -d: -f2 | sort -u; "
                      "cat /etc/hosts; cat /etc/hostname; hostname; getent hosts box localhost"))
    lines = done.splitlines()
    expect_equal(lines[0], "files", "services of nsswitch.conf")
    expect_match("127.0.1.1 +box", done, "hosts")
    expect_equal(lines[4:6], ["box", "box"], "hostname")
    machine = [good(shell("cat /etc/machine-id")) for _ in range(2)]
    expect(all(re.fullmatch("[0-9a-f]{32}", one) for one in machine) and machine[0] != machine[1],
           f"machine-id: {machine}")


@check("the hostname is policy's text with its expansions, or three random words")
def hostname():
    for text, wanted in (("%u-box", "alice-box"), ("n%U.g%G", "n47001.g47001"), ("%g", "alice"),
                         ("100%%", None), ("a" * 64, "a" * 64), ("a" * 65, None), ("a b", None)):
        done = shell("hostname; cat /etc/hostname", f"hostname = {text}\n")
        if done.code == 0 and wanted:
            expect_equal(done.out.split(), [wanted, wanted], text)
        else:
            expect(done.code == 125, f"{text!r}: {done}")
    drawn = {good(shell("hostname", "hostname = random\n")) for _ in range(5)}
    expect(all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", name) for name in drawn) and len(drawn) > 3,
           f"random: {drawn}")
    expect_equal(world.read("/proc/sys/kernel/hostname").strip(), "outside", "name of the host")


@check("resolv.conf follows the network; without one it names no server")
def resolv_conf():
    with Directory("/run/resolver") as place:
        kept = world.read("/etc/resolv.conf") if os.path.exists("/etc/resolv.conf") else None
        try:
            world.write(f"{place}/resolv.conf", "nameserver 192.0.2.53\n")
            if os.path.lexists("/etc/resolv.conf"):
                os.unlink("/etc/resolv.conf")
            os.symlink(f"{place}/resolv.conf", "/etc/resolv.conf")
            expect("nameserver" not in good(shell("cat /etc/resolv.conf")), "network = none")
            done = shell("cat /etc/resolv.conf", "network = host\n")
            expect_equal(good(done), "nameserver 192.0.2.53", "network = host, through a link")
            os.unlink("/etc/resolv.conf")
            expect_equal(good(shell("cat /etc/resolv.conf", "network = host\n")), "",
                         "network = host, without a file")
        finally:
            if kept is not None:
                if os.path.lexists("/etc/resolv.conf"):
                    os.unlink("/etc/resolv.conf")
                world.write("/etc/resolv.conf", kept)


@check("a member of 300 groups keeps them all, by number and by name")
def many_groups():
    groups = world.read("/etc/group")
    try:
        world.write("/etc/group", groups + "".join(f"many{n}:x:{50000 + n}:bob,alice,carol\n"
                                                   for n in range(300)))
        done = good(shell("id -G | wc -w; id -Gn | tr ' ' '\\n' | grep -c ^many; "
                          "grep -c ^many /etc/group; grep -c bob /etc/group; true"))
        expect_equal(done.split(), ["303", "300", "300", "0"], "groups")
    finally:
        world.write("/etc/group", groups)


@check("a group without a name is kept as a number")
def nameless():
    passwd = world.read("/etc/passwd")
    try:
        world.write("/etc/passwd", passwd + "odd1:x:47050:47999::/nonexistent:/bin/sh\n")
        expect_equal(good(shell("id -g; grep -c 47999 /etc/group; true", user="odd1")).split(),
                     ["47999", "0"], "gid")
    finally:
        world.write("/etc/passwd", passwd)


class OddNames:
    """Accounts of an NSS module of our own: (name, gecos, home, shell) with uids from 47060 on."""

    def __init__(self, *accounts):
        self.accounts = accounts

    def __enter__(self):
        library = f"{LIBRARIES}/libnss_oddnames.so.2"
        if not os.path.isdir(LIBRARIES):
            raise Skip(f"no {LIBRARIES} here")
        done = host(["cc", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                     library, "tests/root/odd_names.c"])
        expect_equal(done.code, 0, f"cc: {done.err}")
        self.switch = world.read("/etc/nsswitch.conf")
        world.write("/etc/nsswitch.conf", re.sub(r"(?m)^passwd:.*$", "passwd: files oddnames",
                                                 self.switch))
        world.write("/etc/odd_names.list", "".join(
            "\t".join((name, str(47060 + n), *rest)) + "\n"
            for n, (name, *rest) in enumerate(self.accounts)))

    def __exit__(self, *_exception):
        world.write("/etc/nsswitch.conf", self.switch)
        for path in ("/etc/odd_names.list", f"{LIBRARIES}/libnss_oddnames.so.2"):
            os.unlink(path)


@check("users of another name service have a name inside, with rare but legal names too")
def other_service():
    legal = ("plain", "with.dot", "UPPER", "dollar$", "1st", "under_score-", "ünïcode", "a" * 32,
             "%s%n", "at@example.org", "back\\slash", "a" * 255)
    with OddNames(*((name, "Some One", "/nonexistent", "/bin/sh") for name in legal)):
        for n, name in enumerate(legal):
            done = run(["sh", "-c", "id -un; id -u; getent passwd \"$(id -un)\" | cut -d: -f5"],
                       user=name)
            expect_equal(done.out.splitlines(), [name, str(47060 + n), "Some One"],
                         f"{name!r} ({done.code}): {done.err}")


@check("names that would become paths, options or lines of a file are refused")
def illegal():
    bad = ("..", ".", "-rf", "a/b", "a:b", "a b", "a" * 256, "x\x01y")
    with OddNames(*((name, "", "/nonexistent", "/bin/sh") for name in bad)):
        for name in bad:
            refused(run(["true"], user=name), "name")
    refused(run(["true"], user=""), "name")
    refused(run(["true"], user="no-such-user"), "no account")


@check("a gecos, home or shell that would make another line of passwd is refused")
def injection():
    accounts = (("g1", "x:0:0", "/nonexistent", "/bin/sh"),
                ("g2", "x\\nroot2:x:0:0::/:/bin/sh", "/nonexistent", "/bin/sh"),
                ("g3", "", "/nonexistent:/bin/sh", "/bin/sh"),
                ("g4", "", "/nonexistent", "/bin/sh\\nevil:x:0:0::/:/bin/sh"))
    with OddNames(*accounts, ("good", "", "/nonexistent", "/bin/sh")):
        expect_equal(good(run(["id", "-un"], user="good")), "good", "control")
        for name, *_ in accounts:
            refused(run(["true"], user=name), "cannot hold")
