# SPDX-License-Identifier: LGPL-2.1-or-later
"""confine-shell behind a real sshd: as the account's login shell, with and without the PAM lines,
and as ForceCommand of an account with an ordinary one."""

import os
import re
import shlex
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, expect_match
from harness.terminal import Terminal
from harness.world import INSIDE, PLAIN, Service, Session, client, run, ssh
from transfers import GIT, MEBIBYTE, digest, make_file, scratch

SPACES = "readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/uts"


@contextmanager
def service(port, options="", pam="sshd-plain"):
    """An sshd without the PAM lines, with an sftp server of its own process, and more options."""
    config = re.sub("(?m)^Subsystem sftp .*", "Subsystem sftp /usr/lib/openssh/sftp-server",
                    world.read(world.CONFIG)) + options
    with Service(pam, port, config=config) as started:
        yield started


@contextmanager
def forced():
    with service(2226, "ForceCommand /usr/bin/confine-shell -l\n") as started:
        yield started


def outside():
    return os.readlink("/proc/self/ns/mnt")


def each_way():
    """What to log in by, and who: both doors of the login shell, and ForceCommand."""
    return (("PAM and login shell", "henry", INSIDE), ("login shell", "henry", PLAIN))


@check("command, status and streams through the login shell, with and without the PAM lines")
def commands():
    for name, user, host in each_way():
        done = ssh(user, "echo out; echo err >&2; cat; exit 7", host, input="in\n")
        expect_equal((done.code, done.out, done.err), (7, "out\nin\n", "err\n"), name)
        expect(outside() not in ssh(user, SPACES, host).out, f"{name}: not confined")
        for status in (0, 1, 125, 126, 127, 128, 255):
            expect_equal(ssh(user, f"exit {status}", host).code, status, f"{name}: exit {status}")


@check("quoting reaches the shell inside as typed")
def quoting():
    words = ["a  b", "$HOME", "`id`", "it's", '"', "\\", "*", "-c", "--", "new\nline", "", "ü"]
    command = "printf '<%s>' " + " ".join(shlex.quote(word) for word in words)
    expected = "".join(f"<{word}>" for word in words)
    with forced() as there:
        for name, user, host in (*each_way(), ("ForceCommand", "alice", there)):
            expect_equal(ssh(user, command, host).out, expected, name)


@check("a login without command is a login shell, by each way")
def login_shell():
    script = 'echo $0; shopt -q login_shell && echo login; id -un; exit 7\n'
    for name, user, host in each_way():
        done = ssh(user, None, host, ["-T"], input=script)
        expect_equal((done.code, done.out), (7, "-bash\nlogin\nhenry\n"), f"{name}: {done.err}")
    with forced() as there:
        done = ssh("alice", None, there, ["-T"], input=script)
        expect_equal((done.code, done.out), (7, "bash\nlogin\nalice\n"), f"forced: {done.err}")


@check("the two doors share one container, whichever is first")
def shared():
    for first, second in ((INSIDE, PLAIN), (PLAIN, INSIDE)):
        with Session("henry", first) as one:
            here = one.ask(SPACES)
            expect(outside() not in here, "not confined")
            one.ask("echo x >/tmp/shared")
            done = ssh("henry", f"{SPACES}; cat /tmp/shared", second)
            expect_equal(done.text, here + "\nx", f"{first} first")
            su = run(["su", "-", "henry", "-c", SPACES])
            expect_equal(su.text, here, "su -")


@check("a session's state is the same through both doors")
def same_state():
    ask = ("grep -E '^(Cap|NoNew|Seccomp|Uid|Gid|Groups)' /proc/self/status; umask; pwd; hostname; "
           "ls /proc/self/fd; cat /proc/self/mountinfo | cut -d' ' -f4-6")
    with Session("henry", INSIDE) as held:
        expect(held.first == "here", "no session")
        by_pam, by_shell = ssh("henry", ask, INSIDE), ssh("henry", ask, PLAIN)
        expect_equal(by_shell.out, by_pam.out, "state")


@check("the exempt, the uncovered and root are free behind ForceCommand and with the login shell")
def free():
    with forced() as there:
        for user, name in (("carol", "carol"), ("admin", "admin"), ("root", "root")):
            done = ssh(user, "readlink /proc/self/ns/mnt; id -un", there)
            expect_equal(done.text.split(), [outside(), name], f"{user}: {done.err}")
    done = ssh("ivy", "readlink /proc/self/ns/mnt; echo $0; exit 4", PLAIN)
    expect_equal((done.code, done.text.split()), (4, [outside(), "bash"]), f"ivy: {done.err}")


@check("ForceCommand runs the command that was asked for, inside")
def force_command():
    with forced() as there:
        done = ssh("alice", "hostname; echo \"$SSH_ORIGINAL_COMMAND\" | wc -l; exit 9", there)
        expect_equal((done.code, done.text.split()), (9, ["alice-box", "1"]), f"{done.err}")
        expect(outside() not in ssh("alice", SPACES, there).out, "not confined")


