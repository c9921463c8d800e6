# SPDX-License-Identifier: LGPL-2.1-or-later
"""R19 R20 R28 R52: groups, name services, libraries and locales that the user would have root use.

The controls go into the container as root and ask there, as a monitor would that had moved in."""

import os
import shlex
from contextlib import contextmanager

from harness import world
from harness.check import Skip, check, expect, expect_equal, wait_until
from harness.world import INSIDE, PLAIN, Session, Service, client, run, ssh, start
from rows_door import ALICE, Host, changed_policy, container, door, student

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
SPARE = f"{LIBRARIES}/libnss_hesiod.so.2"  # of libc6, and used by nobody here
MARKER = "/tmp/evil"

# Whatever loads it writes down who it is, where there is a place to write.
EVIL = r"""
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void)
{
	static const char *const places[] = {"/tmp/evil", "/home/alice/evil-ran"};
	char line[64];
	int length = snprintf(line, sizeof(line), "euid=%d\n", (int)geteuid());
	for (int i = 0; i < 2; i++) {
		int fd = open(places[i], O_WRONLY | O_APPEND | O_CREAT, 0666);
		if (fd >= 0) {
			if (write(fd, line, (size_t)length) < 0)
				_exit(1);
			close(fd);
		}
	}
}
int gconv(void) { return 0; }
int gconv_init(void) { return 0; }
"""


@contextmanager
def evil_library():
    """In alice's home, as a name service, as a converter and plainly; a marker outside."""
    home = "/home/alice"
    world.write(f"{home}/evil.c", EVIL)
    os.makedirs(f"{home}/gconv")
    for name in ("evil.so", "libnss_hesiod.so.2", "gconv/EVIL.so", "libpam.so.0", "libc.mo"):
        done = run(["cc", "-shared", "-fPIC", "-o", f"{home}/{name}", f"{home}/evil.c"])
        expect_equal(done.code, 0, f"cc: {done.err}")
    world.write(f"{home}/gconv/gconv-modules", "module UTF-8// EVIL// EVIL 1\n")
    world.write(f"{home}/nsswitch", "passwd: hesiod files\ngroup: hesiod files\nhosts: hesiod\n")
    world.write(MARKER, "")
    os.chmod(MARKER, 0o666)
    run(["chown", "-R", "alice:", home])
    try:
        yield
    finally:
        run(["sh", "-c", f"cd {home} && rm -rf evil.* evil-ran gconv libnss_hesiod.so.2 "
             "libpam.so.0 libc.mo nsswitch"])
        os.unlink(MARKER)


def ran():
    """Who has loaded it, on the host, in the home, or in the /tmp of a container."""
    lines = world.read(MARKER).split()
    if os.path.exists("/home/alice/evil-ran"):
        lines += world.read("/home/alice/evil-ran").split()
        os.unlink("/home/alice/evil-ran")
    world.write(MARKER, "")
    os.chmod(MARKER, 0o666)
    return set(lines)


def in_container(init, command):
    """As root, in the mounts of the container: what joins too early or stays too long."""
    return run(["nsenter", "-t", str(init), "-m", "sh", "-c", command])


def log_in_every_way():
    """Each kind of login once; all must be served."""
    expect_equal(ssh("alice", "hostname").text, "alice-box", "command")
    expect_equal(ssh("alice", "id; exit 7", options=["-tt"]).code, 7, "terminal")
    expect_equal(run(["sftp", "-q", "-b", "-", "alice@inside"], "ls -l\n").code, 0, "sftp")
    done = run(["sshpass", "-p", "alice-secret", *client("alice", INSIDE, "hostname", [
        "-o", "PreferredAuthentications=password"])])
    expect_equal(done.text, "alice-box", "password")
    with Host() as host:  # a remote host with a name, which libaudit would resolve
        host.open("a", "alice", "client.example.org", "")
        expect_equal(host("child", "a", "hostname")["out"], "alice-box\n", "with a remote name")
        host("close", "a")
    with Session("alice"), Session("alice"):
        pass


@check("R52 an nsswitch.conf and a library of the user's are never loaded by root", limit=120)
def evil_names():
    if not os.path.exists(SPARE):
        raise Skip(f"no {SPARE}")
    binds = f"bind = /home/alice/nsswitch:/etc/nsswitch.conf, /home/alice/evil.so:{SPARE}\n"
    with evil_library(), door(student(binds)):
        log_in_every_way()
        loaded = ran()
        expect("euid=0" not in loaded, f"root has loaded it: {loaded}")
        expect_equal(loaded, {f"euid={ALICE}"}, "control: the user's own programs load it")
        with Session("alice"):
            in_container(container()["init"], "getent passwd nosuchuser")
        expect("euid=0" in ran(), "control: root that asks for names inside loads it")


