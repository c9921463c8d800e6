# SPDX-License-Identifier: LGPL-2.1-or-later
"""R11 R15 R16 R17 R18 R28: what comes from the client, the account, the home, and in the policy."""

import ctypes
import os
import re
import time
from contextlib import contextmanager, nullcontext

import oddities
from harness import world
from harness.check import Skip, check, expect, expect_equal, expect_match
from harness.world import INSIDE, PLAIN, Service, Session, ssh
from rows_door import (ALICE, OUTSIDE, PAM, POLICY, WHERE, Host, changed_policy, containers, door,
                       rounds, student)
from rows_rounds import home_at

CAGE = ("hostname; umask; ulimit -n; grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status; "
        "cut -d' ' -f5,6 /proc/self/mountinfo; ls /home")

HOSTILE = {"CONFINE_PROFILE": "none", "CONFINE_CONFIG": "/home/alice/confine.conf",
           "CONFINE_DEBUG": "1", "PAM_USER": "root", "PAM_TYPE": "close_session",
           "PAM_SERVICE": "sshd-plain", "XDG_CONFIG_HOME": "/home/alice", "XDG_SEAT": "seat0",
           "XDG_RUNTIME_DIR": "/home/alice", "LD_PRELOAD": "/home/alice/x.so",
           "LD_LIBRARY_PATH": "/home/alice", "LC_ALL": "../../home/alice/x"}


@contextmanager
def home_files(**files):
    """Files in alice's home, for a while; a name's __ is a slash."""
    paths = {f"/home/alice/{name.replace('__', '/')}": text for name, text in files.items()}
    try:
        for path, text in paths.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            world.write(path, text)
            os.chown(path, ALICE, ALICE)
        yield
    finally:
        for path in paths:
            os.unlink(path)


GENEROUS = "[global]\nexempt-users = root, alice\nunmatched = allow\n"


@check("R11 variables of the client and of ~/.pam_environment change nothing about the cage")
def environment():
    text = "".join(f"{name} DEFAULT={value}\n" for name, value in HOSTILE.items())
    options = ["-o", "SetEnv=" + " ".join(f"{name}={value}" for name, value in HOSTILE.items())]
    # What the dynamic linker and locales make of them would only be noise in the answers.
    question = "echo $CONFINE_CONFIG $XDG_SEAT; unset ${!LD_*} ${!LC_*}; " + CAGE
    wanted = ssh("alice", CAGE).out
    with home_files(confine__conf=GENEROUS):
        done = ssh("alice", question, INSIDE, options).out
        expect_equal(done, "/home/alice/confine.conf seat0\n" + wanted, "by the client")
        with home_files(**{".pam_environment": text}):
            done = ssh("alice", question).out
            expect_equal(done, "/home/alice/confine.conf seat0\n" + wanted, "by the home")
    os.rmdir("/home/alice/confine") if os.path.isdir("/home/alice/confine") else None
    with changed_policy(student("umask = 0027")):
        expect(ssh("alice", CAGE).out != wanted, "control: another policy shows")


UIDS = (65533, 65534, 65535, 4294967294, 4294967293, 2147483648, 1)


@check("R15 accounts with odd uids are confined, refused, or not covered by min-uid")
def odd_uids():
    outcomes = {}
    for uid in UIDS:
        with oddities.account("visitor", uid):
            control = ssh("visitor", WHERE, PLAIN).text == OUTSIDE
            with oddities.everybody_covered():
                done = ssh("visitor", f"{WHERE}; id -u; kill -9 1; kill -0 1 && echo reached")
            lines = done.out.split()
            outcomes[uid] = control, lines
            if uid == 1:
                expect_equal(lines[:2], [OUTSIDE, "1"], "below min-uid")
                continue
            expect(OUTSIDE not in lines, f"{uid} is outside: {done}")
            expect("reached" not in lines, f"{uid} can signal init: {done}")
            expect(done.code == 254 or lines[1] == str(uid), f"{uid} became another: {done}")
    expect(sum(control for control, _ in outcomes.values()) >= 4, f"control: {outcomes}")
    expect("65534" in outcomes[65534][1], f"control: one of them is served: {outcomes}")
    expect("refused" in outcomes[65533][1], f"the uid of init itself: {outcomes}")


