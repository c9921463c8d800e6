# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins into every kind of root: command, terminal, files in and out, a second login."""

import json
import os
from contextlib import contextmanager

from harness import trees, world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.terminal import Terminal
from harness.trees import KINDS, STORE
from harness.world import INSIDE, Session, client, run, ssh

POLICY = "/etc/confine/confine.conf"


@contextmanager
def root(keys):
    """Students get this root; what they keep is gone afterwards."""
    before = world.read(POLICY)
    policy = before.replace("[profile student]\nrootfs   = host\n", "[profile student]\n" + keys)
    # What is kept cannot be shared by containers, so that a profile with one for each inherits badly.
    world.write(POLICY, policy.replace("join     = session\n", ""))
    trees.forget()
    try:
        yield
    finally:
        # The last container of a check may still be about to let go of its changes.
        wait_until(lambda: not json.loads(run(["confinectl", "list", "--json"]).out), 5,
                   "a container stays")
        trees.forget()
        world.write(POLICY, before)


def login(name, keys):
    """The same list for each kind of root."""
    mark = "tiny" if "static" in name or "erofs" in name else "full"
    with root(keys):
        done = ssh("alice", "cat /etc/mark /opt/app/mark; id -un; pwd; hostname; ls -d /usr/share/man")
        expect_equal(done.out.split(), [mark, mark, "alice", "/home/alice", "alice-box"],
                     f"command: {done.err}")
        with Terminal(client("alice", INSIDE, options=("-tt",))) as terminal:
            terminal.type("tty; test -t 0 && echo on-$((40+2))\n")
            terminal.wait_for(r"/dev/pts/\d+")
            terminal.wait_for("on-42")
            terminal.type("exit 7\n")
            expect_equal(terminal.close(), 7, "status of the terminal session")
        done = run(["sftp", "-q", "-b", "-", f"alice@{INSIDE}"],
                   "put /etc/hostname there\n-ls /usr/share/man\nget /opt/app/mark /root/got\n")
        expect_equal(done.code, 0, f"sftp: {done.err}")
        expect_equal(world.read("/root/got"), f"{mark}\n", "sftp get")
        expect(os.path.exists("/home/alice/there"), "sftp put")
        done = run(["scp", "-q", f"alice@{INSIDE}:/opt/app/mark", "/root/got"])
        expect_equal(done.code, 0, f"scp: {done.err}")
        os.unlink("/home/alice/there")
        os.unlink("/root/got")
        with Session("alice") as one, Session("alice") as two, Session("bob") as bob:
            one.ask("echo shared >/tmp/note; echo mine >/open/mine")
            expect_equal(two.ask("cat /tmp/note"), "shared", "a second login joins")
            wanted = "mine" if "overlay" in name else ""
            expect_equal(two.ask("cat /open/mine 2>/dev/null"), wanted, "changes")
            expect_equal(bob.ask("ls /open"), "theirs", "bob")
        wanted = "mine" if "overlay" in name and "discard" not in name else ""
        expect_equal(ssh("alice", "cat /open/mine").text, wanted, "the next login")
    wait_until(lambda: not trees.loops(), 5, "loop devices are left")


for _name, _keys in KINDS.items():
    check(f"logins into a root of the kind: {_name}")(lambda name=_name, keys=_keys: login(name, keys))


@check("twenty logins one after the other find the changes of the one before, each at once")
def quick():
    with root(KINDS["overlay, keep"]):
        for number in range(20):
            done = ssh("alice", f"cat /open/n 2>/dev/null; echo {number} >/open/n")
            expect_equal(done.text, str(number - 1) if number else "", f"login {number}: {done.err}")


@check("a template that is not there refuses the covered, with the reason in the log, and no others")
def missing():
    with root("rootfs = overlay:none\n"):
        mark = world.syslog.mark()
        done = ssh("alice", "echo in")
        expect("in" not in done.out.split(), f"got in: {done}")
        expect(world.syslog.wait_for(f"{STORE}/rootfs/none: No such file", mark), "the log")
        expect_equal(ssh("carol", "echo in").text, "in", "carol")
        expect_match("confinectl|event|confine", done.err + done.out, "the user is told")
    expect(not os.path.exists(f"{STORE}/users"), "something was made")
