# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interactive logins: a terminal that works, and is the container's own."""

import shlex
from contextlib import contextmanager

from harness import world
from harness.check import check, expect_equal, expect_match
from harness.terminal import Terminal
from harness.world import INSIDE, PLAIN, client, ssh


@contextmanager
def login(user, host=INSIDE, command=None, rows=24, columns=200):
    with Terminal(client(user, host, command, ["-tt"]), rows, columns) as terminal:
        if command is None:
            terminal.shell()
        yield terminal


@check("an interactive login has a terminal that tty, ps and /dev/pts agree about")
def right_tty():
    with login("alice") as terminal:
        expect_equal(terminal.command("tty"), "/dev/pts/0", "tty")
        expect_equal(terminal.command("ps -o tty= -p $$"), "pts/0", "ps")
        expect_equal(terminal.command("ls /dev/pts"), "0  ptmx", "/dev/pts")
        expect_equal(terminal.command("stat -c '%U %G %a' $(tty)"), "alice tty 620", "owner")
        expect_equal(terminal.command("echo works >/dev/tty"), "works", "/dev/tty")
        terminal.type("exit 3\n")
        expect_equal(terminal.close(), 3, "exit status")


@check("two terminals of one user are pts/0 and pts/1, and only those exist")
def second_tty():
    with login("alice") as first, login("alice") as second:
        expect_equal(first.command("tty"), "/dev/pts/0", "first")
        expect_equal(second.command("tty"), "/dev/pts/1", "second")
        expect_equal(second.command("ls /dev/pts"), "0  1  ptmx", "/dev/pts")


@check("other users' terminals are not in /dev/pts")
def foreign_tty():
    with login("carol", PLAIN) as carol, login("bob") as bob, login("alice") as alice:
        expect_equal(carol.command("tty"), "/dev/pts/" + carol.command("tty").split("/")[-1], "tty")
        expect_equal(bob.command("tty"), "/dev/pts/0", "bob's")
        expect_equal(alice.command("tty; ls /dev/pts"), "/dev/pts/0\n0  ptmx", "alice's")


@check("ssh -tt with a command has a terminal and the command's status")
def tty_command():
    with login("alice", command="tty; exit 9") as terminal:
        terminal.wait_for("/dev/pts/0\r\n")
        expect_equal(terminal.close(), 9, "exit status")


def foreground(terminal, seconds):
    """Types a command that stays in the foreground, and waits until it is there."""
    terminal.type(f"sh -c 'echo up; exec sleep {seconds}'\n")
    terminal.wait_for("up\r\n")


@check("job control: Ctrl-Z, bg, jobs, fg, Ctrl-C, Ctrl-\\")
def job_control():
    with login("alice") as terminal:
        foreground(terminal, 1000)
        terminal.press("\x1a", r"Stopped .*sleep 1000.*\r\nready:")
        terminal.command("bg")
        expect_match(r"Running .*sleep 1000", terminal.command("jobs"), "jobs after bg")
        terminal.type("fg\n")
        terminal.wait_for("sh .*sleep 1000.*\r\n")
        terminal.press("\x03", "ready:")
        foreground(terminal, 1001)
        terminal.press("\x1c", "Quit.*\r\nready:")
        expect_equal(terminal.command("jobs"), "", "jobs at the end")


WATCH_SIZE = "bash -c 'trap \"stty size; exit\" WINCH; echo up; while :; do sleep 0.1; done'\n"


@check("window size arrives at the start and with every change")
def window_size():
    with login("alice", rows=33, columns=190) as terminal:
        expect_equal(terminal.command("stty size"), "33 190", "size at the start")
        terminal.type(WATCH_SIZE)
        terminal.wait_for("up\r\n")
        terminal.resize(41, 175)
        terminal.wait_for("41 175\r\nready:")
        expect_equal(terminal.command("stty size"), "41 175", "size afterwards")


@check("a terminal that goes away hangs up what runs on it")
def hang_up():
    ssh("alice", "rm -f ~/hung-up", PLAIN)
    with login("alice") as terminal:
        terminal.type("trap 'echo yes >~/hung-up; exit' HUP; echo set\n")
        terminal.wait_for("set\r\n")
    done = ssh("alice", "for i in $(seq 50); do [ -s ~/hung-up ] && break; sleep 0.1; done; "
               "cat ~/hung-up; rm -f ~/hung-up", PLAIN)
    expect_equal(done.text, "yes", "what the shell wrote when it was hung up")


@check("programs can make terminals of their own: script(1)")
def own_pty():
    with login("alice") as terminal:
        terminal.command("tty")
        expect_match("/dev/pts/1", terminal.command("script -qc tty /dev/null"), "script")


PUSH = r"""
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
for request in (0x5412, 0x100005412):
    done = libc.ioctl(0, ctypes.c_ulong(request), b"\n")
    print("pushed" if done == 0 else "refused", end=" ")
"""


@check("nobody can type into a terminal for somebody else (TIOCSTI)")
def push_input():
    answers = {}
    for host in (PLAIN, INSIDE):
        with login("alice", host, "python3 -c " + shlex.quote(PUSH)) as terminal:
            answers[host] = terminal.wait_for("(pushed|refused) (pushed|refused) ").groups()
    expect_equal(answers[INSIDE], ("refused", "refused"), "TIOCSTI, plain and with high bits")
    if world.read("/proc/sys/dev/tty/legacy_tiocsti").strip() != "0":
        expect_equal(answers[PLAIN], ("pushed", "pushed"), "control: TIOCSTI outside")


@check("no terminal without being asked for one")
def no_tty():
    done = ssh("alice", "tty; ls /dev/pts")
    expect_equal(done.out, "not a tty\nptmx\n", "tty without -t")
