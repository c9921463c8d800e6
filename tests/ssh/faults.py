# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel refuses one kind of call, to sshd and to everything it starts: whoever is covered is
refused, or gets exactly what he gets on a good day. Never something in between."""

import os

from harness import leaks, world
from harness.check import check, expect, expect_equal
from harness.world import Service, ssh

# Calls that sshd itself can do without; for each, every one of them fails.
CALLS = ("setns", "unshare", "clone3", "keyctl", "capset", "seccomp", "pidfd_open", "sendmsg",
         "recvmsg", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "mount_setattr",
         "mount", "umount2", "pivot_root", "openat2", "mkdirat", "symlinkat", "mknodat",
         "sethostname", "fchdir", "fchownat", "fchown", "ftruncate", "pidfd_send_signal",
         "name_to_handle_at", "waitid", "signalfd4", "prlimit64", "setrlimit")

STATE = ("hostname; id; umask; grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status; "
         "awk '{ $1 = $2 = $3 = \"\"; print }' /proc/self/mountinfo; ls / /dev /etc /run; "
         "tail -n +3 /proc/net/dev | cut -d: -f1; cat /etc/passwd /etc/group; "
         "ls /proc | grep -c ^1$; ulimit -a; echo complete")


def under_fault(call, user):
    wrapper = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
               "-e", f"inject={call}:error=EPERM"]
    with Service("sshd", 2229, wrapper=wrapper) as service:
        return ssh(user, STATE, service, timeout=60)


@check("each kind of call refused to all: refused, or as on a good day", limit=400)
def refused_calls():
    good, outside = ssh("alice", STATE), ssh("carol", STATE)
    expect(good.out.endswith("complete\n") and outside.out.endswith("complete\n"), "control")
    served, different, dirty, before = [], [], {}, leaks.quiet()
    for call in CALLS:
        done = under_fault(call, "alice")
        if "complete" in done.out:
            served.append(call)
            if done.out != good.out:
                different.append(call)
        if leaks.settle(before):
            ssh("alice", "true")  # the next login clears up what could not be
        left = leaks.settle(before)
        if left:
            dirty[call] = left
            leaks.sweep(before)
            before = leaks.quiet()
    expect_equal(different, [], "calls without which a login is different")
    expect_equal(dirty, {}, "calls without which something stays")
    expect(len(served) < len(CALLS) // 2, f"nothing fails: the faults do not arrive ({served})")


@check("control: an uncovered user gets in whatever confine could not do", limit=200)
def uncovered_under_fault():
    for call in ("setns", "unshare", "clone3", "fsopen", "move_mount", "capset", "seccomp"):
        expect_equal(under_fault(call, "carol").out.splitlines()[-1:], ["complete"], call)
    expect(os.path.exists("/usr/bin/strace") and world.read("/etc/passwd"), "strace")