VARIABLES = {"LD_PRELOAD": "/home/alice/evil.so", "LD_AUDIT": "/home/alice/evil.so",
             "GCONV_PATH": "/home/alice/gconv", "LOCPATH": "/home/alice",
             "LC_ALL": "xx_XX.EVIL", "NLSPATH": "/home/alice/%N", "LD_LIBRARY_PATH": "/home/alice",
             "GLIBC_TUNABLES": "glibc.malloc.check=3", "BASH_ENV": "/home/alice/evil.so",
             "LANGUAGE": "../../home/alice"}


@check("R52 preloads, locales and converters of the client and of the home load as the user only")
def evil_environment():
    config = world.read(world.CONFIG).replace("AcceptEnv ", "AcceptEnv * ")
    settings = ["-o", "SetEnv=" + " ".join(f"{name}={value}" for name, value in VARIABLES.items())]
    text = "".join(f"{name} DEFAULT={value}\n" for name, value in VARIABLES.items())
    with evil_library(), Service("sshd", 2231, config=config) as service:
        for where, options in (("client", settings), ("home", [])):
            if where == "home":
                world.write("/home/alice/.pam_environment", text)
                run(["chown", "alice:", "/home/alice/.pam_environment"])
            for extra in ([], ["-tt"]):
                ssh("alice", "iconv -f UTF-8 -t EVIL </dev/null; id; true", service,
                    [*options, *extra])
            loaded = ran()
            expect("euid=0" not in loaded, f"{where}: root has loaded it")
            expect_equal(loaded, {f"euid={ALICE}"}, f"control: {where}: the user's programs do")
        os.unlink("/home/alice/.pam_environment")
        run(["env", "LD_PRELOAD=/home/alice/evil.so", "true"])
        expect("euid=0" in ran(), "control: a root that is told to load it does")


FORGED = "root:x:0:alice\ndisk:x:6:alice\nshadow:x:42:alice\nsudo:x:27:alice\nalice:x:47001:\n"


@check("R19 a group file of the user's own making gives a session no group")
def forged_groups():
    world.write("/home/alice/group", FORGED)
    run(["chown", "alice:", "/home/alice/group"])
    try:
        wanted = ssh("alice", "id -G", PLAIN).text
        with changed_policy(student("bind = /home/alice/group:/etc/group")):
            for options in ([], ["-tt"]):
                expect_equal(ssh("alice", "id -G", INSIDE, options).text, wanted, "groups")
            with Session("alice") as session:
                expect_equal(session.ask("id -G"), wanted, "groups")
                expect_equal(session.ask("getent group disk"), "disk:x:6:alice",
                             "control: inside the file is believed")
                init = container()["init"]
                naive = in_container(init, "setpriv --reuid 47001 --regid 47001 --init-groups "
                                     "id -G").text.split()
                expect({"6", "42"} <= set(naive), f"control: initgroups inside gives {naive}")
                expect_equal(ssh("alice", "id -G").text, wanted, "groups of one who joins")
    finally:
        os.unlink("/home/alice/group")


@check("R20 groups can be neither dropped nor added: a file closed to a group stays closed")
def negative_groups():
    world.write("/usr/share/not-for-lab", "secret\n", 0o604)
    os.chown("/usr/share/not-for-lab", 0, 47101)
    drop = ("import os\ntry:\n os.setgroups([])\nexcept OSError: pass\n"
            "try:\n os.setgid(47102)\nexcept OSError: pass\n"
            "try:\n print(open('/usr/share/not-for-lab').read())\n"
            "except OSError: print('closed')\n")
    try:
        for host in (PLAIN, INSIDE):
            done = ssh("alice", "python3 -c " + shlex.quote(drop) + "; sg lab -c id", host)
            expect_equal(done.out.split()[0], "closed", f"closed to lab, on {host}")
        expect_equal(ssh("bob", "cat /usr/share/not-for-lab").text, "secret", "control: bob is not")
        wanted = run(["id", "-G", "alice"]).text.split()
        expect_equal(sorted(ssh("alice", "id -G").text.split()), sorted(wanted), "initgroups")
    finally:
        os.unlink("/usr/share/not-for-lab")


@check("R28 a name service that hangs inside holds nobody up but the user")
def hanging_names():
    os.mkfifo("/home/alice/group")
    run(["chown", "alice:", "/home/alice/group"])
    try:
        with changed_policy(student("bind = /home/alice/group:/etc/group")):
            process = start(client("alice", INSIDE, "echo here"), text=True)
            out, _ = process.communicate(timeout=20)
            expect(out in ("here\n", ""), f"login: {out!r}")
        wait_until(lambda: ssh("bob", "echo other").text == "other", 5, "bob waits as well")
    finally:
        os.unlink("/home/alice/group")
