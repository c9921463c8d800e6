# SPDX-License-Identifier: LGPL-2.1-or-later
"""Roots of every kind: trees, overlays, images; what they show, keep, and never lead to."""

import os
import shutil
import time
from contextlib import contextmanager

import second
from engine import WEAK, Directory, Home, Running, good, host, policy, refused, run, shell
from harness import trees, world
from harness.check import check, expect, expect_equal, expect_match, wait_until
from harness.trees import KINDS, OVERLAYS, STORE, full, pack, tiny

PLACE = "/srv/tree"
HERE = f"rootfs = directory:{PLACE}\n"


@contextmanager
def a_tree(make=tiny, *arguments):
    """A tree of its own at PLACE."""
    try:
        make(PLACE, *arguments)
        yield PLACE
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)


@contextmanager
def changes():
    """For what keeps changes: they are gone afterwards."""
    trees.forget()
    try:
        yield
    finally:
        trees.forget()


def every_kind():
    for name, keys in KINDS.items():
        trees.forget()
        yield name, keys
    trees.forget()


def picture(place):
    """Every name below place with what tells of a change."""
    seen = {}
    for path, names, files in os.walk(place):
        if path in ("/etc", "/run") and "confine" in names:
            names.remove("confine")  # the policy of each run, the registry
        for name in [".", *names, *files]:
            info = os.lstat(f"{path}/{name}")
            seen[f"{path}/{name}"] = (info.st_mode, info.st_uid, info.st_size, info.st_mtime_ns,
                                      info.st_ino)
    return seen


def differences(places, before):
    """What has changed in these places since before."""
    found = []
    for place, old in zip(places, before):
        new = picture(place)
        found += [name for name in {*old, *new} if old.get(name) != new.get(name)]
    return sorted(found)


@check("each kind: a shell with the tree's programs and files, and the user's own home")
def each_kind():
    question = ("id -un; pwd; hostname; cat /etc/mark /opt/app/mark; test -e /usr/share/man; "
                "echo $?; stat -c %d:%i .; echo x >/tmp/x && cat /tmp/x; ls /home")
    info = os.stat("/home/alice")
    for name, keys in every_kind():
        mark = "tiny" if "static" in name or "erofs" in name else "full"
        wanted = ["alice", "/home/alice", "box", mark, mark, "1", f"{info.st_dev}:{info.st_ino}",
                  "x", "alice"]
        expect_equal(good(shell(question, keys), name).split(), wanted, name)


@check("each kind: what is generated is ours: devices, /proc, identity, scratch")
def generated():
    question = ("cat /etc/passwd | wc -l; grep -c stranger /etc/passwd; cat /etc/hostname; "
                "stat -c '%F %t:%T' /dev/null; echo x >/dev/null && echo written; "
                "readlink /dev/ptmx; head -c 9 /etc/resolv.conf; test -L /etc/resolv.conf; echo $?; "
                "wc -c </etc/machine-id; stat -c %a /tmp /dev/shm /etc; cat /proc/1/comm")
    for name, keys in every_kind():
        lines = good(shell(question, keys + "proc = full\n"), name).splitlines()
        expect_equal(lines, ["3", "0", "box", "character special file 1:3", "written", "pts/ptmx",
                             "# This co1", "33", "1777", "1777", "755", "confine-init"], name)


@check("each kind: everything is nosuid and nodev; what is no overlay is read-only")
def flags():
    for name, keys in every_kind():
        lines = good(shell("cat /proc/self/mountinfo", keys), name).splitlines()
        seen = {line.split()[4]: line.split()[5].split(",") for line in lines}
        kinds = {line.split()[4]: line.split(" - ")[1].split()[0] for line in lines}
        for place in ("/etc", "/opt", "/open"):
            expect({"nosuid", "nodev"} <= set(seen[place]), f"{name}: {place} {seen[place]}")
            wanted = "rw" if "overlay" in name else "ro"
            expect(wanted in seen[place], f"{name}: {place} is not {wanted}: {seen[place]}")
        expect("ro" in seen["/"], f"{name}: the root is not sealed")
        if "overlay" in name:
            expect_equal(kinds["/opt"], "overlay", name)
        expect(not any(line.split()[4].startswith("/media") for line in lines), f"{name}: /media")
        expect(not any("confine" in line or "/srv" in line for line in lines if "image" in name),
               f"{name}: paths of the host show")


