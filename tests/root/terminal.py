# SPDX-License-Identifier: LGPL-2.1-or-later
"""confinectl run on a terminal, typed at from a shell outside."""

import time
from contextlib import contextmanager

from engine import PYTHON, command, policy, shell
from harness.check import check, expect, expect_equal, expect_match
from harness.terminal import Terminal

COUNT = """
import signal, sys, time
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
print("up", flush=True)
end = time.monotonic() + 0.6
while time.monotonic() < end:
    time.sleep(0.05)
print("interrupts:", len(got), flush=True)
"""


@contextmanager
def host_shell(rows=24, columns=200):
    """A shell of root's on a terminal of its own, with $run for the start of a run command."""
    bash = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
    with Terminal(bash, rows, columns) as terminal:
        terminal.shell()
        terminal.command("run='" + " ".join([*policy(), "--user", "alice", "--"]) + "'")
        yield terminal


def foreground(terminal, text, seconds=10):
    terminal.type(text + "\n")
    terminal.wait_for("up\r\n", seconds)


@check("without a terminal there is none, and no controlling one either")
def no_terminal():
    done = shell("tty; : </dev/tty && echo has one; ps -o tty= -p $$")
    expect_equal(done.out.split(), ["not", "a", "tty", "?"], "tty, /dev/tty, ps")


@check("on a terminal the command has it as its own three descriptors")
def has_terminal():
    with Terminal(command(["bash", "-c", "for n in 0 1 2; do [ -t $n ] && echo yes; done; "
                           "stty size; exit 7"]), 33, 99) as terminal:
        terminal.wait_for("yes\r\nyes\r\nyes\r\n33 99\r\n")
        expect_equal(terminal.close(), 7, "status")


@check("Ctrl-C reaches the command, once, and leaves the shell outside alone")
def interrupt():
    with host_shell() as terminal:
        foreground(terminal, "$run bash -c 'echo up; exec sleep 100'")
        terminal.type("\x03")
        terminal.type("echo status $?\n")
        terminal.wait_for(r"status 130\r\n", 5)
        program = COUNT.replace("\n", "\\n").replace('"', '\\"')
        foreground(terminal, f"$run {' '.join(PYTHON)} $'{program}'")
        terminal.type("\x03")
        expect_equal(terminal.wait_for(r"interrupts: (\d+)").group(1), "1", "Ctrl-C arrived")


@check("Ctrl-Z stops the run, fg continues it")
def stop_and_continue():
    with host_shell() as terminal:
        foreground(terminal, "$run bash -c 'echo up; sleep 1; echo w$((0))ke; exit 5'")
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        expect("w0ke" not in terminal.command("sleep 1.3"), "it went on while stopped")
        terminal.type("fg\n")
        terminal.wait_for("w0ke\r\n")
        expect_match("5$", terminal.command("echo $?"), "status after fg")


@check("an interactive shell inside has job control of its own")
def job_control():
    with host_shell() as terminal:
        terminal.type("$run bash --norc --noprofile --noediting -i\n")
        terminal.type("PS1=ready:; echo; echo =up=\n")
        terminal.wait_for("\n=up=\r\nready:")
        terminal.type("sleep 100\n")
        time.sleep(0.4)
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        expect_match("Stopped.*sleep 100", terminal.command("jobs"), "jobs")
        terminal.type("fg\n")
        terminal.wait_for("sleep 100")
        time.sleep(0.3)
        terminal.type("\x03")
        expect_match("box$", terminal.command("hostname"), "still inside")
        terminal.type("exit 6\n")
        expect_match("6$", terminal.command("echo $?"), "status outside")


@check("a changed window size reaches the command")
def window():
    with host_shell() as terminal:
        foreground(terminal, "$run bash -c 'trap \"stty size; exit\" WINCH; echo up; "
                             "while :; do sleep 0.1; done'")
        terminal.resize(41, 121)
        terminal.wait_for("41 121\r\n", 5)


# TIOCSTI and TIOCLINUX with the request's upper half set, which the kernel ignores.
INJECT = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.ioctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p]
for request in (0x5412, 0x541C):
    for high in (0, 1 << 32, 0xdeadbeef << 32):
        answer = libc.ioctl(0, request | high, b"\\x03" if request == 0x541C else b"#")
        print("did" if answer == 0 else os.strerror(ctypes.get_errno()), end=",")
libc.syscall.argtypes = [ctypes.c_long] * 2 + [ctypes.c_ulong, ctypes.c_char_p]
print("did" if libc.syscall(16, 0, 0x5412 | 1 << 63, b"#") == 0 else "refused")
"""


@check("TIOCSTI and TIOCLINUX type nothing into the terminal outside, whatever the upper bits")
def injection():
    with Terminal(command([*PYTHON, INJECT])) as terminal:
        got = terminal.wait_for("(.*)\r\n").group(1)
        expect_equal(got, "Operation not permitted," * 6 + "refused", "answers")
        terminal.close()
    # Without the filter the command is kept from the terminal by a session of its own.
    with Terminal(command([*PYTHON, INJECT], "seccomp = off\n")) as terminal:
        got = terminal.wait_for("(.*)\r\n").group(1)
        expect("did" not in got, f"without a filter: {got}")
        terminal.close()
    with Terminal([*PYTHON, INJECT]) as terminal:
        got = terminal.wait_for("(.*)\r\n").group(1)
        expect("did,did,did" in got, f"control: {got}")
        terminal.close()
