# SPDX-License-Identifier: LGPL-2.1-or-later
"""Something of confine's own is broken: covered users are refused by every way, never outside;
who is not confined still gets in; and all is well again when the damage is repaired."""

import os
import re
import subprocess
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, wait_until
from harness.world import Service, ssh
from ways import (expect_confined, expect_free, expect_never_outside, expect_refused,
                  expect_told)

HELPER = "/usr/libexec/confine/confine-helper"
POLICY = "/etc/confine/confine.conf"


def expect_logged(mark, pattern="confine"):
    expect(world.syslog.wait_for(pattern, mark), f"no line in the log with {pattern!r}")


@contextmanager
def replaced(path, text=None, mode=0o755):
    """The file is another one for a while, or missing."""
    os.rename(path, path + ".away")
    try:
        if text is not None:
            world.write(path, text, mode)
        yield
    finally:
        if os.path.lexists(path):
            os.unlink(path)
        os.rename(path + ".away", path)


def expect_fails_closed(free=("root",)):
    mark = world.syslog.mark()
    expect_refused("alice")
    expect_logged(mark)
    for user in free:
        expect_equal(ssh(user, "echo in").text, "in", f"{user}'s login")


def expect_repaired():
    expect_equal(ssh("alice", "hostname").text, "alice-box", "login after the repair")


@check("control: each of the ways in ends outside in a plain login, inside in a confined one")
def control():
    expect_free("alice", world.PLAIN)
    expect_free("carol")
    expect_confined("alice")


@check("helper missing")
def helper_missing():
    with replaced(HELPER):
        expect_fails_closed()
    expect_repaired()


@check("who is refused is told so in one readable line")
def told():
    with replaced(HELPER):
        expect_told("alice")


@check("helper not executable")
def helper_not_executable():
    os.chmod(HELPER, 0o644)
    try:
        expect_fails_closed()
    finally:
        os.chmod(HELPER, 0o755)
    expect_repaired()


@check("helper that others can write is not trusted")
def helper_writable():
    os.chmod(HELPER, 0o757)
    try:
        expect_never_outside("alice")
    finally:
        os.chmod(HELPER, 0o755)


@check("helper that answers nothing, rubbish, or dies")
def helper_wrong():
    for script in ("exit 0", "exit 1", "kill -9 $$", "echo rubbish >&3",
                   "head -c 100000 /dev/zero >&3"):
        with replaced(HELPER, f"#!/bin/sh\n{script}\n"):
            expect_fails_closed()
    expect_repaired()


@check("helper that hangs is given up", limit=150)
def helper_hangs():
    with replaced(HELPER, "#!/bin/sh\nexec sleep 600\n"):
        expect_fails_closed(free=())
        expect_equal(ssh("root", "echo in", timeout=60).text, "in", "root's login")
    expect_repaired()


@check("helper killed at any moment of the opening", limit=120)
def helper_killed():
    before = set(os.listdir("/proc"))
    for round_number in range(20):
        login = world.start(world.client("alice", command="readlink /proc/self/ns/mnt"), text=True)
        killer = subprocess.Popen(["/usr/bin/python3", "-c", KILL_HELPER,
                                   str(round_number * 0.0015)])
        out, _ = login.communicate(timeout=30)
        killer.wait()
        expect(out.strip() != os.readlink("/proc/self/ns/mnt"), "outside")
    wait_until(lambda: not helpers(before), 5, "helper processes stay")
    expect_repaired()


# Kills the first process that runs the helper, some time after it appears.
KILL_HELPER = """
import os, sys, time
end = time.monotonic() + 3
while time.monotonic() < end:
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{pid}/exe").endswith("/confine-helper"):
                time.sleep(float(sys.argv[1]))
                os.kill(int(pid), 9)
                sys.exit()
        except OSError:
            pass
"""


def helpers(before):
    found = []
    for pid in set(os.listdir("/proc")) - before:
        try:
            if pid.isdigit() and os.readlink(f"/proc/{pid}/exe").endswith("/confine-helper"):
                found.append(pid)
        except OSError:
            pass
    return found


def confined_pam():
    return world.read("/etc/pam.d/sshd")


def without(pattern):
    text = re.sub(f"(?m)^{pattern}.*\n", "", confined_pam())
    expect(text != confined_pam(), f"nothing to leave out: {pattern}")
    return text