@check("each kind: setuid files and devices of the tree have no effect")
def powerless():
    with a_tree(full):
        shutil.copy("/usr/bin/id", f"{PLACE}/open/id")
        os.chmod(f"{PLACE}/open/id", 0o4755)
        os.mknod(f"{PLACE}/open/zero", 0o020666, os.makedev(1, 5))
        os.chmod(f"{PLACE}/open/zero", 0o666)
        expect_equal(host(["setpriv", "--reuid", "47001", "--clear-groups", f"{PLACE}/open/id",
                           "-u"]).text, "0", "control: setuid outside")
        expect_equal(len(open(f"{PLACE}/open/zero", "rb").read(1)), 1, "control: device outside")
        pack(PLACE, f"{STORE}/images/odd.squashfs")
        try:
            for keys in (HERE, f"rootfs = overlay:{PLACE}\n", "rootfs = image:odd.squashfs\n",
                         f"rootfs = overlay:{PLACE}\noverlay-upper = discard\n"):
                with changes():
                    done = shell("/open/id -u; head -c 1 /open/zero | wc -c", keys + WEAK)
                    expect_equal(done.text.split(), ["47001", "0"], keys)
                    expect("denied" in done.err, f"{keys}: {done.err}")
        finally:
            os.unlink(f"{STORE}/images/odd.squashfs")


@check("trees of all sorts: /usr not merged, no /etc, no /var, links made absolute")
def sorts():
    with a_tree(full, False):
        expect_equal(good(shell("ls -d /bin/bash; readlink /bin; id -un", HERE)).split(),
                     ["/bin/bash", "alice"], "/usr not merged")
    with a_tree():
        shutil.rmtree(f"{PLACE}/etc")
        done = good(shell("grep -c alice /etc/passwd; ls -A /var; stat -c %a /var/tmp; ls /srv", HERE))
        expect_equal(done.split(), ["1", "cache", "lib", "lock", "log", "run", "spool", "tmp", "1777"],
                     "no /etc, no /var")
    with a_tree(full):
        done = good(shell("echo x >/var/tmp/x && ls /var/tmp; ls -d /var/run/user; cat /etc/mtab | "
                          "wc -l; ls /var/lib", HERE))
        expect_equal(done.split()[:2] + done.split()[3:], ["x", "/var/run/user", "data"], "links")
        for text in ("/etc/elsewhere", "../../../etc/shadow", "/proc/1/root/etc/shadow", "resolv.conf"):
            for name in ("resolv.conf", "passwd", "hostname", "machine-id", "nsswitch.conf"):
                if os.path.lexists(f"{PLACE}/etc/{name}"):
                    os.unlink(f"{PLACE}/etc/{name}")
                os.symlink(text, f"{PLACE}/etc/{name}")
            done = good(shell("cd /etc; cat hostname; find resolv.conf passwd hostname machine-id "
                              "nsswitch.conf -type f | wc -l; grep -c alice passwd", HERE))
            expect_equal(done.split(), ["box", "5", "1"], f"links in /etc to {text}")


@check("with nss = off and resolv-conf = off the tree's own files show; bind brings the host's")
def own_identity():
    with a_tree(full):
        os.unlink(f"{PLACE}/etc/resolv.conf")
        trees.write(f"{PLACE}/etc/resolv.conf", "# the tree's\n")
        before = picture(PLACE)
        done = shell("grep -c stranger /etc/passwd; cat /etc/resolv.conf", HERE + "nss = off\n"
                     "resolv-conf = off\n")
        expect_equal(good(done), "1\n# the tree's", "off")
        world.write("/etc/resolv.conf", "# the host's\n")
        for name, keys in every_kind():
            done = shell("cat /etc/resolv.conf", keys + "resolv-conf = bind\n")
            expect_equal(good(done, name), "# the host's", name)
        expect_equal(picture(PLACE), before, "the tree")


