# SPDX-License-Identifier: LGPL-2.1-or-later
"""R24 R25 R26 R30 R31 R53: what the user, or a careless host, puts in the places that the build and
the login service use."""

import os
import shutil
import stat
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, expect_match
from harness.terminal import Terminal
from harness.world import INSIDE, Session, client, run, ssh, start
from rows_door import ALICE, as_alice, changed_policy, container, student

VICTIM = "/home/victim"


@contextmanager
def directory(path, mode=0o755):
    os.mkdir(path)
    os.chmod(path, mode)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def victim():
    """A file of root's that no attempt may open for writing, change or give away."""
    world.write(VICTIM, "untouched\n", 0o600)
    before = os.stat(VICTIM)
    try:
        yield
        after = os.stat(VICTIM)
        expect_equal((after.st_uid, after.st_mode, after.st_mtime_ns, after.st_ctime_ns,
                      world.read(VICTIM)), (0, before.st_mode, before.st_mtime_ns,
                                            before.st_ctime_ns, "untouched\n"), "the victim")
    finally:
        os.unlink(VICTIM)


# The root's /dev would have had these names in a rootfs of the user's own.
PLANT = """
mount -t tmpfs -o mode=755 none /run/planted
for name in null zero full random urandom tty console ptmx kmsg log; do
    ln -s VICTIM /run/planted/$name
done
for name in pts shm mqueue; do ln -s /home /run/planted/$name; done
exec 8</dev/null
mount --bind /run/planted /dev
"""


@contextmanager
def plain_profile(keys=""):
    """A policy of its own for confinectl run; yields the start of the command."""
    world.write("/run/rows.conf", f"[global]\n[profile test]\nhostname = box\n{keys}\n")
    try:
        yield ["confinectl", "run", "--config", "/run/rows.conf", "--profile", "test", "--user",
               "alice", "--", "sh", "-c"]
    finally:
        os.unlink("/run/rows.conf")


def on_changed_host(prelude, command):
    """Runs a command where prelude has changed the host's mounts for it alone."""
    return run(["unshare", "-m", "sh", "-c", prelude + 'exec "$@"', "sh", *command])


DEVICES = ("for n in null zero full random urandom tty; do stat -c '%n %F %t:%T %u' /dev/$n; done; "
           "stat -c '%n %F' /dev/pts /dev/ptmx /dev/shm; head -c 20 /proc/keys /proc/timer_list | "
           "tr -d '\\0'; grep -c victim /proc/self/mountinfo; true")


@check("R24 R25 a /dev full of links to another file: the container's own is made from nothing")
def planted_devices():
    prelude = PLANT.replace("VICTIM", VICTIM)
    with plain_profile("seccomp = off") as start_run, directory("/run/planted"), victim():
        plain = run([*start_run, DEVICES]).out
        expect_match("/dev/null character special file 1:3 0", plain, "control: an ordinary host")
        naive = on_changed_host(prelude, ["sh", "-c", "mount --bind /dev/null /proc/keys && "
                                          "cat /proc/keys"])
        expect_equal(naive.text, "untouched", f"control: a mask made of it: {naive.err}")
        done = on_changed_host(prelude + "exec <&8; ", [*start_run, DEVICES])
    expect("untouched" not in done.out, f"masked by the victim: {done.out}")
    expect_equal((done.code, done.out), (0, plain), f"/dev inside: {done.err}")


def bind_dev(name):
    return student(f"bind = /home/alice/dev/{name}:/dev/{name}")


@check("R25 R53 user's links where policy binds below /dev: no terminal is given away by name",
       limit=120)
def chown_by_name():
    run(["mkdir", "-p", "/home/alice/dev/pts"])
    os.symlink(VICTIM, "/home/alice/dev/pts/0")
    os.symlink(VICTIM, "/home/alice/dev/ptmx")
    run(["chown", "-hR", "alice:", "/home/alice/dev"])
    try:
        with victim():
            for policy in (bind_dev("pts"), student("bind = /home/alice/dev:/dev")):
                with changed_policy(policy):
                    for _ in range(3):
                        ssh("alice", "tty; echo x >/dev/pts/0", INSIDE, ["-tt"])
        for name in ("0", "ptmx"):
            world.write(VICTIM, "untouched\n", 0o600)
            naive = on_changed_host("mount --bind /home/alice/dev/pts /dev/pts;",
                                    ["chown", "alice", "/dev/pts/0"])
            expect_equal((naive.code, os.stat(VICTIM).st_uid), (0, ALICE), "control: by name it is")
            os.unlink(VICTIM)
    finally:
        shutil.rmtree("/home/alice/dev")


