# SPDX-License-Identifier: LGPL-2.1-or-later
"""One user's sessions share a container; different users, or join = session, never do."""

import json

from harness import world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.world import Session, run, ssh

SPACES = "cd /proc/self/ns && readlink mnt pid uts ipc net"


@check("a second login joins the first: same namespaces, same /tmp, each sees the other")
def second_joins():
    with Session("alice") as first, Session("alice") as second:
        expect_equal(second.ask(SPACES), first.ask(SPACES), "namespaces")
        first.ask("echo shared >/tmp/note; sleep 1111 >/dev/null 2>&1 & disown")
        second.ask("sleep 2222 >/dev/null 2>&1 & disown")
        expect_equal(second.ask("cat /tmp/note"), "shared", "/tmp")
        expect_match("sleep 1111", second.ask("ps -e -o args="), "first's process, seen by second")
        expect_match("sleep 2222", first.ask("ps -e -o args="), "second's process, seen by first")
        expect_equal(second.ask("pkill -f 'sleep 1111'; echo $?"), "0", "signal to the other's")


@check("the container outlives its first login as long as the second stays")
def first_leaves():
    with Session("alice") as second:
        with Session("alice") as first:
            before = first.ask(SPACES)
            first.ask("sleep 3333 >/dev/null 2>&1 & disown")
        wait_until(lambda: "3333" not in second.ask("ps -e -o args="), 5,
                   "a process of the session that ended")
        expect_equal(second.ask(SPACES), before, "namespaces")
        expect_equal(ssh("alice", SPACES).text, before, "a third login's namespaces")


# A process that cgroup.kill passes over: its first thread has ended, another lives.
HEADLESS = """
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
static void *live(void *unused) { for (;;) pause(); return unused; }
int main(void)
{
	pthread_t thread;
	signal(SIGHUP, SIG_IGN);
	pthread_create(&thread, 0, live, 0);
	pthread_exit(0);
}
"""


@check("a process without its first thread ends with its session, too")
def headless_ends():
    with Session("alice") as second:
        # ps shows the first thread; the others tell their command line by themselves.
        threads = "cat /proc/[0-9]*/task/*/cmdline 2>/dev/null | tr '\\0' ' '"
        with Session("alice") as first:
            first.ask(f"cat >h.c <<'END'\n{HEADLESS}\nEND\ncc -o h h.c -pthread")
            first.ask("./h 33331 </dev/null >/dev/null 2>&1 & disown")
            wait_until(lambda: "33331" in second.ask(threads), 5, "it does not start")
        wait_until(lambda: "33331" not in second.ask(threads), 5,
                   "it outlives its session")


@check("the last login takes the container with it; the next finds a new one")
def fresh_container():
    with Session("alice") as session:
        session.ask("echo x >/tmp/note")
    expect_equal(ssh("alice", "ls /tmp").text, "", "/tmp of the next container")


@check("two users share nothing and do not see each other")
def two_users():
    with Session("alice") as alice, Session("bob") as bob:
        mine, theirs = alice.ask(SPACES).split(), bob.ask(SPACES).split()
        expect(not set(mine) & set(theirs), f"shared: {set(mine) & set(theirs)}")
        bob.ask("echo x >/tmp/bobs; sleep 4444 >/dev/null 2>&1 & disown")
        seen = alice.ask("ls /tmp; ps -e -o args= | grep -c 'sleep 4[4]44'")
        expect_equal(seen, "0", "bob's traces")
        alice.ask("for p in $(seq 2 400); do [ $p = $$ ] || kill -9 $p; done 2>/dev/null")
        expect_equal(alice.ask("ls /home"), "alice", "homes")
        expect_equal(bob.ask("hostname"), "bob-box", "bob lives")


@check("join = session gives each login a container of its own")
def own_container():
    with Session("grace") as first, Session("grace") as second:
        mine, theirs = first.ask(SPACES).split(), second.ask(SPACES).split()
        expect(not set(mine) & set(theirs), f"shared: {set(mine) & set(theirs)}")
        first.ask("echo x >~/note")
        expect_equal(second.ask("cat ~/note; rm ~/note"), "x", "the home is the same")


@check("with proc = full users see their own container only")
def full_proc_of_two():
    with Session("frank") as session:
        with Session("alice") as alice:
            alice.ask("sleep 5555 >/dev/null 2>&1 & disown")
            expect("5555" not in session.ask("ps -e -o args="), "alice's process")
        expect_match("1", session.ask("ps -p 1 -o pid="), "PID 1")


@check("confinectl list shows who is inside, and nobody when nobody is")
def list_sessions():
    def listed():
        done = run(["confinectl", "list", "--json"])
        expect_equal(done.code, 0, f"confinectl list: {done.err}")
        return json.loads(done.out)
    expect_equal(listed(), [], "empty list")
    with Session("alice"), Session("alice"), Session("bob"):
        text = json.dumps(listed())
        expect("alice" in text and "bob" in text and "carol" not in text, f"list: {text}")
        expect_match("alice", run(["confinectl", "list"]).out, "list for people")
        expect_match("alice", run(["confinectl", "status", "alice"]).out, "status")


@check("confinectl kill ends a user's container, and only that")
def kill_user():
    with Session("bob") as bob:
        alice = Session("alice")
        expect_equal(run(["confinectl", "kill", "alice"]).code, 0, "confinectl kill")
        expect(alice.process.wait(10) != 0, "alice's client ended well")
        expect_equal(bob.ask("echo here"), "here", "bob")
    expect_equal(ssh("alice", "echo again").text, "again", "alice's next login")


@check("confinectl tells nothing to ordinary users")
def list_as_user():
    with Session("bob"):
        for arguments in (["list"], ["status", "bob"], ["kill", "bob"]):
            done = run(["setpriv", "--reuid", "47001", "--regid", "47001", "--clear-groups",
                        "/usr/sbin/confinectl", *arguments])
            expect(done.code != 0 and "bob" not in done.out, f"{arguments}: {done}")


@check("max-sessions is kept")
def max_sessions():
    policy = world.read("/etc/confine/confine.conf")
    world.write("/etc/confine/confine.conf",
                policy.replace("[profile student]\n", "[profile student]\nmax-sessions = 2\n"))
    try:
        with Session("alice"):
            with Session("alice"):
                expect(ssh("alice", "echo third").out.find("third") < 0, "a third login got in")
            wait_until(lambda: ssh("alice", "echo again").text == "again", 5, "no room afterwards")
    finally:
        world.write("/etc/confine/confine.conf", policy)
