# SPDX-License-Identifier: LGPL-2.1-or-later
"""A covered user's everyday commands: what a plain sshd would do, but in a container."""

import shlex

from harness.check import check, expect, expect_equal
from harness.world import INSIDE, PLAIN, run, client, ssh

NAMESPACES = ("mnt", "pid", "uts", "ipc", "net", "cgroup")


def namespaces(user, host):
    done = ssh(user, "cd /proc/self/ns && readlink " + " ".join(NAMESPACES), host)
    return dict(zip(NAMESPACES, done.out.split()))


@check("a covered login is in namespaces of its own, each of the six")
def own_namespaces():
    inside, outside = namespaces("alice", INSIDE), namespaces("alice", PLAIN)
    expect_equal(sorted(outside), sorted(NAMESPACES), "control: namespaces outside")
    expect_equal(sorted(inside), sorted(NAMESPACES), "namespaces inside")
    for kind in NAMESPACES:
        expect(inside[kind] != outside[kind], f"{kind} namespace is the host's")


@check("command, standard output and standard error arrive unchanged and apart")
def streams():
    done = ssh("alice", "echo to stdout; echo to stderr >&2; cat", input="from stdin\n")
    expect_equal((done.code, done.out, done.err), (0, "to stdout\nfrom stdin\n", "to stderr\n"),
                 "status, output, errors")


@check("nothing but the command's own bytes is written")
def clean_stream():
    done = ssh("alice", "true")
    expect_equal((done.code, done.out, done.err), (0, "", ""), "status, output, errors")


@check("quoting reaches the shell as typed")
def quoting():
    words = ["a  b", "$HOME", "`id`", "it's", '"', "\\", "*", "-c", "--", "new\nline", "", "ü"]
    command = "printf '<%s>' " + " ".join(shlex.quote(word) for word in words)
    expected = "".join(f"<{word}>" for word in words)
    for host in (PLAIN, INSIDE):
        expect_equal(ssh("alice", command, host).out, expected, f"words on {host}")


@check("exit statuses are the command's")
def statuses():
    for status in (0, 1, 2, 77, 125, 126, 127, 128, 129, 143, 254, 255):
        expect_equal(ssh("alice", f"exit {status}").code, status, f"exit {status}")


@check("death by a signal is reported as by a plain sshd")
def signals():
    for name in ("TERM", "KILL", "SEGV", "HUP"):
        results = [ssh("alice", f"kill -{name} $$", host, options=["-v"])
                   for host in (PLAIN, INSIDE)]
        codes = [done.code for done in results]
        reports = ["exit-signal" in done.err for done in results]
        expect_equal((codes[1], reports[1]), (codes[0], reports[0]), f"SIG{name}")


@check("a shell without command is a login shell that reads its script from stdin")
def login_shell():
    script = 'echo $0; shopt -q login_shell && echo login; echo "$1"; exit 7\n'
    for host in (PLAIN, INSIDE):
        done = ssh("alice", None, host, options=["-T"], input=script)
        expect_equal((done.code, done.out), (7, "-bash\nlogin\n\n"), f"on {host}")


@check("environment is the one a plain sshd gives")
def environment():
    def variables(host):
        lines = ssh("alice", "env", host).out.splitlines()
        return {line for line in lines if not line.startswith(("SSH_C", "_="))}
    expect_equal(sorted(variables(INSIDE)), sorted(variables(PLAIN)), "environment")


@check("identity and groups are those the host gave")
def identity():
    for command in ("id", "id -G", "id -un; id -gn", "groups", "getent passwd alice", "umask"):
        expect_equal(ssh("alice", command).out, ssh("alice", command, PLAIN).out, command)
    expect("47101" in ssh("alice", "id -G").text.split(), "lab is missing from the groups")


@check("variables of the client change nothing about the cage")
def hostile_environment():
    names = ("LD_PRELOAD=/home/alice/evil.so", "CONFINE_PROFILE=none", "CONFINE_CONFIG=/dev/null",
             "XDG_SEAT=seat0", "PAM_USER=root", "LD_LIBRARY_PATH=/home/alice")
    settings = "SetEnv=" + " ".join(names)
    done = ssh("alice", "readlink /proc/self/ns/mnt; echo $XDG_SEAT", options=["-o", settings])
    lines = done.out.splitlines()
    expect_equal(lines[1:], ["seat0"], "control: the variables arrive")
    expect(lines[0] != ssh("alice", "readlink /proc/self/ns/mnt", PLAIN).text, "not confined")


@check("~/.ssh/rc and ~/.pam_environment act inside only")
def user_files():
    marker = "readlink /proc/self/ns/mnt >> ~/rc-ran"
    ssh("alice", f"echo '{marker}' > ~/.ssh/rc; echo 'XDG_SEAT=seat9' > ~/.pam_environment")
    try:
        inside = ssh("alice", "cat ~/rc-ran; readlink /proc/self/ns/mnt; rm ~/rc-ran")
        ran, here = inside.out.split()
        expect_equal(ran, here, "namespace in which ~/.ssh/rc ran")
        outside = ssh("alice", "cat ~/rc-ran; rm ~/rc-ran", PLAIN).text
        expect(outside not in ("", ran), f"control: rc outside says {outside!r}")
    finally:
        ssh("alice", "rm -f ~/.ssh/rc ~/.pam_environment ~/rc-ran", PLAIN)


def with_password(user, password, method, host):
    options = ["-o", f"PreferredAuthentications={method}", "-o", "NumberOfPasswordPrompts=1"]
    return run(["sshpass", "-p", password, *client(user, host, "readlink /proc/self/ns/mnt",
                                                   options)])


@check("password and keyboard-interactive logins are confined the same way")
def passwords():
    outside = ssh("alice", "readlink /proc/self/ns/mnt", PLAIN).text
    for method in ("password", "keyboard-interactive"):
        expect_equal(with_password("alice", "alice-secret", method, PLAIN).text, outside,
                     f"control: {method} outside")
        done = with_password("alice", "alice-secret", method, INSIDE)
        expect(done.code == 0 and done.text.startswith("mnt:") and done.text != outside,
               f"{method}: {done}")


@check("a wrong password is refused as before")
def wrong_password():
    for method in ("password", "keyboard-interactive"):
        done = with_password("alice", "wrong", method, INSIDE)
        expect(done.code != 0 and done.out == "", f"{method}: {done}")
    done = with_password("bob", "alice-secret", "password", INSIDE)
    expect(done.code != 0 and done.out == "", f"another's password: {done}")


@check("a user without home directory gets in, confined")
def no_home():
    done = ssh("dave", "pwd; hostname")
    expect_equal((done.code, done.out.splitlines()[-1:]), (0, ["dave-box"]), f"dave: {done}")


@check("a home reached through a symbolic link is the user's own")
def linked_home():
    for host in (PLAIN, INSIDE):
        done = ssh("erin", "cd && pwd && touch mark && ls -A /home/link/erin/mark && rm mark", host)
        expect_equal(done.out, "/home/link/erin\n/home/link/erin/mark\n", f"on {host}: {done.err}")