# A service of its own has its own name, which the policy's rules must cover.
@contextmanager
def service_with(pam):
    policy = world.read(POLICY)
    world.write(POLICY, policy.replace("services = sshd\n", "services = sshd, sshd-changed\n"))
    try:
        with Service("sshd-changed", 2227, pam=pam) as service:
            yield service
    finally:
        world.write(POLICY, policy)


@check("auth line missing")
def auth_line_missing():
    with service_with(without(r"auth\s+required\s+pam_confine")) as service:
        expect_refused("alice", service)
        expect_free("carol", service)
        expect_equal(ssh("root", "echo in", service).text, "in", "root")


@check("auth line skipped by a line above it")
def auth_line_skipped():
    pam = re.sub(r"(?m)^(auth\s+required\s+pam_confine)", r"auth sufficient pam_permit.so\n\1",
                 confined_pam())
    with service_with(pam) as service:
        expect_refused("alice", service)
        expect_free("carol", service)


@check("last session line missing")
def session_line_missing():
    with service_with(without(r"session\s+required\s+pam_confine.so\n")) as service:
        expect_never_outside("alice", service)
        expect_free("carol", service)


@check("both session lines missing")
def session_lines_missing():
    with service_with(without(r"session\s+required\s+pam_confine.so")) as service:
        expect_never_outside("alice", service)
        expect_free("carol", service)


@check("first session line missing")
def close_line_missing():
    with service_with(without(r"session\s+required\s+pam_confine.so close")) as service:
        expect_never_outside("alice", service)
        expect_free("carol", service)


@check("session lines in the wrong order")
def wrong_order():
    pam = confined_pam().replace("pam_confine.so close", "pam_confine.so CLOSE")
    pam = re.sub(r"(?m)(pam_confine\.so)$(?![\s\S]*pam_confine\.so$)", r"\1 close", pam)
    pam = pam.replace("pam_confine.so CLOSE", "pam_confine.so")
    with service_with(pam) as service:
        expect_never_outside("alice", service)
        expect_free("carol", service)


@check("unknown option of the module")
def unknown_option():
    pam = re.sub(r"(?m)^(session\s+required\s+pam_confine.so)$", r"\1 nonsense", confined_pam())
    with service_with(pam) as service:
        expect_never_outside("alice", service)


@check("a later session line that fails leaves nothing behind")
def later_line_fails():
    pam = confined_pam() + "session required pam_deny.so\n"
    with service_with(pam) as service:
        expect_never_outside("alice", service)


BROKEN = {
    "unknown key": "[profile x]\nnonsense = 1\n",
    "unknown section": "[nonsense]\nkey = 1\n",
    "duplicate key": "[profile x]\nrootfs = host\nrootfs = host\n",
    "no such profile": "[match last]\ngroups = students\nprofile = missing\n",
    "bad value": "[profile x]\nproc = nonsense\n",
    "long line": f"[profile x]\nhostname = {'a' * 2000}\n",
    "not built": ("[profile student]\n", "[profile student]\nnetwork = pasta\n"),
    "no section": ("[profile student]", "[profile student"),
}


@check("policy with a mistake: covered users are refused, the exempt get in", limit=180)
def policy_broken():
    good = world.read(POLICY)
    for what, addition in BROKEN.items():
        text = good.replace(*addition) if isinstance(addition, tuple) else good + addition
        with replaced(POLICY, text, 0o644):
            mark = world.syslog.mark()
            expect(ssh("alice", "echo in").text != "in", f"{what}: alice got in")
            expect_logged(mark, r"confine\.conf")
            for user in ("admin", "root"):
                expect_equal(ssh(user, "echo in").text, "in", f"{what}: {user}'s login")
    with replaced(POLICY, good + BROKEN["unknown key"], 0o644):
        expect_refused("alice")
    expect_repaired()


@check("policy missing, empty, huge, or binary")
def policy_missing():
    for text in (None, "", "x" * (10 << 20), "[global]\nmin-uid = 1\0\n"):
        with replaced(POLICY, text, 0o644):
            expect(ssh("alice", "echo in").text != "in", f"got in with {str(text)[:20]!r}")
            expect_equal(ssh("root", "echo in").text, "in", "root's login")
    with replaced(POLICY):
        expect_refused("alice")
    expect_repaired()


