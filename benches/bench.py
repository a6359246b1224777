#!/usr/bin/env python3
"""The benches: runs every client in one go, prints the tables, writes README.md and speed.svg.

    python3 benches/bench.py [--rounds N] [--only a,b,c,d,e] [--no-write]

The library must be built (make all).
"""
import argparse
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

from harness import build, cases, clients, counting, measure, picture, report, samples, startup
from harness.table import number
from harness.targets import targets

HERE = Path(__file__).resolve().parent


def machine():
    """The kind of machine, and nothing that names this one."""
    model = next((line.split(":", 1)[1].strip()
                  for line in open("/proc/cpuinfo", encoding="utf-8", errors="replace")
                  if line.startswith("model name")), platform.machine())
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} core{'s' if cores > 1 else ''}, {platform.system()}"


def everything(chosen, rounds, real_time):
    built = {**build.essentials(), **build.rivals()}
    mailers, found = clients.mailers(built), {}
    with tempfile.TemporaryDirectory() as directory:
        mail = samples.mail(directory)
        if "a" in chosen:
            cases.say("(a) waits")
            found["waits"] = cases.waits(built, mailers, mail)
        if "b" in chosen:
            cases.say("(b) a line of 50 ms")
            found["line"] = cases.long_line(built, mailers, mail, rounds=rounds)
        if "c" in chosen:
            cases.say("(c) many small messages")
            small = cases.many_small(built, mailers, mail, rounds=rounds, real_time=real_time)
            found["small"] = cases.counted(built, mailers, mail, small)
        if "d" in chosen:
            cases.say("(d) one file")
            cases.files(built, clients.attachers(built), directory, found, rounds, real_time)
        if "e" in chosen:
            cases.say("(e) start")
            found["start"] = startup.figures(built)
    return found


def sections(found, rounds, real_time):
    """The title, the words and the table of each case that was run."""
    alone = "nothing else may disturb the run" if real_time else "beside whatever else runs"
    if "waits" in found:
        yield "(a) Waits", WAITS, report.waits_table(found["waits"])
    if "line" in found:
        yield "(b) 100 mails of 2 KB, round trip 50 ms", LINE, report.long_line_table(found["line"])
    if "small" in found:
        ceiling = 1e6 / found["small"][0]["sink_cpu"]["median"]
        words = SMALL.format(rounds=rounds, ceiling=number(round(ceiling, -3)), alone=alone, tool=counting.syscall_counter() or "nothing")
        yield "(c) Mails of 2 KB, no delay", words, report.many_small_table(found["small"])
    if "file" in found:
        yield "(d) One file of 100 MB", FILE, report.one_file_table(found["file"])
    if "start" in found:
        words = START.format(bytes=f"{found['start']['bytes']:,}", runs=startup.RUNS)
        yield "(e) Size and start", words, report.start_table(found["start"], startup.STEPS)
    yield "Targets", TARGETS, report.targets_table(targets(found))
    yield "What holds the rest", REST, PROFILE


def panels(found):
    """The figures for the picture."""
    if "line" in found:
        yield ("100 mails over a line of 50 ms", "seconds, less is better; the scale is logarithmic", found["line"],
               lambda row: row["seconds"]["median"], lambda value: f"{number(value)} s")
    if "small" in found:
        yield ("Mails of 2 KB, no delay", "messages a second, more is better; the scale is logarithmic", found["small"],
               lambda row: row["rate"]["median"], number)
        yield ("CPU of the client for one mail of 2 KB", "microseconds, less is better; the scale is logarithmic",
               found["small"], lambda row: row["cpu"]["median"], lambda value: f"{number(value)} µs")
    if "file" in found:
        yield ("One file of 100 MB", "MB of the file a second, more is better; the scale is logarithmic", found["file"],
               lambda row: row["rate"]["median"], lambda value: f"{number(value)} MB/s")


