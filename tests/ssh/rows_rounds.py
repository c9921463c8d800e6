# SPDX-License-Identifier: LGPL-2.1-or-later
"""R21 R33 R56 R59: many logins in a row, against logouts, against names that change, and by
services that make mistakes. CONFINE_ROUNDS sets the number of rounds for the long form."""

import os
import random
import shlex
import time
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.world import INSIDE, Session, client, run, ssh, start
from rows_door import (ALICE, OUTSIDE, WHERE, Host, container, containers, door, patience, rounds,
                       share)


@check("R56 the last logout against a login, from a barrier: in a container that lives",
       limit=patience(200))
def logout_against_login():
    count, joined = rounds(200), 0
    question = "hostname; sleep 0.01; echo $(readlink /proc/self/ns/pid)"
    with door(), Host() as leaver, Host() as comer:
        for number in range(count):
            expect_equal(leaver.open("a")["code"], 0, "first login")
            before = leaver("stay", "a", "readlink /proc/self/ns/pid; exec sleep 100")["out"]
            comer("start", "b", "alice")
            comer("setcred", "b")
            first, second = (leaver, "close", "a"), (comer, "open", "b")
            if number % 2:
                first, second = second, first
            first[0].tell(*first[1:])
            time.sleep(random.uniform(0, 0.012))
            second[0].tell(*second[1:])
            leaver.answer()
            expect_equal(comer.answer()["code"], 0, f"round {number}: the newcomer's open")
            done = comer("child", "b", question)
            words = done["out"].split()
            expect(done["status"] == 0 and words[:1] == ["alice-box"] and len(words) == 2,
                   f"round {number}: {done}")
            joined += words[1] == before.strip()
            leaver("gone", "a")
            leaver("end", "a")
            comer("close", "b")
            comer("end", "b")
    share(joined, count, "newcomers who found the old container, all others a fresh one")
    expect(0 < joined < count, "no race")


