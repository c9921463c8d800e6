# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody dies without a word: the session ends, and nothing of it stays."""

import os
import signal

from harness import leaks, world
from harness.check import check, expect_equal, wait_until
from harness.world import INSIDE, Session, client, ssh, start
from privileges import processes_of


def new_processes(before):
    """What a login added: {pid: status}, of root and others."""
    found = {}
    for pid in leaks.pids():
        status = leaks.process_status(pid)
        if pid not in before and status and status["State"][0] != "Z":
            found[pid] = status
    return found


def depth(status):
    return len(status["NSpid"].split())


def inner_pid(status):
    return status["NSpid"].split()[-1]


class Login:
    """A confined session with the processes that belong to it, by role."""

    def __init__(self, user="alice"):
        before = set(leaks.pids())
        self.session = Session(user)
        self.session.ask("setsid sleep 7777 >/dev/null 2>&1 & sleep 8888 & disown -a")
        here = depth(leaks.process_status("self"))
        found = new_processes(before)
        self.init = [pid for pid, status in found.items()
                     if depth(status) > here and inner_pid(status) == "1"]
        self.monitor = [pid for pid, status in found.items()
                        if status["Name"] == "sshd" and status["Uid"].split()[0] == "0"]
        self.user_sshd = [pid for pid, status in found.items()
                          if status["Name"] == "sshd" and status["Uid"].split()[0] != "0"]
        self.supervisor = [pid for pid, status in found.items() if depth(status) == here and
                           status["Name"] not in ("sshd", "ssh", "python3")]

    def expect_ends(self, seconds=10):
        wait_until(lambda: self.session.process.poll() is not None, seconds, "the client stays")
        wait_until(lambda: not processes_of(47001), seconds, "alice's processes stay")


def kill_one(role):
    login = Login()
    pids = getattr(login, role)
    expect_equal(len(pids), 1, f"number of processes that are {role}: {pids}")
    os.kill(pids[0], signal.SIGKILL)
    login.expect_ends()
    expect_equal(ssh("alice", "hostname").text, "alice-box", "the next login")


@check("sshd's monitor killed")
def monitor_killed():
    kill_one("monitor")


@check("sshd's user process killed")
def user_process_killed():
    kill_one("user_sshd")


@check("supervisor killed")
def supervisor_killed():
    kill_one("supervisor")


@check("init reaper killed")
def init_killed():
    kill_one("init")


@check("supervisor killed while two sessions are on")
def supervisor_killed_shared():
    login = Login()
    second = Session("alice")
    os.kill(login.supervisor[0], signal.SIGKILL)
    login.expect_ends()
    wait_until(lambda: second.process.poll() is not None, 10, "the second client stays")
    expect_equal(ssh("alice", "hostname").text, "alice-box", "the next login")


@check("one monitor killed while a second session is on: only its own session ends")
def monitor_killed_shared():
    with Session("alice") as second:
        login = Login()
        os.kill(login.monitor[0], signal.SIGKILL)
        wait_until(lambda: login.session.process.poll() is not None, 10, "the client stays")
        wait_until(lambda: "7777" not in second.ask("ps -e -o args="), 10, "its processes stay")
        expect_equal(second.ask("echo here"), "here", "the other session")


@check("everybody killed at once")
def all_killed():
    login = Login()
    for pid in login.monitor + login.supervisor + login.user_sshd + login.init:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    login.expect_ends()
    expect_equal(ssh("alice", "hostname").text, "alice-box", "the next login")


@check("client gone")
def client_gone():
    login = Login()
    login.session.process.kill()
    login.expect_ends()


@check("client gone in the middle of the opening", limit=90)
def client_gone_early():
    for round_number in range(15):
        process = start(client("alice", INSIDE, "sleep 600"))
        try:
            process.wait(0.08 + 0.02 * round_number)
        except world.subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    wait_until(lambda: not processes_of(47001), 10, "alice's processes stay")
    expect_equal(ssh("alice", "hostname").text, "alice-box", "the next login")


@check("the user stops or kills everything of the session, sshd's process is ended too")
def stopped():
    session = Session("alice")
    session.process.stdin.write("kill -STOP -1\n")
    session.process.stdin.flush()
    session.process.kill()
    wait_until(lambda: not processes_of(47001), 10, "stopped processes stay")