@check("R53 a terminal's owner changes on the container's devpts, and nowhere else")
def terminal_owner():
    master, slave = os.openpty()
    mine = os.ttyname(slave)
    try:
        before = {name: os.stat(f"/dev/pts/{name}").st_uid for name in os.listdir("/dev/pts")}
        with Terminal(client("alice", options=["-tt"]), columns=200) as one, \
                Terminal(client("alice", options=["-tt"]), columns=200) as two:
            for terminal in (one, two):
                terminal.shell()
                expect_equal(terminal.command("stat -c %U $(tty)"), "alice", "owner inside")
            told = one.command("mv /dev/pts /dev/x; rm /dev/pts/0; ln -sf /x /dev/ptmx")
            expect_match("ermitted|enied|ead-only|busy", told, "rename")
            now = {name: os.stat(f"/dev/pts/{name}").st_uid for name in os.listdir("/dev/pts")
                   if name in before}
            expect_equal(now, before, "owners of the host's terminals")
            expect(mine.endswith(("/0", "/1", "/2", "/3")), f"{mine} has not one of their numbers")
    finally:
        os.close(master)
        os.close(slave)


TRACE = "/run/rows-writes"


@check("R26 nothing is written through a /proc: what root opens for writing is known by descriptor")
def proc_writes():
    wrapper = ["strace", "-D", "-f", "-q", "-y", "-o", TRACE, "-e", "trace=openat,openat2,open"]
    with world.Service("sshd", 2232, wrapper=wrapper) as service:
        expect_equal(ssh("alice", "hostname", service, timeout=60).text, "alice-box", "login")
    lines = [line for line in world.read(TRACE).splitlines()
             if "O_WRONLY" in line or "O_RDWR" in line]
    os.unlink(TRACE)
    to_proc = [line for line in lines if "/proc/" in line.split("=")[0]]
    expect(any("oom_score_adj" in line for line in to_proc), "control: sshd's own are seen")
    ours = [line for line in to_proc if "oom_score_adj" not in line and "loginuid" not in line]
    expect_equal(ours, [], "opened for writing below /proc")
    expect(any("cgroup.procs" in line for line in lines), "control: cgroup.procs is seen")


FALSE = """
mkdir -p /run/false/self/attr /run/false/self/task/1 /run/false/sys/kernel
for f in self/uid_map self/setgroups self/oom_score_adj self/mountinfo self/attr/exec keys kcore; do
    echo false >/run/false/$f
done
mount --bind /run/false /proc
"""


@check("R26 a /proc of somebody's making on the host: nothing of it is used, and none is shown")
def false_proc():
    question = "stat -f -c %T /proc; cat /proc/self/comm; head -c 9 /proc/keys"
    files = [f"/run/false/self/{name}" for name in ("uid_map", "setgroups", "mountinfo",
                                                    "oom_score_adj")]
    try:
        with plain_profile() as start_run:
            done = on_changed_host(FALSE, [*start_run, question])
        changed = [name for name in files if world.read(name) != "false\n"]
        naive = ["sh", "-c", "cat /proc/keys; echo x >/proc/self/setgroups"]
        control = on_changed_host(FALSE, naive)
        expect_equal((control.text, world.read(files[1])), ("false", "x\n"),
                     "control: others read and write it")
    finally:
        run(["rm", "-rf", "/run/false"])
    expect_equal(changed, [], "written to")
    expect("false" not in done.out, f"shown inside: {done.out}")
    if done.code == 0:
        expect_match("^proc$", done.out, "kind of /proc inside")


PLACES = ("/home/alice", "/tmp", "/var/tmp", "/dev/shm", "/run/user/47001", "/dev/mqueue", "/data")


NODES = (("zero", stat.S_IFCHR, 1, 5), ("mem", stat.S_IFCHR, 1, 1), ("disk", stat.S_IFBLK, 254, 0))


def plant(root):
    """By root, in every place the user can write: programs and nodes that would give him more."""
    made = []
    for place in PLACES:
        where = f"{root}{place}"
        try:
            for name, mode in (("suid", 0o4755), ("sgid", 0o2755)):
                shutil.copy("/usr/bin/id", f"{where}/{name}")
                os.chmod(f"{where}/{name}", mode)
            shutil.copy("/usr/bin/cat", f"{where}/filecap")
            run(["setcap", "cap_dac_override,cap_setuid+ep", f"{where}/filecap"])
            for name, kind, major, minor in NODES:
                os.mknod(f"{where}/{name}", kind | 0o666, os.makedev(major, minor))
                os.chmod(f"{where}/{name}", 0o666)
            made.append(place)
        except OSError:
            pass  # a file system for queues alone
    return made


