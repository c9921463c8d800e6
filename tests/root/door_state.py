# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hostile user can hand to a setuid program, and what becomes of it."""

import ctypes
import os
import re
import shlex
import threading
import time

from callers import CONDITIONS, PROBE, expect_isolated
from engine import PYTHON, host
from harness import world
from harness.check import check, expect, expect_equal, expect_match
from second import (HENRY, SHELL, Held, as_user, door, inside, last_session_gone, signal,
                    status_fields, subprocess, with_keys)

# A standard output that was closed cannot be written to; that is no failure of the session's.
PROBE = PROBE.replace("raise SystemExit(7)", "import sys\ntry:\n    sys.stdout.flush()\n"
                      "except OSError:\n    pass\nos._exit(7)")


def become(condition):
    """As preexec_fn: the user's ids first, so that limits count against him, then the condition."""
    def prepare():
        os.setgroups([47100, 47101])
        os.setresgid(HENRY, HENRY, HENRY)
        os.setresuid(HENRY, HENRY, HENRY)
        condition()
    return prepare


def under(condition, argv):
    began = time.monotonic()
    with open("/dev/null") as null:
        done = subprocess.run(argv, preexec_fn=become(condition), stdin=null,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=10,
                              close_fds=False, cwd="/", env={"PATH": "/usr/bin:/bin"})
    return done, time.monotonic() - began


# These are an obstacle to nothing: the session must run.
NO_OBSTACLE = ("closed", "umask", "signals", "SIG", "timers", "900", "CORE", "control", "MEMLOCK",
               "nice")


@check("a caller in any bad state: fully isolated or refused, no hang, nothing left", limit=120)
def conditions():
    script = " ".join(shlex.quote(word) for word in [*PYTHON, PROBE])
    conditions = {name: value for name, value in CONDITIONS.items() if "deleted" not in name}
    for name, condition in conditions.items():
        done, seconds = under(condition, [SHELL, "-c", "exec " + script])
        expect(seconds < 8, f"{name} took {seconds:.1f} s")
        if done.returncode == 7:
            if done.stdout:
                lines = done.stdout.splitlines()
                expect(lines[2].endswith(" False /home/henry"), f"{name}: {lines}")
                lines[2] = lines[2].replace("/home/henry", "/home/alice")
                done.stdout = "\n".join(lines)
            expect_isolated(name, done)
            continue
        expect(done.returncode != 0, f"{name}: status 0 without the command")
        expect_equal(done.stdout, "", f"{name}: {done.returncode}")
        expect(not any(word in name for word in NO_OBSTACLE) or "PENDING" in name,
               f"{name}: {done.returncode} {done.stderr[-300:]!r}")
    last_session_gone()


@check("a deleted working directory is no obstacle, for covered users and others")
def deleted_directory():
    for user, where in (("henry", "/home/henry"), ("ivy", "")):
        argv = as_user(["bash", "-c", f"mkdir /tmp/gone-$$ && cd /tmp/gone-$$ && rmdir /tmp/gone-$$ "
                        f"&& exec {SHELL} -c 'echo in; pwd -P 2>/dev/null'"], user)
        done = host(argv)
        expect_equal(done.text.split(), ["in", *([where] if where else [])], f"{user}: {done.err}")


@check("limits, umask and priority of the caller hold on inside; what policy sets wins")
def kept_state():
    script = "ulimit -Hn; ulimit -Sn; ulimit -Hf; ulimit -c; umask; nice"
    outer = ("ulimit -Sn 300; ulimit -Hn 400; ulimit -f 999; ulimit -c 0; umask 0037; "
             f"exec nice -n 7 {SHELL} -c '{script}'")
    done = host(as_user(["bash", "-c", outer]), cwd="/")
    expect_equal(done.text.split(), ["400", "300", "999", "0", "0037", "7"], f"limits {done.err}")
    with with_keys("rlimit-nofile = 50:60\numask = 077\n"):
        done = host(as_user(["bash", "-c", outer]), cwd="/")
        expect_equal(done.text.split(), ["60", "50", "999", "0", "0077", "7"], f"policy {done.err}")


