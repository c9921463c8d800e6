# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many at once. CONFINE_ROUNDS sets how many rounds of the race are run (default 30)."""

import os
import random
import time

from harness.check import check, expect, expect_equal
from harness.world import INSIDE, client, start

ROUNDS = int(os.environ.get("CONFINE_ROUNDS", "30"))
QUESTION = "hostname; readlink /proc/self/ns/pid"


def answers(processes):
    """[(status, output words, errors)] of logins that were started with text=True."""
    found = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        found.append((process.returncode, out.split(), err))
    return found


@check("50 first logins of one user at once: all served, in one container", limit=120)
def fifty_of_one():
    hold = QUESTION + "; sleep 3"
    done = answers([start(client("alice", INSIDE, hold), text=True) for _ in range(50)])
    failed = [answer for answer in done if answer[0] != 0 or answer[1][:1] != ["alice-box"]]
    expect(not failed, f"{len(failed)} failed, the first: {failed[:1]}")
    expect_equal(len({answer[1][1] for answer in done}), 1, "containers")


@check("50 logins of five users at once: each in the right place", limit=120)
def fifty_of_five():
    users = ("alice", "bob", "carol", "frank", "grace")
    wanted = {"alice": "alice-box", "bob": "bob-box", "carol": "outside", "frank": "frank-box",
              "grace": "grace-box"}
    started = [(user, start(client(user, INSIDE, QUESTION), text=True)) for user in users * 10]
    for user, process in started:
        answer = answers([process])[0]
        expect_equal((answer[0], answer[1][:1]), (0, [wanted[user]]), f"{user}: {answer[2]}")


@check(f"{ROUNDS} times a login against the last logout: always served, always inside", limit=900)
def race():
    outside = os.readlink("/proc/self/ns/pid")
    for number in range(ROUNDS):
        first = start(client("alice", INSIDE, "true"), text=True)
        time.sleep(random.uniform(0, 0.35))
        rest = [start(client("alice", INSIDE, QUESTION), text=True) for _ in range(2)]
        for status, words, err in answers([first, *rest])[1:]:
            expect(status == 0 and words[:1] == ["alice-box"] and words[1] != outside,
                   f"round {number}: status {status}, {words}, {err}")


@check("cpu time does not run away while nobody does anything")
def idle():
    process = start(client("alice", INSIDE, "exec sleep 600"))
    time.sleep(1)

    def ticks():
        total = 0
        for pid in os.listdir("/proc"):
            try:
                if os.readlink(f"/proc/{pid}/exe").endswith("/confine-helper"):
                    with open(f"/proc/{pid}/stat") as stat:
                        fields = stat.read().rsplit(")", 1)[1].split()
                    total += int(fields[11]) + int(fields[12])
            except OSError:
                pass
        return total
    before = ticks()
    time.sleep(2)
    expect(ticks() - before <= 1, "supervisor or init use the processor while idle")
    process.kill()
