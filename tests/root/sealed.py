# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the user can write, and what is mounted how."""

import json
import os

from engine import WEAK, Running, as_user, good, python, shell
from harness.check import check, expect, expect_equal

WRITABLE = {"/tmp", "/var/tmp", "/dev/shm", "/run/user/47001", "/home/alice", "/dev/mqueue"}
NOT_SEALED = WRITABLE | {"/dev/pts", "/proc", "/dev/log"}  # the last is a socket
# With the file capabilities nothing but the mount's own flag is in the way.
MIGHTY = WEAK + "caps-keep = dac_override, fowner, chown, sys_admin\n"

WALK = """
import errno, json, os, re
report = {}
for line in open("/proc/self/mountinfo"):
    fields = line.split()
    place = re.sub(r"\\\\\\\\(\\d{3})", lambda m: chr(int(m[1], 8)), fields[4])
    options = fields[5].split(",")
    try:
        if os.path.isdir(place):
            os.close(os.open(place + "/confine-probe", os.O_CREAT | os.O_WRONLY, 0o600))
            os.unlink(place + "/confine-probe")
        else:
            os.close(os.open(place, os.O_WRONLY))
        wrote = "wrote"
    except OSError as error:
        wrote = errno.errorcode[error.errno]
    report[place] = [options, wrote]
print(json.dumps(report))
"""


def walk(keys=""):
    return json.loads(good(python(WALK, keys)))


def is_null(place):
    """Masks are the container's own /dev/null: written to, and nothing comes of it."""
    return place.startswith("/proc/")


@check("every mount is nosuid, and nodev wherever the user can write")
def flags():
    report = walk()
    expect(len(report) > 20, f"only {len(report)} mounts")
    expect_equal([place for place, (options, _) in report.items() if "nosuid" not in options], [],
                 "without nosuid")
    dev = {place for place, (options, wrote) in report.items()
           if "nodev" not in options and
           ("rw" in options or wrote == "wrote" and not is_null(place))}
    expect_equal(dev - {"/dev/pts"}, set(), "writable without nodev")
    expect_equal({place for place, (options, _) in report.items() if "rw" in options}, NOT_SEALED,
                 "mounts that are not read-only")


@check("writing at each mount point fails, but for the places made for it")
def writing():
    for keys in ("", MIGHTY):
        wrote = {place for place, (_, how) in walk(keys).items()
                 if how == "wrote" and not is_null(place)}
        expect_equal(wrote, WRITABLE, f"written to with {keys!r}")
    reasons = {how for place, (_, how) in walk(MIGHTY).items()
               if place not in NOT_SEALED and not is_null(place)}
    expect_equal(reasons, {"EROFS"}, "reasons with every file capability")


DIRECTORIES = """
import os
skip = ("/proc", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/user", "/home/alice",
        "/usr/share", "/usr/lib", "/usr/include", "/usr/src")
for path, directories, files in os.walk("/"):
    directories[:] = [d for d in directories if os.path.join(path, d) not in skip]
    try:
        os.close(os.open(path + "/confine-probe", os.O_CREAT | os.O_WRONLY))
        print(path)
        os.unlink(path + "/confine-probe")
    except OSError:
        pass
    for name in files if path not in ("/dev", "/dev/pts") else ():
        try:
            if not os.path.islink(os.path.join(path, name)):
                os.close(os.open(os.path.join(path, name), os.O_WRONLY))
                print(path, name)
        except OSError:
            pass
"""


@check("no directory or file elsewhere can be written, even with every file capability")
def everywhere():
    expect_equal(good(python(DIRECTORIES, MIGHTY)), "", "written")


@check("made read-only or not, nothing can be remounted, unmounted or revealed")
def remount():
    script = ("mount -o remount,rw / ; mount -o remount,bind,rw /usr; umount /proc/keys; "
              "umount -l /etc/passwd; mount --bind /home/alice /usr; mount -t tmpfs none /srv; "
              "mount -t proc none /mnt; unshare -m true; unshare -Urm true; echo end")
    done = shell(script)
    expect_equal(done.out, "end\n", "output")
    expect(done.err.count("\n") >= 9, f"each must be refused: {done.err}")
    control = shell("mount -t tmpfs none /srv && echo did", MIGHTY)
    expect_equal(control.text, "did", f"control: {control.err}")


@check("what is written in /tmp, /dev/shm and /run/user is the container's own and has its size")
def scratch():
    keys = "tmp-size = 4M\n"
    script = ("for d in /tmp /var/tmp /dev/shm /run/user/47001; do echo x >$d/made || echo $d; "
              "head -c 6M /dev/zero >$d/big 2>/dev/null && echo $d too big; "
              "stat -c %s $d/big; rm $d/big; done")
    expect_equal(good(shell(script, keys)).split(), ["4190208"] * 4, "sizes")
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        expect(not os.path.exists(f"{place}/made"), f"{place}/made is on the host")
    flood = "cd /tmp; for ((n = 0; n < 2000; n++)); do : >f$n || break; done 2>/dev/null; echo $n"
    expect(int(good(shell(flood, keys))) < 1200, "files in 4M")


@check("two containers of one user share nothing but the home")
def apart():
    with Running(["bash", "-c", "echo secret >/tmp/mine; echo up; read"]) as one:
        one.line()
        expect_equal(good(shell("ls /tmp /dev/shm /var/tmp | wc -w; ls /proc | grep -c '^[0-9]'")
                          ).split()[0], "3", "names in /tmp of another container")


@check("the home is the user's own, the one of the host")
def home():
    good(shell("echo kept >~/kept; mkdir ~/d; pwd"))
    expect_equal(as_user(["cat", "/home/alice/kept"]).text, "kept", "file outside")
    os.unlink("/home/alice/kept")
    os.rmdir("/home/alice/d")
