# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes in and out: pipes, sftp by both servers, scp, rsync, git. All end in the container."""

import hashlib
import os
import re
import subprocess
from contextlib import contextmanager

from harness import world
from harness.check import check, expect, expect_equal
from harness.world import INSIDE, PLAIN, client, run, ssh

MEBIBYTE = 1 << 20


@contextmanager
def scratch():
    """A directory of root's for the client's side of transfers."""
    path = "/root/scratch"
    os.mkdir(path)
    try:
        yield path
    finally:
        subprocess.run(["rm", "-rf", path], check=True)


@contextmanager
def external_server():
    config = re.sub("(?m)^Subsystem sftp .*", "Subsystem sftp /usr/lib/openssh/sftp-server",
                    world.read(world.CONFIG))
    with world.Service("sshd", 2224, config=config) as service:
        yield service


def make_file(path, size):
    data = os.urandom(size)
    with open(path, "wb") as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@check("100 MiB through a pipe, in and out, unchanged", limit=120)
def pipes():
    with scratch() as here:
        wanted = make_file(f"{here}/file", 100 * MEBIBYTE)
        with open(f"{here}/file", "rb") as file:
            done = subprocess.run(client("alice", INSIDE, "sha256sum; id -u"), stdin=file,
                                  capture_output=True, text=True, timeout=60)
        expect_equal(done.stdout.split(), [wanted, "-", "47001"], "sum inside")
        os.chmod(here, 0o755)
        with open(f"{here}/file", "rb") as file, open(f"{here}/back", "wb") as back:
            subprocess.run(client("alice", INSIDE, "cat"), stdin=file, stdout=back, timeout=60)
        expect_equal(digest(f"{here}/back"), wanted, "sum of what came back")


def sftp(user, host, commands):
    arguments = ["-q", "-b", "-"] + (["-P", str(host.port)] if isinstance(host, world.Service)
                                     else [])
    where = "127.0.0.1" if isinstance(host, world.Service) else host
    return run(["sftp", *arguments, f"{user}@{where}"], input=commands)


def sftp_round_trip(host):
    with scratch() as here:
        wanted = make_file(f"{here}/file", 3 * MEBIBYTE)
        done = sftp("alice", host, f"put {here}/file\nget file {here}/back\nrename file other\n"
                    "mkdir d\nrmdir d\nchmod 600 other\nls -l other\nrm other\n")
        expect_equal(done.code, 0, f"sftp: {done.err}")
        expect("alice" in done.out or "47001" in done.out, f"listing: {done.out}")
        expect_equal(digest(f"{here}/back"), wanted, "sum of what came back")


def sftp_sees_container(host):
    look = "ls -1 /\nls -1 /mnt\nls -1 /home\n"
    outside = sftp("alice", PLAIN, look).out.split()
    expect("/mnt/confine" in outside and "/home/bob" in outside, f"control: {outside}")
    inside = sftp("alice", host, look).out.split()
    expect("/home/alice" in inside, f"inside: {inside}")
    for hidden in ("/mnt/confine", "/home/bob", "/boot"):
        expect(hidden not in inside, f"{hidden} is in sight: {inside}")
    with scratch() as here:
        os.chmod(here, 0o755)
        done = sftp("alice", host,
                    f"put /etc/hostname /tmp/from-sftp\nget /etc/passwd {here}/users\n")
        expect_equal(done.code, 0, f"sftp: {done.err}")
        expect(not os.path.exists("/tmp/from-sftp"), "wrote to the host's /tmp")
        users = [line.split(":")[0] for line in world.read(f"{here}/users").splitlines()]
        expect("alice" in users and "bob" not in users, f"passwd inside: {users}")


@check("internal-sftp transfers, lists and renames")
def internal_sftp():
    sftp_round_trip(INSIDE)


@check("internal-sftp sees the container only")
def internal_sftp_confined():
    sftp_sees_container(INSIDE)


@check("external sftp-server transfers, and sees the container only")
def external_sftp():
    with external_server() as service:
        sftp_round_trip(service)
        sftp_sees_container(service)


@check("scp, by sftp and by the old protocol, with directories and modes")
def scp():
    for protocol in ([], ["-O"]):
        with scratch() as here:
            os.mkdir(f"{here}/d")
            wanted = make_file(f"{here}/d/file", MEBIBYTE)
            os.chmod(f"{here}/d/file", 0o640)
            there = run(["scp", *protocol, "-qrp", f"{here}/d", "alice@inside:"])
            back = run(["scp", *protocol, "-qrp", "alice@inside:d", f"{here}/back"])
            ssh("alice", "rm -r d")
            expect_equal((there.code, back.code), (0, 0), f"scp {protocol}: {there.err}{back.err}")
            expect_equal(digest(f"{here}/back/file"), wanted, "sum of what came back")
            expect_equal(os.stat(f"{here}/back/file").st_mode & 0o777, 0o640, "mode")


@check("scp cannot fetch what is outside")
def scp_confined():
    with scratch() as here:
        world.write("/tmp/outside-file", "secret\n")
        try:
            for protocol in ([], ["-O"]):
                fetch = ["scp", *protocol, "-q"]
                control = run([*fetch, "alice@plain:/tmp/outside-file", f"{here}/control"])
                expect_equal(control.code, 0, "control: scp from the host")
                done = run([*fetch, "alice@inside:/tmp/outside-file", f"{here}/got"])
                expect(done.code != 0 and not os.path.exists(f"{here}/got"), f"scp {protocol}")
        finally:
            os.unlink("/tmp/outside-file")


@check("rsync, both ways")
def rsync():
    with scratch() as here:
        os.mkdir(f"{here}/d")
        wanted = {name: make_file(f"{here}/d/{name}", 100_000) for name in ("a", "b", "c d")}
        there = run(["rsync", "-a", f"{here}/d", "alice@inside:"])
        back = run(["rsync", "-a", "alice@inside:d/", f"{here}/back"])
        ssh("alice", "rm -r d")
        expect_equal((there.code, back.code), (0, 0), f"rsync: {there.err}{back.err}")
        got = {name: digest(f"{here}/back/{name}") for name in os.listdir(f"{here}/back")}
        expect_equal(got, wanted, "files that came back")


GIT = "git -c user.name=t -c user.email=t@t -c init.defaultBranch=main "


@check("git clone and push over ssh")
def git():
    with scratch() as here:
        made = ssh("alice", f"{GIT} init -q --bare r.git && {GIT} init -q w && cd w && "
                   f"echo text >file && git add file && {GIT} commit -qm first && "
                   "git push -q ../r.git HEAD:main")
        expect_equal(made.code, 0, f"repository inside: {made.err}")
        clone = run(["git", "clone", "-q", "alice@inside:r.git", f"{here}/r"])
        expect_equal(clone.code, 0, f"clone: {clone.err}")
        expect_equal(world.read(f"{here}/r/file"), "text\n", "file")
        commit = f"cd {here}/r && echo more >>file && {GIT} commit -qam second && git push -q"
        push = run(["sh", "-c", commit])
        count = ssh("alice", "git -C r.git rev-list --count main; rm -rf r.git w").text
        expect_equal((push.code, count), (0, "2"), f"push: {push.err}")
