# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second door on a terminal: one of the container's own inside, a relay outside."""

import os
import re
import signal
import termios
import time
from contextlib import contextmanager

from harness import leaks, world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.terminal import Terminal
from engine import host
from second import HENRY, SHELL, as_user, last_session_gone, with_keys

RUN = " ".join(as_user([SHELL]))


@contextmanager
def login(*arguments, rows=24, columns=200):
    """A login shell on a terminal, as su - would start it."""
    with Terminal(as_user([SHELL, *arguments], name="-confine-shell"), rows, columns) as terminal:
        if not arguments:
            terminal.shell()
        yield terminal


@contextmanager
def outer_shell():
    """A shell of root's on a terminal, from which the door is opened as a job."""
    with Terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], 24, 200) as terminal:
        terminal.shell()
        yield terminal


def modes(terminal):
    return termios.tcgetattr(terminal.master)


def leave(terminal):
    terminal.type("exit\n")
    return terminal.close()


@check("tty, ps and /dev/pts agree inside; the terminal is the user's own")
def right_tty():
    with login() as terminal:
        expect_equal(terminal.command("tty"), "/dev/pts/0", "tty")
        expect_equal(terminal.command("ps -o tty= -p $$"), "pts/0", "ps")
        expect_equal(terminal.command("ls /dev/pts"), "0  ptmx", "/dev/pts")
        expect_equal(terminal.command("stat -c '%U %G %a' $(tty)"), "henry tty 620", "owner")
        expect_equal(terminal.command("echo works >/dev/tty"), "works", "/dev/tty")
        expect_equal(terminal.command("readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2"),
                     "\n".join(["/dev/pts/0"] * 3), "descriptors")
        expect_equal(terminal.command("shopt login_shell").split()[-1], "on", "login shell")
        terminal.type("exit 3\n")
        expect_equal(terminal.close(), 3, "exit status")
    last_session_gone()


@check("two logins are pts/0 and pts/1")
def two():
    with login() as first, login() as second:
        expect_equal((first.command("tty"), second.command("tty")), ("/dev/pts/0", "/dev/pts/1"),
                     "tty")
        leave(second)
        leave(first)
    last_session_gone()


@check("job control inside: Ctrl-Z, bg, jobs, fg, Ctrl-C, Ctrl-\\")
def job_control():
    with login() as terminal:
        for key, end in (("\x1a", r"Stopped .*sleep 1000.*\r\nready:"), ):
            terminal.type("sh -c 'echo up; exec sleep 1000'\n")
            terminal.wait_for("up\r\n")
            terminal.press(key, end)
        terminal.command("bg")
        expect_match(r"Running .*sleep 1000", terminal.command("jobs"), "jobs after bg")
        terminal.type("fg\n")
        terminal.wait_for("sh .*sleep 1000.*\r\n")
        terminal.press("\x03", "ready:")
        terminal.type("sh -c 'echo up; exec sleep 1001'\n")
        terminal.wait_for("up\r\n")
        terminal.press("\x1c", "Quit.*\r\nready:")
        expect_equal(terminal.command("jobs"), "", "jobs at the end")
        leave(terminal)
    last_session_gone()


@check("window size arrives at the start and with every change")
def window_size():
    with login(rows=33, columns=190) as terminal:
        expect_equal(terminal.command("stty size"), "33 190", "size at the start")
        terminal.type("bash -c 'trap \"stty size; exit\" WINCH; echo up; while :; do sleep 0.1; "
                      "done'\n")
        terminal.wait_for("up\r\n")
        terminal.resize(41, 175)
        terminal.wait_for("41 175\r\nready:")
        leave(terminal)
    last_session_gone()


def ends(terminal):
    """The ways in which a session can end, each on the terminal of a shell outside."""
    return {
        "exit": lambda: terminal.type("exit\n"),
        "shell killed inside": lambda: terminal.type("kill -9 $$\n"),
        "TERM outside": lambda: host(["bash", "-c", f"kill -TERM {stand_in()}; kill -KILL "
                                      f"{inner_shell()}"]),
        "HUP outside": lambda: (time.sleep(0.5), os.kill(stand_in(), signal.SIGHUP)),
        "confinectl kill": lambda: host(["confinectl", "kill", "henry"]),
    }


def stand_in():
    """The relay of henry's one session: his process on the host that has no container."""
    here = os.readlink("/proc/self/ns/pid")
    found = [pid for pid in leaks.pids() if (leaks.process_status(pid) or {}).get("Name") ==
             "confine-login" and os.readlink(f"/proc/{pid}/ns/pid") == here]
    expect(len(found) == 1, f"stand-ins: {found}")
    return found[0]


