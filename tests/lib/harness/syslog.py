# SPDX-License-Identifier: LGPL-2.1-or-later
"""/dev/log: keeps what is logged so that checks can read it."""

import os
import re
import socket
import threading
import time


class Syslog:
    def __init__(self, path="/dev/log"):
        self.path = path
        self._lines = []
        self._socket = None

    def start(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _listen(self):
        while True:
            data = self._socket.recv(65536)
            text = data.decode("utf-8", "backslashreplace").rstrip("\0\n")
            self._lines.append(re.sub(r"^<\d+>\w+ +\d+ [\d:]+ ", "", text))

    def mark(self):
        """A place in the log, for lines() and wait_for()."""
        return len(self._lines)

    def lines(self, mark=0):
        return self._lines[mark:]

    def wait_for(self, pattern, mark=0, seconds=5.0):
        """The first line since mark that matches, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines(mark):
                if re.search(pattern, line):
                    return line
            time.sleep(0.02)
        return None
