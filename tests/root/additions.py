# SPDX-License-Identifier: LGPL-2.1-or-later
"""What policy adds and hides: bind, bind-ro, bind-try, tmpfs, symlink, mask."""

import os
import stat

from engine import WEAK, Directory, command, good, host, refused, run, shell
from harness import world
from harness.check import check, expect, expect_equal, expect_match
from homes import Exchanging, tree

DATA = "/var/data"


class Data(Directory):
    """A directory of the host that the user may write, with a file."""

    def __init__(self):
        super().__init__(DATA, 0o777)

    def __enter__(self):
        super().__enter__()
        world.write(f"{DATA}/file", "content\n", 0o666)


def options_of(place):
    return f"grep ' {place} ' /proc/self/mountinfo | cut -d' ' -f6"


@check("bind is writable, nosuid and nodev; bind-ro is read-only; files work as well")
def bind():
    with Data():
        done = good(shell(f"cat /data/file; echo more >/data/made && {options_of('/data')}",
                          f"bind = {DATA}:/data\n"))
        expect_equal(done.split(), ["content", "rw,nosuid,nodev,relatime"], "bind")
        expect_equal(world.read(f"{DATA}/made"), "more\n", "what was written")
        done = shell("cat /data/deep/file; echo x >>/data/deep/file",
                     WEAK + f"bind-ro = {DATA}:/data/deep\n")
        expect("content" in done.out and "Read-only" in done.err, f"bind-ro: {done}")
        done = shell(f"cat /x/y/file; {options_of('/x/y/file')}",
                     f"bind = {DATA}/file:/x/y/file:noexec\n")
        expect_equal(good(done).split(), ["content", "rw,nosuid,nodev,noexec,relatime"], "file")
        expect_equal(good(shell(f"cat {DATA}/file", f"bind-ro = {DATA}\n")), "content",
                     "target as source")


@check("noexec, and the absence of it, hold")
def noexec():
    with Data():
        world.write(f"{DATA}/program", "#!/bin/sh\necho ran\n", 0o755)
        expect_equal(shell("/data/program", f"bind = {DATA}:/data:noexec\n").code, 126, "noexec")
        expect_equal(good(shell("/data/program", f"bind = {DATA}:/data\n")), "ran", "control")
        done = shell("cp /bin/true /scratch && /scratch/true", "tmpfs = /scratch:noexec+nodev\n")
        expect_equal(done.code, 126, f"tmpfs: {done.err}")


@check("a missing source is refused with bind, left out with bind-try")
def missing_source():
    refused(run(["true"], "bind = /no/such:/data\n"), "/no/such")
    refused(run(["true"], "bind-ro = /no/such:/data\n"), "/no/such")
    expect_equal(good(shell("ls -d /data || echo none", "bind-try = /no/such:/data\n")), "none",
                 "bind-try")
    with Data():
        expect_equal(good(shell("cat /data/file", f"bind-try = {DATA}:/data\n")), "content",
                     "control")


@check("mounts below a source come along with the flags; the host's stay as they were")
def submounts():
    with Data():
        os.mkdir(f"{DATA}/sub")
        host(["mount", "-t", "tmpfs", "none", f"{DATA}/sub"])
        os.chmod(f"{DATA}/sub", 0o777)
        before = world.read("/proc/self/mountinfo")
        done = shell(f"echo x >/data/sub/x; {options_of('/data/sub')}", f"bind-ro = {DATA}:/data\n")
        expect_match("^ro,nosuid,nodev", done.out, "flags below bind-ro")
        expect("Read-only" in done.err, f"written below bind-ro: {done}")
        good(shell("echo x >/data/sub/x", f"bind = {DATA}:/data\n"), "control")
        expect_equal(world.read("/proc/self/mountinfo"), before, "mounts of the host")
        open(f"{DATA}/sub/still-writable", "w").close()


@check("targets below /var/run, /bin, /lib and of several levels are found or made")
def targets():
    with Data():
        for target, seen in (("/var/run/app/data", "/run/app/data"), ("/a/b/c/d", "/a/b/c/d"),
                             ("/var/lib/app", "/var/lib/app"), ("/usr/share/misc", None),
                             ("/opt", "/opt"), ("/lib/udev", "/usr/lib/udev"),
                             ("/tmp", "/tmp"), ("/home/other", "/home/other")):
            if not seen and not os.path.isdir(target) or not os.path.isdir(
                    "/usr/lib/udev") and "udev" in target:
                continue
            done = shell(f"cat {seen or target}/file", f"bind-ro = {DATA}:{target}\n")
            expect_equal(good(done, target), "content", target)
        for target in ("/usr/no-such-dir", "/bin/no-such", "/proc/no-such"):
            refused(run(["true"], f"bind-ro = {DATA}:{target}\n"), target)
            expect(not os.path.lexists(target), f"{target} was made on the host")


@check("symlink makes a link in the container's own places, and nowhere else")
def symlinks():
    keys = "symlink = /usr/bin:/opt/bin, ../x:/srv/rel, %h/x:/a/b\n"
    expect_equal(good(shell("readlink /opt/bin /srv/rel /a/b", keys)).split(),
                 ["/usr/bin", "../x", "/home/alice/x"], "links")
    before = tree("/home/alice")
    for target in ("/home/alice/y", "/usr/y", "/tmp/y", "/proc/y", "/etc/passwd"):
        refused(run(["true"], f"symlink = /x:{target}\n"), target)
    expect_equal(tree("/home/alice"), before, "the home")


