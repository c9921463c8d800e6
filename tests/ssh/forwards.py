# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forwarding: every kind works, and its far end is the container, never the host."""

import os
import shlex
import socket
import threading
import time
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal, wait_until
from harness.world import INSIDE, PLAIN, client, end, run, ssh, start

HOST_PORT = 7001


class Listener:
    """Greets everyone who connects to it in the enclave, that is: on the host."""

    def __init__(self, family, address, greeting=b"host\n"):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.socket.listen()
        self.greeting = greeting
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self.greeting)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@contextmanager
def host_listeners():
    unix = "/tmp/host.socket"
    listeners = [Listener(socket.AF_INET, ("127.0.0.1", HOST_PORT)),
                 Listener(socket.AF_INET, ("192.0.2.1", HOST_PORT)),
                 Listener(socket.AF_UNIX, unix), Listener(socket.AF_UNIX, "\0host-abstract")]
    os.chmod(unix, 0o666)
    try:
        yield unix
    finally:
        for listener in listeners:
            listener.close()
        os.unlink(unix)


SERVE = r"""
import os, socket, sys
kind, where = sys.argv[1:]
if kind == "tcp":
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(where)))
else:
    s = socket.socket(socket.AF_UNIX); s.bind(where)
s.listen()
print("listening", flush=True)
while True:
    c, _ = s.accept(); c.sendall(b"inside\n"); c.close()
"""


@contextmanager
def served_inside(kind, where, host=INSIDE):
    """alice runs a server on her side of a login."""
    command = f"exec python3 -c {shlex.quote(SERVE)} {kind} {where}"
    process = start(client("alice", host, command), text=True)
    expect_equal(process.stdout.readline(), "listening\n", "server inside")
    try:
        yield
    finally:
        process.kill()
        process.wait()


