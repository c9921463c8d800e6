# SPDX-License-Identifier: LGPL-2.1-or-later
"""What examples/ offers is used as it is, and does what it says."""

import ctypes
import os
import subprocess
from contextlib import contextmanager

from harness import trees, world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.world import INSIDE, run, ssh
from ways import expect_confined, expect_free

POLICY = "/etc/confine/confine.conf"
EXAMPLES = "examples/policies"


@contextmanager
def policy(name, group=None):
    """An example as the policy, with alice in one more group."""
    before, groups = world.read(POLICY), world.read("/etc/group")
    world.write(POLICY, world.read(f"{EXAMPLES}/{name}"))
    if group:
        world.write("/etc/group", groups + f"{group}:x:47200:alice\n")
    try:
        yield
    finally:
        world.write(POLICY, before)
        world.write("/etc/group", groups)


@check("every example policy passes confinectl check")
def all_check():
    for name in sorted(os.listdir(EXAMPLES)):
        done = run(["confinectl", "check", f"{EXAMPLES}/{name}"])
        with policy(name):
            installed = run(["confinectl", "check"])
        expect(done.code == 0 or "writ" in done.err + done.out, f"{name}: {done}")
        expect_equal(installed.code, 0, f"{name} installed: {installed.out}{installed.err}")


@check("students.conf confines a student, with the limits it states")
def students():
    with policy("students.conf"):
        done = ssh("alice", "hostname; umask; ulimit -n; ulimit -Hn; ulimit -u; ulimit -c")
        expect_equal(done.out.split(), ["alice-box", "0027", "1024", "4096", "256", "0"], "limits")
        expect_confined("bob")
        expect_free("carol")


@check("students.conf: a guest's home is gone with the session")
def guests():
    with policy("students.conf", "guests"):
        ssh("alice", "echo x >~/note; ls -A ~")
        expect(not os.path.exists("/home/alice/note"), "the file is in the real home")
        expect("note" not in ssh("alice", "ls -A ~").out, "the file is there again")


@check("students.conf: a suspended student is refused; a teacher is free")
def suspended():
    with policy("students.conf", "suspended"):
        expect(ssh("alice", "echo in").text != "in", "suspended, but in")
    with policy("students.conf", "teachers"):
        expect_free("alice")


@check("minimal.conf confines everybody but root and sudo")
def minimal():
    with policy("minimal.conf"):
        expect_confined("carol")
        expect_free("root")
    with policy("minimal.conf", "sudo"):
        expect_free("alice")


@check("sftp-only.conf: the upload directory and nothing else that is anybody's")
def sftp_only():
    os.makedirs("/srv/upload/alice")
    os.chown("/srv/upload/alice", 47001, 47001)
    try:
        with policy("sftp-only.conf", "sftp-customers"):
            done = run(["sftp", "-q", "-b", "-", "alice@inside"],
                       "put /etc/hostname /upload/file\nls -1 /upload\n-ls -1 /home\n")
            expect_equal(done.code, 0, f"sftp: {done.err}")
            expect_match("/upload/file", done.out, "listing")
            expect("bob" not in done.out and ".bashrc" not in done.out, f"listing: {done.out}")
            expect(os.path.exists("/srv/upload/alice/file"), "the file did not arrive")
            done = ssh("alice", "cp /usr/bin/id /upload/id && /upload/id", INSIDE)
            expect_match("Permission denied", done.err, "a program in the upload directory")
            expect_free("carol")
    finally:
        subprocess.run(["rm", "-r", "/srv/upload"], check=True)


@check("templates.conf: a member's changes stay, a guest's are gone with the session")
def templates():
    try:
        with policy("templates.conf"):
            ssh("alice", "echo x >/open/note")
            done = ssh("alice", "hostname; cat /etc/mark /open/note")
            expect_equal(done.out.split(), ["alice-lab", "tiny", "x"], f"member: {done.err}")
            expect_free("carol")
        with policy("templates.conf", "guests"):
            done = ssh("alice", "ls /open; echo x >/open/guests; ls -A ~")
            expect_equal(done.text, "theirs", f"guest: {done.err}")
            expect_equal(ssh("alice", "ls /open").text, "theirs", "the guest's next login")
    finally:
        wait_until(lambda: "alice" not in run(["confinectl", "list"]).out, 5, "alice stays")
        trees.forget()


class Conversation(ctypes.Structure):
    _fields_ = [("function", ctypes.CFUNCTYPE(ctypes.c_int)), ("data", ctypes.c_void_p)]


def account_verdict(service, user):
    """What pam_acct_mgmt(3) says; 0 is success."""
    pam = ctypes.CDLL("libpam.so.0")
    handle = ctypes.c_void_p()
    silent = Conversation(ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 19), None)
    pam.pam_start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
    pam.pam_acct_mgmt.argtypes = pam.pam_end.argtypes = [ctypes.c_void_p, ctypes.c_int]
    expect_equal(pam.pam_start(service.encode(), user.encode(), ctypes.byref(silent),
                               ctypes.byref(handle)), 0, "pam_start")
    verdict = pam.pam_acct_mgmt(handle, 0x8000)
    pam.pam_end(handle, verdict)
    return verdict


@check("pam.d/systemd-user: a covered user gets no user@.service, others do")
def systemd_user():
    text = world.read(POLICY)
    world.write("/etc/pam.d/systemd-user", world.read("examples/pam.d/systemd-user"))
    world.write(POLICY, text.replace("services = sshd\nprofile  = student",
                                     "services = sshd, systemd-user\nprofile  = student"))
    try:
        for user in ("carol", "admin", "root"):
            expect_equal(account_verdict("systemd-user", user), 0, user)
        expect(account_verdict("systemd-user", "alice") != 0, "alice gets a user manager outside")
    finally:
        world.write(POLICY, text)
