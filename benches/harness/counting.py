"""System calls and instructions per message: what is the same on a busy machine.

Two runs, one with more messages: the difference is the messages' own, without start-up and login.
"""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import measure

STRACE_SAYS = re.compile(r"^100\.00\s+\S+\s+\S*\s+(\d+)", re.MULTILINE)


def syscall_counter():
    """The tool that counts system calls here: perf disturbs nothing, strace slows the client."""
    if shutil.which("perf"):
        probe = subprocess.run(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "true"],
                               capture_output=True, text=True, check=False)
        if probe.returncode == 0 and re.search(r"^\d+,", probe.stderr, re.MULTILINE):
            return "perf"
    if shutil.which("strace"):
        return "strace"
    return None


def syscalls(client, server, counts, file, **pinned):
    """System calls for each of the further messages; None where nothing can count them."""
    tool = syscall_counter()
    if tool is None:
        return None
    totals = []
    for count in counts:
        with tempfile.NamedTemporaryFile() as out:
            under = {
                "perf": ["perf", "stat", "-x,", "-o", out.name, "-e", "raw_syscalls:sys_enter"],
                "strace": ["strace", "-f", "-c", "-o", out.name],
            }[tool]
            measure.run(client, server, count, file, under=under, **pinned)
            text = Path(out.name).read_text(encoding="utf-8")
        if tool == "perf":
            found = re.search(r"^(\d+),", text, re.MULTILINE)
        else:
            found = STRACE_SAYS.search(text)
        totals.append(int(found.group(1)))
    return (totals[1] - totals[0]) / (counts[1] - counts[0])


def instructions(client, server, counts, files):
    """Instructions for each further message (or, of two files, the difference); None without
    valgrind."""
    if shutil.which("valgrind") is None:
        return None
    totals = []
    for count, file in zip(counts, files):
        under = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        done = measure.run(client, server, count, file, under=under)
        totals.append(int(re.search(r"Collected : (\d+)", done["stderr"]).group(1)))
    return (totals[1] - totals[0]) / max(counts[1] - counts[0], 1)
