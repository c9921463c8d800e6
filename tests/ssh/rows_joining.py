# SPDX-License-Identifier: LGPL-2.1-or-later
"""R01 R02 R03 R05: a container that is not the right one, not there any more, or wrecked; and
looking into whoever joins it."""

import os
import random
import signal
import subprocess
import time
from contextlib import contextmanager

from harness import leaks, world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.world import PLAIN, Session, ssh
from rows_door import (ALICE, OUTSIDE, WHERE, Host, as_alice, changed_policy, container, door,
                       named, patience, rounds, share, student)

REGISTRY = "/run/confine/containers"

# A container as a user can make one: namespaces, a registry, a socket, a process of that name.
FAKE = r"""
mount -t tmpfs none /run && mkdir -p /run/confine/containers/$1
cp /usr/bin/sleep /tmp/confine-init
printf 'id=%s.00\nuser=alice\nuid=47001\ninit=1\n' $1 >/run/confine/containers/$1/state
python3 -c '
import os, socket, sys, time
key = sys.argv[1]
for name in ("/run/confine/containers/" + key + "/control", "\0confine", "\0" + key):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind(name); s.listen()
    if os.fork() == 0:
        s.accept(); open("/home/alice/asked", "w").close(); os._exit(0)
' $1
echo up
exec /tmp/confine-init 1000
"""


@contextmanager
def fake_container(key):
    process = world.start(["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups",
                           "unshare", "-Urmpf", "--kill-child", "bash", "-c", FAKE, "bash", key],
                          text=True)
    expect_equal(process.stdout.readline(), "up\n", "the container of alice's own")
    try:
        yield wait_until(lambda: named("confine-init"), 5, "no process of that name")[0]
    finally:
        process.kill()
        process.wait()
        wait_until(lambda: not named("confine-init"), 5, "it stays")
        os.unlink("/tmp/confine-init")


def key_of(user):
    with Session(user):
        return container()["container"].split(".")[0]


@check("R01 a container of the user's own making is not joined")
def fake():
    key = key_of("alice")
    for path in ("", "/" + key, f"/{key}/control"):
        expect(as_alice(["mkdir", "-p", REGISTRY + path]).returncode != 0, f"made {path}")
    with fake_container(key) as init:
        its = os.readlink(f"/proc/{init}/ns/mnt")
        expect(its != OUTSIDE, "control: it has namespaces")
        naive = world.run(["nsenter", "-t", str(init), "-m", "readlink", "/proc/self/ns/mnt"])
        expect_equal(naive.text, its, "control: whoever goes by the name is in it")
        done = ssh("alice", f"hostname; {WHERE}").out.split()
        expect(done[0] == "alice-box" and done[1] not in (its, OUTSIDE), f"login: {done}, {its}")
        expect(not os.path.exists("/home/alice/asked"), "its socket was asked")


@check("R01 a registry entry with another's container behind it is refused")
def foreign_entry():
    theirs = key_of("bob")
    with Session("alice") as alice:
        mine = container()["container"].split(".")[0]
        place = alice.ask(WHERE)
        expect_equal(ssh("alice", WHERE).text, place, "control: her own entry is joined")
        os.rename(f"{REGISTRY}/{mine}", f"{REGISTRY}/{theirs}")
        try:
            done = ssh("bob", WHERE)
        finally:
            os.rename(f"{REGISTRY}/{theirs}", f"{REGISTRY}/{mine}")
        expect(done.code != 0 and place not in done.out, f"bob is in alice's: {done}")


def recycle(number):
    """A process of alice's, outside, that has this number; None if others were quicker."""
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(number - 1))
    process = subprocess.Popen(["setpriv", "--reuid", "alice", "--clear-groups", "sleep", "100"])
    if process.pid == number:
        return process
    process.kill()
    process.wait()
    return None


def kill_container(entry):
    """Supervisor and init die, and their numbers are free again."""
    for pid in (entry["supervisor"], entry["init"]):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: not os.path.exists(f"/proc/{entry['init']}"), 5, "init stays")


@check("R02 init dies between open and join and its number is taken: refused",
       limit=patience(15))
def recycled():
    count, taken = rounds(15), 0
    with door(), Host() as host:
        for _ in range(count):
            host.open("a")
            entry = container()
            kill_container(entry)
            impostor = recycle(entry["init"])
            if impostor:
                taken += 1
                naive = world.run(["nsenter", "-t", str(entry["init"]), "-m", "readlink",
                                   "/proc/self/ns/mnt"])
                expect_equal(naive.text, OUTSIDE, "control: joining by number ends outside")
            done = host("child", "a", "echo in")
            expect("in" not in done["out"].split() and done["status"] == 255, f"joined: {done}")
            host("close", "a")
            host("end", "a")
            if impostor:
                impostor.kill()
                impostor.wait()
        expect_equal(host("rounds", 1, "alice", "hostname"), {"alice-box": 1}, "the next login")
    expect(taken, "the number was never taken")
    share(taken, count, "joins whose number was another's, all refused")


