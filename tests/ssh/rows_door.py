# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks of the threat rows share: a PAM service that obeys (rows_host), changed policies,
and the number of rounds, which CONFINE_ROUNDS sets for the long form."""

import json
import os
import subprocess
from contextlib import contextmanager

from harness import leaks, world
from harness.check import expect, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
POLICY = "/etc/confine/confine.conf"
SERVICE = "rows"
PAM = """auth required pam_permit.so
auth required pam_confine.so
account required pam_permit.so
session required pam_confine.so close
session required pam_permit.so
session required pam_confine.so
"""
PYTHON = "/usr/bin/python3 -IS -c "
WHERE = "readlink /proc/self/ns/mnt"
ALICE = 47001
OUTSIDE = os.readlink("/proc/self/ns/mnt")


def rounds(usual):
    """How often to repeat: usual, or what CONFINE_ROUNDS says."""
    return int(os.environ.get("CONFINE_ROUNDS", usual))


def patience(usual, each=0.3):
    """The time limit of a check with that many rounds, in seconds."""
    return int(60 + rounds(usual) * each)


def share(part, whole, what):
    """A figure of the run, on the suite's output."""
    percent = 100 * part / whole if whole else 0
    print(f"    {what}: {part} of {whole} ({percent:.1f} %)", flush=True)


@contextmanager
def changed_policy(*changes):
    """The policy with (old, new) replaced, for a while."""
    before = after = world.read(POLICY)
    for old, new in changes:
        expect(old in after, f"the policy has no {old!r}")
        after = after.replace(old, new)
    world.write(POLICY, after)
    try:
        yield
    finally:
        world.write(POLICY, before)


def student(keys):
    """A change for changed_policy(): more keys for alice's profile."""
    return "[profile student]\n", f"[profile student]\n{keys}\n"


class Host:
    """A process that is a PAM service; what its methods return is what rows_host answers."""

    def __init__(self, wrapper=()):
        self.process = world.start([*wrapper, f"{HERE}/rows_host", SERVICE], text=True,
                                   stderr=subprocess.DEVNULL)

    def tell(self, *words):
        """Without waiting for the answer; answer() takes it later."""
        self.process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        expect(line, f"the service has ended: {self.process.poll()}")
        return json.loads(line)

    def __call__(self, *words):
        self.tell(*words)
        return self.answer()

    def open(self, name, user="alice", *items):
        """A handle with an open session; what open_session answered."""
        self("start", name, user, *items)
        self("setcred", name)
        return self("open", name)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.process.stdin.close()
        self.process.wait(20)


@contextmanager
def door(*changes):
    """The service is covered as sshd is; changes are those of changed_policy()."""
    world.write(f"/etc/pam.d/{SERVICE}", PAM)
    try:
        with changed_policy(("services = sshd\n", f"services = sshd, {SERVICE}\n"), *changes):
            yield
    finally:
        os.unlink(f"/etc/pam.d/{SERVICE}")


def as_alice(arguments, **options):
    """The same outside: alice's uid on the host, without a container."""
    return subprocess.run(["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups",
                           "--inh-caps=-all", *arguments], capture_output=True, text=True,
                          timeout=30, stdin=subprocess.DEVNULL, **options)


def containers():
    """What confinectl list says."""
    return json.loads(world.run(["confinectl", "list", "--json"]).out)


def container():
    """The only one, once its supervisor has written down who is its init."""
    def complete():
        found = containers()
        return len(found) == 1 and found[0]["init"] > 1 and found[0]["supervisor"] > 1 and found[0]
    return wait_until(complete, 5, "confinectl list shows no container")


def named(name):
    """Processes of this name, as the host numbers them."""
    found = []
    for pid in leaks.pids():
        status = leaks.process_status(pid)
        if status and status["Name"] == name and status["State"][0] != "Z":
            found.append(pid)
    return found
