# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals to confinectl reach the command and its group, once each."""

import os
import signal
import time

from engine import PYTHON, Running, host
from harness.check import check, expect_equal, wait_until

FORWARDED = ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH")

# Two processes of one group that write down each signal; QUIT twice ends them.
LISTENERS = """
import os, signal, sys
name = "parent"
if os.fork() == 0:
    name = "child"
def note(number, frame):
    os.write(1, f"{name} {signal.Signals(number).name[3:]}\\n".encode())
for one in %r:
    signal.signal(getattr(signal, "SIG" + one), note)
os.write(1, f"{name} up\\n".encode())
while True:
    signal.pause()
""" % (FORWARDED,)


class Notes:
    """Reads what the listeners write, without waiting for a line that does not come."""

    def __init__(self, running):
        self.file = running.process.stdout.fileno()
        os.set_blocking(self.file, False)
        self.text = ""

    def all(self):
        try:
            self.text += os.read(self.file, 65536).decode()
        except BlockingIOError:
            pass
        return self.text.splitlines()


@check("TERM INT QUIT HUP USR1 USR2 WINCH reach the command and its group, once each")
def forwarded():
    with Running([*PYTHON, LISTENERS], text=False) as running:
        notes = Notes(running)
        wait_until(lambda: len(notes.all()) == 2, 5, "listeners do not come up")
        for name in FORWARDED:
            running.process.send_signal(getattr(signal, "SIG" + name))
            wait_until(lambda: len([one for one in notes.all() if one.endswith(name)]) >= 2, 5,
                       f"SIG{name} did not arrive at both: {notes.text!r}")
        time.sleep(0.1)
        got = sorted(notes.all())
    wanted = sorted(f"{who} {name}" for who in ("parent", "child") for name in ("up", *FORWARDED))
    expect_equal(got, wanted, "signals")


@check("a signal that ends the command ends the run with 128 + its number")
def ended():
    for name in ("TERM", "INT", "HUP", "USR1"):
        number = getattr(signal, "SIG" + name)
        with Running(["bash", "-c", "echo up; exec sleep 1000"]) as running:
            running.line()
            running.process.send_signal(number)
            expect_equal(running.wait(), 128 + number, f"SIG{name}")


@check("confinectl kill ends the container of a run")
def by_name():
    deaf = "trap '' TERM HUP INT; echo up; while :; do sleep 10; done"
    with Running(["bash", "-c", deaf]) as one:
        one.line()
        done = host(["confinectl", "kill", "alice"])
        expect_equal(done.code, 0, f"confinectl kill: {done.err}")
        expect_equal(one.wait(), 137, "status of the run")
