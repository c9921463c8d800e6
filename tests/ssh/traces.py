# SPDX-License-Identifier: LGPL-2.1-or-later
"""What root does inside between the join and the change of user, by strace: walk no path."""

import os
import re

from harness import world
from harness.check import Skip, check, expect, expect_equal
from harness.world import Service, ssh

TRACE = "/run/trace"
CALLS = "%file,setns,setresuid,setuid,clone,clone3,fork,vfork,execve"
LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")

# libpam itself ends every pam_setcred with an audit record, for which libaudit asks libcap-ng,
# which opens this file of the kernel's own /proc. It is no file that the user could have made.
BY_LIBPAM = re.compile(r'^openat\(AT_FDCWD, "/proc/\d+/status", O_RDONLY\|O_CLOEXEC\)$')
STARTERS = ("clone", "clone3", "fork", "vfork")


def calls(text):
    """(pid, name, arguments, result) of every finished call."""
    begun = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        pid, resumed, name, rest = match.groups()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest
            continue
        whole = begun.pop(pid, "") + rest if resumed else rest
        arguments, _, result = whole.rpartition(" = ")
        yield pid, resumed or name, arguments, result


def walked_as_root(text):
    """(number of joins, path calls between join and change of user)."""
    inside, helpers, joins, walked = set(), set(), 0, []
    for pid, name, arguments, result in calls(text):
        done = result.startswith("0") or result[:1].isdigit()
        if name == "execve" and "confine-helper" in arguments:
            helpers.add(pid)
        elif name in STARTERS and done:
            child = result.split()[0]
            for group in (inside, helpers):
                if pid in group:
                    group.add(child)
        elif pid in helpers:
            continue
        elif name == "setns" and done and "NEWPID" in arguments:
            inside.add(pid)
            joins += 1
        elif name in ("setresuid", "setuid") and done and pid in inside:
            inside.discard(pid)
        elif pid in inside and name not in ("setns",):
            walked.append(f"{name}({arguments}")
    walked = [call for call in walked if not BY_LIBPAM.match(call)]
    return joins, walked


def traced(command, *extra):
    wrapper = ["strace", "-D", "-f", "-q", "-s", "200", "-o", TRACE, "-e", f"trace={CALLS}", *extra]
    with Service("sshd", 2228, wrapper=wrapper) as service:
        done = command(service)
    text = world.read(TRACE)
    os.unlink(TRACE)
    return done, text


@check("root makes no path system call between the join and the change of user", limit=90)
def no_path_walked():
    if not os.path.exists("/usr/bin/strace"):
        raise Skip("no strace")
    for options in ([], ["-tt"]):
        done, text = traced(lambda service: ssh("alice", "hostname", service, options, timeout=60))
        expect_equal(done.text.splitlines()[-1:], ["alice-box"], f"traced login: {done.err}")
        joins, walked = walked_as_root(text)
        expect(joins >= 1, "the trace shows no join")
        expect_equal(walked, [], "path system calls")


@check("a join that fails at setns ends the process", limit=90)
def join_fails():
    inject = ("-e", "inject=setns:error=EPERM")
    done, _ = traced(lambda service: ssh("alice", "echo in", service, timeout=60), *inject)
    expect(done.code != 0 and done.out.find("in\n") < 0, f"got in: {done}")
    done, _ = traced(lambda service: ssh("carol", "echo in", service, timeout=60), *inject)
    expect_equal(done.text, "in", "control: carol needs no setns")
