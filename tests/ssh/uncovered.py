# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users whom policy does not cover must not be able to tell that the module is there."""

from harness.check import check, expect_equal
from harness.terminal import Terminal
from harness.world import INSIDE, PLAIN, client, ssh

USERS = ("carol", "admin", "root")

QUESTIONS = (
    "env | grep -v -e ^SSH_C -e ^_=",
    "id; groups; umask; ulimit -a; pwd; hostname",
    "cd /proc/self/ns && ls -l | sed 's/.*self//; s/.* //'",
    "grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status",
    "ls /proc/self/fd",
    "cat /proc/self/cgroup",
    "cat /proc/self/mountinfo",
)


@check("uncovered, exempt and root logins are exactly those of a plain sshd")
def the_same():
    for user in USERS:
        for question in QUESTIONS:
            inside, outside = ssh(user, question), ssh(user, question, PLAIN)
            expect_equal((inside.code, inside.out, inside.err),
                         (outside.code, outside.out, outside.err), f"{user}: {question}")


@check("uncovered users get the host's terminal")
def the_same_terminal():
    for user in USERS:
        names = []
        for host in (PLAIN, INSIDE):
            with Terminal(client(user, host, options=["-tt"]), columns=200) as terminal:
                terminal.shell()
                names.append(terminal.command("tty; stty size"))
                terminal.type("exit\n")
                expect_equal(terminal.close(), 0, "exit status")
        expect_equal(names[1], names[0], f"tty and size for {user}")


@check("uncovered users keep forwarding, sftp and a host they can see")
def the_same_services():
    for user in USERS:
        for host in (PLAIN, INSIDE):
            done = ssh(user, "ls -d /mnt/confine; ps -p 1 -o comm=", host)
            expect_equal(done.out, "/mnt/confine\nenclave\n", f"{user} on {host}")