TRY = ("for p in {}; do cd $p; echo $(./suid -u) $(./sgid -g) "
       "$(./filecap /proc/self/status 2>/dev/null | grep CapEff | cut -f2) "
       "$(head -c 1 ./zero 2>/dev/null | wc -c) $(for n in mem disk; do (: <./$n) 2>&1; done | "
       "grep -cE 'ermission|such device|permitted'); done")


@check("R30 setuid programs, capabilities and nodes in every writable place do nothing", limit=90)
def planted():
    os.mkdir("/run/shared")
    os.chmod("/run/shared", 0o777)
    for keys in ("", "seccomp = off\nno-new-privs = no\n"):
        with changed_policy(student(f"bind = /run/shared:/data\n{keys}")), \
                Session("alice") as session:
            made = plant(f"/proc/{container()['init']}/root")
            expect(len(made) >= 6, f"planted in {made} only")
            lines = session.ask(TRY.format(" ".join(made))).splitlines()
            expect_equal([line.split()[:2] for line in lines], [["47001"] * 2] * len(made),
                         f"uid and gid with {keys!r}")
            for place, line in zip(made, lines):
                rest = line.split()[2:]
                powers = rest[0] if len(rest) == 3 else "0" * 16
                expect_equal((powers, rest[-2:]), ("0" * 16, ["0", "2"]), f"{place} with {keys!r}")
        outside = as_alice(["sh", "-c", TRY.format("/run/shared")]).stdout.split()
        expect_equal((outside[:2], outside[2][-1], outside[3]), (["0", "0"], "2", "1"),
                     "control: outside the same files do")
        for place in ("/home/alice", "/run/shared"):
            run(["sh", "-c", f"cd {place} && rm -f suid sgid filecap zero mem disk"])
    os.rmdir("/run/shared")


@contextmanager
def two_binds():
    """Two directories of one file system, which alice may write, and another's file in one."""
    for name in ("one", "two"):
        os.mkdir(f"/home/{name}", 0o777)
        os.chmod(f"/home/{name}", 0o777)
    world.write("/home/one/mine", "x\n")
    os.chown("/home/one/mine", ALICE, ALICE)
    world.write("/home/one/bobs", "x\n", 0o666)
    os.chown("/home/one/bobs", 47002, 47002)
    os.mkdir("/home/one/deep", 0o777)
    os.chown("/home/one/deep", ALICE, ALICE)
    try:
        yield student("bind = /home/one:/one, /home/two:/two")
    finally:
        run(["rm", "-rf", "/home/one", "/home/two"])


CROSS = """
cd / 2>/dev/null; a=$1 b=$2 h=$3
ln $a/mine $b/linked && echo linked; ln $a/bobs $h/bobs && echo another\\'s
python3 -c 'import os, sys; os.rename(*(a + "/deep" for a in sys.argv[1:]))' $a $b && echo moved
rm -f $b/linked $h/bobs; [ -d $b/deep ] && mv $b/deep $a/deep
echo end
"""


@check("R31 hard links and renames do not cross between two binds of one file system")
def crossing():
    with two_binds() as policy:
        control = as_alice(["sh", "-c", CROSS, "sh", "/home/one", "/home/two", "/home/alice"])
        expect_equal(control.stdout.split()[:1], ["linked"], f"control: outside {control.stderr}")
        expect("moved" in control.stdout, f"control: outside {control.stderr}")
        with changed_policy(policy):
            inside = run(client("alice", INSIDE, "exec sh -s /one /two /home/alice"), CROSS)
    expect_equal(inside.out, "end\n", f"inside: {inside.err}")
    expect_match("cross-device", inside.err, "why")


CHROOT = """
import os
os.chroot("/home/one")
os.chdir("/deep")
print("up", flush=True)
input()
os.chdir("..")
os.chdir("..")
print(os.path.exists("bob"))
"""


@check("R31 R35 a directory moved out of a bind from outside does not open the way up", limit=90)
def moved_out():
    with directory("/home/elsewhere", 0o777), two_binds() as policy:
        with changed_policy(policy), Session("alice") as session:
            session.ask("cd /one/deep")
            os.rename("/home/one/deep", "/home/elsewhere/deep")
            seen = session.ask("for d in .. ../.. ../../..; do ls -d $d/bob $d/etc/shadow; done "
                               "2>/dev/null; cd .. && cd .. && ls -a; true")
            os.rename("/home/elsewhere/deep", "/home/one/deep")
            expect("bob" not in seen and "shadow" not in seen, f"reached: {seen}")
        control = start(["python3", "-c", CHROOT], text=True)
        control.stdout.readline()
        os.rename("/home/one/deep", "/home/elsewhere/deep")
        expect_match("True", control.communicate("\n")[0], "control: out of a chroot it does")