@check("R15 names of 255 bytes, of digits, another's in capitals: another's container never")
def odd_names():
    names = ("ALICE", "Alice", "alice.", "47001", "u47001", "-alice", "x" * 255, "a" * 256,
             "../containers", "alice@bob", "%u", "alice-c69862d948e23449")
    with door(("unmatched     = allow", "unmatched     = student")), Session("alice") as alice:
        hers, registry = alice.ask(WHERE), set(os.listdir("/run/confine/containers"))
        for name in names:
            with oddities.account(name), Host() as host:
                opened = host.open("a", name)
                done = host("child", "a", WHERE)["out"].split()
                made = set(os.listdir("/run/confine/containers")) - registry
                host("close", "a")
            if opened["code"] == 0:
                expect(done and done[0] not in (hers, OUTSIDE), f"{name!r} is in {done}")
                expect_match(r"^u47300-[0-9a-f]{16}$", "".join(made), f"{name!r}'s entry")
            else:
                expect("mnt:" not in " ".join(done), f"{name!r} is refused, but in {done}")
            expect_equal(set(os.listdir("/run/confine")) - {"lock"}, {"containers", "filters"},
                         f"files of {name!r}")
        expect_equal(alice.ask("echo here"), "here", "alice")


EVIL = ("a\nconfine[1]: container forged of root ended", "a\r\nb", "\x1b[2J\x1b]0;x\x07",
        "%s%n%n%x", "\udcff\udcfe\udc80", "x" * 65536, "h tty=forged session=99 opener=1",
        "\x7f", "é\u202e", "a\\x0ab")


def readable(text):
    return not re.search(r"[^\x20-\x7e]", text)


@check("R16 remote host and terminal with line ends, escapes, 64 KiB: one escaped line each")
def odd_items():
    with door(("groups   = students\n", "groups   = students\nrhosts = 192.0.2.0/24\n")):
        for evil in EVIL:
            mark = world.syslog.mark()
            with Host() as host:
                expect(host.open("a", "alice", evil, "pts/1")["code"] != 0, f"rhost {evil[:20]!r}")
            lines = [line for line in world.syslog.lines(mark) if "confine" in line]
            expect_equal(len(lines), 1, f"lines for {evil[:20]!r}: {lines}")
            expect(readable(lines[0]) and len(lines[0]) < 1200, f"raw: {lines[0]!r}")
            expect("refused" in lines[0], f"no reason: {lines[0]!r}")
    mark = world.syslog.mark()
    world.run(["python3", "-c", "import syslog; syslog.syslog('plain \\x1b[2J\\nforged')"])
    line = world.syslog.wait_for("plain", mark)
    expect(not readable(line), "control: a program that does not escape is logged raw")


@check("R16 what confinectl lists of them is on one line, escaped, and claims no other field")
def odd_listing():
    with door():
        for evil in EVIL:
            for items in ((evil, "pts/9"), ("192.0.2.9", evil)):
                with Host() as host:
                    if host.open("a", "alice", *items)["code"] != 0:
                        continue
                    for arguments in (["list"], ["list", "--json"], ["status", "alice"]):
                        text = world.run(["confinectl", *arguments]).out
                        expect(all(map(readable, text.split("\n"))), f"{arguments}: {text!r}")
                    sessions = containers()[0]["sessions"]
                    expect_equal(len(sessions), 1, f"sessions with {evil[:20]!r}")
                    expect(sessions[0].get("tty") != "forged"
                           and sessions[0].get("session", 1) != 99, f"forged: {sessions}")
                    host("close", "a")


