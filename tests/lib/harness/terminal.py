# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a terminal of its own, driven as a person would."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from .check import Failure


class Terminal:
    def __init__(self, arguments, rows=24, columns=80):
        self.screen = ""
        self.status = None
        self.closed = False
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.environ["TERM"] = "dumb"
                os.execvp(arguments[0], arguments)
            finally:
                os._exit(127)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the program is gone
            data = b""
        self.screen += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern, seconds=10):
        """Reads until pattern appears; consumes the screen up to its end; the match."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.screen)
            if match:
                self.screen = self.screen[match.end():]
                return match
            if time.monotonic() > end:
                raise Failure(f"terminal: no {pattern!r} in {self.screen[-300:]!r}")
            if not self._read(0.2) and self._ended():
                self._read(0)
                if not re.search(pattern, self.screen):
                    raise Failure(f"terminal ended, no {pattern!r} in {self.screen[-300:]!r}")

    def press(self, key, pattern):
        """Presses a key until it has the effect: a program may not be in the foreground yet."""
        for _ in range(10):
            self.type(key)
            try:
                return self.wait_for(pattern, 1)
            except Failure:
                pass
        return self.wait_for(pattern, 1)

    def shell(self):
        """Makes the shell on it easy to read: known prompt, no echo."""
        self.type("PS1=ready: PS2=; bind 'set enable-bracketed-paste off'; stty -echo; echo =up=\n")
        self.wait_for("\n=up=\r\nready:")

    def command(self, text, seconds=10):
        """Types a command at the prompt of shell(); what it printed."""
        self.type(f"{text}; echo =done=\n")
        printed = self.wait_for(r"(?s)(.*?)=done=\r?\nready:", seconds)
        return printed.group(1).replace("\r", "").strip("\n")

    def _ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def close(self, seconds=10):
        """Waits for the program's end, by force if it takes longer; its exit status."""
        end = time.monotonic() + seconds
        while not self._ended():
            self._read(0.05)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                end += 5
        if not self.closed:
            os.close(self.master)
            self.closed = True
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.status is None and not self._ended():
            os.kill(self.pid, signal.SIGHUP)
        self.close(3)
