#!/usr/bin/env python3
"""Holds waits, TLS records, system calls and instructions of one mail to the recorded figures.

    python3 benches/check.py             # fails when one of them grew beyond its tolerance
    python3 benches/check.py --record    # writes benches/recorded.json anew

Counts, not times: they are nearly the same on a busy machine. What can't be counted here (no valgrind;
neither perf nor strace) is skipped with a line, and fails under SECSMTP_REQUIRE_ALL=1.
"""
import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from harness import build, clients, counting, measure, samples

RECORDED = Path(__file__).resolve().parent / "recorded.json"
# The tolerance above the recorded figures: waits and records of a blocking send are exact;
# others depend a little on how fast the peer is, on the C library, and on the compiler.
TOLERANCE = {"first waits": 0, "waits": 0, "records": 0, "system calls": 0.35, "instructions": 0.1}
STREAMED = {**TOLERANCE, "waits": 0.5, "records": 0.5, "system calls": 1, "instructions": 0.15}
# A worker streams what it finds in the queue: how much, the producer and luck decide.
JOBS = {**TOLERANCE, "waits": 5, "records": 2, "system calls": 4, "instructions": 0.4}
FILE = {"records": 0.05, "system calls": 0.5, "instructions": 0.1, "peak memory": 0.2}


def figures_of_mails(built, client, mail):
    """The cost of one more mail of 2 KB for this client."""
    with measure.sink(built, delay=10) as server:
        waits = measure.run(client, server, 20, mail)
    few, many = (1000, 5000) if client.streams else (30, 230)
    with measure.sink(built, cpu=0) as server:
        run = measure.run(client, server, many, mail, cpu=0)
        calls = counting.syscalls(client, server, (few, many), mail, cpu=0)
    with measure.sink(built) as server:
        steps = counting.instructions(client, server, (few // 10, many // 10), (mail, mail))
    return {"first waits": waits["cold_waits"], "waits": waits["waits_each"],
            "records": run["records_each"], "system calls": calls, "instructions": steps}


def figures_of_files(built, client, directory):
    """The cost of one more MB of a file for this client, and its peak memory."""
    small, large = (samples.attachment(directory, size) for size in (1, 5))
    with measure.sink(built) as server:
        calls = [counting.syscalls(client, server, (0, 1), file) for file in (small, large)]
        steps = counting.instructions(client, server, (1, 1), (small, large))
        runs = [measure.run(client, server, 1, file) for file in (small, large)]
    return {"records": (runs[1]["records_each"] - runs[0]["records_each"]) / 4,
            "system calls": None if None in calls else (calls[1] - calls[0]) / 4,
            "instructions": steps and steps / 4, "peak memory": runs[1]["peak_kb"]}


def tolerance_of(client):
    """Between two threads it depends on luck how often one has to wake the other."""
    return STREAMED if client.streams else JOBS if client.form == "jobs" else TOLERANCE


def measured():
    """The figures of each of our forms, and how far each may grow."""
    built, found = build.essentials(), {}
    with tempfile.TemporaryDirectory() as directory:
        mail = samples.mail(directory)
        for client in clients.mailers(built):
            if client.kind == "ours":
                found[client.form] = (figures_of_mails(built, client, mail),
                                      tolerance_of(client))
        for client in clients.attachers(built):
            if client.kind == "ours":
                found[client.form] = (figures_of_files(built, client, directory), FILE)
    return found


def judge(found, recorded):
    """Lines to print, and whether all is as recorded or better."""
    lines, good = [], True
    for form, (figures, tolerance) in found.items():
        for what, value in figures.items():
            bound = recorded.get(form, {}).get(what)
            if value is None:
                lines.append(f"skipped: {form}: {what} can't be counted here")
                good &= os.environ.get("SECSMTP_REQUIRE_ALL") != "1"
                continue
            # A hundredth of one: below it is rounding, not a wait or a call.
            verdict = "not recorded" if bound is None else "ok" \
                if value <= bound * (1 + tolerance[what]) + 0.01 else "GREW"
            if verdict == "ok" and value < bound * (1 - tolerance[what]) * 0.9 - 0.01:
                verdict = "ok, and less than recorded: record it (python3 benches/check.py --record)"
            good &= verdict.startswith("ok")
            lines.append(f"{form}: {what}: {value:,.3f}, recorded {bound or 0:,.3f}: {verdict}")
    for form in recorded.keys() - found.keys():
        lines.append(f"{form}: recorded, and not measured")
        good = False
    return lines, good


def main():
    options = argparse.ArgumentParser(description="Holds what one mail costs to the recorded figures.")
    options.add_argument("--record", action="store_true")
    chosen = options.parse_args()
    found = measured()
    if chosen.record:
        whole = {form: {what: round(value, 3) for what, value in figures.items()}
                 for form, (figures, _) in found.items()}
        RECORDED.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    lines, good = judge(found, json.loads(RECORDED.read_text(encoding="utf-8")))
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