@check("R02 init or supervisor die at any moment of the join: inside or refused",
       limit=patience(40))
def killed_while_joining():
    count, answers = rounds(40), {}
    with door(), Host() as host:
        for number in range(count):
            host.open("a")
            entry = container()
            host.tell("child", "a", "hostname; exec readlink /proc/self/ns/mnt")
            time.sleep(random.uniform(0, 0.02))
            os.kill(entry["init" if number % 2 else "supervisor"], signal.SIGKILL)
            done = host.answer()
            expect(OUTSIDE not in done["out"], f"outside: {done}")
            served = done["out"].startswith("alice-box")
            answers[served] = answers.get(served, 0) + 1
            expect(served or done["status"] != 0, f"neither: {done}")
            host("close", "a")
            host("end", "a")
    share(answers.get(False, 0), count, "joins that the death of init or supervisor ended")


@check("R02 init dies after the welcome, before setns, and its number is taken: refused", limit=120)
def killed_at_setns():
    slow = ["strace", "-D", "-f", "-qq", "-o", "/run/slow", "-e", "trace=setns",
            "-e", "inject=setns:delay_enter=400000"]
    with door(), Host(slow) as host:
        for who in (("init",), ("supervisor",)):
            host.open("a")
            entry = container()
            host.tell("child", "a", "echo in")
            time.sleep(0.2)
            for name in who:
                os.kill(entry[name], signal.SIGKILL)
            impostor = None
            if "supervisor" in who:  # nobody is left who would keep the number
                kill_container(entry)
                impostor = recycle(entry["init"])
            done = host.answer()
            if impostor:
                impostor.kill()
                impostor.wait()
            expect(done["status"] != 0 and not done["out"], f"{who} killed: {done}")
            host("close", "a")
            host("end", "a")
        host.open("a")
        expect_equal(host("child", "a", "echo in")["out"], "in\n", "control: nobody killed")
        host("close", "a")
    os.unlink("/run/slow")


VOLATILE = ("Pid|Tgid|Ngid|PPid|NStgid|NSpid|NSpgid|NSsid|Vm[A-Z]|Rss|HugetlbPages|SigQ|Threads|"
            "voluntary|nonvoluntary|Cpus_allowed|Mems_allowed|State|TracerPid")
STATE = (f"grep -vE '^({VOLATILE})' /proc/self/status; cat /proc/self/limits; "
         "sed 's/[0-9]*$//' /proc/self/cgroup; cat /proc/self/oom_score_adj "
         "/proc/self/personality; nice; umask; ls -l /proc/self/ns | sed 's/.*-> //'; "
         "cut -d' ' -f3- /proc/self/mountinfo; env | grep -v ^SSH_C; echo end")

WRECK = """
rm -rf /tmp/* /var/tmp/* /dev/shm/* /run/* /etc/* /dev/* /proc/* 2>/dev/null
exec 2>/dev/null
find / -xdev -writable ! -path '/home/*' ! -path '/proc/*' -exec sh -c ': >"$1"' sh {} \\;
find /proc /sys -maxdepth 3 -writable -type f -exec sh -c 'echo 0 >"$1"' sh {} \\; 2>/dev/null
for p in $(ls /proc | grep '^[0-9]'); do
    prlimit --pid $p --nofile=999999:999999 --core=unlimited; renice -n -5 -p $p
    echo -1000 >/proc/$p/oom_score_adj; echo $$ >/sys/fs/cgroup/cgroup.procs
done 2>/dev/null
hostname evil; ulimit -n unlimited; umask 777; mount -t tmpfs none /etc; unshare -U true
find / -xdev -name '*.bpf' -delete; mkdir -p ~/.config/confine /run/confine; true
"""


def shape(pid):
    """The cgroup of a process without what is the container's and the session's number."""
    path = world.read(f"/proc/{pid}/cgroup").split("0::")[1].strip()
    return [part.rstrip("0123456789") if part[0] == "s" else part.split("-")[0]
            for part in path.split("/") if part]


def cgroup_shapes(command):
    """Of all alice's processes while a login runs that command."""
    process = world.start(world.client("alice", command=f"{command}; echo up; read x"), text=True)
    while process.stdout.readline().strip() != "up":
        pass
    own = {tuple(shape(pid)) for pid in leaks.pids()
           if (leaks.process_status(pid) or {}).get("Uid", "0").split()[0] == str(ALICE)}
    process.communicate("\n", timeout=20)
    return own


