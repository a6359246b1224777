"""One run of one client against one sink, and what both say of it."""
import json
import os
import selectors
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager

PATIENCE = 300      # seconds for one run
REAL_TIME = 10      # priority of a run that nothing else on the machine may disturb


class Failed(Exception):
    """A client or the sink did not do what it was run for."""


def scheduled(cpu, real_time):
    """Prepares a process before it runs a client or the sink."""
    def prepare():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        if real_time:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))
    return prepare if cpu is not None or real_time else None


def real_time_allowed():
    """Returns whether this user may run clients with real-time priority."""
    if not hasattr(os, "SCHED_RR"):
        return False
    done = subprocess.run(["true"], preexec_fn=scheduled(None, True), check=False) \
        if _may_schedule() else None
    return done is not None and done.returncode == 0


def _may_schedule():
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))
        os.sched_setscheduler(0, *before)
        return True
    except OSError:
        return False


class Sink:
    """A running sink; each connection that ended is one line of it."""

    def __init__(self, process, directory):
        self.process, self.ca = process, os.path.join(directory, "ca.pem")
        self.selector = selectors.DefaultSelector()
        self.selector.register(process.stdout, selectors.EVENT_READ)
        self.buffer = b""
        self.port = int(self.line())

    def line(self, patience=30):
        while b"\n" not in self.buffer:
            if not self.selector.select(patience):
                raise Failed("the sink says nothing")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise Failed("the sink ended")
            self.buffer += read
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def counts(self, messages):
        """The counts of as many connections as took so many messages."""
        found = []
        while sum(counts["messages"] for counts in found) < messages:
            counts = json.loads(self.line())
            if "error" in counts:
                raise Failed(f"the sink: {counts['error']}")
            found.append(counts)
        return found


@contextmanager
def sink(built, *, delay=0, starttls=False, cpu=None, real_time=False, keep=None, options=()):
    """Starts a sink, and ends it."""
    with tempfile.TemporaryDirectory() as directory:
        command = [built["sink"], "--directory", directory, *options]
        if delay:
            command += ["--delay", str(delay)]
        if starttls:
            command.append("--starttls")
        if keep:
            command += ["--keep", keep]
        with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=scheduled(cpu, real_time)) as process:
            try:
                yield Sink(process, directory)
            finally:
                process.kill()


def run(client, server, count, file, *, cold=False, cpu=None, real_time=False, under=()):
    """Runs a client; gives what it says, and what the sink says, in one dictionary."""
    command = [*under, *client.command, client.form, server.port, server.ca, count, file]
    if cold:
        command.append("cold")
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True, timeout=PATIENCE, env={**os.environ, **client.environment},
        preexec_fn=scheduled(cpu, real_time), check=False,
    )
    if done.returncode:
        raise Failed(f"{client.label}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    connections = server.counts(count + (not cold))
    return {**said, **merged(connections), "stderr": done.stderr.decode(errors="replace")}


def merged(connections):
    """The counts of all connections of one run; the first of them had the first message."""
    first = connections[0]
    total = {key: sum(counts[key] for counts in connections) for key in ("waits", "records", "content")}
    messages = sum(counts["messages"] for counts in connections)
    further = max(messages - 1, 1)
    return {
        "connections": len(connections),
        "content": total["content"],
        "waits": total["waits"],
        "cold_waits": first["cold_waits"],
        "waits_each": (total["waits"] - first["cold_waits"]) / further,
        "records_each": (total["records"] - first["cold_records"]) / further,
        "sink_cpu": sum(counts["later"]["cpu"] for counts in connections),
    }


def spread(values):
    """Median, least and most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def settle():
    """Lets what the last run left behind (closing sockets, freed memory) pass."""
    time.sleep(0.02)