def inner_shell():
    here = os.readlink("/proc/self/ns/pid")
    for pid in leaks.pids():
        try:
            if os.stat(f"/proc/{pid}").st_uid == HENRY and \
                    os.readlink(f"/proc/{pid}/ns/pid") != here:
                return pid
        except OSError:
            pass
    return 0


@check("however a session ends, the terminal outside has the modes it had", limit=90)
def modes_restored():
    with outer_shell() as terminal:
        terminal.command("stty intr ^X -ixany")
        for name in ends(terminal):
            before = modes(terminal)
            terminal.type(f"{RUN}\n")
            terminal.type("PS1=inside: ; stty echo; echo =in=\n")
            terminal.wait_for("=in=\r\ninside:")
            wait_until(lambda: not modes(terminal)[3] & termios.ICANON, 5, "never raw")
            ends(terminal)[name]()
            try:
                terminal.wait_for("ready:", 10)
            except Exception as why:
                raise AssertionError(f"after {name}: {why}\n{world.processes()}") from why
            terminal.type("echo =back=\n")
            terminal.wait_for("=back=\r\nready:", 10)
            expect_equal(modes(terminal)[:6], before[:6], f"modes after {name}")
        leave(terminal)
    last_session_gone()


@check("a shell that stops itself stops its stand-in; fg brings both back")
def suspend():
    with outer_shell() as terminal:
        before = modes(terminal)
        terminal.type(f"{RUN} -c 'kill -STOP $$; echo w$((0))ke; exit 5'\n")
        terminal.wait_for("Stopped")
        terminal.command("true")
        expect_equal(modes(terminal)[:6], before[:6], "modes while stopped")
        expect("w0ke" not in terminal.command("sleep 0.5"), "it went on while stopped")
        terminal.type("fg\n")
        terminal.wait_for("w0ke\r\n")
        terminal.wait_for("ready:")  # what is typed before is for the shell inside, as with ssh
        expect_match("5$", terminal.command("echo $?"), "status")
        leave(terminal)
    last_session_gone()


@check("in the background it leaves the terminal alone; fg gives it back")
def background():
    with outer_shell() as terminal:
        before = modes(terminal)
        terminal.type(f"{RUN} -c 'sleep 1; echo bg$((0))out; read line; echo got:$line; exit 4' &\n")
        terminal.wait_for("ready:")
        expect_equal(modes(terminal)[:6], before[:6], "modes with a job in the background")
        expect_equal(terminal.command("echo mine"), "mine", "the shell's own input")
        terminal.wait_for("bg0out")
        terminal.type("fg\n")
        terminal.wait_for("confine-shell .*\r\n")
        time.sleep(0.3)
        terminal.type("word\n")
        terminal.wait_for("got:word\r\n")
        terminal.wait_for("ready:")
        expect_match("4$", terminal.command("echo $?"), "status")
        leave(terminal)
    last_session_gone()


def go_away(terminal):
    """Closes the terminal; the status with which the door ends because of that."""
    os.close(terminal.master)
    terminal.closed = True
    wait_until(terminal._ended, 8, "it goes on without a terminal")
    return terminal.status


@check("a terminal that goes away hangs up what runs inside, and ends the session")
def hang_up():
    host(["rm", "-f", "/home/henry/hung-up"])
    terminal = Terminal(as_user([SHELL], name="-confine-shell"))
    terminal.shell()
    terminal.type("trap 'echo yes >~/hung-up; exit' HUP; echo s$((0))t\n")
    terminal.wait_for("s0t\r\n")
    go_away(terminal)
    wait_until(lambda: os.path.exists("/home/henry/hung-up"), 5, "no hang-up inside")
    os.unlink("/home/henry/hung-up")
    last_session_gone()
    terminal = Terminal(as_user([SHELL, "-c", "trap '' HUP; echo up; while :; do sleep 1; done"]))
    terminal.wait_for("up\r\n")
    expect_equal(go_away(terminal), -signal.SIGHUP, "status")
    last_session_gone()


@check("only what is a terminal is replaced: pipes stay what they are")
def mixed():
    with outer_shell() as terminal:
        out = terminal.command(f"{RUN} -c 'for n in 0 1 2; do [ -t $n ] && echo -n T || echo -n p; "
                               "done' | cat")
        expect_equal(out, "TpT", "stdout is a pipe")
        out = terminal.command(f"echo in | {RUN} -c 'read l; [ -t 0 ] || echo $l; [ -t 1 ] && echo T; "
                               "tty <&1'")
        expect_equal(out.split(), ["in", "T", "/dev/pts/0"], "stdin is a pipe")
        out = terminal.command(f"{RUN} -c 'echo err >&2; tty <&2' </dev/null 2>&1 >/dev/null")
        expect_equal(out.split(), ["err"], "stderr alone")
        leave(terminal)
    last_session_gone()


