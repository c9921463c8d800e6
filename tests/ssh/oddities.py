# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts and homes that are not as anybody expects: confined or refused, never outside."""

import os
import subprocess
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, expect_match
from harness.world import PLAIN, ssh
from ways import QUESTION, by_command, expect_never_outside

NAMES = ("..", ".", "-rf", "%s%n%u", "UPPER", "dot.ted", "semi;colon", "dollar$", "glob*", "ünï",
         "two words", "x" * 32, "x" * 200, "x" * 255, "u47001", "root ", "0", "1000", "+1")


@contextmanager
def account(name, uid=47300, home="/home/odd"):
    """One more covered account, with a home and a key."""
    passwd, group = world.read("/etc/passwd"), world.read("/etc/group")
    world.write("/etc/passwd", passwd + f"{name}:*:{uid}:{uid}::{home}:/bin/bash\n")
    world.write("/etc/group", group + f"oddities:x:{uid}:\n" if uid >= 47300 else group)
    os.mkdir("/home/odd", 0o700)
    os.mkdir("/home/odd/.ssh", 0o700)
    os.link("/home/alice/.ssh/authorized_keys", "/home/odd/.ssh/authorized_keys")
    subprocess.run(["chown", "-R", f"{uid}:{uid}", "/home/odd"], check=True)
    try:
        yield
    finally:
        world.write("/etc/passwd", passwd)
        world.write("/etc/group", group)
        subprocess.run(["rm", "-rf", "/home/odd"], check=True)
        subprocess.run(["chown", "alice:", "/home/alice/.ssh/authorized_keys"], check=True)


@contextmanager
def everybody_covered():
    policy = world.read("/etc/confine/confine.conf")
    world.write("/etc/confine/confine.conf",
                policy.replace("unmatched     = allow", "unmatched     = student"))
    try:
        yield
    finally:
        world.write("/etc/confine/confine.conf", policy)


def log_in(name):
    return ssh("ignored", QUESTION, options=["-l", name])


@check("accounts with odd names are confined or refused", limit=120)
def odd_names():
    here, served = os.readlink("/proc/self/ns/mnt"), []
    for name in NAMES:
        files = set(os.listdir("/run"))
        with account(name):
            control = log_in(name)
        with everybody_covered(), account(name):
            done = log_in(name)
        expect(here not in done.out, f"{name!r} is outside")
        expect_equal(set(os.listdir("/run")), files, f"files of {name!r}")
        if here in control.out and "namespace mnt:" in done.out:
            served.append(name)
    expect("dot.ted" in served and "UPPER" in served, f"only these are served: {served}")


@check("odd names reach the log as one line each, escaped")
def odd_log():
    with everybody_covered(), account("%s%n;\x1b[31m"):
        mark = world.syslog.mark()
        log_in("%s%n;\x1b[31m")
        for line in world.syslog.lines(mark):
            if "confine" in line:
                expect("\x1b" not in line, f"raw escape in {line!r}")


@check("a second name for the same uid is confined by the rule for that name")
def same_uid():
    policy = world.read("/etc/confine/confine.conf")
    rule = "[match twins]\nusers = twin\nprofile = loner\n\n[match students]"
    world.write("/etc/confine/confine.conf", policy.replace("[match students]", rule))
    try:
        with world.Session("alice") as alice, account("twin", 47001):
            mine = alice.ask("readlink /proc/self/ns/pid")
            done = ssh("twin", "readlink /proc/self/ns/pid")
            expect(os.readlink("/proc/self/ns/pid") not in done.out, "outside")
            expect(done.text != mine, "twin's profile is not alice's, the container is")
    finally:
        world.write("/etc/confine/confine.conf", policy)


@check("a second name for uid 0 is root: not confined, and nobody's container is touched")
def second_root():
    with account("toor", 0):
        done = ssh("toor", "id -u")
        expect(done.text in ("0", ""), f"toor: {done}")


@check("the groups of a user with many of them are all there")
def many_groups():
    group = world.read("/etc/group")
    lines = "".join(f"many{number}:x:{48000 + number}:alice\n" for number in range(200))
    world.write("/etc/group", group + lines)
    try:
        outside = ssh("alice", "id -G", PLAIN).text
        expect_match(" 48199", outside, "control")
        expect_equal(ssh("alice", "id -G").text, outside, "groups inside")
    finally:
        world.write("/etc/group", group)


HOMES = {
    "file": lambda path: world.write(path, ""),
    "pipe": os.mkfifo,
    "socket": lambda path: os.mknod(path, 0o140600),
    "device": lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)),
    "link to /etc": lambda path: os.symlink("/etc", path),
    "link to another's home": lambda path: os.symlink("/home/bob", path),
    "link to itself": lambda path: os.symlink(path, path),
    "dangling link": lambda path: os.symlink("/nowhere/at/all", path),
    "root's directory": lambda path: os.mkdir(path, 0o700),
}


@check("a home that is a file, a pipe, a link to elsewhere: never outside, never long", limit=180)
def odd_homes():
    for what, make in HOMES.items():
        os.rename("/home/alice", "/home/alice.away")
        world.write("/etc/ssh/keys/alice", world.read("/root/.ssh/id_ed25519.pub"))
        try:
            make("/home/alice")
            place = by_command("alice", world.INSIDE)
            expect(place in ("inside", "refused"), f"{what}: {place}")
            done = ssh("alice", "ls -A /home/bob/.ssh /root ~/shadow; true")
            expect("authorized_keys" not in done.out, f"{what}: another's home is open")
        finally:
            os.unlink("/etc/ssh/keys/alice")
            (os.rmdir if os.path.isdir("/home/alice") and not os.path.islink("/home/alice")
             else os.unlink)("/home/alice")
            os.rename("/home/alice.away", "/home/alice")


@check("a home that is configured as /, /etc or another's")
def foreign_home():
    for home in ("/", "/etc", "/home/bob", "/run/confine", "relative/home", "", "/home/../etc"):
        with everybody_covered(), account("visitor", 47300, home):
            world.write("/etc/ssh/keys/visitor", world.read("/root/.ssh/id_ed25519.pub"))
            try:
                expect_never_outside("visitor")
                done = ssh("visitor", "touch /etc/probe /usr/probe 2>/dev/null; ls -d /mnt/confine")
                expect("/mnt/confine" not in done.out, f"home {home!r}: the host is in sight")
            finally:
                os.unlink("/etc/ssh/keys/visitor")


@check("files cannot be linked or moved out of the mounts that hold them")
def hard_links():
    done = ssh("alice", "ln /usr/bin/id ~/linked; ln /etc/passwd ~/linked2; "
               "cp /usr/bin/id /tmp/id; ln /tmp/id ~/linked3; mkdir ~/d; mv ~/d /tmp/d && ls -d /tmp/d; rm -rf /tmp/d; "
               "ls ~/linked* 2>/dev/null")
    expect_equal(done.out, "/tmp/d\n", "links across mounts")
