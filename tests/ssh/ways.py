# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every way into an account, tried at once: where does each end, inside, outside or nowhere?"""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from harness.check import expect, expect_equal, expect_match
from harness.world import INSIDE, Service, client, run, ssh

PORT = 7003
GREETING = "the host\n"
QUESTION = "echo namespace $(readlink /proc/self/ns/mnt) end"


class Greeter:
    """A port of the host that tells who reaches it."""

    def __enter__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", PORT))
        self.socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(GREETING.encode())

    def __exit__(self, *_exception):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def _place(done):
    """Of a login that was asked for its mount namespace."""
    if "namespace mnt:" not in done.out:
        return "refused"
    here = os.readlink("/proc/self/ns/mnt")
    return "outside" if here in done.out else "inside"


def by_command(user, host):
    return _place(ssh(user, QUESTION, host))


def by_shell(user, host):
    return _place(ssh(user, None, host, ["-T"], input=QUESTION + "\n"))


def by_terminal(user, host):
    return _place(ssh(user, QUESTION, host, ["-tt"]))


def by_sftp(user, host):
    port = ["-P", str(host.port)] if isinstance(host, Service) else []
    where = "127.0.0.1" if isinstance(host, Service) else host
    done = run(["sftp", "-q", *port, "-b", "-", f"{user}@{where}"], "-ls -1 /mnt\npwd\n")
    if "/mnt/confine" in done.out:
        return "outside"
    return "inside" if done.code == 0 else "refused"


def by_forward(user, host):
    done = ssh(user, None, host, ["-W", f"127.0.0.1:{PORT}"])
    return "outside" if GREETING in done.out else "refused"


def by_nothing(user, host):
    """ssh -N with a tunnel that is used as soon as it is there."""
    local = f"/run/tunnel-{user}"
    arguments = client(user, host, None, ["-N", "-L", f"{local}:127.0.0.1:{PORT}"])
    probe = ("for i in $(seq 40); do [ -S $0 ] && break; sleep 0.05; done; "
             "exec python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); "
             "s.settimeout(3); s.connect(sys.argv[1]); print(s.recv(64).decode())' $0")
    script = '"$@" & tunnel=$!; sh -c "$PROBE" ' + local + "; kill -KILL $tunnel; wait $tunnel"
    done = run(["sh", "-c", script, "sh", *arguments], environment={"PROBE": probe})
    if os.path.exists(local):
        os.unlink(local)
    return "outside" if GREETING in done.out else "refused"


WAYS = {"command": by_command, "shell": by_shell, "terminal": by_terminal, "sftp": by_sftp,
        "-W": by_forward, "-N -L": by_nothing}


def try_all(user, host=INSIDE):
    """Where each way ends: {way: inside | outside | refused}."""
    with Greeter(), ThreadPoolExecutor(len(WAYS)) as pool:
        results = {way: pool.submit(function, user, host) for way, function in WAYS.items()}
        return {way: result.result() for way, result in results.items()}


def expect_refused(user, host=INSIDE):
    """Every way is refused."""
    expect_equal(try_all(user, host), dict.fromkeys(WAYS, "refused"), f"{user}'s ways in")


def expect_told(user, host=INSIDE):
    """A refused command fails, and tells its user why in one line."""
    done = ssh(user, QUESTION, host)
    told = [line for line in (done.out + done.err).splitlines() if line.strip()]
    expect(done.code != 0, "a refused command has status 0")
    expect_match("(?i)confine", "\n".join(told), "what the user is told")
    expect(len(told) == 1, f"the user is told more than one line: {told}")


def expect_confined(user, host=INSIDE):
    """Every way ends inside."""
    wanted = dict.fromkeys(WAYS, "inside") | {"-W": "refused", "-N -L": "refused"}
    expect_equal(try_all(user, host), wanted, f"{user}'s ways in")


def expect_never_outside(user, host=INSIDE):
    """Refused or confined, each way as it likes."""
    results = try_all(user, host)
    expect("outside" not in results.values(), f"{user} is outside: {results}")


def expect_free(user, host=INSIDE):
    """Every way ends outside, as it must for users who are not confined."""
    expect_equal(try_all(user, host), dict.fromkeys(WAYS, "outside"), f"{user}'s ways in")