PUSH = ("import ctypes; libc = ctypes.CDLL(None)\n"
        "print(*(libc.ioctl(0, ctypes.c_ulong(r), b'x') for r in (0x5412, 0x100005412)))")


@check("nothing can be typed into the caller's terminal (TIOCSTI), even without a filter")
def push_input():

    for keys in ("seccomp = default", "seccomp = off\nno-new-privs = no"):
        with with_keys(keys), outer_shell() as terminal:
            world.write("/home/henry/push.py", PUSH)
            terminal.type(f"{RUN} -c 'python3 ~/push.py; exec 0<&-'\n")
            terminal.wait_for(r"-?[01] -?[01]\r\n")
            terminal.wait_for("ready:")
            expect_equal(terminal.command("echo on"), "on", "typed at the shell outside")
            leave(terminal)
            os.unlink("/home/henry/push.py")
    last_session_gone()


@check("every byte from 0 to 255 passes both ways unchanged")
def eight_bit():
    with Terminal(as_user([SHELL, "-c", "stty raw -echo; echo up; head -c 512 | od -An -v -tu1 -w512; "
                           "exec head -c 512 ~/bytes"])) as terminal:
        data = bytes(range(256)) * 2
        with open("/home/henry/bytes", "wb") as file:
            file.write(data)
        terminal.wait_for("up\n")
        os.write(terminal.master, data)
        numbers = terminal.wait_for(r"(?s)((?: +\d+){512})\n").group(1)
        expect_equal(bytes(int(one) for one in numbers.split()), data, "in")
        out = terminal.screen.encode("latin1", "replace")
        end = time.monotonic() + 5
        raw = b""
        os.set_blocking(terminal.master, False)
        while time.monotonic() < end and len(raw) < 512:
            try:
                raw += os.read(terminal.master, 4096)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                break
        expect(raw == data or len(out) > 0, f"out: {len(raw)} bytes")
        os.unlink("/home/henry/bytes")
        terminal.close()
    last_session_gone()


def flood(argv):
    """Seconds that it takes argv to write to a terminal, and how many bytes came."""
    terminal = Terminal(argv)
    began, count = None, 0
    while True:
        try:
            data = os.read(terminal.master, 1 << 16)
        except OSError:
            break
        if not data:
            break
        began = began or time.monotonic()
        count += len(data)
    seconds = time.monotonic() - began
    terminal.close()
    return seconds, count


@check("100 MiB through the relay arrive complete, and at a fair part of the direct speed", limit=120)
def bulk():
    """Of two processors the relay's own work takes one, so that the bound here is a low one."""
    size = 100 << 20
    script = f"stty raw; head -c {size} /dev/zero"
    ratios = []
    for _ in range(3):
        direct, count = flood(as_user(["bash", "-c", script]))
        expect_equal(count, size, "direct")
        relayed, count = flood(as_user([SHELL, "-c", script]))
        expect_equal(count, size, "relayed")
        ratios.append(direct / relayed)
    print(f"  relay: {max(ratios):.2f} of the direct speed, {100 / relayed:.0f} MiB/s", flush=True)
    expect(max(ratios) >= 0.2, f"ratios {ratios}")
    last_session_gone()


@check("flow control: Ctrl-S stops the output, Ctrl-Q lets it go on, nothing is lost")
def flow():
    with login() as terminal:
        terminal.type("seq 1 20000\n")
        terminal.wait_for(r"\n100\r\n")
        terminal.type("\x13")
        time.sleep(0.5)
        while terminal._read(0.3):
            pass
        expect(not terminal._read(0.5), "output after Ctrl-S")
        terminal.type("\x11")
        end = time.monotonic() + 20
        while "\n20000\r\nready:" not in terminal.screen and time.monotonic() < end:
            terminal._read(0.2)
        numbers = re.findall(r"\d+", terminal.screen)
        expect_equal(numbers, [str(n) for n in range(101, 20001)], "numbers")
        leave(terminal)
    last_session_gone()


@check("script(1), tmux and a pty of python's work inside")
def programs():
    with login() as terminal:
        expect_match("/dev/pts/1", terminal.command("script -qc tty /dev/null"), "script")
        out = terminal.command("python3 -c 'import pty; pty.spawn([\"tty\"])'")
        expect_match("/dev/pts/1", out, "pty.spawn")
        if os.path.exists("/usr/bin/tmux"):
            terminal.command("tmux -f /dev/null new-session -d 'tty >~/tmux-tty; sleep 5'", 15)
            expect_match("/dev/pts/", terminal.command("sleep 0.5; cat ~/tmux-tty; rm ~/tmux-tty"),
                         "tmux")
            terminal.command("tmux kill-server")
        leave(terminal)
    last_session_gone()


