# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second door: confine-shell as a login shell, without sshd and without PAM."""

import json
import os
import shlex
import time

from engine import host, set_field
from harness import world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from second import (HENRY, SHELL, Held, Policy, as_user, door, expect_refused, inside,
                    last_session_gone, signal, status_fields, with_keys)

SPACES = "readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/ipc " \
         "/proc/self/ns/uts /proc/self/ns/cgroup"


@check("a covered user's shell is inside, with no privilege, his groups, his home")
def confined():
    spaces = inside(SPACES).split()
    for mine, link in zip(spaces, ("mnt", "pid", "net", "ipc", "uts", "cgroup")):
        expect(mine != os.readlink(f"/proc/self/ns/{link}"), f"{link} is the host's")
    status = status_fields(inside("cat /proc/self/status"))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        expect_equal(status[name], "0" * 16, name)
    expect_equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), "no_new_privs, filter")
    expect_equal(status["Uid"].split(), [str(HENRY)] * 4, "uids")
    expect_equal(inside("id -G; pwd; hostname").split(),
                 ["47009", "47100", "47101", "/home/henry", "henry-box"], "id, pwd, hostname")
    expect_equal(inside("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3", "descriptors")


@check("nothing but the shell's own bytes is written; input and both outputs arrive apart")
def streams():
    done = door("-c", "true")
    expect_equal((done.code, done.out, done.err), (0, "", ""), "true")
    done = door("-c", "echo out; echo err >&2; cat", input="in\n")
    expect_equal((done.code, done.out, done.err), (0, "out\nin\n", "err\n"), "streams")


@check("exit statuses 0 to 255 are the shell's", limit=120)
def statuses():
    with Held():
        for status in range(256):
            expect_equal(door("-c", f"exit {status}").code, status, f"exit {status}")


@check("death by a signal is death by that signal outside, without a core")
def deaths():
    with Held():
        for name in ("TERM", "KILL", "INT", "HUP", "SEGV", "ABRT", "USR1", "PIPE"):
            number = getattr(signal, f"SIG{name}")
            done = host(["bash", "-c", '"$@"; echo $?', "bash", *as_user([SHELL, "-c",
                        f"kill -{name} $$; sleep 5"])], cwd="/")
            expect_equal(done.text, str(128 + number), f"SIG{name} as a shell sees it")
            expect_equal(door("-c", f"kill -{name} $$; sleep 5").code, -number, f"SIG{name}")


@check("-c, its name and arguments, --, a script and options reach the shell untouched")
def arguments():
    words = ["a  b", "$HOME", "`id`", "it's", '"', "\\", "*", "-c", "--", "-rf", "new\nline", "",
             "ü", "%s%n", "x" * 5000]
    want = "".join(f"<{word}>" for word in words)
    with Held():
        expect_equal(inside("printf '<%s>' " + " ".join(shlex.quote(word) for word in words)), want,
                     "quoting in -c")
        done = door("-c", "printf '<%s>' \"$@\"; printf '|%s' \"$0\"", "zero", *words)
        expect_equal(done.out, want + "|zero", "arguments behind -c")
        world.write("/home/henry/script", "echo \"$0\"; printf '<%s>' \"$@\"\n")
        done = door("/home/henry/script", *words)
        expect_equal(done.out, "/home/henry/script\n" + want, "a script")
        os.unlink("/home/henry/script")
        expect_equal(door("-s", "--", "-x", input='echo "$1"; exit 4\n').out, "-x\n", "-s --")
        expect_equal(door("-e", "-c", "false; echo on").out, "", "-e")
        expect_equal(door("-o", "nounset", "-c", "echo $-", "-l").code, 0, "-o")


@check("option-like first arguments are the shell's business, never ours")
def option_like():
    with Held():
        for word in ("--version", "--help", "--profile=none", "--user=root", "plain", "confined",
                     "--config=/home/henry/policy", "-h"):
            done = door(word)
            expect("confine: " not in done.err and "confine" not in done.out.lower(),
                   f"{word}: {done}")
        done = door("plain", "-c", "id")
        expect_equal((done.code, done.out), (127, ""), "a script of the name plain")


@check("an argument and environment of together 1 MiB arrive")
def large():
    words = ["y" * 100_000] * 8
    done = door("-c", 'printf %s "$@" | wc -c', "bash", *words,
                environment={f"LC_{n}": "z" * 100_000 for n in range(3)})
    expect_equal((done.code, done.text), (0, "800000"), f"size {done.err[-200:]}")


@check("a login shell is one: -bash, profile files, by argv[0] and by -l; others are not")
def login_shell():
    world.write("/home/henry/.bash_profile", "echo profile\n")
    os.chown("/home/henry/.bash_profile", HENRY, HENRY)
    ask = 'echo "$0"; shopt -q login_shell && echo login\n'
    try:
        done = door(name="-confine-shell", input=ask + "exit 9\n")
        expect_equal((done.code, done.out), (9, "profile\n-bash\nlogin\n"), f"-confine-shell {done}")
        done = door("-c", ask, name="-confine-shell")
        expect_equal(done.out, "profile\n-bash\nlogin\n", "-confine-shell -c")
        expect_equal(door("-l", input=ask).out, "profile\nbash\nlogin\n", "-l")
        expect_equal(door(input=ask).out, "bash\n", "neither")
        expect_equal(door("-c", ask, name="anything").out, "bash\n", "another name")
    finally:
        os.unlink("/home/henry/.bash_profile")


@check("su and su - start it like any shell")
def su():
    done = host(["su", "henry", "-c", SPACES.split("; ")[0] + "; echo $0; pwd"], cwd="/")
    expect(done.code == 0 and os.readlink("/proc/self/ns/mnt") not in done.out, f"su: {done}")
    expect_match("^bash\n/home/henry$", done.out, "su")
    done = host(["su", "-", "henry"], input="echo $0; hostname; exit 11\n")
    expect_equal((done.code, done.out), (11, "-bash\nhenry-box\n"), f"su -: {done.err}")
    done = host(["su", "-", "ivy", "-c", "readlink /proc/self/ns/mnt; echo $0; pwd"])
    expect_equal(done.out, os.readlink("/proc/self/ns/mnt") + "\n-bash\n/home/ivy\n", "uncovered")


@check("the command that sshd was asked for counts under ForceCommand, and only there")
def original_command():
    command = {"SSH_ORIGINAL_COMMAND": "echo \"it's $0\"; exit 6"}
    done = door(environment=command)
    expect_equal((done.code, done.out), (6, "it's bash\n"), f"no arguments: {done.err}")
    expect_equal(door("-l", environment=command).out, "it's bash\n", "-l")
    expect_equal(door("-c", "echo mine", environment=command).out, "mine\n", "-c")
    done = door(name="-confine-shell", environment=command, input="echo login\n")
    expect_equal(done.out, "login\n", "a login shell")
    expect_equal(inside("echo $SSH_ORIGINAL_COMMAND", environment={"SSH_ORIGINAL_COMMAND": "x"}),
                 "x", "the variable inside")


@check("environment: who he is, policy's, terminal, language; nothing else but by env-keep")
def environment():
    given = {"LANG": "C.UTF-8", "LC_TIME": "C", "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22",
             "EDITOR": "vi", "HOME": "/root", "USER": "root", "SHELL": "/bin/evil", "PATH": "/evil",
             "LD_PRELOAD": "/evil.so", "BASH_ENV": "/home/henry/env", "ENV": "/home/henry/env",
             "LC_X": "Y=", "SSH_AUTH_SOCK": "/tmp/x", "TZ": "/etc/shadow"}
    want = {"HOME": "/home/henry", "USER": "henry", "LOGNAME": "henry", "SHELL": "/bin/bash",
            "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8",
            "LC_TIME": "C", "LC_X": "Y=", "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22"}

    def variables(**options):
        lines = inside("exec env", environment=given, **options).splitlines()
        return {key: value for key, value in (line.split("=", 1) for line in lines)
                if key not in ("PWD", "SHLVL", "_", "OLDPWD")}
    expect_equal(variables(), want, "environment")
    with with_keys("env-keep = EDITOR, T?, *_PRELOAD, PATH\nenv-set = LANG=C, X=%u\n"):
        more = want | {"EDITOR": "vi", "TZ": "/etc/shadow", "LANG": "C", "X": "henry"}
        expect_equal(variables(), more, "env-keep and env-set")


@check("the shell inside is policy's, or the account's, or bash; 127 and 126 say it is not one")
def which_shell():
    with with_keys("shell = /bin/dash\n"):
        expect_equal(inside("echo $0 $SHELL; getent passwd henry | cut -d: -f7").split(),
                     ["dash", "/bin/dash", "/bin/dash"], "shell = /bin/dash")
    for path, status in (("/no/such/shell", 127), ("/etc/hosts", 126), ("/usr/bin", 126)):
        with with_keys(f"shell = {path}\n"):
            done = door("-c", "id")
            expect_equal((done.code, done.out), (status, ""), path)
            expect_match(f"\\Aconfine: .*{path}.*\n\\Z", done.err, "the reason")
    before = world.read("/etc/passwd")
    set_field("henry", 6, "/bin/dash")  # as with ForceCommand
    try:
        expect_equal(inside("echo $0 $SHELL"), "dash /bin/dash", "the account's own")
    finally:
        world.write("/etc/passwd", before)
    expect_equal(inside("getent passwd henry | cut -d: -f7"), "/bin/bash", "passwd inside")


@check("inside already, it is the real shell; a container has no other way to it")
def nested():
    with Held():
        here = inside(SPACES)
        expect_equal(inside(f"exec {SHELL} -c '{SPACES}'"), here, "namespaces")
        expect_equal(inside(f"{SHELL} -c 'echo $0; id -un; exit 5'; echo $?").split(),
                     ["bash", "henry", "5"], "nested")
        expect_equal(inside(f"exec {SHELL} -l -c 'shopt -q login_shell; echo $?'"), "0", "-l")
        done = door("-c", f"exec -a -confine-shell {SHELL} -c 'echo $0'")
        expect_equal(done.text, "-bash", "dash")


@check("without the setuid bit in effect the login is refused, whoever it is but root")
def no_setuid():
    def refused(done):
        expect_equal((done.code, done.out), (125, ""), f"{done.err}")
        expect_match(r"\Aconfine: login refused \(confine-shell is not setuid root here\)\n\Z",
                     done.err, "the line")
    refused(host(as_user(["setpriv", "--no-new-privs", SHELL, "-c", "id"])))
    os.chmod(SHELL, 0o755)
    try:
        for user in ("henry", "ivy", "admin"):
            refused(door("-c", "id", user=user))
        expect_equal(host([SHELL, "-c", "id -u"]).text, "0", "root")
    finally:
        os.chmod(SHELL, 0o4755)


@check("root, exempt and uncovered users get their ordinary shell, and everything as it was")
def uncovered():
    ask = "id -u; id -G; umask; nice; ulimit -n; ulimit -c; pwd; echo $EDITOR; readlink /proc/self/ns/mnt"
    before = ["bash", "-c", "umask 027; ulimit -n 300; ulimit -c 0; cd /srv; exec nice -n 5 "
              f"{SHELL} -c '{ask}; grep -c ^Cap...:.*0000000000000000$ /proc/self/status; "
              "ls /proc/self/fd | wc -l; grep NoNew /proc/self/status; exit 12'"]
    for user, uid, groups in (("ivy", "47010", "47010"), ("admin", "47004", "47004 47100 47102"),
                              ("carol", "47003", "47003")):
        done = host(as_user(before, user), env={**os.environ, "EDITOR": "vi"})
        expect_equal(done.code, 12, f"{user}: {done}")
        expect_equal(done.out.splitlines()[:9],
                     [uid, groups, "0027", "5", "300", "0", "/srv", "vi",
                      os.readlink("/proc/self/ns/mnt")], user)
        expect_equal(done.out.splitlines()[9:], ["4", "4", "NoNewPrivs:\t0"],
                     f"{user}: sets, descriptors")
    done = host([SHELL, "-c", "id -u; readlink /proc/self/ns/mnt"])
    expect_equal(done.text.split(), ["0", os.readlink("/proc/self/ns/mnt")], "root")


@check("what cannot be confined is refused: bad policy, deny, no helper, no account; root is not")
def refusals():
    root = [SHELL, "-c", "echo in"]
    with Policy(lambda text: text + "[profile student]\nnonsense = 1\n"):
        expect_refused(door("-c", "id"))
        expect_equal((host(root).text, door("-c", "id -un", user="admin").text), ("in", "admin"),
                     "root and an exempt user")
    with Policy(lambda text: text.replace("services = confine-shell\nprofile  = student",
                                          "services = confine-shell\nprofile  = deny")):
        expect_refused(door("-c", "id"), 126)
    with with_keys("bind = /no/such:/data"):
        mark = world.syslog.mark()
        done = door("-c", "id")
        expect_refused(done)
        event = done.err.split("event ")[1].split(")")[0]
        expect(world.syslog.wait_for(f"{event}.*/no/such", mark), "the log does not say why")
    os.rename("/usr/libexec/confine/confine-helper", "/usr/libexec/confine/away")
    try:
        expect_refused(door("-c", "id"))
        expect_equal(door("-c", "id -un", user="admin").text, "admin", "an exempt user")
        expect_refused(door("-c", "id", user="ivy"))
    finally:
        os.rename("/usr/libexec/confine/away", "/usr/libexec/confine/confine-helper")
    stranger = ["setpriv", "--reuid", "48888", "--regid", "48888", "--clear-groups", SHELL, "-c", "id"]
    expect_refused(host(stranger))
    os.rename("/usr/libexec/confine/confine-login", "/usr/libexec/confine/away")
    try:
        done = door("-c", "id")
        expect_equal((done.code, done.out), (125, ""), f"no confine-login: {done.err}")
    finally:
        os.rename("/usr/libexec/confine/away", "/usr/libexec/confine/confine-login")


@check("nobody but root can start what stands behind the door")
def behind():
    for argv in (["/usr/libexec/confine/confine-login", "confined"],
                 ["/usr/libexec/confine/confine-login"],
                 ["/usr/libexec/confine/confine-login", "plain", "x", "-c", "id"]):
        done = host(as_user(argv))
        expect_equal((done.code, done.out), (125, ""), f"{argv}: {done}")
    done = host(["/usr/libexec/confine/confine-login", "confined"])
    expect_equal((done.code, done.out), (125, ""), f"root without notes: {done}")


@check("sessions share the container, are listed, and end with what they left running")
def sessions():
    with Held() as first:
        here = inside(SPACES)
        inside("echo x >/tmp/shared; sleep 1234 >/dev/null 2>&1 & disown")
        expect_equal(inside(f"{SPACES}; cat /tmp/shared"), here + "\nx", "a second session")
        wait_until(lambda: "sleep 1234" not in inside("ps -e -o args="), 5, "a background process")
        listed = json.loads(host(["confinectl", "list", "--json"]).out)
        expect_match('"confine-shell"', json.dumps(listed), "list")
        expect("henry" in json.dumps(listed), "list without henry")
        expect(first.members(), "no process inside")
    last_session_gone()


@check("confinectl kill ends the shell outside too; the shell's killed parent ends the session")
def kills():
    held = Held("echo up; exec sleep 1000")
    expect_equal(host(["confinectl", "kill", "henry"]).code, 0, "kill")
    expect_equal(held.process.wait(5), -9, "status")
    last_session_gone()
    held = Held("trap '' HUP; echo up; while :; do sleep 1; done")
    outer = held.process
    outer.kill()
    outer.wait(5)
    wait_until(lambda: not held.members(), 5, "a process inside survives its stand-in")
    last_session_gone()


FORWARDED = ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH")


@check("TERM INT QUIT HUP USR1 USR2 WINCH reach the shell, once each")
def signals():
    trap = "; ".join(f"trap 'echo {name}' {name}" for name in FORWARDED)
    with Held(f"{trap}; echo up; while :; do sleep 0.05; done") as held:
        for name in FORWARDED:
            held.process.send_signal(getattr(signal, f"SIG{name}"))
            expect_equal(held.process.stdout.readline().strip(), name, "what arrived")
        held.process.kill()
        held.process.wait(5)
    last_session_gone()


@check("what stands in outside has no privilege, no descriptor, and cannot be traced")
def stand_in():
    with Held() as held:
        time.sleep(0.2)
        pid = held.process.pid
        status = status_fields(world.read(f"/proc/{pid}/status"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            expect_equal(status[name], "0" * 16, name)
        expect_equal((status["NoNewPrivs"], status["Uid"].split(), status["Groups"].strip()),
                     ("1", [str(HENRY)] * 4, ""), "privileges")
        links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        expect_equal(links, {"/dev/null", "anon_inode:[signalfd]"}, "descriptors")
        for name in ("environ", "mem", "maps", "fd", "root", "cwd"):
            done = host(as_user(["ls" if name == "fd" else "cat", f"/proc/{pid}/{name}"]))
            expect(done.code != 0 and not done.out, f"/proc/PID/{name}: {done}")
        expect_equal(os.readlink(f"/proc/{pid}/ns/mnt"), os.readlink("/proc/self/ns/mnt"), "view")


@check("the end of a pipe is the shell's: whoever reads does not wait for the session")
def pipes_close():
    started = time.monotonic()
    done = host(as_user(["bash", "-c", f"{SHELL} -c 'exec >&- 2>&-; sleep 3' 2>&1 | cat; echo eof"]))
    expect_equal(done.text, "eof", "output")
    expect(time.monotonic() - started < 10, "too long")
    start = world.start(as_user([SHELL, "-c", "exec >&-; sleep 5"]), env=dict(os.environ), cwd="/")
    began = time.monotonic()
    expect_equal(start.stdout.read(), b"", "output")
    expect(time.monotonic() - began < 3, "the stand-in holds the pipe")
    start.kill()
    start.wait(5)
    last_session_gone()


@check("100 MiB through a pipe, in and out, unchanged", limit=120)
def bulk():
    done = host(["bash", "-c", "head -c 104857600 /dev/urandom >/tmp/bulk; sha256sum </tmp/bulk; "
                 + " ".join(shlex.quote(word) for word in as_user([SHELL, "-c", "cat"]))
                 + " </tmp/bulk | sha256sum; rm /tmp/bulk"], timeout=90)
    sums = done.out.split()
    expect(len(sums) == 4 and sums[0] == sums[2], f"sums differ: {done}")
