# SPDX-License-Identifier: LGPL-2.1-or-later
"""Home directories of every kind, and the tricks played with them."""

import os
import socket
import time

from engine import PYTHON, Directory, Home, command, good, host, refused, run, shell
from harness import world
from harness.check import check, expect, expect_equal, expect_match, wait_until

WHERE = "pwd; stat -c %d:%i . ; echo $HOME"


def identity(path):
    info = os.stat(path)
    return f"{info.st_dev}:{info.st_ino}"


@check("a home that does not exist, or is none, is left out")
def missing():
    for home in ("/nonexistent", "/home/dave", "/no/such/parent/dir"):
        with Home(home):
            expect_equal(good(shell("pwd; ls -A /home")), "/", home)
    for home in ("", "relative/path"):
        with Home(home):
            expect_equal(good(shell("pwd; ls -A /home", cwd="/home")), "/", repr(home))
    expect_equal(good(shell("pwd; ls -A /home", "home = none\n")), "/", "home = none")


@check("a home that the root has already stays the container's, however it is written")
def taken():
    homes = ("/", "//", "/.", "/./", "/usr/games", "//usr/games", "/usr/./games", "/run", "/var",
             "/home", "/home/", "/var/run", "/tmp", "/etc", "/proc", "/proc/1", "/dev", "/dev/pts",
             "/sys", "/var/tmp", "/lib64", "/root", "/run/user", "/var/lib", "/usr/../usr/games")
    plain = good(shell("ls -A / /run /home /var /etc | grep -v alice", "home = none\n"))
    expect(os.path.exists("/../etc/shadow"), "control: the host has it")
    for home in homes:
        with Home(home):
            for keys in ("", "home = tmpfs\n"):
                done = shell("ls -A / /run /home /var /etc | grep -v alice; ls /../etc/shadow; "
                             "ls /run/confine; ls /home/bob; true", keys)
                expect_equal(good(done), plain, f"{home} {keys}")
    with Home("/home/.."):
        done = run(["ls", "/../etc/shadow"])
        expect("shadow" not in done.out, "/home/.. brings the host back")


@check("a home in the middle of the root is found, with a slash more or less as well")
def unusual():
    with Directory("/var/site/data", 0o700, 47001) as place:
        for home in (place, place + "/", "/var//site/data", "/var/./site/data"):
            with Home(home):
                lines = good(shell(WHERE)).splitlines()
                expect_equal(lines[:2], [place, identity(place)], home)
        os.rmdir(place)
        os.rmdir("/var/site")


@check("links that root made lead to the home")
def trusted_link():
    done = good(shell(WHERE, user="erin")).splitlines()
    expect_equal(done, ["/home/link/erin", identity("/home/real/erin"), "/home/link/erin"], "erin")


@check("parents that only their owner may read (0711, 0700) are no obstacle")
def closed_parents():
    for mode in (0o711, 0o700):
        with Directory("/home/closed", mode):
            os.mkdir("/home/closed/alice", 0o700)
            os.chown("/home/closed/alice", 47001, 47001)
            with Home("/home/closed/alice"):
                expect_equal(good(shell("stat -c %d:%i $HOME")), identity("/home/closed/alice"),
                             f"{mode:o}")


@check("links that a user could have made are refused with a message")
def untrusted_link():
    with Directory("/home/open", 0o1777), Directory("/home/hers", 0o755, 47001), \
            Directory("/home/roots"):
        for link, owner in (("/home/open/h", 0), ("/home/hers/h", 47001), ("/home/hers/r", 0),
                            ("/home/roots/h", 47001)):
            for target in ("/home/alice", "/etc", "/home/bob", "/no/such", "h"):
                os.symlink(target, link)
                os.lchown(link, owner, owner)
                for home in (link, link + "/", link + "/below"):
                    with Home(home):
                        refused(run(["true"]), "link")
                os.unlink(link)


@check("a file, FIFO, socket or device instead of a home is refused at once")
def no_directory():
    with Directory("/home/odd", 0o755, 47001):
        os.mkfifo("/home/odd/fifo")
        open("/home/odd/file", "w").close()
        os.mknod("/home/odd/device", 0o020666, os.makedev(5, 0))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("/home/odd/socket")
            for name in ("fifo", "file", "device", "socket"):
                os.chown(f"/home/odd/{name}", 47001, 47001)
                with Home(f"/home/odd/{name}"):
                    start = time.monotonic()
                    refused(run(["true"]), "not a directory")
                    expect(time.monotonic() - start < 2, f"{name} took long")
                with Home(f"/home/odd/{name}/below"):
                    refused(run(["true"]), "Not a directory")