@check("mask hides files and directories, through trusted links too; what is missing is fine")
def masks():
    keys = "mask = /etc/passwd, /usr/share/doc, /no/such, /bin/cat, /var/run/lock, /etc/ssl\n"
    expect(os.listdir("/usr/share/doc") and os.listdir("/etc/ssl"), "control: they hold something")
    done = shell("head -c 9 /etc/passwd; ls -A /usr/share/doc /etc/ssl | grep -v :; "
                 "stat -Lc %s /etc/passwd; cat /etc/hosts; : >/usr/share/doc/x; echo end", keys)
    expect_equal(done.out.split(), ["0", "end"], f"masked: {done.err}")
    expect_match("cat: .*denied", done.err, "/bin/cat")
    with Data():
        done = shell("ls -A /opt /data", f"bind = {DATA}:/media, {DATA}:/data, {DATA}:/opt\n"
                     "mask = /opt, /data\n")
        expect_equal(good(done).split(), ["/data:", "/opt:"], "after a mount over /media")


PLANTED = ("/etc", "/etc/passwd", "/home/bob", "/usr/bin", "../../etc", "/no/such", "x", ".")


@check("links that the user plants where policy mounts never lead anything outside")
def planted():
    keys = ("symlink = /x:/home/alice/x/y\n", f"bind = {DATA}:/home/alice/x\n",
            f"bind-ro = {DATA}/file:/home/alice/x/passwd\n", "tmpfs = /home/alice/x\n",
            "tmpfs = /home/alice/x/y/z\n", "mask = /home/alice/x\n",
            "mask = /home/alice/x/passwd\n")
    with Data():
        watched = {place: tree(place) for place in ("/etc", "/home", "/usr/bin", DATA)}
        for link in PLANTED:
            os.symlink(link, "/home/alice/x")
            os.lchown("/home/alice/x", 47001, 47001)
            try:
                for key in keys:
                    done = run(["sh", "-c", "test -s /etc/passwd && ls /usr/bin/id"], key)
                    if done.code:
                        refused(done, "/home/alice/x")
                    else:
                        expect_equal(done.text, "/usr/bin/id", f"{key} with a link to {link}")
            finally:
                os.unlink("/home/alice/x")
        for place, before in watched.items():
            expect_equal(tree(place) == before, True, f"{place} is as it was")
        # Without a link the same policy works.
        os.mkdir("/home/alice/x")
        try:
            expect_equal(good(shell("cat ~/x/file", keys[1])), "content", "control: a directory")
            expect_equal(good(shell("ls -A ~/x; touch ~/x/1", keys[3])), "", "control: tmpfs")
            expect_equal(os.listdir("/home/alice/x"), [], "what lies below")
        finally:
            os.rmdir("/home/alice/x")


@check("a source in a place of the user's that is a link is refused")
def planted_source():
    for link in ("/etc/shadow", "/root", "/home/bob"):
        os.symlink(link, "/home/alice/s")
        try:
            for key in ("bind", "bind-ro", "bind-try"):
                refused(run(["true"], f"{key} = %h/s:/data\n"), "link")
                refused(run(["true"], f"{key} = %h/s/x:/data\n"), "link")
        finally:
            os.unlink("/home/alice/s")


@check("a target swapped for a link all the time is served right or refused", limit=60)
def swapped():
    os.mkdir("/home/alice/t")
    os.chown("/home/alice/t", 47001, 47001)
    os.symlink("/usr", "/home/alice/l")
    try:
        with Exchanging("/home/alice/t", "/home/alice/l"):
            start = command(["bash", "-c", "ls /usr/bin/id; ls -A /home/alice/t /home/alice/l | "
                             "grep -c ^mine; true"], "tmpfs = /home/alice/t\nmask = %h/l\n")
            refusals = rounds = 0
            while rounds < 60 or (not refusals and rounds < 600):
                done = host(start)
                rounds += 1
                refusals += done.code != 0
                if done.code:
                    refused(done, "/home/alice/")
                else:
                    expect_equal(done.out.split()[0], "/usr/bin/id", "/usr inside")
        expect(refusals, "no race")
    finally:
        for name in ("t", "l"):
            path = f"/home/alice/{name}"
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)


@check("a FIFO or a socket as source is mounted without being opened, a device cannot be used")
def special():
    with Data():
        os.mkfifo(f"{DATA}/fifo", 0o666)
        os.mknod(f"{DATA}/zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.chmod(f"{DATA}/zero", 0o666)
        expect_equal(good(shell("stat -c %F /x", f"bind = {DATA}/fifo:/x\n")), "fifo", "FIFO")
        done = shell("head -c 1 /x | wc -c", f"bind = {DATA}/zero:/x\n")
        expect("denied" in done.err, f"device: {done}")
        expect_equal(len(open(f"{DATA}/zero", "rb").read(1)), 1, "control: outside")


@check("mounts that are written wrongly are refused with the key and what would be right")
def wrong():
    for line in ("bind = relative:/x", "bind = /a:/b:bad", "bind = /a:/../b", "bind = /a:/b:/c:d",
                 "tmpfs = x", "symlink = /only-one", "mask = a", "bind = /:/", "bind = /srv:/"):
        done = run(["true"], line + "\n")
        refused(done, line.split()[0])
