# SPDX-License-Identifier: LGPL-2.1-or-later
"""The classic ways out of a chroot. Each leads out of a plain chroot, or works outside, first."""

import os
import shutil
import time

from engine import PYTHON, WEAK, Directory, Running, as_user, good, host, python, run, shell
from harness import world
from harness.check import check, expect, expect_equal, expect_match

MIGHTY = WEAK + "caps-keep = sys_chroot, mknod, dac_override, chown, fowner, kill, net_raw\n"
HOST_FILE = "/etc/ssh/enclave_host_key"

# Prints "escaped" when a file that only the host has can be reached from the given start.
LOOK = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def look(how):
    for prefix in ("", ".", "..", "../..", "../../../../../.."):
        if os.path.exists(prefix + "{HOST_FILE}"):
            print("escaped", how)
            return
"""


def in_chroot(code):
    """The same code as root in a plain chroot, where a directory of the host may be held open."""
    with Directory("/home/jail") as jail:
        prelude = f"held = os.open('/', os.O_RDONLY)\nos.chroot('{jail}')\nos.chdir('/')\n"
        return host([*PYTHON, LOOK + prelude + code])


SECOND_CHROOT = """
try:
    os.mkdir("/tmp/x") if os.path.isdir("/tmp") else os.mkdir("x")
except OSError:
    pass
try:
    os.chroot("/tmp/x" if os.path.isdir("/tmp") else "x")
    for _ in range(40):
        os.chdir("..")
    os.chroot(".")
    print("chrooted")
except OSError as error:
    print(error.strerror)
look("second chroot")
"""


@check("a second chroot leads nowhere, even with CAP_SYS_CHROOT")
def second_chroot():
    expect_match("escaped", in_chroot(SECOND_CHROOT).out, "control: plain chroot")
    expect_equal(good(python(LOOK + SECOND_CHROOT)), "Operation not permitted", "as the user")
    expect_equal(good(python(LOOK + SECOND_CHROOT, MIGHTY)), "chrooted", "with the capability")


FCHDIR = """
for fd in range(1024):
    for name in (fd, f"/proc/self/fd/{fd}"):
        try:
            os.chdir(name)
        except OSError:
            continue
        look(f"descriptor {fd}")
for name in ("/proc/1/root", "/proc/1/cwd", "/proc/self/root", "/proc/self/cwd",
             "/proc/thread-self/root"):
    try:
        os.chdir(name)
        look(name)
    except OSError:
        pass
print("end")
"""


@check("no descriptor and no link of /proc leads out")
def fchdir():
    expect_match("escaped descriptor", in_chroot(FCHDIR).out, "control: plain chroot")
    for keys in ("", MIGHTY + "proc = full\n"):
        held = os.open("/", os.O_RDONLY)
        try:
            expect_equal(good(python(LOOK + FCHDIR, keys, pass_fds=(held,))), "end", keys)
        finally:
            os.close(held)


@check("nobody outside can be asked for a descriptor: no socket of the host is in reach")
def sockets():
    code = ("import os, socket, stat\n"
            "for path, _, files in os.walk('/'):\n"
            " if path.startswith('/proc'): continue\n"
            " for name in files:\n"
            "  try:\n"
            "   if stat.S_ISSOCK(os.lstat(os.path.join(path, name)).st_mode): "
            "print(os.path.join(path, name))\n"
            "  except OSError: pass\n")
    with Directory("/run/service", 0o777):
        listener = world.start([*PYTHON, "import socket, time\ns = socket.socket(socket.AF_UNIX)\n"
                                "s.bind('/run/service/socket')\nprint('up', flush=True)\n"
                                "time.sleep(100)"], text=True)
        listener.stdout.readline()
        expect_match("/run/service/socket", as_user([*PYTHON, code]).out, "control: outside")
        expect_equal(good(python(code)), "/dev/log", "sockets inside")
        listener.kill()
        listener.wait()


MKNOD = """
import os, stat
for kind, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFCHR, 1, 1),
                           (stat.S_IFCHR, 1, 5)):
    for place in ("/tmp", "/home/alice", "/dev/shm", "/var/tmp"):
        name = f"{place}/node"
        try:
            os.mknod(name, kind | 0o666, os.makedev(major, minor))
            print("made")
            os.close(os.open(name, os.O_RDWR | os.O_NONBLOCK))
            print("opened")
        except OSError as error:
            pass
        finally:
            if os.path.exists(name):
                os.unlink(name)
print("end")
"""


@check("device nodes cannot be made, or with CAP_MKNOD not be opened")
def mknod():
    expect_match("opened", host([*PYTHON, MKNOD]).out, "control: root outside")
    expect_equal(good(python(MKNOD)), "end", "as the user")
    done = good(python(MKNOD, MIGHTY))
    expect("made" in done and "opened" not in done, f"with CAP_MKNOD: {done}")


@check("another proc shows no more than the first")
def mount_proc():
    question = "mount -t proc proc /mnt && ls -d /mnt/[0-9]* && ls /mnt/1/root/etc/ssh; echo end"
    control = host(["unshare", "--mount", "bash", "-c", question])
    expect("/mnt/1\n" in control.out and "ssh_config" in control.out, f"control: {control}")
    expect_equal(good(shell(question)), "end", "as the user")
    done = good(shell(question, WEAK + "caps-keep = sys_admin\nproc = full\n")).splitlines()
    expect(done[-1] == "end" and len(done) <= 5 and "ssh_config" not in done,
           f"with CAP_SYS_ADMIN: {done}")


PTRACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
reached = set()
for pid in range(2, 400):
    if pid in (os.getpid(), os.getppid()):
        continue
    try:
        os.kill(pid, 0)
        reached.add("kill")
    except OSError:
        pass
    if libc.ptrace(0x4206, pid, 0, 0) == 0:
        reached.add("ptrace")
    try:
        os.readlink(f"/proc/{pid}/root")
        reached.add("root")
    except OSError:
        pass
print(*sorted(reached), "end")
"""


