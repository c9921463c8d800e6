# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command may do: nothing that a plain user may not, and what policy keeps, exactly."""

import os
import shutil
import subprocess
from contextlib import contextmanager

from engine import PYTHON, WEAK, as_user, command, good, host, python, refused, run, shell
from harness.check import check, expect, expect_equal

SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
NONE = dict.fromkeys(SETS, "0" * 16)


def status(keys=""):
    lines = good(run(["cat", "/proc/self/status"], keys)).splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def chosen(keys, *names):
    have = status(keys)
    return {name: have[name] for name in names}


@check("every capability set is empty, no_new_privs and the filter are on")
def nothing():
    wanted = NONE | {"NoNewPrivs": "1", "Seccomp": "2"}
    expect_equal(chosen("", *wanted), wanted, "status")
    expect_equal(status()["Uid"].split(), ["47001"] * 4, "uids")
    outside = as_user(["cat", "/proc/self/status"]).out
    expect("NoNewPrivs:\t0" in outside and "Seccomp:\t0" in outside
           and "CapBnd:\t" + "0" * 16 not in outside, "control: outside")


@check("every combination of keys that touch privileges leaves what it says")
def combinations():
    for nnp in ("yes", "no"):
        for seccomp in ("default", "strict", "off"):
            for keep, mask in (("none", 0), ("net_bind_service", 1 << 10), ("chown, kill", 0x21)):
                keys = f"no-new-privs = {nnp}\nseccomp = {seccomp}\ncaps-keep = {keep}\n"
                done = run(["cat", "/proc/self/status"], keys)
                if done.code:
                    expect(done.code == 125 and done.err, f"{keys}: {done}")
                    continue
                have = dict(line.split(":\t") for line in done.out.splitlines() if ":\t" in line)
                expect_equal([have[name] for name in SETS], [f"{mask:016x}"] * 5, keys)
                expect_equal((have["NoNewPrivs"], have["Seccomp"]),
                             ("1" if nnp == "yes" else "0", "0" if seccomp == "off" else "2"), keys)


BIND = "import socket\nsocket.socket().bind(('127.0.0.1', 80))\nprint('bound')"


@check("caps-keep: the bounding set is the list, and port 80 can be bound with it")
def kept():
    done = python(BIND, "caps-keep = net_bind_service\n")
    expect_equal(done.text, "bound", f"with the capability: {done.err}")
    done = python(BIND)
    expect("Permission denied" in done.err and not done.out, f"without: {done}")
    docker = status("caps-keep = docker\n")
    expect_equal((docker["CapBnd"], bin(int(docker["CapBnd"], 16)).count("1")),
                 ("00000000a80425fb", 14), "docker's fourteen")


@check("capabilities that reach the host are not to be kept")
def not_kept():
    for name in ("sys_module", "dac_read_search", "sys_rawio", "no_such_capability", "all"):
        done = run(["true"], f"caps-keep = {name}\n")
        if name in ("no_such_capability", "all"):
            refused(done, "caps-keep")


@contextmanager
def planted(place):
    """Programs that would act with more than their caller's rights, and a device node."""
    names = ("suid", "sgid", "filecap", "zero")
    shutil.copy("/usr/bin/id", f"{place}/suid")
    shutil.copy("/usr/bin/id", f"{place}/sgid")
    shutil.copy("/usr/bin/cat", f"{place}/filecap")
    os.chmod(f"{place}/suid", 0o4755)
    os.chmod(f"{place}/sgid", 0o2755)
    host(["setcap", "cap_dac_override+ep", f"{place}/filecap"])
    os.mknod(f"{place}/zero", 0o020666, os.makedev(1, 5))
    os.chmod(f"{place}/zero", 0o666)
    try:
        yield [f"{place}/{name}" for name in names]
    finally:
        for name in names:
            os.unlink(f"{place}/{name}")


TRY = ("cd {}; ./suid -u; ./sgid -g; ./filecap /proc/self/status 2>&1 | grep CapEff || "
       "echo - none; head -c 1 ./zero 2>/dev/null | wc -c")


@check("setuid and setgid programs, file capabilities and nodes in writable places do nothing")
def planted_files():
    with planted("/home/alice"):
        outside = as_user(["bash", "-c", TRY.format("/home/alice")]).out.split()
        expect_equal(outside, ["0", "0", "CapEff:", f"{2:016x}", "1"], "control: outside they do")
        for keys in ("", WEAK, WEAK + "caps-keep = chown\n"):
            done = shell(TRY.format("/home/alice") + "; cat /proc/self/status | grep CapEff", keys)
            inside = done.out.split()
            expect_equal((inside[:2], inside[-3]), (["47001", "47001"], "0"), f"with {keys!r}")
            ours = inside[-1]
            expect(inside[2] == "-" or inside[3] == ours, f"capability with {keys!r}: {inside}")
    with planted("/run"):
        keys = "bind = /run:/data\n" + WEAK
        expect_equal(shell(TRY.format("/data"), keys).out.split()[:2], ["47001"] * 2, "in a bind")