@check("R16 names of users, TERM and commands with escapes reach no line of confine's")
def odd_names_logged():
    name = "%s%n;\x1b[31m"
    command = "echo \x1b]0;x\x07 '\n'confine: container forged ended; false %s%n"
    mark = world.syslog.mark()
    with oddities.everybody_covered(), oddities.account(name):
        ssh("ignored", command, options=["-l", name])
    with changed_policy():
        ssh("alice", command, INSIDE, ["-tt"], environment={"TERM": "x\x1b[1mforged\n%n" * 50})
        ssh("ignored", command, options=["-l", "alice\nforged", "-o", "BatchMode=yes"])
        world.syslog.wait_for("of alice ended", mark)
        lines = [line for line in world.syslog.lines(mark)
                 if line.startswith("confine[") or "pam_confine(" in line]
    expect(lines, f"control: confine says something; {world.syslog.lines(mark)}")
    for line in lines:
        expect(readable(line) and "forged" not in line, f"line: {line!r}")


BAD_POLICIES = {
    "lines that end as DOS's": lambda good: good.replace("\n", "\r\n"),
    "profiles that inherit each other": lambda good: good + "[profile a]\ninherit = b\n"
                                                            "[profile b]\ninherit = a\n",
    "the wanted profile inherits itself": lambda good: good.replace("[profile student]\n",
                                                                    "[profile student]\n"
                                                                    "inherit = student\n"),
    "twice the same key": lambda good: good.replace("hostname = %u-box\n", "hostname = a\n" * 2),
    "two sections but for capitals": lambda good: good + "[Profile Student]\nproc = full\n",
    "a NUL": lambda good: good + "#\0\n",
    "2 MiB": lambda good: good + "# x\n" * (1 << 19),
}


@check("R17 policy with a mistake: refused within a second, one line says where")
def bad_policies():
    good = world.read(POLICY)
    for what, make in BAD_POLICIES.items():
        text = make(good)
        with changed_policy():
            world.write(POLICY, text)
            world.write("/etc/pam.d/rows", PAM)
            with Host() as host:
                mark, begun = world.syslog.mark(), time.monotonic()
                opened = host.open("a")
                took = time.monotonic() - begun
                done = host("child", "a", WHERE)["out"]
            os.unlink("/etc/pam.d/rows")
        if what.startswith("lines") and opened["code"] == 0:
            continue  # line ends are a matter of taste, as long as nothing is lost
        expect(opened["code"] != 0 and "mnt:" not in done, f"{what}: {opened} {done}")
        expect(took < 1, f"{what}: {took:.2f} s")
        expect(world.syslog.wait_for(r"confine\.conf|policy", mark), f"{what}: no line")
    with door(), Host() as host:
        expect_equal(host.open("a")["code"], 0, "control: the good one")


@check("R17 policy below a directory that others can write is not believed, wherever it stands")
def writable_parents():
    for directory, mode, owner in (("/etc", 0o777, 0), ("/etc", 0o755, ALICE), ("/etc", 0o775, 0),
                                   ("/etc/confine/conf.d", 0o777, 0)):
        made = not os.path.exists(directory)
        if made:
            os.mkdir(directory)
            world.write(f"{directory}/x.conf", "[global]\n")
        before = os.stat(directory)
        with door(), Host() as host:
            host("start", "a", "alice")
            host("setcred", "a")
            os.chmod(directory, mode)
            os.chown(directory, owner, 0)
            try:
                code = host("open", "a")["code"]
            finally:
                os.chown(directory, before.st_uid, before.st_gid)
                os.chmod(directory, before.st_mode & 0o7777)
                if made:
                    os.unlink(f"{directory}/x.conf")
                    os.rmdir(directory)
        expect(code != 0, f"{directory} {mode:o} {owner}")
    with door(), Host() as host:
        expect_equal(host.open("a")["code"], 0, "control: closed directories")


TRACE = "/run/rows-trace"


