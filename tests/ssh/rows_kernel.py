# SPDX-License-Identifier: LGPL-2.1-or-later
"""R43 R44 R45 R48 R51 R57: handles, other roads into the kernel, core dumps, setuid programs and
the reaper, in logins through sshd."""

import os
import shlex
import signal
from contextlib import contextmanager

from harness import leaks, world
from harness.check import Skip, check, expect, expect_equal, wait_until
from harness.world import INSIDE, PLAIN, Session, run, ssh
from rows_door import PYTHON, changed_policy, container, patience, rounds, share, student


# MAKE prints the handle of a file, USE opens one on the file system of a directory.
HANDLE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if sys.argv[1] == "make":
    buffer = (ctypes.c_uint32 * 34)(128)
    mount = ctypes.c_int()
    assert libc.name_to_handle_at(-100, sys.argv[2].encode(), buffer, ctypes.byref(mount), 0) == 0
    print(bytes(buffer)[:8 + buffer[0]].hex())
else:
    fd = libc.open_by_handle_at(os.open(sys.argv[2], os.O_RDONLY),
                                bytes.fromhex(sys.argv[3]), os.O_RDONLY)
    print(os.read(fd, 99).decode() if fd >= 0 else os.strerror(ctypes.get_errno()))
"""


@check("R43 a file of the host cannot be opened by its handle, whatever policy can grant")
def by_handle():
    world.write("/home/secret", "secret\n", 0o600)
    outside = [*PYTHON.split(), HANDLE]
    use = f"{PYTHON}{shlex.quote(HANDLE)} use /home/alice "
    try:
        handle = run([*outside, "make", "/home/secret"]).text
        expect_equal(run([*outside, "use", "/home/alice", handle]).text, "secret", "control: root")
        weak = "seccomp = off\nno-new-privs = no\n"
        for keys in ("", weak, weak + "caps-keep = sys_admin, dac_override, fowner\n"):
            with changed_policy(student(keys)):
                expect_equal(ssh("alice", use + handle).text, "Operation not permitted", keys)
            world.write("/run/rows.conf", f"[global]\n[profile test]\nhostname = box\n{keys}")
            done = run(["confinectl", "run", "--config", "/run/rows.conf", "--profile", "test",
                        "--user", "alice", "--", "sh", "-c", use + handle])
            expect_equal(done.text, "Operation not permitted", f"run: {keys}")
        for name in ("dac_read_search", "CAP_DAC_READ_SEARCH", "chown, dac_read_search"):
            with changed_policy(student(f"caps-keep = {name}")):
                expect(ssh("alice", "echo in").text != "in", f"caps-keep = {name} is taken")
                expect(run(["confinectl", "check"]).code != 0, f"check of caps-keep = {name}")
    finally:
        for path in ("/home/secret", "/run/rows.conf"):
            os.path.exists(path) and os.unlink(path)


CALLS = "/usr/local/bin/rows-calls"


@contextmanager
def calls():
    done = run(["cc", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", CALLS,
                "tests/ssh/rows_calls.c"])
    expect_equal(done.code, 0, f"cc: {done.err}")
    try:
        yield
    finally:
        os.unlink(CALLS)


def answers(done):
    return dict(line.split() for line in done.out.splitlines())


@check("R44 R45 user namespaces, setns, io_uring and keys: refused by every road, also 32-bit")
def roads():
    with calls():
        outside, inside = (answers(ssh("alice", CALLS, host)) for host in (PLAIN, INSIDE))
    done = {name for name, answer in outside.items() if answer == "done"}
    expect({"clone3-user", "unshare-user", "clone-user", "setns-user", "io_uring-unlink",
            "keyctl"} <= done, f"control: outside: {outside}")
    if "getpid-int80" in done:
        expect({"unshare-int80", "keyctl-int80", "io_uring-int80"} <= done, f"control: {outside}")
        expect_equal(inside.pop("getpid-int80"), "done", "control: the 32-bit road is open inside")
    expect_equal(inside.pop("clone3-user"), "ENOSYS", "clone3")
    expect(inside.pop("unshare-x32") in ("ENOSYS", "EPERM"), "x32")
    if "getpid-int80" in done:
        expect_equal(set(inside.values()), {"EPERM"}, f"inside: {inside}")


CRASH = "cd /tmp && sh -c 'kill -SEGV $$'; ls /tmp | grep -c ^core; ls -A ~ | grep -c ^core; true"


@check("R48 a core dump stays inside, and its size is policy's")
def core_dumps():
    pattern = world.read("/proc/sys/kernel/core_pattern").strip()
    if pattern.startswith(("|", "/")):
        raise Skip(f"core dumps of this machine go to {pattern}")
    with changed_policy(student("rlimit-core = infinity:infinity")):
        done = ssh("alice", CRASH)
        expect_equal(done.out.split()[-2:], ["1", "0"], f"control: a core file inside: {done}")
    expect(not [name for name in os.listdir("/tmp") + os.listdir("/home/alice")
                if name.startswith("core")], "a core file on the host")
    with changed_policy(student("rlimit-core = 0")):
        expect_equal(ssh("alice", "ulimit -c unlimited; " + CRASH).out.split()[-2:], ["0", "0"],
                     "with rlimit-core = 0")
    expect("core_pattern" not in ssh("alice", "echo x >/proc/sys/kernel/core_pattern").out
           and world.read("/proc/sys/kernel/core_pattern").strip() == pattern, "core_pattern")


@check("R51 the host's setuid programs give nothing in a login, also without no_new_privs")
def setuid_programs():
    for name, mode in (("rows-suid", 0o4755), ("rows-sgid", 0o2755), ("rows-cap", 0o755)):
        run(["cp", "/usr/bin/id" if name != "rows-cap" else "/usr/bin/cat", f"/usr/bin/{name}"])
        os.chmod(f"/usr/bin/{name}", mode)
    run(["setcap", "cap_setuid+ep", "/usr/bin/rows-cap"])
    question = "rows-suid -u; rows-sgid -g; rows-cap /proc/self/status 2>/dev/null | grep CapEff"
    try:
        expect_equal(ssh("alice", question, PLAIN).out.split(),
                     ["0", "0", "CapEff:", "0" * 14 + "80"], "control: a plain login")
        for keys in ("", "no-new-privs = no\n", "no-new-privs = no\nseccomp = off\n",
                     "no-new-privs = no\nseccomp = off\ncaps-keep = docker\n"):
            with changed_policy(student(keys)):
                done = ssh("alice", question).out.split()
                expect_equal(done[:2], ["47001", "47001"], f"with {keys!r}")
                expect(done[2:] in ([], ["CapEff:", "0" * 16]), f"with {keys!r}: {done}")
    finally:
        for name in ("suid", "sgid", "cap"):
            os.unlink(f"/usr/bin/rows-{name}")


ORPHANS = """
import os, sys
for one in range(int(sys.argv[1])):
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.waitpid(middle, 0)
print("made")
"""


def zombies(init):
    """Dead children of init that it has not taken leave of."""
    count = 0
    for pid in leaks.pids():
        status = leaks.process_status(pid)
        if status and status["PPid"] == str(init) and status["State"].startswith("Z"):
            count += 1
    return count


@check("R57 the init of a login reaps every orphan, and takes no signal from anybody",
       limit=patience(1000))
def reaper():
    count = rounds(1000)
    with Session("alice") as session:
        init = container()["init"]
        make = PYTHON + shlex.quote(ORPHANS) + " "
        os.kill(init, signal.SIGSTOP)
        expect_equal(session.ask(make + "50"), "made", "orphans")
        expect(zombies(init) >= 50, f"control: {zombies(init)} zombies of a stopped init")
        os.kill(init, signal.SIGCONT)
        wait_until(lambda: zombies(init) == 0, 10, "zombies stay")
        expect_equal(session.ask(make + str(count)), "made", "orphans")
        wait_until(lambda: zombies(init) == 0, 10, "zombies stay")
        share(0, count, "orphans left as zombies")
        for name in ("TERM", "HUP", "INT", "QUIT", "USR1", "WINCH", "ALRM", "SEGV", "PIPE"):
            expect_equal(session.ask(f"kill -{name} 1 2>/dev/null; echo $?"), "1", f"SIG{name}")
            os.kill(init, getattr(signal, "SIG" + name))  # of root's, from outside
        expect_equal(session.ask("echo alive"), "alive", "the session")
        status = leaks.process_status(init)
        expect_equal((status["Uid"].split(), status["CapPrm"], status["Seccomp"]),
                     (["65533"] * 4, "0" * 16, "2"), "init")
        os.kill(init, signal.SIGKILL)
        wait_until(lambda: session.process.poll() is not None, 10, "control: SIGKILL ends it")