def greeting(port):
    """What a connection to our end of a tunnel says; empty if it is closed without a word."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(5)
            return connection.recv(64).decode().strip()
    except OSError as error:
        return f"{error.strerror}"


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@contextmanager
def tunnel(host, *options, user="alice", port=None):
    process = start(client(user, host, None, ["-N", "-o", "ExitOnForwardFailure=yes", *options]))
    if port:
        wait_until(lambda: listening(port) or process.poll() is not None, 10, "tunnel not up")
    else:
        time.sleep(1)
    try:
        yield process
    finally:
        end(process)


@check("-L reaches the container's ports, and not the host's")
def local_forward():
    with host_listeners():
        for target in (f"127.0.0.1:{HOST_PORT}", f"localhost:{HOST_PORT}",
                       f"192.0.2.1:{HOST_PORT}"):
            with tunnel(PLAIN, "-L", f"9001:{target}", port=9001):
                expect_equal(greeting(9001), "host", f"control: -L to {target}")
            with tunnel(INSIDE, "-L", f"9002:{target}", port=9002):
                expect(greeting(9002) != "host", f"-L reaches {target} of the host")
    with served_inside("tcp", 7002), tunnel(INSIDE, "-L", "9003:127.0.0.1:7002", port=9003):
        expect_equal(greeting(9003), "inside", "-L to a server inside")


@check("-L to a unix socket reaches the container's, and not the host's")
def local_socket_forward():
    with host_listeners() as unix:
        with tunnel(PLAIN, "-L", f"9001:{unix}", port=9001):
            expect_equal(greeting(9001), "host", "control: -L to a socket")
        with tunnel(INSIDE, "-L", f"9002:{unix}", port=9002):
            expect(greeting(9002) != "host", "-L reaches a socket of the host")
    with served_inside("unix", "/tmp/inside.socket"), \
            tunnel(INSIDE, "-L", "9003:/tmp/inside.socket", port=9003):
        expect_equal(greeting(9003), "inside", "-L to a socket inside")


@check("-W reaches the container's ports, and not the host's")
def standard_forward():
    with host_listeners():
        wanted = ["-W", f"127.0.0.1:{HOST_PORT}"]
        expect_equal(ssh("alice", None, PLAIN, wanted).text, "host", "control: -W")
        expect_equal(ssh("alice", None, INSIDE, wanted).text, "", "-W to the host")
    with served_inside("tcp", 7002):
        expect_equal(ssh("alice", None, INSIDE, ["-W", "127.0.0.1:7002"]).text, "inside",
                     "-W to a server inside")


def through_socks(proxy, port):
    """What 127.0.0.1:port says through a SOCKS4 proxy."""
    with socket.create_connection(("127.0.0.1", proxy), 5) as connection:
        connection.settimeout(5)
        address = socket.inet_aton("127.0.0.1")
        connection.sendall(b"\4\1" + port.to_bytes(2, "big") + address + b"\0")
        answer = b""
        try:
            while len(answer) < 9:
                data = connection.recv(64)
                if not data:
                    break
                answer += data
        except OSError:
            pass
        return answer[8:].decode().strip()


@check("-D reaches the container's ports, and not the host's")
def dynamic_forward():
    with host_listeners():
        with tunnel(PLAIN, "-D", "9001", port=9001):
            expect_equal(through_socks(9001, HOST_PORT), "host", "control: -D")
        with tunnel(INSIDE, "-D", "9002", port=9002):
            expect_equal(through_socks(9002, HOST_PORT), "", "-D to the host")
    with served_inside("tcp", 7002), tunnel(INSIDE, "-D", "9003", port=9003):
        expect_equal(through_socks(9003, 7002), "inside", "-D to a server inside")


CONNECT = ("python3 -c 'import socket, sys; "
           "print(socket.create_connection((\"127.0.0.1\", int(sys.argv[1])), 5)"
           ".recv(9).decode().strip())' ")


@check("-R listens inside the container, and not on the host")
def remote_forward():
    with host_listeners():
        with tunnel(PLAIN, "-R", f"9101:127.0.0.1:{HOST_PORT}", port=9101):
            expect_equal(greeting(9101), "host", "control: -R listens on the host")
        with tunnel(INSIDE, "-R", f"9102:127.0.0.1:{HOST_PORT}"):
            expect(not listening(9102), "-R listens on the host")
            expect_equal(ssh("alice", CONNECT + "9102").text, "host", "-R from inside")


@check("-R of a unix socket appears inside the container, and not on the host")
def remote_socket_forward():
    with host_listeners():
        where = "/tmp/remote.socket"
        with tunnel(INSIDE, "-R", f"{where}:127.0.0.1:{HOST_PORT}"):
            expect(not os.path.exists(where), "socket on the host")
            expect_equal(ssh("alice", f"stat -c %F {where}").text, "socket", "socket inside")


@check("agent forwarding works inside, and leaves no socket on the host")
def agent():
    pid_and_socket = run(["ssh-agent", "-s"]).out
    environment = {"SSH_AUTH_SOCK": pid_and_socket.split("=")[1].split(";")[0]}
    pid = int(pid_and_socket.split("SSH_AGENT_PID=")[1].split(";")[0])
    try:
        run(["ssh-add", "-q", "/root/.ssh/id_ed25519"], environment=environment)
        before = set(os.listdir("/tmp"))
        process = start(client("alice", INSIDE, "ssh-add -l; echo $SSH_AUTH_SOCK; read x", ["-A"]),
                        text=True, env={**os.environ, **environment})
        listed = process.stdout.readline()
        expect("ED25519" in listed, f"ssh-add -l inside: {listed!r}")
        path = process.stdout.readline().strip()
        expect(path.startswith("/tmp/ssh-"), f"SSH_AUTH_SOCK {path!r}")
        expect(set(os.listdir("/tmp")) == before, "a socket appeared in the host's /tmp")
        process.stdin.close()
        process.wait(10)
    finally:
        os.kill(pid, 15)


@check("X11 forwarding listens inside the container, and not on the host")
def x11():
    fake_display = Listener(socket.AF_INET, ("127.0.0.1", 6005))
    question = ("echo $DISPLAY; xauth list; python3 -c 'import os, socket; "
                "socket.create_connection((\"127.0.0.1\", "
                "6000 + int(os.environ[\"DISPLAY\"].split(\":\")[1].split(\".\")[0]))); "
                "print(\"connected\")'; read x")
    try:
        process = start(client("alice", INSIDE, question, ["-Y"]), text=True,
                        env={**os.environ, "DISPLAY": "127.0.0.1:5"})
        lines = [process.stdout.readline().strip() for _ in range(3)]
        expect(lines[0].startswith("localhost:"), f"DISPLAY: {lines}")
        expect("MIT-MAGIC-COOKIE-1" in lines[1], f"xauth: {lines}")
        expect_equal(lines[2], "connected", "connection to the display inside")
        port = 6000 + int(lines[0].split(":")[1].split(".")[0])
        expect(not listening(port), "the display listens on the host")
        process.stdin.close()
        process.wait(10)
        ssh("alice", "rm -f ~/.Xauthority*", PLAIN)
    finally:
        fake_display.close()


@check("-w cannot make a network link of the host")
def tun():
    before = set(os.listdir("/sys/class/net"))
    done = ssh("alice", "echo ran", INSIDE, ["-w", "any:any", "-o", "ExitOnForwardFailure=yes"])
    expect(set(os.listdir("/sys/class/net")) == before, "a link appeared")
    expect(done.out in ("", "ran\n"), f"tunnel: {done}")


@check("ssh -N stays without a channel, and goes without a trace")
def no_command():
    with tunnel(INSIDE) as process:
        expect(process.poll() is None, "ssh -N ended by itself")


@check("multiplexed channels of one connection all land in one container", limit=90)
def multiplexed():
    control = ["-o", "ControlPath=/run/control", "-o", "ControlMaster=auto",
               "-o", "ControlPersist=no"]
    master = start(client("alice", INSIDE, None, ["-N", *control]))
    wait_until(lambda: os.path.exists("/run/control"), 10, "no control socket")
    question = "readlink /proc/self/ns/pid; echo {0}; exit {0}"
    processes = [start(client("alice", INSIDE, question.format(n), control), text=True)
                 for n in range(20)]
    spaces = set()
    for number, process in enumerate(processes):
        out, _ = process.communicate(timeout=30)
        space, said = out.split()
        spaces.add(space)
        expect_equal((said, process.returncode), (str(number), number), "channel")
    expect_equal(len(spaces), 1, "number of pid namespaces")
    expect(spaces != {os.readlink("/proc/self/ns/pid")}, "not confined")
    with open("/usr/bin/true", "rb") as file:
        done = world.run(["sftp", "-q", *control, "-b", "-", "alice@inside"], "ls -1 /home\n")
        expect(file.read(1) and done.text.endswith("/home/alice"), f"sftp over the master: {done}")
    end(master)