@check("the files of the engine are root's alone, whatever the umask, and no core is left")
def modes():
    with Held():
        for name in ("", "/containers", "/filters"):
            expect_equal(os.stat(f"/run/confine{name}").st_mode & 0o777, 0o700, name)
        loose = host(["find", "/run/confine", "-perm", "/077", "!", "-type", "l", "!", "-type", "s"])
        expect_equal(loose.out, "", "files for others")
    done, _ = under(lambda: os.umask(0), [SHELL, "-c", "true"])
    expect_equal(done.returncode, 0, "umask 000")


@check("descriptors: 0 to 2 alone go in, no directory among them")
def descriptors():
    def many():
        for number in (3, 4, 5, 9, 100):
            os.dup2(os.open("/", os.O_RDONLY), number, inheritable=True)
    done, _ = under(many, [SHELL, "-c", "ls /proc/self/fd | tr '\\n' ' '"])
    expect_equal(done.stdout, "0 1 2 3 ", "descriptors inside")
    done, _ = under(many, ["setpriv", "--reuid", "47009", SHELL, "-c", "true"])
    for number in (0, 1, 2):
        def directory():
            os.dup2(os.open("/", os.O_RDONLY), number)
        done, _ = under(directory, [SHELL, "-c", "id"])
        expect_equal((done.returncode, done.stdout), (125, ""), f"{number} is /: {done.stderr}")


