# SPDX-License-Identifier: LGPL-2.1-or-later
"""PID 1 of a container: what it passes through, what it reaps, and how little it is."""

import os
from concurrent.futures import ThreadPoolExecutor

from engine import PYTHON, WEAK, Running, command, good, host, python, run, shell
from harness import leaks, world
from harness.check import check, expect, expect_equal, wait_until

RESERVED = "65533"


@check("exit statuses 0 to 255 are the command's")
def statuses():
    start = command(["sh", "-c", "exit $0"])
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda n: host([*start, str(n)]).code, range(256)))
    wrong = [(n, code) for n, code in enumerate(codes) if n != code]
    expect_equal(wrong, [], "(wanted, got)")


@check("death by a signal is 128 + its number")
def deaths():
    for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 24, 25, 31, 34, 64):
        done = run(["sh", "-c", f"ulimit -c 0; kill -{number} $$"])
        expect_equal(done.code, 128 + number, f"signal {number}: {done.err}")


@check("no such command is 127, no command that can be executed is 126, wrong use is 2")
def no_command():
    with open("/home/alice/text", "w") as file:
        file.write("no program\n")
    try:
        for argv, code in ((["/no/such"], 127), (["no-such-command"], 127), (["/etc"], 126),
                           (["/home/alice/text"], 126)):
            done = run(argv)
            expect_equal((done.code, done.out), (code, ""), f"{argv}: {done.err}")
            expect(argv[0] in done.err and done.err.count("\n") == 1, f"message: {done.err!r}")
    finally:
        os.unlink("/home/alice/text")
    for arguments in ([], ["--profile", "test"], ["--", "true"], ["--profile", "test", "--bad"]):
        done = host(["confinectl", "run", *arguments])
        expect(done.code == 2 and "usage" in done.err.lower(), f"{arguments}: {done}")


# Leaves 1,000 orphans behind, waits until they are gone and counts what is dead and unburied.
ORPHANS = """
import os, time
for batch in range(10):
    for one in range(100):
        middle = os.fork()
        if middle == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        os.waitpid(middle, 0)
def dead():
    states = []
    for name in os.listdir("/proc"):
        try:
            states += [open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[0]]
        except (OSError, ValueError):
            pass
    return states.count("Z"), len(states)
for round in range(100):
    zombies, processes = dead()
    if zombies == PATIENCE or zombies == 0 and processes <= 2:
        break
    time.sleep(0.02)
print(zombies)
"""


@check("1,000 orphans are reaped, none stays as a zombie")
def orphans():
    done = python(ORPHANS.replace("PATIENCE", "-1"), "proc = full\n")
    expect_equal(good(done), "0", "zombies")
    control = host(["unshare", "--pid", "--fork", "--mount-proc", *PYTHON,
                         ORPHANS.replace("range(10)", "range(1)").replace("PATIENCE", "100")])
    expect_equal(good(control), "100", "control: zombies of a PID 1 that does not reap")


@check("PID 1 has the reserved uid, CAP_KILL alone, no_new_privs and a filter")
def small():
    with Running(["sleep", "100"]) as running:
        status = leaks.process_status(running.init())
    wanted = {"Uid": [RESERVED] * 4, "Gid": [RESERVED] * 4, "Groups": [], "NoNewPrivs": ["1"],
              "Seccomp": ["2"], "CapInh": ["0" * 16], "CapBnd": ["0" * 16],
              "CapAmb": ["0" * 16], "CapPrm": ["0" * 14 + "20"], "CapEff": ["0" * 14 + "20"]}
    expect_equal({name: status[name].split() for name in wanted}, wanted, "status of PID 1")
    expect_equal(status["NSpid"].split()[-1], "1", "its number inside")


@check("PID 1 holds no descriptor of the host, nor its directories")
def descriptors():
    with Running(["sleep", "100"]) as running:
        init = running.init()
        held = [os.readlink(f"/proc/{init}/fd/{fd}") for fd in os.listdir(f"/proc/{init}/fd")]
        places = [os.stat(f"/proc/{init}/{name}") for name in ("root", "cwd")]
        host = os.stat("/")
    expect_equal(held, ["anon_inode:[signalfd]"], "descriptors")
    expect(all(place.st_dev != host.st_dev for place in places), "root or cwd is the host's")