def main():
    options = argparse.ArgumentParser(description="The benches.")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", default="a,b,c,d,e")
    options.add_argument("--no-write", action="store_true")
    chosen = options.parse_args()
    real_time = measure.real_time_allowed()
    found = everything(chosen.only.split(","), chosen.rounds, real_time)
    text = [HEAD.format(date=datetime.date.today().isoformat(), machine=machine())]
    for title, words, table in sections(found, chosen.rounds, real_time):
        text.append(f"## {title}\n\n{words}\n\n{table}")
    whole = "\n\n".join(text) + "\n"
    print(whole)
    if not chosen.no_write:
        (HERE / "README.md").write_text(whole, encoding="utf-8")
        (HERE / "speed.svg").write_text(picture.picture(panels(found)), encoding="utf-8")


HEAD = """# Benches

libsecsmtp beside others, in one run on one machine: {machine}; {date}. Made by `make bench`, which
needs Linux, Rust, a C compiler and Python; a client whose development package is missing
(libcurl4-openssl-dev, libesmtp-dev with libssl-dev) is skipped with a line that says so.

![The figures as bars](speed.svg)

**The sink** ([`sink/`](sink)) is a server of our own: TLS 1.3 alone (rustls and ring), login checked,
order of commands checked, PIPELINING, CHUNKING, 8BITMIME, SMTPUTF8, SIZE; it takes content without a
copy beyond TLS's and keeps none. It answers all that came with one read by one write. Session
resumption is off. Its own share is in the tables.

**The limit** ([`limit/`](limit)) is rustls with ring, given the bytes of the dialogue and nothing else
to do: streamed (one continuous stream, replies read beside it), one at a time (one write, one wait),
and one file read, encoded, encrypted and written by one thread.

**A wait**: everything that had come from the client was answered, the answers were given to the
system, and then the client says something more, or ends. TCP's and TLS's handshakes don't count.
Waits are counted over a line with a delay, because without one a client that never waits looks, to a
fast server, as if it did.

Every client sends one mail before the clock starts, except in (b). "Nagle off" means a preloaded
`connect` that sets TCP_NODELAY, for clients that have no setting for it. libESMTP has no implicit TLS and
uses STARTTLS. Figures are medians, with the least and the most of all rounds in brackets."""

REST = """The instructions of one mail of 2 KB go, by callgrind's profile of 2026-11-26 (in thousands;
callgrind counts a copy of some KB byte by byte). No single place stands out any more: what is left
is many small things that a program of rustls alone does not do: a message with a handle of its own,
checked addresses, content looked through and copied, a record of each recipient, answers scrubbed of
secrets and kept for the receipt, a verdict on the kept connection. Own code is built for size."""
PROFILE = """| what | blocking send | streamed |
| --- | ---: | ---: |
| TLS: rustls and ring | 12.2 | 10.1 |
| making the message: content looked through and copied | 6.2 | 7.0 |
| making the message: addresses, handles | 2.6 | 3.4 |
| answers: read, matched, scrubbed, kept | 5.1 | 3.4 |
| commands, envelope, bookkeeping of the flight | 3.5 | 5.0 |
| the call around it: idle connection judged, context, receipt, freeing | 7.2 | 2.2 |
| all | 36.8 | 31.1 |"""
WAITS = """First mail: from the greeting on, over implicit TLS; libESMTP over STARTTLS. Then 20 mails, or
200 streamed at once."""
LINE = """From before the connection to the last answer; each direction is 25 ms, bandwidth has no
limit, and the steps of the TCP handshake are paid."""
SMALL = """5,000 mails (streamed: 50,000; with Nagle's algorithm in the way: 100), {rounds} rounds of all
clients in turn. Client and sink are pinned to one CPU, so that wake-ups stay out; {alone}. System calls
are counted by {tool}; instructions by callgrind, where ring uses the AES code of older processors. Both
are the difference of a long and a short run. The sink's ceiling: with a CPU of its own, and nothing
slower before it, it would take {ceiling} of these mails a second."""
FILE = """A file that nothing can compress, composed by the client as a mail with base64 (but "already
base64": the finished mail). Client and sink have a CPU each."""
START = """The shared library as delivered, {bytes} bytes, and how soon it is of use: a new process loads it,
sets a policy with a CA file, a client, a login and a message, and sends to the sink. {runs} processes of
each in turn, files in the cache; microseconds."""
TARGETS = "What was promised before it was built, held against this run."

if __name__ == "__main__":
    sys.exit(main())