def empty_argv(program):
    """Executes program with no argument at all, not even a name."""
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = (ctypes.c_char_p * 1)(None)

    def call():
        os.setresuid(HENRY, HENRY, HENRY)
        libc.execve(program.encode(), nothing, nothing)
        os._exit(99)
    done = subprocess.run(["true"], preexec_fn=call, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    return done


@check("no argv[0], an empty one, and odd ones: refused or the same as ever")
def names():
    for done in (empty_argv(SHELL), door("-c", "id", name="")):
        expect_equal((done.returncode if hasattr(done, "returncode") else done.code), 125, f"{done}")
    for name in ("sh", "-sh", "../../x", "/bin/bash", "-" * 300, "%s%n", "\n", "--"):
        done = door("-c", "readlink /proc/self/ns/mnt; id -u", name=name)
        expect(done.code == 0 and os.readlink("/proc/self/ns/mnt") not in done.out, f"{name}: {done}")
        expect_match("^47009$", done.out, name)


@check("a hard link or another name for it behaves the same, a copy gives nothing")
def links():
    os.makedirs("/usr/local/evil")
    try:
        os.link(SHELL, "/usr/local/evil/-bash")
        os.symlink(SHELL, "/usr/local/evil/sh")
        for name in ("-bash", "sh"):
            done = host(as_user([f"/usr/local/evil/{name}", "-c", "hostname"]), cwd="/usr/local/evil")
            expect_equal(done.text, "henry-box", f"{name}: {done.err}")
        host(["cp", SHELL, "/usr/local/evil/copy"])
        os.chmod("/usr/local/evil/copy", 0o755)
        expect_equal(host(as_user(["/usr/local/evil/copy", "-c", "id"])).code, 125, "a copy")
    finally:
        host(["rm", "-r", "/usr/local/evil"])


HOSTILE = {"LD_PRELOAD": "/home/henry/evil.so", "LD_LIBRARY_PATH": "/home/henry/lib",
           "LD_AUDIT": "/home/henry/evil.so", "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": "/home/henry/out",
           "GLIBC_TUNABLES": "glibc.malloc.mxfast=glibc.malloc.mxfast=A", "BASH_ENV": "/home/henry/env",
           "ENV": "/home/henry/env", "PATH": "/home/henry/bin", "IFS": "/", "TMPDIR": "/home/henry/tmp",
           "LOCPATH": "/home/henry/locale", "LANG": "../../home/henry/locale", "LC_ALL": "/home/henry",
           "NLSPATH": "/home/henry/%N", "TZ": ":/home/henry/zone", "TZDIR": "/home/henry",
           "MALLOC_TRACE": "/home/henry/trace", "MALLOC_CHECK_": "3", "GCONV_PATH": "/home/henry/gconv",
           "HOSTALIASES": "/home/henry/hosts", "RES_OPTIONS": "debug", "GETCONF_DIR": "/home/henry",
           "CONFINE_CONFIG": "/home/henry/policy", "CONFINE_PROFILE": "none", "HOME": "/home/henry/x"}

PATH_CALLS = "open,openat,openat2,execve,execveat,readlink,readlinkat,stat,newfstatat,statx,access," \
             "faccessat2,chdir,mkdirat,unlinkat,connect"


@check("a hostile environment: nothing that it names is looked at by root", limit=90)
def hostile_environment():
    trace = "/tmp/trace"
    argv = ["/usr/bin/strace", "-f", "-y", "-u", "henry", "-e", f"trace={PATH_CALLS},setresuid,setuid",
            "-o", trace, SHELL, "-c", "hostname; echo end"]
    done = host(argv, env=HOSTILE, cwd="/", timeout=60)
    expect_equal(done.out.split(), ["henry-box", "end"], f"a traced login: {done.err[-300:]}")
    text = world.read(trace)
    os.unlink(trace)
    became_user, suspicious = set(), []
    for line in text.splitlines():
        pid, call = line.split(None, 1)
        if re.match(r"set(res)?uid\(47009", call):
            became_user.add(pid)
        names = re.search(r"evil|/home/henry/(lib|out|env|bin|tmp|locale|zone|trace|gconv|hosts|policy|x)",
                          call)
        if names and pid not in became_user and not call.startswith(f'execve("{SHELL}"'):
            suspicious.append(line)
    expect(became_user, "the trace shows no switch of user")
    expect_equal(suspicious, [], "looked at by root")


TRACER = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
os.nice(15)  # what is watched must get somewhere, too
hits = tried = 0
print("up", flush=True)
def still(name):
    # Not a shell that the process has become in the meantime.
    try:
        return os.path.basename(os.readlink(f"/proc/{name}/exe")).startswith("confine")
    except OSError:
        return False
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            comm = open(f"/proc/{name}/comm").read()
        except OSError:
            continue
        if not comm.startswith("confine"):
            continue
        tried += 1
        if libc.ptrace(SEIZE, int(name), 0, 0) == 0:
            if still(name):
                hits += 1
                print("seized", comm, flush=True)
            libc.ptrace(INTERRUPT, int(name), 0, 0)
            try:
                os.waitpid(int(name), 0x40000000)
            except OSError:
                pass
            libc.ptrace(DETACH, int(name), 0, 0)
        for what in ("mem", "environ", "maps", "auxv"):
            try:
                os.close(os.open(f"/proc/{name}/{what}", os.O_RDONLY))
                if open(f"/proc/{name}/{what}", "rb").read(1) and still(name):
                    hits += 1
                    print("read", what, comm, flush=True)
            except OSError:
                pass
        for what in ("fd/0", "root", "cwd", "exe"):
            try:
                os.readlink(f"/proc/{name}/{what}")
                if still(name):
                    hits += 1
                    print("link", what, comm, flush=True)
            except OSError:
                pass
print("tried", tried, "hits", hits)
"""


@check("the user can neither trace nor look into any part of the door, in any phase", limit=60)
def tracing():
    """Whatever is called confine-* has it; that a tracer can do it to his own, the control says."""
    own = host(as_user(["bash", "-c", "cp /bin/sleep /tmp/confine-own; /tmp/confine-own 20 & "
                        + " ".join(shlex.quote(word) for word in [*PYTHON, TRACER, "0.5"])
                        + "; kill %1; rm /tmp/confine-own"]))
    expect_match("seized confine-own", own.out, "control: a process of his own")
    tracer = world.start(as_user([*PYTHON, TRACER, "10"]), text=True)
    tracer.stdout.readline()
    end = time.monotonic() + 9
    logins = 0
    while time.monotonic() < end:
        done = door("-c", "exit 3")
        expect_equal(done.code, 3, f"a login while being looked at: {done.err}")
        logins += 1
    text = tracer.stdout.read()
    tracer.wait(10)
    tried, hits = re.search(r"tried (\d+) hits (\d+)", text).groups()
    expect(int(tried) > 1000 and logins > 20, f"{tried} attempts in {logins} logins prove nothing")
    expect_equal(hits, "0", text[:300])


@check("the user's signals do not reach what is root's, and what they end ends without a shell")
def signals_at_build():
    stop = threading.Event()
    sent = []

    def storm():
        user = os.fork()
        if user == 0:
            os.setgroups([])
            os.setresuid(HENRY, HENRY, HENRY)
            limit = time.monotonic() + 8
            while time.monotonic() < limit:
                for name in os.listdir("/proc"):
                    if not name.isdigit():
                        continue
                    try:
                        if open(f"/proc/{name}/comm").read().startswith("confine-log") and \
                                os.stat(f"/proc/{name}").st_uid == 0:
                            os.kill(int(name), signal.SIGKILL)
                            os._exit(1)  # it could
                    except OSError:
                        pass
            os._exit(0)
        sent.append(os.waitstatus_to_exitcode(os.waitpid(user, 0)[1]))
        stop.set()
    thread = threading.Thread(target=storm)
    thread.start()
    codes = set()
    while not stop.is_set():
        codes.add(door("-c", "exit 3").code)
    thread.join()
    # Dead as the user's own stand-in (kill is his right) or alive and well: never anything else.
    expect(codes <= {3, -9}, f"statuses {codes}")


@check("a session's status is the same through both kinds of entry: first and joining")
def same_status():
    ask = "grep -E '^(Cap|NoNew|Seccomp|Groups|Uid|Gid)' /proc/self/status; ulimit -a"
    with Held():
        joined = inside(ask)
    last_session_gone()
    expect_equal(inside(ask), joined, "status")
    expect_match("^Seccomp_filters:\t1$", joined, "filters")
    expect("CapEff" in status_fields(joined + "\n"), "fields")


# Each call of the setuid program, and of what it executes as the same process; EINVAL is what an
# old kernel says of a flag.
FAULTS = ("setresuid", "getgroups", "setgroups", "setresgid", "getresuid", "prlimit64", "fcntl",
          "close_range", "openat", "memfd_create", "write", "chdir", "getpriority", "setpriority",
          "prctl", "rt_sigprocmask", "setitimer", "execve", "pipe2", "socketpair", "clone", "setns",
          "fstat", "pread64", "pidfd_open", "capset", "ioctl")


def injected(call, error, when):
    """A login in which that one call fails; None where there are not so many."""
    trace = "/tmp/faults"
    argv = ["/usr/bin/strace", "-u", "henry", "-e", f"trace={call}", "-o", trace, "-e",
            f"inject={call}:error={error}:when={when}", SHELL, "-c", "echo in; hostname"]
    done = host(argv, env={"PATH": "/usr/bin:/bin"}, cwd="/", timeout=30)
    text = world.read(trace)
    os.unlink(trace)
    return done if "INJECTED" in text else None


@check("each call of the door refused: the session as on a good day, or none", limit=300)
def faults():
    count = refused = 0
    for call in FAULTS:
        for error in ("EPERM", "EINVAL", "ENOMEM"):
            for when in range(1 if call != "execve" else 2, 7):
                done = injected(call, error, when)
                if done is None:
                    break
                count += 1
                what = f"{call} {error} {when}: {done}"
                if done.code == 0:
                    expect_equal(done.out, "in\nhenry-box\n", what)
                else:
                    refused += 1
                    # NSS modules end the process where they do not know what to do.
                    expect_equal((done.code in (125, -6), done.out), (True, ""), what)
    expect(refused > 50 and count > refused, f"{refused} of {count} refused: proves little")
    last_session_gone()


@check("the setuid program where it cannot be what it should: old kernels, no directory, as root")
def corners():
    done = injected("memfd_create", "EINVAL", 1)  # before Linux 6.3
    expect_equal((done.code, done.out), (0, "in\nhenry-box\n"), f"an old kernel: {done}")
    done = host(as_user(["bash", "-c", f"exec {SHELL} -c 'true' 0<&- 1>&-"]))
    expect_equal(done.code, 0, f"closed descriptors: {done.err}")
    done = host([SHELL, "-c", "echo in; exit 8"])
    expect_equal((done.code, done.out), (8, "in\n"), "root")
    done = host([SHELL, "-c", "x" * 100_000, *["y" * 100_000] * 15], env={"PATH": "/bin"})
    expect(done.code in (125, 126, 127), f"root with much to say: {done.code}")
