# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's cron: a covered user's jobs run in the container, and nowhere else."""

import os
import re
import subprocess
import time
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, expect_match, wait_until

CRONTABS = "/var/spool/cron/crontabs"
POLICY = "/etc/confine/confine.conf"
WHERE = "readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net; hostname; id -un"
SPACES = ("mnt", "pid", "net")


def crontab(user, *lines):
    path = f"{CRONTABS}/{user}"
    os.makedirs(CRONTABS, exist_ok=True)
    world.write(path, "MAILTO=\"\"\n" + "".join(line + "\n" for line in lines), 0o600)
    subprocess.run(["chown", f"{user}:crontab", path], check=True)


@contextmanager
def covered_jobs(without=()):
    """The policy covers cron too, and cron's PAM file is the example's, less some lines."""
    policy = world.read(POLICY)
    pam = world.read("examples/pam.d/cron")
    for line in without:
        pam = re.sub(rf"^{line}\s+required\s+pam_confine.so.*\n", "", pam, flags=re.MULTILINE)
    before = world.read("/etc/pam.d/cron")
    world.write("/etc/pam.d/cron", pam)
    world.write(POLICY, policy.replace("services = sshd\nprofile  = student",
                                       "services = sshd, cron\nprofile  = student"))
    try:
        yield
    finally:
        world.write(POLICY, policy)
        world.write("/etc/pam.d/cron", before)


@contextmanager
def cron():
    """The daemon runs @reboot lines at once, if it has not been here since boot."""
    mark = "/run/crond.reboot"
    if os.path.exists(mark):
        os.unlink(mark)
    daemon = subprocess.Popen(["/usr/sbin/cron", "-f", "-L", "15"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield daemon
    finally:
        daemon.terminate()
        daemon.wait(10)
        wait_until(lambda: not os.listdir("/run/confine/containers"), 10, "a job stays")
        for path in (*(f"{CRONTABS}/{name}" for name in os.listdir(CRONTABS)), mark,
                     "/run/crond.pid"):
            if os.path.exists(path):
                os.unlink(path)


def result(user, name="out"):
    path = f"/home/{user}/{name}"
    wait_until(lambda: os.path.exists(path) and "done" in world.read(path), 20, f"no {path}")
    text = world.read(path)
    os.unlink(path)
    return text


def outside():
    return [os.readlink(f"/proc/self/ns/{name}") for name in SPACES]


@check("a covered user's cron job runs in the container, with its status; others as ever")
def job():
    log = world.syslog.mark()
    with covered_jobs():
        crontab("alice", f"@reboot ({WHERE}; grep -E 'Cap|Seccomp:|NoNew' /proc/self/status; "
                         "echo done) >out 2>&1; exit 3")
        crontab("carol", f"@reboot ({WHERE}; echo done) >out 2>&1")
        with cron():
            inside, free = result("alice"), result("carol")
            world.syslog.wait_for(r"exit status 3", log)
    for there, here in zip(inside.split("\n"), outside()):
        expect(there != here, f"{there} is the host's")
    expect_match(r"^alice-box$", inside, "the job's hostname")
    expect_match(r"^NoNewPrivs:\s1$", inside, "the job's no_new_privs")
    expect_match(r"^Seccomp:\s2$", inside, "the job's filter")
    for name in ("Prm", "Eff", "Inh", "Amb", "Bnd"):
        expect_match(rf"^Cap{name}:\s0+$", inside, "the job's capabilities")
    expect_equal(free.split("\n")[:3], outside(), "an uncovered user's job")


@check("a crontab line that begins with exec runs in the container, in its processes too")
def exec_job():
    with covered_jobs():
        crontab("alice", "@reboot exec sh -c '(" + WHERE + "; ls -d /proc/[0-9]*; echo done) >out'")
        with cron():
            text = result("alice")
    for there, here in zip(text.split("\n"), outside()):
        expect(there != here, f"{there} is the host's")
    expect(len(re.findall(r"^/proc/\d+$", text, re.MULTILINE)) <= 4,
           f"the job sees processes of others: {text}")


@check("cron's job and an ssh login of the same user share one container")
def shared():
    with covered_jobs():
        crontab("alice", f"@reboot ({WHERE}; echo done) >out; exec sleep 3")
        with cron():
            job_spaces = result("alice").split("\n")[:3]
            login = world.ssh("alice", WHERE).text.split("\n")[:3]
            expect_equal(login, job_spaces, "the login's namespaces")


@check("cron without the auth or the session lines: the job runs nowhere")
def no_lines():
    for without in (("auth",), ("session",)):
        with covered_jobs(without):
            crontab("alice", "@reboot id >outside")
            crontab("carol", "@reboot (id; echo done) >out")
            with cron():
                result("carol")
                time.sleep(0.5)
                expect(not os.path.exists("/home/alice/outside"), f"it ran without {without}")
