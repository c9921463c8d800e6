# SPDX-License-Identifier: LGPL-2.1-or-later
"""/proc, /dev and what they tell of the machine."""

import os
import socket

from engine import WEAK, Running, as_user, good, host, python, shell
from harness import world
from harness.check import Skip, check, expect, expect_equal, expect_match

MIGHTY = WEAK + "caps-keep = dac_override, sys_admin, syslog, sys_rawio, sys_ptrace\n"
MASKED = ("kcore", "keys", "kmsg", "latency_stats", "sched_debug", "timer_list", "kpagecount",
          "kpageflags", "kpagecgroup", "sysrq-trigger")


def first_byte(path):
    """Of a file of the host; None where it cannot be had."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return os.read(file, 1)
    except OSError:
        return None
    finally:
        os.close(file)


@check("files of /proc about the whole machine are empty, even with the capabilities they ask for")
def masked():
    telling = [name for name in MASKED if first_byte(f"/proc/{name}")]
    expect(len(telling) >= 2, f"control: only {telling} tell something outside")
    for keys in ("", MIGHTY):
        done = shell("cd /proc; for f in " + " ".join(MASKED) + "; do [ -e $f ] && "
                     "timeout 2 head -c 64 $f; done; "
                     "for d in acpi asound scsi; do ls $d; done 2>&-; "
                     "echo end", keys)
        expect_equal(done.out, "end\n", f"with {keys!r}")


@check("/proc/sys and its like are read-only, even with every capability over files")
def sysctl():
    files = ("sys/kernel/hostname", "sys/kernel/core_pattern", "sys/kernel/modprobe",
             "sys/vm/drop_caches", "sys/net/ipv4/ip_forward", "sysrq-trigger",
             "irq/default_smp_affinity")
    existing = [name for name in files if os.path.exists(f"/proc/{name}")]
    script = "cd /proc; for f in " + " ".join(existing) + \
        "; do [ -f $f ] && [ ! -c $f ] && : >>$f && echo opened $f; done; echo end"
    expect(host(["bash", "-c", script]).out.count("opened") > 3, "control: outside as root")
    for keys in ("", MIGHTY):
        done = shell(script, keys)
        expect_equal(done.out, "end\n", f"with {keys!r}")
    expect_match("Read-only file system", done.err, "reason where a capability would have done")


@check("proc = hidepid shows one's own processes alone, full adds PID 1, none shows nothing")
def proc():
    question = "echo /proc/[0-9]*"
    expect("/proc/1 " in as_user(["bash", "-c", question]).out, "control: PID 1 outside")
    own = good(shell(question + "; ls -d /proc/1; true")).split()
    expect_equal(own, ["/proc/2"], "hidepid")
    expect_equal(good(shell(question, "proc = full\n")).split(), ["/proc/1", "/proc/2"], "full")
    expect_equal(good(shell("ls -A /proc", "proc = none\n")), "", "none")


@check("hidepid hides a process of another uid inside as well")
def hidepid():
    # With CAP_KILL alone the reaper is the only other uid there is; it must stay hidden.
    done = shell("ls -d /proc/1 2>&1; cat /proc/1/status 2>&1; kill -0 1; echo $?",
                 "caps-keep = kill\n")
    expect("Name:" not in done.out, f"status of PID 1: {done.out}")
    expect_match("^0$", done.out, "control: kill -0 1 finds it")


@check("/dev has the six nodes, links and places, and they work")
def devices():
    done = good(shell("ls /dev; stat -c '%t:%T %a' /dev/{null,zero,full,random,urandom,tty}"))
    names = ("fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero").split()
    expect_equal([name for name in done.split()[:15] if name != "log"][:14], names, "/dev")
    expect_equal(done.splitlines()[-6:],
                 [f"{node} 666" for node in ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0")], "nodes")
    done = shell("echo x >/dev/null && head -c 4 /dev/zero | wc -c; head -c 9 /dev/urandom | wc -c;"
                 "echo x >/dev/full || echo full; echo in | cat /dev/stdin; : >/dev/fd/1 | :")
    expect_equal(done.out.split(), ["4", "9", "full", "in"], f"use: {done.err}")
    expect(os.path.exists("/dev/log"), "control: /dev/log outside")


@check("/dev/log leads to the host's log, and log = off takes it away")
def log():
    mark = world.syslog.mark()
    good(shell("logger -t inside hello-from-inside"))
    expect(world.syslog.wait_for("hello-from-inside", mark), "nothing arrived")
    expect(shell("ls /dev/log", "log = off\n").code != 0, "/dev/log is there")


PTYS = """
import os
pair = os.openpty()
os.write(pair[1], b"typed\\n")
print(os.read(pair[0], 20).decode().strip(), os.ttyname(pair[1]))
held = []
try:
    while len(held) < 900:
        held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as error:
    print(len(held), os.strerror(error.errno))
"""


@check("ptmx works, and gives at most 512 terminals")
def terminals():
    before = world.read("/proc/sys/kernel/pty/nr")
    lines = good(python(PTYS)).splitlines()
    expect_equal(lines, ["typed /dev/pts/0", "511 No space left on device"], "terminals")
    expect_equal(world.read("/proc/sys/kernel/pty/nr"), before, "terminals left")


@check("the host's terminals are not to be seen or opened")
def other_terminals():
    master, slave = os.openpty()
    os.fchmod(slave, 0o666)
    name = os.ttyname(slave)
    try:
        expect_equal(as_user(["bash", "-c", f"echo hi >{name} && echo did"]).text, "did", "control")
        expect_equal(good(shell("ls /dev/pts")), "ptmx", "ls /dev/pts")
        expect(shell(f"echo hi >{name}").code != 0, f"{name} can be written")
    finally:
        os.close(master)
        os.close(slave)


@check("message queues, shared memory and semaphores are the container's own")
def ipc():
    make = "ipcmk -M 4096 -Q -S 1 | wc -l; ipcs | grep -c ^0x; : >/dev/mqueue/mine; ls /dev/mqueue"
    expect_equal(good(shell(make)).split(), ["3", "3", "mine"], "inside")
    if host(["ipcmk", "-Q"]).code != 0:
        raise Skip("ipcmk makes no queue here")
    made = host(["ipcs", "-q"]).out
    try:
        expect_match("^0x", made, "control: a queue outside")
        expect_equal(good(shell("ipcs | grep -c ^0x; true")), "0", "the host's inside")
    finally:
        host(["ipcrm", "--all"])


@check("the host's abstract sockets cannot be reached")
def abstract():
    connect = ("import socket\ns = socket.socket(socket.AF_UNIX)\n"
               "s.connect('\\0confine-probe')\nprint('connected')")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0confine-probe")
        listener.listen()
        expect_equal(as_user(["python3", "-c", connect]).text, "connected", "control: outside")
        expect_equal(python(connect, "network = host\n").text, "connected",
                     "control: the host's network, as policy says")
        done = python(connect)
        expect(done.out == "" and "refused" in done.err.lower(), f"inside: {done}")


@check("the cgroup inside is its own root, and no other can be named")
def cgroup():
    with Running(["cat"]):
        done = good(shell("cat /proc/self/cgroup; cat /proc/1/cgroup; ls /sys", "proc = full\n"))
    places = {line.split(":", 2)[2] for line in done.splitlines()}
    expect_equal(places, {"/"}, "cgroups of the command and of PID 1")