def differing(one, other):
    """The first words of the lines in which two states differ."""
    return {line.split()[0] for line in set(one.split("\n")) ^ set(other.split("\n")) if line}


@check("R03 a second login is the first's twin in every line, whatever the first did")
def twins():
    with changed_policy(student("rlimit-nofile = 100:200\nrlimit-core = 0\numask = 0027")):
        with Session("alice") as first:
            before, places = ssh("alice", STATE).out, cgroup_shapes("true")
            expect(before.endswith("end\n") and len(before.split("\n")) > 70, f"{before}")
            first.ask(WRECK)
            after = ssh("alice", STATE).out
            expect_equal(differing(before, after), set(), "lines of the second login")
            expect_equal(cgroup_shapes("true"), places, "cgroups")
            expect_equal({place[-3:] for place in places}, {("confine", "u47001", "s")}, "cgroups")
    with changed_policy(student("rlimit-nofile = 100:200\nrlimit-core = 0\numask = 0027\n"
                                "seccomp = off\nno-new-privs = no\ncaps-keep = chown")):
        weak = differing(before, ssh("alice", STATE).out)
    expect({"Seccomp:", "Seccomp_filters:", "NoNewPrivs:", "CapBnd:"} <= weak, f"control: {weak}")
    plain = differing(before, ssh("alice", STATE, PLAIN).out)
    expect({"Max", "0027", "Seccomp:"} <= plain, f"control: a plain login: {plain}")


PEEK = "/usr/local/bin/rows-peek"
GUARDED = ("sshd", "confine", "python3")


@contextmanager
def peeker():
    done = world.run(["cc", "-Wall", "-Wextra", "-Werror", "-O1", "-D_GNU_SOURCE", "-o", PEEK,
                      "tests/ssh/rows_peek.c"])
    expect_equal(done.code, 0, f"cc: {done.err}")
    try:
        yield
    finally:
        os.unlink(PEEK)


def log_in_often(seconds):
    """Through sshd and through a service of ours, until the time is over; how often."""
    count, end = 0, time.monotonic() + seconds
    with Host() as host:
        while time.monotonic() < end:
            host.tell("rounds", 5, "alice", "exec sleep 0.002")
            ssh("alice", "exec sleep 0.002")
            host.answer()
            count += 6
    return count


def got_into(text):
    """{program: {how}} of what the peeker says; how many guarded processes of alice's it met."""
    programs = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3:
            programs.setdefault(words[0], set()).add(words[1])
    met = int(text.split("met ")[1].split()[0])
    return programs, met


@check("R05 whoever joins cannot be looked into by his own uid outside, in any phase", limit=90)
def peek_outside():
    seconds = max(4, rounds(0) // 50)
    with peeker(), door():
        bystander = subprocess.Popen(["setpriv", "--reuid", "alice", "--clear-groups", "sleep",
                                      "1000"])
        watcher = world.start(["setpriv", "--reuid", "alice", "--clear-groups", PEEK, str(seconds),
                               *GUARDED], text=True)
        watcher.stdout.readline()
        count = log_in_often(seconds - 1)
        programs, met = got_into(watcher.communicate(timeout=60)[0])
        bystander.kill()
        bystander.wait()
    every = {"root", "cwd", "exe", "mem", "environ", "fd", "process_vm_readv", "ptrace"}
    expect_equal(programs.get("sleep"), every, "control: got into a process of her own")
    expect(met >= 5, f"control: met {met} of the guarded processes")
    bad = {name: how for name, how in programs.items() if name.startswith(GUARDED)}
    expect_equal(bad, {}, "got into")
    share(0, met, f"joining processes looked into, {count} logins")


@check("R05 nor from inside: not who joins, not init, not the supervisor", limit=90)
def peek_inside():
    seconds = max(4, rounds(0) // 50)
    with peeker(), door(("proc     = full\n", "proc     = full\n")), Session("alice") as session:
        session.ask("sleep 1000 >/dev/null 2>&1 & disown")
        command = f"{PEEK} {seconds} {' '.join(GUARDED)}"
        watcher = world.start(world.client("alice", command=command), text=True)
        watcher.stdout.readline()
        log_in_often(seconds - 1)
        programs, _ = got_into(watcher.communicate(timeout=60)[0])
        expect_match("ptrace", " ".join(programs.get("sleep", ())), "control: her own sleep")
        bad = {name: how for name, how in programs.items() if name.startswith(GUARDED)}
        expect_equal(bad, {}, "got into")
    with peeker():  # with proc = full init can be seen, but not more
        seen = ssh("frank", f"{PEEK} 1 confine").out
        expect("confine" not in seen.split("met")[0], f"got into init: {seen}")
