# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small runner: functions marked with @check, one line of output each, totals at the end.

A check fails by raising (fail(), expect(), or anything else), skips by raising Skip, and has a
time limit. After each the world is compared with what it was: whatever is left behind fails the
check that left it.
"""

import os
import re
import signal
import subprocess
import sys
import time
import traceback

from . import leaks, world

CHECKS = []
MUST_RUN = os.environ.get("CONFINE_MUST_RUN") == "1"


class Failure(Exception):
    pass


class Skip(Exception):
    pass


class TooLong(Exception):
    pass


def check(name, limit=60):
    """Marks a function as a check; limit in seconds."""

    def mark(function):
        CHECKS.append((name, function, limit))
        return function

    return mark


def fail(why):
    raise Failure(why)


def expect(condition, why):
    if not condition:
        raise Failure(why)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {shorten(got)}, wanted {shorten(wanted)}")


def expect_match(pattern, text, what):
    if not re.search(pattern, text, re.MULTILINE):
        raise Failure(f"{what}: {shorten(text)} has no {pattern!r}")


def shorten(value, size=300):
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= size else text[:size] + "..."
    return repr(text) if isinstance(value, str) else text


def wait_until(condition, seconds, why):
    """Polls until condition() is true, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{why} (waited {seconds} s)")
        time.sleep(0.02)


def _alarm(_signal, _frame):
    raise TooLong()


def _attempt(function, limit):
    """Returns (verdict, why)."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(limit)
    try:
        function()
        return "ok", ""
    except Skip as why:
        return ("FAIL" if MUST_RUN else "skip"), str(why)
    except Failure as why:
        return "FAIL", str(why)
    except TooLong:
        where = traceback.format_exc(limit=-4).replace("\n", "\n    ")
        return "FAIL", f"not done after {limit} s\n    {where}{world.processes()}"
    except subprocess.TimeoutExpired as late:
        return "FAIL", f"not done after {late.timeout} s: {shorten(' '.join(late.cmd))}"
    except Exception:  # a mistake in the check itself, or an answer nobody expected
        return "FAIL", traceback.format_exc(limit=-3).replace("\n", "\n    ")
    finally:
        signal.alarm(0)


def interesting(lines):
    """The log without what every login says."""
    return [line for line in lines if not re.search(r"pam_(unix|env)\(", line)]


def _report(verdict, name, why, seconds, mark):
    timing = f" ({seconds:.1f} s)" if seconds >= 5 else ""
    print(f"{verdict} {name}{timing}" + (f": {why}" if why else ""), flush=True)
    if verdict == "FAIL":
        for line in interesting(world.syslog.lines(mark))[-12:]:
            print(f"    log: {line[:300]}", flush=True)


def _selected(name, patterns):
    return not patterns or any(re.search(pattern, name) for pattern in patterns)


def run(title, patterns):
    """Runs the checks whose name matches one of the patterns; the exit status of the suite."""
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    before = leaks.quiet()
    for name, function, limit in CHECKS:
        if not _selected(name, patterns):
            continue
        mark, start = world.syslog.mark(), time.monotonic()
        verdict, why = _attempt(function, limit)
        world.end_clients()
        left = leaks.settle(before)
        if left and verdict != "FAIL":
            verdict, why = "FAIL", "left behind: " + "; ".join(left)
        elif left:
            why += "\n    and left behind: " + "; ".join(left)
        if left:
            leaks.sweep(before)
            before = leaks.quiet()
        count[verdict] += 1
        _report(verdict, name, why, time.monotonic() - start, mark)
    print(f"{title}: {count['ok']} passed, {count['FAIL']} failed, {count['skip']} skipped")
    return 1 if count["FAIL"] else 0


def main(title, start, stop):
    """start() and stop() bracket the whole suite; arguments are patterns of check names."""
    world.syslog.start()
    try:
        start()
        status = run(title, sys.argv[1:])
    finally:
        stop()
        world.syslog.stop()
    sys.exit(status)