@check("R18 no file of the home is opened with privileges, though it may look like a policy")
def home_policy():
    files = {"confine.conf": GENEROUS, ".confine.conf": GENEROUS,
             ".config__confine__confine.conf": GENEROUS,
             ".config__confine__conf.d__x.conf": GENEROUS,
             ".confine__profile": "none\n", "etc__confine__confine.conf": GENEROUS}
    wrapper = ["strace", "-D", "-f", "-q", "-y", "-o", TRACE, "-e",
               "trace=openat,openat2,open,execve,setresuid,setuid,setns"]
    try:
        with home_files(**files), Service("sshd", 2230, wrapper=wrapper) as service:
            done = ssh("alice", WHERE, service, timeout=60)
            expect(done.text.startswith("mnt:") and done.text != OUTSIDE, f"login: {done}")
        text = world.read(TRACE)
    finally:
        os.path.exists(TRACE) and os.unlink(TRACE)
        world.run(["sh", "-c", "cd /home/alice && rm -rf .config .confine etc"])
    # The directory's descriptor is followed by its name in <>, an absolute name hides it.
    opened = [name if name.startswith("/") else f"{place}/{name}" for place, name in
              re.findall(r'open(?:at2?)?\((?:[^<"]*<([^>]*)>, )?(?:AT_FDCWD, )?"([^"]+)"', text)]
    expect("/etc/confine/confine.conf" in opened, "control: the policy is opened")
    expect(any(name.endswith("authorized_keys") for name in opened), "control: sshd's are seen")
    bad = [name for name in opened if re.search(r"confine(\.conf|/)", name)
           and not re.match(r"(/sys/fs/cgroup)?/(etc|run|usr|confine)/", name)]
    expect_equal(bad, [], "opened")


@contextmanager
def dead_mount(place):
    """A file system whose server never answers."""
    if not os.path.exists("/dev/fuse"):
        os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        os.unlink("/dev/fuse")
        raise Skip("no fuse in this kernel") from None
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={server},rootmode=40000,user_id={ALICE},group_id={ALICE},allow_other"
    try:
        if libc.mount(b"dead", place.encode(), b"fuse", 0, options.encode()) != 0:
            raise Skip(f"fuse: {os.strerror(ctypes.get_errno())}")
        yield
    finally:
        libc.umount2(place.encode(), 2)
        os.close(server)
        os.unlink("/dev/fuse")


def served_or_refused(what, seconds=5):
    with Host() as host:
        begun = time.monotonic()
        opened = host.open("a")
        done = host("child", "a", WHERE)["out"]
        took = time.monotonic() - begun
        host("close", "a")
    expect(OUTSIDE not in done, f"{what}: outside")
    expect(took < seconds, f"{what}: {took:.1f} s")
    return opened["code"]


@check("R28 a FIFO, socket or dead file system where the user can put one: never blocks", limit=200)
def blocking_places():
    make = {"fifo": os.mkfifo, "socket": lambda path: os.mknod(path, 0o140600)}
    os.mkdir("/home/play", 0o755)
    os.chown("/home/play", ALICE, ALICE)
    try:
        with door(), home_at("/home/play/h"):
            for what, maker in make.items():
                maker("/home/play/h")
                os.chown("/home/play/h", ALICE, ALICE)
                expect(served_or_refused(f"{what} as home") != 0, f"{what} served as a home")
                os.unlink("/home/play/h")
            os.mkdir("/home/play/h")
            os.chown("/home/play/h", ALICE, ALICE)
            expect_equal(served_or_refused("control: a directory"), 0, "control: a directory")
            # Refused when the helper's time is over, which is long.
            with dead_mount("/home/play/h") if rounds(0) else nullcontext():
                control = world.run(["timeout", "-s", "KILL", "2", "stat", "/home/play/h"])
                expect(not rounds(0) or control.code != 0, "control: it blocks")
                served_or_refused("dead home", 40 if rounds(0) else 5)
        for key in ("bind", "bind-ro", "bind-try"):
            with door(student(f"{key} = /home/play/s:/data")):
                for what, maker in make.items():
                    maker("/home/play/s")
                    os.chown("/home/play/s", ALICE, ALICE)
                    served_or_refused(f"{what} as source of {key}")
                    os.unlink("/home/play/s")
    finally:
        world.run(["rm", "-rf", "/home/play"])