@check("a home that belongs to another user is refused; one of root's is served, and closed")
def another_owner():
    with Home("/home/bob"):
        refused(run(["true"]), "belongs to uid 47002")
    with Directory("/home/roots", 0o755):
        with Home("/home/roots"):
            expect_equal(good(shell("pwd; touch x || echo closed")).split(),
                         ["/home/roots", "closed"], "root's")


@check("home = tmpfs is empty, private, the user's own, and has the size")
def in_memory():
    keys = "home = tmpfs\ntmp-size = 1M\n"
    done = good(shell("pwd; ls -A; stat -c '%U %G %a' .; grep \" $PWD \" /proc/self/mountinfo; "
                      "head -c 3M /dev/zero >big; stat -c %s big", keys))
    lines = done.splitlines()
    expect_equal(lines[:2], ["/home/alice", "alice alice 700"], "home")
    expect("nosuid" in lines[2] and "nodev" in lines[2], lines[2])
    expect(int(lines[3]) <= 1 << 20, f"size {lines[3]}")
    expect(not os.path.exists("/home/alice/big"), "it is the host's home")
    with Home("/home/dave"):
        expect_equal(good(shell("pwd", keys)), "/home/dave", "a home that the host has not")


# Exchanges two names as fast as it can until it is killed.
EXCHANGE = """
import ctypes, sys
libc = ctypes.CDLL(None)
one, two = (name.encode() for name in sys.argv[1:3])
while True:
    libc.renameat2(-100, one, -100, two, 2)
"""


class Exchanging:
    """Two names of alice's change places, over and over, while the with block runs."""

    def __init__(self, one, two):
        self.names = (one, two)

    def __enter__(self):
        self.process = world.start(["setpriv", "--reuid", "47001", "--clear-groups", *PYTHON,
                                    EXCHANGE, *self.names])
        return self

    def __exit__(self, *_exception):
        self.process.kill()
        self.process.wait()


def tree(place):
    return [(path, sorted(names), sorted(files)) for path, names, files in os.walk(place)]


@check("a home swapped for a link all the time is served right or refused, 200 times", limit=90)
def swapped():
    with Directory("/home/play", 0o755, 47001):
        os.mkdir("/home/play/h", 0o700)
        os.chown("/home/play/h", 47001, 47001)
        real = identity("/home/play/h")
        served = refusals = 0
        for target in ("/home/bob", "/etc"):
            os.symlink(target, "/home/play/l")
            before = tree(target), tree("/home/play")[0][1:]
            with Home("/home/play/h"), Exchanging("/home/play/h", "/home/play/l"):
                start = command(["stat", "-c", "%d:%i", "/home/play/h"])
                for _ in range(100):
                    done = host(start)
                    if done.code == 0:
                        expect_equal(done.text, real, "another directory was served")
                        served += 1
                    else:
                        refused(done, "link")
                        refusals += 1
                wait_until(lambda: identity("/home/play/h") != real, 10,
                           "control: whoever trusts the path is never misled")
            expect_equal((tree(target), sorted(os.listdir("/home/play"))), (before[0], ["h", "l"]),
                         "something was made")
            for name in ("h", "l"):
                if os.path.islink(f"/home/play/{name}"):
                    os.unlink(f"/home/play/{name}")
                elif name == "l":
                    os.rename("/home/play/l", "/home/play/h")
        expect(served and refusals, f"no race: {served} served, {refusals} refused")


@check("a parent of the home swapped for a link is served right or refused", limit=60)
def swapped_parent():
    with Directory("/home/play", 0o755, 47001):
        for name in ("p/h", "elsewhere/h"):
            os.makedirs(f"/home/play/{name}")
            os.chown(f"/home/play/{name}", 47001, 47001)
        os.symlink("/home/play/elsewhere", "/home/play/l")
        right = identity("/home/play/p/h")
        with Home("/home/play/p/h"), Exchanging("/home/play/p", "/home/play/l"):
            start = command(["stat", "-c", "%d:%i", "/home/play/p/h"])
            for _ in range(60):
                done = host(start)
                if done.code:
                    refused(done, "link|No such file")
                else:
                    expect_equal(done.text, right, "home")


@check("mounts below the home come along, nosuid and nodev")
def submounts():
    with Directory("/home/alice/sub", 0o755):
        host(["mount", "-t", "tmpfs", "-o", "suid,dev", "none", "/home/alice/sub"])
        host(["mknod", "-m", "666", "/home/alice/sub/zero", "c", "1", "5"])
        expect_equal(len(open("/home/alice/sub/zero", "rb").read(3)), 3, "control: outside")
        done = shell("grep ' /home/alice/sub ' /proc/self/mountinfo; head -c 3 ~/sub/zero")
        expect_match("nosuid,nodev", done.out, "flags")
        expect("denied" in done.err, f"the device works: {done}")