@check("the user's own processes outside can be neither traced, signalled nor looked into")
def ptrace():
    outside = world.start(["setpriv", "--reuid", "47001", "--regid", "47001", "--clear-groups",
                           "sleep", "1000"])
    # Near the first numbers of a fresh PID namespace are those inside; the sleeper's is among them.
    code = PTRACE.replace("range(2, 400)", f"(*range(2, 400), {outside.pid})")
    time.sleep(0.1)
    expect_equal(good(as_user([*PYTHON, code])), "kill ptrace root end", "control: outside")
    for keys in ("", MIGHTY + "proc = full\n"):
        expect_equal(good(python(code, keys)), "end", f"with {keys!r}")


@check("a directory moved out of the home from outside does not open the way up")
def moved():
    with Directory("/home/alice/deep/er", 0o777):
        for path in ("/home/alice/deep", "/home/alice/deep/er"):
            os.chown(path, 47001, 47001)
        with Directory("/home/elsewhere", 0o777):
            look = ["bash", "-c", "cd /home/alice/deep/er && echo up && read && "
                    "for d in . .. ../.. ../../..; do ls -d $d/bob; done; ls -d /home/bob; "
                    "echo end"]
            with Running(look) as running:
                running.line()
                os.rename("/home/alice/deep/er", "/home/elsewhere/er")
                running.process.stdin.write("\n")
                running.process.stdin.flush()
                expect_equal(running.process.stdout.read(), "end\n", "what was reached")
            os.rename("/home/elsewhere/er", "/home/alice/deep/er")
            escape = ("import os\nos.chroot('/home/alice')\nos.chdir('/deep/er')\nprint('up', "
                      "flush=True)\ninput()\nprint([d for d in ('..', '../..', '../../..') "
                      "if os.path.exists(d + '/bob')])")
            control = world.start([*PYTHON, escape], text=True)
            control.stdout.readline()
            os.rename("/home/alice/deep/er", "/home/elsewhere/er")
            control.stdin.write("\n")
            control.stdin.flush()
            expect_match("bob|\\.\\.", control.stdout.read(), "control: plain chroot")
    shutil.rmtree("/home/alice/deep", ignore_errors=True)


HANDLE = """
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
mount = os.open("/home/alice", os.O_RDONLY)
for kind, text in ((1, struct.pack("QQ", 2, 0)), (1, struct.pack("II", 2, 0)), (254, b"\\0" * 16)):
    handle = struct.pack("II", len(text), kind) + text
    if libc.open_by_handle_at(mount, handle, 0) >= 0:
        print("opened")
    print(os.strerror(ctypes.get_errno()))
"""


@check("files cannot be opened by handle")
def by_handle():
    done = set(good(python(HANDLE)).splitlines())
    expect_equal(done, {"Operation not permitted"}, "as the user")
    done = set(good(python(HANDLE, MIGHTY)).splitlines())
    expect_equal(done, {"Operation not permitted"}, "with the file capabilities")


NEW = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes = [ctypes.c_long] * 7
flags = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000}
for name, flag in flags.items():
    if libc.unshare(flag) == 0:
        print("unshared", name)
    args = (ctypes.c_uint64 * 8)(flag, 0, 0, 0, 17)
    pid = libc.syscall(435, ctypes.addressof(args), 64, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("clone3", name)
print("end")
"""


@check("no new user namespace, nor any other, by unshare, clone3 or setns")
def namespaces():
    expect_match("unshared user", as_user([*PYTHON, NEW]).out, "control: outside")
    expect_equal(good(python(NEW)), "end", "inside")


CROSSING = "ln $1/file $2/linked; mv $1/mine $2/moved; ls $2 | grep -cE 'linked|moved'; rm -f $2/*ed"


@check("hard links and renames do not cross from one mount to another")
def links():
    with Directory("/home/one", 0o777), Directory("/home/two", 0o777):
        for name in ("file", "mine"):
            world.write(f"/home/one/{name}", "x\n", 0o666)
            os.chown(f"/home/one/{name}", 47001, 47001)
        outside = as_user(["sh", "-c", CROSSING, "sh", "/home/one", "/home/two"])
        expect_equal(outside.text, "2", f"control: on one file system they do: {outside.err}")
        world.write("/home/one/mine", "x\n", 0o666)
        done = run(["sh", "-c", CROSSING.replace("mv ", "python3 -c 'import os, sys; "
                    "os.rename(*sys.argv[1:])' "), "sh", "/one", "/two"],
                   "bind = /home/one:/one, /home/two:/two\n")
        expect_equal((done.text, done.err.count("cross-device")), ("0", 2), f"inside: {done}")


@check("a core dump inside calls nobody outside and stays inside")
def core():
    before = set(os.listdir("/home/alice"))
    done = shell("ulimit -c unlimited; cd /tmp; sh -c 'kill -SEGV $$'; echo $?")
    expect_equal(done.out.split()[-1], "139", "status")
    expect_equal(set(os.listdir("/home/alice")), before, "home")