@check("R56 first logins at once: one container", limit=300)
def first_logins():
    count = max(3, rounds(0) // 200)
    with door():
        for _ in range(count):
            hosts = [Host() for _ in range(12)]
            for host in hosts:
                host("start", "a", "alice")
                host("setcred", "a")
            for host in hosts:
                host.tell("open", "a")
            expect_equal([host.answer()["code"] for host in hosts], [0] * 12, "opens")
            expect_equal(len(containers()), 1, "containers")
            places = {host("child", "a", "readlink /proc/self/ns/pid")["out"] for host in hosts}
            expect_equal(len(places), 1, "PID namespaces")
            for host in hosts:
                host("close", "a")
                host.__exit__()
            wait_until(lambda: not containers(), 5, "the container stays")


def mountinfo():
    return world.read("/proc/self/mountinfo")


@contextmanager
def shared_mounts():
    """As systemd has them: what is mounted travels, unless somebody sees to it."""
    run(["mount", "--make-rshared", "/"])
    try:
        yield
    finally:
        run(["mount", "--make-rprivate", "/"])


@check("R33 mountinfo of the host is byte for byte the same after many logins",
       limit=patience(100))
def mounts_stay():
    count = rounds(100)
    with shared_mounts(), door(), Host() as host:
        before = mountinfo()
        expect("shared:" in before, "control: the host's mounts are shared")
        expect_equal(host("rounds", count, "alice", "hostname"), {"alice-box": count}, "logins")
        expect_equal(mountinfo(), before, f"after {count} logins")
        host.open("a")
        expect_equal(mountinfo(), before, "during a login")
        inside = host("child", "a", "cat /proc/self/mountinfo")["out"]
        expect("shared:" not in inside and "master:" not in inside, "mounts inside are shared")
        host("close", "a")
        expect_equal(mountinfo(), before, "after it")
        run(["unshare", "-m", "--propagation", "unchanged", "mount", "-t", "tmpfs", "none",
             "/mnt/layers"])
        expect(mountinfo() != before, "control: a mount of a careless service shows")
        run(["umount", "/mnt/layers"])


EXCHANGE = """
import ctypes, sys
libc = ctypes.CDLL(None)
one, two = (name.encode() for name in sys.argv[1:3])
while True:
    libc.renameat2(-100, one, -100, two, 2)
"""


@contextmanager
def exchanging(one, two):
    """alice, outside, exchanges two names as fast as she can."""
    process = start(["setpriv", "--reuid", "alice", "--clear-groups", "/usr/bin/python3", "-IS",
                     "-c", EXCHANGE, one, two])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def tree(*places):
    """Every name below, with its owner."""
    found = set()
    for place in places:
        for path, names, files in os.walk(place):
            for name in names + files:
                whole = os.path.join(path, name)
                found.add((whole, os.lstat(whole).st_uid))
    return found


@contextmanager
def home_at(path):
    passwd = world.read("/etc/passwd")
    world.write("/etc/passwd", passwd.replace(":/home/alice:", f":{path}:"))
    world.write("/etc/ssh/keys/alice", world.read("/root/.ssh/id_ed25519.pub"))
    try:
        yield
    finally:
        world.write("/etc/passwd", passwd)
        os.unlink("/etc/ssh/keys/alice")


@contextmanager
def playground():
    """A directory of alice's with a real home, and what she would have it be instead."""
    for name in ("", "/p", "/p/h", "/p/h/mark", "/elsewhere", "/elsewhere/h"):
        os.mkdir(f"/home/play{name}", 0o755)
        os.chown(f"/home/play{name}", ALICE, ALICE)
    os.mkdir("/home/victim", 0o777)
    os.chmod("/home/victim", 0o777)
    try:
        yield
    finally:
        run(["rm", "-rf", "/home/play", "/home/victim"])


# Whether the home is alice's own; a probe is left in whatever it is.
LOOK = ("h=none; [ -d ~/mark ] && h=mine; [ -e ~/shadow ] && h=ETC; [ -d ~/bob ] && h=HOME; "
        "touch ~/probe-$$ 2>/dev/null; rm -f ~/probe-$$; echo $(hostname) $h")

SWAPS = {"the home, with /etc": ("/home/play/p/h", "/etc"),
         "the home, with a place all may write": ("/home/play/p/h", "/home/victim"),
         "its parent, with a link to /home": ("/home/play/p", "/home"),
         "its parent, with a link to another directory": ("/home/play/p", "/home/play/elsewhere")}


def inode(path):
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


def swap_rounds(host, place, target, count, real):
    """How logins ended while place and a link to target changed places."""
    os.symlink(target, "/home/play/link")
    os.lchown("/home/play/link", ALICE, ALICE)
    with exchanging(place, "/home/play/link"):
        answers = host("rounds", count, "alice", LOOK)
        wait_until(lambda: inode("/home/play/p/h") != real, 10,
                   "control: whoever trusts the name is never misled")
        for _ in range(max(2, count // 20)):
            done = ssh("alice", LOOK)
            answer = done.text if done.code == 0 else "refused"
            answers[answer] = answers.get(answer, 0) + 1
    if os.path.islink(place):
        os.unlink(place)
        os.rename("/home/play/link", place)
    else:
        os.unlink("/home/play/link")
    return answers


@check("R21 parts of the home's path renamed all the time: served right or refused",
       limit=patience(200, 0.5))
def swapped_homes():
    count, total = rounds(200) // len(SWAPS), {}
    with playground(), home_at("/home/play/p/h"), door(), Host() as host:
        real = os.stat("/home/play/p/h").st_ino
        before, mounts = tree("/home", "/etc/confine", "/root"), mountinfo()
        for what, (place, target) in SWAPS.items():
            answers = swap_rounds(host, place, target, count, real)
            wrong = set(answers) - {"alice-box mine", "alice-box none", "refused"}
            expect_equal(wrong, set(), f"{what}: {answers}")
            for answer, number in answers.items():
                total[answer] = total.get(answer, 0) + number
        expect_equal(tree("/home", "/etc/confine", "/root") ^ before, set(), "files")
        expect_equal(mountinfo(), mounts, "mounts")
        expect_equal(host("rounds", 2, "alice", LOOK), {"alice-box mine": 2}, "afterwards")
    expect(total.get("refused") and total.get("alice-box mine"), f"no race: {total}")
    for answer, number in total.items():
        share(number, sum(total.values()), f"logins that ended with {answer!r}")


def descriptors(host):
    return len(os.listdir(f"/proc/{host.process.pid}/fd"))


@check("R59 close without open, twice, by another handle; end without close: nothing is lost")
def odd_orders():
    with door(), Host() as host:
        host.open("warm")
        host("open", "warm")  # is reported: libc keeps its socket to the log
        host("close", "warm")
        host("end", "warm")
        before = descriptors(host)
        host("start", "a", "alice")
        host("setcred", "a")
        expect_equal(host("close", "a")["code"], 0, "close without open")
        done = host("child", "a", WHERE)
        expect_equal((done["status"], done["out"]), (255, ""), "a child without open_session")
        expect_equal(host("open", "a")["code"], 0, "open after that")
        expect(host("open", "a")["code"] != 0, "a second open was let through")
        expect_match("^alice-box", host("child", "a", "hostname")["out"], "the first still lives")
        host("close", "a")  # libpam makes an error of it, after the second open
        host("close", "a")
        wait_until(lambda: not containers(), 5, "close leaves a container")
        expect_equal(host("child", "a", WHERE)["out"], "", "a child after the close")
        expect_equal(host("open", "a")["code"], 0, "open again")
        expect_match("^alice-box", host("child", "a", "hostname")["out"], "and again inside")
        host("end", "a")
        wait_until(lambda: not containers(), 5, "end without close leaves a container")
        expect_equal(descriptors(host), before, "descriptors of the service")


@check("R59 two sessions in one process, a fork too many, a fork too few: inside or nowhere")
def odd_forks():
    with door(), Host() as host:
        host.open("a")
        expect(host.open("b", "bob")["code"] != 0, "a second user's session")
        expect_match("not become", host("skip", "a", WHERE)["out"], "without setcred")
        expect_match("not become", host("skip", "b", WHERE)["out"], "the refused one's")
        expect_match("^alice-box", host("twice", "a", "hostname")["out"], "setcred in a grandchild")
        host("close", "a")
        expect_equal(host("child", "b", WHERE)["out"].strip() == OUTSIDE, False, "bob's child")
    with door(), Host() as host:
        host.open("a")
        host("stay", "a", "echo up; exec sleep 1000")
        host.process.kill()
        wait_until(lambda: not containers(), 10, "open without close, by a killed service")
    with Host() as host:  # no rule covers this service now
        expect_equal(host("start", "c", "carol"), {}, "start")


@check("R59 many sessions of one service: no descriptor and no byte is lost",
       limit=patience(100))
def no_loss():
    def memory():
        text = world.read(f"/proc/{host.process.pid}/smaps_rollup")
        return int(text.split("Rss:")[1].split()[0])
    count = rounds(100)
    with door(), Host() as host:
        host("again", 30, "alice", "true")
        before = descriptors(host), memory()
        host("again", count, "alice", "true")
        after = descriptors(host), memory()
    expect_equal(after[0], before[0], "descriptors")
    expect(after[1] - before[1] < 200, f"kB of memory: {before[1]}, {after[1]}")


INNER = """
ssh-keygen -q -t ed25519 -N '' -f ~/inner-key </dev/null
printf '%s\\n' 'Port 2200' 'ListenAddress 127.0.0.1' "HostKey $HOME/inner-key" 'UsePAM USE' \\
    'PidFile none' "AuthorizedKeysFile $HOME/.ssh/authorized_keys" 'StrictModes no' >~/inner-config
/usr/sbin/sshd -D -e -f ~/inner-config 2>~/inner-log & echo up; read x; kill $!
rm -f ~/inner-key* ~/inner-config ~/inner-log
"""


@check("R59 a login through an sshd that the user runs inside stays in the same container")
def nested():
    for use in ("no", "yes"):
        command = f"exec bash -c {shlex.quote(INNER.replace('USE', use))}"
        outer = start(client("alice", INSIDE, command), text=True)
        expect_equal(outer.stdout.readline(), "up\n", "sshd inside")
        time.sleep(0.5)
        with Session("alice") as session:
            wanted = session.ask("readlink /proc/self/ns/mnt /proc/self/ns/pid; "
                                 "grep -E 'Cap|NoNew|Seccomp' /proc/self/status")
            done = ssh("alice", "readlink /proc/self/ns/mnt /proc/self/ns/pid; "
                       "grep -E 'Cap|NoNew|Seccomp' /proc/self/status",
                       options=["-o", "ProxyCommand=ssh -W 127.0.0.1:2200 alice@inside"])
            expect(done.text == wanted if use == "no" else done.text in (wanted, ""),
                   f"UsePAM {use}: {done}")
            wait_until(lambda: len(container()["sessions"]) == 2, 5, "the inner login is a session")
        outer.communicate("\n", timeout=20)
