# SPDX-License-Identifier: LGPL-2.1-or-later
"""sshd and its clients in the enclave whose accounts tests/lib/world makes."""

import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

from .syslog import Syslog

INSIDE, PLAIN = "inside", "plain"  # host names of tests/lib/ssh_config
CONFIG = "/etc/ssh/enclave_sshd_config"

syslog = Syslog()
_clients = []


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def text(self):
        return self.out.strip()


class Service:
    """An sshd on 127.0.0.1. Its PAM service is its program's name: a link makes a new one."""

    def __init__(self, name, port, config=None, pam=None, options=(), wrapper=()):
        self.name, self.port = name, port
        self.config = config
        self.pam = pam
        self.options = list(options)
        self.wrapper = list(wrapper)
        self.process = None
        self.log_path = f"/var/log/{name}-{port}.log"

    def _prepare(self):
        program = f"/usr/sbin/{self.name}"
        if not os.path.lexists(program):
            os.symlink("sshd", program)
        if self.pam is not None:
            write(f"/etc/pam.d/{self.name}", self.pam)
        path = CONFIG
        if self.config is not None:
            path = f"/etc/ssh/{self.name}_config"
            write(path, self.config)
        return [*self.wrapper, program, "-D", "-e", "-f", path, "-p", str(self.port), *self.options]

    def start(self):
        command = self._prepare()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        for _ in range(500):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not listen: {self.log()}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text, mode=0o644):
    """Replaces a file by a new one, as an editor would."""
    temporary = path + ".new"
    with open(temporary, "w") as file:
        file.write(text)
    os.chmod(temporary, mode)
    os.rename(temporary, path)


def client(user, host=INSIDE, command=None, options=(), program="ssh"):
    """The argument list of a client; host may be a Service."""
    where = ["-p", str(host.port), f"{user}@127.0.0.1"] if isinstance(host, Service) else \
        [f"{user}@{host}"]
    arguments = [program, *options, *where]
    return arguments if command is None else arguments + [command]


def run(arguments, input=None, timeout=45, environment=None):
    """Runs a program to its end; input and output are text."""
    stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    done = subprocess.run(arguments, capture_output=True, timeout=timeout, text=True,
                          errors="backslashreplace",
                          env={**os.environ, **(environment or {})}, **stdin)
    return Result(done.returncode, done.stdout, done.stderr)


def ssh(user, command=None, host=INSIDE, options=(), input=None, timeout=45, environment=None):
    return run(client(user, host, command, options), input, timeout, environment)


def start(arguments, **keywords):
    """Starts a client that end_clients() ends with the check."""
    keywords.setdefault("stdin", subprocess.PIPE)
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    process = subprocess.Popen(arguments, start_new_session=True, **keywords)
    _clients.append(process)
    return process


class Session:
    """A login that stays: a shell without terminal that runs what ask() sends."""

    def __init__(self, user, host=INSIDE, options=()):
        self.process = start(client(user, host, "exec bash", options), text=True)
        self.first = self.ask("echo here")

    def ask(self, command):
        """Runs one command in the shell of the session; its standard output."""
        self.process.stdin.write(f"{command}\nprintf '\\n=done %s\\n' $?\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            match = re.match(r"=done (\d+)$", line)
            if match:
                return "".join(lines).strip("\n")
            lines.append(line)
        raise RuntimeError("session ended: " + self.process.stderr.read())

    def end(self):
        """Logs out and waits for the client; its exit status."""
        if self.process.poll() is None:
            self.process.stdin.close()
        return self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.end()


def end(process):
    """Ends a client by SIGTERM. One that arrives while ssh(1) sets up its loop is lost."""
    for _ in range(20):
        process.terminate()
        try:
            return process.wait(0.5)
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    return process.wait()


def processes():
    """What runs in the enclave, and what it waits for; for reports."""
    done = run(["ps", "-eo", "pid,ppid,user,stat,wchan:20,args", "--sort", "pid"])
    return done.out.replace("\n", "\n    ")


def end_clients():
    """Ends whatever a check started and forgot."""
    while _clients:
        process = _clients.pop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
