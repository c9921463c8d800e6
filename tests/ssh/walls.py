# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a confined user must not see or touch: each attempt succeeds in a plain login first."""

import os
import shlex
import socket
import subprocess
import time

from harness import world
from harness.check import check, expect, expect_equal, expect_match
from harness.world import PLAIN, Session, ssh


@check("the host's processes are invisible, PID 1 included (hidepid)")
def host_processes():
    control = ssh("alice", "ps -e -o pid= | wc -l; ls -d /proc/1", PLAIN).out.split()
    expect(int(control[0]) > 5 and control[1] == "/proc/1", f"control: {control}")
    done = ssh("alice", "ps -e -o user:20=,comm=; ls -d /proc/1")
    expect_equal(sorted(done.out.split("\n")[:-1]),
                 sorted([f"{'alice':<20} bash", f"{'alice':<20} ps"]), "ps -e")
    expect("/proc/1'" in done.err and done.code != 0, f"ls -d /proc/1: {done.err}")


@check("with proc = full PID 1 is the reaper, and nothing of the host is there")
def full_proc():
    done = ssh("frank", "cat /proc/1/comm; stat -c %u /proc/1; ps -e -o pid= | wc -l")
    name, uid, count = done.out.split()
    expect_match("confine", name, "name of PID 1")
    expect(uid not in ("0", "47007"), f"PID 1 belongs to uid {uid}")
    expect(int(count) <= 6, f"{count} processes in sight")


@check("PID 1 inside cannot be killed, traced or looked into")
def reaper():
    question = ("kill -9 1; kill -TERM 1; for f in root cwd exe fd ns/mnt; do "
                "ls -l /proc/1/$f >/dev/null && echo open $f; done; "
                "cat /proc/1/environ /proc/1/mem /proc/1/maps; echo alive")
    done = ssh("frank", question)
    expect_equal(done.out, "alive\n", "what could be opened")
    expect_equal(done.err.count("not permitted"), 2, f"kill: {done.err}")


@check("the host's name is hidden and the policy's is shown")
def host_name():
    done = ssh("alice", "hostname; uname -n; cat /etc/hostname")
    expect_equal(done.out, "alice-box\n" * 3, "name")
    expect_equal(ssh("alice", "hostname", PLAIN).text, "outside", "control")
    ssh("alice", "hostname evil")
    expect_equal(world.read("/proc/sys/kernel/hostname").strip(), "outside", "name of the host")


@check("the host's network is invisible; loopback inside is up and empty")
def host_network():
    question = "tail -n +3 /proc/net/dev | wc -l; ip -4 -o address | grep -c 192.0.2.1"
    expect_equal(ssh("alice", question, PLAIN).out.split()[1], "1", "control: address outside")
    expect_equal(ssh("alice", question).out.split(), ["1", "0"], "links, addresses of the host")
    expect_match("127.0.0.1/8", ssh("alice", "ip -4 -o address").out, "lo")
    expect_equal(ssh("alice", "tail -n +2 /proc/net/unix | wc -l").text, "0", "unix sockets")
    expect_match(":08AE ", ssh("alice", "cat /proc/net/tcp", PLAIN).out, "control: sshd's port")
    expect(":08AE " not in ssh("alice", "cat /proc/net/tcp").out, "sshd's port is in sight")


CONNECT_ABSTRACT = ("python3 -c 'import socket; "
                    "socket.socket(socket.AF_UNIX).connect(\"\\0host-abstract\"); print(\"in\")'")


@check("abstract sockets of the host cannot be reached")
def abstract_socket():
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0host-abstract")
        listener.listen()
        expect_equal(ssh("alice", CONNECT_ABSTRACT, PLAIN).text, "in", "control")
        expect_match("refused", ssh("alice", CONNECT_ABSTRACT).err, "connect")


@check("other users' homes and root's files are not there")
def other_files():
    for path in ("/home/bob", "/root", "/mnt/confine", "/etc/shadow", "/etc/confine/confine.conf",
                 "/var/log/wtmp", "/run/confine", "/sys/fs/cgroup/harness", "/boot"):
        if os.path.exists(path) and path not in ("/root", "/etc/shadow", "/run/confine"):
            expect_equal(ssh("alice", f"ls -d {path}", PLAIN).text, path, "control")
        got = ssh("alice", f"(ls -A {path}; cat {path}) 2>/dev/null | head -3").out
        expect_equal(got, "", f"{path} inside")