def sftp_round_trip(user, there):
    with scratch() as here:
        os.chmod(here, 0o755)
        wanted = make_file(f"{here}/file", 3 * MEBIBYTE)
        done = run(["sftp", "-q", "-b", "-", "-P", str(there.port), f"{user}@127.0.0.1"],
                   input=f"put {here}/file\nget file {here}/back\nrm file\nput /etc/hostname /tmp/x\n"
                   "ls -1 /home\nls -1 /mnt\n")
        expect_equal(done.code, 0, f"sftp of {user}: {done.err}")
        expect_equal(digest(f"{here}/back"), wanted, "sum of what came back")
        expect("/home/bob" not in done.out and "/mnt/confine" not in done.out, f"{done.out}")
        expect(not os.path.exists("/tmp/x"), "wrote to the host's /tmp")


@check("sftp, scp, rsync and git through the login shell and ForceCommand", limit=120)
def transfers():
    with service(2227) as plain, forced() as there:
        for user, host in (("henry", plain), ("alice", there)):
            sftp_round_trip(user, host)
            shell = f"ssh -p {host.port}"
            with scratch() as here:
                os.mkdir(f"{here}/d")
                wanted = make_file(f"{here}/d/file", MEBIBYTE)
                for protocol in ([], ["-O"]):
                    scp = ["scp", *protocol, "-qrp", "-P", str(host.port)]
                    out = run([*scp, f"{here}/d", f"{user}@127.0.0.1:"])
                    back = run([*scp, f"{user}@127.0.0.1:d", f"{here}/back"])
                    expect_equal((out.code, back.code), (0, 0), f"scp {protocol} {out.err}{back.err}")
                    expect_equal(digest(f"{here}/back/file"), wanted, "scp")
                    ssh(user, "rm -r d", host)
                    run(["rm", "-r", f"{here}/back"])
                out = run(["rsync", "-a", "-e", shell, f"{here}/d", f"{user}@127.0.0.1:"])
                back = run(["rsync", "-a", "-e", shell, f"{user}@127.0.0.1:d/", f"{here}/sync"])
                expect_equal((out.code, back.code), (0, 0), f"rsync: {out.err}{back.err}")
                expect_equal(digest(f"{here}/sync/file"), wanted, "rsync")
                made = ssh(user, f"rm -r d; {GIT} init -q --bare r.git && {GIT} init -q w && cd w && "
                           f"echo text >file && git add file && {GIT} commit -qm first && "
                           "git push -q ../r.git HEAD:main", host)
                expect_equal(made.code, 0, f"repository: {made.err}")
                clone = run(["git", "clone", "-q", f"{user}@127.0.0.1:r.git", f"{here}/r"],
                            environment={"GIT_SSH_COMMAND": shell})
                expect_equal(clone.code, 0, f"clone: {clone.err}")
                push = run(["sh", "-c", f"cd {here}/r && echo more >>file && {GIT} commit -qam second "
                            "&& git push -q"], environment={"GIT_SSH_COMMAND": shell})
                count = ssh(user, "git -C r.git rev-list --count main; rm -rf r.git w", host).text
                expect_equal((push.code, count), (0, "2"), f"push: {push.err}")


@check("a terminal through sshd, the relay and the container: tty, size, Ctrl-C, status")
def terminal():
    with forced() as there:
        for user, host in (("henry", PLAIN), ("henry", INSIDE), ("alice", there)):
            with Terminal(client(user, host, None, ["-tt"]), 33, 190) as screen:
                screen.shell()
                expect_equal(screen.command("tty"), "/dev/pts/0", f"{user} tty")
                expect_equal(screen.command("echo $SSH_TTY"), "/dev/pts/0", f"{user} SSH_TTY")
                expect_equal(screen.command("stty size"), "33 190", "size")
                expect_match("^Stopped|off|on", screen.command("shopt checkjobs"), "bash")
                screen.type("sh -c 'echo up; exec sleep 1000'\n")
                screen.wait_for("up\r\n")
                screen.press("\x03", "ready:")
                screen.type("exit 3\n")
                expect_equal(screen.close(), 3, f"{user}: exit status")


@check("a client that goes away takes everything with it")
def client_dies():
    with Session("henry", PLAIN) as session:
        session.ask("trap '' HUP; (setsid sleep 4321 &) >/dev/null 2>&1")
        session.process.kill()
        session.process.wait(5)


@check("who is refused is told so in one line, by status 125")
def refused():
    policy = world.read("/etc/confine/confine.conf")
    world.write("/etc/confine/confine.conf", policy.replace("[profile student]\n",
                                                            "[profile student]\nbind = /no/such:/x\n"))
    try:
        done = ssh("henry", "id", PLAIN)
        expect_equal((done.code, done.out), (125, ""), "refused")
        expect_match(r"\Aconfine: login refused \(event [0-9a-f]+\)\n\Z", done.err, "the line")
    finally:
        world.write("/etc/confine/confine.conf", policy)
