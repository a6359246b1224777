"""Lines and branches of parser, session, framing and pin code that the Rust tests reach.

    make coverage

Branches are counted by a switch of rustc that is not stable yet, so this needs RUSTC_BOOTSTRAP, and
LLVM's tools: llvm-profdata and llvm-cov of the toolchain (`rustup component add llvm-tools`), or as they
are, or with a version behind a hyphen. Only the workspace's own crates are instrumented. A function is
compiled several times, for each type and each test program: its copies' counts are added, branch by
branch, since a branch is a place in the source.

tests/coverage_gaps.txt has the number of branches that no test takes in a function, and the reason;
another number is an error.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GAPS = ROOT / "tests" / "coverage_gaps.txt"
PARTS = {
    "parser": (
        "src/smtp/wire/reply.rs", "src/smtp/wire/ehlo.rs", "src/message/address.rs",
        "src/message/delivery.rs", "src/support/redact.rs",
    ),
    "framing": (
        "src/message/content/canonical.rs", "src/message/content/lines.rs", "src/smtp/wire/command.rs",
        "src/smtp/wire/transaction_commands.rs", "src/smtp/wire/data_encoder.rs",
    ),
    "session": (
        "src/smtp/*.rs", "src/smtp/pipeline/*.rs", "src/channel/mod.rs", "src/channel/cleartext.rs", "src/channel/tls_stream.rs",
        "src/channel/write_buffer.rs",
    ),
    "pins": (
        "src/trust/pin.rs", "src/trust/pin_set.rs", "src/trust/verdict.rs", "src/trust/known_servers.rs",
    ),
}
PROGRAMS = ("--lib", "--test", "engine", "--test", "trust", "--test", "wire", "--test", "fuzz")
TRUE, FALSE = 4, 5  # places of the counts in a branch of llvm-cov's export


def tool(name):
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], stdout=subprocess.PIPE, text=True, check=True)
    for path in Path(sysroot.stdout.strip()).glob(f"lib/rustlib/*/bin/{name}"):
        return str(path)
    # A name without a version may be far too old.
    for candidate in (*(f"{name}-{version}" for version in range(30, 17, -1)), name):
        if shutil.which(candidate):
            return candidate
    sys.exit(f"skipped: {name} is not installed")


def wrapper(folder):
    """A rustc that instruments: cargo runs it for the workspace's own crates alone."""
    path = folder / "instrumenting-rustc"
    path.write_text(
        '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec "$@" -Cinstrument-coverage -Zcoverage-options=branch\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def build(folder):
    """Builds the test programs; their paths."""
    command = ["cargo", "test", "-p", "secsmtp", *PROGRAMS, "--locked", "--no-run", "--message-format=json"]
    environment = {**os.environ, "RUSTC_WORKSPACE_WRAPPER": str(wrapper(folder))}
    built = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    messages = map(json.loads, built.stdout.splitlines())
    return [message["executable"] for message in messages if message.get("executable")]


def measure(folder, programs):
    """Runs the programs; what llvm-cov says of the parts."""
    for old in folder.glob("*.profraw"):
        old.unlink()
    for program in programs:
        environment = {**os.environ, "LLVM_PROFILE_FILE": str(folder / "%m-%p.profraw")}
        subprocess.run([program, "--quiet"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    data = folder / "all.profdata"
    raw = [str(path) for path in folder.glob("*.profraw")]
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *raw, "-o", str(data)], check=True)
    objects = [word for program in programs[1:] for word in ("-object", program)]
    command = [tool("llvm-cov"), "export", "-format=text", f"-instr-profile={data}", programs[0], *objects]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def branches(exported):
    """For each place in the source, how often its branch was taken and how often not."""
    counts = defaultdict(lambda: [0, 0])
    for function in exported["data"][0]["functions"]:
        for branch in function["branches"]:
            file = function["filenames"][branch[6]]
            place = (file, *branch[:4])
            counts[place][0] += branch[TRUE]
            counts[place][1] += branch[FALSE]
    return counts


def lines(exported):
    """For each line with code, whether some copy of it ran."""
    ran = defaultdict(bool)
    for function in exported["data"][0]["functions"]:
        for from_line, _, to_line, _, count, file, _, kind in function["regions"]:
            if kind == 0:
                for line in {from_line, to_line}:
                    ran[(function["filenames"][file], line)] |= count > 0
    return ran


def own_code_ends(path):
    """The line behind which a file's own unit tests stand."""
    text = path.read_text("utf-8").split("#[cfg(test)]\nmod ")[0]
    return text.count("\n") + 1


def function_at(source, line):
    """The function in which a line stands: the last one above it that is indented less."""
    indent = len(source[line - 1]) - len(source[line - 1].lstrip())
    for text in reversed(source[: line - 1]):
        found = re.match(r"( *)(?:pub(?:\([^)]*\))? )?(?:const |unsafe )*fn (\w+)", text)
        if found and len(found[1]) < indent:
            return found[2]
    return "no function"


def read_gaps():
    """For each function with gaps, how many branches of it no test takes."""
    gaps = {}
    for line in GAPS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            file, function, count, reason = (part.strip() for part in line.split(" | ", 3))
            assert reason, line
            gaps[(file, function)] = int(count)
    return gaps


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    folder = target / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    exported = measure(folder, build(folder))
    counts, ran = branches(exported), lines(exported)
    gaps, missing = read_gaps(), defaultdict(list)
    for part, patterns in PARTS.items():
        taken = all_ways = ran_lines = all_lines = 0
        for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
            if path.name.endswith("_tests.rs"):
                continue
            source, end = path.read_text("utf-8").splitlines(), own_code_ends(path)
            name = path.relative_to(ROOT).as_posix()
            for (file, line), one in ran.items():
                if file == str(path) and line < end:
                    all_lines, ran_lines = all_lines + 1, ran_lines + one
            for (file, line, column, *_), ways in sorted(counts.items()):
                if file != str(path) or line >= end:
                    continue
                for way, count in zip(("true", "false"), ways):
                    all_ways, taken = all_ways + 1, taken + (count > 0)
                    if not count:
                        text = f"{name}:{line}:{column}: never {way}: {source[line - 1].strip()}"
                        missing[(name, function_at(source, line))].append(text)
        print(f"{part:8} lines {ran_lines}/{all_lines}  branches {taken}/{all_ways}")
    wrong = {key for key in {*gaps, *missing} if gaps.get(key, 0) != len(missing[key])}
    for file, function in sorted(wrong):
        expected, found = gaps.get((file, function), 0), missing[(file, function)]
        print(f"{file}, {function}: {len(found)} branches not taken, expected {expected}", *found, sep="\n  ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