@check("/home holds the user's own directory and no other")
def only_home():
    expect_equal(ssh("alice", "ls -A /home").text, "alice", "/home")
    expect_equal(ssh("erin", "ls -A /home/link/ $HOME/.ssh").code, 0, "a linked home")


@check("passwd and group inside name root, nobody and the user; no account of others")
def accounts():
    names = ssh("alice", "cut -d: -f1 /etc/passwd").text.split()
    expect_equal(sorted(set(names) - {"confine", "confine-init"}), ["alice", "nobody", "root"],
                 "passwd")
    groups = set(ssh("alice", "cut -d: -f1 /etc/group").text.split())
    expect({"alice", "students", "lab"} <= groups, f"group: {groups}")
    expect(not {"bob", "operators", "watchers", "sudo"} & groups, f"group: {groups}")
    for name in ("bob", "carol", "47002"):
        expect_equal(ssh("alice", f"getent passwd {name}", PLAIN).code, 0, "control")
        expect_equal(ssh("alice", f"getent passwd {name}").code, 2, f"getent {name}")
    members = ssh("alice", "getent group students").text.split(":")[3].split(",")
    expect(set(members) <= {"alice", ""}, f"members of students: {members}")


@check("machine-id and boot details are not the host's")
def machine_id():
    if os.path.exists("/etc/machine-id"):
        host = world.read("/etc/machine-id").strip()
        expect(ssh("alice", "cat /etc/machine-id").text != host, "the host's machine-id")
    done = ssh("alice", "cat /etc/hosts; cat /etc/nsswitch.conf | grep ^passwd")
    expect_match(r"127\.0\.0\.1\s.*localhost", done.out, "hosts")
    expect_match(r"^passwd:\s*files\s*$", done.out, "nsswitch.conf")


@check("/tmp, /var/tmp and /dev/shm are private, and limited")
def temporary():
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        done = ssh("alice", f"echo x >{place}/probe && stat -c %a {place}; "
                   f"dd if=/dev/zero of={place}/big bs=1M count=80 2>&1 | grep -c 'No space'; "
                   f"rm -f {place}/probe {place}/big")
        expect_equal(done.out, "1777\n1\n", f"{place}: {done.err}")
        with Session("alice") as session:
            session.ask(f"echo x >{place}/probe2")
            expect(not os.path.exists(f"{place}/probe2"), f"{place} is the host's")


@check("writing is possible only at home and in temporary places")
def read_only_view():
    question = r"""
        awk '{ print $5, $6 }' /proc/self/mountinfo | while read -r where options; do
            case ",$options," in *,ro,*) ;; *) echo "$where $options" ;; esac
        done"""
    allowed = ("/home/alice", "/tmp", "/var/tmp", "/dev", "/proc", "/run", "/etc")
    for line in ssh("alice", question).out.splitlines():
        where, options = line.split()
        inside = [place for place in allowed if (where + "/").startswith(place + "/")]
        expect(inside or where == "/", f"writable: {line}")
        if where not in ("/dev/pts",) and not where.startswith("/dev/"):
            expect("nosuid" in options, f"no nosuid: {line}")
    tries = "/ /usr /usr/bin /etc /var /dev /proc/sys/kernel /home /run /opt /lib"
    done = ssh("alice", f"for d in {tries}; do touch $d/probe 2>/dev/null && echo $d; done; true")
    expect_equal(done.out, "", "places that could be written")


@check("setuid files, file capabilities and devices at home are without effect")
def planted_files():
    home = "/home/alice"
    script = (f"cp /usr/bin/id {home}/suid-id && chmod 4755 {home}/suid-id && "
              f"cp /usr/bin/id {home}/cap-id && setcap cap_setuid+ei {home}/cap-id; "
              f"mknod -m 666 {home}/zero c 1 5")
    subprocess.run(["sh", "-c", script], check=True)
    try:
        question = "~/suid-id -u; head -c 1 ~/zero | wc -c"
        expect_equal(ssh("alice", question, PLAIN).out.split(), ["0", "1"], "control")
        expect_equal(ssh("alice", question).out.split(), ["47001", "0"], "setuid, device")
    finally:
        for name in ("suid-id", "cap-id", "zero"):
            os.unlink(f"{home}/{name}")


@check("su and other setuid programs of the host gain nothing")
def setuid_of_host():
    done = world.ssh("alice", "su root -c id", input="root-secret\n")
    expect(done.code != 0 and "uid=0" not in done.out, f"su: {done}")