TRACE = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def seize(pid):
    if libc.ptrace(0x4206, pid, 0, 0) == 0:
        return "traced"
    return os.strerror(ctypes.get_errno())
child = os.fork()
if child == 0:
    signal.pause()
print(seize(child), seize(1), sep="|")
os.kill(child, 9)
for name in ("mem", "environ", "maps", "root", "cwd", "exe", "fd", "ns/mnt"):
    try:
        os.readlink("/proc/1/" + name) if name in ("root", "cwd", "exe", "ns/mnt") else \
            os.listdir("/proc/1/fd") if name == "fd" else open("/proc/1/" + name).read(1)
        print("open", name)
    except OSError:
        pass
print(os.stat("/proc/1/environ").st_uid, os.stat("/proc/self/environ").st_uid)
"""


@check("PID 1 cannot be traced, dumped or looked into")
def opaque():
    lines = good(python(TRACE, "proc = full\n" + WEAK)).splitlines()
    expect_equal(lines[0], "traced|Operation not permitted", "control: own child | PID 1")
    expect_equal(lines[1:], ["0 47001"], "what opened of /proc/1; owners of 1 and self")


@check("kill -9 1 from inside changes nothing, even with CAP_KILL")
def unkillable():
    question = "kill -9 1; echo $?; kill -STOP 1; sleep 0.1; sleep 0.01 & echo alive"
    expect_equal(shell(question).out.split(), ["1", "alive"], "without capability")
    expect_equal(shell(question, "caps-keep = kill\n").out.split(), ["0", "alive"],
                 "with CAP_KILL")
    control = host(["unshare", "--pid", "--fork", "bash", "-c",
                         "sleep 100 & kill -9 $!; wait $!"])
    expect_equal(control.code, 137, "control: another process dies of it")


@check("when confinectl is killed everything inside ends, and the next list clears up")
def killed():
    with Running(["bash", "-c", "setsid sleep 1000 & sleep 1000 & echo up; wait"]) as running:
        running.line()
        entry, members = running.entry(), running.members()
        expect(len(members) == 4, f"members: {members}")
        control = world.start(["bash", "-c", "setsid sleep 1000 & echo $!; wait"], text=True)
        sleeper = int(control.stdout.readline())
        control.kill()
        running.process.kill()
        wait_until(lambda: not any(map(leaks.process_status, members)), 5, "somebody lives on")
        expect(leaks.process_status(sleeper), "control: an ordinary daemon lives on")
        os.kill(sleeper, 9)
    expect_equal(good(host(["confinectl", "list"])), "0 containers, 0 sessions", "list")
    cgroup = f"/sys/fs/cgroup/confine/{entry['container']}"
    expect(not os.path.exists(cgroup), f"{cgroup} is left")
    expect_equal(os.listdir("/run/confine/containers"), [], "registry")


@check("the next run clears up as well")
def cleared_by_run():
    running = Running(["sleep", "1000"])
    entry = running.entry()
    running.process.kill()
    running.wait()
    expect_equal(len(os.listdir("/run/confine/containers")), 1, "control: entries before")
    inside = good(shell("cat /proc/self/cgroup"))
    expect_equal(inside.splitlines()[-1], "0::/", "cgroup inside")
    expect_equal(os.listdir("/run/confine/containers"), [], "registry")
    expect(not os.path.exists(f"/sys/fs/cgroup/confine/{entry['container']}"), "cgroup is left")


@check("a background process does not outlive the command")
def background():
    marker = "1234567"
    good(shell(f"setsid sleep {marker} >/dev/null 2>&1 </dev/null & disown; exit 0"))
    names = [leaks.process_status(pid) for pid in leaks.pids()]
    expect(not any(status and status["Name"] == "sleep" for status in names), "sleep is alive")
