# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trees, templates and images to be used as root file systems, made of what this machine has."""

import os
import re
import shutil
import subprocess

STORE = "/var/lib/confine"
APPLETS = ("sh ash ls cat id echo touch mkdir rmdir mv ln rm grep stat readlink head wc sleep env "
           "mount hostname tty test true false dd chmod cp find sort pwd tr du df").split()
PROGRAMS = ("bash dash ls cat id echo touch mkdir rmdir mv ln rm grep stat readlink head wc sleep "
            "env mount hostname tty true false dd chmod cp find sort pwd tr df getent sed").split()

# What can be asked of: the value of rootfs, and further keys.
KINDS = {
    "directory, static": f"rootfs = directory:{STORE}/rootfs/tiny\n",
    "directory, distribution": f"rootfs = directory:{STORE}/rootfs/full\n",
    "overlay, discard": "rootfs = overlay:full\noverlay-upper = discard\n",
    "overlay, keep": "rootfs = overlay:full\n",
    "overlay, keep, limited": "rootfs = overlay:full\nupper-size = 16M\n",
    "image, squashfs": "rootfs = image:full.squashfs\n",
    "image, erofs": "rootfs = image:tiny.erofs\n",
    "overlay of an image": f"rootfs = overlay:{STORE}/images/full.squashfs\n",
}
OVERLAYS = [name for name in KINDS if "overlay" in name]


def write(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def make_common(place, name):
    """What every tree here has: a mark in several places, and somewhere that all may write."""
    for directory in ("etc", "opt/app", "open", "usr/share"):
        os.makedirs(f"{place}/{directory}", exist_ok=True)
    for directory in ("etc", "opt/app", "usr/share"):
        write(f"{place}/{directory}/mark", f"{name}\n")
    write(f"{place}/open/theirs", f"{name}\n", 0o666)
    os.chmod(f"{place}/open", 0o1777)


def tiny(place):
    """One static program under many names; no library, no passwd, no /var."""
    os.makedirs(f"{place}/bin")
    shutil.copy("/bin/busybox", f"{place}/bin/busybox")
    for name in APPLETS:
        os.symlink("busybox", f"{place}/bin/{name}")
    write(f"{place}/bin/bash", '#!/bin/busybox sh\nexec /bin/busybox sh "$@"\n', 0o755)
    make_common(place, "tiny")


def libraries(program):
    done = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True)
    return re.findall(r"(/\S+)", done.stdout)


def copy_program(place, name):
    program = os.path.realpath(shutil.which(name))
    for file in [program, *libraries(program)]:
        target = place + file
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(file, target)
    if not os.path.lexists(f"{place}/usr/bin/{name}"):
        os.symlink(program, f"{place}/usr/bin/{name}")


def full(place, merged=True):
    """As a distribution has it: shared libraries, /usr merged or not, /etc with links, /var."""
    os.makedirs(f"{place}/usr/bin")
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{place}/usr/{name}", exist_ok=True)
        if merged:
            os.symlink(f"usr/{name}", f"{place}/{name}")
        else:
            os.makedirs(f"{place}/{name}")
    for name in PROGRAMS:
        copy_program(place, name)
    if not merged:  # /bin and /lib are places of their own, as they were
        for name in ("bash", "ls", "cat", "sh"):
            source = "dash" if name == "sh" else name
            shutil.move(f"{place}/usr/bin/{source}", f"{place}/bin/{name}")
    else:
        os.symlink("dash", f"{place}/usr/bin/sh")
    make_common(place, "full")
    for directory in ("dev", "proc", "sys", "run", "tmp", "home/old", "root", "srv", "mnt", "boot",
                      "var/lib/data", "var/tmp", "var/log"):
        os.makedirs(f"{place}/{directory}")
    os.chmod(f"{place}/tmp", 0o1777)
    os.chmod(f"{place}/var/tmp", 0o1777)
    os.symlink("/run", f"{place}/var/run")
    os.symlink("../run/lock", f"{place}/var/lock")
    os.symlink("/run/systemd/resolve/stub-resolv.conf", f"{place}/etc/resolv.conf")
    os.symlink("../proc/self/mounts", f"{place}/etc/mtab")
    write(f"{place}/etc/passwd", "root:x:0:0::/root:/bin/sh\nstranger:x:47002:47002::/:/bin/sh\n")
    write(f"{place}/etc/hostname", "template\n")
    write(f"{place}/etc/shadow", "root:secret:::\n", 0o640)


def pack(place, image):
    """Makes an image of a tree, of the kind that its name ends with."""
    if image.endswith(".erofs"):
        command = ["mkfs.erofs", image, place]
    else:
        command = ["mksquashfs", place, image, "-noappend", "-quiet", "-no-progress", "-comp",
                   "lz4"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make():
    """The templates and images of KINDS, for the length of a suite."""
    os.makedirs(f"{STORE}/rootfs")
    os.makedirs(f"{STORE}/images")
    for name in ("tiny", "lab"):  # "lab" is what examples/policies speak of
        tiny(f"{STORE}/rootfs/{name}")
    full(f"{STORE}/rootfs/full")
    pack(f"{STORE}/rootfs/full", f"{STORE}/images/full.squashfs")
    pack(f"{STORE}/rootfs/tiny", f"{STORE}/images/tiny.erofs")


def loops():
    """Loop devices over our images. They belong to the machine: others' are not counted."""
    found = []
    for name in os.listdir("/sys/block"):
        try:
            with open(f"/sys/block/{name}/loop/backing_file") as file:
                found.append(f"loop {name} {file.read().strip()}")
        except OSError:
            pass
    return {line for line in found if re.search(r"(tiny|full|odd)\.(squashfs|erofs)|/volume$", line)}


def forget():
    """Takes away every user's kept changes."""
    shutil.rmtree(f"{STORE}/users", ignore_errors=True)
