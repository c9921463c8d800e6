# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a login could leave behind: mounts, processes, cgroups, network links, files, IPC."""

import os
import re
import signal
import time

FILE_ROOTS = ("/run", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/dev/pts", "/var/lib/confine")

# Kept on purpose: compiled filters, named after their content.
CACHE = re.compile(r"^/run/confine/(filters?|cache)(/|$)")


def _mounts():
    with open("/proc/self/mountinfo") as lines:
        return {"mount " + " ".join(line.split()[3:]) for line in lines}


def process_status(pid):
    """Fields of /proc/PID/status as a dictionary; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/status") as lines:
            return dict(re.split(r":\s*", line.rstrip("\n"), maxsplit=1) for line in lines)
    except (FileNotFoundError, ProcessLookupError):
        return None


def _start_time(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _processes():
    found = set()
    for pid in pids():
        status, start = process_status(pid), _start_time(pid)
        if not status or not start:
            continue
        if status["State"].startswith("Z") and status["PPid"] == "1":
            continue  # on its way to be reaped by PID 1 of the enclave
        found.add(f"process {pid} {status['Name']} uid {status['Uid'].split()[0]} start {start}")
    return found


def _cgroups():
    return {"cgroup " + path for path, _, _ in os.walk("/sys/fs/cgroup")}


def _links():
    return {"link " + name for name in os.listdir("/sys/class/net")}


def _files():
    found = set()
    for root in FILE_ROOTS:
        for path, directories, files in os.walk(root):
            names = (os.path.join(path, name) for name in directories + files)
            found.update("file " + name for name in names if not CACHE.match(name))
    return found


def _ipc():
    found = set()
    for kind in ("shm", "sem", "msg"):
        with open(f"/proc/sysvipc/{kind}") as lines:
            found.update(f"{kind} {line.split()[1]}" for line in list(lines)[1:])
    return found


def snapshot():
    return _mounts() | _processes() | _cgroups() | _links() | _files() | _ipc()


def sweep(before):
    """Ends the processes that were left behind, so that the next check does not meet them."""
    for item in _processes() - before:
        try:
            os.kill(int(item.split()[1]), signal.SIGKILL)
        except ProcessLookupError:
            pass


def quiet():
    """The world when it has stopped changing."""
    before = snapshot()
    while True:
        time.sleep(0.5)
        now = snapshot()
        if now == before:
            return now
        before = now


def settle(before, seconds=5.0):
    """Waits until the world is as it was; returns the differences that stay, as text."""
    end = time.monotonic() + seconds
    while True:
        now = snapshot()
        differences = sorted("+" + item for item in now - before)
        differences += sorted("-" + item for item in before - now if not item.startswith("process"))
        if not differences or time.monotonic() > end:
            return differences[:20]
        time.sleep(0.05)
