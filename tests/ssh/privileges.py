# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every process of a finished login has left: nothing. Read from outside, as root."""

import re
import shlex

from harness import leaks, world
from harness.check import check, expect, expect_equal, wait_until
from harness.world import INSIDE, PLAIN, Session, ssh, start

SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
NOTHING = {name: "0" * 16 for name in SETS} | {"NoNewPrivs": "1", "Seccomp": "2"}


def processes_of(uid):
    found = []
    for pid in leaks.pids():
        status = leaks.process_status(pid)
        if status and status["Uid"].split() == [str(uid)] * 4 and status["State"][0] != "Z":
            found.append((pid, status))
    return found


def names_of(uid):
    return [status["Name"] for _, status in processes_of(uid)]


def expect_nothing_left(least):
    """Every process of alice's, seen from the host, is without privilege."""
    seen = wait_until(lambda: len(found := processes_of(47001)) >= least and found, 10,
                      f"fewer than {least} processes")
    for pid, status in seen:
        left = {name: status[name] for name in NOTHING}
        expect_equal(left, NOTHING, f"{status['Name']} ({pid})")
        expect_equal(status["Gid"].split(), ["47001"] * 4, f"gid of {status['Name']}")


@check("no process of a login keeps a capability; no_new_privs and the filter are on")
def nothing_left():
    with Session("alice"):
        expect_nothing_left(2)


@check("the same for internal-sftp, ssh -N and the external sftp-server")
def nothing_left_without_shell():
    for arguments in (["sftp", "-q", "alice@inside"], ["ssh", "-N", "alice@inside"],
                      ["ssh", "-s", "alice@inside", "sftp"]):
        process = start(arguments)
        expect_nothing_left(1)
        process.kill()
        process.wait()
        wait_until(lambda: not processes_of(47001), 10, "processes stay")


@check("control: a plain login keeps its bounding set and has no filter")
def control():
    with Session("alice", PLAIN):
        for _, status in processes_of(47001):
            expect(status["CapBnd"] != "0" * 16 and status["Seccomp"] == "0", "plain login")


@check("sshd's user process holds no descriptor that a plain one does not")
def descriptors():
    def kinds(host):
        with Session("alice", host):
            pid = [pid for pid, status in processes_of(47001) if "sshd" in status["Name"]][0]
            links = world.run(["find", f"/proc/{pid}/fd", "-mindepth", "1", "-printf", "%l\\n"]).out
            return sorted(re.sub(r"(-plain)?-?\d+", "N", link) for link in links.split())
    outside = kinds(PLAIN)
    expect_equal(kinds(INSIDE), outside, "descriptors of sshd's user process")


STATE = ("grep -vE '^(Pid|Tgid|Ngid|NStgid|NSpid|NSpgid|NSsid|PPid|Vm|Rss|Hug|volun|nonvol"
         "|Threads|Name|Cpus|Mems|SigQ|untag|x86|Speculation|State)' /proc/self/status; ulimit -a; umask; "
         "awk '{ $1 = $2 = \"\"; print }' /proc/self/mountinfo")


@check("a second login is confined exactly as the first, whatever the first did")
def second_login():
    with Session("alice") as first:
        before = first.ask(STATE)
        first.ask("rm -rf /tmp/* /run/* /dev/* /etc/* /proc/* 2>/dev/null; "
                  "find / -xdev -writable -type f ! -path '/home/*' ! -path '/proc/*' "
                  "-exec sh -c ': >\"$1\"' sh {} \\; 2>/dev/null")
        expect_equal(ssh("alice", f"exec bash -c {shlex.quote(STATE)}").text, before.strip(),
                     "state of the second login")


KEYS = r"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("found" if libc.syscall(250, 10, -3, b"user", b"confine-probe", 0) > 0 else "none")
"""

ADD_KEY = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(250, 1, None)
key = libc.syscall(248, b"user", b"confine-probe", b"secret", 6, -3)
libc.syscall(250, 5, key, ctypes.c_ulong(0x3f3f3f3f))
ring = libc.syscall(250, 0, -3, 0)
libc.syscall(250, 5, ring, ctypes.c_ulong(0x3f3f3f3f))
os.execv(sys.argv[1], sys.argv[1:])
"""


def with_host_key(name, port, pam):
    """An sshd whose session keyring holds a key, and whose PAM stack makes no new keyring."""
    pam = re.sub("(?m)^.*pam_keyinit.*$", "", pam)
    return world.Service(name, port, pam=pam, wrapper=["/usr/bin/python3", "-c", ADD_KEY])


@check("the session keyring is new: a key of the host's session is not found")
def keyring():
    policy = world.read("/etc/confine/confine.conf")
    world.write("/etc/confine/confine.conf",
                policy.replace("rootfs   = host\n", "rootfs   = host\nseccomp  = off\n")
                .replace("services = sshd\n", ""))
    command = "python3 -c " + shlex.quote(KEYS)
    try:
        with with_host_key("sshd-keys", 2225, world.read("/etc/pam.d/sshd-plain")) as service:
            expect_equal(ssh("alice", command, service).text, "found", "control")
        with with_host_key("sshd-keys-inside", 2226, world.read("/etc/pam.d/sshd")) as service:
            done = ssh("alice", f"hostname; {command}", service)
            expect_equal(done.out.split(), ["alice-box", "none"], f"inside: {done.err}")
    finally:
        world.write("/etc/confine/confine.conf", policy)


def cgroup_of(pid):
    return world.read(f"/proc/{pid}/cgroup").split("0::")[1].strip()


@check("every process of a session, daemons too, is in the session's own cgroup")
def cgroups():
    with Session("alice") as first, Session("alice") as second:
        for session in (first, second):
            session.ask("setsid sh -c 'sleep 1000 & exec sleep 1000' >/dev/null 2>&1 &")
        wait_until(lambda: names_of(47001).count("sleep") == 4, 5, "the daemons do not run")
        places = {}
        for pid, status in processes_of(47001):
            places.setdefault(cgroup_of(pid), []).append(status["Name"])
        expect(len(places) == 2, f"cgroups of two sessions: {places}")
        expect(all(place not in ("/", "/harness") for place in places), f"not moved: {places}")
        expect(all(names.count("sleep") == 2 for names in places.values()), f"{places}")


@check("a daemon ends with its session")
def daemon_ends():
    ssh("alice", "setsid sleep 12345 >/dev/null 2>&1 </dev/null &")
    wait_until(lambda: not processes_of(47001), 5, "a process outlives the session")
    done = ssh("alice", "setsid sleep 12345 >/dev/null 2>&1 </dev/null & echo $!", PLAIN)
    wait_until(lambda: "sleep" in names_of(47001), 5, "control: it outlives a plain login")
    ssh("alice", f"kill {done.text}", PLAIN)
