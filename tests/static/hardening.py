# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the installed programs and the module were linked, read back from the files."""

import json
import os
import re
import subprocess
import tempfile

ENTRIES = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_open_session",
           "pam_sm_close_session", "pam_sm_chauthtok"}
WEAK = ("int main(int argc, char **argv) { char text[64]; "
        "__builtin_strcpy(text, argv[0]); return text[argc]; }")
WEAK_OPTIONS = ["-O0", "-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-z", "norelro",
                "-z", "lazy", "-z", "execstack", "-Wl,-rpath,/tmp"]


def readelf(path, *options):
    return subprocess.run(["readelf", "--wide", *options, path], text=True, check=True,
                          stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}).stdout


class Elf:
    def __init__(self, path):
        self.header, self.segments = readelf(path, "-h"), readelf(path, "-l")
        self.dynamic, self.symbols = readelf(path, "-d"), readelf(path, "-s")
        self.exports = set(re.findall(r" (?:FUNC|OBJECT) +GLOBAL DEFAULT +\d+ ([^\s@]+)",
                                      readelf(path, "--dyn-syms")))
        self.needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", self.dynamic))

    def flags(self, segment):
        found = re.search(rf"^ +{segment} .* 0x[0-9a-f]+ ([RWE ]+) 0x", self.segments, re.M)
        return found.group(1) if found else None


# name, whether an Elf has it
PROPERTIES = (
    ("a position-independent executable", lambda elf: "DYN" in elf.header),
    ("RELRO", lambda elf: elf.flags("GNU_RELRO") is not None),
    ("bound at start (now)", lambda elf: re.search(r"BIND_NOW|Flags:.* NOW", elf.dynamic)),
    ("stack protector", lambda elf: "__stack_chk_fail" in elf.symbols),
    ("FORTIFY", lambda elf: re.search(r" __(?!stack)[a-z]+_chk\b", elf.symbols)),
    ("no executable stack", lambda elf: "E" not in (elf.flags("GNU_STACK") or "E")),
    ("no RPATH", lambda elf: not re.search(r"\((RPATH|RUNPATH)\)", elf.dynamic)),
    ("no relocation of text", lambda elf: "TEXTREL" not in elf.dynamic),
)


def lacking(elf):
    return ["lacks: " + name for name, has in PROPERTIES if not has(elf)]


def programs(stage):
    for directory, _, names in os.walk(stage):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as stream:
                if stream.read(4) == b"\x7fELF":
                    yield path


def wrong_module(elf):
    wrong = []
    if elf.exports != ENTRIES:
        wrong.append(f"exports {sorted(elf.exports ^ ENTRIES)} more or less")
    if elf.needed != {"libpam.so.0", "libc.so.6"}:
        wrong.append(f"needs {sorted(elf.needed)}")
    return wrong


def wrong_static(elf):
    wrong = []
    if "INTERP" in elf.segments or elf.needed:
        wrong.append(f"is no static-pie: needs {sorted(elf.needed)}")
    return wrong


def not_compiled_with(units):
    """What a static program shows of this may be libc's own."""
    wrong = []
    for unit in units:
        for option in ("-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-O2", "-fPI[CE]"):
            if not any(re.fullmatch(option, word) for word in unit.options):
                wrong.append(f"{unit.name}: without {option}")
    return wrong


def static_wanted(build):
    options = subprocess.run(["meson", "introspect", "--buildoptions", build], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    return any(option["name"] == "static-helper" and option["value"] != "disabled"
               for option in json.loads(options))


def weak_elf(directory):
    path = os.path.join(directory, "weak")
    subprocess.run(["gcc", *WEAK_OPTIONS, "-x", "c", "-", "-o", path], input=WEAK, text=True,
                   check=True, stderr=subprocess.DEVNULL)
    return Elf(path)


def run(checks, units, build, stage):
    if not checks.wanted("hardening"):
        return
    checks.tell("hardening: every file is compiled with stack protector and FORTIFY",
                not_compiled_with(units))
    found = {os.path.basename(path): Elf(path) for path in sorted(programs(stage))}
    for name, elf in found.items():
        checks.tell(f"hardening: {name}", lacking(elf))
    checks.tell("hardening: pam_confine.so exports its six entries, needs libc and libpam",
                wrong_module(found["pam_confine.so"]))
    if static_wanted(build):
        for name in ("confine-helper", "confine-shell"):
            checks.tell(f"hardening: {name} is static-pie", wrong_static(found[name]))
    with tempfile.TemporaryDirectory() as directory:
        missed = {name for name, _ in PROPERTIES[:-1]} - \
            {line.split(": ", 1)[1] for line in lacking(weak_elf(directory))}
    checks.tell("hardening: a program without any of it is told",
                [f"not noticed: {name}" for name in sorted(missed)])
