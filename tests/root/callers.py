# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callers in a bad state: each run is fully isolated, or refused with a status other than 0."""

import os
import resource
import signal
import subprocess
import time

from engine import PYTHON, command, host
from harness.check import check, expect, expect_equal, wait_until

EVERY = set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}

# Says everything about the confinement that a caller could have spoilt.
PROBE = """
import os, signal
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(*(status[name].strip() for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "SigBlk")))
print(sorted(n for n in range(300) if os.path.exists(f"/proc/self/fd/{n}"))[:3])
print(os.readlink("/proc/self/ns/mnt"), os.path.exists("/etc/shadow"), os.getcwd())
print(sorted(s for s in range(1, 65) if s not in (9, 19, 32, 33)
             and signal.getsignal(s) == signal.SIG_IGN and s != signal.SIGPIPE and s != 25))
raise SystemExit(7)
"""


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def close(*fds):
    return lambda: [os.close(fd) for fd in fds]


def ignore(*numbers):
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in numbers]


def many_files():
    for _ in range(900):
        os.set_inheritable(os.open("/", os.O_RDONLY), True)


def lost_directory():
    place = f"/run/lost-{os.getpid()}"
    os.mkdir(place)
    os.chdir(place)
    os.rmdir(place)


def timers():
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    signal.setitimer(signal.ITIMER_PROF, 5)


def full_mask():
    signal.pthread_sigmask(signal.SIG_BLOCK, EVERY)


CONDITIONS = {
    "nothing odd (control)": lambda: None,
    "stdin closed": close(0), "stdout closed": close(1), "stderr closed": close(2),
    "all three closed": close(0, 1, 2), "stdin and stdout closed": close(0, 1),
    "umask 000": lambda: os.umask(0), "umask 777": lambda: os.umask(0o777),
    "all signals blocked": full_mask, "all signals ignored": ignore(*EVERY),
    "SIGCHLD ignored": ignore(signal.SIGCHLD),
    "SIGTERM and SIGINT ignored": ignore(signal.SIGTERM, signal.SIGINT),
    "timers running": timers, "working directory deleted": lost_directory,
    "nice 19": lambda: os.nice(19), "900 descriptors of /": many_files,
    "NOFILE 3": limit(resource.RLIMIT_NOFILE, 3), "NOFILE 6": limit(resource.RLIMIT_NOFILE, 6),
    "NOFILE 12": limit(resource.RLIMIT_NOFILE, 12), "NOFILE 20": limit(resource.RLIMIT_NOFILE, 20),
    "FSIZE 0": limit(resource.RLIMIT_FSIZE, 0), "FSIZE 1": limit(resource.RLIMIT_FSIZE, 1),
    "FSIZE 100": limit(resource.RLIMIT_FSIZE, 100),
    "NPROC 1": limit(resource.RLIMIT_NPROC, 1), "CORE 0": limit(resource.RLIMIT_CORE, 0),
    "STACK 64K": limit(resource.RLIMIT_STACK, 1 << 16),
    "STACK 256K": limit(resource.RLIMIT_STACK, 1 << 18),
    "AS 8M": limit(resource.RLIMIT_AS, 8 << 20), "AS 32M": limit(resource.RLIMIT_AS, 32 << 20),
    "DATA 64K": limit(resource.RLIMIT_DATA, 1 << 16),
    "DATA 4M": limit(resource.RLIMIT_DATA, 4 << 20),
    "MEMLOCK 0": limit(resource.RLIMIT_MEMLOCK, 0), "CPU 1": limit(resource.RLIMIT_CPU, 1),
    "SIGPENDING 0": limit(resource.RLIMIT_SIGPENDING, 0),
}


def under(condition):
    start = command([*PYTHON, PROBE])
    began = time.monotonic()
    with open("/dev/null") as null:
        done = subprocess.run(start, preexec_fn=condition, stdin=null, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=8, close_fds=False)
    return done, time.monotonic() - began


def expect_isolated(name, done):
    """What could be printed must be right; the status says that the command ran."""
    lines = done.stdout.splitlines()
    if not lines:
        expect("stdout" in name or "three" in name, f"{name}: no output; {done.stderr[-200:]}")
        return
    expect_equal(lines[0], "0" * 16 + " " + "0" * 16 + " 1 2 " + "0" * 16, f"{name}: status")
    expect_equal(lines[1], "[0, 1, 2]", f"{name}: descriptors")
    mnt, shadow, cwd = lines[2].split()
    expect(mnt != os.readlink("/proc/self/ns/mnt") and shadow == "False" and cwd == "/home/alice",
           f"{name}: {lines[2]}")
    expect_equal(lines[3], "[]", f"{name}: ignored signals")


# These must not even be an obstacle.
MUST_RUN = ("closed", "umask", "signals", "SIG", "timers", "deleted", "nice", "900", "CORE",
            "control", "MEMLOCK")


@check("a caller in a bad state: fully isolated or refused, no hang, nothing left", limit=120)
def conditions():
    outcomes = {}
    for name, condition in CONDITIONS.items():
        done, seconds = under(condition)
        outcomes[name] = done.returncode
        expect(seconds < 8, f"{name} took {seconds:.1f} s")
        if done.returncode == 7:
            expect_isolated(name, done)
            continue
        expect(done.returncode != 0, f"{name}: status 0 without the command")
        expect(done.stdout == "", f"{name}: {done.returncode}, but {done.stdout!r}")
        expect(not any(word in name for word in MUST_RUN) or "PENDING" in name,
               f"{name}: {done.returncode} {done.stderr[-300:]!r}")
    left = wait_until(lambda: os.listdir("/run/confine/containers") == [] or [], 1,
                      f"entries left after {outcomes}")
    expect(left, "")
    modes = [os.stat(f"/run/confine{name}").st_mode & 0o777 for name in ("", "/containers",
                                                                         "/filters")]
    expect_equal(modes, [0o700] * 3, "modes in /run/confine")


@check("a refused run of a limited caller says why in a line")
def reasons():
    for name in ("NOFILE 6", "FSIZE 0"):
        done, _ = under(CONDITIONS[name])
        expect_equal(done.returncode, 125, f"{name}: {done.stderr}")
        expect(done.stderr.count("\n") == 1 and done.stderr.startswith("confinectl: "),
               f"{name}: {done.stderr!r}")


@check("a reader that has gone does not keep a run from clearing up")
def broken_pipe():
    ends = os.pipe()
    os.close(ends[0])
    done = subprocess.run(command(["true"], "hostname = a b\n"), stdout=ends[1], stderr=ends[1],
                          timeout=8)
    os.close(ends[1])
    expect_equal(done.returncode, 125, "status")
    expect_equal(os.listdir("/run/confine/containers"), [], "registry")


@check("a user cannot start, list or kill anything")
def users():
    for verb in (["run", "--profile", "test", "--", "true"], ["list"], ["status"],
                 ["kill", "alice"]):
        done = host(["setpriv", "--reuid", "47001", "--clear-groups", "confinectl", *verb])
        expect(done.code in (1, 125) and "root" in done.err and not done.out, f"{verb}: {done}")
