# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers made by "confinectl run", and the same commands outside as their controls."""

import json
import os
import re
import shutil
import subprocess
import time

from harness import leaks, trees, world
from harness.check import expect, wait_until

CONFIG = "/etc/confine/root-suite.conf"
RUNNER = 47001  # alice of tests/lib/world
# Weakened as far as policy goes: what still fails then does so for want of the thing itself.
WEAK = "seccomp = off\nno-new-privs = no\n"
PYTHON = ["/usr/bin/python3", "-I", "-S", "-c"]


def policy(keys=""):
    """Writes a policy whose profile "test" has these lines; returns the run command's start."""
    name = "" if "hostname =" in keys else "hostname = box\n"
    world.write(CONFIG, f"[global]\n[profile test]\n{name}{keys}\n")
    return ["confinectl", "run", "--config", CONFIG, "--profile", "test"]


def host(arguments, input=None, timeout=20, **options):
    """Runs a program outside to its end; options are those of subprocess.run()."""
    if input is None:
        options.setdefault("stdin", subprocess.DEVNULL)
    else:
        options["input"] = input
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="backslashreplace", timeout=timeout, **options)
    return world.Result(done.returncode, done.stdout, done.stderr)


def command(argv, keys="", user="alice"):
    return [*policy(keys), "--user", user, "--", *argv]


def run(argv, keys="", user="alice", **options):
    """Runs argv in a container of its own; options as host()."""
    return host(command(argv, keys, user), **options)


def shell(script, keys="", user="alice", **options):
    return run(["bash", "-c", script], keys, user, **options)


def python(code, keys="", user="alice", **options):
    return run([*PYTHON, code], keys, user, **options)


def as_user(argv, user="alice", **options):
    """The same outside: the user without any container."""
    identity = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all"]
    return host(["env", f"HOME=/home/{user}", *identity, *argv], **options)


def good(result, what="run"):
    expect(result.code == 0, f"{what}: status {result.code}: {result.err[-300:]!r}")
    return result.text


def refused(result, pattern):
    """One readable line, 125, and nothing on standard output."""
    lines = result.err.strip().splitlines()
    expect(result.code == 125, f"status {result.code}, output {result.out[-200:]!r}, "
                               f"errors {result.err[-300:]!r}")
    expect(result.out == "", f"a refused run printed {result.out[:200]!r}")
    expect(len(lines) == 1 and len(lines[0]) < 700, f"{len(lines)} lines: {result.err[:300]!r}")
    expect(re.search(pattern, lines[0]), f"{lines[0]!r} has no {pattern!r}")


class Running:
    """A container whose command stays until end()."""

    def __init__(self, argv, keys="", user="alice", **options):
        options.setdefault("text", True)
        self.process = world.start(command(argv, keys, user), **options)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def entry(self):
        """What confinectl list says of it."""
        def find():
            listed = json.loads(host(["confinectl", "list", "--json"]).out)
            mine = [one for one in listed
                    if one["supervisor"] == self.process.pid and one["init"] > 0]
            return mine and mine[0]
        return wait_until(find, 5, "confinectl list does not show the container")

    def init(self):
        """PID 1 of the container as the host numbers it."""
        return self.entry()["init"]

    def members(self):
        """All processes in the container's PID namespace, as the host numbers them."""
        namespace = os.readlink(f"/proc/{self.init()}/ns/pid")
        found = []
        for pid in leaks.pids():
            try:
                if os.readlink(f"/proc/{pid}/ns/pid") == namespace:
                    found.append(pid)
            except OSError:
                pass  # it has ended meanwhile
        return found

    def wait(self, seconds=10):
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            host(["confinectl", "list"])


def set_field(user, field, value):
    """Replaces one field of the user's line of /etc/passwd."""
    lines = []
    for line in world.read("/etc/passwd").splitlines():
        fields = line.split(":")
        if fields[0] == user:
            fields[field] = value
        lines.append(":".join(fields))
    world.write("/etc/passwd", "\n".join(lines) + "\n")


class Home:
    """Another home directory for a user, until the end of the with block."""

    def __init__(self, path, user="alice"):
        self.path, self.user = path, user

    def __enter__(self):
        self.passwd = world.read("/etc/passwd")
        set_field(self.user, 5, self.path)
        return self

    def __exit__(self, *_exception):
        world.write("/etc/passwd", self.passwd)


class Directory:
    """A directory that is there during the with block only; below /home, /run or /var."""

    def __init__(self, path, mode=0o755, owner=0):
        self.path, self.mode, self.owner = path, mode, owner

    def __enter__(self):
        os.makedirs(self.path)
        os.chmod(self.path, self.mode)
        os.chown(self.path, self.owner, self.owner)
        return self.path

    def __exit__(self, *_exception):
        for line in reversed(world.read("/proc/self/mountinfo").splitlines()):
            if (line.split()[4] + "/").startswith(self.path + "/"):
                subprocess.run(["umount", "-l", line.split()[4]], check=True)
        shutil.rmtree(self.path, ignore_errors=True)


def start():
    trees.make()
    policy()
    for keys in ("", WEAK):  # what is made once and kept is there before the first look
        good(run(["true"], keys))
    time.sleep(0.05)


def stop():
    os.unlink(CONFIG)
