# SPDX-License-Identifier: LGPL-2.1-or-later
"""R35 R36 R37: ways out of a chroot, descriptors, and what is executed, in logins through sshd."""

import hashlib
import os
import shlex
import time

from harness import leaks
from harness.check import Failure, check, expect, expect_equal, expect_match, wait_until
from harness.world import INSIDE, client, run, ssh, start
from rows_door import ALICE, PYTHON, Host, as_alice, changed_policy, container, door, student

# Ways out for whoever has, or can find, a directory above his root.
ESCAPES = """
import ctypes, os, stat
libc = ctypes.CDLL(None, use_errno=True)
def look(how):
    for place in ("", ".", "..", "../..", "../../../../../.."):
        if os.path.exists(place + "/etc/ssh/enclave_host_key" if place else
                          "/etc/ssh/enclave_host_key"):
            print("escaped", how, flush=True)
            return
def attempt(how, *steps):
    if os.fork():
        os.wait()
        return
    try:
        for step in steps:
            step()
        look(how)
    except OSError:
        pass
    os._exit(0)
for fd in range(3, 64):
    attempt("fchdir", lambda: os.fchdir(fd))
    attempt("chroot to fd", lambda: os.fchdir(fd), lambda: os.chroot("."))
place = "/tmp/x" if os.path.isdir("/tmp") else "/x"
os.path.isdir(place) or os.mkdir(place)
attempt("second chroot", lambda: os.chroot(place), *[lambda: os.chdir("..")] * 30,
        lambda: os.chroot("."))
for name in ("/proc/1/root", "/proc/1/cwd", "/proc/self/root", f"/proc/{os.getppid()}/root"):
    attempt(name, lambda: os.chdir(name))
def node():
    os.mknod(place + "/n", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    os.open(place + "/n", os.O_RDONLY)
    print("escaped mknod", flush=True)
attempt("mknod", node)
def mount():
    if libc.mount(b"proc", place.encode(), b"proc", 0, None):
        raise OSError
    os.chdir(place + "/1/root")
attempt("proc", mount)
def pivot():
    if libc.syscall(155, b".", b".") or libc.umount2(b".", 2):
        raise OSError
attempt("pivot_root", pivot)
print("end")
"""


@check("R35 the classic ways out of a chroot lead nowhere from a login")
def classic_ways():
    os.mkdir("/home/jail")
    try:
        prelude = ("import ctypes, os, stat\nos.open('/', 0)\n"
                   "os.chroot('/home/jail')\nos.chdir('/')\n")
        control = run(["unshare", "-m", "python3", "-IS", "-c", prelude + ESCAPES])
        ways = set(control.out.split("\n"))
        expect({"escaped fchdir", "escaped second chroot", "escaped mknod", "escaped proc"} <= ways,
               f"control: root in a plain chroot: {control}")
    finally:
        run(["rm", "-rf", "/home/jail"])
    for keys in ("", "seccomp = off\nno-new-privs = no\nproc = full\n"):
        with changed_policy(student(keys)):
            for options in ([], ["-tt"]):
                done = ssh("alice", PYTHON + shlex.quote(ESCAPES), INSIDE, options)
                expect_equal(done.text, "end", f"from inside with {keys!r} {options}: {done.err}")


def links_of(pid):
    """{number: what} of a process's descriptors."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[fd] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


def of_alice():
    """Processes of alice's that are in another mount namespace than ours."""
    here, found = os.readlink("/proc/self/ns/mnt"), []
    for pid in leaks.pids():
        status = leaks.process_status(pid)
        try:
            if status and status["Uid"].split()[0] == str(ALICE) and \
                    os.readlink(f"/proc/{pid}/ns/mnt") != here:
                found.append((pid, status["Name"]))
        except FileNotFoundError:
            pass
    return found


def expect_clean(what, least):
    """No descriptor of a directory or of a file of the host, no place of the host's."""
    host_root = os.stat("/")
    seen = wait_until(lambda: len(found := of_alice()) >= least and found, 10, f"{what}: processes")
    time.sleep(0.3)
    for pid, name in of_alice():
        for fd, link in links_of(pid).items():
            fine = link.startswith(("pipe:", "socket:", "/dev/null", "/dev/pts/", "/dev/ptmx",
                                    "anon_inode:", "/dev/tty", "/tmp/ssh-"))
            fine = fine or fd == "2" and link.startswith("/var/log/sshd")  # sshd -e of the suite
            expect(fine, f"{what}: {name} holds {fd} -> {link}")
            expect(name == "sshd" or int(fd) <= 2 or fd == "255" and link.startswith("/dev/"),
                   f"{what}: {name} has a descriptor {fd} -> {link}")
        for place in ("root", "cwd"):
            info = os.stat(f"/proc/{pid}/{place}")
            expect((info.st_dev, info.st_ino) != (host_root.st_dev, host_root.st_ino),
                   f"{what}: {place} of {name} is the host's")
    return seen