MOUNT_POINTS = ("dev", "dev/null", "dev/pts", "dev/shm", "proc", "proc/sys", "sys", "run", "run/user",
                "tmp", "var/tmp", "home", "home/alice", "media", "root", "mnt", "etc", "etc/passwd",
                "etc/resolv.conf", "etc/hostname", "data", "opt", "var")


def plant(path, what):
    """Puts something else in the place of path; false where the tree cannot have it there."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    elif os.path.isdir(path):
        shutil.rmtree(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if what == "file":
        open(path, "w").close()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "device":
        os.mknod(path, 0o020666, os.makedev(1, 5))
    else:
        os.symlink(what, path)


@check("whatever a tree has in the place of a mount point: refused or contained", limit=180)
def planted():
    watched = ("/etc", "/home", "/srv/victim", "/run", "/var/lib/confine/rootfs")
    question = ("test ! -e /dev/sda && test -c /dev/null && grep -q alice /etc/passwd && "
                "test ! -e /etc/enclave_victim && pwd")
    keys = HERE + "bind = /srv/victim/data:/data\nresolv-conf = bind\n"
    contained = refusals = 0
    with Directory("/srv/victim"):
        os.makedirs("/srv/victim/data")
        before = [picture(place) for place in watched]
        with a_tree(full):
            expect_equal(good(shell(question, keys)), "/home/alice", "control: nothing planted")
        for point in MOUNT_POINTS:
            for what in ("/srv/victim", "../../../../../../srv/victim", "/proc/1/root/srv/victim",
                         "/proc/self/cwd", ".", "file", "fifo", "device"):
                with a_tree():
                    plant(f"{PLACE}/{point}", what)
                    done = shell(question, keys)
                    if done.code == 125:
                        refused(done, "confine")
                        refusals += 1
                    else:
                        expect_equal(good(done, f"{point}: {what}"), "/home/alice", f"{point} {what}")
                        contained += 1
        expect(contained > 100 and refusals < 30, f"{contained} contained, {refusals} refused")
        expect_equal(differences(watched, before), [], "changed on the host")


@check("mount points of policy go through /var/run -> /run and ../run, and into bare directories")
def targets():
    with Directory("/srv/data"), a_tree(full):
        trees.write("/srv/data/file", "content\n")
        for target, seen in (("/var/run/app/x", "/run/app/x"), ("/var/lock/x", "/run/lock/x"),
                             ("/srv/deep/x", "/srv/deep/x"), ("/new/x", "/new/x"),
                             ("/var/lib/data", "/var/lib/data"), ("/bin", "/usr/bin")):
            for keys in (HERE, f"rootfs = overlay:{PLACE}\noverlay-upper = discard\n"):
                if target == "/bin":
                    continue
                done = shell(f"cat {seen}/file", keys + f"bind-ro = /srv/data:{target}\n")
                expect_equal(good(done, target), "content", target)
        os.symlink("../../../../../../../run", f"{PLACE}/var/up")
        expect_equal(good(shell("cat /run/z/file", HERE + "bind-ro = /srv/data:/var/up/z\n")),
                     "content", "a link above the root")
        for target in ("/var/lib/none", "/opt/none", "/usr/none/x"):
            refused(run(["true"], HERE + f"bind-ro = /srv/data:{target}\n"), "does not exist")
        os.chmod(f"{PLACE}/var", 0o777)
        refused(run(["true"], HERE + "bind-ro = /srv/data:/var/run/app\n"), "link")
        os.chmod(f"{PLACE}/var", 0o755)
        with Home("/srv/www/alice"):
            shutil.copytree("/home/alice", "/srv/www/alice", symlinks=True)
            os.chown("/srv/www/alice", 47001, 47001)
            try:
                expect_equal(good(shell("pwd", HERE)), "/srv/www/alice", "a home elsewhere")
            finally:
                shutil.rmtree("/srv/www")


@check("what others could have written is no tree, template or image; the reason is said")
def trust():
    image = f"{STORE}/images/odd.squashfs"
    with a_tree(), Directory("/srv/open", 0o777), Directory("/srv/theirs", 0o755, 47001), \
            Directory("/srv/roots"):
        for place in ("open", "theirs", "roots"):
            shutil.copytree(PLACE, f"/srv/{place}/tree", symlinks=True)
            os.chown(f"/srv/{place}/tree", 0, 0)
        good(shell("true", "rootfs = directory:/srv/roots/tree\n"), "control")
        os.symlink("/srv/roots", "/srv/roots/link")
        try:
            for kind in ("directory", "overlay"):
                for path, reason in (("/srv/open/tree", "written by others.*0777"),
                                     ("/srv/theirs/tree", "belongs to uid 47001"),
                                     ("/srv/roots/link/tree", "is a link"),
                                     ("/srv/roots/none", "No such file")):
                    refused(run(["true"], f"rootfs = {kind}:{path}\n"), reason)
            for mode in (0o775, 0o757, 0o1777):
                os.chmod("/srv/roots/tree", mode)
                refused(run(["true"], "rootfs = directory:/srv/roots/tree\n"), "written by others")
            os.chmod("/srv/roots/tree", 0o755)
            pack("/srv/roots/tree", image)
            good(shell("true", "rootfs = image:odd.squashfs\n"), "control: image")
            refused(run(["true"], f"rootfs = directory:{image}\n"), "not a directory")
            refused(run(["true"], "rootfs = image:/srv/roots/tree\n"), "not a file")
            os.chmod(image, 0o664)
            refused(run(["true"], "rootfs = image:odd.squashfs\n"), "written by others")
            os.chmod(image, 0o644)
            os.chown(image, 47001, 0)
            refused(run(["true"], "rootfs = image:odd.squashfs\n"), "belongs to uid 47001")
            os.unlink(image)
            for text in ("", "no image at all" * 1000, "hsqs" + "x" * 9000):
                trees.write(image, text)
                refused(run(["true"], "rootfs = image:odd.squashfs\n"), "image|squashfs")
            os.unlink(image)
            os.mkfifo(image)
            refused(run(["true"], "rootfs = image:odd.squashfs\n"), "neither")
        finally:
            os.unlink("/srv/roots/link")
            if os.path.lexists(image):
                os.unlink(image)
    expect_equal(trees.loops(), set(), "loop devices")


CHANGE = ("echo mine >/open/mine; echo more >>/open/theirs; mkdir /open/dir; rm -f /open/gone; "
          "cat /open/mine /open/theirs")


@check("an overlay takes changes where the template allows; keep keeps them, discard does not")
def kept():
    template = picture(f"{STORE}/rootfs")
    for name in OVERLAYS:
        with changes():
            keys = KINDS[name]
            expect_equal(good(shell(CHANGE, keys), name).split(), ["mine", "full", "more"], name)
            again = good(shell("ls /open; cat /open/theirs", keys), name).split()
            wanted = ["theirs", "full"] if "discard" in name else ["dir", "mine", "theirs", "full",
                                                                   "more"]
            expect_equal(again, wanted, f"{name}: the next container")
            for place in ("/etc/mark", "/opt/app/mark", "/usr/share/mark", "/bin/ls", "/etc/new"):
                done = shell(f"echo x >{place}", keys)
                expect("denied" in done.err, f"{name}: {place}: {done}")
            expect(not os.path.exists(f"{STORE}/users") or "discard" not in name, "users")
    expect_equal(picture(f"{STORE}/rootfs") == template, True, "the template is as it was")


@check("changes work in /etc and everywhere else that the template leaves open, as on a disk")
def everywhere():
    script = ("cd /etc/app.d && echo a >a && mv a b && ln -s b c && chmod 600 b && cat c && "
              "rm c && ls; echo x >/opt/app/x; rm /opt/app/mark; ls /opt/app; "
              "cd /open && echo 1 >one && ln one two && mv one three && ls one two three")
    with a_tree(full), changes():
        os.mkdir(f"{PLACE}/etc/app.d")
        for place in ("etc/app.d", "opt/app"):
            os.chown(f"{PLACE}/{place}", 0, 47100)
            os.chmod(f"{PLACE}/{place}", 0o2775)
        for upper in ("discard", "keep"):
            keys = f"rootfs = overlay:{PLACE}\noverlay-upper = {upper}\n"
            done = shell(script, keys)
            expect_equal(done.out.split(), ["a", "b", "x", "three", "two"], f"{upper}: {done.err}")
        done = shell("ls /etc/app.d /opt/app /open; cat /etc/hostname", keys)
        expect_equal(good(done).split(), ["/etc/app.d:", "b", "/open:", "theirs", "three", "two",
                                          "/opt/app:", "x", "box"], "kept")


@check("upper-size is a limit that ends in ENOSPC, for data and for empty files")
def size():
    keys = KINDS["overlay, discard"] + "upper-size = 1M\n"
    done = shell("dd if=/dev/zero of=/open/big bs=64k count=64; stat -c %s /open/big", keys)
    expect_match("No space left", done.err, "data")
    expect(0 < int(done.text) <= 1 << 20, f"size {done.text}")
    done = shell("i=0; while echo >/open/f$i; do i=$((i+1)); [ $i -lt 2000 ] || exit 0; done; "
                 "echo $i; exit 9", keys)
    expect_match("No space left", done.err, "files")
    expect_equal(good(shell("dd if=/dev/zero of=/open/big bs=64k count=64 2>/dev/null; "
                            "stat -c %s /open/big", KINDS["overlay, discard"])), str(4 << 20),
                 "control: the default size")
    refused(run(["true"], KINDS["overlay, keep"] + "upper-size = 1M\n"), "upper-size.*at least 16M")


def has_resource_capability():
    with open("/proc/self/status") as lines:
        effective = [line.split()[1] for line in lines if line.startswith("CapEff:")][0]
    return bool(int(effective, 16) >> 24 & 1)  # CAP_SYS_RESOURCE


FILL = "dd if=/dev/zero of=/open/big bs=64k count=1000; stat -c %s /open/big"


@check("upper-size limits what is kept as well; the limit may grow, and does not shrink")
def kept_size():
    keys = "rootfs = overlay:full\nupper-size = {}\n"
    volume = f"{STORE}/users/47001/full/volume"
    with changes():
        done = shell("echo x >/open/mine; " + FILL, keys.format("16M"))
        expect_match("No space left", done.err, "data")
        first = int(done.text)
        expect(4 << 20 < first <= 16 << 20, f"size {first}")
        done = shell("cat /open/mine; stat -c %s /open/big; echo y >/open/more", keys.format("16M"))
        expect_equal(done.text.split(), ["x", str(first)], f"kept: {done.err}")
        done = shell(FILL, keys.format("32M"))
        if has_resource_capability():
            expect_match("No space left", done.err, "more data")
            expect(first + (12 << 20) < int(done.text) <= 32 << 20, f"not grown: {done.text}")
            refused(run(["true"], keys.format("16M")), "cannot shrink")
        else:  # a machine whose root may not: it says so, and nothing is lost
            refused(done, "grow to 33554432 bytes: Operation not permitted")
            expect_equal(good(shell("cat /open/mine", keys.format("16M"))), "x", "the old size")
        expect_equal(good(shell("cat /open/mine", KINDS["overlay, keep"])), "x", "without the key")
        expect_equal(os.stat(volume).st_mode & 0o777, 0o600, "mode of the volume")
        done = shell("i=0; while echo >/open/f$i; do i=$((i+1)); [ $i -lt 30000 ] || exit 0; done; "
                     "exit 9", keys.format("32M"), user="bob")
        expect_equal((done.code, "No space left" in done.err), (9, True), "empty files")
        refused(run(["true"], keys.format("16M"), user="bob"), "cannot shrink")
    with changes():
        good(shell("echo x >/open/mine", KINDS["overlay, keep"]))
        refused(run(["true"], keys.format("16M")), "kept without upper-size")
        trees.forget()
        os.makedirs(os.path.dirname(volume), 0o700)
        os.chmod(f"{STORE}/users", 0o700)
        os.chmod(f"{STORE}/users/47001", 0o700)
        trees.write(f"{volume}.new", "a maker was killed\n")
        good(shell("echo x >/open/mine", keys.format("16M")), "an unfinished volume")
        expect_equal(sorted(os.listdir(os.path.dirname(volume))), ["lock", "volume"], "files")
    wait_until(lambda: not trees.loops(), 5, "loop devices are left")


@check("two users of one template do not see each other's changes, nor can they reach them")
def two_users():
    with changes():
        keys = KINDS["overlay, keep"]
        good(shell("echo secret >/open/alices", keys))
        expect_equal(good(shell("ls /open", keys, user="bob")), "theirs", "bob")
        good(shell("echo other >/open/bobs", keys, user="bob"))
        expect_equal(good(shell("ls /open", keys)).split(), ["alices", "theirs"], "alice")
        secret = f"{STORE}/users/47001/full/tree/open/alices"
        expect(os.path.exists(secret), "control: it is kept there")
        done = host(["setpriv", "--reuid", "47001", "--clear-groups", "cat", secret])
        expect("denied" in done.err, f"on the host: {done}")
        os.chmod(f"{STORE}/users", 0o711)
        refused(run(["true"], keys), "users is open to others")
        os.chmod(f"{STORE}/users", 0o700)
        modes = [f"{os.stat(f'{STORE}/{place}').st_mode & 0o777:o}"
                 for place in ("users", "users/47001", "users/47001/full")]
        expect_equal(modes, ["700"] * 3, "modes")


@check("a template that is replaced: who is inside keeps the old one, who comes sees the new one")
def updated():
    with changes():
        for keys in (KINDS["overlay, keep"], KINDS["overlay, discard"],
                     KINDS["directory, distribution"]):
            new, old = f"{STORE}/rootfs/full.new", f"{STORE}/rootfs/full.old"
            shutil.copytree(f"{STORE}/rootfs/full", new, symlinks=True)
            trees.write(f"{new}/opt/app/mark", "updated\n")
            trees.write(f"{new}/etc/mark", "updated\n")
            with Running(["bash", "-c", "read x; cat /opt/app/mark /etc/mark; ls /bin/sort"],
                         keys) as running:
                running.init()
                os.rename(f"{STORE}/rootfs/full", old)
                os.rename(new, f"{STORE}/rootfs/full")
                try:
                    running.process.stdin.write("\n")
                    running.process.stdin.close()
                    expect_equal(running.process.stdout.read().split(), ["full", "full", "/bin/sort"],
                                 f"inside: {keys}")
                    running.wait()
                    expect_equal(good(shell("cat /opt/app/mark /etc/mark", keys)).split(),
                                 ["updated", "updated"], f"the next: {keys}")
                finally:
                    shutil.rmtree(f"{STORE}/rootfs/full")
                    os.rename(old, f"{STORE}/rootfs/full")


@check("kept changes serve one container at a time; the next waits, or is told")
def locked():
    keys = KINDS["overlay, keep"]
    with changes():
        with Running(["bash", "-c", "echo up; read x"], keys) as running:
            running.line()
            refused(run(["true"], keys), "another container of this user")
            good(run(["true"], keys, user="bob"), "control: bob")
            good(run(["true"], KINDS["overlay, discard"]), "control: discard")
        good(run(["true"], keys), "afterwards")
        refused(run(["true"], keys + "join = session\n"), "join.*one container")


@check("after kill -9 of everything, the changes are whole and free for the next container")
def killed():
    with changes():
        for name in ("overlay, keep", "overlay, keep, limited", "overlay of an image", "image, squashfs", "overlay, discard"):
            trees.forget()
            keys = KINDS[name]
            for _ in range(3):
                running = Running(["bash", "-c", "echo x >/open/mine; echo up; exec sleep 100"], keys)
                running.line()
                running.process.kill()
                running.process.wait()
                good(run(["true"], keys), name)
            if "discard" not in name and "image, " not in name:
                expect_equal(good(shell("cat /open/mine", keys)), "x", name)
    wait_until(lambda: not trees.loops(), 5, "loop devices are left")
    host(["confinectl", "list"])


@check("templates whose paths are alike when written with colons have changes of their own")
def colons():
    paths = ("/srv/t/a/b", "/srv/t/a:b", "/srv/t/a%b", "/srv/t/a%:b", "/srv/t/a%%b")
    with Directory("/srv/t"), changes():
        for path in paths:
            tiny(path)
            good(shell(f"echo {path} >/open/mine", f"rootfs = overlay:{path.replace('%', '%%')}\n"))
        for path in paths:
            done = shell("cat /open/mine", f"rootfs = overlay:{path.replace('%', '%%')}\n")
            expect_equal(good(done), path, "changes")
        expect_equal(len(os.listdir(f"{STORE}/users/47001")), len(paths), "places")


@check("a stale work directory is emptied, and nothing in it shows")
def stale():
    with changes():
        good(shell("echo x >/open/mine", KINDS["overlay, keep"]))
        work = f"{STORE}/users/47001/full/tree.work/work"
        os.makedirs(f"{work}/#1a/deep")
        trees.write(f"{work}/#1b", "left over\n")
        expect_equal(good(shell("ls /open", KINDS["overlay, keep"])).split(), ["mine", "theirs"], "run")
        expect_equal(os.listdir(work), [], "the work directory")


HOSTILE = """
cd {place} || exit 3
for what in {names}; do
    rm -rf "$what"; ln -s {text} "$what"