@check("the host's own setuid programs do nothing, even without no_new_privs")
def host_programs():
    shutil.copy("/usr/bin/id", "/usr/bin/suid-id")
    os.chmod("/usr/bin/suid-id", 0o4755)
    try:
        expect_equal(as_user(["suid-id", "-u"]).text, "0", "control: outside")
        for keys in ("", WEAK):
            expect_equal(good(run(["suid-id", "-u"], keys)), "47001", f"with {keys!r}")
    finally:
        os.unlink("/usr/bin/suid-id")
    for program in ("su -c id", "mount -t tmpfs none /tmp", "chsh -s /bin/sh", "newgrp students"):
        done = shell(f"echo x | timeout 5 {program}; id -u", WEAK)
        expect_equal(done.out.split()[-1], "47001", program)


FDS = "import os\nfor fd in range(1024):\n try:\n  os.fstat(fd); print(fd)\n except OSError: pass\n"


@check("no descriptor of the caller's comes through but 0, 1 and 2")
def descriptors():
    kept = [os.open(path, os.O_RDONLY) for path in ("/", "/proc", "/etc/shadow", "/home", "/sys")]
    kept.append(os.open("/", os.O_PATH))
    high = os.dup2(kept[0], 900)
    try:
        passed = (*kept, high)
        control = host([*PYTHON, FDS], pass_fds=passed).out.split()
        expect(len(control) == 3 + len(passed), f"control: {control}")
        expect_equal(python(FDS, pass_fds=passed).out.split(), ["0", "1", "2"], "inside")
    finally:
        for fd in (*kept, high):
            os.close(fd)


@check("a directory as standard input, output or error is refused: it is a way out")
def directory_as_stream():
    for number in range(3):
        place = os.open("/", os.O_RDONLY)
        streams = {("stdin", "stdout", "stderr")[number]: place}
        try:
            code = host_streams(["sh", "-c", f"cd /proc/self/fd/{number}/etc/ssh"], streams)
        finally:
            os.close(place)
        expect_equal(code, 125, f"descriptor {number}")


def host_streams(argv, streams):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               **streams}
    return subprocess.run(command(argv), timeout=10, **streams).returncode


KEYS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("found" if libc.syscall(250, 10, -3, b"user", b"confine-probe", 0) > 0 else "none")
"""

WITH_KEY = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(250, 1, None)
key = libc.syscall(248, b"user", b"confine-probe", b"secret", 6, -3)
for what in (key, libc.syscall(250, 0, -3, 0)):
    libc.syscall(250, 5, what, ctypes.c_ulong(0x3f3f3f3f))
os.execvp(sys.argv[1], sys.argv[1:])
"""


@check("the session keyring is new")
def keyring():
    outside = host([*PYTHON, WITH_KEY, "setpriv", "--reuid", "47001", "--clear-groups", *PYTHON,
                    KEYS])
    expect_equal(outside.text, "found", f"control: {outside.err}")
    inside = host([*PYTHON, WITH_KEY, *command([*PYTHON, KEYS], WEAK)])
    expect_equal(good(inside), "none", "inside")


@check("environment is the user's: nothing of the caller's but TERM comes through")
def environment():
    bad = {"LD_PRELOAD": "/home/alice/evil.so", "BASH_ENV": "/home/alice/evil", "IFS": "x",
           "CONFINE_CONFIG": "/dev/null", "TERM": "xterm", "SECRET": "1",
           "PATH": os.environ["PATH"], "GLIBC_TUNABLES": "glibc.malloc.check=3",
           "LOCPATH": "/home/alice"}
    done = good(run(["env"], env=bad)).splitlines()
    expect_equal(sorted(done), ["HOME=/home/alice", "LOGNAME=alice",
                                "PATH=/usr/local/bin:/usr/bin:/bin",
                                "SHELL=/bin/bash", "TERM=xterm", "USER=alice"], "environment")
    done = good(run(["env"], "env-set = EDITOR=vi, HOME=/tmp\n")).splitlines()
    expect("EDITOR=vi" in done, f"env-set: {done}")


@check("limits of policy are taken, and are hard")
def limits():
    keys = "rlimit-nofile = 100:200\nrlimit-nproc = 50\nrlimit-core = 0\nrlimit-fsize = 1M\n"
    done = good(shell("ulimit -n; ulimit -Hn; ulimit -u; ulimit -c; ulimit -n 300; "
                      "head -c 2M /dev/zero >/tmp/x; stat -c %s /tmp/x", keys))
    expect_equal(done.split(), ["100", "200", "50", "0", str(1 << 20)], "limits")
