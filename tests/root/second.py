# SPDX-License-Identifier: LGPL-2.1-or-later
"""confine-shell as login(1), su or sshd would start it: by a user, without PAM."""

import os
import shlex
import signal
import subprocess

from engine import host
from harness import leaks, world
from harness.check import expect, expect_equal, expect_match, wait_until

SHELL = "/usr/bin/confine-shell"
POLICY = "/etc/confine/confine.conf"
HENRY = 47009
# The user and nothing of root's; what comes behind it is executed as he would do it.
BECOME = ["/usr/bin/setpriv", "--reuid", "{user}", "--regid", "{user}", "--init-groups", "--inh-caps=-all"]
CLEAN = {"PATH": "/usr/bin:/bin", "TERM": "dumb"}


def as_user(argv, user="henry", name=None):
    """A command list that executes argv as the user, with name as its argv[0]."""
    if name is not None:
        script = f"exec -a {shlex.quote(name)} " + " ".join(shlex.quote(word) for word in argv)
        argv = ["bash", "--norc", "--noprofile", "-c", script]
    return [word.format(user=user) for word in BECOME] + argv


def door(*arguments, user="henry", name=None, environment=None, **options):
    """confine-shell to its end; options are those of subprocess.run()."""
    options.setdefault("cwd", "/")
    return host(as_user([SHELL, *arguments], user, name), env={**CLEAN, **(environment or {})},
                **options)


def inside(script, **options):
    """The output of a script that must end well."""
    done = door("-c", script, **options)
    expect(done.code == 0, f"status {done.code}: {done.err[-300:]!r}")
    return done.text


def expect_refused(done, status=125):
    """No shell, nothing on standard output, one line with an event id and no detail."""
    expect_equal((done.code, done.out), (status, ""), f"a refused login ({done.err!r})")
    expect_match(r"\Aconfine: login refused \(event [0-9a-f]{8}\)\n\Z", done.err, "its one line")


class Policy:
    """Another policy during the with block."""

    def __init__(self, change):
        self.change = change

    def __enter__(self):
        self.before = world.read(POLICY)
        world.write(POLICY, self.change(self.before))

    def __exit__(self, *_exception):
        world.write(POLICY, self.before)


def with_keys(keys):
    return Policy(lambda text: text.replace("[profile student]\n", f"[profile student]\n{keys}\n"))


class Held:
    """A session that stays and keeps the container alive."""

    def __init__(self, script="echo up; read line", user="henry", **options):
        self.process = world.start(as_user([SHELL, "-c", script], user), env=CLEAN, text=True,
                                   cwd="/", **options)
        self.first = self.process.stdout.readline().strip()

    def members(self):
        """The processes inside, as the host numbers them."""
        outside = os.readlink("/proc/self/ns/pid")
        found = []
        for pid in leaks.pids():
            try:
                uid = os.stat(f"/proc/{pid}").st_uid
                space = os.readlink(f"/proc/{pid}/ns/pid")
            except OSError:
                continue
            if uid == HENRY and space != outside:
                found.append(pid)
        return found

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
        return self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.end()


def last_session_gone():
    wait_until(lambda: not os.listdir("/run/confine/containers"), 5, "a container stays")


def status_fields(text):
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


__all__ = ["SHELL", "HENRY", "Held", "Policy", "as_user", "door", "expect_refused", "inside",
           "last_session_gone", "signal", "status_fields", "subprocess", "with_keys"]