done
"""


@check("what a user plants in an overlay leads the next container nowhere", limit=120)
def hostile():
    watched = ("/etc", "/home", "/run", f"{STORE}/rootfs")
    points = {"/etc": "passwd group hostname hosts resolv.conf machine-id nsswitch.conf mark",
              "/var": "tmp run log", "/opt": "free data"}
    with a_tree(full), Directory("/srv/data"):
        trees.write("/srv/data/file", "content\n")
        for place in points:
            os.chmod(PLACE + place, 0o777)
        before = [picture(place) for place in watched]
        for text in ("/etc", "/etc/shadow", "/home/bob", "../../../../../../etc", "/proc/1/root/etc",
                     "/run/confine", "/dev/null"):
            with changes():
                keys = f"rootfs = overlay:{PLACE}\n"
                for place, names in points.items():
                    # /var/tmp is a mount while somebody is inside, and so it cannot be replaced.
                    shell(HOSTILE.format(place=place, names=names, text=text), keys)
                seen = good(shell("readlink /opt/free /var/run /etc/hosts", keys), "control")
                expect_equal(seen.split(), [text] * 3, "control: planted")
                for more in ("", "resolv-conf = bind\n", "bind = /srv/data:/opt/free/x\n",
                             "bind = /srv/data:/var/run/x\n", "bind-ro = /srv/data/file:/opt/data\n",
                             "tmpfs = /opt/free\n", "mask = /opt/free/passwd\n", "mask = /etc/hosts\n",
                             "symlink = /x:/opt/free/y\n"):
                    done = run(["ls", "/etc/shadow", "/"], keys + more)
                    if done.code == 125:
                        refused(done, "link|Too many|does not exist|own")
                    else:
                        expect("secret" not in done.out, more)
                done = shell("cat /etc/passwd /etc/hosts/*", keys)
                expect("47002:47002:Bob" not in done.out, "the host's passwd shows")
        expect_equal(differences(watched, before), [], "changed on the host")


@check("80 runs over all kinds leave no mount, loop device or work directory", limit=120)
def many():
    mounts = world.read("/proc/self/mountinfo")
    with changes():
        for round in range(10):
            for name, keys in KINDS.items():
                # One template, with a limit and without: not for one user.
                user = "bob" if "limited" in name else "alice"
                good(run(["true"], keys, user), name)
            if round == 0:
                files = picture(f"{STORE}/users").keys()
        expect_equal(picture(f"{STORE}/users").keys(), files, "work directories")
    expect_equal(world.read("/proc/self/mountinfo"), mounts, "mounts")
    wait_until(lambda: not trees.loops(), 5, "loop devices are left")


@check("an image's loop device is there while somebody is inside, and goes with the last")
def loop():
    with Running(["sleep", "100"], KINDS["image, squashfs"]) as one, \
            Running(["sleep", "100"], KINDS["image, squashfs"], user="bob") as two:
        one.init(), two.init()
        expect(len(trees.loops()) >= 1, "control: there is one")
        image = f"{STORE}/images/full.squashfs"
        expect_equal(good(shell("touch /open/x || echo closed", KINDS["image, squashfs"])), "closed",
                     "written")
        expect(os.path.exists(image), "the image")
    wait_until(lambda: not trees.loops(), 5, "the loop device stays")


@check("each kind: the second door leads into it as the first does", limit=90)
def second_door():
    for name, keys in every_kind():
        mark = "tiny" if "static" in name or "erofs" in name else "full"
        with second.Policy(lambda text: text.replace("[profile student]\nrootfs   = host\n",
                                                     f"[profile student]\n{keys}")
                           .replace("join     = session\n", "")):
            done = second.door("-c", "cat /etc/mark; id -un; pwd; echo x >/tmp/x && cat /tmp/x; exit 7")
            expect_equal((done.code, done.out.split()), (7, [mark, "henry", "/home/henry", "x"]),
                         f"{name}: {done.err}")
            leave = time.monotonic() + 5
            while "henry" in host(["confinectl", "list"]).out and time.monotonic() < leave:
                time.sleep(0.02)


@check("check says what is wrong with a tree, template or image; explain says what is used")
def verbs():
    def asked(verb, keys, *arguments):
        policy(keys)
        path = "/etc/confine/root-suite.conf"
        text = world.read(path).replace("[profile test]", "[match all]\nusers = alice\n"
                                        "profile = test\n[profile test]")
        world.write(path, text)
        return host(["confinectl", verb, "--config", path, *arguments])
    with a_tree():
        for keys in KINDS.values():
            done = asked("check", keys)
            expect_equal(done.code, 0, f"{keys}: {done.out}{done.err}")
        for value, reason in ((f"directory:{PLACE}/none", "No such file"),
                              (f"directory:{STORE}/images/full.squashfs", "not a directory"),
                              ("overlay:none", "rootfs/none: No such file"),
                              (f"image:{PLACE}", "not a file"),
                              (f"image:{PLACE}/etc/mark", "neither squashfs nor erofs")):
            done = asked("check", f"rootfs = {value}\n")
            expect(done.code == 1, f"{value} passes: {done.out}")
            expect_match(rf"root-suite.conf:\d+: rootfs: .*{reason}", done.out + done.err, value)
        os.chmod(PLACE, 0o775)
        done = asked("check", HERE)
        expect_match("can be written by others than root .mode 0775", done.out + done.err, "mode")
        expect_equal(asked("check", "rootfs = directory:/srv/%u\n").code, 0, "depends on the user")
    done = asked("explain", KINDS["overlay, keep"], "--user", "alice")
    expect_match(f"^  overlay +{STORE}/rootfs/full$", done.out, "template")
    expect_match(f"^  changes +{STORE}/users/47001/full$", done.out, "changes")
    expect_match("^  usable +yes$", done.out, "usable")
    done = asked("explain", KINDS["overlay, discard"] + "upper-size = 1M\n", "--user", "alice")
    expect_match("^  changes +in memory, at most 1048576 bytes, thrown away$", done.out, "discard")
    done = asked("explain", KINDS["overlay, keep, limited"], "--user", "alice")
    expect_match("^  changes +.*/full, at most 16777216 bytes$", done.out, "a volume")
    done = asked("explain", "rootfs = image:none\n", "--user", "alice", "--json")
    expect_match('"usable":".*images/none: No such file', done.out, "JSON")
    expect("root file system" not in asked("explain", "", "--user", "alice").out, "host")