@check("new namespaces, mounts and keys are refused")
def kernel_doors():
    for command, control in (("unshare -Ur id -u", "0"), ("unshare -U true && echo in", "in")):
        outside = ssh("alice", command, PLAIN)
        if outside.text == control:
            done = ssh("alice", command)
            expect(done.code != 0 and done.text != control, f"{command}: {done}")
    for command in ("mount -t tmpfs none /tmp", "umount /proc", "chroot / true",
                    "nsenter -t 1 -m true"):
        expect(ssh("alice", command).code != 0, command)


SYSTEM_CALLS = r"""
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
for name, number, arguments in (("io_uring_setup", 425, (1, ctypes.create_string_buffer(256))),
        ("keyctl", 250, (0, -3, 1)), ("add_key", 248, (b"user", b"x", b"y", 1, -2)),
        ("bpf", 321, (0, 0, 0)), ("userfaultfd", 323, (1,)),
        ("perf_event_open", 298, (0, 0, -1, -1, 0))):
    done = libc.syscall(number, *arguments)
    error = ctypes.get_errno()
    print(name, "done" if done >= 0 else errno.errorcode.get(error, error))
"""


@check("system calls that widen the kernel's surface are refused")
def system_calls():
    command = "python3 -c " + shlex.quote(SYSTEM_CALLS)
    outside = dict(line.split() for line in ssh("alice", command, PLAIN).out.splitlines())
    expect_equal((outside["keyctl"], outside["add_key"]), ("done", "done"), "control")
    inside = dict(line.split() for line in ssh("alice", command).out.splitlines())
    for name, answer in inside.items():
        expect(answer in ("EPERM", "ENOSYS", "EACCES"), f"{name}: {answer}")


@check("kill -9 -1 ends what is inside, and nothing of the same user outside")
def kill_everything():
    outside = subprocess.Popen(["setpriv", "--reuid", "47001", "--regid", "47001",
                                "--clear-groups", "sleep", "1000"])
    try:
        time.sleep(0.2)
        expect_equal(ssh("alice", f"kill -0 {outside.pid} && echo seen", PLAIN).text, "seen",
                     "control: the process can be signalled outside")
        ssh("alice", "kill -9 -1")
        expect(outside.poll() is None, "killed a process of the host")
        expect_equal(ssh("alice", "echo still").text, "still", "the next login")
    finally:
        outside.kill()
        outside.wait()


@check("the old root is out of reach: no descriptor, no working directory, no way up")
def old_root():
    done = ssh("alice", "ls /proc/self/fd; stat -c %i / /..; readlink /proc/self/cwd")
    lines = done.out.split()
    expect_equal(lines[:4], ["0", "1", "2", "3"], "descriptors of ls")
    expect_equal(lines[4], lines[5], "inode of / and /..")
    expect_equal(lines[6], "/home/alice", "working directory")
    for path in ("/..", "/proc/1/root", "/proc/self/root/.."):
        listing = ssh("alice", f"ls {path}").out.split()
        expect("mnt" not in listing or ssh("alice", "ls /mnt").text == "", f"{path}: {listing}")


@check("/dev holds what programs need and no more; /dev/log reaches the host")
def devices():
    names = set(ssh("alice", "ls /dev").text.split())
    needed = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd",
              "stdin", "stdout", "stderr"}
    expect(needed <= names, f"missing: {needed - names}")
    expect(names <= needed | {"mqueue", "log", "console", "core"}, f"too much: {names - needed}")
    mark = world.syslog.mark()
    expect_equal(ssh("alice", "logger -t mine hello from inside").code, 0, "logger")
    expect(world.syslog.wait_for("hello from inside", mark), "nothing arrived at /dev/log")


@check("masked kernel files are empty or closed")
def masked():
    for path in ("/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/proc/timer_list",
                 "/proc/kallsyms"):
        got = ssh("alice", f"head -c 100 {path} 2>/dev/null | tr -d '\\0' | wc -c").text
        if path == "/proc/kallsyms":
            continue
        expect_equal(got, "0", path)
    done = ssh("alice", "echo x > /proc/sys/kernel/core_pattern; ls /sys/kernel/debug 2>/dev/null")
    expect(done.out == "", f"/sys: {done.out}")


@check("System V and POSIX IPC of the host are out of sight")
def ipc():
    made = world.run(["ipcmk", "-M", "4096", "-p", "0666"]).text.split()[-1]
    try:
        expect_match(rf" {made} ", ssh("alice", "ipcs -m", PLAIN).out, "control")
        expect(f" {made} " not in ssh("alice", "ipcs -m").out, "segment of the host")
    finally:
        world.run(["ipcrm", "-m", made])
