# SPDX-License-Identifier: LGPL-2.1-or-later
"""who, last and lastlog of the host stay true: a container's pts/0 is not the host's."""

from harness import world
from harness.check import check, expect, expect_equal, wait_until
from harness.terminal import Terminal
from harness.world import INSIDE, PLAIN, client, run


def who():
    return [tuple(line.split()[:2]) for line in run(["who"]).out.splitlines()]


def last():
    return [tuple(line.split()[:2]) for line in run(["last", "-w"]).out.splitlines()
            if line and not line.startswith("wtmp")]


def log_in(user, host):
    terminal = Terminal(client(user, host, options=["-tt"]), columns=200)
    terminal.shell()
    return terminal


@check("a confined terminal writes no line into the host's utmp, wtmp and lastlog")
def no_false_line():
    before_who, before_last, before_lastlog = who(), last(), run(["lastlog"]).out
    with log_in("alice", INSIDE):
        expect_equal(who(), before_who, "who during the login")
    expect_equal((who(), last()), (before_who, before_last), "who and last after it")
    expect_equal(run(["lastlog"]).out, before_lastlog, "lastlog")


@check("a confined login and logout does not touch the line of a host login of the same name")
def same_name():
    with log_in("carol", PLAIN) as carol:
        line = carol.command("tty").removeprefix("/dev/")
        expect(("carol", line) in who(), f"control: who says {who()}")
        before = last()
        with log_in("alice", INSIDE) as alice:
            alice.type("exit\n")
            alice.close()
        expect(("carol", line) in who(), f"carol is gone from {who()}")
        expect_equal(last(), before, "last")
    wait_until(lambda: ("carol", line) not in who(), 5, "carol's logout is not recorded")


@check("an uncovered user is recorded through the confining service as through a plain one")
def uncovered():
    with log_in("carol", INSIDE) as carol:
        line = carol.command("tty").removeprefix("/dev/")
        expect(("carol", line) in who(), f"who: {who()}")
    wait_until(lambda: ("carol", line) not in who(), 5, "logout is not recorded")
    expect(("carol", line) in last(), f"last: {last()}")


@check("who inside shows no login of the host")
def who_inside():
    with log_in("carol", PLAIN):
        done = world.ssh("alice", "who; last 2>/dev/null")
        expect("carol" not in done.out, f"inside: {done.out}")
