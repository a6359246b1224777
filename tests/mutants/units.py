"""The tests that can catch a mutant, each in a process of its own."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

RUST = ("--lib", "--test", "engine", "--test", "trust", "--test", "wire")
# Tests of the built library through its hosts, without tests of sources, packages and other programs.
HOSTS = ("bindings.python.tests.", "tests.abi.abi_test.", "tests.abi.old_binary_test.", "tests.c.", "tests.cpp.")
DISCOVER = """
import sys, unittest
def walk(suite):
    for test in suite:
        yield from walk(test) if isinstance(test, unittest.TestSuite) else [test.id()]
for start, pattern in (("tests", "*_test.py"), ("bindings/python/tests", "test*.py")):
    print(*walk(unittest.TestLoader().discover(start, pattern, ".")), sep="\\n")
"""
# A mutant may allocate in a loop without end. The sanitizers of the C tests reserve more than any limit.
LIMITED = 'ulimit -c 0; ulimit -v 6000000; exec "$@"'


@dataclass(eq=False)
class Unit:
    """One test."""

    name: str
    command: list
    limited: bool
    seconds: float = 0.0  # by the clock
    work: float = 0.0  # seconds of the processor
    reached: frozenset = field(default=frozenset(), repr=False)


def environment(folder, extra=()):
    built = folder / "build" / "debug"
    return {
        **os.environ,
        "CARGO_TARGET_DIR": str(folder / "build"),
        "RUSTFLAGS": "--cap-lints=allow",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "RUST_BACKTRACE": "0",
        "TMPDIR": str(folder / "tmp"),
        "SECSMTP_LIBRARY": str(built / "libsecsmtp.so"),
        "SECSMTP_COMMAND": str(built / "secsmtp"),
        "SECSMTP_TESTSERVERS": str(built / "secsmtp-testservers"),
        **dict(extra),
    }


def build(folder, tree, wanted):
    """Builds the tests of the copy; the units whose names `wanted` is found in."""
    cargo = ["cargo", "test", "-p", "secsmtp", "--features", "dkim", *RUST, "--locked", "--no-run"]
    built = subprocess.run(
        [*cargo, "--message-format=json"], cwd=tree, env=environment(folder), stdout=subprocess.PIPE, check=True
    )
    units = []
    for line in built.stdout.splitlines():
        message = json.loads(line)
        program = message.get("executable")
        if program and message.get("profile", {}).get("test"):
            kind = message["target"]["name"]
            for name in sorted(_tests(program) - _tests(program, "--ignored")):
                units.append(Unit(f"{kind} {name}", [program, "--exact", name], True))
    found = subprocess.run(
        [sys.executable, "-c", DISCOVER], cwd=tree, env=environment(folder), stdout=subprocess.PIPE, check=True
    )
    for name in found.stdout.decode().split():
        if name.startswith(HOSTS):
            limited = name.startswith("bindings")
            units.append(Unit(name, [sys.executable, "-m", "unittest", name], limited))
    units = [unit for unit in units if re.search(wanted, unit.name)]
    if any(unit.name.startswith(HOSTS) for unit in units):
        packages = [word for name in ("capi", "cli", "testservers") for word in ("-p", f"secsmtp-{name}")]
        subprocess.run(["cargo", "build", "--locked", *packages], cwd=tree, env=environment(folder), check=True)
    return units


def _tests(program, *only):
    listed = subprocess.run([program, "--list", "--format=terse", *only], stdout=subprocess.PIPE, check=True)
    lines = listed.stdout.decode().splitlines()
    return {line[: -len(": test")] for line in lines if line.endswith(": test")}


def _wait(process, limit):
    """Waits for the end of a process: the processor's seconds that it took, or None after `limit` seconds."""
    end, pause = time.monotonic() + limit, 0.002
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        if time.monotonic() > end:
            return None
        time.sleep(pause)
        pause = min(1.5 * pause, 0.05)


def run(unit, folder, tree, extra, limit):
    """"passed", "failed" or "timeout"; the seconds that it took by the clock, and of the processor."""
    start = time.monotonic()
    process = subprocess.Popen(
        ["sh", "-c", LIMITED, "sh", *unit.command] if unit.limited else unit.command,
        cwd=tree,
        env=environment(folder, extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    work = _wait(process, limit)
    # The group is that of the process alone: what it started ends with it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if work is None:
        process.wait()
        return "timeout", time.monotonic() - start, limit
    return "failed" if process.returncode else "passed", time.monotonic() - start, work


def record(units, folder, tree, pool, same):
    """Runs each unit without a mutant: what it reaches, and how long it takes. The units that passed.

    What an earlier run with the same mutants noted of the same program is taken from there.
    """
    noted = folder / "recorded.json"
    before = json.loads(noted.read_text()) if noted.is_file() else {}
    before = before.get("units", {}) if before.get("same") == same else {}
    programs = {}

    def digest(path):
        if path not in programs:
            programs[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
        return programs[path]

    def one(index, unit):
        host = unit.name.startswith(HOSTS)
        program = digest(folder / "build/debug/libsecsmtp.so" if host else unit.command[0])
        if host:
            program += digest(tree / (unit.name.rsplit(".", 2)[0].replace(".", "/") + ".py"))
        old = before.get(unit.name)
        if old and old[0] == program:
            unit.seconds, unit.work, unit.reached = old[1], old[2], frozenset(old[3])
            return unit
        path = folder / "tmp" / f"reached-{index}"
        for _ in range(2):
            path.unlink(missing_ok=True)
            result, unit.seconds, unit.work = run(unit, folder, tree, {"SECSMTP_MUTANT_RECORD": str(path)}, 300)
            if result == "passed":
                break
        else:
            print(f"left out, as it does not pass without a mutant: {unit.name} ({result})", flush=True)
            return None
        unit.reached = frozenset(map(int, path.read_text().split())) if path.exists() else frozenset()
        path.unlink(missing_ok=True)
        before[unit.name] = [program, unit.seconds, unit.work, sorted(unit.reached)]
        return unit

    try:
        return [unit for unit in pool.map(one, range(len(units)), units) if unit]
    finally:
        noted.write_text(json.dumps({"same": same, "units": before}))