@check("policy that others could have written is not believed")
def policy_writable():
    generous = world.read(POLICY).replace("exempt-users  = root", "exempt-users = root, alice")
    for mode, owner, directory in ((0o664, 0, 0o755), (0o646, 0, 0o755), (0o644, 47001, 0o755),
                                   (0o644, 0, 0o775), (0o644, 0, 0o757)):
        with replaced(POLICY, generous, mode):
            os.chmod(POLICY, mode)
            os.chown(POLICY, owner, 0)
            os.chmod("/etc/confine", directory)
            try:
                expect(ssh("alice", "echo in").text != "in", f"{mode:o} {owner} {directory:o}")
                expect_equal(ssh("root", "echo in").text, "in", "root's login")
            finally:
                os.chmod("/etc/confine", 0o755)
    with replaced(POLICY, generous, 0o644):
        expect_equal(ssh("alice", "echo in").text, "in", "control: the same text in good hands")
    expect_repaired()


@check("policy that is a link, a directory, a pipe or a device", limit=90)
def policy_special():
    makers = {"link": lambda: os.symlink(POLICY + ".away", POLICY),
              "directory": lambda: os.mkdir(POLICY), "pipe": lambda: os.mkfifo(POLICY),
              "device": lambda: os.mknod(POLICY, 0o20644, os.makedev(1, 5))}
    for what, make in makers.items():
        os.rename(POLICY, POLICY + ".away")
        try:
            make()
            expect(ssh("alice", "echo in").text != "in", f"{what}: alice got in")
            expect_equal(ssh("root", "echo in").text, "in", f"{what}: root's login")
        finally:
            os.rmdir(POLICY) if what == "directory" else os.unlink(POLICY)
            os.rename(POLICY + ".away", POLICY)
    expect_repaired()


def remount(options):
    subprocess.run(["mount", "-o", f"remount,{options}", "tmpfs", "/run"], check=True)


@check("/run read-only")
def run_read_only():
    remount("ro")
    try:
        expect_never_outside("alice")
        expect_equal(ssh("root", "echo in").text, "in", "root's login")
    finally:
        remount("rw")
    expect_repaired()


@check("/run full")
def run_full():
    try:
        subprocess.run("cat /dev/zero >/run/fill 2>/dev/null; true", shell=True, check=True)
        expect_never_outside("alice")
        expect_equal(ssh("root", "echo in").text, "in", "root's login")
    finally:
        os.unlink("/run/fill")
    expect_repaired()


@check("/run/confine not root's, or open to others")
def state_directory():
    for mode, owner in ((0o777, 0), (0o700, 47001)):
        info = os.stat("/run/confine")
        os.chmod("/run/confine", mode)
        os.chown("/run/confine", owner, 0)
        try:
            expect_never_outside("alice")
        finally:
            os.chown("/run/confine", info.st_uid, info.st_gid)
            os.chmod("/run/confine", info.st_mode & 0o7777)
    expect_repaired()


@check("/run/confine replaced by a link, a file, a pipe")
def state_special():
    makers = {"link": lambda: os.symlink("/home/alice", "/run/confine"),
              "file": lambda: world.write("/run/confine", ""),
              "pipe": lambda: os.mkfifo("/run/confine")}
    for make in makers.values():
        os.rename("/run/confine", "/run/confine.away")
        try:
            make()
            expect_never_outside("alice")
            expect("confine" not in " ".join(os.listdir("/home/alice")), "state in alice's home")
        finally:
            os.unlink("/run/confine")
            os.rename("/run/confine.away", "/run/confine")
    expect_repaired()


@check("syslog missing")
def syslog_missing():
    os.rename("/dev/log", "/dev/log.away")
    try:
        expect_equal(ssh("alice", "hostname").text, "alice-box", "login without syslog")
    finally:
        os.rename("/dev/log.away", "/dev/log")


@check("no cgroup v2: refused or served, never outside")
def no_cgroup():
    subprocess.run(["umount", "/sys/fs/cgroup"], check=True)
    try:
        expect_never_outside("alice")
    finally:
        subprocess.run(["mount", "-t", "cgroup2", "-o", "nosuid,nodev,noexec", "cgroup2",
                        "/sys/fs/cgroup"], check=True)
    expect_repaired()