@check("R36 on every channel sshd's process and the shell hold nothing of the host", limit=90)
def channels():
    kinds = {"command": (client("alice", command="exec sleep 1000"), 2),
             "shell": (client("alice", command="sleep 1000; true"), 3),
             "terminal": (["script", "-qc", "ssh -tt alice@inside", "/dev/null"], 2),
             "sftp": (["sftp", "-q", "alice@inside"], 1),
             "-N": (client("alice", options=["-N"]), 1),
             "-N -R -L": (client("alice", options=["-N", "-R", "7100:127.0.0.1:1", "-L",
                                                   "7101:127.0.0.1:1"]), 1)}
    for what, (arguments, least) in kinds.items():
        process = start(arguments)
        expect_clean(what, least)
        process.kill()
        process.wait()
        wait_until(lambda: not of_alice(), 10, f"{what}: processes stay")
    holder = start(["setpriv", "--reuid", "alice", "--clear-groups", "unshare", "-Um", "sleep",
                    "1000"], stdin=os.open("/etc", os.O_RDONLY))
    time.sleep(0.3)
    try:
        expect_clean("control", 1)
    except Failure as why:  # what is to be refused is seen
        expect_match("holds 0 -> /etc", str(why), "control")
    else:
        expect(False, "control: a directory is not seen")
    holder.kill()
    holder.wait()


@check("R36 descriptors of the service reach neither helper, supervisor nor init")
def inherited():
    held = ("/", "/proc", "/etc/shadow", "/home")
    with door(), Host() as host:
        for place in held:
            host("hold", place)
        host("hold", "/", "O_PATH")
        host.open("a")
        entry = container()
        control = set(links_of(host.process.pid).values())
        expect(set(held) <= control, f"control: the service has them: {control}")
        expect_equal(list(links_of(entry["init"]).values()), ["anon_inode:[signalfd]"], "init's")
        wanted = ("/dev/null", "anon_inode:", "socket:", "/run/confine", "/sys/fs/cgroup/confine",
                  "/dev/pts", "/")
        of_supervisor = links_of(entry["supervisor"])
        bad = {fd: link for fd, link in of_supervisor.items() if not link.startswith(wanted)
               or link in held and link != "/"}
        expect_equal(bad, {}, "supervisor's")
        here = os.stat("/")
        for fd, link in of_supervisor.items():
            if link == "/":
                place = os.stat(f"/proc/{entry['supervisor']}/fd/{fd}")
                expect((place.st_dev, place.st_ino) != (here.st_dev, here.st_ino), f"{fd} is /")
        host("close", "a")


PROGRAMS = ("/usr/libexec/confine/confine-helper", "/usr/sbin/confinectl", "/usr/sbin/sshd",
            "/usr/bin/bash", "/usr/bin/dash", "/usr/bin/rows-prog")

# Opens what each process executes, waits until it is not busy any more, and writes to it.
OVERWRITE = """
import os, subprocess, sys, time
held, wrote = {}, set()
end = time.monotonic() + float(sys.argv[1])
def write(name):
    try:
        fd = os.open(name, os.O_WRONLY)
    except OSError:
        return
    os.pwrite(fd, b"owned", 100)
    os.close(fd)
    wrote.add(os.path.basename(os.path.realpath(name)))
with open("/tmp/script", "w") as script:
    script.write("#!/proc/self/exe\\n")
os.chmod("/tmp/script", 0o755)
os.symlink("/proc/self/exe", "/tmp/exe")
while time.monotonic() < end:
    for name in ("/tmp/script", "/tmp/exe", "/usr/bin/rows-prog"):
        try:
            subprocess.run([name, "0"], stderr=subprocess.DEVNULL, timeout=2)
        except (OSError, subprocess.TimeoutExpired):
            pass
    child = subprocess.Popen(["/usr/bin/rows-prog", "0.02"])
    for pid in ["self", 1, child.pid, *range(2, 60)]:
        try:
            fd = os.open(f"/proc/{pid}/exe", os.O_PATH)
        except OSError:
            continue
        target = os.readlink(f"/proc/self/fd/{fd}")
        if target in held:
            os.close(fd)
        else:
            held[target] = fd
    child.wait()
    for fd in held.values():
        write(f"/proc/self/fd/{fd}")
    write("/usr/bin/rows-prog")
print("held", len(held), "wrote", *sorted(wrote))
"""


def hashes():
    return {path: hashlib.sha256(open(path, "rb").read()).hexdigest() for path in PROGRAMS}


@check("R37 what runs cannot be overwritten through /proc/PID/exe, not even what all may write")
def overwritten():
    run(["cp", "/usr/bin/sleep", "/usr/bin/rows-prog"])
    os.chmod("/usr/bin/rows-prog", 0o777)
    try:
        before = hashes()
        for user in ("alice", "frank"):  # the latter with proc = full
            command = PYTHON + shlex.quote(OVERWRITE) + " 1.5"
            process = start(client(user, command=command), text=True)
            for _ in range(3):
                ssh(user, "true")
            out, err = process.communicate(timeout=30)
            words = out.split()
            expect(words[:1] == ["held"] and int(words[1]) >= 2, f"held nothing: {out} {err}")
            expect_equal(words[2:], ["wrote"], "written to")
            expect_equal(hashes(), before, f"programs after {user}")
        control = as_alice(["/usr/bin/python3", "-IS", "-c", OVERWRITE, "0.5"])
        expect_match("wrote rows-prog$", control.stdout, f"control: outside {control.stderr}")
        changed = {path for path, value in hashes().items() if value != before[path]}
        expect_equal(changed, {"/usr/bin/rows-prog"}, "control: changed")
    finally:
        os.unlink("/usr/bin/rows-prog")
        run(["rm", "-f", "/tmp/script", "/tmp/exe"])
